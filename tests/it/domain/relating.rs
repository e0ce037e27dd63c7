//! CM-1: conditions on other records: they are looked at as they are when the condition is reached, and never waited for.

use std::sync::Arc;

use chrono::TimeDelta;
use relance::domain::catalogue::command::CatalogueCommand;
use relance::domain::catalogue::field::{FieldKind, Target};
use relance::domain::enrolment::{Ordinal, StepError};
use relance::domain::entity::{Entity, Stamp};
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Owner, RecordType, Value};
use relance::domain::sequence::graph::Graph;
use relance::domain::simulation::{Assumptions, Simulation};
use relance::id::RecordId;
use serde_json::{Value as Json, json};

use super::catalogue::Shelf;
use super::draw::{branch, graph, task, wait, wait_until};
use super::world::{BEGIN, COLLEAGUE, SELLER, World, at};

const OTHER: RecordId = RecordId(0x0000_0000_0000_7000_8000_0000_0090_0000);
const BEHIND: RecordId = RecordId(0x0000_0000_0000_7000_8000_0000_00A0_0000);

fn lives_in(city: &str) -> Json {
    json!({ "field": "city", "op": "eq", "value": city })
}

fn of(related: &str, condition: Json) -> Json {
    json!({ "related": related, "condition": condition })
}

/// A task, a branch, a task behind each exit.
fn branching(condition: Json) -> Graph {
    graph(&[task("t", "b"), branch("b", condition, "yes", "no"), task("yes", ""), task("no", "")])
}

fn field(name: &str, value: &str) -> Change {
    Change::Field(name.into(), Some(Value::Text(value.into())))
}

/// An opportunity whose contact lives in that city, if there is one.
fn opportunity(city: Option<&str>) -> World {
    let mut world = World::of(RecordType::Opportunity);
    world.ask(RecordCommand::Change(vec![Change::PrimaryContact(Some(OTHER)), field("account", &BEHIND.to_string())]));
    if let Some(city) = city {
        world.beside(OTHER, RecordType::Contact, &[field("city", city)]);
    }
    world
}

/// Where it stands behind the branch, or with which error on it.
fn stands(world: &World, run: Ordinal) -> Result<&str, StepError> {
    world.current(run).error.map_or_else(|| Ok(world.here(run)), Err)
}

#[test]
fn cm_1_a_contact_is_looked_at_as_it_is_when_the_branch_is_reached() {
    for (city, expected) in [("Lugo", "yes"), ("Vigo", "no")] {
        let mut world = opportunity(Some("Ourense"));
        let run = world.run(branching(of("primary_contact", lives_in("Lugo"))));
        world.beside(OTHER, RecordType::Contact, &[field("city", city)]);
        world.complete(run);
        assert_eq!(stands(&world, run), Ok(expected));
        // What becomes of it afterwards changes nothing.
        world.beside(OTHER, RecordType::Contact, &[field("city", "Muros")]);
        world.write("stage", "won");
        assert_eq!(stands(&world, run), Ok(expected));
        world.check_replay();
    }
}

#[test]
fn a_decision_that_has_not_seen_what_it_depends_on_says_so_and_is_void() {
    let mut world = opportunity(Some("Lugo"));
    let run = world.run(branching(of("primary_contact", lives_in("Lugo"))));
    let step = world.current(run).ordinal;
    let complete = RecordCommand::Complete { step, note: None, call_result: None };
    let stamp = Stamp { at: world.now, by: SELLER };
    let decided = world.record().decide(world.id, &world.given, complete.clone(), stamp);
    assert_eq!(decided, Err(RecordRejection::Unseen(OTHER)));
    // What does not reach the condition needs to see nothing.
    let snooze = RecordCommand::Snooze { step, until: world.now + TimeDelta::hours(1) };
    assert!(world.record().decide(world.id, &world.given, snooze, stamp).is_ok());
    // It was looked up and is not there: that is an answer too.
    let given = world.given.with_related(OTHER, None);
    let decided = world.record().decide(world.id, &given, complete, stamp).expect("it is decided");
    let failed = |event: &_| matches!(event, relance::domain::record::event::RecordEvent::StepFailed { .. });
    assert!(decided.iter().any(failed), "{decided:?}");
}

