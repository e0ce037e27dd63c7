//! Every session and token that is valid, in memory: each request looks one up, and none of them should have to ask an
//! actor for it. A hint: the accounts are the truth, and are told of here after each commit.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::account::{Account, Key};
use crate::id::{KeyId, UserId};
use crate::time::Timestamp;

/// A key with whose it is.
#[derive(Debug)]
pub struct HeldKey {
    /// Who proves to be somebody by it.
    pub user: UserId,
    /// What is stored of it.
    pub key: Key,
    used_at: AtomicI64,
    noted_at: AtomicI64,
}

impl HeldKey {
    /// When it was used last; when it was given out, if never.
    pub fn used_at(&self) -> Timestamp {
        Timestamp::from_millis(self.used_at.load(Ordering::Relaxed))
    }

    /// When it was used last, if it was.
    pub fn last_used_at(&self) -> Option<Timestamp> {
        Some(self.used_at()).filter(|at| self.key.used_at.is_some() || *at > self.key.opened_at)
    }

    /// It is used now. Says whether that should be stored: at most every `apart_ms`, so that reading does not write.
    pub fn touch(&self, now: Timestamp, apart_ms: i64) -> bool {
        self.used_at.fetch_max(now.millis(), Ordering::Relaxed);
        let noted = self.noted_at.load(Ordering::Relaxed);
        let due = now.millis() - noted >= apart_ms;
        due && self.noted_at.compare_exchange(noted, now.millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Keyring(RwLock<Held>);

#[derive(Debug, Default)]
struct Held {
    keys: HashMap<KeyId, Arc<HeldKey>>,
    of: HashMap<UserId, Vec<KeyId>>,
}

impl Keyring {
    /// The key of that id.
    pub fn find(&self, id: KeyId) -> Option<Arc<HeldKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).keys.get(&id).cloned()
    }

    /// Every key of a user.
    pub fn of(&self, user: UserId) -> Vec<(KeyId, Arc<HeldKey>)> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let ids = held.of.get(&user).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| Some((*id, held.keys.get(id)?.clone()))).collect()
    }

    /// The keys of a user, and no others, are those of the account.
    pub fn replace(&self, user: UserId, account: &Account) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = held.of.remove(&user).unwrap_or_default();
        let mut known: HashMap<KeyId, Arc<HeldKey>> =
            before.into_iter().filter_map(|id| Some((id, held.keys.remove(&id)?))).collect();
        for (id, key) in &account.keys {
            let used = key.used_at.unwrap_or(key.opened_at).millis();
            let same = known.remove(id).filter(|known| known.key.digest == key.digest);
            let (used_at, noted_at) = match same {
                Some(known) => (known.used_at().millis().max(used), known.noted_at.load(Ordering::Relaxed)),
                None => (used, key.used_at.map_or(i64::MIN / 2, Timestamp::millis)),
            };
            let entry = HeldKey { user, key: key.clone(), used_at: used_at.into(), noted_at: noted_at.into() };
            held.keys.insert(*id, Arc::new(entry));
        }
        if !account.keys.is_empty() {
            held.of.insert(user, account.keys.keys().copied().collect());
        }
    }
}
