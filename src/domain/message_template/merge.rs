//! Merge fields: what a message may name of the record it is about and of the seller it comes from.

use crate::domain::catalogue::Catalogue;
use crate::domain::given::Given;
use crate::domain::record::Problem;

/// A value that a text asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeField {
    /// Names with dots between them: `record.fields.company`.
    pub path: String,
    /// Where it stands; the first line is 1.
    pub line: u32,
}

/// Reads a text: the merge fields in it, or why it is no template. Handed to decisions, so that no text is stored unread:
/// templates are of a language that is not the domain's business.
pub type MergeReader = fn(&str) -> Result<Vec<MergeField>, String>;

/// Where nothing reads templates, none is taken.
pub fn reads_nothing(_: &str) -> Result<Vec<MergeField>, String> {
    Err("cannot be read here".into())
}

/// What a text may name of a record beside its fields.
const OF_RECORD: [&str; 7] = [
    "record.name",
    "record.email",
    "record.phones.business",
    "record.phones.mobile",
    "record.phones.home",
    "record.linkedin_url",
    "record.score",
];
/// And of the seller.
const OF_SELLER: [&str; 3] = ["seller.name", "seller.email", "seller.signature"];
/// Before the name of a record's field.
const FIELDS: &str = "record.fields.";

/// Whether records or sellers can have such a value: a field counts that any type of record has, because a template is not
/// for one type.
fn is_known(path: &str, catalogue: &Catalogue) -> bool {
    let of_a_type = |name: &str| catalogue.types.keys().any(|kind| catalogue.field(*kind, name).is_some());
    OF_RECORD.contains(&path) || OF_SELLER.contains(&path) || path.strip_prefix(FIELDS).is_some_and(of_a_type)
}

/// One text of a template.
pub struct Part<'a> {
    pointer: &'static str,
    text: &'a str,
    bytes_max: usize,
}

impl<'a> Part<'a> {
    /// A text with its place in a request and the bytes it may have.
    pub fn new(pointer: &'static str, text: &'a str, bytes_max: usize) -> Part<'a> {
        Part { pointer, text, bytes_max }
    }

    fn problem(&self, code: &'static str, detail: String) -> Problem {
        Problem { pointer: self.pointer.into(), code, detail }
    }

    /// Everything that does not fit, each merge field that nothing has by its name.
    pub fn problems(&self, given: &Given) -> Vec<Problem> {
        let (bytes, bytes_max) = (self.text.len(), self.bytes_max);
        if bytes > bytes_max {
            return vec![self.problem("too_long", format!("has {bytes} bytes, at most {bytes_max} are kept"))];
        }
        if self.text.trim().is_empty() {
            return vec![self.problem("empty", "is empty".into())];
        }
        let may_break = self.pointer != "/subject";
        let forbidden = |c: char| c.is_control() && !(may_break && matches!(c, '\n' | '\r' | '\t'));
        if self.text.chars().any(forbidden) {
            let what = if may_break { "holds a control character" } else { "is more than one line of text" };
            return vec![self.problem("control_character", what.into())];
        }
        match (given.merge_reader)(self.text) {
            Err(why) => vec![self.problem("template_invalid", why)],
            Ok(fields) => {
                let unknown = fields.into_iter().filter(|field| !is_known(&field.path, &given.catalogue));
                unknown.map(|MergeField { path, line }| self.unknown(&path, line)).collect()
            }
        }
    }

    fn unknown(&self, path: &str, line: u32) -> Problem {
        let (record, seller) = (OF_RECORD.join(", "), OF_SELLER.join(", "));
        let detail = format!(
            "line {line}: there is no merge field `{path}`; there are {record}, {FIELDS}NAME for each field of a record, and {seller}"
        );
        self.problem("merge_field_unknown", detail)
    }
}
