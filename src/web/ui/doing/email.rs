//! The e-mail of one step: with its template or another, as it is or rewritten, looked at before, now or later (ST-1, W-92).

use actix_web::http::Method;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{Ways, mornings};
use crate::web::problem::Problem;
use crate::web::ui::admin::templates::BLANKS;
use crate::web::ui::dates;
use crate::web::ui::form::{Form, hidden, is_local};
use crate::web::ui::icons::icon;
use crate::web::ui::inside::Sent;
use crate::web::ui::layout::{heading, sentence, with_query};
use crate::web::ui::page::Page;
use crate::web::ui::query::Asked;
use crate::web::ui::sequences::text;

/// The page.
#[get("/steps/{id}/email")]
pub async fn get_email(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&page);
    let step = page.get(&format!("/steps/{id}")).await?;
    let record = page.get(&format!("/records/{}", text(&step["record"]))).await?;
    let address = format!("/records/{}", text(&record["id"]));
    let way =
        |name: &str| Some(asked.get(name).to_owned()).filter(|way| is_local(way)).unwrap_or_else(|| address.clone());
    let ways = Ways { stay: way("at"), on: way("on") };
    let writing = Writing::of(&page, &asked, text(&step["template"])).await?;
    let title = page.words().fill("email-to", &[("name", text(&record["name"]))]);
    let content = html! {
        p.crumbs { a href=(ways.stay) { (icon("undo")) (page.say("email-back")) } }
        (heading(&title, &html! {}))
        p.quietly { (text(&step["name"])) @if let Some(to) = record["email"].as_str() { " · " (to) } }
        (trouble(&page, &record))
        div.columns.compose {
            section { h2 { (page.say("email-text")) } (writing.choice(&page)) (writing.form(&page, &id, &ways)) }
            section { h2 { (page.say("email-preview")) } (writing.preview(&page, &[&id]).await) }
        }
    };
    Ok(page.show(&title, &content))
}

/// W-83: why it cannot be sent.
fn trouble(page: &Page, record: &Value) -> Markup {
    let key = match record["email"].as_str() {
        None => Some("doing-no-address"),
        Some(_) if record["allow_email"] == false => Some("doing-no-mails"),
        Some(_) => None,
    };
    html! { @if let Some(key) = key {
        p.warning { (icon("warning")) " " (page.say(key)) " " a href={ "/records/" (text(&record["id"])) "/edit" } { (page.say("edit")) } }
    } }
}

/// What is written: a template as it is, or a text of one's own that may begin as one.
pub struct Writing {
    templates: Vec<(String, String)>,
    /// The template that was chosen, if any.
    template: Option<Value>,
    is_own: bool,
}

impl Writing {
    /// As the address says: `template`, and `own=yes` to write on from it. `usual` is the step's own.
    pub async fn of(page: &Page, asked: &Asked, usual: &str) -> Result<Writing, Problem> {
        let list = page.get("/email-templates?limit=500").await?;
        let named = |item: &Value| {
            let language = text(&item["language"]).to_uppercase();
            (text(&item["id"]).to_owned(), format!("{} ({language})", text(&item["name"])))
        };
        let templates = list["items"].as_array().into_iter().flatten().map(named).collect();
        let chosen = if asked.has_any(&["template"]) { asked.get("template") } else { usual };
        let template = match chosen {
            "" | "none" => None,
            id => page.find(&format!("/email-templates/{id}")).await?,
        };
        let is_own = template.is_none() || asked.get("own") == "yes";
        Ok(Writing { templates, template, is_own })
    }

