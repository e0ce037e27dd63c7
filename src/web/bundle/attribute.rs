//! The fields that a sequence refers to: in conditions and commands, in who gets its steps, in the texts that it sends.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::field::{FieldKind, Target};
use crate::domain::condition::check::Schema;
use crate::domain::condition::subject::OfRecord;
use crate::domain::record::schema::RecordType;
use crate::web::wire::conduct::{AssignToBody, GoalBody};

/// Before the name of a record's field in a message.
const MERGED: &str = "record.fields.";

/// A field by its type and name.
pub type Attribute = (RecordType, String);

/// Fields with the places that name them.
#[derive(Debug)]
pub struct Attributes<'a> {
    catalogue: &'a Catalogue,
    /// By place in the sequence.
    pub found: Vec<(String, Attribute)>,
}

impl<'a> Attributes<'a> {
    /// None yet; lookups are followed through this catalogue.
    pub fn of(catalogue: &'a Catalogue) -> Attributes<'a> {
        Attributes { catalogue, found: Vec::new() }
    }

    /// Adds what the nodes of a graph name, which runs on records of `kind`.
    pub fn graph(&mut self, graph: &Value, kind: RecordType) {
        let nodes = graph.get("nodes").and_then(Value::as_array);
        for (place, node) in nodes.into_iter().flatten().enumerate() {
            if let Some(field) = node.get("field").and_then(Value::as_str) {
                self.add(format!("/graph/nodes/{place}/field"), Some(kind), field);
            }
            for (number, until) in node.get("until").and_then(Value::as_array).into_iter().flatten().enumerate() {
                let place = format!("/graph/nodes/{place}/until/{number}");
                if let Some(field) = until.get("field").and_then(Value::as_str) {
                    self.add(format!("{place}/field"), Some(kind), field);
                }
                if let Some(condition) = until.get("condition") {
                    self.condition(&format!("{place}/condition"), condition, Some(kind));
                }
            }
            if let Some(condition) = node.get("condition") {
                self.condition(&format!("/graph/nodes/{place}/condition"), condition, Some(kind));
            }
        }
    }

    /// Adds the field that holds who gets the steps.
    pub fn assign_to(&mut self, assign_to: &AssignToBody, kind: RecordType) {
        if let AssignToBody::RecordField { field } = assign_to {
            self.add("/assign_to/field".into(), Some(kind), field);
        }
    }

    /// Adds what the goal compares.
    pub fn goal(&mut self, goal: &GoalBody, kind: RecordType) {
        if let GoalBody::Field(condition) = goal {
            let condition = serde_json::to_value(condition).unwrap_or_default();
            self.condition("/goal/field", &condition, Some(kind));
        }
    }

    /// Adds what a condition compares; `None` stands for a user or a team, which have no fields of their own.
    fn condition(&mut self, place: &str, condition: &Value, kind: Option<RecordType>) {
        if let Some(field) = condition.get("field").and_then(Value::as_str) {
            self.add(format!("{place}/field"), kind, field);
        }
        for joined in ["all", "any"] {
            let parts = condition.get(joined).and_then(Value::as_array);
            for (number, part) in parts.into_iter().flatten().enumerate() {
                self.condition(&format!("{place}/{joined}/{number}"), part, kind);
            }
        }
        if let (Some(related), Some(within)) =
            (condition.get("related").and_then(Value::as_str), condition.get("condition"))
        {
            self.add(format!("{place}/related"), kind, related);
            let target = kind.and_then(|kind| self.leads_to(kind, related));
            self.condition(&format!("{place}/condition"), within, target);
        }
    }

    fn add(&mut self, place: String, kind: Option<RecordType>, field: &str) {
        if let Some(kind) = kind.filter(|_| !field.is_empty()) {
            self.found.push((place, (kind, field.to_owned())));
        }
    }

    fn leads_to(&self, kind: RecordType, related: &str) -> Option<RecordType> {
        match self.catalogue.field(kind, related).map(|field| &field.kind) {
            Some(FieldKind::Lookup(Target::Record(kind))) => Some(*kind),
            Some(FieldKind::Lookup(Target::User)) => None,
            _ if related == "account" => Some(RecordType::Account),
            _ if related == "primary_contact" => Some(RecordType::Contact),
            _ => None,
        }
    }

    /// Those that records do not have.
    pub fn missing(&self) -> impl Iterator<Item = &(String, Attribute)> {
        self.found.iter().filter(|(_, (kind, name))| {
            let schema = OfRecord { kind: *kind, catalogue: self.catalogue };
            schema.field(name).is_none() && schema.related(name).is_none()
        })
    }

    /// Those that somebody has added to what every organisation has, each once.
    pub fn custom(&self) -> BTreeSet<Attribute> {
        let added = |(kind, name): &&Attribute| self.catalogue.field(*kind, name).is_some_and(|field| !field.built_in);
        self.found.iter().map(|(_, attribute)| attribute).filter(added).cloned().collect()
    }
}

/// The fields that a message merges, of whichever type has them.
pub fn merged(catalogue: &Catalogue, text: &str) -> BTreeSet<Attribute> {
    let names = text.split(MERGED).skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    });
    let of_types = |name: &str| {
        let has = |kind: &&RecordType| catalogue.field(**kind, name).is_some_and(|field| !field.built_in);
        catalogue.types.keys().filter(has).map(|kind| (*kind, name.to_owned())).collect::<Vec<_>>()
    };
    names.flat_map(of_types).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn q_90_conditions_and_commands_name_fields_also_of_what_a_lookup_leads_to() {
        let catalogue = Catalogue::default();
        let mut attributes = Attributes::of(&catalogue);
        let graph = json!({ "nodes": [
            { "type": "update_field", "field": "disposition", "value": "open" },
            { "type": "branch_field", "condition": { "all": [
                { "field": "size", "op": "eq", "value": 3 },
                { "related": "primary_contact", "condition": { "field": "rank", "op": "has_value" } },
                { "related": "owner", "condition": { "field": "name", "op": "eq", "value": "Ada" } },
            ] } },
        ] });
        attributes.graph(&graph, RecordType::Lead);
        let missing: Vec<_> =
            attributes.missing().map(|(place, (kind, name))| format!("{kind} {name} {place}")).collect();
        assert_eq!(
            missing,
            [
                "lead size /graph/nodes/1/condition/all/0/field",
                "contact rank /graph/nodes/1/condition/all/1/condition/field"
            ]
        );
        assert!(attributes.custom().is_empty());
        assert!(merged(&catalogue, "{{ record.fields.company }}").is_empty(), "every organisation has it");
    }
}
