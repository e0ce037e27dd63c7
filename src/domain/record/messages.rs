//! What a record remembers of the messages of its steps, and the rows that follow from them.

use std::sync::Arc;

use super::Record;
use super::event::RecordEvent;
use crate::domain::delivery::{Message, MessageState, Route};
use crate::domain::effect::{Delivery, Effect, Effects, Index, TextName};
use crate::domain::enrolment::{Ordinal, Signal, StepError, WaitState};
use crate::domain::entity::Stamp;
use crate::domain::slot::Slot;
use crate::id::TemplateId;
use crate::limits;
use crate::time::Timestamp;

impl Record {
    /// What came back for an e-mail: from whoever answers, who is there again, or from a machine that answers for them.
    pub(super) fn note_answer(&mut self, event: &RecordEvent) {
        match event {
            RecordEvent::Signalled { step, signal, at } => {
                self.away_until = self.away_until.filter(|_| *signal != Signal::Replied);
                self.interest.note(*signal, *at);
                if let Some(step) = self.step_mut(*step) {
                    step.signals.note(*signal, *at);
                }
            }
            RecordEvent::TextReplied { step, at } => {
                self.away_until = None;
                self.interest.note(Signal::Replied, *at);
                if let Some(step) = self.step_mut(*step) {
                    step.signals.note(Signal::Replied, *at);
                }
            }
            RecordEvent::AwayUntil { until, .. } => self.away_until = Some(*until),
            _ => {}
        }
    }

