//! Tests of sequences: those that the templates ship with, and what each kind of event and expectation does.

use relance::domain::enrolment::Exit;
use relance::domain::given::Given;
use relance::domain::record::schema::RecordType;
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::{Sequence, SequenceRejection};
use relance::domain::template::{Language, SequenceTemplate, sequence_templates};
use relance::domain::trial::Report;
use relance::domain::trial::script::Test;
use relance::id::SequenceId;
use serde_json::{Value, json};

use super::draw::{answered, auto_email, call, early_reply, email, graph, reply, task, update, wait};
use super::world::at;

/// A sequence that is being drawn.
fn sequence(record_type: RecordType, graph: &Graph) -> Sequence {
    let draft = serde_json::to_string(graph).unwrap();
    Sequence { exists: true, version: 1, record_type, draft, ..Sequence::default() }
}

fn shipped(template: &SequenceTemplate, language: Language) -> Report {
    let sequence = sequence(template.record_type, &template.graph(language));
    sequence.try_tests(SequenceId(1), &Given::default(), template.tests()).expect("a template can be activated")
}

/// §20: every template ships with tests that hold, in every language, and that take every exit of every branch.
#[test]
fn the_tests_of_the_templates_hold_and_take_every_exit() {
    let mut tests = 0;
    for template in sequence_templates() {
        for language in [Language::En, Language::Fr, Language::Gl] {
            let report = shipped(template, language);
            let failed: Vec<_> = report.verdicts.iter().filter(|verdict| !verdict.is_ok()).collect();
            assert!(failed.is_empty(), "{} {language:?}: {failed:#?}", template.id);
            assert_eq!(report.untested, [], "{}", template.id);
        }
        tests += template.tests().len();
    }
    assert_eq!(tests, 24);
}

/// Whoever changes a template in a way that matters fails a test of it: each wait and limit an hour longer or a
/// day shorter, each pair of exits exchanged, each way on cut, each value another.
#[test]
fn the_tests_of_the_templates_fail_where_a_node_is_changed() {
    let mut changed = 0;
    for template in sequence_templates() {
        let drawn = serde_json::to_value(template.graph(Language::En)).unwrap();
        for (what, graph) in changes(&drawn) {
            let graph: Graph = serde_json::from_value(graph).unwrap();
            let tried =
                sequence(template.record_type, &graph).try_tests(SequenceId(1), &Given::default(), template.tests());
            let holds = tried.is_ok_and(|report| report.verdicts.iter().all(|verdict| verdict.is_ok()));
            assert!(!holds, "{}: no test sees {what}", template.id);
            changed += 1;
        }
    }
    assert!(changed > 100, "{changed}");
}

/// Every way to change one node of a graph in a way that a record would feel.
fn changes(drawn: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let nodes = drawn["nodes"].as_array().unwrap();
    for (place, node) in nodes.iter().enumerate() {
        let mut with = |what: &str, change: &dyn Fn(&mut Value)| {
            let mut graph = drawn.clone();
            change(&mut graph["nodes"][place]);
            found.push((format!("{what} {}", node["id"]), graph));
        };
        for (member, hours) in [("hours", 1), ("limit_hours", 1)] {
            if node.get(member).is_some() {
                with("longer", &|node| node[member] = json!(hours));
            }
        }
        for member in ["days", "limit_days"] {
            if let Some(days) = node.get(member).and_then(Value::as_i64).filter(|days| *days > 1) {
                with("shorter", &|node| node[member] = json!(days - 1));
            }
        }
        if node.get("yes").is_some() {
            with("exchanged", &|node| {
                let (yes, no) = (node["yes"].clone(), node["no"].clone());
                (node["yes"], node["no"]) = (no, yes);
            });
        }
        if node.get("next").is_some_and(|next| !next.is_null()) {
            with("cut", &|node| node["next"] = Value::Null);
        }
        if node["type"] == "update_field" {
            with("other value", &|node| node["value"] = json!(if node["value"] == "yes" { "no" } else { "open" }));
        }
    }
    found
}

