//! A place among the messages of an hour or a day: what a message counts against wherever there is a bound (the governor).

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::domain::enrolment::Ordinal;
use crate::domain::record::Record;
use crate::domain::record::schema::{Owner, Value};
use crate::id::{MailboxId, RecordId};

/// The field of a record that leads to its account.
const ACCOUNT: &str = "account";

/// What a message counts against, beside the organisation. People and their addresses stand here as numbers that name nobody.
/// Stored in list rows, which are computed anew from the log where this changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Where it leaves; the configured server where there is none.
    pub mailbox: Option<MailboxId>,
    /// Who is assigned the step.
    pub seller: Owner,
    /// The address, whichever records have it.
    pub person: u64,
    /// What stands behind its `@`.
    pub domain: u64,
    /// The record that its field `account` leads to.
    pub account: Option<RecordId>,
}

/// A name as a number, whatever the case of its letters.
pub fn number(name: &str) -> u64 {
    xxh3_64(name.to_lowercase().as_bytes())
}

impl Record {
    /// What the message of a step counts against.
    pub fn slot(&self, step: Ordinal) -> Slot {
        let Some(found) = self.step(step) else { return Slot::default() };
        let address = self.profile.email.as_deref().unwrap_or_default();
        let domain = address.rsplit_once('@').map_or(address, |(_, domain)| domain);
        Slot {
            mailbox: self.enrolment(found.enrolment).and_then(|enrolment| enrolment.sender),
            seller: found.assignee,
            person: number(address),
            domain: number(domain),
            account: self.account(),
        }
    }

    fn account(&self) -> Option<RecordId> {
        self.profile.fields.get(ACCOUNT).and_then(Value::text).and_then(RecordId::parse)
    }
}
