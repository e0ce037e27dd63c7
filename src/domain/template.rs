//! What the product ships: six sequence templates (§20) and the e-mail templates they use, in three languages, from one
//! data file compiled in.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use serde_json::{Map, Value};

pub use crate::domain::language::Language;
use crate::domain::message_template::{Content, MailText, MessageTemplate, Standing};
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::graph::Graph;
use crate::domain::trial::script::Test;
use crate::id::TemplateId;

/// The same text in every language.
pub type Texts = BTreeMap<String, String>;

/// The text in `language`, else in English.
pub fn in_language(texts: &Texts, language: Language) -> &str {
    texts.get(language.code()).or_else(|| texts.get("en")).map_or("", String::as_str)
}

/// An e-mail that automated steps of the six send (§20.9).
#[derive(Clone, Debug, Deserialize)]
pub struct ShippedMail {
    /// UUID text.
    pub id: String,
    /// What all languages of it share.
    pub key: String,
    /// What it is written in.
    pub language: Language,
    name: String,
    subject: String,
    body_text: String,
}

/// A factory sequence (C-12).
#[derive(Clone, Debug, Deserialize)]
pub struct SequenceTemplate {
    /// `T1` to `T6`.
    pub id: String,
    /// The type of record it is for.
    pub record_type: RecordType,
    /// Steps by TC-1.
    pub step_count: u16,
    /// Days by TC-3.
    pub duration_days: i64,
    /// Its name.
    pub names: Texts,
    /// When to use it.
    pub descriptions: Texts,
    start: String,
    nodes: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Shipped {
    email_templates: Vec<ShippedMail>,
    sequence_templates: Vec<SequenceTemplate>,
}

static SHIPPED: LazyLock<Shipped> = LazyLock::new(|| {
    serde_json::from_str(include_str!("templates.json")).expect("the data file is part of the program and tested")
});

/// By template: tests that take every exit of every branch.
static TESTS: LazyLock<BTreeMap<String, Vec<Test>>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("template_tests.json")).expect("the data file is part of the program and tested")
});

/// The six sequence templates.
pub fn sequence_templates() -> &'static [SequenceTemplate] {
    &SHIPPED.sequence_templates
}

/// One of them.
pub fn sequence_template(id: &str) -> Option<&'static SequenceTemplate> {
    SHIPPED.sequence_templates.iter().find(|template| template.id == id)
}

/// The e-mail templates of the six.
pub fn shipped_mails() -> &'static [ShippedMail] {
    &SHIPPED.email_templates
}

/// The same as templates that steps can name.
pub fn shipped_messages() -> &'static HashMap<TemplateId, Arc<MessageTemplate>> {
    static MESSAGES: LazyLock<HashMap<TemplateId, Arc<MessageTemplate>>> = LazyLock::new(|| {
        let message = |mail: &ShippedMail| {
            let ShippedMail { language, name, subject, body_text, .. } = mail.clone();
            let content = Content::Mail(MailText { subject, body_text, body_html: None });
            let standing = Standing::Present;
            let template = MessageTemplate { standing, name, language, content, ..MessageTemplate::default() };
            Some((TemplateId::parse(&mail.id)?, Arc::new(template)))
        };
        SHIPPED.email_templates.iter().filter_map(message).collect()
    });
    &MESSAGES
}

/// Whether the product ships the message template of that id, which nobody changes.
pub fn is_shipped(id: TemplateId) -> bool {
    shipped_messages().contains_key(&id)
}

impl SequenceTemplate {
    /// The tests that it ships with; the ids of its nodes are the same in every language.
    pub fn tests(&self) -> &'static [Test] {
        TESTS.get(&self.id).map(Vec::as_slice).unwrap_or_default()
    }

    /// The graph with its texts and messages in `language`.
    pub fn graph(&self, language: Language) -> Graph {
        let nodes = self.nodes.iter().map(|node| Value::Object(localised(node, language))).collect();
        let graph = Map::from_iter([
            ("start".to_owned(), Value::from(self.start.as_str())),
            ("nodes".to_owned(), Value::Array(nodes)),
        ]);
        serde_json::from_value(Value::Object(graph)).expect("the data file is part of the program and tested")
    }
}

fn localised(node: &Map<String, Value>, language: Language) -> Map<String, Value> {
    let texts = |member: &str| node.get(member)?.get(language.code()).cloned();
    let mut localised = node.clone();
    for (plural, member) in [("names", "name"), ("descriptions", "description")] {
        localised.remove(plural);
        if let Some(text) = texts(plural) {
            localised.insert(member.to_owned(), text);
        }
    }
    if let Some(key) = node.get("template").and_then(Value::as_str) {
        let of_key = |mail: &&ShippedMail| mail.key == key && mail.language == language;
        if let Some(template) = SHIPPED.email_templates.iter().find(of_key) {
            localised.insert("template".to_owned(), Value::from(template.id.as_str()));
        }
    }
    localised
}
