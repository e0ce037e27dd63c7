//! What follows from a command to the channels: who may, whether it fits, then the events.

use super::Channels;
use super::command::{ChannelsCommand, ChannelsEvent, ChannelsRejection};
use super::gateway::{Gateway, GatewayPart};
use super::mailbox::{Mailbox, MailboxPart};
use crate::domain::entity::Stamp;
use crate::domain::given::Given;
use crate::domain::permission::{Denial, Permission};
use crate::domain::policy::Person;
use crate::domain::record::Problem;
use crate::domain::record::schema::Owner;
use crate::id::{GatewayId, MailboxId};
use crate::limits;

type Decision = Result<Vec<ChannelsEvent>, ChannelsRejection>;

/// See [`crate::domain::entity::Entity::decide`]. Mailboxes are set up by administrators (P-12); how somebody signs in to their
/// own is theirs to say (P-19).
pub fn decide(channels: &Channels, given: &Given, command: ChannelsCommand, stamp: Stamp) -> Decision {
    let person = given.policy.person(stamp.by)?;
    match command {
        ChannelsCommand::AddMailbox { mailbox, parts } => {
            person.must(Permission::SetUp, "add mailboxes")?;
            channels.add(given, mailbox, parts)
        }
        ChannelsCommand::ChangeMailbox { mailbox, parts, expected } => {
            let is_ones_own = parts.iter().all(MailboxPart::is_ones_own);
            let needed = if is_ones_own { Permission::OwnSettings } else { Permission::SetUp };
            person.must(needed, "change mailboxes")?;
            let found = channels.found(mailbox, &person)?;
            if found.owner != Some(Owner::User(person.id)) {
                person.must(Permission::SetUp, "change a mailbox that is not yours")?;
            }
            seen(found.version, expected)?;
            channels.change(given, mailbox, found, parts)
        }
        ChannelsCommand::RemoveMailbox { mailbox, expected } => {
            person.must(Permission::SetUp, "remove mailboxes")?;
            seen(channels.found(mailbox, &person)?.version, expected)?;
            Ok(vec![ChannelsEvent::MailboxRemoved { mailbox }])
        }
        ChannelsCommand::AddGateway { gateway, parts } => {
            person.must(Permission::SetUp, "add text gateways")?;
            channels.add_gateway(given, gateway, parts)
        }
        ChannelsCommand::ChangeGateway { gateway, parts, expected } => {
            person.must(Permission::SetUp, "change text gateways")?;
            let found = channels.gateways.get(&gateway).ok_or(ChannelsRejection::NotFound)?;
            seen(found.version, expected)?;
            change_gateway(given, gateway, found, parts)
        }
        ChannelsCommand::RemoveGateway { gateway, expected } => {
            person.must(Permission::SetUp, "remove text gateways")?;
            seen(channels.gateways.get(&gateway).ok_or(ChannelsRejection::NotFound)?.version, expected)?;
            Ok(vec![ChannelsEvent::GatewayRemoved { gateway }])
        }
    }
}

fn judge_gateway(
    given: &Given,
    before: Option<&Gateway>,
    after: &Gateway,
    parts: &[GatewayPart],
) -> Result<(), ChannelsRejection> {
    let mut problems = after.problems(before, parts);
    problems.extend(owner_problem(given, after.owner));
    if problems.is_empty() { Ok(()) } else { Err(ChannelsRejection::Invalid(problems)) }
}

fn change_gateway(given: &Given, gateway: GatewayId, found: &Gateway, parts: Vec<GatewayPart>) -> Decision {
    let mut changed = found.clone();
    parts.iter().for_each(|part| changed.set(part));
    judge_gateway(given, Some(found), &changed, &parts)?;
    let after: Vec<GatewayPart> = parts.into_iter().filter(|part| found.would_change(part)).collect();
    let before = after.iter().map(|part| found.same(part)).collect();
    Ok(if after.is_empty() { vec![] } else { vec![ChannelsEvent::GatewayChanged { gateway, before, after }] })
}

