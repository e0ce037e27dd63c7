//! Each defect that can be switched on is found by the checker that is there for it: a checker that has never been red
//! proves nothing.

mod simulation;

use relance::sabotage::{Defect, choose};
use simulation::run;

/// Who finds a defect.
enum Checker {
    /// The simulator, in at most so many seeds, with a complaint that says this.
    Simulator { seeds: u64, says: &'static str },
    /// Another test of the real program, which is started with `RELANCE_SABOTAGE`: nothing that runs in memory can see it.
    Elsewhere(&'static str),
}

const TABLE: [(Defect, Checker); 17] = [
    (Defect::SkipFence, Checker::Simulator { seeds: 60, says: "P13" }),
    (Defect::AnswerBeforeSync, Checker::Elsewhere("the power-cut loop")),
    (Defect::DropOutboxRow, Checker::Simulator { seeds: 60, says: "row of kind O is missing" }),
    (Defect::FireEarly, Checker::Simulator { seeds: 60, says: "a timer fired early" }),
    (Defect::ForgetRepeat, Checker::Simulator { seeds: 60, says: "P6" }),
    (Defect::SwapEvents, Checker::Simulator { seeds: 60, says: "(P" }),
    (Defect::BelieveBeforeCommit, Checker::Simulator { seeds: 60, says: "P1" }),
    (Defect::LoseTimerRow, Checker::Simulator { seeds: 60, says: "row of kind T is missing" }),
    (Defect::CountTwice, Checker::Simulator { seeds: 60, says: "row of kind C differs" }),
    (Defect::LoseHints, Checker::Simulator { seeds: 60, says: "(P" }),
    (Defect::SendTwice, Checker::Simulator { seeds: 60, says: "sent again without a cause" }),
    (Defect::SkipSight, Checker::Simulator { seeds: 60, says: "who may not know of it" }),
    (Defect::SkipRights, Checker::Simulator { seeds: 60, says: "may not ask for" }),
    (Defect::ForgetRefusal, Checker::Simulator { seeds: 60, says: "not noted" }),
    (Defect::KeepPolicy, Checker::Simulator { seeds: 60, says: "another organisation" }),
    (Defect::KeepKeys, Checker::Simulator { seeds: 60, says: "other keys are valid" }),
    (Defect::KeepWork, Checker::Simulator { seeds: 60, says: "another work list" }),
];

/// The first seed that finds the defect of this thread, and what it says.
fn first_complaint(seeds: u64) -> Option<(u64, String)> {
    (0..seeds).find_map(|seed| Some((seed, run(seed, false).broken.into_iter().next()?)))
}

#[test]
fn every_defect_is_found_by_its_checker() {
    for (defect, checker) in TABLE {
        match checker {
            Checker::Simulator { seeds, says } => {
                choose(Some(defect));
                let found = first_complaint(seeds);
                choose(None);
                let Some((seed, complaint)) = found else { panic!("{defect:?} is not found in {seeds} seeds") };
                assert!(complaint.contains(says), "{defect:?}: seed {seed} says `{complaint}`, not `{says}`");
                println!("{defect:?}: found by the simulator, seed {seed}: {complaint}");
            }
            Checker::Elsewhere(test) => println!("{defect:?}: to be found by {test}"),
        }
    }
}

#[test]
fn without_a_defect_nothing_is_found() {
    choose(None);
    assert_eq!(first_complaint(50), None);
}

#[test]
fn no_defect_is_without_a_checker() {
    let named: Vec<_> = TABLE.iter().map(|(defect, _)| *defect).collect();
    assert_eq!(named, Defect::ALL);
}
