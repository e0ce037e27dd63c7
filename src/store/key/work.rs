//! Keys of what users and teams have to do.

use super::{Key, prefix, principal_of};
use crate::domain::record::schema::Owner;
use crate::id::{EntityId, RecordId, Shard};

/// The rows in a shard of what a user or team has to do.
pub fn work(shard: Shard, principal: Owner) -> Key {
    let mut key = prefix(shard, b'L');
    principal_of(&mut key, principal);
    key
}

/// What they have to do on a record.
pub fn work_on(principal: Owner, record: RecordId) -> Key {
    let mut key = work(EntityId::from(record).shard(), principal);
    key.extend_from_slice(&record.0.to_be_bytes());
    key
}
