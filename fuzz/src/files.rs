//! Files that people or a half-done copy may have spoilt: the configuration, and the manifest of a data directory.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use relance::config::Config;
use relance::store::sled::{self, SledOptions};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder for files"));

pub fn run(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let write = |name: &str| -> PathBuf {
        let path = FOLDER.path().join(name);
        fs::write(&path, rest).expect("the folder takes files");
        path
    };
    if choice % 2 == 0 {
        let told = Config::load(Some(&write("config.toml"))).map_err(|error| error.to_string());
        assert!(told.is_ok() || told.is_err_and(|told| !told.contains("panicked")));
        return;
    }
    // There is no database beside it, so whatever it says the directory is refused, in a sentence.
    write("relance.json");
    let refused = sled::open(FOLDER.path(), SledOptions::default()).err().expect("a manifest without a database");
    assert!(refused.to_string().len() > 20, "{refused}");
    assert!(!FOLDER.path().join("store").exists(), "nothing is made beside a manifest");
}
