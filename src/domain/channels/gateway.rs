//! A text gateway: the request that hands a text message to a provider, what its answer means, and how the provider tells of
//! receipts and of answers. Everything that differs between providers is said here, so that any of them fits.

pub mod blank;
mod check;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::mailbox::Sealed;
use crate::domain::delivery::Class;
use crate::domain::record::schema::Owner;

/// How a request is made. Stored: variants are only ever appended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// What nearly all of them want.
    #[default]
    Post,
    /// Where the address names the message.
    Put,
    /// Without a body.
    Get,
}

/// What a request carries. Stored: variants are only ever appended. Values may have blanks, see [`blank`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestBody {
    /// Nothing.
    #[default]
    Empty,
    /// Fields of a form.
    Form(BTreeMap<String, String>),
    /// A JSON document as text. Only its strings have blanks: what fills them stays in them.
    Json(String),
}

/// The request that hands a message over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Where to, without blanks.
    pub url: String,
    /// Fields behind the question mark.
    pub query: BTreeMap<String, String>,
    /// Headers by name.
    pub headers: BTreeMap<String, String>,
    /// What it carries.
    pub body: RequestBody,
}

/// The hash of a signature. Stored: variants are only ever appended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hash {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
    /// SHA-1, which some providers still sign with.
    Sha1,
}

/// How a signature is written. Stored: variants are only ever appended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// Hexadecimal digits.
    #[default]
    Hex,
    /// Base64.
    Base64,
}

/// An HMAC over the bytes of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The header that it stands in.
    pub header: String,
    /// What stands before it there, such as `sha256=`.
    pub prefix: String,
    /// The hash.
    pub hash: Hash,
    /// How it is written.
    pub encoding: Encoding,
}

/// How we prove who we are. Stored: variants are only ever appended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Authentication {
    /// Not at all, or by the blank `secret`.
    #[default]
    None,
    /// The secret is a bearer token.
    Bearer,
    /// The secret is the password of that name.
    Basic {
        /// Whose password it is.
        username: String,
    },
    /// The secret signs the body.
    Signed(Signature),
}

/// Where an answer of 200–299 says whether the message was taken, for providers that refuse so too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// A JSON pointer.
    pub at: String,
    /// What stands there when it was taken.
    pub taken: Vec<String>,
    /// What stands there when it can be tried again later; everything else refuses it for good.
    pub later: Vec<String>,
}

/// What is read in an answer, by JSON pointers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The provider's id of the message.
    pub message_id: Option<String>,
    /// Whether it was taken, where the status alone does not say so.
    pub verdict: Option<Verdict>,
    /// What went wrong.
    pub detail: Option<String>,
}

/// What is read in a delivery receipt, by JSON pointers; `/name` is also the field `name` of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipts {
    /// The list of receipts, where several come at once. The other pointers begin at each of them.
    pub each: Option<String>,
    /// The provider's id of the message.
    pub message_id: Option<String>,
    /// Our id of the message, which the blank `id` has given it.
    pub reference: Option<String>,
    /// What became of it.
    pub status: String,
    /// What stands there when it has arrived.
    pub delivered: Vec<String>,
    /// What stands there when it never will.
    pub failed: Vec<String>,
    /// Why it has not arrived.
    pub detail: Option<String>,
}

/// What is read in a message that came in, by pointers like those of [`Receipts`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// The list of messages, where several come at once.
    pub each: Option<String>,
    /// The number that it comes from.
    pub from: String,
    /// What it says.
    pub body: String,
    /// The provider's id of it, by which one that comes twice is known.
    pub id: Option<String>,
}

/// The state of a text gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    /// For people.
    pub name: String,
    /// Whose messages leave through it; everybody's where there is none.
    pub owner: Option<Owner>,
    /// Where numbers without a country are taken to be, where neither the record nor its owner's calendar says so.
    pub country: Option<String>,
    /// Whom messages come from; the provider decides where there is none.
    pub from: Option<String>,
    /// Whether the provider takes a second message of the same id for the first.
    pub is_idempotent: bool,
    /// The request that hands a message over.
    pub request: Request,
    /// How we prove who we are.
    pub authentication: Authentication,
    /// What proves it.
    pub secret: Option<Sealed>,
    /// What the answer says.
    pub answer: Answer,
    /// What receipts say; none are taken where there is none.
    pub receipts: Option<Receipts>,
    /// What incoming messages say; likewise.
    pub incoming: Option<Incoming>,
    /// How the provider signs both; the address alone proves it where there is none.
    pub callback: Option<Signature>,
    /// What it signs with.
    pub callback_secret: Option<Sealed>,
    /// Changes so far; 1 when it was added.
    pub version: u32,
}

