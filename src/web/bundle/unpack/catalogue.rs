//! Record types, fields and process flows of a bundle.

use super::{Change, Component, Judge, Order, Refused};
use crate::domain::catalogue::command::{CatalogueCommand, CatalogueRejection};
use crate::domain::catalogue::field::FieldKind;
use crate::domain::catalogue::flow::Flow;
use crate::domain::entity::Entity;
use crate::domain::record::schema::RecordType;
use crate::id::{CatalogueId, FlowId};
use crate::web::bundle::key::Kind;
use crate::web::bundle::{PackedField, PackedFlow, PackedType};
use crate::web::problem::{Fault, Problem};

/// Whether it is the flow of that name.
pub fn is_flow(flow: &Flow, kind: RecordType, name: &str) -> bool {
    flow.kind == kind && flow.name == name
}

impl Judge {
    /// Whether a command would change the catalogue as it would be by then.
    pub(super) fn arrange(&mut self, command: CatalogueCommand) -> Result<bool, CatalogueRejection> {
        let events = self.catalogue.decide(CatalogueId::THE, &self.given, command, self.stamp)?;
        for event in &events {
            self.catalogue.apply(event, self.stamp);
        }
        Ok(!events.is_empty())
    }

    fn ask(&mut self, component: Component, root: &str, command: CatalogueCommand) -> Result<(), Problem> {
        let decided = self.arrange(command.clone()).map_err(Refused::from);
        self.settle(component, root, decided, Order::Catalogue(command))
    }

    pub(super) fn types(&mut self, types: Vec<PackedType>) -> Result<(), Problem> {
        for (place, PackedType { name, label }) in types.into_iter().enumerate() {
            let is_there = self.catalogue.knows(name);
            let component = component("record_type", name.to_string(), is_there);
            let command = match is_there {
                true => CatalogueCommand::ChangeType { kind: name, label: Some(label), expected: None },
                false => CatalogueCommand::AddType { kind: name, label },
            };
            self.ask(component, &format!("/record_types/{place}"), command)?;
        }
        Ok(())
    }

    /// A field that is there keeps its options and gets those that the bundle has beside them.
    pub(super) fn fields(&mut self, fields: Vec<PackedField>) -> Result<(), Problem> {
        for (place, field) in fields.into_iter().enumerate() {
            let root = format!("/fields/{place}");
            let takes = field.takes().map_err(|problem| problem.under(&root))?;
            let PackedField { record_type: kind, name, label, .. } = field;
            let there = self.catalogue.field(kind, &name);
            let component = component("field", format!("{kind}.{name}"), there.is_some());
            let command = match there {
                None if !self.catalogue.knows(kind) => {
                    let detail = format!("neither the bundle nor this server has the record type `{kind}`");
                    self.lack(format!("{root}/record_type"), detail);
                    self.components.push((component.conflict("its record type is missing".into()), None));
                    continue;
                }
                None => CatalogueCommand::AddField { kind, name, label, takes },
                Some(field) if !field.kind.is_like(&takes) => {
                    let detail = "the field that is there is of another kind, which never changes".to_owned();
                    self.components.push((component.conflict(detail), None));
                    continue;
                }
                Some(field) => {
                    let (label, takes) = (Some(label), Some(with_options(&field.kind, takes)));
                    CatalogueCommand::ChangeField { kind, name, label, takes, expected: None }
                }
            };
            self.ask(component, &root, command)?;
        }
        Ok(())
    }

    pub(super) fn flows(&mut self, flows: Vec<PackedFlow>) -> Result<(), Problem> {
        for (place, PackedFlow { key, name, record_type: kind, stages }) in flows.into_iter().enumerate() {
            let root = format!("/process_flows/{place}");
            let flow = FlowId(self.id_of(Kind::Flow, &key));
            let there = self.catalogue.flows.get(&flow);
            let component = component("process_flow", key, there.is_some()).with_id(flow);
            if there.is_some_and(|there| there.kind != kind) {
                let detail = "the process flow that is there is for records of another type".to_owned();
                self.components.push((component.conflict(detail), None));
                continue;
            }
            let command = match there {
                None => CatalogueCommand::AddFlow { flow, name, kind, stages },
                Some(_) => {
                    CatalogueCommand::ChangeFlow { flow, name: Some(name), stages: Some(stages), expected: None }
                }
            };
            self.ask(component, &root, command)?;
        }
        Ok(())
    }

    /// Notes something that nobody has.
    pub(super) fn lack(&mut self, pointer: String, detail: String) {
        self.missing.push(Fault { pointer, code: "import_missing_dependency".into(), detail });
    }
}

fn with_options(there: &FieldKind, brought: FieldKind) -> FieldKind {
    match (there, brought) {
        (FieldKind::OptionSet(there), FieldKind::OptionSet(brought)) => {
            let new = brought.into_iter().filter(|option| !there.contains(option));
            FieldKind::OptionSet(there.iter().cloned().chain(new).collect())
        }
        (_, brought) => brought,
    }
}

/// A component that is there or is not.
pub fn component(kind: &'static str, key: String, is_there: bool) -> Component {
    let change = if is_there { Change::Updated } else { Change::Created };
    Component { kind, key, id: None, change, detail: None }
}

impl Component {
    pub(super) fn with_id(self, id: impl ToString) -> Component {
        Component { id: Some(id.to_string()), ..self }
    }
}
