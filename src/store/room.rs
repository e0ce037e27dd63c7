//! Free space on the file system of the data directory. sled cannot be used any more once a write of its own has met a full
//! disk, so it is not let come to that: nothing is written while less than a reserve is free.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::store::{Result, StoreError};

/// A directory, and what its file system must have free.
#[derive(Debug)]
pub struct Room {
    directory: PathBuf,
    reserve_bytes: u64,
    /// What was found when last looked, so that a change is told once.
    full: AtomicBool,
}

impl Room {
    /// With a reserve of 0 there is always room.
    pub fn new(directory: &Path, reserve_bytes: u64) -> Room {
        Room { directory: directory.to_owned(), reserve_bytes, full: AtomicBool::new(false) }
    }

    /// Whether so many bytes can be written and the reserve is left. Asks the file system, which takes a microsecond.
    pub fn has(&self, bytes: u64) -> bool {
        // Where the system does not say, the write itself will.
        let free = rustix::fs::statvfs(&self.directory)
            .map_or(u64::MAX, |found| found.f_bavail.saturating_mul(found.f_frsize));
        let full = free < self.reserve_bytes;
        if self.full.swap(full, Ordering::AcqRel) != full {
            metrics::gauge!("relance_disk_full").set(f64::from(u8::from(full)));
            let (free_mib, reserve_mib) = (free >> 20, self.reserve_bytes >> 20);
            match full {
                true => {
                    tracing::warn!(free_mib, reserve_mib, "the disk is full: nothing is accepted until there is space")
                }
                false => {
                    tracing::info!(free_mib, reserve_mib, "there is space on the disk again: commands are accepted")
                }
            }
        }
        free >= self.reserve_bytes.saturating_add(bytes)
    }

    /// The same as an error.
    pub fn check(&self) -> Result<()> {
        if self.has(0) { Ok(()) } else { Err(StoreError::Full) }
    }
}
