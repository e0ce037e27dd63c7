//! Erasing a record: what goes, and the little that stays because it names nobody.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::RecordEvent;
use super::{Record, RecordRejection};
use crate::domain::effect::{Counter, Delivery, Effect, EffectKey, Effects, Index};
use crate::domain::enrolment::Ordinal;
use crate::id::SequenceId;

/// Names the removal of an erased record's messages; no enrolment and no step has this ordinal.
pub const FORGET: EffectKey = 0;

/// How far the erasure of a record is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Erasure {
    /// It was not erased.
    #[default]
    None,
    /// Messages of these steps may still lie in files.
    MessagesLeft(Vec<Ordinal>),
    /// Nothing is left.
    Complete,
}

impl Record {
    /// The events that stand for everything before them.
    pub(super) fn erased(&self) -> Vec<RecordEvent> {
        let mut enrolled: BTreeMap<SequenceId, u32> = BTreeMap::new();
        for enrolment in &self.enrolments {
            *enrolled.entry(enrolment.sequence).or_default() += 1;
        }
        let messages = self.steps.iter().filter(|step| step.message.is_some()).map(|step| step.ordinal);
        let erased = RecordEvent::Erased { enrolled: enrolled.into_iter().collect(), messages: messages.collect() };
        let counts = self.ab_counts();
        [erased].into_iter().chain((!counts.is_empty()).then_some(RecordEvent::AbCountsKept(counts))).collect()
    }

    /// The outbox has removed the messages.
    pub(super) fn forget(&self) -> Result<Vec<RecordEvent>, RecordRejection> {
        match self.erasure {
            Erasure::MessagesLeft(_) => Ok(vec![RecordEvent::Forgotten]),
            Erasure::None | Erasure::Complete => Err(RecordRejection::Stale),
        }
    }

    pub(super) fn be_erased(&mut self, messages: &[Ordinal]) {
        let erasure = match messages {
            [] => Erasure::Complete,
            left => Erasure::MessagesLeft(left.to_vec()),
        };
        *self = Record { erasure, ..Record::default() };
    }

    /// Every row that follows from the state, and the log.
    pub(super) fn take_back(&self, owed: &mut Effects) {
        if !self.exists {
            return;
        }
        for enrolment in &self.enrolments {
            let (sequence, ordinal, live) = (enrolment.sequence, enrolment.ordinal, enrolment.status.is_live());
            owed.push(Effect::Unindex(Index::Enrolment { sequence, live, ordinal }));
            owed.count(Counter::Enrolled(sequence), -1);
            self.owe_month(ordinal, -1, owed);
            self.count_undone(ordinal, -1, owed);
            if live {
                self.owe_live(ordinal, -1, owed);
            }
        }
        self.armed().for_each(|(due, key)| owed.push(Effect::Disarm { due, key }));
        self.take_back_messages(owed);
        self.take_back_migrations(owed);
        self.take_back_tests(owed);
        self.take_back_fused(owed);
        self.take_back_pilots(owed);
        if let Some(external_id) = self.profile.external_id.clone() {
            owed.push(Effect::Unclaim { kind: self.kind, external_id });
        }
        self.days_counted().for_each(|(user, day)| owed.count(Counter::DoneOn(user, day), -1));
        owed.count(Counter::Records(self.kind), -1);
        owed.push(Effect::Erase);
    }
}

/// Totals stay, and files are removed.
pub(super) fn owe(enrolled: &[(SequenceId, u32)], messages: &[Ordinal], owed: &mut Effects) {
    for (sequence, times) in enrolled {
        owed.count(Counter::Enrolled(*sequence), i64::from(*times));
    }
    if !messages.is_empty() {
        owed.push(Effect::Owe { key: FORGET, delivery: Delivery::Forget });
    }
}
