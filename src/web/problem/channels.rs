//! What a client is told when the channels refuse.

use super::Problem;
use crate::domain::channels::command::ChannelsRejection;

impl From<ChannelsRejection> for Problem {
    fn from(rejection: ChannelsRejection) -> Problem {
        let code = match &rejection {
            ChannelsRejection::Invalid(problems) => return Problem::invalid(problems.clone()),
            ChannelsRejection::Denied(denial) => denial.cause.code(),
            ChannelsRejection::NotFound => "not_found",
            ChannelsRejection::Exists => "idempotency_key_reused",
            ChannelsRejection::AddressTaken => "address_taken",
            ChannelsRejection::VersionMismatch(_) => "version_mismatch",
            ChannelsRejection::Full | ChannelsRejection::GatewaysFull => "channels_full",
        };
        Problem::new(code, rejection.to_string())
    }
}
