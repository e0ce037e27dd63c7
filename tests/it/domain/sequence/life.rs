//! §3.5, §19.1: revisions, copies and deletion.

use relance::domain::effect::{Delivery, Effect};
use relance::domain::entity::{Entity, Stamp};
use relance::domain::plan::AssignTo;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::Owner;
use relance::domain::sequence::conduct::Conduct;
use relance::domain::sequence::{
    Property, Sequence, SequenceCommand, SequenceEvent, SequenceRejection, SequenceStatus,
};
use relance::id::{SequenceId, UserId};

use super::super::draw::{email, graph, task};
use super::super::world::{BEGIN, COLLEAGUE, SELLER, World, at, given};
use super::{Answer, Author, one_task, problems};

/// An active sequence, and what can be asked of it.
fn active() -> Author {
    let mut author = Author::of(graph(&[email("m", "")]));
    author.activate().unwrap();
    author
}

impl Author {
    fn revise(&mut self) -> Answer {
        self.ask(SequenceCommand::Revise)
    }

    fn discard(&mut self) -> Answer {
        self.ask(SequenceCommand::DiscardRevision)
    }

    fn deactivate(&mut self) -> Answer {
        self.ask(SequenceCommand::Deactivate { force: false })
    }

    fn delete(&mut self) -> Answer {
        self.ask(SequenceCommand::Delete { force: false })
    }
}

/// §19.1: each state against each event, where it leads or why it does not.
#[test]
fn section_19_1_every_row_of_the_table_leads_where_it_says() {
    use SequenceStatus::{Active, Inactive, Revision};
    type Ask = fn(&mut Author) -> Answer;
    let events: [(&str, Ask); 9] = [
        ("save", |author| author.save(one_task("t"))),
        ("assign to", |author| author.change(Property::AssignTo(AssignTo::CurrentUser))),
        ("exit criterion", |author| author.change(Property::ExitOnReply(true))),
        ("activate", Author::activate),
        ("revise", Author::revise),
        ("discard", Author::discard),
        ("deactivate", Author::deactivate),
        ("delete", Author::delete),
        ("rename", |author| author.change(Property::Name("Other".into()))),
    ];
    let (to, gone) = (Ok::<_, SequenceRejection>, None);
    let locked = || Err(SequenceRejection::Active);
    let table = [
        (
            Inactive,
            [
                to(Some(Inactive)),
                to(Some(Inactive)),
                to(Some(Inactive)),
                to(Some(Active)),
                Err(SequenceRejection::NotActive),
                Err(SequenceRejection::NotInRevision),
                Err(SequenceRejection::NotActive),
                to(gone),
                to(Some(Inactive)),
            ],
        ),
        (
            Active,
            [
                locked(),
                locked(),
                locked(),
                locked(),
                to(Some(Revision)),
                Err(SequenceRejection::NotInRevision),
                to(Some(Inactive)),
                to(gone),
                to(Some(Active)),
            ],
        ),
        (
            Revision,
            [
                to(Some(Revision)),
                locked(),
                to(Some(Revision)),
                to(Some(Active)),
                to(Some(Revision)),
                to(Some(Active)),
                to(Some(Inactive)),
                to(gone),
                to(Some(Revision)),
            ],
        ),
    ];
    for (begin, ends) in table {
        for ((event, ask), end) in events.into_iter().zip(ends) {
            let mut author = Author::of(graph(&[email("m", "")]));
            if begin != Inactive {
                author.activate().unwrap();
            }
            if begin == Revision {
                author.revise().unwrap();
            }
            assert_eq!(author.state().status, begin);
            let answer = ask(&mut author);
            let state = author.state();
            let found = answer.map(|_| state.exists.then_some(state.status));
            assert_eq!(found, end, "{begin:?}: {event}");
            assert_eq!(state.revision.is_some(), state.status == Revision, "{begin:?}: {event}");
        }
    }
}

