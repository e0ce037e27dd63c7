//! One conversation with an SMTP server, command by command, so that the outcome of each message is known exactly: what
//! fails before the end of its data can be tried again, what is not answered after it may have been taken (RFC 1047).

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::time::timeout;

use crate::connector::DeliveryError;
use crate::connector::secret::Secret;
use crate::domain::channels::mailbox::Security;
use crate::limits;

/// How long a server may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, and for each answer but the last.
    pub reply: Duration,
    /// For the answer to the end of a message's data: RFC 5321 asks for ten minutes, because whoever goes earlier does not
    /// know whether the message was taken.
    pub end_of_data: Duration,
}

/// Where to connect to, and as whom.
#[derive(Clone, Debug)]
pub struct Target {
    /// A name or an address.
    pub host: String,
    /// 1–65535.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Name and password, where somebody is to be signed in.
    pub login: Option<(String, Secret)>,
}

/// A message as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Where bounces go.
    pub from: Address,
    /// Where it goes.
    pub to: Address,
    /// Header and body.
    pub bytes: Vec<u8>,
}

/// A connection that is signed in and between two messages.
pub struct Connection {
    inner: AsyncSmtpConnection,
    patience: Patience,
    /// Nothing more can be said over it.
    is_broken: bool,
}

/// What went wrong before the server was told that a message is complete.
struct Trouble {
    error: DeliveryError,
    /// Whether the server may be talked to further.
    goes_on: bool,
}

impl Connection {
    /// Connects, protects the connection and signs in. Whatever fails here says nothing of any message: it is always
    /// [`DeliveryError::Temporary`].
    pub async fn open(target: &Target, tls: TlsParameters, patience: Patience) -> Result<Connection, DeliveryError> {
        let server = format!("{}:{}", target.host, target.port);
        let opening = Self::converse(target, tls, patience);
        // Each step of it may take as long as an answer; together they may not take much longer.
        let opened = match timeout(patience.reply * 3, opening).await {
            Ok(opened) => opened,
            Err(_) => Err("no answer in time".into()),
        };
        opened.map_err(|why| DeliveryError::Temporary(format!("{server}: {why}")))
    }

    async fn converse(target: &Target, tls: TlsParameters, patience: Patience) -> Result<Connection, String> {
        let hello = ClientId::default();
        let at_once = (target.security == Security::Tls).then(|| tls.clone());
        let address = (target.host.as_str(), target.port);
        let said = |doing: &str| {
            let doing = doing.to_owned();
            move |error: Error| told(&doing, &error)
        };
        let connecting = AsyncSmtpConnection::connect_tokio1(address, Some(patience.reply), &hello, at_once, None);
        let mut inner = in_time(patience.reply * 2, connecting).await?.map_err(said("connecting"))?;
        if target.security == Security::Starttls {
            if !inner.can_starttls() {
                return Err("the server offers no STARTTLS".into());
            }
            in_time(patience.reply, inner.starttls(tls, &hello)).await?.map_err(said("STARTTLS"))?;
        }
        if let Some((name, password)) = &target.login {
            let login = Credentials::new(name.clone(), password.expose().to_owned());
            let signing_in = inner.auth(&[Mechanism::Plain, Mechanism::Login], &login);
            in_time(patience.reply, signing_in).await?.map_err(said("signing in"))?;
        }
        Ok(Connection { inner, patience, is_broken: false })
    }

    /// Whether the server still answers; a connection that was kept may have been closed by it. Forgets what was begun.
    pub async fn is_alive(&mut self) -> bool {
        let answer = self.command("RSET", Rset).await;
        answer.is_ok_and(|answer| answer.code().severity == Severity::PositiveCompletion)
    }

    /// Whether it can carry another message.
    pub fn is_usable(&self) -> bool {
        !self.is_broken
    }

    /// Asks for nothing in particular; Err is a sentence.
    pub async fn probe(&mut self) -> Result<String, DeliveryError> {
        let answer = self.command("NOOP", Noop).await.map_err(|trouble| trouble.error)?;
        Ok(answered(&answer))
    }

    /// Says good-bye, and waits little for an answer.
    pub async fn close(mut self) {
        if !self.is_broken {
            let _ = timeout(Duration::from_secs(1).min(self.patience.reply), self.inner.command(Quit)).await;
        }
    }

    /// Hands over one message; the answer with which the server took it.
    pub async fn send(&mut self, letter: &Letter) -> Result<String, DeliveryError> {
        if let Err(trouble) = self.announce(letter).await {
            self.is_broken |= !trouble.goes_on;
            return Err(trouble.error);
        }
        // Until the message is through and answered, nothing else may be said.
        self.is_broken = true;
        self.hand_over(&letter.bytes).await
    }

