//! Users, teams and settings; the credentials of a user; and what is noted of refusals.

mod office;

use std::collections::BTreeSet;

use relance::domain::account::command::{AccountCommand, AccountEvent, AccountRejection, NewKey, Proof};
use relance::domain::account::{Account, KeyKind, TokenScope};
use relance::domain::audit::{Audit, Note, Refusal};
use relance::domain::entity::{Entity, Stamp};
use relance::domain::given::Given;
use relance::domain::organisation::command::{OrganisationCommand, OrganisationRejection, UserChange};
use relance::domain::organisation::settings::{Setting, Workspace};
use relance::domain::organisation::{TeamKind, UserProfile, UserState};
use relance::domain::permission::{Cause, Denies, Role, Roles};
use relance::domain::policy::DEFAULT_UNIT;
use relance::id::{AuditId, KeyId, Shard, TeamId, UserId};
use relance::limits;
use relance::time::Timestamp;

use super::ledger::Logged;
use super::world::{BEGIN, COLLEAGUE, SELLER, TEAM, at, sellers, user};

pub use self::office::Office;

pub const ADA: UserId = UserId(0x41);
pub const BOB: UserId = UserId(0x42);

fn roles(roles: &[Role]) -> Roles {
    roles.iter().copied().collect()
}

fn cause(rejection: &impl Denies) -> Option<Cause> {
    rejection.denial().map(|denial| denial.cause)
}

#[test]
fn p_12_only_administrators_change_users_teams_and_settings() {
    let team = TeamId(1);
    let profile = user("eve", &[Role::Seller], DEFAULT_UNIT).profile;
    let commands = [
        OrganisationCommand::AddUser { user: UserId(0x43), profile },
        OrganisationCommand::ChangeUser { user: BOB, changes: vec![], expected: None },
        OrganisationCommand::DisableUser { user: BOB },
        OrganisationCommand::EnableUser { user: BOB },
        OrganisationCommand::AddTeam { team, name: "T".into(), kind: TeamKind::Owner, members: BTreeSet::new() },
        OrganisationCommand::ChangeTeam { team, name: None, kind: None, members: None, expected: None },
        OrganisationCommand::AddMember { team, user: BOB },
        OrganisationCommand::RemoveMember { team, user: BOB, expected: None },
        OrganisationCommand::RemoveTeam { team, expected: None },
        OrganisationCommand::ChangeSettings { settings: vec![Setting::Roles(Workspace::All)], expected: None },
    ];
    let mut office = Office::with_two();
    office.add(UserId(0x44), "both", &[Role::SequenceManager, Role::SalesManager]).unwrap();
    for by in [BOB, UserId(0x44), UserId::NOBODY, UserId(0x99)] {
        office.by = by;
        for command in commands.clone() {
            let what = format!("{command:?} by {by}");
            assert_eq!(cause(&office.ask(command).unwrap_err()), Some(Cause::Role), "{what}");
        }
    }
    office.by = ADA;
    for command in commands {
        let what = format!("{command:?}");
        assert_eq!(office.ask(command).err().and_then(|rejection| cause(&rejection)), None, "{what}");
    }
}

#[test]
fn a_user_is_added_once_with_an_address_of_their_own() {
    let mut office = Office::with_two();
    assert_eq!(office.add(BOB, "other", &[Role::SystemAdministrator]), Err(OrganisationRejection::Exists));
    assert_eq!(office.state().users[&BOB].profile.roles, roles(&[Role::Seller]), "nothing was written over");
    assert_eq!(office.add(UserId(0x43), "BOB", &[Role::Seller]), Err(OrganisationRejection::EmailTaken));
    let taken = UserChange::Email("Ada@Example.COM ".into());
    assert_eq!(office.change(BOB, taken), Err(OrganisationRejection::EmailTaken));
    assert_eq!(office.change(BOB, UserChange::Email("BOB@example.com".into())), Ok(1), "one's own in other letters");
    assert_eq!(office.change(UserId(0x43), UserChange::Name("x".into())), Err(OrganisationRejection::UserNotFound));
    let wrong = UserProfile { language: Some("de".into()), time_zone: Some("Moon".into()), ..UserProfile::default() };
    let Err(OrganisationRejection::Invalid(problems)) =
        office.ask(OrganisationCommand::AddUser { user: UserId(0x43), profile: wrong })
    else {
        panic!("it does not fit")
    };
    let pointers: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/name", "/business_unit", "/email", "/roles", "/time_zone", "/language"]);
}

