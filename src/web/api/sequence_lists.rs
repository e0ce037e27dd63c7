//! `GET /sequences`: the list, from the snapshot that decisions are given.

use std::collections::{HashMap, HashSet};

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::access::{Reach, Scope};
use crate::domain::effect::Counter;
use crate::domain::permission::Permission;
use crate::domain::policy::Person;
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::Sequence;
use crate::id::{SequenceId, UserId};
use crate::runtime::engine::Engine;
use crate::store::Store;
use crate::web::App;
use crate::web::api::record_lists::load_record;
use crate::web::api::sequences::{SequenceView, status_name};
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Query, blocking, cursor, known_type, page_limit};
use crate::web::wire::{Owner, Page};

/// Which sequences a list shows, and in which order.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SequenceFilter {
    /// A part of name or description, and of nothing else.
    q: Option<String>,
    /// `inactive`, `active` or `revision`.
    status: Option<String>,
    /// A record type.
    #[param(value_type = Option<String>)]
    record_type: Option<RecordType>,
    /// The id of a user or team.
    owner: Option<String>,
    /// `modified_at` (default), `created_at`, `name`, `status` or `record_type`.
    sort: Option<String>,
    /// `asc` or `desc`; newest first where it is not given, names from A.
    order: Option<String>,
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

impl SequenceFilter {
    fn shows(&self, sequence: &Sequence, q: Option<&str>) -> bool {
        let text =
            |q: &str| sequence.name.to_lowercase().contains(q) || sequence.description.to_lowercase().contains(q);
        let owner = || match Owner::from(sequence.owner) {
            Owner::User(id) | Owner::Team(id) => id,
        };
        self.status.as_deref().is_none_or(|status| status == status_name(sequence.status))
            && self.record_type.is_none_or(|kind| kind == sequence.record_type)
            && self.owner.as_ref().is_none_or(|wanted| *wanted == owner())
            && q.is_none_or(text)
    }

    /// What a sequence is sorted by; the id behind it makes the order total, so that a cursor stands.
    fn key(&self, sequence: &Sequence) -> Result<String, Problem> {
        Ok(match self.sort.as_deref().unwrap_or("modified_at") {
            "modified_at" => sequence.modified_at.to_string(),
            "created_at" => sequence.created_at.to_string(),
            "name" => sequence.name.to_lowercase(),
            "status" => status_name(sequence.status).to_owned(),
            "record_type" => sequence.record_type.name().to_owned(),
            other => return Err(Problem::malformed("/sort", format!("sequences are not sorted by `{other}`"))),
        })
    }

    fn is_descending(&self) -> Result<bool, Problem> {
        match self.order.as_deref() {
            Some("asc") => Ok(false),
            Some("desc") => Ok(true),
            None => Ok(matches!(self.sort.as_deref(), None | Some("modified_at" | "created_at"))),
            Some(other) => Err(Problem::malformed("/order", format!("an order is `asc` or `desc`, not `{other}`"))),
        }
    }
}

/// The sequences that you may know of: your own and your business unit's; for administrators and sequence managers, all.
#[utoipa::path(tag = "Sequences", params(SequenceFilter),
    responses((status = 200, body = Page<SequenceView>), (status = 400, body = Problem)))]
#[get("/sequences")]
pub async fn list_sequences(
    app: Data<App>,
    by: Principal,
    Query(filter): Query<SequenceFilter>,
) -> Result<HttpResponse, Problem> {
    let statuses = ["inactive", "active", "revision"];
    if let Some(status) = filter.status.as_deref().filter(|status| !statuses.contains(status)) {
        return Err(Problem::malformed("/status", format!("`{status}` is none of {}", statuses.join(", "))));
    }
    filter.record_type.map(|kind| known_type(&app.engine, kind, "/record_type")).transpose()?;
    let (limit, descending) = (page_limit(filter.limit)?, filter.is_descending()?);
    let after = cursor(filter.cursor.as_deref(), |text| {
        let (id, key) = text.split_once('.')?;
        Some((key.to_owned(), SequenceId::parse(id)?))
    })?;
    let (given, q) = (app.engine.given(), filter.q.as_deref().map(str::to_lowercase));
    let person = given.policy.person(by.user())?;
    let shows =
        |sequence: &Sequence| sequence.exists && sequence.is_seen_by(&person) && filter.shows(sequence, q.as_deref());
    let mut found = Vec::new();
    for (id, sequence) in given.sequences.iter().filter(|(_, sequence)| shows(sequence)) {
        found.push(((filter.key(sequence)?, *id), sequence));
    }
    found.sort_by(|(left, _), (right, _)| if descending { right.cmp(left) } else { left.cmp(right) });
    let begun = |key: &(String, SequenceId)| match &after {
        None => true,
        Some(after) if descending => key < after,
        Some(after) => key > after,
    };
    found.retain(|(key, _)| begun(key));
    let last = found.get(limit).and(found.get(limit - 1));
    let next_cursor = last.map(|((key, id), _)| format!("{id}.{key}"));
    found.truncate(limit);
    let counts = connected_counts(&app.engine, by.user(), found.iter().map(|((_, id), _)| *id).collect()).await?;
    let items = found.iter().map(|((_, id), sequence)| {
        SequenceView::of(*id, sequence, &given, counts.get(id).copied().unwrap_or_default())
    });
    Ok(HttpResponse::Ok().json(Page { items: items.collect(), next_cursor }))
}

