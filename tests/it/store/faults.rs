//! A file operation that fails, at every point of a run of some 200 commits (P1, P2, P9): whatever was acknowledged is there
//! afterwards, all of a commit or nothing of it, and the program ends with an error instead of going on.
//!
//! The program is this test binary, started again with a library in front of the system's (`tests/faults.c`).

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use relance::domain::record::schema::Change;
use relance::store::{Store, maintenance};

use super::fixture::*;
use super::population::{Population, populate};

/// Points at which something fails in one run of the tests, per part and kind of fault. All: `RELANCE_FAULTS=0`.
const POINTS: usize = 24;
/// A program that says nothing for so long has hung.
const DONE_WITHIN: Duration = Duration::from_secs(60);
/// Where the program that is started finds its data directory, and what it does there.
const DATA: &str = "RELANCE_FAULTS_DATA";
const PART: &str = "RELANCE_FAULTS_PART";
/// How the program ends after an error, and when it hung and somebody else had to end it.
const FAILED: i32 = 3;
const HUNG: i32 = 4;

/// What the program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Makes a data directory and fills it.
    First,
    /// Opens what a kill has left behind the first part, and changes it 200 times.
    Second,
}

impl Part {
    fn run(self, mut all: Population) {
        match self {
            Part::First => populate(&mut all),
            Part::Second => (0..200_usize).for_each(|number| {
                let lead = record((number as u32 % 24 * 5 % 16) as u16, number as u32 % 24);
                let lead = if number % 24 == 0 { record(12, 99) } else { lead };
                all.change(lead, Change::LinkedinUrl(Some(format!("https://example.com/{number}"))));
            }),
        }
    }
}

/// Rows that last, and those computed from them.
type State = (Vec<(relance::id::EntityId, u32, Vec<u8>)>, Vec<(Vec<u8>, Vec<u8>)>);

fn state(store: &dyn Store) -> State {
    (log(store), derived(store))
}

/// What the rows are before the first commit of a part and after each, as the model says it.
fn states(part: Part) -> Vec<State> {
    let store = memory();
    if part == Part::Second {
        Part::First.run(Population::new(&store));
    }
    let states = std::cell::RefCell::new(vec![state(&store)]);
    part.run(Population::new(&store).telling(&|| states.borrow_mut().push(state(&store))));
    states.into_inner()
}

/// The program itself: opens, commits, tells each commit that is acknowledged, and stops. A test only by name.
#[test]
fn program() {
    let (Some(data), Some(part)) = (std::env::var_os(DATA), std::env::var_os(PART)) else { return };
    let part = if part == "First" { Part::First } else { Part::Second };
    let ran = std::panic::catch_unwind(|| {
        let store = Arc::new(try_sled(Path::new(&data)).map_err(|error| error.to_string())?);
        let watched = store.clone();
        // As the server does: somebody looks after what sled's own threads meet, and does not wait for ever.
        std::thread::spawn(move || {
            while watched.is_sound() {
                std::thread::sleep(Duration::from_millis(50));
            }
            std::thread::sleep(Duration::from_secs(5));
            eprintln!("it hangs after the store has failed");
            std::process::exit(HUNG);
        });
        let told = || {
            let _ = std::io::stdout().write_all(b"acknowledged\n").and_then(|()| std::io::stdout().flush());
        };
        part.run(Population::new(store.as_ref()).telling(&told));
        store.close().map_err(|error| error.to_string())
    });
    match ran {
        Ok(Ok(())) => std::process::exit(0),
        Ok(Err(error)) => eprintln!("{error}"),
        Err(panic) => eprintln!("{}", panic.downcast_ref::<String>().map_or("a panic", String::as_str)),
    }
    std::process::exit(FAILED);
}

/// Builds the library that makes operations fail.
fn shim(folder: &Path) -> PathBuf {
    let (source, library) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults.c"), folder.join("shim.so"));
    let built =
        Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    assert!(built.expect("tests/run installs a C compiler").success());
    library
}

/// One start of the program.
struct Run {
    acknowledged: usize,
    code: Option<i32>,
    errors: String,
    operations: u64,
}

