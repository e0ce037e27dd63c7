//! The frame around every page, its style sheet and its script, and the parts that pages are made of.

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get};
use maud::{DOCTYPE, Markup, html};
use xxhash_rust::xxh3::xxh3_64;

use super::icons::icon;
use super::page::{Look, Page};
use super::words::Words;
use crate::domain::language::Language;
use crate::web::problem::Problem;

const STYLE: &str = include_str!("assets/relance.css");
const SCRIPT: &str = include_str!("assets/relance.js");
const STANDING: &str = include_str!("assets/standing.js");
const CARDS: &str = include_str!("assets/cards.js");
/// Changes with the program, so that browsers may keep what they have.
static EDITION: LazyLock<String> =
    LazyLock::new(|| format!("{:x}", xxh3_64(format!("{STYLE}{SCRIPT}{STANDING}{CARDS}").as_bytes())));

/// The style sheet.
#[get("/assets/relance.css")]
pub async fn get_style() -> HttpResponse {
    asset("text/css; charset=utf-8", STYLE)
}

/// The one script: it makes faster what works without it.
#[get("/assets/relance.js")]
pub async fn get_script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

/// The script of a chart that shows how many records stand where.
#[get("/assets/standing.js")]
pub async fn get_standing() -> HttpResponse {
    asset("text/javascript; charset=utf-8", STANDING)
}

/// Asks for that script.
pub fn follow_standing() -> Markup {
    html! { script type="module" src={ "/assets/standing.js?" (*EDITION) } {} }
}

/// The picture in a browser's tab.
#[get("/assets/relance.svg")]
pub async fn get_mark() -> HttpResponse {
    asset("image/svg+xml", include_str!("assets/relance.svg"))
}

/// What shows a card while it is arranged.
#[get("/assets/cards.js")]
pub async fn get_cards_script() -> HttpResponse {
    asset("text/javascript; charset=utf-8", CARDS)
}

/// The tag for [`get_cards_script`], of this edition of the program.
pub fn cards_script() -> Markup {
    html! { script type="module" src={ "/assets/cards.js?" (*EDITION) } {} }
}

fn asset(kind: &'static str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(body)
}

/// Where people go. What somebody may not do there is told there.
const PLACES: [(&str, &str, &str); 5] = [
    ("/my-day", "nav-my-day", "day"),
    ("/work-list", "nav-work", "list"),
    ("/sequences", "nav-sequences", "sequence"),
    ("/records", "nav-records", "record"),
    ("/admin", "nav-admin", "settings"),
];

/// A page for whoever is signed in.
pub fn frame(page: &Page, title: &str, content: &Markup) -> Markup {
    let words = page.words();
    let path = page.look.path.split('?').next().unwrap_or_default();
    let header = html! {
        nav.places aria-label=(words.say("nav-main")) {
            @for (href, key, picture) in PLACES {
                @let is_here = path == href || path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'));
                a href=(href) aria-current=[is_here.then_some("page")] { (icon(picture)) (words.say(key)) }
            }
        }
        nav.you aria-label=(words.say("nav-you")) {
            (super::find::link(page))
            a href="/account" aria-label=(page.name) { (icon("person")) span { (page.name) } }
            form method="post" action="/sign-out" { button.quiet type="submit" { (words.say("sign-out")) } }
        }
    };
    let header = html! { (header) (super::find::dialogs(page)) };
    let band = html! { @if page.is_sandbox() { (super::clock::band(page)) } };
    let main = html! { (page.told()) (content) };
    document(&page.look, title, &header, &band, &main)
}

/// A page for whoever is not signed in, or where it does not matter who is.
pub fn plain(look: &Look, title: &str, content: &Markup) -> Markup {
    // What a provider of identities or a link says behind the question mark stands on no page.
    let path = look.path.split('?').next().unwrap_or_default();
    let path = if path.starts_with("/sign-in") { "/sign-in" } else { path };
    let look = Look { path: path.to_owned(), ..look.clone() };
    document(&look, title, &html! { span.places {} }, &html! {}, &html! { h1 { (title) } (content) })
}

fn document(look: &Look, title: &str, header: &Markup, band: &Markup, main: &Markup) -> Markup {
    let words = look.words;
    html! {
        (DOCTYPE)
        html lang=(words.0.code()) data-theme=[look.theme] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · relance" }
                link rel="stylesheet" href={ "/assets/relance.css?" (*EDITION) };
                link rel="icon" type="image/svg+xml" href="/assets/relance.svg";
                script type="module" src={ "/assets/relance.js?" (*EDITION) } {}
            }
            body {
                a.skip href="#main" { (words.say("skip-to-content")) }
                header.frame {
                    a.brand href="/" { "relance" }
                    (header)
                    (appearance(look))
                }
                (band)
                main #main tabindex="-1" { (main) }
                div #live aria-live="polite" data-away=(words.say("connection-away")) data-back=(words.say("connection-back")) {}
            }
        }
    }
}

