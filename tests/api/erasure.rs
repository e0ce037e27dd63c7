//! `DELETE /records/{id}`: a person is gone from every answer and every file, and nobody else is.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Answer, Client, Server, spooled, until};

fn erase(api: &Client, record: &str, key: Option<&str>) -> Answer {
    let request = api.request(Method::DELETE, &format!("/records/{record}"));
    key.map_or(api.request(Method::DELETE, &format!("/records/{record}")), |key| request.header("idempotency-key", key))
        .send()
}

fn canary(api: &Client, external_id: &str) -> String {
    let body =
        json!({ "type": "lead", "name": "Canary Bird", "email": "canary@example.org", "external_id": external_id });
    id(&api.post("/records", body).expect(201))
}

#[test]
fn p18_an_erased_record_is_nowhere_and_its_totals_stay() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(graph([
        node("m", "auto_email", json!({ "template": "00000000-0000-7000-8000-000000000011", "next": "t" })),
        task("t", None),
    ]));
    let (lead, other) = (canary(&api, "bird-1"), api.lead());
    let enrolment = api.connect(&sequence, &lead);
    api.connect(&sequence, &other);
    api.advance_hours(1);
    let step = api.current_id(&lead, "t");
    assert_eq!(spooled(&server.data()).len(), 2);

    let stale = api.request(Method::DELETE, &format!("/records/{lead}")).header("if-match", "\"v1\"").send();
    stale.refused(412, "version_mismatch");
    let answer = erase(&api, &lead, Some("once"));
    assert_eq!((answer.status, answer.text().as_str()), (204, ""));
    assert_eq!(erase(&api, &lead, Some("once")).status, 204, "the first answer again");
    erase(&api, &lead, None).refused(404, "not_found");
    erase(&api, &lead, Some("twice")).refused(404, "not_found");

    for path in [
        format!("/records/{lead}"),
        "/records/external:lead:bird-1".into(),
        format!("/records/{lead}/timeline"),
        format!("/records/{lead}/up-next"),
        format!("/records/{lead}/enrolments"),
        format!("/steps/{step}"),
        format!("/enrolments/{}", id(&enrolment)),
    ] {
        api.get(&path).refused(404, "not_found");
    }
    api.post(&format!("/steps/{step}/complete"), json!({})).refused(404, "not_found");
    api.patch(&format!("/records/{lead}"), json!({ "name": "x" })).refused(404, "not_found");
    for list in [
        "/records?q=canary".into(),
        format!("/records?sequence={sequence}"),
        format!("/sequences/{sequence}/enrolments"),
    ] {
        let found = api.get(&list).expect(200);
        assert!(!found.to_string().contains(&lead), "{list}: {found}");
    }
    assert_eq!(items(&api.get(&format!("/records?sequence={sequence}")).expect(200)).len(), 1, "the other is there");
    let messages =
        until("its message is removed", || Some(spooled(&server.data())).filter(|messages| messages.len() == 1));
    assert!(!messages[0].contains("canary"));
    // The key is free, for somebody new.
    let again = canary(&api, "bird-1");
    assert_ne!(again, lead);
}

#[test]
fn what_was_created_once_is_not_shown_again_after_its_erasure() {
    let server = Server::shared();
    let api = server.client();
    let create = || {
        let request = api.request(Method::POST, "/records").header("idempotency-key", "made-to-be-erased");
        request.json(&json!({ "type": "lead", "name": "Gone" })).send()
    };
    let lead = id(&create().expect(201));
    assert_eq!(erase(&api, &lead, None).status, 204);
    create().refused(404, "not_found");
    let by_key = canary(&api, "erased-by-key");
    assert_eq!(erase(&api, "external:lead:erased-by-key", Some("by key")).status, 204);
    assert_eq!(erase(&api, "external:lead:erased-by-key", Some("by key")).status, 204);
    erase(&api, "external:lead:another", Some("by key")).refused(422, "idempotency_key_reused");
    erase(&api, &by_key, None).refused(404, "not_found");
}

