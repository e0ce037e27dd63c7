//! How records go through a sequence, besides its graph; and which records may enter.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::domain::condition::stored::StoredCondition;
use crate::domain::plan::AssignTo;
use crate::domain::schedule::{Calendar, Entry, Repeat, Span, holidays};
pub use crate::domain::schedule::{TimeOfDay, Weekday};
use crate::id::MailboxId;
use crate::limits;

/// What a version takes over from its author when it is published: changed while the sequence is inactive or in revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conduct {
    /// Leave when the customer replies to any e-mail.
    pub exit_on_reply: bool,
    /// Who gets the steps (§3.3); changed only while the sequence is inactive.
    pub assign_to: AssignTo,
    /// Whether waits skip non-working time where the organisation has that on (TM-6).
    pub wait_computation: bool,
    /// When automated messages may leave; at any time where there is none.
    pub window: Option<Window>,
    /// What counts as success for its A/B tests (AB-14).
    pub goal: Goal,
    /// How its messages leave.
    pub sending: Sending,
}

/// How the messages of a sequence leave. Stored: members are never added, another property is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    /// From which mailbox, where the assignee has none of their own.
    pub mailbox: Option<MailboxId>,
    /// An automated message that would leave more than so many hours late is passed over:
    /// 1–[`crate::limits::RETRY_HOURS_MAX`].
    pub skip_after_hours: Option<u32>,
}

impl Default for Conduct {
    fn default() -> Conduct {
        Conduct {
            exit_on_reply: false,
            assign_to: AssignTo::default(),
            wait_computation: true,
            window: None,
            goal: Goal::default(),
            sending: Sending::default(),
        }
    }
}

/// The event that a sequence is for (AB-14). Stored: variants are only ever appended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Goal {
    /// The record is closed as a success.
    #[default]
    Success,
    /// The customer replies to an e-mail of the sequence.
    Reply,
    /// A meeting is made for the record.
    Meeting,
    /// The record comes to fulfil this.
    Field(StoredCondition),
}

/// Whether a record that was in a sequence may enter it again. A live enrolment is another matter (K-6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reentry {
    /// At any time.
    #[default]
    AnyTime,
    /// Not any more.
    Never,
    /// So many days of 24 hours after its last enrolment has ended, 1–[`limits::REENTRY_DAYS_MAX`].
    AfterDays(u16),
}

/// The hours in which automated messages may leave: half-open spans of civil time (D-65).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The days on which it opens.
    pub weekdays: BTreeSet<Weekday>,
    /// When it opens.
    pub start: TimeOfDay,
    /// When it closes, later on the same day; `24:00` is its end.
    pub end: TimeOfDay,
    /// Whose day.
    #[serde(default)]
    pub zone: WindowZone,
    /// Whether waits of the sequence count only time inside it.
    #[serde(default)]
    pub business_time: bool,
    /// A country by ISO 3166-1 alpha-2, on whose public holidays it stays closed.
    #[serde(default)]
    pub holidays: Option<String>,
}

/// Whose time of day a window is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum WindowZone {
    /// That of the record; the seller's where it has none.
    #[default]
    Recipient,
    /// That of the step's assignee.
    Seller,
    /// This one.
    Fixed(Tz),
}

impl From<WindowZone> for String {
    fn from(zone: WindowZone) -> String {
        match zone {
            WindowZone::Recipient => "recipient".into(),
            WindowZone::Seller => "seller".into(),
            WindowZone::Fixed(zone) => zone.name().into(),
        }
    }
}

impl TryFrom<String> for WindowZone {
    type Error = String;

    fn try_from(text: String) -> Result<WindowZone, String> {
        match text.as_str() {
            "recipient" => Ok(WindowZone::Recipient),
            "seller" => Ok(WindowZone::Seller),
            name => name
                .parse()
                .map(WindowZone::Fixed)
                .map_err(|_| format!("`{name}` is neither `recipient`, `seller` nor a time zone such as Europe/Paris")),
        }
    }
}

impl Window {
    /// When it is open, as the working time of somebody in that zone.
    pub fn calendar(&self, time_zone: &str) -> Calendar {
        let on = Repeat { weekdays: self.weekdays.iter().copied().collect::<Vec<_>>().into(), from: None, until: None };
        let span = Span { start: self.start, end: self.end };
        let entries = vec![Entry::WorkingHours { on, span, breaks: Vec::new(), description: None }];
        Calendar { time_zone: time_zone.to_owned(), entries, holidays: self.holidays.clone() }
    }

    /// What does not fit: the member and why.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        match () {
            () if self.weekdays.is_empty() => Some(("/weekdays", "the window opens on one day at least".into())),
            () if self.start >= self.end => Some(("/end", "the window closes after it opens, on the same day".into())),
            () if self.holidays.as_ref().is_some_and(|country| !holidays::knows(country)) => {
                Some(("/holidays", "the holidays of a country are known by its two capital letters, such as FR".into()))
            }
            () => None,
        }
    }
}

impl Reentry {
    /// What does not fit.
    pub fn fault(self) -> Option<String> {
        match self {
            Reentry::AfterDays(days) if !(1..=limits::REENTRY_DAYS_MAX).contains(&days) => {
                Some(format!("a record enters again after 1 to {} days, or at any time", limits::REENTRY_DAYS_MAX))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_read_as_they_are_written() {
        for text in ["recipient", "seller", "Europe/Paris", "UTC"] {
            let zone = WindowZone::try_from(text.to_owned()).expect("a zone");
            assert_eq!(String::from(zone), text);
        }
        assert!(WindowZone::try_from("Mars/Olympus".to_owned()).is_err());
    }
}
