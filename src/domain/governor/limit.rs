//! The bounds that an organisation and its mailboxes set, and what they count.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::domain::channels::mailbox::Caps;
use crate::domain::given::Given;
use crate::domain::record::schema::Owner;
use crate::domain::slot::Slot;
use crate::id::{MailboxId, RecordId};
use crate::limits;
use crate::time::Timestamp;

/// At most so many messages within so many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pressure {
    /// 1–[`limits::MAILBOX_CAP_MAX`].
    pub most: u32,
    /// 1–[`limits::PRESSURE_DAYS_MAX`].
    pub days: u32,
}

/// How many messages may leave, over all sequences, beside what each mailbox says of itself. Stored in a setting: members are
/// never added, another setting is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SendingCaps {
    /// For everybody together.
    pub organisation: Caps,
    /// For each user or team that steps are assigned to.
    pub seller: Caps,
    /// To each domain that stands behind the `@` of addresses.
    pub recipient_domain: Caps,
    /// Seconds between two messages from one mailbox.
    pub spacing_seconds: u32,
    /// To one address, whichever records have it.
    pub person: Option<Pressure>,
    /// To the people of one account.
    pub account: Option<Pressure>,
}

impl SendingCaps {
    /// What does not fit, and the member it stands in.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        let caps = [
            ("/organisation/per_hour", self.organisation.per_hour),
            ("/organisation/per_day", self.organisation.per_day),
            ("/seller/per_hour", self.seller.per_hour),
            ("/seller/per_day", self.seller.per_day),
            ("/recipient_domain/per_hour", self.recipient_domain.per_hour),
            ("/recipient_domain/per_day", self.recipient_domain.per_day),
            ("/person/most", self.person.map(|pressure| pressure.most)),
            ("/account/most", self.account.map(|pressure| pressure.most)),
        ];
        let days = [
            ("/person/days", self.person.map(|pressure| pressure.days)),
            ("/account/days", self.account.map(|pressure| pressure.days)),
        ];
        let outside = |value: Option<u32>, most: u32| value.is_some_and(|value| !(1..=most).contains(&value));
        let cap = caps.into_iter().find(|(_, cap)| outside(*cap, limits::MAILBOX_CAP_MAX));
        let cap = cap.map(|(member, _)| (member, format!("1 to {}", limits::MAILBOX_CAP_MAX)));
        let day = || days.into_iter().find(|(_, days)| outside(*days, limits::PRESSURE_DAYS_MAX));
        let day = || day().map(|(member, _)| (member, format!("1 to {} days", limits::PRESSURE_DAYS_MAX)));
        let detail = || format!("0 to {} seconds", limits::SPACING_SECONDS_MAX);
        let spacing = self.spacing_seconds > limits::SPACING_SECONDS_MAX;
        cap.or_else(day).or_else(|| spacing.then(|| ("/spacing_seconds", detail())))
    }
}

/// What kept a message from leaving earlier. Stored: variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brake {
    /// As many as may have left the mailbox.
    Mailbox,
    /// Another has just left the mailbox.
    Spacing,
    /// As many as may have left to the recipient's domain.
    RecipientDomain,
    /// As many as may have left in all.
    Organisation,
    /// As many as may have left for the seller.
    Seller,
    /// The person has got as many as they may.
    Person,
    /// The people of the account have.
    Account,
    /// The fuse of the sequence has blown.
    Fuse,
}

impl Brake {
    /// Behind "because".
    pub fn words(self) -> &'static str {
        match self {
            Brake::Mailbox => "the mailbox has sent as many as it may",
            Brake::Spacing => "another message has just left the mailbox",
            Brake::RecipientDomain => "as many as may have left to the recipient's domain",
            Brake::Organisation => "the organisation has sent as many as it may",
            Brake::Seller => "as many as may have left for the seller",
            Brake::Person => "the person has got as many as they may",
            Brake::Account => "the people of the account have got as many as they may",
            Brake::Fuse => "the fuse of the sequence has blown",
        }
    }

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Brake::Mailbox => "mailbox",
            Brake::Spacing => "spacing",
            Brake::RecipientDomain => "recipient_domain",
            Brake::Organisation => "organisation",
            Brake::Seller => "seller",
            Brake::Person => "person",
            Brake::Account => "account",
            Brake::Fuse => "fuse",
        }
    }
}

/// Messages that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All.
    Organisation,
    /// Those from a mailbox, or from the configured server.
    Mailbox(Option<MailboxId>),
    /// Those to a domain.
    Domain(u64),
    /// Those of somebody's steps.
    Seller(Owner),
    /// Those to an address.
    Person(u64),
    /// Those to the people of an account.
    Account(RecordId),
}

/// At most so many of a scope within so much time, wherever that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// What it is called.
    pub brake: Brake,
    /// What it counts.
    pub scope: Scope,
    /// Within how much time.
    pub per: TimeDelta,
    /// How many.
    pub most: u32,
}

impl Bound {
    /// When the messages began to leave of which one more at `at` would be one too many; `busy` is in order.
    pub(super) fn exceeded_by(&self, busy: &[Timestamp], at: Timestamp) -> Option<Timestamp> {
        let most = self.most as usize;
        let near = busy.partition_point(|other| *other <= at + -self.per)
            ..busy.partition_point(|other| *other < at + self.per);
        // Of those near, some `most` that stand one behind the other, and this one, are within the time.
        let crowd = busy.get(near)?.windows(most.max(1)).find(|crowd| {
            let (first, last) = (crowd[0].min(at), crowd[crowd.len() - 1].max(at));
            last - first < self.per
        })?;
        Some(crowd[0])
    }
}

