//! How a sequence is kept from doing harm, as clients read it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::effect::Counter;
use crate::domain::sequence::care::{Care, Undo};
use crate::domain::sequence::fuse::{Fuse, FuseCounts};
use crate::id::SequenceId;
use crate::limits;
use crate::store::Store;

/// Parts of a sequence.
#[derive(Debug, Serialize, ToSchema)]
pub struct CareView {
    /// What was undone last.
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<UndoView>,
    /// When it stops sending by itself, and whether it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    fuse: Option<FuseView>,
    /// Where not every record that is connected begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pilot: Option<PilotView>,
}

/// With how many records a sequence begins.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PilotBody {
    /// 1–10,000: so many of those that are connected from now on; the others wait to begin until the pilot is released.
    pub records: u32,
}

/// A pilot.
#[derive(Debug, Serialize, ToSchema)]
pub struct PilotView {
    /// How many records begin.
    records: u32,
    /// How many have. An erased record gives its place back.
    entered: i64,
    /// How many wait; these are `connecting`.
    waiting: i64,
}

/// How far an undo is.
#[derive(Debug, Serialize, ToSchema)]
pub struct UndoView {
    /// `running` or `completed`.
    state: &'static str,
    /// Of records that were connected then or later.
    since: String,
    /// When it was asked for.
    at: String,
    /// By whom.
    by: String,
    /// Enrolments that left, so far. An erased record is not counted any more; nor below.
    disconnected: i64,
    /// Messages of theirs that had left before, or may have; nothing else leaves.
    messages_left: i64,
}

impl CareView {
    /// As it stands.
    pub fn of(id: SequenceId, care: &Care, store: &dyn Store) -> CareView {
        CareView {
            undo: care.undo.as_ref().map(|undo| UndoView::of(id, undo, store)),
            pilot: care.pilot.map(|pilot| PilotView {
                records: pilot.records,
                entered: store.counter(Counter::Piloted(id, pilot.number)),
                waiting: store.counter(Counter::Awaiting(id)),
            }),
            fuse: (care.fuse.is_some() || care.blown.is_some()).then(|| FuseView::of(id, care, store)),
        }
    }
}

/// When a sequence stops sending by itself.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FuseBody {
    /// As soon as more than so many percent of its automated e-mails have bounced: 0.01–100.
    #[serde(default)]
    bounce_percent: Option<f64>,
    /// Or were complained of.
    #[serde(default)]
    complaint_percent: Option<f64>,
    /// Or made people unsubscribe.
    #[serde(default)]
    unsubscribe_percent: Option<f64>,
    /// But not before so many were sent: 1–1,000,000, 20 where it is not given.
    #[serde(default = "few")]
    min_sent: u32,
}

fn few() -> u32 {
    limits::FUSE_SENT
}

impl FuseBody {
    /// As the domain has it; what is out of range stays so.
    pub fn read(self) -> Fuse {
        let share = |percent: Option<f64>| percent.map(|percent| (percent * 100.0).round() as u16);
        Fuse {
            bounces: share(self.bounce_percent),
            complaints: share(self.complaint_percent),
            unsubscribes: share(self.unsubscribe_percent),
            min_sent: self.min_sent,
        }
    }
}

/// The fuse of a sequence. What is counted begins anew when the sequence is put into use and when the fuse is reset.
#[derive(Debug, Serialize, ToSchema)]
pub struct FuseView {
    /// As set; without a value where it is not. Nor are the others where the fuse was taken away after it had blown.
    #[serde(skip_serializing_if = "Option::is_none")]
    bounce_percent: Option<f64>,
    /// As set.
    #[serde(skip_serializing_if = "Option::is_none")]
    complaint_percent: Option<f64>,
    /// As set.
    #[serde(skip_serializing_if = "Option::is_none")]
    unsubscribe_percent: Option<f64>,
    /// As set.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_sent: Option<u32>,
    /// Automated e-mails that have left, those refused at once among them. An erased record is not counted any more; nor below.
    sent: u64,
    /// Those of them that bounced.
    bounced: u64,
    /// Those that were complained of.
    complained: u64,
    /// Those that made people unsubscribe.
    unsubscribed: u64,
    /// Since when nothing is sent by itself, where it has blown: automated messages wait until it is reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    blown_at: Option<String>,
    /// By too many `bounces`, `complaints` or `unsubscribes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'static str>,
}

impl FuseView {
    fn of(id: SequenceId, care: &Care, store: &dyn Store) -> FuseView {
        let counts = FuseCounts::of(id, care.fuse_round, |counter| store.counter(counter));
        let percent =
            |share: fn(&Fuse) -> Option<u16>| care.fuse.as_ref().and_then(share).map(|share| f64::from(share) / 100.0);
        FuseView {
            bounce_percent: percent(|fuse| fuse.bounces),
            complaint_percent: percent(|fuse| fuse.complaints),
            unsubscribe_percent: percent(|fuse| fuse.unsubscribes),
            min_sent: care.fuse.map(|fuse| fuse.min_sent),
            sent: counts.sent,
            bounced: counts.bounced,
            complained: counts.complained,
            unsubscribed: counts.unsubscribed,
            blown_at: care.blown.map(|blown| blown.at.to_string()),
            by: care.blown.map(|blown| blown.by.name()),
        }
    }
}

impl UndoView {
    fn of(id: SequenceId, undo: &Undo, store: &dyn Store) -> UndoView {
        UndoView {
            state: if undo.is_done { "completed" } else { "running" },
            since: undo.since.to_string(),
            at: undo.at.to_string(),
            by: undo.by.to_string(),
            disconnected: store.counter(Counter::Undone(id, undo.number)),
            messages_left: store.counter(Counter::UndoneTooLate(id, undo.number)),
        }
    }
}
