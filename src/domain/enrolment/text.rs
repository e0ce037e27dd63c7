//! Text messages: whether one can leave, through which gateway and to which number (ST-4, ST-23, W-93).

use chrono::TimeDelta;

use super::advance::Turn;
use super::{Ordinal, Step};
use crate::domain::channels::gateway::Gateway;
use crate::domain::delivery::{Class, Message, MessageState, Route, Settled, TextFate};
use crate::domain::given::Given;
use crate::domain::phone::{self, Number};
use crate::domain::plan::PlanNode;
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::{Change, Channel, Owner, Phone, Value};
use crate::domain::record::{Record, RecordRejection};
use crate::domain::suppression::Reached;
use crate::id::GatewayId;
use crate::limits;
use crate::time::Timestamp;

/// The field of a record that may name its country.
const COUNTRY: &str = "country";

impl Record {
    /// Whether a step's message is a text.
    pub fn is_text(&self, given: &Given, step: Ordinal) -> bool {
        let node = self.step(step).and_then(|step| self.node_of(given, step));
        node.is_some_and(|node| node.is_message() && !PlanNode::is_email(node))
    }

    /// The number that a text message goes to: of those of the record, the first that can be one, mobiles first. Err says why
    /// there is none.
    pub fn text_number(&self, given: &Given, gateway: &Gateway) -> Result<Number, String> {
        let profile = &self.profile;
        let own = profile.fields.get(COUNTRY).and_then(Value::text).filter(|country| phone::is_country(country));
        let calendar = given.policy.calendar(profile.owner, profile.owner);
        let country = own.or(calendar.holidays.as_deref()).or(gateway.country.as_deref());
        let order = [Phone::Mobile].into_iter().chain(given.policy.settings().phone_priority.iter().copied());
        let mut fault = None;
        for written in order.filter_map(|place| profile.phones.get(&place)) {
            match phone::read(written, country) {
                Ok(number) => return Ok(number),
                Err(why) => fault = fault.or(Some(why)),
            }
        }
        Err(fault.unwrap_or_else(|| "the record has no phone number".into()))
    }

    /// Which gateway the text message of a step leaves through.
    pub fn text_gateway(&self, given: &Given, assignee: Owner) -> Option<GatewayId> {
        given.channels.gateway(&given.policy, assignee)
    }
}

/// How long an attempt waits that follows so many others.
pub(super) fn pause_of(initial_seconds: u32, attempts: u16) -> TimeDelta {
    let seconds = (u64::from(initial_seconds) << attempts.min(16)).min(limits::RETRY_PAUSE_SECONDS_MAX);
    TimeDelta::seconds(seconds as i64)
}

