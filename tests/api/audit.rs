//! The audit trail of a server that has run: what was refused stands there, and `relance check` finds whoever alters it.

use std::path::Path;
use std::process::{Command, Output};

use relance::domain::audit::AuditEvent;
use relance::store::codec::{self, Entry};
use relance::store::rows::{Batch, Keyspace};
use relance::store::sled::{self, SledOptions};
use relance::store::{Store, key};
use reqwest::Method;
use serde_json::json;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use crate::people::Credential;
use crate::server::Server;

fn check(data: &Path, noted: Option<&str>) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relance"));
    command.args(["check", "--data"]).arg(data);
    if let Some(noted) = noted {
        command.args(["--trail", noted]);
    }
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output, told)
}

/// What a row adds to the sum of the log, as `store/head.rs` has it.
fn weight(row: &[u8], value: &[u8]) -> u128 {
    xxh3_128_with_seed(value, xxh3_64(row))
}

#[test]
fn a_refusal_that_is_altered_or_taken_away_behind_the_servers_back_is_found() {
    let server = Server::sandbox();
    let api = server.client();
    let person = api.person("curious", &["seller"], "north");
    let by = person.by_token();
    api.ask(by, Method::GET, "/api/v1/audit").send().refused(403, "forbidden_role");
    api.ask(by, Method::PATCH, "/api/v1/settings").json(&json!({})).send().refused(403, "forbidden_role");
    api.ask(Credential::Token("nonsense"), Method::GET, "/api/v1/me").send().refused(401, "unauthenticated");
    let trail = api.get("/audit?limit=3").expect(200);
    let newest = &trail["items"][0];
    let (number, hash) = (newest["number"].as_u64().unwrap(), newest["hash"].as_str().unwrap());
    let noted = format!("{number}:{hash}");
    assert!(trail["items"].as_array().unwrap().iter().all(|link| link["action"] == "access.refused"), "{trail}");

    let root = server.stop();
    let data = root.path().join("data");
    let (output, told) = check(&data, Some(&noted));
    assert!(output.status.success(), "{told}");
    let (output, told) = check(&data, Some(&format!("{number}:{}", "0".repeat(64))));
    assert!(!output.status.success() && told.contains("is not in the audit trail as it was noted"), "{told}");

    // Somebody writes with the program's own means, so that every sum of the files fits.
    let store = sled::open(&data, SledOptions::default()).unwrap();
    let mut found = None;
    store
        .trail(None, &mut |number, link| {
            found = Some((number, link));
            false
        })
        .unwrap();
    let (last, link) = found.unwrap();
    assert_eq!(last, number);
    let row = key::event(link.entity, link.version);
    let before = store.keyspace().get(&row).unwrap().unwrap();
    let mut entry: Entry<AuditEvent> = codec::decode(&before).unwrap();
    let AuditEvent::Refused(refusal) = &mut entry.events[0];
    refusal.detail = "nothing happened".into();
    let altered = codec::encode(&entry);
    let mut head = store.head();
    head.number += 1;
    head.log = head.log.wrapping_sub(weight(&row, &before)).wrapping_add(weight(&row, &altered));
    let batch = Batch(vec![(row, Some(altered)), (key::head(), Some(codec::encode(&head)))]);
    store.keyspace().apply(batch, &head).unwrap();
    drop(store);
    let (output, told) = check(&data, None);
    assert!(!output.status.success(), "{told}");
    let names = format!("link {number} of the audit trail names {} version {}", link.entity, link.version);
    assert!(told.contains(&names), "{told}");
}
