//! A mailbox: the address that messages come from, the servers behind it, and how much may leave through it.

use serde::{Deserialize, Serialize};

use crate::domain::policy::Person;
use crate::domain::record::Problem;
use crate::domain::record::schema::{Fault, Owner, email_fault, text_fault};
use crate::limits;

/// A password as it is stored: sealed under a key that the store does not have, so that it may be copied with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

/// How a connection to a server is protected. Stored: variants are only ever appended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Not at all: for a server on this machine.
    None,
    /// From the command STARTTLS on, and not without it.
    Starttls,
    /// From the first byte on.
    #[default]
    Tls,
}

/// A server, and who we are to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Server {
    /// A name or an address.
    pub host: String,
    /// 1–65535.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Whom to sign in as; nobody where there is none.
    pub username: Option<String>,
    /// What proves it.
    pub password: Option<Sealed>,
}

/// How many messages may leave within an hour and a day of 24 hours; no bound where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Caps {
    /// 1–[`limits::MAILBOX_CAP_MAX`].
    pub per_hour: Option<u32>,
    /// The same.
    pub per_day: Option<u32>,
}

/// The state of a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// What the recipient reads beside the address.
    pub name: String,
    /// Where messages come from; unique among the mailboxes.
    pub address: String,
    /// Whose it is; everybody's where there is none.
    pub owner: Option<Owner>,
    /// Where messages leave.
    pub smtp: Server,
    /// Where answers arrive, and sent messages can be looked up.
    pub imap: Option<Server>,
    /// How many may leave.
    pub caps: Caps,
    /// Changes so far; 1 when it was added.
    pub version: u32,
}

/// A member of a server set to a value. Stored: variants are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerPart {
    /// See [`Server::host`].
    Host(String),
    /// See [`Server::port`].
    Port(u16),
    /// See [`Server::security`].
    Security(Security),
    /// See [`Server::username`].
    Username(Option<String>),
    /// See [`Server::password`].
    Password(Option<Sealed>),
}

/// A member of a mailbox set to a value. Stored: variants are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MailboxPart {
    /// See [`Mailbox::name`].
    Name(String),
    /// See [`Mailbox::address`].
    Address(String),
    /// See [`Mailbox::owner`].
    Owner(Option<Owner>),
    /// See [`Mailbox::smtp`].
    Smtp(ServerPart),
    /// See [`Mailbox::imap`]; where there is none, there is one now.
    Imap(ServerPart),
    /// There is no [`Mailbox::imap`] any more.
    NoImap,
    /// See [`Caps::per_hour`].
    PerHour(Option<u32>),
    /// See [`Caps::per_day`].
    PerDay(Option<u32>),
}

impl Server {
    fn set(&mut self, part: &ServerPart) {
        match part.clone() {
            ServerPart::Host(host) => self.host = host,
            ServerPart::Port(port) => self.port = port,
            ServerPart::Security(security) => self.security = security,
            ServerPart::Username(username) => self.username = username,
            ServerPart::Password(password) => self.password = password,
        }
    }

    /// The same part as it is. An old password is nobody's business, not even sealed.
    fn same(&self, part: &ServerPart) -> ServerPart {
        match part {
            ServerPart::Host(_) => ServerPart::Host(self.host.clone()),
            ServerPart::Port(_) => ServerPart::Port(self.port),
            ServerPart::Security(_) => ServerPart::Security(self.security),
            ServerPart::Username(_) => ServerPart::Username(self.username.clone()),
            ServerPart::Password(_) => ServerPart::Password(None),
        }
    }

    /// Whether it is on this machine, where nobody listens in.
    fn is_here(&self) -> bool {
        match self.host.parse::<std::net::IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host == "localhost",
        }
    }

    /// Whether a password for the one can be given to the other.
    fn is_trusted_like(&self, other: &Server) -> bool {
        (&self.host, self.port, self.security) == (&other.host, other.port, other.security)
    }

    /// `before` is the server that this one takes the place of, `parts` what was said of it.
    fn problems(&self, root: &str, before: Option<&Server>, parts: &[&ServerPart]) -> Vec<Problem> {
        let kept = self.password.is_some() && !parts.iter().any(|part| matches!(part, ServerPart::Password(_)));
        let moved = kept && before.is_some_and(|before| !self.is_trusted_like(before));
        let mut problems = self.faults(root);
        if moved {
            let detail = "give the password again: it would go to another server than before".into();
            problems.push(Problem { pointer: format!("{root}/password"), code: "password_needed", detail });
        }
        problems
    }

    /// Everything that does not fit in itself; `root` is where it stands.
    pub fn faults(&self, root: &str) -> Vec<Problem> {
        let at = |member: &str, fault: Option<Fault>| {
            fault.map(|(code, detail)| Problem { pointer: format!("{root}{member}"), code, detail })
        };
        let has_password = self.password.is_some();
        let open = has_password && self.security == Security::None && !self.is_here();
        let port = (self.port == 0).then(|| ("out_of_range", "a port lies between 1 and 65535".to_owned()));
        let username = self.username.as_deref().and_then(|name| text_fault(name, limits::MAILBOX_LOGIN_MAX, false));
        let nobody = (has_password && self.username.is_none())
            .then(|| ("missing", "a password needs the name that it belongs to".to_owned()));
        let detail = || "a password goes over the network only with `starttls` or `tls`".to_owned();
        let password = open.then(|| ("insecure", detail()));
        let faults = [
            at("/host", host_fault(&self.host)),
            at("/port", port),
            at("/username", username.or(nobody)),
            at("/password", password),
        ];
        faults.into_iter().flatten().collect()
    }
}

