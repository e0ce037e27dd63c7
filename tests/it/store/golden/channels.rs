//! An example of every fact about the channels, and of what mailboxes and servers are made of.

use relance::domain::channels::command::ChannelsEvent;
use relance::domain::channels::mailbox::{MailboxPart, Sealed, Security, ServerPart};
use relance::domain::record::schema::Owner;
use relance::id::MailboxId;

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

pub fn events() -> Vec<ChannelsEvent> {
    use ChannelsEvent::*;
    let mailbox = MailboxId(SEQUENCE.0);
    vec![
        MailboxAdded { mailbox, parts: parts() },
        MailboxChanged {
            mailbox,
            before: vec![MailboxPart::NoImap, MailboxPart::PerDay(None)],
            after: vec![MailboxPart::Imap(ServerPart::Host("imap.example.gal".into())), MailboxPart::PerDay(Some(9))],
        },
        MailboxRemoved { mailbox },
    ]
}
