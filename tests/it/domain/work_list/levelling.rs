//! Days levelled to what a seller can do: nothing is lost, no day has more than it has room for, and what is put off is never
//! more urgent than what is not.

use std::collections::{BTreeSet, HashSet};

use chrono::NaiveDate;
use chrono_tz::Tz;
use relance::domain::catalogue::listing::key::{BuiltInSort, Direction};
use relance::domain::organisation::Organisation;
use relance::domain::organisation::settings::Setting;
use relance::domain::record::schema::RecordType;
use relance::domain::work_list::WorkRow;
use relance::domain::work_list::level::{Task, level, rooms};
use relance::domain::work_list::order::SortBy;
use relance::domain::work_list::select::{DueBy, Reading, Selection, Window};
use relance::id::RecordId;

use super::{Draw, SELLER, at, surroundings};

const SCORE: SortBy = SortBy::BuiltIn(BuiltInSort::Score);

fn everything() -> Selection<'static> {
    let due = BTreeSet::from([DueBy::Overdue, DueBy::Today, DueBy::FromTomorrow]);
    Selection { due, ..Selection::of(RecordType::BUILT_IN.into_iter().collect()) }
}

#[test]
fn every_item_has_one_day_and_no_day_has_more_than_its_room() {
    for seed in 0..200 {
        let (given, sequences) = surroundings(true);
        let mut draw =
            Draw { chance: fastrand::Rng::with_seed(seed), now: at("2026-03-27T10:00:00Z"), sequences: &sequences };
        let rows: Vec<(RecordId, WorkRow)> = (1..60u128).map(|id| (RecordId(id << 64), draw.row())).collect();
        let capacity = draw.chance.u16(1..20);
        let mut organisation = Organisation::clone(&given.policy.organisation);
        organisation.settings.set(&Setting::DailyCapacity(Some(capacity)));
        let given = given.with_organisation(&organisation);
        let window = Window::new(Tz::Europe__Paris, draw.now);
        let reading = Reading { given: &given, reader: SELLER, window };
        let tasks = reading.tasks(rows.iter().map(|(id, row)| (*id, row)), &everything(), SCORE);
        let all: HashSet<_> = tasks.iter().map(Task::id).collect();
        assert_eq!(all.len(), tasks.len(), "each item once");
        let done = draw.chance.usize(..5);
        let rooms = rooms(&given.policy, SELLER, &window, 10, done);
        let (days, beyond) = level(tasks, &rooms, Direction::Descending);
        let planned: Vec<_> = days.iter().flat_map(|day| &day.tasks).map(Task::id).collect();
        assert_eq!(planned.iter().collect::<HashSet<_>>().len(), planned.len(), "one day each");
        assert_eq!(planned.len() + beyond, all.len(), "none is lost, seed {seed}");
        for (day, next) in days.iter().zip(days.iter().skip(1)) {
            assert_eq!(day.slips, next.carried);
        }
        for (place, day) in days.iter().enumerate() {
            let most = match (day.room.works, place) {
                (false, _) => 0,
                (true, 0) => usize::from(capacity).saturating_sub(done),
                (true, _) => capacity.into(),
            };
            assert!(day.tasks.len() <= most, "seed {seed}, {:?}", day.room);
            assert!(day.tasks.len() == most || day.slips == 0, "a day that has room lets nothing slip");
            assert!(
                day.tasks.iter().all(|task| task.candidate.next.due < day.room.end),
                "nothing is planned before it is due"
            );
            let later = days[place + 1..].iter().flat_map(|day| &day.tasks);
            let put_off = later.filter(|task| task.candidate.next.due < day.room.end);
            for task in put_off {
                let urgent = |planned: &Task| planned.place.compare(&task.place, Direction::Descending).is_le();
                assert!(day.tasks.iter().all(urgent), "seed {seed}: {task:?} was more urgent");
            }
        }
    }
}

#[test]
fn days_that_are_not_worked_have_no_room_and_without_a_capacity_nothing_slips() {
    let (given, _) = surroundings(false);
    let window = Window::new(Tz::Europe__Paris, at("2026-03-27T10:00:00Z"));
    let free = rooms(&given.policy, SELLER, &window, 4, 0);
    let days: Vec<_> = free.iter().map(|room| (room.date, room.works, room.items)).collect();
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    let expected = [(27, true, None), (28, false, Some(0)), (29, false, Some(0)), (30, true, None)];
    assert_eq!(days, expected.map(|(date, works, items)| (day(date), works, items)));
    assert_eq!(free[2].end, at("2026-03-29T22:00:00Z"), "the Sunday on which clocks go forward has 23 hours");
}
