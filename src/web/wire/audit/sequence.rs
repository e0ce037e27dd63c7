//! Sequences, told for the audit trail.

use super::{Told, owner};
use crate::domain::ab_test::AbEnding;
use crate::domain::sequence::conduct::Sending;
use crate::domain::sequence::{Property, SequenceEvent};
use crate::id::EntityId;

/// What became of a sequence.
pub fn tell_sequence(sequence: EntityId, event: &SequenceEvent) -> Told {
    let of = |action| Told::of(action, sequence);
    match event {
        SequenceEvent::Created { name, record_type, template, owner: whose, .. } => {
            let told = of("sequence.created").with("name", name).with("record_type", record_type);
            let told = told.with("owner", owner(*whose));
            template.iter().fold(told, |told, template| told.with("template", template))
        }
        SequenceEvent::Changed(properties) => properties.iter().fold(of("sequence.changed"), property),
        SequenceEvent::GraphSaved(graph) => of("sequence.graph_saved").with("bytes", graph.len()),
        SequenceEvent::Activated { version, description } => {
            let told = of("sequence.activated").with("version", version);
            description.iter().fold(told, |told, description| told.with("description", description))
        }
        SequenceEvent::KeysGiven(keys) => {
            let keys: Vec<&str> = keys.iter().map(|(_, key)| key.as_str()).collect();
            of("sequence.keys_given").with("keys", keys.join(", "))
        }
        SequenceEvent::Deactivated => of("sequence.deactivated"),
        SequenceEvent::Emptied => of("sequence.emptied"),
        SequenceEvent::TestsSaved(tests) => of("sequence.tests_saved").with("bytes", tests.len()),
        SequenceEvent::MigrationBegun { number, version, moves } => {
            let told = of("sequence.migration_begun").with("migration", number).with("version", version);
            let told = told.with("mode", format!("{:?}", moves.mode).to_lowercase());
            moves.map.iter().fold(told, |told, (from, to)| told.with("map", format!("{from} → {to}")))
        }
        SequenceEvent::MigrationCompleted { number } => of("sequence.migration_completed").with("migration", number),
        SequenceEvent::MigrationTakenBack { number } => of("sequence.migration_taken_back").with("migration", number),
        SequenceEvent::MigrationUndone { number } => of("sequence.migration_undone").with("migration", number),
        SequenceEvent::UndoBegun { number, since } => {
            of("sequence.undo_begun").with("undo", number).with("since", since)
        }
        SequenceEvent::UndoCompleted { number } => of("sequence.undo_completed").with("undo", number),
        SequenceEvent::FuseBlown { by, counts, .. } => of("sequence.fuse_blown")
            .with("by", by.name())
            .with("sent", counts.sent)
            .with("bounced", counts.bounced)
            .with("complained", counts.complained)
            .with("unsubscribed", counts.unsubscribed),
        SequenceEvent::FuseReset { round } => of("sequence.fuse_reset").with("round", round),
        SequenceEvent::FuseReleased { round } => of("sequence.fuse_released").with("round", round),
        SequenceEvent::PilotBegun { number, records } => {
            of("sequence.pilot_begun").with("pilot", number).with("records", records)
        }
        SequenceEvent::PilotReleased { number } => of("sequence.pilot_released").with("pilot", number),
        SequenceEvent::PilotOver { number } => of("sequence.pilot_over").with("pilot", number),
        SequenceEvent::RevisionOpened => of("sequence.revision_opened"),
        SequenceEvent::RevisionPublished { version, description } => {
            let told = of("sequence.revision_published").with("version", version);
            description.iter().fold(told, |told, description| told.with("description", description))
        }
        SequenceEvent::RevisionDropped => of("sequence.revision_dropped"),
        SequenceEvent::Deleted => of("sequence.deleted"),
        SequenceEvent::AbTestBegun { node, since, .. } => {
            of("sequence.ab_test_begun").with("node", node).with("since", since)
        }
        SequenceEvent::AbTestExposed { number, .. } => of("sequence.ab_test_exposed").with("number", number),
        SequenceEvent::AbTestLookedAt { number, .. } => of("sequence.ab_test_looked_at").with("number", number),
        SequenceEvent::AbTestEnded { number, serves, .. } => {
            of("sequence.ab_test_ended").with("number", number).with("version", serves.letter())
        }
        SequenceEvent::AbTestStopped { node, serves, reason, .. } => {
            let why = if *reason == AbEnding::Chosen { "chosen" } else { "deactivated" };
            of("sequence.ab_test_stopped").with("node", node).with("version", serves.letter()).with("reason", why)
        }
        SequenceEvent::Tagged(tags) => tags.iter().fold(of("sequence.tagged"), |told, tag| told.with("tag", tag)),
    }
}

fn property(told: Told, property: &Property) -> Told {
    match property {
        Property::Name(name) => told.with("name", name),
        Property::Description(description) => told.with("description", description),
        Property::ExitOnReply(exits) => told.with("exit_on_reply", exits),
        Property::AssignTo(assign_to) => told.with("assign_to", format!("{assign_to:?}")),
        Property::Owner(whose) => told.with("owner", owner(*whose)),
        Property::WaitComputation(computed) => told.with("wait_computation", computed),
        Property::Window(window) => told.with("window", format!("{window:?}")),
        Property::Goal(goal) => told.with("goal", format!("{goal:?}")),
        Property::Sending(Sending { mailbox, skip_after_hours }) => told
            .with("sending.mailbox", mailbox.map_or_else(String::new, |mailbox| mailbox.to_string()))
            .with("sending.skip_after_hours", format!("{skip_after_hours:?}")),
        Property::Reentry(reentry) => told.with("reentry", format!("{reentry:?}")),
        Property::Fuse(fuse) => told.with("fuse", format!("{fuse:?}")),
        Property::Exclusive(tag) => told.with("exclusive", tag.map_or_else(String::new, |tag| tag.to_string())),
    }
}
