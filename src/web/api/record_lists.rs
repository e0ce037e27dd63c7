//! `GET /records`: lists and searches, read from list rows without asking the records' actors.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::access::{self, Reach, Scope};
use crate::domain::effect::{EnrolmentRow, RecordSummary};
use crate::domain::entity::Entity;
use crate::domain::given::Given;
use crate::domain::policy::Person;
use crate::domain::record::Record;
use crate::domain::record::schema::{Owner, RecordType};
use crate::domain::sequence::Sequence;
use crate::id::{EnrolmentId, RecordId, SequenceId, TeamId, UserId};
use crate::limits;
use crate::store::{Store, codec};
use crate::web::App;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Query, blocking, page_limit};
use crate::web::wire::{Page, RecordView, state_name};

/// Stands for the records that go through none.
const NO_SEQUENCE: &str = "none";

/// Which records a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecordFilter {
    /// The name of a record type, such as `lead`.
    #[serde(rename = "type")]
    #[param(value_type = Option<String>)]
    kind: Option<RecordType>,
    /// A part of the name.
    q: Option<String>,
    /// The id of a user or team.
    owner: Option<String>,
    /// `active` or `inactive`.
    state: Option<String>,
    /// The id of a sequence that the record is going through; `none` for records that go through no sequence (K-2).
    sequence: Option<String>,
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

impl RecordFilter {
    /// What has to be walked: whose records are asked for are among those that their lists show.
    fn scope(&self, person: &Person) -> Scope {
        let Some(owner) = &self.owner else { return Scope::of(person) };
        let (user, team) = (UserId::parse(owner).map(Owner::User), TeamId::parse(owner).map(Owner::Team));
        Scope::Of(user.into_iter().chain(team).collect())
    }

    fn shows(&self, person: &Person, summary: &RecordSummary, q: Option<&str>) -> bool {
        // Made only where it is asked for: a search reads many rows.
        let owner = || match summary.owner {
            Owner::User(user) => user.to_string(),
            Owner::Team(team) => team.to_string(),
        };
        self.kind.is_none_or(|kind| kind == summary.kind)
            && self.state.as_deref().is_none_or(|state| state == state_name(summary.state))
            && self.owner.as_ref().is_none_or(|wanted| *wanted == owner())
            && q.is_none_or(|q| summary.name.to_lowercase().contains(q))
            && access::reach(person, &summary.facts()) >= Reach::See
    }
}

/// The records that you see, newest first.
#[utoipa::path(tag = "Records", params(RecordFilter),
    responses((status = 200, body = Page<RecordView>), (status = 400, body = Problem)))]
#[get("/records")]
pub async fn list_records(
    app: Data<App>,
    by: Principal,
    Query(filter): Query<RecordFilter>,
) -> Result<HttpResponse, Problem> {
    if filter.state.as_deref().is_some_and(|state| !matches!(state, "active" | "inactive")) {
        return Err(Problem::malformed("/state", "a state is `active` or `inactive`"));
    }
    filter.kind.map(|kind| request::known_type(&app.engine, kind, "/type")).transpose()?;
    let (limit, given) = (page_limit(filter.limit)?, app.engine.given());
    let page = match filter.sequence.as_deref() {
        Some(sequence) if sequence != NO_SEQUENCE => {
            let sequence = request::sequence_id(sequence)?;
            let cursor = request::cursor(filter.cursor.as_deref(), EnrolmentId::parse)?;
            if visible_sequence(&given, sequence, by.user()).is_err() {
                // Whether there is one that the caller may not know of is not told.
                return Ok(HttpResponse::Ok().json(Page::<RecordView> { items: Vec::new(), next_cursor: None }));
            }
            let store = app.engine.shared_store();
            blocking(move || {
                let person = given.policy.person(by.user())?;
                records_of_sequence(store.as_ref(), &given, &person, sequence, cursor, limit, &filter)
            })
            .await?
        }
        _ => {
            let cursor = request::cursor(filter.cursor.as_deref(), RecordId::parse)?;
            let store = app.engine.shared_store();
            blocking(move || {
                let person = given.policy.person(by.user())?;
                all_records(store.as_ref(), &given, &person, cursor, limit, &filter)
            })
            .await?
        }
    };
    Ok(HttpResponse::Ok().json(page))
}

