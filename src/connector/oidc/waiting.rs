//! Sign-ins that have begun and not ended: kept here, so that a person's cookie holds nothing but a name for one.

use std::num::NonZeroUsize;
use std::sync::Mutex;

use chrono::TimeDelta;
use lru::LruCache;

use super::{OidcError, Pending, chance};
use crate::limits::SIGN_INS_WAITING_MAX;
use crate::time::Timestamp;

/// For how long a person may take at the provider.
pub const WAITING_FOR: TimeDelta = TimeDelta::minutes(10);

/// Everybody who is on their way; where there are too many, the oldest has to begin again.
#[derive(Debug)]
pub struct Waiting(Mutex<LruCache<String, (Timestamp, Pending)>>);

impl Default for Waiting {
    fn default() -> Waiting {
        Waiting(Mutex::new(LruCache::new(NonZeroUsize::MIN.saturating_add(SIGN_INS_WAITING_MAX - 1))))
    }
}

impl Waiting {
    /// Keeps a sign-in; the name that it can be asked back by cannot be guessed.
    pub fn keep(&self, pending: Pending, now: Timestamp) -> Result<String, OidcError> {
        let name = chance()?;
        self.lock().put(name.clone(), (now, pending));
        Ok(name)
    }

    /// Gives a sign-in back, once, while it is young enough.
    pub fn take(&self, name: &str, now: Timestamp) -> Option<Pending> {
        let (begun, pending) = self.lock().pop(name)?;
        (TimeDelta::zero()..=WAITING_FOR).contains(&(now - begun)).then_some(pending)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<String, (Timestamp, Pending)>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(state: &str) -> Pending {
        Pending { state: state.into(), nonce: String::new(), verifier: String::new(), redirect: String::new() }
    }

    #[test]
    fn a_sign_in_is_given_back_once_and_for_ten_minutes() {
        let (waiting, now) = (Waiting::default(), Timestamp::from_millis(0));
        for (later, is_kept) in [
            (TimeDelta::zero(), true),
            (WAITING_FOR, true),
            (WAITING_FOR + TimeDelta::milliseconds(1), false),
            (-TimeDelta::milliseconds(1), false),
        ] {
            let name = waiting.keep(pending("one"), now).unwrap();
            assert_eq!(
                waiting.take(&name, now + later).map(|pending| pending.state).as_deref() == Some("one"),
                is_kept
            );
            assert!(waiting.take(&name, now).is_none());
        }
        assert!(waiting.take("", now).is_none());
    }

    #[test]
    fn the_oldest_makes_room() {
        let (waiting, now) = (Waiting::default(), Timestamp::from_millis(0));
        let names: Vec<_> = (0..=SIGN_INS_WAITING_MAX).map(|_| waiting.keep(pending("one"), now).unwrap()).collect();
        assert!(waiting.take(&names[0], now).is_none());
        assert!(names[1..].iter().all(|name| waiting.take(name, now).is_some()));
    }
}
