//! §9 as tables: what activation finds in a graph, and what even saving refuses.

use relance::domain::plan::structure::structural_faults;
use relance::domain::record::schema::RecordType;
use relance::domain::sequence::graph::Graph;
use relance::limits;
use serde_json::{Value, json};

use super::draw::{answered, auto_email, call, early_reply, email, graph, linkedin, reply, task, update, wait};
use super::setting::Setting;

/// See [`Setting::found`].
fn found(drawn: &Graph, kind: RecordType, exit_on_reply: bool) -> Vec<String> {
    Setting { kind, exit_on_reply, ..Setting::default() }.found(drawn)
}

fn check(table: &[(&str, Vec<Value>, &[&str])]) {
    for (what, nodes, expected) in table {
        assert_eq!(found(&graph(nodes), RecordType::Lead, false), *expected, "{what}");
    }
}

pub fn with(mut node: Value, member: &str, value: impl Into<Value>) -> Value {
    node[member] = value.into();
    node
}

/// Pointer and code of each problem.
type Expected = &'static [(&'static str, &'static str)];

#[test]
fn q_42_waits_and_the_ends_of_paths() {
    check(&[
        ("nothing at all", vec![], &["empty_sequence@"]),
        ("D-37: one node is enough", vec![task("t", "")], &[]),
        ("ends with a wait", vec![task("t", "w"), wait("w", 1, 0, "")], &["trailing_wait@w"]),
        ("nothing but a wait", vec![wait("w", 1, 0, "")], &["trailing_wait@w"]),
        (
            "ends with a wait on one path of two",
            vec![email("m", "c"), reply("c", 1, "t", "w"), task("t", ""), wait("w", 1, 0, "")],
            &["trailing_wait@w"],
        ),
        (
            "two waits in a row",
            vec![wait("v", 1, 0, "w"), wait("w", 1, 0, "t"), task("t", "")],
            &["wait_after_wait?@w"],
        ),
        ("two waits apart", vec![wait("v", 1, 0, "s"), task("s", "w"), wait("w", 1, 0, "t"), task("t", "")], &[]),
    ]);
}

/// L-2: at most 30 days.
#[test]
fn st_7_a_wait_lasts_more_than_nothing_and_at_most_thirty_days() {
    let (fine, out): (&[&str], &[&str]) = (&[], &["wait_out_of_range@w"]);
    let table = [
        (0, 0, out),
        (0, 1, fine),
        (1, 0, fine),
        (30, 0, fine),
        (29, 24, fine),
        (0, 720, fine),
        (30, 1, out),
        (0, 721, out),
        (31, 0, out),
        (-1, 48, out),
        (2, -1, out),
        (i64::MAX, 0, out),
        (0, i64::MAX, out),
        (i64::MIN, i64::MIN, out),
    ];
    for (days, hours, expected) in table {
        let drawn = graph(&[wait("w", days, hours, "t"), task("t", "")]);
        assert_eq!(found(&drawn, RecordType::Lead, false), expected, "{days} d {hours} h");
    }
}

#[test]
fn co_14_a_time_limit_is_more_than_nothing_and_at_most_thirty_days() {
    let (fine, out): (&[&str], &[&str]) = (&[], &["limit_out_of_range@c"]);
    let table = [
        (json!(null), json!(null), fine),
        (json!(0), json!(0), out),
        (json!(0), json!(null), out),
        (json!(null), json!(0), out),
        (json!(null), json!(1), fine),
        (json!(30), json!(null), fine),
        (json!(30), json!(1), out),
        (json!(31), json!(null), out),
        (json!(-1), json!(48), out),
        (json!(i64::MAX), json!(i64::MAX), out),
    ];
    for (days, hours, expected) in table {
        let condition = with(with(reply("c", 1, "t", ""), "limit_days", days.clone()), "limit_hours", hours.clone());
        let drawn = graph(&[email("m", "c"), condition, task("t", "")]);
        assert_eq!(found(&drawn, RecordType::Lead, false), expected, "{days} d {hours} h");
    }
}

