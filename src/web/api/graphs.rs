//! `/sequences/{id}/graph`: the draft as its author draws it.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, put};
use serde::Deserialize;

use crate::domain::effect::Counter;
use crate::domain::sequence::graph::{Graph, NODE_TYPES, Node};
use crate::domain::sequence::{Sequence, SequenceCommand};
use crate::runtime::message::Seen;
use crate::web::App;
use crate::web::api::records::etag;
use crate::web::api::sequences::read;
use crate::web::auth::Principal;
use crate::web::problem::{Fault, Problem};
use crate::web::request::{Body, Object, from_value, sequence_id};

/// Reads a graph node by node, so that each fault has its place. A type that does not exist is structurally impossible
/// (D-34), a member that does not exist is malformed.
pub fn read_graph(graph: serde_json::Value, root: &str) -> Result<Graph, Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outline {
        #[serde(default)]
        start: Option<String>,
        nodes: Vec<serde_json::Value>,
    }
    let Object(Outline { start, nodes }) = from_value(graph, root)?;
    let mut unknown = Vec::new();
    let mut read = Vec::with_capacity(nodes.len());
    for (place, node) in nodes.into_iter().enumerate() {
        let pointer = format!("{root}/nodes/{place}");
        match node.get("type").and_then(serde_json::Value::as_str).map(str::to_owned) {
            None => return Err(Problem::malformed(format!("{pointer}/type"), "a node needs a type")),
            Some(kind) if !NODE_TYPES.contains(&kind.as_str()) => unknown.push(Fault {
                pointer: format!("{pointer}/type"),
                code: "unknown_type".into(),
                detail: format!("there is no node type `{kind}`"),
            }),
            Some(_) => read.push(from_value::<Node>(node, &pointer)?),
        }
    }
    if unknown.is_empty() {
        return Ok(Graph { start, nodes: read });
    }
    Err(Problem::new("validation_failed", "the graph has nodes of types that do not exist").with(unknown))
}

/// The draft graph.
#[utoipa::path(tag = "Sequences",
    responses((status = 200, body = Object, description = "`{start, nodes}`"), (status = 404, body = Problem)))]
#[get("/sequences/{id}/graph")]
pub async fn get_graph(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (graph, version) = read(&app.engine, sequence_id(&id)?, by, |seen| seen.state.graph()).await?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(graph))
}

/// The graph of a version that was published.
#[utoipa::path(tag = "Sequences",
    responses((status = 200, body = Object, description = "`{start, nodes}`"), (status = 404, body = Problem)))]
#[get("/sequences/{id}/versions/{number}/graph")]
pub async fn get_version_graph(
    app: Data<App>,
    by: Principal,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, number) = path.into_inner();
    let missing = || Problem::not_found("version");
    let number: u16 = number.parse().map_err(|_| missing())?;
    let drawn = move |seen: &Seen<Sequence>| {
        let version = seen.state.published.iter().find(|version| version.number == number);
        version.map(|version| version.graph.clone())
    };
    let (graph, _) = read(&app.engine, sequence_id(&id)?, by, drawn).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(graph.ok_or_else(missing)?))
}

/// Replace the draft graph; one with errors is saved too, a structurally impossible one is not.
#[utoipa::path(tag = "Sequences", request_body(content = Object, description = "`{start, nodes}`"),
    responses((status = 200, body = Object), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[put("/sequences/{id}/graph")]
pub async fn put_graph(
    app: Data<App>,
    id: Path<String>,
    body: Body<serde_json::Value>,
) -> Result<HttpResponse, Problem> {
    let (id, graph) = (sequence_id(&id)?, read_graph(body.value, "")?);
    let command = match app.engine.store().counter(Counter::Enrolled(id)) {
        0 => SequenceCommand::SaveGraph(graph),
        _ => SequenceCommand::SaveAssignedGraph(graph),
    };
    let view = |seen: Seen<Sequence>| (seen.state.graph(), seen.version);
    let (graph, version) = app.engine.submit::<Sequence, _>(id, command, body.caller, view).await?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(graph))
}
