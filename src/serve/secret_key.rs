//! Where the key is kept under which stored secrets are sealed: in the environment, or in a file beside the store.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, anyhow, bail};

use crate::connector::seal::Seal;
use crate::connector::secret::Secret;
use crate::file::write_whole;

/// The environment's name of the key.
const VARIABLE: &str = "RELANCE_SECRET_KEY";
/// The file's name in the data directory. No backup of the store holds it.
pub const FILE: &str = "secret-key";

/// The keys of the environment, then those of the file, so that a key can move from there to here. Where there is neither,
/// the file is made, for the server's own user only.
pub fn seal(data: &Path) -> anyhow::Result<Seal> {
    let environment = match std::env::var(VARIABLE) {
        Ok(keys) => Some(Secret::new(keys)),
        Err(std::env::VarError::NotPresent) => None,
        Err(std::env::VarError::NotUnicode(_)) => bail!("{VARIABLE} is no text"),
    };
    from(environment, &data.join(FILE))
}

fn from(environment: Option<Secret>, file: &Path) -> anyhow::Result<Seal> {
    if let Some(keys) = &environment {
        Seal::new(keys).map_err(|why| anyhow!("{VARIABLE} cannot be used: {why}"))?;
    }
    let kept = match std::fs::read_to_string(file) {
        Ok(kept) => {
            must_be_private(file)?;
            Some(Secret::new(kept))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("the file `{FILE}` cannot be read")),
    };
    if let Some(keys) = &kept {
        Seal::new(keys).map_err(|why| anyhow!("the file `{FILE}` of the data directory cannot be used: {why}"))?;
    }
    let keys = match (environment, kept) {
        (Some(first), Some(then)) => Secret::new(format!("{}\n{}", first.expose(), then.expose())),
        (Some(keys), None) | (None, Some(keys)) => keys,
        (None, None) => {
            let key = Seal::fresh_key()?;
            write_whole(file, key.expose()).with_context(|| format!("the file `{FILE}` cannot be written"))?;
            key
        }
    };
    Seal::new(&keys).map_err(anyhow::Error::msg)
}

/// A key that others on the machine can read is none.
#[cfg(unix)]
fn must_be_private(file: &Path) -> anyhow::Result<()> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions());
    if mode & 0o077 != 0 {
        bail!("the file `{FILE}` of the data directory is open to others (mode {:o}): chmod 600", mode & 0o777);
    }
    Ok(())
}

#[cfg(not(unix))]
fn must_be_private(_file: &Path) -> anyhow::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        (folder, file)
    }

    #[test]
    fn the_first_start_makes_a_key_and_the_next_finds_it() {
        let (_folder, file) = folder();
        let sealed = from(None, &file).unwrap().seal("a", &Secret::new("hunter2")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(from(None, &file).unwrap().open("a", &sealed).unwrap().expose(), "hunter2");
    }

    #[test]
    fn a_key_moves_into_the_environment() {
        let (_folder, file) = folder();
        let sealed = from(None, &file).unwrap().seal("a", &Secret::new("hunter2")).unwrap();
        let key = Seal::fresh_key().unwrap();
        let both = from(Some(key.clone()), &file).unwrap();
        assert_eq!(both.open("a", &sealed).unwrap().expose(), "hunter2");
        assert!(!both.is_current(&sealed));
        std::fs::remove_file(&file).unwrap();
        assert!(from(Some(key), &file).unwrap().open("a", &sealed).is_err());
        assert!(!file.exists(), "a key of the environment leaves nothing on the disk");
    }

    #[test]
    fn a_key_that_others_can_read_or_that_is_damaged_keeps_the_server_from_starting() {
        let (_folder, file) = folder();
        from(None, &file).unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o640);
        std::fs::set_permissions(&file, open).unwrap();
        assert!(from(None, &file).unwrap_err().to_string().contains("640"));
        write_whole(&file, "half a ke").unwrap();
        let refusal = from(None, &file).unwrap_err().to_string();
        assert!(refusal.contains(FILE) && !refusal.contains("half"), "{refusal}");
        let refusal = from(Some(Secret::new("no key")), &file).unwrap_err().to_string();
        assert!(refusal.contains(VARIABLE) && !refusal.contains("no key"), "{refusal}");
    }
}
