//! Secrets that the server gives out: an id by which to find what is known, and random text that nobody can guess and
//! that is stored as a digest only.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::account;
use crate::id::KeyId;
use crate::web::problem::Problem;

/// Random bytes in a secret.
const BYTES: usize = 32;

/// `ID.SECRET`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Finds what is known of it.
    pub id: KeyId,
    /// 64 hexadecimal digits.
    pub secret: String,
}

impl Secret {
    /// One that nobody has seen.
    pub fn fresh(id: KeyId) -> Result<Secret, Problem> {
        Ok(Secret { id, secret: random_text()? })
    }

    /// Reads one; `None` where the text is not of that form.
    pub fn parse(text: &str) -> Option<Secret> {
        let (id, secret) = text.split_once('.')?;
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if id.len() != 32 || secret.len() != 2 * BYTES || !is_hex(id) || !is_hex(secret) {
            return None;
        }
        Some(Secret { id: KeyId(u128::from_str_radix(id, 16).ok()?), secret: secret.to_owned() })
    }

    /// What is stored of it.
    pub fn digest(&self) -> account::Digest {
        digest_of(self.secret.as_bytes())
    }

    /// What is given out.
    pub fn text(&self) -> String {
        format!("{}.{}", Uuid::from_u128(self.id.0).simple(), self.secret)
    }
}

/// 64 hexadecimal digits that nobody can guess.
pub fn random_text() -> Result<String, Problem> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no randomness");
        Problem::new("unavailable", "the server cannot make secrets now")
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// SHA-256.
pub fn digest_of(bytes: &[u8]) -> account::Digest {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_nothing_else_does() {
        let secret = Secret::fresh(KeyId(7)).unwrap();
        assert!(Secret::parse(&secret.text()) == Some(secret.clone()));
        assert_ne!(random_text().unwrap(), random_text().unwrap());
        for (change, text) in [
            ("nothing", String::new()),
            ("no dot", secret.text().replace('.', "")),
            ("a short secret", secret.text()[..secret.text().len() - 1].to_owned()),
            ("capitals", secret.text().to_uppercase().replace('0', "A")),
            ("a sign", format!("+{}", &secret.text()[1..])),
            ("more", secret.text() + "0"),
        ] {
            assert!(Secret::parse(&text).is_none(), "{change}");
        }
    }
}
