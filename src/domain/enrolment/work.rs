//! What somebody marks of a record, and what of their day's work is done (W-7, W-21).

use super::Ordinal;
use super::advance::Turn;
use crate::domain::record::RecordRejection;
use crate::domain::record::event::RecordEvent;
use crate::domain::schedule::civil;
use crate::id::UserId;
use crate::limits;

impl Turn<'_> {
    /// W-7, W-21: whoever asks has opened the record, or wants to hear of it, or not any more.
    pub fn mark(&mut self, read: Option<bool>, followed: Option<bool>) -> Result<(), RecordRejection> {
        let before = self.record.mark(self.stamp.by);
        let (read, followed) = (read.unwrap_or(before.read), followed.unwrap_or(before.followed));
        if (read, followed) == (before.read, before.followed) {
            return Ok(());
        }
        let is_new = !(before.read || before.followed);
        if is_new && self.record.marks.len() >= limits::MARKS_MAX {
            return Err(RecordRejection::TooManyMarks);
        }
        self.emit(RecordEvent::Marked { user: self.stamp.by, read, followed });
        Ok(())
    }

    /// Something was done by hand: it counts in the day of whoever did it, where days are levelled.
    pub(super) fn count_done(&mut self, item: Ordinal) {
        let user = self.stamp.by;
        if user != UserId::SYSTEM && self.given.policy.capacity(user).is_some() {
            let day = civil::day_number(self.given.policy.zone(user), self.stamp.at);
            self.emit(RecordEvent::WorkDone { item, user, day });
        }
    }
}
