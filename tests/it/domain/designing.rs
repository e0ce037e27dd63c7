//! §9 for texts, A/B tests, conditions of several signals, branches and advances: what activation finds in each.

use relance::domain::record::schema::RecordType;
use relance::domain::sequence::graph::Graph;
use relance::limits;
use serde_json::{Value, json};

use super::draw::{
    TEMPLATE, ab_test, advance, advanced, answered, auto_email, auto_text, branch, call, came, email, graph, linkedin,
    reply, stage, task, text, update, wait,
};
use super::setting::{FLOW, STAGES, Setting, TARGET};
use super::validation::with;

fn check(table: &[(&str, Vec<Value>, &[&str])]) {
    for (what, nodes, expected) in table {
        assert_eq!(Setting::default().found(&graph(nodes)), *expected, "{what}");
    }
}

fn city() -> Value {
    json!({ "field": "city", "op": "eq", "value": "Lugo" })
}

#[test]
fn st_3_a_text_may_have_a_template_and_st_4_an_automated_one_needs_it() {
    let unknown = "00000000-0000-7000-8000-0000000000ff";
    let bare = |mut node: Value| {
        node.as_object_mut().unwrap().remove("template");
        node
    };
    check(&[
        ("by hand without", vec![text("s", "")], &[]),
        ("by hand with one", vec![with(text("s", ""), "template", TEMPLATE)], &[]),
        ("by hand with an unknown one", vec![with(text("s", ""), "template", unknown)], &["template_unknown@s"]),
        ("automated without", vec![bare(auto_text("s", ""))], &["template_missing@s"]),
        ("automated with one", vec![auto_text("s", "")], &[]),
        ("automated with an unknown one", vec![with(auto_text("s", ""), "template", unknown)], &["template_unknown@s"]),
        ("a text needs a name", vec![with(text("s", ""), "name", "")], &["name_missing@s"]),
    ]);
}

/// A node of each type that a condition might be put behind.
fn every_step(id: &str, next: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("email", email(id, next)),
        ("auto_email", auto_email(id, next)),
        ("text", text(id, next)),
        ("auto_text", auto_text(id, next)),
        ("phone_call", call(id, next)),
        ("task", task(id, next)),
        ("li_intro", linkedin("li_intro", id, next)),
        ("wait", wait(id, 1, 0, next)),
        ("ab email", ab_test(id, "email", 50, next)),
        ("ab text", ab_test(id, "text", 50, next)),
        ("branch_field", branch(id, city(), next, next)),
        ("branch_stage", stage(id, FLOW, &STAGES, next, next)),
        ("update_field", update(id, "disposition", "open", next)),
    ]
}

#[test]
fn co_40_conditions_stand_behind_their_own_steps_and_branches_anywhere() {
    for (kind, node) in every_step("n", "c") {
        let is_email = matches!(kind, "email" | "auto_email" | "ab email");
        let conditions = [
            ("CO-1", came("open", "c", 1, false, "t", ""), is_email),
            ("CO-2", reply("c", 1, "t", ""), is_email),
            ("CO-3", came("link", "c", 1, false, "t", ""), is_email),
            ("CO-4", came("attachment", "c", 1, false, "t", ""), is_email),
            ("CO-5", advanced("any", &["open"], "c", false, "t", ""), is_email),
            ("CO-30", answered("c", &["made"], "t", ""), kind == "phone_call"),
            ("CM-1", branch("c", city(), "t", ""), true),
            ("CM-2", stage("c", FLOW, &STAGES, "t", ""), true),
        ];
        for (rule, condition, fits) in conditions {
            let expected: &[&str] = if fits { &[] } else { &["condition_misplaced@c"] };
            let drawn = graph(&[node.clone(), condition, task("t", "")]);
            assert_eq!(Setting::default().found(&drawn), expected, "{rule}, D-36, CO-41: behind {kind}");
        }
    }
    check(&[
        ("D-3: a branch may be first", vec![branch("b", city(), "t", ""), task("t", "")], &[]),
        ("also one by stage", vec![stage("b", FLOW, &["offer"], "t", ""), task("t", "")], &[]),
        ("a condition may not", vec![came("open", "c", 1, true, "t", ""), task("t", "")], &["condition_misplaced@c"]),
    ]);
}

