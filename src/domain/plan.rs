//! One version of a sequence, compiled: flat nodes, resolved exits, proven bounds. Immutable.

mod assemble;
pub mod assign_to;
mod check;
pub mod compile;
pub mod structure;

pub use self::assemble::ab_settings;
pub use self::assign_to::AssignTo;

use chrono::TimeDelta;

use serde::{Deserialize, Serialize};

use crate::domain::condition::Condition;
use crate::domain::enrolment::Signal;
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::conduct::Conduct;
use crate::domain::sequence::graph::{Metric, Until};
use crate::id::{FlowId, SequenceId, TemplateId};
use crate::time::Timestamp;

/// The node's place in its plan.
pub type NodeIndex = u16;

/// A compiled version.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The type of record it runs on.
    pub record_type: RecordType,
    /// Every node; the first is where an enrolment begins.
    pub nodes: Vec<PlanNode>,
    /// How records go through it.
    pub conduct: Conduct,
    /// Steps by TC-1.
    pub step_count: u16,
    /// The longest path of waits and limits (TC-3).
    pub duration: TimeDelta,
}

/// One node with everything about it that does not change.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanNode {
    /// The author's id.
    pub id: String,
    /// The type's name, as the API writes it.
    pub type_name: &'static str,
    /// Shown to the seller.
    pub name: String,
    /// Shown to the seller.
    pub description: String,
    /// What it does.
    pub action: Action,
    /// What ends it before its time, on a wait.
    pub until: Vec<Until>,
    /// Where it leads: by `next` or `yes`.
    pub next: Option<NodeIndex>,
    /// Where `no` leads; `None` on nodes with one exit.
    pub no: Option<NodeIndex>,
    /// Most counted steps (TC-1) from here to an end, this one included (U-9).
    pub steps_ahead: u16,
    /// Whether a step that a seller performs is reachable behind it (TC-8).
    pub seller_behind: bool,
}

/// What a node does when it is reached.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A seller performs it and marks it complete.
    Seller(SellerStep),
    /// The server sends an e-mail.
    AutoEmail(TemplateId),
    /// The server sends a text message.
    AutoText(TemplateId),
    /// The server sends one of two versions of a message (§8).
    AbTest(AbTest),
    /// Nothing happens for a while.
    Wait(WaitTime),
    /// What came back for the e-mail before it within the limit?
    EmailSignals(EmailSignals),
    /// Did the call end in one of these results?
    CallResult(Vec<String>),
    /// What does the record hold?
    FieldCondition(Condition),
    /// Does the record's process stand on one of these stages?
    StageCondition { flow: FlowId, stages: Vec<String> },
    /// The server writes a field.
    UpdateField { field: String, value: String },
    /// The record goes on in another sequence.
    Advance(SequenceId),
}

/// How long a wait is (ST-7). Days are apart from hours, because working days are not so many working hours (TM-9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTime {
    /// Days of 24 hours, or working days.
    pub days: u32,
    /// Hours on top.
    pub hours: u32,
}

impl WaitTime {
    /// As time that passes for everybody.
    pub fn elapsed(self) -> TimeDelta {
        TimeDelta::days(i64::from(self.days)) + TimeDelta::hours(i64::from(self.hours))
    }
}

/// What a seller does in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SellerStep {
    /// Writes an e-mail, from a template if there is one.
    Email(Option<TemplateId>),
    /// Writes a text message, from a template if there is one.
    Text(Option<TemplateId>),
    /// Calls.
    PhoneCall,
    /// Anything else.
    Task,
    /// Acts on LinkedIn (§7).
    LinkedIn,
}

/// What an e-mail condition waits for (CO-1 to CO-5).
#[derive(Clone, Debug, PartialEq)]
pub struct EmailSignals {
    /// What may have come back.
    pub signals: Vec<Signal>,
    /// Whether all of it must have.
    pub all: bool,
    /// Until when, counted from the e-mail (CO-10).
    pub limit: TimeDelta,
    /// Whether Yes is taken as soon as it is satisfied (CO-12).
    pub advance_early: bool,
}

/// How a message reaches a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By e-mail.
    Email,
    /// By text message.
    Text,
}

/// A version of an A/B test. Stored in events: variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbVersion {
    /// The control.
    A,
    /// The variant.
    B,
}

/// An A/B test as its participants meet it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbTest {
    /// What statistics call it (AB-3).
    pub display_name: String,
    /// What it sends.
    pub channel: Channel,
    /// The name of A, and that of B.
    pub names: [String; 2],
    /// The template of A, and that of B.
    pub templates: [TemplateId; 2],
    /// How many of a hundred participants get A.
    pub share_a: u8,
    /// What decides (AB-5).
    pub metric: Metric,
    /// When it is over (AB-6).
    pub end: AbEnd,
    /// The version used without a winner (AB-7).
    pub default: AbVersion,
    /// The version of the sequence since which all of this is so (AB-19); 0 in a draft.
    pub since: u16,
}

