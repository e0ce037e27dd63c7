//! `/admin/mailboxes`: the addresses that e-mails leave from. Passwords only go in.

use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::super::form::{Form, hidden};
use super::super::layout::{badge, empty};
use super::super::missing;
use super::super::page::Page;
use super::super::words::Words;
use super::parts::{confirm, items, next, none, owner_name, owners, query, table, text, top};
use crate::domain::permission::Permission;
use crate::web::problem::Problem;

/// These pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_mailboxes).service(get_new_mailbox).service(get_mailbox);
}

/// The list.
#[get("/admin/mailboxes")]
pub async fn get_mailboxes(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let list = page.get(&format!("/mailboxes?{}", query(&page, &["cursor"]))).await?;
    let owners = owners(&page, "owner-everybody").await?;
    let new = missing::link(
        "/admin/mailboxes/new",
        "add",
        &words.say("mailbox-new"),
        missing::role(&page, Permission::SetUp),
    );
    let rows = html! { @for mailbox in items(&list) { (row(words, &owners, mailbox)) } };
    let content = html! {
        (top(&page, &[], &words.say("admin-mailboxes"), &new))
        @if items(&list).is_empty() {
            (empty(&words.say("mailboxes-none"), &words.say("mailboxes-none-text"), &if page.may(Permission::SetUp) { new.clone() } else { html! {} }))
        } @else {
            (table(words, &["mailbox-address", "name", "owner", "mailbox-server", "mailbox-answers", "#cap-per-day"], &rows))
            (next(&page, &list))
        }
    };
    Ok(page.show(&words.say("admin-mailboxes"), &content))
}

fn row(words: Words, owners: &[(String, String)], mailbox: &Value) -> Markup {
    let cap = &mailbox["caps"]["per_day"];
    html! { tr {
        th scope="row" { a href={ "/admin/mailboxes/" (text(&mailbox["id"])) } { (text(&mailbox["address"])) } }
        td { (text(&mailbox["name"])) }
        td { (owner_name(owners, &mailbox["owner"])) }
        td { (text(&mailbox["smtp"]["host"])) }
        td { @if mailbox["imap"].is_object() { (badge("good", &words.say("mailbox-read"))) } @else { (badge("plain", &words.say("mailbox-unread"))) } }
        td.number { @if cap.is_null() { (none()) } @else { (cap.to_string()) } }
    } }
}

/// A mailbox to be.
#[get("/admin/mailboxes/new")]
pub async fn get_new_mailbox(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let owners = owners(&page, "owner-everybody").await?;
    let form = Form::new(&page, "POST", "/mailboxes").then("/admin/mailboxes/{id}").done("mailbox");
    let content = html! {
        (top(&page, &[("/admin/mailboxes", &words.say("admin-mailboxes"))], &words.say("mailbox-new"), &html! {}))
        section.middle { (form.show("", &html! { (fields(&form, words, &owners, &Value::Null)) button type="submit" { (words.say("mailbox-add")) } })) }
    };
    Ok(page.show(&words.say("mailbox-new"), &content))
}

fn fields(form: &Form, words: Words, owners: &[(String, String)], mailbox: &Value) -> Markup {
    let cap = |per: &str| mailbox["caps"][per].as_i64().map(|cap| cap.to_string()).unwrap_or_default();
    html! {
        div.fields {
            (form.input("email", "address", &words.say("mailbox-address"), text(&mailbox["address"]), Some(&words.say("mailbox-address-help"))))
            (form.input("text", "name", &words.say("name"), text(&mailbox["name"]), Some(&words.say("mailbox-name-help"))))
            (form.select("owner:json", &words.say("owner"), &mailbox["owner"].to_string(), owners))
        }
        h2.part { (words.say("mailbox-server")) }
        (server(form, words, "smtp", &mailbox["smtp"], "587"))
        h2.part { (words.say("mailbox-caps")) }
        div.fields {
            (form.input("number", "caps.per_hour:number", &words.say("cap-per-hour"), &cap("per_hour"), None))
            (form.input("number", "caps.per_day:number", &words.say("cap-per-day"), &cap("per_day"), Some(&words.say("setting-open"))))
        }
    }
}

