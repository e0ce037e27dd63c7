//! `/me`: who the caller is.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use crate::web::App;
use crate::web::api::records::etag;
use crate::web::api::users::UserView;
use crate::web::auth::Principal;
use crate::web::problem::Problem;

/// Whoever asks.
#[utoipa::path(tag = "People", responses((status = 200, body = UserView), (status = 401, body = Problem)))]
#[get("/me")]
pub async fn get_me(app: Data<App>, by: Principal) -> HttpResponse {
    let given = app.engine.given();
    let user = given.policy.user(by.user()).map(|user| (UserView::of(by.user(), user), user.version));
    let (view, version) = user.unwrap_or_else(|| (UserView::built_in(), 1));
    HttpResponse::Ok().insert_header(etag(version)).json(view)
}
