//! `/me/calendar`, `/users/{id}/calendar`: when people work (§12).

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::organisation::Organisation;
use crate::domain::organisation::calendars::judge;
use crate::domain::organisation::command::{OrganisationCommand, OrganisationRejection};
use crate::domain::record::Problem as Fault;
use crate::domain::schedule::{Calendar, Day, Entry, Repeat, Span, TimeOfDay, Weekday, Weekdays};
use crate::id::{OrganisationId, UserId};
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::records::etag;
use crate::web::api::users::user_id;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::Body;

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// When somebody works.
    WorkingHours,
    /// A part of a day when not.
    NonWorkingHours,
    /// Whole days away.
    TimeOff,
}

/// A break in working hours.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakBody {
    /// `HH:MM`.
    #[schema(value_type = String)]
    start: TimeOfDay,
    /// `HH:MM`, not included.
    #[schema(value_type = String)]
    end: TimeOfDay,
}

/// One entry of a calendar. Where entries contradict each other, the one that takes time away holds.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryBody {
    kind: EntryKind,
    /// `mon` to `sun`, of hours; every day where they are not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    weekdays: Option<Vec<Weekday>>,
    /// `HH:MM`, of hours; working hours are 08:00 to 17:00 where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    start: Option<TimeOfDay>,
    /// `HH:MM`, of hours, not included; `24:00` is the end of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    end: Option<TimeOfDay>,
    /// Of working hours, at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    breaks: Option<Vec<BreakBody>>,
    /// The first date; time off must have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<Day>,
    /// The last date, included; of time off the first one where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Day>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// When somebody works, by the clocks of a zone.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarBody {
    /// IANA time zone; the one of the user's profile, and writing it here writes it there.
    pub time_zone: String,
    /// At most 200. Without working hours among them those of Monday to Friday, 08:00 to 17:00, hold.
    pub entries: Vec<EntryBody>,
    /// The country whose public holidays are days off, such as `FR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holidays: Option<String>,
}

impl EntryBody {
    fn read(self, pointer: &str, faults: &mut Vec<Fault>) -> Option<Entry> {
        let EntryBody { kind, weekdays, start, end, breaks, from, until, description } = self;
        let mut fault = |member: &str, code, detail: &str| {
            faults.push(Fault { pointer: format!("{pointer}/{member}"), code, detail: detail.into() });
        };
        let is_off = kind == EntryKind::TimeOff;
        let of_hours = [("weekdays", weekdays.is_some()), ("start", start.is_some()), ("end", end.is_some())];
        for (member, _) in of_hours.into_iter().filter(|(_, given)| is_off && *given) {
            fault(member, "invalid", "time off is whole days; hours are `non_working_hours`");
        }
        if breaks.is_some() && kind != EntryKind::WorkingHours {
            fault("breaks", "invalid", "only working hours have breaks");
        }
        let on = Repeat { weekdays: weekdays.map_or(Weekdays::ALL, Weekdays::from), from, until };
        match kind {
            EntryKind::TimeOff => match from {
                Some(from) => Some(Entry::TimeOff { from, until: until.unwrap_or(from), description }),
                None => {
                    fault("from", "missing", "time off has a first day");
                    None
                }
            },
            EntryKind::WorkingHours => {
                let (start, end) = (start.unwrap_or(Span::WORKING.start), end.unwrap_or(Span::WORKING.end));
                let breaks = breaks.unwrap_or_default().into_iter();
                let breaks = breaks.map(|BreakBody { start, end }| Span { start, end }).collect();
                Some(Entry::WorkingHours { on, span: Span { start, end }, breaks, description })
            }
            EntryKind::NonWorkingHours => {
                if let (Some(start), Some(end)) = (start, end) {
                    return Some(Entry::NonWorkingHours { on, span: Span { start, end }, description });
                }
                let member = if start.is_none() { "start" } else { "end" };
                fault(member, "missing", "hours in which nobody works have a start and an end");
                None
            }
        }
    }

