//! `/account/work`: what follows a step that is done (W-63), how much one takes on in a day, and what becomes of steps and
//! activities (W-64), as far as the organisation lets people choose.

use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::head;
use crate::web::problem::Problem;
use crate::web::ui::admin::parts::{text, texts};
use crate::web::ui::form::Form;
use crate::web::ui::page::Page;
use crate::web::ui::words::Words;

/// What is chosen in the same way for steps and activities, by the names that both the API's settings have.
const CHOICES: [&str; 4] =
    ["linked_activities", "linked_activities_exclude_calls", "activity_completes_step", "call_completes_step"];

/// What the parts are written with.
struct Own<'a> {
    page: &'a Page,
    words: Words,
    /// What one has chosen.
    own: Value,
    /// What holds for everybody.
    all: Value,
    form: Form<'a>,
}

/// The page.
#[get("/account/work")]
pub async fn get_work(page: Page) -> Result<HttpResponse, Problem> {
    let (own, version) = page.get_versioned("/me/settings").await?;
    let all = page.get("/settings").await?;
    let results = page.get("/call-results").await?;
    let form = Form::new(&page, "PATCH", "/me/settings").of_version(version).done("saved");
    let sheet = Own { page: &page, words: page.words(), own, all, form };
    let content = html! {
        (head(&page, "/account/work"))
        section #advance { h2 { (page.say("own-advance")) } (sheet.advance()) }
        section #capacity { h2 { (page.say("own-capacity")) } (sheet.capacity()) }
        section #signature { h2 { (page.say("own-signature")) } (sheet.signature()) }
        section #activities { h2 { (page.say("own-activities")) } (sheet.activities(&results)) }
    };
    Ok(page.show(&page.say("account-tab-work"), &content))
}

impl Own<'_> {
    fn advance(&self) -> Markup {
        let said = |way: &'static str| {
            let key = format!("own-advance-{way}");
            (way, self.words.say(&key), self.words.say(&format!("{key}-text")))
        };
        let ways = ["ask", "next", "stay"].map(said);
        self.form.show("", &html! {
            (self.form.radios("auto_advance", &self.words.say("own-advance-legend"), text(&self.own["auto_advance"]), &ways))
            button type="submit" { (self.words.say("save")) }
        })
    }

    fn capacity(&self) -> Markup {
        let now = self.own["daily_capacity"].as_i64().map(|items| items.to_string()).unwrap_or_default();
        let help = match self.all["daily_capacity"].as_i64() {
            Some(items) => self.words.count("own-capacity-help", items),
            None => self.words.say("own-capacity-open"),
        };
        self.form.show("narrow", &html! {
            (self.form.input("number", "daily_capacity:number", &self.words.say("setting-daily-capacity"), &now, Some(&help)))
            button type="submit" { (self.words.say("save")) }
        })
    }

    fn signature(&self) -> Markup {
        let (label, help) = (self.words.say("own-signature-label"), self.words.say("own-signature-help"));
        self.form.show(
            "middle",
            &html! {
                (self.form.area("signature:optional", &label, text(&self.own["signature"]), 4, Some(&help)))
                button type="submit" { (self.words.say("save")) }
            },
        )
    }

    fn activities(&self, results: &Value) -> Markup {
        let words = self.words;
        let is_locked = self.all["lock_activity_settings"] == true;
        self.form.show(
            "settings",
            &html! {
                @if is_locked { p.why { (words.say("own-activities-locked")) } }
                fieldset disabled[is_locked] {
                    @for name in CHOICES { (self.choice(name)) }
                    (self.call_result(results))
                }
                @if !is_locked { button type="submit" { (words.say("save")) } }
            },
        )
    }

    /// Yes, no, or as it is for everybody.
    fn choice(&self, name: &str) -> Markup {
        let words = self.words;
        let everybody = words.say(if self.all[name] == true { "yes" } else { "no" });
        let options = [
            ("null", words.fill("own-as-everybody", &[("now", &everybody)])),
            ("true", words.say("yes")),
            ("false", words.say("no")),
        ];
        let key = format!("setting-{}", name.replace('_', "-"));
        html! {
            (self.form.select(&format!("{name}:json"), &words.say(&key), &self.own[name].to_string(), &options))
            p.help.below { (words.say(&format!("{key}-help"))) }
        }
    }

    fn call_result(&self, results: &Value) -> Markup {
        let words = self.words;
        let says = |result: &Value| match result["default"].as_str() {
            Some(result) => result.to_owned(),
            None => words.say("own-call-ask"),
        };
        let everybody = words.fill("own-as-everybody", &[("now", &says(&self.all["call_result"]))]);
        let ask = json!({ "ask": true });
        let each = texts(&results["items"]).into_iter().map(|result| json!({ "default": result }));
        let own = [ask].into_iter().chain(each).map(|result| (result.to_string(), says(&result)));
        let options: Vec<_> = [("null".to_owned(), everybody)].into_iter().chain(own).collect();
        html! {
            (self.form.select("call_result:json", &words.say("setting-call-result"), &self.own["call_result"].to_string(), &options))
            p.help.below { (words.say("setting-call-result-help")) }
            @if self.page.may(crate::domain::permission::Permission::ConfigureSequences) {
                p.quietly { a href="/admin/settings#activities" { (words.say("own-everybody-link")) } }
            }
        }
    }
}
