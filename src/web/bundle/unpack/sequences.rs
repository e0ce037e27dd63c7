//! Sequences of a bundle: their references as ids, then what each would answer.

use serde_json::Value;

use super::catalogue::component;
use super::{Judge, Order, Refused, alive};
use crate::domain::entity::Entity;
use crate::domain::sequence::conduct::{Conduct, Sending};
use crate::domain::sequence::unpack::Packed;
use crate::domain::sequence::{Sequence, SequenceCommand, SequenceRejection};
use crate::id::{FlowId, SequenceId, TemplateId};
use crate::web::bundle::attribute::Attributes;
use crate::web::bundle::key::{self, Kind};
use crate::web::bundle::{PackedSequence, beginning, reference};
use crate::web::problem::Problem;

impl Judge {
    pub(super) fn sequences(&mut self, sequences: Vec<PackedSequence<Value>>) -> Result<(), Problem> {
        for (place, sequence) in sequences.into_iter().enumerate() {
            let root = format!("/sequences/{place}");
            self.sequence(sequence, &root)?;
        }
        Ok(())
    }

    fn sequence(&mut self, mut packed: PackedSequence<Value>, root: &str) -> Result<(), Problem> {
        let id = SequenceId(self.id_of(Kind::Sequence, &packed.key));
        let keys = self.resolve(id, &mut packed, root);
        self.judge_attributes(&packed, root);
        let tags: Vec<_> = packed.tags.iter().filter_map(|path| self.tags.get(path).copied()).collect();
        let mut named = packed.tags.iter().chain(&packed.exclusive);
        let untagged = named.find(|path| !self.tags.contains_key(*path)).cloned();
        let packed = packed.read(root)?;
        let kept = self.given.sequences.get(&id).and_then(|there| there.conduct.sending.mailbox);
        let order = Packed {
            name: packed.name,
            description: packed.description,
            record_type: packed.record_type,
            template: packed.template,
            tags,
            graph: packed.graph,
            conduct: Conduct {
                exit_on_reply: packed.exit_on_reply,
                assign_to: packed.assign_to.into(),
                wait_computation: packed.wait_computation,
                window: packed.window,
                goal: packed.goal.into(),
                // Mailboxes are not packed: each installation has its own.
                sending: Sending { mailbox: kept, skip_after_hours: packed.skip_after_hours },
            },
            reentry: packed.reentry,
            exclusive: packed.exclusive.as_ref().and_then(|path| self.tags.get(path).copied()),
            tests: packed.tests,
            keys,
        };
        let blank = Sequence::default();
        let there = self.given.sequences.get(&id).map_or(&blank, AsRef::as_ref);
        let seen = there.must_be_seen(&self.given, self.stamp.by).map_err(SequenceRejection::from);
        let command = SequenceCommand::Unpack(Box::new(order.clone()));
        let decided = seen.and_then(|()| there.decide(id, &self.given, command, self.stamp));
        let decided = decided.map(|events| !events.is_empty()).map_err(Refused::from);
        let decided = decided.and_then(|differs| match untagged {
            Some(path) => Err(Refused::Other(format!("it has the tag `{path}`, which cannot be here"))),
            None => Ok(differs),
        });
        let component = component("sequence", packed.key, there.exists).with_id(id);
        self.settle(component, root, decided, Order::Sequence(id, Box::new(order)))
    }

    /// Writes ids where the graph of a sequence has keys; how the keys are written that do not spell their ids.
    fn resolve(&mut self, own: SequenceId, sequence: &mut PackedSequence<Value>, root: &str) -> Vec<(u128, String)> {
        let mut keys = vec![(own.0, Kind::Sequence, sequence.key.clone())];
        let mut graph = std::mem::take(&mut sequence.graph);
        reference::each(&mut graph, |kind, place, name| {
            let id = key::read(kind, name).map(|id| match self.brought.get(&(kind, id)) {
                Some(here) => (*here, true),
                None => {
                    let id = alive(&self.given, kind, id);
                    (id, self.is_here(kind, id))
                }
            });
            if !id.is_some_and(|(_, is_here)| is_here) {
                let (what, shown) = (kind.name(), beginning(name));
                let detail = format!("neither the bundle nor this server has the {what} `{shown}`");
                self.lack(format!("{root}/graph{place}"), detail);
            }
            // What is no key can never come to be, and stays as it is written.
            if let Some((id, _)) = id {
                keys.push((id, kind, std::mem::replace(name, SequenceId(id).to_string())));
            }
        });
        sequence.graph = graph;
        let made_up = keys.into_iter().filter(|(id, kind, key)| key::spell(*kind, *id) != *key);
        let mut keys: Vec<(u128, String)> = made_up.map(|(id, _, key)| (id, key)).collect();
        keys.sort();
        keys.dedup_by_key(|(id, _)| *id);
        keys
    }

    fn is_here(&self, kind: Kind, id: u128) -> bool {
        match kind {
            Kind::Template => self.given.messages.contains_key(&TemplateId(id)),
            Kind::Flow => self.given.catalogue.flows.contains_key(&FlowId(id)),
            Kind::Sequence => self.given.sequences.get(&SequenceId(id)).is_some_and(|sequence| sequence.exists),
        }
    }

    fn judge_attributes(&mut self, sequence: &PackedSequence<Value>, root: &str) {
        let kind = sequence.record_type;
        if !self.catalogue.knows(kind) {
            let detail = format!("neither the bundle nor this server has the record type `{kind}`");
            return self.lack(format!("{root}/record_type"), detail);
        }
        let catalogue = self.given.catalogue.clone();
        let mut attributes = Attributes::of(&catalogue);
        attributes.graph(&sequence.graph, kind);
        attributes.assign_to(&sequence.assign_to, kind);
        attributes.goal(&sequence.goal, kind);
        for (place, (kind, name)) in attributes.missing() {
            let detail = format!("neither the bundle nor this server has the field `{}` of {kind}", beginning(name));
            self.lack(format!("{root}{place}"), detail);
        }
    }
}
