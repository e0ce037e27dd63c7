//! What follows from a command to a sequence: checks, then the events.

use super::conduct::{Conduct, Goal, Reentry, Sending};
use super::graph::Graph;
use super::migration::Moves;
use super::{
    Property, Sequence, SequenceCommand, SequenceEvent, SequenceRejection, SequenceStatus, rights, write_graph,
};
use crate::domain::condition::subject::OfRecord;
use crate::domain::entity::Stamp;
use crate::domain::given::Given;
use crate::domain::permission::Permission;
use crate::domain::plan::compile::Severity;
use crate::domain::plan::structure::structural_faults;
use crate::domain::plan::{Action, AssignTo, Plan};
use crate::domain::record::Problem;
use crate::domain::record::schema::{Owner, RecordType};
use crate::domain::template::sequence_template;
use crate::domain::trial::script::{self, Test};
use crate::id::{SequenceId, TagId};
use crate::limits;

/// See [`crate::domain::entity::Entity::decide`].
pub fn decide(
    sequence: &Sequence,
    id: SequenceId,
    given: &Given,
    command: SequenceCommand,
    stamp: Stamp,
) -> Result<Vec<SequenceEvent>, SequenceRejection> {
    let unpacks = matches!(command, SequenceCommand::Unpack(_)) && !sequence.exists;
    let creates = unpacks || matches!(command, SequenceCommand::Create { .. } | SequenceCommand::Copy { .. });
    // A sequence that was deleted still owes that its records leave, or that they are asked to move.
    let owed = matches!(command, SequenceCommand::Emptied { .. } | SequenceCommand::MigrationDone { .. });
    let owed = owed || matches!(command, SequenceCommand::AbTestReached(_) | SequenceCommand::EvaluateAbTest { .. });
    let cares = matches!(command, SequenceCommand::UndoDone { .. } | SequenceCommand::FuseReleased { .. });
    let cares = cares || matches!(command, SequenceCommand::LetInDone { .. });
    let empties = sequence.is_deleted && (owed || cares);
    if !sequence.exists && !creates && !empties {
        return Err(SequenceRejection::NotFound);
    }
    rights::judge(sequence, given, &command, stamp)?;
    match command {
        _ if creates && (sequence.exists || sequence.is_deleted) => Err(SequenceRejection::Exists),
        SequenceCommand::Create { name, description, record_type, template, graph } => {
            refuse(texts(Some(&name), Some(&description)))?;
            refuse(disabled(record_type, given))?;
            refuse(graph_problems(&graph))?;
            let (graph, owner) = (write_graph(&graph), Owner::User(stamp.by));
            let tests = template.as_deref().and_then(sequence_template).map(|template| write_tests(template.tests()));
            let created = SequenceEvent::Created { name, description, record_type, template, graph, owner };
            Ok([created].into_iter().chain(tests.map(SequenceEvent::TestsSaved)).collect())
        }
        SequenceCommand::Copy { of, name, description } => copy(of, name, description, given, stamp),
        SequenceCommand::Unpack(packed) => {
            let decided = sequence.unpack(id, *packed, given, stamp);
            let is_tag = |event: &SequenceEvent| matches!(event, SequenceEvent::Tagged(_));
            let person = given.policy.person(stamp.by)?;
            // Tags are for all who see it (P-9), everything else is for who may edit it.
            if sequence.exists && !decided.as_ref().is_ok_and(|events| events.iter().all(is_tag)) {
                sequence.judge_edit(&person)?;
            }
            if decided.iter().flatten().any(is_tag) {
                sequence.judge_sight(given, stamp.by)?;
                person.must(Permission::Tag, "apply tags")?;
            }
            decided
        }
        SequenceCommand::Change(properties) => sequence.change(properties, given),
        SequenceCommand::SetTags(tags) => sequence.set_tags(tags, given),
        SequenceCommand::SaveGraph(graph) => sequence.save_graph(id, &graph, false, given),
        SequenceCommand::SaveAssignedGraph(graph) => sequence.save_graph(id, &graph, true, given),
        SequenceCommand::SaveTests(tests) => sequence.save_tests(&tests),
        SequenceCommand::Activate { .. } if sequence.status == SequenceStatus::Active => Err(SequenceRejection::Active),
        SequenceCommand::Activate { description, migration, pilot } => {
            let begun = sequence.begin_pilot(pilot)?;
            let activated = sequence.activate(id, description, migration, given)?;
            Ok(activated.into_iter().chain(begun).collect())
        }
        SequenceCommand::Revise => sequence.revise(given, stamp),
        SequenceCommand::DiscardRevision if sequence.status != SequenceStatus::Revision => {
            Err(SequenceRejection::NotInRevision)
        }
        SequenceCommand::DiscardRevision => Ok(vec![SequenceEvent::RevisionDropped]),
        SequenceCommand::Deactivate { .. } if !sequence.status.is_active() => Err(SequenceRejection::NotActive),
        SequenceCommand::Deactivate { force } => {
            judge_advancing(id, force, given, stamp)?;
            Ok(sequence.deactivated(id, given))
        }
        SequenceCommand::Delete { force } => {
            judge_advancing(id, force, given, stamp)?;
            let deactivated = if sequence.status.is_active() { sequence.deactivated(id, given) } else { vec![] };
            Ok(deactivated.into_iter().chain([SequenceEvent::Deleted]).collect())
        }
        SequenceCommand::Emptied { until } if sequence.emptying_since == Some(until) => {
            Ok(vec![SequenceEvent::Emptied])
        }
        SequenceCommand::Emptied { .. } => Ok(vec![]),
        SequenceCommand::Undo { since, deactivate } => sequence.undo(id, since, deactivate, given, stamp),
        SequenceCommand::Release => sequence.release_pilot(),
        SequenceCommand::LetInDone { number } => Ok(sequence.let_in_done(number)),
        SequenceCommand::BlowFuse { round, counts } => Ok(sequence.blow_fuse(round, counts)),
        SequenceCommand::ResetFuse => sequence.reset_fuse(),
        SequenceCommand::FuseReleased { round } => Ok(sequence.fuse_released(round)),
        SequenceCommand::UndoDone { number } => Ok(sequence.undo_done(number)),
        SequenceCommand::UndoMigration(number) => sequence.take_migration_back(number),
        SequenceCommand::MigrationDone { number, undo } => Ok(sequence.migration_done(number, undo)),
        SequenceCommand::AbTestReached(reached) => sequence.ab_reached(id, given, &reached, stamp),
        SequenceCommand::EvaluateAbTest { number, tallies } => sequence.ab_evaluate(given, id, number, tallies, stamp),
        SequenceCommand::StopAbTest { node, choice } => sequence.ab_stop(given, id, &node, choice, stamp),
    }
}

