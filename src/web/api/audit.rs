//! `/audit`: what was changed and what was refused.
use actix_web::{HttpResponse, get};
#[utoipa::path(tag = "People", responses((status = 200)))]
#[get("/audit")]
pub async fn list_audit() -> HttpResponse {
    HttpResponse::Ok().finish()
}
