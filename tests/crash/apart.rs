//! Runs a test in a mount and process namespace of its own: whatever it mounts and starts is gone when it is, however it
//! ends.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The folder of the inner process; set there only.
const INSIDE: &str = "RELANCE_APART_IN";
/// How the folders of outer processes begin.
const PREFIX: &str = "apart-";

/// A file system on a loop device that is shut down; says on its last line what is missing.
const PROBE: &str = r#"
set -e
cd "$1"
truncate -s 16M image
mkfs.ext4 -q -F image
mkdir mount
mount -o loop image mount
xfs_io -x -c shutdown mount
umount mount
rmdir mount
rm image
"#;

/// Runs `test` with an empty folder in an inner process that is told to run the test called `name` alone. Where the machine
/// cannot, the run says so and the test passes.
pub fn run(name: &str, test: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os(INSIDE) {
        // The outer process holds the other end: when it is gone, so are we.
        std::thread::spawn(|| {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(1);
        });
        return test(Path::new(&folder));
    }
    remove_leftovers();
    let folder = TempDir::with_prefix_in(PREFIX, env!("CARGO_TARGET_TMPDIR")).unwrap();
    let lock = File::create(folder.path().join("lock")).unwrap();
    lock.lock().unwrap();
    if let Err(why) = probe(folder.path()) {
        return not_proven(&format!("{name}: {why}"));
    }
    let mut command = unshare();
    command.arg(std::env::current_exe().unwrap()).args(["--exact", name, "--nocapture"]).env(INSIDE, folder.path());
    let mut inner = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let held = inner.stdin.take();
    let output = inner.wait_with_output().unwrap();
    drop(held);
    let [said, complained] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    println!("{said}{complained}");
    assert!(output.status.success(), "it failed in a process of its own: {}", output.status);
    assert!(said.contains("1 passed"), "there is no test called {name}");
}

/// Folders of runs that were killed; those of a run that goes on are locked.
fn remove_leftovers() {
    for folder in fs::read_dir(env!("CARGO_TARGET_TMPDIR")).unwrap().map(|folder| folder.unwrap()) {
        let is_ours = folder.file_name().to_string_lossy().starts_with(PREFIX);
        let lock = File::open(folder.path().join("lock"));
        if is_ours && lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(folder.path());
        }
    }
}

fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]);
    // mkfs and xfs_io are where not everybody looks.
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    command
}

/// Why power cannot be cut on this machine.
fn probe(folder: &Path) -> Result<(), String> {
    let probed = unshare().args(["sh", "-c", PROBE, "sh"]).arg(folder).output();
    let output = probed.map_err(|error| format!("unshare: {error}"))?;
    let complained = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(()),
        false => Err(complained.lines().last().unwrap_or("the probe failed").to_owned()),
    }
}

/// Says so past the harness, which hides what a passed test prints, and in the file `RELANCE_NOT_PROVEN`, whose lines
/// `tests/run` ends with.
fn not_proven(what: &str) {
    let line = format!("NOT PROVEN on this machine: {what}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(file) = std::env::var_os("RELANCE_NOT_PROVEN") {
        let file = OpenOptions::new().create(true).append(true).open(Path::new(&file));
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}
