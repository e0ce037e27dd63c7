//! An example of every variant of what a sequence stores.

use relance::domain::ab_test::AbEnding;
use relance::domain::ab_test::verdict::{Tallies, Tally};
use relance::domain::condition::stored::StoredCondition;
use relance::domain::plan::{AbVersion, AssignTo};
use relance::domain::record::schema::{Owner, RecordType};
use relance::domain::sequence::conduct::{Goal, Reentry, Sending, Weekday, Window, WindowZone};
use relance::domain::sequence::fuse::{Fuse, FuseCount, FuseCounts};
use relance::domain::sequence::migration::{Mode, Moves};
use relance::domain::sequence::{Property, SequenceEvent};
use relance::id::{AbTestId, MailboxId, TagId};

use super::{AT, TEAM, USER, at, text};

const TALLIES: Tallies = Tallies { a: Tally { exposed: 5_000, met: 300 }, b: Tally { exposed: 70_000, met: 0 } };

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
    let narrowed = || serde_json::from_str(r#"{"field":"name","op":"eq","value":"Xoana"}"#).ok().map(StoredCondition);
    let assigned = vec![
        Property::AssignTo(AssignTo::RecordField("xestora".into())),
        Property::AssignTo(AssignTo::OwnerTeam(None)),
        Property::AssignTo(AssignTo::OwnerTeam(narrowed())),
        Property::AssignTo(AssignTo::AccessTeam(narrowed())),
    ];
    let window = |zone, business_time, holidays: Option<&str>| Window {
        weekdays: [Weekday::Mon, Weekday::Sun].into(),
        start: "08:30".to_owned().try_into().expect("a time"),
        end: "24:00".to_owned().try_into().expect("a time"),
        zone,
        business_time,
        holidays: holidays.map(Into::into),
    };
    let conducted = vec![
        Property::WaitComputation(false),
        Property::Window(None),
        Property::Window(Some(window(WindowZone::Recipient, false, None))),
        Property::Window(Some(window(WindowZone::Seller, true, Some("FR")))),
        Property::Window(Some(window("Europe/Madrid".to_owned().try_into().expect("a zone"), false, None))),
        Property::Goal(Goal::Success),
        Property::Goal(Goal::Reply),
        Property::Goal(Goal::Meeting),
        Property::Goal(Goal::Field(narrowed().expect("a condition"))),
        Property::Reentry(Reentry::AnyTime),
        Property::Reentry(Reentry::Never),
        Property::Reentry(Reentry::AfterDays(300)),
        Property::Exclusive(None),
        Property::Exclusive(Some(TagId(300))),
    ];
    let begun = |mode, map: &[(&str, &str)]| {
        let map = map.iter().map(|(from, to)| (from.to_string(), to.to_string())).collect();
        MigrationBegun { number: 300, version: 500, moves: Moves { mode, map } }
    };
    let stopped = |reason| AbTestStopped { number: 300, node: "proba".into(), serves: AbVersion::B, reason };
    let blank = FuseCounts::default();
    let fuse = Fuse { bounces: Some(500), complaints: None, unsubscribes: Some(1), min_sent: 300 };
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
        Changed(assigned),
        KeysGiven(vec![(super::TEMPLATE.0, "welcome".into())]),
        Tagged(vec![]),
        Tagged(vec![TagId(300), TagId(7)]),
        Changed(conducted),
        AbTestBegun { node: "proba".into(), since: 500, test: AbTestId(7), at: at(AT), deadline: None },
        AbTestBegun { node: "proba".into(), since: 1, test: AbTestId(7), at: at(AT), deadline: Some(at(AT)) },
        AbTestExposed { number: 300, at: at(AT), wakes_at: Some(at(AT)) },
        AbTestLookedAt { number: 300, due: at(AT), next: at(AT), tallies: TALLIES },
        AbTestEnded { number: 300, winner: Some(AbVersion::A), serves: AbVersion::A, tallies: TALLIES },
        AbTestEnded { number: 300, winner: None, serves: AbVersion::B, tallies: TALLIES },
        stopped(AbEnding::Won),
        stopped(AbEnding::Inconclusive),
        stopped(AbEnding::Chosen),
        stopped(AbEnding::Deactivated),
        Changed(vec![Property::Sending(Sending { mailbox: Some(MailboxId(70_000)), skip_after_hours: Some(12) })]),
        UndoBegun { number: 300, since: at(AT) },
        UndoCompleted { number: 300 },
        Changed(vec![Property::Fuse(None), Property::Fuse(Some(fuse))]),
        FuseBlown { round: 300, by: FuseCount::Bounced, counts: FuseCounts { sent: 300, bounced: 7, ..blank } },
        FuseBlown { round: 1, by: FuseCount::Complained, counts: FuseCounts { complained: 300, ..blank } },
        FuseBlown { round: 1, by: FuseCount::Unsubscribed, counts: FuseCounts { unsubscribed: 300, ..blank } },
        FuseReset { round: 300 },
        FuseReleased { round: 300 },
        PilotBegun { number: 300, records: 70_000 },
        PilotReleased { number: 300 },
        PilotOver { number: 300 },
    ]
}
