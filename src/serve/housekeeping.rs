//! What is removed once it is old: command ids, and the beginning of the feed.

use std::time::Duration;

use chrono::TimeDelta;

use crate::limits;
use crate::runtime::engine::Engine;
use crate::store::{Result, Store};
use crate::time::Timestamp;

/// Between two looks for what is old; the feed of a busy minute is some hundred thousand commands.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Between two removals while there is more.
const PAUSE: Duration = Duration::from_millis(100);

/// Removes what is old, a few rows at a time.
pub async fn forget(engine: Engine) {
    loop {
        let (store, now) = (engine.shared_store(), engine.clock().now());
        let forgotten = tokio::task::spawn_blocking(move || forget_some(store.as_ref(), now)).await;
        let more = match forgotten {
            Ok(Ok(forgotten)) => forgotten > 0,
            Ok(Err(error)) => {
                tracing::warn!(%error, "what is old stays for now");
                false
            }
            Err(_) => false,
        };
        tokio::time::sleep(if more { PAUSE } else { LOOK_EVERY }).await;
    }
}

fn forget_some(store: &dyn Store, now: Timestamp) -> Result<usize> {
    let fed = store.trim_feed(now + TimeDelta::days(-limits::FEED_DAYS), limits::FEED_COMMITS_MAX)?;
    Ok(fed + store.forget_repeats(now)?)
}
