//! `/sequences/{id}/properties`: everything about a sequence but its chart, copying it, and taking back what has not
//! left.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::Sequence;
use crate::domain::permission::Permission;
use crate::web::problem::Problem;
use crate::web::ui::condition;
use crate::web::ui::form::{Form, hidden};
use crate::web::ui::icons::icon;
use crate::web::ui::page::Page;
use crate::web::ui::records::people::People;
use crate::web::ui::sequences::text;

/// What a condition may ask about a member of a team.
const USER_FIELDS: [(&str, &str); 4] =
    [("name", "text"), ("email", "text"), ("roles", "option_set"), ("business_unit", "text")];

/// The page.
#[get("/sequences/{id}/properties")]
pub async fn get_properties(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let sequence = Sequence::read(&page, &id).await?;
    let fields = page.get(&format!("/record-types/{}/fields?limit=500", sequence.record_type)).await?;
    let known = condition::of_records(words, &fields);
    let fields: Vec<Value> = fields["items"].as_array().cloned().unwrap_or_default();
    let people = People::of(&page).await?;
    let tags = page.get("/tags").await?;
    // What a colleague drew is read, and copied.
    let may = sequence.may_change(&page);
    let of_owner = |fields: &Markup, may: bool| html! { fieldset.of-owner disabled[!may] { (fields) } };
    let content = html! {
        (sequence.head(&page, "properties"))
        div.columns {
            section { h2 { (words.say("properties")) } (of_owner(&basics(&page, &sequence, &people), may)) }
            section #assign { h2 { (words.say("assign-to")) } (of_owner(&assign_to(&page, &sequence, &fields), may)) }
            section { h2 { (words.say("column-tags")) } (of_owner(&tagged(&page, &sequence, &tags), page.may(Permission::Tag))) }
            section { h2 { (words.say("running")) } (of_owner(&running(&page, &sequence, &known), may)) }
            section { h2 { (words.say("sending")) } (of_owner(&window(&page, &sequence), may)) }
            section { h2 { (words.say("fuse")) } (of_owner(&fuse(&page, &sequence), may)) }
            section #copy { h2 { (words.say("copy-sequence")) } (copy(&page, &sequence)) }
            @if sequence.is_active() { section #undo { h2 { (words.say("undo-title")) } (of_owner(&undo(&page, &sequence), may)) } }
        }
    };
    Ok(page.show(&sequence.name, &content))
}

fn basics(page: &Page, sequence: &Sequence, people: &People) -> Markup {
    let (words, form) = (page.words(), sequence.form(page));
    let value = |name: &str| text(&sequence.value[name]);
    form.show(
        "",
        &html! {
            (form.text("name", &words.say("name"), value("name")))
            (form.area("description", &words.say("description"), value("description"), 4, None))
            dl {
                dt { (words.say("column-record-type")) } dd { (words.value("type", value("record_type"))) }
                dt { (words.say("column-owner")) } dd { (people.name(&sequence.value["owner"])) }
                dt { (words.say("created")) } dd { (page.instant(&sequence.value["created_at"])) }
            }
            p { button type="submit" { (words.say("save")) } }
        },
    )
}

/// Who gets the steps (Q-20…Q-27).
fn assign_to(page: &Page, sequence: &Sequence, fields: &[Value]) -> Markup {
    let (words, form) = (page.words(), sequence.form(page));
    let (assigned, is_locked) = (&sequence.value["assign_to"], sequence.is_active());
    let lookups =
        fields.iter().filter(|field| field["kind"] == "lookup").map(|field| text(&field["name"])).collect::<Vec<_>>();
    let one = |kind: &str, more: &Markup| {
        html! {
            details.assign open[assigned["type"] == kind] id={ "assign-" (kind) } {
                summary { (words.say(&format!("assign-{}", kind.replace('_', "-")))) @if assigned["type"] == kind { " " (icon("done")) } }
                p.help { (words.say(&format!("assign-{}-text", kind.replace('_', "-")))) }
                (form.show("", &html! { (hidden("assign_to.type", kind)) (more) button.plain type="submit" { (words.say("assign-choose")) } }))
            }
        }
    };
    let of_users =
        USER_FIELDS.map(|(name, kind)| json!({ "name": name, "label": words.value("user", name), "kind": kind }));
    html! {
        @if is_locked { p.warning { (words.say("assign-locked")) } }
        fieldset disabled[is_locked] {
            (one("record_owner", &html! {}))
            (one("record_field", &form.select("assign_to.field", &words.say("condition-field"), text(&assigned["field"]),
                &lookups.iter().map(|name| (*name, *name)).collect::<Vec<_>>())))
            @for kind in ["owner_team", "access_team"] {
                (one(kind, &html! {
                    p.help { (words.say("assign-condition-help")) }
                    (condition::show(words, &form, "assign_to.condition", if assigned["type"] == kind { &assigned["condition"] } else { &Value::Null }, &of_users))
                }))
            }
            (one("current_user", &html! {}))
        }
    }
}

fn tagged(page: &Page, sequence: &Sequence, tags: &Value) -> Markup {
    let words = page.words();
    let form = Form::new(page, "PUT", &format!("/sequences/{}/tags", sequence.id)).done("saved");
    let options: Vec<(&str, &str)> =
        tags["items"].as_array().into_iter().flatten().map(|tag| (text(&tag["id"]), text(&tag["path"]))).collect();
    let chosen: Vec<&str> =
        sequence.value["tags"].as_array().into_iter().flatten().map(|tag| text(&tag["id"])).collect();
    html! {
        @if options.is_empty() { p.quietly { (words.say("tags-none")) } p { a href="/admin/tags" { (words.say("tags-make")) } } }
        @else { (form.show("", &html! {
            (form.choices("tags:list", &words.say("column-tags"), &chosen, &options))
            button type="submit" { (words.say("save")) }
        })) }
    }
}

/// What is usual, and what is so now where that is something else.
fn with_own(usual: &[(String, String)], own: Option<(String, String)>) -> Vec<(String, String)> {
    usual.iter().cloned().chain(own).collect()
}

/// How records go through it; `known` is what a condition may ask of them.
fn running(page: &Page, sequence: &Sequence, known: &[Value]) -> Markup {
    let (words, form) = (page.words(), sequence.form(page));
    let value = &sequence.value;
    let reentries = [("\"any_time\"", "reentry-any-time"), ("\"never\"", "reentry-never")];
    let reentries = reentries.map(|(json, key)| (json.to_owned(), words.say(key)));
    let goals = [("\"success\"", "goal-success"), ("\"reply\"", "goal-reply"), ("\"meeting\"", "goal-meeting")];
    let goals = goals.map(|(json, key)| (json.to_owned(), words.say(key)));
    let (reentry, goal) = (value["reentry"].to_string(), value["goal"].to_string());
    let (days, is_after) = (value["reentry"]["after_days"].as_i64(), value["reentry"].is_object());
    html! {
        (form.show("", &html! {
            (form.select("reentry:json", &words.say("reentry"), &reentry, &with_own(&reentries, is_after.then(|| (reentry.clone(), words.count("reentry-days", days.unwrap_or_default()))))))
            button.plain type="submit" { (words.say("save")) }
        }))
        details.fold open[form.is_refused()] { summary { (words.say("reentry-after")) } div {
            (form.show("", &html! {
                div.short { (form.input("number", "reentry.after_days:number", &words.say("reentry-after-days"), &days.map(|days| days.to_string()).unwrap_or_default(), None)) }
                button.plain type="submit" { (words.say("save")) }
            }))
        } }
        fieldset.spaced disabled[!sequence.is_open_for_drawing()] {
            @if !sequence.is_open_for_drawing() { p.help { (words.say("only-in-revision")) } }
            (form.show("", &html! {
                p { (form.flag("exit_on_reply:flag", &words.say("exit-on-reply"), value["exit_on_reply"] == true)) }
                p { (form.flag("wait_computation:flag", &words.say("wait-computation"), value["wait_computation"] == true)) }
                (form.select("goal:json", &words.say("goal"), &goal, &with_own(&goals, value["goal"].is_object().then(|| (goal.clone(), words.say("goal-field"))))))
                button.plain type="submit" { (words.say("save")) }
            }))
            details.fold open[value["goal"].is_object()] { summary { (words.say("goal-own")) } div {
                p.help { (words.say("goal-own-help")) }
                (form.show("", &html! {
                    (condition::show(words, &form, "goal.field", &value["goal"]["field"], known))
                    button.plain type="submit" { (words.say("save")) }
                }))
            } }
        }
    }
}

/// When automated messages may leave.
fn window(page: &Page, sequence: &Sequence) -> Markup {
    let (words, form) = (page.words(), sequence.form(page));
    let window = &sequence.value["window"];
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let chosen: Vec<&str> = match window["weekdays"].as_array() {
        Some(chosen) => chosen.iter().filter_map(Value::as_str).collect(),
        None => days.iter().take(5).copied().collect(),
    };
    let part = |name: &str, otherwise: &str| window[name].as_str().unwrap_or(otherwise).to_owned();
    html! {
        p.help { (words.say("window-help")) }
        fieldset disabled[!sequence.is_open_for_drawing()] {
            (form.show("", &html! {
                (form.choices("window.weekdays:list", &words.say("weekdays"), &chosen, &days.map(|day| (day, words.value("day", day)))))
                div.fields {
                    (form.input("time", "window.start", &words.say("window-start"), &part("start", "08:00"), None))
                    (form.input("time", "window.end", &words.say("window-end"), &part("end", "18:00"), None))
                }
                button.plain type="submit" { (words.say("window-set")) }
            }))
            @if window.is_object() { (form.show("", &html! { (hidden("window:json", "null")) button.quiet type="submit" { (words.say("window-clear")) } })) }
            (form.show("", &html! {
                (form.input("number", "sending.skip_after_hours:number", &words.say("skip-after"), &sequence.value["sending"]["skip_after_hours"].as_u64().map(|hours| hours.to_string()).unwrap_or_default(), Some(&words.say("skip-after-help"))))
                (hidden("sending.mailbox:json", &sequence.value["sending"]["mailbox"].to_string()))
                button.plain type="submit" { (words.say("save")) }
            }))
        }
    }
}

fn fuse(page: &Page, sequence: &Sequence) -> Markup {
    let (words, form) = (page.words(), sequence.form(page));
    let fuse = &sequence.value["fuse"];
    let share = |name: &str, key: &str| {
        let value = fuse[name].as_f64().map(|share| share.to_string()).unwrap_or_default();
        form.input("number", &format!("fuse.{name}:number"), &words.say(key), &value, None)
    };
    html! {
        p.help { (words.say("fuse-help")) }
        @if fuse["sent"].is_number() {
            p.quietly { (words.fill("fuse-counts", &[("sent", &fuse["sent"].to_string()), ("bounced", &fuse["bounced"].to_string()), ("complained", &fuse["complained"].to_string()), ("unsubscribed", &fuse["unsubscribed"].to_string())])) }
        }
        (form.show("", &html! {
            div.fields {
                (share("bounce_percent", "fuse-bounce")) (share("complaint_percent", "fuse-complaint")) (share("unsubscribe_percent", "fuse-unsubscribe"))
                (form.input("number", "fuse.min_sent:number", &words.say("fuse-min-sent"), &fuse["min_sent"].as_u64().unwrap_or(20).to_string(), None))
            }
            button.plain type="submit" { (words.say("save")) }
        }))
        @if fuse["min_sent"].is_number() { (form.show("", &html! { (hidden("fuse:json", "null")) button.quiet type="submit" { (words.say("fuse-clear")) } })) }
    }
}

///
fn copy(page: &Page, sequence: &Sequence) -> Markup {
    let words = page.words();
    let form =
        Form::new(page, "POST", &format!("/sequences/{}/copy", sequence.id)).then("/sequences/{id}").done("copied");
    form.show("", &html! {
        (form.text("name", &words.say("name"), &words.fill("copy-name", &[("name", &sequence.name)])))
        (form.area("description:optional", &words.say("description"), text(&sequence.value["description"]), 2, None))
        div.actions {
            button type="submit" { (words.say("copy-edit")) }
            button.plain type="submit" name="_then" value="/sequences" { (words.say("copy-close")) }
        }
    })
}

/// What has not left, taken back in one go.
fn undo(page: &Page, sequence: &Sequence) -> Markup {
    let words = page.words();
    let form = Form::new(page, "POST", &format!("/sequences/{}/undo", sequence.id)).done("undone");
    form.show("", &html! {
        p.help { (words.say("undo-help")) }
        (form.input("datetime-local", "since:local?", &words.say("undo-since"), "", Some(&words.say("undo-since-help"))))
        p { (form.flag("deactivate:flag", &words.say("undo-deactivate"), false)) }
        button.danger type="submit" { (icon("undo")) (words.say("undo-do")) }
    })
}
