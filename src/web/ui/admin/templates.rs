//! `/admin/email-templates`, `/admin/text-templates`: what messages say, with blanks that each record fills in.

use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::super::form::{Form, hidden};
use super::super::icons::icon;
use super::super::layout::{badge, empty};
use super::super::page::Page;
use super::super::words::Words;
use super::parts::{asked, confirm, fold, items, next, none, query, table, text, top};
use crate::web::problem::Problem;

/// These pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_email_templates).service(get_new_email_template).service(get_email_template);
    config.service(get_text_templates).service(get_new_text_template).service(get_text_template);
}

/// Either kind, by its address.
#[derive(Clone, Copy)]
struct Kind(&'static str);

const MAIL: Kind = Kind("email-templates");
const TEXT: Kind = Kind("text-templates");

impl Kind {
    fn title(self, words: Words) -> String {
        words.say(&format!("admin-{}", self.0))
    }

    fn is_mail(self) -> bool {
        self.0 == MAIL.0
    }

    fn page(self) -> String {
        format!("/admin/{}", self.0)
    }
}

/// E-mail templates.
#[get("/admin/email-templates")]
pub async fn get_email_templates(page: Page) -> Result<HttpResponse, Problem> {
    list(page, MAIL).await
}

/// Text-message templates.
#[get("/admin/text-templates")]
pub async fn get_text_templates(page: Page) -> Result<HttpResponse, Problem> {
    list(page, TEXT).await
}

/// An e-mail template to be.
#[get("/admin/email-templates/new")]
pub async fn get_new_email_template(page: Page) -> Result<HttpResponse, Problem> {
    new(page, MAIL).await
}

/// A text-message template to be.
#[get("/admin/text-templates/new")]
pub async fn get_new_text_template(page: Page) -> Result<HttpResponse, Problem> {
    new(page, TEXT).await
}

/// One e-mail template.
#[get("/admin/email-templates/{id}")]
pub async fn get_email_template(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    one(page, MAIL, &id).await
}

/// One text-message template.
#[get("/admin/text-templates/{id}")]
pub async fn get_text_template(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    one(page, TEXT, &id).await
}

const LANGUAGES: [(&str, &str); 3] = [("en", "English"), ("fr", "Français"), ("gl", "Galego")];

fn language(code: &str) -> &str {
    LANGUAGES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

async fn list(page: Page, kind: Kind) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let list = page.get(&format!("/{}?{}", kind.0, query(&page, &["q", "language", "cursor"]))).await?;
    let new = html! { a.button.main href={ (kind.page()) "/new" } { (icon("add")) (words.say("template-new")) } };
    let rows = html! { @for template in items(&list) { (row(&page, kind, template)) } };
    let second = if kind.is_mail() { "template-subject" } else { "template-body" };
    let content = html! {
        (top(&page, &[], &kind.title(words), &new))
        (filters(&page, kind))
        @if items(&list).is_empty() {
            (empty(&words.say("templates-none"), &words.say("templates-none-text"), &html! { a.button href=(kind.page()) { (words.say("filters-clear")) } }))
        } @else {
            (table(words, &["name", second, "language", "template-origin", "column-modified-at"], &rows))
            (next(&page, &list))
        }
    };
    Ok(page.show(&kind.title(words), &content))
}

fn filters(page: &Page, kind: Kind) -> Markup {
    let words = page.words();
    let chosen = asked(page, "language");
    html! {
        form.filters method="get" action=(kind.page()) role="search" {
            div.field.wide {
                label for="q" { (words.say("search")) }
                input #q type="search" name="q" value=(asked(page, "q")) placeholder=(words.say("templates-search"));
            }
            div.field {
                label for="language" { (words.say("language")) }
                select #language name="language" {
                    option value="" { (words.say("filter-all")) }
                    @for (code, name) in LANGUAGES { option value=(code) selected[chosen == code] { (name) } }
                }
            }
            button.plain type="submit" { (icon("search")) (words.say("filter-apply")) }
        }
    }
}

fn row(page: &Page, kind: Kind, template: &Value) -> Markup {
    let words = page.words();
    let says = if kind.is_mail() { text(&template["subject"]) } else { text(&template["body"]) };
    html! { tr {
        th scope="row" { a href={ (kind.page()) "/" (text(&template["id"])) } { (text(&template["name"])) } }
        td { (says.chars().take(90).collect::<String>()) }
        td { (language(text(&template["language"]))) }
        td { (origin(words, template)) }
        td { @if template["modified_at"].is_null() { (none()) } @else { (page.ago(&template["modified_at"])) } }
    } }
}

fn origin(words: Words, template: &Value) -> Markup {
    match template["shipped"] == true {
        true => badge("plain", &words.say("template-shipped")),
        false => badge("good", &words.say("template-own")),
    }
}

fn fields(form: &Form, words: Words, kind: Kind, template: &Value) -> Markup {
    let chosen = if template.is_null() { words.0.code() } else { text(&template["language"]) };
    html! {
        div.fields {
            (form.text("name", &words.say("name"), text(&template["name"])))
            (form.select("language", &words.say("language"), chosen, &LANGUAGES))
        }
        @if kind.is_mail() {
            (form.text("subject", &words.say("template-subject"), text(&template["subject"])))
            (form.area("body_text", &words.say("template-body"), text(&template["body_text"]), 14, Some(&words.say("template-body-help"))))
            (form.area("body_html:optional", &words.say("template-html"), text(&template["body_html"]), 8, Some(&words.say("template-html-help"))))
        } @else {
            (form.area("body", &words.say("template-body"), text(&template["body"]), 6, Some(&words.say("template-sms-help"))))
        }
    }
}

