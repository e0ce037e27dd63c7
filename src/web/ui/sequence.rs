//! What the pages of one sequence share: its name, its state, what can be done with it, and the tabs.

mod activate;
pub mod create;
mod map;
mod plan;
mod properties;
mod trial;
mod versions;

use actix_web::web::ServiceConfig;
use maud::{Markup, html};
use serde_json::Value;

use super::form::Form;
use super::icons::icon;
use super::layout::badge;
use super::page::Page;
use super::sequences::{status, text};
use crate::domain::permission::Permission;
use crate::web::problem::Problem;

/// The routes.
pub fn pages(config: &mut ServiceConfig) {
    config
        .service(create::get_new)
        .service(properties::get_properties)
        .service(activate::get_activate)
        .service(map::get_map)
        .service(versions::get_versions)
        .service(trial::get_tests)
        .service(plan::get_simulate);
}

/// One sequence.
pub struct Sequence {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it runs on.
    pub record_type: String,
    /// What the API says of it.
    pub value: Value,
    /// The version of that.
    pub version: Option<String>,
}

/// The tabs: the part of the address behind the id, and the text.
const TABS: [(&str, &str); 6] = [
    ("", "designer"),
    ("/connected", "connected"),
    ("/versions", "versions"),
    ("/tests", "tests"),
    ("/simulate", "simulate"),
    ("/properties", "properties"),
];

impl Sequence {
    /// The sequence of an id.
    pub async fn read(page: &Page, id: &str) -> Result<Sequence, Problem> {
        let (value, version) = page.get_versioned(&format!("/sequences/{id}")).await?;
        Ok(Sequence::of(value, version))
    }

    /// The sequence that the API says this of.
    pub fn of(value: Value, version: Option<String>) -> Sequence {
        let part = |name: &str| text(&value[name]).to_owned();
        Sequence { id: part("id"), name: part("name"), record_type: part("record_type"), version, value }
    }

    /// Whether its draft can be changed.
    pub fn is_open_for_drawing(&self) -> bool {
        !self.is_active() || self.has_revision()
    }

    /// Whether records can be connected.
    pub fn is_active(&self) -> bool {
        self.value["status"] != "inactive"
    }

    /// Whether the reader may change it: their own, and whoever may change any (P-2, P-3, Q-102). Who is in the team that
    /// owns it is left to the API.
    pub fn may_change(&self, page: &Page) -> bool {
        let is_own =
            self.value["owner"]["user"].as_str().is_none_or(|owner| owner == page.visitor.principal.user().to_string());
        page.may(Permission::EditAnySequence) || (is_own && page.may(Permission::EditOwnSequence))
    }

    /// Whether its next version is being drawn.
    pub fn has_revision(&self) -> bool {
        self.value["revision"].is_object()
    }

    /// How many records stand where, as the API counts them; nothing where none is connected.
    pub async fn counts(&self, page: &Page) -> Result<Value, Problem> {
        let is_empty = self.value["connected_count"].as_i64().unwrap_or_default() == 0;
        if is_empty { Ok(Value::Null) } else { page.get(&format!("/sequences/{}/counts", self.id)).await }
    }

    /// Name, state, what can be done, and the tabs with the one that is shown.
    pub fn head(&self, page: &Page, shown: &str) -> Markup {
        let words = page.words();
        let path = |part: &str| format!("/sequences/{}{part}", self.id);
        html! {
            p.crumbs { a href="/sequences" { (words.say("nav-sequences")) } }
            div.heading {
                h1 { (self.name) " " (status(words, &self.value)) " " (badge("plain", &words.fill("version-short", &[("n", &self.value["version"].to_string())]))) }
                div.actions { (self.actions(page)) }
            }
            nav.tabs aria-label=(words.say("sequence-tabs")) {
                @for (part, key) in TABS {
                    a href=(path(part)) aria-current=[(key == shown).then_some("page")] {
                        (words.say(&format!("tab-{key}")))
                        @if key == "connected" { " " (page.number(&self.value["connected_count"])) }
                    }
                }
            }
            (self.brakes(page))
            (self.waiting(page))
        }
    }

