//! A mailbox as clients write and read it. Passwords only come in, and are sealed on the way.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::connector::seal::Seal;
use crate::connector::secret::Secret;
use crate::domain::channels::mailbox::{Caps, Mailbox, MailboxPart, Sealed, Security, Server, ServerPart};
use crate::domain::record::Problem as Fault;
use crate::id::MailboxId;
use crate::limits;
use crate::web::problem::Problem;
use crate::web::request::{object, present};
use crate::web::wire::record::Owner;

/// What passwords of mailboxes are sealed for.
pub const PASSWORD: &str = "mailbox password";

/// How a connection is protected: not at all (only on this machine where a password goes over it), from the command STARTTLS on,
/// or from the first byte on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecurityBody {
    /// Not at all.
    None,
    /// From STARTTLS on.
    Starttls,
    /// From the first byte on.
    Tls,
}

/// A server, and who we are to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerView {
    host: String,
    port: u16,
    security: SecurityBody,
    username: Option<String>,
    /// Whether there is a password; it is never shown.
    has_password: bool,
}

/// How many messages may leave within an hour and a day; null is no bound.
#[derive(Debug, Serialize, ToSchema)]
pub struct CapsView {
    per_hour: Option<u32>,
    per_day: Option<u32>,
}

/// A mailbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailboxView {
    id: String,
    /// What recipients read beside the address.
    name: String,
    address: String,
    /// Whose it is; null is everybody's.
    owner: Option<Owner>,
    smtp: ServerView,
    imap: Option<ServerView>,
    caps: CapsView,
}

/// A server to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewServer {
    /// A name or an address.
    host: String,
    /// 1–65535.
    #[serde(deserialize_with = "port")]
    #[schema(value_type = u16, minimum = 1)]
    port: u16,
    security: SecurityBody,
    /// Nobody is signed in where there is none.
    username: Option<String>,
    /// At most 4,000 bytes; kept sealed and never shown.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Secret>,
}

/// How many messages may leave within an hour and a day: 1 to 1,000,000; null is no bound.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CapsBody {
    #[serde(default, deserialize_with = "cap")]
    #[schema(value_type = Option<u32>)]
    per_hour: Option<Option<u32>>,
    #[serde(default, deserialize_with = "cap")]
    #[schema(value_type = Option<u32>)]
    per_day: Option<Option<u32>>,
}

/// A mailbox to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMailbox {
    /// What recipients read beside the address; at most 100 characters.
    name: String,
    /// Where messages come from; no other mailbox may have it.
    address: String,
    /// Whose it is; everybody's where there is none.
    owner: Option<Owner>,
    /// Where messages leave.
    #[serde(deserialize_with = "server")]
    smtp: NewServer,
    /// Where answers arrive, and sent messages can be looked up.
    #[serde(default, deserialize_with = "object")]
    imap: Option<NewServer>,
    #[serde(default, deserialize_with = "object")]
    caps: Option<CapsBody>,
}

/// What may be written of a server. The password has to be given again where it would go elsewhere than before.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerBody {
    host: Option<String>,
    #[serde(default, deserialize_with = "maybe_port")]
    #[schema(value_type = Option<u16>, minimum = 1)]
    port: Option<u16>,
    security: Option<SecurityBody>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    username: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Option<Secret>>,
}

/// What may be written of a mailbox.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailboxBody {
    name: Option<String>,
    address: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Owner>)]
    owner: Option<Option<Owner>>,
    #[serde(default, deserialize_with = "object")]
    smtp: Option<ServerBody>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "given_server")]
    #[schema(value_type = Option<ServerBody>)]
    imap: Option<Option<ServerBody>>,
    #[serde(default, deserialize_with = "object")]
    caps: Option<CapsBody>,
}

fn server<'de, D: Deserializer<'de>>(from: D) -> Result<NewServer, D::Error> {
    object(from)?.ok_or_else(|| serde::de::Error::custom("a mailbox needs a server that its messages leave through"))
}

fn given_server<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<ServerBody>>, D::Error> {
    object(from).map(Some)
}

/// A whole number of at most `max`, however it is written: 25 and 25.0 are the same in JSON.
fn whole<'de, D: Deserializer<'de>>(from: D, max: u32) -> Result<Option<u32>, D::Error> {
    let Some(number) = Option::<f64>::deserialize(from)? else { return Ok(None) };
    match number.fract() == 0.0 && (0.0..=f64::from(max)).contains(&number) {
        true => Ok(Some(number as u32)),
        false => Err(serde::de::Error::custom(format!("{number} is no whole number between 0 and {max}"))),
    }
}

fn maybe_port<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    Ok(whole(from, u16::MAX.into())?.map(|port| port as u16))
}

fn port<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    maybe_port(from)?.ok_or_else(|| serde::de::Error::custom("a server has a port"))
}

fn cap<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<u32>>, D::Error> {
    whole(from, u32::MAX).map(Some)
}

