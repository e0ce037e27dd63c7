//! Who may ask what of a record and of a sequence, as tables beside §2 and §3.9: each role against each way that something
//! can be somebody's.

mod sequences;

use chrono::TimeDelta;
use relance::domain::activity::{ActivityKind, NewActivity};
use relance::domain::delivery::{Settled, TextFate, Written};
use relance::domain::engagement::Hit;
use relance::domain::enrolment::Signal;
use relance::domain::enrolment::ab_test::Tell;
use relance::domain::enrolment::undo::Undoing;
use relance::domain::entity::{Entity, Stamp};
use relance::domain::given::Given;
use relance::domain::message_template::MailText;
use relance::domain::organisation::settings::{Settings, Workspace};
use relance::domain::organisation::{Organisation, Team, UserState};
use relance::domain::permission::{Cause, Denies, Role};
use relance::domain::policy::DEFAULT_UNIT;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Outcome, Owner, RecordType};
use relance::domain::record::{Record, RecordRejection};
use relance::domain::sequence::Sequence;
use relance::id::{FlowId, GatewayId, MigrationId, RecordId, SequenceId, TeamId, UserId};
use relance::time::Timestamp;

use super::draw::{auto_email, graph, task};
use super::world::{World, at, is_of_server, user};

/// Whoever asks.
pub const ME: UserId = UserId(0x21);
/// A seller of the same business unit.
pub const NEAR: UserId = UserId(0x22);
/// A seller of another one.
pub const FAR: UserId = UserId(0x23);
/// The team that whoever asks is in.
const MINE: TeamId = TeamId(0x31);
/// A team of the other business unit.
const THEIRS: TeamId = TeamId(0x32);

/// Whoever asks has `roles`.
fn organisation(roles: &[Role]) -> Organisation {
    let users = [
        (ME, user("me", roles, DEFAULT_UNIT)),
        (NEAR, user("near", &[Role::Seller], DEFAULT_UNIT)),
        (FAR, user("far", &[Role::Seller], "south")),
    ];
    let team = |member| Team { name: "Team".into(), members: [member].into(), version: 1, ..Team::default() };
    let teams = [(MINE, team(ME)), (THEIRS, team(FAR))].into_iter().collect();
    Organisation { users: users.into_iter().collect(), teams, ..Organisation::default() }
}

fn given_to(roles: &[Role]) -> Given {
    Given::default().with_organisation(&organisation(roles))
}

/// How something can be somebody's.
#[derive(Clone, Copy, Debug)]
enum Relation {
    /// One's own.
    Own,
    /// A team's that one is in.
    Team,
    /// Another unit's, with an access team that one is in.
    Access,
    /// Another unit's, with an open step of one's own.
    Step,
    /// A colleague's of the same business unit.
    Unit,
    /// Another unit's.
    Other,
    /// Not there.
    Absent,
}

const RELATIONS: [Relation; 7] = {
    use Relation::*;
    [Own, Team, Access, Step, Unit, Other, Absent]
};

/// A record in two sequences, one of which stands on an e-mail that was sent.
fn record(relation: Relation, roles: &[Role]) -> World {
    let mut world = World::empty();
    world.given = given_to(roles);
    world.by = UserId::ADMINISTRATOR;
    let (owner, access_team) = match relation {
        Relation::Own => (Owner::User(ME), None),
        Relation::Team => (Owner::Team(MINE), None),
        Relation::Access => (Owner::User(FAR), Some(MINE)),
        Relation::Step | Relation::Other => (Owner::User(FAR), None),
        Relation::Unit => (Owner::User(NEAR), None),
        Relation::Absent => return world,
    };
    let first = if matches!(relation, Relation::Step) { Owner::User(ME) } else { owner };
    let mut changes = vec![Change::Name(Some("Ada".into())), Change::Email(Some("ada@example.org".into()))];
    changes.extend([Change::Owner(first), Change::AccessTeam(access_team)]);
    world.ask(RecordCommand::Create { kind: RecordType::Lead, changes });
    world.run(graph(&[auto_email("a", "t"), task("t", "u"), task("u", "")]));
    world.deliver();
    if first != owner {
        world.ask(RecordCommand::Change(vec![Change::Owner(owner)]));
    }
    world
}