/// A server, and who we are to it.
fn server(form: &Form, words: Words, of: &str, server: &Value, usual: &str) -> Markup {
    let place = |name: &str| format!("{of}.{name}");
    let port = server["port"].as_i64().map_or_else(|| usual.to_owned(), |port| port.to_string());
    let security = if server.is_object() {
        text(&server["security"])
    } else if of == "smtp" {
        "starttls"
    } else {
        "tls"
    };
    let ways = ["starttls", "tls", "none"].map(|way| (way, words.say(&format!("security-{way}"))));
    let kept = if server["has_password"] == true { "password-kept" } else { "password-none" };
    html! {
        div.fields {
            (form.text(&place("host"), &words.say("server-host"), text(&server["host"])))
            (form.input("number", &place("port:number"), &words.say("server-port"), &port, None))
            (form.select(&place("security"), &words.say("server-security"), security, &ways))
        }
        div.fields {
            (form.text(&place("username:optional"), &words.say("server-username"), text(&server["username"])))
            (form.input("password", &place("password:?"), &words.say("password"), "", Some(&words.say(kept))))
        }
    }
}

/// One mailbox.
#[get("/admin/mailboxes/{id}")]
pub async fn get_mailbox(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let path = format!("/mailboxes/{id}");
    let (mailbox, version) = page.get_versioned(&path).await?;
    let owners = owners(&page, "owner-everybody").await?;
    let form = Form::new(&page, "PATCH", &path).of_version(version.clone()).done("saved");
    let remove = Form::new(&page, "DELETE", &path).of_version(version).then("/admin/mailboxes").done("deleted");
    let address = text(&mailbox["address"]);
    let content = html! {
        (top(&page, &[("/admin/mailboxes", &words.say("admin-mailboxes"))], address, &html! {}))
        div.with-side {
            div {
                section { (form.show("", &html! { (fields(&form, words, &owners, &mailbox)) button type="submit" { (words.say("save")) } })) }
                section { h2 { (words.say("mailbox-answers")) } (answers(&form, words, &mailbox["imap"])) }
            }
            aside aria-label=(words.say("mailbox-try")) {
                section { h2 { (words.say("mailbox-try")) } (trial(&page, &path)) }
                section { h2 { (words.say("mailbox-handed")) } (handed(&page, &path)) }
                section { (confirm(&remove, &words.say("mailbox-delete"), &words.say("mailbox-delete-ask"))) }
            }
        }
    };
    Ok(page.show(address, &content))
}

/// Where answers are read; it may be nowhere.
fn answers(form: &Form, words: Words, imap: &Value) -> Markup {
    html! {
        p { (words.say("mailbox-answers-text")) }
        (form.show("", &html! { (server(form, words, "imap", imap, "993")) button type="submit" { (words.say("save")) } }))
        @if imap.is_object() {
            (form.show("", &html! { (hidden("imap:json", "null")) button.plain type="submit" { (words.say("mailbox-no-answers")) } }))
        }
    }
}

/// Connects and signs in; nothing is sent.
fn trial(page: &Page, path: &str) -> Markup {
    let words = page.words();
    let form = Form::new(page, "POST", &format!("{path}/test")).once();
    html! {
        p { (words.say("mailbox-try-text")) }
        (form.button("plain", &words.say("mailbox-try-now")))
        @if let Some(answer) = form.answer() { (verdict(words, &answer["smtp"])) }
    }
}

/// What came of trying something.
pub fn verdict(words: Words, probe: &Value) -> Markup {
    let is_good = probe["ok"] == true;
    html! {
        div.verdict.done[is_good].notice[!is_good] role="status" tabindex="-1" {
            strong { (words.say(if is_good { "trial-good" } else { "trial-bad" })) }
            p { (text(&probe["detail"])) }
        }
    }
}

/// The address that a provider may hand mail over at.
fn handed(page: &Page, path: &str) -> Markup {
    let words = page.words();
    let form = Form::new(page, "POST", &format!("{path}/inbound")).once();
    html! {
        p { (words.say("mailbox-handed-text")) }
        (form.button("plain", &words.say("address-show")))
        @if let Some(answer) = form.answer() { code.secret { (text(&answer["url"])) } }
    }
}