/// How many live enrolments of each of these sequences somebody may know of: all for whoever has P-20 for all, else those
/// on records that they see.
pub async fn connected_counts(
    engine: &Engine,
    by: UserId,
    sequences: Vec<SequenceId>,
) -> Result<HashMap<SequenceId, i64>, Problem> {
    let enrolled = sequences.into_iter().map(|id| (id, engine.store().counter(Counter::Live(id))));
    let enrolled: HashMap<_, _> = enrolled.filter(|(_, live)| *live > 0).collect();
    if enrolled.is_empty() || counts_all(engine, by)? {
        return Ok(enrolled);
    }
    let mut counts = HashMap::new();
    for ((id, _), live) in seen_enrolments(engine, by, enrolled).await? {
        *counts.entry(id).or_default() += live;
    }
    Ok(counts)
}

/// The same of each version of one sequence.
pub async fn connected_of_versions(
    engine: &Engine,
    by: UserId,
    sequence: SequenceId,
) -> Result<HashMap<u16, i64>, Problem> {
    let (given, store) = (engine.given(), engine.store());
    let published = given.sequences.get(&sequence).map(|sequence| sequence.published.as_slice()).unwrap_or_default();
    let live = |number| (number, store.counter(Counter::LiveOf(sequence, number)));
    let enrolled: HashMap<_, _> = published.iter().map(|version| live(version.number)).collect();
    if enrolled.values().all(|live| *live == 0) || counts_all(engine, by)? {
        return Ok(enrolled);
    }
    let all = HashMap::from([(sequence, enrolled.values().sum())]);
    let seen = seen_enrolments(engine, by, all).await?;
    Ok(seen.into_iter().map(|((_, number), live)| (number, live)).collect())
}

fn counts_all(engine: &Engine, by: UserId) -> Result<bool, Problem> {
    Ok(engine.given().policy.person(by)?.may_all(Permission::Statistics))
}

/// Live enrolments of these sequences by version, on records that somebody sees. By way of what somebody sees or of what is
/// enrolled, whichever is less.
async fn seen_enrolments(
    engine: &Engine,
    by: UserId,
    enrolled: HashMap<SequenceId, i64>,
) -> Result<HashMap<(SequenceId, u16), i64>, Problem> {
    let (store, given) = (engine.shared_store(), engine.given());
    blocking(move || count_seen(store.as_ref(), &given.policy.person(by)?, &enrolled)).await
}

fn count_seen(
    store: &dyn Store,
    person: &Person,
    enrolled: &HashMap<SequenceId, i64>,
) -> Result<HashMap<(SequenceId, u16), i64>, Problem> {
    let bound = usize::try_from(enrolled.values().sum::<i64>()).unwrap_or(usize::MAX);
    let (mut records, mut is_less) = (HashSet::new(), true);
    store.records(&Scope::of(person), None, &mut |id, _| {
        is_less = records.len() < bound;
        is_less && records.insert(id)
    })?;
    if !is_less {
        records.clear();
        for sequence in enrolled.keys() {
            store.enrolments(*sequence, true, None, &mut |row| {
                records.insert(row.record);
                true
            })?;
        }
    }
    let mut counts = HashMap::new();
    for id in records {
        let record = load_record(store, id)?;
        if record.exists && record.reach(person) >= Reach::See {
            for enrolment in record.live().filter(|live| enrolled.contains_key(&live.sequence)) {
                *counts.entry((enrolment.sequence, enrolment.version)).or_default() += 1;
            }
        }
    }
    Ok(counts)
}
