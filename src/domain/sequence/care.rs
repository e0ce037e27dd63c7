//! What keeps automated mail that goes wrong from going far: a pilot, a fuse, and that what has begun lately can be undone in one call.

use serde::{Deserialize, Serialize};

use super::decide::judge_advancing;
use super::fuse::{Blown, Fuse};
use super::{Sequence, SequenceEvent, SequenceRejection};
use crate::domain::effect::{Delivery, Effect, EffectKey, Effects};
use crate::domain::entity::Stamp;
use crate::domain::given::Given;
use crate::domain::record::Problem;
use crate::id::{SequenceId, UserId};
use crate::limits;
use crate::time::Timestamp;

/// A sequence can owe that what has begun lately is undone; beside what it owes otherwise.
const UNDOING: EffectKey = 3;
/// … and that what its fuse held is told that it may leave.
const RELEASING: EffectKey = 4;
/// … and that what waits for its pilot begins.
const LETTING_IN: EffectKey = 5;

/// What a sequence remembers of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Care {
    /// When a version was published or put into use last.
    pub activated_at: Timestamp,
    /// What was undone last.
    pub undo: Option<Undo>,
    /// When it stops sending by itself.
    pub fuse: Option<Fuse>,
    /// What is counted now; another begins with each activation and each reset.
    pub fuse_round: u32,
    /// Whether the fuse has blown. It stays so until it is reset, whatever becomes of its bounds.
    pub blown: Option<Blown>,
    /// The round whose beginning messages that were held are still to be told of.
    pub releasing: Option<u32>,
    /// Where not every record that is connected begins.
    pub pilot: Option<Pilot>,
    /// How many pilots there were.
    pub pilots: u32,
    /// The pilot whose waiting records are still to be let in.
    pub letting_in: Option<u32>,
}

/// Only some of the records that are connected begin, until somebody lets in the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pilot {
    /// Its number in the sequence, from 1.
    pub number: u32,
    /// How many, 1–[`limits::PILOT_RECORDS_MAX`].
    pub records: u32,
}

/// Records that were connected within a time leave, and their messages that have not left never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// Its number in the sequence, from 1.
    pub number: u32,
    /// Of records that were connected then or later.
    pub since: Timestamp,
    /// When it was asked for; those connected later stay.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// Whether each record was asked.
    pub is_done: bool,
}

/// Deciding.
impl Sequence {
    /// Since the last activation where no time is named.
    pub(super) fn undo(
        &self,
        id: SequenceId,
        since: Option<Timestamp>,
        deactivate: bool,
        given: &Given,
        stamp: Stamp,
    ) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        if !self.status.is_active() {
            return Err(SequenceRejection::NotActive);
        }
        if self.care.undo.is_some_and(|undo| !undo.is_done) {
            return Err(SequenceRejection::UndoRunning);
        }
        let since = since.unwrap_or(self.care.activated_at);
        if since > stamp.at {
            let (pointer, detail) = ("/since".into(), "nothing was connected in the future".into());
            return Err(SequenceRejection::Invalid(vec![Problem { pointer, code: "out_of_range", detail }]));
        }
        let number = self.care.undo.map_or(0, |last| last.number) + 1;
        let mut events = vec![SequenceEvent::UndoBegun { number, since }];
        if deactivate {
            judge_advancing(id, false, given, stamp)?;
            events.extend(self.deactivated(id, given));
        }
        Ok(events)
    }

    /// What an activation may ask for.
    pub(super) fn begin_pilot(&self, records: Option<u32>) -> Result<Option<SequenceEvent>, SequenceRejection> {
        let Some(records) = records else { return Ok(None) };
        if !(1..=limits::PILOT_RECORDS_MAX).contains(&records) {
            let detail = format!("1 to {} records", limits::PILOT_RECORDS_MAX);
            let problem = Problem { pointer: "/pilot/records".into(), code: "out_of_range", detail };
            return Err(SequenceRejection::Invalid(vec![problem]));
        }
        Ok(Some(SequenceEvent::PilotBegun { number: self.care.pilots + 1, records }))
    }

    pub(super) fn release_pilot(&self) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        let pilot = self.care.pilot.ok_or(SequenceRejection::NoPilot)?;
        Ok(vec![SequenceEvent::PilotReleased { number: pilot.number }])
    }

    pub(super) fn let_in_done(&self, number: u32) -> Vec<SequenceEvent> {
        let is_awaited = self.care.letting_in == Some(number);
        if is_awaited { vec![SequenceEvent::PilotOver { number }] } else { vec![] }
    }

    pub(super) fn undo_done(&self, number: u32) -> Vec<SequenceEvent> {
        let is_running = self.care.undo.is_some_and(|undo| undo.number == number && !undo.is_done);
        if is_running { vec![SequenceEvent::UndoCompleted { number }] } else { vec![] }
    }
}

/// Remembering.
impl Sequence {
    pub(super) fn care_apply(&mut self, event: &SequenceEvent, stamp: Stamp) {
        match event {
            SequenceEvent::Activated { .. } => {
                self.care.activated_at = stamp.at;
                self.care.fuse_round = self.care.fuse_round.saturating_add(1);
                self.care.blown = None;
            }
            SequenceEvent::RevisionPublished { .. } => self.care.activated_at = stamp.at,
            SequenceEvent::FuseBlown { by, .. } => self.care.blown = Some(Blown { at: stamp.at, by: *by }),
            SequenceEvent::FuseReset { round } => {
                (self.care.fuse_round, self.care.blown, self.care.releasing) = (*round, None, Some(*round));
            }
            SequenceEvent::FuseReleased { .. } => self.care.releasing = None,
            // Who waits leaves with the others.
            SequenceEvent::Deactivated => self.care.pilot = None,
            SequenceEvent::PilotBegun { number, records } => {
                self.care.pilot = Some(Pilot { number: *number, records: *records });
                self.care.pilots = *number;
            }
            SequenceEvent::PilotReleased { number } => {
                (self.care.pilot, self.care.letting_in) = (None, Some(*number));
            }
            SequenceEvent::PilotOver { .. } => self.care.letting_in = None,
            SequenceEvent::UndoBegun { number, since } => {
                let (at, by) = (stamp.at, stamp.by);
                self.care.undo = Some(Undo { number: *number, since: *since, at, by, is_done: false });
            }
            SequenceEvent::UndoCompleted { number } => {
                if let Some(undo) = self.care.undo.as_mut().filter(|undo| undo.number == *number) {
                    undo.is_done = true;
                }
            }
            _ => {}
        }
    }

    pub(super) fn care_owe(&self, event: &SequenceEvent, owed: &mut Effects) {
        match event {
            SequenceEvent::UndoBegun { number, since } => {
                let (number, since, until) = (*number, *since, self.modified_at);
                owed.push(Effect::Owe { key: UNDOING, delivery: Delivery::Undo { number, since, until } });
            }
            SequenceEvent::UndoCompleted { .. } => owed.push(Effect::Settle { key: UNDOING }),
            SequenceEvent::FuseReset { round } => {
                owed.push(Effect::Owe { key: RELEASING, delivery: Delivery::ReleaseHeld { round: *round } });
            }
            SequenceEvent::FuseReleased { .. } => owed.push(Effect::Settle { key: RELEASING }),
            SequenceEvent::PilotReleased { number } => {
                owed.push(Effect::Owe { key: LETTING_IN, delivery: Delivery::LetIn { number: *number } });
            }
            SequenceEvent::PilotOver { .. } => owed.push(Effect::Settle { key: LETTING_IN }),
            _ => {}
        }
    }
}
