//! `/account/calendar`: when somebody works, and when they are away (W-62).

use actix_web::{HttpResponse, get};
use maud::html;

use super::head;
use crate::web::problem::Problem;
use crate::web::ui::admin::calendars::book;
use crate::web::ui::page::Page;

/// The page.
#[get("/account/calendar")]
pub async fn get_calendar(page: Page) -> Result<HttpResponse, Problem> {
    let book = book(&page, "/me/calendar").await?;
    let settings = page.get("/settings").await?;
    let content = html! {
        (head(&page, "/account/calendar"))
        p.lead { (page.say(if settings["seller_availability"] == true { "own-calendar-text" } else { "own-calendar-idle" })) }
        (book)
    };
    Ok(page.show(&page.say("account-tab-calendar"), &content))
}