/// A sequence that somebody may know of.
pub fn visible_sequence(given: &Given, id: SequenceId, by: UserId) -> Result<&Sequence, Problem> {
    let sequence = given.sequences.get(&id).filter(|sequence| sequence.exists);
    let sequence = sequence.ok_or_else(|| Problem::not_found("sequence"))?;
    sequence.judge_sight(given, by)?;
    Ok(sequence)
}

/// Loads a record as it stands in the rows, if somebody may see it.
pub fn visible_record(store: &dyn Store, given: &Given, id: RecordId, by: UserId) -> Result<Record, Problem> {
    let record = load_record(store, id)?;
    if !record.exists {
        return Err(Problem::not_found("record"));
    }
    record.must_be_seen(given, by)?;
    Ok(record)
}

/// Loads a record as it stands in the rows.
pub fn load_record(store: &dyn Store, id: RecordId) -> Result<Record, Problem> {
    let (record, ..) = codec::load::<Record>(store, id.into(), None)?;
    Ok(record)
}

fn all_records(
    store: &dyn Store,
    given: &Given,
    person: &Person,
    before: Option<RecordId>,
    limit: usize,
    filter: &RecordFilter,
) -> Result<Page<RecordView>, Problem> {
    let q = filter.q.as_deref().map(str::to_lowercase);
    let (mut found, mut scanned, mut last, mut more) = (Vec::new(), 0, None, false);
    store.records(&filter.scope(person), before, &mut |id, summary| {
        if found.len() == limit || scanned == limits::PAGE_ROWS_SCANNED_MAX {
            more = true;
            return false;
        }
        scanned += 1;
        last = Some(id);
        if filter.shows(person, &summary, q.as_deref()) {
            found.push(id);
        }
        true
    })?;
    let mut items = Vec::with_capacity(found.len());
    for id in found {
        let record = load_record(store, id)?;
        // It may have been erased or handed over since its row was read.
        let is_asked_for = filter.sequence.is_none() || record.live().next().is_none();
        if is_asked_for && record.exists && record.reach(person) >= Reach::See {
            items.push(RecordView::of(id, &record, given));
        }
    }
    Ok(Page { items, next_cursor: last.filter(|_| more).map(|id| id.to_string()) })
}

/// Records with a live enrolment in a sequence; their rows are read one by one, as far as the page goes.
fn records_of_sequence(
    store: &dyn Store,
    given: &Given,
    person: &Person,
    sequence: SequenceId,
    before: Option<EnrolmentId>,
    limit: usize,
    filter: &RecordFilter,
) -> Result<Page<RecordView>, Problem> {
    let q = filter.q.as_deref().map(str::to_lowercase);
    let row = |id: EnrolmentId| EnrolmentRow { record: id.record(), ordinal: id.ordinal(), live: true };
    let (mut items, mut last, mut failed) = (Vec::new(), None, None);
    let mut more = false;
    store.enrolments(sequence, true, before.map(row), &mut |row| {
        if items.len() == limit {
            more = true;
            return false;
        }
        last = Some(EnrolmentId::of(row.record, row.ordinal));
        match load_record(store, row.record) {
            Ok(record) if record.exists && filter.shows(person, &record.summary(), q.as_deref()) => {
                items.push(RecordView::of(row.record, &record, given));
            }
            Ok(_) => {}
            Err(problem) => failed = Some(problem),
        }
        failed.is_none()
    })?;
    match failed {
        Some(problem) => Err(problem),
        None => Ok(Page { items, next_cursor: last.filter(|_| more).map(|id| id.to_string()) }),
    }
}
