//! `/clock`: the server's time, and whether it is trusted with sending.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::permission::Permission;
use crate::web::App;
use crate::web::auth::Principal;
use crate::web::problem::Problem;

/// The server's time.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimeView {
    /// RFC 3339.
    now: String,
    /// Why no timer fires: the clock went forward more than time has passed, or stands before what has happened. `null`
    /// where all is well.
    held: Option<String>,
}

fn view(app: &App) -> HttpResponse {
    let held = app.engine.clock_hold().map(|hold| hold.to_string());
    HttpResponse::Ok().json(TimeView { now: app.engine.clock().now().to_string(), held })
}

/// What time it is for the server, and why timers are held, if they are.
#[utoipa::path(tag = "Clock", responses((status = 200, body = TimeView)))]
#[get("/clock")]
pub async fn get_clock(app: Data<App>, _: Principal) -> HttpResponse {
    view(&app)
}

/// Take the clock as it stands for right: everything that is due by it fires.
#[utoipa::path(tag = "Clock", responses((status = 200, body = TimeView), (status = 401, body = Problem), (status = 403, body = Problem)))]
#[post("/clock/accept")]
pub async fn accept_clock(app: Data<App>, by: Principal) -> Result<HttpResponse, Problem> {
    by.must(&app, Permission::SetUp, "accept the clock")?;
    app.engine.accept_clock();
    Ok(view(&app))
}
