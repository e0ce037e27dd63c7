//! The folder that sequences are kept in: read whole, written file by file, and nothing outside of it touched.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::piece::{FOLDERS, Identity, identify};
use crate::limits;
use crate::web::bundle::text;

/// Where a folder says which files `pull` has written.
const MANIFEST: &str = "relance.json";

/// What `pull` notes about a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Whether it holds every sequence of the server rather than chosen ones.
    pub whole: bool,
    /// The files that `pull` has written, and may remove once what they hold is gone.
    pub files: BTreeSet<String>,
}

/// A folder as it was read.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
    /// What was noted at the last `pull`.
    pub manifest: Manifest,
    /// Every component's file, by its path below the folder with `/` in it.
    pub files: BTreeMap<String, Value>,
    /// The file of each component.
    pub kept: HashMap<Identity, String>,
    texts: HashMap<String, String>,
}

impl Folder {
    /// Reads a folder; one that is not there is empty.
    pub fn read(root: &Path) -> anyhow::Result<Folder> {
        let manifest = match text_of(&root.join(MANIFEST))? {
            None => Manifest::default(),
            Some(text) => serde_json::from_str(&text).with_context(|| format!("{MANIFEST} is not one of `pull`"))?,
        };
        let mut folder = Folder {
            root: root.to_owned(),
            manifest,
            files: BTreeMap::new(),
            kept: HashMap::new(),
            texts: HashMap::new(),
        };
        for (_, name) in FOLDERS {
            for path in files_in(root, name)? {
                folder.take(path)?;
            }
        }
        Ok(folder)
    }

    fn take(&mut self, path: String) -> anyhow::Result<()> {
        let text = text_of(&self.root.join(&path))?.with_context(|| format!("{path} is gone"))?;
        let component: Value = serde_json::from_str(&text).with_context(|| format!("{path} is no JSON"))?;
        let identity = identify(&path, &component)?;
        if let Some(other) = self.kept.insert(identity, path.clone()) {
            bail!("{other} and {path} have the same key; a copy needs a key of its own");
        }
        self.texts.insert(path.clone(), text);
        self.files.insert(path, component);
        Ok(())
    }

    /// Writes what differs; whether it did.
    pub fn write(&self, path: &str, text: &str) -> anyhow::Result<bool> {
        if self.texts.get(path).is_some_and(|before| before == text) {
            return Ok(false);
        }
        let file = self.place(path)?;
        let parent = file.parent().unwrap_or(&self.root);
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        is_plain(parent)?;
        put(&file, text)?;
        Ok(true)
    }

    /// Removes a file that `pull` has written; whether it was there.
    pub fn remove(&self, path: &str) -> anyhow::Result<bool> {
        let file = self.place(path)?;
        match fs::remove_file(&file) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).with_context(|| format!("cannot remove {}", file.display())),
        }
    }

    /// Notes what was pulled.
    pub fn note(&self, manifest: &Manifest) -> anyhow::Result<()> {
        if *manifest == self.manifest && self.root.join(MANIFEST).exists() {
            return Ok(());
        }
        put(&self.root.join(MANIFEST), &text(manifest))
    }

    /// Where a path of the manifest or of a component leads: into one of the folders, never out of them.
    fn place(&self, path: &str) -> anyhow::Result<PathBuf> {
        let parts = path.split_once('/').filter(|(folder, _)| FOLDERS.iter().any(|(_, known)| known == folder));
        let (folder, name) = parts.with_context(|| format!("{path} is in no folder of a bundle"))?;
        ensure!(is_file_name(name), "{path} is no name of a file");
        let parent = self.root.join(folder);
        is_plain(&parent)?;
        Ok(parent.join(name))
    }
}

fn is_file_name(name: &str) -> bool {
    name.ends_with(".json") && !name.starts_with('.') && !name.contains(['/', '\\', ':', '\0'])
}

/// A link could lead out of the folder.
fn is_plain(path: &Path) -> anyhow::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) => {
            ensure!(!found.is_symlink(), "{} is a link; nothing is read or written through one", path.display());
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot look at {}", path.display())),
    }
}

fn files_in(root: &Path, folder: &str) -> anyhow::Result<Vec<String>> {
    let path = root.join(folder);
    is_plain(&path)?;
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.with_context(|| format!("cannot read {}", path.display()))?.file_name();
        files.extend(name.to_str().filter(|name| is_file_name(name)).map(|name| format!("{folder}/{name}")));
    }
    files.sort();
    Ok(files)
}

fn text_of(file: &Path) -> anyhow::Result<Option<String>> {
    is_plain(file)?;
    let shown = || format!("cannot read {}", file.display());
    match fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        found => {
            let size = found.with_context(shown)?.len();
            ensure!(size <= limits::JSON_BODY_MAX as u64, "{} is larger than any bundle", file.display());
        }
    }
    fs::read_to_string(file).map(Some).with_context(shown)
}

/// Replaces a file as a whole.
fn put(file: &Path, text: &str) -> anyhow::Result<()> {
    is_plain(file)?;
    let draft = file.with_extension("json.new");
    is_plain(&draft)?;
    let written = fs::write(&draft, text).and_then(|()| fs::rename(&draft, file));
    written.with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::read(root.path()).unwrap();
        (root, folder)
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        let (root, folder) = folder();
        for path in [
            "../x.json",
            "/etc/x.json",
            "sequences/../x.json",
            "sequences/..",
            "sequences/a/b.json",
            "sequences/.git.json",
            "sequences/x.sh",
            "relance.json",
            ".git/x.json",
        ] {
            assert!(folder.write(path, "x").is_err(), "{path}");
            assert!(folder.remove(path).is_err(), "{path}");
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let (root, folder) = folder();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), root.path().join("sequences")).unwrap();
        assert!(folder.write("sequences/a.json", "x").unwrap_err().to_string().contains("is a link"));
        assert!(Folder::read(root.path()).is_err());
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_is_the_same_is_not_written_and_two_of_one_key_are_refused() {
        let (root, folder) = folder();
        let text = "{\"key\": \"k\"}\n";
        assert!(folder.write("sequences/a.json", text).unwrap());
        let folder = Folder::read(root.path()).unwrap();
        assert!(!folder.write("sequences/a.json", text).unwrap());
        assert!(folder.write("sequences/b.json", text).unwrap());
        let error = Folder::read(root.path()).unwrap_err().to_string();
        assert!(error.contains("sequences/a.json and sequences/b.json have the same key"), "{error}");
    }
}
