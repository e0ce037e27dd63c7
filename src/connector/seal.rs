//! Secrets of others that have to be stored, such as passwords of mailboxes: sealed under a key that lies outside of the
//! store, so that a copy of the data alone opens none of them.
//!
//! A sealed text is `v1.KEY.BOX`: the key's id, then nonce, ciphertext and tag of ChaCha20-Poly1305 in base64. What it is
//! for is sealed along, so that one cannot be put in the place of another. There may be older keys, which still open.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

use super::secret::Secret;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// The form of sealed texts that is written.
const FORM: &str = "v1";
/// Bytes of a key's id.
const ID_BYTES: usize = 6;

/// Why something cannot be sealed or opened. It reads as a sentence and shows no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not what was made by [`Seal::seal`].
    #[error("the stored secret is damaged; set it again")]
    Damaged,
    /// A key that is not here.
    #[error(
        "the secret was sealed under the key {0}, which this server does not have; give it that key, or set the secret again"
    )]
    UnknownKey(String),
    /// The system is out of order.
    #[error("the system gives no randomness")]
    NoRandomness,
}

/// The keys of a server: the first one seals and derives, all of them open.
#[derive(Debug)]
pub struct Seal(Vec<Key>);

struct Key {
    id: String,
    cipher: LessSafeKey,
    deriving: hmac::Key,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Key {
    /// 32 bytes in base64, standard or for URLs, padded or not.
    fn read(text: &str) -> Result<Key, String> {
        let plain = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
        let bytes = BASE64_STANDARD_NO_PAD.decode(plain).ok().filter(|bytes| bytes.len() == KEY_BYTES);
        let bytes = bytes.ok_or_else(|| format!("a secret key is {KEY_BYTES} random bytes in base64"))?;
        // Each use has a key of its own, so that what is told of one says nothing of another.
        let root = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        let part = |purpose: &str| hmac::sign(&root, purpose.as_bytes());
        let cipher = UnboundKey::new(&CHACHA20_POLY1305, part("relance seal").as_ref());
        let cipher = cipher.map_err(|_| "a secret key has the wrong length".to_owned())?;
        Ok(Key {
            id: BASE64_URL_SAFE_NO_PAD.encode(&part("relance key id").as_ref()[..ID_BYTES]),
            cipher: LessSafeKey::new(cipher),
            deriving: hmac::Key::new(hmac::HMAC_SHA256, part("relance derive").as_ref()),
        })
    }

    fn derive(&self, purpose: &str, bytes: &[u8]) -> hmac::Tag {
        hmac::sign(&self.deriving, &told_apart(purpose, bytes))
    }
}

impl Seal {
    /// Keys separated by blanks, line ends or commas, the one to seal with first. Err is a sentence for the operator.
    pub fn new(keys: &Secret) -> Result<Seal, String> {
        let texts = keys.expose().split([',', ' ', '\t', '\r', '\n']).filter(|text| !text.is_empty());
        let keys: Vec<Key> = texts.map(Key::read).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err("there is no secret key".into()) } else { Ok(Seal(keys)) }
    }

    /// A key that nobody has seen, as [`Seal::new`] reads it.
    pub fn fresh_key() -> Result<Secret, SealError> {
        let mut bytes = [0_u8; KEY_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| SealError::NoRandomness)?;
        Ok(Secret::new(BASE64_STANDARD_NO_PAD.encode(bytes)))
    }

    /// Seals a secret for one use; [`Seal::open`] has to name the same.
    pub fn seal(&self, purpose: &str, secret: &Secret) -> Result<String, SealError> {
        let mut nonce = [0_u8; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        let [key, ..] = self.0.as_slice() else { return Err(SealError::NoRandomness) };
        let mut text = secret.expose().as_bytes().to_vec();
        let sealed = Nonce::assume_unique_for_key(nonce);
        let sealed = key.cipher.seal_in_place_append_tag(sealed, Aad::from(purpose), &mut text);
        sealed.map_err(|_| SealError::Damaged)?;
        Ok(format!("{FORM}.{}.{}", key.id, BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &text].concat())))
    }

    /// The secret in a sealed text.
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<Secret, SealError> {
        let mut parts = sealed.split('.');
        let (Some(FORM), Some(id), Some(bytes), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(SealError::Damaged);
        };
        let key = self.0.iter().find(|key| key.id == id);
        let key = key.ok_or_else(|| SealError::UnknownKey(id.chars().take(2 * ID_BYTES).collect()))?;
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(bytes).map_err(|_| SealError::Damaged)?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN).ok_or(SealError::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Damaged)?;
        let text = key.cipher.open_in_place(nonce, Aad::from(purpose), text).map_err(|_| SealError::Damaged)?;
        std::str::from_utf8(text).map(Secret::new).map_err(|_| SealError::Damaged)
    }

    /// Whether a sealed text is of the key that seals now; one that is not should be sealed again before its key goes.
    pub fn is_current(&self, sealed: &str) -> bool {
        self.0.first().is_some_and(|key| sealed.split('.').nth(1) == Some(&key.id))
    }

    /// Bytes that only this server can make, the same each time (HMAC-SHA256). They change with the first key.
    pub fn derive(&self, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        let mut derived = [0_u8; 32];
        if let Some(key) = self.0.first() {
            derived.copy_from_slice(key.derive(purpose, bytes).as_ref());
        }
        derived
    }

    /// The same under each key, the present one first.
    pub fn derive_all(&self, purpose: &str, bytes: &[u8]) -> Vec<[u8; 32]> {
        let derived = |key: &Key| {
            let mut derived = [0_u8; 32];
            derived.copy_from_slice(key.derive(purpose, bytes).as_ref());
            derived
        };
        self.0.iter().map(derived).collect()
    }

    /// Whether `derived` is what [`Seal::derive`] gave or, under an older key, had given: all of it, or its first bytes
    /// where a shorter one was given out. Takes the same time wherever they differ. Fewer than 16 bytes prove nothing.
    pub fn has_derived(&self, purpose: &str, bytes: &[u8], derived: &[u8]) -> bool {
        let is_of = |key: &Key| {
            let tag = key.derive(purpose, bytes);
            let tag = tag.as_ref().get(..derived.len()).unwrap_or_default();
            bool::from(subtle::ConstantTimeEq::ct_eq(tag, derived))
        };
        derived.len() >= 16 && self.0.iter().any(is_of)
    }
}