    fn of(entry: &Entry) -> EntryBody {
        let (kind, on, span, breaks) = match entry {
            Entry::WorkingHours { on, span, breaks, .. } => {
                (EntryKind::WorkingHours, Some(on), Some(span), &breaks[..])
            }
            Entry::NonWorkingHours { on, span, .. } => (EntryKind::NonWorkingHours, Some(on), Some(span), &[][..]),
            Entry::TimeOff { .. } => (EntryKind::TimeOff, None, None, &[][..]),
        };
        let (from, until) = match (entry, on) {
            (Entry::TimeOff { from, until, .. }, _) => (Some(*from), Some(*until)),
            (_, on) => (on.and_then(|on| on.from), on.and_then(|on| on.until)),
        };
        let breaks: Vec<_> = breaks.iter().map(|pause| BreakBody { start: pause.start, end: pause.end }).collect();
        EntryBody {
            kind,
            weekdays: on.map(|on| on.weekdays.into()),
            start: span.map(|span| span.start),
            end: span.map(|span| span.end),
            breaks: (!breaks.is_empty()).then_some(breaks),
            from,
            until,
            description: entry.description().map(str::to_owned),
        }
    }
}

impl CalendarBody {
    /// The calendar as it stands.
    pub fn of(calendar: &Calendar) -> CalendarBody {
        CalendarBody {
            time_zone: calendar.time_zone.clone(),
            entries: calendar.entries.iter().map(EntryBody::of).collect(),
            holidays: calendar.holidays.clone(),
        }
    }

    /// What was written; everything that is missing or has no place is told at once.
    pub fn read(self) -> Result<Calendar, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut entries = Vec::with_capacity(self.entries.len());
        for (place, entry) in self.entries.into_iter().enumerate() {
            entries.extend(entry.read(&format!("/entries/{place}"), &mut faults));
        }
        match faults.is_empty() {
            true => Ok(Calendar { time_zone: self.time_zone, entries, holidays: self.holidays }),
            false => Err(faults),
        }
    }
}

fn shown(organisation: &Organisation, user: UserId) -> (CalendarBody, u32) {
    (CalendarBody::of(&organisation.calendar(user)), organisation.calendar_version(user))
}

fn answer((view, version): (CalendarBody, u32)) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(version)).json(view)
}

fn read(app: &App, by: UserId, user: UserId) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    match judge(&given, by, user) {
        Ok(()) => Ok(answer(shown(&given.policy.organisation, user))),
        Err(OrganisationRejection::Denied(denial)) => Err(denial.into()),
        Err(other) => Err(other.into()),
    }
}

async fn write(app: &App, user: UserId, body: Body<CalendarBody>) -> Result<HttpResponse, Problem> {
    let calendar = body.value.read().map_err(Problem::invalid)?;
    let command = OrganisationCommand::SetCalendar { user, calendar, expected: body.caller.expected };
    let caller = Caller { expected: None, ..body.caller };
    let view = move |seen: crate::runtime::message::Seen<Organisation>| shown(seen.state, user);
    Ok(answer(app.engine.submit::<Organisation, _>(OrganisationId::THE, command, caller, view).await?))
}

/// When you work: what you have said, or else Monday to Friday, 08:00 to 17:00, in your time zone.
#[utoipa::path(tag = "People", responses((status = 200, body = CalendarBody), (status = 401, body = Problem)))]
#[get("/me/calendar")]
pub async fn get_own_calendar(app: Data<App>, by: Principal) -> Result<HttpResponse, Problem> {
    read(&app, by.user(), by.user())
}

/// Say when you work. Where sellers have availability, what is due and what waits for you is computed anew.
#[utoipa::path(tag = "People", request_body = CalendarBody,
    responses((status = 200, body = CalendarBody), (status = 400, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[put("/me/calendar")]
pub async fn put_own_calendar(app: Data<App>, body: Body<CalendarBody>) -> Result<HttpResponse, Problem> {
    write(&app, body.principal.user(), body).await
}

/// When somebody works: your own, and for sales managers those of their people.
#[utoipa::path(tag = "People", responses((status = 200, body = CalendarBody), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[get("/users/{id}/calendar")]
pub async fn get_calendar(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    read(&app, by.user(), user_id(&id)?)
}

/// Say when somebody works.
#[utoipa::path(tag = "People", request_body = CalendarBody,
    responses((status = 200, body = CalendarBody), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[put("/users/{id}/calendar")]
pub async fn put_calendar(app: Data<App>, id: Path<String>, body: Body<CalendarBody>) -> Result<HttpResponse, Problem> {
    write(&app, user_id(&id)?, body).await
}
