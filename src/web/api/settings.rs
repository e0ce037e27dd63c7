//! `/settings`: what holds for the whole organisation (§17).

use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::delivery::UnknownPolicy;
use crate::domain::governor::SendingCaps;
use crate::domain::language::Language;
use crate::domain::organisation::Organisation;
use crate::domain::organisation::command::OrganisationCommand;
use crate::domain::organisation::settings::{Setting, Settings};
use crate::domain::record::schema::{Phone, RecordType};
use crate::id::OrganisationId;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, known_type, present};
use crate::web::wire::settings::{CallResultBody, GradeLimitsBody, PhoneBody, RolesBody, WorkspaceRoles};

/// The settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsView {
    /// `all`, or the roles that may create and connect sequences and see the work list (P-30); none of them switches the
    /// workspace off.
    #[schema(value_type = WorkspaceRoles)]
    roles: RolesBody,
    /// The types of record that sequences are for.
    #[schema(value_type = Vec<String>)]
    record_types: Vec<RecordType>,
    /// Whether sample data may be there.
    sample_data: bool,
    seller_availability: bool,
    wait_computation: bool,
    linked_activities: bool,
    linked_activities_exclude_calls: bool,
    activity_completes_step: bool,
    call_completes_step: bool,
    call_result: CallResultBody,
    lock_activity_settings: bool,
    reporting: bool,
    /// The numbers to call, the first that is there.
    phone_priority: Vec<PhoneBody>,
    /// Whether opens, clicks and replies are looked for.
    email_engagement: bool,
    linkedin: bool,
    card_customisation: bool,
    card_lock: bool,
    /// Records that may be connected in a calendar month (UTC); null for any number.
    monthly_connect_quota: Option<u32>,
    /// Whether a sequence must pass its tests to be activated.
    require_sequence_tests: bool,
    /// Spoken where nobody has chosen another: `en`, `fr` or `gl`.
    #[schema(value_type = String)]
    language: Language,
    /// What is done with a message whose outcome stays unknown: `hold`, `resend` or `sent`.
    #[schema(value_type = String)]
    unknown_policy: UnknownPolicy,
    /// Minutes before that.
    unknown_after_minutes: u32,
    /// Seconds before a message that could not be sent is tried again; twice as many after each further attempt.
    retry_initial_seconds: u32,
    /// Hours after which it is given up.
    retry_max_hours: u32,
    /// Where recipients reach this server; null where they do not.
    public_url: Option<String>,
    /// Whether bulk e-mails go to records of every type, as against leads (W-89).
    bulk_email_all_types: bool,
    /// `{organisation, seller, recipient_domain: {per_hour, per_day}, spacing_seconds, person, account: {most, days}}`.
    #[schema(value_type = Object)]
    sending_caps: SendingCaps,
    /// Whether records that nobody supplies a score for have one by rule (W-53).
    rule_score: bool,
    /// From which score on a record is an A, a B or a C (W-54).
    grade_limits: GradeLimitsBody,
    /// Items that a seller is to have in a day at most; null where days are not levelled.
    daily_capacity: Option<u16>,
    /// The cards of the work list for everybody (W-70); null for the usual ones.
    #[schema(value_type = Option<Object>)]
    card_layout: Option<Value>,
}

impl From<&Settings> for SettingsView {
    fn from(settings: &Settings) -> SettingsView {
        SettingsView {
            roles: RolesBody(settings.roles),
            record_types: settings.record_types.iter().copied().collect(),
            sample_data: settings.sample_data,
            seller_availability: settings.seller_availability,
            wait_computation: settings.wait_computation,
            linked_activities: settings.linked_activities,
            linked_activities_exclude_calls: settings.linked_activities_exclude_calls,
            activity_completes_step: settings.activity_completes_step,
            call_completes_step: settings.call_completes_step,
            call_result: CallResultBody::from(&settings.call_result),
            lock_activity_settings: settings.lock_activity_settings,
            reporting: settings.reporting,
            phone_priority: settings.phone_priority.iter().copied().map(PhoneBody::from).collect(),
            email_engagement: settings.email_engagement,
            linkedin: settings.linkedin,
            card_customisation: settings.card_customisation,
            card_lock: settings.card_lock,
            monthly_connect_quota: settings.monthly_connect_quota,
            require_sequence_tests: settings.require_sequence_tests,
            language: settings.language,
            unknown_policy: settings.unknown_policy,
            unknown_after_minutes: settings.unknown_after_minutes,
            retry_initial_seconds: settings.retry_initial_seconds,
            retry_max_hours: settings.retry_max_hours,
            public_url: settings.public_url.clone(),
            bulk_email_all_types: settings.bulk_email_all_types,
            sending_caps: settings.sending_caps,
            rule_score: settings.rule_score,
            grade_limits: settings.grade_limits.into(),
            daily_capacity: settings.daily_capacity,
            card_layout: settings.card_layout.as_deref().and_then(|layout| serde_json::from_str(layout).ok()),
        }
    }
}

