//! Bundles: sequences with what they depend on, as one JSON document that another server takes and a person can read in a
//! diff. No times, no owners, and keys instead of ids (D-41): the same content is the same bytes on every server.

pub mod attribute;
pub mod key;
pub mod pack;
pub mod reference;
pub mod unpack;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::key::Kind;

use crate::domain::catalogue::field::{Field, FieldKind};
use crate::domain::json::object;
use crate::domain::language::Language;
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::conduct::{Reentry, Window};
use crate::domain::sequence::graph::Graph;
use crate::domain::trial::script::Test;
use crate::limits;
use crate::web::api::fields::{self, KindBody};
use crate::web::api::graphs::read_graph;
use crate::web::problem::{Fault, Problem};
use crate::web::wire::conduct::{AssignToBody, GoalBody};

/// What a bundle says it is; another format has another number.
pub const FORMAT: &str = "relance-bundle/1";

/// Components by kind, each kind sorted by key; those that others depend on come first. `G` is how graphs are held: as
/// they were sent while references are keys, then as they are drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle<G = Graph> {
    /// [`FORMAT`].
    pub format: String,
    /// Types that the organisation has added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub record_types: Vec<PackedType>,
    /// Fields that the organisation has added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<PackedField>,
    /// See [`PackedFlow`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub process_flows: Vec<PackedFlow>,
    /// Tags as their full paths; those above them are meant too, and those that sequences name need not be here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// See [`PackedMail`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email_templates: Vec<PackedMail>,
    /// See [`PackedText`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text_templates: Vec<PackedText>,
    /// See [`PackedSequence`].
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<PackedSequence<G>>,
}

/// A record type that the organisation has added (C-1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedType {
    /// What it is called everywhere.
    pub name: RecordType,
    /// Shown to people.
    pub label: String,
}

/// A field that the organisation has added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedField {
    /// Whose it is.
    pub record_type: RecordType,
    /// Unique in its type.
    pub name: String,
    /// Shown to people.
    pub label: String,
    /// What it takes.
    pub kind: KindBody,
    /// Of an option set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<String>>,
    /// Of a lookup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

impl PackedField {
    /// A field as a bundle has it.
    pub fn of(record_type: RecordType, field: &Field) -> PackedField {
        let (kind, options, target) = fields::parts(&field.kind);
        PackedField { record_type, name: field.name.clone(), label: field.label.clone(), kind, options, target }
    }

    /// What it takes; its members may not go together.
    pub fn takes(&self) -> Result<FieldKind, Problem> {
        fields::read(self.kind, self.options.clone(), self.target.clone())
    }
}

/// A process flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedFlow {
    /// Its name on every server.
    pub key: String,
    /// Unique among the flows of its type.
    pub name: String,
    /// Whose records go through it.
    pub record_type: RecordType,
    /// In order.
    pub stages: Vec<String>,
}

/// An e-mail template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedMail {
    /// Its name on every server.
    pub key: String,
    /// Shown in lists.
    pub name: String,
    /// What it is written in.
    pub language: Language,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body_text: String,
    /// The same as HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_html: Option<String>,
}

/// The template of a text message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedText {
    /// Its name on every server.
    pub key: String,
    /// Shown in lists.
    pub name: String,
    /// What it is written in.
    pub language: Language,
    /// Plain text.
    pub body: String,
}

/// A sequence as its author made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedSequence<G = Graph> {
    /// Its name on every server.
    pub key: String,
    ///
    pub name: String,
    ///
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    ///
    pub record_type: RecordType,
    /// The template it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The paths of its tags: these and no others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// §3.3.
    #[serde(default = "record_owner")]
    pub assign_to: AssignToBody,
    ///
    #[serde(default)]
    pub exit_on_reply: bool,
    /// TM-6.
    #[serde(default = "computed", skip_serializing_if = "is_computed")]
    pub wait_computation: bool,
    /// When automated messages may leave.
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// AB-14.
    #[serde(default, skip_serializing_if = "is_default")]
    pub goal: GoalBody,
    /// After how many hours a late message is passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_after_hours: Option<u32>,
    /// Whether records may enter again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reentry: Reentry,
    /// The path of the tag with whose sequences it is not shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusive: Option<String>,
    /// `{start, nodes}`, with keys where nodes name something.
    pub graph: G,
    /// What it has to do, see `/sequences/{id}/tests`.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<Test>,
}

fn computed() -> bool {
    true
}

