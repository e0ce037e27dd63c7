//! What is wrong with the configuration of one node.

use super::Check;
use crate::domain::condition::Condition;
use crate::domain::condition::check::Kind;
use crate::domain::plan::Channel;
use crate::domain::plan::compile::{limit, span};
use crate::domain::sequence::graph::{
    AbTestNode, AbVersionNode, BranchStageNode, EmailQuestion, Metric, Node, TestEnd, Until,
};
use crate::id::{SequenceId, TemplateId};
use crate::limits;
use crate::time::Timestamp;

impl Check<'_> {
    pub(super) fn configuration(&mut self, node: &Node) {
        match node {
            Node::Email(message) => self.template(node, Channel::Email, message.template.as_deref(), false),
            Node::AutoEmail(message) => self.template(node, Channel::Email, message.template.as_deref(), true),
            Node::Text(message) => self.template(node, Channel::Text, message.template.as_deref(), false),
            Node::AutoText(message) => self.template(node, Channel::Text, message.template.as_deref(), true),
            Node::Wait(wait) if span(wait.days, wait.hours).is_none() => {
                self.error("wait_out_of_range", node, "a wait lasts more than nothing and at most 30 days");
            }
            Node::AbTest(test) => self.ab_test(node, test),
            Node::CondCall(call) => self.call_results(node, &call.results),
            Node::BranchField(branch) => self.condition(node, branch.condition.as_ref()),
            Node::BranchStage(branch) => self.stages(node, branch),
            Node::UpdateField(update) => self.field(node, &update.field, &update.value),
            Node::Advance(advance) => self.target(node, &advance.sequence),
            _ => {}
        }
        if let Node::Wait(wait) = node {
            self.until(node, &wait.until);
        }
        if let Some(question) = node.email_question() {
            self.email_condition(node, &question);
        }
        if node.exits().len() == 2 && node.exits().iter().all(|(_, to)| to.is_none()) {
            self.error("condition_dead", node, "both exits are empty, so the condition decides nothing");
        }
    }

    fn until(&mut self, node: &Node, until: &[Until]) {
        if until.len() > limits::UNTIL_MAX {
            self.error("condition_invalid", node, format!("at most {} things end a wait", limits::UNTIL_MAX));
        }
        let kind = self.properties.record_type;
        for until in until.iter().take(limits::UNTIL_MAX) {
            match until {
                Until::Event(event) if event.signal().is_some() => {
                    if !self.around.tracks_engagement() {
                        let detail = "what comes back for e-mails needs e-mail engagement, which is switched off";
                        self.error("engagement_disabled", node, detail);
                    }
                    if !self.graph.nodes.iter().any(Node::is_email) {
                        self.error("condition_misplaced", node, "nothing can come back where no e-mail is sent");
                    }
                }
                Until::Event(_) => {}
                Until::Field(name) => {
                    // These follow from what is done with the record and are not written.
                    let is_written = !matches!(name.as_str(), "created_at" | "modified_at" | "state" | "outcome");
                    if !is_written || self.around.schema(kind).field(name).is_none() {
                        self.error(
                            "condition_invalid",
                            node,
                            format!("a {} has no field `{name}` to be written", kind.name()),
                        );
                    }
                }
                Until::Condition(condition) => self.condition(node, Some(condition)),
            }
        }
    }

    fn email_condition(&mut self, node: &Node, question: &EmailQuestion) {
        if limit(question).is_none() {
            self.error("limit_out_of_range", node, "a time limit is more than nothing and at most 30 days");
        }
        if question.signals.is_empty() {
            self.error("condition_empty", node, "choose at least one signal");
        }
        if !self.around.tracks_engagement() {
            self.error("engagement_disabled", node, "e-mail conditions need e-mail engagement, which is switched off");
        }
    }

    fn call_results(&mut self, node: &Node, results: &[String]) {
        if results.is_empty() {
            self.error("condition_empty", node, "choose at least one call result");
        }
        if let Some(result) = results.iter().find(|result| !self.around.has_call_result(result)) {
            self.error("condition_empty", node, format!("`{result}` is not a call result"));
        }
    }

    fn condition(&mut self, node: &Node, condition: Option<&Condition>) {
        let Some(condition) = condition.filter(|condition| !condition.is_empty()) else {
            return self.error("condition_empty", node, "choose at least one comparison");
        };
        for fault in condition.faults(self.around.schema(self.properties.record_type).as_ref()) {
            self.error("condition_invalid", node, fault);
        }
    }

    fn stages(&mut self, node: &Node, branch: &BranchStageNode) {
        let kind = self.properties.record_type;
        if branch.stages.is_empty() {
            self.error("condition_empty", node, "choose at least one stage");
        }
        let flow = &branch.flow;
        match self.around.stages(kind, flow) {
            None => self.error("stage_flow_missing", node, format!("a {} has no process flow `{flow}`", kind.name())),
            Some(known) => {
                if let Some(stage) = branch.stages.iter().find(|stage| !known.contains(stage)) {
                    self.error("stage_flow_missing", node, format!("the process flow `{flow}` has no stage `{stage}`"));
                }
            }
        }
    }

    fn template(&mut self, node: &Node, channel: Channel, template: Option<&str>, required: bool) {
        match template {
            None if required => self.error("template_missing", node, "an automated message needs a template"),
            None => {}
            Some(id) if !TemplateId::parse(id).is_some_and(|id| self.around.has_template(channel, id)) => {
                let what = if channel == Channel::Email { "e-mail" } else { "text-message" };
                self.error("template_unknown", node, format!("there is no {what} template `{id}`"));
            }
            Some(_) => {}
        }
    }

    fn field(&mut self, node: &Node, field: &str, value: &str) {
        let kind = self.properties.record_type;
        let fits = match self.around.schema(kind).field(field) {
            Some(Kind::TwoOption) => matches!(value, "yes" | "no"),
            Some(Kind::Options(options)) => options.iter().any(|option| option == value),
            _ => false,
        };
        if !fits {
            let detail = format!("`{field}` of a {} is no two-option or option set that takes `{value}`", kind.name());
            self.error("update_field_unsupported", node, detail);
        }
    }

    fn target(&mut self, node: &Node, sequence: &str) {
        let fault = match SequenceId::parse(sequence) {
            None => Some(format!("there is no sequence `{sequence}`")),
            Some(target) => self.around.advance_fault(self.properties.record_type, target),
        };
        if let Some(fault) = fault {
            self.error("advance_target_invalid", node, fault);
        }
    }

    /// AB-2 to AB-7.
    fn ab_test(&mut self, node: &Node, test: &AbTestNode) {
        let versions = [("A", &test.versions.a), ("B", &test.versions.b)];
        let named = |version: &AbVersionNode| !version.name.trim().is_empty();
        let mut lacks = Vec::new();
        let mut need = |is_there: bool, what: String| {
            if !is_there {
                lacks.push(what)
            }
        };
        need(!test.display_name.trim().is_empty(), "a display name".into());
        need(test.channel.is_some(), "a channel".into());
        for (letter, version) in versions {
            need(named(version), format!("a name of version {letter}"));
            need(version.template.is_some(), format!("a template of version {letter}"));
        }
        need(test.metric.is_some(), "a winning metric".into());
        need(test.default.is_some(), "a default version".into());
        let ends = match &test.end {
            Some(TestEnd::Automatic(automatic)) => *automatic,
            Some(TestEnd::At(at)) => Timestamp::parse(at).is_some(),
            None => false,
        };
        need(ends, "an end, either automatic or at an instant such as 2026-03-31T09:00:00Z".into());
        if !lacks.is_empty() {
            self.error("ab_incomplete", node, format!("the test needs {}", lacks.join(", ")));
        }
        let names = [&test.display_name, &test.versions.a.name, &test.versions.b.name];
        if names.iter().any(|name| name.chars().count() > limits::STEP_NAME_MAX) {
            let detail = format!("a name in a test has at most {} characters", limits::STEP_NAME_MAX);
            self.error("name_too_long", node, detail);
        }
        let (least, most) = (limits::AB_SHARE_MIN, limits::AB_SHARE_MAX);
        if test.share_a.is_some_and(|share| !(least..=most).contains(&share)) {
            self.error("ab_split_out_of_range", node, format!("each version gets {least} to {most} of 100"));
        }
        if let Some(channel) = test.channel {
            versions.iter().for_each(|(_, version)| self.template(node, channel, version.template.as_deref(), false));
        }
        if matches!(test.metric, Some(Metric::Clicks | Metric::Opens)) && !self.around.tracks_engagement() {
            let detail = "opens and clicks need e-mail engagement, which is switched off";
            self.error("engagement_disabled", node, detail);
        }
    }
}
