//! Ways out of the server: what carries a message, and how it can fail.

pub mod egress;
pub mod imap;
pub mod inbox;
pub mod mail;
pub mod markup;
pub mod merge;
pub mod oidc;
pub mod seal;
pub mod secret;
pub mod text;

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};

use self::mail::Mail;
use self::mail::links::Links;
use self::text::Text;
use crate::domain::channels::mailbox::Mailbox;
use crate::domain::delivery::Class;

/// Why a message did not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Trying again may help.
    #[error("{0}")]
    Temporary(String),
    /// It will not.
    #[error("{0}")]
    Permanent(String),
    /// The far side takes nothing for this recipient.
    #[error("{0}")]
    Refused(String),
    /// The far side had everything, and did not say whether it took it.
    #[error("{0}")]
    Unknown(String),
}

/// Takes messages to where they go.
pub trait Mailer: Send + Sync + 'static {
    /// What a second attempt may do at a message that no mailbox is chosen for.
    fn class(&self) -> Class {
        Class::Idempotent
    }

    /// Whether messages go to the servers of their mailboxes; otherwise they are kept like all others.
    fn carries(&self) -> bool {
        false
    }

    /// The Message-ID, without angle brackets, of the message of that id from that mailbox: the same for each attempt.
    fn message_id(&self, id: &str, mailbox: Option<&Mailbox>) -> String;

    /// What makes the links of messages that lead back here, if any do.
    fn links(&self) -> Option<&Links> {
        None
    }

    /// Delivers one message and answers with its Message-ID once it is taken for good. The same [`Mail::id`] may come
    /// again, and names the same message.
    fn deliver(&self, mail: Mail) -> BoxFuture<'static, Result<String, DeliveryError>>;

    /// The same of a text message; the answer is the provider's id of it.
    fn deliver_text(&self, text: Text) -> BoxFuture<'static, Result<String, DeliveryError>>;
    /// Whether the far side says that it has sent the message of that Message-ID from a mailbox; false where nobody can be
    /// asked or it does not know.
    fn has_sent(&self, mailbox: Arc<Mailbox>, message_id: String) -> BoxFuture<'static, bool> {
        let _ = (mailbox, message_id);
        std::future::ready(false).boxed()
    }

    /// Removes what is still held of the messages of these ids, because their record was erased.
    fn forget(&self, ids: Vec<String>) -> BoxFuture<'static, Result<(), DeliveryError>>;
}