#[test]
fn the_last_administrator_who_can_sign_in_stays() {
    let mut office = Office::with_two();
    let lose = |office: &mut Office| {
        [
            office.change(ADA, UserChange::Roles(roles(&[Role::Seller]))),
            office.ask(OrganisationCommand::DisableUser { user: ADA }),
        ]
    };
    let last = || Err(OrganisationRejection::LastAdministrator);
    assert_eq!(lose(&mut office), [last(), last()]);
    office.change(BOB, UserChange::Roles(roles(&[Role::SystemAdministrator]))).unwrap();
    assert_eq!(lose(&mut office), [last(), last()], "Bob has never signed in");
    office.arrive(BOB).unwrap();
    assert_eq!(lose(&mut office), [Ok(1), Ok(2)]);
    assert!(office.state().has_administrator());
}

#[test]
fn teams_hold_users_that_are_there_and_only_the_version_that_was_seen_is_changed() {
    let mut office = Office::with_two();
    let team = TeamId(1);
    let add = |members: &[UserId]| OrganisationCommand::AddTeam {
        team,
        name: "North".into(),
        kind: TeamKind::Access,
        members: members.iter().copied().collect(),
    };
    assert!(matches!(office.ask(add(&[UserId(0x99)])), Err(OrganisationRejection::Invalid(_))));
    office.ask(add(&[BOB])).unwrap();
    assert_eq!(office.ask(add(&[])), Err(OrganisationRejection::Exists));
    let change = |members: &[UserId], expected| OrganisationCommand::ChangeTeam {
        team,
        name: Some("South".into()),
        kind: None,
        members: Some(members.iter().copied().collect()),
        expected,
    };
    assert_eq!(office.ask(change(&[ADA], Some(7))), Err(OrganisationRejection::VersionMismatch(1)));
    assert_eq!(office.ask(change(&[ADA], Some(1))), Ok(3), "the name, one in, one out");
    assert_eq!(office.ask(change(&[ADA], None)), Ok(0), "the same again");
    assert_eq!(office.given().policy.teams_of(ADA), [team]);
    assert_eq!(office.ask(OrganisationCommand::AddMember { team, user: BOB }), Ok(1));
    let remove = OrganisationCommand::RemoveMember { team, user: BOB, expected: Some(5) };
    assert_eq!(office.ask(remove.clone()), Ok(1));
    assert_eq!(office.ask(remove), Err(OrganisationRejection::VersionMismatch(6)));
    let remove = OrganisationCommand::RemoveTeam { team, expected: None };
    assert_eq!(office.ask(remove.clone()), Ok(1));
    assert_eq!(office.ask(remove), Err(OrganisationRejection::TeamNotFound));
    assert!(office.given().policy.teams_of(ADA).is_empty());
}

#[test]
fn the_first_administrator_is_founded_while_there_is_none() {
    let mut office = Office::new();
    office.by = UserId::NOBODY;
    let found = |id| OrganisationCommand::Found { user: id, profile: user("ada", &[], DEFAULT_UNIT).profile };
    office.ask(found(ADA)).unwrap();
    assert!(office.state().users[&ADA].profile.roles.has(Role::SystemAdministrator));
    office.arrive(ADA).unwrap();
    assert_eq!(office.ask(found(BOB)), Err(OrganisationRejection::Founded));
}

/// An account of the seller; instants are minutes.
struct Credentials {
    account: Logged<Account>,
    given: Given,
    by: UserId,
}

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute * 60_000)
}

