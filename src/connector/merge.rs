//! Fills the merge fields of a message in. Templates are MiniJinja's, of which a message takes values, `if` and `default`
//! only: nothing that repeats, calls, stores or computes, so that no text takes much time or memory.

use minijinja::machinery::{Token, tokenize};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use crate::connector::markup::cleaned;
use crate::domain::message_template::merge::MergeField;
use crate::domain::message_template::{Content, MailText};
use crate::domain::policy::Policy;
use crate::domain::record::Record;
use crate::domain::record::schema::{Owner, Phone, Value};
use crate::limits::RENDERED_MAX;

/// What a statement begins with.
const STATEMENTS: [&str; 4] = ["if", "elif", "else", "endif"];
/// Words between values; where a value is expected, these are fields as well.
const OPERATORS: [&str; 4] = ["if", "else", "and", "or"];
/// Values that are no field.
const CONSTANTS: [&str; 6] = ["true", "false", "none", "True", "False", "None"];
/// The one filter: `{{ record.fields.company | default("your company") }}`.
const FILTER: &str = "default";

/// What a message may name of the record it is about.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MergeRecord {
    /// `{{ record.name }}`.
    pub name: String,
    /// `{{ record.email }}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `{{ record.phones.mobile }}`.
    pub phones: MergePhones,
    /// `{{ record.linkedin_url }}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linkedin_url: Option<String>,
    /// `{{ record.score }}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// `{{ record.fields.company }}`.
    pub fields: serde_json::Map<String, serde_json::Value>,
}

/// The numbers of a record.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MergePhones {
    /// `{{ record.phones.business }}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business: Option<String>,
    /// `{{ record.phones.mobile }}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// `{{ record.phones.home }}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
}

/// What a message may name of whoever it comes from.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MergeSeller {
    /// `{{ seller.name }}`.
    pub name: String,
    /// `{{ seller.email }}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `{{ seller.signature }}`: what the user has set; a team has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// What the fields of one message are filled from.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Merge {
    /// About whom.
    pub record: MergeRecord,
    /// From whom.
    pub seller: MergeSeller,
}

impl Merge {
    /// A message about `record` that comes from `seller`: the user's name, or the team's.
    pub fn of(record: &Record, policy: &Policy, seller: Owner) -> Merge {
        let profile = &record.profile;
        let fields = profile.fields.iter().map(|(name, value)| {
            let value = match value {
                Value::Text(text) => text.as_str().into(),
                Value::Number(number) => (*number).into(),
            };
            (name.clone(), value)
        });
        let phone = |place| profile.phones.get(&place).cloned();
        let phones =
            MergePhones { business: phone(Phone::Business), mobile: phone(Phone::Mobile), home: phone(Phone::Home) };
        let (name, email) = policy.contact(seller);
        let signature = match seller {
            Owner::User(user) => policy.organisation.own(user).signature,
            Owner::Team(_) => None,
        };
        Merge {
            record: MergeRecord {
                name: profile.display_name(),
                email: profile.email.clone(),
                phones,
                linkedin_url: profile.linkedin_url.clone(),
                score: profile.score,
                fields: fields.collect(),
            },
            seller: MergeSeller { name, email, signature },
        }
    }

    /// The content with its fields filled in; values are escaped in HTML, what is harmful in that is left out, and a subject is
    /// one line.
    pub fn fill(&self, content: &Content) -> Result<Content, String> {
        self.fill_with(content, cleaned)
    }

    /// The same, with what makes HTML harmless.
    pub fn fill_with(&self, content: &Content, clean: impl FnOnce(&str) -> String) -> Result<Content, String> {
        let text = |source: &str| render(source, self, AutoEscape::None);
        Ok(match content {
            Content::Text(body) => Content::Text(text(body)?),
            Content::Mail(MailText { subject, body_text, body_html }) => {
                let body_html = body_html.as_ref().map(|html| render(html, self, AutoEscape::Html)).transpose()?;
                let body_html = body_html.map(|html| clean(&html));
                Content::Mail(MailText { subject: one_line(&text(subject)?), body_text: text(body_text)?, body_html })
            }
        })
    }
}

/// Header text has no line breaks and no other controls, whatever a record's fields hold.
pub fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn environment<'a>() -> Environment<'a> {
    let mut environment = Environment::empty();
    // What a record lacks is nothing, and nothing of it either.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(50_000));
    environment.add_filter(FILTER, minijinja::filters::default);
    environment
}