fn is_computed(computed: &bool) -> bool {
    *computed
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn record_owner() -> AssignToBody {
    AssignToBody::RecordOwner {}
}

impl<G> Default for Bundle<G> {
    fn default() -> Bundle<G> {
        Bundle {
            format: FORMAT.into(),
            record_types: Vec::new(),
            fields: Vec::new(),
            process_flows: Vec::new(),
            tags: Vec::new(),
            email_templates: Vec::new(),
            text_templates: Vec::new(),
            sequences: Vec::new(),
        }
    }
}

impl Bundle {
    /// Puts each kind of component into the order of its keys, which is the same on every server.
    pub fn sort(&mut self) {
        self.record_types.sort_by_key(|one| one.name.to_string());
        self.fields.sort_by_key(|one| (one.record_type.to_string(), one.name.clone()));
        self.process_flows.sort_by(|left, right| left.key.cmp(&right.key));
        self.tags.sort();
        self.email_templates.sort_by(|left, right| left.key.cmp(&right.key));
        self.text_templates.sort_by(|left, right| left.key.cmp(&right.key));
        self.sequences.sort_by(|left, right| left.key.cmp(&right.key));
    }

    /// As it is sent and kept in files: two spaces, members in a fixed order, a line's end at the end.
    pub fn text(&self) -> String {
        text(self)
    }
}

/// JSON as bundles and their files are written.
pub fn text(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

impl<G> Bundle<G> {
    /// The keys of components that have one, with where they stand.
    fn keyed(&self) -> [(&'static str, Kind, Vec<&str>); 4] {
        [
            ("/process_flows", Kind::Flow, self.process_flows.iter().map(|one| one.key.as_str()).collect()),
            ("/email_templates", Kind::Template, self.email_templates.iter().map(|one| one.key.as_str()).collect()),
            ("/text_templates", Kind::Template, self.text_templates.iter().map(|one| one.key.as_str()).collect()),
            ("/sequences", Kind::Sequence, self.sequences.iter().map(|one| one.key.as_str()).collect()),
        ]
    }

    /// Refuses what has more components than are taken at once.
    pub fn judge_size(&self) -> Result<(), Problem> {
        for (root, _, keys) in self.keyed() {
            judge_count(root, keys.len())?;
        }
        judge_count("/record_types", self.record_types.len())?;
        judge_count("/fields", self.fields.len())?;
        judge_count("/tags", self.tags.len())
    }

    /// The same without the places.
    pub fn keys(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.keyed().into_iter().flat_map(|(_, kind, keys)| keys.into_iter().map(move |key| (kind, key)))
    }
}

impl Bundle<Value> {
    /// Refuses what can be seen without looking at the server: another format, too much, keys that are none or come twice.
    pub fn judge(&self) -> Result<(), Problem> {
        if self.format != FORMAT {
            let detail = format!("this server reads `{FORMAT}`, not `{}`", beginning(&self.format));
            return Err(Problem::malformed("/format", detail));
        }
        self.judge_size()?;
        let mut faults = Vec::new();
        let mut seen = HashSet::new();
        for (root, kind, keys) in self.keyed() {
            judge_keys(root, kind, &keys, &mut seen, &mut faults);
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(Problem::new("validation_failed", "keys of the bundle do not fit").with(faults))
    }
}

impl Bundle<Value> {
    /// The same with its graphs read, references being keys still.
    pub fn read(self) -> Result<Bundle, Problem> {
        let sequences = self.sequences.into_iter().enumerate();
        let sequences = sequences.map(|(place, sequence)| sequence.read(&format!("/sequences/{place}")));
        Ok(Bundle {
            sequences: sequences.collect::<Result<_, _>>()?,
            format: self.format,
            record_types: self.record_types,
            fields: self.fields,
            process_flows: self.process_flows,
            tags: self.tags,
            email_templates: self.email_templates,
            text_templates: self.text_templates,
        })
    }
}

impl PackedSequence<Value> {
    /// The same with its graph read; `root` is where it stands in the request. References have been read before.
    pub fn read(self, root: &str) -> Result<PackedSequence, Problem> {
        Ok(PackedSequence {
            key: self.key,
            name: self.name,
            description: self.description,
            record_type: self.record_type,
            template: self.template,
            tags: self.tags,
            assign_to: self.assign_to,
            exit_on_reply: self.exit_on_reply,
            wait_computation: self.wait_computation,
            window: self.window,
            goal: self.goal,
            skip_after_hours: self.skip_after_hours,
            reentry: self.reentry,
            exclusive: self.exclusive,
            graph: read_graph(self.graph, &format!("{root}/graph"))?,
            tests: self.tests,
        })
    }
}

fn judge_count(root: &str, count: usize) -> Result<(), Problem> {
    let most = limits::BUNDLE_COMPONENTS_MAX;
    if count <= most {
        return Ok(());
    }
    let detail = format!("the bundle has {count} components at {root}, at most {most} of one kind are taken at once");
    Err(Problem::new("batch_too_large", detail))
}

/// Two keys may spell one id, and message templates of both kinds share their keys.
fn judge_keys(root: &str, kind: Kind, keys: &[&str], seen: &mut HashSet<(Kind, u128)>, faults: &mut Vec<Fault>) {
    for (place, key) in keys.iter().enumerate() {
        let (code, detail) = match key::read(kind, key).map(|id| seen.insert((kind, id))) {
            Some(true) => continue,
            Some(false) => ("duplicate_key", format!("the key `{key}` comes twice")),
            None => ("key_invalid", key_help(key)),
        };
        faults.push(Fault { pointer: format!("{root}/{place}/key"), code: code.into(), detail });
    }
}

/// Why something is no key.
fn key_help(text: &str) -> String {
    let most = limits::BUNDLE_KEY_MAX;
    let shown = beginning(text);
    format!("`{shown}` is no key: 1 to {most} lower-case letters and digits, with `-`, `_` and `.` after the first")
}

/// As much of a text as a message shows.
fn beginning(text: &str) -> String {
    text.chars().take(limits::BUNDLE_KEY_MAX).collect()
}
