//! §20: every path of every template, found in its graph and gone to its end under a virtual clock.

use chrono::TimeDelta;
use relance::domain::enrolment::{EndReason, EnrolmentStatus, Signal};
use relance::domain::record::schema::{Outcome, RecordState};
use relance::domain::sequence::graph::{Graph, Node};
use relance::domain::template::{Language, SequenceTemplate, sequence_template, sequence_templates};

use super::world::World;

/// One way through a graph: each node with the exit it is left by.
type Path<'a> = Vec<(&'a Node, &'static str)>;

/// Every way from the start to an end.
fn paths(graph: &Graph) -> Vec<Path<'_>> {
    let find = |id: &str| graph.nodes.iter().find(|node| node.id() == id).expect("an edge leads to a node");
    let mut open = vec![(Vec::new(), find(graph.start.as_deref().expect("a start")))];
    let mut ended = Vec::new();
    while let Some((path, node)) = open.pop() {
        for (member, to) in node.exits() {
            let longer: Path = path.iter().copied().chain([(node, member)]).collect();
            match to {
                Some(to) => open.push((longer, find(to))),
                None => ended.push(longer),
            }
        }
    }
    ended
}

fn ids(path: &Path) -> String {
    path.iter().map(|(node, _)| node.id()).collect::<Vec<_>>().join(" ")
}

/// What a node takes when nobody acts early.
fn span(node: &Node) -> TimeDelta {
    match node {
        Node::Wait(wait) => TimeDelta::hours(wait.days * 24 + wait.hours),
        Node::CondEmailReply(reply) => {
            TimeDelta::hours(reply.limit_days.unwrap_or(0) * 24 + reply.limit_hours.unwrap_or(0))
        }
        _ => TimeDelta::zero(),
    }
}

/// When customers answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    AtOnce,
    AtTheLastInstant,
}

/// Goes along `path`; the world when it is over.
fn drive(template: &SequenceTemplate, language: Language, path: &Path, answer: Answer) -> (World, u32) {
    let mut world = World::of(template.record_type);
    let run = world.run(template.graph(language));
    world.deliver();
    for (place, (node, exit)) in path.iter().enumerate() {
        let next = path.get(place + 1);
        match node {
            Node::Email(_) | Node::Task(_) | Node::LiResearch(_) | Node::LiIntro(_) => world.complete(run),
            Node::LiConnect(_) | Node::LiInmail(_) => world.complete(run),
            Node::PhoneCall(_) => match next {
                Some((Node::CondCall(call), "yes")) => world.answer(run, &call.results[0]),
                Some((Node::CondCall(_), _)) => world.answer(run, "no_answer"),
                _ => world.complete(run),
            },
            Node::Wait(_) => world.pass(span(node)),
            Node::CondEmailReply(_) if *exit == "yes" => {
                if answer == Answer::AtTheLastInstant {
                    world.stall(span(node));
                }
                world.signal(run, path[place - 1].0.id(), Signal::Replied);
            }
            Node::CondEmailReply(_) => world.pass(span(node)),
            Node::AutoEmail(_) | Node::CondCall(_) | Node::UpdateField(_) => {}
            other => panic!("no template has a {}", other.kind()),
        }
        world.deliver();
    }
    (world, run)
}

#[test]
fn every_path_of_every_template_is_gone_to_its_end() {
    for (template, count) in sequence_templates().iter().zip([4, 4, 4, 4, 1, 5]) {
        for language in [Language::En, Language::Fr, Language::Gl] {
            let graph = template.graph(language);
            let paths = paths(&graph);
            assert_eq!(paths.len(), count, "{}: paths of §20.2", template.id);
            let mut longest = TimeDelta::zero();
            for path in &paths {
                let what = format!("{} {} {}", template.id, language.code(), ids(path));
                let (world, run) = drive(template, language, path, Answer::AtTheLastInstant);
                let held = world.enrolment(run);
                assert_eq!(world.visited(run), ids(path), "{what}");
                let completed = Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted));
                assert_eq!(world.end(run), completed, "R-2: {what}");
                let took = held.ended_at.unwrap() - held.connected_at;
                assert_eq!(took, path.iter().map(|(node, _)| span(node)).sum(), "TC-3: {what}");
                longest = longest.max(took);
                let counted = world.record().steps.iter().filter(|step| world.node(step).is_counted()).count();
                assert_eq!(usize::from(held.steps_done), counted, "D-61: {what}");
                world.check_replay();
            }
            assert_eq!(longest, TimeDelta::days(template.duration_days), "TC-3: {}", template.id);
        }
    }
}

