//! What can be asked of the channels, what has happened to them, and why they refuse.

use serde::{Deserialize, Serialize};

use super::gateway::GatewayPart;
use super::mailbox::MailboxPart;
use crate::domain::permission::{Denial, Denies};
use crate::domain::record::Problem;
use crate::id::{GatewayId, MailboxId};
use crate::limits;

/// A request to the channels. `expected` is the version that the caller has seen, if only that one may be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelsCommand {
    /// A mailbox that is not there yet; what is not among `parts` is as in an empty one.
    AddMailbox { mailbox: MailboxId, parts: Vec<MailboxPart> },
    /// Write members of a mailbox, all or none.
    ChangeMailbox { mailbox: MailboxId, parts: Vec<MailboxPart>, expected: Option<u32> },
    /// The mailbox is no more; what would leave from it leaves from another.
    RemoveMailbox { mailbox: MailboxId, expected: Option<u32> },
    /// A text gateway that is not there yet.
    AddGateway { gateway: GatewayId, parts: Vec<GatewayPart> },
    /// Write members of a text gateway, all or none.
    ChangeGateway { gateway: GatewayId, parts: Vec<GatewayPart>, expected: Option<u32> },
    /// The text gateway is no more; what has not left through it becomes the seller's.
    RemoveGateway { gateway: GatewayId, expected: Option<u32> },
}

/// A fact about the channels. Stored for good: variants and members are only ever appended. What was there before is in
/// it, because the audit trail says what changed; passwords are sealed, and old ones are not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChannelsEvent {
    /// A mailbox is there.
    MailboxAdded { mailbox: MailboxId, parts: Vec<MailboxPart> },
    /// What of it is otherwise than before, in the same order.
    MailboxChanged { mailbox: MailboxId, before: Vec<MailboxPart>, after: Vec<MailboxPart> },
    /// A mailbox is not there any more.
    MailboxRemoved { mailbox: MailboxId },
    /// A text gateway is there.
    GatewayAdded { gateway: GatewayId, parts: Vec<GatewayPart> },
    /// What of it is otherwise than before, in the same order.
    GatewayChanged { gateway: GatewayId, before: Vec<GatewayPart>, after: Vec<GatewayPart> },
    /// A text gateway is not there any more.
    GatewayRemoved { gateway: GatewayId },
}

/// Why the channels refuse a command. The codes are part of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelsRejection {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// Values that do not fit.
    #[error("{}", .0.first().map_or("the values do not fit", |first| first.detail.as_str()))]
    Invalid(Vec<Problem>),
    /// None of that id.
    #[error("there is no such mailbox or text gateway")]
    NotFound,
    /// One of that id is there: its id follows from the key of the request, which was used long ago.
    #[error("what was asked for with this key is there already")]
    Exists,
    /// Another mailbox has it.
    #[error("another mailbox has this address")]
    AddressTaken,
    /// Something was changed since it was read.
    #[error("the resource is at version {0} now")]
    VersionMismatch(u32),
    /// As many as there can be.
    #[error("there are {} mailboxes, as many as there may be", limits::MAILBOXES_MAX)]
    Full,
    /// The same of text gateways.
    #[error("there are {} text gateways, as many as there may be", limits::GATEWAYS_MAX)]
    GatewaysFull,
}

impl Denies for ChannelsRejection {
    fn denial(&self) -> Option<&Denial> {
        match self {
            ChannelsRejection::Denied(denial) => Some(denial),
            _ => None,
        }
    }
}
