//! Scenarios from end to end, on the release binary and fresh data directories: what README.md and RESULTS.md state.
//!
//! ```text
//! cargo bench --bench canonical                                  what README.md states
//! cargo bench --bench canonical -- soak                          a scenario by its name, or several, or files
//! cargo bench --bench canonical -- --records 2000 --seconds 1    a quick look, also with names
//! ```
//!
//! Each scenario is run by `relance bench`, which starts the servers and puts the load on them. This prints a section for
//! RESULTS.md and draws its plots into `benches/results`; after a quick look they lie in the target directory. The
//! drawing is here and not in the program, because no server needs it.

mod canonical {
    pub mod figures;
    pub mod machine;
    pub mod plot;
}

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use canonical::figures::Figures;
use canonical::machine::{load, machine};
use canonical::plot;

const RELANCE: &str = env!("CARGO_BIN_EXE_relance");
/// On the disk that the target directory is on; a folder for temporary files may be in memory.
const SCRATCH: &str = env!("CARGO_TARGET_TMPDIR");
/// What README.md states.
const STATED: [&str; 2] = ["canonical", "nine-o-clock"];

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    // `cargo test --benches` must run no load; it sees that the plots can be drawn.
    if !std::env::args().any(|argument| argument == "--bench") {
        return draw_an_example();
    }
    let is_option = |argument: &String| argument.starts_with("--");
    let first_option = arguments.iter().position(is_option).unwrap_or(arguments.len());
    let (named, options) = arguments.split_at(first_option);
    let stated = STATED.map(str::to_owned);
    let named = if named.is_empty() { &stated[..] } else { named };
    let plots = match options.is_empty() {
        true => Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results"),
        false => Path::new(SCRATCH).join("plots"),
    };
    fs::create_dir_all(&plots)?;
    named.iter().try_for_each(|scenario| section(scenario, options, &plots))
}

/// Runs a scenario and prints its section.
fn section(scenario: &str, options: &[String], plots: &Path) -> Result<()> {
    let folder = tempfile::tempdir_in(SCRATCH)?;
    let (lines, before) = (folder.path().join("lines.jsonl"), load());
    let bench = Command::new(RELANCE)
        .args(["bench", scenario])
        .args(options)
        .arg("--data")
        .arg(folder.path().join("data"))
        .arg("--out")
        .arg(&lines)
        .stderr(Stdio::inherit())
        .output()?;
    if !bench.status.success() {
        return Err(format!("the scenario {scenario} failed").into());
    }
    let name = Path::new(scenario).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    println!("## {name}\n");
    println!("`cargo bench --bench canonical -- {}`\n", [&[scenario.to_owned()], options].concat().join(" "));
    println!("{}. Load before {before}, after {}.\n", machine(), load());
    println!("```text\n{}```\n", String::from_utf8(bench.stdout)?);
    for file in plot::all(&Figures::read(&fs::read_to_string(lines)?)?, &name, plots)? {
        println!("![{}](results/{})\n", file.1, file.0.display());
    }
    Ok(())
}

/// Draws what a run would, from a few lines of each kind.
fn draw_an_example() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let example = include_str!("canonical/example.jsonl");
    let files: Vec<(PathBuf, String)> = plot::all(&Figures::read(example)?, "example", folder.path())?;
    let names: Vec<_> = files.iter().map(|(file, _)| file.display().to_string()).collect();
    assert_eq!(names, ["latency", "lateness", "drain", "over-time"].map(|what| format!("example-{what}.svg")));
    for (file, _) in files {
        let drawn = fs::read_to_string(folder.path().join(&file))?;
        assert!(drawn.starts_with("<svg") && drawn.contains("<polyline"), "{}", file.display());
    }
    Ok(())
}
