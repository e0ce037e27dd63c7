//! Why an enrolment stands where it stands: what led there, what it waits for, what is in its way, and when it moves next if
//! nothing else happens. A function of its record's log, of what decisions are given, and of the present instant.

mod cause;
mod standing;
mod words;

use std::sync::Arc;

use crate::domain::enrolment::{EnrolmentStatus, Ordinal};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::record::Record;
use crate::domain::record::event::RecordEvent;
use crate::id::RecordId;
use crate::time::Timestamp;

/// What there is to know of an enrolment, for a person who asks why.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Where it stands.
    pub status: EnrolmentStatus,
    /// What led there, in the order in which it happened; never empty.
    pub causes: Vec<Cause>,
    /// What it waits for now.
    pub waiting_for: Waiting,
    /// What is in its way, and what mends that.
    pub blocked_by: Vec<Block>,
    /// When it moves if nothing else happens; `None` where it waits for somebody, or for ever. An instant that has been is
    /// that of a timer which is about to fire.
    pub next_at: Option<Timestamp>,
}

/// One thing that led to where an enrolment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// When it happened.
    pub at: Timestamp,
    /// A stable word for what it was.
    pub kind: &'static str,
    /// The author's id of the node concerned.
    pub node: Option<String>,
    /// One sentence.
    pub detail: String,
}

/// What an enrolment waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Whom or what.
    pub kind: Awaited,
    /// Until when at most.
    pub until: Option<Timestamp>,
    /// One sentence.
    pub detail: String,
}

/// Whom or what an enrolment can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// Somebody who does a step, or mends what failed.
    Seller,
    /// An instant.
    Timer,
    /// Something from outside, and an instant at the latest.
    Event,
    /// The server, which is sending or moving something right now.
    Delivery,
    /// A field that the record's type does not have.
    Field,
    /// Nothing: it is over.
    None,
}

impl Awaited {
    /// Its word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Awaited::Seller => "seller",
            Awaited::Timer => "timer",
            Awaited::Event => "event",
            Awaited::Delivery => "delivery",
            Awaited::Field => "field",
            Awaited::None => "none",
        }
    }
}

/// Something that is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// A stable word for what it is.
    pub kind: &'static str,
    /// Until when, where that is known.
    pub until: Option<Timestamp>,
    /// One sentence: what it is, and what mends it.
    pub detail: String,
}

/// Looks up another record as it was then, as far as whoever asks may know of it.
pub type SeeThen<'a> = &'a dyn Fn(RecordId, Timestamp) -> Option<Arc<Record>>;

/// Explains one enrolment from the whole log of its record; `None` where the log has no such enrolment.
pub fn explain(
    (given, see): (&Given, SeeThen),
    log: impl IntoIterator<Item = (Stamp, RecordEvent)>,
    enrolment: Ordinal,
    now: Timestamp,
) -> Option<Explanation> {
    let (mut record, mut causes) = (Record::default(), Vec::new());
    for (stamp, event) in log {
        record.apply(&event, stamp);
        causes.extend(cause::of(&record, (given, see), enrolment, (stamp, &event)));
    }
    let held = record.enrolment(enrolment)?;
    let standing = standing::of(&record, given, held, now);
    Some(Explanation {
        status: held.status,
        causes,
        waiting_for: standing.waiting_for,
        blocked_by: standing.blocked_by,
        next_at: standing.next_at,
    })
}
