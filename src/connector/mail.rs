//! E-mail on its way out: composed once, then carried to the server of a mailbox or written into the spool.

pub mod compose;
pub mod draft;
pub mod links;
pub mod pool;
pub mod postman;
pub mod smtp;
pub mod spool;

use std::sync::Arc;

use crate::domain::channels::mailbox::Mailbox;
use crate::domain::message_template::MailText;

/// A message to be.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Names the message for ever; the same for each attempt.
    pub id: String,
    /// Its Message-ID, without angle brackets; likewise.
    pub message_id: String,
    /// Where it comes from; without one it comes from whom the configuration names.
    pub mailbox: Option<Arc<Mailbox>>,
    /// Who it is for.
    pub to_name: String,
    /// Where it goes.
    pub to_address: String,
    /// The Message-IDs of the messages that it follows, oldest first.
    pub references: Vec<String>,
    /// Where one click ends such messages (RFC 8058).
    pub unsubscribe: Option<String>,
    /// What it says, filled in.
    pub text: MailText,
}
