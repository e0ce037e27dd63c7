//! What was: a record as its log says that it stood at an instant.

use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::entity::Entity;
use crate::domain::record::Record;
use crate::id::RecordId;
use crate::store::codec::{self, Past};
use crate::web::App;
use crate::web::api::steps::instant;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::blocking;

/// When.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AtQuery {
    /// An instant that has been, RFC 3339; now, where it is not given.
    pub at: Option<String>,
}

/// A record that existed at `at`, with its version then. What was not there yet, and what was erased since, is not found; who
/// may see it is judged by the present state. Costs what its log has.
pub(super) async fn past_record(
    app: &Data<App>,
    id: RecordId,
    by: Principal,
    at: &str,
) -> Result<Past<Record>, Problem> {
    let at = instant(at, "/at")?;
    let now = app.engine.clock().now();
    if at > now {
        return Err(Problem::at("at_in_future", "/at", format!("{at} has not been yet, it is {now}")));
    }
    let (store, given) = (app.engine.shared_store(), app.engine.given());
    blocking(move || {
        let past = codec::replay_at::<Record>(&codec::log::<Record>(store.as_ref(), id.into())?, at)?;
        past.now.must_be_seen(&given, by.user())?;
        if past.now.exists && past.then.exists { Ok(past) } else { Err(Problem::not_found("record")) }
    })
    .await
}