/// A lead's way: an e-mail, its answer within two days, a call and how it ended, a wait, a message, a field.
fn way() -> Graph {
    graph(&[
        email("mail", "answer"),
        early_reply("answer", 2, "thank", "call"),
        task("thank", ""),
        call("call", "reached"),
        answered("reached", &["made"], "talk", "pause"),
        task("talk", ""),
        wait("pause", 1, 0, "again"),
        auto_email("again", "drop"),
        update("drop", "disposition", "disqualified", ""),
    ])
}

fn read(test: Value) -> Test {
    serde_json::from_value(test).expect("a test that reads")
}

fn try_one(graph: &Graph, test: Value) -> Option<String> {
    let tried = sequence(RecordType::Lead, graph).try_tests(SequenceId(1), &Given::default(), &[read(test)]);
    tried.expect("a sound draft and test").verdicts.remove(0).detail
}

/// The events before the one in question, and what holds after it; then what does not, and words of what is said of that.
fn hold(graph: &Graph, events: &Value, holds: &Value, fails: &Value, words: &[&str]) {
    let record = json!({ "name": "Ada", "email": "ada@example.org" });
    let test = |expect: &Value| json!({ "name": "t", "record": record, "events": events, "expect": [expect] });
    assert_eq!(try_one(graph, test(holds)), None, "{events} {holds}");
    let detail = try_one(graph, test(fails)).unwrap_or_else(|| panic!("{events} {fails} passes"));
    words.iter().for_each(|word| assert!(detail.contains(word), "{word:?} is not in {detail:?}"));
}

/// CO-10, CO-12, CO-30, K-12, K-13: what happens to a trial is what happens on the server.
#[test]
fn each_kind_of_event_happens_and_each_kind_of_expectation_tells() {
    let way = way();
    let begun = json!({ "at": { "hours": 1 }, "do": "complete" });
    let called = json!({ "at": { "days": 2, "hours": 2 }, "do": "complete", "node": "call", "call_result": "busy" });
    let on = |hours: u32, node: &str| json!({ "at": { "hours": hours }, "node": node });
    let table = [
        // Nothing has happened; a seller completes.
        (json!([]), on(0, "mail"), on(0, "call"), vec!["At the start", "“call” (call)", "“mail” (mail)"]),
        (json!([begun]), on(1, "answer"), on(1, "mail"), vec!["At 1 hour", "Replied?", "completed"]),
        // Time goes by: the limit ends at its own minute, counted from the e-mail's completion.
        (json!([begun]), on(49, "call"), on(48, "call"), vec!["At 2 days", "(answer)"]),
        // An answer; of the last e-mail, or of a named one.
        (
            json!([begun, { "at": { "hours": 5 }, "do": "event", "type": "email.replied" }]),
            on(5, "thank"),
            on(5, "answer"),
            vec!["At 5 hours", "“thank” (thank)", "completed: yes"],
        ),
        (
            json!([begun, { "at": { "hours": 5 }, "do": "event", "type": "email.opened", "node": "mail" }]),
            on(5, "answer"),
            on(5, "thank"),
            vec!["(answer)"],
        ),
        // At the same instant the limit ends before the answer comes.
        (
            json!([begun, { "at": { "hours": 49 }, "do": "event", "type": "email.replied" }]),
            on(49, "call"),
            on(49, "thank"),
            vec!["completed: no"],
        ),
        (json!([begun, { "at": { "hours": 2 }, "do": "skip_wait" }]), on(2, "call"), on(2, "answer"), vec!["(call)"]),
        (json!([{ "at": {}, "do": "skip" }]), on(0, "call"), on(0, "answer"), vec!["skipped"]),
        (json!([begun, { "at": { "hours": 3 }, "do": "skip" }]), on(3, "call"), on(3, "thank"), vec!["skipped: no"]),
        // The result of a call, a wait to its end, the message, the field.
        (json!([begun, called]), on(50, "pause"), on(50, "talk"), vec!["completed: busy", "completed: no"]),
        (
            json!([begun, called]),
            json!({ "at": { "hours": 74 }, "sent": "again" }),
            json!({ "at": { "hours": 73, "minutes": 59 }, "sent": "again" }),
            vec!["3 days 1 hour 59 minutes", "“again” (again)"],
        ),
        (
            json!([begun, called]),
            json!({ "at": { "hours": 74 }, "field": "disposition", "value": "disqualified" }),
            json!({ "at": { "hours": 74 }, "field": "disposition", "value": null }),
            vec!["`disposition`", "empty", "“disqualified”"],
        ),
        (
            json!([begun, called]),
            json!({ "at": { "hours": 73 }, "field": "disposition", "value": null, "status": "connected" }),
            json!({ "at": { "hours": 73 }, "field": "disposition", "value": "open" }),
            vec!["“open”", "empty"],
        ),
        (
            json!([begun, called]),
            json!({ "at": { "days": 9 }, "status": "completed", "reason": "sequence_completed" }),
            json!({ "at": { "days": 9 }, "node": "drop" }),
            vec!["At 9 days", "completed since 3 days 2 hours", "sequence completed"],
        ),
        // The record itself.
        (
            json!([{ "at": {}, "do": "set_field", "field": "city", "value": "Lugo" }]),
            json!({ "at": {}, "field": "city", "value": "Lugo" }),
            json!({ "at": {}, "field": "city", "value": "Vigo" }),
            vec!["“Vigo”", "“Lugo”"],
        ),
        (
            json!([{ "at": {}, "do": "change", "record": { "fields": { "estimated_value": 12.5 } } }]),
            json!({ "at": {}, "field": "estimated_value", "value": 12.5 }),
            json!({ "at": {}, "field": "estimated_value", "value": 12 }),
            vec!["12.5"],
        ),
        (
            json!([begun, { "at": { "hours": 2 }, "do": "close", "outcome": "failure" }]),
            json!({ "at": { "hours": 2 }, "status": "disconnected", "reason": "regarding_entity_deactivated" }),
            json!({ "at": { "hours": 2 }, "reason": "user_disconnected" }),
            vec!["user_disconnected", "regarding_entity_deactivated"],
        ),
        (
            json!([
                { "at": {}, "do": "close", "outcome": "failure" },
                { "at": {}, "do": "reopen" },
                { "at": {}, "do": "close", "outcome": "success" },
            ]),
            json!({ "at": {}, "status": "disconnected" }),
            json!({ "at": {}, "status": "connected" }),
            vec!["connected", "disconnected"],
        ),
        (
            json!([{ "at": { "minutes": 5 }, "do": "disconnect" }]),
            json!({ "at": { "hours": 1 }, "reason": "user_disconnected" }),
            on(1, "mail"),
            vec!["disconnected since 5 minutes"],
        ),
    ];
    for (events, holds, fails, words) in &table {
        hold(&way, events, holds, fails, words);
    }
}

