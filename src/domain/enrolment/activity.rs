//! What people do with activities, and to whom open work goes.

use super::act::performs;
use super::advance::Turn;
use super::{Ordinal, Step};
use crate::domain::activity::{ActivityKind, ActivityStatus, LinkedActivity, NewActivity};
use crate::domain::organisation::activity_settings::ActivitySettings;
use crate::domain::organisation::settings::CallResult;
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::Owner;
use crate::domain::record::{Problem, RecordRejection};
use crate::id::{SequenceId, UserId};
use crate::limits;

impl Turn<'_> {
    /// C-7: whoever wants it does it, until it is assigned to somebody else.
    pub fn add_activity(&mut self, new: NewActivity) -> Result<(), RecordRejection> {
        let problems = new.problems();
        if !problems.is_empty() {
            return Err(RecordRejection::Invalid(problems));
        }
        if self.record.activities.len() >= limits::ACTIVITIES_MAX {
            return Err(RecordRejection::TooManyActivities);
        }
        let (activity, assignee) = (self.next_ordinal()?, Owner::User(self.stamp.by));
        let NewActivity { kind, subject, due_at, note } = new;
        self.emit(RecordEvent::ActivityAdded { activity, kind, subject, due_at, note, assignee });
        Ok(())
    }

    /// Completing a linked activity completes its step where the settings say so.
    pub fn complete_activity(
        &mut self,
        ordinal: Ordinal,
        note: Option<String>,
        call_result: Option<String>,
    ) -> Result<(), RecordRejection> {
        let (kind, assignee, is_linked) = self.open_activity(ordinal)?;
        let settings = self.activity_settings(assignee);
        let takes_step_along = match kind {
            ActivityKind::PhoneCall => settings.call_completes_step,
            _ => settings.completes_step,
        };
        if is_linked && takes_step_along {
            return self.complete_step(ordinal, note, call_result);
        }
        let call_result = self.call_result(kind, assignee, call_result)?;
        self.note(ordinal, note, "/note")?;
        self.emit(RecordEvent::ActivityCompleted { activity: ordinal, call_result });
        self.count_done(ordinal);
        Ok(())
    }

    /// The step of a linked activity stays open: it is skipped as a step.
    pub fn cancel_activity(&mut self, ordinal: Ordinal) -> Result<(), RecordRejection> {
        self.open_activity(ordinal)?;
        self.emit(RecordEvent::ActivityCancelled { activity: ordinal });
        Ok(())
    }

    /// §21.4: another program tells what became of an activity. Late reports change nothing.
    pub fn report_activity(
        &mut self,
        ordinal: Ordinal,
        completed: bool,
        call_result: Option<String>,
    ) -> Result<(), RecordRejection> {
        let told = match completed {
            true => self.complete_activity(ordinal, None, call_result),
            false => self.cancel_activity(ordinal),
        };
        match told {
            Err(RecordRejection::ActivityNotOpen) => Ok(()),
            told => told,
        }
    }

    /// where steps do not have linked activities from the beginning, they get them when they are started.
    pub fn start_step(&mut self, step: Ordinal) -> Result<(), RecordRejection> {
        let (step, node) = self.open_step(step)?;
        if !performs(&step, node) {
            return Err(RecordRejection::StepWaits);
        }
        if step.linked == LinkedActivity::Absent && !self.is_excluded(&step) {
            self.emit(RecordEvent::ActivityLinked { step: step.ordinal });
        }
        Ok(())
    }

    /// a seller's step that was opened has an activity on the timeline, if its seller's settings say so.
    pub(super) fn link_activity(&mut self, enrolment: Ordinal) {
        let opened = self.record.enrolment(enrolment).and_then(|enrolment| self.record.current_step(enrolment));
        let Some(step) = opened else { return };
        let is_performed = self.record.node_of(self.given, step).is_some_and(|node| performs(step, node));
        if is_performed && self.activity_settings(step.assignee).linked && !self.is_excluded(step) {
            self.emit(RecordEvent::ActivityLinked { step: step.ordinal });
        }
    }

    ///
    fn is_excluded(&self, step: &Step) -> bool {
        let is_call = self.record.node_of(self.given, step).and_then(ActivityKind::of) == Some(ActivityKind::PhoneCall);
        is_call && self.activity_settings(step.assignee).exclude_calls
    }

    /// the step is somebody else's; those behind it are given as the sequence says.
    pub fn assign_step(&mut self, step: Ordinal, to: Owner) -> Result<(), RecordRejection> {
        let (step, _) = self.open_step(step)?;
        self.assign(step.ordinal, step.assignee, to)
    }

    /// The same of an activity; a linked one is its step's seller's.
    pub fn assign_activity(&mut self, activity: Ordinal, to: Owner) -> Result<(), RecordRejection> {
        let (_, assignee, _) = self.open_activity(activity)?;
        self.assign(activity, assignee, to)
    }

    fn assign(&mut self, item: Ordinal, from: Owner, to: Owner) -> Result<(), RecordRejection> {
        if !self.given.policy.can_act(to) {
            let (pointer, detail) = match to {
                Owner::User(_) => ("/user", "there is no such user, or not any more"),
                Owner::Team(_) => ("/team", "there is no such team, or nobody in it who may act"),
            };
            let unknown = Problem { pointer: pointer.into(), code: "assignee_unknown", detail: detail.into() };
            return Err(RecordRejection::Invalid(vec![unknown]));
        }
        if from != to {
            self.emit(RecordEvent::Assigned { item, assignee: to });
            // Whoever has it now works at other times.
            self.move_due_dates()?;
        }
        Ok(())
    }

    /// open work of somebody who may not act any more goes to whoever stands in for them. Asked again, it does nothing.
    pub fn hand_over(&mut self, from: UserId) -> Result<(), RecordRejection> {
        if self.given.policy.can_act(Owner::User(from)) {
            return Ok(());
        }
        let from = Owner::User(from);
        let steps = self.record.live().filter_map(|live| Some((live.sequence, self.record.current_step(live)?)));
        let steps = steps.filter(|(_, step)| step.assignee == from);
        let activities = self.record.open_activities().filter(|activity| activity.assignee == from);
        let steps = steps.map(|(sequence, step)| (step.ordinal, self.stand_in(from, Some(sequence))));
        let activities = activities.map(|activity| (activity.ordinal, self.stand_in(from, None)));
        let handed: Vec<_> = steps.chain(activities).filter(|(_, to)| *to != from).collect();
        for (item, assignee) in handed {
            self.emit(RecordEvent::Assigned { item, assignee });
        }
        self.move_due_dates()
    }

    /// somebody, or who acts in the place of a user who may not any more: the record's owner, else the sequence's.
    pub(super) fn stand_in(&self, of: Owner, sequence: Option<SequenceId>) -> Owner {
        let policy = &self.given.policy;
        if matches!(of, Owner::Team(_)) || policy.can_act(of) {
            return of;
        }
        let author = sequence.and_then(|sequence| self.given.sequences.get(&sequence)).map(|sequence| sequence.owner);
        let heirs = [Some(self.record.profile.owner), author].into_iter().flatten();
        heirs.into_iter().find(|heir| policy.can_act(*heir)).unwrap_or(of)
    }

    /// Kind and assignee of an open activity, and whether it is a linked one; its step is open then.
    fn open_activity(&self, ordinal: Ordinal) -> Result<(ActivityKind, Owner, bool), RecordRejection> {
        if let Some(activity) = self.record.activity(ordinal) {
            let is_open = activity.is_open().then_some((activity.kind, activity.assignee, false));
            return is_open.ok_or(RecordRejection::ActivityNotOpen);
        }
        let linked = self.record.step(ordinal).and_then(|step| Some((step, step.linked_status()?)));
        let (step, status) = linked.ok_or(RecordRejection::ActivityNotFound)?;
        let kind = self.record.node_of(self.given, step).and_then(ActivityKind::of);
        match status {
            ActivityStatus::Open => Ok((kind.unwrap_or(ActivityKind::Task), step.assignee, true)),
            ActivityStatus::Completed | ActivityStatus::Cancelled => Err(RecordRejection::ActivityNotOpen),
        }
    }

    /// What holds for the activities of an assignee; for a team's, what holds for whoever acts.
    fn activity_settings(&self, assignee: Owner) -> ActivitySettings {
        let whose = match assignee {
            Owner::User(user) => user,
            Owner::Team(_) => self.stamp.by,
        };
        self.given.policy.organisation.activity_settings(whose)
    }

    /// How a call ended, where the settings know it without being told; refused for what is no call.
    pub(super) fn call_result(
        &self,
        kind: ActivityKind,
        assignee: Owner,
        told: Option<String>,
    ) -> Result<Option<String>, RecordRejection> {
        let known = &self.given.catalogue;
        match told {
            Some(_) if kind != ActivityKind::PhoneCall => {
                Err(RecordRejection::CallResultInvalid("only a phone call ends with a call result".into()))
            }
            Some(result) if !known.has_call_result(&result) => {
                let known = known.call_results.join(", ");
                Err(RecordRejection::CallResultInvalid(format!("`{result}` is not one of {known}")))
            }
            None if kind == ActivityKind::PhoneCall => Ok(match self.activity_settings(assignee).call_result {
                CallResult::Default(result) => Some(result).filter(|result| known.has_call_result(result)),
                CallResult::Ask => None,
            }),
            told => Ok(told),
        }
    }
}