    /// Which template.
    pub fn choice(&self, page: &Page) -> Markup {
        let asked = Asked::of(page);
        let chosen = self.template.as_ref().map_or("none", |template| text(&template["id"]));
        html! {
            form.filters method="get" action=(page.look.path.split('?').next().unwrap_or_default()) data-at-once="" {
                @for (name, value) in asked.pairs().filter(|(name, _)| !matches!(*name, "template" | "own" | "done" | "cursor")) { (hidden(name, value)) }
                div.field.wide {
                    label for="template" { (page.say("email-template")) }
                    select #template name="template" {
                        option value="none" selected[chosen == "none"] { (page.say("email-no-template")) }
                        @for (id, name) in &self.templates { option value=(id) selected[id == chosen] { (name) } }
                    }
                }
                button.plain type="submit" data-without-script="" { (page.say("email-take")) }
            }
        }
    }

    fn form(&self, page: &Page, step: &str, ways: &Ways) -> Markup {
        let form = message(page).single().then(ways.on.clone()).done("email-sent");
        html! {
            (form.show("", &html! {
                (hidden("steps:list", step))
                (self.fields(page, &form))
                (when(page, &form, "email-send"))
            }))
        }
    }

    /// The text, or the template that stands for it.
    pub fn fields(&self, page: &Page, form: &Form) -> Markup {
        let words = page.words();
        let of_template = |name: &str| self.template.as_ref().map_or("", |template| text(&template[name]));
        html! {
            @if self.is_own {
                div data-draft=(words.say("email-draft")) {
                    (form.text("subject", &words.say("email-subject"), of_template("subject")))
                    (form.area("body", &words.say("email-body"), of_template("body_text"), 12, None))
                }
                details.fold #merge-fields {
                    summary { (words.say("email-fields")) }
                    div.merge-fields { @for (blank, meaning) in BLANKS { button.quiet type="button" data-insert=(blank) title=(words.say(meaning)) { (blank) } } }
                }
            } @else {
                (hidden("template", of_template("id")))
                p { a.button href=(with_query(&page.look.path, &[("own", "yes")])) data-swap="" { (icon("edit")) (words.say("email-rewrite")) } }
                @for file in self.template.iter().flat_map(|template| template["attachments"].as_array().into_iter().flatten()) {
                    p.quietly { (icon("copy")) " " (text(&file["name"])) }
                }
            }
        }
    }

    /// As the first of them gets it; why not, where that cannot be told.
    pub async fn preview(&self, page: &Page, steps: &[&str]) -> Markup {
        let answer = match (&self.template, message(page).answer()) {
            (_, Some(answer)) => Some(Ok(answer.clone())),
            (Some(template), None) if !self.is_own => {
                let body = json!({ "steps": steps, "template": template["id"] });
                let sent = Sent { body: Some(body), ..Sent::default() };
                Some(page.send(Method::POST, "/bulk-emails/preview", sent).await)
            }
            _ => None,
        };
        match answer {
            Some(Ok(answer)) => first(page, &answer),
            Some(Err(problem)) => html! { p.fault { (icon("warning")) " " (sentence(&problem.detail)) } },
            None => html! { p.quietly { (page.say("email-preview-none")) } },
        }
    }
}

/// The form of a message: it is sent, or only looked at.
pub fn message(page: &Page) -> Form<'_> {
    Form::new(page, "POST", "/bulk-emails").or("POST", "/bulk-emails/preview")
}

/// The first e-mail of a preview, or why there is none.
pub fn first(page: &Page, answer: &Value) -> Markup {
    let mail = &answer["first"];
    html! {
        @if mail.is_object() {
            div.filled {
                p.subject { strong { (text(&mail["subject"])) } }
                div.message { (text(&mail["body_text"])) }
            }
        } @else {
            @for result in answer["results"].as_array().into_iter().flatten().take(1) {
                p.fault { (icon("warning")) " " (sentence(text(&result["error"]["detail"]))) }
            }
            @if answer["results"].as_array().is_none_or(Vec::is_empty) { p.quietly { (page.say("email-preview-none")) } }
        }
    }
}

/// Preview, now, or later (W-85, W-92): a time that is suggested, or one of one's own. `send` is what the button says.
pub fn when(page: &Page, form: &Form, send: &str) -> Markup {
    let words = page.words();
    let [(_, morning), ..] = mornings(page);
    html! {
        details.fold #later {
            summary { (words.say("email-later")) }
            div {
                (form.input("datetime-local", "send_at:local?", &words.say("email-at"), "", Some(&words.say("email-at-help"))))
                button.plain type="submit" name="send_at" value=(morning) { (words.say("email-send-at")) " " (dates::said(words, page.zone, page.now, morning)) }
            }
        }
        div.actions {
            button type="submit" data-key="enter" { (icon("send")) (words.say(send)) }
            button.plain type="submit" formaction="/do/POST/bulk-emails/preview" name="_once" value="yes" { (words.say("email-look")) }
        }
    }
}
