//! Openings and clicks of messages that left by this server: each is noted with who it comes from, and what a person did goes
//! on as a signal (§21.4).

use super::Ordinal;
use super::advance::Turn;
use crate::domain::engagement::{Grade, Hit};
use crate::domain::record::RecordRejection;
use crate::domain::record::event::RecordEvent;
use crate::limits;

impl Turn<'_> {
    /// Somebody or something opened the message of a step, or followed a link of it. Beyond a bound only what is new counts.
    pub fn engage(&mut self, step: Ordinal, hit: Hit) -> Result<(), RecordRejection> {
        let found = self.mail_step(step)?;
        let (Hit { signal, link, .. }, at) = (hit, self.stamp.at);
        let hits = found.hits.as_deref().cloned().unwrap_or_default();
        let grade = hits.grade(&hit, at);
        let is_news = grade == Grade::Human && found.signals.first(signal).is_none();
        if is_news || hits.count < limits::HITS_MAX {
            self.emit(RecordEvent::Engaged { step, signal, link, grade });
        }
        if is_news { self.signal(step, signal, at) } else { Ok(()) }
    }
}
