//! `/sequences/export` and `/sequences/import`: sequences between servers, as bundles.

use actix_web::http::header::ContentType;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::domain::catalogue::Catalogue;
use crate::domain::entity::Stamp;
use crate::domain::message_template::MessageTemplate;
use crate::domain::permission::Denies;
use crate::domain::sequence::{Sequence, SequenceCommand};
use crate::id::{CatalogueId, SequenceId};
use crate::runtime::engine::Engine;
use crate::runtime::message::{Caller, Failure};
use crate::web::App;
use crate::web::bundle::Bundle;
use crate::web::bundle::pack::pack;
use crate::web::bundle::unpack::{Change, Component, Order, Unpacked, unpack};
use crate::web::problem::{Fault, Problem};
use crate::web::request::{self, Body, Query, blocking};

/// The sequences to pack.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// Their ids, at most 1,000.
    ids: Vec<String>,
}

/// Pack sequences with what they depend on into a bundle: the version in use of an active one, the draft of an inactive one.
///
/// A revision that is being drawn is not packed. Components that ship with the product, and sequences that you may not
/// see, are named and not packed.
#[utoipa::path(tag = "Sequences", request_body = Chosen,
    responses((status = 200, body = Object, description = "a bundle"), (status = 404, body = Problem),
        (status = 413, body = Problem)))]
#[post("/sequences/export")]
pub async fn export_sequences(app: Data<App>, body: Body<Chosen>) -> Result<HttpResponse, Problem> {
    let ids = body.value.ids;
    request::judge_batch(ids.len())?;
    let read = |(place, id): (usize, &String)| {
        let unknown = || Problem::at("not_found", format!("/ids/{place}"), format!("there is no sequence `{id}`"));
        SequenceId::parse(id).ok_or_else(unknown)
    };
    let ids = ids.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    let (given, by) = (app.engine.given(), body.caller.by);
    let text = blocking(move || Ok(pack(&given, by, &ids)?.text())).await?;
    Ok(HttpResponse::Ok().insert_header(ContentType::json()).body(text))
}

/// How a bundle is taken.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Manner {
    /// Import what names things that are nowhere; the steps that need them show so until they exist (D-43).
    #[serde(default, deserialize_with = "request::flag")]
    force: bool,
    /// Only say what would happen.
    #[serde(default, deserialize_with = "request::flag")]
    dry_run: bool,
}

/// What became of a bundle.
#[derive(Debug, Serialize, ToSchema)]
pub struct Imported {
    /// Each component, in the order in which they were done.
    results: Vec<Component>,
    /// What the bundle names and nobody has.
    warnings: Vec<Fault>,
}

/// Take a bundle: what is new is created, what differs is written, what is the same stays as it is.
///
/// New sequences are yours, inactive and without enrolments. All of it is judged before the first change; a component that
/// cannot be as the bundle says is a `conflict`, and the others go on. A repeat completes what was interrupted.
#[utoipa::path(tag = "Sequences", params(Manner), request_body(content = Object, description = "a bundle"),
    responses((status = 200, body = Imported), (status = 400, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
#[post("/sequences/import")]
pub async fn import_sequences(
    app: Data<App>,
    Query(manner): Query<Manner>,
    body: Body<Bundle<Value>>,
) -> Result<HttpResponse, Problem> {
    let (caller, bundle) = (body.caller, body.value);
    let (given, stamp) = (app.engine.given(), Stamp { at: app.engine.clock().now(), by: caller.by });
    let Unpacked { components, warnings } = blocking(move || unpack(&given, bundle, stamp, manner.force)).await?;
    if manner.dry_run {
        let results = components.into_iter().map(|(component, _)| component).collect();
        return Ok(HttpResponse::Ok().json(Imported { results, warnings }));
    }
    let engine = &app.engine;
    let mut results = Vec::with_capacity(components.len());
    for (place, (mut component, order)) in components.into_iter().enumerate() {
        if let Some(change) = first_run(engine, caller, place)? {
            component.change = change;
            component.detail = None;
        } else if let Some(order) = order {
            component = carry_out(engine, component, order, caller, place).await?;
        }
        results.push(component);
    }
    Ok(HttpResponse::Ok().json(Imported { results, warnings }))
}

/// How a repeat of what was asked for the component at a place is recognised; a bundle is not a version of anything.
fn keyed(caller: Caller, place: usize, change: Change) -> Caller {
    let item = [&place.to_be_bytes()[..], &[change as u8]].concat();
    Caller { expected: None, ..request::item(caller, &item) }
}

/// What the first run of this request did to its component at `place`, if there was one: a repeat completes a run that
/// broke off, and takes back nothing that was written since.
fn first_run(engine: &Engine, caller: Caller, place: usize) -> Result<Option<Change>, Problem> {
    for change in [Change::Created, Change::Updated] {
        if let Some(command) = keyed(caller, place, change).command
            && request::repeated(engine, command)?
        {
            return Ok(Some(change));
        }
    }
    Ok(None)
}

async fn carry_out(
    engine: &Engine,
    component: Component,
    order: Order,
    caller: Caller,
    place: usize,
) -> Result<Component, Problem> {
    let caller = keyed(caller, place, component.change);
    let done = match order {
        Order::Catalogue(command) => {
            let done = engine.submit_in_turn::<Catalogue, _>(CatalogueId::THE, command, caller, |_| ());
            done.await.map_err(Broken::from)
        }
        Order::Template(id, command) => {
            let done = engine.submit_in_turn::<MessageTemplate, _>(id, command, caller, |_| ());
            done.await.map_err(Broken::from)
        }
        Order::Sequence(id, packed) => {
            let command = SequenceCommand::Unpack(packed);
            engine.submit_in_turn::<Sequence, _>(id, command, caller, |_| ()).await.map_err(Broken::from)
        }
    };
    match done {
        Ok(()) => Ok(component),
        Err(Broken::Refused(detail)) => Ok(component.conflict(detail)),
        Err(Broken::Failed(problem)) => Err(problem),
    }
}

/// Why a component was not done although it was judged that it could be.
enum Broken {
    /// Somebody else has changed it meanwhile.
    Refused(String),
    /// The request cannot go on.
    Failed(Problem),
}

impl<R: Denies + std::error::Error + Into<Problem>> From<Failure<R>> for Broken {
    fn from(failure: Failure<R>) -> Broken {
        match failure {
            Failure::Refused(rejection) if rejection.denial().is_none() => Broken::Refused(rejection.to_string()),
            failure => Broken::Failed(failure.into()),
        }
    }
}