/// The line of the table that a command belongs to; a new command has to be given one.
fn line(command: &RecordCommand) -> &'static str {
    match command {
        RecordCommand::Create { .. } => "create",
        RecordCommand::Change(changes) => match changes.first() {
            Some(Change::Owner(_) | Change::AccessTeam(_)) => "give",
            _ => "act",
        },
        RecordCommand::Connect { .. } | RecordCommand::Disconnect(_) => "connect",
        RecordCommand::Mark { .. } => "see",
        RecordCommand::Erase => "erase",
        RecordCommand::AssignStep { .. }
        | RecordCommand::AssignActivity { .. }
        | RecordCommand::Start(_)
        | RecordCommand::AddActivity(_)
        | RecordCommand::CompleteActivity { .. }
        | RecordCommand::CancelActivity(_)
        | RecordCommand::ReportActivity { .. }
        | RecordCommand::Close(_)
        | RecordCommand::Reopen
        | RecordCommand::SetStage { .. }
        | RecordCommand::Signal { .. }
        | RecordCommand::Complete { .. }
        | RecordCommand::Skip(_)
        | RecordCommand::Snooze { .. }
        | RecordCommand::SkipWait(_)
        | RecordCommand::Retry(_)
        | RecordCommand::ReportClosed(_)
        | RecordCommand::ReachGoal
        | RecordCommand::SettleMessage { .. }
        | RecordCommand::SendEmail { .. }
        | RecordCommand::SendText { .. }
        | RecordCommand::Note { .. } => "act",
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
        | RecordCommand::HandOver(_)
        | RecordCommand::UndoMigration(_)
        | RecordCommand::Undo(_)
        | RecordCommand::ReleaseHeld(_)
        | RecordCommand::LetIn { .. }
        | RecordCommand::AbTestTold { .. }
        | RecordCommand::MoveDueDates
        | RecordCommand::ReportAway { .. }
        | RecordCommand::ReportText { .. }
        | RecordCommand::AnswerText { .. }
        | RecordCommand::OptOut { .. }
        | RecordCommand::Engage { .. } => "server",
    }
}

/// Every kind of command, `step` being open.
pub fn commands(sequence: SequenceId, step: u32) -> Vec<RecordCommand> {
    let until = at("2026-03-03T09:00:00Z");
    let name = Change::Name(Some("Grace".into()));
    vec![
        RecordCommand::Create { kind: RecordType::Lead, changes: vec![name.clone()] },
        RecordCommand::Change(vec![name]),
        RecordCommand::Change(vec![Change::Score(Some(3))]),
        RecordCommand::Change(vec![Change::Owner(Owner::Team(MINE)), Change::Score(Some(3))]),
        RecordCommand::Change(vec![Change::AccessTeam(Some(MINE)), Change::Owner(Owner::User(NEAR))]),
        RecordCommand::Close(Outcome::Success),
        RecordCommand::Reopen,
        RecordCommand::SetStage { flow: FlowId(1), stage: "Won".into() },
        RecordCommand::Connect { sequence, wait: None, source: None },
        RecordCommand::Connect { sequence, wait: Some(TimeDelta::hours(3)), source: None },
        RecordCommand::Disconnect(1),
        RecordCommand::Complete { step, note: None, call_result: None },
        RecordCommand::Skip(step),
        RecordCommand::Snooze { step, until },
        RecordCommand::SkipWait(step),
        RecordCommand::Retry(step),
        RecordCommand::Note { step, text: "note".into() },
        RecordCommand::ReachGoal,
        RecordCommand::Mark { read: Some(true), followed: None },
        RecordCommand::AbTestTold { step, tell: Tell::Reached },
        RecordCommand::Signal { step: 2, signal: Signal::Opened, at: at("2026-03-02T09:00:00Z") },
        RecordCommand::Erase,
        RecordCommand::LeaveSequence { sequence, until },
        RecordCommand::Fire(step),
        RecordCommand::MessageSent { step: 2, message_id: "m".into(), written: None },
        RecordCommand::MessageFailed { step: 2, reason: "full".into(), bounced: false },
        RecordCommand::ClaimMessage { step: 2, epoch: 1, message_id: "m".into(), written: None },
        RecordCommand::PutOffMessage { step: 2, why: "451".into(), pause: TimeDelta::minutes(1) },
        RecordCommand::LoseMessage { step: 2, why: "silence".into() },
        RecordCommand::SettleMessage { step: 2, to: Settled::Sent },
        RecordCommand::SendEmail { step: 2, content: Written::Own(MailText::default()), at: None },
        RecordCommand::SendText { step: 2, content: Written::Own(MailText::default()), at: None },
        RecordCommand::Forget,
        RecordCommand::Migrate(MigrationId::of(sequence, 1)),
        RecordCommand::UndoMigration(MigrationId::of(sequence, 1)),
        RecordCommand::Undo(Undoing { sequence, since: until, until, number: 1 }),
        RecordCommand::ReleaseHeld(sequence),
        RecordCommand::LetIn { sequence, number: 1 },
        RecordCommand::HandOver(NEAR),
        RecordCommand::AssignStep { step, to: Owner::User(ME) },
        RecordCommand::Start(step),
        RecordCommand::AddActivity(NewActivity {
            kind: ActivityKind::Meeting,
            subject: "Lunch".into(),
            due_at: Some(until),
            note: None,
        }),
        RecordCommand::CompleteActivity { activity: step, note: None, call_result: None },
        RecordCommand::CancelActivity(step),
        RecordCommand::AssignActivity { activity: step, to: Owner::User(ME) },
        RecordCommand::ReportActivity { activity: step, completed: true, call_result: None },
        RecordCommand::MoveDueDates,
        RecordCommand::ReportClosed(Outcome::Failure),
        RecordCommand::ReportAway { step: 2, returns: None },
        RecordCommand::OptOut { step: 2, complained: true },
        RecordCommand::ReportText { step: 2, gateway: GatewayId(1), message_id: None, fate: TextFate::Delivered },
        RecordCommand::AnswerText { step: 2, gateway: GatewayId(1), at: until, stops: true },
        RecordCommand::Engage {
            step: 2,
            hit: Hit { signal: Signal::Opened, link: None, sign: None, left_at: Timestamp::from_millis(0) },
        },
    ]
}

