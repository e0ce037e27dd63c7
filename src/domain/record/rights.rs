//! Who may ask what of a record: the access that each command needs, held against §2 and the one rule of access.

use super::Record;
use super::command::RecordCommand;
use super::schema::{Change, Owner};
use super::{Problem, RecordRejection};
use crate::domain::access::{self, Facts, Reach, must_give_to, must_reach};
use crate::domain::entity::Stamp;
use crate::domain::given::Given;
use crate::domain::permission::{Denial, Permission};
use crate::domain::policy::Person;
use crate::id::UserId;

impl Record {
    /// See [`crate::domain::entity::Entity::must_be_seen`]. What does not exist is nobody's, and answers for itself.
    pub(super) fn judge_sight(&self, given: &Given, by: UserId) -> Result<(), Denial> {
        let person = given.policy.person(by)?;
        match self.exists && self.reach(&person) == Reach::Nothing {
            true => Err(Denial::hidden("record")),
            false => Ok(()),
        }
    }

    /// How far somebody's access to it goes.
    pub fn reach(&self, person: &Person) -> Reach {
        let facts = Facts { owner: self.profile.owner, access_team: self.profile.access_team, assignees: &[] };
        // Steps are looked through only where nothing else lets somebody act.
        match access::reach(person, &facts) {
            found if found >= Reach::Act => found,
            _ => access::reach(person, &Facts { assignees: &self.assignees(), ..facts }),
        }
    }
}

/// Refuses a command that its sender may not give.
pub fn judge(record: &Record, given: &Given, command: &RecordCommand, stamp: Stamp) -> Result<(), RecordRejection> {
    if stamp.by == UserId::SYSTEM {
        return Ok(());
    }
    let person = given.policy.person(stamp.by)?;
    if let RecordCommand::Create { changes, .. } = command {
        person.must(Permission::Work, "create records")?;
        return judge_owner(given, &person, changes);
    }
    let reach = record.reach(&person);
    let must = |wanted, what| must_reach(reach, wanted, what);
    match command {
        RecordCommand::Create { .. } => {}
        RecordCommand::Erase => must(Reach::Erase, "erase this record")?,
        RecordCommand::Change(changes) => {
            let gives = changes.iter().any(|change| hands_over(change) && !record.profile.has(change));
            must(if gives { Reach::Give } else { Reach::Act }, if gives { GIVE } else { CHANGE })?;
            judge_owner(given, &person, changes)?;
        }
        RecordCommand::Close(_)
        | RecordCommand::Reopen
        | RecordCommand::SetStage { .. }
        | RecordCommand::ReportActivity { .. }
        | RecordCommand::Signal { .. }
        | RecordCommand::ReportClosed(_)
        | RecordCommand::ReachGoal => must(Reach::Act, CHANGE)?,
        RecordCommand::Connect { sequence, .. } => {
            must(Reach::See, CHANGE)?;
            person.must(Permission::Connect, "connect records")?;
            person.in_workspace()?;
            let sequence = given.sequences.get(sequence).filter(|sequence| sequence.exists);
            let sequence = sequence.ok_or(RecordRejection::SequenceNotFound)?;
            sequence.judge_sight(given, stamp.by)?;
        }
        RecordCommand::Mark { .. } => must(Reach::See, "see this record")?,
        RecordCommand::Disconnect(_) => {
            must(Reach::See, CHANGE)?;
            person.must(Permission::Connect, "disconnect records")?;
        }
        RecordCommand::Complete { .. }
        | RecordCommand::Skip(_)
        | RecordCommand::Snooze { .. }
        | RecordCommand::SkipWait(_)
        | RecordCommand::Retry(_)
        | RecordCommand::Start(_)
        | RecordCommand::SettleMessage { .. }
        | RecordCommand::SendEmail { .. }
        | RecordCommand::SendText { .. }
        | RecordCommand::Note { .. } => {
            person.must(Permission::Work, "act on steps")?;
            must(Reach::Act, "act on the steps of this record")?;
        }
        RecordCommand::AddActivity(_) | RecordCommand::CompleteActivity { .. } | RecordCommand::CancelActivity(_) => {
            person.must(Permission::Work, "act on records")?;
            must(Reach::Act, "act on this record")?;
        }
        // Whoever gets a step sees the record, as whoever is given the record does.
        RecordCommand::AssignStep { to, .. } | RecordCommand::AssignActivity { to, .. } => {
            person.must(Permission::Work, "assign steps")?;
            must(Reach::Act, "assign the steps of this record")?;
            if given.policy.knows(*to) {
                must_give_to(&person, *to)?;
            }
        }
        // Timers, deliveries, and sequences that end or move their records.
        RecordCommand::LeaveSequence { .. }
        | RecordCommand::Fire(_)
        | RecordCommand::MessageSent { .. }
        | RecordCommand::MessageFailed { .. }
        | RecordCommand::ClaimMessage { .. }
        | RecordCommand::PutOffMessage { .. }
        | RecordCommand::PlanMessage { .. }
        | RecordCommand::LoseMessage { .. }
        | RecordCommand::Migrate(_)
        | RecordCommand::UndoMigration(_)
        | RecordCommand::Undo(_)
        | RecordCommand::ReleaseHeld(_)
        | RecordCommand::LetIn { .. }
        | RecordCommand::HandOver(_)
        | RecordCommand::AbTestTold { .. }
        | RecordCommand::MoveDueDates
        | RecordCommand::ReportAway { .. }
        | RecordCommand::OptOut { .. }
        | RecordCommand::ReportText { .. }
        | RecordCommand::AnswerText { .. }
        | RecordCommand::Engage { .. }
        | RecordCommand::Forget => return Err(Denial::hidden("record").into()),
    }
    Ok(())
}

const CHANGE: &str = "change this record";
const GIVE: &str = "give this record to somebody else";

fn hands_over(change: &Change) -> bool {
    matches!(change, Change::Owner(_) | Change::AccessTeam(_))
}

/// Whom a record is given to has to be there, and within the giver's business unit.
fn judge_owner(given: &Given, person: &Person, changes: &[Change]) -> Result<(), RecordRejection> {
    for change in changes {
        let to = match change {
            Change::Owner(owner) => *owner,
            Change::AccessTeam(Some(team)) => Owner::Team(*team),
            _ => continue,
        };
        if !given.policy.knows(to) {
            let detail = "there is no such user or team".into();
            let unknown = Problem { pointer: change.pointer(), code: "owner_unknown", detail };
            return Err(RecordRejection::Invalid(vec![unknown]));
        }
        must_give_to(person, to)?;
    }
    Ok(())
}
