//! `/admin/settings`: what holds for the whole organisation (§17), each setting with its meaning.

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::form::Form;
use super::super::missing;
use super::super::page::Page;
use super::super::words::Words;
use super::parts::{items, text, texts, top};
use crate::domain::language::Language;
use crate::domain::permission::{Permission, Role};
use crate::web::problem::Problem;

/// This page.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_settings);
}

/// The settings, one form for each part of them.
#[get("/admin/settings")]
pub async fn get_settings(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let (now, version) = page.get_versioned("/settings").await?;
    let types = page.get("/record-types?limit=500").await?;
    let results = page.get("/call-results").await?;
    let sheet = Sheet {
        page: &page,
        words,
        now: &now,
        form: Form::new(&page, "PATCH", "/settings").of_version(version).done("saved"),
    };
    let parts = [
        ("organisation", Permission::SetUp, sheet.organisation(&types)),
        ("time", Permission::ConfigureSequences, sheet.flags(&["seller_availability", "wait_computation"])),
        ("activities", Permission::ConfigureSequences, sheet.activities()),
        ("calls", Permission::ConfigureSequences, sheet.calls(&results)),
        (
            "features",
            Permission::ConfigureSequences,
            sheet.flags(&[
                "email_engagement",
                "linkedin",
                "reporting",
                "require_sequence_tests",
                "bulk_email_all_types",
            ]),
        ),
        ("scores", Permission::ConfigureSequences, sheet.scores()),
        ("capacity", Permission::Distribute, sheet.number("daily_capacity", true)),
        ("cards", Permission::ConfigureCards, sheet.cards()),
        ("delivery", Permission::SetUp, sheet.delivery()),
        ("caps", Permission::SetUp, sheet.caps()),
    ];
    let content = html! {
        (top(&page, &[], &words.say("admin-settings"), &html! {}))
        div.with-index {
            nav.index aria-label=(words.say("settings-parts")) { ul.plain {
                @for (name, _, _) in &parts { li { a href={ "#" (name) } { (words.say(&format!("settings-{name}"))) } } }
            } }
            div { @for (name, permission, fields) in &parts { (sheet.part(name, *permission, fields)) } }
        }
    };
    Ok(page.show(&words.say("admin-settings"), &content))
}

/// What the parts are written with.
struct Sheet<'a> {
    page: &'a Page,
    words: Words,
    now: &'a Value,
    form: Form<'a>,
}

