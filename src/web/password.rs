//! Passwords: Argon2id, a few at a time, because each takes memory and a core for some hundredths of a second.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use tokio::sync::Semaphore;

use crate::limits;
use crate::web::problem::Problem;
use crate::web::request::blocking;

/// Hashes computed at a time; whoever comes then waits their turn.
static TURNS: Semaphore = Semaphore::const_new(2);

/// What is wrong with a password that somebody chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Fewer characters than this.
    Short(usize),
    /// More bytes than this.
    Long(usize),
}

/// What is wrong with a password that somebody chooses, if anything is.
pub fn fault(password: &str) -> Option<Fault> {
    let (count, bytes) = (password.chars().count(), password.len());
    if count < limits::PASSWORD_MIN {
        return Some(Fault::Short(limits::PASSWORD_MIN));
    }
    (bytes > limits::PASSWORD_MAX).then_some(Fault::Long(limits::PASSWORD_MAX))
}

/// The PHC string of a password, with a salt of its own.
pub async fn hash(password: String) -> Result<String, Problem> {
    let _turn = TURNS.acquire().await;
    blocking(move || compute(&password)).await
}

fn compute(password: &str) -> Result<String, Problem> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|error| {
        tracing::error!(%error, "a password cannot be hashed");
        Problem::new("unavailable", "the server cannot hash passwords now")
    })
}

/// Whether a password is the one of `stored`. Where there is none, one that nobody knows is computed all the same, so that
/// the time it takes does not tell who has an account.
pub async fn verify(password: String, stored: Option<String>) -> Result<bool, Problem> {
    static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| compute(&super::secret::random_text().ok()?).ok());
    let _turn = TURNS.acquire().await;
    blocking(move || {
        let is_known = stored.is_some();
        let Some(stored) = stored.or_else(|| NOBODYS.clone()) else { return Ok(false) };
        // No stored hash has so long a password, and computing one costs by its length.
        let short = password.len() <= limits::PASSWORD_MAX;
        let attempt = if short { password.as_bytes() } else { b"" };
        let holds =
            PasswordHash::new(&stored).is_ok_and(|hash| Argon2::default().verify_password(attempt, &hash).is_ok());
        Ok(holds && is_known && short)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_password_is_known_again_and_no_other_is() {
        let sentence = "the heron stands on one leg".to_owned();
        let stored = hash(sentence.clone()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m="), "{stored}");
        assert!(verify(sentence.clone(), Some(stored.clone())).await.unwrap());
        assert!(!verify(sentence.to_uppercase(), Some(stored.clone())).await.unwrap());
        assert!(!verify(sentence.clone(), None).await.unwrap());
        assert!(!verify(sentence.clone(), Some("no hash".into())).await.unwrap());
        assert!(!verify("x".repeat(limits::PASSWORD_MAX + 1), Some(stored.clone())).await.unwrap());
        assert_ne!(hash(sentence).await.unwrap(), stored, "each has a salt of its own");
    }

    #[test]
    fn a_password_is_long_enough_and_not_endless() {
        assert!(fault("fourteen chars").is_some());
        assert!(fault("fifteen  chars!").is_none());
        assert!(fault(&"é".repeat(129)).is_some());
    }
}
