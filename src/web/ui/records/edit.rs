//! A new record, and the properties and fields of one that is there.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::kinds::{Kinds, field_label, fields};
use super::people::People;
use crate::web::problem::Problem;
use crate::web::ui::form::{Form, hidden};
use crate::web::ui::layout::heading;
use crate::web::ui::page::Page;
use crate::web::ui::query::Asked;
use crate::web::ui::sequences::text;

/// The type first, then what there is to say of it.
#[get("/records/new")]
pub async fn get_new(page: Page) -> Result<HttpResponse, Problem> {
    let (words, asked) = (page.words(), Asked::of(&page));
    let (kinds, kind) = (Kinds::of(&page).await?, asked.get("type"));
    let title = words.say("record-new");
    let content = html! {
        p.crumbs { a href="/records" { (words.say("nav-records")) } }
        (heading(&title, &html! {}))
        p { (words.say("record-new-type")) }
        nav.tabs aria-label=(words.say("record-type")) {
            @for (name, label) in kinds.iter() {
                a href={ "/records/new?type=" (name) } aria-current=[(name == kind).then_some("page")] { (label) }
            }
        }
        @if !kind.is_empty() {
            @let form = Form::new(&page, "POST", "/records").then("/records/{id}").done("created");
            @let own = json!({ "owner": { "user": page.visitor.principal.user().to_string() } });
            (form.show("middle", &html! {
                (hidden("type", kind))
                (Fields::of(&page, &form, kind, &own).await?.show())
                p.actions { button type="submit" { (words.say("record-create")) } a.button href="/records" { (words.say("cancel")) } }
            }))
        }
    };
    Ok(page.show(&title, &content))
}

/// What is known of a record, to be changed.
#[get("/records/{id}/edit")]
pub async fn get_edit(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let (record, version) = page.get_versioned(&format!("/records/{id}")).await?;
    let address = format!("/records/{}", text(&record["id"]));
    let form = Form::new(&page, "PATCH", &address).of_version(version).then(&address).done("saved");
    let erase = Form::new(&page, "DELETE", &address).then("/records").done("deleted");
    let content = html! {
        p.crumbs { a href="/records" { (words.say("nav-records")) } " / " a href=(address) { (text(&record["name"])) } }
        (heading(&words.fill("record-edit", &[("name", text(&record["name"]))]), &html! {
            details.menu.button-like {
                summary { (words.say("record-erase")) }
                div { p { (words.say("record-erase-text")) } (erase.button("danger", &words.say("record-erase-do"))) }
            }
        }))
        (form.show("middle", &html! {
            (Fields::of(&page, &form, text(&record["type"]), &record).await?.show())
            p.actions { button type="submit" { (words.say("save")) } a.button href=(address) { (words.say("cancel")) } }
        }))
    };
    Ok(page.show(text(&record["name"]), &content))
}

/// What a form of a record is made of.
struct Fields<'a> {
    page: &'a Page,
    form: &'a Form<'a>,
    record: &'a Value,
    people: People,
    fields: Vec<Value>,
    /// By the type that they are of.
    others: Vec<(String, Vec<(String, String)>)>,
    has_contact: bool,
}

