//! One record: what is to do on it, the sequences that it goes through, what happened, and what is known of it.

use actix_web::http::Method;
use actix_web::web::{Form as Fields, Path};
use actix_web::{HttpResponse, get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::kinds::{Kinds, field_label, fields};
use super::list::state;
use super::people::People;
use super::{enrolments, next, timeline};
use crate::web::problem::Problem;
use crate::web::ui::doing::Ways;
use crate::web::ui::form::{self, Form, Refused, hidden};
use crate::web::ui::icons::icon;
use crate::web::ui::inside::{Sent, problem_in};
use crate::web::ui::layout::{badge, heading, with_query};
use crate::web::ui::page::Page;
use crate::web::ui::query::Asked;
use crate::web::ui::sequences::text;

/// The page.
#[get("/records/{id}")]
pub async fn get_record(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (record, version) = page.get_versioned(&format!("/records/{id}")).await?;
    let id = text(&record["id"]);
    let (kinds, people) = (Kinds::of(&page).await?, People::of(&page).await?);
    let kind = text(&record["type"]);
    let fields = fields(&page, kind).await?;
    let own = page.get("/me/settings").await?;
    let here = with_query(&page.look.path, &[]);
    // W-63: the next item is the first of the work list.
    let on = if own["auto_advance"] == "next" { "/work-list".into() } else { here.clone() };
    let up_next = next::show(&page, &record, &people, Ways { stay: here, on }).await?;
    let content = html! {
        p.crumbs { a href="/records" { (page.say("nav-records")) } }
        (heading(text(&record["name"]), &actions(&page, &record, version)))
        p.badges { (badge("plain", &kinds.label(kind))) (state(page.words(), &record))
            @if record["score"].is_number() { (badge("plain", &format!("{} {}", page.say("property-score"), page.number(&record["score"])))) } }
        div.record-page data-live="/api/v1/stream" data-about=(id) {
            div {
                (up_next)
                (enrolments::show(&page, &record, &people).await?)
                (timeline::show(&page, id, &people, &Asked::of(&page), "40").await?)
            }
            aside aria-label=(page.say("record-known")) { (known(&page, &record, &fields, &people).await?) }
        }
    };
    Ok(page.show(text(&record["name"]), &content))
}

fn actions(page: &Page, record: &Value, version: Option<String>) -> Markup {
    let address = format!("/records/{}", text(&record["id"]));
    let close = |outcome: &str, key: &str| {
        let form =
            Form::new(page, "POST", &format!("{address}/close")).of_version(version.clone()).done("record-closed");
        form.show("", &html! { (hidden("outcome", outcome)) button.quiet type="submit" { (page.say(key)) } })
    };
    html! {
        a.button href={ (address) "/past" } { (icon("clock")) (page.say("past-link")) }
        a.button href={ (address) "/edit" } { (icon("edit")) (page.say("edit")) }
        @if record["state"] == "active" {
            details.menu.button-like {
                summary { (page.say("record-close")) (icon("down")) }
                div {
                    p { (page.say("record-close-text")) }
                    (close("success", "record-close-success")) (close("failure", "record-close-failure"))
                }
            }
        } @else {
            (Form::new(page, "POST", &format!("{address}/reopen")).done("record-reopened").button("plain", &page.say("record-reopen")))
        }
    }
}

/// Properties and fields that say something.
pub async fn known(page: &Page, record: &Value, fields: &[Value], people: &People) -> Result<Markup, Problem> {
    let words = page.words();
    let mut rows: Vec<(String, Markup)> = Vec::new();
    for field in fields {
        let value = &record["fields"][text(&field["name"])];
        if !value.is_null() {
            rows.push((field_label(words, field), field_value(page, field, value, people).await?));
        }
    }
    let reach = [
        ("property-email", &record["email"]),
        ("property-phones-business", &record["phones"]["business"]),
        ("property-phones-mobile", &record["phones"]["mobile"]),
        ("property-phones-home", &record["phones"]["home"]),
        ("property-time-zone", &record["time_zone"]),
        ("property-linkedin-url", &record["linkedin_url"]),
    ];
    let contact = match record["primary_contact"].as_str() {
        Some(id) => page.find(&format!("/records/{id}")).await?,
        None => None,
    };
    let line = |label: &str, value: &Markup| html! { dt { (label) } dd { (value) } };
    Ok(html! {
        section {
            h2 { (words.say("record-part-reach")) }
            dl {
                @for (key, value) in reach { @if let Some(value) = value.as_str() { (line(&words.say(key), &html! { (value) })) } }
                @if let Some(contact) = &contact {
                    (line(&words.say("record-contact"), &html! { a href={ "/records/" (text(&contact["id"])) } { (text(&contact["name"])) } }))
                }
            }
            h3 { (words.say("record-consent")) }
            ul.plain.consent {
                @for (name, key) in [("allow_email", "record-allow-email"), ("allow_phone", "record-allow-phone"), ("allow_text", "record-allow-text")] {
                    li { @if record[name] == false { (badge("bad", &words.say("no"))) } @else { (badge("good", &words.say("yes"))) } " " (words.say(key)) }
                }
            }
        }
        section {
            h2 { (words.say("record-part-fields")) }
            @if rows.is_empty() { p.quietly { (words.say("record-no-fields")) } }
            dl { @for (label, value) in &rows { (line(label, value)) } }
        }
        section {
            h2 { (words.say("record-part-whose")) }
            dl {
                (line(&words.say("record-owner"), &html! { (people.name(&record["owner"])) }))
                @if !record["access_team"].is_null() { (line(&words.say("record-team"), &html! { (people.name(&record["access_team"])) })) }
                @if let Some(external) = record["external_id"].as_str() { (line(&words.say("record-external"), &html! { (external) })) }
                (line(&words.say("record-created"), &page.instant(&record["created_at"])))
                (line(&words.say("record-modified"), &page.instant(&record["modified_at"])))
            }
        }
    })
}

async fn field_value(page: &Page, field: &Value, value: &Value, people: &People) -> Result<Markup, Problem> {
    Ok(match (text(&field["kind"]), value) {
        ("two_option", Value::String(value)) => html! { (page.say(if value == "yes" { "yes" } else { "no" })) },
        ("option_set", Value::String(value)) => html! { (page.words().value("option", value)) },
        ("lookup", Value::String(_)) if field["target"] == "user" => html! { (people.name(value)) },
        ("lookup", Value::String(id)) => match page.find(&format!("/records/{id}")).await? {
            Some(other) => html! { a href={ "/records/" (id) } { (text(&other["name"])) } },
            None => html! { (id) },
        },
        (_, Value::Number(number)) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
            let whole = number.as_f64().unwrap_or_default() as i64;
            html! { (page.number(&whole.into())) }
        }
        (_, Value::String(text)) => html! { (text) },
        (_, other) => html! { (other) },
    })
}

/// What the form sends that connects a record.
#[derive(serde::Deserialize)]
pub struct Connecting {
    sequence: String,
    #[serde(default)]
    days: String,
}

/// Connects it to the chosen sequence; the API answers for each record, and here there is one.
#[post("/records/{id}/connect")]
pub async fn post_connect(page: Page, id: Path<String>, fields: Fields<Connecting>) -> Result<HttpResponse, Problem> {
    let (at, Connecting { sequence, days }) = (format!("/records/{id}"), fields.into_inner());
    let mut body = json!({ "records": [*id] });
    if let Some(days) = days.trim().parse::<i64>().ok().filter(|days| *days != 0) {
        body["wait"] = json!({ "days": days });
    }
    let sent = Sent { body: Some(body), ..Sent::default() };
    let answer = page.send(Method::POST, &format!("/sequences/{sequence}/enrolments"), sent).await;
    let problem = match answer {
        Ok(answer) if answer["results"][0]["error"].is_null() => {
            return Ok(form::lead_to(&format!("{at}?done=connected")));
        }
        Ok(answer) => problem_in(&answer["results"][0]["error"]),
        Err(problem) => problem,
    };
    page.again(&at, Refused::of(format!("{at}/connect"), problem)).await
}
