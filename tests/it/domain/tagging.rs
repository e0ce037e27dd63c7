//! Process flows, call results and tags: what administrators and managers may make of them, and what sequences hold on to.

use relance::domain::catalogue::command::{CatalogueCommand, CatalogueRejection};
use relance::domain::enrolment::Ordinal;
use relance::domain::organisation::settings::CallResult;
use relance::domain::permission::{Denies, Role};
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, RecordType};
use relance::domain::sequence::{Sequence, SequenceStatus, Version};
use relance::id::{FlowId, SequenceId, TagId};
use relance::limits;
use relance::time::Timestamp;
use serde_json::json;

use super::catalogue::Shelf;
use super::draw::{answered, call, graph, task};
use super::world::{SELLER, sellers, user};

const LEAD: RecordType = RecordType::Lead;
const FLOW: FlowId = FlowId(0x71);

fn add_flow(flow: FlowId, name: &str, stages: &[&str]) -> CatalogueCommand {
    let stages = stages.iter().map(|stage| (*stage).into()).collect();
    CatalogueCommand::AddFlow { flow, name: name.into(), kind: LEAD, stages }
}

fn stages(all: &[&str]) -> CatalogueCommand {
    let stages = all.iter().map(|stage| (*stage).into()).collect();
    CatalogueCommand::ChangeFlow { flow: FLOW, name: None, stages: Some(stages), expected: None }
}

fn results(all: &[&str]) -> CatalogueCommand {
    CatalogueCommand::SetCallResults { results: all.iter().map(|result| (*result).into()).collect(), expected: None }
}

fn stand(flow: FlowId, stage: &str) -> RecordCommand {
    RecordCommand::SetStage { flow, stage: stage.into() }
}

/// CM-16, CM-2: a record stands on a stage of a flow for its type, or on none.
#[test]
fn cm_16_a_record_stands_on_a_stage_of_a_flow_for_its_type() {
    let mut shelf = Shelf::new();
    shelf.done(add_flow(FLOW, "Sale", &["Begun", "Won"]));
    shelf.done(CatalogueCommand::AddFlow {
        flow: FlowId(0x72),
        name: "Sale".into(),
        kind: RecordType::Contact,
        stages: vec!["Begun".into()],
    });
    shelf.world.ask(RecordCommand::Create { kind: LEAD, changes: vec![Change::Name(Some("Ada".into()))] });
    assert_eq!(shelf.world.record().stage(FLOW), None, "without a running process there is no stage");
    let begun = shelf.world.ask(stand(FLOW, "Begun"));
    assert_eq!(begun, [RecordEvent::StageChanged { flow: FLOW, stage: "Begun".into() }]);
    assert_eq!(shelf.world.ask(stand(FLOW, "Begun")), [], "again changes nothing");
    for (flow, stage, pointer) in
        [(FLOW, "Lost", "/stage"), (FlowId(0x72), "Begun", "/flow"), (FlowId(7), "Begun", "/flow")]
    {
        let refused = shelf.world.refused(stand(flow, stage));
        assert!(matches!(&refused, RecordRejection::Invalid(all) if all[0].pointer == pointer), "{refused:?}");
    }
    shelf.done(stages(&["Won", "Lost"]));
    assert_eq!(shelf.world.record().stage(FLOW), Some("Begun"), "it stays where it stands");
    shelf.world.ask(stand(FLOW, "Lost"));
    assert_eq!((shelf.world.record().stage(FLOW), shelf.world.record().stage(FlowId(0x72))), (Some("Lost"), None));
    shelf.done(CatalogueCommand::RemoveFlow { flow: FLOW, expected: Some(2) });
    assert_eq!(shelf.world.record().stage(FLOW), Some("Lost"));
    shelf.world.check_replay();
}

/// CM-2, CM-16: the branch takes Yes only where the record's process stands on one of the stages.
#[test]
fn cm_2_a_branch_looks_at_the_stage_of_the_record() {
    let branch = json!({"type": "branch_stage", "id": "b", "flow": FLOW.to_string(), "stages": ["Won", "Lost"],
        "yes": "yes", "no": "no"});
    let drawn = graph(&[branch, task("yes", ""), task("no", "")]);
    for (stage, expected) in [(None, "no"), (Some("Begun"), "no"), (Some("Lost"), "yes")] {
        let mut shelf = Shelf::new();
        shelf.done(add_flow(FLOW, "Sale", &["Begun", "Won", "Lost"]));
        shelf.world.ask(RecordCommand::Create { kind: LEAD, changes: vec![Change::Name(Some("Ada".into()))] });
        if let Some(stage) = stage {
            shelf.world.ask(stand(FLOW, stage));
        }
        let run = shelf.world.run(drawn.clone());
        assert_eq!(shelf.world.here(run), expected, "{stage:?}");
    }
}