/// R-13, CM-13, ST-23: a step is put off and done all the same; what failed is taken over or tried again.
#[test]
fn events_that_are_refused_fail_the_test_and_say_why() {
    let way = way();
    let event = |event: Value| {
        let test = json!({ "name": "t", "record": { "email": "ada@example.org" }, "events": [event],
            "expect": [{ "at": { "days": 20 }, "status": "connected" }] });
        try_one(&way, test).unwrap_or_else(|| panic!("the event was not refused"))
    };
    let later = |days: u32| json!({ "days": days });
    for (refused, words) in [
        (json!({ "at": later(1), "do": "complete", "node": "call" }), ["“call” (call) has not been reached", "“mail”"]),
        (json!({ "at": later(1), "do": "complete", "node": "nowhere" }), ["“nowhere”", "does not have"]),
        (json!({ "at": later(1), "do": "complete", "call_result": "made" }), ["event 1 (`complete`)", "phone call"]),
        (json!({ "at": later(1), "do": "skip_wait" }), ["At 1 day", "does not wait"]),
        (json!({ "at": later(1), "do": "snooze", "until": later(1) }), ["(`snooze`)", "later time"]),
        (json!({ "at": later(1), "do": "retry" }), ["(`retry`)", "no error"]),
        (json!({ "at": later(1), "do": "set_field", "field": "shoe", "value": 41 }), ["(`set_field`)", "`shoe`"]),
        (json!({ "at": later(1), "do": "change", "record": { "score": 7, "email": "x" } }), ["(`change`)", "`x`"]),
    ] {
        let detail = event(refused);
        words.iter().for_each(|word| assert!(detail.contains(word), "{word:?} is not in {detail:?}"));
    }
    let snoozed = |member: &str| json!({ "at": later(1), "do": "snooze", member: later(2) });
    for event in [snoozed("for"), snoozed("until")] {
        let test = json!({ "name": "t", "events": [event], "expect": [{ "at": later(3), "node": "mail" }] });
        assert_eq!(try_one(&way, test), None);
    }
    let auto = graph(&[auto_email("auto", "end"), task("end", "")]);
    let taken_over = json!({ "name": "t", "events": [{ "at": later(1), "do": "complete" }],
        "expect": [{ "at": {}, "node": "auto" }, { "at": later(1), "node": "end" }] });
    assert_eq!(try_one(&auto, taken_over), None, "without an address the seller writes");
}

