//! `/sequences/{id}/counts`: how many records stand at each node now.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::effect::Counter;
use crate::domain::given::Given;
use crate::id::SequenceId;
use crate::runtime::standing::{Place, Standing};
use crate::web::App;
use crate::web::api::record_lists::visible_sequence;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, blocking};

/// How long the first count is waited for; where there is more to count, the answer says so.
const PATIENCE: Duration = Duration::from_millis(25);

/// How many stand at one node.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeCount {
    /// The version that they go through.
    version: u16,
    /// The id of the node; none for those that wait to begin.
    node: Option<String>,
    /// How many enrolments; those on records that the caller does not see are counted too, as in `connected_count`.
    records: u64,
}

/// How many stand where.
#[derive(Debug, Serialize, ToSchema)]
pub struct SequenceCounts {
    sequence: String,
    /// `counted`; `counting` while they are counted for the first time since the server began: ask again.
    state: &'static str,
    /// Enrolments that are connecting or connected.
    connected: i64,
    /// Records counted so far, while they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<usize>,
    /// By version and node; those where nobody stands are left out.
    nodes: Vec<NodeCount>,
}

impl SequenceCounts {
    fn of(id: SequenceId, connected: i64, standing: Standing, given: &Given) -> SequenceCounts {
        let sequence = id.to_string();
        let counts = match standing {
            Standing::Reading(read) => {
                return SequenceCounts { sequence, state: "counting", connected, read: Some(read), nodes: Vec::new() };
            }
            Standing::Counted(counts) => counts,
        };
        // A migration may lead from nodes of two versions to what people see as one.
        let mut by_name = BTreeMap::new();
        for (Place { version, node }, records) in counts {
            let node = node.and_then(|(of, node)| given.plan(id, of)?.node(node)).map(|node| node.id.clone());
            *by_name.entry((version, node)).or_default() += records;
        }
        let nodes = by_name.into_iter().map(|((version, node), records)| NodeCount { version, node, records });
        SequenceCounts { sequence, state: "counted", connected, read: None, nodes: nodes.collect() }
    }
}

/// How many records stand at each node now: whatever was answered before is counted. They are counted once after each start of
/// the server, and followed from then on.
#[utoipa::path(tag = "Sequences", responses((status = 200, body = SequenceCounts), (status = 404, body = Problem)))]
#[get("/sequences/{id}/counts")]
pub async fn get_counts(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = request::sequence_id(&id)?;
    visible_sequence(&app.engine.given(), id, by.user())?;
    let standings = app.engine.standings();
    let (mut standing, is_mine) = standings.look(id);
    if is_mine {
        let shared = app.engine.shared();
        // It goes on also where nobody waits for it any more.
        actix_web::rt::spawn(blocking(move || Ok(shared.standings.read(shared.store.as_ref(), id)?)));
    }
    if matches!(standing, Standing::Reading(_)) {
        standings.wait(id, PATIENCE).await;
        (standing, _) = standings.look(id);
    }
    let connected = app.engine.store().counter(Counter::Live(id));
    Ok(HttpResponse::Ok().json(SequenceCounts::of(id, connected, standing, &app.engine.given())))
}
