//! Who may ask what of a sequence (§2, §3.9).

use super::{Property, Sequence, SequenceCommand, SequenceRejection};
use crate::domain::entity::Stamp;
use crate::domain::given::Given;
use crate::domain::permission::{Denial, Permission};
use crate::domain::policy::Person;
use crate::domain::record::Problem;
use crate::id::UserId;

impl Sequence {
    /// P-5, Q-102: one's own, those of one's business unit, and for those who may edit any, all.
    pub fn judge_sight(&self, given: &Given, by: UserId) -> Result<(), Denial> {
        let person = given.policy.person(by)?;
        match !self.exists || self.is_seen_by(&person) {
            true => Ok(()),
            false => Err(Denial::hidden("sequence")),
        }
    }

    /// P-2, P-3, P-6: who may edit, activate and deactivate it.
    pub fn judge_edit(&self, person: &Person) -> Result<(), Denial> {
        match person.is(self.owner) {
            true => person.must(Permission::EditOwnSequence, "edit sequences"),
            false if person.may_all(Permission::EditAnySequence) => Ok(()),
            false => {
                Err(Denial::role(Permission::EditColleaguesSequence, "edit a colleague's sequence; copy it instead"))
            }
        }
    }

    /// Whether somebody may know of it.
    pub fn is_seen_by(&self, person: &Person) -> bool {
        let colleague = || person.may_all(Permission::UseColleaguesSequence) && person.shares_unit_with(self.owner);
        person.may_all(Permission::EditAnySequence) || person.is(self.owner) || colleague()
    }
}

/// Refuses a command that its sender may not give.
pub fn judge(
    sequence: &Sequence,
    given: &Given,
    command: &SequenceCommand,
    stamp: Stamp,
) -> Result<(), SequenceRejection> {
    if stamp.by == UserId::SYSTEM {
        return Ok(());
    }
    let person = given.policy.person(stamp.by)?;
    let edits = || sequence.judge_edit(&person);
    match command {
        SequenceCommand::Create { template, .. } => {
            let permission = if template.is_some() { Permission::UseTemplates } else { Permission::EditOwnSequence };
            person.must(permission, "create sequences")?;
            person.in_workspace()?;
        }
        // Of any that one sees: tags order the list, they change nothing that runs.
        SequenceCommand::SetTags(_) => {
            sequence.judge_sight(given, stamp.by)?;
            person.must(Permission::Tag, "apply tags")?;
        }
        SequenceCommand::Copy { of, .. } => {
            let source = given.sequences.get(of).filter(|source| source.exists).ok_or(SequenceRejection::NotFound)?;
            source.judge_sight(given, stamp.by)?;
            person.must(Permission::UseColleaguesSequence, "copy sequences")?;
            person.must(Permission::EditOwnSequence, "create sequences")?;
            person.in_workspace()?;
        }
        SequenceCommand::Unpack(_) => {
            person.must(Permission::MoveSequences, "import sequences")?;
            // Of one that is there only what differs asks for more.
            if !sequence.exists {
                person.in_workspace()?;
            }
        }
        SequenceCommand::Change(properties) => {
            edits()?;
            properties.iter().try_for_each(|property| judge_owner(sequence, given, &person, property))?;
        }
        SequenceCommand::SaveGraph(_) | SequenceCommand::SaveAssignedGraph(_) => {
            edits()?;
            person.must(Permission::ConfigureSteps, "configure steps")?;
        }
        SequenceCommand::SaveTests(_)
        | SequenceCommand::UndoMigration(_)
        | SequenceCommand::Undo { .. }
        | SequenceCommand::ResetFuse
        | SequenceCommand::Release
        | SequenceCommand::Activate { .. }
        | SequenceCommand::Revise
        | SequenceCommand::DiscardRevision
        | SequenceCommand::Deactivate { .. }
        | SequenceCommand::Delete { .. }
        | SequenceCommand::StopAbTest { .. } => edits()?,
        // The outbox, and timers.
        SequenceCommand::Emptied { .. }
        | SequenceCommand::MigrationDone { .. }
        | SequenceCommand::UndoDone { .. }
        | SequenceCommand::LetInDone { .. }
        | SequenceCommand::BlowFuse { .. }
        | SequenceCommand::FuseReleased { .. }
        | SequenceCommand::AbTestReached(_)
        | SequenceCommand::EvaluateAbTest { .. } => return Err(Denial::hidden("sequence").into()),
    }
    Ok(())
}

/// P-7: to a user or team that is there; one's own, to somebody of one's business unit.
fn judge_owner(
    sequence: &Sequence,
    given: &Given,
    person: &Person,
    property: &Property,
) -> Result<(), SequenceRejection> {
    let Property::Owner(to) = property else { return Ok(()) };
    if *to == sequence.owner {
        return Ok(());
    }
    if !given.policy.knows(*to) {
        let detail = "there is no such user or team".into();
        let unknown = Problem { pointer: "/owner".into(), code: "owner_unknown", detail };
        return Err(SequenceRejection::Invalid(vec![unknown]));
    }
    if person.may_all(Permission::GiveSequence) || person.is(*to) || person.shares_unit_with(*to) {
        return Ok(());
    }
    Err(Denial::role(Permission::GiveSequence, "give a sequence to another business unit").into())
}
