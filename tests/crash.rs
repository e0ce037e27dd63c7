//! The real program is ended at random moments under load, by SIGKILL or by a power cut, and each time everything it had
//! answered must be there, once (P1, P2, P4, P6, P7).
//!
//! `RELANCE_CRASH_ROUNDS` says how many kills under load (30), `RELANCE_POWER_CUTS` how many power cuts (10), and
//! `RELANCE_CRASH_SEED` repeats the choices of a run that failed. `RELANCE_BINARY` names the program to end.

mod crash {
    pub mod apart;
    pub mod author;
    pub mod broken_disk;
    pub mod choose;
    pub mod client;
    pub mod disk;
    pub mod full_disk;
    pub mod importer;
    pub mod lead;
    pub mod learn;
    pub mod overlap;
    pub mod program;
    pub mod rounds;
    pub mod scene;
    pub mod seller;
    pub mod starts;
    pub mod team;
    pub mod timers;
}

use std::rc::Rc;
use std::sync::Mutex;

use crash::disk::Disk;
use crash::program::{Ground, Seed};
use crash::{apart, broken_disk, full_disk, overlap, rounds, starts, timers};
use fastrand::Rng;

/// Tests take turns: each is a load of its own, and beside another one it would be ended at other moments.
static TURN: Mutex<()> = Mutex::new(());

/// On the machine's own disk, by SIGKILL.
fn killed(test: impl AsyncFnOnce(&Ground, &mut Rng)) {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    run(&Ground::Machine, test);
}

/// On a disk of its own, whose power is cut; `name` is that of the test.
fn without_power(name: &str, test: impl AsyncFnOnce(&Ground, &mut Rng)) {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    apart::run(name, |folder| run(&Ground::Disk(Rc::new(Disk::make(folder))), test));
}

fn run(ground: &Ground, test: impl AsyncFnOnce(&Ground, &mut Rng)) {
    let seed = Seed::choose();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test(ground, &mut Rng::with_seed(seed.0)));
}

/// A number from the environment.
fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn whatever_was_answered_is_there_once_after_any_kill() {
    killed(async |ground, rng| rounds::survive(ground, number("RELANCE_CRASH_ROUNDS", 30), rng).await);
}

#[test]
fn whatever_was_answered_is_there_once_after_any_power_cut() {
    without_power("whatever_was_answered_is_there_once_after_any_power_cut", async |ground, rng| {
        rounds::survive(ground, number("RELANCE_POWER_CUTS", 10), rng).await;
    });
}

#[test]
fn waits_go_on_after_a_kill_and_fire_once() {
    killed(timers::survive);
}

#[test]
fn waits_go_on_after_a_power_cut_and_fire_once() {
    without_power("waits_go_on_after_a_power_cut_and_fire_once", timers::survive);
}

#[test]
fn a_first_start_that_is_killed_can_be_repeated() {
    killed(starts::first_start_can_be_cut_short);
}

#[test]
fn a_first_start_that_loses_power_can_be_repeated() {
    without_power("a_first_start_that_loses_power_can_be_repeated", starts::first_start_can_be_cut_short);
}

#[test]
fn an_import_that_is_killed_does_not_apply_a_row_twice() {
    killed(async |ground, _| overlap::rows_are_not_applied_again(ground).await);
}

#[test]
fn an_import_that_loses_power_does_not_apply_a_row_twice() {
    without_power("an_import_that_loses_power_does_not_apply_a_row_twice", async |ground, _| {
        overlap::rows_are_not_applied_again(ground).await;
    });
}

#[test]
fn p9_a_full_disk_stops_writing_and_nothing_else() {
    killed(async |_, _| full_disk::stops_writing_and_nothing_else().await);
}

#[test]
fn p9_a_disk_that_fails_ends_the_server_and_loses_nothing() {
    killed(async |_, _| broken_disk::ends_the_server_and_loses_nothing().await);
}

#[test]
fn p3_a_disk_that_forgets_gives_no_wrong_answer() {
    killed(async |_, _| broken_disk::gives_no_wrong_answer().await);
}