/// A node of each type that is no condition, leading to `next`.
fn every_step(id: &str, next: &str) -> Vec<(&'static str, Value)> {
    let mut nodes = vec![
        ("email", email(id, next)),
        ("auto_email", auto_email(id, next)),
        ("phone_call", call(id, next)),
        ("task", task(id, next)),
        ("wait", wait(id, 1, 0, next)),
        ("update_field", update(id, "disposition", "open", next)),
    ];
    for kind in ["li_research", "li_intro", "li_connect", "li_inmail"] {
        nodes.push((kind, linkedin(kind, id, next)));
    }
    nodes
}

/// Q-60, D-39: a graph from which the step before a condition was taken is saved and not activated.
#[test]
fn co_40_a_condition_stands_directly_after_its_own_step_only() {
    for (kind, node) in every_step("n", "c") {
        let conditions = [
            (reply("c", 1, "t", ""), matches!(kind, "email" | "auto_email")),
            (answered("c", &["made"], "t", ""), kind == "phone_call"),
        ];
        for (condition, fits) in conditions {
            let expected: &[&str] = if fits { &[] } else { &["condition_misplaced@c"] };
            let drawn = graph(&[node.clone(), condition.clone(), task("t", "")]);
            assert_eq!(found(&drawn, RecordType::Lead, false), expected, "CO-41: {kind} before {condition}");
        }
    }
}

#[test]
fn co_40_a_condition_at_the_start_or_behind_a_condition_is_misplaced() {
    check(&[
        ("first", vec![reply("c", 1, "t", ""), task("t", "")], &["condition_misplaced@c"]),
        ("first call", vec![answered("c", &["made"], "t", ""), task("t", "")], &["condition_misplaced@c"]),
        (
            "behind a condition",
            vec![email("m", "c"), reply("c", 1, "d", ""), reply("d", 1, "t", ""), task("t", "")],
            &["condition_misplaced@d"],
        ),
        (
            "right on one path, wrong on the other",
            vec![
                email("m", "c"),
                reply("c", 1, "n", "t"),
                email("n", "d"),
                task("t", "d"),
                reply("d", 1, "z", ""),
                task("z", ""),
            ],
            &["condition_misplaced@d"],
        ),
        (
            "shared by two e-mails",
            vec![
                email("m", "c"),
                reply("c", 1, "n", "o"),
                email("n", "d"),
                email("o", "d"),
                reply("d", 1, "z", ""),
                task("z", ""),
            ],
            &[],
        ),
    ]);
}

#[test]
fn d_35_conditions_that_decide_nothing() {
    check(&[
        ("both exits empty", vec![email("m", "c"), reply("c", 1, "", "")], &["condition_dead@c"]),
        ("both exits of a call", vec![call("l", "c"), answered("c", &["made"], "", "")], &["condition_dead@c"]),
        ("one exit", vec![email("m", "c"), reply("c", 1, "t", ""), task("t", "")], &[]),
        ("no result chosen", vec![call("l", "c"), answered("c", &[], "t", ""), task("t", "")], &["condition_empty@c"]),
        (
            "CO-31: a result that does not exist",
            vec![call("l", "c"), answered("c", &["made", "hung_up"], "t", ""), task("t", "")],
            &["condition_empty@c"],
        ),
    ]);
}

#[test]
fn st_2_an_automated_email_needs_a_template_and_st_1_an_email_may_have_one() {
    let unknown = "00000000-0000-7000-8000-0000000000ff";
    let bare = |mut node: Value| {
        node.as_object_mut().unwrap().remove("template");
        node
    };
    check(&[
        ("automated without", vec![bare(auto_email("m", ""))], &["template_missing@m"]),
        ("automated with one", vec![auto_email("m", "")], &[]),
        (
            "automated with an unknown one",
            vec![with(auto_email("m", ""), "template", unknown)],
            &["template_unknown@m"],
        ),
        ("no id at all", vec![with(auto_email("m", ""), "template", "welcome")], &["template_unknown@m"]),
        ("by hand without", vec![email("m", "")], &[]),
        ("by hand with one", vec![with(email("m", ""), "template", super::draw::TEMPLATE)], &[]),
        ("by hand with an unknown one", vec![with(email("m", ""), "template", unknown)], &["template_unknown@m"]),
    ]);
}

