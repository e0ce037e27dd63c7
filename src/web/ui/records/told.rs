//! What the API tells in sentences, for people: instants as they say them, and in other languages than its own a word for
//! what happened in front.

use maud::{Markup, html};

use crate::domain::language::Language;
use crate::time::Timestamp;
use crate::web::ui::layout::sentence;
use crate::web::ui::page::Page;
use crate::web::ui::words::has;

/// A sentence of the API with its instants as people say them.
pub fn plain(page: &Page, text: &str) -> String {
    let mut said: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let bare = word.trim_end_matches(['.', ',', ';', ':', ')']);
        let Some(at) = Timestamp::parse(bare).filter(|_| bare.len() > 15) else {
            said.push(word.to_owned());
            continue;
        };
        // "At tomorrow" says nobody.
        said.pop_if(|before| before == "at");
        let rest = word.get(bare.len()..).unwrap_or_default();
        said.push(super::super::dates::said(page.words(), page.zone, page.now, at) + rest);
    }
    sentence(&said.join(" "))
}

/// The sentence; where the reader has another language, what happened in theirs and the sentence below.
pub fn told(page: &Page, kind: &str, text: &str) -> Markup {
    let words = page.words();
    let key = format!("happened-{}", kind.replace('_', "-"));
    let text = plain(page, text);
    html! {
        @if words.0 != Language::En && has(words.0, &key) {
            span.what { (words.say(&key)) }
            span.detail lang="en" { (text) }
        } @else { span.what { (text) } }
    }
}
