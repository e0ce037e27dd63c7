//! The layout of the key space, and the only module that knows it.
//!
//! Every key leads with its shard, then a letter for the kind of row, then big-endian parts so that byte order is the
//! order wanted. What belongs to no shard stands under [`GLOBAL`].
//!
//! ```text
//! shard E kind id version      events of one commit          shard S kind id        snapshot
//! shard T due kind id key      timer                         shard O kind id key    owed delivery
//! shard I record               record list row               shard J sequence live enrolment   enrolment list row
//! shard V principal record     record of a user's or team's lists
//! shard D state step           message list row
//! shard X gateway name at step   what a provider names a text message by, newest first
//! shard L principal record     what a user or team has to do on a record
//! shard R week command         first run of a command        shard F                epoch
//! GLOBAL U type external_id    who holds an external id      GLOBAL C counter       sum
//! GLOBAL A number              link of the audit trail       GLOBAL N number       commits in their order, the first of that number
//! shard W kind id              what an entity keeps beside its log
//! GLOBAL M                     identity of the store      GLOBAL H              head: groups so far, sums of all rows
//! ```

mod counter;
mod text;
mod work;

pub use self::counter::counter;
pub use self::text::{text, texts};
pub use self::work::{work, work_on};

use chrono::TimeDelta;

use crate::domain::delivery::DeliveryState;
use crate::domain::effect::{EffectKey, EnrolmentRow};
use crate::domain::record::schema::{Owner, RecordType};
use crate::id::{EnrolmentId, EntityId, EntityKind, RecordId, SequenceId, Shard, StepId};
use crate::limits;
use crate::store::{TimerRow, Version};
use crate::time::Timestamp;

/// The shard number of rows that belong to none.
pub const GLOBAL: Shard = Shard(u16::MAX);

/// Kinds of rows that follow from events.
pub const DERIVED: [u8; 10] = [b'T', b'O', b'I', b'J', b'V', b'U', b'C', b'D', b'X', b'L'];

/// Kinds of rows that say what happened, and who may write on.
pub const LASTING: [u8; 6] = [b'E', b'R', b'F', b'A', b'N', b'W'];

/// How far a clock may be set back without a command id being forgotten.
const CLOCK_SET_BACK_HOURS_MAX: i64 = 24;

/// Bytes that sort.
pub type Key = Vec<u8>;

fn prefix(shard: Shard, row: u8) -> Key {
    let mut key = Vec::with_capacity(40);
    key.extend_from_slice(&shard.0.to_be_bytes());
    key.push(row);
    key
}

fn entity_key(row: u8, entity: EntityId) -> Key {
    let mut key = prefix(entity.shard(), row);
    key.push(entity.kind as u8);
    key.extend_from_slice(&entity.id.to_be_bytes());
    key
}

