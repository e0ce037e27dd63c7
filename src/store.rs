//! The truth: rows in one ordered key space, written by one thread in groups that are atomic and durable.
//!
//! [`Store`] is what the runtime knows. [`rows::RowStore`] says how entities, timers, owed deliveries, lists and counters
//! become rows; [`memory`] and [`sled`] keep the rows.

pub mod backup;
pub mod codec;
mod derived;
pub mod feed;
mod group;
pub mod head;
pub mod key;
pub mod maintenance;
mod manifest;
pub mod memory;
mod merge;
mod repeats;
mod room;
pub mod rows;
pub mod sled;
mod texts;
pub mod trail;
pub mod transfer;
mod witness;
mod work;
pub mod writer;
pub mod written;

use crate::domain::access::Scope;
use crate::domain::delivery::DeliveryState;
use crate::domain::effect::{Counter, Delivery, Effect, EffectKey, EnrolmentRow, RecordSummary, TextName};
use crate::domain::record::schema::{Owner, RecordType};
use crate::domain::slot::Slot;
use crate::domain::work_list::WorkRow;
use crate::id::{CommandId, EntityId, Fingerprint, GatewayId, RecordId, SequenceId, Shard, StepId};
use crate::time::Timestamp;

/// Commits of one entity so far; the first makes it 1.
pub type Version = u32;

/// The right to write a shard: one holder at a time has the highest epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The shard.
    pub shard: Shard,
    /// Raised each time the store is opened for writing.
    pub epoch: u64,
}

/// Where an audited command came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The address; none for the server itself.
    pub from: Option<std::net::IpAddr>,
}

/// Everything one command leaves behind: all of it is stored, or none.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The right to write.
    pub fence: Fence,
    /// Who decided.
    pub entity: EntityId,
    /// The version it had before.
    pub expected: Version,
    /// When, for the memory of command ids.
    pub at: Timestamp,
    /// Makes a repeat recognisable.
    pub command: Option<CommandId>,
    /// The events, encoded as one row; `None` for housekeeping and for commands that change nothing.
    pub entry: Option<Vec<u8>>,
    /// What is owed, in order.
    pub effects: Vec<Effect>,
    /// The state after, encoded, where the version divides by [`crate::limits::SNAPSHOT_EVERY`].
    pub snapshot: Option<Vec<u8>>,
    /// Set where one of the events is audited: the row becomes a link of the audit trail.
    pub audit: Option<Origin>,
}

/// What a commit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Stored and durable; the entity now has this version.
    Done(Version),
    /// The command id is already in; nothing was written.
    Repeat(Repeat),
    /// The entity has another version than expected; nothing was written.
    Conflict { actual: Version },
    /// Somebody else holds the shard; nothing was written.
    Fenced,
    /// A counter would pass its bound; nothing was written.
    LimitReached(Counter),
    /// Another record holds the external id; nothing was written.
    Taken(RecordId),
    /// The disk is full; nothing was written, and it can be asked again later.
    Full,
    /// Nobody knows. The only reaction, anywhere, is to drop what is in memory and load again.
    Unknown,
}

/// The first run of a command that is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Repeat {
    /// The id of the entity that took it.
    pub entity: u128,
    /// The version it led to.
    pub version: Version,
    /// What was asked then.
    pub fingerprint: Fingerprint,
}

/// What is stored of an entity: a snapshot, if there is one where the version divides, and the rows after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The version and bytes of the snapshot.
    pub snapshot: Option<(Version, Vec<u8>)>,
    /// Version and bytes of each later row, in order.
    pub entries: Vec<(Version, Vec<u8>)>,
}

/// A stored timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerRow {
    /// When it is due.
    pub due: Timestamp,
    /// Whom it wakes.
    pub entity: EntityId,
    /// Its name within the entity.
    pub key: EffectKey,
}