#[test]
fn a_record_that_does_not_fit_fails_its_test_alone() {
    let sequence = sequence(RecordType::Lead, &way());
    let test = |record: Value| read(json!({ "name": "t", "record": record, "expect": [{ "at": {}, "node": "mail" }] }));
    let records = [
        (json!({ "type": "contact" }), "lead"),
        (json!({ "fields": { "renewal_date": "2026-01-01" } }), "renewal_date"),
        (json!({ "fields": { "disposition": "qualified" } }), "closed"),
    ];
    let mut tests: Vec<_> = records.iter().map(|(record, _)| test(record.clone())).collect();
    tests.push(test(json!({ "type": "lead", "phones": { "mobile": "1" }, "allow_email": false, "score": 7 })));
    let report = sequence.try_tests(SequenceId(1), &Given::default(), &tests).unwrap();
    assert_eq!((report.passed(), report.verdicts.len()), (1, 4));
    for (verdict, (_, word)) in report.verdicts.iter().zip(&records) {
        assert!(verdict.detail.as_ref().is_some_and(|detail| detail.contains(word)), "{verdict:?}");
    }
}

#[test]
fn a_draft_that_cannot_be_activated_is_refused_as_activation_does() {
    let test = read(json!({ "name": "t", "expect": [{ "at": {}, "node": "a" }] }));
    let tried =
        sequence(RecordType::Lead, &graph(&[wait("a", 1, 0, "")])).try_tests(SequenceId(1), &Given::default(), &[test]);
    let Err(SequenceRejection::ValidationFailed(found)) = tried else { panic!("{tried:?}") };
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), ["trailing_wait"]);
}

#[test]
fn what_makes_no_sense_in_a_test_is_named_by_its_place() {
    let sound = json!({ "name": "t", "expect": [{ "at": {}, "node": "mail" }] });
    let with = |member: &str, value: Value| {
        let mut test = sound.clone();
        test[member] = value;
        read(test)
    };
    let moment = json!({ "at": {}, "do": "skip" });
    let tests = [
        (with("name", json!(" ")), "/name"),
        (with("name", json!("x".repeat(161))), "/name"),
        (with("expect", json!([])), "/expect"),
        (with("expect", json!([{ "at": {} }])), "/expect/0"),
        (with("expect", json!([{ "at": {}, "field": "city" }])), "/expect/0"),
        (with("expect", json!([{ "at": {}, "value": "city" }])), "/expect/0"),
        (with("expect", json!([{ "at": {}, "field": "city", "value": [] }])), "/expect/0/value"),
        (with("record", json!({ "emial": "x" })), "/record/emial"),
        (with("record", json!({ "fields": [] })), "/record/fields"),
        (with("record", json!({ "phones": { "car": "1" } })), "/record/phones"),
        (with("record", json!({ "owner": { "user": "me" } })), "/record/owner"),
        (with("record", json!({ "score": 7.5 })), "/record/score"),
        (with("record", json!({ "primary_contact": "x" })), "/record/primary_contact"),
        (with("record", json!({ "allow_text": null })), "/record/allow_text"),
        (with("events", json!([{ "at": {}, "do": "snooze" }])), "/events/0"),
        (with("events", json!([{ "at": {}, "do": "close", "outcome": "none" }])), "/events/0/outcome"),
        (with("events", json!([{ "at": {}, "do": "set_field", "field": "city", "value": {} }])), "/events/0/value"),
        (with("events", json!([{ "at": {}, "do": "change", "record": { "type": "lead" } }])), "/events/0/record/type"),
        (with("events", json!([{ "at": {}, "do": "change", "record": { "name": 1 } }])), "/events/0/record/name"),
        (with("events", json!(vec![moment; 201])), ""),
    ];
    let all: Vec<_> = tests.iter().map(|(test, _)| test.clone()).collect();
    let tried = sequence(RecordType::Lead, &way()).try_tests(SequenceId(1), &Given::default(), &all);
    let Err(SequenceRejection::Invalid(found)) = tried else { panic!("{tried:?}") };
    let found: Vec<_> = found.into_iter().map(|problem| problem.pointer).collect();
    let wanted: Vec<_> = tests.iter().enumerate().map(|(place, (_, below))| format!("/tests/{place}{below}")).collect();
    assert_eq!(found, wanted);
    let many = vec![read(sound); 101];
    let tried = sequence(RecordType::Lead, &way()).try_tests(SequenceId(1), &Given::default(), &many);
    assert!(matches!(tried, Err(SequenceRejection::Invalid(found)) if found[0].code == "too_many"));
}

