//! `/account/cards`: how the cards of one's own work list look (W-70…W-72), where the organisation lets people arrange them.

use actix_web::{HttpResponse, get};
use maud::html;

use super::head;
use crate::web::problem::Problem;
use crate::web::ui::admin::parts::text;
use crate::web::ui::cards::Editor;
use crate::web::ui::form::Form;
use crate::web::ui::layout::badge;
use crate::web::ui::page::Page;
use crate::web::ui::query::Asked;
use crate::web::ui::records::kinds::Kinds;

/// The page, for records of one type.
#[get("/account/cards")]
pub async fn get_cards(page: Page) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&page);
    let kind = if asked.get("type").is_empty() { "lead" } else { asked.get("type") };
    let (own, version) = page.get_versioned("/me/settings").await?;
    let settings = page.get("/settings").await?;
    let shown = page.get(&format!("/me/card-layout?type={kind}")).await?;
    let closed = match (settings["card_customisation"] == true, settings["card_lock"] == true) {
        (false, _) => Some("cards-off"),
        (true, true) => Some("cards-locked"),
        (true, false) => None,
    };
    let source = text(&shown["source"]);
    let editor = Editor {
        page: &page,
        form: Form::new(&page, "PATCH", "/me/settings").of_version(version).done("saved"),
        kinds: Kinds::of(&page).await?,
        kind,
        all: &own["card_layout"],
        layout: &shown,
        can_change: closed.is_none(),
        is_own: source == "personal",
    };
    let content = html! {
        (head(&page, "/account/cards"))
        @if let Some(why) = closed { p.warning { (page.say(why)) } }
        (editor.kinds("/account/cards"))
        p.quietly { (badge(if source == "personal" { "good" } else { "plain" }, &page.words().value("cards-source", source))) }
        (editor.show().await?)
    };
    Ok(page.show(&page.say("account-tab-cards"), &content))
}
