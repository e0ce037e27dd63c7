//! From the author's graph to a plan, with every diagnostic of §9 that concerns the node types there are.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;

use super::structure::structural_faults;
use super::{Action, AssignTo, NodeIndex, Plan, PlanNode, SellerStep};
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::graph::{Graph, Node, ReplyNode};
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
    let mut check = Check { graph, around, found: Vec::new() };
    let Some(start) = graph.start.as_deref() else {
        check.found.push(error("empty_sequence", None, "the sequence has no step after its start".into()));
        return (None, check.found);
    };
    let order = reachable(graph, start);
    check.nodes(&order);
    check.paths(&order);
    let blocked = check.found.iter().any(|found| found.severity == Severity::Error);
    let plan = if blocked { None } else { assemble(&order, around) };
    (plan, check.found)
}

fn error(code: &'static str, node: Option<&str>, detail: String) -> Diagnostic {
    Diagnostic { code, severity: Severity::Error, node: node.map(Into::into), detail }
}

/// Nodes reachable from `start`, each before every node behind it; the graph has no cycle.
fn reachable<'a>(graph: &'a Graph, start: &str) -> Vec<&'a Node> {
    let by_id: HashMap<&str, &Node> = graph.nodes.iter().map(|node| (node.id(), node)).collect();
    let (mut seen, mut order) = (HashSet::new(), Vec::new());
    let mut stack: Vec<(&Node, bool)> = by_id.get(start).map(|node| (*node, false)).into_iter().collect();
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
fn span(days: i64, hours: i64) -> Option<TimeDelta> {
    let in_range = (0..=limits::WAIT_HOURS_MAX).contains(&hours) && (0..=30).contains(&days);
    let total = days.checked_mul(24)?.checked_add(hours)?;
    (in_range && total > 0 && total <= limits::WAIT_HOURS_MAX).then(|| TimeDelta::hours(total))
}

/// The limit of an e-mail condition; one day unless either member is given (CO-14).
fn limit(node: &ReplyNode) -> Option<TimeDelta> {
    match (node.limit_days, node.limit_hours) {
        (None, None) => Some(TimeDelta::days(1)),
        (days, hours) => span(days.unwrap_or(0), hours.unwrap_or(0)),
    }
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
            let detail = format!("`{field}` of a {} is no two-option or option set that takes `{value}`", kind.name());
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

/// The largest sum of `weight` over the paths from the first of `order`, which lists nodes before their followers.
fn longest(order: &[&Node], weight: impl Fn(&Node) -> i64) -> i64 {
    let mut from: HashMap<&str, i64> = HashMap::new();
    for node in order.iter().rev() {
        let behind = node.exits().iter().filter_map(|(_, to)| from.get((*to)?)).max().copied().unwrap_or(0);
        from.insert(node.id(), weight(node) + behind);
    }
    order.first().and_then(|first| from.get(first.id())).copied().unwrap_or(0)
}

/// Flattens a graph without errors. `None` cannot happen then, and says so rather than panicking.
fn assemble(order: &[&Node], around: &Surroundings) -> Option<Plan> {
    let index: HashMap<&str, NodeIndex> =
        order.iter().enumerate().map(|(place, node)| (node.id(), place as NodeIndex)).collect();
    let mut nodes: Vec<PlanNode> = order.iter().map(|node| plan_node(node, &index)).collect::<Option<_>>()?;
    for place in (0..nodes.len()).rev() {
        let behind: Vec<&PlanNode> = nodes[place].exits().map(|exit| &nodes[usize::from(exit)]).collect();
        let steps = behind.iter().map(|node| node.steps_ahead).max().unwrap_or(0);
        let seller = behind.iter().any(|node| node.is_seller_step() || node.seller_behind);
        let node = &mut nodes[place];
        node.steps_ahead = steps + u16::from(node.is_counted());
        node.seller_behind = seller;
    }
    let hours = |node: &Node| match node {
        Node::Wait(wait) => span(wait.days, wait.hours).map_or(0, |span| span.num_hours()),
        Node::CondEmailReply(reply) => limit(reply).map_or(0, |span| span.num_hours()),
        _ => 0,
    };
    Some(Plan {
        record_type: around.record_type,
        exit_on_reply: around.exit_on_reply,
        assign_to: around.assign_to,
        step_count: nodes.iter().filter(|node| node.is_counted()).count() as u16,
        duration: TimeDelta::hours(longest(order, hours)),
        nodes,
    })
}

fn plan_node(node: &Node, index: &HashMap<&str, NodeIndex>) -> Option<PlanNode> {
    let action = match node {
        Node::Email(mail) => Action::Seller(SellerStep::Email(mail.template.as_deref().and_then(TemplateId::parse))),
        Node::AutoEmail(mail) => Action::AutoEmail(mail.template.as_deref().and_then(TemplateId::parse)?),
        Node::PhoneCall(_) => Action::Seller(SellerStep::PhoneCall),
        Node::Task(_) => Action::Seller(SellerStep::Task),
        Node::LiResearch(_) | Node::LiIntro(_) | Node::LiConnect(_) | Node::LiInmail(_) => {
            Action::Seller(SellerStep::LinkedIn)
        }
        Node::Wait(wait) => Action::Wait(span(wait.days, wait.hours)?),
        Node::CondEmailReply(reply) => {
            Action::EmailReplied { limit: limit(reply)?, advance_early: reply.advance_early }
        }
        Node::CondCall(call) => Action::CallResult(call.results.clone()),
        Node::UpdateField(update) => Action::UpdateField { field: update.field.clone(), value: update.value.clone() },
    };
    let exit = |member: &str| {
        node.exits().iter().find(|(name, _)| *name == member).and_then(|(_, to)| index.get((*to)?).copied())
    };
    let (name, description) = node.texts().unwrap_or_default();
    let name = if name.trim().is_empty() { default_name(node) } else { name };
    Some(PlanNode {
        id: node.id().to_owned(),
        type_name: node.kind(),
        name: name.to_owned(),
        description: description.unwrap_or_default().to_owned(),
        action,
        next: exit("next").or_else(|| exit("yes")),
        no: exit("no"),
        steps_ahead: 0,
        seller_behind: false,
    })
}

/// The label of a node that was not named: LinkedIn steps default to theirs (§7).
fn default_name(node: &Node) -> &'static str {
    match node {
        Node::LiResearch(_) => "Research",
        Node::LiIntro(_) => "Find intro person",
        Node::LiConnect(_) => "Connect via LinkedIn",
        Node::LiInmail(_) => "Send InMail",
        Node::Wait(_) => "Wait",
        Node::CondEmailReply(_) => "Replied?",
        Node::CondCall(_) => "Call result?",
        Node::UpdateField(_) => "Update field",
        Node::Email(_) | Node::AutoEmail(_) | Node::PhoneCall(_) | Node::Task(_) => "",
    }
}
