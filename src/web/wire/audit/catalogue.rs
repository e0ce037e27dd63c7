//! What became of record types, fields, process flows, call results and tags, as administrators read it.

use std::fmt::Display;

use super::Told;
use super::listing::tell_listing;
use crate::domain::catalogue::command::CatalogueEvent;
use crate::domain::catalogue::field::{FieldKind, Target};
use crate::id::{EntityId, TagId};

fn takes(kind: &FieldKind) -> String {
    match kind {
        FieldKind::Text => "text".into(),
        FieldKind::Number => "number".into(),
        FieldKind::Money => "money".into(),
        FieldKind::Date => "date".into(),
        FieldKind::TwoOption => "two_option".into(),
        FieldKind::OptionSet(options) => format!("option_set: {}", options.join(", ")),
        FieldKind::Lookup(Target::User) => "lookup: user".into(),
        FieldKind::Lookup(Target::Record(kind)) => format!("lookup: {kind}"),
    }
}

fn named(what: &str, id: impl Display) -> String {
    format!("{what} {id}")
}

fn above(parent: Option<TagId>) -> String {
    parent.map(|parent| parent.to_string()).unwrap_or_default()
}

/// Types, fields, flows, call results and tags.
pub fn tell_catalogue(_: EntityId, event: &CatalogueEvent) -> Told {
    match event {
        CatalogueEvent::TypeAdded { kind, label } => {
            Told::of("record_type.added", format!("record type {kind}")).with("label", label)
        }
        CatalogueEvent::TypeChanged { kind, before, after } => {
            Told::of("record_type.changed", format!("record type {kind}")).altered("label", before, after)
        }
        CatalogueEvent::TypeRemoved { kind } => Told::of("record_type.removed", format!("record type {kind}")),
        CatalogueEvent::FieldAdded { kind, name, label, takes: what } => {
            Told::of("field.added", format!("field {kind}.{name}")).with("label", label).with("kind", takes(what))
        }
        CatalogueEvent::FieldChanged { kind, name, before, after } => Told::of(
            "field.changed",
            format!("field {kind}.{name}"),
        )
        .altered("label", &before.0, &after.0)
        .altered("kind", takes(&before.1), takes(&after.1)),
        CatalogueEvent::FlowAdded { flow, name, kind, stages } => {
            Told::of("process_flow.added", named("process flow", flow))
                .with("name", name)
                .with("record_type", kind)
                .with("stages", stages.join(", "))
        }
        CatalogueEvent::FlowChanged { flow, before, after } => Told::of(
            "process_flow.changed",
            named("process flow", flow),
        )
        .altered("name", &before.0, &after.0)
        .altered("stages", before.1.join(", "), after.1.join(", ")),
        CatalogueEvent::FlowRemoved { flow } => Told::of("process_flow.removed", named("process flow", flow)),
        CatalogueEvent::CallResultsSet { before, after } => {
            Told::of("call_results.changed", "call results").altered("items", before.join(", "), after.join(", "))
        }
        CatalogueEvent::TagsAdded { parent, tags } => {
            let told = parent.iter().fold(Told::of("tag.added", "tags"), |told, parent| told.with("parent", parent));
            tags.iter().fold(told, |told, (id, name)| told.with("tag", id).with("name", name))
        }
        CatalogueEvent::TagChanged { tag, before, after } => Told::of("tag.changed", named("tag", tag))
            .altered("name", &before.0, &after.0)
            .altered("parent", above(before.1), above(after.1)),
        CatalogueEvent::TagRemoved { tag } => Told::of("tag.removed", named("tag", tag)),
        CatalogueEvent::Listing(event) => tell_listing(event),
        CatalogueEvent::FieldRemoved { kind, name } => Told::of("field.removed", format!("field {kind}.{name}")),
    }
}