/// The purpose with its length in front, so that no two pairs are the same bytes.
fn told_apart(purpose: &str, bytes: &[u8]) -> Vec<u8> {
    [&(purpose.len() as u64).to_be_bytes(), purpose.as_bytes(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> Secret {
        Seal::fresh_key().unwrap()
    }

    fn seal(keys: &[&Secret]) -> Seal {
        Seal::new(&Secret::new(keys.iter().map(|key| key.expose()).collect::<Vec<_>>().join("\n"))).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_its_use_and_shows_nothing() {
        let keys = seal(&[&fresh()]);
        for text in ["", "hunter2", "ñ🔑\0", &"long ".repeat(5_000)] {
            let sealed = keys.seal("mailbox smtp", &Secret::new(text)).unwrap();
            assert!(text.is_empty() || !sealed.contains(text), "{sealed:.80}");
            assert_ne!(sealed, keys.seal("mailbox smtp", &Secret::new(text)).unwrap(), "each has a nonce of its own");
            assert_eq!(keys.open("mailbox smtp", &sealed).unwrap().expose(), text);
            assert_eq!(keys.open("mailbox imap", &sealed), Err(SealError::Damaged));
        }
    }

    #[test]
    fn another_key_is_named_and_an_older_one_still_opens() {
        let (old, new) = (fresh(), fresh());
        let sealed = seal(&[&old]).seal("a", &Secret::new("hunter2")).unwrap();
        let refusal = seal(&[&new]).open("a", &sealed).unwrap_err();
        assert_eq!(refusal, SealError::UnknownKey(sealed.split('.').nth(1).unwrap().to_owned()));
        let rotated = seal(&[&new, &old]);
        assert_eq!(rotated.open("a", &sealed).unwrap().expose(), "hunter2");
        assert!(!rotated.is_current(&sealed));
        assert!(rotated.is_current(&rotated.seal("a", &Secret::new("hunter2")).unwrap()));
    }

    #[test]
    fn every_changed_character_is_noticed_and_nothing_panics() {
        let keys = seal(&[&fresh()]);
        let sealed = keys.seal("a", &Secret::new("hunter2")).unwrap();
        for place in 0..sealed.len() {
            for character in ["A", "-", ".", "=", "é", ""] {
                let changed = format!("{}{character}{}", &sealed[..place], &sealed[place + 1..]);
                if changed != sealed {
                    assert!(keys.open("a", &changed).is_err(), "{changed}");
                }
            }
            assert!(keys.open("a", &sealed[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn what_is_derived_is_the_same_each_time_and_known_after_a_rotation() {
        let (old, new) = (fresh(), fresh());
        let (before, after) = (seal(&[&old]), seal(&[&new, &old]));
        let derived = before.derive("open", b"step");
        assert_eq!(derived, before.derive("open", b"step"));
        assert_ne!(derived, before.derive("click", b"step"));
        assert_ne!(before.derive("ab", b"c"), before.derive("a", b"bc"));
        for keys in [&before, &after] {
            assert!(keys.has_derived("open", b"step", &derived));
            assert!(keys.has_derived("open", b"step", &derived[..16]));
            assert!(!keys.has_derived("open", b"step", &derived[..15]));
            assert!(!keys.has_derived("open", b"stop", &derived));
            assert!(!keys.has_derived("open", b"step", &[derived.as_slice(), b"more"].concat()));
        }
        assert!(!seal(&[&new]).has_derived("open", b"step", &derived));
    }

    #[test]
    fn a_key_that_is_none_is_refused_without_showing_it() {
        for text in ["", " \n", "short", "c2hvcnQ=", &format!("{} nonsense", fresh().expose())] {
            let refusal = Seal::new(&Secret::new(text)).unwrap_err();
            assert!(refusal.contains("secret key") && !refusal.contains("nonsense"), "{refusal}");
        }
        let padded = Secret::new(format!("{}=", fresh().expose()));
        assert!(Seal::new(&padded).is_ok());
        assert!(!format!("{:?}", seal(&[&padded])).contains(padded.expose()));
    }
}
