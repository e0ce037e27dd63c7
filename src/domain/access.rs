//! Who sees which records.

use crate::domain::record::schema::Owner;

/// The records that a list may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every record.
    All,
    /// Those that one of these users and teams owns, has access to, or has an open step of; see
    /// [`crate::domain::effect::RecordSummary::principals`].
    Of(Vec<Owner>),
}
