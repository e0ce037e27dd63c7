//! `relance bench`: every scenario that is part of the program, small, so that none of them rots.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::server::{Server, TOKEN};

fn bench(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relance"));
    command.arg("bench").args(arguments).args(["--seconds", "1", "--connections", "1,4", "--json"]);
    command.env("RELANCE_TOKEN", TOKEN).output().unwrap()
}

/// The JSON lines, if the bench was content.
#[track_caller]
fn lines(output: &Output) -> Vec<Value> {
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}{errors}");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// What was told, each once, in the order in which it came; nothing was refused or left undone.
fn told(lines: &[Value]) -> Vec<&str> {
    let mut told = Vec::new();
    for line in lines {
        if line["line"] == "rate" {
            assert_eq!(line["refused"], 0, "{line}");
            assert!(line["requests"].as_u64() > Some(0), "{line}");
        }
        let what = line["what"].as_str().unwrap_or("sample");
        if !told.contains(&what) {
            told.push(what);
        }
    }
    told
}

/// A scenario on servers of its own.
#[track_caller]
fn on_its_own(scenario: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let found = lines(&bench(&[scenario, "--records", "200", "--data", data.to_str().unwrap()]));
    assert!(found.iter().all(|line| line["scenario"] == scenario));
    found
}

const LOADED: [&str; 3] = ["make records", "connect", "connected"];

#[test]
fn canonical_measures_commands_in_closed_and_open_loops() {
    let found = on_its_own("canonical");
    assert_eq!(told(&found), [&LOADED[..], &["complete"]].concat());
    let due: Vec<_> =
        found.iter().filter(|line| line["what"] == "complete").map(|line| &line["due_per_second"]).collect();
    assert_eq!(due, [&Value::Null, &Value::Null, &Value::from(10_000)]);
}

#[test]
fn a_million_records_are_loaded_and_survive_restarts() {
    let found = on_its_own("million");
    let all = ["complete once", "1 s idle", "restart after a stop", "restart after a kill"];
    let told = told(&found);
    assert_eq!(told[..7], [&LOADED[..], &all].concat());
    // Where the program can compact, it has.
    assert!(told[7..].iter().all(|what| what.starts_with("compacted")), "{told:?}");
}

#[test]
fn nine_o_clock_fires_every_wait_on_both_clocks() {
    let found = on_its_own("nine-o-clock");
    let test = ["complete once", "restart after a kill", "sample", "drain, test clock", "other user meanwhile"];
    let real = ["drain, real clock", "timer lateness"];
    assert_eq!(told(&found), [&LOADED[..], &test, &real].concat());
    for drained in found.iter().filter(|line| line["what"].as_str().is_some_and(|what| what.starts_with("drain"))) {
        assert_eq!(drained["requests"], 200, "{drained}");
    }
}

#[test]
fn one_hot_record_gets_every_kind_of_command() {
    let kinds = ["  note", "  patch", "  event", "  complete"];
    let all = [&["neighbours alone", "neighbours meanwhile", "hot record"][..], &kinds].concat();
    assert_eq!(told(&on_its_own("hot-record"))[..7], all);
}

#[test]
fn one_hot_sequence_counts_its_records_right() {
    let kinds = ["mixed", "  connect", "  complete", "  disconnect", "  list", "  counters"];
    assert_eq!(told(&on_its_own("hot-sequence")), kinds);
}

#[test]
fn a_soak_does_everything_and_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("short.toml");
    let soak =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scenarios/soak.toml")).unwrap();
    // Long enough for a look at the server every second, from the first on.
    let short =
        soak.replace("every_seconds = 10", "every_seconds = 1").replace("settle_seconds = 300", "settle_seconds = 0");
    let short = short.replace("seconds = 1_800", "seconds = 4").replace("over_seconds = 1_800", "over_seconds = 4");
    std::fs::write(&file, short.replace("36_000", "200").replace("20_000", "200")).unwrap();
    let data = folder.path().join("data");
    let output = Command::new(env!("CARGO_BIN_EXE_relance"))
        .args(["bench", "--json", "--data", data.to_str().unwrap(), file.to_str().unwrap()])
        .output()
        .unwrap();
    let found = lines(&output);
    let told = told(&found);
    let kinds = ["connect", "complete", "snooze", "event", "note", "disconnect", "new", "read", "list", "counters"];
    assert_eq!(told[..2], ["sample", "mixed"]);
    assert!(kinds.iter().all(|kind| told.iter().any(|what| what.trim() == *kind)), "{told:?}");
    for judged in ["resident_mb", "descriptors", "in_flight", "p50_ms", "p99_ms", "disk MB; bytes per command"] {
        let slope = found.iter().find(|line| line["what"] == judged).unwrap_or_else(|| panic!("{judged}: {told:?}"));
        assert!(slope["rise"].is_f64() && slope["bound"].is_f64(), "{slope}");
    }
}

#[test]
fn a_server_that_runs_is_measured_from_outside() {
    let server = Server::sandbox();
    let found = lines(&bench(&["complete", "spike", "--records", "50", "--server", &server.url()]));
    let spike = ["complete once", "sample", "drain, test clock", "other user meanwhile"];
    assert_eq!(told(&found), [&["make records", "connect", "complete"][..], &spike].concat());
}

#[test]
fn what_a_given_server_cannot_do_is_refused_in_a_sentence() {
    let server = Server::real();
    for (scenario, said) in [("spike", "--sandbox"), ("million", "--data DIR")] {
        let output = bench(&[scenario, "--records", "5", "--server", &server.url()]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && errors.contains(said), "{scenario}: {errors}");
    }
}

#[test]
fn a_misspelt_scenario_is_refused_before_anything_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("mine.toml"), folder.path().join("data"));
    std::fs::write(&file, "[[phase]]\nstart = {}\n[[phase]]\nconnect = { recrods = 5 }\n").unwrap();
    let output = bench(&["canonical", file.to_str().unwrap(), "--data", data.to_str().unwrap()]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("line 4") && errors.contains("recrods"), "{errors}");
    assert!(!output.status.success() && !data.exists());
}