/// y: accepted, or refused for another reason than access; h: there is no such thing (404); r: no role (403); f: not
/// switched on (403); -: there really is no such thing.
fn sign<T>(answer: Result<T, impl Denies>, is_absent: bool) -> char {
    match answer.err().and_then(|rejection| rejection.denial().map(|denial| denial.cause)) {
        Some(Cause::Hidden) => 'h',
        Some(Cause::Role) => 'r',
        Some(Cause::Feature) => 'f',
        Some(Cause::Option) => 'o',
        None if is_absent => '-',
        None => 'y',
    }
}

fn answer(record: &Record, given: &Given, command: RecordCommand, by: UserId) -> char {
    let stamp = Stamp { at: at("2026-03-02T10:00:00Z"), by };
    let creates = matches!(command, RecordCommand::Create { .. });
    let seen = record.must_be_seen(given, by).map_err(RecordRejection::from);
    let decided = seen.and_then(|()| record.decide(RecordId(1), given, command, stamp));
    sign(decided, !record.exists && !creates)
}

/// Columns as in [`RELATIONS`].
const OF_RECORDS: [(&str, [&str; 4]); 7] = [
    //          SA         SQ         MG         SP
    ("create", ["yyyyyyy", "yyyyyhy", "yyyyyhy", "yyyyhhy"]),
    ("act", ["yyyyyy-", "yyyyrh-", "yyyyyh-", "yyyyhh-"]),
    ("give", ["yyyyyy-", "yyrrrh-", "yyrryh-", "yyrrhh-"]),
    ("erase", ["yyyyyy-", "rrrrrh-", "yyrryh-", "rrrrhh-"]),
    ("connect", ["yyyyyy-", "yyyyyh-", "yyyyyh-", "yyyyhh-"]),
    ("see", ["yyyyyy-", "yyyyyh-", "yyyyyh-", "yyyyhh-"]),
    ("server", ["hhhhhh-", "hhhhhh-", "hhhhhh-", "hhhhhh-"]),
];

