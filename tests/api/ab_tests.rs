//! A/B tests of a running sequence, as whoever looks at them sees them (§8, §19.4, RP-10).

use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Client, START, Server};

/// A test of opens before a task; version B is the default.
fn drawn(api: &Client, members: Value) -> Value {
    let template = |name: &str| {
        let body = json!({ "name": name, "language": "en", "subject": name, "body_text": "Hello." });
        id(&api.post("/email-templates", body).expect(201))
    };
    let versions = json!({ "a": { "name": "Short", "template": template("Short") },
        "b": { "name": "Long", "template": template("Long") } });
    let mut test = node(
        "x",
        "ab_test",
        json!({ "display_name": "Subject", "channel": "email", "versions": versions,
        "metric": "opens", "end": { "automatic": true }, "default": "b", "next": "t" }),
    );
    for (member, value) in members.as_object().unwrap() {
        test[member] = value.clone();
    }
    graph([test, task("t", None)])
}

fn tests(api: &Client, sequence: &str) -> Vec<Value> {
    items(&api.get(&format!("/sequences/{sequence}/ab-tests")).expect(200)).to_vec()
}

/// The one test there is.
fn test(api: &Client, sequence: &str) -> Value {
    let tests = tests(api, sequence);
    assert_eq!(tests.len(), 1, "{tests:?}");
    tests[0].clone()
}

fn stop(api: &Client, sequence: &str, body: Value) -> crate::server::Answer {
    api.post(&format!("/sequences/{sequence}/ab-tests/x/stop"), body)
}

/// The version that a record got.
fn version(api: &Client, record: &str) -> String {
    let done = api.done(record);
    let step = done.iter().find(|step| step["node"] == "x").unwrap_or_else(|| panic!("{done:?}"));
    step["ab_version"].as_str().unwrap().to_owned()
}

/// So many new leads are connected, and their messages sent.
fn take_part(api: &Client, sequence: &str, count: usize) -> Vec<String> {
    let leads: Vec<Value> = (0..count)
        .map(|place| json!({ "type": "lead", "name": format!("Lead {place}"), "email": "ada@example.org" }))
        .collect();
    let made = api.post("/records/batch", json!({ "records": leads })).expect(200);
    let leads: Vec<String> = items(&made).iter().map(id).collect();
    let connected = api.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": leads })).expect(200);
    assert!(items(&connected).iter().all(|item| item["error"].is_null()), "{connected}");
    api.advance_hours(0);
    leads
}

/// The recipients of B open what they got.
fn open_b(api: &Client, leads: &[String]) -> (usize, usize) {
    let mut counts = (0, 0);
    for lead in leads {
        let done = api.done(lead);
        let step = done.iter().find(|step| step["node"] == "x").unwrap();
        if step["ab_version"] == "a" {
            counts.0 += 1;
            continue;
        }
        counts.1 += 1;
        let event = json!({ "id": format!("open {lead}"), "type": "email.opened", "at": START, "step": step["id"] });
        api.post("/events", event).expect(200);
    }
    counts
}