impl Sequence {
    pub(super) fn assign_problem(&self, assign_to: &AssignTo, given: &Given) -> Option<Problem> {
        let detail = assign_to.fault(self.record_type, &given.catalogue)?;
        Some(Problem { pointer: "/assign_to".into(), code: "assign_to_invalid", detail })
    }

    /// A/B tests that have ended stay what they are (§19.4).
    fn save_graph(
        &self,
        id: SequenceId,
        graph: &Graph,
        assigned: bool,
        given: &Given,
    ) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        if self.status == SequenceStatus::Active {
            return Err(SequenceRejection::Active);
        }
        refuse(graph_problems(graph))?;
        self.ab_locked(given, id, graph, assigned)?;
        let json = write_graph(graph);
        Ok(if json == self.draft { vec![] } else { vec![SequenceEvent::GraphSaved(json)] })
    }

    pub(super) fn deactivated(&self, id: SequenceId, given: &Given) -> Vec<SequenceEvent> {
        self.ab_stops(given, id).into_iter().chain([SequenceEvent::Deactivated]).collect()
    }

    fn change(&self, mut properties: Vec<Property>, given: &Given) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        let is_locked = |property: &Property| match property {
            //
            Property::ExitOnReply(_)
            | Property::WaitComputation(_)
            | Property::Window(_)
            | Property::Goal(_)
            | Property::Sending(_) => self.status == SequenceStatus::Active,
            //
            Property::AssignTo(_) => self.status.is_active(),
            Property::Name(_) | Property::Description(_) | Property::Owner(_) => false,
            Property::Reentry(_) | Property::Exclusive(_) | Property::Fuse(_) => false,
        };
        properties.retain(|property| !self.has(property));
        if properties.iter().any(is_locked) {
            return Err(SequenceRejection::Active);
        }
        let mut problems = Vec::new();
        properties.iter().for_each(|property| problems.extend(self.property_problems(property, given)));
        refuse(problems)?;
        Ok(if properties.is_empty() { vec![] } else { vec![SequenceEvent::Changed(properties)] })
    }

    /// What does not fit about the value of a property.
    pub(super) fn property_problems(&self, property: &Property, given: &Given) -> Vec<Problem> {
        let problem = |pointer: String, code, detail| vec![Problem { pointer, code, detail }];
        match property {
            Property::Name(name) => texts(Some(name), None),
            Property::Description(description) => texts(None, Some(description)),
            Property::AssignTo(assign_to) => self.assign_problem(assign_to, given).into_iter().collect(),
            Property::Window(Some(window)) => window
                .fault()
                .map_or_else(Vec::new, |(member, detail)| problem(format!("/window{member}"), "out_of_range", detail)),
            Property::Goal(Goal::Field(condition)) => {
                let schema = OfRecord { kind: self.record_type, catalogue: &given.catalogue };
                let faults = condition.0.faults(&schema).into_iter();
                faults.flat_map(|fault| problem("/goal/field".into(), "condition_invalid", fault)).collect()
            }
            Property::Reentry(reentry) => {
                let fault = reentry.fault();
                fault.map_or_else(Vec::new, |detail| problem("/reentry".into(), "out_of_range", detail))
            }
            Property::Exclusive(Some(tag)) if !given.catalogue.tags.contains_key(tag) => {
                problem("/exclusive".into(), "tag_unknown", format!("there is no tag {tag}"))
            }
            Property::Sending(Sending { mailbox: Some(mailbox), .. })
                if !given.channels.mailboxes.contains_key(mailbox) =>
            {
                problem("/sending/mailbox".into(), "mailbox_unknown", format!("there is no mailbox {mailbox}"))
            }
            Property::Sending(Sending { skip_after_hours: Some(hours), .. })
                if !(1..=limits::RETRY_HOURS_MAX).contains(hours) =>
            {
                let detail = format!("1 to {} hours", limits::RETRY_HOURS_MAX);
                problem("/sending/skip_after_hours".into(), "out_of_range", detail)
            }
            Property::ExitOnReply(_) | Property::Owner(_) | Property::WaitComputation(_) | Property::Sending(_) => {
                vec![]
            }
            Property::Fuse(Some(fuse)) => fuse
                .fault()
                .map_or_else(Vec::new, |(member, detail)| problem(format!("/fuse{member}"), "out_of_range", detail)),
            Property::Window(None) | Property::Goal(_) | Property::Exclusive(_) | Property::Fuse(None) => vec![],
        }
    }

    /// §3.4: a clean draft becomes the next version, unless it is the last one still. Its tests have to pass where the
    /// organisation asks for that.
    fn activate(
        &self,
        id: SequenceId,
        description: Option<String>,
        migration: Option<Moves>,
        given: &Given,
    ) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        refuse(texts(None, description.as_deref()))?;
        let (version, plan) = self.next_version(id, given)?;
        refuse(self.judge_tests(given, &plan))?;
        let begun = migration.map(|moves| self.begin_migration(version, &plan, moves)).transpose()?;
        let published = match self.status {
            SequenceStatus::Revision if version == self.version => SequenceEvent::RevisionDropped,
            SequenceStatus::Revision => SequenceEvent::RevisionPublished { version, description },
            SequenceStatus::Inactive | SequenceStatus::Active => SequenceEvent::Activated { version, description },
        };
        Ok([published].into_iter().chain(begun).collect())
    }

    /// What activation would publish, and under which number: the last one again where the draft says nothing new.
    pub fn next_version(&self, id: SequenceId, given: &Given) -> Result<(u16, Plan), SequenceRejection> {
        let (plan, mut diagnostics) = self.compile_draft(id, given);
        diagnostics.retain(|found| found.severity == Severity::Error);
        let plan = plan.filter(|_| diagnostics.is_empty()).ok_or(SequenceRejection::ValidationFailed(diagnostics))?;
        let version = match (self.published.last(), self.is_edited()) {
            (None, _) => 1,
            (Some(last), false) => last.number,
            (Some(last), true) if last.number >= limits::SEQUENCE_VERSIONS_MAX => {
                return Err(SequenceRejection::VersionsExhausted);
            }
            (Some(last), true) => last.number + 1,
        };
        Ok((version, plan))
    }

    /// whoever has the revision open already may ask again (D-46).
    pub(super) fn revise(&self, given: &Given, stamp: Stamp) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        match self.revision {
            Some(open) if open.by == stamp.by => Ok(vec![]),
            Some(open) => {
                let by = given.policy.name_of(Owner::User(open.by)).unwrap_or("the administrator").to_owned();
                Err(SequenceRejection::RevisionConflict { by })
            }
            None if self.status == SequenceStatus::Inactive => Err(SequenceRejection::NotActive),
            None => Ok(vec![SequenceEvent::RevisionOpened]),
        }
    }

    pub(super) fn save_tests(&self, tests: &[Test]) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        refuse(script::problems(tests))?;
        let json = write_tests(tests);
        if json.len() > limits::TRIALS_BYTES_MAX {
            let detail = format!("the tests are larger than {} bytes of JSON", limits::TRIALS_BYTES_MAX);
            refuse(vec![Problem { pointer: "/tests".into(), code: "too_long", detail }])?;
        }
        Ok(if json == self.tests { vec![] } else { vec![SequenceEvent::TestsSaved(json)] })
    }

    pub(super) fn has(&self, property: &Property) -> bool {
        match property {
            Property::Name(name) => self.name == *name,
            Property::Description(description) => self.description == *description,
            Property::ExitOnReply(leave) => self.conduct.exit_on_reply == *leave,
            Property::AssignTo(assign_to) => self.conduct.assign_to == *assign_to,
            Property::Owner(owner) => self.owner == *owner,
            Property::WaitComputation(computed) => self.conduct.wait_computation == *computed,
            Property::Window(window) => self.conduct.window == *window,
            Property::Goal(goal) => self.conduct.goal == *goal,
            Property::Reentry(reentry) => self.reentry == *reentry,
            Property::Exclusive(tag) => self.exclusive == *tag,
            Property::Sending(sending) => self.conduct.sending == *sending,
            Property::Fuse(fuse) => self.care.fuse == *fuse,
        }
    }

    /// What another sequence has to be told to be conducted and entered like this one.
    pub(super) fn ways(&self) -> [Property; 8] {
        ways(&self.conduct, self.reentry, self.exclusive)
    }
}

