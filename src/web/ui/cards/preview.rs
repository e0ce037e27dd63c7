//! The card as it will look. Each place of it knows which field of the form fills it, so that a script can show at once what is
//! chosen; without script it follows when it is saved.

use maud::{Markup, html};

use super::face::Choices;
use super::{ACTIONS, Editor, LEADING, SIGNS};
use crate::limits;
use crate::web::ui::admin::parts::{items, text, texts};
use crate::web::ui::icons::icon;

/// The card, and what a script needs to change it.
pub fn show(editor: &Editor, choices: &Choices) -> Markup {
    let words = editor.page.words();
    let leading = text(&editor.layout["leading"]);
    let actions = texts(&editor.layout["actions"]);
    html! {
        div.work-card {
            @for name in LEADING {
                span.face-front data-when=(editor.at("leading")) data-value=(name) hidden[name != leading] { (face(name, &choices.sample)) }
            }
            div.face-rows {
                @for row in 0..limits::CARD_ROWS_MAX { (rows(editor, choices, row)) }
                p.face-actions {
                    @for name in ACTIONS {
                        span.badge.plain data-when=(editor.at("actions:list")) data-value=(name) hidden[!actions.contains(&name)] { (words.value("card-action", name)) }
                    }
                }
            }
        }
        @for choice in choices.iter() { template data-sample=(choice.name) { (choice.sample) } }
        @for name in SIGNS { template data-sample={ "sign " (name) } { (sign(editor, name)) } }
    }
}

fn rows(editor: &Editor, choices: &Choices, row: usize) -> Markup {
    let said = items(&editor.layout["rows"]).get(row);
    let list = |name: &str| said.map(|row| texts(&row[name])).unwrap_or_default();
    let (fields, signs) = (list("fields"), list("icons"));
    let sample = |name: &str| choices.iter().find(|choice| choice.name == name).map(|choice| choice.sample.as_str());
    html! {
        p.face-row {
            @for place in 0..limits::CARD_ITEMS_MAX {
                @let field = fields.get(place).copied();
                span data-slot=(editor.slot(row, "fields", place)) hidden[field.is_none()] {
                    @if let Some(field) = field { (sample(field).unwrap_or(field)) }
                }
            }
            @for place in 0..limits::CARD_ITEMS_MAX {
                @let name = signs.get(place).copied();
                span data-slot=(editor.slot(row, "icons", place)) data-kind="sign " hidden[name.is_none()] {
                    @if let Some(name) = name { (sign(editor, name)) }
                }
            }
        }
    }
}

/// What stands in front.
fn face(name: &str, of: &str) -> Markup {
    let initials: String = of.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    match name {
        "record_image" => icon("person"),
        "record_type" => icon("record"),
        "activity_type" => icon("phone_call"),
        _ => html! { (initials.to_uppercase()) },
    }
}

/// A sign of a row.
fn sign(editor: &Editor, name: &str) -> Markup {
    let label = editor.page.words().value("card-sign", name);
    html! {
        span.face-sign title=(label) {
            span.hidden { (label) }
            @match name {
                "score" => b.digits aria-hidden="true" { "72" },
                "grade" => b aria-hidden="true" { "B" },
                "follow" => (icon("custom_activity")),
                "unopened" => span.face-unopened aria-hidden="true" {},
                "record_type" => (icon("record")),
                _ => (icon("phone_call")),
            }
        }
    }
}