#[test]
fn a_test_is_written_as_it_was_read_and_begins_when_it_says() {
    let written = json!({
        "name": "t", "start": "2026-03-28T23:30:00.000Z", "record": { "score": 7 },
        "events": [
            { "at": { "days": 400, "hours": 3, "minutes": 5 }, "do": "complete", "call_result": "made", "note": "n" },
            { "at": {}, "do": "snooze", "node": "a", "for": { "minutes": 90 } },
            { "at": {}, "do": "event", "type": "email.bounced" },
            { "at": {}, "do": "set_field", "field": "city", "value": null },
        ],
        "expect": [{ "at": {}, "node": "a", "field": "city", "value": null }],
    });
    let test = read(written.clone());
    assert_eq!(test.start, Some(at("2026-03-28T23:30:00Z")));
    let mut again = written;
    again["events"][1]["for"] = json!({ "hours": 1, "minutes": 30 });
    assert_eq!(serde_json::to_value(&test).unwrap(), again);
    assert_eq!(read(again), test);
    for wrong in [
        json!({ "name": "t", "expect": [], "extra": 1 }),
        json!({ "name": "t", "expect": [{ "at": [1], "node": "a" }] }),
        json!({ "name": "t", "expect": [["a"]] }),
        json!({ "name": "t", "expect": [{ "node": "a" }] }),
        json!({ "name": "t", "expect": [{ "at": { "weeks": 1 }, "node": "a" }] }),
        json!({ "name": "t", "expect": [{ "at": { "days": 3661 }, "node": "a" }] }),
        json!({ "name": "t", "expect": [{ "at": { "days": -1 }, "node": "a" }] }),
        json!({ "name": "t", "expect": [{ "at": {}, "status": "gone" }] }),
        json!({ "name": "t", "start": "Monday", "expect": [] }),
        json!({ "name": "t", "events": [{ "at": {}, "do": "dance" }], "expect": [] }),
        json!({ "name": "t", "events": [{ "at": {}, "do": "skip", "why": 1 }], "expect": [] }),
        json!({ "name": "t", "events": [{ "at": {}, "do": "set_field", "field": "a" }], "expect": [] }),
        json!({ "name": "t", "events": [{ "at": {}, "do": "event", "type": "replied" }], "expect": [] }),
    ] {
        assert!(serde_json::from_value::<Test>(wrong.clone()).is_err(), "{wrong}");
    }
}

/// CO-12: a condition that does not move on early waits its full limit, and the exits that no test takes are told.
#[test]
fn exits_that_no_test_takes_are_told() {
    let patient = graph(&[email("mail", "answer"), reply("answer", 2, "yes", "no"), task("yes", ""), task("no", "")]);
    let test = read(json!({ "name": "t", "events": [
            { "at": {}, "do": "complete" }, { "at": { "hours": 1 }, "do": "event", "type": "email.replied" }],
        "expect": [{ "at": { "hours": 47 }, "node": "answer" }, { "at": { "hours": 48 }, "node": "yes" }] }));
    let report = sequence(RecordType::Lead, &patient).try_tests(SequenceId(1), &Given::default(), &[test]).unwrap();
    assert_eq!(report.passed(), 1, "{report:?}");
    assert_eq!(report.untested, [("answer".to_owned(), Exit::No)]);
}
