//! Each record is linearizable, reads included (P15): several clients at once on one record, the real server killed
//! meanwhile, and a checker that looks for one order that explains every answer.
//!
//! `RELANCE_HISTORIES` says how many histories (200), `RELANCE_CRASH_SEED` repeats the choices of a run that failed.

mod history {
    pub mod client;
    pub mod model;
    pub mod play;
    pub mod record;
}

#[allow(dead_code, reason = "the crash test needs more of it")]
#[path = "crash/disk.rs"]
mod disk;
#[allow(dead_code, reason = "the crash test needs more of it")]
#[path = "crash/program.rs"]
mod program;

use fastrand::Rng;

use history::model::{Answered, Asked, Open};
use history::play;
use history::record::{Taken, is_linearizable, told};
use program::{Ground, Program, Seed};

/// Histories that run side by side against one server.
const AT_ONCE: usize = 40;

fn wanted() -> usize {
    let given = std::env::var("RELANCE_HISTORIES").ok();
    given.map_or(200, |text| text.parse().expect("RELANCE_HISTORIES is a number"))
}

#[tokio::test]
async fn p15_what_all_clients_of_a_record_are_told_is_what_one_order_of_their_requests_gives() {
    let seed = Seed::choose();
    let mut rng = Rng::with_seed(seed.0);
    // Fewer actors than records, so that entities leave and come back all the time.
    let mut program = Program::new(&Ground::Machine).with("RELANCE__ENGINE__RESIDENT_MAX", "16");
    let (mut histories, mut requests, mut lost, mut kills) = (0, 0, 0, 0);
    while histories < wanted() {
        let round = play::round(&mut program, AT_ONCE.min(wanted() - histories), &mut rng).await;
        kills += round.kills;
        for taken in round.histories {
            histories += 1;
            requests += taken.len();
            lost += taken.iter().filter(|one| one.end.is_none()).count();
            assert!(is_linearizable(&taken), "no order explains what these clients were told:\n{}", told(&taken));
        }
    }
    println!("{histories} histories, {requests} requests, {lost} without an answer, {kills} kills");
    assert!(kills > 0 && requests > histories * 40, "the load was no load");
}

/// A request with the instants of its begin and its end.
fn taken(begin: u64, end: u64, asked: Asked, answered: Answered) -> Taken {
    Taken { asked, begin, end: Some((end, answered)) }
}

fn write(value: u32) -> Asked {
    Asked::Write { value, expected: None }
}

/// A checker that has never failed proves nothing.
#[test]
fn histories_that_no_order_explains_are_found() {
    let told = |version, value| Answered::Record { version, value };
    let connected = taken(0, 1, Asked::Connect, Answered::Connected { enrolment: 1, step: 2 });
    let up_next = |begin, version, step, snoozes| {
        let open = Some(Open { enrolment: 1, step, snoozes });
        taken(begin, begin + 1, Asked::UpNext, Answered::UpNext { version, open, closed: 0 })
    };
    let snooze = Taken { asked: Asked::Snooze { step: 2 }, begin: 2, end: None };
    let moved = Answered::Moved { version: 3, next: Some(3) };
    let cases: [(&str, bool, Vec<Taken>); 10] = [
        ("one after the other", true, vec![taken(0, 1, write(7), told(2, 7)), taken(2, 3, Asked::Read, told(2, 7))]),
        (
            "a read beside a write sees it or not",
            true,
            vec![
                taken(0, 9, write(7), told(2, 7)),
                taken(1, 2, Asked::Read, told(1, 0)),
                taken(3, 4, Asked::Read, told(2, 7)),
            ],
        ),
        (
            "a read goes back in time",
            false,
            vec![
                taken(0, 9, write(7), told(2, 7)),
                taken(1, 2, Asked::Read, told(2, 7)),
                taken(3, 4, Asked::Read, told(1, 0)),
            ],
        ),
        ("a stale read", false, vec![taken(0, 1, write(7), told(2, 7)), taken(2, 3, Asked::Read, told(1, 0))]),
        (
            "two writes are the same version",
            false,
            vec![taken(0, 5, write(7), told(2, 7)), taken(1, 4, write(8), told(2, 8))],
        ),
        (
            "a write of an old version is taken",
            false,
            vec![
                taken(0, 1, write(7), told(2, 7)),
                taken(2, 3, Asked::Write { value: 8, expected: Some(1) }, told(3, 8)),
            ],
        ),
        (
            "one step is completed twice",
            false,
            vec![
                connected.clone(),
                taken(2, 5, Asked::Complete { step: 2 }, moved.clone()),
                taken(3, 4, Asked::Skip { step: 2 }, moved),
            ],
        ),
        ("what was not answered took effect", true, vec![connected.clone(), snooze.clone(), up_next(8, 3, 2, 1)]),
        ("what was not answered took none", true, vec![connected.clone(), snooze.clone(), up_next(8, 2, 2, 0)]),
        ("what was not answered took effect twice", false, vec![connected, snooze, up_next(8, 4, 2, 2)]),
    ];
    for (what, is_fine, history) in cases {
        assert_eq!(is_linearizable(&history), is_fine, "{what}");
    }
}
