//! Unpacking: what a bundle asks of each entity here, judged as a whole before the first of it is done.

mod catalogue;
mod messages;
mod sequences;
mod tags;

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use self::catalogue::is_flow;
use super::Bundle;
use super::key::{self, Kind};
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::command::{CatalogueCommand, CatalogueRejection};
use crate::domain::entity::Stamp;
use crate::domain::given::Given;
use crate::domain::message_template::command::{TemplateCommand, TemplateRejection};
use crate::domain::permission::{Cause, Denial, Denies, Permission};
use crate::domain::record;
use crate::domain::sequence::SequenceRejection;
use crate::domain::sequence::unpack::Packed;
use crate::id::{FlowId, IdSource, SequenceId, TagId, TemplateId};
use crate::web::problem::{Fault, Problem};

/// What becomes of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Created,
    /// It was there and is now as the bundle says.
    Updated,
    /// It was as the bundle says.
    Unchanged,
    /// It cannot be as the bundle says, and stays as it was.
    Conflict,
}

/// One component of a bundle and what becomes of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Component {
    /// `record_type`, `field`, `process_flow`, `email_template`, `text_template`, `tag` or `sequence`.
    kind: &'static str,
    /// As the bundle writes it; `TYPE.NAME` of a field, the path of a tag.
    key: String,
    /// Its id on this server, if things of its kind have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// What becomes of it.
    pub change: Change,
    /// Why there is a conflict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Component {
    /// The same, which cannot be done.
    #[must_use]
    pub fn conflict(self, detail: String) -> Component {
        Component { change: Change::Conflict, detail: Some(detail), ..self }
    }
}

/// What is asked of an entity.
#[derive(Clone, Debug)]
pub enum Order {
    /// Add or write a type, a field, a flow or a tag.
    Catalogue(CatalogueCommand),
    /// Make or write a message template.
    Template(TemplateId, TemplateCommand),
    /// Make or write a sequence.
    Sequence(SequenceId, Box<Packed>),
}

/// A bundle that can be unpacked.
#[derive(Debug, Default)]
pub struct Unpacked {
    /// Every component in the order in which they are done, with what is asked for it where something is.
    pub components: Vec<(Component, Option<Order>)>,
    /// What the bundle names and nobody has, where it is taken all the same.
    pub warnings: Vec<Fault>,
}

/// Judges a bundle by what is here: references, structure and rights. Nothing has changed when it refuses.
pub fn unpack(given: &Given, bundle: Bundle<Value>, stamp: Stamp, force: bool) -> Result<Unpacked, Problem> {
    given.policy.person(stamp.by)?.must(Permission::MoveSequences, "import sequences")?;
    bundle.judge()?;
    let mut judge = Judge::new(given, stamp, &bundle);
    judge.types(bundle.record_types)?;
    judge.fields(bundle.fields)?;
    judge.flows(bundle.process_flows)?;
    judge.tags(&bundle.tags, &bundle.sequences)?;
    judge.given.catalogue = judge.catalogue.clone().into();
    judge.mails(bundle.email_templates)?;
    judge.texts(bundle.text_templates)?;
    judge.sequences(bundle.sequences)?;
    judge.finish(force)
}

/// What is known so far of a bundle and of what it would meet.
struct Judge {
    /// What is here; its catalogue as it would be after the components judged so far.
    given: Given,
    catalogue: Catalogue,
    stamp: Stamp,
    /// The components of the bundle by what their keys spell, with the ids they have here.
    brought: HashMap<(Kind, u128), u128>,
    /// Tags by their paths, those that the bundle adds among them.
    tags: HashMap<String, TagId>,
    components: Vec<(Component, Option<Order>)>,
    missing: Vec<Fault>,
    faults: Vec<Fault>,
}

