//! What may be asked of sequences, by role and relation (§2, §3.9).

use relance::domain::ab_test::life::Reached;
use relance::domain::ab_test::verdict::Tallies;
use relance::domain::entity::{Entity, Stamp};
use relance::domain::given::Given;
use relance::domain::permission::Role;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Owner, RecordType};
use relance::domain::sequence::fuse::FuseCounts;
use relance::domain::sequence::unpack::Packed;
use relance::domain::sequence::{Property, Sequence, SequenceCommand, SequenceRejection};
use relance::id::{SequenceId, UserId};

use super::super::draw::{graph, task};
use super::super::world::at;
use super::{FAR, ME, MINE, NEAR, Relation, THEIRS, answer, given_to, record, sign};

/// Relations of sequences: own, a team's, a colleague's, another unit's, not there.
const OF_SEQUENCES: [(&str, [&str; 4]); 8] = [
    //          SA       SQ       MG       SP
    ("create", ["yyyyy", "yyyyy", "yyyhy", "yyyhy"]),
    ("edit", ["yyyy-", "yyyy-", "yyrh-", "yyrh-"]),
    ("move", ["yyyyy", "yyyyy", "yyrhy", "rrrhr"]),
    ("give", ["yyyy-", "yyyy-", "yyrh-", "yyrh-"]),
    ("give away", ["yyyy-", "yyyy-", "rrrh-", "rrrh-"]),
    ("view", ["yyyyy", "yyyyy", "yyyhy", "yyyhy"]),
    ("tag", ["yyyy-", "yyyy-", "yyyh-", "rrrh-"]),
    ("server", ["hhhh-", "hhhh-", "hhhh-", "hhhh-"]),
];

pub fn sequence(relation: Relation, is_active: bool) -> Sequence {
    let owner = match relation {
        Relation::Own => Owner::User(ME),
        Relation::Team => Owner::Team(MINE),
        Relation::Unit => Owner::User(NEAR),
        Relation::Access | Relation::Step | Relation::Other => Owner::User(FAR),
        Relation::Absent => return Sequence::default(),
    };
    let mut sequence = Sequence { exists: true, owner, name: "Calls".into(), ..Sequence::default() };
    sequence.draft = serde_json::to_string(&graph(&[task("t", "")])).unwrap();
    if is_active {
        let stamp = Stamp { at: at("2026-03-02T09:00:00Z"), by: UserId::SYSTEM };
        let activate = SequenceCommand::Activate { description: None, migration: None, pilot: None };
        let events = sequence.decide(SequenceId(1), &Given::default(), activate, stamp).unwrap();
        events.iter().for_each(|event| sequence.apply(event, stamp));
    }
    sequence
}

pub fn orders() -> Vec<(&'static str, SequenceCommand)> {
    let create = |template: Option<&str>| SequenceCommand::Create {
        name: "Mine".into(),
        description: String::new(),
        record_type: RecordType::Lead,
        template: template.map(Into::into),
        graph: graph(&[task("t", "")]),
    };
    let to = |owner| SequenceCommand::Change(vec![Property::Owner(owner)]);
    let all = vec![
        create(None),
        create(Some("no_show")),
        SequenceCommand::Change(vec![Property::Name("Other".into())]),
        to(Owner::Team(MINE)),
        to(Owner::User(NEAR)),
        to(Owner::User(FAR)),
        to(Owner::Team(THEIRS)),
        SequenceCommand::SaveGraph(graph(&[task("u", "")])),
        SequenceCommand::SetTags(vec![]),
        SequenceCommand::SaveTests(vec![]),
        SequenceCommand::Activate { description: None, migration: None, pilot: None },
        SequenceCommand::Deactivate { force: false },
        SequenceCommand::Revise,
        SequenceCommand::DiscardRevision,
        SequenceCommand::Delete { force: true },
        SequenceCommand::Unpack(Box::new(Packed { name: "Packed".into(), ..Packed::default() })),
        SequenceCommand::Emptied { until: at("2026-03-02T09:00:00Z") },
        SequenceCommand::UndoMigration(1),
        SequenceCommand::Undo { since: None, deactivate: false },
        SequenceCommand::UndoDone { number: 1 },
        SequenceCommand::BlowFuse { round: 1, counts: FuseCounts::default() },
        SequenceCommand::ResetFuse,
        SequenceCommand::Release,
        SequenceCommand::LetInDone { number: 1 },
        SequenceCommand::FuseReleased { round: 1 },
        SequenceCommand::MigrationDone { number: 1, undo: false },
        SequenceCommand::SaveAssignedGraph(graph(&[task("u", "")])),
        SequenceCommand::StopAbTest { node: "t".into(), choice: None },
        SequenceCommand::AbTestReached(Reached { version: 1, node: 0, at: at("2026-03-02T09:00:00Z"), exposed: false }),
        SequenceCommand::EvaluateAbTest { number: 0, tallies: Tallies::default() },
    ];
    let line = |command: &SequenceCommand| match command {
        SequenceCommand::Create { .. } | SequenceCommand::Copy { .. } => "create",
        SequenceCommand::Unpack(_) => "move",
        SequenceCommand::Change(properties) => match properties.first() {
            Some(Property::Owner(Owner::User(FAR) | Owner::Team(THEIRS))) => "give away",
            Some(Property::Owner(_)) => "give",
            _ => "edit",
        },
        SequenceCommand::SetTags(_) => "tag",
        SequenceCommand::SaveGraph(_)
        | SequenceCommand::SaveAssignedGraph(_)
        | SequenceCommand::StopAbTest { .. }
        | SequenceCommand::SaveTests(_)
        | SequenceCommand::Activate { .. }
        | SequenceCommand::Deactivate { .. }
        | SequenceCommand::Revise
        | SequenceCommand::UndoMigration(_)
        | SequenceCommand::Undo { .. }
        | SequenceCommand::ResetFuse
        | SequenceCommand::Release
        | SequenceCommand::DiscardRevision
        | SequenceCommand::Delete { .. } => "edit",
        SequenceCommand::Emptied { .. }
        | SequenceCommand::MigrationDone { .. }
        | SequenceCommand::UndoDone { .. }
        | SequenceCommand::BlowFuse { .. }
        | SequenceCommand::LetInDone { .. }
        | SequenceCommand::FuseReleased { .. }
        | SequenceCommand::AbTestReached(_)
        | SequenceCommand::EvaluateAbTest { .. } => "server",
    };
    all.into_iter().map(|command| (line(&command), command)).collect()
}

