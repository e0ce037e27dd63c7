//! Webhooks, told for the audit trail.

use super::Told;
use crate::domain::webhook::WebhookEvent;
use crate::id::EntityId;

/// Where what happens is sent to, and whether it goes on. No secret.
pub fn tell_webhook(webhook: EntityId, event: &WebhookEvent) -> Told {
    let of = |action| Told::of(action, webhook);
    match event {
        WebhookEvent::Created { url, topics, .. } => {
            of("webhook.created").with("url", url).with("topics", topics.join(", "))
        }
        WebhookEvent::Stopped { why } => of("webhook.stopped").with("reason", why),
        WebhookEvent::Replayed { from } => of("webhook.replayed").with("from", from),
        WebhookEvent::Removed => of("webhook.removed"),
    }
}
