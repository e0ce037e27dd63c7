//! Packing: chosen sequences and everything they depend on, as far as whoever asks may see it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::attribute::{Attribute, Attributes, merged};
use super::key::{self, Kind};
use super::{Bundle, PackedField, PackedFlow, PackedMail, PackedSequence, PackedText, PackedType, reference};
use crate::domain::catalogue::field::{FieldKind, Target};
use crate::domain::given::Given;
use crate::domain::message_template::{Content, MessageTemplate};
use crate::domain::permission::{Denial, Permission};
use crate::domain::policy::Person;
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::Sequence;
use crate::domain::template;
use crate::id::{FlowId, SequenceId, TemplateId, UserId};
use crate::limits;
use crate::web::problem::{Fault, Problem};

/// Packs `chosen` with the sequences they advance to and what all of them name. A sequence of somebody else that the
/// caller may not see is named but not packed, like what ships with the product.
pub fn pack(given: &Given, by: UserId, chosen: &[SequenceId]) -> Result<Bundle, Problem> {
    let person = given.policy.person(by)?;
    person.must(Permission::MoveSequences, "export sequences")?;
    let mut packing = Packing { given, found: BTreeMap::new(), written: BTreeMap::new() };
    let mut faults = Vec::new();
    for (place, id) in chosen.iter().enumerate() {
        if !packing.follow(&person, *id) {
            let detail = format!("there is no sequence {id}");
            faults.push(Fault { pointer: format!("/ids/{place}"), code: "not_found".into(), detail });
        }
    }
    if !faults.is_empty() {
        let mut denied = Problem::from(Denial::hidden("sequence")).with(faults);
        let is_hidden = |id: &SequenceId| given.sequences.get(id).is_some_and(|sequence| sequence.exists);
        let is_noted = chosen.iter().any(|id| !packing.found.contains_key(id) && is_hidden(id));
        // The audit trail tells what was there and not seen; the answer does not.
        denied.is_unnoted = is_noted;
        return Err(denied);
    }
    let bundle = packing.bundle();
    bundle.judge_size()?;
    let (bytes, most) = (bundle.text().len(), limits::BUNDLE_BYTES_MAX);
    if bytes > most {
        let detail = format!("the bundle would have {bytes} bytes of at most {most}; export fewer sequences at a time");
        return Err(Problem::new("batch_too_large", detail));
    }
    Ok(bundle)
}

/// What goes into a bundle so far.
struct Packing<'a> {
    given: &'a Given,
    found: BTreeMap<SequenceId, (&'a Sequence, Value)>,
    /// How people have written keys, where they made them up.
    written: BTreeMap<u128, &'a str>,
}

impl<'a> Packing<'a> {
    /// Adds a sequence and those it advances to, and so on; whether there is such a one for that person.
    fn follow(&mut self, person: &Person, first: SequenceId) -> bool {
        let given = self.given;
        let seen = |id| given.sequences.get(&id).filter(|sequence| sequence.exists && sequence.is_seen_by(person));
        let mut waiting = vec![first];
        while let Some(id) = waiting.pop() {
            let Some(sequence) = seen(id).filter(|_| !self.found.contains_key(&id)) else { continue };
            // A graph that was stored can be written.
            let mut graph = serde_json::to_value(sequence.in_use().0).unwrap_or_default();
            reference::each(&mut graph, |kind, _, name| {
                waiting.extend(SequenceId::parse(name).filter(|_| kind == Kind::Sequence));
            });
            self.written.extend(sequence.keys.iter().map(|(id, key)| (*id, key.as_str())));
            self.found.insert(id, (sequence, graph));
        }
        self.found.contains_key(&first)
    }

    fn spell(&self, kind: Kind, id: u128) -> String {
        self.written.get(&id).map_or_else(|| key::spell(kind, id), |key| (*key).to_owned())
    }

