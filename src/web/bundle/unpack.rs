//! Unpacking: what a bundle asks of each entity here, judged as a whole before the first of it is done.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::key::{self, Kind};
use super::{Bundle, PackedSequence, reference};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::permission::{Cause, Denies, Permission};
use crate::domain::record;
use crate::domain::sequence::unpack::Packed;
use crate::domain::sequence::{Sequence, SequenceCommand, SequenceRejection};
use crate::id::{SequenceId, TemplateId};
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
    /// `sequence`.
    kind: &'static str,
    /// As the bundle writes it.
    key: String,
    /// Its id on this server.
    id: String,
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
    /// Make or write a sequence.
    Sequence(SequenceId, Box<Packed>),
}

/// A bundle that can be unpacked.
#[derive(Debug, Default)]
pub struct Unpacked {
    /// Every component, in the order in which they are done.
    pub components: Vec<(Component, Order)>,
    /// What the bundle names and nobody has, where it is taken all the same.
    pub warnings: Vec<Fault>,
}

/// Judges a bundle by what is here: references, structure and rights. Nothing has changed when it refuses.
pub fn unpack(given: &Given, bundle: Bundle<Value>, stamp: Stamp, force: bool) -> Result<Unpacked, Problem> {
    given.policy.person(stamp.by)?.must(Permission::MoveSequences, "import sequences")?;
    bundle.judge()?;
    let Bundle { sequences, .. } = bundle;
    let brought = sequences.iter().filter_map(|one| Some((Kind::Sequence, key::read(Kind::Sequence, &one.key)?)));
    let mut references = References { given, brought: brought.collect(), missing: Vec::new() };
    let mut read = Vec::with_capacity(sequences.len());
    for (place, sequence) in sequences.into_iter().enumerate() {
        let root = format!("/sequences/{place}");
        let (sequence, keys) = references.resolve(sequence, &root);
        read.push((sequence.read(&root)?, keys, root));
    }
    if !references.missing.is_empty() && !force {
        let detail = "the bundle names what neither it nor this server has; `force=true` imports it all the same";
        return Err(Problem::new("import_missing_dependency", detail).with(references.missing));
    }
    let mut faults = Vec::new();
    let mut unpacked = Unpacked { warnings: references.missing, components: Vec::with_capacity(read.len()) };
    for (sequence, keys, root) in read {
        unpacked.components.push(judge(given, sequence, keys, stamp, &root, &mut faults)?);
    }
    if faults.is_empty() {
        return Ok(unpacked);
    }
    Err(Problem::new("validation_failed", format!("{} values of the bundle do not fit", faults.len())).with(faults))
}

/// Who is named by whom.
struct References<'a> {
    given: &'a Given,
    brought: HashSet<(Kind, u128)>,
    missing: Vec<Fault>,
}

impl References<'_> {
    /// Writes ids where the graph of a sequence has keys; how the keys are written that do not spell their ids.
    fn resolve(
        &mut self,
        mut sequence: PackedSequence<Value>,
        root: &str,
    ) -> (PackedSequence<Value>, Vec<(u128, String)>) {
        let mut keys = Vec::new();
        let mut keep = |kind, id, key: &str| {
            if key::spell(kind, id) != key {
                keys.push((id, key.to_owned()));
            }
        };
        if let Some(id) = key::read(Kind::Sequence, &sequence.key) {
            keep(Kind::Sequence, id, &sequence.key);
        }
        reference::each(&mut sequence.graph, |kind, place, name| {
            let id = key::read(kind, name);
            if !id.is_some_and(|id| self.brought.contains(&(kind, id)) || is_here(self.given, kind, id)) {
                let shown = super::beginning(name);
                let detail = format!("neither the bundle nor this server has the {} `{shown}`", kind.name());
                let pointer = format!("{root}/graph{place}");
                self.missing.push(Fault { pointer, code: "import_missing_dependency".into(), detail });
            }
            // What is no key can never come to be, and stays as it is written.
            if let Some(id) = id {
                keep(kind, id, name);
                *name = SequenceId(id).to_string();
            }
        });
        keys.sort();
        keys.dedup();
        (sequence, keys)
    }
}

fn is_here(given: &Given, kind: Kind, id: u128) -> bool {
    match kind {
        Kind::Template => given.messages.contains_key(&TemplateId(id)),
        Kind::Flow => false,
        Kind::Sequence => given.sequences.get(&SequenceId(id)).is_some_and(|sequence| sequence.exists),
    }
}

/// What a sequence would answer. What it cannot take is a conflict of that sequence alone; what nobody could take, or the
/// caller may not do, is a fault of the bundle.
fn judge(
    given: &Given,
    packed: PackedSequence,
    keys: Vec<(u128, String)>,
    stamp: Stamp,
    root: &str,
    faults: &mut Vec<Fault>,
) -> Result<(Component, Order), Problem> {
    let id = SequenceId(key::read(Kind::Sequence, &packed.key).unwrap_or_default());
    let order = Packed {
        name: packed.name,
        description: packed.description,
        record_type: packed.record_type,
        template: packed.template,
        graph: packed.graph,
        exit_on_reply: packed.exit_on_reply,
        assign_to: packed.assign_to.into(),
        tests: packed.tests,
        keys,
    };
    let blank = Sequence::default();
    let there = given.sequences.get(&id).map_or(&blank, AsRef::as_ref);
    let seen = there.must_be_seen(given, stamp.by).map_err(SequenceRejection::from);
    let decided = seen.and_then(|()| there.decide(id, given, SequenceCommand::Unpack(Box::new(order.clone())), stamp));
    let change = match &decided {
        Ok(events) if events.is_empty() => Change::Unchanged,
        Ok(_) if there.exists => Change::Updated,
        _ => Change::Created,
    };
    let component =
        Component { kind: Kind::Sequence.name(), key: packed.key, id: id.to_string(), change, detail: None };
    let component = match decided {
        Ok(_) => component,
        Err(SequenceRejection::Invalid(problems)) => {
            let (conflicts, invalid): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_conflict);
            faults.extend(invalid.into_iter().map(|problem| fault(problem, root)));
            match conflicts.into_iter().next() {
                Some(conflict) => component.conflict(conflict.detail),
                None => component,
            }
        }
        Err(rejection) => match rejection.denial() {
            Some(denial) if denial.cause == Cause::Hidden => {
                component.conflict("another sequence has this key, and you may not see it".into())
            }
            Some(denial) => return Err(denial.clone().into()),
            None => component.conflict(rejection.to_string()),
        },
    };
    Ok((component, Order::Sequence(id, Box::new(order))))
}

/// Whether a value fits as such, but not what is here.
fn is_conflict(problem: &record::Problem) -> bool {
    problem.code == "record_type_mismatch"
}

fn fault(problem: record::Problem, root: &str) -> Fault {
    Fault { pointer: format!("{root}{}", problem.pointer), code: problem.code.into(), detail: problem.detail }
}
