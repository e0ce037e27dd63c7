//! What a decision may look at besides its own state: one immutable snapshot, replaced as a whole.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::catalogue::Catalogue;
use crate::domain::channels::Channels;
use crate::domain::channels::gateway::Gateway;
use crate::domain::channels::mailbox::Mailbox;
use crate::domain::delivery::Class;
use crate::domain::message_template::merge::{MergeReader, reads_nothing};
use crate::domain::message_template::{MessageKind, MessageTemplate, Standing};
use crate::domain::organisation::Organisation;
use crate::domain::plan::{Plan, PlanNode};
use crate::domain::policy::Policy;
use crate::domain::related::Related;
use crate::domain::sequence::{Sequence, SequenceStatus};
use crate::domain::suppression::list::Suppressions;
use crate::domain::template;
use crate::domain::webhook::Webhook;
use crate::id::{SequenceId, SuppressionId, TemplateId, WebhookId};

/// The snapshot that every decision is given.
#[derive(Clone, Debug)]
pub struct Given {
    /// Users, teams, and what they may.
    pub policy: Arc<Policy>,
    /// Every sequence as its own actor last committed it.
    pub sequences: HashMap<SequenceId, Arc<Sequence>>,
    /// Every version that was ever active.
    pub plans: HashMap<(SequenceId, u16), Arc<Plan>>,
    /// Record types and their fields, process flows, call results, tags.
    pub catalogue: Arc<Catalogue>,
    /// What messages leave through.
    pub channels: Arc<Channels>,
    /// Every message template that is there, those that the product ships among them.
    pub messages: HashMap<TemplateId, Arc<MessageTemplate>>,
    /// Every webhook that is there.
    pub webhooks: HashMap<WebhookId, Arc<Webhook>>,
    /// Reads the merge fields of a text.
    pub merge_reader: MergeReader,
    /// Whom automated messages are not sent to.
    pub suppressions: Suppressions,
    /// What a second attempt may do at a message that no mailbox is chosen for.
    pub class: Class,
    /// Whether messages go to the servers of their mailboxes.
    pub carries: bool,
    /// Pilots in which no place was left when this one decision was to be stored; empty in what all decisions share.
    pub full_pilots: Vec<(SequenceId, u32)>,
    /// What this one decision has to see of other records; empty in what all decisions share.
    pub related: Related,
}

impl Default for Given {
    fn default() -> Given {
        Given {
            policy: Arc::default(),
            sequences: HashMap::new(),
            plans: HashMap::new(),
            catalogue: Arc::default(),
            channels: Arc::default(),
            messages: template::shipped_messages().clone(),
            webhooks: HashMap::new(),
            merge_reader: reads_nothing,
            suppressions: Suppressions::default(),
            class: Class::default(),
            carries: false,
            full_pilots: Vec::new(),
            related: Related::default(),
        }
    }
}

impl Given {
    /// The plan an enrolment is pinned to.
    pub fn plan(&self, sequence: SequenceId, version: u16) -> Option<&Plan> {
        self.plans.get(&(sequence, version)).map(Arc::as_ref)
    }

    /// The message template of that id and kind, if it is there.
    pub fn message(&self, id: TemplateId, kind: MessageKind) -> Option<&MessageTemplate> {
        self.messages.get(&id).map(Arc::as_ref).filter(|template| template.is(kind))
    }

    /// What a second attempt may do at a message from that mailbox.
    pub fn class_of(&self, mailbox: Option<&Mailbox>) -> Class {
        match mailbox {
            None => self.class,
            Some(_) if !self.carries => Class::Idempotent,
            Some(mailbox) if mailbox.imap.is_some() => Class::Checkable,
            Some(_) => Class::Blind,
        }
    }

    /// The same of a text message through that gateway.
    pub fn class_of_text(&self, gateway: Option<&Gateway>) -> Class {
        if self.carries { gateway.map_or(Class::Blind, Gateway::class) } else { Class::Idempotent }
    }

    /// The active sequences in whose present version there is a node of which `named` holds.
    pub fn active_with(&self, named: impl Fn(&PlanNode) -> bool) -> impl Iterator<Item = &Sequence> {
        let active = self.sequences.iter().filter(|(_, sequence)| sequence.status != SequenceStatus::Inactive);
        let names = move |(id, sequence): &(&SequenceId, &Arc<Sequence>)| {
            self.plan(**id, sequence.version).is_some_and(|plan| plan.nodes.iter().any(&named))
        };
        active.filter(names).map(|(_, sequence)| sequence.as_ref())
    }

    /// The same snapshot with these pilots full.
    #[must_use]
    pub fn with_full_pilots(&self, full_pilots: Vec<(SequenceId, u32)>) -> Given {
        Given { full_pilots, ..self.clone() }
    }

    /// The same snapshot with a message template as it is now.
    #[must_use]
    pub fn with_message(&self, id: TemplateId, template: &MessageTemplate) -> Given {
        let mut next = self.clone();
        match template.standing {
            Standing::Present => _ = next.messages.insert(id, Arc::new(template.clone())),
            Standing::Missing | Standing::Deleted => _ = next.messages.remove(&id),
        }
        next
    }

    /// The same snapshot with a webhook as it is now.
    #[must_use]
    pub fn with_webhook(&self, id: WebhookId, webhook: &Webhook) -> Given {
        let mut next = self.clone();
        match webhook.is_there() {
            true => _ = next.webhooks.insert(id, Arc::new(webhook.clone())),
            false => _ = next.webhooks.remove(&id),
        }
        next
    }

    /// The same snapshot with a suppression as it is now.
    #[must_use]
    pub fn with_suppression(&self, id: SuppressionId, holds: bool) -> Given {
        Given { suppressions: self.suppressions.with(id, holds), ..self.clone() }
    }

    /// The same snapshot with the organisation as it is now.
    #[must_use]
    pub fn with_organisation(&self, organisation: &Organisation) -> Given {
        Given { policy: Arc::new(Policy::new(organisation.clone())), ..self.clone() }
    }

    /// The same snapshot with the catalogue as it is now.
    #[must_use]
    pub fn with_catalogue(&self, catalogue: &Catalogue) -> Given {
        Given { catalogue: Arc::new(catalogue.clone()), ..self.clone() }
    }

    /// The same snapshot with the channels as they are now.
    #[must_use]
    pub fn with_channels(&self, channels: &Channels) -> Given {
        Given { channels: Arc::new(channels.clone()), ..self.clone() }
    }

    /// The same snapshot with `sequence` as it is now, and the plans of its versions that were not there yet.
    #[must_use]
    pub fn with_sequence(&self, id: SequenceId, sequence: &Sequence) -> Given {
        let mut next = self.clone();
        let mut before: Option<Arc<Plan>> = None;
        for version in &sequence.published {
            let name = (id, version.number);
            if !next.plans.contains_key(&name)
                && let Some(mut plan) = sequence.compile_version(version)
            {
                plan.date_tests(version.number, before.as_deref());
                next.plans.insert(name, Arc::new(plan));
            }
            before = next.plans.get(&name).cloned();
        }
        next.sequences.insert(id, Arc::new(sequence.clone()));
        next
    }
}