impl Sheet<'_> {
    fn part(&self, name: &str, needed: Permission, fields: &Markup) -> Markup {
        let why = missing::role(self.page, needed);
        html! {
            section id=(name) {
                h2 { (self.words.say(&format!("settings-{name}"))) }
                (self.form.show("settings", &html! {
                    fieldset disabled[why.is_some()] { (fields) }
                    @match &why { None => button type="submit" { (self.words.say("save")) }, Some(why) => p.why { (why) } }
                }))
            }
        }
    }

    fn label(&self, name: &str) -> String {
        self.words.say(&format!("setting-{}", name.replace('_', "-")))
    }

    fn help(&self, name: &str) -> String {
        self.words.say(&format!("setting-{}-help", name.replace('_', "-")))
    }

    fn flag(&self, name: &str) -> Markup {
        html! { div.field.switch { (self.form.flag(&format!("{name}:flag"), &self.label(name), self.now[name] == true)) p.help { (self.help(name)) } } }
    }

    fn flags(&self, names: &[&str]) -> Markup {
        html! { @for name in names { (self.flag(name)) } }
    }

    /// A number; some may be left open.
    fn number(&self, name: &str, is_open: bool) -> Markup {
        let value = self.now[name].as_i64().map(|value| value.to_string()).unwrap_or_default();
        let help = self.help(name);
        let help = if is_open { format!("{help} {}", self.words.say("setting-open")) } else { help };
        html! { div.short { (self.form.input("number", &format!("{name}:number"), &self.label(name), &value, Some(&help))) } }
    }

    fn organisation(&self, types: &Value) -> Markup {
        let words = self.words;
        let roles: Vec<(&str, String)> =
            Role::ALL.iter().map(|role| (role.name(), words.value("role", role.name()))).collect();
        let open_to = match self.now["roles"].is_string() {
            true => Role::ALL.iter().map(|role| role.name()).collect(),
            false => texts(&self.now["roles"]),
        };
        let kinds: Vec<(&str, &str)> =
            items(types).iter().map(|kind| (text(&kind["name"]), text(&kind["label"]))).collect();
        let languages: Vec<_> =
            Language::ALL.iter().map(|language| language.code()).zip(["English", "Français", "Galego"]).collect();
        html! {
            (self.form.choices("roles:list", &self.label("roles"), &open_to, &roles))
            p.help.below { (self.help("roles")) }
            (self.form.choices("record_types:list", &self.label("record_types"), &texts(&self.now["record_types"]), &kinds))
            p.help.below { (self.help("record_types")) }
            div.short { (self.form.select("language", &self.label("language"), text(&self.now["language"]), &languages)) p.help.below { (self.help("language")) } }
            (self.form.input("url", "public_url:optional", &self.label("public_url"), text(&self.now["public_url"]), Some(&self.help("public_url"))))
            (self.number("monthly_connect_quota", true))
            @if self.page.is_sandbox() { (self.flag("sample_data")) } @else { p.why { (words.say("setting-sample-data-closed")) } }
        }
    }

    fn activities(&self) -> Markup {
        self.flags(&[
            "linked_activities",
            "linked_activities_exclude_calls",
            "activity_completes_step",
            "call_completes_step",
            "lock_activity_settings",
        ])
    }

    fn calls(&self, results: &Value) -> Markup {
        let ask = (json!({ "ask": true }).to_string(), self.words.say("setting-call-result-ask"));
        let each = texts(&results["items"])
            .into_iter()
            .map(|result| (json!({ "default": result }).to_string(), result.to_owned()));
        let options: Vec<_> = [ask].into_iter().chain(each).collect();
        html! {
            (self.form.select("call_result:json", &self.label("call_result"), &self.now["call_result"].to_string(), &options))
            p.help.below { (self.help("call_result")) }
            (self.phones())
        }
    }

    /// Which number is dialled first: a list, so each place is a choice of its own.
    fn phones(&self) -> Markup {
        let words = self.words;
        let order = texts(&self.now["phone_priority"]);
        html! {
            fieldset.order {
                legend { (self.label("phone_priority")) }
                input type="hidden" name="phone_priority:list" value="";
                div.fields { @for place in 0..3 {
                    select name="phone_priority:list" aria-label=(words.fill("setting-phone-place", &[("n", &(place + 1).to_string())])) {
                        option value="" { (words.say("setting-phone-none")) }
                        @for kind in ["business", "mobile", "home"] {
                            option value=(kind) selected[order.get(place) == Some(&kind)] { (words.say(&format!("phone-{kind}"))) }
                        }
                    }
                } }
                p.help { (self.help("phone_priority")) }
                @if let Some(fault) = self.form.fault("phone_priority:list") { p.fault { (fault) } }
            }
        }
    }

    fn scores(&self) -> Markup {
        let limit = |grade: &str| {
            let value = self.now["grade_limits"][grade].to_string();
            self.form.input(
                "number",
                &format!("grade_limits.{grade}:number"),
                &self.words.say(&format!("setting-grade-{grade}")),
                &value,
                None,
            )
        };
        html! {
            (self.flag("rule_score"))
            div.fields { @for grade in ["a", "b", "c"] { (limit(grade)) } }
            p.help.below { (self.words.say("setting-grade-limits-help")) }
            @if let Some(fault) = self.form.fault("grade_limits") { p.fault { (fault) } }
        }
    }

    fn cards(&self) -> Markup {
        html! {
            (self.flags(&["card_customisation", "card_lock"]))
            p { a href="/admin/card-layouts" { (self.words.say("setting-cards-arrange")) } }
        }
    }

    fn delivery(&self) -> Markup {
        let policies =
            ["hold", "resend", "sent"].map(|policy| (policy, self.words.say(&format!("setting-unknown-{policy}"))));
        html! {
            (self.form.select("unknown_policy", &self.label("unknown_policy"), text(&self.now["unknown_policy"]), &policies))
            p.help.below { (self.help("unknown_policy")) }
            div.fields {
                (self.number("unknown_after_minutes", false))
                (self.number("retry_initial_seconds", false))
                (self.number("retry_max_hours", false))
            }
        }
    }

    /// Caps are one setting, so all of them are sent together.
    fn caps(&self) -> Markup {
        let now = &self.now["sending_caps"];
        let cap = |whose: &str, per: &str| {
            let value = now[whose][per].as_i64().map(|cap| cap.to_string()).unwrap_or_default();
            self.form.input(
                "number",
                &format!("sending_caps.{whose}.{per}:number"),
                &self.words.say(&format!("cap-{}", per.replace('_', "-"))),
                &value,
                None,
            )
        };
        html! {
            p.help { (self.words.say("setting-caps-help")) }
            @for whose in ["organisation", "seller", "recipient_domain"] {
                fieldset.caps { legend { (self.words.say(&format!("cap-{}", whose.replace('_', "-")))) }
                    div.fields { (cap(whose, "per_hour")) (cap(whose, "per_day")) } }
            }
            div.fields {
                (self.form.input("number", "sending_caps.spacing_seconds:number", &self.words.say("cap-spacing"), &now["spacing_seconds"].to_string(), Some(&self.words.say("cap-spacing-help"))))
                (self.pressure("person", &now["person"]))
                (self.pressure("account", &now["account"]))
            }
        }
    }

    /// At most so many messages within so many days, from a few that make sense and the present one.
    fn pressure(&self, whose: &str, now: &Value) -> Markup {
        let usual = [(1, 1), (1, 2), (1, 3), (1, 7), (2, 7), (3, 7), (5, 30), (10, 30)]
            .map(|(most, days)| json!({ "most": most, "days": days }));
        let own = (!now.is_null() && !usual.contains(now)).then(|| now.clone());
        let says = |value: Value| {
            let (most, days) = (value["most"].to_string(), value["days"].to_string());
            let label = self.words.fill("cap-pressure", &[("most", &most), ("days", &days)]);
            (value.to_string(), label)
        };
        let any = ("null".to_owned(), self.words.say("cap-any"));
        let options: Vec<_> = [any].into_iter().chain(usual.into_iter().chain(own).map(says)).collect();
        self.form.select(
            &format!("sending_caps.{whose}:json"),
            &self.words.say(&format!("cap-{whose}")),
            &now.to_string(),
            &options,
        )
    }
}