impl TimerRow {
    /// A place in a shard's timers: behind all that are due by `instant`, before all later ones.
    pub fn after(instant: Timestamp) -> TimerRow {
        let entity = EntityId { kind: crate::id::EntityKind::Record, id: 0 };
        TimerRow { due: Timestamp::from_millis(instant.millis() + 1), entity, key: 0 }
    }
}

/// A delivery that is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedRow {
    /// Who owes it.
    pub entity: EntityId,
    /// Its name within the entity.
    pub key: EffectKey,
    /// What is owed.
    pub delivery: Delivery,
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory belongs to a running process.
    #[error("the data directory {0} is in use by another relance process; stop it, or name another directory")]
    Locked(String),
    /// Written by a later release.
    #[error("the data directory {path} has format {found}, this release knows {known}; use a newer release")]
    Newer {
        /// The directory.
        path: String,
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// What is there is not what was written.
    #[error("the data directory {path} is damaged: {what}")]
    Damaged {
        /// The directory.
        path: String,
        /// What was found.
        what: String,
    },
    /// The disk is full; nothing was written.
    #[error("the disk is full: the file system of the data directory has less free space than `store.reserve_mib`")]
    Full,
    /// Reading or writing failed.
    #[error("the store cannot {doing}: {why}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        why: String,
    },
    /// A file that was to be read is not what it should be, or one cannot be written.
    #[error("the {what} cannot be used: {why}")]
    File {
        /// `backup` or `export`.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// One backup at a time.
    #[error("another backup is under way")]
    BackupUnderWay,
    /// A directory that holds something already.
    #[error("{0} is not empty; name a directory that is, or one that does not exist")]
    Occupied(String),
    /// A row that does not decode.
    #[error("a stored row cannot be read: {0}")]
    Row(String),
}

/// A result of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Called for each event row.
pub type VisitEntry<'a> = &'a mut dyn FnMut(EntityId, Version, &[u8]) -> Result<()>;

/// Called for each record of a list; says whether to go on.
pub type VisitRecord<'a> = &'a mut dyn FnMut(RecordId, RecordSummary) -> bool;

/// Called for each row, with key and value.
pub type VisitRow<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<()>;

