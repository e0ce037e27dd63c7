//! What all clients of one record did, when, and whether one order of it explains every answer.

use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use todc_utils::linearizability::WGLChecker;
use todc_utils::linearizability::history::{Action, History};

use super::model::{Answered, Asked, OneRecord, Operation};

/// Instants of this process in one order: what ended before something began has the smaller number.
static NOW: AtomicU64 = AtomicU64::new(0);

/// A request as its client saw it.
#[derive(Clone, Debug)]
pub struct Taken {
    pub asked: Asked,
    pub begin: u64,
    /// The answer and when it came.
    pub end: Option<(u64, Answered)>,
}

/// The present instant.
pub fn now() -> u64 {
    NOW.fetch_add(1, Ordering::SeqCst)
}

/// Everything that was asked of one record.
#[derive(Default)]
pub struct Log(Mutex<Vec<Taken>>);

impl Log {
    /// Notes a request that is over. A read without an answer tells nothing.
    pub fn note(&self, taken: Taken) {
        if taken.end.is_some() || !taken.asked.is_read() {
            self.0.lock().unwrap().push(taken);
        }
    }

    /// Everything, in the order in which it was asked.
    pub fn taken(&self) -> Vec<Taken> {
        let mut taken = self.0.lock().unwrap().clone();
        taken.sort_by_key(|one| one.begin);
        taken
    }
}

/// Whether the requests can have been taken one at a time, each between its begin and its end (P15). One whose answer was
/// lost may have been taken at any time since, or never, which is to say after everything else.
pub fn is_linearizable(taken: &[Taken]) -> bool {
    let mut actions = Vec::new();
    for (process, one) in taken.iter().enumerate() {
        let answered = one.end.as_ref().map(|(_, answered)| answered.clone());
        let operation = Operation { asked: one.asked.clone(), answered };
        let end = one.end.as_ref().map_or(u64::MAX, |(end, _)| *end);
        actions.push((one.begin, process, Action::Call(operation.clone())));
        actions.push((end, process, Action::Response(operation)));
    }
    actions.sort_by_key(|(at, ..)| *at);
    let actions: Vec<_> = actions.into_iter().map(|(_, process, action)| (process, action)).collect();
    actions.is_empty() || WGLChecker::<OneRecord>::is_linearizable(History::from_actions(actions))
}

/// The shortest beginning of the history that no order explains, for people.
pub fn told(taken: &[Taken]) -> String {
    let ends = |one: &Taken| one.end.as_ref().map(|(end, _)| *end);
    let mut instants: Vec<u64> = taken.iter().filter_map(ends).collect();
    instants.sort_unstable();
    let until = |instant: u64| -> Vec<Taken> {
        let begun = taken.iter().filter(|one| one.begin < instant).cloned();
        begun.map(|one| Taken { end: one.end.clone().filter(|(end, _)| *end <= instant), ..one }).collect()
    };
    let shown = instants.into_iter().map(until).find(|begun| !is_linearizable(begun));
    shown.unwrap_or_else(|| taken.to_vec()).iter().fold(String::new(), |mut text, one| {
        let _ = match &one.end {
            Some((end, answered)) => writeln!(text, "{:>6} {end:>6} {:?} → {answered:?}", one.begin, one.asked),
            None => writeln!(text, "{:>6}      … {:?} → ?", one.begin, one.asked),
        };
        text
    })
}
