//! Ids that say where they live: UUIDv7 text outside, partition and ordinal inside.
//!
//! A record's id has sixteen bits of partition, from which its shard follows, and twenty bits of ordinal that are
//! zero. Its enrolments and step instances carry the same id with an ordinal of their own, so that any of them leads
//! to its record without an index row. The migrations of a sequence do the same.
//!
//! ```text
//! 48 bits milliseconds | 4 version 7 | 12 random | 2 variant | 16 partition | 26 random | 20 ordinal
//! ```

use std::fmt;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::limits::{RECORD_ORDINAL_MAX, SHARD_BITS};
use crate::time::Timestamp;

const ORDINAL_BITS: u32 = 20;
const PARTITION_SHIFT: u32 = 46;

/// A slice of the entities, `0..SHARD_COUNT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(pub u16);

/// What kind of entity an id names; the number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum EntityKind {
    /// A CRM entry and its enrolments.
    Record = 1,
    /// A sequence as authored.
    Sequence = 2,
    /// A job that brings a file's rows in.
    Import = 3,
    /// Users, teams and settings.
    Organisation = 4,
    /// How a user proves who they are.
    Account = 5,
    /// What was refused.
    Audit = 6,
    /// Record types, fields, process flows, call results and tags.
    Catalogue = 7,
    /// A template of e-mails or text messages.
    MessageTemplate = 8,
    /// What messages leave through.
    Channels = 9,
    /// Where what happens is sent to.
    Webhook = 10,
    /// An address that is not written to.
    Suppression = 11,
}

impl EntityKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [EntityKind; 11] = [
        EntityKind::Record,
        EntityKind::Sequence,
        EntityKind::Import,
        EntityKind::Organisation,
        EntityKind::Account,
        EntityKind::Audit,
        EntityKind::Catalogue,
        EntityKind::MessageTemplate,
        EntityKind::Channels,
        EntityKind::Webhook,
        EntityKind::Suppression,
    ];

    /// The kind of a stored number.
    pub fn from_number(number: u8) -> Option<EntityKind> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// Whatever decides and remembers, by kind and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntityId {
    /// What it is.
    pub kind: EntityKind,
    /// Its id, ordinal zero.
    pub id: u128,
}

impl EntityId {
    /// The shard that owns it.
    pub fn shard(self) -> Shard {
        let partition = (self.id >> PARTITION_SHIFT) as u16;
        Shard(partition >> (16 - SHARD_BITS))
    }
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EntityKind::Record => "record",
            EntityKind::Sequence => "sequence",
            EntityKind::Import => "import",
            EntityKind::Organisation => "organisation",
            EntityKind::Account => "account",
            EntityKind::Audit => "audit",
            EntityKind::Catalogue => "catalogue",
            EntityKind::MessageTemplate => "message template",
            EntityKind::Channels => "channels",
            EntityKind::Webhook => "webhook",
            EntityKind::Suppression => "suppression",
        })
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, Uuid::from_u128(self.id))
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u128);

        impl $name {
            /// Reads UUID text; `None` if it is not one.
            pub fn parse(text: &str) -> Option<$name> {
                Uuid::parse_str(text).ok().map(|id| $name(id.as_u128()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", Uuid::from_u128(self.0).hyphenated())
            }
        }
    )*};
}

pub mod listing;
ids! {
    /// A record.
    RecordId
    /// One record going through one version of one sequence; see [`EnrolmentId::of`].
    EnrolmentId
    /// One node opened for one enrolment; see [`StepId::of`].
    StepId
    /// One thing to do on a record; that of a step has the step's number. See [`ActivityId::of`].
    ActivityId
    /// A sequence.
    SequenceId
    /// One migration of a sequence's records; see [`MigrationId::of`].
    MigrationId
    /// A person who works with the server.
    UserId
    /// A team of persons.
    TeamId
    /// A template of an e-mail or a text message.
    TemplateId
    /// Where what happens is sent to.
    WebhookId
    /// An import job.
    ImportId
    /// The organisation; there is one.
    OrganisationId
    /// A user's account; the same number as the user.
    AccountId
    /// What was refused in one shard; see [`AuditId::of`].
    AuditId
    /// The catalogue; there is one.
    CatalogueId
    /// What messages leave through; there is one.
    ChannelsId
    /// A mailbox that messages leave from.
    MailboxId
    /// A gateway that text messages leave through.
    GatewayId
    /// A process flow.
    FlowId
    /// A tag for sequences.
    TagId
    /// A session or a token.
    KeyId
    /// An A/B test as long as its settings are the same; see [`AbTestId::of`].
    AbTestId
    /// An address or number that is not to be written to; see [`SuppressionId::of`].
    SuppressionId
    /// A file of a message template.
    AttachmentId
}

