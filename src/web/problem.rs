//! What a client is told when something is refused or fails: RFC 9457, with stable codes. The only module that knows
//! status codes of refusals.

mod catalogue;
mod channels;
mod codes;
mod sequence;
mod suppression;
mod webhook;

pub use codes::CODES;

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::account::command::AccountRejection;
use crate::domain::audit::NeverRefused;
use crate::domain::effect::Counter;
use crate::domain::import::ImportRejection;
use crate::domain::message_template::command::TemplateRejection;
use crate::domain::organisation::command::OrganisationRejection;
use crate::domain::permission::{Denial, Denies};
use crate::domain::record::{self, RecordRejection};
use crate::runtime::message::Failure;
use crate::store::StoreError;

/// One of several things wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Where in the request (RFC 6901), or the node of a graph.
    pub pointer: String,
    /// Stable code.
    pub code: Cow<'static, str>,
    /// One sentence.
    pub detail: String,
}

/// Something that was refused or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "Sent")]
pub struct Problem {
    /// One of [`CODES`].
    pub code: &'static str,
    /// One sentence about this case.
    pub detail: String,
    /// Everything that is wrong, where that is more than one thing or has a place.
    pub errors: Vec<Fault>,
    /// A refusal of access that no entity has noted for the audit trail yet.
    pub is_unnoted: bool,
    /// After how many seconds to try again.
    retry_seconds: Option<u64>,
}

/// A problem as it is sent.
#[derive(Serialize, ToSchema)]
struct Sent {
    /// A page that explains the code.
    #[serde(rename = "type")]
    kind: String,
    /// The code in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// One sentence about this case.
    detail: String,
    /// Stable code.
    code: &'static str,
    /// Everything that is wrong, where that is more than one thing or has a place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
}

impl From<Problem> for Sent {
    fn from(problem: Problem) -> Sent {
        let mut title = problem.code.replace('_', " ");
        title.get_mut(..1).map(str::make_ascii_uppercase).unwrap_or_default();
        Sent {
            kind: format!("/problems/{}", problem.code),
            title,
            status: problem.status(),
            detail: problem.detail,
            code: problem.code,
            errors: problem.errors,
        }
    }
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Sent::schema()
    }
}

impl ToSchema for Problem {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Sent::schemas(schemas);
    }
}

impl Problem {
    /// A problem with one of [`CODES`].
    pub fn new(code: &'static str, detail: impl Into<String>) -> Problem {
        Problem { code, detail: detail.into(), errors: Vec::new(), is_unnoted: false, retry_seconds: None }
    }

    fn status(&self) -> u16 {
        CODES.iter().find(|(known, ..)| *known == self.code).map_or(500, |(_, status, _)| *status)
    }

