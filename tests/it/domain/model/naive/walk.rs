//! From node to node: what each kind does when it is reached.

use relance::domain::enrolment::{EndReason, EnrolmentStatus, Exit, StepError, StepStatus, WaitState};
use relance::domain::plan::{AssignTo, Channel};
use relance::domain::record::schema::Owner;
use relance::domain::sequence::graph::{Node, Occurrence, WaitNode};
use relance::id::{SequenceId, UserId};

use super::{Happened, Naive, Version, Visit, node};
use crate::domain::model::scene::TEAM;

/// What follows when a node is reached.
pub(super) enum Step {
    /// Somebody or something has to act, or it is over.
    Stop,
    /// This is next; nothing ends the run.
    On(Option<String>),
}

impl Naive {
    /// Reaches a node and all that follow by themselves.
    pub(super) fn go(&mut self, run: u32, first: Option<String>) {
        let mut next = first;
        loop {
            let Some(id) = next else {
                return self.end(run, EnrolmentStatus::Completed, EndReason::SequenceCompleted);
            };
            match self.reach(run, &id) {
                Step::On(exit) if self.is_live(run) => next = exit,
                _ => return,
            }
        }
    }

    /// Follows what became of a node that the run stood on.
    pub(super) fn go_on(&mut self, run: u32, step: Step) {
        if let (Step::On(next), true) = (step, self.is_live(run)) {
            self.go(run, next);
        }
    }

    fn reach(&mut self, run: u32, id: &str) -> Step {
        let version = self.version(run);
        let node = node(&version, id);
        if let Some(wait) = as_wait(node) {
            return self.reach_wait(run, &version, wait);
        }
        if is_condition_on_mail(node) {
            return self.reach_mail_condition(run, node);
        }
        if is_automated(node) {
            return self.reach_message(run, &version, node);
        }
        let visit = self.open(run, id);
        match node {
            Node::CondCall(condition) => {
                let call = self.before(visit).and_then(|call| call.call_result.clone());
                let held = call.is_some_and(|result| condition.results.contains(&result));
                self.take(visit, node, WaitState::None, held)
            }
            _ if is_of_seller(node) => {
                self.warn(visit);
                self.becomes_sellers(visit);
                Step::Stop
            }
            _ => self.execute(visit),
        }
    }

    pub(super) fn open(&mut self, run: u32, id: &str) -> u32 {
        let assignee = self.assignee(run);
        let number = self.fresh_number();
        self.visits.push(Visit {
            number,
            run,
            node: id.to_owned(),
            assignee,
            status: StepStatus::Open,
            wait: WaitState::None,
            error: None,
            converted: false,
            warned: false,
            is_tested: false,
            opened_at: self.now,
            due_at: self.now,
            ended_by: None,
            wakes_at: None,
            completed_at: None,
            snoozes: 0,
            call_result: None,
            exit: None,
            signals: Default::default(),
            message: None,
            linked: None,
        });
        self.run_mut(run).current = Some(number);
        number
    }

    /// It waits, and its timer is armed.
    fn waits(&mut self, visit: u32, until: relance::time::Timestamp) -> Step {
        let held = self.visit_mut(visit);
        (held.wait, held.wakes_at, held.due_at) = (WaitState::Waiting, Some(until), until);
        let run = held.run;
        self.rests(run);
        Step::Stop
    }

    fn reach_wait(&mut self, run: u32, version: &Version, wait: &WaitNode) -> Step {
        let by = self.ended_already(run, wait);
        let visit = self.open(run, &wait.id);
        if by.is_some() {
            self.visit_mut(visit).ended_by = by;
            self.finish(visit, WaitState::Completed, None);
            return Step::On(wait.next.clone());
        }
        let assignee = self.visit(visit).expect("opened").assignee;
        self.waits(visit, self.wait_end(version, assignee, self.now, wait))
    }

    /// CO-10 to CO-15, D-62.
    fn reach_mail_condition(&mut self, run: u32, condition: &Node) -> Step {
        let visit = self.open(run, super::name_of(condition));
        let mail = self.before(visit).expect("a condition follows a message").clone();
        if mail.status == StepStatus::Skipped {
            return self.take(visit, condition, WaitState::None, false);
        }
        let ask = super::answer::question(condition);
        let end = mail.completed_at.expect("it is done") + ask.limit;
        let held = ask.holds_of(&mail, end);
        if end <= self.now || (held && ask.early) {
            return self.take(visit, condition, WaitState::None, held);
        }
        self.waits(visit, end)
    }

