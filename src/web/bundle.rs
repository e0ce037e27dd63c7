//! Bundles: sequences with what they depend on, as one JSON document that another server takes and a person can read in a
//! diff. No times, no owners, and keys instead of ids (D-41): the same content is the same bytes on every server.

pub mod key;
pub mod pack;
pub mod reference;
pub mod unpack;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::record::schema::RecordType;
use crate::domain::sequence::graph::Graph;
use crate::domain::trial::script::Test;
use crate::limits;
use crate::web::api::graphs::read_graph;
use crate::web::api::sequences::AssignToBody;
use crate::web::problem::{Fault, Problem};

/// What a bundle says it is; another format has another number.
pub const FORMAT: &str = "relance-bundle/1";

/// Components by kind, each kind sorted by key; those that others depend on come first. `G` is how graphs are held: as
/// they were sent while references are keys, then as they are drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle<G = Graph> {
    /// [`FORMAT`].
    pub format: String,
    /// See [`PackedSequence`].
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<PackedSequence<G>>,
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
    /// §3.3.
    #[serde(default = "record_owner")]
    pub assign_to: AssignToBody,
    ///
    #[serde(default)]
    pub exit_on_reply: bool,
    /// `{start, nodes}`, with keys where nodes name something.
    pub graph: G,
    /// What it has to do, see `/sequences/{id}/tests`.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<Test>,
}

fn record_owner() -> AssignToBody {
    AssignToBody::RecordOwner {}
}

impl<G> Default for Bundle<G> {
    fn default() -> Bundle<G> {
        Bundle { format: FORMAT.into(), sequences: Vec::new() }
    }
}

impl Bundle {
    /// As it is sent and kept in files: two spaces, members in a fixed order, a line's end at the end.
    pub fn text(&self) -> String {
        text(self)
    }
}

/// JSON as bundles and their files are written.
pub fn text(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

impl Bundle<Value> {
    /// Refuses what can be seen without looking at the server: another format, too much, keys that are none or come twice.
    pub fn judge(&self) -> Result<(), Problem> {
        if self.format != FORMAT {
            let detail = format!("this server reads `{FORMAT}`, not `{}`", beginning(&self.format));
            return Err(Problem::malformed("/format", detail));
        }
        let mut faults = Vec::new();
        let keys = self.sequences.iter().map(|one| (key::Kind::Sequence, one.key.as_str()));
        judge_keys("/sequences", keys.collect(), &mut faults)?;
        if faults.is_empty() {
            return Ok(());
        }
        Err(Problem::new("validation_failed", "keys of the bundle do not fit").with(faults))
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
            assign_to: self.assign_to,
            exit_on_reply: self.exit_on_reply,
            graph: read_graph(self.graph, &format!("{root}/graph"))?,
            tests: self.tests,
        })
    }
}

fn judge_keys(root: &str, keys: Vec<(key::Kind, &str)>, faults: &mut Vec<Fault>) -> Result<(), Problem> {
    if keys.len() > limits::BUNDLE_COMPONENTS_MAX {
        let (count, most) = (keys.len(), limits::BUNDLE_COMPONENTS_MAX);
        let detail =
            format!("the bundle has {count} components of one kind at {root}, at most {most} are taken at once");
        return Err(Problem::new("batch_too_large", detail));
    }
    let mut seen = std::collections::HashSet::new();
    for (place, (kind, key)) in keys.into_iter().enumerate() {
        let pointer = format!("{root}/{place}/key");
        // Two keys may spell one id.
        let (code, detail) = match key::read(kind, key).map(|id| seen.insert(id)) {
            Some(true) => continue,
            Some(false) => ("duplicate_key", format!("the key `{key}` comes twice")),
            None => ("key_invalid", key_help(key)),
        };
        faults.push(Fault { pointer, code: code.into(), detail });
    }
    Ok(())
}

/// Why something is no key.
fn key_help(text: &str) -> String {
    let most = limits::BUNDLE_KEY_MAX;
    let shown = beginning(text);
    format!("`{shown}` is no key: 1 to {most} lower-case letters and digits, with `-`, `_` and `.` after the first")
}

fn beginning(text: &str) -> String {
    text.chars().take(limits::BUNDLE_KEY_MAX).collect()
}
