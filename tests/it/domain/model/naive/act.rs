//! What people, timers and the outside do to a step (§11.2, §11.3, §19.3).

use relance::domain::enrolment::{EndReason, EnrolmentStatus, Exit, Signal, StepStatus, WaitState};
use relance::domain::record::schema::Owner;
use relance::domain::record::{Problem, RecordRejection as Refused};
use relance::domain::sequence::graph::Node;
use relance::time::Timestamp;

use super::walk::{Step, exit, is_automated, is_branching, is_condition_on_mail, is_mail, is_of_seller};
use super::{Answer, Naive, Visit, node};

impl Naive {
    /// An open visit with its node; anything else is R-23.
    pub(super) fn open_visit(&self, number: u32) -> Result<(Visit, Node), Refused> {
        let visit = self.visit(number).ok_or(Refused::StepNotFound)?;
        match visit.status {
            StepStatus::Open => Ok((visit.clone(), node(&self.version(visit.run), &visit.node).clone())),
            _ => Err(Refused::StepNotOpen),
        }
    }

    /// R-10, CO-35, R-43.
    pub(super) fn complete(&mut self, number: u32, note: Option<String>, result: Option<String>) -> Answer {
        let (visit, at) = self.open_visit(number)?;
        if !performs(&visit, &at) {
            return Err(Refused::StepWaits);
        }
        let is_call = matches!(at, Node::PhoneCall(_));
        let result = self.result_of(is_call, result)?;
        let version = self.version(visit.run);
        let asks = exit(&at, true).is_some_and(|next| matches!(node(&version, &next), Node::CondCall(_)));
        if is_call && asks && result.is_none() {
            return Err(Refused::CallResultRequired);
        }
        note_fits(note.as_deref())?;
        self.visit_mut(number).call_result = result;
        self.finish(number, visit.wait, None);
        self.go(visit.run, exit(&at, true));
        Ok(())
    }

    /// R-11, D-68, CO-15, CM-12 to CM-14.
    pub(super) fn skip(&mut self, number: u32) -> Answer {
        let (visit, at) = self.open_visit(number)?;
        self.visit_mut(number).exit = is_branching(&at).then_some(Exit::No);
        self.take_back(number);
        self.shut(number, StepStatus::Skipped);
        let next = exit(&at, false);
        let version = self.version(visit.run);
        let message = next.as_ref().map(|next| node(&version, next)).filter(|behind| is_automated(behind));
        let (Node::Wait(_), Some(message)) = (&at, message) else {
            self.go(visit.run, next);
            return Ok(());
        };
        let behind = self.open(visit.run, super::name_of(message));
        self.shut(behind, StepStatus::Skipped);
        self.go(visit.run, exit(message, true));
        Ok(())
    }

    ///
    pub(super) fn snooze(&mut self, number: u32, until: Timestamp) -> Answer {
        if self.deeds.iter().any(|deed| deed.number == number) {
            return Err(Refused::SnoozeNotAllowed);
        }
        let (visit, at) = self.open_visit(number)?;
        if !performs(&visit, &at) {
            return Err(Refused::SnoozeNotAllowed);
        }
        if until <= self.now {
            return Err(Refused::SnoozeInPast);
        }
        let held = self.visit_mut(number);
        (held.due_at, held.snoozes) = (until, held.snoozes + 1);
        Ok(())
    }

    /// R-14, CO-16, ST-21.
    pub(super) fn skip_wait(&mut self, number: u32) -> Answer {
        let (visit, at) = self.open_visit(number)?;
        if self.hurry(number) {
            return Ok(());
        }
        if visit.wait != WaitState::Waiting {
            return Err(Refused::NotWaiting);
        }
        self.wake(&visit, &at, WaitState::Skipped);
        Ok(())
    }

    /// A wait is over.
    pub(super) fn wake(&mut self, visit: &Visit, at: &Node, wait: WaitState) {
        let number = visit.number;
        let step = if is_condition_on_mail(at) {
            let mail = self.before(number).expect("a condition follows a message");
            let held = super::answer::question(at).holds_of(mail, visit.wakes_at.expect("it waits"));
            self.take(number, at, wait, held)
        } else if !is_automated(at) {
            self.finish(number, wait, None);
            Step::On(exit(at, true))
        } else if let Some(error) = self.cannot_send(at) {
            self.convert(number, at, error)
        } else {
            let version = self.version(visit.run);
            match self.window_opens(&version, visit.assignee) {
                Some(opens) if wait == WaitState::Completed => {
                    let held = self.visit_mut(number);
                    (held.wakes_at, held.due_at) = (Some(opens), opens);
                    Step::Stop
                }
                _ => self.send(number, at, wait),
            }
        };
        self.go_on(visit.run, step);
    }

