//! A record as it was: whatever has happened, its log says what it was at each instant.

use chrono::TimeDelta;
use proptest::prelude::*;
use relance::domain::plan::AssignTo;
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::RecordType;
use relance::domain::sequence::Property;
use relance::time::Timestamp;

use super::draw::{graph, task};
use super::random::{config, everything, moves, play};
use super::world::{COLLEAGUE, World};

/// What the record was at each instant at which something was asked, the last of each instant.
fn remember(seen: &mut Vec<(Timestamp, u32, Record)>, world: &World) {
    seen.retain(|(at, ..)| *at != world.now);
    seen.push((world.now, world.logged().log().len() as u32, world.record().clone()));
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn what_was_is_told_by_the_log_at_each_instant_and_between(
        leaves in any::<bool>(),
        moves in prop::collection::vec(moves(), 1..40),
    ) {
        let mut world = World::of(RecordType::Lead);
        let properties = vec![Property::ExitOnReply(leaves), Property::AssignTo(AssignTo::RecordOwner)];
        let sequences = [world.activate_with(everything(), properties), world.activate(graph(&[task("t", "u"), task("u", "")]))];
        let mut seen = Vec::new();
        remember(&mut seen, &world);
        for next in moves {
            // What happens on the way is seen by the whole hour, so each has an instant of its own.
            world.stall(TimeDelta::milliseconds(7));
            play(&mut world, &sequences, next);
            remember(&mut seen, &world);
        }
        let log = world.logged().log();
        for (place, (at, version, then)) in seen.iter().enumerate() {
            let past = world.logged().at(*at);
            prop_assert_eq!((&past.then, past.version), (then, *version), "at {}", at);
            prop_assert_eq!(&past.now, world.record());
            // Until something was committed again, it stayed so.
            let next = log.iter().find(|(next, _)| next > version).map(|(_, entry)| entry.stamp.at);
            if let Some(next) = next {
                let just_before = Timestamp::from_millis(next.millis() - 1);
                prop_assert_eq!(&world.logged().at(just_before).then, then, "before {}", next);
            } else {
                prop_assert!(seen[place..].iter().all(|(_, _, later)| later == then));
            }
        }
    }
}

#[test]
fn before_it_was_created_there_was_no_record_and_a_clock_put_back_shows_nothing_later() {
    let mut world = World::lead();
    let created = world.now;
    let before = world.logged().at(Timestamp::from_millis(created.millis() - 1));
    assert!(!before.then.exists && before.version == 0 && before.now.exists);
    world.stall(TimeDelta::hours(2));
    world.write("city", "Lugo");
    world.now = created + TimeDelta::hours(1);
    world.write("city", "Vigo");
    let city = |hours: i64| {
        let past = world.logged().at(created + TimeDelta::hours(hours)).then;
        past.profile.fields.get("city").and_then(|city| city.text().map(str::to_owned))
    };
    assert_eq!((city(0), city(1), city(2)), (None, None, Some("Vigo".into())), "nothing behind what was not yet");
    world.by = COLLEAGUE;
    world.ask(RecordCommand::Erase);
    assert!(!world.logged().at(created).now.exists, "what was erased has no past to be seen");
}