/// Language and light.
fn appearance(look: &Look) -> Markup {
    let words = look.words;
    let choice = |name: &str, value: &str, label: &str, is_chosen: bool| {
        html! { button.quiet type="submit" name=(name) value=(value) aria-pressed=(is_chosen.to_string()) { (label) } }
    };
    html! {
        details.menu {
            summary aria-label=(words.say("appearance")) { span lang=(words.0.code()) { (words.0.code().to_uppercase()) } (icon("contrast")) }
            form method="post" action="/appearance" {
                input type="hidden" name="_then" value=(look.path);
                p.legend { (words.say("language")) }
                div.choices {
                    @for (language, name) in Language::ALL.into_iter().zip(["English", "Français", "Galego"]) {
                        (choice("language", language.code(), name, language == words.0))
                    }
                }
                p.legend { (words.say("theme")) }
                div.choices {
                    (choice("theme", "light", &words.say("theme-light"), look.theme == Some("light")))
                    (choice("theme", "dark", &words.say("theme-dark"), look.theme == Some("dark")))
                    (choice("theme", "system", &words.say("theme-system"), look.theme.is_none()))
                }
            }
        }
    }
}

/// A page as an answer.
pub fn answer(status: StatusCode, page: Markup) -> HttpResponse {
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(page.into_string())
}

/// A problem as a page, with the way back.
pub fn problem(look: &Look, status: StatusCode, problem: &Problem) -> HttpResponse {
    let words = look.words;
    let content = html! {
        div.card {
            p { (sentence(&problem.detail)) }
            (faults(problem))
            p { a href={ "/problems/" (problem.code) } { (words.say("problem-meaning")) } " · " a href="/" { (words.say("problem-on")) } }
        }
    };
    answer(status, plain(look, &title(words, problem), &content))
}

/// What a problem is called.
fn title(words: Words, problem: &Problem) -> String {
    let key = format!("problem-{}", problem.code.replace('_', "-"));
    match super::words::has(words.0, &key) {
        true => words.say(&key),
        false => sentence(&problem.code.replace('_', " ")),
    }
}

/// Why a form was refused, above its page.
pub fn refusal(words: Words, problem: &Problem) -> Markup {
    html! {
        div.notice role="alert" tabindex="-1" {
            strong { (title(words, problem)) }
            p { (sentence(&problem.detail)) }
            (faults(problem))
        }
    }
}

/// Everything that is wrong, where that says more than the problem itself.
fn faults(problem: &Problem) -> Markup {
    html! {
        @if problem.errors.iter().any(|fault| fault.detail != problem.detail) {
            ul { @for fault in problem.errors.iter().take(50) { li { (sentence(&fault.detail)) } } }
        }
    }
}

/// With a capital in front.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Something that went wrong, above a form.
pub fn notice(text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { p.notice role="alert" { (text) } } }
}

/// The heading of a page, with what can be done there.
pub fn heading(title: &str, actions: &Markup) -> Markup {
    html! { div.heading { h1 { (title) } div.actions { (actions) } } }
}

/// Where there is nothing yet: what belongs here, and how it comes.
pub fn empty(title: &str, text: &str, actions: &Markup) -> Markup {
    html! { div.empty { h2 { (title) } p { (text) } div.actions { (actions) } } }
}

/// A state with its colour and its word: `good`, `waiting`, `bad`, or `plain`.
pub fn badge(kind: &str, text: &str) -> Markup {
    html! { span.badge.(kind) { (text) } }
}

/// What may be wider than its place: it scrolls, by keys too.
pub fn scroll(label: &str, content: &Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(label) { (content) } }
}

/// The way to the next page of a list, where there is one.
pub fn more(words: Words, path: &str, cursor: Option<&str>) -> Markup {
    html! {
        @if let Some(cursor) = cursor {
            p.more { a.button href=(with_query(path, &[("cursor", cursor)])) rel="next" { (words.say("next-page")) } }
        }
    }
}

/// An address with some of its query's values replaced; an empty one is left out. A cursor belongs to one query only.
pub fn with_query(path: &str, values: &[(&str, &str)]) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    let is_replaced = |name: &str| matches!(name, "cursor" | "done") || values.iter().any(|(other, _)| *other == name);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| !is_replaced(name)) {
        pairs.append_pair(&name, &value);
    }
    for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
        pairs.append_pair(name, value);
    }
    let query = pairs.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A field of a form with its label and what helps to fill it in, on the pages of whoever is not signed in.
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