#[test]
fn a_person_goes_from_the_rejected_rows_of_imports_too() {
    // Alone: whoever erases another canary takes these rows too.
    let server = Server::sandbox();
    let api = server.client();
    let lead = canary(&api, "in-a-file");
    let file = "Name,Email,Score\nCanary Bird,canary@example.org,far too many\nBob,bob@example.org,too many as well\n";
    let request = api.request(Method::POST, "/imports?type=lead").header("content-type", "text/csv").body(file);
    let import = id(&request.send().expect(201));
    until("the import ends", || {
        let job: Value = api.get(&format!("/imports/{import}")).expect(200);
        (job["state"] == "completed").then_some(())
    });
    let rejects = || api.get(&format!("/imports/{import}/rejects")).text();
    assert!(rejects().contains("canary@example.org"), "{}", rejects());
    // Whoever may not, or means another version, takes nothing away.
    let manager = api.person("manager", &["sequence_manager"], "default");
    let path = format!("/api/v1/records/{lead}");
    api.ask(manager.by_token(), Method::DELETE, &path).send().refused(403, "forbidden_role");
    let stale = api.request(Method::DELETE, &format!("/records/{lead}")).header("if-match", "\"v7\"").send();
    stale.refused(412, "version_mismatch");
    assert!(rejects().contains("canary@example.org"), "{}", rejects());
    assert_eq!(erase(&api, &lead, None).status, 204);
    let left = rejects();
    assert!(!left.contains("anary") && left.contains("bob@example.org") && left.contains("was erased"), "{left}");
}

/// P17: the stream of a running server, restored by the program, is what the server holds.
#[test]
fn p17_a_backup_of_a_running_server_restores() {
    let server = Server::sandbox();
    let api = server.client();
    let leads: Vec<String> = (0..200).map(|_| api.lead()).collect();
    api.active(graph([task("t", None)]));
    let backup = api.get("/backup");
    assert_eq!((backup.status, backup.header("content-type")), (200, "application/octet-stream"));
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("file.backup"), folder.path().join("data"));
    std::fs::write(&file, backup.bytes()).unwrap();
    let program = |arguments: &[&str]| {
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_relance")).args(arguments).output().unwrap();
        (done.status.success(), String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap())
    };
    let (file, data) = (file.to_str().unwrap(), data.to_str().unwrap());
    let (ok, told) = program(&["restore", file, "--data", data]);
    assert!(ok, "{told}");
    let hash = told.trim().rsplit(' ').next().unwrap();
    let (ok, told) = program(&["check", "--data", data]);
    assert!(ok && told.contains(hash), "{told}");
    let link = told.split_whitespace().find(|word| word.starts_with("2:")).expect("the trail has two links");
    let link = link.trim_end_matches('.').to_owned();
    assert!(!program(&["restore", file, "--data", data]).0, "a directory that is in use");
    let (ok, text) = program(&["export", "--data", data]);
    assert!(ok && leads.iter().all(|lead| text.contains(lead)));
    assert!(text.contains("\"from\":\"127.0.0.1\""), "where an audited request came from");
    let export = folder.path().join("export.jsonl");
    std::fs::write(
        &export,
        text.lines().filter(|line| line.starts_with('{')).map(|line| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();
    let imported = folder.path().join("imported");
    let (ok, told) = program(&["import", export.to_str().unwrap(), "--data", imported.to_str().unwrap()]);
    assert!(ok, "{told}");
    let (ok, told) = program(&["import", export.to_str().unwrap()]);
    assert!(!ok && told.contains("--data DIR"), "{told}");
    let (ok, told) = program(&["import", file, "--data", folder.path().join("none").to_str().unwrap()]);
    assert!(!ok && told.contains("is no export"), "{told}");
    let (ok, told) = program(&["compact", "--data", imported.to_str().unwrap()]);
    assert!(ok && told.contains("KiB now"), "{told}");
    // A link that was noted holds in every copy, and no other does.
    for data in [data, imported.to_str().unwrap()] {
        assert!(program(&["check", "--data", data, "--trail", &link]).0);
        assert!(!program(&["check", "--data", data, "--trail", &link.replacen("2:", "1:", 1)]).0);
    }
}
