//! An example of every fact about the channels, and of what mailboxes and servers are made of.

use relance::domain::channels::command::ChannelsEvent;
use relance::domain::channels::gateway::{
    Answer, Authentication, Encoding, GatewayPart, Hash, Incoming, Method, Receipts, Request, RequestBody, Signature,
    Verdict,
};
use relance::domain::channels::mailbox::{MailboxPart, Sealed, Security, ServerPart};
use relance::domain::record::schema::Owner;
use relance::id::{GatewayId, MailboxId};

use super::{SEQUENCE, TEAM, USER, text};

pub fn server_parts() -> Vec<ServerPart> {
    use ServerPart::*;
    vec![
        Host("correo.example.gal".into()),
        Port(587),
        Security(self::Security::None),
        Security(self::Security::Starttls),
        Security(self::Security::Tls),
        Username(text("vendas")),
        Username(None),
        Password(Some(Sealed("v1.AAAAAAAA.AAAA".into()))),
        Password(None),
    ]
}

pub fn parts() -> Vec<MailboxPart> {
    use MailboxPart::*;
    vec![
        Name("Vendas de Lugo".into()),
        Address("vendas@example.gal".into()),
        Owner(Some(self::Owner::User(USER))),
        Owner(Some(self::Owner::Team(TEAM))),
        Owner(None),
        Smtp(ServerPart::Port(465)),
        Imap(ServerPart::Port(993)),
        NoImap,
        PerHour(Some(60)),
        PerHour(None),
        PerDay(Some(300)),
    ]
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn request(method: Method, body: RequestBody) -> GatewayPart {
    let fields = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
    let (query, headers) = (fields("v", "2"), fields("X-Key", "{{ secret }}"));
    GatewayPart::Request(Request { method, url: "https://sms.example.gal/enviar".into(), query, headers, body })
}

fn signature(hash: Hash, encoding: Encoding) -> Signature {
    Signature { header: "X-Signature".into(), prefix: "sha256=".into(), hash, encoding }
}

pub fn gateway_parts() -> Vec<GatewayPart> {
    use GatewayPart::*;
    let verdict = Verdict { at: "/status".into(), taken: words(&["0"]), later: words(&["1", "2"]) };
    let receipts = self::Receipts {
        each: text("/results"),
        message_id: text("/id"),
        reference: text("/ref"),
        status: "/status".into(),
        delivered: words(&["DELIVRD"]),
        failed: words(&["UNDELIV", "EXPIRED"]),
        detail: text("/error"),
    };
    let incoming =
        self::Incoming { each: text("/results"), from: "/from".into(), body: "/text".into(), id: text("/id") };
    vec![
        Name("Mensaxes".into()),
        Owner(Some(self::Owner::Team(TEAM))),
        Owner(None),
        Country(text("ES")),
        From(text("Lugo")),
        Idempotent(true),
        request(Method::Post, RequestBody::Json(r#"{"to":"{{ to }}","text":"{{ body }}"}"#.into())),
        request(Method::Put, RequestBody::Form([("to".to_owned(), "{{ to_digits }}".to_owned())].into())),
        request(Method::Get, RequestBody::Empty),
        Authentication(self::Authentication::None),
        Authentication(self::Authentication::Bearer),
        Authentication(self::Authentication::Basic { username: "vendas".into() }),
        Authentication(self::Authentication::Signed(signature(Hash::Sha256, Encoding::Hex))),
        Secret(Some(Sealed("v1.AAAAAAAA.AAAA".into()))),
        Answer(self::Answer { message_id: text("/id"), verdict: Some(verdict), detail: text("/error") }),
        Answer(self::Answer::default()),
        Receipts(Some(receipts)),
        Receipts(None),
        Incoming(Some(incoming)),
        Incoming(None),
        Callback(Some(signature(Hash::Sha512, Encoding::Base64))),
        Callback(Some(signature(Hash::Sha1, Encoding::Base64))),
        CallbackSecret(None),
    ]
}

pub fn events() -> Vec<ChannelsEvent> {
    use ChannelsEvent::*;
    let (mailbox, gateway) = (MailboxId(SEQUENCE.0), GatewayId(SEQUENCE.0));
    vec![
        MailboxAdded { mailbox, parts: parts() },
        MailboxChanged {
            mailbox,
            before: vec![MailboxPart::NoImap, MailboxPart::PerDay(None)],
            after: vec![MailboxPart::Imap(ServerPart::Host("imap.example.gal".into())), MailboxPart::PerDay(Some(9))],
        },
        MailboxRemoved { mailbox },
        GatewayAdded { gateway, parts: gateway_parts() },
        GatewayChanged {
            gateway,
            before: vec![GatewayPart::Secret(None)],
            after: vec![GatewayPart::Country(text("FR"))],
        },
        GatewayRemoved { gateway },
    ]
}
