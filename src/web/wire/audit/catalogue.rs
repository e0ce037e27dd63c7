//! What became of record types, fields, process flows, call results and tags, as administrators read it.

use super::Told;
use crate::domain::catalogue::command::CatalogueEvent;
use crate::domain::catalogue::field::{FieldKind, Target};
use crate::id::EntityId;

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

/// Types and fields.
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
        CatalogueEvent::FieldRemoved { kind, name } => Told::of("field.removed", format!("field {kind}.{name}")),
    }
}
