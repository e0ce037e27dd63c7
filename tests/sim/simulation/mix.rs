//! What one seed's world is like. Each seed leaves out some kinds of faults, so that the others are not hidden behind them.

use std::time::Duration;

/// Chances are out of a thousand.
#[derive(Debug)]
pub struct Mix {
    /// A commit is not stored, and nobody says so.
    pub refused: u32,
    /// A commit is stored, and nobody says so.
    pub unanswered: u32,
    /// Rows cannot be read.
    pub unread: u32,
    /// Commits of one group, at most.
    pub group_max: usize,
    /// Steps after which a waiting group is written, out of a thousand.
    pub write: u32,
    /// The process ends and another begins, per step.
    pub crash: u32,
    /// Another process begins beside the first, per step.
    pub overlap: u32,
    /// The wall clock steps, per step.
    pub clock_step: u32,
    /// A timer command comes that no timer sent, per step.
    pub stray_fire: u32,
    /// A client asks again what it asked before, per step.
    pub repeat: u32,
    /// A message does not get through.
    pub mail_lost: u32,
    /// A message gets through, its answer does not.
    pub mail_unanswered: u32,
    /// A message arrives twice.
    pub mail_doubled: u32,
    /// A message is refused for good.
    pub mail_refused: u32,
    /// Actors kept per kind.
    pub resident_max: usize,
    /// How long an actor stays.
    pub idle: Duration,
    /// Records and sequences that the clients know of, at most.
    pub records: usize,
    /// See `records`.
    pub sequences: usize,
    /// Steps of the time of faults.
    pub steps: u32,
    /// Whether sellers do their steps in the quiet time, so that every enrolment ends.
    pub diligent: bool,
}

impl Mix {
    pub fn draw(chance: &mut fastrand::Rng) -> Mix {
        // Now and then one record lives long enough to be stored as a snapshot, more than once.
        let long = chance.u32(0..8) == 0;
        let mut fault = |max: u32| if chance.bool() { chance.u32(1..=max) } else { 0 };
        Mix {
            refused: fault(150),
            unanswered: fault(150),
            unread: fault(100),
            crash: fault(40),
            overlap: fault(25),
            clock_step: fault(120),
            stray_fire: fault(120),
            repeat: fault(200),
            mail_lost: fault(400),
            mail_unanswered: fault(300),
            mail_doubled: fault(200),
            mail_refused: fault(60),
            group_max: *chance.choice(&[1, 2, 4, 512]).unwrap_or(&512),
            write: *chance.choice(&[200, 500, 900, 1_000]).unwrap_or(&1_000),
            resident_max: chance.usize(1..=4),
            idle: Duration::from_millis(chance.u64(40..4_000)),
            records: if long { 1 } else { chance.usize(1..=5) },
            sequences: chance.usize(1..=4),
            steps: if long { 700 } else { chance.u32(80..=240) },
            diligent: chance.bool(),
        }
    }
}

/// Whether something that happens `of_thousand` times out of a thousand happens now.
pub fn happens(chance: &mut fastrand::Rng, of_thousand: u32) -> bool {
    chance.u32(0..1_000) < of_thousand
}