fn owner_problem(given: &Given, owner: Option<Owner>) -> Option<Problem> {
    let detail = || "there is no such user or team".to_owned();
    let unknown = owner.is_some_and(|owner| !given.policy.knows(owner));
    unknown.then(|| Problem { pointer: "/owner".into(), code: "owner_unknown", detail: detail() })
}

fn seen(version: u32, expected: Option<u32>) -> Result<(), ChannelsRejection> {
    match expected.is_none_or(|expected| expected == version) {
        true => Ok(()),
        false => Err(ChannelsRejection::VersionMismatch(version)),
    }
}

impl Channels {
    fn found(&self, mailbox: MailboxId, person: &Person) -> Result<&Mailbox, ChannelsRejection> {
        let found = self.mailboxes.get(&mailbox).filter(|mailbox| mailbox.is_seen_by(person));
        match found {
            Some(found) => Ok(found.as_ref()),
            None if self.mailboxes.contains_key(&mailbox) => Err(Denial::hidden("mailbox").into()),
            None => Err(ChannelsRejection::NotFound),
        }
    }

    fn add_gateway(&self, given: &Given, gateway: GatewayId, parts: Vec<GatewayPart>) -> Decision {
        if self.gateways.contains_key(&gateway) {
            return Err(ChannelsRejection::Exists);
        }
        if self.gateways.len() >= limits::GATEWAYS_MAX {
            return Err(ChannelsRejection::GatewaysFull);
        }
        let mut added = Gateway::default();
        parts.iter().for_each(|part| added.set(part));
        judge_gateway(given, None, &added, &parts)?;
        Ok(vec![ChannelsEvent::GatewayAdded { gateway, parts }])
    }

    fn add(&self, given: &Given, mailbox: MailboxId, parts: Vec<MailboxPart>) -> Decision {
        if self.mailboxes.contains_key(&mailbox) {
            return Err(ChannelsRejection::Exists);
        }
        if self.mailboxes.len() >= limits::MAILBOXES_MAX {
            return Err(ChannelsRejection::Full);
        }
        let mut added = Mailbox::default();
        parts.iter().for_each(|part| added.set(part));
        self.judge(given, mailbox, (None, &added), &parts)?;
        Ok(vec![ChannelsEvent::MailboxAdded { mailbox, parts }])
    }

    fn change(&self, given: &Given, mailbox: MailboxId, found: &Mailbox, parts: Vec<MailboxPart>) -> Decision {
        let mut changed = found.clone();
        parts.iter().for_each(|part| changed.set(part));
        self.judge(given, mailbox, (Some(found), &changed), &parts)?;
        let after: Vec<MailboxPart> = parts.into_iter().filter(|part| found.would_change(part)).collect();
        let before = after.iter().map(|part| found.same(part)).collect();
        Ok(if after.is_empty() { vec![] } else { vec![ChannelsEvent::MailboxChanged { mailbox, before, after }] })
    }

    fn judge(
        &self,
        given: &Given,
        id: MailboxId,
        (before, after): (Option<&Mailbox>, &Mailbox),
        parts: &[MailboxPart],
    ) -> Result<(), ChannelsRejection> {
        let mut problems = after.problems(before, parts);
        problems.extend(owner_problem(given, after.owner));
        if !problems.is_empty() {
            return Err(ChannelsRejection::Invalid(problems));
        }
        let has_address = |mailbox: &Mailbox| mailbox.address.eq_ignore_ascii_case(&after.address);
        match self.mailboxes.iter().any(|(other, mailbox)| *other != id && has_address(mailbox)) {
            true => Err(ChannelsRejection::AddressTaken),
            false => Ok(()),
        }
    }
}

impl Mailbox {
    /// A password that is set is always another one: what it was cannot be told from its sealed form.
    fn would_change(&self, part: &MailboxPart) -> bool {
        let mut other = self.clone();
        other.set(part);
        other != *self
    }
}
