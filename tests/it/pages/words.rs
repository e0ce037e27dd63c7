//! The texts of the pages: every one in every language, and none that is asked for and not there.

use std::collections::BTreeSet;
use std::path::Path;

use fluent_bundle::FluentResource;
use relance::domain::language::Language;
use relance::web::ui::words::{PARTS, Words, has};

/// The keys of a file, in order.
fn keys(text: &str) -> Vec<&str> {
    let is_key = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
    text.lines().filter(is_key).filter_map(|line| line.split_once(" =")).map(|(key, _)| key.trim()).collect()
}

#[test]
fn every_text_reads_and_is_there_in_every_language_once() {
    let mut seen = BTreeSet::new();
    for (part, texts) in PARTS {
        for (language, text) in Language::ALL.into_iter().zip(texts) {
            let read = FluentResource::try_new((*text).to_owned());
            assert!(read.is_ok(), "{part}.{}.ftl: {:?}", language.code(), read.err().map(|(_, errors)| errors));
            assert_eq!(
                keys(text),
                keys(texts[0]),
                "{part}.{}.ftl has the keys of the English one, in their order",
                language.code()
            );
        }
        for key in keys(texts[0]) {
            assert!(seen.insert(key), "{key} is said twice");
        }
    }
}

/// The texts that the source asks for by name.
fn asked(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            asked(&entry, found);
        } else if entry.extension().is_some_and(|kind| kind == "rs") {
            let source = std::fs::read_to_string(&entry).unwrap();
            for call in [".say(\"", ".count(\"", ".fill(\""] {
                found.extend(
                    source.split(call).skip(1).filter_map(|rest| rest.split_once('"')).map(|(key, _)| key.to_owned()),
                );
            }
            found.extend(
                source
                    .split(".done(\"")
                    .skip(1)
                    .filter_map(|rest| rest.split_once('"'))
                    .map(|(key, _)| format!("done-{key}")),
            );
        }
    }
}

#[test]
fn every_text_that_a_page_asks_for_is_there() {
    let mut wanted = BTreeSet::new();
    asked(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/ui")), &mut wanted);
    let missing: Vec<&String> = wanted.iter().filter(|key| !has(Language::En, key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(wanted.len() > 100, "{}", wanted.len());
}

#[test]
fn numbers_are_said_as_the_language_says_them() {
    for (language, expected) in
        [(Language::En, "2 days ago"), (Language::Fr, "il y a 2 jours"), (Language::Gl, "hai 2 días")]
    {
        assert_eq!(Words(language).count("ago-days", 2), expected);
    }
    assert_eq!(Words(Language::Fr).value("status", "active"), "Active");
    assert_eq!(Words(Language::Fr).value("status", "never_heard_of"), "never heard of");
}
