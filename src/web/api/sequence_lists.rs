//! `GET /sequences`: the list, from the snapshot that decisions are given.

use std::collections::{HashMap, HashSet};

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use icu_normalizer::DecomposingNormalizerBorrowed as DecomposingNormalizer;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::access::{Reach, Scope};
use crate::domain::catalogue::Catalogue;
use crate::domain::effect::Counter;
use crate::domain::given::Given;
use crate::domain::permission::Permission;
use crate::domain::policy::Person;
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::Sequence;
use crate::id::{SequenceId, TagId, UserId};
use crate::runtime::engine::Engine;
use crate::store::Store;
use crate::web::App;
use crate::web::api::record_lists::load_record;
use crate::web::api::sequences::{STATUSES, SequenceView, applied, figures, status_name};
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Query, blocking, cursor, from_value, known_type, page_limit};
use crate::web::wire::{Owner, Page};

/// Which sequences a list shows, and in which order. Lists of values are comma-joined; any of them will do.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SequenceFilter {
    /// A part of name or description, and of nothing else, whatever the case and the accents of its letters.
    q: Option<String>,
    /// `inactive`, `active` or `revision`.
    status: Option<String>,
    /// Record types.
    record_type: Option<String>,
    /// Ids of tags; each stands for those below it as well.
    tag: Option<String>,
    /// Ids of users or teams.
    owner: Option<String>,
    /// `modified_at` (default), `created_at`, `name`, `description`, `record_type`, `status`, `version`, `step_count`,
    /// `duration_days`, `owner` (by name), `tags` (by path) or `connected_count`.
    sort: Option<String>,
    /// `asc` or `desc`; newest and most first where it is not given, texts from A.
    order: Option<String>,
    /// `false` leaves `connected_count` out, which costs somebody who does not see every record a look at those they see.
    #[serde(default = "counted", deserialize_with = "request::flag")]
    counts: bool,
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

