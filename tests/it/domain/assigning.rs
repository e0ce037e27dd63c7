//! §3.3: who gets the steps of a sequence, found each time that one opens.

use relance::domain::catalogue::field::{Field, FieldKind, Target};
use relance::domain::condition::Condition;
use relance::domain::condition::stored::StoredCondition;
use relance::domain::enrolment::StepWarning;
use relance::domain::organisation::UserState;
use relance::domain::plan::AssignTo;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Owner, RecordType, Value};
use relance::domain::sequence::{Property, SequenceCommand, SequenceRejection};
use relance::id::{SequenceId, UserId};
use serde_json::{Value as Json, json};

use super::draw::{auto_email, graph, task, wait};
use super::world::{COLLEAGUE, SELLER, TEAM, World};

/// The lookup field that names a user.
const FIELD: &str = "account_manager";

fn only(condition: Json) -> Option<StoredCondition> {
    StoredCondition::unless_empty(Some(serde_json::from_value::<Condition>(condition).expect("a condition")))
}

fn named(name: &str) -> Option<StoredCondition> {
    only(json!({ "field": "name", "op": "eq", "value": name }))
}

/// A lead in a world whose leads have the lookup field.
fn world() -> World {
    let mut world = World::lead();
    let mut catalogue = (*world.given.catalogue).clone();
    let kind = FieldKind::Lookup(Target::User);
    let (name, label) = (FIELD.to_owned(), "Account manager".to_owned());
    let field = Field { name, label, kind, built_in: false, is_removed: false, version: 1 };
    catalogue.types.get_mut(&RecordType::Lead).expect("a built-in type").fields.push(field);
    world.given = world.given.with_catalogue(&catalogue);
    world
}

fn write(world: &mut World, change: Change) {
    world.ask(RecordCommand::Change(vec![change]));
}

fn hold(world: &mut World, user: Option<UserId>) {
    write(world, Change::Field(FIELD.into(), user.map(|user| Value::Text(user.to_string()))));
}

/// An active sequence of two tasks.
fn sequence(world: &mut World, assign_to: AssignTo) -> SequenceId {
    world.activate_with(graph(&[task("one", "two"), task("two", "")]), vec![Property::AssignTo(assign_to)])
}

fn connect(sequence: SequenceId) -> RecordCommand {
    RecordCommand::Connect { sequence, wait: None, source: None }
}

fn disable(world: &mut World, user: UserId) {
    let mut organisation = (*world.given.policy.organisation).clone();
    organisation.users.get_mut(&user).expect("a user").state = UserState::Disabled;
    world.given = world.given.with_organisation(&organisation);
}

/// D-13: each type finds its own; Q-30: where it finds nobody, nothing is connected.
#[test]
fn q_20_q_24_each_type_finds_its_own_or_refuses() {
    let team = Owner::Team(TEAM);
    type Before = fn(&mut World);
    let nothing: Before = |_| {};
    let owned: Before = |world| write(world, Change::Owner(Owner::Team(TEAM)));
    let let_in: Before = |world| write(world, Change::AccessTeam(Some(TEAM)));
    let field = || AssignTo::RecordField(FIELD.into());
    let empty = || only(json!({ "all": [] }));
    let nobody = || named("Nobody");
    let cases: [(&str, AssignTo, Before, Option<Owner>); 16] = [
        ("Q-20", AssignTo::RecordOwner, nothing, Some(Owner::User(SELLER))),
        ("Q-20 a team", AssignTo::RecordOwner, owned, Some(team)),
        ("Q-24", AssignTo::CurrentUser, owned, Some(Owner::User(SELLER))),
        ("Q-21", field(), |world| hold(world, Some(COLLEAGUE)), Some(Owner::User(COLLEAGUE))),
        ("Q-21, Q-30 empty", field(), nothing, None),
        (
            "Q-30 disabled",
            field(),
            |world| {
                hold(world, Some(COLLEAGUE));
                disable(world, COLLEAGUE);
            },
            None,
        ),
        ("Q-22", AssignTo::OwnerTeam(None), owned, Some(team)),
        ("Q-22, Q-30 a user owns it", AssignTo::OwnerTeam(None), nothing, None),
        ("Q-22 let in is not owning", AssignTo::OwnerTeam(None), let_in, None),
        ("Q-27 empty", AssignTo::OwnerTeam(empty()), owned, Some(team)),
        ("Q-22 narrowed", AssignTo::OwnerTeam(named("edith")), owned, Some(team)),
        ("Q-30 nobody matches", AssignTo::OwnerTeam(nobody()), owned, None),
        ("Q-23", AssignTo::AccessTeam(None), let_in, Some(team)),
        ("Q-23, D-13 it owns", AssignTo::AccessTeam(None), owned, Some(team)),
        ("Q-23, Q-30", AssignTo::AccessTeam(None), nothing, None),
        ("Q-23 narrowed", AssignTo::AccessTeam(nobody()), let_in, None),
    ];
    for (what, assign_to, before, expected) in cases {
        let mut world = world();
        before(&mut world);
        let sequence = sequence(&mut world, assign_to);
        match expected {
            Some(owner) => {
                let run = world.connect(sequence);
                assert_eq!((world.current(run).assignee, world.current(run).warning), (owner, None), "{what}");
            }
            None => {
                assert_eq!(world.refused(connect(sequence)), RecordRejection::AssigneeUnresolved, "{what}");
                assert_eq!(world.record().enrolments, [], "{what}: nothing is half connected");
            }
        }
        world.check_replay();
    }
}

