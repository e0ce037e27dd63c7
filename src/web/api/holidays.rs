//! `/holidays`: which days are public holidays here, and what the organisation says otherwise than the table (TM-3).

use actix_web::web::Data;
use actix_web::{HttpResponse, get, put};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::organisation::Organisation;
use crate::domain::organisation::command::OrganisationCommand;
use crate::domain::schedule::{Corrections, Day, HolidayCorrection, holidays};
use crate::id::OrganisationId;
use crate::runtime::message::{Caller, Seen};
use crate::web::App;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Query};

/// A day said to be a holiday, or to be none.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionBody {
    /// Of calendars and windows that follow this country, such as `FR`; without one of everybody who works here, whatever they
    /// follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[schema(value_type = String, format = Date)]
    day: Day,
    /// Whether it is a holiday, as against one that is worked on.
    holiday: bool,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Everything that is said otherwise than the table has it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionsBody {
    /// At most 2,000, each day of a country once.
    #[serde(deserialize_with = "crate::domain::json::objects")]
    items: Vec<CorrectionBody>,
}

/// The days that are off.
#[derive(Debug, Serialize, ToSchema)]
pub struct HolidaysView {
    /// In order.
    #[schema(value_type = Vec<String>)]
    items: Vec<Day>,
}

/// Whose, and when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HolidaysQuery {
    /// Two capital letters; without a country, the days of the organisation's own.
    country: Option<String>,
    /// The present one in UTC, unless given.
    year: Option<String>,
}

fn shown(organisation: &Organisation) -> (CorrectionsBody, u32) {
    let items = organisation.holidays.all().map(|one| {
        let HolidayCorrection { country, day, is_holiday, name } = one;
        CorrectionBody { country, day, holiday: is_holiday, name }
    });
    (CorrectionsBody { items: items.collect() }, organisation.holidays_version)
}

fn answer((view, version): (CorrectionsBody, u32)) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(version)).json(view)
}

/// The holidays of a year as they hold for somebody whose calendar follows that country.
#[utoipa::path(tag = "Configuration", params(HolidaysQuery), responses((status = 200, body = HolidaysView), (status = 422, body = Problem)))]
#[get("/holidays")]
pub async fn list_holidays(
    app: Data<App>,
    by: Principal,
    Query(query): Query<HolidaysQuery>,
) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    given.policy.person(by.user())?;
    if let Some(country) = query.country.as_deref().filter(|country| !holidays::knows(country)) {
        let detail = format!("no holidays are known of `{country}`; a country is two capital letters, such as FR");
        return Err(Problem::at("validation_failed", "/country", detail));
    }
    let year = match query.year {
        None => app.engine.clock().now().to_string()[..4].to_owned(),
        Some(year) => year,
    };
    let unread = || Problem::malformed("/year", format!("`{year}` is no year"));
    let year: i32 = year.parse().ok().filter(|year| (1..=9_999).contains(year)).ok_or_else(unread)?;
    let items = days(given.policy.holidays(), query.country.as_deref(), year);
    Ok(HttpResponse::Ok().json(HolidaysView { items }))
}

fn days(corrections: &Corrections, country: Option<&str>, year: i32) -> Vec<Day> {
    let of_country = |day| country.is_some_and(|country| corrections.is_holiday(country, day));
    let is_off = |day: &NaiveDate| corrections.own(Day::from(*day)).unwrap_or_else(|| of_country(*day));
    let first = NaiveDate::from_ymd_opt(year, 1, 1).into_iter();
    let days = first.flat_map(|first| first.iter_days()).take_while(|day| day.year() == year);
    days.filter(is_off).map(Day::from).collect()
}

/// What is said of holidays otherwise than the table has it.
#[utoipa::path(tag = "Configuration", responses((status = 200, body = CorrectionsBody)))]
#[get("/holidays/corrections")]
pub async fn get_corrections(app: Data<App>, by: Principal) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    given.policy.person(by.user())?;
    Ok(answer(shown(&given.policy.organisation)))
}

/// Say which days are holidays, or are none, against the table: all of them, in place of those before. What is due and what
/// waits is computed anew.
#[utoipa::path(tag = "Configuration", request_body = CorrectionsBody,
    responses((status = 200, body = CorrectionsBody), (status = 400, body = Problem), (status = 403, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[put("/holidays/corrections")]
pub async fn put_corrections(app: Data<App>, body: Body<CorrectionsBody>) -> Result<HttpResponse, Problem> {
    let corrections = body.value.items.into_iter().map(|one| {
        let CorrectionBody { country, day, holiday, name } = one;
        HolidayCorrection { country, day, is_holiday: holiday, name }
    });
    let (corrections, expected) = (corrections.collect(), body.caller.expected);
    let command = OrganisationCommand::CorrectHolidays { corrections, expected };
    let caller = Caller { expected: None, ..body.caller };
    let view = |seen: Seen<Organisation>| shown(seen.state);
    Ok(answer(app.engine.submit::<Organisation, _>(OrganisationId::THE, command, caller, view).await?))
}
