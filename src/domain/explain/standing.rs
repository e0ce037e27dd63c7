//! What an enrolment waits for now, what is in its way, and when it moves next.

use super::{Awaited, Block, Waiting, words};
use crate::domain::delivery::{MessageState, UnknownPolicy};
use crate::domain::enrolment::act::performs;
use crate::domain::enrolment::{Enrolment, EnrolmentStatus, Step, StepError, StepWarning, WaitState};
use crate::domain::given::Given;
use crate::domain::governor::Brake;
use crate::domain::plan::{Action, PlanNode};
use crate::domain::record::Record;
use crate::domain::record::schema::{Channel, Owner, RecordState};
use crate::domain::suppression::Reached;
use crate::id::UserId;
use crate::time::Timestamp;

/// See [`super::Explanation`].
pub struct Standing {
    pub waiting_for: Waiting,
    pub blocked_by: Vec<Block>,
    pub next_at: Option<Timestamp>,
}

/// Where a live or an ended enrolment stands.
pub fn of(record: &Record, given: &Given, held: &Enrolment, now: Timestamp) -> Standing {
    let waiting_for = |kind, until, detail: String| Waiting { kind, until, detail };
    if !held.status.is_live() {
        let nothing = waiting_for(Awaited::None, None, "It is over, and nothing moves it any more.".into());
        return Standing { waiting_for: nothing, blocked_by: Vec::new(), next_at: None };
    }
    let sequence = words::sequence(given, held.sequence);
    let is_leaving = given.sequences.get(&held.sequence).and_then(|sequence| sequence.emptying_since);
    if is_leaving.is_some_and(|since| held.connected_at <= since) {
        let leaves = format!("{sequence} was deactivated, and its records are being taken out of it.");
        let kind = "sequence_deactivated";
        let blocked_by = vec![Block { kind, until: None, detail: "Nothing more is done in it.".into() }];
        return Standing { waiting_for: waiting_for(Awaited::Delivery, None, leaves), blocked_by, next_at: None };
    }
    if held.awaits_pilot().is_some() {
        let waits =
            format!("{sequence} begins with some records, and this is none of them: somebody has to release it.");
        let detail = "Whoever may edit the sequence lets in those that wait for its pilot.".into();
        let blocked_by = vec![Block { kind: "pilot", until: None, detail }];
        return Standing { waiting_for: waiting_for(Awaited::Seller, None, waits), blocked_by, next_at: None };
    }
    let Some(step) = record.current_step(held) else {
        let until = held.opens_at.filter(|_| held.status == EnrolmentStatus::Connecting);
        let detail = match until {
            Some(until) => format!("It was connected with a wait: its first step comes at {until}."),
            None => "It stands on no step; take the record out of the sequence and connect it again.".into(),
        };
        let kind = if until.is_some() { Awaited::Timer } else { Awaited::Seller };
        return Standing { waiting_for: waiting_for(kind, until, detail), blocked_by: Vec::new(), next_at: until };
    };
    let look = Look { record, given, step, node: record.node_of(given, step), now };
    Standing { waiting_for: look.waiting(), blocked_by: look.blocks(), next_at: look.next_at() }
}

/// The step that an enrolment stands on.
struct Look<'a> {
    record: &'a Record,
    given: &'a Given,
    step: &'a Step,
    node: Option<&'a PlanNode>,
    now: Timestamp,
}

