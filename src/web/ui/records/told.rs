//! What the API tells in English sentences, for people of every language: English readers get the sentence with its instants
//! as people say them; others what happened in their words, with the names and instants of the sentence.

use maud::{Markup, html};

use crate::domain::language::Language;
use crate::time::Timestamp;
use crate::web::ui::dates::said;
use crate::web::ui::layout::sentence;
use crate::web::ui::page::Page;
use crate::web::ui::words::{Words, has};

/// What says why in the sentence alone, which is shown to everybody therefore.
const REASONED: [&str; 16] = [
    "blocked-clock",
    "blocked-delivery",
    "blocked-sending-caps",
    "branch-taken",
    "message-failed",
    "message-put-off",
    "message-skipped",
    "message-unknown",
    "not-migrated",
    "noted",
    "record-changed",
    "record-stage-changed",
    "step-converted",
    "step-failed",
    "text-impossible",
    "text-undelivered",
];

/// An instant in a sentence, and what stands behind it.
fn instant(word: &str) -> Option<(Timestamp, &str)> {
    let bare = word.trim_end_matches(['.', ',', ';', ':', ')']);
    let at = Timestamp::parse(bare).filter(|_| bare.len() > 15)?;
    Some((at, word.get(bare.len()..).unwrap_or_default()))
}

/// A sentence of the API with its instants as people say them.
fn plain(page: &Page, text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let Some((at, rest)) = instant(word) else {
            words.push(word.to_owned());
            continue;
        };
        // "At tomorrow" says nobody.
        words.pop_if(|before| before == "at");
        words.push(said(Words(Language::En), page.zone, page.now, at) + rest);
    }
    sentence(&words.join(" "))
}

/// The names and instants of a sentence, in the reader's language.
fn facts(page: &Page, text: &str) -> String {
    let mut facts = Vec::new();
    for (place, part) in text.split(['“', '”']).enumerate() {
        if place % 2 == 1 {
            facts.push(page.words().fill("quoted", &[("name", part)]));
        } else {
            let instants = part.split(' ').filter_map(instant);
            facts.extend(instants.map(|(at, _)| said(page.words(), page.zone, page.now, at)));
        }
    }
    facts.join(" · ")
}

/// Below a heading that says what it is: the sentence, or its names and instants.
pub fn detail(page: &Page, text: &str) -> String {
    if page.words().0 == Language::En { plain(page, text) } else { facts(page, text) }
}

/// What happened: `kind` is its stable word, `text` the sentence.
pub fn told(page: &Page, kind: &str, text: &str) -> Markup {
    let kind = kind.replace('_', "-");
    let key = format!("happened-{kind}");
    let is_known = page.words().0 != Language::En && has(page.words().0, &key);
    let facts = if is_known { facts(page, text) } else { String::new() };
    html! {
        @if is_known {
            span.what { (page.say(&key)) }
            @if !facts.is_empty() { span.detail { (facts) } }
            @if REASONED.contains(&kind.as_str()) { span.detail lang="en" { (plain(page, text)) } }
        } @else { span.what { (plain(page, text)) } }
    }
}
