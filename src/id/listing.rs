//! Ids of what administrators add to the work list.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

ids! {
    /// A filter (W-29).
    FilterId
    /// A group of filters (W-30).
    FilterGroupId
    /// A sort (W-43).
    SortId
}