/// When an A/B test is over (AB-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbEnd {
    /// With statistical significance.
    Automatic,
    /// At that instant.
    At(Timestamp),
}

impl AbVersion {
    /// Its letter, as the API writes it.
    pub fn letter(self) -> &'static str {
        match self {
            AbVersion::A => "a",
            AbVersion::B => "b",
        }
    }
}

impl Plan {
    /// The node at `index`; plans are immutable, so an index that was stored with the version is always inside.
    pub fn node(&self, index: NodeIndex) -> Option<&PlanNode> {
        self.nodes.get(usize::from(index))
    }

    /// The node of that author's id.
    pub fn find(&self, id: &str) -> Option<(NodeIndex, &PlanNode)> {
        let place = self.nodes.iter().position(|node| node.id == id)?;
        Some((NodeIndex::try_from(place).ok()?, self.nodes.get(place)?))
    }

    /// Says of each A/B test since when its settings are what they are: since this version, or since those of `before`, the
    /// version before this one (AB-19). Where it stands and what the seller reads of it are none of them.
    pub fn date_tests(&mut self, version: u16, before: Option<&Plan>) {
        for node in &mut self.nodes {
            let Action::AbTest(test) = &mut node.action else { continue };
            let earlier = before.and_then(|before| before.find(&node.id)?.1.ab_test());
            let same = earlier.filter(|earlier| AbTest { since: test.since, ..(*earlier).clone() } == *test);
            test.since = same.map_or(version, |earlier| earlier.since);
        }
    }

    /// Days for people, rounded up (TC-3).
    pub fn duration_days(&self) -> i64 {
        (self.duration.num_hours() + 23) / 24
    }
}

impl PlanNode {
    /// The template that a seller's message begins with.
    pub fn seller_template(&self) -> Option<TemplateId> {
        match &self.action {
            Action::Seller(SellerStep::Email(template) | SellerStep::Text(template)) => *template,
            Action::AutoEmail(template) | Action::AutoText(template) => Some(*template),
            _ => None,
        }
    }

    /// Whether a seller performs it.
    pub fn is_seller_step(&self) -> bool {
        matches!(self.action, Action::Seller(_))
    }

    /// Whether it sends an e-mail, by hand or not.
    pub fn is_email(&self) -> bool {
        match &self.action {
            Action::AutoEmail(_) | Action::Seller(SellerStep::Email(_)) => true,
            Action::AbTest(test) => test.channel == Channel::Email,
            _ => false,
        }
    }

    /// Whether the server sends its message without anybody.
    pub fn is_automated(&self) -> bool {
        matches!(self.action, Action::AutoEmail(_) | Action::AutoText(_) | Action::AbTest(_))
    }

    /// Whether a message of it can leave through the server, sent by somebody or by nobody.
    pub fn is_message(&self) -> bool {
        self.is_automated() || matches!(self.action, Action::Seller(SellerStep::Email(_) | SellerStep::Text(_)))
    }

    /// The type of the seller's step that an automated message becomes where it cannot be sent (ST-23).
    pub fn manual_type(&self) -> &'static str {
        if self.is_email() { "email" } else { "text" }
    }

    /// Whether it waits for an instant that follows from when it began.
    pub fn has_end(&self) -> bool {
        matches!(self.action, Action::Wait(_) | Action::EmailSignals(_))
    }

    /// Whether it does something, as against waiting and choosing a way.
    pub fn acts(&self) -> bool {
        !self.is_branching() && !matches!(self.action, Action::Wait(_))
    }

    /// Whether it counts as a step (TC-1, AB-20).
    pub fn is_counted(&self) -> bool {
        self.is_seller_step() || self.is_automated()
    }

    /// Whether it has a Yes and a No exit.
    pub fn is_branching(&self) -> bool {
        match self.action {
            Action::EmailSignals(_) | Action::CallResult(_) => true,
            Action::FieldCondition(_) | Action::StageCondition { .. } => true,
            Action::Seller(_) | Action::AutoEmail(_) | Action::AutoText(_) | Action::AbTest(_) => false,
            Action::Wait(_) | Action::UpdateField { .. } | Action::Advance(_) => false,
        }
    }

    /// Its exits that lead somewhere.
    pub fn exits(&self) -> impl Iterator<Item = NodeIndex> {
        [self.next, self.no].into_iter().flatten()
    }
}
