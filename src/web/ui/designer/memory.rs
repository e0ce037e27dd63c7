//! What a designer did, so that it can be undone: the charts before, of each author and sequence, as long as the server
//! runs.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use serde_json::Value;

use crate::id::UserId;

/// How far one can go back.
const STEPS: usize = 50;
/// Of how many authors and sequences; whoever has drawn nothing for longest is forgotten first.
const DRAWINGS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(199);

/// Charts before and behind the one that is saved.
#[derive(Debug, Default)]
struct Strokes {
    before: VecDeque<Value>,
    behind: Vec<Value>,
    /// Records that whoever draws it wants to connect once it is active.
    waiting: Vec<String>,
}

/// Of everybody.
#[derive(Debug)]
pub struct Memory(Mutex<LruCache<(UserId, String), Strokes>>);

impl Default for Memory {
    fn default() -> Memory {
        Memory(Mutex::new(LruCache::new(DRAWINGS)))
    }
}

impl Memory {
    fn with<T>(&self, by: UserId, sequence: &str, work: impl FnOnce(&mut Strokes) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(all.get_or_insert_mut((by, sequence.to_owned()), Strokes::default))
    }

    /// Records to be connected once it is active.
    pub fn wait(&self, by: UserId, sequence: &str, records: Vec<String>) {
        self.with(by, sequence, |strokes| strokes.waiting = records);
    }

    /// They are connected.
    pub fn waited(&self, by: UserId, sequence: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(strokes) = all.peek_mut(&(by, sequence.to_owned())) {
            strokes.waiting.clear();
        }
    }

    /// Those records.
    pub fn waiting(&self, by: UserId, sequence: &str) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.peek(&(by, sequence.to_owned())).map(|strokes| strokes.waiting.clone()).unwrap_or_default()
    }

    /// Something was drawn over this chart.
    pub fn draw(&self, by: UserId, sequence: &str, over: Value) {
        self.with(by, sequence, |strokes| {
            strokes.behind.clear();
            strokes.before.push_back(over);
            while strokes.before.len() > STEPS {
                strokes.before.pop_front();
            }
        });
    }

    /// Whether there is something to undo, and to do again.
    pub fn can(&self, by: UserId, sequence: &str) -> (bool, bool) {
        self.with(by, sequence, |strokes| (!strokes.before.is_empty(), !strokes.behind.is_empty()))
    }

    /// The chart to go back to, or with `again` forward to.
    pub fn peek(&self, by: UserId, sequence: &str, again: bool) -> Option<Value> {
        self.with(by, sequence, |strokes| if again { strokes.behind.last() } else { strokes.before.back() }.cloned())
    }

    /// It is shown now instead of this one.
    pub fn shown(&self, by: UserId, sequence: &str, again: bool, instead_of: Value) {
        self.with(by, sequence, |strokes| {
            if again {
                strokes.behind.pop();
                strokes.before.push_back(instead_of);
            } else {
                strokes.before.pop_back();
                strokes.behind.push(instead_of);
            }
        });
    }
}