    /// ST-20, ST-23, and the window.
    fn reach_message(&mut self, run: u32, version: &Version, message: &Node) -> Step {
        let visit = self.open(run, super::name_of(message));
        if self.cannot_send(message).is_some() || !self.office.is_sure {
            self.warn(visit);
        }
        if let Some(error) = self.cannot_send(message) {
            return self.convert(visit, message, error);
        }
        match self.window_opens(version, self.visit(visit).expect("opened").assignee) {
            Some(opens) => {
                self.warn(visit);
                self.waits(visit, opens)
            }
            None => self.send(visit, message, WaitState::None),
        }
    }

    /// ST-23: it is the seller's now.
    pub(super) fn convert(&mut self, visit: u32, message: &Node, error: StepError) -> Step {
        let now = self.now;
        let held = self.visit_mut(visit);
        held.is_tested = matches!(message, Node::AbTest(_));
        (held.error, held.converted) = (Some(error), true);
        (held.wait, held.wakes_at, held.opened_at) = (WaitState::None, None, now);
        self.becomes_sellers(visit);
        Step::Stop
    }

    /// Why a message cannot leave. No gateway takes text messages yet.
    pub(super) fn cannot_send(&self, message: &Node) -> Option<StepError> {
        match () {
            () if !is_mail(message) => Some(StepError::AutomatedTextFailed),
            () if self.lead.email.is_none() || !self.lead.allows_email => Some(StepError::EmailUndeliverable),
            () => None,
        }
    }

    /// nobody was found whom a seller may ask about it.
    fn warn(&mut self, visit: u32) {
        let run = self.visit(visit).expect("a visit").run;
        self.visit_mut(visit).warned = self.found(run).is_none();
    }

    /// due when its seller works, and on the timeline.
    fn becomes_sellers(&mut self, visit: u32) {
        let held = self.visit(visit).expect("a visit").clone();
        let due_at = self.due(held.opened_at, held.assignee);
        let linked = (self.office.linked && !self.is_excluded(&held)).then_some(super::ActivityStatus::Open);
        let it = self.visit_mut(visit);
        (it.due_at, it.linked) = (due_at, linked);
        self.rests(held.run);
    }

    ///
    fn assignee(&self, run: u32) -> Owner {
        let found = self.found(run).unwrap_or(self.lead.owner);
        self.stand_in(found, Some(self.run(run).expect("a run").sequence))
    }

    fn found(&self, run: u32) -> Option<Owner> {
        self.resolve(&self.version(run).assign_to, self.run(run).expect("a run").by)
    }

    /// §3.3; everybody but those who left may act, and the one team has members who may.
    pub(super) fn resolve(&self, assign_to: &AssignTo, by: UserId) -> Option<Owner> {
        let owning = (self.lead.owner == Owner::Team(TEAM)).then_some(Owner::Team(TEAM));
        match assign_to {
            AssignTo::RecordOwner => Some(self.lead.owner),
            AssignTo::CurrentUser => Some(Owner::User(by)),
            AssignTo::RecordField(field) => {
                let user = self.lead.fields.get(field).and_then(|held| UserId::parse(held.text()?))?;
                self.may_act(Owner::User(user)).then_some(Owner::User(user))
            }
            AssignTo::OwnerTeam(_) => owning,
            AssignTo::AccessTeam(_) => self.lead.access_team.map(Owner::Team).or(owning),
        }
    }

    pub(super) fn may_act(&self, who: Owner) -> bool {
        match who {
            Owner::User(user) => !self.office.left.contains(&user),
            Owner::Team(_) => true,
        }
    }

    ///
    pub(super) fn stand_in(&self, of: Owner, sequence: Option<SequenceId>) -> Owner {
        let author = sequence.and_then(|id| self.sequence(id)).map(|sequence| sequence.author);
        let heirs = [Some(of), Some(self.lead.owner), author];
        heirs.into_iter().flatten().find(|heir| self.may_act(*heir)).unwrap_or(of)
    }

    /// A condition is answered.
    pub(super) fn take(&mut self, visit: u32, condition: &Node, wait: WaitState, held: bool) -> Step {
        self.finish(visit, wait, Some(if held { Exit::Yes } else { Exit::No }));
        Step::On(exit(condition, held))
    }

    /// Completed, and counted if it is a step (D-61).
    pub(super) fn finish(&mut self, visit: u32, wait: WaitState, took: Option<Exit>) {
        let held = self.visit_mut(visit);
        (held.wait, held.exit, held.error) = (wait, took, None);
        self.shut(visit, StepStatus::Completed);
    }

