//! The panel beside the chart: what a node says, what can be done with it, and the palette.

use maud::{Markup, html};
use serde_json::{Map, Value, json};

mod ab_test;

use self::ab_test::{figures, settings};
use super::edit::{self, PALETTE, Place};
use crate::web::problem::Problem;
use crate::web::ui::chart::{Graph, is_branching, picture, title};
use crate::web::ui::condition;
use crate::web::ui::form::{Form, hidden};
use crate::web::ui::icons::icon;
use crate::web::ui::missing;
use crate::web::ui::page::Page;
use crate::web::ui::sequence::Sequence;
use crate::web::ui::sequences::text;
use crate::web::ui::words::Words;

/// What may end a wait besides its time.
const OCCURRENCES: [&str; 8] = [
    "email.opened",
    "email.link_clicked",
    "email.attachment_downloaded",
    "email.replied",
    "email.bounced",
    "record.updated",
    "record.owner_changed",
    "record.stage_changed",
];

/// Where nothing is chosen.
pub fn nothing(words: Words, is_editable: bool) -> Markup {
    html! {
        h2 { (words.say("panel")) }
        p.quietly { (words.say(if is_editable { "panel-nothing" } else { "panel-nothing-locked" })) }
    }
}

/// The palette: everything, with the reason where something cannot stand there.
pub async fn palette(
    page: &Page,
    sequence: &Sequence,
    graph: &Graph<'_>,
    place: Place<'_>,
    version: Option<&str>,
) -> Result<Markup, Problem> {
    let words = page.words();
    let named = if place.node.is_empty() { place.exit.to_owned() } else { format!("{}.{}", place.node, place.exit) };
    let form = |action: &str| {
        Form::to(page, format!("/designer/{}/{action}", sequence.id)).of_version(version.map(str::to_owned))
    };
    let settings = page.get("/settings").await?;
    // What stands there all the same, but finds nothing to ask or to show.
    let off = |group: &str| match group {
        "conditions" => missing::feature(words, &settings, "email_engagement"),
        "linkedin" => missing::feature(words, &settings, "linkedin"),
        _ => None,
    };
    let joinable = edit::joinable(graph, place);
    let target = graph.target(place.node, place.exit);
    Ok(html! {
        h2 { (words.say("palette")) }
        (form("add").show("palette", &html! {
            (hidden("_place", &named))
            @for (group, kinds) in PALETTE {
                h3 { (words.say(&format!("palette-{group}"))) }
                @if let Some(why) = off(group) { p.help { (why) } }
                ul.plain {
                    @for kind in kinds { (offer(words, graph, place, kind)) }
                }
            }
        }))
        @if !joinable.is_empty() || target.is_some() && place.exit != "start" {
            details #join { summary { (words.say("join")) }
                (form("join").show("", &html! {
                    (hidden("_place", &named))
                    (form("join").select("_target", &words.say("join-to"), "", &{
                        let mut options = vec![(String::new(), words.say("join-end"))];
                        options.extend(joinable.iter().map(|(id, node)| ((*id).to_owned(), name(words, node))));
                        options
                    }))
                    button.plain type="submit" { (words.say("join-do")) }
                }))
            }
        }
        p { a.button href={ "/sequences/" (sequence.id) } data-swap="" { (words.say("cancel")) } }
    })
}

fn name(words: Words, node: &Value) -> String {
    let kind = words.value("node", text(&node["type"]));
    match title(words, node).as_str() {
        "" => kind,
        title if title == kind => kind,
        title => format!("{kind}: {title}"),
    }
}

fn offer(words: Words, graph: &Graph, place: Place, kind: &str) -> Markup {
    let why = edit::why_not(graph, place, kind);
    let id = format!("why-{kind}");
    html! {
        li {
            button.quiet type="submit" name="_kind" value=(kind) disabled[why.is_some()] aria-describedby=[why.map(|_| &id)] {
                (icon(picture(kind))) (words.value("node", kind))
            }
            @if let Some(why) = why { span.help id=(id) { (words.say(why)) } }
        }
    }
}

/// A node with its fields, or with what it says where nothing can be changed.
pub async fn node(
    page: &Page,
    sequence: &Sequence,
    graph: &Graph<'_>,
    node: &Value,
    version: Option<&str>,
) -> Result<Markup, Problem> {
    let (words, kind, id) = (page.words(), text(&node["type"]), text(&node["id"]));
    let base = |action: &str| {
        Form::to(page, format!("/designer/{}/{action}", sequence.id)).of_version(version.map(str::to_owned))
    };
    let form = base("change").done("saved");
    let fields = fields(page, sequence, &form, kind, node).await?;
    let figures = if kind == "ab_test" {
        figures(page, sequence, id).await?
    } else {
        html! {}
    };
    let is_editable = sequence.is_open_for_drawing();
    let act = |action: &str, class: &str, picture: &str| {
        base(action).show(
            "inline",
            &html! {
                (hidden("_node", id))
                button.(class) type="submit" { (icon(picture)) (words.say(&format!("act-{action}"))) }
            },
        )
    };
    Ok(html! {
        h2 { (icon(picture(kind))) " " (words.value("node", kind)) }
        p.help { (words.say(&format!("about-{}", kind.replace('_', "-")))) }
        (figures)
        fieldset disabled[!is_editable] { (form.show("node-form", &html! {
            (hidden("_node", id))
            (fields)
            @if is_editable { div.actions { button type="submit" { (words.say("save")) }
                a.button href={ "/sequences/" (sequence.id) } data-swap="" { (words.say("close")) } } }
        })) }
        @if is_editable {
            div.actions.more {
                (act("up", "quiet", "up")) (act("down", "quiet", "down")) (act("copy", "quiet", "copy"))
            }
            (deletion(words, &base("delete"), graph, node))
        }
    })
}

