//! The fuse of a sequence: when too many of its automated e-mails bounce, are complained of, or make people unsubscribe, it
//! sends nothing more by itself until a person has looked.

use serde::{Deserialize, Serialize};

use super::{Sequence, SequenceEvent, SequenceRejection};
use crate::domain::effect::Counter;
use crate::id::SequenceId;
use crate::limits;
use crate::time::Timestamp;

/// When the fuse blows. Stored in a property: members are never added, another property is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fuse {
    /// More bounces than this share of what was sent, in hundredths of a percent: 1–10,000, as the two below.
    pub bounces: Option<u16>,
    /// More complaints.
    pub complaints: Option<u16>,
    /// More people who unsubscribe.
    pub unsubscribes: Option<u16>,
    /// As soon as so many e-mails were sent: 1–[`limits::FUSE_SENT_MAX`].
    pub min_sent: u32,
}

impl Default for Fuse {
    fn default() -> Fuse {
        Fuse { bounces: None, complaints: None, unsubscribes: None, min_sent: limits::FUSE_SENT }
    }
}

/// Something that a fuse counts. Stored: variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FuseCount {
    /// An automated e-mail left, or was refused at once.
    Sent,
    /// One of these bounced.
    Bounced,
    /// The recipient of one has complained of it.
    Complained,
    /// The recipient of one wants no more.
    Unsubscribed,
}

impl FuseCount {
    /// All, by their number in keys.
    pub const ALL: [FuseCount; 4] =
        [FuseCount::Sent, FuseCount::Bounced, FuseCount::Complained, FuseCount::Unsubscribed];

    /// The word for what has made it blow.
    pub fn name(self) -> &'static str {
        match self {
            FuseCount::Sent => "sent",
            FuseCount::Bounced => "bounces",
            FuseCount::Complained => "complaints",
            FuseCount::Unsubscribed => "unsubscribes",
        }
    }
}

/// What was counted since the fuse was whole. Stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FuseCounts {
    /// Automated e-mails.
    pub sent: u64,
    /// Of these.
    pub bounced: u64,
    /// Of these.
    pub complained: u64,
    /// Of these.
    pub unsubscribed: u64,
}

impl FuseCounts {
    /// Those of a round of a sequence, by what the counters say.
    pub fn of(sequence: SequenceId, round: u32, count: impl Fn(Counter) -> i64) -> FuseCounts {
        let counted = |what| u64::try_from(count(Counter::Fuse(sequence, round, what))).unwrap_or(0);
        let [sent, bounced, complained, unsubscribed] = FuseCount::ALL.map(counted);
        FuseCounts { sent, bounced, complained, unsubscribed }
    }
}

/// That it has blown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blown {
    /// When.
    pub at: Timestamp,
    /// By too many of these.
    pub by: FuseCount,
}

impl Fuse {
    /// What there is too much of.
    pub fn blown_by(&self, counts: &FuseCounts) -> Option<FuseCount> {
        if counts.sent < u64::from(self.min_sent.max(1)) {
            return None;
        }
        let rates = [
            (FuseCount::Bounced, counts.bounced, self.bounces),
            (FuseCount::Complained, counts.complained, self.complaints),
            (FuseCount::Unsubscribed, counts.unsubscribed, self.unsubscribes),
        ];
        let passes = |count: u64, most: u16| count.saturating_mul(10_000) > u64::from(most).saturating_mul(counts.sent);
        rates.into_iter().find(|(_, count, most)| most.is_some_and(|most| passes(*count, most))).map(|(what, ..)| what)
    }

    /// What does not fit: the member and why.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        let shares = [
            ("/bounce_percent", self.bounces),
            ("/complaint_percent", self.complaints),
            ("/unsubscribe_percent", self.unsubscribes),
        ];
        let outside = |share: Option<u16>| share.is_some_and(|share| !(1..=10_000).contains(&share));
        let share = shares.into_iter().find(|(_, share)| outside(*share));
        let share = share.map(|(member, _)| (member, "0.01 to 100 percent".to_owned()));
        let sent = || format!("1 to {} e-mails", limits::FUSE_SENT_MAX);
        share.or_else(|| (!(1..=limits::FUSE_SENT_MAX).contains(&self.min_sent)).then(|| ("/min_sent", sent())))
    }
}

/// Deciding.
impl Sequence {
    /// The outbox was about to send, and has looked at the counters; told again, or too late, it changes nothing.
    pub(super) fn blow_fuse(&self, round: u32, counts: FuseCounts) -> Vec<SequenceEvent> {
        let is_whole = self.status.is_active() && self.care.fuse_round == round && self.care.blown.is_none();
        let by = self.care.fuse.filter(|_| is_whole).and_then(|fuse| fuse.blown_by(&counts));
        by.map(|by| SequenceEvent::FuseBlown { round, by, counts }).into_iter().collect()
    }

    /// A person has looked; what is counted begins anew.
    pub(super) fn reset_fuse(&self) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        match self.care.blown {
            Some(_) if !self.status.is_active() => Err(SequenceRejection::NotActive),
            Some(_) => Ok(vec![SequenceEvent::FuseReset { round: self.care.fuse_round + 1 }]),
            None => Err(SequenceRejection::FuseWhole),
        }
    }

    pub(super) fn fuse_released(&self, round: u32) -> Vec<SequenceEvent> {
        let is_awaited = self.care.releasing == Some(round);
        if is_awaited { vec![SequenceEvent::FuseReleased { round }] } else { vec![] }
    }
}
