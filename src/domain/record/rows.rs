//! What is found in a record; how enrolments begin and end on it, and the rows that the world is owed for them.

use std::sync::Arc;

use super::Record;
use super::event::RecordEvent;
use super::schema::Change;
use crate::domain::activity::LinkedActivity;
use crate::domain::effect::{Counter, Effect, EffectKey, Effects, Index};
use crate::domain::enrolment::{Enrolment, EnrolmentStatus, Ordinal, Signals, Step, StepError, StepStatus, WaitState};
use crate::domain::entity::Stamp;
use crate::id::{FlowId, SequenceId};
use crate::time::Timestamp;

/// An enrolment as it begins now.
pub(super) fn begun(ordinal: Ordinal, sequence: SequenceId, version: u16, stamp: Stamp) -> Enrolment {
    Enrolment {
        ordinal,
        sequence,
        version,
        status: EnrolmentStatus::Connected,
        reason: None,
        connected_by: stamp.by,
        connected_at: stamp.at,
        opens_at: None,
        source: None,
        advanced_from: None,
        current: None,
        steps_done: 0,
        ended_at: None,
        restarted_after: 0,
        migrations: Vec::new(),
        former: None,
        participations: Vec::new(),
        sender: None,
        undone: None,
        pilot: None,
    }
}

impl Record {
    /// The enrolment of that ordinal.
    pub fn enrolment(&self, ordinal: Ordinal) -> Option<&Enrolment> {
        let place = self.enrolments.binary_search_by_key(&ordinal, |enrolment| enrolment.ordinal).ok()?;
        self.enrolments.get(place)
    }

    /// The step instance of that ordinal.
    pub fn step(&self, ordinal: Ordinal) -> Option<&Step> {
        self.steps.binary_search_by_key(&ordinal, |step| step.ordinal).ok().and_then(|place| self.steps.get(place))
    }

    /// The open step instance an enrolment stands on.
    pub fn current_step(&self, enrolment: &Enrolment) -> Option<&Step> {
        let step = self.step(enrolment.current?)?;
        (enrolment.status.is_live() && step.status == StepStatus::Open).then_some(step)
    }

    /// The stage on which its process stands, if it is that flow (CM-2, CM-16).
    pub fn stage(&self, flow: FlowId) -> Option<&str> {
        self.process.as_ref().filter(|process| process.flow == flow).map(|process| process.stage.as_str())
    }

    /// Enrolments that are connecting or connected.
    pub fn live(&self) -> impl Iterator<Item = &Enrolment> {
        self.enrolments.iter().filter(|enrolment| enrolment.status.is_live())
    }

    pub(super) fn write(&mut self, changes: &[Change], at: Timestamp) {
        self.modified_at = at;
        self.note_score(changes, at);
        let profile = Arc::make_mut(&mut self.profile);
        changes.iter().for_each(|change| profile.set(change));
    }

    pub(in crate::domain) fn enrolment_mut(&mut self, ordinal: Ordinal) -> Option<&mut Enrolment> {
        let place = self.enrolments.binary_search_by_key(&ordinal, |enrolment| enrolment.ordinal).ok()?;
        self.enrolments.get_mut(place)
    }

    pub(in crate::domain) fn step_mut(&mut self, ordinal: Ordinal) -> Option<&mut Step> {
        let place = self.steps.binary_search_by_key(&ordinal, |step| step.ordinal).ok()?;
        self.steps.get_mut(place)
    }

    /// Adds an enrolment; one that opens later is still Connecting (K-9).
    pub(super) fn enrol(&mut self, enrolment: Enrolment) {
        self.last_ordinal = enrolment.ordinal;
        let status = enrolment.opens_at.map_or(EnrolmentStatus::Connected, |_| EnrolmentStatus::Connecting);
        self.enrolments.push(Enrolment { status, ..enrolment });
    }

    pub(super) fn close_step(&mut self, ordinal: Ordinal, at: Timestamp, counted: bool, close: impl FnOnce(&mut Step)) {
        let Some(step) = self.step_mut(ordinal) else { return };
        step.completed_at = Some(at);
        close(step);
        let enrolment = step.enrolment;
        if let Some(enrolment) = self.enrolment_mut(enrolment).filter(|_| counted) {
            enrolment.steps_done = enrolment.steps_done.saturating_add(1);
        }
    }