#[test]
fn cm_1_an_account_and_any_lookup_are_looked_through_one_behind_the_other() {
    let mut world = opportunity(Some("Vigo"));
    let contact = Change::PrimaryContact(Some(OTHER));
    let owner = Change::Owner(Owner::User(COLLEAGUE));
    world.beside(BEHIND, RecordType::Account, &[field("industry", "fishing"), contact, owner]);
    let table = [
        (of("account", json!({ "field": "industry", "op": "eq", "value": "Fishing" })), "yes"),
        (of("account", json!({ "field": "industry", "op": "eq", "value": "mining" })), "no"),
        (of("account", json!({ "field": "website", "op": "no_value" })), "yes"),
        (of("account", of("primary_contact", lives_in("Vigo"))), "yes"),
        (of("account", of("primary_contact", lives_in("Lugo"))), "no"),
        (of("account", of("owner", json!({ "field": "name", "op": "eq", "value": "Edith" }))), "yes"),
        (
            json!({ "all": [of("primary_contact", lives_in("Vigo")),
            of("account", json!({ "field": "state", "op": "eq", "value": "active" }))] }),
            "yes",
        ),
        (
            json!({ "any": [of("primary_contact", lives_in("Lugo")),
            of("account", json!({ "field": "country", "op": "has_value" }))] }),
            "no",
        ),
    ];
    for (condition, expected) in table {
        let run = world.run(branching(condition.clone()));
        world.complete(run);
        assert_eq!(stands(&world, run), Ok(expected), "{condition}");
        world.ask(RecordCommand::Disconnect(run));
    }
}

#[test]
fn cm_1_a_lookup_that_an_administrator_added_leads_to_its_record() {
    let mut shelf = Shelf::new();
    let kind = FieldKind::Lookup(Target::Record(RecordType::Account));
    let (name, label) = ("parent".to_owned(), "Parent".to_owned());
    shelf.done(CatalogueCommand::AddField { kind: RecordType::Lead, name, label, takes: kind });
    let mut world = shelf.world;
    world.ask(RecordCommand::Create { kind: RecordType::Lead, changes: vec![Change::Name(Some("Ada".into()))] });
    world.write("parent", &BEHIND.to_string());
    world.beside(BEHIND, RecordType::Account, &[field("country", "ES")]);
    let run = world.run(branching(of("parent", json!({ "field": "country", "op": "eq", "value": "ES" }))));
    world.complete(run);
    assert_eq!(stands(&world, run), Ok("yes"));
}

#[test]
fn cm_12_a_record_that_is_not_there_holds_the_way_up_until_there_is_one() {
    let erased = |world: &mut World| {
        world.beside(OTHER, RecordType::Contact, &[]);
        world.others.get_mut(&OTHER).expect("it was there").exists = false;
    };
    let none = |_: &mut World| {};
    let other_type = |world: &mut World| world.beside(OTHER, RecordType::Account, &[field("country", "ES")]);
    for (case, lay) in [("none", &none as &dyn Fn(&mut World)), ("erased", &erased), ("other type", &other_type)] {
        for by_itself in [true, false] {
            let mut world = opportunity(None);
            lay(&mut world);
            let run = world.run(branching(of("primary_contact", lives_in("Lugo"))));
            world.complete(run);
            assert_eq!(stands(&world, run), Err(StepError::FieldMissing), "{case}");
            let step = world.current(run).ordinal;
            assert_eq!(world.ask(RecordCommand::Retry(step)), [], "still {case}");
            world.beside(OTHER, RecordType::Contact, &[field("city", "Lugo")]);
            match by_itself {
                true => world.write("stage", "won"),
                false => drop(world.ask(RecordCommand::Retry(step))),
            }
            assert_eq!(stands(&world, run), Ok("yes"), "{case}");
        }
    }
    // Free text names nobody.
    let mut world = opportunity(None);
    world.write("account", "Pescanova");
    let run = world.run(branching(of("account", json!({ "field": "country", "op": "eq", "value": "ES" }))));
    world.complete(run);
    assert_eq!(stands(&world, run), Err(StepError::FieldMissing));
    world.ask(RecordCommand::Disconnect(run));
    // The rest decides it all the same.
    let decided = json!({ "any": [of("primary_contact", lives_in("Lugo")), { "field": "name", "op": "has_value" }] });
    let run = world.run(branching(decided));
    world.complete(run);
    assert_eq!(stands(&world, run), Ok("yes"));
}

