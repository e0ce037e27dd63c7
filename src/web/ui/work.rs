//! `/work-list`: what a seller has to do, and beside it the record that it is about (§14).

mod cards;
mod filters;
mod pane;
mod rows;
mod several;
mod view;

use actix_web::cookie::time::Duration;
use actix_web::http::Method;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use self::view::{View, kept};
use super::form;
use super::inside::Sent;
use super::layout::{empty, heading};
use super::page::Page;
use super::sequences::text;
use super::session::cookie;
use crate::web::App;
use crate::web::problem::Problem;

/// How somebody looked at the list last; with whose it is in front.
const KEPT: &str = "work_list";
const KEPT_FOR: Duration = Duration::days(400);

/// The list. Without a query it is as it was looked at last.
#[get("/work-list")]
pub async fn get_work_list(app: Data<App>, request: HttpRequest, page: Page) -> Result<HttpResponse, Problem> {
    let me = page.visitor.principal.user().to_string();
    if request.query_string().is_empty()
        && let Some(query) = request.cookie(KEPT).and_then(|cookie| kept(cookie.value(), &me))
    {
        return Ok(form::lead_to(&format!("/work-list?{query}")));
    }
    let view = View::of(&page);
    let mut list = page.get(&format!("/work-list?{}", view.query())).await?;
    open_row(&page, &view, &mut list).await;
    let rows = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let own = page.get("/me/settings").await?;
    let open = view.open(rows);
    let pane = match open {
        Some(id) => Some(pane::show(&page, &view, rows, &own, id).await?),
        None => None,
    };
    let layouts = cards::Layouts::of(&page, rows).await?;
    let content = html! {
        (heading(&page.say("work-title"), &html! {
            a.button href="/bulk-email" { (page.say("work-bulk-email")) }
        }))
        (filters::show(&page, &view).await?)
        (next_of(&page, &view, rows))
        (several::outcome(&page, rows))
        div.work.open[view.is_chosen()] data-keys=(page.say("work-keys")) data-live-list="/api/v1/stream?topics=work_list" {
            div.list {
                p.updates { a.button.main #updates hidden href=(view.here()) data-swap="" data-one=(page.say("work-update")) data-many=(page.say("work-updates")) {} }
                @if rows.is_empty() { (nothing(&page, &view, &list)) }
                @else { (rows::show(&page, &view, &list, open, &layouts)) }
            }
            div.pane { @if let Some(pane) = pane { (pane) } }
        }
    };
    let mut response = page.show(&page.say("work-title"), &content);
    let held = cookie(&app, KEPT, format!("{me}&{}", view.filters()), KEPT_FOR);
    if let Ok(value) = held.to_string().parse() {
        response.headers_mut().append(SET_COOKIE, value);
    }
    Ok(response)
}

/// W-7: what somebody opens is read; not where another site leads here, which changes nothing.
async fn open_row(page: &Page, view: &View, list: &mut Value) {
    let chosen = view.asked.get("at");
    let rows = list["items"].as_array_mut().into_iter().flatten();
    for row in rows.filter(|row| row["record"]["id"] == chosen && row["unread"] == true) {
        let sent = Sent { body: Some(json!({})), ..Sent::default() };
        let read = page.send(Method::POST, &format!("/work-list/{chosen}/read"), sent).await;
        row["unread"] = read.is_err().into();
    }
}

/// After something is done, where the seller is asked whether to go on (W-63).
fn next_of(page: &Page, view: &View, rows: &[Value]) -> Markup {
    let next = view.asked.get("next");
    let row = rows.iter().find(|row| row["record"]["id"] == next);
    html! {
        @if let Some(row) = row {
            p.done.ask role="status" {
                @if let Some(done) = page.done() { (done) " " }
                (page.say("work-next")) " " strong { (text(&row["record"]["name"])) } " "
                a.button.main href=(view.at(next)) data-swap="" data-key="enter" { (page.say("work-next-go")) }
                a.button href=(view.at(view.asked.get("at"))) data-swap="" { (page.say("work-next-stay")) }
            }
        }
    }
}

fn nothing(page: &Page, view: &View, list: &Value) -> Markup {
    if list["notice"] == "select_at_least_one" {
        let all = html! { a.button href="/work-list?all=yes" { (page.say("filters-clear")) } };
        return empty(&page.say("work-select"), &page.say("work-select-text"), &all);
    }
    let later = html! {
        a.button.main href="/work-list?due=from_tomorrow" data-swap="" { (page.say("work-later")) }
        a.button href="/records" { (page.say("nav-records")) }
    };
    match view.is_filtered() {
        true => empty(
            &page.say("work-nothing"),
            &page.say("work-nothing-text"),
            &html! { a.button href="/work-list?all=yes" { (page.say("filters-clear")) } },
        ),
        false => empty(&page.say("work-done"), &page.say("work-done-text"), &later),
    }
}

/// This area's pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_work_list).service(several::get_assign).service(several::post_several);
}
