//! Why an option is missing (P-32): a role that somebody does not have, a feature that is switched off, or something that is not
//! offered where they are. What is missing is shown all the same, with its reason.

use maud::{Markup, html};
use serde_json::Value;

use super::icons::icon;
use super::page::Page;
use super::words::Words;
use crate::domain::permission::{Grant, Permission, Role};

/// That a role is missing, and which ones would do; nothing where they have one.
pub fn role(page: &Page, needed: Permission) -> Option<String> {
    (!page.may(needed)).then(|| roles(page.words(), needed))
}

/// Which roles something is for.
pub fn roles(words: Words, needed: Permission) -> String {
    let has = |(_, grant): &(&Role, Grant)| *grant != Grant::None;
    let roles: Vec<String> =
        Role::ALL.iter().zip(needed.grants()).filter(has).map(|(role, _)| words.value("role", role.name())).collect();
    words.fill("missing-role", &[("roles", &roles.join(", "))])
}

/// That a feature is switched off by a setting, of what `/settings` says.
pub fn feature(words: Words, settings: &Value, setting: &str) -> Option<String> {
    let label = || words.say(&format!("setting-{}", setting.replace('_', "-")));
    (settings[setting] == false).then(|| words.fill("missing-feature", &[("setting", &label())]))
}

/// The way to something; where it is missing, what it would be and why it is not.
pub fn link(address: &str, picture: &str, label: &str, why: Option<String>) -> Markup {
    html! {
        @match why {
            None => a.button.main href=(address) { (icon(picture)) (label) },
            Some(why) => {
                @let id = format!("why{}", address.replace('/', "-"));
                span.missing {
                    button type="button" disabled aria-describedby=(id) { (icon(picture)) (label) }
                    span.help id=(id) { (why) }
                }
            }
        }
    }
}
