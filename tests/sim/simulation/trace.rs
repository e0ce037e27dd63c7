//! Everything that happens in a run, in order: as a digest always, as text where somebody wants to read it.

use std::hash::{DefaultHasher, Hasher};

/// The digest of some bytes: the same in every process.
pub fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// See the module.
pub struct Trace {
    hasher: DefaultHasher,
    lines: Option<Vec<String>>,
}

impl Trace {
    pub fn new(keep_lines: bool) -> Trace {
        Trace { hasher: DefaultHasher::new(), lines: keep_lines.then(Vec::new) }
    }

    pub fn note(&mut self, line: String) {
        self.hasher.write(line.as_bytes());
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    pub fn digest(&self) -> u64 {
        self.hasher.finish()
    }

    pub fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}