/// What a browser offers to choose from; the API says what is taken.
const ATTACHABLE: &str =
    ".pdf,.png,.jpg,.jpeg,.gif,.txt,.csv,.ics,.zip,.doc,.docx,.xls,.xlsx,.ppt,.pptx,.odt,.ods,.odp";

/// What fills itself in, and the text that says what it is.
pub const BLANKS: [(&str, &str); 9] = [
    ("{{ record.name }}", "blank-name"),
    ("{{ record.email }}", "blank-email"),
    ("{{ record.phones.mobile }}", "blank-phone"),
    ("{{ record.score }}", "blank-score"),
    ("{{ record.fields.company }}", "blank-field"),
    ("{{ seller.name }}", "blank-seller"),
    ("{{ seller.signature }}", "blank-signature"),
    ("{{ record.fields.company | default(\"…\") }}", "blank-default"),
    ("{% if record.fields.company %}…{% else %}…{% endif %}", "blank-if"),
];

fn blanks(words: Words) -> Markup {
    fold(
        &words.say("template-blanks"),
        true,
        &html! {
            dl.blanks { @for (blank, meaning) in BLANKS { dt { code { (blank) } } dd { (words.say(meaning)) } } }
        },
    )
}

async fn new(page: Page, kind: Kind) -> Result<HttpResponse, Problem> {
    let words = page.words();
    // A copy of another one, where one is named.
    let from = match asked(&page, "from") {
        from if from.is_empty() => Value::Null,
        from => page.get(&format!("/{}/{from}", kind.0)).await?,
    };
    let form =
        Form::new(&page, "POST", &format!("/{}", kind.0)).then(format!("{}/{{id}}", kind.page())).done("created");
    let content = html! {
        (top(&page, &[(&kind.page(), &kind.title(words))], &words.say("template-new"), &html! {}))
        div.with-side {
            section { (form.show("", &html! { (fields(&form, words, kind, &from)) button type="submit" { (words.say("template-add")) } })) }
            aside aria-label=(words.say("template-blanks")) { section { (blanks(words)) } }
        }
    };
    Ok(page.show(&words.say("template-new"), &content))
}

async fn one(page: Page, kind: Kind, id: &str) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let path = format!("/{}/{id}", kind.0);
    let (template, version) = page.get_versioned(&path).await?;
    let records = page.get("/records?limit=50&state=active").await?;
    let form = Form::new(&page, "PATCH", &path).of_version(version.clone()).done("saved");
    let remove = Form::new(&page, "DELETE", &path).of_version(version).then(kind.page()).done("deleted");
    let name = text(&template["name"]);
    let is_shipped = template["shipped"] == true;
    let copy =
        html! { a.button href={ (kind.page()) "/new?from=" (id) } { (icon("copy")) (words.say("template-copy")) } };
    let content = html! {
        (top(&page, &[(&kind.page(), &kind.title(words))], name, &html! { (origin(words, &template)) (copy) }))
        div.with-side.wide-side {
            @if is_shipped { section { p.warning { (words.say("template-shipped-text")) } (said(words, &template)) } }
            @else { section { (form.show("", &html! { (fields(&form, words, kind, &template)) button type="submit" { (words.say("save")) } })) } }
            aside aria-label=(words.say("template-preview")) {
                section { h2 { (words.say("template-preview")) } (preview(&page, &path, items(&records))) }
                @if !is_shipped {
                    section { (blanks(words)) }
                    @if kind.is_mail() { (attachments(&page, &path, &template)) }
                    section { (confirm(&remove, &words.say("template-delete"), &words.say("template-delete-ask"))) }
                }
            }
        }
    };
    Ok(page.show(name, &content))
}

/// A message or its template, to be read.
fn said(words: Words, message: &Value) -> Markup {
    let body = if message["body"].is_string() { &message["body"] } else { &message["body_text"] };
    html! {
        @if message["subject"].is_string() { p.subject { strong { (text(&message["subject"])) } } }
        pre.message { (text(body)) }
        @if let Some(source) = message["body_html"].as_str() {
            (fold(&words.say("template-html"), false, &html! { pre { (source) } }))
        }
    }
}

/// What it comes to for a record, as if the reader sent it.
fn preview(page: &Page, path: &str, records: &[Value]) -> Markup {
    let words = page.words();
    let form = Form::new(page, "POST", &format!("{path}/preview")).once();
    let choices: Vec<(&str, String)> = records
        .iter()
        .map(|record| {
            (text(&record["id"]), format!("{} · {}", text(&record["name"]), words.value("type", text(&record["type"]))))
        })
        .collect();
    html! {
        @if choices.is_empty() { p.help { (words.say("template-no-record")) } } @else {
            (form.show("", &html! {
                (form.select("record", &words.say("template-record"), "", &choices))
                button.plain type="submit" { (words.say("template-show")) }
            }))
        }
        @if let Some(message) = form.answer() { div.filled role="status" { (said(words, message)) } }
    }
}

fn attachments(page: &Page, path: &str, template: &Value) -> Markup {
    let words = page.words();
    let attach = Form::with_file(page, &format!("{path}/attachments")).done("attached");
    html! {
        section {
            h2 { (words.say("template-files")) }
            ul.plain.rows { @for file in items(&template["attachments"]) { li {
                (text(&file["name"]))
                (Form::new(page, "DELETE", &format!("{path}/attachments/{}", text(&file["id"]))).done("saved").button("quiet", &words.say("template-detach")))
            } } }
            (attach.show("", &html! {
                (hidden("_name", "name"))
                (attach.file(&words.say("template-attach"), ATTACHABLE, &words.say("template-attach-help")))
                button.plain type="submit" { (icon("upload")) (words.say("template-attach-do")) }
            }))
        }
    }
}