    pub(super) fn note_message(&mut self, event: &RecordEvent, stamp: Stamp) {
        match event {
            RecordEvent::AbVersionTaken { step, version } => {
                if let Some(step) = self.step_mut(*step) {
                    step.ab_version = Some(*version);
                }
            }
            RecordEvent::MessageOwed { step, template } => {
                if let Some(step) = self.step_mut(*step) {
                    step.message = Some(Message::owed(*template, stamp.at));
                }
            }
            RecordEvent::EmailSubmitted { step, template, own, at } => {
                if let Some(step) = self.step_mut(*step) {
                    let mut message = Message::owed(template.unwrap_or(TemplateId(0)), at.unwrap_or(stamp.at));
                    message.own = own.clone().map(Arc::new);
                    message.state = at.map_or(MessageState::Owed, MessageState::PutOff);
                    message.former = step.message.as_ref().map(Message::row);
                    step.message = Some(message);
                }
            }
            RecordEvent::MessageSent { step, message_id } => {
                self.turn_message((*step, stamp.at), MessageState::Sent, |message| {
                    message.message_id = Some(message_id.clone());
                    let fits = (1..=limits::GATEWAY_MESSAGE_ID_MAX).contains(&message_id.len());
                    message.taken_as = message.route.is_some().then(|| message_id.clone()).filter(|_| fits);
                });
                self.note_sent(*step);
            }
            RecordEvent::MessageFailed { step, reason } => {
                self.turn_message((*step, stamp.at), MessageState::Failed, |message| {
                    message.last_error = Some(reason.clone())
                });
                if let Some(step) = self.step_mut(*step) {
                    let is_text = step.message.as_ref().is_some_and(|message| message.route.is_some());
                    let error = if is_text { StepError::AutomatedTextFailed } else { StepError::EmailTemplateFailed };
                    step.error = Some(error);
                }
            }
            RecordEvent::MessageClaimed { step, epoch, message_id } => {
                self.turn_message((*step, stamp.at), MessageState::Claimed(*epoch), |message| {
                    message.message_id = Some(message_id.clone());
                });
            }
            RecordEvent::MessagePutOff { step, until, failed, brake } => {
                self.turn_message((*step, stamp.at), MessageState::PutOff(*until), |message| {
                    message.brake = *brake;
                    match failed {
                        Some(why) => {
                            message.attempts = message.attempts.saturating_add(1);
                            message.last_error = Some(why.clone());
                        }
                        None => message.owed_at = *until,
                    }
                    if failed.is_none() && brake.is_none() {
                        message.due_at = *until;
                    }
                });
            }
            RecordEvent::TextRouted { step, route, .. } => {
                if let Some(message) = self.step_mut(*step).and_then(|step| step.message.as_mut()) {
                    message.route = Some(route.clone());
                }
            }
            RecordEvent::TextDelivered { step } => {
                if let Some(message) = self.step_mut(*step).and_then(|step| step.message.as_mut()) {
                    message.arrived = Some(true);
                }
            }
            RecordEvent::TextUndelivered { step, reason } => {
                self.turn_message((*step, stamp.at), MessageState::Failed, |message| {
                    (message.arrived, message.last_error) = (Some(false), Some(reason.clone()));
                })
            }
            RecordEvent::MessageOwedAgain { step, .. } => {
                self.turn_message((*step, stamp.at), MessageState::Owed, |message| message.brake = None);
            }
            RecordEvent::MessageUnknown { step, why, until } => {
                self.turn_message((*step, stamp.at), MessageState::Unknown(Some(*until)), |message| {
                    message.attempts = message.attempts.saturating_add(1);
                    message.last_error = Some(why.clone());
                });
            }
            RecordEvent::MessageHeld { step, .. } => {
                self.turn_message((*step, stamp.at), MessageState::Unknown(None), |_| {})
            }
            RecordEvent::MessageSettled { step, sent, .. } => {
                let state = if *sent { MessageState::Sent } else { MessageState::Failed };
                self.turn_message((*step, stamp.at), state, |_| {});
            }
            RecordEvent::MessageSkipped { step, why, .. } => {
                self.turn_message((*step, stamp.at), MessageState::Skipped, |message| {
                    message.last_error = Some(why.clone())
                });
            }
            RecordEvent::WindowOpened { step, wait, .. } => {
                if let Some(step) = self.step_mut(*step) {
                    (step.wait, step.wakes_at) = (*wait, None);
                }
            }
            RecordEvent::Engaged { step, link, .. } => {
                if let Some(step) = self.step_mut(*step) {
                    step.hits.get_or_insert_default().note(*link, stamp.at);
                }
            }
            RecordEvent::BecameSellers { step, error } => {
                self.convert(*step, *error, stamp.at);
                if let Some(step) = self.step_mut(*step) {
                    step.wait = WaitState::None;
                }
            }
            _ => {}
        }
    }

    /// The message of a step has left; of e-mails it is counted that nothing has come back yet.
    fn note_sent(&mut self, step: Ordinal) {
        if self.step(step).and_then(|step| step.message.as_ref()).is_some_and(|message| message.route.is_none()) {
            self.interest.note_sent();
        }
    }

    fn turn_message(&mut self, (step, at): (Ordinal, Timestamp), state: MessageState, note: impl FnOnce(&mut Message)) {
        if let Some(message) = self.step_mut(step).and_then(|step| step.message.as_mut()) {
            message.turn(state, at);
            note(message);
        }
    }

