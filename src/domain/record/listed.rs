//! What lists show of a record, and which of their rows a command changes.

use std::sync::Arc;

use super::Record;
use super::profile::Profile;
use super::schema::{Owner, RecordState, RecordType};
use super::work::{Work, owe_work};
use crate::domain::effect::{Effect, Effects, Index, RecordSummary};

/// What list rows are made of. Costs no copy of a text: taken before and after every command.
#[derive(Debug)]
pub struct Listed {
    kind: RecordType,
    profile: Arc<Profile>,
    state: RecordState,
    assignees: Vec<Owner>,
    work: Work,
}

impl Listed {
    fn summary(&self) -> RecordSummary {
        RecordSummary {
            kind: self.kind,
            name: self.profile.display_name(),
            owner: self.profile.owner,
            access_team: self.profile.access_team,
            assignees: self.assignees.clone(),
            state: self.state,
        }
    }

    /// Whether both make the same rows, as far as a glance tells: whoever writes a profile while this is held writes a copy.
    fn looks_like(&self, other: &Listed) -> bool {
        Arc::ptr_eq(&self.profile, &other.profile)
            && (self.kind, self.state) == (other.kind, other.state)
            && self.assignees == other.assignees
    }
}

impl Record {
    /// Whom an open step of a live enrolment, also one that waits, or an open activity is assigned to, and who is neither the
    /// owner nor the access team; sorted.
    pub fn assignees(&self) -> Vec<Owner> {
        let (owner, team) = (self.profile.owner, self.profile.access_team.map(Owner::Team));
        let open = self.live().filter_map(|live| self.current_step(live));
        let activities = self.open_activities().map(|activity| activity.assignee);
        let mut assignees: Vec<Owner> = open.map(|step| step.assignee).chain(activities).collect();
        assignees.retain(|assignee| *assignee != owner && Some(*assignee) != team);
        assignees.sort_unstable();
        assignees.dedup();
        assignees
    }

    /// What lists read of it.
    pub fn summary(&self) -> RecordSummary {
        self.show().summary()
    }

    pub(super) fn show(&self) -> Listed {
        let (profile, assignees) = (self.profile.clone(), self.assignees());
        Listed { kind: self.kind, profile, state: self.state, assignees, work: self.work() }
    }
}

/// The rows that differ between two states.
pub fn owe_difference(before: Option<Listed>, after: Option<Listed>, owed: &mut Effects) {
    if let Some(kind) = after.as_ref().or(before.as_ref()).map(|listed| listed.kind) {
        let [before, after] = [&before, &after].map(|listed| listed.as_ref().map(|listed| &listed.work));
        owe_work(kind, before, after, owed);
    }
    let same = match (&before, &after) {
        (Some(before), Some(after)) => before.looks_like(after),
        (None, None) => true,
        _ => false,
    };
    if same {
        return;
    }
    let [before, after] = [before, after].map(|listed| listed.map(|listed| listed.summary()));
    if before == after {
        return;
    }
    let principals =
        |summary: &Option<RecordSummary>| summary.as_ref().map(RecordSummary::principals).unwrap_or_default();
    let (former, present) = (principals(&before), principals(&after));
    for gone in former.iter().filter(|principal| !present.contains(principal)) {
        owed.push(Effect::Unindex(Index::Principal(*gone)));
    }
    for new in present.iter().filter(|principal| !former.contains(principal)) {
        owed.push(Effect::Index(Index::Principal(*new)));
    }
    match (before, after) {
        (_, Some(after)) => owed.push(Effect::Index(Index::Record(after))),
        (Some(before), None) => owed.push(Effect::Unindex(Index::Record(before))),
        (None, None) => {}
    }
}