impl Turn<'_> {
    /// Gateway and number of a text message. Err says why there is no way, if more is to be said than that nobody sends them.
    pub(super) fn text_way(&self, assignee: Owner) -> Result<(GatewayId, Number), Option<String>> {
        let id = self.record.text_gateway(self.given, assignee).ok_or(None)?;
        if !self.record.profile.allows(Channel::Text) {
            return Err(Some("the person does not want text messages".into()));
        }
        let gateway = self.given.channels.gateways.get(&id).ok_or(None)?;
        let number = self.record.text_number(self.given, gateway)?;
        if self.given.suppressions.holds(Reached::Phone, number.as_str()) {
            return Err(Some("suppressed: nobody is to write to this number".into()));
        }
        Ok((id, number))
    }

    /// A seller's text message can leave (W-93).
    pub(super) fn judge_text(&self, assignee: Owner) -> Result<(), RecordRejection> {
        let nobody = || "no text gateway is set up for whoever sends it".to_owned();
        self.text_way(assignee).map(drop).map_err(|why| RecordRejection::TextImpossible(why.unwrap_or_else(nobody)))
    }

    /// A text message that is about to leave goes the way that is right now.
    pub(super) fn route_text(&mut self, step: &Step, former: Option<Route>) {
        if !self.record.is_text(self.given, step.ordinal) {
            return;
        }
        let Ok((gateway, number)) = self.text_way(step.assignee) else { return };
        let is_same = |former: &Route| former.gateway == gateway && former.number == number.as_str();
        if !former.as_ref().is_some_and(is_same) {
            let route = Route { gateway, number: number.as_str().to_owned(), at: self.stamp.at };
            self.emit(RecordEvent::TextRouted { step: step.ordinal, route, former });
        }
    }

    /// What a gateway tells of the text message of a step: also of one of which nobody knew whether it was taken, and of one that
    /// would be tried again. What comes twice changes nothing.
    pub fn report_text(
        &mut self,
        step: Ordinal,
        gateway: GatewayId,
        message_id: Option<String>,
        fate: TextFate,
    ) -> Result<(), RecordRejection> {
        let (step, message) = self.routed(step, gateway)?;
        let ordinal = step.ordinal;
        if message.arrived.is_some() {
            return Ok(());
        }
        match (message.state, fate) {
            (MessageState::Skipped, _) | (MessageState::Failed, TextFate::Failed(_)) => return Ok(()),
            (MessageState::Unknown(_), TextFate::Delivered) => self.settle_message(ordinal, Settled::Sent)?,
            (MessageState::Unknown(_), TextFate::Failed(reason)) => {
                self.settle_message(ordinal, Settled::Failed)?;
                self.emit(RecordEvent::TextUndelivered { step: ordinal, reason });
                return Ok(());
            }
            (MessageState::Sent, TextFate::Failed(reason)) => {
                self.emit(RecordEvent::TextUndelivered { step: ordinal, reason });
                return Ok(());
            }
            (MessageState::Sent | MessageState::Failed, TextFate::Delivered) => {}
            (state @ (MessageState::Owed | MessageState::PutOff(_) | MessageState::Claimed(_)), fate) => {
                if let MessageState::PutOff(until) = state {
                    self.emit(RecordEvent::MessageOwedAgain { step: ordinal, until: Some(until) });
                }
                match fate {
                    TextFate::Delivered => {
                        let known = message_id.or(message.message_id).unwrap_or_default();
                        self.message_sent(ordinal, known, None)?;
                    }
                    TextFate::Failed(reason) => return self.message_failed(ordinal, reason, false),
                }
            }
        }
        self.emit(RecordEvent::TextDelivered { step: ordinal });
        Ok(())
    }

    /// A text came in from whom this one went to: an answer like one to an e-mail.
    pub fn answer_text(
        &mut self,
        step: Ordinal,
        gateway: GatewayId,
        at: Timestamp,
        stops: bool,
    ) -> Result<(), RecordRejection> {
        let (step, _) = self.routed(step, gateway)?;
        if stops {
            self.emit(RecordEvent::TextOptedOut { step: step.ordinal });
            if self.record.profile.allows(Channel::Text) {
                let changes = vec![Change::Allow(Channel::Text, false)];
                self.emit(RecordEvent::Changed { changes, former_external_id: None });
            }
        }
        self.emit(RecordEvent::TextReplied { step: step.ordinal, at });
        if self.is_live(step.enrolment) && self.plan(step.enrolment)?.conduct.exit_on_reply {
            self.leave_on_reply(step.enrolment);
        }
        Ok(())
    }

    /// A step whose text message went through that gateway.
    fn routed(&self, step: Ordinal, gateway: GatewayId) -> Result<(Step, Message), RecordRejection> {
        let step = self.record.step(step).ok_or(RecordRejection::StepNotFound)?;
        let is_its = |message: &&Message| message.route.as_ref().is_some_and(|route| route.gateway == gateway);
        let message = step.message.as_ref().filter(is_its).ok_or(RecordRejection::StepNotFound)?;
        Ok((step.clone(), message.clone()))
    }

    /// Whether a second attempt at a text message that was tried is no second message: it goes to the same provider and number,
    /// and that knows it again.
    pub(super) fn may_repeat(&self, step: Ordinal) -> bool {
        let found = self.record.step(step);
        let route = found.and_then(|step| Some((step.assignee, step.message.as_ref()?.route.as_ref()?)));
        let Some((assignee, route)) = route else { return false };
        let gateway = self.given.channels.gateways.get(&route.gateway).map(AsRef::as_ref);
        let is_known = gateway.is_some() && self.given.class_of_text(gateway) == Class::Idempotent;
        let is_same = |way: (GatewayId, Number)| way.0 == route.gateway && way.1.as_str() == route.number;
        is_known && self.text_way(assignee).is_ok_and(is_same)
    }
}