/// Conduct and entry as properties.
pub(super) fn ways(conduct: &Conduct, reentry: Reentry, exclusive: Option<TagId>) -> [Property; 8] {
    let Conduct { exit_on_reply, assign_to, wait_computation, window, goal, sending } = conduct.clone();
    [
        Property::ExitOnReply(exit_on_reply),
        Property::AssignTo(assign_to),
        Property::WaitComputation(wait_computation),
        Property::Window(window),
        Property::Goal(goal),
        Property::Reentry(reentry),
        Property::Exclusive(exclusive),
        Property::Sending(sending),
    ]
}

/// No tests are none stored.
fn write_tests(tests: &[Test]) -> String {
    if tests.is_empty() { String::new() } else { serde_json::to_string(tests).unwrap_or_default() }
}

/// what another active sequence advances to stays, unless it is forced (D-43).
pub(super) fn judge_advancing(
    id: SequenceId,
    force: bool,
    given: &Given,
    stamp: Stamp,
) -> Result<(), SequenceRejection> {
    if force {
        return Ok(());
    }
    let person = given.policy.person(stamp.by)?;
    let name = |sequence: &Sequence| match sequence.is_seen_by(&person) {
        true => format!("“{}”", sequence.name),
        false => "a sequence that you cannot see".to_owned(),
    };
    let mut by: Vec<String> = given.active_with(|node| node.action == Action::Advance(id)).map(name).collect();
    by.sort_unstable();
    by.dedup();
    if by.is_empty() { Ok(()) } else { Err(SequenceRejection::Referenced { by: by.join(", ") }) }
}