    /// All that comes before the data.
    async fn announce(&mut self, letter: &Letter) -> Result<(), Trouble> {
        let mut options = Vec::new();
        let is_foreign = !AsRef::<str>::as_ref(&letter.to).is_ascii() || !AsRef::<str>::as_ref(&letter.from).is_ascii();
        let refused = |detail: &str| Trouble { error: DeliveryError::Permanent(detail.into()), goes_on: true };
        if is_foreign {
            if !self.inner.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(refused("the server takes no addresses with letters beyond ASCII (SMTPUTF8)"));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        if !letter.bytes.is_ascii() {
            if !self.inner.server_info().supports_feature(Extension::EightBitMime) {
                return Err(refused("the server takes no text with letters beyond ASCII (8BITMIME)"));
            }
            options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        self.say("MAIL", Mail::new(Some(letter.from.clone()), options), Severity::PositiveCompletion).await?;
        let recipient = self.say("RCPT", Rcpt::new(letter.to.clone(), vec![]), Severity::PositiveCompletion).await;
        recipient.map_err(|trouble| match trouble.error {
            DeliveryError::Permanent(detail) if is_of_recipient(&detail) => {
                Trouble { error: DeliveryError::Refused(detail), ..trouble }
            }
            _ => trouble,
        })?;
        self.say("DATA", Data, Severity::PositiveIntermediate).await?;
        Ok(())
    }

    /// The data, and what the server says to its end.
    async fn hand_over(&mut self, bytes: &[u8]) -> Result<String, DeliveryError> {
        // The end of data begins with the end of a line.
        let bytes = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
        let is_through = AtomicBool::new(false);
        let parts = Parts { rest: bytes, is_through: &is_through };
        let mut handing = std::pin::pin!(self.inner.message_iter(parts));
        // The server gets the time of an answer for every part that it reads, then its long time for the end.
        let answer = loop {
            let was_through = is_through.load(Ordering::Acquire);
            let patience = if was_through { self.patience.end_of_data } else { self.patience.reply };
            match timeout(patience, handing.as_mut()).await {
                Ok(answer) => break answer,
                Err(_) if was_through => {
                    let seconds = patience.as_secs_f32();
                    return Err(DeliveryError::Unknown(format!("end of data: no answer within {seconds} seconds")));
                }
                Err(_) if is_through.load(Ordering::Acquire) => {}
                Err(_) => return Err(DeliveryError::Temporary("DATA: the server stopped reading".into())),
            }
        };
        match answer {
            Ok(answer) if answer.code().severity == Severity::PositiveCompletion => {
                self.is_broken = false;
                Ok(answered(&answer))
            }
            Ok(answer) => Err(DeliveryError::Unknown(format!("end of data: {}", answered(&answer)))),
            Err(error) if !is_through.load(Ordering::Acquire) => Err(DeliveryError::Temporary(told("DATA", &error))),
            Err(error) => {
                let is_definite = error.is_transient() || error.is_permanent();
                self.is_broken = !is_definite || is_last(&error);
                let detail = told("end of data", &error);
                Err(match () {
                    () if error.is_transient() => DeliveryError::Temporary(detail),
                    () if error.is_permanent() => DeliveryError::Permanent(detail),
                    () => DeliveryError::Unknown(detail),
                })
            }
        }
    }

    async fn say(&mut self, doing: &str, command: impl Display, severity: Severity) -> Result<(), Trouble> {
        let answer = self.command(doing, command).await?;
        match answer.code().severity == severity {
            true => Ok(()),
            false => {
                let error = DeliveryError::Temporary(format!("{doing}: {} is no answer to it", answered(&answer)));
                Err(Trouble { error, goes_on: false })
            }
        }
    }

    async fn command(&mut self, doing: &str, command: impl Display) -> Result<Response, Trouble> {
        match in_time(self.patience.reply, self.inner.command(command)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                let goes_on = (error.is_transient() || error.is_permanent()) && !is_last(&error);
                let detail = told(doing, &error);
                let is_permanent = error.is_permanent();
                let error =
                    if is_permanent { DeliveryError::Permanent(detail) } else { DeliveryError::Temporary(detail) };
                Err(Trouble { error, goes_on })
            }
            Err(why) => Err(Trouble { error: DeliveryError::Temporary(format!("{doing}: {why}")), goes_on: false }),
        }
    }
}

/// The parts of a message; notes when all of them were given, because what is written then is the end of data.
struct Parts<'a> {
    rest: &'a [u8],
    is_through: &'a AtomicBool,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            self.is_through.store(true, Ordering::Release);
            return None;
        }
        let (part, rest) = self.rest.split_at(self.rest.len().min(limits::SMTP_PART_BYTES));
        self.rest = rest;
        Some(part)
    }
}

async fn in_time<T>(patience: Duration, work: impl Future<Output = T>) -> Result<T, String> {
    timeout(patience, work).await.map_err(|_| format!("no answer within {} seconds", patience.as_secs_f32()))
}

/// 421: the server closes the connection with it, whatever it was asked.
fn is_last(error: &Error) -> bool {
    error.status().is_some_and(|code| u16::from(code) == 421)
}

/// Whether a refusal of a recipient is about the recipient, and not about us: by its enhanced status (RFC 3463), else by its
/// code.
fn is_of_recipient(detail: &str) -> bool {
    let mut words = detail.split_whitespace().skip(1);
    let code = words.next().unwrap_or_default();
    let status = words.next().filter(|status| status.starts_with("5.") && status.matches('.').count() == 2);
    match status {
        Some(status) => status.starts_with("5.1.") || status.starts_with("5.2."),
        None => matches!(code, "550" | "551" | "553"),
    }
}

/// An answer on one line, as much of it as fits into a row.
fn answered(answer: &Response) -> String {
    line(&format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" ")))
}

/// What the server or the network said to what was done.
fn told(doing: &str, error: &Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) => line(&format!("{doing}: {code} {source}")),
        None if source.is_empty() => line(&format!("{doing}: {error}")),
        None => line(&format!("{doing}: {source}")),
    }
}

fn line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|character| !character.is_control()).take(limits::DELIVERY_DETAIL_MAX).collect()
}
