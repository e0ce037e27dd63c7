//! What a data directory says about itself, outside the database.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::limits;
use crate::store::sled::{damaged, io};
use crate::store::{Result, StoreError};

/// Raised when the layout of keys or rows changes. What is computed from events is computed anew when a directory of an
/// earlier format is opened.
pub const FORMAT: u32 = 6;
/// From this format on there are a head and a witness, and sums.
pub const WITNESSED: u32 = 2;

const MANIFEST: &str = "relance.json";

/// What a data directory says about itself, outside the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout of keys and rows.
    pub format: u32,
    /// The database that belongs to it. As text: a JSON reader makes a float of so large a number.
    pub store_id: Uuid,
    shard_bits: u32,
}

/// Reads the manifest; `None` where there is none yet.
pub fn read(directory: &Path, name: &str) -> Result<Option<Manifest>> {
    let mut text = String::new();
    match File::open(directory.join(MANIFEST)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("open the manifest", error)),
        Ok(mut file) => {
            file.read_to_string(&mut text).map_err(|_| damaged(name, "`relance.json` is no text"))?;
        }
    }
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|_| damaged(name, "`relance.json` does not read as JSON"))?;
    let format = value.get("format").and_then(serde_json::Value::as_u64).unwrap_or(0);
    if format > u64::from(FORMAT) {
        let found = u32::try_from(format).unwrap_or(u32::MAX);
        return Err(StoreError::Newer { path: name.into(), found, known: FORMAT });
    }
    let manifest: Manifest =
        serde_json::from_value(value).map_err(|_| damaged(name, "`relance.json` lacks what it must say"))?;
    if manifest.shard_bits != limits::SHARD_BITS {
        return Err(damaged(name, "it was made with another number of shards; export it and import it here"));
    }
    Ok(Some(manifest))
}

/// Writes the manifest of a store in the present format, whole and durable.
pub fn write(directory: &Path, store_id: u128) -> std::io::Result<()> {
    let store_id = Uuid::from_u128(store_id);
    let manifest = Manifest { format: FORMAT, store_id, shard_bits: limits::SHARD_BITS };
    let (path, draft) = (directory.join(MANIFEST), directory.join("relance.json.new"));
    let mut file = File::create(&draft)?;
    file.write_all(serde_json::to_string_pretty(&manifest)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(draft, path)?;
    File::open(directory)?.sync_all()
}