    /// Closes a visit one way or the other, and its linked activity with it.
    pub(super) fn shut(&mut self, visit: u32, status: StepStatus) {
        let now = self.now;
        let held = self.visit_mut(visit);
        held.status = status;
        if held.linked == Some(super::ActivityStatus::Open) {
            let is_done = status == StepStatus::Completed;
            held.linked =
                Some(if is_done { super::ActivityStatus::Completed } else { super::ActivityStatus::Cancelled });
            if is_done {
                self.happened.push(Happened::Event(Occurrence::ActivityCompleted));
            }
        }
        let held = self.visit_mut(visit);
        if status == StepStatus::Cancelled {
            return;
        }
        held.completed_at = Some(now);
        let (run, id) = (held.run, held.node.clone());
        if is_counted(node(&self.version(run), &id)) {
            self.run_mut(run).steps_done += 1;
        }
    }

    pub(super) fn fail(&mut self, visit: u32, error: StepError) -> Step {
        self.visit_mut(visit).error = Some(error);
        Step::Stop
    }

    /// What the run came to before.
    pub(super) fn before(&self, visit: u32) -> Option<&Visit> {
        let run = self.visit(visit)?.run;
        self.visits.iter().rfind(|before| before.run == run && before.number < visit)
    }

    /// D-59: whether a seller's step can be reached from a node, itself aside.
    pub(super) fn leads_to_seller(&self, run: u32, id: &str) -> bool {
        let version = self.version(run);
        let from = node(&version, id);
        [exit(from, true), exit(from, false)]
            .into_iter()
            .flatten()
            .any(|next| is_of_seller(node(&version, &next)) || self.leads_to_seller(run, &next))
    }
}

pub(super) fn as_wait(node: &Node) -> Option<&WaitNode> {
    if let Node::Wait(wait) = node { Some(wait) } else { None }
}

/// Groups *Steps* and *LinkedIn* without waits (TC-1).
fn is_counted(node: &Node) -> bool {
    is_of_seller(node) || is_automated(node)
}

pub(super) fn is_of_seller(node: &Node) -> bool {
    matches!(
        node,
        Node::Email(_)
            | Node::Text(_)
            | Node::PhoneCall(_)
            | Node::Task(_)
            | Node::LiResearch(_)
            | Node::LiIntro(_)
            | Node::LiConnect(_)
            | Node::LiInmail(_)
    )
}

pub(super) fn is_automated(node: &Node) -> bool {
    matches!(node, Node::AutoEmail(_) | Node::AutoText(_) | Node::AbTest(_))
}

/// D-36.
pub(super) fn is_mail(node: &Node) -> bool {
    match node {
        Node::Email(_) | Node::AutoEmail(_) => true,
        Node::AbTest(test) => test.channel == Some(Channel::Email),
        _ => false,
    }
}

pub(super) fn is_condition_on_mail(node: &Node) -> bool {
    matches!(
        node,
        Node::CondEmailOpen(_)
            | Node::CondEmailReply(_)
            | Node::CondEmailLink(_)
            | Node::CondEmailAttachment(_)
            | Node::CondEmailAdvanced(_)
    )
}

/// Two exits.
pub(super) fn is_branching(node: &Node) -> bool {
    is_condition_on_mail(node) || matches!(node, Node::CondCall(_) | Node::BranchField(_) | Node::BranchStage(_))
}

/// Where a node leads; what has one exit leads there either way.
pub(super) fn exit(node: &Node, yes: bool) -> Option<String> {
    let way = |on_yes: &Option<String>, on_no: &Option<String>| if yes { on_yes.clone() } else { on_no.clone() };
    match node {
        Node::Email(one) | Node::AutoEmail(one) | Node::Text(one) | Node::AutoText(one) => one.next.clone(),
        Node::PhoneCall(one)
        | Node::Task(one)
        | Node::LiResearch(one)
        | Node::LiIntro(one)
        | Node::LiConnect(one)
        | Node::LiInmail(one) => one.next.clone(),
        Node::Wait(one) => one.next.clone(),
        Node::AbTest(one) => one.next.clone(),
        Node::UpdateField(one) => one.next.clone(),
        Node::Advance(_) => None,
        Node::CondEmailOpen(one)
        | Node::CondEmailReply(one)
        | Node::CondEmailLink(one)
        | Node::CondEmailAttachment(one) => way(&one.yes, &one.no),
        Node::CondEmailAdvanced(one) => way(&one.yes, &one.no),
        Node::CondCall(one) => way(&one.yes, &one.no),
        Node::BranchField(one) => way(&one.yes, &one.no),
        Node::BranchStage(one) => way(&one.yes, &one.no),
    }
}
