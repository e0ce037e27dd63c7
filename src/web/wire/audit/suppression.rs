//! Suppressions, told for the audit trail.

use super::Told;
use crate::domain::suppression::{Reached, SuppressionEvent};
use crate::id::EntityId;

/// Whom nobody writes to any more; who that is cannot be read from it.
pub fn tell_suppression(suppression: EntityId, event: &SuppressionEvent) -> Told {
    match event {
        SuppressionEvent::Added(added) => {
            let channel = if added.reached == Reached::Email { "email" } else { "phone" };
            Told::of("suppression.added", suppression).with("channel", channel).with("reason", added.reason.as_str())
        }
        SuppressionEvent::Removed => Told::of("suppression.removed", suppression),
    }
}
