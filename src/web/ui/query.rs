//! What a page is asked for, as its address says it.

use super::page::Page;

/// The names and values of an address; what the last form led to is none of them.
pub struct Asked {
    pairs: Vec<(String, String)>,
}

impl Asked {
    /// Of a page.
    pub fn of(page: &Page) -> Asked {
        let query = page.look.path.split_once('?').map_or("", |(_, query)| query);
        Asked::read(query.as_bytes())
    }

    /// Of a form's body or a query.
    pub fn read(text: &[u8]) -> Asked {
        let pairs = url::form_urlencoded::parse(text).into_owned();
        Asked { pairs: pairs.filter(|(name, value)| name != "done" && !value.is_empty()).collect() }
    }

    /// A value; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Every value of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All that is asked.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether one of these is given.
    pub fn has_any(&self, names: &[&str]) -> bool {
        self.pairs.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    /// Some of them as a query.
    pub fn only(&self, names: &[&str]) -> String {
        let kept = self.pairs.iter().filter(|(name, _)| names.contains(&name.as_str()));
        query(kept.map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

/// A query of names and values.
pub fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
