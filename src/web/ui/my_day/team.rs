//! The days of a team: who has how much, and who has more than fits.

use maud::{Markup, html};
use serde_json::Value;

use super::days::{bar, count, short};
use crate::web::ui::layout::{badge, empty, heading, scroll, sentence};
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;

/// A row for each of them, the fullest first.
pub fn show(page: &Page, sellers: &[Value], switch: &Markup) -> Markup {
    let words = page.words();
    let mut sellers: Vec<&Value> = sellers.iter().collect();
    sellers.sort_by_key(|seller| (-over(seller), -count(&seller["days"][0]["planned"]), text(&seller["name"])));
    let too_many = sellers.iter().filter(|seller| over(seller) > 0).count();
    let days = sellers.first().and_then(|seller| seller["days"].as_array()).map(Vec::as_slice).unwrap_or_default();
    html! {
        (heading(&words.say("day-team"), &html! {}))
        (switch)
        @if sellers.is_empty() { (empty(&words.say("day-team-none"), &words.say("day-team-none-text"), &html! {})) }
        @else {
            p.lead { (words.count("day-team-over", i64::try_from(too_many).unwrap_or_default())) }
            section { (scroll(&words.say("day-team"), &html! { table.team-days {
                thead { tr {
                    th scope="col" { (words.say("name")) }
                    th.number scope="col" { (sentence(&words.say("day-done"))) }
                    @for each in days { th scope="col" { (short(page, &each["date"])) } }
                    th scope="col" { (words.say("day-beyond-head")) }
                } }
                tbody { @for seller in &sellers { (row(page, seller)) } }
            } })) }
        }
    }
}

/// Items that find no room today.
fn over(seller: &Value) -> i64 {
    count(&seller["days"][0]["slips"])
}

fn row(page: &Page, seller: &Value) -> Markup {
    html! { tr {
        th scope="row" {
            a href={ "/my-day?user=" (text(&seller["user"])) } { (text(&seller["name"])) }
            @if over(seller) > 0 { div { (badge("bad", &page.words().count("day-over", over(seller)))) } }
        }
        td.number { (page.number(&seller["done_today"])) }
        @for each in seller["days"].as_array().into_iter().flatten() { td { div.day-load { (bar(page, seller, each)) } } }
        td.number { @if count(&seller["beyond"]) > 0 { (page.number(&seller["beyond"])) } }
    } }
}
