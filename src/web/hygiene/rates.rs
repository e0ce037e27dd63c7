//! How often somebody may ask: bounds per address, credential and account name, each of which configuration can switch
//! off. They take their time from a monotonic clock of their own; no decision of the domain hangs on them.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::config;
use crate::id::digest;
use crate::web::problem::Problem;

/// Questions after which those who have not asked lately are forgotten: that bounds the memory a flood takes.
const FORGET_EVERY: usize = 10_000;

/// Every bound on how often somebody may ask.
pub struct Rates<C: Clock = DefaultClock> {
    anonymous: Bound<IpAddr, C>,
    credential: Bound<u128, C>,
    sign_in: Bound<IpAddr, C>,
    account: Bound<u128, C>,
    bad_credential: Bound<IpAddr, C>,
    clock: C,
}

impl Rates {
    /// As configured, on the machine's monotonic clock.
    pub fn new(rates: &config::Rates) -> Rates {
        Rates::with_clock(rates, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Rates<C> {
    fn with_clock(rates: &config::Rates, clock: C) -> Rates<C> {
        Rates {
            anonymous: Bound::new(rates.anonymous_per_second, rates.anonymous_burst, Quota::per_second, &clock),
            credential: Bound::new(rates.credential_per_second, rates.credential_burst, Quota::per_second, &clock),
            sign_in: Bound::new(rates.sign_in_per_minute, rates.sign_in_burst, Quota::per_minute, &clock),
            account: Bound::new(rates.account_per_minute, rates.account_burst, Quota::per_minute, &clock),
            bad_credential: Bound::new(
                rates.bad_credential_per_minute,
                rates.bad_credential_burst,
                Quota::per_minute,
                &clock,
            ),
            clock,
        }
    }

    /// A request that carries no credential.
    pub fn anonymous(&self, address: IpAddr) -> Result<(), Problem> {
        let asked = self.anonymous.ask(&client(address), &self.clock);
        asked.map_err(|wait| refused("too many requests without a credential come from this address", wait))
    }

    /// A request with a valid credential; `key` names the session or token, not the secret in it.
    pub fn credential(&self, key: u128) -> Result<(), Problem> {
        let asked = self.credential.ask(&key, &self.clock);
        asked.map_err(|wait| refused("this session or token sends too many requests", wait))
    }

    /// An attempt to sign in, before the password is looked at and whether or not there is such an account, so that
    /// nothing can be learnt from the answer.
    pub fn sign_in(&self, address: IpAddr, account: &str) -> Result<(), Problem> {
        let account = digest(&[account.trim().to_lowercase().as_bytes()]);
        let asked = self.sign_in.ask(&client(address), &self.clock);
        let asked = asked.and_then(|()| self.account.ask(&account, &self.clock));
        asked.map_err(|wait| refused("too many attempts to sign in", wait))
    }

    /// A request whose credential proved bad. Good ones from the same address are let in all the same: nobody guesses a
    /// secret of 256 bits, and colleagues share addresses.
    pub fn bad_credential(&self, address: IpAddr) -> Result<(), Problem> {
        let asked = self.bad_credential.ask(&client(address), &self.clock);
        asked.map_err(|wait| refused(BAD_CREDENTIALS, wait))
    }
}

const BAD_CREDENTIALS: &str = "too many requests with a bad credential come from this address";

fn refused(detail: &str, wait: Duration) -> Problem {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem::new("too_many_requests", detail).retry_after(seconds.max(1))
}

/// Who counts as one client: an IPv6 customer has a whole network of 64 bits.
fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

type Limiter<K, C> = RateLimiter<K, DefaultKeyedStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// One bound over many clients; none, where its rate is 0.
struct Bound<K: Hash + Eq + Clone, C: Clock> {
    limiter: Option<Limiter<K, C>>,
    asked: AtomicUsize,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Bound<K, C> {
    fn new(rate: u32, burst: u32, quota: fn(NonZeroU32) -> Quota, clock: &C) -> Bound<K, C> {
        let limiter = NonZeroU32::new(rate).map(|rate| {
            let quota = quota(rate).allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
            RateLimiter::dashmap_with_clock(quota, clock.clone())
        });
        Bound { limiter, asked: AtomicUsize::new(0) }
    }

    /// Takes one from what the key has left, or says how long it has to wait.
    fn ask(&self, key: &K, clock: &C) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if self.asked.fetch_add(1, Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter.check_key(key).map_err(|not_until| not_until.wait_time_from(clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;
    use actix_web::http::header::RETRY_AFTER;
    use governor::clock::FakeRelativeClock;

    use super::*;

    const RATES: config::Rates = config::Rates {
        anonymous_per_second: 2,
        anonymous_burst: 3,
        credential_per_second: 1,
        credential_burst: 2,
        sign_in_per_minute: 6,
        sign_in_burst: 4,
        account_per_minute: 2,
        account_burst: 1,
        bad_credential_per_minute: 1,
        bad_credential_burst: 2,
    };

    fn rates() -> (Rates<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Rates::with_clock(&RATES, clock.clone()), clock)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// The seconds that an answer tells to wait, 0 for one that lets in.
    fn wait(judged: Result<(), Problem>) -> u64 {
        let Err(problem) = judged else { return 0 };
        assert_eq!(problem.code, "too_many_requests");
        let response = problem.error_response();
        assert_eq!(response.status(), 429);
        response.headers().get(RETRY_AFTER).unwrap().to_str().unwrap().parse().unwrap()
    }

    #[test]
    fn a_burst_is_let_in_and_then_the_rate() {
        let (rates, clock) = rates();
        let ask = || wait(rates.anonymous(ip("192.0.2.1")));
        assert_eq!([ask(), ask(), ask(), ask(), ask()], [0, 0, 0, 1, 1], "less than a second is one");
        clock.advance(Duration::from_millis(500));
        assert_eq!([ask(), ask()], [0, 1]);
        clock.advance(Duration::from_secs(60));
        assert_eq!([ask(), ask(), ask(), ask()], [0, 0, 0, 1], "nobody saves up more than a burst");
    }

    #[test]
    fn one_client_does_not_use_up_what_another_has() {
        let (rates, _) = rates();
        for (address, same) in [
            ("192.0.2.1", "::ffff:192.0.2.1"),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"),
            ("2001:db8:0:2::1", "2001:db8:0:2::"),
        ] {
            let turns = [address, same, address, same, address].map(|from| wait(rates.anonymous(ip(from))));
            assert_eq!(turns, [0, 0, 0, 1, 1], "{address}");
        }
        assert_eq!([1, 1, 1, 2].map(|key| wait(rates.credential(key))), [0, 0, 1, 0]);
    }

    #[test]
    fn signing_in_is_bounded_by_address_and_by_account() {
        let (rates, clock) = rates();
        let (here, there) = (ip("192.0.2.1"), ip("192.0.2.2"));
        assert_eq!(wait(rates.sign_in(here, "ann@example.com")), 0);
        assert_eq!(wait(rates.sign_in(there, " Ann@Example.com ")), 30, "it is the same account from anywhere");
        assert_eq!(["b", "c", "d"].map(|name| wait(rates.sign_in(here, name))), [0, 0, 0]);
        assert_eq!(wait(rates.sign_in(here, "e")), 10, "the address has used its burst");
        assert_eq!(wait(rates.sign_in(there, "e")), 0, "and took nothing from the account");
        clock.advance(Duration::from_secs(30));
        assert_eq!(wait(rates.sign_in(here, "ann@example.com")), 0);
    }

    #[test]
    fn bad_credentials_are_bounded_by_address() {
        let (rates, clock) = rates();
        let (here, there) = (ip("192.0.2.1"), ip("192.0.2.2"));
        assert_eq!([0, 1, 2].map(|_| wait(rates.bad_credential(here))), [0, 0, 60]);
        assert_eq!(wait(rates.bad_credential(there)), 0);
        clock.advance(Duration::from_secs(60));
        assert_eq!([0, 1].map(|_| wait(rates.bad_credential(here))), [0, 60]);
    }

    #[test]
    fn a_rate_of_zero_bounds_nothing() {
        let off = config::Rates { anonymous_per_second: 0, bad_credential_per_minute: 0, ..RATES };
        let rates = Rates::with_clock(&off, FakeRelativeClock::default());
        for _ in 0..1_000 {
            assert_eq!((rates.anonymous(ip("::1")), rates.bad_credential(ip("::1"))), (Ok(()), Ok(())));
        }
    }

    #[test]
    fn a_flood_of_addresses_is_forgotten() {
        let (rates, clock) = rates();
        for number in 0..10 * FORGET_EVERY {
            let address = Ipv6Addr::from_bits((number as u128) << 64);
            assert_eq!(rates.anonymous(address.into()), Ok(()));
            clock.advance(Duration::from_micros(500));
        }
        let held = rates.anonymous.limiter.unwrap().len();
        assert!(held <= 2 * FORGET_EVERY, "{held} addresses are held");
    }
}
