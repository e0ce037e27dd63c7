//! The repository as text: its files, their lines, and what a line of code names.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the repository lies.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository.
pub struct Source {
    /// From the root, with slashes.
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn read(path: String) -> Option<Source> {
        let text = fs::read_to_string(root().join(&path)).ok()?;
        Some(Source { path, text })
    }

    /// Lines with their numbers that are neither comments nor in the tests at the end of the file.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_code = |(_, line): &(usize, &str)| !line.trim_start().starts_with("//");
        let until_tests = |(_, line): &(usize, &str)| *line != "#[cfg(test)]";
        self.lines().take_while(until_tests).filter(is_code)
    }

    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(number, line)| (number + 1, line))
    }

    /// `src/store/sled.rs` is `store::sled`.
    pub fn module(&self) -> String {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        path.trim_end_matches(".rs").replace('/', "::")
    }
}

/// Every Rust file under the named folders.
pub fn rust(folders: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.extend(Source::read(path));
            }
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    assert!(!found.is_empty(), "no Rust file under {folders:?}");
    found
}

/// Every text file that git tracks.
pub fn tracked() -> Vec<Source> {
    let listed = Command::new("git").arg("-C").arg(root()).args(["ls-files", "-z"]).output();
    let Some(listed) = listed.ok().filter(|listed| listed.status.success()) else {
        // An unpacked release is no repository; its sources are what matters then.
        return rust(&["src", "tests", "benches"]);
    };
    String::from_utf8(listed.stdout)
        .unwrap()
        .split_terminator('\0')
        .map(str::to_owned)
        .filter_map(Source::read)
        .collect()
}

/// Words of a line: `crate::store::sled` is one.
pub fn paths(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).filter(|word| !word.is_empty())
}

/// What a module names of this crate: `domain`, or `store::sled` where a part is named. Groups are written out.
pub fn named_modules(source: &Source) -> BTreeSet<(usize, String)> {
    let mut named = BTreeSet::new();
    let mut group: Option<(usize, String)> = None;
    for (number, line) in source.code() {
        if let Some((at, text)) = &mut group {
            text.push_str(line);
            if line.contains(';') {
                named.extend(spread(text).into_iter().map(|path| (*at, path)));
                group = None;
            }
            continue;
        }
        let stripped = line.trim_start().trim_start_matches("pub ").trim_start_matches("use ");
        if line.trim_start().starts_with("use crate::{") || stripped.starts_with("crate::{") {
            group = Some((number, line.to_owned()));
            if line.contains(';') {
                named.extend(spread(line).into_iter().map(|path| (number, path)));
                group = None;
            }
            continue;
        }
        for path in paths(line).filter_map(|word| word.trim_start_matches("$").strip_prefix("crate::")) {
            let path = path.trim_end_matches(':');
            // `use crate::store::{sled, rows}` names both.
            let rest = line.split_once(&format!("crate::{path}::{{")).map(|(_, rest)| rest);
            let parts = rest.into_iter().flat_map(|rest| paths(rest.split('}').next().unwrap_or_default()));
            named.extend(parts.map(|part| (number, format!("{path}::{part}"))));
            named.insert((number, path.to_owned()));
        }
    }
    named
}

/// The members of `use crate::{a, b::c};`.
fn spread(text: &str) -> Vec<String> {
    let inside = text.split_once('{').map_or("", |(_, inside)| inside);
    paths(inside).map(|path| path.trim_matches(':').to_owned()).collect()
}
