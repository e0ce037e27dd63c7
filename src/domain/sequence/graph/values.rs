//! The values that members of nodes take, where they are more than text and numbers.

use serde::{Deserialize, Serialize};

use crate::domain::enrolment::Signal;

/// Whether one signal of an e-mail condition is enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// One of them.
    #[default]
    Any,
    /// All of them.
    All,
}

/// A signal that an e-mail condition may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailSignal {
    /// CO-1.
    Open,
    /// CO-2.
    Reply,
    /// CO-3.
    Link,
    /// CO-4.
    Attachment,
}

impl From<EmailSignal> for Signal {
    fn from(signal: EmailSignal) -> Signal {
        match signal {
            EmailSignal::Open => Signal::Opened,
            EmailSignal::Reply => Signal::Replied,
            EmailSignal::Link => Signal::LinkClicked,
            EmailSignal::Attachment => Signal::AttachmentDownloaded,
        }
    }
}

/// The versions of an A/B test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbVersions {
    /// The control.
    #[serde(default)]
    pub a: AbVersionNode,
    /// The variant.
    #[serde(default)]
    pub b: AbVersionNode,
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbVersionNode {
    /// What statistics call it.
    #[serde(default)]
    pub name: String,
    /// What it sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// What decides an A/B test (AB-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Sequence goals reached.
    Goal,
    /// Links followed.
    Clicks,
    /// Messages opened.
    Opens,
}

/// When an A/B test is over (AB-6): `{"automatic": true}` or `{"at": INSTANT}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestEnd {
    /// With statistical significance.
    Automatic(bool),
    /// At that instant, RFC 3339.
    At(String),
}
