//! What the channels are asked: few mailboxes and text gateways that come, change and go.

use relance::domain::channels::command::ChannelsCommand;
use relance::domain::channels::gateway::{GatewayPart, Request, RequestBody};
use relance::domain::channels::mailbox::{MailboxPart, Sealed, Security, ServerPart};
use relance::domain::record::schema::Owner;
use relance::id::{GatewayId, MailboxId};

use super::ask::What;
use super::people::{TEAM, USERS};

/// Something about mailboxes or text gateways.
pub fn arrange(chance: &mut fastrand::Rng) -> What {
    if chance.u32(0..3) == 0 { gateways(chance) } else { mailboxes(chance) }
}

fn gateways(chance: &mut fastrand::Rng) -> What {
    let gateway = GatewayId(chance.u128(1..3));
    let expected = chance.bool().then(|| chance.u32(1..4));
    let form = [("to", "{{ to }}"), ("text", "{{ body }}"), ("id", "{{ id }}")];
    let form = RequestBody::Form(form.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let request = Request { url: "https://texts.example".into(), body: form, ..Request::default() };
    let some = [
        GatewayPart::Country(chance.bool().then(|| "GB".into())),
        GatewayPart::Idempotent(chance.bool()),
        GatewayPart::From(chance.bool().then(|| "relance".into())),
    ];
    let some: Vec<_> = some.into_iter().filter(|_| chance.bool()).collect();
    What::Channels(match chance.u32(0..5) {
        0 => ChannelsCommand::RemoveGateway { gateway, expected },
        1 | 2 => {
            let parts = [GatewayPart::Name("Texts".into()), GatewayPart::Request(request)].into_iter().chain(some);
            ChannelsCommand::AddGateway { gateway, parts: parts.collect() }
        }
        _ => ChannelsCommand::ChangeGateway { gateway, parts: some, expected },
    })
}

fn mailboxes(chance: &mut fastrand::Rng) -> What {
    let mailbox = MailboxId(chance.u128(1..4));
    let expected = chance.bool().then(|| chance.u32(1..4));
    let owner = match chance.u32(0..3) {
        0 => None,
        1 => Some(Owner::Team(TEAM)),
        _ => Some(Owner::User(USERS[chance.usize(0..USERS.len())])),
    };
    let password = chance.bool().then(|| Sealed(format!("v1.key.{}", chance.u32(0..3))));
    let some = [
        MailboxPart::Name(format!("Mailbox {}", chance.u32(0..3))),
        MailboxPart::Owner(owner),
        MailboxPart::Smtp(ServerPart::Username(Some("me".into()))),
        MailboxPart::Smtp(ServerPart::Password(password.clone())),
        MailboxPart::Imap(ServerPart::Host("127.0.0.1".into())),
        MailboxPart::NoImap,
        MailboxPart::PerDay(Some(chance.u32(0..3))),
    ];
    let some: Vec<_> = some.into_iter().filter(|_| chance.u32(0..3) == 0).collect();
    What::Channels(match chance.u32(0..6) {
        0 => ChannelsCommand::RemoveMailbox { mailbox, expected },
        1 | 2 => {
            let all = [
                MailboxPart::Name("Sales".into()),
                MailboxPart::Address(format!("sales{}@example.org", chance.u32(0..3))),
                MailboxPart::Smtp(ServerPart::Host("127.0.0.1".into())),
                MailboxPart::Smtp(ServerPart::Port(chance.u16(0..3))),
                MailboxPart::Smtp(ServerPart::Security(Security::None)),
            ];
            ChannelsCommand::AddMailbox { mailbox, parts: all.into_iter().chain(some).collect() }
        }
        _ => ChannelsCommand::ChangeMailbox { mailbox, parts: some, expected },
    })
}