impl Judge {
    fn new(given: &Given, stamp: Stamp, bundle: &Bundle<Value>) -> Judge {
        let mut brought = HashMap::new();
        for (kind, key) in bundle.keys() {
            brought.extend(key::read(kind, key).map(|id| ((kind, id), alive(given, kind, id))));
        }
        // Of two flows of one name, which no server has, the one here is the one that is meant.
        for flow in &bundle.process_flows {
            let same = |(_, here): &(&FlowId, &_)| is_flow(here, flow.record_type, &flow.name);
            let here = given.catalogue.flows.iter().find(same).map(|(id, _)| id.0);
            if let (Some(id), Some(here)) = (key::read(Kind::Flow, &flow.key), here)
                && !given.catalogue.flows.contains_key(&FlowId(id))
            {
                brought.insert((Kind::Flow, id), here);
            }
        }
        Judge {
            given: given.clone(),
            catalogue: Catalogue::clone(&given.catalogue),
            stamp,
            brought,
            tags: HashMap::new(),
            components: Vec::new(),
            missing: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// The id that a component of the bundle has here.
    fn id_of(&self, kind: Kind, key: &str) -> u128 {
        let id = key::read(kind, key).unwrap_or_default();
        self.brought.get(&(kind, id)).copied().unwrap_or(id)
    }

    /// Takes note of what an entity would answer; `true` from it says that something would happen. What it cannot take is a
    /// conflict of that component alone; what nobody could take, or the caller may not bring, is a fault of the bundle.
    fn settle(
        &mut self,
        component: Component,
        root: &str,
        decided: Result<bool, Refused>,
        order: Order,
    ) -> Result<(), Problem> {
        let (component, order) = match decided {
            Ok(true) => (component, Some(order)),
            Ok(false) => (Component { change: Change::Unchanged, ..component }, None),
            Err(Refused::Invalid(problems)) => {
                let (conflicts, invalid): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_conflict);
                self.faults.extend(invalid.into_iter().map(|problem| Fault {
                    pointer: format!("{root}{}", problem.pointer),
                    code: problem.code.into(),
                    detail: problem.detail,
                }));
                let detail = conflicts.into_iter().next().map(|conflict| conflict.detail).unwrap_or_default();
                (component.conflict(detail), None)
            }
            Err(Refused::Denied(denial)) if denial.cause == Cause::Hidden => {
                (component.conflict("something that you may not see has this key".into()), None)
            }
            Err(Refused::Denied(denial)) if component.change == Change::Created => return Err(denial.into()),
            Err(Refused::Denied(denial)) => (component.conflict(denial.detail), None),
            Err(Refused::Other(detail)) => (component.conflict(detail), None),
        };
        self.components.push((component, order));
        Ok(())
    }

    fn finish(self, force: bool) -> Result<Unpacked, Problem> {
        if !self.faults.is_empty() {
            let detail = format!("{} values of the bundle do not fit", self.faults.len());
            return Err(Problem::new("validation_failed", detail).with(self.faults));
        }
        if !self.missing.is_empty() && !force {
            let detail = "the bundle names what neither it nor this server has; `force=true` imports it all the same";
            return Err(Problem::new("import_missing_dependency", detail).with(self.missing));
        }
        Ok(Unpacked { components: self.components, warnings: self.missing })
    }
}

/// Where a sequence was made from this key and deleted, its successor: the next id that follows from it.
fn alive(given: &Given, kind: Kind, mut id: u128) -> u128 {
    while kind == Kind::Sequence && given.sequences.get(&SequenceId(id)).is_some_and(|sequence| sequence.is_deleted) {
        id = IdSource::derived(id, 1);
    }
    id
}

/// Why an entity would not take what a bundle says.
enum Refused {
    Invalid(Vec<record::Problem>),
    Denied(Denial),
    Other(String),
}

macro_rules! refused {
    ($($rejection:ident)*) => {$(
        impl From<$rejection> for Refused {
            fn from(rejection: $rejection) -> Refused {
                match rejection {
                    $rejection::Invalid(problems) => Refused::Invalid(problems),
                    rejection => match rejection.denial() {
                        Some(denial) => Refused::Denied(denial.clone()),
                        None => Refused::Other(rejection.to_string()),
                    },
                }
            }
        }
    )*};
}

refused! { CatalogueRejection TemplateRejection SequenceRejection }

/// Whether a value fits as such, but not what is here.
fn is_conflict(problem: &record::Problem) -> bool {
    problem.code == "record_type_mismatch"
}
