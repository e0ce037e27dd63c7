//! Mailboxes on servers, over IMAP (RFC 9051): what is new in one, and whether a message was sent from one. Nothing is changed
//! there, not even that a message was read.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_imap::types::{NameAttribute, UnsolicitedResponse};
use async_imap::{Client, Session};
use chrono::NaiveDate;
use futures_util::TryStreamExt;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::mail::pool::PASSWORD;
use super::seal::Seal;
use super::secret::Secret;
use crate::domain::channels::mailbox::{Security, Server};
use crate::limits;

/// For any answer of a server.
const ANSWER: Duration = Duration::from_secs(60);
/// Longest time without a word from the server while it is to tell of news; routers forget connections that say nothing.
const IDLE: Duration = Duration::from_secs(9 * 60);
/// Between two looks where a server does not tell of news.
const POLL: Duration = Duration::from_secs(20);

/// A server, and who we are to it.
#[derive(Clone, Debug)]
pub struct Account {
    /// A name or an address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Whom to sign in as.
    pub username: String,
    /// What proves it.
    pub password: Secret,
}

impl Account {
    /// That of a mailbox. Err says what is missing.
    pub fn of(server: &Server, seal: &Seal) -> std::result::Result<Account, String> {
        let password = match &server.password {
            Some(sealed) => seal.open(PASSWORD, &sealed.0).map_err(|error| error.to_string())?,
            None => Secret::new(""),
        };
        let username = server.username.clone().ok_or("it has no name to sign in with")?;
        Ok(Account { host: server.host.clone(), port: server.port, security: server.security, username, password })
    }
}

/// How far a folder was read. Its numbers hold as long as the server says that it is the same folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// UIDVALIDITY.
    pub validity: u32,
    /// The first UID that was not read.
    pub next: u32,
}

/// Why a server does not do what it is asked: a detail for the log, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ImapError(String);

impl From<async_imap::error::Error> for ImapError {
    fn from(error: async_imap::error::Error) -> ImapError {
        ImapError(error.to_string().chars().take(300).collect())
    }
}

type Result<T> = std::result::Result<T, ImapError>;

trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Debug> Wire for T {}

/// A connection that is signed in.
#[derive(Debug)]
pub struct Connection {
    /// None only while the server is to tell of news.
    session: Option<Session<Box<dyn Wire>>>,
    tells_news: bool,
}

/// Bounds the wait for a server.
async fn answer<T, E: Into<ImapError>>(asked: impl Future<Output = std::result::Result<T, E>>) -> Result<T> {
    match tokio::time::timeout(ANSWER, asked).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_) => Err(ImapError(format!("no answer within {} seconds", ANSWER.as_secs()))),
    }
}