impl From<Security> for SecurityBody {
    fn from(security: Security) -> SecurityBody {
        match security {
            Security::None => SecurityBody::None,
            Security::Starttls => SecurityBody::Starttls,
            Security::Tls => SecurityBody::Tls,
        }
    }
}

impl From<SecurityBody> for Security {
    fn from(security: SecurityBody) -> Security {
        match security {
            SecurityBody::None => Security::None,
            SecurityBody::Starttls => Security::Starttls,
            SecurityBody::Tls => Security::Tls,
        }
    }
}

impl From<&Server> for ServerView {
    fn from(server: &Server) -> ServerView {
        let Server { host, port, security, username, password } = server;
        let (host, username, has_password) = (host.clone(), username.clone(), password.is_some());
        ServerView { host, port: *port, security: (*security).into(), username, has_password }
    }
}

impl MailboxView {
    /// A mailbox without its secrets.
    pub fn of(id: MailboxId, mailbox: &Mailbox) -> MailboxView {
        let Caps { per_hour, per_day } = mailbox.caps;
        MailboxView {
            id: id.to_string(),
            name: mailbox.name.clone(),
            address: mailbox.address.clone(),
            owner: mailbox.owner.map(Owner::from),
            smtp: (&mailbox.smtp).into(),
            imap: mailbox.imap.as_ref().map(ServerView::from),
            caps: CapsView { per_hour, per_day },
        }
    }
}

impl From<NewServer> for ServerBody {
    fn from(server: NewServer) -> ServerBody {
        let NewServer { host, port, security, username, password } = server;
        let (username, password) = (username.map(Some), password.map(Some));
        ServerBody { host: Some(host), port: Some(port), security: Some(security), username, password }
    }
}

impl From<NewMailbox> for MailboxBody {
    fn from(mailbox: NewMailbox) -> MailboxBody {
        let NewMailbox { name, address, owner, smtp, imap, caps } = mailbox;
        MailboxBody {
            name: Some(name),
            address: Some(address),
            owner: owner.map(Some),
            smtp: Some(smtp.into()),
            imap: imap.map(|imap| Some(imap.into())),
            caps,
        }
    }
}

impl ServerBody {
    fn parts(self, seal: &Seal, pointer: &str) -> Result<Vec<ServerPart>, Problem> {
        let ServerBody { host, port, security, username, password } = self;
        let password =
            password.map(|password| password.map(|password| sealed(seal, PASSWORD, &password, pointer)).transpose());
        let parts = [
            host.map(ServerPart::Host),
            port.map(ServerPart::Port),
            security.map(|security| ServerPart::Security(security.into())),
            username.map(ServerPart::Username),
            password.transpose()?.map(ServerPart::Password),
        ];
        Ok(parts.into_iter().flatten().collect())
    }
}

/// A secret that came in, as it is stored. It is sealed for one use.
pub(super) fn sealed(seal: &Seal, purpose: &str, password: &Secret, pointer: &str) -> Result<Sealed, Problem> {
    let text = password.expose();
    let fault = match () {
        () if text.is_empty() => Some(("empty", "is empty; leave it out or give null to clear it".to_owned())),
        () if text.len() > limits::MAILBOX_PASSWORD_MAX => {
            Some(("too_long", format!("a password has at most {} bytes", limits::MAILBOX_PASSWORD_MAX)))
        }
        () if text.chars().any(char::is_control) => Some(("control_character", "holds a control character".to_owned())),
        () => None,
    };
    if let Some((code, detail)) = fault {
        return Err(Problem::invalid(vec![Fault { pointer: pointer.into(), code, detail }]));
    }
    seal.seal(purpose, password).map(Sealed).map_err(|error| Problem::new("unavailable", error.to_string()))
}

impl MailboxBody {
    /// What the members change, with passwords sealed. Whether the values fit is judged by the channels.
    pub fn parts(self, seal: &Seal) -> Result<Vec<MailboxPart>, Problem> {
        let MailboxBody { name, address, owner, smtp, imap, caps } = self;
        let owner = owner.map(|owner| owner.map(|owner| owner.read()).transpose()).transpose()?;
        let mut parts: Vec<MailboxPart> =
            [name.map(MailboxPart::Name), address.map(MailboxPart::Address), owner.map(MailboxPart::Owner)]
                .into_iter()
                .flatten()
                .collect();
        let smtp = smtp.unwrap_or_default().parts(seal, "/smtp/password")?;
        parts.extend(smtp.into_iter().map(MailboxPart::Smtp));
        match imap {
            None => {}
            Some(None) => parts.push(MailboxPart::NoImap),
            Some(Some(imap)) => {
                parts.extend(imap.parts(seal, "/imap/password")?.into_iter().map(MailboxPart::Imap));
            }
        }
        let caps = caps.unwrap_or_default();
        parts.extend(caps.per_hour.map(MailboxPart::PerHour));
        parts.extend(caps.per_day.map(MailboxPart::PerDay));
        Ok(parts)
    }
}