/// everything that its author draws and sets, as whoever sees it reads it now.
fn copy(
    of: SequenceId,
    name: String,
    description: String,
    given: &Given,
    stamp: Stamp,
) -> Result<Vec<SequenceEvent>, SequenceRejection> {
    refuse(texts(Some(&name), Some(&description)))?;
    let source = given.sequences.get(&of).filter(|source| source.exists).ok_or(SequenceRejection::NotFound)?;
    refuse(disabled(source.record_type, given))?;
    let blank = Sequence::default();
    let ways = source.ways().into_iter().chain([Property::Fuse(source.care.fuse)]);
    let properties: Vec<_> = ways.filter(|property| !blank.has(property)).collect();
    let (template, graph, owner) = (source.template.clone(), source.draft.clone(), Owner::User(stamp.by));
    let created = SequenceEvent::Created { name, description, record_type: source.record_type, template, graph, owner };
    let changed = (!properties.is_empty()).then_some(SequenceEvent::Changed(properties));
    let tests = (!source.tests.is_empty()).then(|| SequenceEvent::TestsSaved(source.tests.clone()));
    let tags: Vec<_> = source.tags.iter().copied().filter(|tag| given.catalogue.tags.contains_key(tag)).collect();
    let tagged = (!tags.is_empty()).then_some(SequenceEvent::Tagged(tags));
    Ok([created].into_iter().chain(changed).chain(tests).chain(tagged).collect())
}

