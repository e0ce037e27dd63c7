//! How a user proves who they are: a password or a provider's word, and the keys that were given out for it, which are
//! sessions of browsers and tokens of programs. Secrets stand here as digests only. Instants are those of the real world,
//! also in a sandbox, whose clock moves by weeks.

pub mod command;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use self::command::{AccountCommand, AccountEvent, AccountRejection, NewKey, Proof};
use crate::domain::effect::Effects;
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::permission::{Cause, Denial, Permission};
use crate::domain::record::Problem;
use crate::domain::record::schema::text_fault;
use crate::id::{AccountId, EntityKind, KeyId, UserId};
use crate::limits;
use crate::time::Timestamp;

/// SHA-256 of a secret that nobody can guess.
pub type Digest = [u8; 32];

/// What a program may do with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Read what its user sees.
    Read,
    /// Change what its user may.
    Write,
    /// Report events.
    Events,
    /// Administer, if its user may.
    Admin,
}

/// What a key is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyKind {
    /// A browser that signed in; may do all that its user may.
    Session,
    /// A program.
    Token {
        /// What its user calls it.
        name: String,
        /// What it may do; sorted.
        scopes: Vec<TokenScope>,
    },
}

/// A session or a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// What it is for.
    pub kind: KeyKind,
    /// Of its secret.
    pub digest: Digest,
    /// When it was given out.
    pub opened_at: Timestamp,
    /// Where to.
    pub opened_from: Option<IpAddr>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to a few minutes.
    pub used_at: Option<Timestamp>,
}

/// A link by which a user sets a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Of its secret.
    pub digest: Digest,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The state of an account. One that was never used is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Argon2id, as a PHC string.
    pub password: Option<String>,
    /// Issuer and subject of the provider that has vouched for the user.
    pub subject: Option<(String, String)>,
    /// Sessions and tokens.
    pub keys: BTreeMap<KeyId, Key>,
    /// The link that was sent last, if it was not used.
    pub invitation: Option<Invitation>,
}

impl Entity for Account {
    const KIND: EntityKind = EntityKind::Account;
    type Id = AccountId;
    type Given = Given;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;

    /// Who may know of whose credentials follows from what is asked.
    fn must_be_seen(&self, _given: &Given, _by: UserId) -> Result<(), Denial> {
        Ok(())
    }

    fn decide(
        &self,
        id: AccountId,
        given: &Given,
        command: AccountCommand,
        stamp: Stamp,
    ) -> Result<Vec<AccountEvent>, AccountRejection> {
        let user = UserId(id.0);
        if matches!(command, AccountCommand::Invite { .. }) {
            // First, so that nobody else learns who is there.
            given.policy.person(stamp.by)?.must(Permission::SetUp, "invite users")?;
        }
        // What a disabled user holds can still be taken away.
        let takes_away =
            matches!(command, AccountCommand::Close(_) | AccountCommand::CloseSessions | AccountCommand::Use { .. });
        if !takes_away {
            given.policy.person(user).map_err(|_| AccountRejection::NotFound)?;
        }
        match command {
            AccountCommand::Invite { digest, expires_at } => {
                Ok(vec![AccountEvent::Invited(Invitation { digest, expires_at })])
            }
            AccountCommand::SetPassword { hash, proof, key } => {
                self.judge(given, &proof, key.at)?;
                // Whoever was signed in with the old one is not any more.
                let mut events: Vec<_> = self.sessions().map(|(id, _)| AccountEvent::KeyClosed(id)).collect();
                events.push(AccountEvent::PasswordSet(hash));
                events.push(opened(key));
                Ok(events)
            }
            AccountCommand::SignIn { proof, key } => {
                self.judge(given, &proof, key.at)?;
                let mut events = self.make_room(key.at);
                if let (Proof::Provider { issuer, subject }, None) = (proof, &self.subject) {
                    events.push(AccountEvent::Bound { issuer, subject });
                }
                events.push(opened(key));
                Ok(events)
            }
            AccountCommand::OpenToken(key) => {
                self.owned_by(user, given, stamp)?;
                judge_token(&key)?;
                if self.keys.contains_key(&key.id) {
                    return Err(AccountRejection::TokenExists);
                }
                let tokens = self.keys.values().filter(|key| key.kind != KeyKind::Session).count();
                if tokens >= limits::TOKENS_MAX {
                    return Err(AccountRejection::TooManyTokens);
                }
                Ok(vec![opened(key)])
            }
            AccountCommand::Close(key) => {
                self.owned_by(user, given, stamp)?;
                match self.keys.contains_key(&key) {
                    true => Ok(vec![AccountEvent::KeyClosed(key)]),
                    false => Err(AccountRejection::NotFound),
                }
            }
            AccountCommand::CloseSessions => {
                self.owned_by(user, given, stamp)?;
                Ok(self.sessions().map(|(id, _)| AccountEvent::KeyClosed(id)).collect())
            }
            AccountCommand::Use { key, at } => match self.keys.get(&key) {
                Some(known) if known.used_at.is_none_or(|used| used < at) => {
                    Ok(vec![AccountEvent::KeyUsed { key, at }])
                }
                _ => Ok(vec![]),
            },
        }
    }

