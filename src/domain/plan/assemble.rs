//! A sound graph, flattened: what each node does, where it leads, and what lies ahead of it.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::compile::{Properties, limit, longest, span};
use super::{AbEnd, AbTest, Action, EmailSignals, NodeIndex, Plan, PlanNode, SellerStep, WaitTime};
use crate::domain::sequence::graph::{AbTestNode, EmailQuestion, Node, TestEnd};
use crate::id::{FlowId, SequenceId, TemplateId};
use crate::time::Timestamp;

/// Flattens a graph without errors. `None` cannot happen then, and says so rather than panicking.
pub(super) fn assemble(order: &[&Node], properties: &Properties) -> Option<Plan> {
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
        _ => node.email_question().and_then(|question| limit(&question)).map_or(0, |span| span.num_hours()),
    };
    Some(Plan {
        record_type: properties.record_type,
        conduct: properties.conduct.clone(),
        step_count: nodes.iter().filter(|node| node.is_counted()).count() as u16,
        duration: TimeDelta::hours(longest(order, hours)),
        nodes,
    })
}

fn action(node: &Node) -> Option<Action> {
    let template = |id: &Option<String>| id.as_deref().and_then(TemplateId::parse);
    if let Some(question) = node.email_question() {
        let (limit, EmailQuestion { advance_early, signals, all, .. }) = (limit(&question)?, question);
        return Some(Action::EmailSignals(EmailSignals { signals, all, limit, advance_early }));
    }
    Some(match node {
        Node::Email(message) => Action::Seller(SellerStep::Email(template(&message.template))),
        Node::AutoEmail(message) => Action::AutoEmail(template(&message.template)?),
        Node::Text(message) => Action::Seller(SellerStep::Text(template(&message.template))),
        Node::AutoText(message) => Action::AutoText(template(&message.template)?),
        Node::PhoneCall(_) => Action::Seller(SellerStep::PhoneCall),
        Node::Task(_) => Action::Seller(SellerStep::Task),
        Node::LiResearch(_) | Node::LiIntro(_) | Node::LiConnect(_) | Node::LiInmail(_) => {
            Action::Seller(SellerStep::LinkedIn)
        }
        Node::Wait(wait) => {
            span(wait.days, wait.hours)?;
            Action::Wait(WaitTime { days: u32::try_from(wait.days).ok()?, hours: u32::try_from(wait.hours).ok()? })
        }
        Node::AbTest(test) => Action::AbTest(ab_settings(test)?),
        Node::CondCall(call) => Action::CallResult(call.results.clone()),
        Node::BranchField(branch) => Action::FieldCondition(branch.condition.clone()?),
        Node::BranchStage(branch) => {
            Action::StageCondition { flow: FlowId::parse(&branch.flow)?, stages: branch.stages.clone() }
        }
        Node::UpdateField(update) => Action::UpdateField { field: update.field.clone(), value: update.value.clone() },
        Node::Advance(advance) => Action::Advance(SequenceId::parse(&advance.sequence)?),
        Node::CondEmailOpen(_) | Node::CondEmailReply(_) | Node::CondEmailLink(_) => return None,
        Node::CondEmailAttachment(_) | Node::CondEmailAdvanced(_) => return None,
    })
}

/// What a test runs with; none of a draft that lacks something (AB-2 to AB-7).
pub fn ab_settings(test: &AbTestNode) -> Option<AbTest> {
    let (a, b) = (&test.versions.a, &test.versions.b);
    let template = |id: &Option<String>| id.as_deref().and_then(TemplateId::parse);
    Some(AbTest {
        display_name: test.display_name.clone(),
        channel: test.channel?,
        names: [a.name.clone(), b.name.clone()],
        templates: [template(&a.template)?, template(&b.template)?],
        share_a: u8::try_from(test.share_a.unwrap_or(50)).ok()?,
        metric: test.metric?,
        end: match test.end.as_ref()? {
            TestEnd::Automatic(_) => AbEnd::Automatic,
            TestEnd::At(at) => AbEnd::At(Timestamp::parse(at)?),
        },
        default: test.default?,
        since: 0,
    })
}

fn plan_node(node: &Node, index: &HashMap<&str, NodeIndex>) -> Option<PlanNode> {
    let action = action(node)?;
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
        until: if let Node::Wait(wait) = node { wait.until.clone() } else { vec![] },
        next: exit("next").or_else(|| exit("yes")),
        no: exit("no"),
        steps_ahead: 0,
        seller_behind: false,
    })
}

/// The label of a node that was not named: LinkedIn steps default to theirs (§7).
fn default_name(node: &Node) -> &str {
    match node {
        Node::LiResearch(_) => "Research",
        Node::LiIntro(_) => "Find intro person",
        Node::LiConnect(_) => "Connect via LinkedIn",
        Node::LiInmail(_) => "Send InMail",
        Node::Wait(_) => "Wait",
        Node::AbTest(test) => &test.display_name,
        Node::CondEmailOpen(_) => "Opened?",
        Node::CondEmailReply(_) => "Replied?",
        Node::CondEmailLink(_) => "Link followed?",
        Node::CondEmailAttachment(_) => "Attachment fetched?",
        Node::CondEmailAdvanced(_) => "What came back?",
        Node::CondCall(_) => "Call result?",
        Node::BranchField(_) => "Field value?",
        Node::BranchStage(_) => "Process stage?",
        Node::UpdateField(_) => "Update field",
        Node::Advance(_) => "Advance to another sequence",
        Node::Email(_) | Node::AutoEmail(_) | Node::Text(_) | Node::AutoText(_) => "",
        Node::PhoneCall(_) | Node::Task(_) => "",
    }
}
