//! What messages leave through: the mailboxes and text gateways of the organisation. One entity, because a sender is chosen among all of
//! them and every decision may look at them.

pub mod command;
mod decide;
pub mod gateway;
pub mod mailbox;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::command::{ChannelsCommand, ChannelsEvent, ChannelsRejection};
use self::gateway::Gateway;
use self::mailbox::Mailbox;
use crate::domain::effect::Effects;
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::permission::Denial;
use crate::domain::policy::Policy;
use crate::domain::record::schema::Owner;
use crate::id::{ChannelsId, EntityKind, GatewayId, MailboxId, UserId};

/// The state of the channels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channels {
    /// In the order in which they were added.
    pub mailboxes: BTreeMap<MailboxId, Arc<Mailbox>>,
    /// Likewise.
    pub gateways: BTreeMap<GatewayId, Arc<Gateway>>,
}

/// The first that is the assignee's own, else one that `named` is, else that of a team which the assignee is, or is in, else
/// a shared one.
fn choose<T: Copy + PartialEq>(
    all: &[(T, Option<Owner>)],
    policy: &Policy,
    assignee: Owner,
    named: Option<T>,
) -> Option<T> {
    let first =
        |is_wanted: &dyn Fn(Option<Owner>) -> bool| all.iter().find(|(_, owner)| is_wanted(*owner)).map(|(id, _)| *id);
    let teams = match assignee {
        Owner::User(user) => policy.teams_of(user),
        Owner::Team(_) => &[],
    };
    let is_teams = |owner| matches!(owner, Some(Owner::Team(team)) if teams.contains(&team));
    first(&|owner| owner == Some(assignee))
        .or_else(|| named.filter(|named| all.iter().any(|(id, _)| id == named)))
        .or_else(|| first(&is_teams))
        .or_else(|| first(&|owner| owner.is_none()))
}

impl Channels {
    /// Which mailbox a message leaves from where none was chosen yet: the assignee's own, else the one that the sequence
    /// names, else that of a team which the assignee is, or is in, else a shared one; the first added where there are
    /// several. `None` is the one of the configuration, or the spool.
    pub fn sender(&self, policy: &Policy, assignee: Owner, sequence: Option<MailboxId>) -> Option<MailboxId> {
        let all: Vec<_> = self.mailboxes.iter().map(|(id, mailbox)| (*id, mailbox.owner)).collect();
        choose(&all, policy, assignee, sequence)
    }

    /// Which gateway a text message leaves through, chosen likewise.
    pub fn gateway(&self, policy: &Policy, assignee: Owner) -> Option<GatewayId> {
        let all: Vec<_> = self.gateways.iter().map(|(id, gateway)| (*id, gateway.owner)).collect();
        choose(&all, policy, assignee, None)
    }
}

impl Entity for Channels {
    const KIND: EntityKind = EntityKind::Channels;
    const LAYOUT: u16 = 2;
    type Id = ChannelsId;
    type Given = Given;
    type Command = ChannelsCommand;
    type Event = ChannelsEvent;
    type Rejection = ChannelsRejection;

    /// Whoever may act knows that there are channels; which of them they may see is asked where they are shown.
    fn must_be_seen(&self, given: &Given, by: UserId) -> Result<(), Denial> {
        given.policy.person(by).map(|_| ())
    }

    fn decide(
        &self,
        _id: ChannelsId,
        given: &Given,
        command: ChannelsCommand,
        stamp: Stamp,
    ) -> Result<Vec<ChannelsEvent>, ChannelsRejection> {
        decide::decide(self, given, command, stamp)
    }

    fn apply(&mut self, event: &ChannelsEvent, _stamp: Stamp) {
        match event {
            ChannelsEvent::MailboxAdded { mailbox, parts } => {
                let mut added = Mailbox { version: 1, ..Mailbox::default() };
                parts.iter().for_each(|part| added.set(part));
                self.mailboxes.insert(*mailbox, Arc::new(added));
            }
            ChannelsEvent::MailboxChanged { mailbox, after, .. } => {
                if let Some(mailbox) = self.mailboxes.get_mut(mailbox).map(Arc::make_mut) {
                    after.iter().for_each(|part| mailbox.set(part));
                    mailbox.version += 1;
                }
            }
            ChannelsEvent::MailboxRemoved { mailbox } => _ = self.mailboxes.remove(mailbox),
            ChannelsEvent::GatewayAdded { gateway, parts } => {
                let mut added = Gateway { version: 1, ..Gateway::default() };
                parts.iter().for_each(|part| added.set(part));
                self.gateways.insert(*gateway, Arc::new(added));
            }
            ChannelsEvent::GatewayChanged { gateway, after, .. } => {
                if let Some(gateway) = self.gateways.get_mut(gateway).map(Arc::make_mut) {
                    after.iter().for_each(|part| gateway.set(part));
                    gateway.version += 1;
                }
            }
            ChannelsEvent::GatewayRemoved { gateway } => _ = self.gateways.remove(gateway),
        }
    }

    fn audited(_event: &ChannelsEvent) -> bool {
        true
    }

    fn effects(&self, _id: ChannelsId, _event: &ChannelsEvent, _owed: &mut Effects) {}
}
