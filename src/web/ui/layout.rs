//! The frame around every page, its style sheet, and the parts that pages are made of.

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get};
use maud::{DOCTYPE, Markup, html};

use crate::web::problem::Problem;

const STYLE: &str = include_str!("assets/relance.css");

/// The style sheet; its address changes with the program.
#[get("/assets/relance.css")]
pub async fn get_style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((CACHE_CONTROL, "max-age=3600"))
        .body(STYLE)
}

/// A page with a title.
pub fn page(title: &str, signed_in: Option<&str>, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · relance" }
                link rel="stylesheet" href="/assets/relance.css";
            }
            body {
                header.frame {
                    a.brand href="/" { "relance" }
                    @if let Some(name) = signed_in {
                        nav aria-label="You" {
                            a href="/docs/" { "API" }
                            a href="/account" { (name) }
                            form method="post" action="/sign-out" { button.quiet type="submit" { "Sign out" } }
                        }
                    }
                }
                main { h1 { (title) } (content) }
            }
        }
    }
}

/// A page as an answer.
pub fn answer(status: StatusCode, page: Markup) -> HttpResponse {
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(page.into_string())
}

/// A problem as a page, with the way back.
pub fn problem(status: StatusCode, problem: &Problem) -> HttpResponse {
    let content = html! {
        div.card {
            p { (sentence(&problem.detail)) }
            p { a href={ "/problems/" (problem.code) } { "What this means" } " · " a href="/" { "Go on" } }
        }
    };
    answer(status, page(&sentence(&problem.code.replace('_', " ")), None, &content))
}

/// With a capital in front.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Something that went wrong, above a form.
pub fn notice(text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { p.notice role="alert" { (text) } } }
}

/// A field of a form with its label and what helps to fill it in.
pub struct Field<'a> {
    /// Its name in the form.
    pub name: &'a str,
    /// What people read.
    pub label: &'a str,
    /// `text`, `email`, `password`.
    pub kind: &'a str,
    /// What is in it; never of a password.
    pub value: &'a str,
    /// What a browser may fill in.
    pub autocomplete: &'a str,
    /// Below the field.
    pub help: Option<&'a str>,
}

impl Field<'_> {
    /// The field.
    pub fn show(&self) -> Markup {
        let help = format!("{}-help", self.name);
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                input id=(self.name) name=(self.name) type=(self.kind) value=(self.value) autocomplete=(self.autocomplete)
                    required aria-describedby=[self.help.map(|_| &help)];
                @if let Some(text) = self.help { p.help id=(help) { (text) } }
            }
        }
    }
}
