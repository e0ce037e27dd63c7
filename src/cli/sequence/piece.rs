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

/// The arrays of a bundle whose components have a file each: member, folder, and what the keys name.
pub const FOLDERS: [(&str, &str, Kind); 1] = [("sequences", "sequences", Kind::Sequence)];

/// What tells a component from all others on every server; a file that holds an array is told by its member.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Of the bundle.
    pub member: &'static str,
    /// However its key is written.
    pub id: u128,
}

/// One file's worth of a bundle.
#[derive(Clone, Debug)]
pub struct Piece {
    /// What it is.
    pub identity: Identity,
    /// As a bundle writes it.
    pub text: String,
    /// What to call a new file of it.
    slug: String,
    key: String,
}

impl Piece {
    fn of(member: &'static str, kind: Kind, key: &str, name: &str, component: &impl Serialize) -> Option<Piece> {
        let identity = Identity { member, id: key::read(kind, key)? };
        Some(Piece { identity, text: text(component), slug: slug(name), key: key.to_owned() })
    }
}

/// The files of a bundle. The same component is the same text, wherever the bundle comes from.
pub fn pieces(bundle: &Bundle) -> Vec<Piece> {
    let sequences = bundle.sequences.iter();
    sequences.filter_map(|one| Piece::of("sequences", Kind::Sequence, &one.key, &one.name, one)).collect()
}

/// Where each piece is kept: in the file it has, or in a new one that is named for it. Two new ones of one name are told
/// apart by their keys.
pub fn paths(pieces: &[Piece], kept: &HashMap<Identity, String>) -> BTreeMap<String, usize> {
    let mut wanted: HashMap<String, usize> = kept.values().map(|path| (path.to_lowercase(), 1)).collect();
    let plain = |piece: &Piece| format!("{}/{}.json", folder(&piece.identity), piece.slug);
    for piece in pieces.iter().filter(|piece| !kept.contains_key(&piece.identity)) {
        *wanted.entry(plain(piece)).or_default() += 1;
    }
    let path = |piece: &Piece| match kept.get(&piece.identity) {
        Some(path) => path.clone(),
        None if wanted.get(&plain(piece)).is_some_and(|count| *count > 1) => {
            format!("{}/{}-{}.json", folder(&piece.identity), piece.slug, slug(&piece.key))
        }
        None => plain(piece),
    };
    pieces.iter().enumerate().map(|(place, piece)| (path(piece), place)).collect()
}

fn folder(identity: &Identity) -> &'static str {
    FOLDERS.iter().find(|(member, ..)| *member == identity.member).map_or(identity.member, |(_, folder, _)| folder)
}

/// What a file says it is; an error for one that holds no component.
pub fn identify(path: &str, component: &Value) -> anyhow::Result<Identity> {
    let (member, kind) = member_of(path).with_context(|| format!("{path} is in no folder of a bundle"))?;
    let key = component.get("key").and_then(Value::as_str).with_context(|| format!("{path} has no `key`"))?;
    let id = key::read(kind, key).with_context(|| format!("the key of {path} is none"))?;
    Ok(Identity { member, id })
}

fn member_of(path: &str) -> Option<(&'static str, Kind)> {
    let (folder, _) = path.split_once('/')?;
    FOLDERS.iter().find(|(_, known, _)| *known == folder).map(|(member, _, kind)| (*member, *kind))
}

/// A bundle of files, in JSON; and the file that each place of it comes from.
pub fn assemble(files: &BTreeMap<String, Value>) -> (Value, Vec<(String, String)>) {
    let (mut bundle, mut places) = (Map::new(), Vec::new());
    bundle.insert("format".into(), FORMAT.into());
    for (path, component) in files {
        let Some((member, _)) = member_of(path) else { continue };
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
        let piece = |key: &str, name: &str| Piece::of("sequences", Kind::Sequence, key, name, &name).unwrap();
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
