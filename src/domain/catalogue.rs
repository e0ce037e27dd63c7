//! The catalogue: what sequences are made of beside each other. Record types and their fields, process flows, call results, tags,
//! and what the work list is narrowed and sorted by. One entity, because what is decided of one may depend on all the others.

pub mod command;
mod decide;
pub mod field;
pub mod flow;
pub mod listing;
pub mod tag;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::command::{CatalogueCommand, CatalogueEvent, CatalogueRejection};
use self::field::{Field, built_in, in_words};
use self::flow::Flow;
use self::listing::Listing;
use self::tag::Tag;
use crate::domain::effect::{Counter, Effect, Effects};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::permission::Denial;
use crate::domain::record::schema::RecordType;
use crate::id::{CatalogueId, EntityKind, FlowId, TagId, UserId};

/// How a call can end, as it ships (CO-31).
const CALL_RESULTS: [&str; 6] = ["made", "received", "no_answer", "left_voicemail", "busy", "wrong_number"];

/// A type of records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeEntry {
    /// Shown to people.
    pub label: String,
    /// Those that were removed included: a name keeps its kind for good.
    pub fields: Vec<Field>,
    /// Changes of the type itself so far; 1 when it was added.
    pub version: u32,
}

/// The state of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// The built-in types and the custom ones (C-1).
    pub types: BTreeMap<RecordType, TypeEntry>,
    /// How a call can end (CO-31).
    pub call_results: Vec<String>,
    /// Changes of that list so far, and 1.
    pub call_results_version: u32,
    /// Process flows.
    pub flows: BTreeMap<FlowId, Flow>,
    /// Tags for sequences.
    pub tags: BTreeMap<TagId, Tag>,
    /// Filters and sorts of the work list (§14.2, §14.3).
    pub listing: Listing,
}

impl Default for Catalogue {
    fn default() -> Catalogue {
        let entry = |kind: RecordType| TypeEntry { label: in_words(kind.name()), fields: built_in(kind), version: 1 };
        Catalogue {
            types: RecordType::BUILT_IN.into_iter().map(|kind| (kind, entry(kind))).collect(),
            call_results: CALL_RESULTS.map(Into::into).into(),
            call_results_version: 1,
            flows: BTreeMap::new(),
            tags: BTreeMap::new(),
            listing: Listing::default(),
        }
    }
}

impl Catalogue {
    /// Whether there is such a type, enabled or not.
    pub fn knows(&self, kind: RecordType) -> bool {
        self.types.contains_key(&kind)
    }

    /// Every type, enabled or not.
    pub fn kinds(&self) -> impl Iterator<Item = RecordType> {
        self.types.keys().copied()
    }

    /// The fields of a type, built-in ones first, then in the order in which they were first added.
    pub fn fields(&self, kind: RecordType) -> impl Iterator<Item = &Field> {
        let fields = self.types.get(&kind).map(|entry| entry.fields.as_slice()).unwrap_or_default();
        fields.iter().filter(|field| !field.is_removed)
    }

    /// One field; `None` if the type has no such field (any more).
    pub fn field(&self, kind: RecordType, name: &str) -> Option<&Field> {
        self.fields(kind).find(|field| field.name == name)
    }

    /// Whether a call can end so (CO-31).
    pub fn has_call_result(&self, result: &str) -> bool {
        self.call_results.iter().any(|known| known == result)
    }
}

impl Entity for Catalogue {
    const KIND: EntityKind = EntityKind::Catalogue;
    /// To be raised as well when the built-in fields are others than before: they are part of the state.
    const LAYOUT: u16 = 2;
    type Id = CatalogueId;
    type Given = Given;
    type Command = CatalogueCommand;
    type Event = CatalogueEvent;
    type Rejection = CatalogueRejection;

    /// It is for everybody who writes or reads a record.
    fn must_be_seen(&self, _given: &Given, _by: UserId) -> Result<(), Denial> {
        Ok(())
    }

