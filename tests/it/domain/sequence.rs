//! §3: creating, editing, activating and deactivating a sequence, and the versions that follow.

mod life;

use relance::domain::effect::{Counter, Delivery, Effect, Effects};
use relance::domain::entity::{Entity, Stamp};
use relance::domain::plan::AssignTo;
use relance::domain::record::schema::{Owner, RecordType};
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::{Property, Sequence, SequenceCommand, SequenceRejection, SequenceStatus};
use relance::domain::template::{Language, sequence_templates};
use relance::id::{SequenceId, UserId};
use relance::limits;

use super::draw::{auto_email, email, graph, task, wait};
use super::ledger::Logged;
use super::world::{BEGIN, SELLER, at, given};

/// One sequence by itself.
struct Author {
    sequence: Logged<Sequence>,
    stamp: Stamp,
}

type Answer = Result<Effects, SequenceRejection>;

impl Author {
    fn of(drawn: Graph) -> Author {
        let sequence = Logged::new();
        let mut author = Author { sequence, stamp: Stamp { at: at(BEGIN), by: SELLER } };
        author.create("Follow up", "", drawn).unwrap();
        author
    }

    fn create(&mut self, name: &str, description: &str, graph: Graph) -> Answer {
        let (name, description) = (name.to_owned(), description.to_owned());
        self.ask(SequenceCommand::Create { name, description, record_type: RecordType::Lead, template: None, graph })
    }

    fn ask(&mut self, command: SequenceCommand) -> Answer {
        self.stamp.at = self.stamp.at + chrono::TimeDelta::seconds(1);
        let by = if matches!(command, SequenceCommand::Emptied { .. }) { UserId::SYSTEM } else { self.stamp.by };
        let (_, effects) = self.sequence.decide(SequenceId(1), &given(), command, Stamp { by, ..self.stamp })?;
        self.sequence.check_replay();
        Ok(effects)
    }

    fn activate(&mut self) -> Answer {
        self.ask(SequenceCommand::Activate { description: None, migration: None, pilot: None })
    }

    fn change(&mut self, property: Property) -> Answer {
        self.ask(SequenceCommand::Change(vec![property]))
    }

    fn save(&mut self, drawn: Graph) -> Answer {
        self.ask(SequenceCommand::SaveGraph(drawn))
    }

    fn state(&self) -> &Sequence {
        &self.sequence.state
    }

    fn published(&self) -> Vec<u16> {
        self.state().published.iter().map(|version| version.number).collect()
    }
}

fn one_task(id: &str) -> Graph {
    graph(&[task(id, "")])
}