fn counted() -> bool {
    true
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Column {
    ModifiedAt,
    CreatedAt,
    Name,
    Description,
    RecordType,
    Status,
    Version,
    StepCount,
    DurationDays,
    Owner,
    Tags,
    ConnectedCount,
}

/// A filter that was read.
struct Wanted {
    q: Option<String>,
    statuses: Option<Vec<String>>,
    kinds: Option<Vec<RecordType>>,
    owners: Option<Vec<String>>,
    tags: Option<Vec<TagId>>,
    column: Column,
    descending: bool,
}

/// Characters of a description or of paths that are sorted by, so that a cursor fits an address.
const SORTED_BY_MAX: usize = 200;

/// Without upper case and accents: what a person types to find a name.
fn folded(text: &str) -> String {
    let is_accent = |letter: &char| ('\u{300}'..='\u{36f}').contains(letter);
    DecomposingNormalizer::new_nfkd()
        .normalize(text)
        .chars()
        .filter(|letter| !is_accent(letter))
        .collect::<String>()
        .to_lowercase()
}

impl SequenceFilter {
    fn read(&self, engine: &Engine) -> Result<Wanted, Problem> {
        let listed =
            |text: &Option<String>| text.as_ref().map(|text| text.split(',').map(str::to_owned).collect::<Vec<_>>());
        let statuses = listed(&self.status);
        if let Some(unknown) = statuses.iter().flatten().find(|status| !STATUSES.contains(&status.as_str())) {
            return Err(Problem::malformed("/status", format!("`{unknown}` is none of {}", STATUSES.join(", "))));
        }
        let kind = |name: String| known_type(engine, from_value(name.into(), "/record_type")?, "/record_type");
        let kinds = listed(&self.record_type).map(|names| names.into_iter().map(kind).collect::<Result<_, _>>());
        let column = match &self.sort {
            None => Column::ModifiedAt,
            Some(sort) => from_value(sort.as_str().into(), "/sort")?,
        };
        let descending = match self.order.as_deref() {
            Some("asc") => false,
            Some("desc") => true,
            None => !matches!(
                column,
                Column::Name | Column::Description | Column::RecordType | Column::Status | Column::Owner | Column::Tags
            ),
            Some(other) => {
                return Err(Problem::malformed("/order", format!("an order is `asc` or `desc`, not `{other}`")));
            }
        };
        let tag = |id: String| {
            TagId::parse(&id).ok_or_else(|| Problem::malformed("/tag", format!("`{id}` is no id of a tag")))
        };
        let tags = listed(&self.tag).map(|ids| ids.into_iter().map(tag).collect::<Result<_, _>>()).transpose()?;
        let (q, kinds, owners) = (self.q.as_deref().map(folded), kinds.transpose()?, listed(&self.owner));
        Ok(Wanted { q, statuses, kinds, owners, tags, column, descending })
    }
}

impl Wanted {
    fn shows(&self, sequence: &Sequence, catalogue: &Catalogue) -> bool {
        let tagged = |above: &TagId| sequence.tags.iter().any(|tag| catalogue.is_within(*tag, *above));
        let text = |q: &String| folded(&sequence.name).contains(q) || folded(&sequence.description).contains(q);
        let owner = || match Owner::from(sequence.owner) {
            Owner::User(id) | Owner::Team(id) => id,
        };
        let status = || status_name(sequence.status).to_owned();
        self.statuses.as_ref().is_none_or(|wanted| wanted.contains(&status()))
            && self.kinds.as_ref().is_none_or(|wanted| wanted.contains(&sequence.record_type))
            && self.owners.as_ref().is_none_or(|wanted| wanted.contains(&owner()))
            && self.tags.as_ref().is_none_or(|wanted| wanted.iter().any(tagged))
            && self.q.as_ref().is_none_or(text)
    }

    /// What a sequence is sorted by; the id behind it makes the order total, so that a cursor stands.
    fn key(&self, id: SequenceId, sequence: &Sequence, given: &Given, connected: i64) -> String {
        let number = |number: i64| format!("{number:012}");
        let figures = || figures(id, sequence, given);
        match self.column {
            Column::ModifiedAt => sequence.modified_at.to_string(),
            Column::CreatedAt => sequence.created_at.to_string(),
            Column::Name => folded(&sequence.name),
            Column::Description => folded(&sequence.description).chars().take(SORTED_BY_MAX).collect(),
            Column::RecordType => sequence.record_type.name().to_owned(),
            Column::Status => status_name(sequence.status).to_owned(),
            Column::Version => number(sequence.version.into()),
            Column::StepCount => number(figures().0.into()),
            Column::DurationDays => number(figures().1),
            Column::Owner => folded(given.policy.name_of(sequence.owner).unwrap_or_default()),
            Column::Tags => {
                let paths = applied(sequence, given).into_iter().map(|tag| folded(&tag.path));
                paths.collect::<Vec<_>>().join(", ").chars().take(SORTED_BY_MAX).collect()
            }
            Column::ConnectedCount => number(connected),
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
    let (wanted, limit) = (filter.read(&app.engine)?, page_limit(filter.limit)?);
    let after = cursor(filter.cursor.as_deref(), |text| {
        let (id, key) = text.split_once('.')?;
        Some((key.to_owned(), SequenceId::parse(id)?))
    })?;
    let given = app.engine.given();
    let person = given.policy.person(by.user())?;
    let shows = |sequence: &Sequence| {
        sequence.exists && sequence.is_seen_by(&person) && wanted.shows(sequence, &given.catalogue)
    };
    let shown: Vec<_> = given.sequences.iter().filter(|(_, sequence)| shows(sequence)).collect();
    let mut counts = match wanted.column {
        Column::ConnectedCount => {
            connected_counts(&app.engine, by.user(), shown.iter().map(|(id, _)| **id).collect()).await?
        }
        _ => HashMap::new(),
    };
    let count = |counts: &HashMap<_, _>, id| counts.get(&id).copied().unwrap_or_default();
    let key = |id, sequence: &Sequence| wanted.key(id, sequence, &given, count(&counts, id));
    let mut found: Vec<_> = shown.into_iter().map(|(id, sequence)| ((key(*id, sequence), *id), sequence)).collect();
    found.sort_by(|(left, _), (right, _)| if wanted.descending { right.cmp(left) } else { left.cmp(right) });
    let begun = |key: &(String, SequenceId)| match &after {
        None => true,
        Some(after) if wanted.descending => key < after,
        Some(after) => key > after,
    };
    found.retain(|(key, _)| begun(key));
    let last = found.get(limit).and(found.get(limit - 1));
    let next_cursor = last.map(|((key, id), _)| format!("{id}.{key}"));
    found.truncate(limit);
    if filter.counts && wanted.column != Column::ConnectedCount {
        counts = connected_counts(&app.engine, by.user(), found.iter().map(|((_, id), _)| *id).collect()).await?;
    }
    let of = |id, sequence: &Sequence| {
        let connected = filter.counts.then(|| count(&counts, id));
        SequenceView::of(id, sequence, &given, (connected, app.engine.store()))
    };
    let items = found.iter().map(|((_, id), sequence)| of(*id, sequence));
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
