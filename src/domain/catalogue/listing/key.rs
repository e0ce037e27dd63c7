//! What names a filter, a group of filters or a sort: a word where it is built in, an id where an administrator added it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::listing::{FilterGroupId, FilterId, SortId};

macro_rules! keys {
    ($(#[$doc:meta])* $built_in:ident, $key:ident of $id:ident: $($(#[$one:meta])* $variant:ident = $word:literal $label:literal;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $built_in { $($(#[$one])* $variant),* }

        impl $built_in {
            /// Every one, in the order in which they are shown.
            pub const ALL: &[$built_in] = &[$($built_in::$variant),*];

            /// Its word in the API.
            pub fn word(self) -> &'static str {
                match self { $($built_in::$variant => $word),* }
            }

            /// Shown to people.
            pub fn label(self) -> &'static str {
                match self { $($built_in::$variant => $label),* }
            }
        }

        /// A built-in one by its word, or one of the organisation's own by its id. Stored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $key {
            /// Every organisation has it.
            BuiltIn($built_in),
            /// Somebody added it.
            Own($id),
        }

        impl $key {
            /// Reads a word or an id; `None` where it is neither.
            pub fn parse(text: &str) -> Option<$key> {
                let built_in = $built_in::ALL.iter().find(|one| one.word() == text);
                built_in.map(|one| $key::BuiltIn(*one)).or_else(|| $id::parse(text).map($key::Own))
            }
        }

        impl fmt::Display for $key {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $key::BuiltIn(one) => f.write_str(one.word()),
                    $key::Own(id) => id.fmt(f),
                }
            }
        }
    };
}

keys! {
    /// The filters that every organisation has (W-20 to W-24). Stored: variants are only ever appended.
    BuiltInFilter, FilterKey of FilterId:
    /// W-20.
    Unopened = "unopened" "Unopened";
    /// W-21.
    Followed = "followed" "Followed";
    /// W-22.
    Due = "due" "Due by";
    /// W-23.
    RecordType = "record_type" "Record type";
    /// W-24.
    Activity = "activity" "Activity type";
}

keys! {
    /// The groups that every organisation has: they have no members of their own to be written. Stored: variants are only
    /// ever appended.
    BuiltInGroup, GroupKey of FilterGroupId:
    /// Of the built-in filters, and of these alone (W-30).
    Default = "default" "Default filters";
    /// Of the filters that are in no other (W-29).
    More = "more" "More filters";
}

keys! {
    /// The sorts that every organisation has (W-40). Stored: variants are only ever appended.
    BuiltInSort, SortKey of SortId:
    /// Of the record (W-50); those without one come last (W-52).
    Score = "score" "Score";
    /// Of what is to be done next.
    DueDate = "due_date" "Due date";
    /// The same.
    ActivityType = "activity_type" "Activity type";
    /// Of the record.
    Name = "name" "Name";
    /// The same.
    RecordType = "record_type" "Record type";
    /// The sequence that what is to be done next comes from.
    Sequence = "sequence" "Sequence name";
}

/// Which way a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// The smallest first.
    #[serde(rename = "asc")]
    Ascending,
    /// The largest first.
    #[serde(rename = "desc")]
    Descending,
}

impl Direction {
    /// Its word in the API.
    pub fn word(self) -> &'static str {
        match self {
            Direction::Ascending => "asc",
            Direction::Descending => "desc",
        }
    }

    /// How people sort by that who say nothing: the best score first (W-42), all else in order.
    pub fn usual(sort: SortKey) -> Direction {
        match sort {
            SortKey::BuiltIn(BuiltInSort::Score) => Direction::Descending,
            _ => Direction::Ascending,
        }
    }
}
