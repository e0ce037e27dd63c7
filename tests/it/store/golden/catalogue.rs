//! An example of every fact about the catalogue.

use relance::domain::catalogue::command::CatalogueEvent;
use relance::domain::catalogue::field::{FieldKind, Target};
use relance::domain::record::schema::RecordType;
use relance::id::{FlowId, TagId};

use super::{SEQUENCE, USER};

pub fn events() -> Vec<CatalogueEvent> {
    use CatalogueEvent::*;
    let (flow, tag) = (FlowId(SEQUENCE.0), TagId(USER.0));
    let project = RecordType::from_name("project").expect("a name");
    let added = |name: &str, takes| FieldAdded { kind: project, name: name.into(), label: "Praza".into(), takes };
    let set = |options: &[&str]| FieldKind::OptionSet(options.iter().map(|option| (*option).into()).collect());
    vec![
        TypeAdded { kind: project, label: "Proxecto".into() },
        TypeChanged { kind: RecordType::Lead, before: "Lead".into(), after: "Oportunidade".into() },
        TypeRemoved { kind: project },
        added("a", FieldKind::Text),
        added("b", FieldKind::Number),
        added("c", FieldKind::Money),
        added("d", FieldKind::Date),
        added("e", FieldKind::TwoOption),
        added("f", set(&["Ouro", "Prata"])),
        added("g", FieldKind::Lookup(Target::Record(project))),
        added("h", FieldKind::Lookup(Target::User)),
        FieldChanged {
            kind: RecordType::Account,
            name: "tier".into(),
            before: ("Nivel".into(), set(&["Ouro"])),
            after: ("Rango".into(), set(&["Ouro", "Prata"])),
        },
        FieldRemoved { kind: RecordType::Account, name: "tier".into() },
        FlowAdded { flow, name: "Venda".into(), kind: project, stages: vec!["Inicio".into(), "Fin".into()] },
        FlowChanged {
            flow,
            before: ("Venda".into(), vec!["Inicio".into()]),
            after: ("Feira".into(), vec!["Fin".into()]),
        },
        FlowRemoved { flow },
        CallResultsSet { before: vec!["made".into()], after: vec!["made".into(), "busy".into()] },
        TagsAdded { parent: None, tags: vec![(tag, "Norte".into())] },
        TagsAdded { parent: Some(tag), tags: vec![(tag, "Lugo".into()), (tag, "Vigo".into())] },
        TagChanged { tag, before: ("Norte".into(), None), after: ("Sur".into(), Some(tag)) },
        TagRemoved { tag },
    ]
    .into_iter()
    .chain(super::listing::events().into_iter().take(1).map(Listing))
    .collect()
}