fn render(source: &str, merge: &Merge, escape: AutoEscape) -> Result<String, String> {
    read(source)?;
    let broken = |error: minijinja::Error| format!("does not render to {RENDERED_MAX} bytes at most: {error}");
    let mut environment = environment();
    environment.set_auto_escape_callback(move |_| escape.clone());
    let template = environment.template_from_str(source).map_err(broken)?;
    // A slice takes no more than its length, so that a text that grows too long ends where it does.
    let mut rendered = vec![0; RENDERED_MAX];
    let mut room = rendered.as_mut_slice();
    template.render_captured_to(minijinja::context! { ..Serde(merge) }, &mut room).map_err(broken)?;
    let length = RENDERED_MAX - room.len();
    rendered.truncate(length);
    String::from_utf8(rendered).map_err(|error| error.to_string())
}

/// The merge fields of a text, in order; an error says why it is no template.
pub fn fields(source: &str) -> Result<Vec<MergeField>, String> {
    let fields = read(source)?;
    environment().template_from_str(source).map_err(|error| format!("does not read: {error}"))?;
    Ok(fields)
}

/// What stands before a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The beginning of an expression, an operator or an open parenthesis: a value may follow.
    Operator,
    /// The beginning of a statement.
    Statement,
    /// A field, which may go on with a dot.
    Field,
    /// The dot of a field.
    Dot,
    /// Another value, which stands alone.
    Value,
    /// The bar before a filter.
    Pipe,
    /// The filter, whose argument follows.
    Filter,
}

