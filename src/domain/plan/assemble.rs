//! A sound graph, flattened: what each node does, where it leads, and what lies ahead of it.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::compile::{Surroundings, limit, longest, span};
use super::{Action, NodeIndex, Plan, PlanNode, SellerStep};
use crate::domain::sequence::graph::Node;
use crate::id::TemplateId;

/// Flattens a graph without errors. `None` cannot happen then, and says so rather than panicking.
pub(super) fn assemble(order: &[&Node], around: &Surroundings) -> Option<Plan> {
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