    pub(super) fn owe_message(&self, event: &RecordEvent, owed: &mut Effects) {
        match event {
            RecordEvent::MessageOwed { step, template } => {
                owed.push(Effect::Owe { key: *step, delivery: Delivery::Mail { template: *template } });
                self.list_message(*step, owed);
            }
            RecordEvent::EmailSubmitted { step, template, at, .. } => {
                let template = template.unwrap_or(TemplateId(0));
                owed.push(match at {
                    Some(due) => Effect::Arm { due: *due, key: *step },
                    None => Effect::Owe { key: *step, delivery: Delivery::Mail { template } },
                });
                self.list_message(*step, owed);
            }
            RecordEvent::MessageOwedAgain { step, until } => {
                owed.0.extend(until.map(|due| Effect::Disarm { due, key: *step }));
                if let Some(message) = self.step(*step).and_then(|step| step.message.as_ref()) {
                    owed.push(Effect::Owe { key: *step, delivery: Delivery::Mail { template: message.template } });
                }
                self.list_message(*step, owed);
            }
            RecordEvent::MessageSent { step, .. } => {
                owed.push(Effect::Settle { key: *step });
                let message = self.step(*step).and_then(|step| step.message.as_ref());
                owed.0.extend(message.and_then(|message| named(*step, message)).map(Effect::Index));
                self.list_message(*step, owed);
            }
            RecordEvent::TextRouted { step, route, former } => {
                owed.0.extend(former.iter().map(|former| Effect::Unindex(numbered(*step, former))));
                owed.push(Effect::Index(numbered(*step, route)));
            }
            RecordEvent::MessageFailed { step, .. } => {
                owed.push(Effect::Settle { key: *step });
                self.list_message(*step, owed);
            }
            RecordEvent::MessageClaimed { step, .. } | RecordEvent::TextUndelivered { step, .. } => {
                self.list_message(*step, owed);
            }
            RecordEvent::MessagePutOff { step, until, .. } | RecordEvent::MessageUnknown { step, until, .. } => {
                owed.push(Effect::Settle { key: *step });
                owed.push(Effect::Arm { due: *until, key: *step });
                self.list_message(*step, owed);
            }
            RecordEvent::MessageHeld { step, until } => {
                owed.push(Effect::Disarm { due: *until, key: *step });
                self.list_message(*step, owed);
            }
            RecordEvent::MessageSettled { step, until, .. } => {
                owed.0.extend(until.map(|due| Effect::Disarm { due, key: *step }));
                self.list_message(*step, owed);
            }
            RecordEvent::MessageSkipped { step, until, .. } => {
                owed.push(match until {
                    Some(due) => Effect::Disarm { due: *due, key: *step },
                    None => Effect::Settle { key: *step },
                });
                self.list_message(*step, owed);
            }
            RecordEvent::WindowOpened { step, wakes_at, .. } => {
                owed.push(Effect::Disarm { due: *wakes_at, key: *step });
            }
            _ => {}
        }
    }

    /// The list row of a message is where it stands now.
    fn list_message(&self, ordinal: Ordinal, owed: &mut Effects) {
        let Some(message) = self.step(ordinal).and_then(|step| step.message.as_ref()) else { return };
        let row = |(state, at)| Index::Delivery { state, at, ordinal, slot: self.slot(ordinal) };
        if message.former != Some(message.row()) {
            owed.0.extend(message.former.map(|former| Effect::Unindex(row(former))));
            owed.push(Effect::Index(row(message.row())));
        }
    }

    /// What is owed of the messages of a record that is erased.
    pub(super) fn take_back_messages(&self, owed: &mut Effects) {
        for step in &self.steps {
            let Some(message) = &step.message else { continue };
            if message.state.is_owed() {
                owed.push(Effect::Settle { key: step.ordinal });
            }
            let (state, at) = message.row();
            let slot = Slot::default();
            owed.push(Effect::Unindex(Index::Delivery { state, at, ordinal: step.ordinal, slot }));
            let Some(route) = &message.route else { continue };
            owed.push(Effect::Unindex(numbered(step.ordinal, route)));
            owed.0.extend(named(step.ordinal, message).map(Effect::Unindex));
        }
    }
}

/// The row by which an answer to a text message finds it.
fn numbered(ordinal: Ordinal, route: &Route) -> Index {
    Index::Text { gateway: route.gateway, name: TextName::Number(route.number.clone()), at: route.at, ordinal }
}

/// The row by which a receipt finds it.
fn named(ordinal: Ordinal, message: &Message) -> Option<Index> {
    let (route, id) = (message.route.as_ref()?, message.taken_as.clone()?);
    Some(Index::Text { gateway: route.gateway, name: TextName::Message(id), at: route.at, ordinal })
}