    /// CM-12 to CM-14.
    pub(super) fn retry(&mut self, number: u32) -> Answer {
        let (visit, _) = self.open_visit(number)?;
        if visit.error.is_none() || visit.converted {
            return Err(Refused::NothingToRetry);
        }
        let step = self.execute(number);
        self.go_on(visit.run, step);
        Ok(())
    }

    ///
    pub(super) fn note(&mut self, number: u32, text: &str) -> Answer {
        self.visit(number).ok_or(Refused::StepNotFound)?;
        note_fits(Some(text))
    }

    /// §21.4, R-30, R-33, CO-12, CO-18.
    pub(super) fn signal(&mut self, number: u32, signal: Signal, at: Timestamp) -> Answer {
        let mail = self.visit(number).ok_or(Refused::StepNotFound)?.clone();
        let version = self.version(mail.run);
        if !is_mail(node(&version, &mail.node)) {
            return Err(Refused::NotAnEmail);
        }
        self.came_back(number, signal, at);
        if !self.is_live(mail.run) {
            return Ok(());
        }
        if version.exit_on_reply && signal == Signal::Replied {
            self.end(mail.run, EnrolmentStatus::Disconnected, EndReason::ExitCriterionMet);
            return Ok(());
        }
        let Some(open) = self.open_of(mail.run).cloned() else { return Ok(()) };
        let asks = node(&version, &open.node).clone();
        if !is_condition_on_mail(&asks) || self.before(open.number).is_none_or(|before| before.number != number) {
            return Ok(());
        }
        let ask = super::answer::question(&asks);
        let mail = self.visit(number).expect("it is there");
        if ask.early && ask.holds_of(mail, open.wakes_at.expect("it waits")) {
            self.wake(&open, &asks, WaitState::Completed);
        }
        Ok(())
    }

    /// A timer rings.
    pub(super) fn fire(&mut self, key: u32) -> Answer {
        if let Some(run) = self.run(key).cloned() {
            if run.status != EnrolmentStatus::Connecting {
                return Err(Refused::Stale);
            }
            if run.opens_at.expect("connecting has a time") > self.now {
                return Err(Refused::NotDue);
            }
            self.start_run(key);
            return Ok(());
        }
        if let Some(due) = self.visit(key).and_then(Visit::letter_wakes_at) {
            return self.wake_letter(key, due);
        }
        let Ok((visit, at)) = self.open_visit(key) else { return Err(Refused::Stale) };
        match visit.wakes_at {
            None => Err(Refused::Stale),
            Some(due) if due > self.now => Err(Refused::NotDue),
            Some(_) => {
                self.wake(&visit, &at, WaitState::Completed);
                Ok(())
            }
        }
    }

    ///
    pub(super) fn assign_step(&mut self, number: u32, to: Owner) -> Answer {
        let (visit, _) = self.open_visit(number)?;
        self.must_act(to)?;
        if visit.assignee != to {
            let held = self.visit_mut(number);
            (held.assignee, held.warned) = (to, false);
            self.move_due_dates();
        }
        Ok(())
    }

    pub(super) fn must_act(&self, to: Owner) -> Answer {
        let pointer = if matches!(to, Owner::User(_)) { "/user" } else { "/team" };
        if self.may_act(to) { Ok(()) } else { Err(invalid(pointer)) }
    }

    /// TM-11: everything that calendars say, anew from when it began; what was snoozed stays.
    pub(super) fn move_due_dates(&mut self) {
        for run in self.live() {
            let Some(visit) = self.open_of(run).cloned() else { continue };
            let version = self.version(run);
            let at = node(&version, &visit.node);
            let wakes_at = match at {
                Node::Wait(wait) => Some(self.wait_end(&version, visit.assignee, visit.opened_at, wait)),
                _ if is_automated(at) && visit.wait == WaitState::Waiting => {
                    Some(self.window_opens(&version, visit.assignee).unwrap_or(self.now))
                }
                _ => None,
            };
            let due_at = self.due(visit.opened_at, visit.assignee);
            let held = self.visit_mut(visit.number);
            if let Some(wakes_at) = wakes_at {
                (held.wakes_at, held.due_at) = (Some(wakes_at), wakes_at);
            } else if performs(&visit, at) && visit.snoozes == 0 {
                held.due_at = due_at;
            }
        }
    }
}

/// A seller's own step, or a message that became one.
pub(super) fn performs(visit: &Visit, at: &Node) -> bool {
    is_of_seller(at) || visit.converted
}

pub(super) fn note_fits(note: Option<&str>) -> Answer {
    match note {
        Some(text) if text.trim().is_empty() => Err(invalid("/note")),
        _ => Ok(()),
    }
}

/// Something does not fit, there.
pub(super) fn invalid(pointer: &str) -> Refused {
    Refused::Invalid(vec![Problem { pointer: pointer.into(), code: "", detail: String::new() }])
}
