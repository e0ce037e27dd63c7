//! What can be asked of an account, what has happened to it, and why it refuses.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Digest, Invitation, Key, KeyKind};
use crate::domain::permission::{Denial, Denies};
use crate::domain::record::Problem;
use crate::id::KeyId;
use crate::limits;
use crate::time::Timestamp;

/// What shows that somebody is the user. Secrets were looked at before; here they are judged against what is known now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// They have the link whose secret has this digest.
    Invitation(Digest),
    /// They know the password that hashes to this.
    Password(String),
    /// A provider vouches for them, the same that did before.
    Provider { issuer: String, subject: String },
    /// They have the one-time link of the first start, and no password yet.
    Founding,
}

/// A key to be given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// Its id, fresh.
    pub id: KeyId,
    /// What it is for.
    pub kind: KeyKind,
    /// Of its secret.
    pub digest: Digest,
    /// Now, in the real world.
    pub at: Timestamp,
    /// Who gets it.
    pub from: Option<IpAddr>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// A request to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCommand {
    /// A link by which the user sets a password; the one before it ends.
    Invite { digest: Digest, expires_at: Timestamp },
    /// Another password; every session ends but the one that opens.
    SetPassword { hash: String, proof: Proof, key: NewKey },
    /// A session.
    SignIn { proof: Proof, key: NewKey },
    /// A token.
    OpenToken(NewKey),
    /// End a session or revoke a token.
    Close(KeyId),
    /// Sign out everywhere.
    CloseSessions,
    /// A key was used.
    Use { key: KeyId, at: Timestamp },
}

/// A fact about an account. Stored for good: variants and members are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountEvent {
    /// A link was made.
    Invited(Invitation),
    /// A password was set, with this hash.
    PasswordSet(String),
    /// A provider has vouched for the user; the same has to from now on.
    Bound { issuer: String, subject: String },
    /// A session or token was given out.
    KeyOpened { key: KeyId, opened: Key },
    /// It is not valid any more.
    KeyClosed(KeyId),
    /// It was used; noted every few minutes.
    KeyUsed { key: KeyId, at: Timestamp },
}

/// Why an account refuses a command. The codes are part of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountRejection {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// No such user, or no such key.
    #[error("there is no such session or token")]
    NotFound,
    /// What should show who somebody is does not, or not any more.
    #[error("that does not prove who you are")]
    NotProved,
    /// Values that do not fit.
    #[error("{}", .0.first().map_or("the values do not fit", |first| first.detail.as_str()))]
    Invalid(Vec<Problem>),
    /// A token of that id is there already.
    #[error("a token was made under this Idempotency-Key before")]
    TokenExists,
    /// As many as there can be.
    #[error("a user has at most {} tokens; revoke one first", limits::TOKENS_MAX)]
    TooManyTokens,
}

impl Denies for AccountRejection {
    fn denial(&self) -> Option<&Denial> {
        match self {
            AccountRejection::Denied(denial) => Some(denial),
            _ => None,
        }
    }
}
