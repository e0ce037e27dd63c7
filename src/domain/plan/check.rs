//! What is wrong with a graph (§9): with the whole of it and with each node by itself; see [`follow`] for how they follow
//! each other.

mod configure;
mod follow;

use std::collections::HashSet;

use super::compile::{Diagnostic, Properties, Severity, Surroundings, error};
use crate::domain::sequence::graph::{Graph, Node};
use crate::limits;

/// Every diagnostic of a graph that is structurally possible; `order` is what its start leads to.
pub(super) fn check(
    graph: &Graph,
    order: &[&Node],
    properties: &Properties,
    around: &dyn Surroundings,
) -> Vec<Diagnostic> {
    let mut check = Check { graph, properties, around, found: Vec::new() };
    let kind = properties.record_type;
    if !around.has_record_type(kind) {
        let detail = format!("records of type {} are switched off in the workspace", kind.name());
        check.found.push(error("record_type_disabled", None, detail));
    }
    if let Some(fault) = around.assign_fault(&properties.conduct.assign_to, kind) {
        check.found.push(error("assign_to_invalid", None, fault));
    }
    if order.is_empty() {
        check.found.push(error("empty_sequence", None, "the sequence has no step after its start".into()));
        return check.found;
    }
    check.nodes(order);
    check.exit_on_reply(order);
    check.paths(order);
    check.found
}

struct Check<'a> {
    graph: &'a Graph,
    properties: &'a Properties,
    around: &'a dyn Surroundings,
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    fn error(&mut self, code: &'static str, node: &Node, detail: impl Into<String>) {
        self.found.push(error(code, Some(node.id()), detail.into()));
    }

    fn warn(&mut self, code: &'static str, node: &Node, detail: &str) {
        let node = Some(node.id().to_owned());
        self.found.push(Diagnostic { code, severity: Severity::Warning, node, detail: detail.into() });
    }

    /// What is wrong with each node by itself.
    fn nodes(&mut self, order: &[&Node]) {
        for node in order {
            self.texts(node);
            self.configuration(node);
        }
        let tests = order.iter().filter(|node| matches!(node, Node::AbTest(_)));
        for node in tests.skip(limits::AB_TESTS_MAX) {
            self.error("too_many_ab_tests", node, format!("a sequence has at most {} A/B tests", limits::AB_TESTS_MAX));
        }
        let reached: HashSet<&str> = order.iter().map(|node| node.id()).collect();
        for node in self.graph.nodes.iter().filter(|node| !reached.contains(node.id())) {
            self.error("unreachable_node", node, "no path from the start leads here");
        }
    }

    fn texts(&mut self, node: &Node) {
        let Some((name, description)) = node.texts() else { return };
        // These have a label of their own.
        let is_labelled = node.exits().len() == 2 || node.kind().starts_with("li_") || matches!(node, Node::AbTest(_));
        if name.trim().is_empty() && !is_labelled {
            self.error("name_missing", node, "the step needs a name that tells the seller what to do");
        }
        let too_long = name.chars().count() > limits::STEP_NAME_MAX
            || description.is_some_and(|text| text.chars().count() > limits::STEP_DESCRIPTION_MAX);
        if too_long {
            let (name, text) = (limits::STEP_NAME_MAX, limits::STEP_DESCRIPTION_MAX);
            self.error("name_too_long", node, format!("a name has at most {name} characters, a description {text}"));
        }
    }

    /// R-31, D-38.
    fn exit_on_reply(&mut self, order: &[&Node]) {
        if !self.properties.conduct.exit_on_reply {
            return;
        }
        if !order.iter().any(|node| node.is_email()) {
            let detail = "leaving on a reply needs at least one e-mail step".into();
            self.found.push(error("reply_exit_without_email", None, detail));
        }
        if !self.around.tracks_engagement() {
            let detail = "leaving on a reply needs e-mail engagement, which is switched off".into();
            self.found.push(error("engagement_disabled", None, detail));
        }
    }
}
