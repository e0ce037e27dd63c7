//! Defects on purpose, so that every checker can be seen to notice what it is there for. Without the feature `sabotage`
//! there are none, and asking costs nothing.

/// A defect that can be switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A commit is taken whoever holds the shard.
    SkipFence,
    /// A commit counts as durable before the disk says so.
    AnswerBeforeSync,
    /// What is owed outside is not written down.
    DropOutboxRow,
    /// A timer command takes effect before its time.
    FireEarly,
    /// A command id is not written down.
    ForgetRepeat,
    /// Two events of one commit are stored in the wrong order.
    SwapEvents,
    /// A command is answered while its commit is still under way.
    BelieveBeforeCommit,
    /// A timer is not written down.
    LoseTimerRow,
    /// What is counted is counted twice.
    CountTwice,
    /// Timers and outbox are not told of rows that were stored.
    LoseHints,
    /// A message is sent once more than it is owed.
    SendTwice,
    /// What somebody may not know of is shown to them.
    SkipSight,
    /// Everybody may do what the server itself may.
    SkipRights,
    /// A refusal of access is answered and not noted.
    ForgetRefusal,
    /// Decisions go on with the users, teams and roles of before a change.
    KeepPolicy,
    /// Sessions and tokens go on to be valid, or not to be, as they were at the start.
    KeepKeys,
    /// Work lists go on to show what was to do before.
    KeepWork,
}

impl Defect {
    /// Every defect.
    pub const ALL: [Defect; 17] = [
        Defect::SkipFence,
        Defect::AnswerBeforeSync,
        Defect::DropOutboxRow,
        Defect::FireEarly,
        Defect::ForgetRepeat,
        Defect::SwapEvents,
        Defect::BelieveBeforeCommit,
        Defect::LoseTimerRow,
        Defect::CountTwice,
        Defect::LoseHints,
        Defect::SendTwice,
        Defect::SkipSight,
        Defect::SkipRights,
        Defect::ForgetRefusal,
        Defect::KeepPolicy,
        Defect::KeepKeys,
        Defect::KeepWork,
    ];
}

/// Whether the program has that defect.
#[cfg(not(feature = "sabotage"))]
#[inline(always)]
pub const fn has(_: Defect) -> bool {
    false
}

#[cfg(feature = "sabotage")]
pub use self::chosen::{choose, has};

#[cfg(feature = "sabotage")]
mod chosen {
    use std::cell::Cell;
    use std::sync::LazyLock;

    use super::Defect;

    thread_local! {
        static HERE: Cell<Option<Defect>> = const { Cell::new(None) };
    }

    /// The defect of the whole process: `RELANCE_SABOTAGE` names it as the code does, `SkipFence`.
    static EVERYWHERE: LazyLock<Option<Defect>> = LazyLock::new(|| {
        let named = std::env::var("RELANCE_SABOTAGE").ok()?;
        Defect::ALL.into_iter().find(|defect| format!("{defect:?}") == named)
    });

    /// Whether the program has that defect.
    pub fn has(defect: Defect) -> bool {
        HERE.get().or(*EVERYWHERE) == Some(defect)
    }

    /// Gives what runs on this thread a defect, or takes it away.
    pub fn choose(defect: Option<Defect>) {
        HERE.set(defect);
    }
}
