//! Who asks: users of all roles and two business units, who come and go while everything else happens.

use chrono::{Days, NaiveDate};
use relance::domain::account::command::{AccountCommand, NewKey, Proof};
use relance::domain::account::{KeyKind, TokenScope};
use relance::domain::language::Language;
use relance::domain::organisation::command::{OrganisationCommand, UserChange};
use relance::domain::organisation::own_settings::{AutoAdvance, OwnSetting};
use relance::domain::organisation::settings::{Setting, Settings, Workspace};
use relance::domain::organisation::{TeamKind, UserProfile};
use relance::domain::permission::{Role, Roles};
use relance::domain::policy::DEFAULT_UNIT;
use relance::domain::record::schema::RecordType;
use relance::domain::schedule::{Calendar, Entry};
use relance::id::{KeyId, TeamId, UserId};
use relance::time::Timestamp;

use super::ask::What;
use super::history::History;

/// A sales manager, a sequence manager, two sellers of their business unit, and one of another.
pub const USERS: [UserId; 5] = [UserId(0x51), UserId(0x52), UserId(0x53), UserId(0x54), UserId(0x55)];
/// Who leaves when everybody else may act.
pub const LEAVING: UserId = USERS[3];
/// The second seller and the one of the other unit are in it.
pub const TEAM: TeamId = TeamId(0x61);

const UNITS: [&str; 2] = [DEFAULT_UNIT, "south"];
const ROLES: [Role; 5] = [Role::SalesManager, Role::SequenceManager, Role::Seller, Role::Seller, Role::Seller];

fn roles(all: &[Role]) -> Roles {
    all.iter().copied().collect()
}

/// What is there before anything else.
pub fn founding() -> Vec<What> {
    let user = |place: usize| {
        let (name, email) = (format!("User {place}"), format!("user{place}@example.com"));
        let business_unit = UNITS[usize::from(place == 4)].to_owned();
        let profile =
            UserProfile { name, email, roles: roles(&[ROLES[place]]), business_unit, ..UserProfile::default() };
        OrganisationCommand::AddUser { user: USERS[place], profile }
    };
    let members = [USERS[3], USERS[4]].into();
    let team = OrganisationCommand::AddTeam { team: TEAM, name: "Team".into(), kind: TeamKind::Owner, members };
    (0..USERS.len()).map(user).chain([team]).map(What::Organisation).collect()
}

/// Who asks for it: mostly somebody who may.
pub fn caller(chance: &mut fastrand::Rng, what: &What) -> UserId {
    let anybody = *chance.choice(&USERS).unwrap_or(&USERS[0]);
    let often = match what {
        What::Record(..) | What::Read(_) | What::Import(..) => USERS[0],
        What::Sequence(..) | What::Message(..) => USERS[1],
        What::Organisation(_) | What::Account(..) | What::Catalogue(_) | What::Channels(_) => UserId::ADMINISTRATOR,
    };
    if chance.u32(0..10) < 6 { often } else { anybody }
}

/// Something about users and teams.
pub fn organise(chance: &mut fastrand::Rng) -> What {
    let user = USERS[chance.usize(0..USERS.len())];
    let (expected, change) = (chance.bool().then(|| chance.u32(1..4)), |change| vec![change]);
    What::Organisation(match chance.u32(0..20) {
        0..3 => {
            let drawn: Vec<Role> = Role::ALL[1..].iter().copied().filter(|_| chance.bool()).collect();
            OrganisationCommand::ChangeUser { user, changes: change(UserChange::Roles(roles(&drawn))), expected }
        }
        3 => {
            let unit = UNITS[chance.usize(0..2)].to_owned();
            OrganisationCommand::ChangeUser { user, changes: change(UserChange::BusinessUnit(unit)), expected }
        }
        4 | 5 => OrganisationCommand::DisableUser { user },
        6..10 => OrganisationCommand::EnableUser { user },
        10 | 11 => OrganisationCommand::AddMember { team: TEAM, user },
        12 | 13 => OrganisationCommand::RemoveMember { team: TEAM, user, expected },
        15 => OrganisationCommand::ChangeOwnSettings {
            settings: vec![
                OwnSetting::AutoAdvance(AutoAdvance::Next),
                OwnSetting::Language(Some(Language::Fr)),
                OwnSetting::SequenceColumns(vec!["name".into(), "tags".into()]),
            ],
            expected: None,
        },
        16 => OrganisationCommand::SetCalendar { user, calendar: calendar(chance), expected },
        17 => {
            let settings =
                vec![Setting::SellerAvailability(chance.u32(0..4) > 0), Setting::WaitComputation(chance.u32(0..4) > 0)];
            OrganisationCommand::ChangeSettings { settings, expected: None }
        }
        14 => {
            let settings = vec![
                Setting::Roles(Workspace::Only(roles(&[Role::SalesManager]))),
                Setting::RecordTypes([RecordType::Lead].into_iter().collect()),
                Setting::MonthlyConnectQuota(Some(chance.u32(1..30))),
            ];
            OrganisationCommand::ChangeSettings { settings, expected: None }
        }
        _ => OrganisationCommand::ChangeSettings { settings: Settings::default().each(), expected: None },
    })
}

/// Hours of some zone, and a day off now and then.
fn calendar(chance: &mut fastrand::Rng) -> Calendar {
    let zones = ["UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe"];
    let mut calendar = Calendar::usual(zones[chance.usize(0..zones.len())]);
    if chance.bool() {
        let from = chance.i32(0..60);
        let day = |days: i32| {
            NaiveDate::from_ymd_opt(2026, 3, 1).and_then(|first| first.checked_add_days(Days::new(days as u64)))
        };
        let off = day(from).zip(day(from + chance.i32(0..5)));
        calendar.entries.extend(off.map(|(from, until)| Entry::TimeOff {
            from: from.into(),
            until: until.into(),
            description: None,
        }));
        calendar.holidays = chance.bool().then(|| "ES".into());
    }
    calendar
}

/// Something about the credentials of a user.
pub fn authenticate(chance: &mut fastrand::Rng, history: &History, now: Timestamp) -> What {
    let user = USERS[chance.usize(0..USERS.len())];
    let known = history.accounts.get(&user.0).map(|log| log.state.keys.keys().copied().collect::<Vec<_>>());
    let known = known.and_then(|keys| chance.choice(&keys).copied()).unwrap_or(KeyId(1));
    let mut key = |kind| {
        let (id, digest) = (KeyId(chance.u128(..)), [chance.u8(..); 32]);
        NewKey { id, kind, digest, at: now, from: None, expires_at: None }
    };
    let (session, program) =
        (key(KeyKind::Session), KeyKind::Token { name: "p".into(), scopes: vec![TokenScope::Read] });
    let token = key(program);
    What::Account(
        user,
        match chance.u32(0..10) {
            0..3 => {
                let proof = if chance.bool() { Proof::Founding } else { Proof::Password("hash".into()) };
                AccountCommand::SetPassword { hash: "hash".into(), proof, key: session }
            }
            3 | 4 => AccountCommand::SignIn { proof: Proof::Password("hash".into()), key: session },
            5 | 6 => AccountCommand::OpenToken(token),
            7 => AccountCommand::Close(known),
            8 => AccountCommand::CloseSessions,
            _ => AccountCommand::Use { key: known, at: now },
        },
    )
}