/// What may be written of the settings (RFC 7396): null brings a member back to what it is at first.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsBody {
    /// `all`, or a list of roles; an empty one switches the workspace off.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<WorkspaceRoles>)]
    roles: Option<Option<RolesBody>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    record_types: Option<Option<Vec<RecordType>>>,
    /// Only in a sandbox.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    sample_data: Option<Option<bool>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    seller_availability: Option<Option<bool>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    wait_computation: Option<Option<bool>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    linked_activities: Option<Option<bool>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    linked_activities_exclude_calls: Option<Option<bool>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    activity_completes_step: Option<Option<bool>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    call_completes_step: Option<Option<bool>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<CallResultBody>)]
    call_result: Option<Option<CallResultBody>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    lock_activity_settings: Option<Option<bool>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    reporting: Option<Option<bool>>,
    /// Each at most once; those that are not in it are not called.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<PhoneBody>>)]
    phone_priority: Option<Option<Vec<PhoneBody>>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    email_engagement: Option<Option<bool>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    linkedin: Option<Option<bool>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    card_customisation: Option<Option<bool>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    card_lock: Option<Option<bool>>,
    /// At least 1.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    monthly_connect_quota: Option<Option<u32>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    require_sequence_tests: Option<Option<bool>>,
    /// `en`, `fr` or `gl`.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<Language>>,
    /// `hold`, `resend` or `sent`.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    unknown_policy: Option<Option<UnknownPolicy>>,
    /// 0–10,080.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    unknown_after_minutes: Option<Option<u32>>,
    /// 1–86,400.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    retry_initial_seconds: Option<Option<u32>>,
    /// 0–720.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    retry_max_hours: Option<Option<u32>>,
    /// `https://…` or `http://…` without a path.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    public_url: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    bulk_email_all_types: Option<Option<bool>>,
    /// Replaces all of them.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    sending_caps: Option<Option<SendingCaps>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    rule_score: Option<Option<bool>>,
    /// 1–100 each, falling; replaces all three.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<GradeLimitsBody>)]
    grade_limits: Option<Option<GradeLimitsBody>>,
    /// 1–1,000.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u16>)]
    daily_capacity: Option<Option<u16>>,
    /// `{"leading", "rows": [{"fields": […], "icons": […]}], "actions": […]}` for records of every type, or such an object by
    /// type, `{"lead": {…}}`: at most 4 rows with 3 fields and 3 icons each (W-71).
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    card_layout: Option<Option<Value>>,
}

/// A value that is given, or what the setting is at first where null is given.
fn or<T>(given: Option<Option<T>>, at_first: T) -> Option<T> {
    given.map(|value| value.unwrap_or(at_first))
}

