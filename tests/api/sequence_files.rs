//! `relance sequence test`: files of tests, tried by the program itself, with a server and without one.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixtures::{graph, id, node};
use crate::server::Server;

/// Files in a folder of their own.
struct Files(TempDir);

impl Files {
    fn new() -> Files {
        Files(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: &Value) {
        std::fs::write(self.0.path().join(name), content.to_string()).unwrap();
    }

    /// Whether the program ends well, and what it prints.
    fn test(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relance"));
        command.current_dir(self.0.path()).args(["sequence", "test"]).args(arguments);
        for variable in ["RELANCE_TOKEN", "RELANCE_ADMIN_TOKEN"] {
            command.env_remove(variable);
        }
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), told)
    }
}

fn first_node(name: &str, node: &str) -> Value {
    json!({ "name": name, "expect": [{ "at": {}, "node": node }] })
}

/// §20: the tests that ship with the templates run without a server, as in a pipeline.
#[test]
fn the_templates_are_tried_without_a_server() {
    let files = Files::new();
    let names = ["T1", "T2", "T3", "T4", "T5", "T6"];
    names.iter().for_each(|name| files.write(name, &json!({ "template": name })));
    let (ok, told) = files.test(&names);
    assert!(ok && told.ends_with("24 passed, 0 failed\n"), "{told}");
    assert!(!told.contains("no test takes"), "{told}");
}

#[test]
fn a_test_that_fails_fails_the_command_and_the_others_run_all_the_same() {
    let files = Files::new();
    files.write("wrong", &json!({ "template": "T1", "tests": [first_node("begins", "1"), first_node("skips", "3")] }));
    let drawn = graph([node("a", "task", json!({ "name": "Ask" }))]);
    files.write("right", &json!({ "graph": drawn, "record_type": "contact", "tests": [first_node("begins", "a")] }));
    let (ok, told) = files.test(&["wrong", "right"]);
    assert!(!ok, "{told}");
    for part in ["ok     begins", "FAILED skips", "(3)", "(1)", "`no` of `c3`", "2 passed, 1 failed"] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let (ok, told) = files.test(&["--json", "wrong", "right", "missing"]);
    let found: Value = serde_json::from_str(&told).unwrap();
    assert!(!ok && found.as_array().is_some_and(|files| files.len() == 3), "{told}");
    assert_eq!((&found[0]["passed"], &found[0]["failed"], &found[1]["passed"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(found[0]["results"][0], json!({ "name": "begins", "ok": true }));
    assert!(found[2]["error"].is_string(), "{told}");
    assert!(files.test(&["right"]).0);
}

#[test]
fn a_file_that_cannot_be_tried_is_told_with_the_place() {
    let files = Files::new();
    let wait = graph([node("w", "wait", json!({ "days": 1, "next": null }))]);
    for (file, said) in [
        (json!([]), "a JSON object"),
        (json!({}), "one of `sequence`, `template` and `graph`"),
        (json!({ "template": "T1", "graph": {} }), "one of `sequence`, `template` and `graph`"),
        (json!({ "template": "T7" }), "no template `T7`"),
        (json!({ "template": "T1", "record_type": "lead" }), "contact"),
        (json!({ "sequence": "Mine", "record_type": "lead" }), "only `tests`"),
        (json!({ "sequence": "Mine" }), "no server answers"),
        (json!({ "template": "T1", "test": [] }), "/test: "),
        (json!({ "graph": { "nodes": [{ "id": "a" }] } }), "/graph/nodes/0/type: "),
        (json!({ "graph": wait }), "/nodes/w: "),
        (json!({ "template": "T1", "tests": [{ "name": "t", "expect": [] }] }), "/tests/0/expect: "),
        (json!({ "template": "T1", "tests": [{ "name": "t", "expect": [{ "at": { "weeks": 1 } }] }] }), "/weeks: "),
    ] {
        files.write("file", &file);
        let (ok, told) = files.test(&["file", "--server", "http://127.0.0.1:1"]);
        assert!(!ok && told.contains(said), "{said} is not in {told}");
    }
    std::fs::write(files.0.path().join("file"), "{").unwrap();
    assert!(!files.test(&["file"]).0);
    assert!(!Path::new(files.0.path()).join("data").exists(), "no store is opened");
}

#[test]
fn a_sequence_of_a_server_is_tried_by_name_or_id() {
    let server = Server::sandbox();
    let api = server.client();
    let drawn = graph([node("a", "task", json!({}))]);
    let make = |name: &str| id(&api.post("/sequences", json!({ "name": name, "graph": drawn })).expect(201));
    let (mine, twin) = (make("Mine"), make("Twin"));
    make("Twin");
    let files = Files::new();
    let try_it = |sequence: &str, tests: Option<Value>| {
        let mut file = json!({ "sequence": sequence });
        if let Some(tests) = tests {
            file["tests"] = tests;
        }
        files.write("file", &file);
        files.test(&["file", "--server", &server.url(), "--token", crate::server::TOKEN])
    };
    for named in ["Mine", &mine, &twin] {
        let (ok, told) = try_it(named, Some(json!([first_node("begins", "a")])));
        assert!(ok && told.contains("1 passed, 0 failed"), "{told}");
    }
    let (ok, told) = try_it("Mine", Some(json!([first_node("begins", "b")])));
    assert!(!ok && told.contains("FAILED begins"), "{told}");
    api.put(&format!("/sequences/{mine}/tests"), json!({ "tests": [first_node("kept", "a")] })).expect(200);
    let (ok, told) = try_it("Mine", None);
    assert!(ok && told.contains("ok     kept"), "{told}");
    for (sequence, said) in [("Twin", twin.as_str()), ("Twi", "no sequence"), (&mine.replace('0', "1"), "not_found")] {
        let (ok, told) = try_it(sequence, None);
        assert!(!ok && told.contains(said), "{said} is not in {told}");
    }
}
