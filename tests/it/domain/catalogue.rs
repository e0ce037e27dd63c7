//! Record types and their fields as administrators make them, and what records and sequences make of them.

use relance::domain::catalogue::Catalogue;
use relance::domain::catalogue::command::{CatalogueCommand, CatalogueEvent, CatalogueRejection};
use relance::domain::catalogue::field::{FieldKind, RESERVED, Target};
use relance::domain::effect::{Counter, Effect};
use relance::domain::enrolment::StepError;
use relance::domain::entity::Stamp;
use relance::domain::given::Given;
use relance::domain::organisation::settings::Setting;
use relance::domain::permission::{Denies, Role};
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, RecordType, Value};
use relance::domain::sequence::SequenceRejection;
use relance::id::{CatalogueId, RecordId, UserId};
use relance::limits;

use super::draw::{graph, task, update};
use super::ledger::Logged;
use super::world::{BEGIN, COLLEAGUE, SELLER, World, at, sellers, user};

/// A catalogue that the decisions of a world are given.
pub struct Shelf {
    pub catalogue: Logged<Catalogue>,
    pub world: World,
    pub by: UserId,
}

impl Shelf {
    /// With a world whose record is to be created yet.
    pub fn new() -> Shelf {
        Shelf { catalogue: Logged::new(), world: World::empty(), by: UserId::ADMINISTRATOR }
    }

    pub fn ask(&mut self, command: CatalogueCommand) -> Result<Vec<CatalogueEvent>, CatalogueRejection> {
        let stamp = Stamp { at: at(BEGIN), by: self.by };
        let (events, effects) = self.catalogue.decide(CatalogueId::THE, &self.world.given, command, stamp)?;
        let counts = |effect: &Effect| matches!(effect, Effect::Count { counter: Counter::Records(_), delta: 0, .. });
        assert!(effects.0.iter().all(counts), "a catalogue owes nothing but a look at how many records there are");
        self.catalogue.check_replay();
        self.world.given = self.world.given.with_catalogue(&self.catalogue.state);
        Ok(events)
    }

    pub fn done(&mut self, command: CatalogueCommand) {
        let asked = format!("{command:?}");
        let events = self.ask(command).unwrap_or_else(|why| panic!("{asked} is refused: {why:?}"));
        assert_ne!(events, [], "{asked} changes nothing");
    }