#[test]
fn d_33_d_35_conditions_that_ask_nothing_or_decide_nothing() {
    let nothing = |mut node: Value| {
        node.as_object_mut().unwrap().remove("condition");
        node
    };
    let mail = |condition: Value| vec![email("m", "c"), condition, task("t", "")];
    let only = |condition: Value| vec![condition, task("t", "")];
    check(&[
        ("CO-5 without signals", mail(advanced("all", &[], "c", false, "t", "")), &["condition_empty@c"]),
        ("CM-1 without a condition", only(nothing(branch("c", json!(null), "t", ""))), &["condition_empty@c"]),
        ("CM-1 null", only(branch("c", json!(null), "t", "")), &["condition_empty@c"]),
        ("CM-1 empty", only(branch("c", json!({ "all": [] }), "t", "")), &["condition_empty@c"]),
        (
            "CM-1 empty inside",
            only(branch("c", json!({ "any": [city(), { "all": [] }] }), "t", "")),
            &["condition_empty@c"],
        ),
        ("CM-2 without stages", only(stage("c", FLOW, &[], "t", "")), &["condition_empty@c"]),
        ("CO-1 dead", vec![email("m", "c"), came("open", "c", 1, false, "", "")], &["condition_dead@c"]),
        ("D-35 by field", vec![branch("c", city(), "", "")], &["condition_dead@c"]),
        ("D-35 by stage", vec![stage("c", FLOW, &["offer"], "", "")], &["condition_dead@c"]),
        ("CO-14 for every e-mail condition", mail(came("link", "c", 31, false, "t", "")), &["limit_out_of_range@c"]),
        (
            "also of several",
            mail(with(advanced("any", &["open"], "c", false, "t", ""), "limit_days", 0)),
            &["limit_out_of_range@c"],
        ),
    ]);
}

#[test]
fn cm_1_a_condition_that_makes_no_sense_of_the_record_type() {
    let wrong =
        json!({ "all": [{ "field": "shoe", "op": "eq", "value": 1 }, { "field": "city", "op": "gt", "value": "a" }] });
    check(&[
        ("sound", vec![branch("b", city(), "t", ""), task("t", "")], &[]),
        (
            "two faults",
            vec![branch("b", wrong, "t", ""), task("t", "")],
            &["condition_invalid@b", "condition_invalid@b"],
        ),
    ]);
    let of_account = Setting { kind: RecordType::Account, ..Setting::default() };
    let drawn = graph(&[branch("b", city(), "t", ""), task("t", "")]);
    assert_eq!(of_account.found(&drawn), ["condition_invalid@b"], "an account has no city");
}

#[test]
fn cm_16_a_branch_by_stage_needs_a_process_flow_of_the_record_type() {
    let drawn = |flow: &str, stages: &[&str]| vec![stage("b", flow, stages, "t", ""), task("t", "")];
    check(&[
        ("sound", drawn(FLOW, &["offer"]), &[]),
        ("no such flow", drawn("onboarding", &["offer"]), &["stage_flow_missing@b"]),
        ("none chosen", drawn("", &["offer"]), &["stage_flow_missing@b"]),
        ("no such stage", drawn(FLOW, &["offer", "dinner"]), &["stage_flow_missing@b"]),
    ]);
    let contact = Setting { kind: RecordType::Contact, ..Setting::default() };
    assert_eq!(contact.found(&graph(&drawn(FLOW, &["offer"]))), ["stage_flow_missing@b"], "a flow of another type");
}

