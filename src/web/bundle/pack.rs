//! Packing: chosen sequences and everything they depend on, as far as whoever asks may see it.

use std::collections::BTreeMap;

use super::key::{self, Kind};
use super::{Bundle, PackedSequence, reference};
use crate::domain::given::Given;
use crate::domain::permission::Permission;
use crate::domain::policy::Person;
use crate::domain::sequence::Sequence;
use crate::id::{SequenceId, UserId};
use crate::limits;
use crate::web::problem::{Fault, Problem};

/// Packs `chosen` with the sequences they advance to and what all of them name. A sequence of somebody else that the
/// caller may not see is named but not packed, like what ships with the product.
pub fn pack(given: &Given, by: UserId, chosen: &[SequenceId]) -> Result<Bundle, Problem> {
    let person = given.policy.person(by)?;
    person.must(Permission::MoveSequences, "export sequences")?;
    let mut found = BTreeMap::new();
    let mut faults = Vec::new();
    for (place, id) in chosen.iter().enumerate() {
        match seen(given, &person, *id) {
            Some(sequence) => _ = found.insert(*id, sequence),
            None => {
                let detail = format!("there is no sequence {id}");
                faults.push(Fault { pointer: format!("/ids/{place}"), code: "not_found".into(), detail });
            }
        }
    }
    if !faults.is_empty() {
        return Err(Problem::new("not_found", "there are not all of these sequences").with(faults));
    }
    follow(given, &person, &mut found);
    if found.len() > limits::BUNDLE_COMPONENTS_MAX {
        let (count, most) = (found.len(), limits::BUNDLE_COMPONENTS_MAX);
        let detail = format!("{count} sequences would be in the bundle, at most {most} are packed at once");
        return Err(Problem::new("batch_too_large", detail));
    }
    let bundle = packed(&found);
    let bytes = bundle.text().len();
    if bytes > limits::BUNDLE_BYTES_MAX {
        let detail = format!("the bundle would have {bytes} bytes; export fewer sequences at a time");
        return Err(Problem::new("batch_too_large", detail));
    }
    Ok(bundle)
}

fn seen<'a>(given: &'a Given, person: &Person, id: SequenceId) -> Option<&'a Sequence> {
    given.sequences.get(&id).map(AsRef::as_ref).filter(|sequence| sequence.exists && sequence.is_seen_by(person))
}

/// Adds the sequences that those found advance to, and so on.
fn follow<'a>(given: &'a Given, person: &Person, found: &mut BTreeMap<SequenceId, &'a Sequence>) {
    let mut waiting: Vec<_> = found.values().copied().collect();
    while let Some(sequence) = waiting.pop() {
        for id in references(sequence).into_iter().filter(|(kind, _)| *kind == Kind::Sequence) {
            let Some(id) = SequenceId::parse(&id.1).filter(|id| !found.contains_key(id)) else { continue };
            if let Some(next) = seen(given, person, id) {
                found.insert(id, next);
                waiting.push(next);
            }
        }
    }
}

/// What the graph that would be packed names.
fn references(sequence: &Sequence) -> Vec<(Kind, String)> {
    let mut named = Vec::new();
    let Ok(mut json) = serde_json::to_value(sequence.in_use().0) else { return named };
    reference::each(&mut json, |kind, _, name| named.push((kind, name.clone())));
    named
}

fn packed(found: &BTreeMap<SequenceId, &Sequence>) -> Bundle {
    // How people have written keys, where they made them up.
    let written: BTreeMap<u128, &str> =
        found.values().flat_map(|sequence| &sequence.keys).map(|(id, key)| (*id, key.as_str())).collect();
    let spell = |kind, id: u128| written.get(&id).map_or_else(|| key::spell(kind, id), |key| (*key).to_owned());
    let mut sequences: Vec<_> = found
        .iter()
        .map(|(id, sequence)| {
            let (graph, exit_on_reply, assign_to) = sequence.in_use();
            let graph = reference::written(&graph, |kind, name| {
                // What is no id was never one: a draft may be unfinished.
                SequenceId::parse(name).map_or_else(|| name.to_owned(), |id| spell(kind, id.0))
            });
            PackedSequence {
                key: spell(Kind::Sequence, id.0),
                name: sequence.name.clone(),
                description: sequence.description.clone(),
                record_type: sequence.record_type,
                template: sequence.template.clone(),
                assign_to: assign_to.into(),
                exit_on_reply,
                graph,
                tests: sequence.stored_tests(),
            }
        })
        .collect();
    sequences.sort_by(|left, right| left.key.cmp(&right.key));
    Bundle { sequences, ..Bundle::default() }
}