/// RP-10, AB-8, AB-10: from a draft to the badge on the winner, with both verdicts, over a kill and a rebuild.
#[test]
fn rp_10_ab_8_ab_10_a_test_runs_until_one_version_wins_and_is_what_everybody_gets() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(drawn(&api, json!({})));
    let draft = test(&api, &sequence);
    assert_eq!(
        (&draft["status"], &draft["node"], &draft["version"]),
        (&json!("draft"), &json!("x"), &json!(1)),
        "{draft}"
    );
    assert_eq!(draft["versions"]["a"]["rate"], Value::Null);
    assert!(draft["hint"].as_str().is_some_and(|hint| hint.contains("1000")), "AB-18: {draft}");
    // So many that neither version can miss its hundred.
    let leads = take_part(&api, &sequence, 320);
    let (of_a, of_b) = open_b(&api, &leads);
    assert!(of_a >= 100 && of_b >= 100, "{of_a} and {of_b}");
    let running = test(&api, &sequence);
    assert_eq!(running["status"], "in_progress");
    assert_eq!((&running["begun_at"], &running["exposed_at"]), (&json!(START), &json!(START)));
    assert_eq!(running["evaluates_at"], "2026-03-03T09:00:00.000Z", "{running}");
    let versions = &running["versions"];
    assert_eq!((&versions["a"]["exposures"], &versions["a"]["met"]), (&json!(of_a), &json!(0)));
    assert_eq!((&versions["b"]["exposures"], &versions["b"]["met"]), (&json!(of_b), &json!(of_b)));
    assert_eq!((&versions["b"]["rate"], &versions["b"]["winner"]), (&json!(1.0), &json!(false)));
    assert_eq!((&running["fixed"]["significant"], &running["anytime"]["significant"]), (&json!(true), &json!(true)));
    assert!(running["fixed"]["z"].as_f64().unwrap() < -10.0 && running["anytime"]["e_value"].as_f64().unwrap() > 20.0);
    let server = server.kill_and_restart();
    let api = server.client();
    assert_eq!(test(&api, &sequence), running, "counted once, whatever happens to the process");
    api.advance_hours(24);
    let ended = test(&api, &sequence);
    assert_eq!(
        (&ended["status"], &ended["result"], &ended["winner"]),
        (&json!("ended"), &json!("clear_winner"), &json!("b"))
    );
    assert_eq!((&ended["serves"], &ended["versions"]["b"]["winner"]), (&json!("b"), &json!(true)));
    assert_eq!((&ended["ended_at"], &ended["ended_by"]), (&json!("2026-03-03T09:00:00.000Z"), &Value::Null));
    let later = take_part(&api, &sequence, 12);
    assert!(later.iter().all(|lead| version(&api, lead) == "b"));
    assert_eq!(test(&api, &sequence)["versions"], ended["versions"], "they take no part");
    // Who is erased still counts.
    api.request(reqwest::Method::DELETE, &format!("/records/{}", leads[0])).send();
    assert_eq!(test(&api, &sequence)["versions"], ended["versions"]);
    stop(&api, &sequence, json!({ "version": "a" })).refused(409, "ab_test_finished");
    let root = server.stop();
    let checked = std::process::Command::new(env!("CARGO_BIN_EXE_relance"))
        .args(["check", "--data"])
        .arg(root.path().join("data"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

/// AB-10: a person stops it with a choice; without one, or too early, or again, it is refused.
#[test]
fn ab_10_d_20_a_test_is_stopped_with_a_choice_and_for_good() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(drawn(&api, json!({})));
    stop(&api, &sequence, json!({ "version": "a" })).refused(409, "ab_test_not_running");
    take_part(&api, &sequence, 3);
    stop(&api, &sequence, json!({})).refused(422, "ab_choice_required");
    stop(&api, &sequence, json!({ "version": null })).refused(422, "ab_choice_required");
    stop(&api, &sequence, json!({ "version": "c" })).refused(400, "malformed");
    api.post(&format!("/sequences/{sequence}/ab-tests/y/stop"), json!({ "version": "a" })).refused(404, "not_found");
    let path = format!("/sequences/{sequence}/ab-tests/x/stop");
    let once = |key: &str| {
        let request = api.request(reqwest::Method::POST, &path).header("idempotency-key", key);
        request.json(&json!({ "version": "a" })).send()
    };
    let stopped = once("one").expect(200);
    assert_eq!(
        (&stopped["status"], &stopped["result"], &stopped["serves"]),
        (&json!("stopped"), &json!("stopped"), &json!("a"))
    );
    assert_eq!((&stopped["winner"], stopped["ended_by"].is_string()), (&Value::Null, true));
    assert_eq!(once("one").expect(200), stopped, "the same key: the same answer");
    once("two").refused(409, "ab_test_finished");
    let later = take_part(&api, &sequence, 8);
    assert!(later.iter().all(|lead| version(&api, lead) == "a"));
    let trail = api.get(&format!("/audit?subject={sequence}")).expect(200);
    let told: Vec<_> = items(&trail).iter().filter(|item| item["action"] == "sequence.ab_test_stopped").collect();
    assert_eq!(told.len(), 1, "{trail}");
}

/// AB-3, AB-11, AB-19, D-71: what a revision may change once records are connected.
#[test]
fn ab_3_ab_11_ab_19_settings_lock_and_a_revision_begins_another_test() {
    let server = Server::sandbox();
    let api = server.client();
    let before = drawn(&api, json!({}));
    let sequence = api.active(before.clone());
    let path = format!("/sequences/{sequence}");
    let with = |member: &str, value: Value| {
        let mut graph = before.clone();
        graph["nodes"][0][member] = value;
        graph
    };
    let revise = || api.post(&format!("{path}/revise"), json!({})).expect(200);
    revise();
    api.put(&format!("{path}/graph"), with("display_name", json!("Other"))).expect(200);
    api.put(&format!("{path}/graph"), before.clone()).expect(200);
    api.post(&format!("{path}/discard-revision"), json!({})).expect(200);
    // Connected, with a wait, so that the test is not reached.
    let lead = api.lead();
    let connect = json!({ "records": [lead], "wait": { "days": 1 } });
    api.post(&format!("{path}/enrolments"), connect).expect(200);
    revise();
    api.put(&format!("{path}/graph"), with("display_name", json!("Other"))).refused(409, "ab_test_locked");
    assert_eq!(test(&api, &sequence)["status"], "draft");
    api.advance_hours(24);
    assert_eq!(test(&api, &sequence)["status"], "in_progress");
    api.put(&format!("{path}/graph"), with("share_a", json!(70))).expect(200);
    api.post(&format!("{path}/activate"), json!({})).expect(200);
    let [newer, older] = &tests(&api, &sequence)[..] else { panic!("two tests") };
    assert_eq!((&newer["status"], &newer["version"], &newer["share_a"]), (&json!("draft"), &json!(2), &json!(70)));
    assert_eq!(
        (&older["status"], &older["version"], &older["share_a"]),
        (&json!("in_progress"), &json!(1), &json!(50))
    );
    // Stopped is the one that runs; a finished one is not edited.
    stop(&api, &sequence, json!({ "version": "b" })).expect(200);
    take_part(&api, &sequence, 2);
    stop(&api, &sequence, json!({ "version": "b" })).expect(200);
    revise();
    api.put(&format!("{path}/graph"), with("share_a", json!(30))).refused(409, "ab_test_finished");
}

/// D-66, AB-9: dated; and §19.4: deactivated.
#[test]
fn ab_9_ab_17_d_66_deadlines_and_deactivation_end_a_test_with_the_default() {
    let server = Server::sandbox();
    let api = server.client();
    let end = json!({ "end": { "at": "2026-03-05T09:00:00Z" } });
    let [reached, missed] = [(); 2].map(|()| api.active(drawn(&api, end.clone())));
    take_part(&api, &reached, 4);
    assert_eq!(test(&api, &reached)["evaluates_at"], "2026-03-05T09:00:00.000Z");
    api.advance_hours(4 * 24);
    for sequence in [&reached, &missed] {
        let ended = test(&api, sequence);
        assert_eq!((&ended["status"], &ended["result"]), (&json!("ended"), &json!("inconclusive")), "{ended}");
        assert_eq!(ended["serves"], "b");
        let later = take_part(&api, sequence, 5);
        assert!(later.iter().all(|lead| version(&api, lead) == "b"));
    }
    let deactivated = api.active(drawn(&api, json!({ "default": "a" })));
    take_part(&api, &deactivated, 2);
    api.post(&format!("/sequences/{deactivated}/deactivate"), json!({})).expect(200);
    let stopped = test(&api, &deactivated);
    assert_eq!((&stopped["status"], &stopped["serves"]), (&json!("stopped"), &json!("a")), "{stopped}");
}

/// AB-14, §21.4: goals are counted as they are configured, and whoever knows tells them.
#[test]
fn ab_14_goals_are_counted_and_told_from_outside() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(drawn(&api, json!({ "metric": "goal" })));
    let leads = take_part(&api, &sequence, 3);
    api.post(&format!("/records/{}/close", leads[0]), json!({ "outcome": "success" })).expect(200);
    let event = json!({ "id": "goal 1", "type": "goal.reached", "at": START, "record": leads[1] });
    for _ in 0..2 {
        let answer = api.post("/events", event.clone()).expect(200);
        assert_eq!(answer, json!({ "id": "goal 1", "type": "goal.reached", "record": leads[1] }));
    }
    api.post("/events", json!({ "id": "goal 2", "type": "goal.reached", "at": START })).refused_at(
        422,
        "validation_failed",
        "/record",
    );
    let versions = test(&api, &sequence)["versions"].clone();
    let sum = |member: &str| ["a", "b"].iter().map(|letter| versions[letter][member].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("exposures"), sum("met")), (3, 2), "{versions}");
}
