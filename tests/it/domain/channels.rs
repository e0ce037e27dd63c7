//! Mailboxes: who may write them, what fits, and which of them a message leaves from.

use relance::domain::channels::Channels;
use relance::domain::channels::command::{ChannelsCommand, ChannelsEvent, ChannelsRejection};
use relance::domain::channels::mailbox::{MailboxPart, Sealed, Security, ServerPart};
use relance::domain::entity::Stamp;
use relance::domain::given::Given;
use relance::domain::permission::{Denial, Role};
use relance::domain::policy::DEFAULT_UNIT;
use relance::domain::record::schema::Owner;
use relance::id::{ChannelsId, MailboxId, TeamId, UserId};
use relance::limits;

use super::ledger::Logged;
use super::world::{BEGIN, COLLEAGUE, SELLER, TEAM, at, given, sellers, user};

const FIRST: MailboxId = MailboxId(1);
const SECOND: MailboxId = MailboxId(2);

struct Desk {
    channels: Logged<Channels>,
    given: Given,
    by: UserId,
}

impl Desk {
    fn new() -> Desk {
        Desk { channels: Logged::new(), given: given(), by: UserId::ADMINISTRATOR }
    }

    fn ask(&mut self, command: ChannelsCommand) -> Result<Vec<ChannelsEvent>, ChannelsRejection> {
        let stamp = Stamp { at: at(BEGIN), by: self.by };
        let (events, owed) = self.channels.decide(ChannelsId::THE, &self.given, command, stamp)?;
        assert!(owed.0.is_empty(), "channels owe nothing");
        self.channels.check_replay();
        Ok(events)
    }

    fn add(&mut self, mailbox: MailboxId, more: &[MailboxPart]) -> Result<Vec<ChannelsEvent>, ChannelsRejection> {
        let name = format!("box{}", mailbox.0);
        let parts = [
            MailboxPart::Name(name.clone()),
            MailboxPart::Address(format!("{name}@example.com")),
            MailboxPart::Smtp(ServerPart::Host("mail.example.com".into())),
            MailboxPart::Smtp(ServerPart::Port(465)),
        ];
        let parts = parts.into_iter().chain(more.iter().cloned()).collect();
        self.ask(ChannelsCommand::AddMailbox { mailbox, parts })
    }

    fn change(&mut self, mailbox: MailboxId, parts: &[MailboxPart]) -> Result<Vec<ChannelsEvent>, ChannelsRejection> {
        self.ask(ChannelsCommand::ChangeMailbox { mailbox, parts: parts.to_vec(), expected: None })
    }

    fn faults(&mut self, parts: &[MailboxPart]) -> Vec<String> {
        match self.change(FIRST, parts) {
            Err(ChannelsRejection::Invalid(problems)) => {
                problems.into_iter().map(|problem| format!("{} {}", problem.pointer, problem.code)).collect()
            }
            other => panic!("{parts:?}: {other:?}"),
        }
    }

    fn sender(&self, assignee: Owner, sequence: Option<MailboxId>) -> Option<MailboxId> {
        self.channels.state.sender(&self.given.policy, assignee, sequence)
    }
}

fn owned(owner: Owner) -> MailboxPart {
    MailboxPart::Owner(Some(owner))
}

fn smtp(part: ServerPart) -> MailboxPart {
    MailboxPart::Smtp(part)
}

fn signed_in(password: &str) -> [MailboxPart; 2] {
    let password = Some(Sealed(password.into()));
    [smtp(ServerPart::Username(Some("me".into()))), smtp(ServerPart::Password(password))]
}

/// ST-2: whoever gets the step sends it as themselves, if they have a mailbox.
#[test]
fn st_2_a_message_leaves_from_the_assignees_mailbox_else_the_sequences_else_the_teams_else_a_shared_one() {
    let mut desk = Desk::new();
    let (seller, colleague, team) = (Owner::User(SELLER), Owner::User(COLLEAGUE), Owner::Team(TEAM));
    assert_eq!(desk.sender(seller, Some(FIRST)), None, "then the configured one, or the spool");
    let [shared, teams, own, sequences, later] = [5, 4, 3, 2, 6].map(MailboxId);
    desk.add(shared, &[]).unwrap();
    desk.add(later, &[]).unwrap();
    assert_eq!(desk.sender(seller, Some(sequences)), Some(shared), "the first, and the named one is not there");
    desk.add(teams, &[owned(team)]).unwrap();
    assert_eq!(desk.sender(seller, None), Some(teams));
    assert_eq!(desk.sender(Owner::User(UserId::ADMINISTRATOR), None), Some(shared));
    desk.add(sequences, &[owned(colleague)]).unwrap();
    assert_eq!(desk.sender(seller, Some(sequences)), Some(sequences));
    assert_eq!(desk.sender(seller, None), Some(teams), "a colleague's is nobody else's");
    desk.add(own, &[owned(seller)]).unwrap();
    assert_eq!(desk.sender(seller, Some(sequences)), Some(own));
    assert_eq!(desk.sender(team, Some(sequences)), Some(teams));
    assert_eq!(desk.sender(Owner::Team(TeamId(99)), None), Some(shared));
    desk.ask(ChannelsCommand::RemoveMailbox { mailbox: own, expected: None }).unwrap();
    assert_eq!(desk.sender(seller, None), Some(teams));
}

