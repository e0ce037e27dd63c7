//! What is written on the record, by people and by commands (CM-3, CM-12, CM-13, K-13, D-69).

use relance::domain::enrolment::{EndReason, EnrolmentStatus, StepError, StepStatus, WaitState};
use relance::domain::record::RecordRejection as Refused;
use relance::domain::record::schema::{Change, Channel, Outcome, Value};
use relance::domain::sequence::graph::{Node, Occurrence};
use relance::id::FlowId;

use super::act::invalid;
use super::walk::{Step, exit};
use super::{Answer, Happened, Naive, node};
use crate::domain::model::scene::STAGES;

impl Naive {
    pub(super) fn change(&mut self, changes: Vec<Change>) -> Answer {
        if let Some(wrong) = changes.iter().find(|change| !self.fits(change)) {
            return Err(invalid(&wrong.pointer()));
        }
        let closing = changes.iter().find_map(closes).filter(|_| self.lead.is_open);
        let mut has_moved = false;
        for change in &changes {
            let differs = self.write(change);
            has_moved |= differs && matches!(change, Change::Owner(_) | Change::TimeZone(_));
        }
        if let Some(outcome) = closing {
            self.close(outcome, None);
        }
        if has_moved {
            self.move_due_dates();
        }
        // CM-12: what was written may be what a condition misses.
        let open = self.live().into_iter().filter_map(|run| self.open_of(run));
        let missing: Vec<_> = open.filter(|visit| visit.error == Some(StepError::FieldMissing)).cloned().collect();
        for visit in missing {
            if self.visit(visit.number).is_some_and(|visit| visit.status == StepStatus::Open) {
                let step = self.execute(visit.number);
                self.go_on(visit.run, step);
            }
        }
        Ok(())
    }

    /// Fields that are drawn: `tier` may be missing, and has only some options.
    fn fits(&self, change: &Change) -> bool {
        match change {
            Change::Field(name, value) if name == "tier" => {
                let known =
                    |value: &Value| value.text().is_some_and(|text| self.office.tiers.iter().any(|tier| tier == text));
                self.office.has_tier && value.as_ref().is_none_or(known)
            }
            Change::Email(Some(address)) => address.contains('@'),
            _ => true,
        }
    }

    /// Writes it; whether it was otherwise before.
    fn write(&mut self, change: &Change) -> bool {
        let before = self.lead.clone();
        let lead = &mut self.lead;
        let name = match change.clone() {
            Change::Owner(owner) => {
                lead.owner = owner;
                "owner".to_owned()
            }
            Change::AccessTeam(team) => {
                lead.access_team = team;
                "access_team".to_owned()
            }
            Change::Email(address) => {
                lead.email = address;
                "email".to_owned()
            }
            Change::Allow(Channel::Email, may) => {
                lead.allows_email = may;
                "allow_email".to_owned()
            }
            Change::TimeZone(zone) => {
                lead.time_zone = zone;
                "time_zone".to_owned()
            }
            Change::Score(score) => {
                lead.score = score;
                "score".to_owned()
            }
            Change::Field(name, Some(value)) => {
                lead.fields.insert(name.clone(), value);
                name
            }
            Change::Field(name, None) => {
                lead.fields.remove(&name);
                name
            }
            other => panic!("the model writes no {other:?}"),
        };
        if self.lead == before {
            return false;
        }
        if name == "owner" {
            self.happened.push(Happened::Event(Occurrence::RecordOwnerChanged));
        }
        self.happened.push(Happened::Written(name));
        self.touched();
        true
    }

    pub(super) fn touched(&mut self) {
        self.happened.push(Happened::Event(Occurrence::RecordUpdated));
    }

    /// Only the one flow has stages (CM-2).
    pub(super) fn set_stage(&mut self, flow: FlowId, stage: String) -> Answer {
        if !STAGES.contains(&stage.as_str()) {
            return Err(invalid("/stage"));
        }
        if self.lead.stage != Some((flow, stage.clone())) {
            self.lead.stage = Some((flow, stage));
            self.happened.push(Happened::Event(Occurrence::RecordStageChanged));
            self.touched();
        }
        Ok(())
    }

    pub(super) fn close_by_hand(&mut self, outcome: Outcome) -> Answer {
        if !self.lead.is_open {
            return Err(Refused::RecordInactive);
        }
        self.close(outcome, None);
        Ok(())
    }

    pub(super) fn reopen(&mut self) -> Answer {
        if !self.lead.is_open {
            (self.lead.is_open, self.lead.outcome) = (true, Outcome::None);
            self.touched();
        }
        Ok(())
    }

    /// What a command or a branch by what the record holds does, when it is reached and when it is tried again.
    pub(super) fn execute(&mut self, visit: u32) -> Step {
        let held = self.visit(visit).expect("a visit").clone();
        let version = self.version(held.run);
        let at = node(&version, &held.node);
        match at {
            Node::UpdateField(command) => self.update_field(held.run, visit, at, &command.field, &command.value),
            Node::Advance(command) => self.advance(held.run, visit, &command.sequence),
            Node::BranchField(branch) => match self.answer(branch.condition.as_ref().expect("a condition")) {
                Some(holds) => self.take(visit, at, WaitState::None, holds),
                None => self.fail(visit, StepError::FieldMissing),
            },
            Node::BranchStage(branch) => {
                let stage = self.lead.stage.as_ref().filter(|(flow, _)| flow.to_string() == branch.flow);
                let holds = stage.is_some_and(|(_, stage)| branch.stages.contains(stage));
                self.take(visit, at, WaitState::None, holds)
            }
            other => panic!("nothing is executed at {other:?}"),
        }
    }

    fn update_field(&mut self, run: u32, visit: u32, at: &Node, field: &str, value: &str) -> Step {
        let change = Change::Field(field.to_owned(), Some(Value::Text(value.to_owned())));
        if !self.fits(&change) {
            return self.fail(visit, StepError::FieldUpdateFailed);
        }
        self.write(&change);
        self.finish(visit, WaitState::None, None);
        let next = exit(at, true);
        // what was the last node of its path is done, whatever else the value does.
        if next.is_none() {
            self.end(run, EnrolmentStatus::Completed, EndReason::SequenceCompleted);
        }
        if let Some(outcome) = closes(&change).filter(|_| self.lead.is_open) {
            self.close(outcome, Some(run));
            let goes_on = outcome == Outcome::Success && self.leads_to_seller(run, super::name_of(at));
            if next.is_some() && !goes_on {
                self.end(run, EnrolmentStatus::Disconnected, EndReason::RegardingEntityDeactivated);
            }
        }
        Step::On(next)
    }
}

/// D-69.
fn closes(change: &Change) -> Option<Outcome> {
    let Change::Field(name, Some(Value::Text(value))) = change else { return None };
    match (name.as_str(), value.as_str()) {
        ("disposition", "qualified") => Some(Outcome::Success),
        ("disposition", "disqualified") => Some(Outcome::Failure),
        _ => None,
    }
}
