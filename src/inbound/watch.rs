//! The inboxes of all mailboxes, each followed by a task of its own: a message is taken in as soon as its server tells of it.
//!
//! How far an inbox was read stands in a small file, written after what was read is in the log. Where it is lost, or the server
//! numbers the inbox anew, the messages of some days are read once more; those that were taken in change nothing.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use tokio::task::{AbortHandle, JoinSet};

use super::Inbound;
use crate::connector::imap::{Account, Connection, Cursor};
use crate::connector::seal::Seal;
use crate::domain::channels::mailbox::Server;
use crate::file::write_whole;
use crate::id::MailboxId;
use crate::limits;
use crate::runtime::message::Failure;

/// How often it is looked whether the mailboxes are others.
const LOOK: Duration = Duration::from_secs(2);
/// Before a server that failed is asked again: at first, and at most.
const PAUSE: Duration = Duration::from_secs(1);
/// See [`PAUSE`].
const PAUSE_MAX: Duration = Duration::from_secs(300);
/// Messages between two notes of how far an inbox was read.
const NOTE_EVERY: usize = 50;

/// Follows every inbox for as long as it is awaited. `folder` is for the notes of how far they were read.
pub async fn watch(inbound: Inbound, seal: Arc<Seal>, folder: PathBuf) {
    let mut tasks = JoinSet::new();
    let mut followed: HashMap<MailboxId, (Server, AbortHandle)> = HashMap::new();
    loop {
        let channels = inbound.engine.given().channels.clone();
        let inbox = |id: &MailboxId| channels.mailboxes.get(id).and_then(|mailbox| mailbox.imap.as_ref());
        followed.retain(|id, (server, task)| {
            let stays = inbox(id) == Some(server) && !task.is_finished();
            if !stays {
                task.abort();
            }
            stays
        });
        while tasks.try_join_next().is_some() {}
        for (id, mailbox) in &channels.mailboxes {
            if let Some(server) = mailbox.imap.as_ref().filter(|_| !followed.contains_key(id)) {
                let (inbound, seal, file) = (inbound.clone(), seal.clone(), folder.join(id.to_string()));
                let task = tasks.spawn_local(follow(inbound, seal, *id, server.clone(), file));
                followed.insert(*id, (server.clone(), task));
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Follows one inbox. A server that fails is asked again, later each time.
async fn follow(inbound: Inbound, seal: Arc<Seal>, id: MailboxId, server: Server, file: PathBuf) {
    let mut pause = PAUSE;
    let mut told = String::new();
    loop {
        let failed = match Account::of(&server, &seal) {
            Ok(account) => read_on(&inbound, &account, &file, &mut pause).await.map(|never| match never {}),
            Err(why) => Err(why),
        };
        let why = failed.err().unwrap_or_default();
        if why != told {
            tracing::warn!(mailbox = %id, %why, "an inbox cannot be read for now");
            told = why;
        }
        tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Reads an inbox over one connection until that fails.
async fn read_on(
    inbound: &Inbound,
    account: &Account,
    file: &Path,
    pause: &mut Duration,
) -> Result<Infallible, String> {
    let mut connection = Connection::open(account).await.map_err(|error| error.to_string())?;
    *pause = PAUSE;
    tracing::info!(host = %account.host, tells_news = connection.tells_news(), "an inbox is followed");
    let mut cursor = kept(file);
    loop {
        // What is older was taken in by now, or never will be: repeats are remembered no longer.
        let oldest = inbound.engine.clock().now() + TimeDelta::days(1 - limits::REPEAT_DAYS);
        let oldest = DateTime::from_timestamp_millis(oldest.millis()).unwrap_or_default().date_naive();
        let (uids, behind) = connection.unread(cursor, oldest).await.map_err(|error| error.to_string())?;
        for (place, uid) in uids.into_iter().enumerate() {
            let raw = connection.read(uid).await.map_err(|error| error.to_string())?;
            if let Some(raw) = raw {
                match inbound.take(raw).await {
                    // A message that meets a defect would meet it again.
                    Ok(_) | Err(Failure::Bug) => {}
                    Err(failure) => return Err(failure.to_string()),
                }
            }
            if place % NOTE_EVERY == NOTE_EVERY - 1 {
                keep(file, Cursor { next: uid.saturating_add(1), ..behind }).await?;
            }
        }
        if cursor != Some(behind) {
            keep(file, behind).await?;
            cursor = Some(behind);
        }
        connection.news().await.map_err(|error| error.to_string())?;
    }
}

/// How far an inbox was read, as far as that is known.
fn kept(file: &Path) -> Option<Cursor> {
    let text = std::fs::read_to_string(file).ok()?;
    let (validity, next) = text.trim().split_once(' ')?;
    Some(Cursor { validity: validity.parse().ok()?, next: next.parse().ok()? })
}

async fn keep(file: &Path, cursor: Cursor) -> Result<(), String> {
    let (file, text) = (file.to_owned(), format!("{} {}", cursor.validity, cursor.next));
    let kept = tokio::task::spawn_blocking(move || {
        file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        write_whole(&file, &text)
    });
    let kept = kept.await.map_err(|error| error.to_string())?;
    kept.map_err(|error| format!("how far it was read cannot be noted: {error}"))
}
