//! The real engine in a simulated world: one seed decides what is asked, what fails, what is late and when time moves;
//! the same seed does the same again.

#[allow(dead_code, reason = "what cannot be activated here is drawn by the tests of the domain only")]
#[path = "../it/domain/draw.rs"]
mod draw;

mod ask;
mod channels;
mod disk;
mod far;
mod graphs;
mod history;
mod judge;
mod lists;
mod messages;
mod mix;
mod people;
mod policies;
mod process;
mod quiet;
mod shelf;
mod trace;
mod workload;
mod world;

use self::world::World;

/// What came of a seed.
#[allow(dead_code, reason = "each of the programs made of this module reads another part")]
pub struct Report {
    /// Of everything that happened, in order: equal for equal runs.
    pub digest: u64,
    /// Promises that were broken; the run ends with the first.
    pub broken: Vec<String>,
    /// Everything that happened, if it was to be kept.
    pub lines: Vec<String>,
    /// Commits that were stored.
    pub commits: usize,
}

/// Plays one seed: a time of faults, in which nothing may go wrong for good, then a quiet time, in which everything has to
/// come to its end.
pub fn run(seed: u64, keep_lines: bool) -> Report {
    let mut world = World::new(seed, keep_lines);
    world.play();
    if !world.is_broken() {
        world.come_to_rest();
    }
    world.report()
}
