//! Following what happens: commits of the feed, told as events, for one who may see all or for one user.

pub mod work;

use self::work::WorkChanges;
use crate::domain::access::{self, Reach};
use crate::domain::feed::Position;
use crate::domain::given::Given;
use crate::domain::permission::Permission;
use crate::domain::policy::Person;
use crate::domain::record::Record;
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::Change;
use crate::domain::sequence::{Sequence, SequenceEvent};
use crate::id::{EnrolmentId, EntityKind, RecordId, SequenceId, StepId, UserId};
use crate::store::codec::{self, Entry};
use crate::store::feed::Fed;
use crate::store::{Result, Store, StoreError};
use crate::time::Timestamp;
use crate::web::api::timeline;
use crate::web::problem::Problem;
use crate::web::wire::RecordView;
use crate::web::wire::event::{
    EventData, HIDDEN, SequenceNote, ToldEvent, Topics, WORK, event_id, record_type, sequence_type,
};

/// An event with its place in the feed.
#[derive(Clone, Debug)]
pub struct Told {
    /// Where whoever has had it stands.
    pub position: Position,
    /// Which of the events of its commit it is.
    pub place: usize,
    /// What is told.
    pub event: ToldEvent,
}

/// Commits that were read.
#[derive(Debug)]
pub struct Page {
    /// What is told of them.
    pub told: Vec<Told>,
    /// Behind all of them.
    pub position: Position,
    /// Whether there may be more.
    pub is_full: bool,
}

/// Where whoever has had a whole commit stands.
pub fn behind(fed: &Fed) -> Position {
    Position { number: fed.number, events: None, digest: fed.digest() }
}

/// Where the feed ends now.
pub fn end(store: &dyn Store) -> Result<Position> {
    let end = store.feed_end();
    Ok(store.feed(end.saturating_sub(1), 1)?.first().map(behind).unwrap_or_default())
}

fn expired(position: Position) -> Problem {
    let detail = format!(
        "what followed the cursor `{position}` is not kept any more, or it is one of another store; read what you need again, \
         and follow without a cursor from then on"
    );
    Problem::new("cursor_expired", detail)
}

/// Refuses a position behind which something is missing, or that is of another store.
pub fn must_lead_on(store: &dyn Store, position: Position) -> std::result::Result<(), Problem> {
    let first = store.feed(position.number.saturating_sub(1), 1)?.first().copied();
    let leads_on = match first {
        None => position.number == 0 && store.feed_end() == 0,
        Some(first) if position.number == 0 => first.number == 1,
        Some(first) if first.number == position.number => first.digest() == position.digest,
        // It was removed itself, and nothing behind it.
        Some(first) => first.number == position.number + 1 && position.events.is_none(),
    };
    if leads_on { Ok(()) } else { Err(expired(position)) }
}

/// The position in front of the first commit that was written at `at` or later.
pub fn position_at(store: &dyn Store, at: Timestamp) -> std::result::Result<Position, Problem> {
    let Some(first) = store.feed(0, 1)?.first().copied() else { return Ok(Position::default()) };
    if first.number > 1 && first.at >= at {
        let detail = format!("what happened is kept from {} on", first.at);
        return Err(Problem::new("cursor_expired", detail));
    }
    // Instants in the feed do not go back, but where a clock was set back; then it is one of the places between.
    let (mut low, mut high) = (first.number, store.feed_end() + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        match store.feed(middle - 1, 1)?.first() {
            Some(fed) if fed.number == middle && fed.at < at => low = middle + 1,
            _ => high = middle,
        }
    }
    let before = store.feed(low.saturating_sub(2), 1)?.first().copied().filter(|fed| fed.number + 1 == low);
    Ok(before.as_ref().map(behind).unwrap_or_default())
}

/// Commits behind a position, told to `by` as far as they may see them now; to [`UserId::SYSTEM`], all.
pub fn read(
    store: &dyn Store,
    given: &Given,
    by: UserId,
    (topics, work): (&Topics, &WorkChanges),
    from: Position,
    commits: usize,
) -> std::result::Result<Page, Problem> {
    let mut page = Page { told: Vec::new(), position: from, is_full: false };
    let done = from.events.map_or(0, usize::from);
    let after = if done > 0 { from.number.saturating_sub(1) } else { from.number };
    let fed = store.feed(after, commits)?;
    if fed.first().is_some_and(|first| first.number != after + 1) {
        return Err(expired(from));
    }
    page.is_full = fed.len() == commits;
    for fed in fed {
        let skipped = if fed.number == from.number { done } else { 0 };
        let mut told = tell_commit(store, given, by, topics, &fed)?;
        if topics.names(WORK)
            && let Ok(person) = given.policy.person(by)
        {
            told.extend(work.tell(store, &person, &fed)?);
        }
        page.told.extend(told.into_iter().filter(|told| told.place >= skipped));
        page.position = behind(&fed);
    }
    Ok(page)
}

/// The events of one commit that are told.
pub fn tell_commit(store: &dyn Store, given: &Given, by: UserId, topics: &Topics, fed: &Fed) -> Result<Vec<Told>> {
    let person = match given.policy.person(by) {
        Ok(person) => person,
        Err(_) => return Ok(Vec::new()),
    };
    let events = match fed.entity.kind {
        EntityKind::Record => of_record(store, given, &person, topics, fed)?,
        EntityKind::Sequence => of_sequence(store, &person, topics, fed)?,
        _ => Vec::new(),
    };
    Ok(events
        .into_iter()
        .map(|(place, event)| {
            let events = u16::try_from(place + 1).ok();
            Told { position: Position { events, ..behind(fed) }, place, event }
        })
        .collect())
}

