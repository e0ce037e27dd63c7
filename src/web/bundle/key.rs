//! Keys: the names that components of a bundle go by on every server.
//!
//! A key *is* an id in other letters, so that nothing has to be remembered to find what a key names: what was made here has
//! the key that its id spells, and what was imported was made under the id that its key spells. A reference to something
//! that is not there (yet) is the id that it will have. Keys that people make up are read as the id that their digest
//! gives; the sequences that use them remember how they were written.

use crate::domain::template::{self, ShippedMail};
use crate::id::{IdSource, TemplateId, digest};
use crate::limits;

/// Without letters that look like digits.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Letters of a key that spells an id: 26 × 5 bits hold its 128.
const SPELLED: u32 = 26;
/// What the keys of components that ship with the product begin with: every server has those, and no bundle.
const SHIPPED: &str = "relance:";

/// What a key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An e-mail or a text-message template.
    Template,
    /// A process flow.
    Flow,
    /// A sequence.
    Sequence,
}

impl Kind {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Template => "template",
            Kind::Flow => "process_flow",
            Kind::Sequence => "sequence",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Kind::Template => "tpl-",
            Kind::Flow => "flow-",
            Kind::Sequence => "seq-",
        }
    }
}

/// The key of what has this id.
pub fn spell(kind: Kind, id: u128) -> String {
    let ships = |one: &&ShippedMail| kind == Kind::Template && TemplateId::parse(&one.id) == Some(TemplateId(id));
    if let Some(ShippedMail { key, language, .. }) = template::shipped_mails().iter().find(ships) {
        return format!("{SHIPPED}{key}.{}", language.code());
    }
    // Ids begin with when they were made; the other half in front tells the keys of one day apart at a glance.
    let turned = id.rotate_left(64);
    let letters = (0..SPELLED).rev().map(|place| char::from(LETTERS[(turned >> (5 * place)) as usize & 31]));
    kind.prefix().chars().chain(letters).collect()
}

/// The id of what has this key; `None` if it is no key.
pub fn read(kind: Kind, key: &str) -> Option<u128> {
    if let Some(name) = key.strip_prefix(SHIPPED).filter(|_| kind == Kind::Template) {
        return shipped(name);
    }
    if !is_key(key) {
        return None;
    }
    let spelled = key.strip_prefix(kind.prefix()).and_then(unspell);
    let written = || TemplateId::parse(key).filter(|id| id.to_string() == key).map(|id| id.0);
    let made_up = || IdSource::derived(digest(&[kind.prefix().as_bytes(), key.as_bytes()]), 0);
    Some(spelled.or_else(written).unwrap_or_else(made_up))
}

/// Whether people may write it: lower-case letters, digits and `-`, `_`, `.` between them.
fn is_key(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= limits::BUNDLE_KEY_MAX
        && text.bytes().all(|byte| is_word(byte) || b"-_.".contains(&byte))
        && text.bytes().next().is_some_and(is_word)
}

fn unspell(letters: &str) -> Option<u128> {
    if letters.len() != SPELLED as usize {
        return None;
    }
    let mut id = 0_u128;
    for byte in letters.bytes() {
        let value = LETTERS.iter().position(|letter| *letter == byte)?;
        // The first letter has two bits to spare.
        id = id.checked_mul(32)?.checked_add(value as u128)?;
    }
    Some(id.rotate_right(64))
}

fn shipped(name: &str) -> Option<u128> {
    let (key, language) = name.rsplit_once('.')?;
    let found = template::shipped_mails().iter().find(|one| one.key == key && one.language.code() == language)?;
    TemplateId::parse(&found.id).map(|id| id.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d_41_a_key_spells_the_id_and_is_read_back_on_any_server() {
        for id in [0, 1, u128::MAX, 0x0198_c5d2_7a01_7c44_8000_1234_5670_0000] {
            for kind in [Kind::Template, Kind::Flow, Kind::Sequence] {
                let key = spell(kind, id);
                assert_eq!(read(kind, &key), Some(id), "{key}");
            }
        }
        assert_eq!(spell(Kind::Sequence, 0x0198_c5d2_7a01_7c44_8000_1234_5670_0000), "seq-4000938nkg00003665t9x02z24");
    }

    #[test]
    fn a_key_that_somebody_made_up_is_always_the_same_id_and_of_one_kind() {
        let id = read(Kind::Sequence, "welcome-call").unwrap();
        assert_eq!(read(Kind::Sequence, "welcome-call"), Some(id));
        assert_ne!(read(Kind::Flow, "welcome-call"), Some(id));
        assert_ne!(spell(Kind::Sequence, id), "welcome-call");
        let too_large = format!("seq-{}", "z".repeat(26));
        assert_ne!(spell(Kind::Sequence, read(Kind::Sequence, &too_large).unwrap()), too_large);
    }

    #[test]
    fn what_could_lead_elsewhere_is_no_key() {
        let long = "k".repeat(limits::BUNDLE_KEY_MAX + 1);
        for text in ["", "../../x", ".hidden", "-f", "a/b", "a\\b", "A", "é", "a b", "relance:x", "relance:", &long] {
            assert_eq!(read(Kind::Template, text), None, "{text}");
        }
    }

    #[test]
    fn q_91_what_ships_with_the_product_has_a_key_of_its_own() {
        for shipped in template::shipped_mails() {
            let id = TemplateId::parse(&shipped.id).unwrap().0;
            let key = spell(Kind::Template, id);
            assert_eq!(key, format!("relance:{}.{}", shipped.key, shipped.language.code()));
            assert_eq!(read(Kind::Template, &key), Some(id));
        }
    }
}
