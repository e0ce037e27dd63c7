//! "Why is nothing happening?": what an enrolment waits for, what is in its way, and how it came there.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::html;

use super::enrolments::{explained, status};
use crate::web::problem::Problem;
use crate::web::ui::layout::heading;
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;

/// The page.
#[get("/records/{id}/why/{enrolment}")]
pub async fn get_why(page: Page, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (id, enrolment) = path.into_inner();
    let record = page.get(&format!("/records/{id}")).await?;
    let enrolment = page.get(&format!("/enrolments/{enrolment}")).await?;
    let why = page.get(&format!("/enrolments/{}/explain", text(&enrolment["id"]))).await?;
    let address = format!("/records/{}", text(&record["id"]));
    let content = html! {
        p.crumbs { a href="/records" { (page.say("nav-records")) } " / " a href=(address) { (text(&record["name"])) } }
        (heading(&page.say("why-title"), &html! {}))
        p.badges {
            a href={ "/sequences/" (text(&enrolment["sequence"])) } { (text(&enrolment["sequence_name"])) } " "
            (status(page.words(), text(&enrolment["status"])))
        }
        (explained(&page, &why))
    };
    Ok(page.show(&page.say("why-title"), &content))
}
