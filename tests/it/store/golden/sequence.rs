//! An example of every variant of what a sequence stores.

use relance::domain::plan::AssignTo;
use relance::domain::record::schema::{Owner, RecordType};
use relance::domain::sequence::migration::{Mode, Moves};
use relance::domain::sequence::{Property, SequenceEvent};
use relance::id::TagId;

use super::{TEAM, USER, text};

pub fn events() -> Vec<SequenceEvent> {
    use SequenceEvent::*;
    let created = |record_type, template, owner| Created {
        name: "Prospección".into(),
        description: "first touch".into(),
        record_type,
        template,
        graph: r#"{"start":null,"nodes":[]}"#.into(),
        owner,
    };
    let properties = vec![
        Property::Name("Outra".into()),
        Property::Description(String::new()),
        Property::ExitOnReply(true),
        Property::AssignTo(AssignTo::RecordOwner),
        Property::AssignTo(AssignTo::CurrentUser),
    ];
    let begun = |mode, map: &[(&str, &str)]| {
        let map = map.iter().map(|(from, to)| (from.to_string(), to.to_string())).collect();
        MigrationBegun { number: 300, version: 500, moves: Moves { mode, map } }
    };
    vec![
        created(RecordType::Contact, None, Owner::User(USER)),
        created(RecordType::Account, text("T2"), Owner::Team(TEAM)),
        Changed(properties),
        GraphSaved(r#"{"start":"1","nodes":[]}"#.into()),
        Activated { version: 1, description: None },
        Activated { version: 500, description: text("with a call") },
        Deactivated,
        Emptied,
        TestsSaved(r#"[{"name":"begins","expect":[{"at":{},"node":"1"}]}]"#.into()),
        begun(Mode::Stay, &[]),
        begun(Mode::Follow, &[]),
        begun(Mode::Map, &[("call", "visit"), ("wait", "visit")]),
        begun(Mode::Restart, &[]),
        MigrationCompleted { number: 300 },
        MigrationTakenBack { number: 300 },
        MigrationUndone { number: 300 },
        RevisionOpened,
        RevisionPublished { version: 2, description: None },
        RevisionPublished { version: 500, description: text("with a call") },
        RevisionDropped,
        Deleted,
        KeysGiven(vec![(super::TEMPLATE.0, "welcome".into())]),
        Tagged(vec![]),
        Tagged(vec![TagId(300), TagId(7)]),
    ]
}