/// Deleting; of a branch, which way stays.
fn deletion(words: Words, form: &Form, graph: &Graph, node: &Value) -> Markup {
    let kind = text(&node["type"]);
    let asked = node["next"].as_str().and_then(|behind| graph.node(behind));
    let asked = asked.filter(|behind| text(&behind["type"]).starts_with("cond_"));
    html! {
        @if let Some(behind) = asked {
            p.help { button.danger type="button" disabled { (icon("delete")) (words.say("delete")) } " "
                (words.fill("why-delete-condition-first-named", &[("name", &name(words, behind))])) }
        } @else {
            details #delete { summary { (words.say("delete")) }
                (form.show("", &html! {
                    (hidden("_node", text(&node["id"])))
                    @if is_branching(kind) {
                        (form.select("_way", &words.say("delete-keep"), "yes",
                            &[("yes", words.say("delete-keep-yes")), ("no", words.say("delete-keep-no")), ("neither", words.say("delete-keep-neither"))]))
                    } @else { p { (words.say("delete-step-question")) } }
                    button.danger type="submit" { (icon("delete")) (words.say("delete")) }
                }))
            }
        }
    }
}

async fn fields(
    page: &Page,
    sequence: &Sequence,
    form: &Form<'_>,
    kind: &str,
    node: &Value,
) -> Result<Markup, Problem> {
    let words = page.words();
    let number = |name: &str, key: &str| {
        form.input("number", &format!("{name}:number"), &words.say(key), &count(&node[name]), None)
    };
    let own = match kind {
        "email" | "auto_email" | "text" | "auto_text" => {
            template(page, form, "template", &words.say("field-template"), kind, &node["template"]).await?
        }
        "wait" => html! {
            div.fields { (number("days", "field-days")) (number("hours", "field-hours")) }
            (form.choices("until_events:list", &words.say("field-until"), &events(node),
                &OCCURRENCES.map(|event| (event, words.value("event", event)))))
            (hidden("until_rest:json", &rest(node).to_string()))
        },
        "ab_test" => settings(page, form, node).await?,
        "cond_call" => {
            let results = page.get("/call-results").await?;
            let results: Vec<(&str, String)> =
                items(&results).map(|name| (text(name), words.value("result", text(name)))).collect();
            form.choices("results:list", &words.say("field-results"), &list(&node["results"]), &results)
        }
        "branch_field" => {
            let known = page.get(&format!("/record-types/{}/fields?limit=500", sequence.record_type)).await?;
            condition::show(words, form, "condition", &node["condition"], &condition::of_records(words, &known))
        }
        "branch_stage" => stages(page, sequence, form, node).await?,
        "update_field" => field(page, sequence, form, node).await?,
        "advance" => {
            let others = page
                .get(&format!("/sequences?status=active&record_type={}&sort=name&limit=500", sequence.record_type))
                .await?;
            let others = items(&others).filter(|other| text(&other["id"]) != sequence.id);
            let others = others.map(|other| (text(&other["id"]), text(&other["name"]))).collect();
            form.select("sequence", &words.say("field-sequence"), text(&node["sequence"]), &with_none(words, others))
        }
        kind if kind.starts_with("cond_email") => html! {
            @if kind == "cond_email_advanced" {
                (form.select("match", &words.say("field-match"), text(&node["match"]), &[("any", words.say("match-any")), ("all", words.say("match-all"))]))
                (form.choices("signals:list", &words.say("field-signals"), &list(&node["signals"]),
                    &["open", "reply", "link", "attachment"].map(|signal| (signal, words.value("signal", signal)))))
            }
            div.fields { (number("limit_days", "field-limit-days")) (number("limit_hours", "field-limit-hours")) }
            (form.flag("advance_early:flag", &words.say("field-early"), node["advance_early"] == true))
        },
        _ => html! {},
    };
    Ok(html! {
        @if !matches!(kind, "wait" | "update_field" | "advance") {
            (form.text("name", &words.say("name"), text(&node["name"])))
            (form.area("description:optional", &words.say("description"), text(&node["description"]), 3, None))
        }
        (own)
    })
}

fn count(value: &Value) -> String {
    value.as_i64().map(|count| count.to_string()).unwrap_or_default()
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["items"].as_array().into_iter().flatten()
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn with_none<'a>(words: Words, known: Vec<(&'a str, &'a str)>) -> Vec<(String, String)> {
    let none = (String::new(), words.say("none"));
    std::iter::once(none).chain(known.into_iter().map(|(value, label)| (value.to_owned(), label.to_owned()))).collect()
}

