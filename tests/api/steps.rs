//! What a seller does to a step, and what each action refuses (§11.2).

use serde_json::json;

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{START, Server, spooled};

/// The introduction, in English.
const MAIL: &str = "00000000-0000-7000-8000-000000000011";

#[test]
fn r_10_completing_moves_on_and_says_what_is_next() {
    let server = Server::shared();
    let api = server.client();
    let (lead, enrolment) = api.enrolled(graph([task("a", Some("b")), node("b", "phone_call", json!({}))]));
    let step = api.current(&lead);
    for (member, value) in [
        ("enrolment", enrolment["id"].clone()),
        ("record", json!(lead)),
        ("sequence", enrolment["sequence"].clone()),
        ("type", json!("task")),
        ("name", json!("Task a")),
        ("description", json!("")),
        ("status", json!("open")),
        ("wait_state", json!("none")),
        ("planned_due_at", json!(START)),
        ("due_at", json!(START)),
        ("opened_at", json!(START)),
        ("completed_at", json!(null)),
        ("snooze_count", json!(0)),
    ] {
        assert_eq!(step[member], value, "{member}");
    }
    let path = format!("/steps/{}", id(&step));
    assert_eq!(api.get(&path).expect(200), step);
    let answer = api.post(&format!("{path}/complete"), json!({ "note": "She is kind" })).expect(200);
    let second = api.current_id(&lead, "b");
    assert_eq!(answer["advance"], "ask");
    assert_eq!(answer["next"], json!({ "record": lead, "step": second }));
    assert_eq!((&answer["step"]["status"], &answer["step"]["completed_at"]), (&json!("completed"), &json!(START)));
    let last = api.post(&format!("/steps/{second}/complete"), json!({ "call_result": "busy" })).expect(200);
    assert_eq!((&last["next"], &last["step"]["outcome"]), (&json!(null), &json!("busy")));
    let timeline = api.get(&format!("/records/{lead}/timeline")).expect(200);
    assert!(items(&timeline).iter().any(|item| item["note"] == "She is kind" && item["step"] == step["id"]));
}

#[test]
fn r_11_skipping_a_mail_or_a_call_takes_no_at_once() {
    let server = Server::shared();
    let api = server.client();
    let ends = || [task("y", None), task("n", None)];
    let exits = json!({ "yes": "y", "no": "n", "limit_days": 2, "results": ["made"] });
    let pick = |names: &[&str]| {
        let mut members = json!({});
        names.iter().for_each(|name| members[*name] = exits[*name].clone());
        members
    };
    let mail =
        [node("a", "email", json!({ "next": "c" })), node("c", "cond_email_reply", pick(&["yes", "no", "limit_days"]))];
    let call =
        [node("a", "phone_call", json!({ "next": "c" })), node("c", "cond_call", pick(&["yes", "no", "results"]))];
    for nodes in [mail, call] {
        let (lead, _) = api.enrolled(graph(nodes.into_iter().chain(ends())));
        let step = api.current_id(&lead, "a");
        let answer = api.post(&format!("/steps/{step}/skip"), json!({})).expect(200);
        assert_eq!((&answer["step"]["status"], &answer["advance"]), (&json!("skipped"), &json!("ask")));
        assert_eq!(answer["next"]["step"], api.current_id(&lead, "n"));
        assert_eq!(api.visited(&lead), ["a", "c:no"]);
        assert_eq!(api.get(&format!("/steps/{step}")).expect(200)["status"], "skipped");
    }
}

#[test]
fn r_13_a_step_is_snoozed_to_later_and_stays_open() {
    let server = Server::shared();
    let api = server.client();
    let wait = node("w", "wait", json!({ "days": 1, "next": "b" }));
    let (lead, _) = api.enrolled(graph([task("a", Some("w")), wait, task("b", None)]));
    let snooze = |step: &str, until: &str| api.post(&format!("/steps/{step}/snooze"), json!({ "until": until }));
    let step = api.current_id(&lead, "a");
    for (count, until) in ["2026-03-04T10:00:00.000Z", "2026-03-03T10:00:00.000Z"].iter().enumerate() {
        let snoozed = snooze(&step, until).expect(200);
        assert_eq!((&snoozed["due_at"], &snoozed["planned_due_at"]), (&json!(until), &json!(START)));
        assert_eq!((&snoozed["status"], &snoozed["snooze_count"]), (&json!("open"), &json!(count + 1)));
    }
    assert_eq!(snooze(&step, "2026-03-05T00:00:00+02:00").expect(200)["due_at"], "2026-03-04T22:00:00.000Z");
    for past in [START, "2026-03-02T08:59:59Z", "0000-01-01T00:00:00Z"] {
        snooze(&step, past).refused(422, "snooze_in_past");
    }
    for nonsense in ["", "tomorrow", "2026-02-30T00:00:00Z", "2026-03-05T00:00:00", "+1000000-01-01T00:00:00Z"] {
        snooze(&step, nonsense).refused_at(400, "malformed", "/until");
    }
    api.post(&format!("/steps/{step}/snooze"), json!({})).refused(400, "malformed");
    api.complete(&step);
    snooze(&step, "2026-03-05T00:00:00Z").refused(409, "step_not_open");
    snooze(&api.current_id(&lead, "w"), "2026-03-05T00:00:00Z").refused(422, "snooze_not_allowed");
}

