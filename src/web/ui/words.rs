//! What the pages say in each language, from one Fluent file for each part of them: `words/PART.LANGUAGE.ftl`. A text that
//! lacks in a language would be told in English; a test holds that none does.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::domain::language::Language;

/// The texts of each part, in the order of [`Language::ALL`].
macro_rules! parts {
    ($($part:literal),* $(,)?) => {
        /// Name and texts of each part.
        pub const PARTS: &[(&str, [&str; 3])] = &[$((
            $part,
            [
                include_str!(concat!("words/", $part, ".en.ftl")),
                include_str!(concat!("words/", $part, ".fr.ftl")),
                include_str!(concat!("words/", $part, ".gl.ftl")),
            ],
        )),*];
    };
}

parts!(
    "frame",
    "sequences",
    "designer",
    "home",
    "imports",
    "records",
    "happened",
    "doing",
    "work",
    "bulk",
    "past",
    "connected",
    "find",
    "account",
    "admin",
    "settings",
    "templates",
    "channels",
    "data",
    "own",
    "listing",
    "day",
    "mine",
);

static BUNDLES: LazyLock<[FluentBundle<FluentResource>; 3]> = LazyLock::new(|| Language::ALL.map(bundle));

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let identifier = unic_langid::LanguageIdentifier::from_bytes(language.code().as_bytes()).unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    // Nothing here is written from right to left.
    bundle.set_use_isolating(false);
    for (_, texts) in PARTS {
        let resource = FluentResource::try_new(texts[language as usize].to_owned()).unwrap_or_else(|(read, _)| read);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// The words of one language.
#[derive(Clone, Copy, Debug)]
pub struct Words(pub Language);

impl Words {
    /// A text.
    pub fn say(self, key: &str) -> String {
        self.fill(key, &[])
    }

    /// A text about so many, `$n` in it.
    pub fn count(self, key: &str, n: i64) -> String {
        self.format(key, FluentArgs::from_iter([("n", n)]))
    }

    /// A text with its variables filled in.
    pub fn fill(self, key: &str, variables: &[(&str, &str)]) -> String {
        self.format(
            key,
            FluentArgs::from_iter(variables.iter().map(|(name, value)| (*name, FluentValue::from(*value)))),
        )
    }

    /// A text for a value of the API (`active`, `call_later`): `PREFIX-VALUE` with hyphens, or the value in plain letters.
    pub fn value(self, prefix: &str, value: &str) -> String {
        let key = format!("{prefix}-{}", value.replace(['_', '.'], "-"));
        if has(self.0, &key) { self.say(&key) } else { value.replace('_', " ") }
    }

    fn format(self, key: &str, arguments: FluentArgs) -> String {
        let language = if has(self.0, key) { self.0 } else { Language::En };
        let bundle = &BUNDLES[language as usize];
        match bundle.get_message(key).and_then(|message| message.value()) {
            Some(pattern) => bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned(),
            None => key.to_owned(),
        }
    }
}

/// Whether a language has a text.
pub fn has(language: Language, key: &str) -> bool {
    BUNDLES[language as usize].get_message(key).is_some_and(|message| message.value().is_some())
}