/// Pointer and code of each problem.
fn problems(answer: Answer) -> Vec<(String, &'static str)> {
    match answer {
        Err(SequenceRejection::Invalid(problems)) => {
            problems.into_iter().map(|problem| (problem.pointer, problem.code)).collect()
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => vec![],
    }
}

/// Pointer and code of each problem.
type Expected = &'static [(&'static str, &'static str)];

#[test]
fn q_8_a_new_sequence_is_inactive_version_1_of_its_creator() {
    let author = Author::of(Graph::default());
    let state = author.state();
    assert_eq!((state.status, state.version, state.owner), (SequenceStatus::Inactive, 1, Owner::User(SELLER)));
    assert_eq!((state.conduct.assign_to.clone(), state.conduct.exit_on_reply), (AssignTo::RecordOwner, false));
    assert_eq!((state.created_at, state.published.len()), (author.stamp.at, 0));
    assert_eq!(RecordType::default(), RecordType::Lead, "Q-2: the default type");
}

#[test]
fn q_3_a_copy_of_a_template_is_edited_and_the_template_stays() {
    for template in sequence_templates() {
        let shipped = || template.graph(Language::En);
        let mut author = Author::of(Graph::default());
        author.sequence = Logged::new();
        let create = SequenceCommand::Create {
            name: "Mine".into(),
            description: String::new(),
            record_type: template.record_type,
            template: Some(template.id.clone()),
            graph: shipped(),
        };
        author.ask(create).unwrap();
        let state = author.state();
        assert_eq!((state.record_type, state.template.as_ref()), (template.record_type, Some(&template.id)));
        assert_eq!(state.graph(), shipped());
        let before = shipped();
        author.save(one_task("t")).unwrap();
        assert_eq!((author.state().graph(), shipped()), (one_task("t"), before));
        author.activate().unwrap();
    }
}

/// L-10.
#[test]
fn q_2_the_name_is_required_and_both_texts_have_bounds() {
    let (name, text) = (limits::SEQUENCE_NAME_MAX, limits::SEQUENCE_DESCRIPTION_MAX);
    assert_eq!((name, text), (160, 2_000));
    let table: [(String, String, Expected); 6] = [
        ("n".into(), String::new(), &[]),
        (String::new(), String::new(), &[("/name", "name_missing")]),
        (" \t".into(), String::new(), &[("/name", "name_missing")]),
        ("é".repeat(name), "é".repeat(text), &[]),
        ("é".repeat(name + 1), String::new(), &[("/name", "name_too_long")]),
        (String::new(), "é".repeat(text + 1), &[("/name", "name_missing"), ("/description", "too_long")]),
    ];
    for (name, description, expected) in table {
        let expected: Vec<_> = expected.iter().map(|(pointer, code)| (pointer.to_string(), *code)).collect();
        let mut author = Author::of(Graph::default());
        author.sequence = Logged::new();
        assert_eq!(problems(author.create(&name, &description, Graph::default())), expected);
        let mut author = Author::of(Graph::default());
        let properties = vec![Property::Name(name), Property::Description(description)];
        assert_eq!(problems(author.ask(SequenceCommand::Change(properties))), expected);
    }
}

#[test]
fn a_sequence_is_created_once_and_before_anything_else() {
    let mut author = Author::of(Graph::default());
    assert_eq!(author.create("Again", "", Graph::default()), Err(SequenceRejection::Exists));
    author.sequence = Logged::new();
    assert_eq!(author.activate(), Err(SequenceRejection::NotFound));
}

#[test]
fn q_7_an_incomplete_graph_is_saved_and_an_impossible_one_is_not() {
    let mut author = Author::of(Graph::default());
    author.save(graph(&[wait("w", 99, 0, ""), task("lost", "")])).unwrap();
    let expected = vec![("/nodes/0/next".to_owned(), "dangling_edge")];
    assert_eq!(problems(author.save(graph(&[task("a", "b")]))), expected);
    assert_eq!(author.state().graph(), graph(&[wait("w", 99, 0, ""), task("lost", "")]));
    author.sequence = Logged::new();
    assert_eq!(problems(author.create("n", "", graph(&[task("a", "b")]))), expected);
}

#[test]
fn q_7_a_graph_has_a_largest_size() {
    let mut author = Author::of(Graph::default());
    let mut node = task("a", "");
    node["description"] = "x".repeat(limits::GRAPH_BYTES_MAX).into();
    assert_eq!(problems(author.save(graph(&[node]))), [(String::new(), "too_long")]);
}

#[test]
fn q_42_activation_names_the_node_that_ends_with_a_wait() {
    let mut author = Author::of(graph(&[task("t", "w"), wait("w", 1, 0, "")]));
    let Err(SequenceRejection::ValidationFailed(found)) = author.activate() else { panic!("it activates") };
    assert_eq!((found[0].code, found[0].node.as_deref(), found.len()), ("trailing_wait", Some("w"), 1));
    assert_eq!(author.state().status, SequenceStatus::Inactive);
    author.save(one_task("t")).unwrap();
    author.activate().unwrap();
    assert_eq!(author.state().status, SequenceStatus::Active);
}

#[test]
fn q_42_warnings_do_not_block_and_are_not_among_the_errors() {
    let mut author = Author::of(graph(&[task("t", "m"), auto_email("m", "")]));
    assert_eq!(author.state().compile_draft(SequenceId(1), &given()).1[0].code, "auto_without_wait");
    author.activate().unwrap();
    let mut author = Author::of(graph(&[task("t", "m"), auto_email("m", "w"), wait("w", 1, 0, "")]));
    let Err(SequenceRejection::ValidationFailed(found)) = author.activate() else { panic!("it activates") };
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), ["trailing_wait"]);
}

#[test]
fn q_41_activation_counts_up_to_250_active_sequences_and_deactivation_counts_down() {
    let mut author = Author::of(one_task("t"));
    assert!(author.save(one_task("u")).unwrap().0.is_empty());
    let up = Effect::Count { counter: Counter::ActiveSequences, delta: 1, max: Some(250) };
    let down = Effect::Count { counter: Counter::ActiveSequences, delta: -1, max: None };
    for _ in 0..2 {
        assert_eq!(author.activate().unwrap().0, std::slice::from_ref(&up));
        let owed = author.ask(SequenceCommand::Deactivate { force: false }).unwrap().0;
        assert_eq!(owed[0], down);
    }
}

#[test]
fn q_25_q_50_r_31_an_active_sequence_is_not_edited() {
    let mut author = Author::of(graph(&[email("m", "")]));
    author.activate().unwrap();
    assert_eq!(author.change(Property::AssignTo(AssignTo::CurrentUser)), Err(SequenceRejection::Active));
    assert_eq!(author.change(Property::ExitOnReply(true)), Err(SequenceRejection::Active));
    assert_eq!(author.save(one_task("t")), Err(SequenceRejection::Active));
    assert_eq!(author.activate(), Err(SequenceRejection::Active));
    author.change(Property::Name("Another name".into())).unwrap();
    assert_eq!(author.state().name, "Another name");
    // All or nothing: the name beside a refused property stays.
    let both = vec![Property::Name("A third".into()), Property::ExitOnReply(true)];
    assert_eq!(author.ask(SequenceCommand::Change(both)), Err(SequenceRejection::Active));
    assert_eq!(author.state().name, "Another name");
    author.change(Property::ExitOnReply(false)).expect("Q-25: what it is already changes nothing");
}

