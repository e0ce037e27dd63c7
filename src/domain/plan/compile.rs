//! From the author's graph to a plan, with every diagnostic of §9.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;

use super::assemble::assemble;
use super::check::check;
use super::structure::structural_faults;
use super::{AssignTo, Plan};
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::graph::{EmailConditionNode, Graph, Node};
use crate::id::TemplateId;
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

/// What the compiler may look at besides the graph.
pub struct Surroundings<'a> {
    /// The type of record the sequence runs on.
    pub record_type: RecordType,
    ///
    pub exit_on_reply: bool,
    /// §3.3.
    pub assign_to: AssignTo,
    /// Whether a call can end so (CO-31).
    pub has_call_result: &'a dyn Fn(&str) -> bool,
    /// Whether a field of the type is a two-option or option set that takes a value (CM-3).
    pub takes_option: &'a dyn Fn(&str, &str) -> bool,
    /// Whether an e-mail template of that id exists.
    pub has_template: &'a dyn Fn(TemplateId) -> bool,
}

/// The plan, if nothing blocks it, and every diagnostic. Saving has refused what is structurally impossible; a graph
/// that is so all the same is answered with those codes and no plan.
pub fn compile(graph: &Graph, around: &Surroundings) -> (Option<Plan>, Vec<Diagnostic>) {
    let faults = structural_faults(graph);
    if !faults.is_empty() {
        let diagnostics = faults.into_iter().map(|(_, code, detail)| error(code, None, detail)).collect();
        return (None, diagnostics);
    }
    let order = reachable(graph);
    let found = check(graph, &order, around);
    let blocked = found.iter().any(|found| found.severity == Severity::Error);
    let plan = if blocked { None } else { assemble(&order, around) };
    (plan, found)
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
pub(super) fn limit(node: &EmailConditionNode) -> Option<TimeDelta> {
    match (node.limit_days, node.limit_hours) {
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
