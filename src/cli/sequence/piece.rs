//! A bundle as files: one per component, so that a change of one sequence is a change of one file.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::web::bundle::key::{self, Kind};
use crate::web::bundle::{Bundle, FORMAT, text};

/// Letters of a name that a file's name shows.
const SLUG_MAX: usize = 60;
/// Names that some systems keep for devices.
const RESERVED: [&str; 4] = ["aux", "con", "nul", "prn"];

/// The arrays of a bundle whose components have a file each: member and folder. Tags have none: sequences name theirs.
pub const FOLDERS: [(&str, &str); 6] = [
    ("record_types", "record-types"),
    ("fields", "fields"),
    ("process_flows", "process-flows"),
    ("email_templates", "email-templates"),
    ("text_templates", "text-templates"),
    ("sequences", "sequences"),
];

/// What tells a component from all others on every server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The array of the bundle.
    pub member: &'static str,
    /// Its name, or the key that its id spells, however its key is written.
    name: String,
}

impl Identity {
    /// The id that it has on a server where it is.
    pub fn id(&self) -> Option<u128> {
        key::read(kind(self.member)?, &self.name)
    }
}

/// What the keys of an array name; `None` where its components go by a name that is the same everywhere.
fn kind(member: &str) -> Option<Kind> {
    match member {
        "process_flows" => Some(Kind::Flow),
        "email_templates" | "text_templates" => Some(Kind::Template),
        "sequences" => Some(Kind::Sequence),
        _ => None,
    }
}

/// One file's worth of a bundle.
#[derive(Clone, Debug)]
pub struct Piece {
    /// What it is.
    pub identity: Identity,
    /// As a bundle writes it.
    pub text: String,
    /// What to call a new file of it, without and with what tells it from others of its name.
    names: [String; 2],
}

impl Piece {
    fn keyed(member: &'static str, key: &str, name: &str, end: &str, component: &impl Serialize) -> Option<Piece> {
        let kind = kind(member)?;
        let identity = Identity { member, name: key::spell(kind, key::read(kind, key)?) };
        let names = [format!("{}{end}", slug(name)), format!("{}-{}{end}", slug(name), slug(key))];
        Some(Piece { identity, text: text(component), names })
    }

    fn named(member: &'static str, name: String, component: &impl Serialize) -> Piece {
        let file = name.split('.').map(slug).collect::<Vec<_>>().join(".");
        Piece { identity: Identity { member, name }, text: text(component), names: [file.clone(), file] }
    }
}

/// The files of a bundle. The same component is the same text, wherever the bundle comes from.
pub fn pieces<G: Serialize>(bundle: &Bundle<G>) -> Vec<Piece> {
    let types = bundle.record_types.iter().map(|one| Some(Piece::named("record_types", one.name.to_string(), one)));
    let fields = bundle.fields.iter().map(|one| {
        let name = format!("{}.{}", one.record_type, one.name);
        Some(Piece::named("fields", name, one))
    });
    let flows = bundle.process_flows.iter().map(|one| Piece::keyed("process_flows", &one.key, &one.name, "", one));
    let mails = bundle.email_templates.iter().map(|one| {
        let end = format!(".{}", one.language.code());
        Piece::keyed("email_templates", &one.key, &one.name, &end, one)
    });
    let texts = bundle.text_templates.iter().map(|one| {
        let end = format!(".{}", one.language.code());
        Piece::keyed("text_templates", &one.key, &one.name, &end, one)
    });
    let sequences = bundle.sequences.iter().map(|one| Piece::keyed("sequences", &one.key, &one.name, "", one));
    types.chain(fields).chain(flows).chain(mails).chain(texts).chain(sequences).flatten().collect()
}

/// Where each piece is kept: in the file it has, or in a new one that is named for it. Two new ones of one name are told
/// apart by their keys.
pub fn paths(pieces: &[Piece], kept: &HashMap<Identity, String>) -> BTreeMap<String, usize> {
    let mut wanted: HashMap<String, usize> = kept.values().map(|path| (path.to_lowercase(), 1)).collect();
    let path = |piece: &Piece, name: usize| format!("{}/{}.json", folder(piece.identity.member), piece.names[name]);
    for piece in pieces.iter().filter(|piece| !kept.contains_key(&piece.identity)) {
        *wanted.entry(path(piece, 0)).or_default() += 1;
    }
    let place = |piece: &Piece| match kept.get(&piece.identity) {
        Some(path) => path.clone(),
        None if wanted.get(&path(piece, 0)).is_some_and(|count| *count > 1) => path(piece, 1),
        None => path(piece, 0),
    };
    pieces.iter().enumerate().map(|(number, piece)| (place(piece), number)).collect()
}

