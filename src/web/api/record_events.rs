//! `record.*` among the events (§21.4): what another program did to a record is written here as the API's own calls write it.

use crate::domain::record::Record;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::schema::{Change, RecordType};
use crate::id::{CommandId, RecordId};
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::web::api::events::EventBody;
use crate::web::api::process_flows::named_flow;
use crate::web::api::records::{create, named_outcome, read_record, resolve, upsert};
use crate::web::problem::Problem;
use crate::web::request::{record_id, repeated};
use crate::web::wire::RecordBody;

const CREATED: &str = "record.created";
const UPDATED: &str = "record.updated";
const OWNER_CHANGED: &str = "record.owner_changed";
const CLOSED: &str = "record.closed";
const STAGE_CHANGED: &str = "record.stage_changed";

/// Whether an event of that type is about a record itself.
pub fn is_of_record(kind: &str) -> bool {
    [CREATED, UPDATED, OWNER_CHANGED, CLOSED, STAGE_CHANGED].contains(&kind)
}

/// Refuses members of other types of event, which would be passed over in silence.
pub fn judge_members(event: &EventBody) -> Result<(), Problem> {
    let of_record = is_of_record(&event.kind);
    let members: [(&str, bool, &[&str]); 5] = [
        ("changes", event.changes.is_some(), &[CREATED, UPDATED]),
        ("owner", event.owner.is_some(), &[OWNER_CHANGED]),
        ("outcome", event.outcome.is_some(), &[CLOSED]),
        ("flow", event.flow.is_some(), &[STAGE_CHANGED]),
        ("stage", event.stage.is_some(), &[STAGE_CHANGED]),
    ];
    for (member, is_given, kinds) in members {
        if is_given && !kinds.contains(&event.kind.as_str()) {
            let detail = format!("`{member}` belongs to {}", kinds.join(" and "));
            return Err(Problem::at("validation_failed", format!("/{member}"), detail));
        }
    }
    let others = [("step", event.step.is_some()), ("message", event.message.is_some())];
    let others = others.into_iter().chain([("activity", event.activity.is_some()), ("result", event.result.is_some())]);
    match others.into_iter().find(|(_, is_given)| of_record && *is_given) {
        Some((member, _)) => {
            Err(Problem::at("validation_failed", format!("/{member}"), "this is about a record itself"))
        }
        None => Ok(()),
    }
}

/// Takes an event about a record; which record that was.
pub async fn receive(engine: &Engine, event: EventBody, caller: Caller, key: CommandId) -> Result<RecordId, Problem> {
    let EventBody { kind, record, changes, owner, outcome, flow, stage, .. } = event;
    let command = match kind.as_str() {
        OWNER_CHANGED => RecordCommand::Change(vec![Change::Owner(needed(owner, "/owner")?.read()?)]),
        CLOSED => RecordCommand::ReportClosed(named_outcome(&needed(outcome, "/outcome")?)?),
        STAGE_CHANGED => {
            let flow = named_flow(&needed(flow, "/flow")?)?;
            RecordCommand::SetStage { flow, stage: needed(stage, "/stage")? }
        }
        _ => {
            let changes = needed(changes, "/changes")?;
            return write(engine, &kind, record, changes, caller, key).await;
        }
    };
    let record = record_id(engine, &needed(record, "/record")?)?;
    engine.submit_in_turn::<Record, ()>(record, command, caller, |_| ()).await?;
    Ok(record)
}

fn needed<T>(member: Option<T>, pointer: &str) -> Result<T, Problem> {
    let missing = || format!("an event of this type needs `{}`", pointer.trim_start_matches('/'));
    member.ok_or_else(|| Problem::at("validation_failed", pointer, missing()))
}

/// Writes what a record has there. One that is named by your key and is not here yet is created, whichever of its events comes
/// first; one that is here is changed, also by late news of its creation.
async fn write(
    engine: &Engine,
    event: &str,
    named: Option<String>,
    body: RecordBody,
    caller: Caller,
    key: CommandId,
) -> Result<RecordId, Problem> {
    let place = |problem: Problem| problem.under("/changes");
    body.judge_nulls().map_err(place)?;
    let (kind, external_id) = (body.kind, body.external_id.clone());
    let changes = body.changes().map_err(place)?;
    let differs =
        |member: &str| Problem::at("validation_failed", format!("/changes/{member}"), "the record has another");
    let Some(named) = named else {
        let kind = kind.filter(|kind| event == CREATED && engine.given().catalogue.knows(*kind));
        let Some(kind) = kind else {
            return Err(needed::<()>(None, "/record").err().unwrap_or_else(|| differs("type")));
        };
        return create(engine, kind, changes, caller).await.map(|(_, id, _)| id).map_err(place);
    };
    let by_key = named.strip_prefix("external:").and_then(|named| named.split_once(':'));
    if let Some((type_name, own)) = by_key {
        let known = RecordType::from_name(type_name).filter(|kind| engine.given().catalogue.knows(*kind));
        let known = known.ok_or_else(|| Problem::not_found("record type"))?;
        if kind.is_some_and(|kind| kind != known) {
            return Err(differs("type"));
        }
        if external_id.is_some_and(|given| given.as_deref() != Some(own)) {
            return Err(differs("external_id"));
        }
        // What was erased since is not made again by the news that had made it.
        if engine.store().claimed(known, own)?.is_none() && repeated(engine, key)? {
            return Err(Problem::not_found("record any more"));
        }
        return upsert(engine, known, own.to_owned(), changes, caller).await.map(|(done, _)| done.id).map_err(place);
    }
    let record = record_id(engine, &named)?;
    let own = read_record(engine, record, caller, |seen| seen.state.kind).await?;
    if kind.is_some_and(|kind| kind != own) {
        return Err(differs("type"));
    }
    let changes = resolve(engine, own, changes, caller).await.map_err(place)?;
    let command = RecordCommand::Change(changes);
    engine
        .submit_in_turn::<Record, ()>(record, command, caller, |_| ())
        .await
        .map_err(|failure| place(failure.into()))?;
    Ok(record)
}
