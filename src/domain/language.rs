//! The languages that the product speaks, and which of them somebody is spoken to in.

use serde::{Deserialize, Serialize};

/// A language the product speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
    /// Galician.
    Gl,
}

impl Language {
    /// Every language, in the order of their stored numbers.
    pub const ALL: [Language; 3] = [Language::En, Language::Fr, Language::Gl];

    /// The two letters of the language.
    pub fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Fr => "fr",
            Language::Gl => "gl",
        }
    }

    /// The language of these two letters.
    pub fn from_code(code: &str) -> Option<Language> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The first language of an `Accept-Language` header that the product speaks; quality decides, then order.
    pub fn accepted(header: &str) -> Option<Language> {
        let mut wishes: Vec<(f32, Language)> = header.split(',').filter_map(wish).collect();
        wishes.sort_by(|left, right| right.0.total_cmp(&left.0));
        wishes.first().map(|(_, language)| *language)
    }
}

fn wish(part: &str) -> Option<(f32, Language)> {
    let mut pieces = part.split(';').map(str::trim);
    let tag = pieces.next()?.to_ascii_lowercase();
    let quality = pieces.find_map(|piece| piece.strip_prefix("q=")).map_or(Some(1.0), |text| text.parse().ok())?;
    let language = Language::from_code(tag.split('-').next()?)?;
    (quality > 0.0).then_some((quality, language))
}