    fn decide(
        &self,
        _id: CatalogueId,
        given: &Given,
        command: CatalogueCommand,
        stamp: Stamp,
    ) -> Result<Vec<CatalogueEvent>, CatalogueRejection> {
        decide::decide(self, given, command, stamp)
    }

    fn apply(&mut self, event: &CatalogueEvent, _stamp: Stamp) {
        match event {
            CatalogueEvent::TypeAdded { kind, label } => {
                self.types.insert(*kind, TypeEntry { label: label.clone(), fields: vec![], version: 1 });
            }
            CatalogueEvent::TypeChanged { kind, after, .. } => {
                if let Some(entry) = self.types.get_mut(kind) {
                    entry.label.clone_from(after);
                    entry.version += 1;
                }
            }
            CatalogueEvent::TypeRemoved { kind } => _ = self.types.remove(kind),
            CatalogueEvent::FieldAdded { kind, name, label, takes } => {
                let Some(entry) = self.types.get_mut(kind) else { return };
                let known = entry.fields.iter().position(|field| field.name == *name);
                let version = known.map_or(1, |place| entry.fields[place].version + 1);
                let (name, label, kind) = (name.clone(), label.clone(), takes.clone());
                let field = Field { name, label, kind, built_in: false, is_removed: false, version };
                match known {
                    Some(place) => entry.fields[place] = field,
                    None => entry.fields.push(field),
                }
            }
            CatalogueEvent::FieldChanged { kind, name, after, .. } => {
                self.field_mut(*kind, name, |field| (field.label, field.kind) = after.clone());
            }
            CatalogueEvent::FieldRemoved { kind, name } => {
                self.field_mut(*kind, name, |field| field.is_removed = true);
            }
            CatalogueEvent::FlowAdded { flow, name, kind, stages } => {
                let (name, stages) = (name.clone(), stages.clone());
                self.flows.insert(*flow, Flow { name, kind: *kind, stages, version: 1 });
            }
            CatalogueEvent::FlowChanged { flow, after, .. } => {
                if let Some(flow) = self.flows.get_mut(flow) {
                    (flow.name, flow.stages) = after.clone();
                    flow.version += 1;
                }
            }
            CatalogueEvent::FlowRemoved { flow } => _ = self.flows.remove(flow),
            CatalogueEvent::CallResultsSet { after, .. } => {
                self.call_results.clone_from(after);
                self.call_results_version += 1;
            }
            CatalogueEvent::TagsAdded { parent, tags } => {
                let tag = |name: &String| Tag { name: name.clone(), parent: *parent, version: 1 };
                self.tags.extend(tags.iter().map(|(id, name)| (*id, tag(name))));
            }
            CatalogueEvent::TagChanged { tag, after, .. } => {
                if let Some(tag) = self.tags.get_mut(tag) {
                    (tag.name, tag.parent) = after.clone();
                    tag.version += 1;
                }
            }
            CatalogueEvent::TagRemoved { tag } => self.apply_removal(*tag),
            CatalogueEvent::Listing(event) => self.listing.apply(event),
        }
    }

    fn audited(_event: &CatalogueEvent) -> bool {
        true
    }

    fn effects(&self, _id: CatalogueId, event: &CatalogueEvent, owed: &mut Effects) {
        // A type leaves no records behind: the store holds this against their number when the commit is judged.
        if let CatalogueEvent::TypeRemoved { kind } = event {
            owed.push(Effect::Count { counter: Counter::Records(*kind), delta: 0, max: Some(0) });
        }
    }
}

impl Catalogue {
    fn field_mut(&mut self, kind: RecordType, name: &str, change: impl FnOnce(&mut Field)) {
        let entry = self.types.get_mut(&kind);
        if let Some(field) = entry.and_then(|entry| entry.fields.iter_mut().find(|field| field.name == name)) {
            change(field);
            field.version += 1;
        }
    }
}