    /// Codes and places of what does not fit.
    pub fn faults(&mut self, command: CatalogueCommand) -> Vec<(&'static str, String)> {
        match self.ask(command) {
            Err(CatalogueRejection::Invalid(problems)) => {
                problems.into_iter().map(|problem| (problem.code, problem.pointer)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn add_type(&mut self, name: &str) -> RecordType {
        let kind = RecordType::from_name(name).expect("a name");
        self.done(CatalogueCommand::AddType { kind, label: name.to_uppercase() });
        kind
    }

    /// Switches the workspace on for a type, or off.
    fn enable(&mut self, kind: RecordType, on: bool) {
        let mut organisation = (*self.world.given.policy.organisation).clone();
        let types = &mut organisation.settings.record_types;
        if on {
            types.insert(kind)
        } else {
            types.remove(&kind)
        };
        self.world.given = self.world.given.with_organisation(&organisation);
    }

    fn add_field(&mut self, kind: RecordType, name: &str, takes: FieldKind) {
        self.done(add(kind, name, takes));
    }

    fn create(&mut self, kind: RecordType) {
        self.world.ask(RecordCommand::Create { kind, changes: vec![Change::Name(Some("Ada".into()))] });
    }
}

fn add(kind: RecordType, name: &str, takes: FieldKind) -> CatalogueCommand {
    CatalogueCommand::AddField { kind, name: name.into(), label: "Label".into(), takes }
}

fn remove(kind: RecordType, name: &str) -> CatalogueCommand {
    CatalogueCommand::RemoveField { kind, name: name.into(), expected: None }
}

fn options(all: &[&str]) -> FieldKind {
    FieldKind::OptionSet(all.iter().map(|option| (*option).into()).collect())
}

fn text(name: &str, value: &str) -> Change {
    Change::Field(name.into(), Some(Value::Text(value.into())))
}

const LEAD: RecordType = RecordType::Lead;

/// C-1: more types may be enabled; A-2: which there are is one thing, which the workspace is switched on for another.
#[test]
fn c_1_a_custom_type_is_a_type_like_the_others() {
    let mut shelf = Shelf::new();
    let project = shelf.add_type("project");
    shelf.add_field(project, "budget", FieldKind::Money);
    shelf.create(project);
    shelf.world.ask(RecordCommand::Change(vec![Change::Field("budget".into(), Some(Value::Number(7.5)))]));
    assert_eq!(shelf.world.record().kind.name(), "project");
    let unknown = shelf.world.refused(RecordCommand::Change(vec![text("company", "Acme")]));
    assert!(matches!(unknown, RecordRejection::Invalid(problems) if problems[0].code == "unknown_field"));
    let setting = |types: &[RecordType]| Setting::RecordTypes(types.iter().copied().collect());
    assert_eq!(setting(&[project]).fault(&shelf.world.given), None, "A-2: it may be switched on");
    assert!(setting(&[LEAD, project]).fault(&Given::default()).is_some(), "A-2: where it is not there, it may not");
    shelf.enable(project, true);
    let run = shelf.world.run(graph(&[task("t", "")]));
    shelf.world.complete(run);
    assert!(shelf.world.end(run).is_some(), "sequences run on it");
    shelf.world.check_replay();
    assert_eq!(
        shelf.ask(CatalogueCommand::AddType { kind: project, label: "Again".into() }),
        Err(CatalogueRejection::NameTaken("record type"))
    );
}

/// K-14: what a type is disabled or removed for never ends an enrolment: it cannot go while a sequence is for it.
#[test]
fn k_14_a_type_that_is_used_stays_and_its_enrolments_go_on() {
    let mut shelf = Shelf::new();
    let project = shelf.add_type("project");
    shelf.create(project);
    shelf.enable(project, true);
    let run = shelf.world.run(graph(&[task("t", "")]));
    shelf.enable(project, false);
    let gone = CatalogueCommand::RemoveType { kind: project, expected: None };
    assert!(matches!(shelf.ask(gone.clone()), Err(CatalogueRejection::TypeInUse(_))));
    shelf.world.complete(run);
    assert!(shelf.world.end(run).is_some(), "what runs goes on");
    let mut shelf = Shelf::new();
    let project = shelf.add_type("project");
    shelf.add_field(LEAD, "project", FieldKind::Lookup(Target::Record(project)));
    assert!(matches!(shelf.ask(gone.clone()), Err(CatalogueRejection::TypeInUse(_))), "a lookup leads to it");
    shelf.done(remove(LEAD, "project"));
    assert!(matches!(shelf.ask(gone), Err(CatalogueRejection::TypeInUse(_))), "also where it may come again");
    for kind in RecordType::BUILT_IN {
        let gone = CatalogueCommand::RemoveType { kind, expected: None };
        assert_eq!(shelf.ask(gone), Err(CatalogueRejection::BuiltIn("record type")));
    }
}

/// The number of its records is the store's to know: the removal is judged there, with the commit.
#[test]
fn a_type_is_removed_only_if_no_record_is_of_it() {
    let mut shelf = Shelf::new();
    let project = shelf.add_type("project");
    let stamp = Stamp { at: at(BEGIN), by: UserId::ADMINISTRATOR };
    let gone = CatalogueCommand::RemoveType { kind: project, expected: None };
    shelf.enable(project, true);
    assert!(matches!(shelf.ask(gone.clone()), Err(CatalogueRejection::TypeInUse(_))), "A-2: it is switched on");
    shelf.enable(project, false);
    let (_, owed) = shelf.catalogue.decide(CatalogueId::THE, &shelf.world.given, gone, stamp).expect("it may go");
    let none = Effect::Count { counter: Counter::Records(project), delta: 0, max: Some(0) };
    assert_eq!(owed.0, [none]);
    assert!(!shelf.catalogue.state.knows(project));
}

#[test]
fn a_record_takes_every_kind_of_custom_field() {
    let known = COLLEAGUE.to_string();
    let record = RecordId(0x0196_0000_0000_7333_8000_0000_0000_0000).to_string();
    let number = |value| Value::Number(value);
    let text = |value: &str| Value::Text(value.into());
    let lookup = |target| FieldKind::Lookup(target);
    let table: Vec<(FieldKind, Value, Result<&str, &str>)> = vec![
        (FieldKind::Text, text("any"), Ok("any")),
        (FieldKind::Text, number(1.0), Err("field_invalid")),
        (FieldKind::Number, number(-1.5), Ok("")),
        (FieldKind::Money, number(1e9), Ok("")),
        (FieldKind::Money, number(f64::NAN), Err("field_invalid")),
        (FieldKind::Money, text("7"), Err("field_invalid")),
        (FieldKind::Date, text("2028-02-29"), Ok("2028-02-29")),
        (FieldKind::Date, text("2027-02-29"), Err("field_invalid")),
        (FieldKind::TwoOption, text("TRUE"), Ok("yes")),
        (FieldKind::TwoOption, text("perhaps"), Err("field_invalid")),
        (options(&["Gold", "Silver"]), text("Silver"), Ok("Silver")),
        (options(&["Gold", "Silver"]), text("silver"), Err("field_invalid")),
        (lookup(Target::User), text(&known.to_uppercase()), Ok(&known)),
        (lookup(Target::User), text(&record), Err("lookup_unknown")),
        (lookup(Target::User), text("ada"), Err("field_invalid")),
        (lookup(Target::Record(RecordType::Account)), text(&record.to_uppercase()), Ok(&record)),
        (lookup(Target::Record(RecordType::Account)), text("external:account:7"), Err("field_invalid")),
        (lookup(Target::Record(RecordType::Account)), number(7.0), Err("field_invalid")),
    ];
    for (takes, value, expected) in table {
        let mut shelf = Shelf::new();
        shelf.create(LEAD);
        shelf.add_field(LEAD, "extra", takes.clone());
        let change = Change::Field("extra".into(), Some(value.clone()));
        match (shelf.world.try_ask(RecordCommand::Change(vec![change])), expected) {
            (Ok(_), Ok(kept)) => match &shelf.world.record().profile.fields["extra"] {
                Value::Text(found) => assert_eq!(found, kept, "{takes:?} {value:?}"),
                found => assert_eq!(*found, value, "{takes:?}"),
            },
            (Err(RecordRejection::Invalid(problems)), Err(code)) => {
                assert_eq!(
                    (problems[0].code, problems[0].pointer.as_str()),
                    (code, "/fields/extra"),
                    "{takes:?} {value:?}"
                );
            }
            (found, _) => panic!("{takes:?} {value:?}: {found:?}"),
        }
    }
}

/// CM-3: a command writes custom two-options and option sets as it writes built-in ones.
#[test]
fn cm_3_a_command_writes_custom_fields_of_the_two_kinds_and_no_other() {
    let table = [
        (options(&["Gold", "Silver"]), "Silver", true),
        (options(&["Gold", "Silver"]), "Bronze", false),
        (FieldKind::TwoOption, "yes", true),
        (FieldKind::TwoOption, "TRUE", false),
        (FieldKind::Text, "yes", false),
        (FieldKind::Lookup(Target::User), "yes", false),
    ];
    for (takes, value, fits) in table {
        let mut shelf = Shelf::new();
        shelf.add_field(LEAD, "extra", takes.clone());
        shelf.create(LEAD);
        let sequence = shelf.world.draft(graph(&[update("u", "extra", value, "t"), task("t", "")]));
        let activate =
            relance::domain::sequence::SequenceCommand::Activate { description: None, migration: None, pilot: None };
        match shelf.world.order(sequence, activate) {
            Ok(_) => {
                let run = shelf.world.connect(sequence);
                assert_eq!((fits, shelf.world.field("extra"), shelf.world.here(run)), (true, Some(value), "t"));
            }
            Err(SequenceRejection::ValidationFailed(found)) => {
                assert_eq!((fits, found[0].code), (false, "update_field_unsupported"), "{takes:?} {value}");
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// CM-12: the type has no such field any more. What records hold of it is kept, and shown again once it is back.
#[test]
fn cm_12_a_field_that_is_removed_keeps_its_values_and_takes_no_new_ones() {
    let mut shelf = Shelf::new();
    shelf.add_field(LEAD, "tier", options(&["Gold", "Silver"]));
    shelf.create(LEAD);
    shelf.world.write("tier", "Gold");
    let sequence = shelf.world.activate(graph(&[task("t", "u"), update("u", "tier", "Silver", "")]));
    let run = shelf.world.connect(sequence);
    shelf.done(remove(LEAD, "tier"));
    assert_eq!(shelf.world.given.catalogue.field(LEAD, "tier"), None);
    assert_eq!(shelf.world.field("tier"), Some("Gold"), "kept");
    for value in [Some(Value::Text("Gold".into())), None] {
        let write = RecordCommand::Change(vec![Change::Field("tier".into(), value)]);
        assert!(
            matches!(shelf.world.refused(write), RecordRejection::Invalid(found) if found[0].code == "unknown_field")
        );
    }
    shelf.world.complete(run);
    let stuck = shelf.world.current(run);
    assert_eq!(stuck.error, Some(StepError::FieldUpdateFailed), "CM-13: and the enrolment waits on the node");
    let stuck = stuck.ordinal;
    for other in [FieldKind::Text, FieldKind::TwoOption, FieldKind::Lookup(Target::User)] {
        assert_eq!(shelf.ask(add(LEAD, "tier", other)), Err(CatalogueRejection::KindFixed));
    }
    shelf.add_field(LEAD, "tier", options(&["Silver", "Bronze"]));
    assert_eq!(shelf.world.field("tier"), Some("Gold"), "an option that is gone stays readable");
    let field = shelf.world.given.catalogue.field(LEAD, "tier").expect("it is back");
    assert_eq!((field.version, field.built_in), (3, false));
    shelf.world.ask(RecordCommand::Retry(stuck));
    assert_eq!((shelf.world.field("tier"), shelf.world.end(run).is_some()), (Some("Silver"), true));
    shelf.world.check_replay();
}

#[test]
fn a_field_keeps_its_kind_and_may_change_its_label_and_options() {
    let mut shelf = Shelf::new();
    shelf.add_field(LEAD, "tier", options(&["Gold"]));
    let change = |name: &str, label: Option<&str>, takes, expected| CatalogueCommand::ChangeField {
        kind: LEAD,
        name: name.into(),
        label: label.map(Into::into),
        takes,
        expected,
    };
    shelf.done(change("tier", None, Some(options(&["Gold", "Iron"])), Some(1)));
    shelf.done(change("tier", Some("Rank"), None, Some(2)));
    let stale = change("tier", Some("Level"), None, Some(2));
    assert_eq!(shelf.ask(stale), Err(CatalogueRejection::VersionMismatch(3)));
    assert_eq!(shelf.ask(change("tier", Some("Rank"), None, None)), Ok(vec![]), "as it is");
    assert_eq!(shelf.ask(change("tier", None, Some(FieldKind::Text), None)), Err(CatalogueRejection::KindFixed));
    assert_eq!(shelf.ask(change("rank", None, None, None)), Err(CatalogueRejection::NotFound("field")));
    shelf.done(change("company", Some("Firm"), None, None));
    let more = Some(options(&["open", "lost"]));
    assert_eq!(shelf.ask(change("disposition", None, more, None)), Err(CatalogueRejection::BuiltIn("field")));
    assert_eq!(shelf.ask(remove(LEAD, "company")), Err(CatalogueRejection::BuiltIn("field")));
    assert_eq!(shelf.ask(add(LEAD, "company", FieldKind::Text)), Err(CatalogueRejection::NameTaken("field")));
}

#[test]
fn what_does_not_fit_is_named_with_its_place() {
    let mut shelf = Shelf::new();
    let named = |name: &str| add(LEAD, name, FieldKind::Text);
    for name in ["", "Tier", "1st", "ti er", "_x", &"a".repeat(limits::FIELD_NAME_MAX + 1)] {
        assert_eq!(shelf.faults(named(name)), [("name_invalid", "/name".to_owned())], "{name}");
    }
    for name in RESERVED {
        assert_eq!(shelf.faults(named(name)), [("name_reserved", "/name".to_owned())], "{name}");
    }
    let none = add(LEAD, "tier", options(&[]));
    assert_eq!(shelf.faults(none), [("missing", "/options".to_owned())]);
    let many: Vec<String> = (0..=limits::OPTIONS_MAX).map(|number| number.to_string()).collect();
    let many = add(LEAD, "tier", FieldKind::OptionSet(many));
    assert_eq!(shelf.faults(many), [("too_long", "/options".to_owned())]);
    let unfit = add(LEAD, "tier", options(&["Gold", "", "Gold"]));
    assert_eq!(shelf.faults(unfit), [("empty", "/options/1".to_owned()), ("twice", "/options/2".to_owned())]);
    let nowhere = RecordType::from_name("nowhere").expect("a name");
    let lost = add(LEAD, "tier", FieldKind::Lookup(Target::Record(nowhere)));
    assert_eq!(shelf.faults(lost), [("record_type_unknown", "/target".to_owned())]);
    assert_eq!(shelf.ask(add(nowhere, "x", FieldKind::Text)), Err(CatalogueRejection::NotFound("record type")));
    let reserved =
        CatalogueCommand::AddType { kind: RecordType::from_name("user").expect("a name"), label: " ".into() };
    assert_eq!(shelf.faults(reserved), [("name_reserved", "/name".to_owned()), ("empty", "/label".to_owned())]);
}

#[test]
fn there_are_only_so_many_types_and_fields() {
    let mut shelf = Shelf::new();
    for number in RecordType::BUILT_IN.len()..limits::RECORD_TYPES_MAX {
        shelf.add_type(&format!("type{number}"));
    }
    let more = CatalogueCommand::AddType { kind: RecordType::from_name("more").expect("a name"), label: "More".into() };
    assert_eq!(shelf.ask(more), Err(CatalogueRejection::Full("record types")));
    let kind = RecordType::from_name("type9").expect("a name");
    let mut shelf = Shelf::new();
    shelf.done(CatalogueCommand::AddType { kind, label: "Nine".into() });
    for number in 0..limits::FIELDS_MAX {
        shelf.add_field(kind, &format!("field{number}"), FieldKind::Text);
    }
    assert_eq!(shelf.ask(add(kind, "more", FieldKind::Text)), Err(CatalogueRejection::Full("fields")));
    shelf.done(remove(kind, "field7"));
    assert_eq!(shelf.ask(add(kind, "more", FieldKind::Text)), Err(CatalogueRejection::Full("fields")), "it is kept");
    shelf.add_field(kind, "field7", FieldKind::Text);
}

/// P-12: what records are is set up by administrators alone.
#[test]
fn p_12_administrators_change_types_and_fields() {
    let kind = RecordType::from_name("project").expect("a name");
    let commands = [
        CatalogueCommand::AddType { kind, label: "Project".into() },
        CatalogueCommand::ChangeType { kind: LEAD, label: Some("Prospect".into()), expected: None },
        CatalogueCommand::RemoveType { kind, expected: None },
        add(LEAD, "tier", FieldKind::Text),
        CatalogueCommand::ChangeField {
            kind: LEAD,
            name: "tier".into(),
            label: Some("Rank".into()),
            takes: None,
            expected: None,
        },
        remove(LEAD, "tier"),
    ];
    for role in Role::ALL {
        let mut shelf = Shelf::new();
        let mut organisation = sellers();
        organisation.users.insert(SELLER, user("Grace", &[role], "default"));
        shelf.world.given = shelf.world.given.with_organisation(&organisation);
        shelf.by = SELLER;
        for command in &commands {
            match shelf.ask(command.clone()) {
                Ok(_) => assert_eq!(role, Role::SystemAdministrator, "{command:?}"),
                Err(why) => assert!(why.denial().is_some() && role != Role::SystemAdministrator, "{command:?} {why:?}"),
            }
        }
    }
}
