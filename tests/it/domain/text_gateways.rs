//! Text gateways: who may write them, what fits, and which of them a message leaves through.

use relance::domain::channels::Channels;
use relance::domain::channels::command::{ChannelsCommand, ChannelsEvent, ChannelsRejection};
use relance::domain::channels::gateway::{
    Answer, Authentication, GatewayPart, Incoming, Method, Receipts, Request, RequestBody, Signature, Verdict,
};
use relance::domain::channels::mailbox::Sealed;
use relance::domain::delivery::Class;
use relance::domain::entity::Stamp;
use relance::domain::given::Given;
use relance::domain::record::schema::Owner;
use relance::id::{ChannelsId, GatewayId, TeamId, UserId};
use relance::limits;

use super::ledger::Logged;
use super::world::{BEGIN, COLLEAGUE, SELLER, TEAM, at, given};

const FIRST: GatewayId = GatewayId(1);

struct Desk {
    channels: Logged<Channels>,
    given: Given,
    by: UserId,
}

/// A request that carries these fields as a form.
pub fn form(fields: &[(&str, &str)]) -> Request {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Request { url: "https://sms.example.com/send".into(), body: RequestBody::Form(fields), ..Request::default() }
}

/// What a gateway needs at least.
pub fn plain() -> [GatewayPart; 2] {
    let request = form(&[("to", "{{ to }}"), ("text", "{{ body }}"), ("ref", "{{ id }}")]);
    [GatewayPart::Name("Texts".into()), GatewayPart::Request(request)]
}

impl Desk {
    fn new() -> Desk {
        Desk { channels: Logged::new(), given: given(), by: UserId::ADMINISTRATOR }
    }

    fn ask(&mut self, command: ChannelsCommand) -> Result<Vec<ChannelsEvent>, ChannelsRejection> {
        let stamp = Stamp { at: at(BEGIN), by: self.by };
        let (events, _) = self.channels.decide(ChannelsId::THE, &self.given, command, stamp)?;
        self.channels.check_replay();
        Ok(events)
    }

    fn add(&mut self, gateway: GatewayId, more: &[GatewayPart]) -> Result<Vec<ChannelsEvent>, ChannelsRejection> {
        let parts = plain().into_iter().chain(more.iter().cloned()).collect();
        self.ask(ChannelsCommand::AddGateway { gateway, parts })
    }

    fn change(&mut self, parts: &[GatewayPart]) -> Result<Vec<ChannelsEvent>, ChannelsRejection> {
        self.ask(ChannelsCommand::ChangeGateway { gateway: FIRST, parts: parts.to_vec(), expected: None })
    }
}

#[test]
fn p_12_administrators_set_text_gateways_up_and_nobody_else() {
    let mut desk = Desk::new();
    desk.by = SELLER;
    assert!(matches!(desk.add(FIRST, &[]), Err(ChannelsRejection::Denied(_))));
    desk.by = UserId::ADMINISTRATOR;
    desk.add(FIRST, &[]).unwrap();
    assert_eq!(desk.add(FIRST, &[]), Err(ChannelsRejection::Exists));
    desk.by = SELLER;
    assert!(matches!(desk.change(&[]), Err(ChannelsRejection::Denied(_))));
    let remove = |expected| ChannelsCommand::RemoveGateway { gateway: FIRST, expected };
    assert!(matches!(desk.ask(remove(None)), Err(ChannelsRejection::Denied(_))));
    desk.by = UserId::ADMINISTRATOR;
    assert_eq!(desk.change(&[GatewayPart::Name("Texts".into())]), Ok(vec![]), "it is called that already");
    assert_eq!(desk.change(&[GatewayPart::Country(Some("FR".into()))]).unwrap().len(), 1);
    assert_eq!(desk.channels.state.gateways[&FIRST].version, 2);
    assert_eq!(desk.ask(remove(Some(1))), Err(ChannelsRejection::VersionMismatch(2)));
    desk.ask(remove(Some(2))).unwrap();
    assert_eq!(desk.ask(remove(None)), Err(ChannelsRejection::NotFound));
    for number in 0..limits::GATEWAYS_MAX as u128 {
        desk.add(GatewayId(number), &[]).unwrap();
    }
    assert_eq!(desk.add(GatewayId(u128::MAX), &[]), Err(ChannelsRejection::GatewaysFull));
}

