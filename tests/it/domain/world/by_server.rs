//! Which commands no person gives.

use relance::domain::record::command::RecordCommand;

/// Whether only timers, deliveries and ends of sequences ask for it.
pub fn is_of_server(command: &RecordCommand) -> bool {
    matches!(
        command,
        RecordCommand::LeaveSequence { .. }
            | RecordCommand::Fire(_)
            | RecordCommand::MessageSent { .. }
            | RecordCommand::MessageFailed { .. }
            | RecordCommand::ClaimMessage { .. }
            | RecordCommand::PutOffMessage { .. }
            | RecordCommand::PlanMessage { .. }
            | RecordCommand::LoseMessage { .. }
            | RecordCommand::Forget
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
    )
}