/// P-12, P-19: administrators set mailboxes up; their owners sign in.
#[test]
fn p_12_administrators_set_mailboxes_up_and_p_19_their_owners_say_how_they_sign_in() {
    let mut desk = Desk::new();
    desk.add(FIRST, &[owned(Owner::User(SELLER))]).unwrap();
    desk.add(SECOND, &[owned(Owner::Team(TEAM))]).unwrap();
    desk.by = SELLER;
    desk.change(FIRST, &signed_in("v1.a.b")).unwrap();
    desk.change(FIRST, &[MailboxPart::Name("Grace of sales".into())]).unwrap();
    let denied = |result| matches!(result, Err(ChannelsRejection::Denied(_)));
    for part in [
        smtp(ServerPart::Host("10.0.0.1".into())),
        smtp(ServerPart::Port(25)),
        smtp(ServerPart::Security(Security::None)),
        MailboxPart::Imap(ServerPart::Host("10.0.0.1".into())),
        MailboxPart::Address("ceo@example.com".into()),
        MailboxPart::Owner(None),
        MailboxPart::PerDay(None),
        MailboxPart::NoImap,
    ] {
        assert!(denied(desk.change(FIRST, &[MailboxPart::Name("x".into()), part.clone()])), "{part:?}");
    }
    assert!(denied(desk.change(SECOND, &signed_in("v1.a.b"))), "a team's is set up for it");
    assert!(denied(desk.add(MailboxId(3), &[])));
    assert!(denied(desk.ask(ChannelsCommand::RemoveMailbox { mailbox: FIRST, expected: None })));
    let mut organisation = sellers();
    let stranger = UserId(0x77);
    organisation.users.insert(stranger, user("Alien", &[Role::Seller], DEFAULT_UNIT));
    desk.given = desk.given.with_organisation(&organisation);
    desk.by = stranger;
    for mailbox in [FIRST, SECOND] {
        let change = desk.change(mailbox, &[MailboxPart::Name("x".into())]);
        assert_eq!(change, Err(Denial::hidden("mailbox").into()), "others do not even know of it");
    }
}

#[test]
fn what_does_not_fit_a_mailbox_is_told_with_its_place() {
    let mut desk = Desk::new();
    desk.add(FIRST, &[]).unwrap();
    let host = |host: &str| vec![smtp(ServerPart::Host(host.into()))];
    let address = |address: &str| vec![MailboxPart::Address(address.into())];
    let mut cases = vec![
        (vec![MailboxPart::Name(" ".into())], "/name empty"),
        (vec![MailboxPart::Name("Eve\r\nBcc: all@example.com".into())], "/name control_character"),
        (vec![MailboxPart::Name("n".repeat(limits::MAILBOX_NAME_MAX + 1))], "/name too_long"),
        (vec![smtp(ServerPart::Port(0))], "/smtp/port out_of_range"),
        (vec![smtp(ServerPart::Username(Some("me\n".into())))], "/smtp/username control_character"),
        (vec![smtp(ServerPart::Password(Some(Sealed("v1".into()))))], "/smtp/username missing"),
        (vec![MailboxPart::PerHour(Some(0))], "/caps/per_hour out_of_range"),
        (vec![MailboxPart::PerDay(Some(limits::MAILBOX_CAP_MAX + 1))], "/caps/per_day out_of_range"),
        (vec![owned(Owner::User(UserId(0x99)))], "/owner owner_unknown"),
    ];
    for bad in [
        "",
        "a",
        "a@",
        "@b",
        "a b@example.com",
        "a@b@example.com",
        "\"a b\"@example.com",
        "Ada <ada@example.com>",
        "a@example.com>",
        "a@[127.0.0.1]",
        "a@-example.com",
        "á@example.com",
        "a@exámple.com",
        "a@example.com\r\nX: y",
    ] {
        cases.push((address(bad), "/address email_invalid"));
    }
    for bad in
        ["", "mail example.com", "mail.example.com:25", "[::1]", "-a.example.com", "a..b", "mail/../x", "é.example"]
    {
        cases.push((host(bad), "/smtp/host host_invalid"));
    }
    for (parts, fault) in cases {
        assert_eq!(desk.faults(&parts), [fault], "{parts:?}");
    }
    let imap = [MailboxPart::Imap(ServerPart::Port(993))];
    assert_eq!(desk.faults(&imap), ["/imap/host host_invalid"], "a server has a host");
    for good in ["mail.example.com", "localhost", "127.0.0.1", "::1", "2001:db8::25", "mx-1.example"] {
        desk.change(FIRST, &host(good)).unwrap_or_else(|why| panic!("{good}: {why:?}"));
    }
}

