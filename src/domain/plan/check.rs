//! What is wrong with a graph (§9): each node by itself, and how nodes follow each other.

use std::collections::{HashMap, HashSet};

use super::compile::{Diagnostic, Severity, Surroundings, error, limit, longest, span};
use crate::domain::sequence::graph::{Graph, Node};
use crate::id::TemplateId;
use crate::limits;

/// Every diagnostic of a graph that is structurally possible; `order` is what its start leads to.
pub(super) fn check(graph: &Graph, order: &[&Node], around: &Surroundings) -> Vec<Diagnostic> {
    if order.is_empty() {
        return vec![error("empty_sequence", None, "the sequence has no step after its start".into())];
    }
    let mut check = Check { graph, around, found: Vec::new() };
    check.nodes(order);
    check.paths(order);
    check.found
}

struct Check<'a> {
    graph: &'a Graph,
    around: &'a Surroundings<'a>,
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
        let reached: HashSet<&str> = order.iter().map(|node| node.id()).collect();
        for node in self.graph.nodes.iter().filter(|node| !reached.contains(node.id())) {
            self.error("unreachable_node", node, "no path from the start leads here");
        }
        let sends = |node: &&Node| matches!(node, Node::Email(_) | Node::AutoEmail(_));
        if self.around.exit_on_reply && !order.iter().any(sends) {
            let detail = "leaving on a reply needs at least one e-mail step".into();
            self.found.push(error("reply_exit_without_email", None, detail));
        }
    }

    fn texts(&mut self, node: &Node) {
        let Some((name, description)) = node.texts() else { return };
        let is_condition = node.exits().len() == 2;
        let is_linkedin = node.kind().starts_with("li_");
        if name.trim().is_empty() && !is_condition && !is_linkedin {
            self.error("name_missing", node, "the step needs a name that tells the seller what to do");
        }
        let too_long = name.chars().count() > limits::STEP_NAME_MAX
            || description.is_some_and(|text| text.chars().count() > limits::STEP_DESCRIPTION_MAX);
        if too_long {
            let (name, text) = (limits::STEP_NAME_MAX, limits::STEP_DESCRIPTION_MAX);
            self.error("name_too_long", node, format!("a name has at most {name} characters, a description {text}"));
        }
    }

    fn configuration(&mut self, node: &Node) {
        match node {
            Node::Wait(wait) if span(wait.days, wait.hours).is_none() => {
                self.error("wait_out_of_range", node, "a wait lasts more than nothing and at most 30 days");
            }
            Node::CondEmailReply(reply) if limit(reply).is_none() => {
                self.error("limit_out_of_range", node, "a time limit is more than nothing and at most 30 days");
            }
            Node::Email(mail) | Node::AutoEmail(mail) => self.template(node, mail.template.as_deref()),
            Node::CondCall(call) if call.results.is_empty() => {
                self.error("condition_empty", node, "choose at least one call result");
            }
            Node::CondCall(call) => {
                let unknown: Vec<_> =
                    call.results.iter().filter(|result| !(self.around.has_call_result)(result)).collect();
                if let Some(result) = unknown.first() {
                    self.error("condition_empty", node, format!("`{result}` is not a call result"));
                }
            }
            Node::UpdateField(update) => self.field(node, &update.field, &update.value),
            _ => {}
        }
        if node.exits().len() == 2 && node.exits().iter().all(|(_, to)| to.is_none()) {
            self.error("condition_dead", node, "both exits are empty, so the condition decides nothing");
        }
    }

    fn template(&mut self, node: &Node, template: Option<&str>) {
        match template {
            None if matches!(node, Node::AutoEmail(_)) => {
                self.error("template_missing", node, "an automated e-mail needs a template");
            }
            None => {}
            Some(id) => {
                let exists = TemplateId::parse(id).is_some_and(|id| (self.around.has_template)(id));
                if !exists {
                    self.error("template_unknown", node, format!("there is no e-mail template `{id}`"));
                }
            }
        }
    }

    fn field(&mut self, node: &Node, field: &str, value: &str) {
        let kind = self.around.record_type;
        if !(self.around.takes_option)(field, value) {
            let detail = format!("`{field}` of a {kind} is no two-option or option set that takes `{value}`");
            self.error("update_field_unsupported", node, detail);
        }
    }

    /// What is wrong with how nodes follow each other.
    fn paths(&mut self, order: &[&Node]) {
        let by_id: HashMap<&str, &Node> = order.iter().map(|node| (node.id(), *node)).collect();
        let mut before: HashMap<&str, Vec<&Node>> = HashMap::new();
        for node in order {
            for to in node.exits().into_iter().filter_map(|(_, to)| to) {
                if let Some(next) = by_id.get(to) {
                    before.entry(next.id()).or_default().push(node);
                }
            }
        }
        let start = self.graph.start.as_deref();
        for node in order {
            let before = before.get(node.id()).map(Vec::as_slice).unwrap_or_default();
            self.sequence(node, before, start == Some(node.id()));
        }
        self.automated_without_wait(order, &before);
        let longest = longest(order, |_| 1);
        if longest > limits::PATH_NODES_MAX as i64 {
            let detail =
                format!("a path has {longest} nodes, at most {} may follow each other", limits::PATH_NODES_MAX);
            self.found.push(error("too_many_steps", None, detail));
        }
    }

    fn sequence(&mut self, node: &Node, before: &[&Node], is_first: bool) {
        let wanted = |other: &&Node| match node {
            Node::CondEmailReply(_) => matches!(other, Node::Email(_) | Node::AutoEmail(_)),
            Node::CondCall(_) => matches!(other, Node::PhoneCall(_)),
            _ => true,
        };
        if (is_first && node.exits().len() == 2) || !before.iter().all(wanted) {
            let step = if matches!(node, Node::CondCall(_)) { "a phone call" } else { "an e-mail" };
            self.error("condition_misplaced", node, format!("this condition stands directly after {step}"));
        }
        if let Node::Wait(wait) = node {
            if wait.next.is_none() {
                self.error("trailing_wait", node, "a sequence must not end with a wait; delete it");
            }
            if before.iter().any(|other| matches!(other, Node::Wait(_))) {
                self.warn("wait_after_wait", node, "two waits follow each other; one could say it");
            }
        }
    }

    /// ST-20, read as in D-48: commands are looked through, and only a step other than a wait warns.
    fn automated_without_wait(&mut self, order: &[&Node], before: &HashMap<&str, Vec<&Node>>) {
        for node in order.iter().filter(|node| matches!(node, Node::AutoEmail(_))) {
            let (mut stack, mut seen, mut warns) = (vec![*node], HashSet::new(), false);
            while let Some(at) = stack.pop() {
                for other in before.get(at.id()).map(Vec::as_slice).unwrap_or_default() {
                    match other {
                        Node::UpdateField(_) if seen.insert(other.id()) => stack.push(other),
                        Node::UpdateField(_) | Node::Wait(_) | Node::CondEmailReply(_) | Node::CondCall(_) => {}
                        _ => warns = true,
                    }
                }
            }
            if warns {
                self.warn("auto_without_wait", node, "the message leaves the moment the step before it is done");
            }
        }
    }
}