    fn actions(&self, page: &Page) -> Markup {
        let words = page.words();
        let api = |what: &str| format!("/sequences/{}{what}", self.id);
        let here = format!("/sequences/{}", self.id);
        if !self.may_change(page) {
            return self.of_others(page);
        }
        html! {
            @if self.is_open_for_drawing() {
                a.button.main href={ (here) "/activate" } { (icon("play")) (words.say(if self.has_revision() { "publish" } else { "activate" })) }
            } @else {
                details.menu.button-like #revise { summary { (icon("edit")) (words.say("edit")) }
                    (Form::new(page, "POST", &api("/revise")).then(&here).done("revised").show("", &html! {
                        p { (words.say("revise-question")) } button type="submit" { (words.say("revise")) }
                    }))
                }
            }
            details.menu.button-like #more-actions { summary { (icon("menu")) (words.say("more")) }
                div.stack {
                    a.button href={ (here) "/properties#copy" } { (icon("copy")) (words.say("copy-sequence")) }
                    a.button href={ (here) "?print=1" } data-print="" { (icon("print")) (words.say("print")) }
                    @if self.has_revision() {
                        (Form::new(page, "POST", &api("/discard-revision")).then(&here).done("discarded").show("", &html! {
                            p.help { (words.say("discard-question")) } button.danger type="submit" { (words.say("discard")) }
                        }))
                    }
                    @if self.is_active() {
                        (Form::new(page, "POST", &api("/deactivate")).then(&here).done("deactivated").show("", &html! {
                            p.help { (words.count("deactivate-question", self.value["connected_count"].as_i64().unwrap_or_default())) }
                            button.danger type="submit" { (icon("pause")) (words.say("deactivate")) }
                        }))
                    }
                    (Form::new(page, "DELETE", &api("")).then("/sequences").done("deleted").show("", &html! {
                        p.help { (words.say(if self.is_active() { "delete-active-question" } else { "delete-question" })) }
                        button.danger type="submit" { (icon("delete")) (words.say(if self.is_active() { "delete-active" } else { "delete-for-good" })) }
                    }))
                }
            }
        }
    }

    /// What can be done with a colleague's.
    fn of_others(&self, page: &Page) -> Markup {
        let here = format!("/sequences/{}", self.id);
        html! {
            button.plain type="button" disabled aria-describedby="not-yours" { (icon("edit")) (page.say("edit")) }
            a.button href={ (here) "/properties#copy" } { (icon("copy")) (page.say("copy-sequence")) }
            a.button href={ (here) "?print=1" } data-print="" { (icon("print")) (page.say("print")) }
            span.help #not-yours { (page.say("mine-not-yours")) }
        }
    }

    /// The records that are to go through it once it is active.
    fn waiting(&self, page: &Page) -> Markup {
        let waiting = page.drawings().waiting(page.visitor.principal.user(), &self.id);
        let said = || page.words().count("mine-waiting", i64::try_from(waiting.len()).unwrap_or_default());
        html! {
            @if !waiting.is_empty() {
                div.warning.row {
                    (said())
                    @if self.is_active() { a.button href={ "/sequences/" (self.id) "/connect?records=" (waiting.join(",")) } { (page.say("mine-connect-now")) } }
                }
            }
        }
    }

    /// What holds it back: a fuse that has blown, a pilot that waits, an undo.
    fn brakes(&self, page: &Page) -> Markup {
        let words = page.words();
        let api = |what: &str| format!("/sequences/{}{what}", self.id);
        let (fuse, pilot, undo) = (&self.value["fuse"], &self.value["pilot"], &self.value["undo"]);
        html! {
            @if fuse["blown_at"].is_string() {
                div.notice role="status" {
                    strong { (words.fill("fuse-blown", &[("by", &words.value("fuse", text(&fuse["by"])))])) } " " (page.instant(&fuse["blown_at"]))
                    (Form::new(page, "POST", &api("/fuse/reset")).done("fuse").button("plain", &words.say("fuse-reset")))
                }
            }
            @if pilot["waiting"].as_i64().is_some_and(|waiting| waiting > 0) {
                div.warning {
                    (words.count("pilot-waiting", pilot["waiting"].as_i64().unwrap_or_default())) " "
                    (Form::new(page, "POST", &api("/release")).done("released").button("plain", &words.say("pilot-release")))
                }
            }
            @if undo["state"] == "running" { p.warning { (words.count("undo-running", undo["disconnected"].as_i64().unwrap_or_default())) } }
        }
    }

    /// A form that changes its properties.
    pub fn form<'a>(&self, page: &'a Page) -> Form<'a> {
        Form::new(page, "PATCH", &format!("/sequences/{}", self.id)).of_version(self.version.clone()).done("saved")
    }
}