#[test]
fn r_14_only_a_wait_can_be_skipped_as_a_wait() {
    let server = Server::shared();
    let api = server.client();
    let wait = node("w", "wait", json!({ "days": 1, "hours": 2, "next": "b" }));
    let (lead, _) = api.enrolled(graph([task("a", Some("w")), wait, task("b", None)]));
    let first = api.current_id(&lead, "a");
    api.post(&format!("/steps/{first}/skip-wait"), json!({})).refused(409, "not_waiting");
    api.complete(&first);
    let waiting = api.current(&lead);
    assert_eq!((&waiting["wait_state"], &waiting["type"]), (&json!("waiting"), &json!("wait")));
    assert_eq!((&waiting["wakes_at"], &waiting["due_at"]), (&json!("2026-03-03T11:00:00.000Z"), &waiting["wakes_at"]));
    let path = format!("/steps/{}", id(&waiting));
    api.post(&format!("{path}/complete"), json!({})).refused(409, "step_waits");
    let skipped = api.post(&format!("{path}/skip-wait"), json!({})).expect(200);
    assert_eq!((&skipped["wait_state"], &skipped["status"]), (&json!("skipped"), &json!("completed")));
    assert_eq!(skipped["completed_at"], START, "the time stamp is kept");
    api.current_id(&lead, "b");
    api.post(&format!("{path}/skip-wait"), json!({})).refused(409, "step_not_open");
}

#[test]
fn d_68_skipping_a_wait_passes_over_the_mail_behind_it_and_ending_it_does_not() {
    let server = Server::sandbox();
    let api = server.client();
    let nodes = || {
        let wait = node("w", "wait", json!({ "days": 1, "next": "m" }));
        graph([wait, node("m", "auto_email", json!({ "template": MAIL, "next": "b" })), task("b", None)])
    };
    let (lead, _) = api.enrolled(nodes());
    api.post(&format!("/steps/{}/skip", api.current_id(&lead, "w")), json!({})).expect(200);
    api.current_id(&lead, "b");
    let statuses: Vec<_> = api.done(&lead).iter().map(|step| step["status"].clone()).collect();
    assert_eq!((statuses, api.visited(&lead)), (vec![json!("skipped"); 2], vec!["w".to_owned(), "m".into()]));
    let (lead, _) = api.enrolled(nodes());
    api.post(&format!("/steps/{}/skip-wait", api.current_id(&lead, "w")), json!({})).expect(200);
    api.current_id(&lead, "b");
    api.advance_hours(0);
    assert_eq!(spooled(&server.data()).len(), 1);
}

#[test]
fn st_23_a_mail_that_cannot_be_sent_becomes_one_for_the_seller() {
    let server = Server::shared();
    let api = server.client();
    let sequence =
        api.active(graph([node("m", "auto_email", json!({ "template": MAIL, "next": "b" })), task("b", None)]));
    for lead in [
        json!({ "type": "lead", "name": "N" }),
        json!({ "type": "lead", "name": "N", "email": "n@example.org", "allow_email": false }),
    ] {
        let lead = id(&api.post("/records", lead).expect(201));
        api.connect(&sequence, &lead);
        let step = api.current(&lead);
        assert_eq!((&step["type"], &step["converted_from"]), (&json!("email"), &json!("auto_email")));
        assert_eq!(step["error"], "email_undeliverable", "U-7");
        api.post(&format!("/steps/{}/retry", id(&step)), json!({})).refused(409, "nothing_to_retry");
        api.complete(&id(&step));
        api.current_id(&lead, "b");
    }
}