#[test]
fn cm_10_advancing_is_neither_first_nor_followed() {
    check(&[
        ("sound", vec![task("t", "z"), advance("z", TARGET)], &[]),
        ("first", vec![advance("z", TARGET)], &["advance_first@z"]),
        (
            "not last",
            vec![task("t", "z"), with(advance("z", TARGET), "next", "u"), task("u", "")],
            &["advance_not_last@z"],
        ),
        ("on one path of two", vec![branch("b", city(), "t", "z"), task("t", ""), advance("z", TARGET)], &[]),
        ("CM-4: no such target", vec![task("t", "z"), advance("z", "next")], &["advance_target_invalid@z"]),
        ("another", vec![task("t", "z"), advance("z", relance::id::SequenceId(5))], &["advance_target_invalid@z"]),
        ("none chosen", vec![task("t", "z"), advance("z", "")], &["advance_target_invalid@z"]),
    ]);
}

/// ST-8, L-5: each side gets 10 to 90 of a hundred.
#[test]
fn ab_3_to_ab_7_a_test_lacks_nothing() {
    let at = |at: &str| json!({ "at": at });
    let test = |member: &str, value: Value| vec![with(ab_test("x", "email", 50, ""), member, value)];
    let lacks = &["ab_incomplete@x"][..];
    let split = &["ab_split_out_of_range@x"][..];
    let versions = |a: Value, b: Value| json!({ "a": a, "b": b });
    let full = json!({ "name": "A", "template": TEMPLATE });
    let unknown = json!({ "name": "B", "template": "00000000-0000-7000-8000-0000000000ff" });
    check(&[
        ("complete", vec![ab_test("x", "email", 50, "")], &[]),
        ("AB-2: text too", vec![ab_test("x", "text", 50, "")], &[]),
        ("AB-3: no display name", test("display_name", json!(" ")), lacks),
        ("no channel", test("channel", json!(null)), lacks),
        ("AB-2: no versions", test("versions", json!({})), lacks),
        (
            "AB-2: a version without a name",
            test("versions", versions(full.clone(), json!({ "template": TEMPLATE }))),
            lacks,
        ),
        ("AB-2: a version without a template", test("versions", versions(json!({ "name": "A" }), full.clone())), lacks),
        ("a template that is not there", test("versions", versions(full, unknown)), &["template_unknown@x"]),
        ("AB-4: half where none is given", test("share_a", json!(null)), &[]),
        ("AB-4: least", test("share_a", json!(10)), &[]),
        ("AB-4: most", test("share_a", json!(90)), &[]),
        ("AB-4: less", test("share_a", json!(9)), split),
        ("AB-4: more", test("share_a", json!(91)), split),
        ("AB-4: far out", test("share_a", json!(i64::MIN)), split),
        ("AB-5: no metric", test("metric", json!(null)), lacks),
        ("AB-6: no end", test("end", json!(null)), lacks),
        ("AB-6: not automatic and no date", test("end", json!({ "automatic": false })), lacks),
        ("AB-6: no instant", test("end", at("in May")), lacks),
        ("AB-6: dated", test("end", at("2026-05-01T09:00:00+02:00")), &[]),
        ("AB-7: no default", test("default", json!(null)), lacks),
        ("L-11", test("display_name", json!("x".repeat(101))), &["name_too_long@x"]),
        ("bare", vec![json!({ "type": "ab_test", "id": "x" })], lacks),
    ]);
}

#[test]
fn ab_4_ab_6_what_is_no_test_is_not_read() {
    let table = [
        ("share_a", json!(50.5)),
        ("share_a", json!("50")),
        ("metric", json!("money")),
        ("channel", json!("letter")),
        ("default", json!("c")),
        ("end", json!({ "automatic": true, "at": "2026-05-01T09:00:00Z" })),
        ("end", json!({})),
        ("end", json!({ "never": true })),
        ("versions", json!({ "c": {} })),
        ("versions", json!({ "a": { "subject": "x" } })),
    ];
    for (member, value) in table {
        let node = with(ab_test("x", "email", 50, ""), member, value);
        assert!(serde_json::from_value::<Graph>(json!({ "nodes": [node] })).is_err(), "D-34: {node}");
    }
}