#[test]
fn a_timer_looks_as_well_and_so_does_a_wait_that_ends_on_a_condition() {
    let mut world = opportunity(Some("Vigo"));
    let condition = of("primary_contact", lives_in("Lugo"));
    let drawn = [wait("w", 2, 0, "b"), branch("b", condition.clone(), "yes", "no"), task("yes", ""), task("no", "")];
    let run = world.run(graph(&drawn));
    world.beside(OTHER, RecordType::Contact, &[field("city", "Lugo")]);
    world.pass(TimeDelta::days(2));
    assert_eq!(stands(&world, run), Ok("yes"));

    let mut world = opportunity(Some("Vigo"));
    let pause = wait_until("w", 2, json!([{ "condition": condition }]), "a");
    let run = world.run(graph(&[pause, task("a", "")]));
    world.write("stage", "talking");
    assert_eq!(world.here(run), "w");
    world.beside(OTHER, RecordType::Contact, &[field("city", "Lugo")]);
    assert_eq!(world.here(run), "w", "nobody tells of another record");
    world.write("stage", "won");
    assert_eq!(world.here(run), "a");
}

#[test]
fn why_tells_what_the_other_record_held_as_far_as_it_may_be_seen() {
    let mut world = opportunity(Some("Lugo"));
    let run = world.run(branching(of("primary_contact", lives_in("Lugo"))));
    world.complete(run);
    let told = |world: &World| {
        let causes = world.explain(run).causes.into_iter();
        causes.filter(|cause| cause.kind == "branch_taken").map(|cause| cause.detail).collect::<String>()
    };
    assert!(told(&world).contains("took Yes: `primary_contact.city` is “Lugo”"), "{}", told(&world));
    world.others.clear();
    assert!(told(&world).contains("took Yes: `primary_contact` cannot be seen"), "{}", told(&world));
}

/// Issue 6: a dry run equals what happens.
#[test]
fn a_dry_run_sees_what_the_record_will_see() {
    for (city, expected) in [(Some("Lugo"), Some("yes")), (Some("Vigo"), Some("no")), (None, None)] {
        let mut world = opportunity(city);
        let sequence = world.activate(branching(of("primary_contact", lives_in("Lugo"))));
        let see = |other| world.others.get(&other).cloned().map(Arc::new);
        let assume = Assumptions::default();
        let (given, start) = (&world.given, at(BEGIN));
        let simulation = Simulation { given, see: &see, sequence, by: SELLER, start, anew: false, seed: 1, assume };
        let dry = simulation.run(world.id, world.record().clone(), &[], &mut 10_000).expect("it can be connected");
        let dry: Vec<_> = dry.stops.into_iter().map(|stop| stop.node).collect();
        assert_eq!(dry.get(2).map(String::as_str), expected);
        let run = world.connect(sequence);
        world.pass(TimeDelta::hours(1));
        world.complete(run);
        assert_eq!(world.visited(run), dry.join(" "));
    }
}