#[test]
fn r_21_a_note_goes_on_the_timeline_of_any_step_that_ever_was() {
    let server = Server::shared();
    let api = server.client();
    let (lead, _) = api.enrolled(graph([task("a", None)]));
    let step = api.current_id(&lead, "a");
    let note = |text: &str| api.post(&format!("/steps/{step}/note"), json!({ "text": text }));
    note("before\nand more").expect(200);
    api.complete(&step);
    note("after").expect(200);
    note(&"ñ".repeat(8_000)).expect(200);
    for wrong in ["", " \n", &"n".repeat(8_001)] {
        note(wrong).refused_at(422, "validation_failed", "/text");
    }
    let complete = api.post(&format!("/steps/{step}/complete"), json!({ "note": "" }));
    complete.refused(409, "step_not_open");
    let timeline = api.get(&format!("/records/{lead}/timeline")).expect(200);
    let notes: Vec<_> = items(&timeline).iter().filter_map(|item| item["note"].as_str()).collect();
    assert_eq!((notes.len(), notes[1], notes[2]), (3, "after", "before\nand more"));
}

#[test]
fn co_35_a_call_result_is_known_and_belongs_to_a_call() {
    let server = Server::shared();
    let api = server.client();
    let (lead, _) = api.enrolled(graph([task("a", Some("b")), node("b", "phone_call", json!({}))]));
    let complete = |step: &str, body| api.post(&format!("/steps/{step}/complete"), body);
    let first = api.current_id(&lead, "a");
    complete(&first, json!({ "call_result": "made" })).refused(422, "call_result_invalid");
    complete(&first, json!({ "note": " " })).refused_at(422, "validation_failed", "/note");
    complete(&first, json!({ "note": 1 })).refused_at(400, "malformed", "/note");
    complete(&first, json!({ "call_result": [] })).refused_at(400, "malformed", "/call_result");
    api.complete(&first);
    let call = api.current_id(&lead, "b");
    complete(&call, json!({ "call_result": "sang" })).refused(422, "call_result_invalid");
    // Nothing looks at how this one ended.
    assert_eq!(complete(&call, json!({})).expect(200)["step"]["outcome"], json!(null));
}

#[test]
fn r_23_a_step_that_is_closed_takes_no_action() {
    let server = Server::shared();
    let api = server.client();
    let (lead, _) = api.enrolled(graph([task("a", Some("b")), task("b", None)]));
    let step = api.current_id(&lead, "a");
    api.complete(&step);
    for (action, body) in [
        ("complete", json!({})),
        ("skip", json!({})),
        ("skip-wait", json!({})),
        ("retry", json!({})),
        ("snooze", json!({ "until": "2026-04-01T00:00:00Z" })),
    ] {
        api.post(&format!("/steps/{step}/{action}"), body).refused(409, "step_not_open");
    }
    assert_eq!(api.visited(&lead), ["a"]);
}

#[test]
fn a_step_that_does_not_exist_is_not_found() {
    let server = Server::shared();
    let api = server.client();
    let (lead, enrolment) = api.enrolled(graph([task("a", None)]));
    let absent = format!("{}fff", &lead[..lead.len() - 3]);
    for step in ["none", "%00", "00000000-0000-7000-8000-00000000abcd", &lead, &absent, &id(&enrolment)] {
        api.get(&format!("/steps/{step}")).refused(404, "not_found");
        for action in ["complete", "skip", "skip-wait", "retry"] {
            api.post(&format!("/steps/{step}/{action}"), json!({})).refused(404, "not_found");
        }
        api.post(&format!("/steps/{step}/note"), json!({ "text": "n" })).refused(404, "not_found");
    }
}

#[test]
fn st_1_a_step_names_the_template_that_its_message_begins_with() {
    let server = Server::shared();
    let api = server.client();
    let (lead, _) = api.enrolled(graph([node("m", "email", json!({ "name": "Write", "template": MAIL }))]));
    assert_eq!(api.current(&lead)["template"], MAIL);
    let (lead, _) = api.enrolled(graph([task("t", None)]));
    assert_eq!(api.current(&lead).get("template"), None);
}

#[test]
fn an_action_on_nothing_and_a_text_of_no_text_step_are_refused() {
    let server = Server::shared();
    let api = server.client();
    let nothing = json!({ "action": "complete", "items": [] });
    api.post("/work-list/actions", nothing).refused_at(422, "nothing_selected", "/items");
    let (lead, _) = api.enrolled(graph([node("s", "text", json!({ "name": "Text" }))]));
    let path = format!("/steps/{}/text", api.current_step(&lead));
    api.post(&path, json!({ "body": "x" })).refused(422, "text_impossible");
    for body in [json!({}), json!({ "body": "x", "template": MAIL })] {
        api.post(&path, body).refused(400, "malformed");
    }
    api.post(&path, json!({ "template": "x" })).refused_at(422, "template_unknown", "/template");
    let (lead, _) = api.enrolled(graph([task("t", None)]));
    let path = format!("/steps/{}/text", api.current_step(&lead));
    api.post(&path, json!({ "body": "x" })).refused(422, "not_a_text");
}