/// What is wrong with the name or address of a server.
fn host_fault(host: &str) -> Option<Fault> {
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let is_label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_name = host.len() <= 253 && host.split('.').all(is_label);
    let detail = || format!("`{host}` is neither the name of a host, such as mail.example.com, nor an address");
    (!is_address && !is_name).then(|| ("host_invalid", detail()))
}

/// What is wrong with an address that messages come from: it stands in headers and in the dialogue with servers, where
/// anything but the plain form has surprised some program.
pub fn sender_fault(address: &str) -> Option<Fault> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>()[]\\,;:\"".contains(&byte);
    let domain = address.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
    let plain = address.len() <= limits::MAILBOX_ADDRESS_MAX
        && address.bytes().all(is_plain)
        && address.matches('@').count() == 1
        && host_fault(domain).is_none();
    let detail = || format!("`{address}` is not a plain e-mail address, such as sales@example.com");
    email_fault(address).or_else(|| (!plain).then(|| ("email_invalid", detail())))
}

impl Mailbox {
    /// Sets a member.
    pub fn set(&mut self, part: &MailboxPart) {
        match part {
            MailboxPart::Name(name) => self.name = name.trim().to_owned(),
            MailboxPart::Address(address) => self.address = address.trim().to_owned(),
            MailboxPart::Owner(owner) => self.owner = *owner,
            MailboxPart::Smtp(part) => self.smtp.set(part),
            MailboxPart::Imap(part) => self.imap.get_or_insert_default().set(part),
            MailboxPart::NoImap => self.imap = None,
            MailboxPart::PerHour(cap) => self.caps.per_hour = *cap,
            MailboxPart::PerDay(cap) => self.caps.per_day = *cap,
        }
    }

    /// The same part as it is; without a password, see [`Server`].
    pub fn same(&self, part: &MailboxPart) -> MailboxPart {
        let imap = |part| self.imap.as_ref().map_or(MailboxPart::NoImap, |imap| MailboxPart::Imap(imap.same(part)));
        match part {
            MailboxPart::Name(_) => MailboxPart::Name(self.name.clone()),
            MailboxPart::Address(_) => MailboxPart::Address(self.address.clone()),
            MailboxPart::Owner(_) => MailboxPart::Owner(self.owner),
            MailboxPart::Smtp(part) => MailboxPart::Smtp(self.smtp.same(part)),
            MailboxPart::Imap(part) => imap(part),
            MailboxPart::NoImap => imap(&ServerPart::Host(String::new())),
            MailboxPart::PerHour(_) => MailboxPart::PerHour(self.caps.per_hour),
            MailboxPart::PerDay(_) => MailboxPart::PerDay(self.caps.per_day),
        }
    }

    /// Whether somebody may know of it: administrators of all, others of what is shared, their own or their teams'.
    pub fn is_seen_by(&self, person: &Person) -> bool {
        person.may_all(crate::domain::permission::Permission::SetUp) || self.owner.is_none_or(|owner| person.is(owner))
    }

    /// Everything that does not fit, at once, but for whether its owner exists and its address is free.
    pub(super) fn problems(&self, before: Option<&Mailbox>, parts: &[MailboxPart]) -> Vec<Problem> {
        let at = |pointer: &str, fault: Option<Fault>| {
            fault.map(|(code, detail)| Problem { pointer: pointer.into(), code, detail })
        };
        let cap = |cap: Option<u32>| {
            let outside = cap.is_some_and(|cap| !(1..=limits::MAILBOX_CAP_MAX).contains(&cap));
            outside.then(|| ("out_of_range", format!("a cap lies between 1 and {}", limits::MAILBOX_CAP_MAX)))
        };
        let smtp: Vec<_> = parts.iter().filter_map(MailboxPart::smtp).collect();
        let imap: Vec<_> = parts.iter().filter_map(MailboxPart::imap).collect();
        let mut problems: Vec<Problem> = [
            at("/name", text_fault(&self.name, limits::MAILBOX_NAME_MAX, false)),
            at("/address", sender_fault(&self.address)),
            at("/caps/per_hour", cap(self.caps.per_hour)),
            at("/caps/per_day", cap(self.caps.per_day)),
        ]
        .into_iter()
        .flatten()
        .collect();
        problems.extend(self.smtp.problems("/smtp", before.map(|before| &before.smtp), &smtp));
        if let Some(server) = &self.imap {
            problems.extend(server.problems("/imap", before.and_then(|before| before.imap.as_ref()), &imap));
        }
        problems
    }
}

impl MailboxPart {
    fn smtp(&self) -> Option<&ServerPart> {
        match self {
            MailboxPart::Smtp(part) => Some(part),
            _ => None,
        }
    }

    fn imap(&self) -> Option<&ServerPart> {
        match self {
            MailboxPart::Imap(part) => Some(part),
            _ => None,
        }
    }

    /// What somebody may write of their own mailbox: how they sign their letters, and how they sign in (P-19). Where its
    /// servers are is for administrators, because a server that is named here is connected to from inside.
    pub(super) fn is_ones_own(&self) -> bool {
        match self {
            MailboxPart::Name(_) => true,
            MailboxPart::Smtp(part) | MailboxPart::Imap(part) => {
                matches!(part, ServerPart::Username(_) | ServerPart::Password(_))
            }
            MailboxPart::Address(_)
            | MailboxPart::Owner(_)
            | MailboxPart::NoImap
            | MailboxPart::PerHour(_)
            | MailboxPart::PerDay(_) => false,
        }
    }
}
