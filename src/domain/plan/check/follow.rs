//! What is wrong with how nodes follow each other.

use std::collections::{HashMap, HashSet};

use super::Check;
use crate::domain::plan::compile::{error, longest};
use crate::domain::sequence::graph::Node;
use crate::limits;

/// The nodes that lead to each node.
type Before<'a> = HashMap<&'a str, Vec<&'a Node>>;

impl Check<'_> {
    pub(super) fn paths(&mut self, order: &[&Node]) {
        let by_id: HashMap<&str, &Node> = order.iter().map(|node| (node.id(), *node)).collect();
        let mut before = Before::new();
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
            self.place(node, before, start == Some(node.id()));
        }
        self.automated_without_wait(order, &before);
        let longest = longest(order, |_| 1);
        if longest > limits::PATH_NODES_MAX as i64 {
            let detail =
                format!("a path has {longest} nodes, at most {} may follow each other", limits::PATH_NODES_MAX);
            self.found.push(error("too_many_steps", None, detail));
        }
    }

    fn place(&mut self, node: &Node, before: &[&Node], is_first: bool) {
        let behind = |is_wanted: &dyn Fn(&Node) -> bool| !is_first && before.iter().all(|other| is_wanted(other));
        if node.email_question().is_some() && !behind(&Node::is_email) {
            self.error("condition_misplaced", node, "this condition stands directly after an e-mail");
        }
        if matches!(node, Node::CondCall(_)) && !behind(&|other| matches!(other, Node::PhoneCall(_))) {
            self.error("condition_misplaced", node, "this condition stands directly after a phone call");
        }
        if let Node::Wait(wait) = node {
            if wait.next.is_none() {
                self.error("trailing_wait", node, "a sequence must not end with a wait; delete it");
            }
            if before.iter().any(|other| matches!(other, Node::Wait(_))) {
                self.warn("wait_after_wait", node, "two waits follow each other; one could say it");
            }
        }
        if let Node::Advance(advance) = node {
            if is_first {
                self.error("advance_first", node, "a sequence does not begin with advancing to another one");
            }
            if advance.next.is_some() {
                self.error("advance_not_last", node, "nothing follows advancing to another sequence");
            }
        }
    }

    /// ST-20, read as in D-48: commands are looked through, and only a step other than a wait warns.
    fn automated_without_wait(&mut self, order: &[&Node], before: &Before) {
        for node in order.iter().filter(|node| node.is_automated()) {
            let (mut stack, mut seen, mut warns) = (vec![*node], HashSet::new(), false);
            while let Some(at) = stack.pop() {
                for other in before.get(at.id()).map(Vec::as_slice).unwrap_or_default() {
                    let is_command = matches!(
                        other,
                        Node::UpdateField(_) | Node::BranchField(_) | Node::BranchStage(_) | Node::Advance(_)
                    );
                    let is_condition = !is_command && other.exits().len() == 2;
                    if is_command && seen.insert(other.id()) {
                        stack.push(other);
                    }
                    warns |= !is_command && !is_condition && !matches!(other, Node::Wait(_));
                }
            }
            if warns {
                self.warn("auto_without_wait", node, "the message leaves the moment the step before it is done");
            }
        }
    }
}