#[test]
fn q_51_q_52_l_7_a_revision_becomes_the_next_version_and_the_present_one_serves_until_then() {
    let mut author = active();
    assert!(author.revise().unwrap().0.is_empty(), "Q-41: it counts as active already");
    assert_eq!((author.state().version, author.published()), (1, vec![1]));
    author.save(one_task("t")).unwrap();
    author.change(Property::ExitOnReply(false)).unwrap();
    assert_eq!(author.state().published[0].graph, serde_json::to_string(&graph(&[email("m", "")])).unwrap());
    let described =
        SequenceCommand::Activate { description: Some("a task instead".into()), migration: None, pilot: None };
    assert!(author.ask(described).unwrap().0.is_empty(), "Q-41: nothing is counted");
    let newest = &author.state().published[1];
    assert_eq!((newest.number, newest.by, newest.at), (2, SELLER, author.stamp.at));
    assert_eq!(newest.description.as_deref(), Some("a task instead"));
    assert_eq!((author.state().version, author.state().status), (2, SequenceStatus::Active));
    author.revise().unwrap();
    let long = SequenceCommand::Activate { description: Some("x".repeat(2_001)), migration: None, pilot: None };
    assert_eq!(problems(author.ask(long)), [("/description".to_owned(), "too_long")]);
    author.save(graph(&[])).unwrap();
    assert!(matches!(author.activate(), Err(SequenceRejection::ValidationFailed(_))), "§9 clean");
    assert_eq!((author.state().version, author.state().status), (2, SequenceStatus::Revision));
}

#[test]
fn q_51_a_revision_without_a_change_makes_no_version_and_one_that_is_discarded_leaves_nothing() {
    let mut author = active();
    let before = author.state().clone();
    author.revise().unwrap();
    author.activate().unwrap();
    assert_eq!((author.published(), author.state().status), (vec![1], SequenceStatus::Active));
    author.revise().unwrap();
    author.save(one_task("t")).unwrap();
    author.save(graph(&[email("m", "t"), task("t", "")])).unwrap();
    author.change(Property::ExitOnReply(true)).unwrap();
    assert!(author.discard().unwrap().0.is_empty());
    assert_eq!(Sequence { modified_at: before.modified_at, ..author.state().clone() }, before, "R-31: properties too");
    assert_eq!(author.discard(), Err(SequenceRejection::NotInRevision));
}

#[test]
fn q_51_a_revision_outlives_its_deactivation_as_the_draft() {
    let mut author = active();
    author.revise().unwrap();
    author.save(one_task("t")).unwrap();
    author.deactivate().unwrap();
    assert_eq!((author.state().graph(), author.state().revision), (one_task("t"), None));
    author.activate().unwrap();
    assert_eq!(author.published(), [1, 2]);
}

#[test]
fn d_46_a_second_person_is_told_who_has_the_revision_open_and_may_edit_or_discard_it_where_rights_allow() {
    let mut author = active();
    author.revise().unwrap();
    let opened = author.state().revision;
    assert!(author.revise().unwrap().0.is_empty(), "the same person may ask again");
    author.stamp.by = COLLEAGUE;
    assert_eq!(author.revise(), Err(SequenceRejection::RevisionConflict { by: "Grace".into() }));
    assert_eq!(author.state().revision, opened);
    author.save(one_task("t")).unwrap();
    author.discard().unwrap();
    author.revise().unwrap();
    author.stamp.by = SELLER;
    assert_eq!(author.revise(), Err(SequenceRejection::RevisionConflict { by: "Edith".into() }));
    author.discard().expect("the owner may too");
}

#[test]
fn q_52_records_stay_on_their_version_and_new_connections_take_the_latest() {
    let mut world = World::lead();
    let sequence = world.activate_with(one_task("t"), vec![Property::AssignTo(AssignTo::CurrentUser)]);
    let first = world.connect(sequence);
    world.order(sequence, SequenceCommand::Revise).unwrap();
    world.order(sequence, SequenceCommand::SaveGraph(one_task("u"))).unwrap();
    world.by = COLLEAGUE;
    let second = world.connect(sequence);
    assert_eq!(world.here(second), "t", "what is drawn is not served");
    world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    world.by = UserId::ADMINISTRATOR;
    let third = world.connect(sequence);
    let stand = |enrolment| (world.enrolment(enrolment).version, world.here(enrolment));
    assert_eq!([first, second, third].map(stand), [(1, "t"), (1, "t"), (2, "u")]);
}