/// Trusts the public authorities of the web.
fn tls() -> Result<TlsConnector> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ImapError(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn protect(plain: TcpStream, host: &str) -> Result<Box<dyn Wire>> {
    let failed = |error: std::io::Error| ImapError(format!("no protected connection: {error}"));
    let name = ServerName::try_from(host.to_owned()).map_err(|error| ImapError(error.to_string()))?;
    Ok(Box::new(tls()?.connect(name, plain).await.map_err(failed)?))
}

impl Connection {
    /// Connects and signs in.
    pub async fn open(account: &Account) -> Result<Connection> {
        let opened = async {
            let connected = TcpStream::connect((account.host.as_str(), account.port)).await;
            let plain = connected.map_err(|error| ImapError(format!("no connection: {error}")))?;
            let (wire, greeted): (Box<dyn Wire>, bool) = match account.security {
                Security::None => (Box::new(plain), false),
                Security::Tls => (protect(plain, &account.host).await?, false),
                Security::Starttls => {
                    let mut client = Client::new(plain);
                    greeting(&mut client).await?;
                    client.run_command_and_check_ok("STARTTLS", None).await?;
                    (protect(client.into_inner(), &account.host).await?, true)
                }
            };
            let mut client = Client::new(wire);
            if !greeted {
                greeting(&mut client).await?;
            }
            let signed_in = client.login(&account.username, account.password.expose()).await;
            let mut session = signed_in.map_err(|(error, _)| error)?;
            let tells_news = session.capabilities().await?.has_str("IDLE");
            Ok(Connection { session: Some(session), tells_news })
        };
        answer::<_, ImapError>(opened).await
    }

    /// Whether the server tells of news by itself.
    pub fn tells_news(&self) -> bool {
        self.tells_news
    }

    fn session(&mut self) -> Result<&mut Session<Box<dyn Wire>>> {
        self.session.as_mut().ok_or_else(|| ImapError("the connection is lost".into()))
    }

    /// The messages of the inbox that were not read yet, in order, and how far it is read with them. Where nothing is known
    /// of it, those that came since `oldest`.
    pub async fn unread(&mut self, read: Option<Cursor>, oldest: NaiveDate) -> Result<(Vec<u32>, Cursor)> {
        let session = self.session()?;
        let inbox = answer(session.examine("INBOX")).await?;
        let validity = inbox.uid_validity.unwrap_or_default();
        let read = read.filter(|read| read.validity == validity);
        let query = match read {
            Some(read) => format!("UID {}:*", read.next),
            None => format!("SINCE {}", oldest.format("%d-%b-%Y")),
        };
        let from = read.map_or(1, |read| read.next);
        // A range that ends on `*` always has the last message, read or not.
        let found: BTreeSet<u32> =
            answer(session.uid_search(query)).await?.into_iter().filter(|uid| *uid >= from).collect();
        let behind = found.last().map_or(from, |last| last.saturating_add(1));
        let next = behind.max(inbox.uid_next.filter(|_| read.is_none() && found.is_empty()).unwrap_or(0));
        Ok((found.into_iter().collect(), Cursor { validity, next }))
    }

    /// What is read of a message, or nothing where it is gone.
    pub async fn read(&mut self, uid: u32) -> Result<Option<Vec<u8>>> {
        let query = format!("(UID BODY.PEEK[]<0.{}>)", limits::INCOMING_READ_MAX);
        let session = self.session()?;
        let fetched = async {
            let fetched: Vec<_> = session.uid_fetch(uid.to_string(), query).await?.try_collect().await?;
            Ok::<_, async_imap::error::Error>(fetched)
        };
        let fetched = answer(fetched).await?;
        Ok(fetched
            .iter()
            .filter(|message| message.uid == Some(uid))
            .find_map(|message| message.body().map(<[u8]>::to_vec)))
    }

    /// Waits until there may be something new, or for some minutes.
    pub async fn news(&mut self) -> Result<()> {
        if !self.tells_news {
            tokio::time::sleep(POLL).await;
            return answer(self.session()?.noop()).await;
        }
        let session = self.session.take().ok_or_else(|| ImapError("the connection is lost".into()))?;
        let told = session.unsolicited_responses.clone();
        let is_told =
            || std::iter::from_fn(|| told.try_recv().ok()).any(|told| matches!(told, UnsolicitedResponse::Exists(_)));
        let mut idle = session.idle();
        answer(idle.init()).await?;
        // What the server said before it was to tell of news counts as well.
        if !is_told() {
            idle.wait_with_timeout(IDLE).0.await?;
        }
        self.session = Some(answer(idle.done()).await?);
        Ok(())
    }

    /// Whether one of the folders for sent messages has one of this Message-ID.
    pub async fn has_sent(&mut self, message_id: &str) -> Result<bool> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@.-_".contains(&byte);
        if message_id.is_empty() || !message_id.bytes().all(is_plain) {
            return Err(ImapError("not a Message-ID of ours".into()));
        }
        let session = self.session()?;
        for folder in sent_folders(session).await? {
            answer(session.examine(&folder)).await?;
            let query = format!("HEADER Message-ID \"<{message_id}>\"");
            if !answer(session.uid_search(query)).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a message was sent from this account, as its server knows it.
pub async fn has_sent(account: &Account, message_id: &str) -> Result<bool> {
    Connection::open(account).await?.has_sent(message_id).await
}

async fn greeting<T: AsyncRead + AsyncWrite + Unpin + Send + Debug>(client: &mut Client<T>) -> Result<()> {
    let greeted = client.read_response().await.map_err(|error| ImapError(error.to_string()))?;
    greeted.map(|_| ()).ok_or_else(|| ImapError("the server closed the connection".into()))
}

/// The folders that the server marks (RFC 6154), or else those that programs commonly make.
async fn sent_folders(session: &mut Session<Box<dyn Wire>>) -> Result<Vec<String>> {
    const NAMES: [&str; 8] =
        ["sent", "sent items", "sent messages", "sent mail", "enviados", "enviadas", "gesendet", "gesendete elemente"];
    let listed = async { session.list(Some(""), Some("*")).await?.try_collect::<Vec<_>>().await };
    let listed = answer(listed).await?;
    let marked: Vec<String> = listed
        .iter()
        .filter(|name| name.attributes().iter().any(|attribute| matches!(attribute, NameAttribute::Sent)))
        .map(|name| name.name().to_owned())
        .collect();
    if !marked.is_empty() {
        return Ok(marked);
    }
    let is_sent =
        |name: &str| NAMES.contains(&name.rsplit(['/', '.']).next().unwrap_or_default().to_lowercase().as_str());
    Ok(listed.iter().map(|name| name.name().to_owned()).filter(|name| is_sent(name)).collect())
}
