//! The long loop: work, end without warning, start, compare.

use std::time::Duration;

use fastrand::Rng;

use super::client::Client;
use super::program::{Ground, Program};
use super::team::Team;

/// Ends the server as often as `rounds` says while everybody works, and now and then in its start or its stop besides.
pub async fn survive(ground: &Ground, rounds: usize, rng: &mut Rng) {
    // Few records in memory and a short stay, so that entities leave and come back all the time.
    let program = Program::new(ground).with("RELANCE__ENGINE__RESIDENT_MAX", "64");
    let mut program = program.with("RELANCE__ENGINE__IDLE_SECONDS", "1");
    let (server, address) = program.serve(&[]);
    let mut team = Team::gather(&Client::new(&address), rng).await.expect("nobody ends it yet");
    program.cut_short(server);
    for round in 1..=rounds {
        if rng.u8(..3) == 0 {
            program.cut_start_short(&[], rng);
        }
        if round % 5 == 0 {
            program.check();
        }
        let (server, address) = program.serve(&[]);
        let client = Client::new(&address);
        // Now and then the end comes while interrupted commands are repeated and interrupted jobs taken up.
        let is_short = rng.u8(..4) == 0;
        if !is_short {
            team.repeat(&client).await.expect("nobody ends it now");
            team.compare(&client, round % 20 == 0).await.expect("nobody ends it now");
        }
        let answers = match rng.u8(..10) {
            _ if is_short => rng.u32(1..60),
            0 => rng.u32(600..2_000),
            _ => rng.u32(60..600),
        };
        let moment = Duration::from_micros(rng.u64(..4_000));
        let stops = rng.u8(..8) == 0;
        let end = async || match stops {
            true => program.cut_stop_short(server, rng).await,
            false => program.cut_short(server),
        };
        team.work(&client, answers, moment, end).await;
    }
    finish(&mut program, &mut team).await;
}

/// The last start: all is compared, all moves on, every message goes out, and the files say the same as the log.
async fn finish(program: &mut Program, team: &mut Team) {
    program.check();
    let (server, address) = program.serve(&[]);
    let client = Client::new(&address);
    team.repeat(&client).await.expect("nobody ends it now");
    team.compare(&client, true).await.expect("nobody ends it now");
    let moved = team.move_everything(&client).await.expect("nobody ends it now");
    team.compare(&client, true).await.expect("nobody ends it now");
    let sent = team.messages(&client).await.expect("nobody ends it now");
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
