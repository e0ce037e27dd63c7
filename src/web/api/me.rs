//! `/me`: who the caller is, and what they have set for themselves.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::language::Language;
use crate::domain::organisation::Organisation;
use crate::domain::organisation::command::OrganisationCommand;
use crate::domain::organisation::own_settings::{AutoAdvance, OwnSetting};
use crate::id::{OrganisationId, UserId};
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::records::etag;
use crate::web::api::users::UserView;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, present};
use crate::web::wire::settings::CallResultBody;

/// Whoever asks.
#[utoipa::path(tag = "People", responses((status = 200, body = UserView), (status = 401, body = Problem)))]
#[get("/me")]
pub async fn get_me(app: Data<App>, by: Principal) -> HttpResponse {
    let given = app.engine.given();
    let user = given.policy.user(by.user()).map(|user| (UserView::of(by.user(), user), user.version));
    let (view, version) = user.unwrap_or_else(|| (UserView::built_in(), 1));
    HttpResponse::Ok().insert_header(etag(version)).json(view)
}

/// What somebody has set for themselves.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnSettingsView {
    /// What is shown after a step: `ask`, `next` or `stay`.
    #[schema(value_type = String)]
    auto_advance: AutoAdvance,
    /// `en`, `fr` or `gl`; null for the organisation's.
    language: Option<String>,
    /// IANA time zone.
    time_zone: Option<String>,
    /// Filters and groups of filters that you do not want to see, by `id`.
    hidden_filters: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    card_layout: Option<serde_json::Value>,
    /// The columns of the list of sequences in their order; empty for the usual ones.
    sequence_columns: Vec<String>,
    /// Where you have chosen otherwise than the organisation: whether steps have activities on the timeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    linked_activities: Option<bool>,
    /// The same: but not calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    linked_activities_exclude_calls: Option<bool>,
    /// The same: whether completing an activity completes its step.
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_completes_step: Option<bool>,
    /// The same of a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_completes_step: Option<bool>,
    /// The same: how a call ended whose result nobody tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_result: Option<CallResultBody>,
    /// Items that you are to have in a day at most; without it the organisation's number holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    daily_capacity: Option<u16>,
    /// What `{{ seller.signature }}` of a message stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

/// What may be written of one's own settings (RFC 7396): null brings a member back to what it is at first.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OwnSettingsBody {
    /// `ask`, `next` or `stay`.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    auto_advance: Option<Option<AutoAdvance>>,
    /// `en`, `fr` or `gl`.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<Language>>,
    /// IANA time zone.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    time_zone: Option<Option<String>>,
    /// Filters and groups of filters, by `id`: at most 100, each once.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    hidden_filters: Option<Option<Vec<String>>>,
    /// `{"leading", "rows": [{"fields": […], "icons": […]}], "actions": […]}` for records of every type, or such an object by
    /// type, `{"lead": {…}}`: at most 4 rows with 3 fields and 3 icons each, where the organisation lets people arrange cards.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    card_layout: Option<Option<serde_json::Value>>,
    /// Of `name`, `description`, `record_type`, `status`, `version`, `step_count`, `owner`, `tags`, `connected_count`,
    /// `modified_at`, each once.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    sequence_columns: Option<Option<Vec<String>>>,
    /// These five: otherwise than the organisation, unless an administrator has locked them.
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
    /// 1–1,000; null for the organisation's number.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u16>)]
    daily_capacity: Option<Option<u16>>,
    /// What `{{ seller.signature }}` of a message stands for: 1–2,000 characters on as many lines as there are to be.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    signature: Option<Option<String>>,
}

impl OwnSettingsBody {
    fn settings(self) -> Result<Vec<OwnSetting>, Problem> {
        self.call_result.iter().flatten().try_for_each(CallResultBody::judge)?;
        let each = [
            self.auto_advance.map(|advance| OwnSetting::AutoAdvance(advance.unwrap_or_default())),
            self.language.map(OwnSetting::Language),
            self.time_zone.map(OwnSetting::TimeZone),
            self.hidden_filters.map(|filters| OwnSetting::HiddenFilters(filters.unwrap_or_default())),
            self.card_layout.map(|layout| OwnSetting::CardLayout(layout.map(|layout| layout.to_string()))),
            self.sequence_columns.map(|columns| OwnSetting::SequenceColumns(columns.unwrap_or_default())),
            self.linked_activities.map(OwnSetting::LinkedActivities),
            self.linked_activities_exclude_calls.map(OwnSetting::LinkedActivitiesExcludeCalls),
            self.activity_completes_step.map(OwnSetting::ActivityCompletesStep),
            self.call_completes_step.map(OwnSetting::CallCompletesStep),
            self.call_result.map(|result| OwnSetting::CallResult(result.map(Into::into))),
            self.daily_capacity.map(OwnSetting::DailyCapacity),
            self.signature.map(OwnSetting::Signature),
        ];
        Ok(each.into_iter().flatten().collect())
    }
}

fn shown(organisation: &Organisation, user: UserId) -> (OwnSettingsView, u32) {
    let (own, profile) = (organisation.own(user), organisation.profile(user));
    let view = OwnSettingsView {
        auto_advance: own.auto_advance,
        language: profile.language.clone(),
        time_zone: profile.time_zone.clone(),
        hidden_filters: own.hidden_filters,
        card_layout: own.card_layout.and_then(|layout| serde_json::from_str(&layout).ok()),
        sequence_columns: own.sequence_columns,
        linked_activities: own.activities.linked,
        linked_activities_exclude_calls: own.activities.exclude_calls,
        activity_completes_step: own.activities.completes_step,
        call_completes_step: own.activities.call_completes_step,
        call_result: own.activities.call_result.as_ref().map(CallResultBody::from),
        daily_capacity: own.daily_capacity,
        signature: own.signature,
    };
    (view, organisation.own_version(user))
}

fn answer((view, version): (OwnSettingsView, u32)) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(version)).json(view)
}

/// Your own settings.
#[utoipa::path(tag = "People", responses((status = 200, body = OwnSettingsView), (status = 401, body = Problem)))]
#[get("/me/settings")]
pub async fn get_own_settings(app: Data<App>, by: Principal) -> HttpResponse {
    answer(shown(&app.engine.given().policy.organisation, by.user()))
}

/// Change your own settings: all that are sent, or none where one of them does not fit. Language and time zone are those
/// that colleagues see at `/users/{id}`.
#[utoipa::path(tag = "People", request_body = OwnSettingsBody,
    responses((status = 200, body = OwnSettingsView), (status = 403, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/me/settings")]
pub async fn patch_own_settings(app: Data<App>, body: Body<OwnSettingsBody>) -> Result<HttpResponse, Problem> {
    let (user, expected) = (body.principal.user(), body.caller.expected);
    let command = OrganisationCommand::ChangeOwnSettings { settings: body.value.settings()?, expected };
    let caller = Caller { expected: None, ..body.caller };
    let view = move |seen: crate::runtime::message::Seen<Organisation>| shown(seen.state, user);
    Ok(answer(app.engine.submit::<Organisation, _>(OrganisationId::THE, command, caller, view).await?))
}