/// A member of a text gateway set to a value. Stored: variants are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GatewayPart {
    /// See [`Gateway::name`].
    Name(String),
    /// See [`Gateway::owner`].
    Owner(Option<Owner>),
    /// See [`Gateway::country`].
    Country(Option<String>),
    /// See [`Gateway::from`].
    From(Option<String>),
    /// See [`Gateway::is_idempotent`].
    Idempotent(bool),
    /// See [`Gateway::request`].
    Request(Request),
    /// See [`Gateway::authentication`].
    Authentication(Authentication),
    /// See [`Gateway::secret`].
    Secret(Option<Sealed>),
    /// See [`Gateway::answer`].
    Answer(Answer),
    /// See [`Gateway::receipts`].
    Receipts(Option<Receipts>),
    /// See [`Gateway::incoming`].
    Incoming(Option<Incoming>),
    /// See [`Gateway::callback`].
    Callback(Option<Signature>),
    /// See [`Gateway::callback_secret`].
    CallbackSecret(Option<Sealed>),
}

impl GatewayPart {
    /// Whether it is a secret, of which nothing is told but that there is one.
    pub fn is_secret(&self) -> bool {
        matches!(self, GatewayPart::Secret(_) | GatewayPart::CallbackSecret(_))
    }
}

impl Gateway {
    /// What a second attempt may do.
    pub fn class(&self) -> Class {
        if self.is_idempotent { Class::Idempotent } else { Class::Blind }
    }

    /// Sets a member.
    pub fn set(&mut self, part: &GatewayPart) {
        match part.clone() {
            GatewayPart::Name(name) => self.name = name.trim().to_owned(),
            GatewayPart::Owner(owner) => self.owner = owner,
            GatewayPart::Country(country) => self.country = country,
            GatewayPart::From(from) => self.from = from,
            GatewayPart::Idempotent(is_idempotent) => self.is_idempotent = is_idempotent,
            GatewayPart::Request(request) => self.request = request,
            GatewayPart::Authentication(authentication) => self.authentication = authentication,
            GatewayPart::Secret(secret) => self.secret = secret,
            GatewayPart::Answer(answer) => self.answer = answer,
            GatewayPart::Receipts(receipts) => self.receipts = receipts,
            GatewayPart::Incoming(incoming) => self.incoming = incoming,
            GatewayPart::Callback(signature) => self.callback = signature,
            GatewayPart::CallbackSecret(secret) => self.callback_secret = secret,
        }
    }

    /// The same part as it is. An old secret is nobody's business, not even sealed.
    pub fn same(&self, part: &GatewayPart) -> GatewayPart {
        match part {
            GatewayPart::Name(_) => GatewayPart::Name(self.name.clone()),
            GatewayPart::Owner(_) => GatewayPart::Owner(self.owner),
            GatewayPart::Country(_) => GatewayPart::Country(self.country.clone()),
            GatewayPart::From(_) => GatewayPart::From(self.from.clone()),
            GatewayPart::Idempotent(_) => GatewayPart::Idempotent(self.is_idempotent),
            GatewayPart::Request(_) => GatewayPart::Request(self.request.clone()),
            GatewayPart::Authentication(_) => GatewayPart::Authentication(self.authentication.clone()),
            GatewayPart::Secret(_) => GatewayPart::Secret(None),
            GatewayPart::Answer(_) => GatewayPart::Answer(self.answer.clone()),
            GatewayPart::Receipts(_) => GatewayPart::Receipts(self.receipts.clone()),
            GatewayPart::Incoming(_) => GatewayPart::Incoming(self.incoming.clone()),
            GatewayPart::Callback(_) => GatewayPart::Callback(self.callback.clone()),
            GatewayPart::CallbackSecret(_) => GatewayPart::CallbackSecret(None),
        }
    }

    /// A secret that is set is always another one: what it was cannot be told from its sealed form.
    pub(super) fn would_change(&self, part: &GatewayPart) -> bool {
        let mut other = self.clone();
        other.set(part);
        other != *self
    }
}
