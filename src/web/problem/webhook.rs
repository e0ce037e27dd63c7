//! What a client is told when a webhook refuses.

use super::Problem;
use crate::domain::webhook::WebhookRejection;

impl From<WebhookRejection> for Problem {
    fn from(rejection: WebhookRejection) -> Problem {
        let code = match &rejection {
            WebhookRejection::Denied(denial) => denial.cause.code(),
            WebhookRejection::NotFound => "not_found",
            WebhookRejection::Exists => "idempotency_key_reused",
            WebhookRejection::Full => "webhooks_full",
        };
        Problem::new(code, rejection.to_string())
    }
}
