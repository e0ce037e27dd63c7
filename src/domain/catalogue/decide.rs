//! What follows from a command to the catalogue: who may, whether it fits, then the events.

use super::command::{CatalogueCommand, CatalogueEvent, CatalogueRejection};
use super::field::{Field, FieldKind, RESERVED, Target};
use super::{Catalogue, TypeEntry};
use crate::domain::entity::Stamp;
use crate::domain::given::Given;
use crate::domain::permission::Permission;
use crate::domain::record::Problem;
use crate::domain::record::kind::is_name;
use crate::domain::record::schema::{Fault, RecordType, text_fault};
use crate::limits;

pub(super) type Decision = Result<Vec<CatalogueEvent>, CatalogueRejection>;

/// See [`crate::domain::entity::Entity::decide`].
pub fn decide(catalogue: &Catalogue, given: &Given, command: CatalogueCommand, stamp: Stamp) -> Decision {
    let (permission, what) = needs(&command);
    given.policy.person(stamp.by)?.must(permission, what)?;
    match command {
        CatalogueCommand::AddType { kind, label } => catalogue.add_type(kind, label),
        CatalogueCommand::ChangeType { kind, label, expected } => {
            let entry = catalogue.entry(kind)?;
            seen(entry.version, expected)?;
            let (before, after) = (entry.label.clone(), label.unwrap_or_else(|| entry.label.clone()));
            refuse([at("/label", label_fault(&after))])?;
            let changed = CatalogueEvent::TypeChanged { kind, before: before.clone(), after: after.clone() };
            Ok(if before == after { vec![] } else { vec![changed] })
        }
        CatalogueCommand::RemoveType { kind, expected } => {
            seen(catalogue.entry(kind)?.version, expected)?;
            catalogue.judge_use(kind, given)?;
            Ok(vec![CatalogueEvent::TypeRemoved { kind }])
        }
        CatalogueCommand::AddField { kind, name, label, takes } => catalogue.add_field(kind, name, label, takes),
        CatalogueCommand::ChangeField { kind, name, label, takes, expected } => {
            let field = catalogue.found(kind, &name)?;
            seen(field.version, expected)?;
            catalogue.change_field(kind, field, label, takes)
        }
        CatalogueCommand::RemoveField { kind, name, expected } => {
            let field = catalogue.found(kind, &name)?;
            seen(field.version, expected)?;
            match field.built_in {
                true => Err(CatalogueRejection::BuiltIn("field")),
                false => Ok(vec![CatalogueEvent::FieldRemoved { kind, name }]),
            }
        }
        CatalogueCommand::AddFlow { flow, name, kind, stages } => catalogue.add_flow(flow, name, kind, stages),
        CatalogueCommand::ChangeFlow { flow, name, stages, expected } => {
            catalogue.change_flow(given, flow, (name, stages), expected)
        }
        CatalogueCommand::RemoveFlow { flow, expected } => catalogue.remove_flow(given, flow, expected),
        CatalogueCommand::SetCallResults { results, expected } => catalogue.set_call_results(given, results, expected),
        CatalogueCommand::AddTags { parent, tags } => catalogue.add_tags(parent, tags),
        CatalogueCommand::ChangeTag { tag, name, parent, expected } => {
            catalogue.change_tag(tag, name, parent, expected)
        }
        CatalogueCommand::RemoveTag { tag, expected } => catalogue.remove_tag(tag, expected),
        CatalogueCommand::Listing(command) => catalogue.decide_listing(command),
    }
}

