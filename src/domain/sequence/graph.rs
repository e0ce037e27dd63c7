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

/// The members of a step that a seller or the server performs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepNode {
    /// The author's own id, unique in the graph.
    pub id: String,
    /// Shown to the seller (L-11).
    #[serde(default)]
    pub name: String,
    /// Shown to the seller (L-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The node that follows; none ends the path.
    #[serde(default)]
    pub next: Option<String>,
}

/// The members of a step that sends an e-mail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailNode {
    /// See [`StepNode`].
    pub id: String,
    /// See [`StepNode`].
    #[serde(default)]
    pub name: String,
    /// See [`StepNode`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The e-mail template: optional for a seller's e-mail (ST-1), required for an automated one (ST-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// See [`StepNode`].
    #[serde(default)]
    pub next: Option<String>,
}

/// The members of a wait (ST-7).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitNode {
    /// See [`StepNode`].
    pub id: String,
    /// Whole days of 24 hours.
    #[serde(default)]
    pub days: i64,
    /// Hours on top.
    #[serde(default)]
    pub hours: i64,
    /// See [`StepNode`].
    #[serde(default)]
    pub next: Option<String>,
}

/// The members of an e-mail condition (§5.1).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyNode {
    /// See [`StepNode`].
    pub id: String,
    /// See [`StepNode`].
    #[serde(default)]
    pub name: String,
    /// See [`StepNode`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whole days of the time limit (CO-10); one day where neither is given (CO-14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_days: Option<i64>,
    /// Hours on top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_hours: Option<i64>,
    /// Move on as soon as satisfied (CO-12).
    #[serde(default)]
    pub advance_early: bool,
    /// The signal came in time.
    #[serde(default)]
    pub yes: Option<String>,
    /// It did not.
    #[serde(default)]
    pub no: Option<String>,
}

/// The members of a phone-call condition (§5.2).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallNode {
    /// See [`StepNode`].
    pub id: String,
    /// See [`StepNode`].
    #[serde(default)]
    pub name: String,
    /// See [`StepNode`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Call results, any of which takes Yes (CO-30).
    #[serde(default)]
    pub results: Vec<String>,
    /// The result is among them.
    #[serde(default)]
    pub yes: Option<String>,
    /// It is not.
    #[serde(default)]
    pub no: Option<String>,
}

/// The members of the field command (CM-3).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldNode {
    /// See [`StepNode`].
    pub id: String,
    /// The field to write: a two-option or an option set.
    #[serde(default)]
    pub field: String,
    /// What to write.
    #[serde(default)]
    pub value: String,
    /// See [`StepNode`].
    #[serde(default)]
    pub next: Option<String>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Node {
    /// ST-1.
    Email(MailNode),
    /// ST-2.
    AutoEmail(MailNode),
    /// ST-5.
    PhoneCall(StepNode),
    /// ST-6.
    Task(StepNode),
    /// LI-1.
    LiResearch(StepNode),
    /// LI-2.
    LiIntro(StepNode),
    /// LI-3.
    LiConnect(StepNode),
    /// LI-4.
    LiInmail(StepNode),
    /// ST-7.
    Wait(WaitNode),
    /// CO-2.
    CondEmailReply(ReplyNode),
    /// CO-30.
    CondCall(CallNode),
    /// CM-3.
    UpdateField(FieldNode),
}

/// The names of the node types, as the API writes them.
pub const NODE_TYPES: [&str; 12] = [
    "email",
    "auto_email",
    "phone_call",
    "task",
    "li_research",
    "li_intro",
    "li_connect",
    "li_inmail",
    "wait",
    "cond_email_reply",
    "cond_call",
    "update_field",
];

impl Node {
    /// The author's id.
    pub fn id(&self) -> &str {
        match self {
            Node::Email(node) | Node::AutoEmail(node) => &node.id,
            Node::PhoneCall(node) | Node::Task(node) => &node.id,
            Node::LiResearch(node) | Node::LiIntro(node) | Node::LiConnect(node) | Node::LiInmail(node) => &node.id,
            Node::Wait(node) => &node.id,
            Node::CondEmailReply(node) => &node.id,
            Node::CondCall(node) => &node.id,
            Node::UpdateField(node) => &node.id,
        }
    }

    /// The node type's name.
    pub fn kind(&self) -> &'static str {
        match self {
            Node::Email(_) => "email",
            Node::AutoEmail(_) => "auto_email",
            Node::PhoneCall(_) => "phone_call",
            Node::Task(_) => "task",
            Node::LiResearch(_) => "li_research",
            Node::LiIntro(_) => "li_intro",
            Node::LiConnect(_) => "li_connect",
            Node::LiInmail(_) => "li_inmail",
            Node::Wait(_) => "wait",
            Node::CondEmailReply(_) => "cond_email_reply",
            Node::CondCall(_) => "cond_call",
            Node::UpdateField(_) => "update_field",
        }
    }

    /// Its exits with the member that names each: one, or Yes and No.
    pub fn exits(&self) -> Vec<(&'static str, Option<&str>)> {
        match self {
            Node::Email(node) | Node::AutoEmail(node) => vec![("next", node.next.as_deref())],
            Node::PhoneCall(node) | Node::Task(node) => vec![("next", node.next.as_deref())],
            Node::LiResearch(node) | Node::LiIntro(node) | Node::LiConnect(node) | Node::LiInmail(node) => {
                vec![("next", node.next.as_deref())]
            }
            Node::Wait(node) => vec![("next", node.next.as_deref())],
            Node::UpdateField(node) => vec![("next", node.next.as_deref())],
            Node::CondEmailReply(node) => vec![("yes", node.yes.as_deref()), ("no", node.no.as_deref())],
            Node::CondCall(node) => vec![("yes", node.yes.as_deref()), ("no", node.no.as_deref())],
        }
    }

    /// Name and description, of the types that have them.
    pub fn texts(&self) -> Option<(&str, Option<&str>)> {
        match self {
            Node::Email(node) | Node::AutoEmail(node) => Some((&node.name, node.description.as_deref())),
            Node::PhoneCall(node) | Node::Task(node) => Some((&node.name, node.description.as_deref())),
            Node::LiResearch(node) | Node::LiIntro(node) | Node::LiConnect(node) | Node::LiInmail(node) => {
                Some((&node.name, node.description.as_deref()))
            }
            Node::CondEmailReply(node) => Some((&node.name, node.description.as_deref())),
            Node::CondCall(node) => Some((&node.name, node.description.as_deref())),
            Node::Wait(_) | Node::UpdateField(_) => None,
        }
    }
}
