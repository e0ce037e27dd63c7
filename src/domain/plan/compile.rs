//! From the author's graph to a plan, with every diagnostic of §9.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;

use super::assemble::assemble;
use super::check::check;
use super::structure::structural_faults;
use super::{AssignTo, Channel, Plan};
use crate::domain::condition::check::Schema;
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::conduct::Conduct;
use crate::domain::sequence::graph::{EmailQuestion, Graph, Node};
use crate::id::{SequenceId, TemplateId};
use crate::limits;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Blocks activation.
    Error,
    /// Does not.
    Warning,
}

/// One thing to mend or to know, with the node it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code of §9.
    pub code: &'static str,
    /// Whether it blocks.
    pub severity: Severity,
    /// The author's id of the node; `None` where the whole graph is meant.
    pub node: Option<String>,
    /// One sentence for people.
    pub detail: String,
}

/// What a version says besides its graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Properties {
    /// The type of record the sequence runs on.
    pub record_type: RecordType,
    /// How records go through it.
    pub conduct: Conduct,
}

/// What a check may ask of the organisation around a graph.
pub trait Surroundings {
    /// Whether sequences may run on that type.
    fn has_record_type(&self, record_type: RecordType) -> bool;

    /// The fields of that type.
    fn schema(&self, record_type: RecordType) -> Box<dyn Schema + '_>;

    /// The stages of a process flow of that type; `None` where there is no such flow.
    fn stages(&self, record_type: RecordType, flow: &str) -> Option<Vec<String>>;

    /// Whether a call can end so (CO-31).
    fn has_call_result(&self, result: &str) -> bool;

    /// Whether a template of that id exists for the channel.
    fn has_template(&self, channel: Channel, id: TemplateId) -> bool;

    /// Why nobody could ever be found so to give steps to, if that is so (§3.3).
    fn assign_fault(&self, assign_to: &AssignTo, record_type: RecordType) -> Option<String>;

    /// Whether opens and clicks are tracked.
    fn tracks_engagement(&self) -> bool;

    /// Why records of that type cannot advance to that sequence, if they cannot (CM-4).
    fn advance_fault(&self, record_type: RecordType, target: SequenceId) -> Option<String>;
}

/// The plan, if nothing blocks it, and every diagnostic. Saving has refused what is structurally impossible; a graph
/// that is so all the same is answered with those codes and no plan.
pub fn compile(graph: &Graph, properties: &Properties, around: &dyn Surroundings) -> (Option<Plan>, Vec<Diagnostic>) {
    let faults = structural_faults(graph);
    if !faults.is_empty() {
        let diagnostics = faults.into_iter().map(|(_, code, detail)| error(code, None, detail)).collect();
        return (None, diagnostics);
    }
    let order = reachable(graph);
    let found = check(graph, &order, properties, around);
    let blocked = found.iter().any(|found| found.severity == Severity::Error);
    let plan = if blocked { None } else { assemble(&order, properties) };
    (plan, found)
}

/// The plan of a graph that was sound when it was published. What it names may be gone since; the records that are going
/// through it go on all the same.
pub fn recompile(graph: &Graph, properties: &Properties) -> Option<Plan> {
    if !structural_faults(graph).is_empty() {
        return None;
    }
    assemble(&reachable(graph), properties)
}

/// A diagnostic that blocks.
pub(super) fn error(code: &'static str, node: Option<&str>, detail: String) -> Diagnostic {
    Diagnostic { code, severity: Severity::Error, node: node.map(Into::into), detail }
}

/// Nodes reachable from the start, each before every node behind it; the graph has no cycle.
fn reachable(graph: &Graph) -> Vec<&Node> {
    let by_id: HashMap<&str, &Node> = graph.nodes.iter().map(|node| (node.id(), node)).collect();
    let (mut seen, mut order) = (HashSet::new(), Vec::new());
    let mut stack: Vec<(&Node, bool)> =
        graph.start.as_deref().and_then(|start| by_id.get(start)).map(|node| (*node, false)).into_iter().collect();
    while let Some((node, left)) = stack.pop() {
        if left {
            order.push(node);
        } else if seen.insert(node.id()) {
            stack.push((node, true));
            let exits = node.exits();
            let behind = exits.iter().filter_map(|(_, to)| by_id.get((*to)?));
            stack.extend(behind.map(|next| (*next, false)));
        }
    }
    order.reverse();
    order
}

/// Milliseconds cannot overflow: days and hours are judged before they are multiplied.
pub(super) fn span(days: i64, hours: i64) -> Option<TimeDelta> {
    let in_range = (0..=limits::WAIT_HOURS_MAX).contains(&hours) && (0..=30).contains(&days);
    let total = days.checked_mul(24)?.checked_add(hours)?;
    (in_range && total > 0 && total <= limits::WAIT_HOURS_MAX).then(|| TimeDelta::hours(total))
}

/// The limit of an e-mail condition; one day unless either member is given (CO-14).
pub(super) fn limit(question: &EmailQuestion) -> Option<TimeDelta> {
    match (question.limit_days, question.limit_hours) {
        (None, None) => Some(TimeDelta::days(1)),
        (days, hours) => span(days.unwrap_or(0), hours.unwrap_or(0)),
    }
}

/// The largest sum of `weight` over the paths from the first of `order`, which lists nodes before their followers.
pub(super) fn longest(order: &[&Node], weight: impl Fn(&Node) -> i64) -> i64 {
    let mut from: HashMap<&str, i64> = HashMap::new();
    for node in order.iter().rev() {
        let behind = node.exits().iter().filter_map(|(_, to)| from.get((*to)?)).max().copied().unwrap_or(0);
        from.insert(node.id(), weight(node) + behind);
    }
    order.first().and_then(|first| from.get(first.id())).copied().unwrap_or(0)
}