/// Reads word by word, and refuses what a merge field never needs.
fn read(source: &str) -> Result<Vec<MergeField>, String> {
    let (mut fields, mut before) = (Vec::<MergeField>::new(), Before::Operator);
    for token in tokenize(source, false, Default::default()) {
        let (token, span) = token.map_err(|error| format!("does not read: {error}"))?;
        let line = span.start_line;
        let refused = |why: String| Err(format!("line {line}: {why}"));
        before = match (&token, before) {
            (Token::TemplateData(_) | Token::VariableEnd | Token::BlockEnd | Token::VariableStart, _) => {
                Before::Operator
            }
            (Token::BlockStart, _) => Before::Statement,
            (Token::Ident(word), Before::Statement) if STATEMENTS.contains(word) => Before::Operator,
            (Token::Ident(word), Before::Statement) => {
                return refused(format!("a statement is one of {}, not `{word}`", STATEMENTS.join(", ")));
            }
            (Token::Ident(FILTER), Before::Pipe) => Before::Filter,
            (Token::Ident(word), Before::Pipe) => return refused(format!("the only filter is {FILTER}, not `{word}`")),
            (Token::Ident(word), Before::Dot) => {
                if let Some(field) = fields.last_mut() {
                    field.path.push('.');
                    field.path.push_str(word);
                }
                Before::Field
            }
            (Token::Ident("not"), Before::Operator) => Before::Operator,
            (Token::Ident(word), Before::Operator) if CONSTANTS.contains(word) => Before::Value,
            (Token::Ident(word), Before::Operator) => {
                fields.push(MergeField { path: (*word).to_owned(), line: u32::from(line) });
                Before::Field
            }
            (Token::Ident(word), _) if OPERATORS.contains(word) => Before::Operator,
            (Token::Ident(word), _) => return refused(format!("`{word}` does not follow a value")),
            (Token::Dot, Before::Field) => Before::Dot,
            (Token::ParenOpen, Before::Operator | Before::Filter) => Before::Operator,
            (Token::ParenOpen, _) => return refused("nothing can be called".into()),
            (Token::ParenClose, _) => Before::Value,
            (Token::Pipe, _) => Before::Pipe,
            (Token::Eq | Token::Ne, _) => Before::Operator,
            (Token::Str(_) | Token::String(_) | Token::Int(_) | Token::Float(_), Before::Operator) => Before::Value,
            (other, _) => return refused(format!("{other} does not stand in a message: values, `if` and {FILTER} do")),
        };
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge() -> Merge {
        let mut merge = Merge::default();
        merge.record.name = "Ada Lovelace".into();
        merge.record.phones.mobile = Some("+44 20 0000".into());
        merge.record.fields.insert("company".into(), "Bell & Sons <Ltd>".into());
        merge.seller.name = "Sam Seller".into();
        merge
    }

    fn filled(source: &str) -> Result<String, String> {
        render(source, &merge(), AutoEscape::None)
    }

    #[test]
    fn a_text_is_filled_in_and_what_is_missing_is_left_out() {
        for (source, expected) in [
            ("{{ record.name }} of {{ record.fields.company }}", "Ada Lovelace of Bell & Sons <Ltd>"),
            ("{{ record.fields.city }}{{ record.fields.city.name }}.", "."),
            ("{{ record.phones.mobile }}, {{ record.phones.home | default('no other') }}", "+44 20 0000, no other"),
            ("{% if record.fields.city %}a{% elif not (record.score == 5) %}b{% else %}c{% endif %}", "b"),
            ("{{ record.fields.city if record.fields.city else seller.name }}", "Sam Seller"),
            ("{#- a note -#} x", "x"),
            ("2 * 3 [a] {% raw %}{{ x }}{% endraw %}", "2 * 3 [a] {{ x }}"),
        ] {
            assert_eq!(filled(source).as_deref(), Ok(expected), "{source}");
            assert!(fields(source).is_ok(), "{source}");
        }
    }

    #[test]
    fn in_html_values_are_escaped_and_the_authors_own_marks_are_not() {
        let mail = MailText {
            subject: "{{ record.fields.company }}\n{{ seller.name }}".into(),
            body_text: "{{ record.fields.company }}".into(),
            body_html: Some("<b>{{ record.fields.company }}</b>".into()),
        };
        let Ok(Content::Mail(filled)) = merge().fill(&Content::Mail(mail)) else { panic!("it renders") };
        assert_eq!(filled.subject, "Bell & Sons <Ltd> Sam Seller");
        assert_eq!(filled.body_text, "Bell & Sons <Ltd>");
        assert_eq!(filled.body_html.as_deref(), Some("<b>Bell &amp; Sons &lt;Ltd&gt;</b>"));
    }

    #[test]
    fn the_fields_of_a_text_are_those_that_the_engine_would_look_up() {
        for (source, expected) in [
            ("no field", ""),
            ("{{ record.name }}\n\n{{seller.name}}", "1 record.name, 3 seller.name"),
            ("{% if record.fields.a == 'record.b' and not c %}{% endif %}", "1 record.fields.a, 1 c"),
            ("{{ a | default(b.c) if d else none }}", "1 a, 1 b.c, 1 d"),
            ("{{ record . fields . x }}{# {{ y }} #}{% raw %}{{ z }}{% endraw %}", "1 record.fields.x"),
            ("{{ endif }}{{ record }}", "1 endif, 1 record"),
            ("{% if else and not or %}{{ a if if else and }}{% endif %}", "1 else, 1 or, 1 a, 1 if, 1 and"),
        ] {
            let found = fields(source).unwrap_or_else(|why| panic!("{source}: {why}"));
            let told: Vec<_> = found.iter().map(|field| format!("{} {}", field.line, field.path)).collect();
            assert_eq!(told.join(", "), expected, "{source}");
            let ours: std::collections::HashSet<_> = found.into_iter().map(|field| field.path).collect();
            let environment = environment();
            assert_eq!(ours, environment.template_from_str(source).unwrap().undeclared_variables(true), "{source}");
        }
    }

    #[test]
    fn what_would_repeat_call_store_or_compute_is_refused_when_it_is_saved_and_when_it_is_filled() {
        let grown = "{{ record.fields.notes }}".repeat(1_000);
        for (source, reason) in [
            ("{% for a in 'abcdefghij' %}{% set x = x ~ x %}{% endfor %}", "not `for`"),
            ("{%- set x = record.name -%}", "not `set`"),
            ("{% include 'other' %}", "not `include`"),
            ("{{ 'a' * 100000000 }}", "does not stand in a message"),
            ("{{ record.name ~ record.name }}", "does not stand in a message"),
            ("{{ [record.name, record.name] }}", "does not stand in a message"),
            ("{{ record['name'] }}", "does not stand in a message"),
            ("{{ {'a': 1} }}", "does not stand in a message"),
            ("{{ record.name, record.name }}", "does not stand in a message"),
            ("{{ record.name() }}", "nothing can be called"),
            ("{{ 'a'.upper() }}", "does not stand in a message"),
            ("{{ none() }}", "nothing can be called"),
            ("{{ (record.name)() }}", "nothing can be called"),
            ("{{ record.name is defined }}", "`is` does not follow a value"),
            ("{{ 'a' in record.name }}", "`in` does not follow a value"),
            ("\n{{ record.name | upper }}", "line 2: the only filter is default, not `upper`"),
            ("{% if %}", "does not read"),
            ("{% if record.name %}", "does not read"),
            ("{{ 'open", "does not read"),
        ] {
            let refusal = fields(source).unwrap_err();
            assert!(refusal.contains(reason), "{source:.40}: {refusal}");
            assert!(filled(source).is_err(), "{source}");
        }
        let mut talkative = merge();
        talkative.record.fields.insert("notes".into(), "n".repeat(4_000).into());
        assert!(render(&grown, &talkative, AutoEscape::None).is_err(), "it grows past every bound");
        assert_eq!(render("{{ record.fields.notes }}", &talkative, AutoEscape::None).unwrap().len(), 4_000);
    }
}