#[test]
fn q_56_deactivation_owes_that_the_records_leave_until_they_have_left() {
    let mut author = Author::of(one_task("t"));
    assert_eq!(author.ask(SequenceCommand::Deactivate { force: false }), Err(SequenceRejection::NotActive));
    author.activate().unwrap();
    let owed = author.ask(SequenceCommand::Deactivate { force: false }).unwrap().0;
    let first = author.stamp.at;
    let Effect::Owe { key, delivery: Delivery::DisconnectAll { until } } = owed[1] else { panic!("{owed:?}") };
    assert_eq!((until, author.state().emptying_since), (first, Some(first)));
    // Deactivated again before they have left: the older report settles nothing.
    author.activate().unwrap();
    author.ask(SequenceCommand::Deactivate { force: false }).unwrap();
    assert!(author.ask(SequenceCommand::Emptied { until: first }).unwrap().0.is_empty());
    let until = author.state().emptying_since.expect("records may still have to leave");
    let settled = author.ask(SequenceCommand::Emptied { until }).unwrap().0;
    assert_eq!((settled, author.state().emptying_since), (vec![Effect::Settle { key }], None));
    assert!(author.ask(SequenceCommand::Emptied { until }).unwrap().0.is_empty());
}

#[test]
fn activating_again_without_a_change_keeps_the_version_and_a_change_makes_the_next() {
    type Edit = fn(&mut Author) -> Answer;
    let edits: [(&str, u16, Edit); 7] = [
        ("nothing", 1, |author| author.ask(SequenceCommand::Change(vec![]))),
        ("the same graph", 1, |author| author.save(graph(&[email("m", "")]))),
        ("the same exit criterion", 1, |author| author.change(Property::ExitOnReply(false))),
        ("a name", 1, |author| author.change(Property::Name("Other".into()))),
        ("another graph", 2, |author| author.save(one_task("t"))),
        ("the exit criterion", 2, |author| author.change(Property::ExitOnReply(true))),
        ("the assignee", 2, |author| author.change(Property::AssignTo(AssignTo::CurrentUser))),
    ];
    for (what, version, edit) in edits {
        let mut author = Author::of(graph(&[email("m", "")]));
        author.activate().unwrap();
        author.ask(SequenceCommand::Deactivate { force: false }).unwrap();
        edit(&mut author).unwrap();
        author.activate().unwrap();
        author.ask(SequenceCommand::Deactivate { force: false }).unwrap();
        author.activate().unwrap();
        assert_eq!(author.state().version, version, "{what}");
        assert_eq!(author.published(), (1..=version).collect::<Vec<_>>(), "{what}");
    }
}

#[test]
fn a_published_version_keeps_its_graph_its_properties_and_what_was_said_of_it() {
    let mut author = Author::of(graph(&[email("m", "")]));
    author.ask(SequenceCommand::Activate { description: Some("first".into()), migration: None, pilot: None }).unwrap();
    author.ask(SequenceCommand::Deactivate { force: false }).unwrap();
    author.save(graph(&[email("m", "t"), task("t", "")])).unwrap();
    author.change(Property::ExitOnReply(true)).unwrap();
    author.ask(SequenceCommand::Activate { description: Some("second".into()), migration: None, pilot: None }).unwrap();
    let given = given().with_sequence(SequenceId(1), author.state());
    let shown = [1, 2].map(|number| {
        let plan = given.plan(SequenceId(1), number).expect("every version has its plan");
        (plan.nodes.len(), plan.conduct.exit_on_reply)
    });
    assert_eq!(shown, [(1, false), (2, true)]);
    let said: Vec<_> = author.state().published.iter().map(|version| version.description.as_deref()).collect();
    assert_eq!(said, [Some("first"), Some("second")]);
    let long = SequenceCommand::Activate { description: Some("x".repeat(2_001)), migration: None, pilot: None };
    author.ask(SequenceCommand::Deactivate { force: false }).unwrap();
    assert_eq!(problems(author.ask(long)), [("/description".to_owned(), "too_long")], "Q-51");
}

#[test]
fn l_7_five_hundred_versions_are_the_most() {
    let mut sequence = Sequence { exists: true, owner: Owner::User(SELLER), ..Sequence::default() };
    sequence.draft = serde_json::to_string(&one_task("t")).unwrap();
    let stamp = Stamp { at: at(BEGIN), by: SELLER };
    sequence.apply(&relance::domain::sequence::SequenceEvent::Activated { version: 500, description: None }, stamp);
    sequence.status = SequenceStatus::Inactive;
    for (name, expected) in [("t", None), ("other", Some(SequenceRejection::VersionsExhausted))] {
        sequence.draft = serde_json::to_string(&one_task(name)).unwrap();
        let activate = SequenceCommand::Activate { description: None, migration: None, pilot: None };
        assert_eq!(sequence.decide(SequenceId(1), &given(), activate, stamp).err(), expected);
    }
}
