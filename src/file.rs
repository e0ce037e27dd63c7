//! Small files beside the database: each is there with all that it says, or as it was, however the process or the power
//! ends.

use std::fs::{self, File, OpenOptions};
use std::io::{Result, Write};
use std::path::Path;

/// Replaces a file by one line of text; durable when it returns. Only the server's own user may read it. Blocking.
pub fn write_whole(file: &Path, text: &str) -> Result<()> {
    let draft = file.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&draft)?;
    writeln!(written, "{text}")?;
    written.sync_all()?;
    fs::rename(draft, file)?;
    // The new name, too, must be there after a power cut.
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