/// P-12: what records are is set up by administrators; P-11: what sequences ask of them by who configures sequences; P-9;
/// P-13.
fn needs(command: &CatalogueCommand) -> (Permission, &'static str) {
    match command {
        CatalogueCommand::AddType { .. }
        | CatalogueCommand::ChangeType { .. }
        | CatalogueCommand::RemoveType { .. }
        | CatalogueCommand::AddField { .. }
        | CatalogueCommand::ChangeField { .. }
        | CatalogueCommand::RemoveField { .. } => (Permission::SetUp, "change record types and their fields"),
        CatalogueCommand::AddFlow { .. }
        | CatalogueCommand::ChangeFlow { .. }
        | CatalogueCommand::RemoveFlow { .. }
        | CatalogueCommand::SetCallResults { .. } => {
            (Permission::ConfigureSequences, "change process flows and call results")
        }
        CatalogueCommand::AddTags { .. } | CatalogueCommand::ChangeTag { .. } | CatalogueCommand::RemoveTag { .. } => {
            (Permission::Tag, "change tags")
        }
        CatalogueCommand::Listing(_) => (Permission::ConfigureFilters, "change filters and sorts of the work list"),
    }
}

pub(super) fn seen(version: u32, expected: Option<u32>) -> Result<(), CatalogueRejection> {
    match expected.is_none_or(|expected| expected == version) {
        true => Ok(()),
        false => Err(CatalogueRejection::VersionMismatch(version)),
    }
}

/// A fault with the place it has in the request.
pub(super) fn at(pointer: impl Into<String>, fault: Option<Fault>) -> Option<Problem> {
    fault.map(|(code, detail)| Problem { pointer: pointer.into(), code, detail })
}

pub(super) fn refuse(problems: impl IntoIterator<Item = Option<Problem>>) -> Result<(), CatalogueRejection> {
    let problems: Vec<Problem> = problems.into_iter().flatten().collect();
    if problems.is_empty() { Ok(()) } else { Err(CatalogueRejection::Invalid(problems)) }
}

pub(super) fn label_fault(label: &str) -> Option<Fault> {
    text_fault(label, limits::LABEL_MAX, false)
}

/// What is wrong with the name of a type or field.
fn name_fault(name: &str, max: usize, reserved: &[&str]) -> Option<Fault> {
    if !is_name(name) || name.len() > max {
        let detail = format!("`{name}` is no name: a lower-case letter, then letters, digits and `_`, at most {max}");
        return Some(("name_invalid", detail));
    }
    reserved.contains(&name).then(|| ("name_reserved", format!("`{name}` has a meaning already; take another name")))
}

/// What is wrong with a list of names for people: none, too many, one twice, one that is no text.
pub(super) fn names_fault(names: &[String], (max, length_max): (usize, usize), pointer: &str) -> Vec<Option<Problem>> {
    let mut faults = vec![
        at(pointer, names.is_empty().then(|| ("missing", "at least one is needed".to_owned()))),
        at(pointer, (names.len() > max).then(|| ("too_long", format!("{} are given, at most {max} fit", names.len())))),
    ];
    // However many are given, only so many are told of.
    for (place, name) in names.iter().take(max).enumerate() {
        let twice = names[..place].contains(name).then(|| ("twice", format!("`{name}` is given twice")));
        faults.push(at(format!("{pointer}/{place}"), text_fault(name, length_max, false).or(twice)));
    }
    faults
}

impl Catalogue {
    pub(super) fn entry(&self, kind: RecordType) -> Result<&TypeEntry, CatalogueRejection> {
        self.types.get(&kind).ok_or(CatalogueRejection::NotFound("record type"))
    }

    fn found(&self, kind: RecordType, name: &str) -> Result<&Field, CatalogueRejection> {
        self.entry(kind)?;
        self.field(kind, name).ok_or(CatalogueRejection::NotFound("field"))
    }

    fn add_type(&self, kind: RecordType, label: String) -> Decision {
        let name = name_fault(kind.name(), limits::TYPE_NAME_MAX, &["user", "external", "all"]);
        refuse([at("/name", name), at("/label", label_fault(&label))])?;
        if self.knows(kind) {
            return Err(CatalogueRejection::NameTaken("record type"));
        }
        if self.types.len() >= limits::RECORD_TYPES_MAX {
            return Err(CatalogueRejection::Full("record types"));
        }
        Ok(vec![CatalogueEvent::TypeAdded { kind, label }])
    }

