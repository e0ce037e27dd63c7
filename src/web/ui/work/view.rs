//! How somebody looks at the list: filters, sort and page, and the record that is open, all in the address.

use serde_json::Value;

use crate::web::ui::page::Page;
use crate::web::ui::query::{Asked, query};
use crate::web::ui::sequences::text;

/// What is kept until the next visit.
pub const FILTERS: [&str; 11] =
    ["chosen", "due", "type", "activity", "unopened", "followed", "filter", "sort", "order", "plan", "user"];
/// Rows of a page.
const ROWS: &str = "40";

/// What an address asks for.
pub struct View {
    /// All of it.
    pub asked: Asked,
}

impl View {
    /// Of a page.
    pub fn of(page: &Page) -> View {
        View { asked: Asked::of(page) }
    }

    /// The same, as the API is asked.
    pub fn query(&self) -> String {
        let joined = |name: &str| self.asked.all(name).collect::<Vec<_>>().join(",");
        let mut pairs = vec![("limit", ROWS.to_owned())];
        // W-23, W-24: a form in which nothing of a kind is ticked selects nothing; an address that says nothing of it, all.
        let is_chosen = self.asked.has_any(&["chosen"]);
        for (name, of_api) in [("type", "record_type"), ("activity", "activity")] {
            if is_chosen || self.asked.has_any(&[name]) {
                pairs.push((of_api, joined(name)));
            }
        }
        for name in ["due", "filter"] {
            pairs.push((name, joined(name)));
        }
        for name in ["unopened", "followed", "q", "sort", "order", "plan", "user", "cursor"] {
            pairs.push((name, self.asked.get(name).to_owned()));
        }
        let is_said =
            |(name, value): &&(&str, String)| !value.is_empty() || matches!(*name, "record_type" | "activity");
        query(pairs.iter().filter(is_said).map(|(name, value)| (*name, value.as_str())))
    }

    /// Its filters and its sort, as a query.
    pub fn filters(&self) -> String {
        self.asked.only(&FILTERS)
    }

    /// Whether more is asked than the usual list.
    pub fn is_filtered(&self) -> bool {
        self.asked.has_any(&["chosen", "due", "type", "activity", "unopened", "followed", "filter", "q", "plan"])
    }

    /// Whether a record was chosen, not only shown because it is the first.
    pub fn is_chosen(&self) -> bool {
        self.asked.has_any(&["at"])
    }

    /// The record that is open: the chosen one, else the first.
    pub fn open<'a>(&'a self, rows: &'a [Value]) -> Option<&'a str> {
        match self.asked.get("at") {
            "" => rows.first().map(|row| text(&row["record"]["id"])),
            chosen => Some(chosen),
        }
    }

    /// The page with another record.
    pub fn at(&self, record: &str) -> String {
        self.with(&[("at", record)])
    }

    /// The page as it is, without what the last form led to.
    pub fn here(&self) -> String {
        self.with(&[("at", self.asked.get("at"))])
    }

    /// The page with other values; those of `at` and `next` are left out if they are not among them.
    pub fn with(&self, values: &[(&str, &str)]) -> String {
        let is_kept = |name: &str| !matches!(name, "at" | "next") && values.iter().all(|(other, _)| *other != name);
        let kept = self.asked.pairs().filter(|(name, _)| is_kept(name));
        let query = query(kept.chain(values.iter().copied().filter(|(_, value)| !value.is_empty())));
        if query.is_empty() { "/work-list?all=yes".into() } else { format!("/work-list?{query}") }
    }
}

/// The query that was kept for somebody; nothing where it is somebody else's, or says nothing.
pub fn kept(held: &str, user: &str) -> Option<String> {
    let query = held.strip_prefix(user)?.strip_prefix('&')?;
    (!query.is_empty()).then(|| Asked::read(query.as_bytes()).only(&FILTERS)).filter(|query| !query.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w23_a_form_without_a_tick_selects_nothing_and_an_address_without_a_word_all() {
        for (address, expected) in [
            ("", "limit=40"),
            ("all=yes", "limit=40"),
            ("chosen=yes", "limit=40&record_type=&activity="),
            ("chosen=yes&type=lead&type=contact&activity=task", "limit=40&record_type=lead%2Ccontact&activity=task"),
            ("due=today&due=overdue&unopened=true", "limit=40&due=today%2Coverdue&unopened=true"),
            ("at=r1&next=r2&q=faro", "limit=40&q=faro"),
        ] {
            assert_eq!(View { asked: Asked::read(address.as_bytes()) }.query(), expected, "{address}");
        }
    }

    #[test]
    fn what_is_kept_is_of_one_person_and_holds_no_record() {
        assert_eq!(kept("u1&sort=name&at=r1&q=x", "u1").as_deref(), Some("sort=name"));
        assert_eq!(kept("u1&sort=name", "u2"), None);
        assert_eq!(kept("u1&", "u1"), None);
    }
}