impl<'a> Fields<'a> {
    async fn of(page: &'a Page, form: &'a Form<'a>, kind: &str, record: &'a Value) -> Result<Fields<'a>, Problem> {
        let fields = fields(page, kind).await?;
        let has_contact = matches!(kind, "account" | "opportunity");
        let mut targets: Vec<&str> = fields.iter().filter_map(|field| field["target"].as_str()).collect();
        if has_contact {
            targets.push("contact");
        }
        targets.sort_unstable();
        targets.dedup();
        let mut others = Vec::new();
        for target in targets.into_iter().filter(|target| *target != "user") {
            let list = page.get(&format!("/records?type={target}&state=active&limit=200")).await?;
            let items = list["items"].as_array().into_iter().flatten();
            let named = items.map(|item| (text(&item["id"]).to_owned(), text(&item["name"]).to_owned())).collect();
            others.push((target.to_owned(), named));
        }
        let people = People::of(page).await?;
        Ok(Fields { page, form, record, people, fields, others, has_contact })
    }

    fn show(&self) -> Markup {
        let (words, form, record) = (self.page.words(), self.form, self.record);
        let plain = |kind: &str, name: &str| {
            let place = name.split(':').next().unwrap_or_default();
            let value = place.split('.').fold(record, |value, part| &value[part]);
            form.input(kind, name, &words.value("property", place), &shown(value), None)
        };
        let allows = |name: &str, key: &str| form.flag(&format!("{name}:flag"), &words.say(key), record[name] != false);
        let owner = record["owner"].to_string();
        let has_parts = self.fields.iter().any(|field| field["name"] == "last_name");
        let formed = format!("{} {}", text(&record["fields"]["first_name"]), text(&record["fields"]["last_name"]));
        let name = Some(text(&record["name"])).filter(|name| *name != formed.trim()).unwrap_or_default();
        html! {
            section {
                h2 { (words.say("record-part-fields")) }
                @if !has_parts { (form.text("name:optional", &words.say("record-name"), name)) }
                div.fields { @for field in self.fields.iter().filter(|field| field["name"] != "notes") { (self.field(field)) } }
                @for field in self.fields.iter().filter(|field| field["name"] == "notes") {
                    (form.area("fields.notes:optional", &field_label(words, field), &shown(&record["fields"]["notes"]), 3, None))
                }
                @if has_parts { (form.input("text", "name:optional", &words.say("record-name"), name, Some(&words.say("record-name-help")))) }
            }
            section {
                h2 { (words.say("record-part-reach")) }
                div.fields {
                    (plain("email", "email:optional"))
                    (plain("tel", "phones.business:optional")) (plain("tel", "phones.mobile:optional")) (plain("tel", "phones.home:optional"))
                    (plain("text", "linkedin_url:optional")) (plain("text", "time_zone:optional"))
                }
                fieldset {
                    legend { (words.say("record-consent")) }
                    (allows("allow_email", "record-allow-email")) (allows("allow_phone", "record-allow-phone")) (allows("allow_text", "record-allow-text"))
                }
            }
            section {
                h2 { (words.say("record-part-whose")) }
                div.fields {
                    (form.select("owner:json", &words.say("record-owner"), &owner, &self.people.owners(&record["owner"])))
                    (self.one_of("access_team:optional", &words.say("record-team"), &record["access_team"], self.people.teams()))
                    @if self.has_contact {
                        (self.one_of("primary_contact:optional", &words.say("record-contact"), &record["primary_contact"], self.of_type("contact")))
                    }
                    (plain("number", "score:number"))
                    (form.input("text", "external_id:optional", &words.say("record-external"), &shown(&record["external_id"]), Some(&words.say("record-external-help"))))
                }
            }
        }
    }

    fn field(&self, field: &Value) -> Markup {
        let (words, form) = (self.page.words(), self.form);
        let (name, label) = (text(&field["name"]), field_label(words, field));
        let value = &self.record["fields"][name];
        let place = format!("fields.{name}:optional");
        match text(&field["kind"]) {
            "number" | "money" => form.input("number", &format!("fields.{name}:number"), &label, &shown(value), None),
            "date" => form.input("date", &place, &label, &shown(value), None),
            "two_option" => {
                let options = [("yes".to_owned(), words.say("yes")), ("no".to_owned(), words.say("no"))];
                self.one_of(&place, &label, value, options.into())
            }
            "option_set" => {
                let options = field["options"].as_array().into_iter().flatten().map(text);
                self.one_of(
                    &place,
                    &label,
                    value,
                    options.map(|option| (option.to_owned(), words.value("option", option))).collect(),
                )
            }
            "lookup" if field["target"] == "user" => self.one_of(&place, &label, value, self.people.users()),
            "lookup" => self.one_of(&place, &label, value, self.of_type(text(&field["target"]))),
            _ => form.text(&place, &label, &shown(value)),
        }
    }

    fn of_type(&self, kind: &str) -> Vec<(String, String)> {
        self.others.iter().find(|(known, _)| known == kind).map(|(_, list)| list.clone()).unwrap_or_default()
    }

    /// One or none; what is there now stays choosable.
    fn one_of(&self, name: &str, label: &str, value: &Value, mut options: Vec<(String, String)>) -> Markup {
        let now = shown(value);
        if !now.is_empty() && options.iter().all(|(option, _)| *option != now) {
            options.push((now.clone(), now.clone()));
        }
        options.insert(0, (String::new(), "–".into()));
        self.form.select(name, label, &now, &options)
    }
}

/// A value as a form writes it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_f64().map(|number| number.to_string()).unwrap_or_default(),
        other => other.to_string(),
    }
}
