//! A sequence as its author draws it: the JSON document of the API, kept as written.

mod values;

use serde::{Deserialize, Serialize};

pub use self::values::{AbVersionNode, AbVersions, EmailSignal, Match, Metric, Occurrence, TestEnd, Until};

use crate::domain::condition::Condition;
use crate::domain::enrolment::Signal;
use crate::domain::plan::{AbVersion, Channel};

/// Nodes and where to begin; exits name nodes by their author's ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graph {
    /// The first node after "Sequence starts here"; `None` while the graph is empty.
    #[serde(default)]
    pub start: Option<String>,
    /// Every node, in the author's order.
    #[serde(default)]
    pub nodes: Vec<Node>,
}

/// Name and description of a node; a wait or a command has none.
pub type Texts<'a> = Option<(&'a str, Option<&'a str>)>;

/// What the members of every node type tell.
trait Members {
    fn id(&self) -> &str;
    fn texts(&self) -> Texts<'_>;
    fn exits(&self) -> Vec<(&'static str, Option<&str>)>;
}

/// The node types, and which members each has.
macro_rules! node_types {
    ($($(#[$doc:meta])* $name:ident = $word:literal: $members:ident;)*) => {
        /// One node.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "type")]
        pub enum Node { $($(#[$doc])* #[serde(rename = $word)] $name($members)),* }

        /// The names of the node types, as the API writes them.
        pub const NODE_TYPES: &[&str] = &[$($word),*];

        impl Node {
            /// The node type's name.
            pub fn kind(&self) -> &'static str {
                match self { $(Node::$name(_) => $word),* }
            }

            fn members(&self) -> &dyn Members {
                match self { $(Node::$name(node) => node),* }
            }
        }
    };
}

/// The members of nodes, in the order in which they are written: the id, name and description where `named`, what the type
/// has of its own, and the exits.
macro_rules! members {
    ($($(#[$doc:meta])* $name:ident($($named:ident $described:ident)? -> $($exit:ident)+) {
        $($(#[$meta:meta])* $member:ident: $type:ty,)*
    })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The author's own id, unique in the graph.
            pub id: String,
            $(
                /// Shown to the seller (L-11).
                #[serde(default)]
                pub $named: String,
                /// Shown to the seller (L-11).
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $described: Option<String>,
            )?
            $($(#[$meta])* #[serde(default)] pub $member: $type,)*
            $(
                /// The node that this exit leads to; none ends the path.
                #[serde(default)]
                pub $exit: Option<String>,
            )+
        }

        impl Members for $name {
            fn id(&self) -> &str {
                &self.id
            }

            fn texts(&self) -> Texts<'_> {
                [$((self.$named.as_str(), self.$described.as_deref()))?].into_iter().next()
            }

            fn exits(&self) -> Vec<(&'static str, Option<&str>)> {
                vec![$((stringify!($exit), self.$exit.as_deref())),+]
            }
        }
    )* };
}

node_types! {
    /// ST-1.
    Email = "email": MessageNode;
    /// ST-2.
    AutoEmail = "auto_email": MessageNode;
    /// ST-3.
    Text = "text": MessageNode;
    /// ST-4.
    AutoText = "auto_text": MessageNode;
    /// ST-5.
    PhoneCall = "phone_call": StepNode;
    /// ST-6.
    Task = "task": StepNode;
    /// LI-1.
    LiResearch = "li_research": StepNode;
    /// LI-2.
    LiIntro = "li_intro": StepNode;
    /// LI-3.
    LiConnect = "li_connect": StepNode;
    /// LI-4.
    LiInmail = "li_inmail": StepNode;
    /// ST-7.
    Wait = "wait": WaitNode;
    /// ST-8, §8.
    AbTest = "ab_test": AbTestNode;
    /// CO-1.
    CondEmailOpen = "cond_email_open": EmailConditionNode;
    /// CO-2.
    CondEmailReply = "cond_email_reply": EmailConditionNode;
    /// CO-3.
    CondEmailLink = "cond_email_link": EmailConditionNode;
    /// CO-4.
    CondEmailAttachment = "cond_email_attachment": EmailConditionNode;
    /// CO-5.
    CondEmailAdvanced = "cond_email_advanced": AdvancedConditionNode;
    /// CO-30.
    CondCall = "cond_call": CallConditionNode;
    /// CM-1.
    BranchField = "branch_field": BranchFieldNode;
    /// CM-2.
    BranchStage = "branch_stage": BranchStageNode;
    /// CM-3.
    UpdateField = "update_field": FieldNode;
    /// CM-4.
    Advance = "advance": AdvanceNode;
}

members! {
    /// A step that a seller performs.
    StepNode(name description -> next) {}

    /// A step that sends a message, by hand or not.
    MessageNode(name description -> next) {
        /// The template: optional for a seller's message (ST-1, ST-3), required for an automated one (ST-2, ST-4).
        #[serde(skip_serializing_if = "Option::is_none")]
        template: Option<String>,
    }

    /// A wait (ST-7).
    WaitNode(-> next) {
        /// Whole days of 24 hours.
        days: i64,
        /// Hours on top.
        hours: i64,
        /// What else ends it, whichever comes first (at most [`crate::limits::UNTIL_MAX`]).
        #[serde(skip_serializing_if = "Vec::is_empty")]
        until: Vec<Until>,
    }

    /// An e-mail condition (§5.1).
    EmailConditionNode(name description -> yes no) {
        /// Whole days of the time limit (CO-10); one day where neither is given (CO-14).
        #[serde(skip_serializing_if = "Option::is_none")]
        limit_days: Option<i64>,
        /// Hours on top.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit_hours: Option<i64>,
        /// Move on as soon as satisfied (CO-12).
        advance_early: bool,
    }

    /// An e-mail condition about several signals (CO-5).
    AdvancedConditionNode(name description -> yes no) {
        /// See [`EmailConditionNode`].
        #[serde(skip_serializing_if = "Option::is_none")]
        limit_days: Option<i64>,
        /// See [`EmailConditionNode`].
        #[serde(skip_serializing_if = "Option::is_none")]
        limit_hours: Option<i64>,
        /// See [`EmailConditionNode`].
        advance_early: bool,
        /// Whether one of the signals is enough.
        r#match: Match,
        /// The signals.
        signals: Vec<EmailSignal>,
    }

    /// An A/B test (§8). A draft may lack anything.
    AbTestNode(name description -> next) {
        /// What statistics call it (AB-3).
        display_name: String,
        /// What it sends.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel: Option<Channel>,
        /// The two versions (AB-2).
        versions: AbVersions,
        /// How many of a hundred participants get A (AB-4); half of them where it is not given.
        #[serde(skip_serializing_if = "Option::is_none")]
        share_a: Option<i64>,
        /// What decides (AB-5).
        #[serde(skip_serializing_if = "Option::is_none")]
        metric: Option<Metric>,
        /// When it is over (AB-6).
        #[serde(skip_serializing_if = "Option::is_none")]
        end: Option<TestEnd>,
        /// The version used without a winner (AB-7).
        #[serde(skip_serializing_if = "Option::is_none")]
        default: Option<AbVersion>,
    }

    /// A phone-call condition (§5.2).
    CallConditionNode(name description -> yes no) {
        /// Call results, any of which takes Yes (CO-30).
        results: Vec<String>,
    }

    /// A branch by what the record holds (CM-1).
    BranchFieldNode(name description -> yes no) {
        /// What must hold for Yes.
        #[serde(skip_serializing_if = "Option::is_none")]
        condition: Option<Condition>,
    }

    /// A branch by where the record's process stands (CM-2).
    BranchStageNode(name description -> yes no) {
        /// The process flow.
        flow: String,
        /// Its stages, any of which takes Yes.
        stages: Vec<String>,
    }

    /// The command that leads to another sequence (CM-4). What follows it is never reached (CM-10).
    AdvanceNode(-> next) {
        /// The id of that sequence.
        sequence: String,
    }

    /// The field command (CM-3).
    FieldNode(-> next) {
        /// The field to write: a two-option or an option set.
        field: String,
        /// What to write.
        value: String,
    }
}

/// What every e-mail condition asks (§5.1).
#[derive(Clone, Debug, PartialEq)]
pub struct EmailQuestion {
    /// Whole days of the time limit, if given.
    pub limit_days: Option<i64>,
    /// Hours on top, if given.
    pub limit_hours: Option<i64>,
    /// CO-12.
    pub advance_early: bool,
    /// What may have come back.
    pub signals: Vec<Signal>,
    /// Whether all of it must have.
    pub all: bool,
}

impl Node {
    /// What an e-mail condition asks.
    pub fn email_question(&self) -> Option<EmailQuestion> {
        let simple = |node: &EmailConditionNode, signal| EmailQuestion {
            limit_days: node.limit_days,
            limit_hours: node.limit_hours,
            advance_early: node.advance_early,
            signals: vec![signal],
            all: false,
        };
        match self {
            Node::CondEmailOpen(node) => Some(simple(node, Signal::Opened)),
            Node::CondEmailReply(node) => Some(simple(node, Signal::Replied)),
            Node::CondEmailLink(node) => Some(simple(node, Signal::LinkClicked)),
            Node::CondEmailAttachment(node) => Some(simple(node, Signal::AttachmentDownloaded)),
            Node::CondEmailAdvanced(node) => Some(EmailQuestion {
                limit_days: node.limit_days,
                limit_hours: node.limit_hours,
                advance_early: node.advance_early,
                signals: node.signals.iter().copied().map(Signal::from).collect(),
                all: node.r#match == Match::All,
            }),
            _ => None,
        }
    }

    /// Whether it sends an e-mail, by hand or not; an A/B test whose channel is not chosen yet may (D-36).
    pub fn is_email(&self) -> bool {
        match self {
            Node::Email(_) | Node::AutoEmail(_) => true,
            Node::AbTest(test) => test.channel != Some(Channel::Text),
            _ => false,
        }
    }

    /// Whether the server sends its message without anybody.
    pub fn is_automated(&self) -> bool {
        matches!(self, Node::AutoEmail(_) | Node::AutoText(_) | Node::AbTest(_))
    }

    /// The author's id.
    pub fn id(&self) -> &str {
        self.members().id()
    }

    /// Its exits with the member that names each: one, or Yes and No.
    pub fn exits(&self) -> Vec<(&'static str, Option<&str>)> {
        self.members().exits()
    }

    /// Name and description, of the types that have them.
    pub fn texts(&self) -> Texts<'_> {
        self.members().texts()
    }
}
