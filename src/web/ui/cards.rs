//! How cards of the work list are arranged (W-71): what stands in front, up to four rows of fields and signs, and what can be
//! done; with the card as it will look beside it. The same for one's own cards and for everybody's.

mod face;
mod preview;

use maud::{Markup, html};
use serde_json::{Value, json};

use self::face::Choices;
use super::admin::parts::{items, text, texts};
use super::form::{Form, hidden};
use super::layout::{cards_script, with_query};
use super::page::Page;
use super::records::kinds::Kinds;
use crate::limits;
use crate::web::problem::Problem;

/// What can stand in front.
pub const LEADING: [&str; 4] = ["record_image", "initials", "record_type", "activity_type"];
/// The signs that a row can have.
pub const SIGNS: [&str; 6] = ["follow", "score", "grade", "unopened", "record_type", "activity_type"];
/// What can be done from a card.
pub const ACTIONS: [&str; 8] = ["complete", "skip", "snooze", "skip_wait", "call", "email", "text", "follow"];

/// The cards of one type, as somebody arranges them.
pub struct Editor<'a> {
    /// Where.
    pub page: &'a Page,
    /// What changes `card_layout`.
    pub form: Form<'a>,
    /// Every type.
    pub kinds: Kinds,
    /// The type.
    pub kind: &'a str,
    /// `card_layout` as it is: of every type, by type, or null.
    pub all: &'a Value,
    /// How these cards look now.
    pub layout: &'a Value,
    /// Whether it may be changed.
    pub can_change: bool,
    /// Whether something is said of this type that can be taken back.
    pub is_own: bool,
}

impl Editor<'_> {
    /// Every type, with the one that is shown.
    pub fn kinds(&self, path: &str) -> Markup {
        html! {
            nav.segments aria-label=(self.page.say("record-type")) {
                @for (name, label) in self.kinds.iter() {
                    a href=(with_query(path, &[("type", name)])) aria-current=[(name == self.kind).then_some("page")] { (label) }
                }
            }
        }
    }

    /// The fields and the card.
    pub async fn show(&self) -> Result<Markup, Problem> {
        let choices = Choices::of(self.page, self.kind).await?;
        let words = self.page.words();
        Ok(html! {
            div.with-side.wide-side data-cards="" {
                div {
                section {
                    (self.form.show("card-fields", &html! {
                        (self.others())
                        fieldset disabled[!self.can_change] { (self.fields(&choices)) }
                        @if self.can_change { div.actions { button type="submit" { (words.say("save")) } } }
                    }))
                }
                @if self.is_own { section { (self.reset()) } }
                }
                aside aria-label=(words.say("cards-preview")) {
                    section {
                        h2 { (words.say("cards-preview")) }
                        (preview::show(self, &choices))
                        p.help { (words.fill("cards-preview-of", &[("name", &choices.sample)])) }
                    }
                }
            }
            (cards_script())
        })
    }

    /// Back to what holds otherwise.
    fn reset(&self) -> Markup {
        let words = self.page.words();
        let kept = self.of_others();
        let rest = if kept.is_empty() { Value::Null } else { kept.into_iter().collect() };
        html! {
            p.help { (words.say("cards-reset-text")) }
            (self.form.show("inline", &html! {
                (hidden("card_layout:json", &rest.to_string()))
                button.plain type="submit" { (words.say("cards-reset")) }
            }))
        }
    }

    /// What is said of the other types: all is one setting, so it goes along.
    fn of_others(&self) -> Vec<(String, Value)> {
        let others = self.kinds.iter().filter(|(name, _)| name != self.kind);
        let is_same = self.all["rows"].is_array();
        let said = |name: &String| if is_same { self.all.clone() } else { self.all[name].clone() };
        others.map(|(name, _)| (name.clone(), said(name))).filter(|(_, layout)| layout.is_object()).collect()
    }

    fn others(&self) -> Markup {
        html! { @for (name, layout) in self.of_others() { (hidden(&format!("card_layout.{name}:json"), &json!(layout).to_string())) } }
    }

    fn at(&self, part: &str) -> String {
        format!("card_layout.{}.{part}", self.kind)
    }

    fn fields(&self, choices: &Choices) -> Markup {
        let words = self.page.words();
        let leading = LEADING.map(|name| (name, words.value("card-leading", name)));
        let actions = ACTIONS.map(|name| (name, words.value("card-action", name)));
        html! {
            div.short { (self.form.select(&self.at("leading"), &words.say("cards-leading"), text(&self.layout["leading"]), &leading)) }
            @for row in 0..limits::CARD_ROWS_MAX { (self.row(choices, row)) }
            (self.form.choices(&self.at("actions:list"), &words.say("cards-actions"), &texts(&self.layout["actions"]), &actions))
        }
    }

    fn row(&self, choices: &Choices, row: usize) -> Markup {
        let words = self.page.words();
        let signs: Vec<(&str, String)> = [("", words.say("none"))]
            .into_iter()
            .chain(SIGNS.into_iter().map(|name| (name, words.value("card-sign", name))))
            .collect();
        let label = |key: &str, place: usize| words.fill(key, &[("n", &(place + 1).to_string())]);
        html! {
            fieldset.face-fields {
                legend { (label("cards-row", row)) }
                div.fields {
                    @for place in 0..limits::CARD_ITEMS_MAX {
                        @let name = self.slot(row, "fields", place);
                        (choices.select(&self.form, &name, &label("cards-field", place), self.said(row, "fields", place)))
                    }
                    @for place in 0..limits::CARD_ITEMS_MAX {
                        @let name = self.slot(row, "icons", place);
                        (self.form.select(&name, &label("cards-sign", place), self.said(row, "icons", place), &signs))
                    }
                }
            }
        }
    }

    /// What stands in a place now.
    fn said(&self, row: usize, list: &str, place: usize) -> &str {
        let row = items(&self.layout["rows"]).get(row);
        row.and_then(|row| row[list].get(place)).map(text).unwrap_or_default()
    }

    /// The name of a place's field in the form.
    fn slot(&self, row: usize, list: &str, place: usize) -> String {
        self.at(&format!("rows_filled.{row}.{list}_filled.{place}"))
    }
}
