//! Whether the server lives, whether it is ready, and its figures; without a token.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use crate::domain::effect::Counter;
use crate::web::App;
use crate::web::problem::Problem;

/// The process runs.
#[utoipa::path(tag = "Health", responses((status = 200, content_type = "text/plain", body = String)))]
#[get("/healthz")]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Commands are accepted.
#[utoipa::path(tag = "Health",
    responses((status = 200, content_type = "text/plain", body = String), (status = 503, body = Problem)))]
#[get("/readyz")]
pub async fn readyz(app: Data<App>) -> Result<&'static str, Problem> {
    match app.engine.is_ready() {
        true if app.engine.has_room(0) => Ok("ready\n"),
        true => Err(Problem::disk_full()),
        false => Err(Problem::new("unavailable", "the server does not accept commands now")),
    }
}

/// Figures in the text format of Prometheus.
#[utoipa::path(tag = "Health", responses((status = 200, content_type = "text/plain", body = String)))]
#[get("/metrics")]
pub async fn metrics(app: Data<App>) -> HttpResponse {
    ::metrics::gauge!("relance_commands_in_flight").set(app.engine.in_flight() as f64);
    let active = app.engine.store().counter(Counter::ActiveSequences);
    ::metrics::gauge!("relance_sequences_active").set(active as f64);
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(app.metrics.render())
}