impl SettingsBody {
    fn settings(self) -> Vec<Setting> {
        let first = Settings::default();
        let order = self.phone_priority.map(|order| order.map(|order| order.into_iter().map(Phone::from).collect()));
        let types = self.record_types.map(|types| types.map(|types| types.into_iter().collect()));
        let exclude_calls = or(self.linked_activities_exclude_calls, first.linked_activities_exclude_calls);
        let each = [
            or(self.roles, RolesBody(first.roles)).map(|roles| Setting::Roles(roles.0)),
            or(types, first.record_types).map(Setting::RecordTypes),
            or(self.sample_data, first.sample_data).map(Setting::SampleData),
            or(self.seller_availability, first.seller_availability).map(Setting::SellerAvailability),
            or(self.wait_computation, first.wait_computation).map(Setting::WaitComputation),
            or(self.linked_activities, first.linked_activities).map(Setting::LinkedActivities),
            exclude_calls.map(Setting::LinkedActivitiesExcludeCalls),
            or(self.activity_completes_step, first.activity_completes_step).map(Setting::ActivityCompletesStep),
            or(self.call_completes_step, first.call_completes_step).map(Setting::CallCompletesStep),
            or(self.call_result, CallResultBody::default()).map(|result| Setting::CallResult(result.into())),
            or(self.lock_activity_settings, first.lock_activity_settings).map(Setting::LockActivitySettings),
            or(self.reporting, first.reporting).map(Setting::Reporting),
            or(order, first.phone_priority).map(Setting::PhonePriority),
            or(self.email_engagement, first.email_engagement).map(Setting::EmailEngagement),
            or(self.linkedin, first.linkedin).map(Setting::Linkedin),
            or(self.card_customisation, first.card_customisation).map(Setting::CardCustomisation),
            or(self.card_lock, first.card_lock).map(Setting::CardLock),
            self.monthly_connect_quota.map(Setting::MonthlyConnectQuota),
            or(self.require_sequence_tests, first.require_sequence_tests).map(Setting::RequireSequenceTests),
            or(self.language, first.language).map(Setting::Language),
            or(self.unknown_policy, first.unknown_policy).map(Setting::UnknownPolicy),
            or(self.unknown_after_minutes, first.unknown_after_minutes).map(Setting::UnknownAfterMinutes),
            or(self.retry_initial_seconds, first.retry_initial_seconds).map(Setting::RetryInitialSeconds),
            or(self.retry_max_hours, first.retry_max_hours).map(Setting::RetryMaxHours),
            self.public_url.map(Setting::PublicUrl),
            or(self.bulk_email_all_types, first.bulk_email_all_types).map(Setting::BulkEmailAllTypes),
            or(self.sending_caps, first.sending_caps).map(Setting::SendingCaps),
            or(self.rule_score, first.rule_score).map(Setting::RuleScore),
            or(self.grade_limits, first.grade_limits.into()).map(|limits| Setting::GradeLimits(limits.into())),
            self.daily_capacity.map(Setting::DailyCapacity),
            self.card_layout.map(|layout| Setting::CardLayout(layout.map(|layout| layout.to_string()))),
        ];
        each.into_iter().flatten().collect()
    }
}

fn shown(organisation: &Organisation) -> (SettingsView, u32) {
    (SettingsView::from(&organisation.settings), organisation.settings_version)
}

fn answer((view, version): (SettingsView, u32)) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(version)).json(view)
}

/// The settings of the organisation.
#[utoipa::path(tag = "Configuration", responses((status = 200, body = SettingsView)))]
#[get("/settings")]
pub async fn get_settings(app: Data<App>, _: Principal) -> HttpResponse {
    answer(shown(&app.engine.given().policy.organisation))
}

/// Change settings: all that are sent, or none where one of them may not be written or does not fit.
#[utoipa::path(tag = "Configuration", request_body = SettingsBody,
    responses((status = 200, body = SettingsView), (status = 403, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/settings")]
pub async fn patch_settings(app: Data<App>, body: Body<SettingsBody>) -> Result<HttpResponse, Problem> {
    body.value.call_result.iter().flatten().try_for_each(CallResultBody::judge)?;
    if body.value.sample_data == Some(Some(true)) && !app.engine.clock().is_test() {
        let detail = "sample data is for a sandbox, which never sends anything outside";
        return Err(Problem::at("sandbox_only", "/sample_data", detail));
    }
    for (place, kind) in body.value.record_types.iter().flatten().flatten().enumerate() {
        known_type(&app.engine, *kind, &format!("/record_types/{place}"))?;
    }
    let expected = body.caller.expected;
    let command = OrganisationCommand::ChangeSettings { settings: body.value.settings(), expected };
    let caller = Caller { expected: None, ..body.caller };
    let done = app.engine.submit::<Organisation, _>(OrganisationId::THE, command, caller, |seen| shown(seen.state));
    Ok(answer(done.await?))
}
