//! Keys of text messages by what providers name them.

use super::{Key, prefix};
use crate::domain::effect::TextName;
use crate::id::{EntityId, GatewayId, Shard, StepId};
use crate::time::Timestamp;

/// The text messages in a shard that a provider names so. The name stands behind its length, so that none begins with another.
pub fn texts(shard: Shard, gateway: GatewayId, name: &TextName) -> Key {
    let mut key = prefix(shard, b'X');
    key.extend_from_slice(&gateway.0.to_be_bytes());
    let (kind, name) = match name {
        TextName::Number(number) => (1, number),
        TextName::Message(id) => (2, id),
    };
    key.push(kind);
    key.extend_from_slice(&(name.len() as u16).to_be_bytes());
    key.extend_from_slice(name.as_bytes());
    key
}

/// One of them.
pub fn text(gateway: GatewayId, name: &TextName, at: Timestamp, step: StepId) -> Key {
    let mut key = texts(EntityId::from(step.record()).shard(), gateway, name);
    key.extend_from_slice(&(u64::MAX - at.millis() as u64).to_be_bytes());
    key.extend_from_slice(&step.0.to_be_bytes());
    key
}