pub(super) fn refuse(problems: Vec<Problem>) -> Result<(), SequenceRejection> {
    if problems.is_empty() { Ok(()) } else { Err(SequenceRejection::Invalid(problems)) }
}

pub(super) fn graph_problems(graph: &Graph) -> Vec<Problem> {
    let mut problems: Vec<_> =
        structural_faults(graph).into_iter().map(|(pointer, code, detail)| Problem { pointer, code, detail }).collect();
    if write_graph(graph).len() > limits::GRAPH_BYTES_MAX {
        let detail = format!("the graph is larger than {} bytes of JSON", limits::GRAPH_BYTES_MAX);
        problems.push(Problem { pointer: String::new(), code: "too_long", detail });
    }
    problems
}

/// only types that the organisation works with.
pub(super) fn disabled(kind: RecordType, given: &Given) -> Vec<Problem> {
    if given.policy.settings().record_types.contains(&kind) {
        return Vec::new();
    }
    let detail = format!("the organisation works without records of type {}", kind.name());
    vec![Problem { pointer: "/record_type".into(), code: "record_type_disabled", detail }]
}

/// a name of 1–160 characters, a description of at most 2,000.
pub(super) fn texts(name: Option<&str>, description: Option<&str>) -> Vec<Problem> {
    let problem = |pointer: &str, code, detail| Problem { pointer: pointer.into(), code, detail };
    let mut problems = Vec::new();
    if name.is_some_and(|name| name.trim().is_empty()) {
        problems.push(problem("/name", "name_missing", "a sequence needs a name".into()));
    }
    if name.is_some_and(|name| name.chars().count() > limits::SEQUENCE_NAME_MAX) {
        let detail = format!("a name has at most {} characters", limits::SEQUENCE_NAME_MAX);
        problems.push(problem("/name", "name_too_long", detail));
    }
    if description.is_some_and(|text| text.chars().count() > limits::SEQUENCE_DESCRIPTION_MAX) {
        let detail = format!("a description has at most {} characters", limits::SEQUENCE_DESCRIPTION_MAX);
        problems.push(problem("/description", "too_long", detail));
    }
    problems
}