fn folder(member: &'static str) -> &'static str {
    FOLDERS.iter().find(|(known, _)| *known == member).map_or(member, |(_, folder)| folder)
}

/// What a file says it is; an error for one that holds no component.
pub fn identify(path: &str, component: &Value) -> anyhow::Result<Identity> {
    let member = member_of(path).with_context(|| format!("{path} is in no folder of a bundle"))?;
    let text = |name: &str| {
        let found = component.get(name).and_then(Value::as_str);
        found.with_context(|| format!("{path} has no `{name}`"))
    };
    let name = match (kind(member), member) {
        (Some(kind), _) => {
            let id = key::read(kind, text("key")?).with_context(|| format!("the key of {path} is none"))?;
            key::spell(kind, id)
        }
        (None, "fields") => format!("{}.{}", text("record_type")?, text("name")?),
        (None, _) => text("name")?.to_owned(),
    };
    Ok(Identity { member, name })
}

fn member_of(path: &str) -> Option<&'static str> {
    let (folder, _) = path.split_once('/')?;
    FOLDERS.iter().find(|(_, known)| *known == folder).map(|(member, _)| *member)
}

/// A bundle of files, in JSON; and the file that each place of it comes from.
pub fn assemble(files: &BTreeMap<String, Value>) -> (Value, Vec<(String, String)>) {
    let (mut bundle, mut places) = (Map::new(), Vec::new());
    bundle.insert("format".into(), FORMAT.into());
    for (path, component) in files {
        let Some(member) = member_of(path) else { continue };
        let array = bundle.entry(member).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(array) = array {
            places.push((format!("/{member}/{}", array.len()), path.clone()));
            array.push(component.clone());
        }
    }
    (Value::Object(bundle), places)
}

/// A name as a file may be called on any system: lower-case letters without their marks, digits, `-` between.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.to_lowercase().chars() {
        match plain(letter) {
            "" if slug.ends_with('-') || slug.is_empty() => {}
            "" => slug.push('-'),
            "=" => slug.push(letter),
            letters => slug.push_str(letters),
        }
        if slug.len() >= SLUG_MAX {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    match slug {
        "" => "unnamed".into(),
        slug if RESERVED.contains(&slug) => format!("{slug}-file"),
        slug => slug.into(),
    }
}

/// A letter in the alphabet of file names: `=` for itself, nothing for what has no place there.
fn plain(letter: char) -> &'static str {
    match letter {
        'a'..='z' | '0'..='9' => "=",
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => "a",
        'ç' => "c",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ñ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' => "o",
        'ù' | 'ú' | 'û' | 'ü' => "u",
        'ý' | 'ÿ' => "y",
        'æ' => "ae",
        'œ' => "oe",
        'ß' => "ss",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_safe_for_any_file_system() {
        for (name, expected) in [
            ("Welcome call", "welcome-call"),
            ("  Relance – après le salon !", "relance-apres-le-salon"),
            ("Xestión do cliente nº 2", "xestion-do-cliente-n-2"),
            ("../../etc/passwd", "etc-passwd"),
            ("C:\\Windows", "c-windows"),
            ("CON", "con-file"),
            ("次", "unnamed"),
            ("", "unnamed"),
        ] {
            assert_eq!(slug(name), expected);
        }
        assert_eq!(slug(&"a".repeat(500)).len(), SLUG_MAX);
    }

    #[test]
    fn components_of_one_name_are_told_apart_and_one_that_has_a_file_keeps_it() {
        let piece = |key: &str, name: &str| Piece::keyed("sequences", key, name, "", &name).unwrap();
        let all = [piece("one", "Same"), piece("two", "same"), piece("three", "Other"), piece("four", "Kept")];
        let kept = HashMap::from([(all[3].identity.clone(), "sequences/other.json".to_owned())]);
        let found: Vec<String> = paths(&all, &kept).into_keys().collect();
        assert_eq!(
            found,
            [
                "sequences/other-three.json",
                "sequences/other.json",
                "sequences/same-one.json",
                "sequences/same-two.json"
            ]
        );
    }
}
