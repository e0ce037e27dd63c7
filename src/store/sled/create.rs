//! A data directory that is made whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::opening::{lock, wait_until_closed};
use super::{Sled, SledOptions, open};
use crate::store::rows::RowStore;
use crate::store::sled::io as io_error;
use crate::store::{Result, Store, StoreError};

/// Makes a new data directory and lets `fill` write into it. It is built beside and takes its name at the end, so that one
/// that was interrupted is not there. Refused where the directory holds anything.
pub fn create<T>(directory: &Path, fill: impl FnOnce(&RowStore<Sled>) -> Result<T>) -> Result<T> {
    refuse_occupied(directory)?;
    let name = directory.file_name().unwrap_or(directory.as_os_str()).to_string_lossy();
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside: PathBuf = parent.join(format!(".{name}.unfinished"));
    if beside.exists() {
        // An earlier one was interrupted, or is still under way and holds the lock.
        let _held = lock(&beside, &beside.display().to_string())?;
        fs::remove_dir_all(&beside).map_err(failed)?;
    }
    let made = fill_beside(&beside, fill);
    let done = made.and_then(|made| {
        refuse_occupied(directory)?;
        take_name(&beside, directory, parent).map_err(failed)?;
        Ok(made)
    });
    if done.is_err() {
        // What is left of it is removed by the next one too.
        let _ = fs::remove_dir_all(&beside);
    }
    done
}

fn fill_beside<T>(beside: &Path, fill: impl FnOnce(&RowStore<Sled>) -> Result<T>) -> Result<T> {
    let store = open(beside, SledOptions::default())?;
    let made = fill(&store)?;
    // Nobody who held the right to write the original may write this one.
    store.grant()?;
    store.close()?;
    drop(store);
    wait_until_closed(&beside.join("store").join("db"), &beside.display().to_string())?;
    Ok(made)
}

fn refuse_occupied(directory: &Path) -> Result<()> {
    let occupied = match directory.read_dir() {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(failed(error)),
    };
    if occupied { Err(StoreError::Occupied(directory.display().to_string())) } else { Ok(()) }
}

fn take_name(beside: &Path, directory: &Path, parent: &Path) -> io::Result<()> {
    super::compact::sync(&beside.join("store"))?;
    super::compact::sync(beside)?;
    fs::rename(beside, directory)?;
    File::open(parent)?.sync_all()
}

fn failed(error: io::Error) -> StoreError {
    io_error("make the data directory", error)
}
