//! The forms that pages are made of: fields with their labels, help and faults, filled in again where they were refused.

use maud::{Markup, html};
use serde_json::Value;

use super::Refused;
use crate::web::ui::layout;
use crate::web::ui::page::{Answered, Page};

/// A form of a page.
pub struct Form<'a> {
    page: &'a Page,
    action: String,
    /// Where one of its buttons sends it instead.
    also: Option<String>,
    /// `If-Match`.
    version: Option<String>,
    then: Option<String>,
    done: Option<&'static str>,
    is_once: bool,
    is_single: bool,
    has_file: bool,
}

impl<'a> Form<'a> {
    /// One that asks `METHOD /api/v1PATH`.
    pub fn new(page: &'a Page, method: &str, path: &str) -> Form<'a> {
        Form::to(page, format!("/do/{method}{path}"))
    }

    /// One that a page of its own answers.
    pub fn to(page: &'a Page, action: String) -> Form<'a> {
        let (is_once, is_single, has_file) = (false, false, false);
        Form { page, action, also: None, version: None, then: None, done: None, is_once, is_single, has_file }
    }

    /// One of its buttons asks `METHOD /api/v1PATH` of the same fields.
    #[must_use]
    pub fn or(mut self, method: &str, path: &str) -> Form<'a> {
        self.also = Some(format!("/do/{method}{path}"));
        self
    }

    /// Only as long as what it changes is still this version.
    #[must_use]
    pub fn of_version(mut self, version: Option<String>) -> Form<'a> {
        self.version = version;
        self
    }

