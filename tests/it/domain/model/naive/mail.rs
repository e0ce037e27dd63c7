//! A message on its way out, and what becomes of its step meanwhile (§19.3, ST-20 to ST-23, D-58).

use chrono::TimeDelta;
use relance::domain::delivery::{MessageState, Settled, UnknownPolicy};
use relance::domain::enrolment::{Signal, StepError, StepStatus, WaitState};
use relance::domain::record::RecordRejection as Refused;
use relance::domain::sequence::graph::{Node, Occurrence, Until};
use relance::time::Timestamp;

use super::walk::{Step, as_wait, exit};
use super::{Answer, Happened, Letter, Naive, Visit, node};

impl Letter {
    /// Whether something may still be told of it.
    pub fn is_under_way(&self) -> bool {
        !matches!(self.state, MessageState::Sent | MessageState::Failed | MessageState::Skipped)
    }
}

impl Visit {
    pub(super) fn is_owed(&self) -> bool {
        let state = self.message.as_ref().map(|letter| &letter.state);
        matches!(state, Some(MessageState::Owed | MessageState::Claimed(_)))
    }

    pub(super) fn letter_wakes_at(&self) -> Option<Timestamp> {
        match self.message.as_ref()?.state {
            MessageState::PutOff(until) => Some(until),
            MessageState::Unknown(until) => until,
            _ => None,
        }
    }
}

impl Naive {
    /// The message is the outbox's. **The one place that says when its step is done**: at once where nothing can go wrong any
    /// more, else when it was taken.
    pub(super) fn send(&mut self, visit: u32, message: &Node, wait: WaitState) -> Step {
        let (now, is_sure) = (self.now, self.office.is_sure);
        let held = self.visit_mut(visit);
        held.is_tested = matches!(message, Node::AbTest(_));
        held.message = Some(Letter { state: MessageState::Owed, message_id: None, owed_at: now, attempts: 0 });
        if is_sure {
            self.finish(visit, wait, None);
            return Step::On(exit(message, true));
        }
        (held.wait, held.wakes_at) = (wait, None);
        Step::Stop
    }

    fn letter(&mut self, visit: u32) -> Option<&mut Letter> {
        self.visits.iter_mut().find(|one| one.number == visit)?.message.as_mut()
    }

    fn turn(&mut self, visit: u32, state: MessageState) {
        self.letter(visit).expect("a message").state = state;
    }

    fn must_be_owed(&self, visit: u32) -> Answer {
        let is_owed = self.visit(visit).is_some_and(Visit::is_owed);
        if is_owed { Ok(()) } else { Err(Refused::Stale) }
    }

    /// It is about to leave; what speaks against it now is looked at.
    pub(super) fn claim(&mut self, number: u32, epoch: u64, message_id: String) -> Answer {
        self.must_be_owed(number)?;
        let visit = self.visit(number).expect("a visit").clone();
        let version = self.version(visit.run);
        let at = node(&version, &visit.node);
        // Whoever claimed it before has not said what became of it.
        if visit.message.as_ref().expect("a message").state != MessageState::Owed {
            self.is_lost(number);
            return Ok(());
        }
        if let Some(error) = self.cannot_send(at) {
            self.turn(number, MessageState::Skipped);
            self.give_to_seller(number, error);
            return Ok(());
        }
        let opens = self.window_opens(&version, visit.assignee);
        let keeps_to_window = visit.status == StepStatus::Open && visit.wait != WaitState::Skipped;
        if let Some(until) = opens.filter(|_| keeps_to_window) {
            self.turn(number, MessageState::PutOff(until));
            self.letter(number).expect("a message").owed_at = until;
            return Ok(());
        }
        self.turn(number, MessageState::Claimed(epoch));
        self.letter(number).expect("a message").message_id = Some(message_id);
        Ok(())
    }

    pub(super) fn sent(&mut self, number: u32, message_id: String) -> Answer {
        self.must_be_owed(number)?;
        self.turn(number, MessageState::Sent);
        self.letter(number).expect("a message").message_id = Some(message_id);
        self.is_done(number);
        Ok(())
    }

    /// The step that was open for its message is done.
    fn is_done(&mut self, number: u32) {
        let visit = self.visit(number).expect("a visit").clone();
        if visit.status == StepStatus::Open {
            self.finish(number, visit.wait, None);
            let next = exit(node(&self.version(visit.run), &visit.node), true);
            self.go(visit.run, next);
        }
    }

    /// ST-23: given up for good.
    pub(super) fn given_up(&mut self, number: u32, bounced: bool) -> Answer {
        self.must_be_owed(number)?;
        self.turn(number, MessageState::Failed);
        self.visit_mut(number).error = Some(StepError::EmailTemplateFailed);
        if bounced {
            self.came_back(number, Signal::Bounced, self.now);
            if self.bounce_is_waited_for(number) {
                self.is_done(number);
                return Ok(());
            }
        }
        let error = if bounced { StepError::EmailUndeliverable } else { StepError::EmailTemplateFailed };
        self.give_to_seller(number, error);
        Ok(())
    }