/// A member who may not act any more is none: the rest of the team decides.
#[test]
fn q_30_a_disabled_member_fulfils_no_condition() {
    let mut world = world();
    write(&mut world, Change::Owner(Owner::Team(TEAM)));
    let sequence = sequence(&mut world, AssignTo::OwnerTeam(named("Edith")));
    disable(&mut world, COLLEAGUE);
    assert_eq!(world.refused(connect(sequence)), RecordRejection::AssigneeUnresolved);
}

#[test]
fn q_28_a_later_change_of_owner_is_for_later_steps() {
    let mut world = world();
    let sequence = sequence(&mut world, AssignTo::RecordField(FIELD.into()));
    hold(&mut world, Some(SELLER));
    let run = world.connect(sequence);
    hold(&mut world, Some(COLLEAGUE));
    assert_eq!(world.current(run).assignee, Owner::User(SELLER), "the open step stays where it is");
    world.complete(run);
    assert_eq!(world.current(run).assignee, Owner::User(COLLEAGUE));
}

#[test]
fn q_30_d_42_a_later_step_for_which_nobody_is_found_is_the_record_owners_and_says_so() {
    let mut world = world();
    let sequence = sequence(&mut world, AssignTo::RecordField(FIELD.into()));
    hold(&mut world, Some(COLLEAGUE));
    let run = world.connect(sequence);
    hold(&mut world, None);
    world.complete(run);
    let step = world.current(run);
    assert_eq!((step.assignee, step.warning), (Owner::User(SELLER), Some(StepWarning::AssigneeUnresolved)));
    world.complete(run);
    assert!(world.end(run).is_some(), "it goes on all the same");
    world.check_replay();
}

/// One step for the whole team; the first to complete it closes it for everybody.
#[test]
fn q_29_a_step_of_a_team_is_one_step_that_any_member_completes() {
    let mut world = world();
    write(&mut world, Change::Owner(Owner::Team(TEAM)));
    let sequence = sequence(&mut world, AssignTo::OwnerTeam(None));
    let run = world.connect(sequence);
    let step = world.current(run).ordinal;
    world.by = COLLEAGUE;
    let complete = RecordCommand::Complete { step, note: None, call_result: None };
    world.ask(complete.clone());
    world.by = SELLER;
    assert_eq!(world.refused(complete), RecordRejection::StepNotOpen);
}

/// Q-26, K-5: one sequence for the seller and one for the account manager, on one record at once.
#[test]
fn q_26_several_sequences_run_on_one_record_for_different_people() {
    let mut world = world();
    hold(&mut world, Some(COLLEAGUE));
    let [first, second] = [AssignTo::RecordOwner, AssignTo::RecordField(FIELD.into())].map(|assign_to| {
        let sequence = sequence(&mut world, assign_to);
        world.connect(sequence)
    });
    assert_eq!(world.current(first).assignee, Owner::User(SELLER));
    assert_eq!(world.current(second).assignee, Owner::User(COLLEAGUE));
}

/// D-33: what can never find anybody is neither saved nor activated.
#[test]
fn d_33_who_gets_the_steps_has_to_fit_the_record_type_and_what_users_are() {
    let wrong = only(json!({ "field": "height", "op": "eq", "value": "tall" }));
    let cases = [
        ("no such field", AssignTo::RecordField("nothing".into()), false),
        ("no field of users", AssignTo::RecordField("company".into()), false),
        ("a field of users", AssignTo::RecordField(FIELD.into()), true),
        ("a condition on what users do not have", AssignTo::OwnerTeam(wrong.clone()), false),
        ("the same of an access team", AssignTo::AccessTeam(wrong), false),
        (
            "a condition on a role",
            AssignTo::AccessTeam(only(json!({ "field": "roles", "op": "contains", "value": "seller" }))),
            true,
        ),
    ];
    for (what, assign_to, fits) in cases {
        let mut world = world();
        let id = world.draft(graph(&[task("t", "")]));
        let saved = world.order(id, SequenceCommand::Change(vec![Property::AssignTo(assign_to)]));
        match saved {
            Ok(_) => assert!(fits, "{what}"),
            Err(SequenceRejection::Invalid(problems)) => {
                assert_eq!(
                    (fits, problems[0].code, &*problems[0].pointer),
                    (false, "assign_to_invalid", "/assign_to"),
                    "{what}"
                );
            }
            Err(other) => panic!("{what}: {other:?}"),
        }
    }
    let mut world = world();
    let id = world.draft(graph(&[task("t", "")]));
    world.order(id, SequenceCommand::Change(vec![Property::AssignTo(AssignTo::RecordField(FIELD.into()))])).unwrap();
    world.given = world.given.with_catalogue(&Default::default());
    let activate = SequenceCommand::Activate { description: None, migration: None, pilot: None };
    let refused = world.order(id, activate).unwrap_err();
    let gone = |found: &[relance::domain::plan::compile::Diagnostic]| found[0].code == "assign_to_invalid";
    assert!(matches!(&refused, SequenceRejection::ValidationFailed(found) if gone(found)), "{refused:?}");
}

/// Q-28, D-68: so does the message that is passed over together with a wait.
#[test]
fn q_28_a_message_that_is_passed_over_is_of_who_would_get_it_now() {
    let mut world = world();
    let run = world.run(graph(&[wait("w", 1, 0, "m"), auto_email("m", "t"), task("t", "")]));
    write(&mut world, Change::Owner(Owner::User(COLLEAGUE)));
    assert_eq!(world.current(run).assignee, Owner::User(SELLER));
    world.skip(run);
    assert_eq!(["m", "t"].map(|node| world.step(run, node).assignee), [Owner::User(COLLEAGUE); 2]);
}