#[test]
fn cm_3_only_two_options_and_option_sets_with_a_value_of_the_set() {
    let table = [
        (RecordType::Lead, "disposition", "disqualified", true),
        (RecordType::Lead, "disposition", "lost", false),
        (RecordType::Lead, "disposition", "", false),
        (RecordType::Lead, "company", "Acme", false),
        (RecordType::Lead, "estimated_value", "7", false),
        (RecordType::Lead, "future_events", "yes", false),
        (RecordType::Lead, "nonsense", "yes", false),
        (RecordType::Contact, "future_events", "yes", true),
        (RecordType::Contact, "future_events", "no", true),
        (RecordType::Contact, "future_events", "true", false),
        (RecordType::Contact, "disposition", "open", false),
        (RecordType::Opportunity, "disposition", "qualified", true),
        (RecordType::Account, "renewal_date", "2026-01-01", false),
    ];
    for (kind, field, value, fits) in table {
        let expected: &[&str] = if fits { &[] } else { &["update_field_unsupported@k"] };
        let drawn = graph(&[update("k", field, value, "")]);
        assert_eq!(found(&drawn, kind, false), expected, "{kind:?}.{field} = {value}");
    }
}

#[test]
fn names_of_steps_l_11() {
    let long = "é".repeat(limits::STEP_NAME_MAX + 1);
    let text = "é".repeat(limits::STEP_DESCRIPTION_MAX + 1);
    check(&[
        ("an e-mail", vec![with(email("n", ""), "name", " ")], &["name_missing@n"]),
        ("an automated one", vec![with(auto_email("n", ""), "name", "")], &["name_missing@n"]),
        ("ST-5", vec![with(call("n", ""), "name", "")], &["name_missing@n"]),
        ("ST-6", vec![with(task("n", ""), "name", "")], &["name_missing@n"]),
        ("LinkedIn steps default to their label (§7)", vec![linkedin("li_intro", "n", "")], &[]),
        ("as long as it may be", vec![with(task("n", ""), "name", &long[2..])], &[]),
        ("too long", vec![with(task("n", ""), "name", long.clone())], &["name_too_long@n"]),
        ("description", vec![with(task("n", ""), "description", &text[2..])], &[]),
        ("description too long", vec![with(task("n", ""), "description", text.clone())], &["name_too_long@n"]),
        (
            "also of a condition",
            vec![email("m", "c"), with(early_reply("c", 1, "t", ""), "name", long), task("t", "")],
            &["name_too_long@c"],
        ),
    ]);
}

#[test]
fn r_31_reply_exit_without_email() {
    for (kind, node) in every_step("n", "t") {
        let expected: &[&str] =
            if matches!(kind, "email" | "auto_email") { &[] } else { &["reply_exit_without_email@"] };
        assert_eq!(found(&graph(&[node, task("t", "")]), RecordType::Lead, true), expected, "{kind}");
    }
}

#[test]
fn st_20_d_48_a_message_right_behind_a_step_is_warned_of() {
    // The nearest earlier node that is no command decides.
    for (kind, node) in every_step("n", "m") {
        let warns = !matches!(kind, "wait" | "update_field");
        let expected: &[&str] = if warns { &["auto_without_wait?@m"] } else { &[] };
        assert_eq!(found(&graph(&[node.clone(), auto_email("m", "")]), RecordType::Lead, false), expected, "{kind}");
        let through = graph(&[with(node, "next", "k"), update("k", "disposition", "open", "m"), auto_email("m", "")]);
        assert_eq!(found(&through, RecordType::Lead, false), expected, "{kind} and a command");
    }
    check(&[
        ("D-28: the first node", vec![auto_email("m", "")], &[]),
        ("behind a condition", vec![call("l", "c"), answered("c", &["made"], "m", ""), auto_email("m", "")], &[]),
        ("behind an e-mail condition", vec![email("l", "c"), reply("c", 1, "", "m"), auto_email("m", "")], &[]),
        (
            "a wait on one path, a step on the other",
            vec![
                call("l", "c"),
                answered("c", &["made"], "w", "t"),
                wait("w", 1, 0, "m"),
                task("t", "m"),
                auto_email("m", ""),
            ],
            &["auto_without_wait?@m"],
        ),
        (
            "two commands between",
            vec![
                task("t", "k"),
                update("k", "disposition", "open", "l"),
                update("l", "disposition", "open", "m"),
                auto_email("m", ""),
            ],
            &["auto_without_wait?@m"],
        ),
    ]);
}