    /// Whether nothing but records is of a type; their number is known to the store, which judges it with the commit.
    fn judge_use(&self, kind: RecordType, given: &Given) -> Result<(), CatalogueRejection> {
        if RecordType::BUILT_IN.contains(&kind) {
            return Err(CatalogueRejection::BuiltIn("record type"));
        }
        if let Some(sequence) = given.sequences.values().find(|sequence| sequence.record_type == kind) {
            return Err(CatalogueRejection::TypeInUse(format!("the sequence “{}” is for it", sequence.name)));
        }
        if given.policy.settings().record_types.contains(&kind) {
            return Err(CatalogueRejection::TypeInUse("it is switched on in the settings".into()));
        }
        if let Some(flow) = self.flows.values().find(|flow| flow.kind == kind) {
            return Err(CatalogueRejection::TypeInUse(format!("the process flow “{}” is for it", flow.name)));
        }
        if let Some(name) = self.listing.used_by(kind) {
            return Err(CatalogueRejection::TypeInUse(format!("“{name}” of the work list is for it")));
        }
        for (other, entry) in self.types.iter().filter(|(other, _)| **other != kind) {
            let leads = |field: &&Field| field.kind == FieldKind::Lookup(Target::Record(kind));
            if let Some(field) = entry.fields.iter().find(leads) {
                return Err(CatalogueRejection::TypeInUse(format!("`{other}.{}` leads to it", field.name)));
            }
        }
        Ok(())
    }

    fn add_field(&self, kind: RecordType, name: String, label: String, takes: FieldKind) -> Decision {
        let entry = self.entry(kind)?;
        let mut faults =
            vec![at("/name", name_fault(&name, limits::FIELD_NAME_MAX, &RESERVED)), at("/label", label_fault(&label))];
        faults.extend(self.kind_faults(&takes));
        refuse(faults)?;
        match entry.fields.iter().find(|field| field.name == name) {
            Some(field) if !field.is_removed => return Err(CatalogueRejection::NameTaken("field")),
            Some(field) if !field.kind.is_like(&takes) => return Err(CatalogueRejection::KindFixed),
            Some(_) => {}
            None if entry.fields.len() >= limits::FIELDS_MAX => return Err(CatalogueRejection::Full("fields")),
            None => {}
        }
        Ok(vec![CatalogueEvent::FieldAdded { kind, name, label, takes }])
    }

    fn change_field(
        &self,
        kind: RecordType,
        field: &Field,
        label: Option<String>,
        takes: Option<FieldKind>,
    ) -> Decision {
        let before = (field.label.clone(), field.kind.clone());
        let after = (label.unwrap_or_else(|| before.0.clone()), takes.unwrap_or_else(|| before.1.clone()));
        if !before.1.is_like(&after.1) {
            return Err(CatalogueRejection::KindFixed);
        }
        if field.built_in && before.1 != after.1 {
            return Err(CatalogueRejection::BuiltIn("field"));
        }
        let mut faults = vec![at("/label", label_fault(&after.0))];
        faults.extend(self.kind_faults(&after.1));
        refuse(faults)?;
        let (name, same) = (field.name.clone(), before == after);
        Ok(if same { vec![] } else { vec![CatalogueEvent::FieldChanged { kind, name, before, after }] })
    }

    fn kind_faults(&self, takes: &FieldKind) -> Vec<Option<Problem>> {
        match takes {
            FieldKind::OptionSet(options) => names_fault(options, (limits::OPTIONS_MAX, limits::LABEL_MAX), "/options"),
            FieldKind::Lookup(Target::Record(kind)) if !self.knows(*kind) => {
                vec![at("/target", Some(("record_type_unknown", format!("there is no record type `{kind}`"))))]
            }
            _ => vec![],
        }
    }
}