impl UserId {
    /// The built-in administrator, whose token comes from the environment.
    pub const ADMINISTRATOR: UserId = UserId(0x0000_0000_0000_7000_8000_0000_0000_0001);
    /// The server itself: timers, deliveries, consequences.
    pub const SYSTEM: UserId = UserId(0x0000_0000_0000_7000_8000_0000_0000_0000);
    /// Whoever has not proved who they are. May do nothing.
    pub const NOBODY: UserId = UserId(0x0000_0000_0000_7000_8000_0000_0000_0002);

    /// The account that belongs to the user.
    pub fn account(self) -> AccountId {
        AccountId(self.0)
    }
}

impl SuppressionId {
    /// The id that belongs to a digest of an address: 102 bits of it, with the form of all ids.
    pub fn of(digest: &[u8; 32]) -> SuppressionId {
        let bits = digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte));
        let free = !(0xf << 76 | 3 << 62 | u128::from(RECORD_ORDINAL_MAX));
        SuppressionId(bits & free | 7 << 76 | 2 << 62)
    }
}

impl OrganisationId {
    /// The one there is.
    pub const THE: OrganisationId = OrganisationId(0x0000_0000_0000_7000_8000_0000_0000_0000);
}

impl CatalogueId {
    /// The one there is.
    pub const THE: CatalogueId = CatalogueId(0x0000_0000_0000_7000_8000_0000_0000_0000);
}

impl ChannelsId {
    /// The one there is.
    pub const THE: ChannelsId = ChannelsId(0x0000_0000_0000_7000_8000_0000_0000_0000);
}

impl AuditId {
    /// The one of a shard, so that a refusal is noted by the thread that refused.
    pub fn of(shard: Shard) -> AuditId {
        let partition = u128::from(shard.0) << (16 - SHARD_BITS);
        AuditId(OrganisationId::THE.0 | partition << PARTITION_SHIFT)
    }
}

macro_rules! entity_ids {
    ($($name:ident $kind:ident)*) => {$(
        impl From<$name> for EntityId {
            fn from(id: $name) -> EntityId {
                EntityId { kind: EntityKind::$kind, id: id.0 }
            }
        }
        impl From<EntityId> for $name {
            fn from(entity: EntityId) -> $name {
                $name(entity.id)
            }
        }
    )*};
}

entity_ids! {
    RecordId Record  SequenceId Sequence  ImportId Import  OrganisationId Organisation  AccountId Account  AuditId Audit
    CatalogueId Catalogue  TemplateId MessageTemplate  ChannelsId Channels  WebhookId Webhook  SuppressionId Suppression
}

macro_rules! child_ids {
    ($($name:ident of $parent:ident by $holder:ident)*) => {$(
        impl $name {
            /// The child of this parent with this ordinal.
            pub fn of(parent: $parent, ordinal: u32) -> $name {
                $name(parent.0 | u128::from(ordinal & RECORD_ORDINAL_MAX))
            }

            /// What holds it.
            pub fn $holder(self) -> $parent {
                $parent(self.0 & !u128::from(RECORD_ORDINAL_MAX))
            }

            /// Its number within what holds it; 0 names that itself.
            pub fn ordinal(self) -> u32 {
                self.0 as u32 & RECORD_ORDINAL_MAX
            }
        }
    )*};
}

child_ids! {
    EnrolmentId of RecordId by record  StepId of RecordId by record  ActivityId of RecordId by record
    MigrationId of SequenceId by sequence
}

/// The bytes that say what was asked, so that the same key with other bytes is noticed.
pub type Fingerprint = [u8; 16];

/// What makes a repeated command recognisable (P6): a digest of the caller's key, and of what was asked under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandId {
    /// Digest of the key.
    pub key: u128,
    /// Digest of the request.
    pub fingerprint: Fingerprint,
}