#[test]
fn p_8_p_21_p_31_each_role_asks_of_records_what_the_table_says() {
    for (place, role) in Role::ALL.into_iter().enumerate() {
        for (column, relation) in RELATIONS.into_iter().enumerate() {
            let world = record(relation, &[role]);
            let sequence = world.given.sequences.keys().next().copied().unwrap_or(SequenceId(1));
            for command in commands(sequence, 3) {
                let (_, expected) = OF_RECORDS.iter().find(|(known, _)| *known == line(&command)).unwrap();
                let mut expected = expected[place].chars().nth(column).unwrap();
                // What only the server asks is refused of what is not there as well.
                if command == RecordCommand::Forget {
                    expected = 'h';
                }
                let what = format!("{command:?}");
                let found = answer(world.record(), &world.given, command, ME);
                assert_eq!(found, expected, "{role:?}, {relation:?}: {what}");
            }
        }
    }
}

#[test]
fn what_only_the_server_asks_is_never_refused_to_it_for_want_of_access() {
    for relation in RELATIONS {
        let world = record(relation, &[Role::Seller]);
        for command in commands(SequenceId(1), 3).into_iter().filter(is_of_server) {
            assert!(matches!(answer(world.record(), &world.given, command, UserId::SYSTEM), 'y' | '-'), "{relation:?}");
        }
    }
}

#[test]
fn an_erased_record_is_settled_by_the_server_alone() {
    let mut world = record(Relation::Own, &[Role::SystemAdministrator]);
    world.ask(RecordCommand::Erase);
    for by in [ME, NEAR, FAR, UserId::ADMINISTRATOR, UserId::NOBODY] {
        let stamp = Stamp { at: world.now, by };
        let settled = world.record().decide(world.id, &world.given, RecordCommand::Forget, stamp);
        assert!(matches!(settled, Err(RecordRejection::Denied(_))), "{by}: {settled:?}");
    }
    world.ask(RecordCommand::Forget);
}

#[test]
fn p_30_p_32_where_the_workspace_is_for_others_a_seller_is_told_so_and_goes_on_with_what_runs() {
    let only = |role: Option<Role>| Organisation {
        settings: Settings { roles: Workspace::Only(role.into_iter().collect()), ..Settings::default() },
        ..organisation(&[Role::Seller])
    };
    let mut world = record(Relation::Own, &[Role::Seller]);
    let sequence = *world.given.sequences.keys().next().unwrap();
    // where it is for nobody, what is there stays all the same.
    for (role, signs) in [(None, "fyf"), (Some(Role::SequenceManager), "fyf"), (Some(Role::Seller), "yyy")] {
        world.given = world.given.with_organisation(&only(role));
        let connect = RecordCommand::Connect { sequence, wait: None, source: None };
        let complete = RecordCommand::Complete { step: 3, note: None, call_result: None };
        let [connects, completes] =
            [connect, complete].map(|command| answer(world.record(), &world.given, command, ME));
        let (_, create) = sequences::orders().swap_remove(0);
        let stamp = Stamp { at: world.now, by: ME };
        let creates = sign(Sequence::default().decide(SequenceId(9), &world.given, create, stamp), false);
        assert_eq!([connects, completes, creates].iter().collect::<String>(), signs, "{role:?}");
    }
}

#[test]
fn p_32_a_change_of_role_team_or_state_holds_from_the_next_decision_on() {
    let mut world = record(Relation::Team, &[Role::Seller]);
    let erase = || RecordCommand::Erase;
    let mut organisation = organisation(&[Role::Seller]);
    let mut after = |change: &mut dyn FnMut(&mut Organisation)| {
        change(&mut organisation);
        world.given = world.given.with_organisation(&organisation);
        answer(world.record(), &world.given, erase(), ME)
    };
    let set = |organisation: &mut Organisation, role| {
        organisation.users.get_mut(&ME).unwrap().profile.roles = [role].into_iter().collect();
    };
    assert_eq!(after(&mut |_| ()), 'r', "a seller");
    assert_eq!(after(&mut |all| set(all, Role::SalesManager)), 'y', "promoted");
    assert_eq!(after(&mut |all| set(all, Role::Seller)), 'r', "and back");
    assert_eq!(after(&mut |all| _ = all.teams.get_mut(&MINE).unwrap().members.remove(&ME)), 'h', "out of the team");
    assert_eq!(after(&mut |all| set(all, Role::SystemAdministrator)), 'y');
    assert_eq!(after(&mut |all| all.users.get_mut(&ME).unwrap().state = UserState::Disabled), 'r', "disabled");
    assert_eq!(after(&mut |all| _ = all.users.remove(&ME)), 'r', "never there");
}