/// Narrow and blocking. Writing goes through [`writer::Writer`]; reads may come from any thread.
pub trait Store: Send + Sync + 'static {
    /// Raises the epoch of every shard, so that nobody who opened the store before can write; in order of the shards.
    fn grant(&self) -> Result<Vec<Fence>>;
    /// Judges each commit by itself and writes all that are good; durable when it returns.
    fn commit(&self, group: &[Commit]) -> Result<Vec<Outcome>>;
    /// What is stored of an entity; with `until`, only up to that version and without a later snapshot.
    fn load(&self, entity: EntityId, until: Option<Version>) -> Result<Stored>;
    /// Rows of an entity before version `before`, newest first.
    fn history(&self, entity: EntityId, before: Version, limit: usize) -> Result<Vec<(Version, Vec<u8>)>>;
    /// Every entity of a kind that is few: sequences and imports, not records.
    fn entities(&self, kind: crate::id::EntityKind) -> Result<Vec<EntityId>>;
    /// Timers of a shard after `after` that are due by `until`, earliest first.
    fn due(&self, shard: Shard, after: Option<TimerRow>, until: Timestamp, limit: usize) -> Result<Vec<TimerRow>>;
    /// Deliveries that a shard owes, after the one named.
    fn owed(&self, shard: Shard, after: Option<(EntityId, EffectKey)>, limit: usize) -> Result<Vec<OwedRow>>;
    /// The first run of a command id that lives in `shard`, if it is remembered.
    fn repeat(&self, shard: Shard, key: u128, now: Timestamp) -> Result<Option<Repeat>>;
    /// The record that holds an external id.
    fn claimed(&self, kind: RecordType, external_id: &str) -> Result<Option<RecordId>>;
    /// What lists read of a record, if it is there.
    fn summary(&self, record: RecordId) -> Result<Option<RecordSummary>>;
    /// A counter; zero if nothing was counted.
    fn counter(&self, counter: Counter) -> i64;
    /// Records of a scope before `before`, newest first and each once, until `visit` says that it has enough. Costs what is
    /// visited, however many records there are beside.
    fn records(&self, scope: &Scope, before: Option<RecordId>, visit: VisitRecord) -> Result<()>;
    /// Enrolments of a sequence, live or ended, before the one named, newest record first, until `visit` has enough.
    fn enrolments(
        &self,
        sequence: SequenceId,
        live: bool,
        before: Option<EnrolmentRow>,
        visit: &mut dyn FnMut(EnrolmentRow) -> bool,
    ) -> Result<()>;
    /// Messages that stand in one of these, with the time since which they do or at which they are tried again, latest first
    /// and before the one named, until `visit` has enough.
    fn deliveries(
        &self,
        states: &[DeliveryState],
        before: Option<(Timestamp, StepId)>,
        visit: &mut dyn FnMut(Timestamp, StepId, Slot) -> bool,
    ) -> Result<()>;
    /// The step whose text message a provider names so; where there are several, that of the last one.
    fn text(&self, gateway: GatewayId, name: &TextName) -> Result<Option<StepId>>;
    /// Everything that a user or team has to do, record by record. Costs what there is.
    fn work(&self, principal: Owner, visit: &mut dyn FnMut(RecordId, WorkRow)) -> Result<()>;
    /// What they have to do on one record.
    fn work_on(&self, principal: Owner, record: RecordId) -> Result<Option<WorkRow>>;
    /// Links of the audit trail before number `before`, newest first, until `visit` has enough.
    fn trail(&self, before: Option<u64>, visit: trail::VisitLink) -> Result<()>;
    /// Every event row, entity by entity and in order of versions: for export, check and rebuild.
    fn log(&self, visit: VisitEntry) -> Result<()>;
    /// Every row that is computed from events, as key and value, in order.
    fn derived(&self, visit: VisitRow) -> Result<()>;
    /// Replaces every computed row by those that follow from `effects`, in bounded batches.
    fn replace_derived(&self, effects: &mut dyn Iterator<Item = Result<(EntityId, Vec<Effect>)>>) -> Result<()>;
    /// Commits of records and sequences behind number `after`, in the order in which they were written; the first is not
    /// `after + 1` where that was removed.
    fn feed(&self, after: u64, limit: usize) -> Result<Vec<feed::Fed>>;
    /// The number of the last commit in the feed; 0 before the first.
    fn feed_end(&self) -> u64;
    /// Removes some of what the feed names from before an instant, or from before the last `commits_max`; how many rows.
    fn trim_feed(&self, before: Timestamp, commits_max: u64) -> Result<usize>;
    /// What an entity keeps beside its log; see [`Effect::Keep`].
    fn kept(&self, entity: EntityId) -> Result<Option<Vec<u8>>>;
    /// Forgets command ids that are older than they need to be kept; how many.
    fn forget_repeats(&self, now: Timestamp) -> Result<usize>;
    /// The head after the last group.
    fn head(&self) -> head::Head;
    /// Writes an exact copy of the rows as they are when it ends, while others write on; the head of that instant. One at
    /// a time. See [`backup`].
    fn backup(&self, _out: &mut dyn std::io::Write) -> Result<head::Head> {
        Err(StoreError::File { what: "backup", why: "this store cannot be copied".into() })
    }
    /// Whether so many bytes can be written beside what is kept free; groups are refused where there is no room.
    fn has_room(&self, bytes: u64) -> bool;
    /// Whether nothing has failed so far. What has is not to be trusted, and the process should end.
    fn is_sound(&self) -> bool;
    /// Ends writing and reading for good, in order, so that the next opening is fast: everything is read once more and held
    /// against its sums. What is only dropped is read at the next opening.
    fn close(&self) -> Result<()>;
}
