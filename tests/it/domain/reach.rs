//! Chance against the rule of access: lists show what it says and nothing else, and no decision goes around it. Whoever is
//! let in is worked out here once more, from the sentence of the specification and not from the code.

use std::collections::BTreeSet;

use fastrand::Rng;
use proptest::prelude::*;
use relance::domain::access::{Reach, Scope, reach};
use relance::domain::effect::RecordSummary;
use relance::domain::entity::{Entity, Stamp};
use relance::domain::given::Given;
use relance::domain::organisation::{Organisation, Team, TeamKind, User, UserState};
use relance::domain::permission::{Denies, Role};
use relance::domain::policy::{DEFAULT_UNIT, Policy};
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Owner, RecordState, RecordType};
use relance::domain::sequence::SequenceCommand;
use relance::id::{TeamId, UserId};

use super::draw::{graph, task};
use super::rights::commands;
use super::world::{World, is_of_server, user};

const USERS: u128 = 6;
const TEAMS: u128 = 3;
const UNITS: [&str; 3] = [DEFAULT_UNIT, "north", "south"];

fn drawn_organisation(rng: &mut Rng) -> Organisation {
    let mut drawn = Organisation::default();
    for id in 0..USERS {
        let roles: Vec<Role> = Role::ALL.into_iter().filter(|_| rng.u8(0..4) == 0).collect();
        let roles = if roles.is_empty() { vec![Role::Seller] } else { roles };
        let user = user(&format!("user {id}"), &roles, UNITS[rng.usize(0..UNITS.len())]);
        let states = [UserState::Active, UserState::Active, UserState::Invited, UserState::Disabled];
        drawn.users.insert(UserId(0x20 + id), User { state: states[rng.usize(0..4)], ..user });
    }
    for id in 0..TEAMS {
        let members: BTreeSet<UserId> = drawn.users.keys().filter(|_| rng.u8(0..3) == 0).copied().collect();
        let kind = if rng.bool() { TeamKind::Owner } else { TeamKind::Access };
        drawn.teams.insert(TeamId(0x30 + id), Team { name: format!("team {id}"), kind, members, version: 1 });
    }
    drawn
}

/// A user or team, now and then one that is not there (any more).
fn drawn_owner(rng: &mut Rng) -> Owner {
    match rng.u8(0..12) {
        0 => Owner::User(UserId::ADMINISTRATOR),
        1..7 => Owner::User(UserId(0x20 + rng.u128(0..=USERS))),
        _ => Owner::Team(drawn_team(rng)),
    }
}

fn drawn_team(rng: &mut Rng) -> TeamId {
    TeamId(0x30 + rng.u128(0..=TEAMS))
}

/// What the access to a record follows from.
struct Owned {
    owner: Owner,
    access_team: Option<TeamId>,
    assignees: Vec<Owner>,
}

/// How far somebody goes, said as plainly as the specification says it.
fn expected(all: &Organisation, by: UserId, record: &Owned) -> Reach {
    let Some(user) = all.users.get(&by).filter(|user| user.state != UserState::Disabled) else { return Reach::Nothing };
    let has = |role| user.profile.roles.has(role);
    let is_mine = |owner: &Owner| match owner {
        Owner::User(id) => *id == by,
        Owner::Team(team) => all.teams.get(team).is_some_and(|team| team.members.contains(&by)),
    };
    let unit_of = |id: &UserId| match *id {
        UserId::ADMINISTRATOR => Some(DEFAULT_UNIT),
        _ => all.users.get(id).map(|user| user.profile.business_unit.as_str()),
    };
    let members = match &record.owner {
        Owner::User(id) => vec![*id],
        Owner::Team(team) => all.teams.get(team).into_iter().flat_map(|team| team.members.iter().copied()).collect(),
    };
    let in_unit = members.iter().any(|id| unit_of(id) == Some(&user.profile.business_unit));
    let mut reach = Reach::Nothing;
    if has(Role::SequenceManager) && in_unit {
        reach = reach.max(Reach::See);
    }
    if record.access_team.is_some_and(|team| is_mine(&Owner::Team(team))) || record.assignees.iter().any(is_mine) {
        reach = reach.max(Reach::Act);
    }
    if is_mine(&record.owner) {
        reach = reach.max(Reach::Give);
    }
    if has(Role::SystemAdministrator) || (has(Role::SalesManager) && in_unit) {
        reach = reach.max(Reach::Erase);
    }
    reach
}

