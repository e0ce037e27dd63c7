//! The real program is killed at random moments under load, and each time everything it had answered must be there, once
//! (P1, P2, P4, P6, P7).
//!
//! `RELANCE_CRASH_ROUNDS` says how often (30), `RELANCE_CRASH_SEED` repeats the choices of a run that failed.

mod crash {
    pub mod author;
    pub mod broken_disk;
    pub mod choose;
    pub mod client;
    pub mod full_disk;
    pub mod importer;
    pub mod lead;
    pub mod learn;
    pub mod overlap;
    pub mod program;
    pub mod scene;
    pub mod seller;
    pub mod starts;
    pub mod team;
    pub mod timers;
}

use std::time::Duration;

use crash::client::Client;
use crash::program::{Program, Seed};
use crash::team::Team;
use crash::{broken_disk, full_disk, overlap, starts, timers};
use fastrand::Rng;

fn rounds() -> usize {
    let given = std::env::var("RELANCE_CRASH_ROUNDS").ok();
    given.map_or(30, |text| text.parse().expect("RELANCE_CRASH_ROUNDS is a number"))
}

/// Starts the server and kills it before, while or just after it comes up.
fn kill_in_start(program: &Program, rng: &mut Rng) {
    let mut server = program.start(&[]);
    match rng.u8(..4) {
        0 => drop(server.address()),
        _ => std::thread::sleep(Duration::from_millis(rng.u64(..250))),
    }
    server.kill();
}

#[tokio::test]
async fn whatever_was_answered_is_there_once_after_any_kill() {
    let seed = Seed::choose();
    let mut rng = Rng::with_seed(seed.0);
    // Few records in memory and a short stay, so that entities leave and come back all the time.
    let program = Program::new().with("RELANCE__ENGINE__RESIDENT_MAX", "64").with("RELANCE__ENGINE__IDLE_SECONDS", "1");
    let (server, address) = program.serve(&[]);
    let mut team = Team::gather(&Client::new(&address), &mut rng).await.expect("nobody kills it yet");
    server.kill();
    for round in 1..=rounds() {
        if rng.u8(..3) == 0 {
            kill_in_start(&program, &mut rng);
        }
        if round % 3 == 0 {
            program.check();
        }
        let (server, address) = program.serve(&[]);
        let client = Client::new(&address);
        // Now and then the next kill comes while interrupted commands are repeated and interrupted jobs taken up.
        let is_short = rng.u8(..4) == 0;
        if !is_short {
            team.repeat(&client).await.unwrap_or_else(|_| panic!("nobody kills it now: {}", server.log()));
            team.compare(&client, round % 10 == 0)
                .await
                .unwrap_or_else(|_| panic!("nobody kills it now: {}", server.log()));
        }
        let delay = if is_short { rng.u64(..150) } else { rng.u64(100..1_000) };
        team.work_until_killed(&client, server, Duration::from_millis(delay)).await;
    }
    finish(&program, &mut team).await;
}

/// The last start: all is compared, all moves on, every message goes out, and the files say the same as the log.
async fn finish(program: &Program, team: &mut Team) {
    program.check();
    let (server, address) = program.serve(&[]);
    let client = Client::new(&address);
    team.repeat(&client).await.unwrap_or_else(|_| panic!("nobody kills it now: {}", server.log()));
    team.compare(&client, true).await.unwrap_or_else(|_| panic!("nobody kills it now: {}", server.log()));
    let moved = team.move_everything(&client).await.unwrap_or_else(|_| panic!("nobody kills it now: {}", server.log()));
    team.compare(&client, true).await.unwrap_or_else(|_| panic!("nobody kills it now: {}", server.log()));
    let sent = team.messages(&client).await.unwrap_or_else(|_| panic!("nobody kills it now: {}", server.log()));
    let (answered, repeated) =
        team.sellers.iter().fold((0, 0), |sum, seller| (sum.0 + seller.answered, sum.1 + seller.repeated));
    println!(
        "{answered} commands of sellers, {repeated} asked again, {} records, {moved} enrolments moved on, {} messages",
        team.leads().count(),
        sent.len()
    );
    assert!(moved > 0 && !sent.is_empty() && repeated > 0, "the load was no load");
    assert_eq!(server.stop().code(), Some(0), "SIGTERM stops in order");
    assert_eq!(program.spooled(), sent.into_iter().collect::<Vec<_>>(), "one file per message that was sent");
    program.check();
    let log = program.succeed("export");
    program.succeed("rebuild");
    assert!(program.succeed("export") == log, "a rebuild changed the log");
    program.check();
}

#[tokio::test]
async fn waits_go_on_after_a_kill_and_fire_once() {
    let seed = Seed::choose();
    timers::survive(&mut Rng::with_seed(seed.0)).await;
}

#[tokio::test]
async fn a_first_start_that_is_cut_short_can_be_repeated() {
    let seed = Seed::choose();
    starts::first_start_can_be_cut_short(&mut Rng::with_seed(seed.0)).await;
}

#[tokio::test]
async fn an_interrupted_import_does_not_apply_a_row_twice() {
    overlap::rows_are_not_applied_again().await;
}

#[tokio::test]
async fn p9_a_full_disk_stops_writing_and_nothing_else() {
    full_disk::stops_writing_and_nothing_else().await;
}

#[tokio::test]
async fn p9_a_disk_that_fails_ends_the_server_and_loses_nothing() {
    broken_disk::ends_the_server_and_loses_nothing().await;
}

#[tokio::test]
async fn p3_a_disk_that_forgets_gives_no_wrong_answer() {
    broken_disk::gives_no_wrong_answer().await;
}