impl Look<'_> {
    /// When a timer moves it, and nothing but a timer.
    fn next_at(&self) -> Option<Timestamp> {
        if let Some(state) = self.step.message_state().filter(|_| self.step.is_sending()) {
            if self.is_fused() {
                return None;
            }
            let asks = self.given.policy.settings().unknown_policy != UnknownPolicy::Hold;
            return state.wakes_at().filter(|_| asks || matches!(state, MessageState::PutOff(_)));
        }
        self.step.wakes_at.filter(|_| self.step.wait == WaitState::Waiting)
    }

    /// Whether the fuse of the sequence holds its message.
    fn is_fused(&self) -> bool {
        self.step.message.as_ref().is_some_and(|message| message.brake == Some(Brake::Fuse))
    }

    /// Whether a person has it to do, as against what waits and what the server does.
    fn is_performed(&self) -> bool {
        self.node.is_none_or(|node| performs(self.step, node))
    }

    fn name(&self) -> String {
        words::step(self.record, self.given, self.step)
    }

    fn waiting(&self) -> Waiting {
        let (name, until) = (self.name(), self.next_at());
        let waiting = |kind, detail| Waiting { kind, until, detail };
        if let Some(MessageState::Unknown(_)) = self.step.message_state() {
            let kind = if until.is_some() { Awaited::Timer } else { Awaited::Seller };
            let detail = format!("Nobody knows whether {name} was sent; whoever finds out says so at its delivery.");
            return waiting(kind, detail);
        }
        if self.is_fused() {
            return waiting(Awaited::Seller, format!("{name} is not sent until the fuse of the sequence is reset."));
        }
        match (until, self.node.map(|node| &node.action)) {
            (Some(until), Some(Action::EmailSignals(question))) => {
                let wanted = words::signals(&question.signals, question.all);
                if question.advance_early {
                    let detail = format!("{name} waits for {wanted}, and takes No if it has not come by {until}.");
                    return waiting(Awaited::Event, detail);
                }
                waiting(Awaited::Timer, format!("{name} looks at {until} whether {wanted} has come by then."))
            }
            (Some(until), _) if self.is_pending() => {
                waiting(Awaited::Timer, format!("{name} is sent at {until}; it can be sent or skipped earlier."))
            }
            (Some(until), _) => {
                let what_else = self.node.map(|node| words::or_until(&node.until)).unwrap_or_default();
                waiting(Awaited::Timer, format!("{name} lasts until {until}{what_else}."))
            }
            _ if self.is_performed() => {
                let assignee = words::who(self.given, self.step.assignee);
                waiting(Awaited::Seller, format!("{assignee} has {name} to do, due at {}.", self.step.due_at))
            }
            _ if self.step.error == Some(StepError::FieldMissing) => {
                waiting(Awaited::Field, format!("{name} cannot be answered before the record has what it looks at."))
            }
            _ if self.step.error.is_some() => {
                waiting(Awaited::Seller, format!("{name} failed, and somebody has to mend, retry or skip it."))
            }
            _ => waiting(Awaited::Delivery, format!("{name} is being done by the server.")),
        }
    }

    fn blocks(&self) -> Vec<Block> {
        [
            self.error(),
            self.delivery(),
            self.snooze(),
            self.calendar(),
            self.away(),
            self.brake(),
            self.window(),
            self.seller(),
            self.unreachable(),
            self.closed(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What keeps its message from leaving.
    fn delivery(&self) -> Option<Block> {
        let message = self.step.message.as_ref().filter(|_| self.step.is_sending())?;
        let why = message.last_error.as_ref()?;
        let detail = match message.state {
            MessageState::Unknown(_) => {
                format!("Its delivery is unknown ({why}): settle it as sent, failed or to resend.")
            }
            _ => format!("It could not be sent in {} attempts so far: {why}.", message.attempts),
        };
        Some(Block { until: self.next_at(), ..block("delivery", detail) })
    }

    fn error(&self) -> Option<Block> {
        let (what, mends) = words::error(self.step.error?);
        Some(block("error", format!("{}: {what}. What mends it: {mends}.", self.name())))
    }

    fn snooze(&self) -> Option<Block> {
        let until = Some(self.step.due_at).filter(|due| self.step.snoozes > 0 && *due > self.now)?;
        let detail = format!("{} was put off until {until}; it can be done earlier all the same.", self.name());
        Some(Block { until: Some(until), ..block("snoozed", detail) })
    }

    /// Whether it is an automated message that waits for the window of its sequence.
    fn is_pending(&self) -> bool {
        let has_message = self.step.is_sending() || self.node.is_some_and(PlanNode::is_automated);
        self.next_at().is_some() && has_message
    }

    /// its seller does not work now.
    fn calendar(&self) -> Option<Block> {
        let by_calendar = self.is_performed() && self.step.snoozes == 0;
        let until = Some(self.step.due_at).filter(|due| by_calendar && *due > self.now)?;
        let name = words::who(self.given, self.step.assignee);
        let detail = format!("{name} works again at {until}; it can be done earlier all the same.");
        Some(Block { until: Some(until), ..block("calendar", detail) })
    }

    /// Automated messages wait for whoever is away.
    fn away(&self) -> Option<Block> {
        let until = self.record.away_until.filter(|until| *until > self.now)?;
        let detail = format!("The person is away: automated messages wait until {until}, or for an answer.");
        Some(Block { until: Some(until), ..block("away", detail) })
    }

    /// The governor holds the message.
    fn brake(&self) -> Option<Block> {
        let brake = self.step.message.as_ref()?.brake?;
        if brake == Brake::Fuse {
            let detail = "The fuse of the sequence has blown: it sends nothing by itself until somebody who may edit it resets it.";
            return Some(block("fuse", detail.into()));
        }
        let detail = format!("{} waits for its place: {}.", self.name(), brake.words());
        Some(Block { until: self.next_at(), ..block("sending_caps", detail) })
    }

    fn window(&self) -> Option<Block> {
        let until = self.next_at().filter(|_| {
            self.record.away_until.is_none_or(|until| until <= self.now)
                && self.is_pending()
                && !self.is_performed()
                && self.step.message.as_ref().is_none_or(|message| message.attempts == 0 && message.brake.is_none())
        });
        let detail = format!("The window of the sequence, in which {} may be sent, is shut.", self.name());
        until.map(|_| Block { until, ..block("window", detail) })
    }

    /// Where nobody of those who have it to do may act.
    fn seller(&self) -> Option<Block> {
        if !self.is_performed() {
            return None;
        }
        let (assignee, mends) = (self.step.assignee, "give the step to somebody else");
        let name = words::who(self.given, assignee);
        let detail = match assignee {
            Owner::User(UserId::SYSTEM) => format!("Nobody has it to do: the record has no owner; {mends}."),
            _ if self.given.policy.can_act(assignee) => return self.unresolved(),
            Owner::User(_) => format!("It is {name}'s to do, who is disabled or has left; {mends}."),
            Owner::Team(_) => format!("Nobody in {name} can do it; {mends}, or let somebody into the team."),
        };
        Some(block("seller", detail))
    }

    fn unresolved(&self) -> Option<Block> {
        let found = self.step.warning == Some(StepWarning::AssigneeUnresolved);
        let detail = "Nobody was found whom the sequence gives it to, so the record's owner has it (Q-30).";
        found.then(|| block("assignee_unresolved", detail.into()))
    }

    /// Where the person cannot or will not be reached that way.
    fn unreachable(&self) -> Option<Block> {
        let node = self.node.filter(|node| performs(self.step, node))?;
        let profile = &self.record.profile;
        let (channel, kinds) = match &node.type_name {
            _ if node.is_email() => (Channel::Email, "e-mail"),
            &"text" | &"auto_text" | &"ab_test" => (Channel::Text, "text messages"),
            &"phone_call" => (Channel::Phone, "calls"),
            _ => return None,
        };
        if !profile.allows(channel) {
            return Some(block(
                "suppression",
                format!("The person does not want {kinds}: reach them otherwise, or skip the step."),
            ));
        }
        let suppressions = &self.given.suppressions;
        let is_suppressed = match channel {
            Channel::Email => self.record.is_suppressed(self.given),
            Channel::Text | Channel::Phone => {
                profile.phones.values().any(|number| suppressions.holds(Reached::Phone, number))
            }
        };
        if is_suppressed {
            let detail = "The address or number is suppressed: nobody is to write to it. Reach the person otherwise, or skip the \
                          step; an administrator can take the suppression away.";
            return Some(block("suppression", detail.into()));
        }
        let missing = match channel {
            Channel::Email => profile.email.is_none().then_some("e-mail address"),
            Channel::Text | Channel::Phone => profile.phones.is_empty().then_some("phone number"),
        };
        missing.map(|missing| block("no_address", format!("The record has no {missing}: write one, or skip the step.")))
    }

    /// TC-8.
    fn closed(&self) -> Option<Block> {
        let detail =
            "The record is closed; it finishes the way that it has entered, and goes on in no other sequence (TC-8).";
        (self.record.state == RecordState::Inactive).then(|| block("record_closed", detail.into()))
    }
}

fn block(kind: &'static str, detail: String) -> Block {
    Block { kind, until: None, detail }
}