#[test]
fn a_password_goes_nowhere_else_than_where_it_was_given_for_and_over_no_open_line() {
    let mut desk = Desk::new();
    desk.add(FIRST, &signed_in("v1.a.b")).unwrap();
    let moves =
        [ServerPart::Host("evil.example".into()), ServerPart::Port(25), ServerPart::Security(Security::Starttls)];
    for part in moves {
        let given_again = [smtp(part.clone()), signed_in("v1.a.c")[1].clone()];
        assert_eq!(desk.faults(&[smtp(part)]), ["/smtp/password password_needed"]);
        desk.change(FIRST, &given_again).unwrap();
    }
    desk.change(FIRST, &[smtp(ServerPart::Username(Some("you".into())))]).unwrap();
    let open = [smtp(ServerPart::Security(Security::None)), signed_in("v1.a.d")[1].clone()];
    assert_eq!(desk.faults(&open), ["/smtp/password insecure"]);
    let here = [smtp(ServerPart::Host("127.0.0.1".into()))];
    desk.change(FIRST, &[&here[..], &open[..]].concat()).unwrap();
    desk.change(FIRST, &[smtp(ServerPart::Password(None)), smtp(ServerPart::Host("mail.example.com".into()))]).unwrap();
    assert_eq!(desk.channels.state.mailboxes[&FIRST].smtp.password, None);
}

#[test]
fn a_change_holds_what_is_otherwise_than_before_and_no_old_password() {
    let mut desk = Desk::new();
    desk.add(FIRST, &signed_in("v1.a.old")).unwrap();
    desk.add(SECOND, &[]).unwrap();
    let taken = MailboxPart::Address("BOX1@example.com".into());
    assert_eq!(desk.change(SECOND, &[taken]), Err(ChannelsRejection::AddressTaken));
    assert_eq!(desk.add(SECOND, &[]), Err(ChannelsRejection::Exists));
    let same = [MailboxPart::Name(" box1 ".into()), MailboxPart::PerDay(None), MailboxPart::NoImap];
    assert_eq!(desk.change(FIRST, &same), Ok(vec![]));
    let events = desk.change(FIRST, &signed_in("v1.a.new")).unwrap();
    let [ChannelsEvent::MailboxChanged { before, after, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(before, &[smtp(ServerPart::Password(None))]);
    assert_eq!(after, &signed_in("v1.a.new")[1..]);
    let stale = ChannelsCommand::ChangeMailbox { mailbox: FIRST, parts: vec![], expected: Some(1) };
    assert_eq!(desk.ask(stale), Err(ChannelsRejection::VersionMismatch(2)));
    let stale = ChannelsCommand::RemoveMailbox { mailbox: FIRST, expected: Some(1) };
    assert_eq!(desk.ask(stale), Err(ChannelsRejection::VersionMismatch(2)));
    assert_eq!(desk.change(MailboxId(9), &[]), Err(ChannelsRejection::NotFound));
    desk.change(SECOND, &[MailboxPart::Imap(ServerPart::Host("imap.example.com".into()))]).unwrap_err();
    let imap = [ServerPart::Host("imap.example.com".into()), ServerPart::Port(993)].map(MailboxPart::Imap);
    let events = desk.change(SECOND, &imap).unwrap();
    let [ChannelsEvent::MailboxChanged { before, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(before, &[MailboxPart::NoImap, MailboxPart::NoImap]);
}

#[test]
fn there_are_so_many_mailboxes_and_no_more() {
    let mut desk = Desk::new();
    for number in 0..limits::MAILBOXES_MAX as u128 {
        desk.add(MailboxId(number), &[]).unwrap();
    }
    assert_eq!(desk.add(MailboxId(u128::MAX), &[]), Err(ChannelsRejection::Full));
}