    /// The same with the seconds after which to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Problem {
        Problem { retry_seconds: Some(seconds), ..self }
    }

    /// The same with everything that is wrong.
    #[must_use]
    pub fn with(mut self, errors: Vec<Fault>) -> Problem {
        self.errors = errors;
        self
    }

    /// The same, to be noted in the audit trail before it is answered.
    #[must_use]
    pub fn to_be_noted(mut self) -> Problem {
        self.is_unnoted = true;
        self
    }

    /// The same of something that stands at `root` of the request.
    #[must_use]
    pub fn under(mut self, root: &str) -> Problem {
        self.errors.iter_mut().for_each(|fault| fault.pointer.insert_str(0, root));
        self
    }

    /// Something at a place in the request that cannot be read.
    pub fn malformed(pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
        Problem::at("malformed", pointer, detail)
    }

    /// One thing at one place.
    pub fn at(code: &'static str, pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
        let detail = detail.into();
        let fault = Fault { pointer: pointer.into(), code: Cow::Borrowed(code), detail: detail.clone() };
        Problem::new(code, detail).with(vec![fault])
    }

    /// Values that do not fit.
    pub fn invalid(problems: Vec<record::Problem>) -> Problem {
        let detail = match problems.as_slice() {
            [one] => one.detail.clone(),
            many => format!("{} values do not fit", many.len()),
        };
        let faults = problems.into_iter().map(|problem| Fault {
            pointer: problem.pointer,
            code: Cow::Borrowed(problem.code),
            detail: problem.detail,
        });
        Problem::new("validation_failed", detail).with(faults.collect())
    }

    /// Nothing can be written now.
    pub fn disk_full() -> Problem {
        // Somebody has to make space first.
        Problem::new("disk_full", "the server's disk is full; nothing was changed").retry_after(10)
    }

    /// A file of the data directory beside the store could not be written.
    pub fn unwritten(what: &str, error: &std::io::Error) -> Problem {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        if matches!(error.kind(), StorageFull | QuotaExceeded) {
            return Problem::disk_full();
        }
        tracing::error!(%error, "{what} cannot be written");
        Problem::new("unavailable", format!("{what} cannot be written to the data directory"))
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Problem {
        Problem::new("not_found", format!("there is no such {what}"))
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header(ContentType("application/problem+json".parse().unwrap_or(mime::APPLICATION_JSON)));
        if self.status() == 401 {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(seconds) = self.retry_seconds.or((self.status() == 503).then_some(1)) {
            response.insert_header((RETRY_AFTER, seconds));
        }
        response.body(serde_json::to_vec(self).unwrap_or_default())
    }
}

const TOO_MANY_ACTIVE: &str = "250 sequences are active; deactivate one first";
impl<R: std::error::Error + Into<Problem>> From<Failure<R>> for Problem {
    fn from(failure: Failure<R>) -> Problem {
        match failure {
            Failure::Refused(rejection) => rejection.into(),
            Failure::LimitReached(Counter::ActiveSequences) => Problem::new("active_limit_reached", TOO_MANY_ACTIVE),
            Failure::LimitReached(Counter::Records(kind)) => {
                Problem::new("record_type_in_use", format!("there are records of type {kind}"))
            }
            Failure::LimitReached(Counter::ConnectedIn(_)) => {
                Problem::new("monthly_quota_reached", "as many records were connected this month as may be")
            }
            Failure::LimitReached(_) => Problem::new("validation_failed", "a limit is reached"),
            Failure::Taken(_) => {
                Problem::at("external_id_taken", "/external_id", "another record has this external id")
            }
            Failure::KeyReused => {
                Problem::new("idempotency_key_reused", "this Idempotency-Key was sent before with another request")
            }
            Failure::VersionMismatch { actual } => {
                Problem::new("version_mismatch", format!("the resource is at version {actual} now"))
            }
            Failure::Erased => Problem::not_found("record any more: it was erased"),
            Failure::Busy => Problem::new("busy", "too many commands are under way"),
            Failure::Full => Problem::disk_full(),
            Failure::Unavailable => Problem::new("unavailable", "the server does not accept commands now"),
            Failure::Bug => Problem::new("internal", "the server met a defect; it was logged"),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        tracing::error!(%error, "a read failed");
        Problem::new("unavailable", "the store cannot be read now")
    }
}

impl From<RecordRejection> for Problem {
    fn from(rejection: RecordRejection) -> Problem {
        let code = match &rejection {
            RecordRejection::Invalid(problems) => return Problem::invalid(problems.clone()),
            RecordRejection::Denied(denial) => denial.cause.code(),
            RecordRejection::NotFound
            | RecordRejection::ActivityNotFound
            | RecordRejection::SequenceNotFound
            | RecordRejection::EnrolmentNotFound
            | RecordRejection::StepNotFound => "not_found",
            RecordRejection::Exists => "external_id_taken",
            RecordRejection::RecordInactive => "record_inactive",
            RecordRejection::RecordTypeMismatch { .. } => "record_type_mismatch",
            RecordRejection::RecordTypeDisabled(_) => "record_type_disabled",
            RecordRejection::AssigneeUnresolved => "assignee_unresolved",
            RecordRejection::SequenceNotActive => "sequence_not_active",
            RecordRejection::AlreadyConnected => "already_connected",
            RecordRejection::ReentryRefused { .. } => "reentry_refused",
            RecordRejection::Excluded { .. } => "sequence_excluded",
            RecordRejection::EnrolmentEnded => "enrolment_ended",
            RecordRejection::StepNotOpen => "step_not_open",
            RecordRejection::StepWaits => "step_waits",
            RecordRejection::NotWaiting => "not_waiting",
            RecordRejection::SnoozeNotAllowed => "snooze_not_allowed",
            RecordRejection::SnoozeInPast => "snooze_in_past",
            RecordRejection::CallResultRequired => "call_result_required",
            RecordRejection::CallResultInvalid(_) => "call_result_invalid",
            RecordRejection::NotAnEmail => "not_an_email",
            RecordRejection::NothingToRetry => "nothing_to_retry",
            RecordRejection::DeliveryKnown => "delivery_known",
            RecordRejection::NotAText => "not_a_text",
            RecordRejection::TextImpossible(_) => "text_impossible",
            RecordRejection::EmailMissing => "email_missing",
            RecordRejection::SendAtInPast => "send_at_in_past",
            RecordRejection::MessageUnderWay => "message_under_way",
            RecordRejection::EmailNotAllowed => "email_not_allowed",
            RecordRejection::RecordFull => "record_full",
            RecordRejection::ActivityNotOpen => "activity_not_open",
            RecordRejection::TooManyActivities => "too_many_activities",
            RecordRejection::TooManyMarks => "too_many_marks",
            RecordRejection::NotDue | RecordRejection::Stale | RecordRejection::Unseen(_) => "internal",
        };
        Problem::new(code, rejection.to_string())
    }
}

impl From<TemplateRejection> for Problem {
    fn from(rejection: TemplateRejection) -> Problem {
        let code = match &rejection {
            TemplateRejection::Invalid(problems) => return Problem::invalid(problems.clone()),
            TemplateRejection::Denied(denial) => denial.cause.code(),
            TemplateRejection::NotFound | TemplateRejection::NoAttachment => "not_found",
            TemplateRejection::AttachmentsFull => "attachments_full",
            TemplateRejection::MediaType(_) => "unsupported_media_type",
            TemplateRejection::Exists => "idempotency_key_reused",
            TemplateRejection::Shipped => "template_shipped",
            TemplateRejection::Referenced(_) => "referenced_by_active_sequence",
            TemplateRejection::Full => "templates_full",
        };
        Problem::new(code, rejection.to_string())
    }
}

impl From<ImportRejection> for Problem {
    fn from(rejection: ImportRejection) -> Problem {
        let code = rejection.denial().map_or("not_found", |denial| denial.cause.code());
        Problem::new(code, rejection.to_string())
    }
}

impl From<OrganisationRejection> for Problem {
    fn from(rejection: OrganisationRejection) -> Problem {
        let code = match &rejection {
            OrganisationRejection::Invalid(problems) => return Problem::invalid(problems.clone()),
            OrganisationRejection::Denied(denial) => denial.cause.code(),
            OrganisationRejection::UserNotFound | OrganisationRejection::TeamNotFound => "not_found",
            OrganisationRejection::Exists => "idempotency_key_reused",
            OrganisationRejection::CardsLocked => "cards_locked",
            OrganisationRejection::ActivitySettingsLocked => "activity_settings_locked",
            OrganisationRejection::EmailTaken => "email_taken",
            OrganisationRejection::LastAdministrator => "last_administrator",
            OrganisationRejection::Founded => "not_found",
            OrganisationRejection::VersionMismatch(_) => "version_mismatch",
            OrganisationRejection::Full(_) => "organisation_full",
        };
        Problem::new(code, rejection.to_string())
    }
}

impl From<AccountRejection> for Problem {
    fn from(rejection: AccountRejection) -> Problem {
        let code = match &rejection {
            AccountRejection::Invalid(problems) => return Problem::invalid(problems.clone()),
            AccountRejection::Denied(denial) => denial.cause.code(),
            AccountRejection::NotFound => "not_found",
            AccountRejection::NotProved => "unauthenticated",
            AccountRejection::TokenExists => "idempotency_key_reused",
            AccountRejection::TooManyTokens => "too_many_tokens",
        };
        Problem::new(code, rejection.to_string())
    }
}

impl From<NeverRefused> for Problem {
    fn from(NeverRefused(denial): NeverRefused) -> Problem {
        denial.into()
    }
}

/// A refusal that no entity has spoken; those that one has are noted already.
impl From<Denial> for Problem {
    fn from(denial: Denial) -> Problem {
        Problem::new(denial.cause.code(), denial.detail).to_be_noted()
    }
}