    /// Which page follows; otherwise the one that it stands on.
    #[must_use]
    pub fn then(mut self, then: impl Into<String>) -> Form<'a> {
        self.then = Some(then.into());
        self
    }

    /// What is said there: the text `done-KEY`.
    #[must_use]
    pub fn done(mut self, key: &'static str) -> Form<'a> {
        self.done = Some(key);
        self
    }

    /// Its answer is shown on the page that it stands on, this once.
    #[must_use]
    pub fn once(mut self) -> Form<'a> {
        self.is_once = true;
        self
    }

    /// It asks something for one of what the API takes several of: what is wrong with that one is wrong with the form.
    #[must_use]
    pub fn single(mut self) -> Form<'a> {
        self.is_single = true;
        self
    }

    /// One whose file is sent to `POST /api/v1PATH`.
    pub fn with_file(page: &'a Page, path: &str) -> Form<'a> {
        Form { has_file: true, ..Form::to(page, format!("/upload{path}")) }
    }

    /// What was answered to it just now, if its page shows that.
    pub fn answer(&self) -> Option<&'a Value> {
        self.answered().map(|answered| &answered.value)
    }

    fn answered(&self) -> Option<&'a Answered> {
        self.page.answered.as_deref().filter(|answered| self.is_to(&answered.action))
    }

    fn is_to(&self, action: &str) -> bool {
        self.action == action || self.also.as_deref() == Some(action)
    }

    /// Whether it is the one that was refused.
    pub fn is_refused(&self) -> bool {
        self.page.refused.as_ref().is_some_and(|refused| self.is_to(&refused.action))
    }

    /// The form around its fields.
    pub fn show(&self, class: &str, fields: &Markup) -> Markup {
        html! {
            form.(class) method="post" action=(self.action) enctype=[self.has_file.then_some("multipart/form-data")] {
                input type="hidden" name="_at" value=(self.page.look.path);
                @if let Some(version) = &self.version { input type="hidden" name="_match" value=(version); }
                @if let Some(then) = &self.then { input type="hidden" name="_then" value=(then); }
                @if let Some(done) = self.done { input type="hidden" name="_done" value=(done); }
                @if self.is_once { input type="hidden" name="_once" value="yes"; }
                @if self.is_single { input type="hidden" name="_single" value="yes"; }
                (key())
                (fields)
            }
        }
    }

    /// A button that is a form of its own.
    pub fn button(&self, class: &str, label: &str) -> Markup {
        self.show("inline", &html! { button.(class) type="submit" { (label) } })
    }

    /// What was in a field when it was refused, or sent the other way of [`Form::or`], or what is in it otherwise.
    pub fn value(&self, name: &str, otherwise: &str) -> String {
        let refused = self.page.refused.as_ref().filter(|_| self.is_refused()).map(|refused| &refused.fields);
        let looked = self.answered().filter(|answered| self.also.as_ref() == Some(&answered.action));
        let fields = refused.or(looked.map(|answered| &answered.fields));
        let sent = fields.and_then(|fields| fields.iter().rev().find(|(known, _)| known == name));
        sent.map_or_else(|| otherwise.to_owned(), |(_, value)| value.clone())
    }

    /// What is wrong with a field.
    pub fn fault(&self, name: &str) -> Option<String> {
        let refused = self.page.refused.as_ref().filter(|_| self.is_refused())?;
        let place = name.split(':').next().unwrap_or(name).replace("_rows.rows.", ".").replace("_filled", "");
        let place = format!("/{}", place.replace('.', "/"));
        let faults = &refused.problem.errors;
        faults.iter().find(|fault| fault.pointer == place).map(|fault| layout::sentence(&fault.detail))
    }

    /// A field with its label; an own id, so that two forms of a page may have fields of one name.
    pub fn field(&self, name: &str, label: &str, control: impl FnOnce(&Control) -> Markup) -> Markup {
        self.field_with(name, label, None, control)
    }

    /// The same with help below it.
    pub fn field_with(
        &self,
        name: &str,
        label: &str,
        help: Option<&str>,
        control: impl FnOnce(&Control) -> Markup,
    ) -> Markup {
        let id = self.id(name);
        let fault = self.fault(name);
        let (help_id, fault_id) = (format!("{id}-help"), format!("{id}-fault"));
        let described: Vec<&str> =
            [help.map(|_| &*help_id), fault.as_ref().map(|_| &*fault_id)].into_iter().flatten().collect();
        let described = (!described.is_empty()).then(|| described.join(" "));
        let shown = control(&Control { id: &id, name, described: described.as_deref(), is_wrong: fault.is_some() });
        html! {
            div.field {
                label for=(id) { (label) }
                (shown)
                @if let Some(help) = help { p.help id=(help_id) { (help) } }
                @if let Some(fault) = &fault { p.fault id=(fault_id) { (fault) } }
            }
        }
    }

    /// A line of text.
    pub fn text(&self, name: &str, label: &str, value: &str) -> Markup {
        self.input("text", name, label, value, None)
    }

    /// An input of a kind: `text`, `number`, `email`, `date`, `datetime-local`, `time`, `url`, `password`.
    pub fn input(&self, kind: &str, name: &str, label: &str, value: &str, help: Option<&str>) -> Markup {
        let value = self.value(name, value);
        self.field_with(name, label, help, |control| {
            html! {
                input id=(control.id) name=(control.name) type=(kind) value=(value) autocomplete="off"
                    step=[(kind == "number").then_some("any")]
                    aria-describedby=[control.described] aria-invalid=[control.is_wrong.then_some("true")];
            }
        })
    }

    /// A file; `accept` names the types that are offered.
    pub fn file(&self, label: &str, accept: &str, help: &str) -> Markup {
        self.field_with("file", label, Some(help), |control| {
            html! { input id=(control.id) name=(control.name) type="file" accept=(accept) required aria-describedby=[control.described]; }
        })
    }

    /// Some lines of text.
    pub fn area(&self, name: &str, label: &str, value: &str, rows: u8, help: Option<&str>) -> Markup {
        let value = self.value(name, value);
        self.field_with(name, label, help, |control| {
            html! {
                textarea id=(control.id) name=(control.name) rows=(rows)
                    aria-describedby=[control.described] aria-invalid=[control.is_wrong.then_some("true")] { (value) }
            }
        })
    }

    /// One of several values, each with what people read.
    pub fn select<V: AsRef<str>, L: AsRef<str>>(
        &self,
        name: &str,
        label: &str,
        value: &str,
        options: &[(V, L)],
    ) -> Markup {
        let value = self.value(name, value);
        self.field(name, label, |control| {
            html! {
                select id=(control.id) name=(control.name) aria-describedby=[control.described]
                    aria-invalid=[control.is_wrong.then_some("true")] {
                    @for (option, text) in options {
                        option value=(option.as_ref()) selected[option.as_ref() == value] { (text.as_ref()) }
                    }
                }
            }
        })
    }

    /// Yes or no; its name ends in `:flag`.
    pub fn flag(&self, name: &str, label: &str, value: bool) -> Markup {
        let value = self.value(name, if value { "true" } else { "false" });
        html! {
            input type="hidden" name=(name) value="false";
            label.choice { input type="checkbox" name=(name) value="true" checked[value == "true"]; (label) }
        }
    }

    /// One of several values, each with what it means.
    pub fn radios<L: AsRef<str>>(&self, name: &str, legend: &str, value: &str, options: &[(&str, L, L)]) -> Markup {
        let value = self.value(name, value);
        html! {
            fieldset {
                legend { (legend) }
                @for (option, text, meaning) in options {
                    label.choice.block {
                        input type="radio" name=(name) value=(option) checked[*option == value];
                        span { strong { (text.as_ref()) } " " span.quietly { (meaning.as_ref()) } }
                    }
                }
                @if let Some(fault) = self.fault(name) { p.fault { (fault) } }
            }
        }
    }

    /// Any of several values; its name ends in `:list`.
    pub fn choices<V: AsRef<str>, L: AsRef<str>>(
        &self,
        name: &str,
        legend: &str,
        chosen: &[&str],
        options: &[(V, L)],
    ) -> Markup {
        // Another form of the page may ask the same of the API without this field.
        let has_this = |refused: &Refused| refused.fields.iter().any(|(known, _)| known == name);
        let refused = self.page.refused.as_ref().filter(|refused| self.is_refused() && has_this(refused));
        let is_chosen = |value: &str| match refused {
            Some(refused) => refused.fields.iter().any(|(known, sent)| known == name && sent == value),
            None => chosen.contains(&value),
        };
        html! {
            fieldset {
                legend { (legend) }
                input type="hidden" name=(name) value="";
                @for (value, text) in options {
                    label.choice {
                        input type="checkbox" name=(name) value=(value.as_ref()) checked[is_chosen(value.as_ref())];
                        (text.as_ref())
                    }
                }
                @if let Some(fault) = self.fault(name) { p.fault { (fault) } }
            }
        }
    }

    fn id(&self, name: &str) -> String {
        let place = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        format!(
            "{}-{}",
            self.action.chars().map(place).collect::<String>().trim_start_matches("-do-"),
            name.chars().map(place).collect::<String>()
        )
    }
}

/// What a field's control is written with.
pub struct Control<'a> {
    /// For its label.
    pub id: &'a str,
    /// In the form.
    pub name: &'a str,
    /// What stands below it.
    pub described: Option<&'a str>,
    /// Whether it was refused.
    pub is_wrong: bool,
}

/// The key of a form: sent twice, it counts once.
pub fn key() -> Markup {
    hidden("_key", &format!("{:032x}", fastrand::u128(..)))
}

/// A field that is not seen.
pub fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}