/// An active sequence whose version has this node.
fn running(shelf: &mut Shelf, node: &str, status: SequenceStatus) {
    let graph = format!(r#"{{"start":"1","nodes":[{node}]}}"#);
    let version = Version {
        number: 1,
        graph,
        conduct: Default::default(),
        description: None,
        at: Timestamp::default(),
        by: SELLER,
    };
    let sequence = Sequence { exists: true, status, version: 1, published: vec![version], ..Sequence::default() };
    shelf.world.given.plans.clear();
    shelf.world.given = shelf.world.given.with_sequence(SequenceId(9), &sequence);
}

/// CM-16: what an active sequence looks at stays.
#[test]
fn cm_16_a_flow_and_a_stage_that_an_active_sequence_names_stay() {
    let mut shelf = Shelf::new();
    shelf.done(add_flow(FLOW, "Sale", &["Begun", "Won", "Lost"]));
    let node = format!(r#"{{"id":"1","type":"branch_stage","flow":"{FLOW}","stages":["Won"]}}"#);
    running(&mut shelf, &node, SequenceStatus::Active);
    assert!(matches!(shelf.ask(stages(&["Begun", "Lost"])), Err(CatalogueRejection::Referenced(_))));
    shelf.done(stages(&["Won", "Begun"]));
    let gone = CatalogueCommand::RemoveFlow { flow: FLOW, expected: None };
    assert!(matches!(shelf.ask(gone.clone()), Err(CatalogueRejection::Referenced(_))));
    running(&mut shelf, &node, SequenceStatus::Inactive);
    shelf.done(stages(&["Begun"]));
    shelf.done(gone);
}

#[test]
fn a_flow_has_a_name_and_stages_of_its_own() {
    let mut shelf = Shelf::new();
    shelf.done(add_flow(FLOW, "Sale", &["Begun"]));
    assert_eq!(shelf.ask(add_flow(FlowId(2), "Sale", &["A"])), Err(CatalogueRejection::NameTaken("process flow")));
    assert_eq!(shelf.ask(add_flow(FLOW, "Other", &["A"])), Err(CatalogueRejection::Exists));
    assert_eq!(
        shelf.faults(add_flow(FlowId(2), "", &["A", "A"])),
        [("empty", "/name".into()), ("twice", "/stages/1".into())]
    );
    assert_eq!(shelf.faults(stages(&[])), [("missing", "/stages".to_owned())]);
    let nowhere = CatalogueCommand::RemoveFlow { flow: FlowId(5), expected: None };
    assert_eq!(shelf.ask(nowhere), Err(CatalogueRejection::NotFound("process flow")));
    let stale = CatalogueCommand::RemoveFlow { flow: FLOW, expected: Some(7) };
    assert_eq!(shelf.ask(stale), Err(CatalogueRejection::VersionMismatch(1)));
}

/// CO-31: the list is an administrator's to edit; what an active sequence asks for stays on it.
#[test]
fn co_31_call_results_are_edited_but_for_those_in_use() {
    let mut shelf = Shelf::new();
    shelf.world.ask(RecordCommand::Create { kind: LEAD, changes: vec![Change::Name(Some("Ada".into()))] });
    shelf.done(results(&["made", "hung_up", "busy"]));
    let run: Ordinal =
        shelf.world.run(graph(&[call("call", "c"), answered("c", &["hung_up"], "yes", ""), task("yes", "")]));
    assert!(matches!(shelf.ask(results(&["made", "busy"])), Err(CatalogueRejection::Referenced(_))));
    shelf.done(results(&["hung_up", "made"]));
    shelf.world.answer(run, "hung_up");
    assert_eq!(shelf.world.here(run), "yes");
    let mut organisation = (*shelf.world.given.policy.organisation).clone();
    organisation.settings.call_result = CallResult::Default("made".into());
    shelf.world.given = shelf.world.given.with_organisation(&organisation);
    assert!(matches!(shelf.ask(results(&["hung_up"])), Err(CatalogueRejection::Referenced(_))), "the default one");
    assert_eq!(shelf.faults(results(&[])), [("missing", "/items".to_owned())]);
    let stale = CatalogueCommand::SetCallResults { results: vec!["made".into()], expected: Some(1) };
    assert_eq!(shelf.ask(stale), Err(CatalogueRejection::VersionMismatch(3)));
}

const NONE: Option<TagId> = None;

fn tags(parent: Option<u128>, all: &[(u128, &str)]) -> CatalogueCommand {
    let tags = all.iter().map(|(id, name)| (TagId(*id), (*name).into())).collect();
    CatalogueCommand::AddTags { parent: parent.map(TagId), tags }
}

fn rename(tag: u128, name: &str) -> CatalogueCommand {
    CatalogueCommand::ChangeTag { tag: TagId(tag), name: Some(name.into()), parent: None, expected: None }
}

fn put(tag: u128, below: Option<u128>) -> CatalogueCommand {
    CatalogueCommand::ChangeTag { tag: TagId(tag), name: None, parent: Some(below.map(TagId)), expected: None }
}

fn gone(tag: u128) -> CatalogueCommand {
    CatalogueCommand::RemoveTag { tag: TagId(tag), expected: None }
}

/// `Europe/Spain/Galicia/Vigo`, by 1 to 4, and `Asia`, 5.
fn places() -> Shelf {
    let mut shelf = Shelf::new();
    shelf.done(tags(None, &[(1, "Europe"), (5, "Asia")]));
    shelf.done(tags(Some(1), &[(2, "Spain")]));
    shelf.done(tags(Some(2), &[(3, "Galicia")]));
    shelf.done(tags(Some(3), &[(4, "Vigo")]));
    shelf
}

fn path(shelf: &Shelf, tag: u128) -> Option<String> {
    shelf.catalogue.state.tag_path(TagId(tag))
}

#[test]
fn q_80_a_tag_has_no_slash_in_its_name_and_q_82_several_are_made_at_once() {
    let mut shelf = places();
    assert_eq!(shelf.ask(tags(None, &[(9, "a/b")])), Err(CatalogueRejection::TagSlash));
    assert_eq!(shelf.ask(rename(1, "a/b")), Err(CatalogueRejection::TagSlash));
    shelf.done(tags(Some(5), &[(6, "India"), (7, "Japan")]));
    assert_eq!(shelf.ask(tags(Some(5), &[(8, "China"), (9, "Japan")])), Err(CatalogueRejection::NameTaken("tag")));
    assert_eq!(shelf.ask(tags(Some(5), &[(8, "China"), (9, "China")])), Err(CatalogueRejection::NameTaken("tag")));
    assert_eq!(path(&shelf, 8), None, "all of them or none");
    assert_eq!(shelf.faults(tags(None, &[])), [("missing", "/names".to_owned())]);
    assert_eq!(shelf.faults(tags(None, &[(8, "ok"), (9, " ")])), [("empty", "/names/1".to_owned())]);
    assert_eq!(shelf.faults(tags(Some(99), &[(8, "ok")])), [("tag_unknown", "/parent".to_owned())]);
    assert_eq!(shelf.ask(tags(None, &[(1, "again")])), Err(CatalogueRejection::Exists));
}

/// Q-81, L-13, D-40: four levels; 100 tags below each tag, any number on the first level.
#[test]
fn q_81_l_13_d_40_tags_nest_four_levels_and_a_tag_has_room_for_a_hundred() {
    let mut shelf = places();
    assert_eq!(shelf.ask(tags(Some(4), &[(9, "Street")])), Err(CatalogueRejection::TagDepth));
    let hundred = |from: u128| (from..from + limits::TAGS_PER_PARENT_MAX as u128).map(|id| (TagId(id), id.to_string()));
    let add = |parent: Option<u128>, from| CatalogueCommand::AddTags {
        parent: parent.map(TagId),
        tags: hundred(from).collect(),
    };
    shelf.done(add(Some(5), 1_000));
    assert_eq!(shelf.ask(tags(Some(5), &[(9, "one more")])), Err(CatalogueRejection::TagLevelFull));
    assert_eq!(shelf.ask(put(4, Some(5))), Err(CatalogueRejection::TagLevelFull));
    shelf.done(gone(1_007));
    shelf.done(put(4, Some(5)));
    shelf.done(add(None, 2_000));
    shelf.done(tags(None, &[(9, "the first level has no end")]));
    assert!(shelf.ask(tags(Some(1), &[])).is_err());
    shelf.done(add(Some(1_001), 3_000));
    assert_eq!(shelf.ask(gone(1_001)), Err(CatalogueRejection::TagLevelFull), "Q-84: those below have no room above");
}

#[test]
fn q_83_a_tag_is_renamed_or_moved_with_what_is_below_it_and_q_85_its_path_follows() {
    let mut shelf = places();
    assert_eq!(path(&shelf, 4).as_deref(), Some("Europe/Spain/Galicia/Vigo"));
    shelf.done(rename(3, "Galiza"));
    assert_eq!(path(&shelf, 4).as_deref(), Some("Europe/Spain/Galiza/Vigo"));
    for below in [1, 2, 3, 4] {
        assert_eq!(shelf.ask(put(1, Some(below))), Err(CatalogueRejection::TagCycle), "below {below}");
    }
    shelf.done(put(2, Some(5)));
    assert_eq!(path(&shelf, 4).as_deref(), Some("Asia/Spain/Galiza/Vigo"));
    assert_eq!(shelf.ask(put(5, Some(1))), Err(CatalogueRejection::TagDepth), "what is below would be too deep");
    shelf.done(put(3, None));
    assert_eq!(path(&shelf, 4).as_deref(), Some("Galiza/Vigo"));
    shelf.done(put(5, Some(1)));
    shelf.done(tags(None, &[(6, "Spain")]));
    assert_eq!(shelf.ask(put(6, Some(5))), Err(CatalogueRejection::NameTaken("tag")));
    assert_eq!(shelf.ask(rename(6, "Europe")), Err(CatalogueRejection::NameTaken("tag")));
    assert_eq!(shelf.ask(rename(6, "Spain")), Ok(vec![]), "its own name is no other's");
    let stale = CatalogueCommand::ChangeTag { tag: TagId(6), name: None, parent: Some(NONE), expected: Some(4) };
    assert_eq!(shelf.ask(stale), Err(CatalogueRejection::VersionMismatch(1)));
}

#[test]
fn q_84_those_below_a_deleted_tag_move_up() {
    let mut shelf = places();
    shelf.done(tags(Some(2), &[(6, "Lugo"), (7, "Spain")]));
    shelf.done(gone(2));
    for (tag, expected) in
        [(2, None), (4, Some("Europe/Galicia/Vigo")), (6, Some("Europe/Lugo")), (7, Some("Europe/Spain"))]
    {
        assert_eq!(path(&shelf, tag).as_deref(), expected, "{tag}");
    }
    shelf.done(tags(Some(3), &[(8, "Lugo")]));
    assert_eq!(shelf.ask(gone(3)), Err(CatalogueRejection::NameTaken("tag")), "an aunt has its name");
    assert_eq!(path(&shelf, 8).as_deref(), Some("Europe/Galicia/Lugo"), "and nothing has happened");
    shelf.done(gone(1));
    assert_eq!((path(&shelf, 3).as_deref(), path(&shelf, 8).as_deref()), (Some("Galicia"), Some("Galicia/Lugo")));
    assert_eq!(shelf.ask(gone(1)), Err(CatalogueRejection::NotFound("tag")));
}

/// P-9: tags are for all but sellers; P-11: flows and call results for who configures sequences.
#[test]
fn p_9_and_p_11_who_changes_tags_flows_and_call_results() {
    for role in Role::ALL {
        let mut shelf = Shelf::new();
        let mut organisation = sellers();
        organisation.users.insert(SELLER, user("Grace", &[role], "default"));
        shelf.world.given = shelf.world.given.with_organisation(&organisation);
        shelf.by = SELLER;
        let configures = matches!(role, Role::SystemAdministrator | Role::SequenceManager);
        for (command, may) in [
            (add_flow(FLOW, "Sale", &["Begun"]), configures),
            (stages(&["Won"]), configures),
            (CatalogueCommand::RemoveFlow { flow: FLOW, expected: None }, configures),
            (results(&["made"]), configures),
            (tags(None, &[(1, "Europe")]), role != Role::Seller),
            (rename(1, "Asia"), role != Role::Seller),
            (gone(1), role != Role::Seller),
        ] {
            match shelf.ask(command.clone()) {
                Ok(_) => assert!(may, "{role:?} {command:?}"),
                Err(why) => assert!(!may && why.denial().is_some(), "{role:?} {command:?} {why:?}"),
            }
        }
    }
}