#[test]
fn ab_18_l_6_at_most_five_tests_in_a_sequence() {
    let row = |count: usize| {
        let next = |place: usize| if place + 1 < count { format!("w{}", place + 1) } else { String::new() };
        let pair = |place: usize| {
            [
                wait(&format!("w{place}"), 1, 0, &format!("x{place}")),
                ab_test(&format!("x{place}"), "email", 50, &next(place)),
            ]
        };
        (0..count).flat_map(pair).collect::<Vec<_>>()
    };
    assert_eq!(Setting::default().found(&graph(&row(limits::AB_TESTS_MAX))), [""; 0]);
    assert_eq!(Setting::default().found(&graph(&row(7))), ["too_many_ab_tests@x5", "too_many_ab_tests@x6"]);
}

#[test]
fn d_38_co_17_engagement_switched_off() {
    let off = Setting { tracks_engagement: false, ..Setting::default() };
    let mail = |condition: Value| graph(&[email("m", "c"), condition, task("t", "")]);
    let metric = |metric: &str| graph(&[with(ab_test("x", "email", 50, ""), "metric", metric)]);
    for condition in [
        came("open", "c", 1, false, "t", ""),
        reply("c", 1, "t", ""),
        came("link", "c", 1, false, "t", ""),
        came("attachment", "c", 1, false, "t", ""),
        advanced("all", &["open", "reply"], "c", false, "t", ""),
    ] {
        assert_eq!(off.found(&mail(condition)), ["engagement_disabled@c"]);
    }
    for (name, expected) in
        [("opens", &["engagement_disabled@x"][..]), ("clicks", &["engagement_disabled@x"]), ("goal", &[])]
    {
        assert_eq!(off.found(&metric(name)), expected, "{name}");
    }
    assert_eq!(off.found(&graph(&[auto_email("m", "")])), [""; 0], "ST-22: an automated e-mail alone needs none");
    let leaving = Setting { exit_on_reply: true, ..off };
    assert_eq!(leaving.found(&graph(&[email("m", "")])), ["engagement_disabled@"]);
}

#[test]
fn d_36_an_email_test_is_an_email_step_and_a_text_test_is_none() {
    let leaving = Setting { exit_on_reply: true, ..Setting::default() };
    assert_eq!(leaving.found(&graph(&[ab_test("x", "email", 50, "")])), [""; 0], "R-31");
    assert_eq!(leaving.found(&graph(&[ab_test("x", "text", 50, "")])), ["reply_exit_without_email@"]);
    assert_eq!(leaving.found(&graph(&[text("s", "")])), ["reply_exit_without_email@"]);
}

#[test]
fn a_2_a_record_type_that_is_switched_off() {
    let off = Setting { has_record_type: false, ..Setting::default() };
    assert_eq!(off.found(&graph(&[task("t", "")])), ["record_type_disabled@"]);
    assert_eq!(off.found(&graph(&[])), ["record_type_disabled@", "empty_sequence@"]);
}

#[test]
fn d_48_every_automated_message_right_behind_a_step_is_warned_of() {
    for (kind, node) in every_step("n", "m") {
        let is_looked_through = matches!(kind, "branch_field" | "branch_stage" | "update_field");
        let expected: &[&str] = if kind == "wait" || is_looked_through { &[] } else { &["auto_without_wait?@m"] };
        for message in [auto_email("m", ""), auto_text("m", ""), ab_test("m", "email", 50, "")] {
            assert_eq!(Setting::default().found(&graph(&[node.clone(), message])), expected, "{kind}");
        }
        if is_looked_through {
            let drawn = graph(&[task("t", "n"), node, auto_email("m", "")]);
            assert_eq!(Setting::default().found(&drawn), ["auto_without_wait?@m"], "ST-20: a step before {kind}");
        }
    }
}