/// Makes fresh ids from a seeded generator and the time it is told.
#[derive(Debug)]
pub struct IdSource(Mutex<fastrand::Rng>);

impl IdSource {
    /// A source whose ids cannot be foreseen.
    pub fn random() -> IdSource {
        IdSource(Mutex::new(fastrand::Rng::new()))
    }

    /// A source that gives the same ids for the same seed.
    pub fn seeded(seed: u64) -> IdSource {
        IdSource(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// A fresh id with ordinal zero.
    pub fn fresh(&self, now: Timestamp) -> u128 {
        let mut random = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        assemble(now, random.u128(..))
    }

    /// The id of row `number` of a job: the same each time, so that a job begun again makes nothing twice.
    pub fn derived(parent: u128, number: u64) -> u128 {
        let mut random = fastrand::Rng::with_seed(number ^ parent as u64 ^ (parent >> 64) as u64);
        assemble(Timestamp::from_millis((parent >> 80) as i64), random.u128(..))
    }

    /// An id for what `command` creates.
    pub fn for_command(&self, command: Option<CommandId>, now: Timestamp) -> u128 {
        match command {
            Some(command) => self.beside(command.key, now),
            None => self.fresh(now),
        }
    }

    /// An id that follows from the command alone: its repeat, which meets the same entity anyway, asks for the same.
    pub fn named_by(&self, command: Option<CommandId>, now: Timestamp) -> u128 {
        command.map_or_else(|| self.fresh(now), |command| IdSource::derived(command.key, 0))
    }

    /// An id that lives in the partition of `key`, so that a repeat of the command meets its first run.
    pub fn beside(&self, key: u128, now: Timestamp) -> u128 {
        let partition = 0xffff_u128 << PARTITION_SHIFT;
        (self.fresh(now) & !partition) | (key & partition)
    }
}

fn assemble(now: Timestamp, random: u128) -> u128 {
    let time = (now.millis().max(0) as u128 & 0xffff_ffff_ffff) << 80;
    let low_mask = (1_u128 << 62) - (1 << ORDINAL_BITS);
    time | (7 << 76) | (((random >> 64) & 0xfff) << 64) | (2 << 62) | (random & low_mask)
}

/// The first half of SHA-256 over parts that cannot run into each other.
pub fn digest(parts: &[&[u8]]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let bytes: [u8; 32] = hash.finalize().into();
    bytes.iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_seven_with_its_time_in_front() {
        let id = IdSource::seeded(1).fresh(Timestamp::from_millis(1_700_000_000_000));
        let uuid = Uuid::from_u128(id);
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
        assert_eq!((id >> 80) as i64, 1_700_000_000_000);
    }

    #[test]
    fn a_child_leads_to_its_record_and_lives_in_its_shard() {
        let record = RecordId(IdSource::seeded(2).fresh(Timestamp::from_millis(5)));
        let step = StepId::of(record, 77);
        assert_eq!((step.record(), step.ordinal()), (record, 77));
        assert_eq!(StepId::parse(&step.to_string()), Some(step));
        assert_eq!(EntityId::from(step.record()).shard(), EntityId::from(record).shard());
    }

    #[test]
    fn ids_spread_over_all_shards() {
        let ids = IdSource::seeded(3);
        let shards: std::collections::HashSet<_> =
            (0..1_000).map(|_| EntityId::from(RecordId(ids.fresh(Timestamp::from_millis(9)))).shard()).collect();
        assert_eq!(shards.len(), usize::from(crate::limits::SHARD_COUNT));
    }

    #[test]
    fn a_derived_id_is_the_same_each_time_and_an_id_beside_a_key_shares_its_shard() {
        let parent = IdSource::seeded(4).fresh(Timestamp::from_millis(9));
        assert_eq!(IdSource::derived(parent, 8), IdSource::derived(parent, 8));
        assert_ne!(IdSource::derived(parent, 8), IdSource::derived(parent, 9));
        let key = u128::MAX / 3;
        let beside = RecordId(IdSource::seeded(5).beside(key, Timestamp::from_millis(9)));
        assert_eq!(EntityId::from(beside).shard(), EntityId::from(RecordId(key)).shard());
    }
}
