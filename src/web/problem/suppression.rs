//! What a client is told when a suppression refuses.

use super::Problem;
use crate::domain::suppression::SuppressionRejection;

impl From<SuppressionRejection> for Problem {
    fn from(rejection: SuppressionRejection) -> Problem {
        let code = match &rejection {
            SuppressionRejection::Denied(denial) => denial.cause.code(),
            SuppressionRejection::NotFound => "not_found",
            SuppressionRejection::Full => "suppressions_full",
            SuppressionRejection::Invalid(detail) => {
                return Problem::at("validation_failed", "/reason", detail.clone());
            }
        };
        Problem::new(code, rejection.to_string())
    }
}
