//! The very first start of a data directory, cut short.

use fastrand::Rng;

use super::client::{Client, Command};
use super::program::{Ground, Program};

/// Fresh directories that are tried.
const DIRECTORIES: usize = 8;

/// Whatever a first start has left behind, the next one goes on from there.
pub async fn first_start_can_be_cut_short(ground: &Ground, rng: &mut Rng) {
    for directory in 0..DIRECTORIES {
        // A sandbox writes its clock, and a server without a token of ours offers a link.
        let options: &[&str] = if directory % 2 == 0 { &["--sandbox"] } else { &[] };
        let mut program = Program::new(ground).without("RELANCE_ADMIN_TOKEN");
        for _ in 0..4 {
            program.cut_start_short(options, rng);
        }
        let (server, _) = program.serve(options);
        program.cut_short(server);
        program.check();
        let mut program = program.with("RELANCE_ADMIN_TOKEN", super::program::TOKEN);
        let (server, address) = program.serve(options);
        let record = serde_json::json!({"type": "lead", "name": "first"});
        let created = Client::new(&address).ask(&Command::post("/records", "first".into(), &record)).await;
        assert_eq!(created.expect("nobody ends it now").status, 201);
        assert_eq!(server.stop().code(), Some(0));
        program.check();
    }
}