struct Faults {
    folder: tempfile::TempDir,
    library: PathBuf,
}

impl Faults {
    fn new() -> Faults {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { directory() };
        let library = shim(folder.path());
        Faults { folder, library }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts the program with the fault `kind` at one of its operations.
    fn run(&self, part: Part, kind: &str, at: u64) -> Run {
        let count = self.folder.path().join("count");
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "store::faults::program", "--nocapture", "--test-threads=1"]);
        command.env(DATA, self.data()).env(PART, format!("{part:?}")).env("LD_PRELOAD", &self.library);
        command.env("FAULT_UNDER", self.data()).env("FAULT_KIND", kind).env("FAULT_AT", at.to_string());
        command.env("FAULT_COUNT", &count).env("RUST_BACKTRACE", "0");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (ended, end) = std::sync::mpsc::channel();
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        std::thread::spawn(move || {
            let errors = std::thread::spawn(move || std::io::read_to_string(&mut err).unwrap());
            let said = std::io::read_to_string(&mut out).unwrap();
            let _ = ended.send((said, errors.join().unwrap()));
        });
        let Ok((said, errors)) = end.recv_timeout(DONE_WITHIN) else {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{part:?}, {kind} at {at}: the program hangs");
        };
        let code = child.wait().unwrap().code();
        let operations = fs::read_to_string(count).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        Run { acknowledged: said.matches("acknowledged").count(), code, errors, operations }
    }

    /// Lays out the data directory that a part begins with.
    fn prepare(&self, part: Part) {
        let _ = fs::remove_dir_all(self.data());
        if part == Part::Second {
            // Dropped, not closed: what it finds is read as after a kill.
            Part::First.run(Population::new(&sled(&self.data())));
            wait_until_closed(&self.data());
        }
    }

    /// A fault at one point, and what is there afterwards. Whether the program ended with an error.
    fn try_at(&self, part: Part, kind: &str, at: u64, states: &[State]) -> bool {
        let run = self.run(part, kind, at);
        let what = format!(
            "{part:?}, {kind} at {at}: {} acknowledged, ended with {:?}\n{}",
            run.acknowledged, run.code, run.errors
        );
        match run.code {
            Some(0) => assert_eq!(run.acknowledged + 1, states.len(), "{what}"),
            Some(FAILED) => assert!(!run.errors.trim().is_empty(), "it says why: {what}"),
            _ => panic!("{what}"),
        }
        let store = match try_sled(&self.data()) {
            Ok(store) => store,
            Err(error) => panic!("{what}does not open: {error}"),
        };
        let found = state(&store);
        let possible = [run.acknowledged, run.acknowledged + 1].into_iter().filter_map(|count| states.get(count));
        assert!(possible.into_iter().any(|state| *state == found), "{what}{} rows of the log are there", found.0.len());
        assert_eq!(maintenance::check(&store).unwrap().faults, Vec::<String>::new(), "{what}");
        run.code != Some(0)
    }
}

#[test]
fn p1_a_file_operation_that_fails_loses_nothing_acknowledged() {
    let faults = Faults::new();
    let wanted = std::env::var("RELANCE_FAULTS").map_or(POINTS, |text| text.parse().expect("a number"));
    for part in [Part::First, Part::Second] {
        let states = states(part);
        for kind in ["eio", "enospc", "short"] {
            faults.prepare(part);
            let whole = faults.run(part, kind, 0);
            assert_eq!((whole.code, whole.acknowledged + 1), (Some(0), states.len()), "{}", whole.errors);
            let step = if wanted == 0 { 1 } else { whole.operations.div_ceil(wanted as u64).max(1) };
            let points = (1 + fastrand::u64(0..step)..=whole.operations).step_by(step as usize);
            let (mut tried, mut failed) = (0, 0);
            for at in points {
                faults.prepare(part);
                tried += 1;
                failed += usize::from(faults.try_at(part, kind, at, &states));
            }
            println!("{part:?}, {kind}: {tried} of {} operations failed, {failed} ended the program", whole.operations);
            assert!(failed * 2 > tried, "most failures are met");
        }
    }
}