    fn apply(&mut self, event: &AccountEvent, _stamp: Stamp) {
        match event {
            AccountEvent::Invited(invitation) => self.invitation = Some(invitation.clone()),
            AccountEvent::PasswordSet(hash) => {
                self.password = Some(hash.clone());
                self.invitation = None;
            }
            AccountEvent::Bound { issuer, subject } => self.subject = Some((issuer.clone(), subject.clone())),
            AccountEvent::KeyOpened { key, opened } => _ = self.keys.insert(*key, opened.clone()),
            AccountEvent::KeyClosed(key) => _ = self.keys.remove(key),
            AccountEvent::KeyUsed { key, at } => {
                if let Some(key) = self.keys.get_mut(key) {
                    key.used_at = Some(*at);
                }
            }
        }
    }

    fn audited(event: &AccountEvent) -> bool {
        !matches!(event, AccountEvent::KeyUsed { .. })
    }

    fn effects(&self, _id: AccountId, _event: &AccountEvent, _owed: &mut Effects) {}
}

/// A token has a name that people know it by, may do something, and ends later than it begins.
fn judge_token(key: &NewKey) -> Result<(), AccountRejection> {
    let KeyKind::Token { name, scopes } = &key.kind else { return Err(AccountRejection::NotFound) };
    let no_scopes = || ("missing", "a token has at least one scope".to_owned());
    let ended = || ("in_past", "a token ends at a later time than now".to_owned());
    let faults = [
        ("/name", text_fault(name, limits::TOKEN_NAME_MAX, false)),
        ("/scopes", scopes.is_empty().then(no_scopes)),
        ("/expires_at", key.expires_at.is_some_and(|end| end <= key.at).then(ended)),
    ];
    let problem = |(pointer, fault): (&str, Option<_>)| {
        fault.map(|(code, detail)| Problem { pointer: pointer.into(), code, detail })
    };
    let problems: Vec<Problem> = faults.into_iter().filter_map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(AccountRejection::Invalid(problems)) }
}

fn opened(key: NewKey) -> AccountEvent {
    let NewKey { id, kind, digest, at, from, expires_at } = key;
    let opened = Key { kind, digest, opened_at: at, opened_from: from, expires_at, used_at: None };
    AccountEvent::KeyOpened { key: id, opened }
}

impl Account {
    fn sessions(&self) -> impl Iterator<Item = (KeyId, &Key)> {
        self.keys.iter().filter(|(_, key)| key.kind == KeyKind::Session).map(|(id, key)| (*id, key))
    }

    /// Whether the proof holds here and now: what it was made from may have changed since.
    fn judge(&self, given: &Given, proof: &Proof, now: Timestamp) -> Result<(), AccountRejection> {
        let holds = match proof {
            Proof::Invitation(digest) => self.invitation.as_ref().is_some_and(|known| {
                // Digests of secrets that nobody can guess: their comparison tells nothing by the time it takes.
                known.digest == *digest && known.expires_at > now
            }),
            Proof::Password(hash) => self.password.as_ref() == Some(hash),
            Proof::Provider { issuer, subject } => {
                self.subject.as_ref().is_none_or(|known| known.0 == *issuer && known.1 == *subject)
            }
            Proof::Founding => self.password.is_none() && !given.policy.organisation.has_administrator(),
        };
        if holds { Ok(()) } else { Err(AccountRejection::NotProved) }
    }

    /// Expired sessions end, and the one used longest ago where there are too many.
    fn make_room(&self, now: Timestamp) -> Vec<AccountEvent> {
        let expired = |key: &Key| key.expires_at.is_some_and(|end| end <= now);
        let mut sessions: Vec<_> = self.sessions().collect();
        sessions.sort_by_key(|(_, key)| (expired(key), std::cmp::Reverse(key.used_at.unwrap_or(key.opened_at))));
        let stays = |place: usize, key: &Key| place + 1 < limits::SESSIONS_MAX && !expired(key);
        let leaving = sessions.iter().enumerate().filter(|(place, (_, key))| !stays(*place, key));
        leaving.map(|(_, (id, _))| AccountEvent::KeyClosed(*id)).collect()
    }

    /// P-19: one's own credentials; an administrator's anybody's. Others do not know that they exist.
    fn owned_by(&self, user: UserId, given: &Given, stamp: Stamp) -> Result<(), Denial> {
        let person = given.policy.person(stamp.by)?;
        person.must(Permission::OwnSettings, "have credentials")?;
        if user == stamp.by || person.may_all(Permission::SetUp) {
            return Ok(());
        }
        Err(Denial { cause: Cause::Hidden, detail: "there is no such key".into() })
    }
}