#[test]
fn q_54_q_55_a_copy_is_all_that_its_author_drew_and_nothing_that_has_happened() {
    let mut author = Author::of(graph(&[email("m", "")]));
    author.change(Property::ExitOnReply(true)).unwrap();
    author.change(Property::AssignTo(AssignTo::CurrentUser)).unwrap();
    author.activate().unwrap();
    author.revise().unwrap();
    author.save(graph(&[email("m", "t"), task("t", "")])).unwrap();
    let source = author.state().clone();
    let given = given().with_sequence(SequenceId(1), &source);
    let copy = |name: &str, of| {
        let command = SequenceCommand::Copy { of: SequenceId(of), name: name.into(), description: "mine".into() };
        Sequence::default().decide(SequenceId(2), &given, command, Stamp { at: at(BEGIN), by: COLLEAGUE })
    };
    let mut made = Sequence::default();
    let stamp = Stamp { at: at(BEGIN), by: COLLEAGUE };
    copy("Copy", 1).unwrap().iter().for_each(|event| made.apply(event, stamp));
    let expected = Sequence {
        exists: true,
        name: "Copy".into(),
        description: "mine".into(),
        owner: Owner::User(COLLEAGUE),
        conduct: Conduct { assign_to: AssignTo::CurrentUser, exit_on_reply: true, ..Conduct::default() },
        version: 1,
        draft: source.draft.clone(),
        created_at: stamp.at,
        modified_at: stamp.at,
        ..Sequence::default()
    };
    assert_eq!(made, expected, "inactive, version 1, without versions");
    assert_eq!(copy("Copy", 3), Err(SequenceRejection::NotFound));
    assert!(matches!(copy(" ", 1), Err(SequenceRejection::Invalid(_))));
}

#[test]
fn q_57_deletion_is_for_good_and_takes_an_active_sequence_out_of_use_first() {
    let mut author = active();
    let owed = author.delete().unwrap().0;
    let leaves = |effect: &Effect| matches!(effect, Effect::Owe { delivery: Delivery::DisconnectAll { .. }, .. });
    assert!(owed.iter().any(leaves) && owed.len() == 2, "Q-56: {owed:?}");
    for again in [Author::delete, Author::activate, Author::revise, Author::deactivate] {
        assert_eq!(again(&mut author), Err(SequenceRejection::NotFound));
    }
    assert_eq!(author.create("Again", "", one_task("t")), Err(SequenceRejection::Exists));
    assert_eq!((author.state().name.as_str(), author.published()), ("Follow up", vec![1]), "kept for history");
    let until = author.state().emptying_since.unwrap();
    let settled = author.ask(SequenceCommand::Emptied { until }).unwrap().0;
    assert!(matches!(settled[..], [Effect::Settle { .. }]), "what is owed is settled all the same");
    let mut author = Author::of(one_task("t"));
    assert!(author.delete().unwrap().0.is_empty(), "an inactive one owes nothing");
}

#[test]
fn q_57_records_leave_a_deleted_sequence_and_their_history_still_reads() {
    let mut world = World::lead();
    let sequence = world.activate(one_task("t"));
    let enrolment = world.connect(sequence);
    let events = world.order(sequence, SequenceCommand::Delete { force: false }).unwrap();
    assert_eq!(events, [SequenceEvent::Deactivated, SequenceEvent::Deleted]);
    let connect = RecordCommand::Connect { sequence, wait: None, source: None };
    assert_eq!(world.refused(connect), RecordRejection::SequenceNotFound);
    world.ask(RecordCommand::LeaveSequence { sequence, until: world.now });
    assert_eq!(world.visited(enrolment), "t", "the plan is kept");
    assert_eq!(world.sequence(sequence).name, "Follow up");
    world.check_replay();
}

/// D-43: `force` does it all the same.
#[test]
fn q_58_what_an_active_sequence_advances_to_is_not_taken_away_unless_forced() {
    type Order = fn(bool) -> SequenceCommand;
    let orders: [Order; 2] = [|force| SequenceCommand::Deactivate { force }, |force| SequenceCommand::Delete { force }];
    for order in orders {
        let mut world = World::lead();
        let target = world.activate(one_task("t"));
        let advance = serde_json::json!({ "id": "a", "type": "advance", "sequence": target.to_string() });
        let source = world.activate(graph(&[task("s", "a"), advance]));
        world.order(source, SequenceCommand::Change(vec![Property::Name("Source".into())])).unwrap();
        let referenced = SequenceRejection::Referenced { by: "“Source”".into() };
        assert_eq!(world.order(target, order(false)), Err(referenced.clone()));
        // A revision without it serves only once it is published.
        world.order(source, SequenceCommand::Revise).unwrap();
        world.order(source, SequenceCommand::SaveGraph(one_task("s"))).unwrap();
        assert_eq!(world.order(target, order(false)), Err(referenced));
        let mut forced = world;
        forced.order(target, order(true)).unwrap();
        assert!(!forced.sequence(target).status.is_active());
        let mut world = World::lead();
        let target = world.activate(one_task("t"));
        let advance = serde_json::json!({ "id": "a", "type": "advance", "sequence": target.to_string() });
        let source = world.activate(graph(&[task("s", "a"), advance]));
        world.order(source, SequenceCommand::Deactivate { force: false }).unwrap();
        world.order(target, order(false)).expect("nobody advances to it any more");
    }
}