fn events(node: &Value) -> Vec<&str> {
    node["until"].as_array().into_iter().flatten().filter_map(|until| until["event"].as_str()).collect()
}

/// What ends a wait and has no box here.
fn rest(node: &Value) -> Value {
    let until = node["until"].as_array().into_iter().flatten();
    until.filter(|until| !until["event"].as_str().is_some_and(|event| OCCURRENCES.contains(&event))).cloned().collect()
}

/// A template with what it says.
async fn template(
    page: &Page,
    form: &Form<'_>,
    name: &str,
    label: &str,
    kind: &str,
    chosen: &Value,
) -> Result<Markup, Problem> {
    let words = page.words();
    let path = if kind.ends_with("text") { "/text-templates" } else { "/email-templates" };
    let known = page.get(&format!("{path}?limit=500")).await?;
    let languages: Vec<(&str, String)> = items(&known)
        .map(|one| (text(&one["id"]), format!("{} ({})", text(&one["name"]), text(&one["language"]))))
        .collect();
    let options = with_none(words, languages.iter().map(|(id, label)| (*id, label.as_str())).collect());
    let shown = items(&known).find(|one| one["id"] == *chosen && chosen.is_string());
    Ok(html! {
        (form.select(&format!("{name}:optional"), label, text(chosen), &options))
        @if let Some(template) = shown {
            details.preview id={ "preview-" (name.replace('.', "-")) } { summary { (words.say("preview")) }
                @if template["subject"].is_string() { p { strong { (text(&template["subject"])) } } }
                pre { @for part in ["body_text", "body", "text"] { @if template[part].is_string() { (text(&template[part])) } } }
                p { a href={ "/admin" (path) "/" (text(&template["id"])) } { (words.say("template-open")) } }
            }
        }
    })
}

async fn stages(page: &Page, sequence: &Sequence, form: &Form<'_>, node: &Value) -> Result<Markup, Problem> {
    let words = page.words();
    let flows = page.get("/process-flows?limit=500").await?;
    let flows: Vec<&Value> =
        items(&flows).filter(|flow| flow["record_type"] == sequence.record_type.as_str()).collect();
    let names = flows.iter().map(|flow| (text(&flow["id"]), text(&flow["name"]))).collect();
    Ok(html! {
        (form.select("flow", &words.say("field-flow"), text(&node["flow"]), &with_none(words, names)))
        @for flow in flows {
            (form.choices("stages:list", &words.fill("field-stages", &[("name", text(&flow["name"]))]), &list(&node["stages"]),
                &list(&flow["stages"]).into_iter().map(|stage| (stage, stage)).collect::<Vec<_>>()))
        }
    })
}

async fn field(page: &Page, sequence: &Sequence, form: &Form<'_>, node: &Value) -> Result<Markup, Problem> {
    let words = page.words();
    let known = page.get(&format!("/record-types/{}/fields?limit=500", sequence.record_type)).await?;
    let settable: Vec<&Value> =
        items(&known).filter(|field| matches!(text(&field["kind"]), "two_option" | "option_set")).collect();
    let fields = settable.iter().map(|field| (text(&field["name"]), text(&field["label"]))).collect();
    let values = settable.iter().flat_map(|field| match text(&field["kind"]) {
        "two_option" => vec!["yes", "no"],
        _ => list(&field["options"]),
    });
    let mut values: Vec<&str> = values.collect();
    values.sort_unstable();
    values.dedup();
    Ok(html! {
        (form.select("field", &words.say("field-field"), text(&node["field"]), &with_none(words, fields)))
        (form.field_with("value", &words.say("field-value"), Some(&words.say("field-value-help")), |control| html! {
            input id=(control.id) name=(control.name) value=(form.value("value", text(&node["value"]))) list="values" autocomplete="off"
                aria-describedby=[control.described] aria-invalid=[control.is_wrong.then_some("true")];
            datalist #values { @for value in values { option value=(value) {} } }
        }))
    })
}

/// Turns what the panel's fields say into the members of a node.
pub fn tidy(mut said: Map<String, Value>) -> Map<String, Value> {
    if let Some(rest) = said.remove("until_rest") {
        let events = said.remove("until_events");
        let events =
            events.as_ref().and_then(Value::as_array).into_iter().flatten().map(|event| json!({ "event": event }));
        let until: Vec<Value> = events.chain(rest.as_array().cloned().unwrap_or_default()).collect();
        said.insert("until".into(), until.into());
    }
    if let Some(ends) = said.remove("ends") {
        let at = said.remove("ends_at").filter(|at| at.is_string() && ends == "at");
        said.insert("end".into(), at.map_or_else(|| json!({ "automatic": true }), |at| json!({ "at": at })));
    }
    // Empty texts of what may be left out.
    if let Some(versions) = said.get_mut("versions").and_then(Value::as_object_mut) {
        for version in versions.values_mut().filter_map(Value::as_object_mut) {
            version.retain(|_, value| !value.is_null());
        }
    }
    said
}
