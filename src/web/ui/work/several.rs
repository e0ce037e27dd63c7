//! What is done to every row that is ticked, each answered for itself (W-80, R-10 to R-20).

use actix_web::http::Method;
use actix_web::{HttpResponse, get, post};
use maud::{Markup, html};
use serde_json::{Map, Value, json};

use crate::id::StepId;
use crate::web::problem::Problem;
use crate::web::ui::dates;
use crate::web::ui::doing::mornings;
use crate::web::ui::form::{Fields, follow, hidden, is_local, key, read};
use crate::web::ui::icons::icon;
use crate::web::ui::inside::Sent;
use crate::web::ui::layout::{heading, sentence};
use crate::web::ui::page::Page;
use crate::web::ui::query::Asked;
use crate::web::ui::records::people::People;
use crate::web::ui::sequences::text;

const ACTION: &str = "/work-list/several";

/// What can be done to what is ticked.
pub fn bar(page: &Page) -> Markup {
    let words = page.words();
    let plain = |what: &str, picture: &str| {
        html! { button.quiet type="submit" name="what" value=(what) { (icon(picture)) (words.value("several", what)) } }
    };
    html! {
        div.several {
            label.choice { input type="checkbox" data-all="item" data-with-script="" hidden aria-label=(words.say("work-all")); span.hidden { (words.say("work-all")) } }
            span.quietly data-ticked=(words.say("work-ticked")) { (words.say("work-tick")) }
            div.row {
                (plain("complete", "done"))
                (plain("skip", "advance"))
                details.menu #several-snooze {
                    summary { (icon("clock")) (words.say("doing-snooze")) }
                    div.stack {
                        @for (key, at) in mornings(page) {
                            button.quiet type="submit" name="what" value={ "snooze " (at) } { (words.say(key)) " · " (dates::said(words, page.zone, page.now, at)) }
                        }
                        div.field { label for="several-until" { (words.say("doing-until")) } input #several-until type="datetime-local" name="until:local?"; }
                        button.plain type="submit" name="what" value="snooze" { (words.say("doing-snooze-do")) }
                    }
                }
                button.quiet type="submit" formmethod="get" formaction="/work-list/assign" { (icon("person")) (words.say("doing-assign")) }
                details.menu #several-more {
                    summary aria-label=(words.say("actions")) { (icon("menu")) }
                    div.stack {
                        (plain("skip_wait", "wait"))
                        button.quiet type="submit" formmethod="get" formaction="/bulk-email" { (icon("email")) (words.say("work-bulk-email")) }
                        button.quiet type="submit" name="what" value="disconnect" { (icon("block")) (words.say("several-disconnect")) }
                    }
                }
            }
        }
    }
}

/// To whom one or several items are given: there may be too many people to list them beside each.
#[get("/work-list/assign")]
pub async fn get_assign(page: Page) -> Result<HttpResponse, Problem> {
    let (asked, people) = (Asked::of(&page), People::of(&page).await?);
    let at = asked.get(if asked.has_any(&["at"]) { "at" } else { "_at" });
    let at = if is_local(at) { at } else { "/work-list" };
    let count = asked.all("item").count();
    let content = html! {
        p.crumbs { a href=(at) { (icon("undo")) (page.say("email-back")) } }
        (heading(&page.say("assign-title"), &html! {}))
        @if count == 0 { p.warning { (page.say("done-bulk-select")) } }
        section.narrow {
            form.handing method="post" action=(ACTION) {
                (hidden("_at", at))
                (key())
                @for item in asked.all("item") { (hidden("item", item)) }
                p { (page.words().count("assign-items", count as i64)) }
                div.field {
                    label for="several-to" { (page.say("several-to")) }
                    select #several-to name="to:json" { @for (value, name) in people.owners(&Value::Null) { option value=(value) { (name) } } }
                }
                button type="submit" name="what" value="assign" disabled[count == 0] { (page.say("doing-assign-do")) }
            }
        }
    };
    Ok(page.show(&page.say("assign-title"), &content))
}

/// Asks the API for all of them in one request.
#[post("/work-list/several")]
pub async fn post_several(page: Page, Fields(fields): Fields) -> Result<HttpResponse, Problem> {
    let about = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let (key, at) = (about("_key"), about("_at").filter(|at| is_local(at)).unwrap_or_else(|| "/work-list".into()));
    let answer = match body(&page, &fields) {
        Ok(body) => {
            page.send(Method::POST, "/work-list/actions", Sent { body: Some(body), key, ..Sent::default() }).await
        }
        Err(problem) => Err(problem),
    };
    let is_refused = answer.as_ref().is_ok_and(|answer| results(answer).any(|result| result["error"].is_object()));
    let mut fields = fields;
    fields.push(if is_refused { ("_once".into(), "yes".into()) } else { ("_done".into(), "several".into()) });
    follow(&page, ACTION.into(), fields, answer.map(|answer| (at, answer))).await
}

fn results(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["results"].as_array().into_iter().flatten()
}

fn body(page: &Page, fields: &[(String, String)]) -> Result<Value, Problem> {
    let said = read(fields, page.zone)?;
    let what = text(&said["what"]);
    let (what, morning) = what.split_once(' ').unwrap_or((what, ""));
    let named = fields.iter().filter(|(name, _)| name == "item").filter_map(|(_, item)| item.split_once(':'));
    let items: Vec<Value> = named.map(|(kind, id)| json!({ kind: id })).collect();
    let mut body = Map::from_iter([("action".to_owned(), what.into()), ("items".to_owned(), items.into())]);
    match what {
        "snooze" => {
            let until = if morning.is_empty() { said["until"].clone() } else { morning.into() };
            body.insert("until".into(), until);
        }
        "assign" => {
            body.insert("to".into(), said["to"].clone());
        }
        _ => {}
    }
    Ok(Value::Object(body))
}

/// What became of each, where one was refused.
pub fn outcome(page: &Page, rows: &[Value]) -> Markup {
    let answered = page.answered.as_deref().filter(|answered| answered.action == ACTION);
    let Some(answered) = answered else { return html! {} };
    let all: Vec<&Value> = results(&answered.value).collect();
    let refused: Vec<&&Value> = all.iter().filter(|result| result["error"].is_object()).collect();
    let counted = [("done", (all.len() - refused.len()).to_string()), ("refused", refused.len().to_string())];
    let counted: Vec<_> = counted.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let name = |record: &str| {
        let row = rows.iter().find(|row| row["record"]["id"] == record);
        row.map_or_else(|| page.say("several-record"), |row| text(&row["record"]["name"]).to_owned())
    };
    html! {
        div.warning role="status" {
            p { (page.words().fill("several-outcome", &counted)) }
            ul { @for result in refused.iter().take(50) {
                @let id = result["step"].as_str().or(result["activity"].as_str()).unwrap_or_default();
                @let record = record_of(id);
                li { a href={ "/records/" (record) } { (name(&record)) } ": " (sentence(text(&result["error"]["detail"]))) }
            } }
        }
    }
}

/// The record that a step or activity is of.
fn record_of(id: &str) -> String {
    StepId::parse(id).map_or_else(String::new, |step| step.record().to_string())
}