fn key(number: u128, at: i64) -> NewKey {
    let (kind, expires_at) = (KeyKind::Session, Some(minute(at + 1_000)));
    NewKey { id: KeyId(number), kind, digest: [number as u8; 32], at: minute(at), from: None, expires_at }
}

fn token(number: u128) -> NewKey {
    let kind = KeyKind::Token { name: "nightly".into(), scopes: vec![TokenScope::Read] };
    NewKey { kind, ..key(number, 0) }
}

impl Credentials {
    fn new() -> Credentials {
        Credentials {
            account: Logged::new(),
            given: Given::default().with_organisation(&sellers()),
            by: UserId::ADMINISTRATOR,
        }
    }

    fn ask(&mut self, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountRejection> {
        let stamp = Stamp { at: at(BEGIN), by: self.by };
        let (events, _) = self.account.decide(SELLER.account(), &self.given, command, stamp)?;
        self.account.check_replay();
        Ok(events)
    }

    fn sign_in(&mut self, proof: Proof, key: NewKey) -> Result<(), AccountRejection> {
        self.ask(AccountCommand::SignIn { proof, key }).map(|_| ())
    }

    fn keys(&self) -> Vec<u128> {
        self.account.state.keys.keys().map(|key| key.0).collect()
    }
}

fn password(hash: &str) -> Proof {
    Proof::Password(hash.into())
}

#[test]
fn an_invitation_sets_a_password_once_and_in_time() {
    let mut seller = Credentials::new();
    let set = |digest, at| AccountCommand::SetPassword {
        hash: "hash".into(),
        proof: Proof::Invitation([digest; 32]),
        key: key(1, at),
    };
    seller.by = SELLER;
    let invite = |digest| AccountCommand::Invite { digest: [digest; 32], expires_at: minute(10) };
    assert_eq!(cause(&seller.ask(invite(7)).unwrap_err()), Some(Cause::Role), "P-12");
    seller.by = UserId::ADMINISTRATOR;
    seller.ask(invite(7)).unwrap();
    seller.ask(invite(8)).unwrap();
    seller.by = UserId::NOBODY;
    for (digest, at) in [(7, 1), (9, 1), (8, 10), (8, 11)] {
        assert_eq!(seller.ask(set(digest, at)), Err(AccountRejection::NotProved), "{digest} at {at}");
    }
    seller.ask(set(8, 9)).unwrap();
    assert_eq!(seller.ask(set(8, 9)), Err(AccountRejection::NotProved), "once");
    assert_eq!(seller.keys(), [1]);
    assert_eq!(seller.sign_in(Proof::Founding, key(2, 9)), Err(AccountRejection::NotProved), "it has a password");
}

#[test]
fn a_new_password_ends_every_session_and_no_token() {
    let mut seller = Credentials::new();
    let set = |old: Proof, hash: &str, key| AccountCommand::SetPassword { hash: hash.into(), proof: old, key };
    seller.ask(set(Proof::Founding, "first", key(1, 0))).unwrap();
    seller.ask(AccountCommand::OpenToken(token(2))).unwrap();
    seller.sign_in(password("first"), key(3, 0)).unwrap();
    assert_eq!(seller.ask(set(password("wrong"), "second", key(4, 0))), Err(AccountRejection::NotProved));
    seller.ask(set(password("first"), "second", key(4, 0))).unwrap();
    assert_eq!(seller.keys(), [2, 4]);
    assert_eq!(seller.sign_in(password("first"), key(5, 0)), Err(AccountRejection::NotProved));
}

#[test]
fn sessions_are_bounded_those_that_ended_go_first_then_those_not_used_for_longest() {
    let mut seller = Credentials::new();
    seller.ask(AccountCommand::OpenToken(token(999))).unwrap();
    let first = AccountCommand::SetPassword { hash: "h".into(), proof: Proof::Founding, key: key(1, 0) };
    seller.ask(first).unwrap();
    let max = limits::SESSIONS_MAX as u128;
    for number in 2..=max {
        seller.sign_in(password("h"), key(number, number as i64)).unwrap();
    }
    seller.ask(AccountCommand::Use { key: KeyId(1), at: minute(500) }).unwrap();
    seller.sign_in(password("h"), key(100, 501)).unwrap();
    let kept: Vec<u128> = [1].into_iter().chain(3..=max).chain([100, 999]).collect();
    assert_eq!(seller.keys(), kept, "the one used longest ago made room");
    seller.sign_in(password("h"), key(101, 1_020)).unwrap();
    assert!(
        seller
            .account
            .state
            .keys
            .values()
            .all(|key| { key.kind != KeyKind::Session || key.expires_at.is_some_and(|end| end > minute(1_020)) })
    );
    assert!(seller.keys().contains(&999), "tokens are no sessions");
}

#[test]
fn p_19_keys_are_their_users_own_and_an_administrators() {
    let mut seller = Credentials::new();
    seller.by = SELLER;
    seller.ask(AccountCommand::OpenToken(token(1))).unwrap();
    for by in [COLLEAGUE, UserId::NOBODY] {
        seller.by = by;
        for command in
            [AccountCommand::OpenToken(token(2)), AccountCommand::Close(KeyId(1)), AccountCommand::CloseSessions]
        {
            let what = format!("{command:?} by {by}");
            assert!(cause(&seller.ask(command).unwrap_err()).is_some(), "{what}");
        }
    }
    seller.by = SELLER;
    assert_eq!(seller.ask(AccountCommand::Close(KeyId(9))), Err(AccountRejection::NotFound));
    for number in 2..=limits::TOKENS_MAX as u128 {
        seller.ask(AccountCommand::OpenToken(token(number))).unwrap();
    }
    assert_eq!(seller.ask(AccountCommand::OpenToken(token(500))), Err(AccountRejection::TooManyTokens));
    let mut organisation = sellers();
    organisation.users.get_mut(&SELLER).unwrap().state = UserState::Disabled;
    seller.given = Given::default().with_organisation(&organisation);
    assert!(cause(&seller.ask(AccountCommand::Close(KeyId(1))).unwrap_err()).is_some(), "disabled");
    seller.by = UserId::ADMINISTRATOR;
    assert_eq!(seller.ask(AccountCommand::OpenToken(token(500))), Err(AccountRejection::NotFound));
    assert_eq!(seller.sign_in(Proof::Founding, key(501, 0)), Err(AccountRejection::NotFound));
    seller.ask(AccountCommand::Close(KeyId(1))).expect("what a disabled user holds can be taken away");
}

#[test]
fn the_provider_that_vouched_first_is_the_one_that_counts() {
    let mut seller = Credentials::new();
    let vouched = |subject: &str| Proof::Provider { issuer: "https://id".into(), subject: subject.into() };
    seller.sign_in(vouched("a"), key(1, 0)).unwrap();
    assert_eq!(seller.sign_in(vouched("b"), key(2, 0)), Err(AccountRejection::NotProved));
    seller.sign_in(vouched("a"), key(2, 0)).unwrap();
    assert_eq!(seller.keys(), [1, 2]);
}

#[test]
fn refusals_are_counted_and_never_refused() {
    let mut audit = Logged::<Audit>::new();
    let given = Given::default().with_organisation(&sellers());
    let id = AuditId::of(Shard(3));
    for (number, by) in [SELLER, UserId::NOBODY, UserId::SYSTEM].into_iter().enumerate() {
        let note = Note(Refusal {
            action: "GET /records".into(),
            subject: TEAM.to_string(),
            code: "not_found".into(),
            detail: "there is no such record".into(),
        });
        audit.decide(id, &given, note, Stamp { at: at(BEGIN), by }).expect("never refused");
        assert_eq!(audit.state.refusals, number as u64 + 1);
    }
    audit.check_replay();
    assert!(Audit::default().must_be_seen(&given, UserId::NOBODY).is_ok());
}
