//! What became of mailboxes, as administrators read it.

use super::{Told, owner};
use crate::domain::channels::command::ChannelsEvent;
use crate::domain::channels::mailbox::{MailboxPart, Security, ServerPart};
use crate::id::{EntityId, GatewayId, MailboxId};
use crate::web::wire::text_gateway::told;

fn mailbox(id: MailboxId) -> String {
    format!("mailbox {id}")
}

fn security(security: Security) -> &'static str {
    match security {
        Security::None => "none",
        Security::Starttls => "starttls",
        Security::Tls => "tls",
    }
}

/// A part's value; of a password only whether there is one.
fn server(part: &ServerPart) -> String {
    match part {
        ServerPart::Host(host) => host.clone(),
        ServerPart::Port(port) => port.to_string(),
        ServerPart::Security(of) => security(*of).into(),
        ServerPart::Username(username) => username.clone().unwrap_or_default(),
        ServerPart::Password(password) => if password.is_some() { "(set)" } else { "(none)" }.into(),
    }
}

fn value(part: &MailboxPart) -> String {
    let cap = |cap: &Option<u32>| cap.map(|cap| cap.to_string()).unwrap_or_default();
    match part {
        MailboxPart::Name(text) | MailboxPart::Address(text) => text.clone(),
        MailboxPart::Owner(of) => of.map(owner).unwrap_or_default(),
        MailboxPart::Smtp(part) | MailboxPart::Imap(part) => server(part),
        MailboxPart::NoImap => String::new(),
        MailboxPart::PerHour(of) | MailboxPart::PerDay(of) => cap(of),
    }
}

fn what(part: &MailboxPart) -> &'static str {
    match part {
        MailboxPart::Name(_) => "name",
        MailboxPart::Address(_) => "address",
        MailboxPart::Owner(_) => "owner",
        MailboxPart::Smtp(ServerPart::Host(_)) => "smtp.host",
        MailboxPart::Smtp(ServerPart::Port(_)) => "smtp.port",
        MailboxPart::Smtp(ServerPart::Security(_)) => "smtp.security",
        MailboxPart::Smtp(ServerPart::Username(_)) => "smtp.username",
        MailboxPart::Smtp(ServerPart::Password(_)) => "smtp.password",
        MailboxPart::Imap(ServerPart::Host(_)) => "imap.host",
        MailboxPart::Imap(ServerPart::Port(_)) => "imap.port",
        MailboxPart::Imap(ServerPart::Security(_)) => "imap.security",
        MailboxPart::Imap(ServerPart::Username(_)) => "imap.username",
        MailboxPart::Imap(ServerPart::Password(_)) => "imap.password",
        MailboxPart::NoImap => "imap",
        MailboxPart::PerHour(_) => "caps.per_hour",
        MailboxPart::PerDay(_) => "caps.per_day",
    }
}

fn is_password(part: &MailboxPart) -> bool {
    matches!(part, MailboxPart::Smtp(ServerPart::Password(_)) | MailboxPart::Imap(ServerPart::Password(_)))
}

fn gateway(id: GatewayId) -> String {
    format!("text gateway {id}")
}

/// Mailboxes and text gateways.
pub fn tell_channels(_: EntityId, event: &ChannelsEvent) -> Told {
    match event {
        ChannelsEvent::MailboxAdded { mailbox: id, parts } => {
            parts.iter().fold(Told::of("mailbox.added", mailbox(*id)), |told, part| told.with(what(part), value(part)))
        }
        ChannelsEvent::MailboxChanged { mailbox: id, before, after } => {
            let told = Told::of("mailbox.changed", mailbox(*id));
            before.iter().zip(after).fold(told, |told, (before, after)| match is_password(after) {
                // What it was before is not kept.
                true => told.with(what(after), value(after)),
                false => told.altered(what(after), value(before), value(after)),
            })
        }
        ChannelsEvent::MailboxRemoved { mailbox: id } => Told::of("mailbox.removed", mailbox(*id)),
        ChannelsEvent::GatewayAdded { gateway: id, parts } => {
            let told_of = Told::of("text_gateway.added", gateway(*id));
            parts.iter().map(told).fold(told_of, |told_of, (what, value)| told_of.with(what, value))
        }
        ChannelsEvent::GatewayChanged { gateway: id, before, after } => {
            let told_of = Told::of("text_gateway.changed", gateway(*id));
            before.iter().zip(after).fold(told_of, |told_of, (before, after)| match after.is_secret() {
                true => told_of.with(told(after).0, told(after).1),
                false => told_of.altered(told(after).0, told(before).1, told(after).1),
            })
        }
        ChannelsEvent::GatewayRemoved { gateway: id } => Told::of("text_gateway.removed", gateway(*id)),
    }
}
