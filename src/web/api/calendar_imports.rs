//! `/me/calendar/import`, `/users/{id}/calendar/import`: days off from another calendar (TM-5).

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::organisation::Organisation;
use crate::domain::organisation::calendars::judge;
use crate::domain::organisation::command::{OrganisationCommand, OrganisationRejection};
use crate::domain::schedule::icalendar::{Imported, days_off};
use crate::domain::schedule::{Calendar, civil};
use crate::id::{OrganisationId, UserId};
use crate::runtime::message::{Caller, Failure, Seen};
use crate::web::App;
use crate::web::api::calendars::CalendarBody;
use crate::web::api::records::etag;
use crate::web::api::users::user_id;
use crate::web::problem::Problem;
use crate::web::request::{Text, blocking};

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarImportView {
    /// The calendar with what was taken.
    calendar: CalendarBody,
    /// Days off that the file has, from today on.
    days: i64,
    /// Events that repeat by a rule, which are not taken; export the calendar with each of their dates, or as free/busy times.
    repeating: usize,
    /// Events whose times cannot be read, which are not taken.
    unread: usize,
}

/// Take your days off from another calendar: an iCalendar file, such as a published one of Outlook, Google or Nextcloud, or a
/// free/busy list. Days on which you are busy from end to end become time off, in place of those of the import before; hours
/// and what is free, cancelled or past are left out. Names of events are not kept.
#[utoipa::path(tag = "People", request_body(content = String, content_type = "text/calendar"),
    responses((status = 200, body = CalendarImportView), (status = 400, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[post("/me/calendar/import")]
pub async fn import_own_calendar(app: Data<App>, body: Text) -> Result<HttpResponse, Problem> {
    let user = body.caller.by;
    import(&app, user, body).await
}

/// The same for one of your people.
#[utoipa::path(tag = "People", request_body(content = String, content_type = "text/calendar"),
    responses((status = 200, body = CalendarImportView), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[post("/users/{id}/calendar/import")]
pub async fn import_calendar(app: Data<App>, id: Path<String>, body: Text) -> Result<HttpResponse, Problem> {
    import(&app, user_id(&id)?, body).await
}

async fn import(app: &App, user: UserId, body: Text) -> Result<HttpResponse, Problem> {
    let (engine, caller, text) = (&app.engine, body.caller, body.value);
    judge(&engine.given(), caller.by, user).map_err(|refused| match refused {
        OrganisationRejection::Denied(denial) => Problem::from(denial),
        other => other.into(),
    })?;
    let now = engine.clock().now();
    let zone = civil::zone(engine.given().policy.organisation.time_zone(user));
    let read = blocking(move || days_off(&text, zone, now).map_err(|wrong| Problem::malformed("", wrong.to_string())));
    let found: Imported = read.await?;
    loop {
        let given = engine.given();
        let organisation = &given.policy.organisation;
        let calendar = organisation.calendar(user).with_imported(&found.runs);
        let expected = Some(caller.expected.unwrap_or_else(|| organisation.calendar_version(user)));
        let command = OrganisationCommand::SetCalendar { user, calendar, expected };
        let asked = Caller { expected: None, ..caller };
        let view =
            move |seen: Seen<Organisation>| (seen.state.calendar(user).into_owned(), seen.state.calendar_version(user));
        match engine.submit::<Organisation, _>(OrganisationId::THE, command, asked, view).await {
            // Written meanwhile, by nobody that the caller knows of.
            Err(Failure::Refused(OrganisationRejection::VersionMismatch(_))) if caller.expected.is_none() => {}
            done => return Ok(answer(done?, &found)),
        }
    }
}

fn answer((calendar, version): (Calendar, u32), found: &Imported) -> HttpResponse {
    let days = found.runs.iter().map(|(from, until)| (*until - *from).num_days() + 1).sum();
    let (calendar, repeating, unread) = (CalendarBody::of(&calendar), found.repeating, found.unread);
    HttpResponse::Ok().insert_header(etag(version)).json(CalendarImportView { calendar, days, repeating, unread })
}