/// What a command needs; `None` where only the server may. Whose it is already, it is not given to.
fn needed(record: &Record, command: &RecordCommand) -> Option<Reach> {
    let gives =
        |change: &Change| matches!(change, Change::Owner(_) | Change::AccessTeam(_)) && !record.profile.has(change);
    match command {
        RecordCommand::Connect { .. } | RecordCommand::Disconnect(_) | RecordCommand::Mark { .. } => Some(Reach::See),
        RecordCommand::Change(changes) if changes.iter().any(gives) => Some(Reach::Give),
        RecordCommand::Erase => Some(Reach::Erase),
        RecordCommand::Create { .. } => Some(Reach::Nothing),
        command if is_of_server(command) => None,
        _ => Some(Reach::Act),
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn p_21_lists_show_what_the_rule_of_access_lets_somebody_see(seed in any::<u64>()) {
        let mut rng = Rng::with_seed(seed);
        let all = drawn_organisation(&mut rng);
        let policy = Policy::new(all.clone());
        let records: Vec<Owned> = (0..30).map(|_| Owned {
            owner: drawn_owner(&mut rng),
            access_team: rng.bool().then(|| drawn_team(&mut rng)),
            assignees: (0..rng.usize(0..3)).map(|_| drawn_owner(&mut rng)).collect(),
        }).collect();
        let rows: Vec<RecordSummary> = records.iter().map(|Owned { owner, access_team, assignees }| RecordSummary {
            kind: RecordType::Lead,
            name: String::new(),
            owner: *owner,
            access_team: *access_team,
            assignees: assignees.clone(),
            state: RecordState::Active,
        }).collect();
        for by in all.users.keys().copied() {
            let wanted: Vec<_> = records.iter().map(|record| expected(&all, by, record)).collect();
            let Ok(person) = policy.person(by) else {
                prop_assert!(wanted.iter().all(|reach| *reach == Reach::Nothing));
                continue;
            };
            let scope = Scope::of(&person);
            let walked = |row: &RecordSummary| match &scope {
                Scope::All => true,
                Scope::Of(principals) => row.principals().iter().any(|principal| principals.contains(principal)),
            };
            for (row, wanted) in rows.iter().zip(&wanted) {
                let found = reach(&person, &row.facts());
                prop_assert_eq!(found, *wanted, "{:?} of {:?}", person, row);
                prop_assert_eq!(walked(row) && found >= Reach::See, *wanted >= Reach::See, "{:?} of {:?}", person, row);
            }
        }
    }

    #[test]
    fn p_8_p_21_no_decision_of_somebody_below_the_needed_reach_leads_to_an_event(seed in any::<u64>()) {
        let mut rng = Rng::with_seed(seed);
        let all = drawn_organisation(&mut rng);
        let mut world = World::empty();
        world.by = UserId::SYSTEM;
        world.given = Given::default().with_organisation(&all);
        let assignee = drawn_owner(&mut rng);
        let changes = vec![Change::Name(Some("Ada".into())), Change::Owner(assignee)];
        world.ask(RecordCommand::Create { kind: RecordType::Lead, changes });
        let run = world.run(graph(&[task("t", "u"), task("u", "")]));
        let access_team = rng.bool().then(|| drawn_team(&mut rng));
        let owner = drawn_owner(&mut rng);
        world.ask(RecordCommand::Change(vec![Change::Owner(owner), Change::AccessTeam(access_team)]));
        let (sequence, step) = (world.enrolment(run).sequence, world.current(run).ordinal);
        let record = Owned { owner, access_team, assignees: vec![assignee] };
        for by in all.users.keys().copied() {
            let reach = expected(&all, by, &record);
            let seen = world.record().must_be_seen(&world.given, by);
            prop_assert_eq!(seen.is_ok(), reach > Reach::Nothing, "{} with {:?}", by, reach);
            for command in commands(sequence, step) {
                let needed = needed(world.record(), &command);
                let what = format!("{command:?} by {by}, who has {reach:?}");
                let answer = world.record().decide(world.id, &world.given, command, Stamp { at: world.now, by });
                let denied = answer.as_ref().is_err_and(|rejection| rejection.denial().is_some());
                if needed.is_none_or(|needed| reach < needed) {
                    prop_assert!(denied, "{}: {:?}", what, answer);
                }
            }
        }
        let order = world.order(sequence, SequenceCommand::Deactivate { force: false });
        prop_assert!(order.is_ok(), "the server itself is never refused: {:?}", order);
    }
}