/// The row of a commit; none where its entity was erased since.
fn row(store: &dyn Store, fed: &Fed) -> Result<Option<Vec<u8>>> {
    let found = store.history(fed.entity, fed.version.saturating_add(1), 1)?.pop();
    Ok(found.filter(|(version, _)| *version == fed.version).map(|(_, bytes)| bytes))
}

type Events = Vec<(usize, ToldEvent)>;

fn of_record(store: &dyn Store, given: &Given, person: &Person, topics: &Topics, fed: &Fed) -> Result<Events> {
    let id = RecordId::from(fed.entity);
    let summary = store.summary(id)?;
    let sees = match &summary {
        Some(summary) => access::reach(person, &summary.facts()) >= Reach::See,
        // Of what was erased nobody knows whose it was.
        None => person.may_all(Permission::SetUp),
    };
    if !sees && summary.is_none() {
        return Ok(Vec::new());
    }
    let Some(bytes) = row(store, fed)? else { return Ok(Vec::new()) };
    let entry: Entry<RecordEvent> = codec::decode(&bytes)?;
    if !sees {
        return left(store, person, topics, fed, &entry);
    }
    let wanted = |event: &RecordEvent| record_type(event).filter(|kind| topics.has(kind));
    if !entry.events.iter().any(|event| wanted(event).is_some()) {
        return Ok(Vec::new());
    }
    let (record, _) = codec::load::<Record>(store, fed.entity, Some(fed.version))?;
    let actor = (entry.stamp.by, entry.stamp.at);
    let tell = |(place, event): (usize, &RecordEvent)| {
        let kind = wanted(event)?;
        let about = timeline::tell(&record, given, event);
        let shows = kind.starts_with("record.") && record.exists;
        let enrolment = about.enrolment.and_then(|ordinal| record.enrolment(ordinal));
        let data = EventData {
            summary: Some(about.summary),
            record: shows.then(|| RecordView::of(id, &record, given)),
            enrolment: about.enrolment.map(|ordinal| EnrolmentId::of(id, ordinal).to_string()),
            step: about.step.map(|ordinal| StepId::of(id, ordinal).to_string()),
            activity: about.activity.map(|ordinal| StepId::of(id, ordinal).to_string()),
            note: about.note,
            ..EventData::default()
        };
        let sequence = enrolment.map(|enrolment| enrolment.sequence.to_string());
        Some((place, event_of(fed, place, kind, actor, (Some(id.to_string()), sequence), data)))
    };
    Ok(entry.events.iter().enumerate().filter_map(tell).collect())
}

/// What is told to somebody who does not see a record: that it is hidden from them from now on, if it was not before.
fn left(store: &dyn Store, person: &Person, topics: &Topics, fed: &Fed, entry: &Entry<RecordEvent>) -> Result<Events> {
    let gives = |event: &RecordEvent| match event {
        RecordEvent::Changed { changes, .. } => {
            changes.iter().any(|change| matches!(change, Change::Owner(_) | Change::AccessTeam(_)))
        }
        RecordEvent::Assigned { .. } => true,
        _ => false,
    };
    if !topics.has(HIDDEN) || !entry.events.iter().any(gives) {
        return Ok(Vec::new());
    }
    let sees = |version| {
        let (record, _) = codec::load::<Record>(store, fed.entity, Some(version))?;
        Ok::<bool, StoreError>(record.exists && record.reach(person) >= Reach::See)
    };
    if sees(fed.version)? || !sees(fed.version.saturating_sub(1))? {
        return Ok(Vec::new());
    }
    let place = entry.events.len();
    let record = Some(RecordId::from(fed.entity).to_string());
    let event = ToldEvent {
        id: event_id(fed, place, entry.stamp.at),
        kind: HIDDEN,
        at: entry.stamp.at.to_string(),
        record,
        sequence: None,
        data: EventData::default(),
    };
    Ok(vec![(place, event)])
}

fn of_sequence(store: &dyn Store, person: &Person, topics: &Topics, fed: &Fed) -> Result<Events> {
    let id = SequenceId::from(fed.entity);
    let Some(bytes) = row(store, fed)? else { return Ok(Vec::new()) };
    let entry: Entry<SequenceEvent> = codec::decode(&bytes)?;
    let wanted = |event: &SequenceEvent| sequence_type(event).filter(|kind| topics.has(kind));
    if !entry.events.iter().any(|event| wanted(event).is_some()) {
        return Ok(Vec::new());
    }
    // From the rows: what is given to decisions may learn of a commit a moment later.
    let (present, _) = codec::load::<Sequence>(store, fed.entity, None)?;
    if !present.is_seen_by(person) {
        return Ok(Vec::new());
    }
    let (sequence, _) = codec::load::<Sequence>(store, fed.entity, Some(fed.version))?;
    let actor = (entry.stamp.by, entry.stamp.at);
    let tell = |(place, event): (usize, &SequenceEvent)| {
        let kind = wanted(event)?;
        let data = EventData { sequence: Some(SequenceNote::of(id, &sequence)), ..EventData::default() };
        Some((place, event_of(fed, place, kind, actor, (None, Some(id.to_string())), data)))
    };
    Ok(entry.events.iter().enumerate().filter_map(tell).collect())
}

fn event_of(
    fed: &Fed,
    place: usize,
    kind: &'static str,
    (by, at): (UserId, Timestamp),
    (record, sequence): (Option<String>, Option<String>),
    data: EventData,
) -> ToldEvent {
    let actor = if by == UserId::SYSTEM { "system".into() } else { by.to_string() };
    let data = EventData { actor: Some(actor), ..data };
    ToldEvent { id: event_id(fed, place, at), kind, at: at.to_string(), record, sequence, data }
}
