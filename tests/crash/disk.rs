//! A disk whose power can be cut: ext4 on a loop device, shut down without flushing its journal, so that only what was
//! synced is left.
//!
//! What the disk's own cache holds is not lost; P1 is promised for disks that honour a flush.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The image is sparse; a run fills some tenths of it.
const IMAGE_BYTES: u64 = 1 << 30;

/// A mounted file system. It lives in the mount namespace of this process, which takes it along however it ends.
pub struct Disk {
    image: PathBuf,
    mount: PathBuf,
}

impl Disk {
    /// Makes the file system in an image file under `folder` and mounts it there.
    pub fn make(folder: &Path) -> Disk {
        let disk = Disk { image: folder.join("image"), mount: folder.join("mount") };
        File::create(&disk.image).and_then(|image| image.set_len(IMAGE_BYTES)).unwrap();
        fs::create_dir(&disk.mount).unwrap();
        run("mkfs.ext4", ["-q".as_ref(), "-F".as_ref(), disk.image.as_os_str()]);
        disk.mount();
        disk.loses_what_is_not_synced();
        disk
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.mount
    }

    /// Left to itself, the journal is flushed every few seconds, and what the server forgot to sync would look safe.
    fn mount(&self) {
        let options = ["-o", "loop,commit=300"].map(OsStr::new);
        run("mount", options.into_iter().chain([self.image.as_os_str(), self.mount.as_os_str()]));
    }

    /// Cuts the power, ends with `end` whoever works on the disk, and brings it back as it is then.
    pub fn cut(&self, end: impl FnOnce()) {
        run("xfs_io", ["-x", "-c", "shutdown"].map(OsStr::new).into_iter().chain([self.mount.as_os_str()]));
        end();
        run("umount", [self.mount.as_os_str()]);
        self.mount();
    }

    /// A cut that loses nothing would prove nothing.
    fn loses_what_is_not_synced(&self) {
        let (synced, left) = (self.mount.join("synced"), self.mount.join("left"));
        File::create(&synced).and_then(|file| file.sync_all()).unwrap();
        fs::write(&left, "only in memory").unwrap();
        self.cut(|| assert!(fs::write(&left, "").is_err(), "the file system works on without power"));
        assert!(synced.exists(), "a synced file is gone");
        assert!(!left.exists(), "a file that nobody synced survives");
    }
}

fn run<'a>(program: &str, arguments: impl IntoIterator<Item = &'a OsStr>) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}