#[test]
fn everything_that_does_not_fit_is_told_at_once_and_where() {
    let with = |body: RequestBody| GatewayPart::Request(Request { body, ..form(&[]) });
    let header = |name: &str, value: &str| {
        let headers = [(name.to_owned(), value.to_owned())].into();
        GatewayPart::Request(Request { headers, ..form(&[("to", "{{ to }}"), ("text", "{{ body }}")]) })
    };
    let pointer = || Some("id".to_owned());
    let receipts = Receipts { status: "/s".into(), ..Receipts::default() };
    let signature = Signature { header: "Host".into(), prefix: "a\r\n".into(), ..Signature::default() };
    let verdict = Verdict { at: "x".into(), ..Verdict::default() };
    for (part, expected) in [
        (GatewayPart::Name(" ".into()), "/name empty"),
        (GatewayPart::Country(Some("XX".into())), "/country country_unknown"),
        (GatewayPart::Owner(Some(Owner::Team(TeamId(99)))), "/owner owner_unknown"),
        (with(RequestBody::Empty), "/request blank_missing, /request blank_missing"),
        (with(RequestBody::Json(r#"{"to":"{{ to }}"}"#.into())), "/request blank_missing"),
        (
            with(RequestBody::Json(r#"{"to":"{{ to }}","m":[{"text":"{{ body }}","x":"{{ name }}"}]}"#.into())),
            "/request/json/m/0/x blank_unknown",
        ),
        (header("Content-Length", "1"), "/request/headers/Content-Length header_invalid"),
        (header("X Y", "1"), "/request/headers/X Y header_invalid"),
        (header("X", "a\r\nY: b"), "/request/headers/X control_character"),
        (header("X", "{{ body }}"), "/request/headers/X blank_not_allowed"),
        (header("X", "{{ secret }}"), "/secret missing"),
        (
            GatewayPart::Request(Request { method: Method::Get, ..form(&[("t", "{{to}}{{body}}")]) }),
            "/request/method body_not_allowed",
        ),
        (GatewayPart::Authentication(Authentication::Bearer), "/secret missing"),
        (
            GatewayPart::Authentication(Authentication::Basic { username: "a:b".into() }),
            "/authentication/username username_invalid, /secret missing",
        ),
        (
            GatewayPart::Authentication(Authentication::Signed(signature)),
            "/authentication/header header_invalid, /authentication/prefix header_invalid, /secret missing",
        ),
        (
            GatewayPart::Answer(Answer { message_id: pointer(), verdict: Some(verdict), detail: None }),
            "/answer/message_id pointer_invalid, /answer/status/at pointer_invalid, /answer/status/taken empty",
        ),
        (GatewayPart::Receipts(Some(receipts)), "/receipts missing"),
        (
            GatewayPart::Incoming(Some(Incoming { id: pointer(), ..Incoming::default() })),
            "/incoming/from pointer_invalid, /incoming/body pointer_invalid, /incoming/id pointer_invalid",
        ),
        (GatewayPart::CallbackSecret(Some(Sealed("v1".into()))), "/callback_secret missing"),
    ] {
        let mut desk = Desk::new();
        desk.add(FIRST, &[]).unwrap();
        let Err(ChannelsRejection::Invalid(problems)) = desk.change(std::slice::from_ref(&part)) else {
            panic!("{part:?}")
        };
        let told: Vec<_> = problems.iter().map(|problem| format!("{} {}", problem.pointer, problem.code)).collect();
        assert_eq!(told.join(", "), expected, "{part:?}");
    }
}

/// A provider knows a second attempt by the id that both carry, so one that is said to has to be given it.
#[test]
fn a_gateway_that_takes_repeats_is_given_the_id_of_the_message() {
    let mut desk = Desk::new();
    desk.add(FIRST, &[GatewayPart::Idempotent(true)]).unwrap();
    assert_eq!(desk.channels.state.gateways[&FIRST].class(), Class::Idempotent);
    let unnamed = GatewayPart::Request(form(&[("to", "{{ to }}"), ("text", "{{ body }}")]));
    assert!(matches!(desk.change(std::slice::from_ref(&unnamed)), Err(ChannelsRejection::Invalid(_))));
    desk.change(&[unnamed, GatewayPart::Idempotent(false)]).unwrap();
    assert_eq!(desk.channels.state.gateways[&FIRST].class(), Class::Blind);
}

#[test]
fn a_secret_goes_to_no_other_server_than_the_one_that_it_was_given_for() {
    let mut desk = Desk::new();
    let secret = GatewayPart::Secret(Some(Sealed("v1.a.b".into())));
    desk.add(FIRST, &[secret, GatewayPart::Authentication(Authentication::Bearer)]).unwrap();
    let moved = |url: &str| {
        GatewayPart::Request(Request { url: url.into(), ..form(&[("to", "{{ to }}"), ("text", "{{ body }}")]) })
    };
    for url in ["https://sms.example.com.evil.example/send", "http://sms.example.com/send", "https://other.example"] {
        let Err(ChannelsRejection::Invalid(problems)) = desk.change(&[moved(url)]) else { panic!("{url}") };
        assert_eq!((problems[0].pointer.as_str(), problems[0].code), ("/secret", "secret_needed"), "{url}");
    }
    desk.change(&[moved("https://sms.example.com/v2/send?x=1")]).unwrap();
    let events =
        desk.change(&[moved("https://other.example"), GatewayPart::Secret(Some(Sealed("v1.a.c".into())))]).unwrap();
    let [ChannelsEvent::GatewayChanged { before, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert!(before.contains(&GatewayPart::Secret(None)), "what it was is not kept");
}

/// ST-4: as with mailboxes.
#[test]
fn st_4_a_text_leaves_through_the_assignees_gateway_else_the_teams_else_a_shared_one() {
    let mut desk = Desk::new();
    let through = |desk: &Desk, assignee| desk.channels.state.gateway(&desk.given.policy, assignee);
    let (seller, team) = (Owner::User(SELLER), Owner::Team(TEAM));
    assert_eq!(through(&desk, seller), None);
    let [own, teams, shared] = [3, 2, 1].map(GatewayId);
    desk.add(shared, &[]).unwrap();
    assert_eq!(through(&desk, seller), Some(shared));
    desk.add(teams, &[GatewayPart::Owner(Some(team))]).unwrap();
    assert_eq!((through(&desk, seller), through(&desk, team)), (Some(teams), Some(teams)));
    desk.add(own, &[GatewayPart::Owner(Some(seller))]).unwrap();
    assert_eq!(through(&desk, seller), Some(own));
    assert_ne!(through(&desk, Owner::User(COLLEAGUE)), Some(own));
}
