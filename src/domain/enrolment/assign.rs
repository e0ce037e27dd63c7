//! Who gets a step, found each time that one opens, so that a later change of owner leaves open steps where they are.

use super::act::performs;
use super::advance::Turn;
use super::{Ordinal, Step, StepWarning};
use crate::domain::catalogue::field::{FieldKind, Target};
use crate::domain::condition::evaluate::Today;
use crate::domain::condition::stored::StoredCondition;
use crate::domain::condition::subject::OwnerLook;
use crate::domain::plan::{AssignTo, Plan, PlanNode};
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::{Owner, Value};
use crate::id::{TeamId, UserId};

impl Turn<'_> {
    /// Whoever gets what opens now; where nobody is found, the record's owner. In place of a user who may not act any more,
    /// whoever stands in for them.
    pub(super) fn assignee(&self, enrolment: Ordinal, plan: &Plan) -> Owner {
        let found = self.found(enrolment, plan).unwrap_or(self.record.profile.owner);
        self.stand_in(found, self.record.enrolment(enrolment).map(|enrolment| enrolment.sequence))
    }

    /// a seller's step for which nobody was found says so; a message too that has not left yet, because a seller may
    /// act on it (ST-21) and it may become theirs (ST-23).
    pub(super) fn warn_unresolved(&mut self, enrolment: Ordinal, plan: &Plan) {
        if self.found(enrolment, plan).is_some() {
            return;
        }
        let opened = self.record.enrolment(enrolment).and_then(|enrolment| self.record.current_step(enrolment));
        let is_for_seller = |step: &Step, node: &PlanNode| performs(step, node) || node.is_automated();
        let waits_for_seller = opened
            .filter(|step| plan.node(step.node).is_some_and(|node| is_for_seller(step, node)))
            .map(|step| step.ordinal);
        if let Some(step) = waits_for_seller {
            self.emit(RecordEvent::StepWarned { step, warning: StepWarning::AssigneeUnresolved });
        }
    }

    fn found(&self, enrolment: Ordinal, plan: &Plan) -> Option<Owner> {
        let by = self.record.enrolment(enrolment).map_or(self.stamp.by, |enrolment| enrolment.connected_by);
        self.resolve(&plan.conduct.assign_to, by)
    }

    /// Who is meant on this record, `by` having connected it; `None` where there is nobody who may act.
    pub fn resolve(&self, assign_to: &AssignTo, by: UserId) -> Option<Owner> {
        let owner = self.record.profile.owner;
        let owning = match owner {
            Owner::Team(team) => Some(team),
            Owner::User(_) => None,
        };
        match assign_to {
            AssignTo::RecordOwner => Some(owner),
            AssignTo::CurrentUser => Some(Owner::User(by)),
            AssignTo::RecordField(field) => self.user_in(field).map(Owner::User),
            AssignTo::OwnerTeam(condition) => self.team(owning, condition.as_ref()),
            AssignTo::AccessTeam(condition) => {
                let let_in = self.team(self.record.profile.access_team, condition.as_ref());
                let_in.or_else(|| self.team(owning, condition.as_ref()))
            }
        }
    }

    /// The user in a lookup field, if they may act.
    fn user_in(&self, field: &str) -> Option<UserId> {
        let takes = &self.given.catalogue.field(self.record.kind, field)?.kind;
        let held = self.record.profile.fields.get(field).and_then(Value::text)?;
        let user = UserId::parse(held).filter(|_| *takes == FieldKind::Lookup(Target::User))?;
        self.given.policy.person(user).is_ok().then_some(user)
    }

    /// The team, if one of its members may act and fulfils the condition. The step is the whole team's: whoever sees
    /// the record by way of the team may act on it.
    fn team(&self, team: Option<TeamId>, condition: Option<&StoredCondition>) -> Option<Owner> {
        let members = &self.given.policy.organisation.teams.get(&team?)?.members;
        let today = Today::utc(self.stamp.at);
        let is_meant = |member: &UserId| {
            let look = OwnerLook { owner: Owner::User(*member), given: self.given };
            self.given.policy.person(*member).is_ok()
                && condition.is_none_or(|condition| condition.0.holds(&look, today) == Ok(true))
        };
        members.iter().any(is_meant).then_some(team.map(Owner::Team)?)
    }
}