/// L-9: forty steps are no limit.
#[test]
fn l_8_at_most_four_hundred_nodes_on_a_path() {
    let row = |count: usize| {
        let next = |place: usize| if place + 1 < count { format!("n{}", place + 1) } else { String::new() };
        graph(&(0..count).map(|place| task(&format!("n{place}"), &next(place))).collect::<Vec<_>>())
    };
    assert_eq!(found(&row(limits::PATH_NODES_MAX), RecordType::Lead, false), [""; 0]);
    assert_eq!(found(&row(limits::PATH_NODES_MAX + 1), RecordType::Lead, false), ["too_many_steps@"]);
    let faults = structural_faults(&row(limits::GRAPH_NODES_MAX + 1));
    assert_eq!((faults[0].0.as_str(), faults[0].1), ("/nodes", "too_many_steps"));
}

#[test]
fn d_34_saving_refuses_only_what_is_structurally_impossible() {
    let twice = vec![task("a", ""), task("a", "")];
    let table: [(&str, Vec<Value>, Expected); 8] = [
        ("a node stands twice", twice, &[("/nodes/1/id", "duplicate_node")]),
        ("an exit to nowhere", vec![task("a", "z")], &[("/nodes/0/next", "dangling_edge")]),
        (
            "both exits to nowhere",
            vec![email("a", "c"), reply("c", 1, "y", "z")],
            &[("/nodes/1/yes", "dangling_edge"), ("/nodes/1/no", "dangling_edge")],
        ),
        ("a node behind itself", vec![task("a", "a")], &[("/nodes/0", "cycle")]),
        ("a ring", vec![task("a", "b"), task("b", "c"), task("c", "b")], &[("/nodes/1", "cycle")]),
        ("a ring that nothing leads to", vec![task("a", ""), task("b", "c"), task("c", "b")], &[("/nodes/1", "cycle")]),
        ("branches that meet", vec![email("a", "c"), reply("c", 1, "d", "d"), task("d", "")], &[]),
        ("what only activation minds", vec![wait("a", 99, 0, ""), task("lost", "")], &[]),
    ];
    for (what, nodes, expected) in table {
        let faults = structural_faults(&graph(&nodes));
        let shown: Vec<_> = faults.iter().map(|(pointer, code, _)| (pointer.as_str(), *code)).collect();
        assert_eq!(shown, expected, "{what}");
        // Compiled all the same, it is answered with those codes and no plan.
        if !expected.is_empty() {
            let codes: Vec<_> = expected.iter().map(|(_, code)| format!("{code}@")).collect();
            assert_eq!(found(&graph(&nodes), RecordType::Lead, false), codes, "{what}");
        }
    }
    let astray = Graph { start: Some("z".into()), ..graph(&[task("a", "")]) };
    assert_eq!(structural_faults(&astray)[0].0, "/start");
}

#[test]
fn d_34_an_unknown_type_or_member_is_no_graph() {
    let table = [
        json!({ "type": "meeting", "id": "a" }),
        json!({ "id": "a" }),
        json!({ "type": "task", "id": "a", "colour": "red" }),
        json!({ "type": "task" }),
        json!({ "type": "wait", "id": "a", "days": 1.5 }),
    ];
    for node in table {
        let document = json!({ "start": "a", "nodes": [node] });
        assert!(serde_json::from_value::<Graph>(document.clone()).is_err(), "ST-24: {document}");
    }
}

#[test]
fn d_34_an_unreachable_node_is_a_diagnostic() {
    check(&[("apart", vec![task("a", ""), task("b", "")], &["unreachable_node@b"])]);
}

#[test]
fn every_fault_of_a_graph_is_told_at_once() {
    check(&[(
        "much is wrong",
        vec![with(auto_email("m", "c"), "name", ""), answered("c", &[], "w", ""), wait("w", 0, 0, ""), task("x", "")],
        &[
            "name_missing@m",
            "condition_empty@c",
            "wait_out_of_range@w",
            "unreachable_node@x",
            "condition_misplaced@c",
            "trailing_wait@w",
        ],
    )]);
}
