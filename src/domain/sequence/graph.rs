//! A sequence as its author draws it: the JSON document of the API, kept as written.

use serde::{Deserialize, Serialize};

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
    /// CO-2.
    CondEmailReply = "cond_email_reply": EmailConditionNode;
    /// CO-30.
    CondCall = "cond_call": CallConditionNode;
    /// CM-3.
    UpdateField = "update_field": FieldNode;
}

members! {
    /// A step that a seller performs.
    StepNode(name description -> next) {}

    /// A step that sends a message, by hand or not.
    MessageNode(name description -> next) {
        /// The template: optional for a seller's message (ST-1), required for an automated one (ST-2).
        #[serde(skip_serializing_if = "Option::is_none")]
        template: Option<String>,
    }

    /// A wait (ST-7).
    WaitNode(-> next) {
        /// Whole days of 24 hours.
        days: i64,
        /// Hours on top.
        hours: i64,
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

    /// A phone-call condition (§5.2).
    CallConditionNode(name description -> yes no) {
        /// Call results, any of which takes Yes (CO-30).
        results: Vec<String>,
    }

    /// The field command (CM-3).
    FieldNode(-> next) {
        /// The field to write: a two-option or an option set.
        field: String,
        /// What to write.
        value: String,
    }
}

impl Node {
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
