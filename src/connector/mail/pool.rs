//! The connections of each mailbox: a few at most, kept for a while, because signing in takes longer than a message.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters, TlsParametersBuilder};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use super::smtp::{Connection, Letter, Patience, Target};
use crate::connector::DeliveryError;
use crate::connector::seal::Seal;
use crate::domain::channels::mailbox::{Mailbox, Server};
use crate::limits;

/// How long a connection is kept that nobody uses; servers close theirs after some minutes.
const IDLE: Duration = Duration::from_secs(30);

/// What the password of a mailbox is sealed for.
pub const PASSWORD: &str = "mailbox password";

/// Carries messages to the servers of mailboxes.
#[derive(Clone)]
pub struct Carrier(Arc<Inner>);

struct Inner {
    seal: Arc<Seal>,
    patience: Patience,
    authorities: Vec<Certificate>,
    /// By address and server: a mailbox that moves gets new ones.
    pools: Mutex<HashMap<(String, Server), Arc<Pool>>>,
    is_sweeping: AtomicBool,
}

/// The connections of one mailbox.
struct Pool {
    target: Target,
    tls: TlsParameters,
    room: Semaphore,
    idle: Mutex<Vec<Kept>>,
}

/// A connection between two messages.
struct Kept {
    connection: Connection,
    since: Instant,
    messages: usize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Carrier {
    /// What opens the passwords of mailboxes.
    pub fn seal(&self) -> &Seal {
        &self.0.seal
    }

    /// Trusts the public authorities of the web and those in `ca_file` (PEM). Err is a sentence for the operator.
    pub fn new(seal: Arc<Seal>, patience: Patience, ca_file: Option<&Path>) -> Result<Carrier, String> {
        let authorities = ca_file.map_or(Ok(Vec::new()), authorities)?;
        let pools = Mutex::default();
        Ok(Carrier(Arc::new(Inner { seal, patience, authorities, pools, is_sweeping: AtomicBool::new(false) })))
    }

    /// Hands a message to the mailbox's server; the answer with which it was taken.
    pub async fn send(&self, mailbox: &Mailbox, letter: &Letter) -> Result<String, DeliveryError> {
        let pool = self.pool(mailbox)?;
        // Whoever waits has claimed a message: it is better put off than held.
        let room = timeout(self.0.patience.reply, pool.room.acquire()).await;
        let Ok(Ok(_room)) = room else {
            return Err(DeliveryError::Temporary("every connection of the mailbox is busy".into()));
        };
        let Kept { mut connection, messages, .. } = self.connection(&pool).await?;
        let sent = connection.send(letter).await;
        let messages = messages + 1;
        match connection.is_usable() && messages < limits::SMTP_MESSAGES_PER_CONNECTION_MAX {
            true => {
                locked(&pool.idle).push(Kept { connection, since: Instant::now(), messages });
                self.sweep();
            }
            // Nobody waits for a farewell.
            false => drop(tokio::spawn(connection.close())),
        }
        sent
    }

    /// Connects, signs in and sends nothing; what the server answered.
    pub async fn probe(&self, mailbox: &Mailbox) -> Result<String, DeliveryError> {
        let pool = self.pool(mailbox)?;
        let mut connection = Connection::open(&pool.target, pool.tls.clone(), self.0.patience).await?;
        let answer = connection.probe().await;
        connection.close().await;
        answer
    }

    /// One that was kept and still answers, else a new one.
    async fn connection(&self, pool: &Pool) -> Result<Kept, DeliveryError> {
        loop {
            let Some(mut kept) = locked(&pool.idle).pop() else { break };
            if kept.since.elapsed() < IDLE && kept.connection.is_alive().await {
                return Ok(kept);
            }
            drop(tokio::spawn(kept.connection.close()));
        }
        let connection = Connection::open(&pool.target, pool.tls.clone(), self.0.patience).await?;
        Ok(Kept { connection, since: Instant::now(), messages: 0 })
    }

    fn pool(&self, mailbox: &Mailbox) -> Result<Arc<Pool>, DeliveryError> {
        let key = (mailbox.address.clone(), mailbox.smtp.clone());
        if let Some(pool) = locked(&self.0.pools).get(&key) {
            return Ok(pool.clone());
        }
        let pool = Arc::new(self.0.new_pool(&mailbox.smtp).map_err(DeliveryError::Temporary)?);
        Ok(locked(&self.0.pools).entry(key).or_insert(pool).clone())
    }

    /// Lets go of connections that nobody uses any more, as long as there are some.
    fn sweep(&self) {
        if self.0.is_sweeping.swap(true, Ordering::AcqRel) {
            return;
        }
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                sleep(IDLE).await;
                let Some(inner) = inner.upgrade() else { return };
                if inner.let_go() {
                    continue;
                }
                inner.is_sweeping.store(false, Ordering::Release);
                // Something may have been kept just now, by somebody who saw us sweep.
                if locked(&inner.pools).is_empty() || inner.is_sweeping.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
        });
    }
}

impl Inner {
    /// Err is a sentence about the mailbox.
    fn new_pool(&self, server: &Server) -> Result<Pool, String> {
        let Server { host, port, security, username, password } = server;
        let (host, port, security) = (host.clone(), *port, *security);
        let login = match (username, password) {
            (Some(name), Some(sealed)) => {
                Some((name.clone(), self.seal.open(PASSWORD, &sealed.0).map_err(|error| error.to_string())?))
            }
            _ => None,
        };
        let builder = TlsParametersBuilder::new(host.clone()).certificate_store(CertificateStore::WebpkiRoots);
        let builder = self.authorities.iter().cloned().fold(builder, TlsParametersBuilder::add_root_certificate);
        let tls = builder.build().map_err(|error| format!("TLS: {error}"))?;
        let room = Semaphore::new(limits::SMTP_CONNECTIONS_MAX);
        Ok(Pool { target: Target { host, port, security, login }, tls, room, idle: Mutex::default() })
    }

    /// Whether something is kept still.
    fn let_go(&self) -> bool {
        let mut pools = locked(&self.pools);
        pools.retain(|_, pool| {
            let mut idle = locked(&pool.idle);
            let (kept, gone) = std::mem::take(&mut *idle).into_iter().partition(|kept| kept.since.elapsed() < IDLE);
            *idle = kept;
            let gone: Vec<Kept> = gone;
            gone.into_iter().for_each(|kept| drop(tokio::spawn(kept.connection.close())));
            // One that is in use stays where others find it, so that its connections are counted together.
            !idle.is_empty() || pool.room.available_permits() < limits::SMTP_CONNECTIONS_MAX
        });
        !pools.is_empty()
    }
}

/// The certificates of a file.
fn authorities(file: &Path) -> Result<Vec<Certificate>, String> {
    let named = |why: String| format!("`{}` holds no certificates: {why}", file.display());
    let found = CertificateDer::pem_file_iter(file).map_err(|error| named(error.to_string()))?;
    let read = found.map(|one| {
        let der = one.map_err(|error| named(error.to_string()))?.to_vec();
        Certificate::from_der(der).map_err(|error| named(error.to_string()))
    });
    let read = read.collect::<Result<Vec<_>, _>>()?;
    if read.is_empty() { Err(named("no PEM section `CERTIFICATE`".into())) } else { Ok(read) }
}
