//! `/admin/card-layouts`: how the cards of the work list look to everybody (W-70…W-72), and whether people may arrange their
//! own.

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::super::cards::Editor;
use super::super::form::Form;
use super::super::layout::badge;
use super::super::missing;
use super::super::page::Page;
use super::super::records::kinds::Kinds;
use super::parts::{asked, top};
use crate::domain::permission::Permission;
use crate::web::problem::Problem;

/// This page.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_card_layouts);
}

/// The cards of one type of record.
#[get("/admin/card-layouts")]
pub async fn get_card_layouts(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let asked = asked(&page, "type");
    let kind = if asked.is_empty() { "lead" } else { &*asked };
    let (now, version) = page.get_versioned("/settings").await?;
    let kinds = Kinds::of(&page).await?;
    let all = &now["card_layout"];
    let said = if all["rows"].is_array() { all } else { &all[kind] };
    // What is said but switched off is shown all the same: it is arranged before it is switched on.
    let usual = page.get(&format!("/me/card-layout?type={kind}&own=false")).await?;
    let may = page.may(Permission::ConfigureCards);
    let form = || Form::new(&page, "PATCH", "/settings").of_version(version.clone()).done("saved");
    let editor = Editor {
        page: &page,
        form: form(),
        kinds,
        kind,
        all,
        layout: if said.is_object() { said } else { &usual },
        can_change: may,
        is_own: may && said.is_object(),
    };
    let content = html! {
        (top(&page, &[], &words.say("admin-card-layouts"), &html! {}))
        section.middle { (switches(&page, &form(), &now, may)) }
        (editor.kinds("/admin/card-layouts"))
        p.quietly { (badge("plain", &words.say(if said.is_object() { "cards-said" } else { "cards-usual" }))) }
        (editor.show().await?)
    };
    Ok(page.show(&words.say("admin-card-layouts"), &content))
}

/// On or off, and for everybody alike.
fn switches(page: &Page, form: &Form, now: &Value, may: bool) -> Markup {
    let switch = |name: &str| {
        let key = format!("setting-{}", name.replace('_', "-"));
        html! { div.field.switch {
            (form.flag(&format!("{name}:flag"), &page.say(&key), now[name] == true))
            p.help { (page.say(&format!("{key}-help"))) }
        } }
    };
    form.show(
        "settings",
        &html! {
            fieldset disabled[!may] { (switch("card_customisation")) (switch("card_lock")) }
            @if may { button type="submit" { (page.say("save")) } } @else { p.why { (missing::roles(page.words(), Permission::ConfigureCards)) } }
        },
    )
}