#[test]
fn p_1_p_2_p_3_p_4_p_5_p_6_p_7_p_9_p_10_q_31_q_100_q_102_each_role_asks_of_sequences_what_the_table_says() {
    let relations = [Relation::Own, Relation::Team, Relation::Unit, Relation::Other, Relation::Absent];
    for (place, role) in Role::ALL.into_iter().enumerate() {
        let given = given_to(&[role]);
        for (column, relation) in relations.into_iter().enumerate() {
            let expected = |line: &str| {
                let (_, of_roles) = OF_SEQUENCES.iter().find(|(known, _)| *known == line).unwrap();
                of_roles[place].chars().nth(column).unwrap()
            };
            for is_active in [false, true] {
                let sequence = sequence(relation, is_active);
                let seen = || sequence.must_be_seen(&given, ME).map_err(SequenceRejection::from);
                assert_eq!(sign(seen(), false), expected("view"), "{role:?} sees {relation:?}");
                for (line, command) in orders() {
                    // To whom it belongs already, it is not given again: nothing is left to refuse.
                    let is_given = matches!(&command, SequenceCommand::Change(all) if
                        all.first() == Some(&Property::Owner(sequence.owner)));
                    let mut expected = expected(line);
                    if is_given && matches!(relation, Relation::Other) && line == "give away" && expected == 'r' {
                        expected = 'y';
                    }
                    let stamp = Stamp { at: at("2026-03-02T10:00:00Z"), by: ME };
                    let what = format!("{command:?}");
                    let creates = matches!(line, "create" | "move");
                    let decided = seen().and_then(|()| sequence.decide(SequenceId(1), &given, command, stamp));
                    let found = sign(decided, !sequence.exists && !creates);
                    assert_eq!(found, expected, "{role:?}, {relation:?}, active {is_active}: {what}");
                }
            }
        }
    }
}

/// Whoever sees a sequence may copy it; others are told that it is not there.
#[test]
fn p_5_q_54_q_102_each_role_copies_what_it_sees_and_the_copy_is_its_own() {
    let relations = [Relation::Own, Relation::Team, Relation::Unit, Relation::Other, Relation::Absent];
    for (place, role) in Role::ALL.into_iter().enumerate() {
        for (column, relation) in relations.into_iter().enumerate() {
            let of = SequenceId(0x71);
            let source = sequence(relation, true);
            let absent = !source.exists;
            let given = given_to(&[role]).with_sequence(of, &source);
            let copy = SequenceCommand::Copy { of, name: "Mine".into(), description: String::new() };
            let stamp = Stamp { at: at("2026-03-02T10:00:00Z"), by: ME };
            let mut made = Sequence::default();
            let decided = made.decide(SequenceId(9), &given, copy, stamp);
            if let Ok(events) = &decided {
                events.iter().for_each(|event| made.apply(event, stamp));
                assert_eq!(made.owner, Owner::User(ME));
            }
            let (_, of_roles) = OF_SEQUENCES.iter().find(|(known, _)| *known == "view").unwrap();
            let expected = if absent { '-' } else { of_roles[place].chars().nth(column).unwrap() };
            assert_eq!(sign(decided, absent), expected, "{role:?}, {relation:?}");
        }
    }
}

/// P-5: connecting to a colleague's sequence is for the business unit; others do not know of it.
#[test]
fn p_5_q_102_a_record_is_connected_to_sequences_that_one_sees() {
    let mut world = record(Relation::Own, &[Role::Seller]);
    let hidden = SequenceId(0x71);
    world.given = world.given.with_sequence(hidden, &sequence(Relation::Other, true));
    let connect = |sequence| RecordCommand::Connect { sequence, wait: None, source: None };
    assert_eq!(answer(world.record(), &world.given, connect(hidden), ME), 'h');
    let text = |sequence| {
        let stamp = Stamp { at: world.now, by: ME };
        world.record().decide(world.id, &world.given, connect(sequence), stamp).unwrap_err().to_string()
    };
    assert_eq!(text(hidden), text(SequenceId(0x72)), "as if it were not there");
    world.given = world.given.with_sequence(hidden, &sequence(Relation::Unit, true));
    assert_eq!(answer(world.record(), &world.given, connect(hidden), ME), 'y');
}