/// What there are bounds for, and how far the longest looks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    organisation: bool,
    mailbox: bool,
    domain: bool,
    seller: bool,
    person: bool,
    account: bool,
    horizon: TimeDelta,
}

impl Default for Watched {
    fn default() -> Watched {
        Watched {
            organisation: false,
            mailbox: false,
            domain: false,
            seller: false,
            person: false,
            account: false,
            horizon: TimeDelta::zero(),
        }
    }
}

impl Watched {
    /// Everything, for that long.
    pub fn all(horizon: TimeDelta) -> Watched {
        let (organisation, mailbox, domain, seller, person, account) = (true, true, true, true, true, true);
        Watched { organisation, mailbox, domain, seller, person, account, horizon }
    }

    /// Whether there is no bound.
    pub fn is_empty(&self) -> bool {
        self.horizon.is_zero()
    }

    /// Whether whoever watches this watches `other` as well.
    pub(super) fn covers(&self, other: &Watched) -> bool {
        let pairs = [
            (self.organisation, other.organisation),
            (self.mailbox, other.mailbox),
            (self.domain, other.domain),
            (self.seller, other.seller),
            (self.person, other.person),
            (self.account, other.account),
        ];
        self.horizon >= other.horizon && pairs.iter().all(|(mine, theirs)| *mine || !theirs)
    }

    pub(super) fn horizon(&self) -> TimeDelta {
        self.horizon
    }

    /// How long ago a message may have left that still counts.
    pub fn since(&self, now: Timestamp) -> Timestamp {
        now + -self.horizon
    }

    /// What a message is counted in.
    pub(super) fn scopes(&self, slot: &Slot) -> impl Iterator<Item = Scope> + use<> {
        [
            self.organisation.then_some(Scope::Organisation),
            self.mailbox.then_some(Scope::Mailbox(slot.mailbox)),
            self.domain.then_some(Scope::Domain(slot.domain)),
            self.seller.then_some(Scope::Seller(slot.seller)),
            self.person.then_some(Scope::Person(slot.person)),
            slot.account.filter(|_| self.account).map(Scope::Account),
        ]
        .into_iter()
        .flatten()
    }
}

fn capped(caps: Caps) -> bool {
    caps != Caps::default()
}

fn days(pressure: Option<Pressure>) -> TimeDelta {
    pressure.map_or(TimeDelta::zero(), |pressure| TimeDelta::days(i64::from(pressure.days)))
}

impl Given {
    /// What has to be counted.
    pub fn watched(&self) -> Watched {
        let caps = &self.policy.settings().sending_caps;
        let mailbox = self.channels.mailboxes.values().any(|mailbox| capped(mailbox.caps));
        let counted = [caps.organisation, caps.seller, caps.recipient_domain].into_iter().any(capped) || mailbox;
        let day = if counted { TimeDelta::days(1) } else { TimeDelta::zero() };
        let spacing = TimeDelta::seconds(i64::from(caps.spacing_seconds));
        Watched {
            organisation: capped(caps.organisation),
            mailbox: mailbox || caps.spacing_seconds > 0,
            domain: capped(caps.recipient_domain),
            seller: capped(caps.seller),
            person: caps.person.is_some(),
            account: caps.account.is_some(),
            horizon: day.max(spacing).max(days(caps.person)).max(days(caps.account)),
        }
    }

    /// The bounds that a message has to keep.
    pub fn bounds(&self, slot: &Slot) -> Vec<Bound> {
        let caps = &self.policy.settings().sending_caps;
        let mut bounds = Vec::new();
        let mut within = |brake, scope, per, most: Option<u32>| {
            bounds.extend(most.map(|most| Bound { brake, scope, per, most }));
        };
        let own = slot.mailbox.and_then(|id| self.channels.mailboxes.get(&id)).map(|mailbox| mailbox.caps);
        let capped = [
            (Brake::Mailbox, Scope::Mailbox(slot.mailbox), own.unwrap_or_default()),
            (Brake::Organisation, Scope::Organisation, caps.organisation),
            (Brake::Seller, Scope::Seller(slot.seller), caps.seller),
            (Brake::RecipientDomain, Scope::Domain(slot.domain), caps.recipient_domain),
        ];
        for (brake, scope, caps) in capped {
            within(brake, scope, TimeDelta::hours(1), caps.per_hour);
            within(brake, scope, TimeDelta::days(1), caps.per_day);
        }
        let spacing = TimeDelta::seconds(i64::from(caps.spacing_seconds));
        within(Brake::Spacing, Scope::Mailbox(slot.mailbox), spacing, (!spacing.is_zero()).then_some(1));
        let pressures = [
            (Brake::Person, Some(Scope::Person(slot.person)), caps.person),
            (Brake::Account, slot.account.map(Scope::Account), caps.account),
        ];
        for (brake, scope, pressure) in pressures {
            if let Some(scope) = scope {
                within(brake, scope, days(pressure), pressure.map(|pressure| pressure.most));
            }
        }
        bounds
    }
}