fn with_number(mut key: Key, number: u32) -> Key {
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The first key behind all that begin with `prefix`.
pub fn after(prefix: &[u8]) -> Key {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// All rows of a kind in a shard.
pub fn all(shard: Shard, row: u8) -> Key {
    prefix(shard, row)
}

/// The letter of a key's row.
pub fn row_of(key: &[u8]) -> Option<u8> {
    key.get(2).copied()
}

/// All event rows of an entity.
pub fn events(entity: EntityId) -> Key {
    entity_key(b'E', entity)
}

/// All event rows of the entities of a kind in a shard.
pub fn events_of_kind(shard: Shard, kind: EntityKind) -> Key {
    let mut key = prefix(shard, b'E');
    key.push(kind as u8);
    key
}

/// The event row that led to `version`.
pub fn event(entity: EntityId, version: Version) -> Key {
    with_number(events(entity), version)
}

/// The snapshot of an entity.
pub fn snapshot(entity: EntityId) -> Key {
    entity_key(b'S', entity)
}

/// A delivery that is owed.
pub fn owed(entity: EntityId, key: EffectKey) -> Key {
    with_number(entity_key(b'O', entity), key)
}

/// A timer.
pub fn timer(timer: TimerRow) -> Key {
    timer_in(timer.entity.shard(), timer)
}

/// The place of a timer among those of `shard`, whether it is one of them or not.
pub fn timer_in(shard: Shard, timer: TimerRow) -> Key {
    let mut key = timers_from(shard, timer.due);
    key.push(timer.entity.kind as u8);
    key.extend_from_slice(&timer.entity.id.to_be_bytes());
    with_number(key, timer.key)
}

/// Before every timer of a shard that is due at `due` or later.
pub fn timers_from(shard: Shard, due: Timestamp) -> Key {
    let mut key = prefix(shard, b'T');
    key.extend_from_slice(&(due.millis() as u64 ^ (1 << 63)).to_be_bytes());
    key
}

/// A record's list row.
pub fn record(record: RecordId) -> Key {
    let mut key = prefix(EntityId::from(record).shard(), b'I');
    key.extend_from_slice(&record.0.to_be_bytes());
    key
}

/// The records in a shard that lists of a user or team show.
pub fn records_of(shard: Shard, principal: Owner) -> Key {
    let mut key = prefix(shard, b'V');
    principal_of(&mut key, principal);
    key
}

fn principal_of(key: &mut Key, principal: Owner) {
    let (kind, id) = match principal {
        Owner::User(user) => (1, user.0),
        Owner::Team(team) => (2, team.0),
    };
    key.push(kind);
    key.extend_from_slice(&id.to_be_bytes());
}

/// One of them.
pub fn record_of(principal: Owner, record: RecordId) -> Key {
    let mut key = records_of(EntityId::from(record).shard(), principal);
    key.extend_from_slice(&record.0.to_be_bytes());
    key
}

/// The list rows of a sequence's enrolments in a shard.
pub fn enrolments(shard: Shard, sequence: SequenceId, live: bool) -> Key {
    let mut key = prefix(shard, b'J');
    key.extend_from_slice(&sequence.0.to_be_bytes());
    key.push(u8::from(live));
    key
}

/// An enrolment's list row.
pub fn enrolment(sequence: SequenceId, row: EnrolmentRow) -> Key {
    let mut key = enrolments(EntityId::from(row.record).shard(), sequence, row.live);
    key.extend_from_slice(&EnrolmentId::of(row.record, row.ordinal).0.to_be_bytes());
    key
}

/// The list rows of the messages in a shard that stand there.
pub fn deliveries(shard: Shard, state: DeliveryState) -> Key {
    let mut key = prefix(shard, b'D');
    key.push(state as u8);
    key
}

/// A message's list row.
pub fn delivery(state: DeliveryState, at: Timestamp, step: StepId) -> Key {
    let mut key = deliveries(EntityId::from(step.record()).shard(), state);
    key.extend_from_slice(&place(at, step));
    key
}

/// Where a message stands among those of its state: by time.
pub fn place(at: Timestamp, step: StepId) -> [u8; 24] {
    let mut place = [0; 24];
    place[..8].copy_from_slice(&(at.millis() as u64 ^ (1 << 63)).to_be_bytes());
    place[8..].copy_from_slice(&step.0.to_be_bytes());
    place
}

/// The week whose command ids stand together.
pub fn week(now: Timestamp) -> u32 {
    now.millis().div_euclid(limits::REPEAT_DAYS * 86_400_000) as u32
}

/// The weeks whose command ids are remembered, this one first. A clock that was set back may have put some into the next.
pub fn weeks_kept(now: Timestamp) -> impl Iterator<Item = u32> {
    let (this, next) = (week(now), week(now + TimeDelta::hours(CLOCK_SET_BACK_HOURS_MAX)));
    [this, this.wrapping_sub(1)].into_iter().chain((next != this).then_some(next))
}

/// Command ids of a shard, or of one week of it.
pub fn repeats(shard: Shard, week: Option<u32>) -> Key {
    match week {
        Some(week) => with_number(prefix(shard, b'R'), week),
        None => prefix(shard, b'R'),
    }
}

/// A command id.
pub fn repeat(shard: Shard, week: u32, command: u128) -> Key {
    let mut key = repeats(shard, Some(week));
    key.extend_from_slice(&command.to_be_bytes());
    key
}

/// The week in a command id's key.
pub fn repeat_week(key: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(key.get(3..7)?.try_into().ok()?))
}

/// The epoch of a shard.
pub fn fence(shard: Shard) -> Key {
    prefix(shard, b'F')
}

/// Leads the keys of all custom types; far from the numbers of built-in ones.
const CUSTOM_TYPE: u8 = u8::MAX;

/// The number of a type: its place among the built-in ones.
fn number_of(kind: RecordType) -> u8 {
    match kind {
        RecordType::Lead => 0,
        RecordType::Contact => 1,
        RecordType::Account => 2,
        RecordType::Opportunity => 3,
        RecordType::Custom(_) => CUSTOM_TYPE,
    }
}

/// Who holds an external id. The name of a custom type stands behind its length, so that no key is another type's.
pub fn claim(kind: RecordType, external_id: &str) -> Key {
    let mut key = prefix(GLOBAL, b'U');
    key.push(number_of(kind));
    if let RecordType::Custom(_) = kind {
        key.push(kind.name().len() as u8);
        key.extend_from_slice(kind.name().as_bytes());
    }
    key.extend_from_slice(external_id.as_bytes());
    key
}

/// A link of the audit trail.
pub fn link(number: u64) -> Key {
    let mut key = prefix(GLOBAL, b'A');
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The row of the feed that begins with that commit.
pub fn feed(number: u64) -> Key {
    let mut key = prefix(GLOBAL, b'N');
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// What an entity keeps beside its log.
pub fn kept(entity: EntityId) -> Key {
    entity_key(b'W', entity)
}

/// The identity of the store.
pub fn identity() -> Key {
    prefix(GLOBAL, b'M')
}

/// What the store says of itself.
pub fn head() -> Key {
    prefix(GLOBAL, b'H')
}

/// Whether a row of this key never replaces another: events, command ids, links and the feed.
pub fn is_written_once(key: &[u8]) -> bool {
    matches!(row_of(key), Some(b'E' | b'R' | b'A' | b'N'))
}

/// Reads keys back. One that leads with another shard than that of what it names was never written: taken for true, it
/// would be looked for where it is not.
pub mod read {
    pub use super::counter::read as counter;
    use super::*;

    fn number(bytes: &[u8]) -> Option<u32> {
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    }

    fn id(bytes: &[u8]) -> Option<u128> {
        Some(u128::from_be_bytes(bytes.try_into().ok()?))
    }

    fn entity(bytes: &[u8]) -> Option<EntityId> {
        Some(EntityId { kind: EntityKind::from_number(*bytes.first()?)?, id: id(bytes.get(1..17)?)? })
    }

    /// The entity, if it belongs to the shard that the key leads with.
    fn at_home(key: &[u8], entity: EntityId) -> Option<EntityId> {
        key.starts_with(&entity.shard().0.to_be_bytes()).then_some(entity)
    }

    /// Entity and version of an event row.
    pub fn event(key: &[u8]) -> Option<(EntityId, Version)> {
        let entity = at_home(key, entity(key.get(3..20)?)?)?;
        Some((entity, number(key.get(20..)?)?))
    }

    /// Entity and name of an owed delivery.
    pub fn owed(key: &[u8]) -> Option<(EntityId, EffectKey)> {
        event(key)
    }

    /// When the text message of a step took its way, and the step.
    pub fn text(key: &[u8]) -> Option<(u64, StepId)> {
        let (rest, step) = key.split_last_chunk::<16>()?;
        let at = u64::from_be_bytes(*rest.split_last_chunk::<8>()?.1);
        Some((u64::MAX - at, StepId(u128::from_be_bytes(*step))))
    }

    /// A timer.
    pub fn timer(key: &[u8]) -> Option<TimerRow> {
        let due = u64::from_be_bytes(key.get(3..11)?.try_into().ok()?) ^ (1 << 63);
        Some(TimerRow {
            due: Timestamp::from_millis(due as i64),
            entity: at_home(key, entity(key.get(11..28)?)?)?,
            key: number(key.get(28..)?)?,
        })
    }

    /// The number of a link.
    pub fn link(key: &[u8]) -> Option<u64> {
        let number = key.strip_prefix(&all(GLOBAL, b'A')[..])?;
        Some(u64::from_be_bytes(number.try_into().ok()?))
    }

    /// The number of the first commit in a row of the feed.
    pub fn feed(key: &[u8]) -> Option<u64> {
        let number = key.strip_prefix(&all(GLOBAL, b'N')[..])?;
        Some(u64::from_be_bytes(number.try_into().ok()?))
    }

    /// The record of a list row.
    pub fn record(key: &[u8]) -> Option<RecordId> {
        let record = RecordId(id(key.get(3..)?)?);
        at_home(key, record.into()).map(RecordId::from)
    }

    /// The record that a list of somebody shows.
    pub fn record_of(key: &[u8]) -> Option<RecordId> {
        let record = RecordId(id(key.get(20..)?)?);
        at_home(key, record.into()).map(RecordId::from)
    }

    /// The step of a message's list row.
    pub fn delivery(key: &[u8]) -> Option<(Timestamp, StepId)> {
        let at = u64::from_be_bytes(key.get(4..12)?.try_into().ok()?) ^ (1 << 63);
        let step = StepId(id(key.get(12..)?)?);
        at_home(key, step.record().into())?;
        Some((Timestamp::from_millis(at as i64), step))
    }

    /// The enrolment of a list row.
    pub fn enrolment(key: &[u8]) -> Option<EnrolmentRow> {
        let id = EnrolmentId(id(key.get(20..)?)?);
        at_home(key, id.record().into())?;
        Some(EnrolmentRow { record: id.record(), ordinal: id.ordinal(), live: *key.get(19)? == 1 })
    }
}