#[test]
fn tc_5_a_customer_who_answers_at_once_shortens_every_path_by_its_limits() {
    for template in sequence_templates() {
        let graph = template.graph(Language::En);
        for path in paths(&graph) {
            let (world, run) = drive(template, Language::En, &path, Answer::AtOnce);
            assert_eq!(world.visited(run), ids(&path));
            let held = world.enrolment(run);
            let waited = path.iter().filter(|(node, exit)| !matches!(node, Node::CondEmailReply(_)) || *exit == "no");
            let expected: TimeDelta = waited.map(|(node, _)| span(node)).sum();
            assert_eq!(held.ended_at.unwrap() - held.connected_at, expected, "{} {}", template.id, ids(&path));
        }
    }
}

#[test]
fn the_paths_of_each_template_are_these() {
    let table: [(&str, &[&str]); 6] = [
        ("T1", &["1 c1 2", "1 c1 3 c2 4", "1 c1 3 c2 w1 5 c3 6", "1 c1 3 c2 w1 5 c3 7"]),
        (
            "T2",
            &[
                "1 2 w1 3 c1 4",
                "1 2 w1 3 c1 w2 5 w3 6 c2",
                "1 2 w1 3 c1 w2 5 w3 6 c2 w4 7 c3",
                "1 2 w1 3 c1 w2 5 w3 6 c2 w4 7 c3 k1",
            ],
        ),
        ("T3", &["1 c1 2", "1 c1 3 c2 4", "1 c1 3 c2 5 c3 6", "1 c1 3 c2 5 c3 k1"]),
        (
            "T4",
            &[
                "1 2 3 w1 4 c1 5",
                "1 2 3 w1 4 c1 6 c2 7",
                "1 2 3 w1 4 c1 6 c2 w2 8 c3 9",
                "1 2 3 w1 4 c1 6 c2 w2 8 c3 k1",
            ],
        ),
        ("T5", &["1 2 w1 3 4 w2 5 6 w3 7 w4 8 w5 9 10 w6 11 w7 12 w8 13"]),
        (
            "T6",
            &[
                "1 c1 2 9 10",
                "1 c1 3 c2 4 9 10",
                "1 c1 3 c2 5 c3 6 9 10",
                "1 c1 3 c2 5 c3 w1 7 c4 8 9 10",
                "1 c1 3 c2 5 c3 w1 7 c4 k1",
            ],
        ),
    ];
    for (id, expected) in table {
        let graph = sequence_template(id).expect("a template").graph(Language::En);
        let mut found: Vec<_> = paths(&graph).iter().map(ids).collect();
        found.sort();
        assert_eq!(found, expected, "{id}");
    }
}

#[test]
fn the_last_no_branch_writes_what_section_20_9_says() {
    // (template, field, value, state of the record afterwards, outcome)
    let table = [
        ("T2", "disposition", "disqualified", RecordState::Inactive, Outcome::Failure),
        ("T3", "future_events", "yes", RecordState::Active, Outcome::None),
        ("T4", "disposition", "disqualified", RecordState::Inactive, Outcome::Failure),
        ("T6", "disposition", "disqualified", RecordState::Inactive, Outcome::Failure),
    ];
    for (id, field, value, state, outcome) in table {
        let template = sequence_template(id).expect("a template");
        let graph = template.graph(Language::En);
        for path in paths(&graph) {
            let writes = ids(&path).ends_with("k1");
            let (world, _) = drive(template, Language::En, &path, Answer::AtTheLastInstant);
            assert_eq!(world.field(field), writes.then_some(value), "{id} {}", ids(&path));
            let expected = if writes { (state, outcome) } else { (RecordState::Active, Outcome::None) };
            assert_eq!((world.record().state, world.record().outcome), expected, "{id} {}", ids(&path));
        }
    }
}