    /// A node was reached: its step is open.
    pub(super) fn open_step(&mut self, event: &RecordEvent, stamp: Stamp) {
        let RecordEvent::StepOpened { step, enrolment, node, assignee, wakes_at, error, converted } = event else {
            return;
        };
        self.last_ordinal = *step;
        let opened = Step {
            ordinal: *step,
            enrolment: *enrolment,
            version: self.enrolment(*enrolment).map_or(0, |enrolment| enrolment.version),
            node: *node,
            assignee: *assignee,
            status: StepStatus::Open,
            wait: wakes_at.map_or(WaitState::None, |_| WaitState::Waiting),
            error: *error,
            converted: *converted,
            ab_version: None,
            ended_by: None,
            opened_at: stamp.at,
            due_at: wakes_at.unwrap_or(stamp.at),
            wakes_at: *wakes_at,
            completed_at: None,
            warning: None,
            snoozes: 0,
            call_result: None,
            exit: None,
            signals: Signals::default(),
            message: None,
            hits: None,
            linked: LinkedActivity::Absent,
            done_on: None,
            fused: None,
        };
        if let Some(enrolment) = self.enrolment_mut(*enrolment) {
            enrolment.stand_on(&opened);
        }
        self.steps.push(opened);
    }

    /// A message that has waited becomes the seller's, as if it had been reached now (ST-23).
    pub(super) fn convert(&mut self, step: Ordinal, error: StepError, at: Timestamp) {
        let Some(step) = self.step_mut(step) else { return };
        (step.converted, step.error, step.wait, step.wakes_at) = (true, Some(error), WaitState::None, None);
        (step.opened_at, step.due_at) = (at, at);
    }

    pub(super) fn claim(&self, changes: &[Change], owed: &mut Effects) {
        if changes.iter().any(|change| matches!(change, Change::ExternalId(Some(_))))
            && let Some(external_id) = self.profile.external_id.clone()
        {
            owed.push(Effect::Claim { kind: self.kind, external_id });
        }
    }

    pub(super) fn disarm_step(&self, step: Ordinal, owed: &mut Effects) {
        if let Some(due) = self.step(step).and_then(|step| step.wakes_at) {
            owed.push(Effect::Disarm { due, key: step });
        }
    }

    /// Counts a live enrolment in or out, under the version that it is pinned to now.
    pub(in crate::domain) fn owe_live(&self, ordinal: Ordinal, delta: i64, owed: &mut Effects) {
        if let Some(enrolment) = self.enrolment(ordinal) {
            owed.count(Counter::Live(enrolment.sequence), delta);
            owed.count(Counter::LiveOf(enrolment.sequence, enrolment.version), delta);
        }
    }

    /// Counts a connection in its month (K-15); advancing is none.
    pub(super) fn owe_month(&self, ordinal: Ordinal, delta: i64, owed: &mut Effects) {
        if let Some(enrolment) = self.enrolment(ordinal).filter(|enrolment| enrolment.advanced_from.is_none()) {
            owed.count(Counter::ConnectedIn(enrolment.connected_at.month()), delta);
        }
    }

    /// Every timer that it waits for, by what it is due for.
    pub fn armed(&self) -> impl Iterator<Item = (Timestamp, EffectKey)> {
        let connecting = self.enrolments.iter().filter(|one| one.status == EnrolmentStatus::Connecting);
        let open = self.steps.iter().filter(|step| step.status == StepStatus::Open);
        let begins = connecting.filter_map(|one| Some((one.opens_at?, one.ordinal)));
        let messages = self.steps.iter().filter_map(|step| Some((step.message_state()?.wakes_at()?, step.ordinal)));
        begins.chain(open.filter_map(|step| Some((step.wakes_at?, step.ordinal)))).chain(messages)
    }

    /// The rows of a live enrolment.
    pub(super) fn owe_begin(&self, ordinal: Ordinal, owed: &mut Effects) {
        let Some(enrolment) = self.enrolment(ordinal) else { return };
        owed.push(Effect::Index(Index::Enrolment { sequence: enrolment.sequence, live: true, ordinal }));
        self.owe_live(ordinal, 1, owed);
        owed.count(Counter::Enrolled(enrolment.sequence), 1);
    }

    /// The rows of a live enrolment make way for those of an ended one.
    pub(super) fn owe_end(&self, ordinal: Ordinal, cancelled: Option<Ordinal>, owed: &mut Effects) {
        let Some(enrolment) = self.enrolment(ordinal) else { return };
        let sequence = enrolment.sequence;
        owed.push(Effect::Unindex(Index::Enrolment { sequence, live: true, ordinal }));
        owed.push(Effect::Index(Index::Enrolment { sequence, live: false, ordinal }));
        self.owe_live(ordinal, -1, owed);
        self.owe_pilot_end(ordinal, owed);
        if let Some(step) = cancelled {
            self.disarm_step(step, owed);
        }
        if let (None, Some(due)) = (enrolment.current, enrolment.opens_at) {
            owed.push(Effect::Disarm { due, key: ordinal });
        }
    }
}