    /// Whether the node behind a message is a wait for just that.
    fn bounce_is_waited_for(&self, number: u32) -> bool {
        let visit = self.visit(number).expect("a visit");
        let version = self.version(visit.run);
        let next = exit(node(&version, &visit.node), true);
        let waits = next.as_ref().and_then(|next| as_wait(node(&version, next)));
        waits.is_some_and(|wait| wait.until.contains(&Until::Event(Occurrence::EmailBounced)))
    }

    fn give_to_seller(&mut self, number: u32, error: StepError) {
        let visit = self.visit(number).expect("a visit").clone();
        if visit.status == StepStatus::Open {
            let version = self.version(visit.run);
            _ = self.convert(number, node(&version, &visit.node), error);
        }
    }

    /// An attempt came to nothing.
    pub(super) fn put_off(&mut self, number: u32, pause: TimeDelta) -> Answer {
        self.must_be_owed(number)?;
        let (until, last) = (self.now + pause, self.office.retry_max);
        if self.is_over(number) {
            self.turn(number, MessageState::Skipped);
        } else if until > self.letter(number).expect("a message").owed_at + last {
            return self.given_up(number, false);
        } else {
            self.turn(number, MessageState::PutOff(until));
            self.letter(number).expect("a message").attempts += 1;
        }
        Ok(())
    }

    /// The step went another way, so that its message is not to leave (any more).
    fn is_over(&self, number: u32) -> bool {
        let visit = self.visit(number).expect("a visit");
        matches!(visit.status, StepStatus::Cancelled | StepStatus::Skipped)
    }

    pub(super) fn lose(&mut self, number: u32) -> Answer {
        match self.letter(number) {
            Some(letter) if matches!(letter.state, MessageState::Claimed(_)) => {
                self.is_lost(number);
                Ok(())
            }
            _ => Err(Refused::Stale),
        }
    }

    fn is_lost(&mut self, number: u32) {
        self.turn(number, MessageState::Unknown(Some(self.now + self.office.unknown_after)));
        self.letter(number).expect("a message").attempts += 1;
    }

    /// D-58.
    pub(super) fn settle(&mut self, number: u32, to: Settled) -> Answer {
        let visit = self.visit(number).ok_or(Refused::StepNotFound)?;
        if !matches!(visit.message, Some(Letter { state: MessageState::Unknown(_), .. })) {
            return Err(Refused::DeliveryKnown);
        }
        match to {
            Settled::Resend => self.turn(number, MessageState::Owed),
            Settled::Sent => {
                self.turn(number, MessageState::Sent);
                self.is_done(number);
            }
            Settled::Failed => {
                self.turn(number, MessageState::Failed);
                self.give_to_seller(number, StepError::EmailUndeliverable);
            }
        }
        Ok(())
    }

    /// The timer of a message rings. What is over is not sent again by itself.
    pub(super) fn wake_letter(&mut self, number: u32, due: Timestamp) -> Answer {
        if due > self.now {
            return Err(Refused::NotDue);
        }
        let is_unknown = matches!(self.letter(number).expect("a message").state, MessageState::Unknown(_));
        match self.office.unknown_policy {
            _ if !is_unknown => self.turn(number, MessageState::Owed),
            _ if self.is_over(number) => self.turn(number, MessageState::Unknown(None)),
            UnknownPolicy::Hold => self.turn(number, MessageState::Unknown(None)),
            UnknownPolicy::Resend => self.turn(number, MessageState::Owed),
            UnknownPolicy::Sent => return self.settle(number, Settled::Sent),
        }
        Ok(())
    }

    /// ST-21: a person does not wait for it, whatever it waits for.
    pub(super) fn hurry(&mut self, number: u32) -> bool {
        let is_put_off = self.letter(number).is_some_and(|letter| matches!(letter.state, MessageState::PutOff(_)));
        if is_put_off {
            self.turn(number, MessageState::Owed);
            self.visit_mut(number).wait = WaitState::Skipped;
        }
        is_put_off
    }

    /// What has not left does not leave any more.
    pub(super) fn take_back(&mut self, number: u32) {
        if let Some(letter) = self.letter(number)
            && matches!(letter.state, MessageState::Owed | MessageState::PutOff(_))
        {
            letter.state = MessageState::Skipped;
        }
    }

    /// D-63: a click, a download and a reply tell of an opening too.
    pub(super) fn came_back(&mut self, number: u32, signal: Signal, at: Timestamp) {
        let opens = matches!(signal, Signal::LinkClicked | Signal::AttachmentDownloaded | Signal::Replied);
        for one in [Some(signal), opens.then_some(Signal::Opened)].into_iter().flatten() {
            let held = self.visit_mut(number);
            let first = held.signals.entry(one as u8).or_insert(at);
            *first = at.min(*first);
            let run = held.run;
            self.happened.push(Happened::CameBack { run, signal: one });
        }
    }
}