    fn bundle(&self) -> Bundle {
        let mut named = BTreeSet::new();
        let mut attributes = Attributes::of(&self.given.catalogue);
        for (sequence, graph) in self.found.values() {
            reference::each(&mut graph.clone(), |kind, _, name| {
                named.extend(SequenceId::parse(name).map(|id| (kind, id.0)));
            });
            attributes.graph(graph, sequence.record_type);
            let conduct = sequence.in_use().1;
            attributes.assign_to(&conduct.assign_to.into(), sequence.record_type);
            attributes.goal(&conduct.goal.into(), sequence.record_type);
        }
        let mut fields = attributes.custom();
        let mut bundle = Bundle::default();
        for (kind, id) in named {
            match kind {
                Kind::Template => self.message(TemplateId(id), &mut bundle, &mut fields),
                Kind::Flow => self.flow(FlowId(id), &mut bundle),
                Kind::Sequence => {}
            }
        }
        let mut types: BTreeSet<RecordType> = self.found.values().map(|(sequence, _)| sequence.record_type).collect();
        bundle.fields = self.fields(fields, &mut types);
        let tags = self
            .found
            .values()
            .flat_map(|(sequence, _)| self.tags(sequence).into_iter().chain(self.exclusive(sequence)));
        let tags: BTreeSet<_> = tags.collect();
        bundle.tags = tags.into_iter().collect();
        bundle.record_types = types.into_iter().filter_map(|kind| self.record_type(kind)).collect();
        bundle.sequences = self.found.iter().map(|(id, (sequence, _))| self.sequence(*id, sequence)).collect();
        bundle.sort();
        bundle
    }

    fn message(&self, id: TemplateId, bundle: &mut Bundle, fields: &mut BTreeSet<Attribute>) {
        let Some(found) = self.given.messages.get(&id).filter(|_| !template::is_shipped(id)) else { return };
        let MessageTemplate { name, language, content, .. } = found.as_ref();
        let (key, name, language) = (self.spell(Kind::Template, id.0), name.clone(), *language);
        let mut texts = Vec::new();
        match content.clone() {
            Content::Mail(mail) => {
                texts.extend([mail.subject.clone(), mail.body_text.clone()]);
                texts.extend(mail.body_html.clone());
                let (subject, body_text, body_html) = (mail.subject, mail.body_text, mail.body_html);
                bundle.email_templates.push(PackedMail { key, name, language, subject, body_text, body_html });
            }
            Content::Text(body) => {
                texts.push(body.clone());
                bundle.text_templates.push(PackedText { key, name, language, body });
            }
        }
        fields.extend(texts.iter().flat_map(|text| merged(&self.given.catalogue, text)));
    }

    fn flow(&self, id: FlowId, bundle: &mut Bundle) {
        if let Some(flow) = self.given.catalogue.flows.get(&id) {
            let (name, record_type, stages) = (flow.name.clone(), flow.kind, flow.stages.clone());
            bundle.process_flows.push(PackedFlow { key: self.spell(Kind::Flow, id.0), name, record_type, stages });
        }
    }

    /// The fields, and to `types` those that they belong and lead to.
    fn fields(&self, fields: BTreeSet<Attribute>, types: &mut BTreeSet<RecordType>) -> Vec<PackedField> {
        let packed = fields.into_iter().filter_map(|(kind, name)| {
            let field = self.given.catalogue.field(kind, &name)?;
            types.insert(kind);
            if let FieldKind::Lookup(Target::Record(target)) = &field.kind {
                types.insert(*target);
            }
            Some(PackedField::of(kind, field))
        });
        packed.collect()
    }

    fn record_type(&self, kind: RecordType) -> Option<PackedType> {
        let entry = self.given.catalogue.types.get(&kind).filter(|_| !RecordType::BUILT_IN.contains(&kind))?;
        Some(PackedType { name: kind, label: entry.label.clone() })
    }

    /// Paths in order; tags that were removed since have none.
    fn tags(&self, sequence: &Sequence) -> Vec<String> {
        let mut paths: Vec<_> = sequence.tags.iter().filter_map(|tag| self.given.catalogue.tag_path(*tag)).collect();
        paths.sort_unstable();
        paths
    }

    fn exclusive(&self, sequence: &Sequence) -> Option<String> {
        self.given.catalogue.tag_path(sequence.exclusive?)
    }

    fn sequence(&self, id: SequenceId, sequence: &Sequence) -> PackedSequence {
        let (graph, conduct) = sequence.in_use();
        let graph = reference::written(&graph, |kind, name| {
            // What is no id was never one: a draft may be unfinished.
            SequenceId::parse(name).map_or_else(|| name.to_owned(), |id| self.spell(kind, id.0))
        });
        PackedSequence {
            key: self.spell(Kind::Sequence, id.0),
            name: sequence.name.clone(),
            description: sequence.description.clone(),
            record_type: sequence.record_type,
            template: sequence.template.clone(),
            tags: self.tags(sequence),
            assign_to: conduct.assign_to.into(),
            exit_on_reply: conduct.exit_on_reply,
            wait_computation: conduct.wait_computation,
            window: conduct.window,
            goal: conduct.goal.into(),
            skip_after_hours: conduct.sending.skip_after_hours,
            reentry: sequence.reentry,
            exclusive: self.exclusive(sequence),
            graph,
            tests: sequence.stored_tests(),
        }
    }
}
