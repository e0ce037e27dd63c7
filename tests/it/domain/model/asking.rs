//! What is asked at random: of a lead as it stands mostly, now and then of what is not there.

use chrono::TimeDelta;
use relance::domain::activity::{ActivityKind, NewActivity};
use relance::domain::delivery::Settled;
use relance::domain::enrolment::{EnrolmentStatus, Signal, StepStatus};
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Channel, Outcome, Owner, Value};
use relance::id::FlowId;
use relance::time::Timestamp;

use super::naive::{Naive, Visit};
use super::scene::{FLOW, GUEST, RESULTS, STAGES, Scene, TEAM};
use crate::domain::world::{COLLEAGUE, SELLER};

/// What happens next.
pub enum Move {
    /// Somebody asks for this.
    Ask(RecordCommand),
    /// Time passes, and timers ring in their order.
    Pass(TimeDelta),
    /// Time passes, and no timer rings.
    Stall(TimeDelta),
    /// A sequence gets a version, or its first since it was deactivated.
    Publish(usize),
    Deactivate(usize),
    AlterEntry(usize),
    AlterOffice,
}

impl Scene {
    pub fn next_move(&mut self) -> Move {
        self.world.by = if self.rng.u8(..3) == 0 { COLLEAGUE } else { SELLER };
        let hours = |hours: u32| TimeDelta::hours(hours.into());
        let sequences = self.naive.sequences.len();
        if let Some(place) = self.naive.sequences.iter().position(|one| !one.active)
            && self.rng.u8(..10) == 0
        {
            return Move::Publish(place);
        }
        match self.rng.u8(..200) {
            0..30 => Move::Pass(hours(self.rng.u32(0..100))),
            30..34 => Move::Pass(TimeDelta::minutes(self.rng.i64(0..500))),
            34..40 => Move::Stall(hours(self.rng.u32(0..200))),
            40 => Move::Publish(self.rng.usize(..sequences)),
            41 => Move::Deactivate(self.rng.usize(..sequences)),
            42 | 43 => Move::AlterEntry(self.rng.usize(..sequences)),
            44..47 => Move::AlterOffice,
            47..110 => Move::Ask(self.of_step()),
            110..125 => Move::Ask(self.of_enrolment()),
            125..143 => Move::Ask(self.of_record()),
            143..172 => Move::Ask(self.of_mail()),
            172..185 => Move::Ask(self.of_activity()),
            _ => Move::Ask(self.first_done()),
        }
    }

    /// An open step mostly, any number else.
    fn step(&mut self) -> u32 {
        let is_open = |visit: &&Visit| visit.status == StepStatus::Open;
        let open: Vec<_> = self.naive.visits.iter().filter(is_open).map(|visit| visit.number).collect();
        if open.is_empty() || self.rng.u8(..8) == 0 {
            return self.rng.u32(..self.naive.numbers + 2);
        }
        open[self.rng.usize(..open.len())]
    }

    fn result(&mut self) -> Option<String> {
        let known = RESULTS[self.rng.usize(..6)];
        match self.rng.u8(..6) {
            0 | 1 => None,
            2 => Some("shouted".into()),
            3 => Some("made".into()),
            _ => Some(known.into()),
        }
    }

    fn note(&mut self) -> Option<String> {
        match self.rng.u8(..12) {
            0 => Some(" ".into()),
            1 | 2 => Some("well".into()),
            _ => None,
        }
    }

    fn later(&mut self, earliest: i64, latest: i64) -> Timestamp {
        self.world.now + TimeDelta::minutes(self.rng.i64(earliest..latest))
    }

    fn somebody(&mut self) -> Owner {
        let all = [Owner::User(SELLER), Owner::User(COLLEAGUE), Owner::User(GUEST), Owner::Team(TEAM)];
        all[self.rng.usize(..4)]
    }

    fn of_step(&mut self) -> RecordCommand {
        let step = self.step();
        if self.naive.visit(step).is_none() && self.rng.u8(..4) > 0 {
            return self.connect();
        }
        match self.rng.u8(..32) {
            0..9 => RecordCommand::Complete { step, note: self.note(), call_result: self.result() },
            9..13 => RecordCommand::Complete { step, note: None, call_result: None },
            13..18 => RecordCommand::Skip(step),
            18..22 => RecordCommand::SkipWait(step),
            22..24 => RecordCommand::Snooze { step, until: self.later(-500, 9_000) },
            24..26 => RecordCommand::Retry(step),
            26 => RecordCommand::Note { step, text: self.note().unwrap_or("so".into()) },
            27 | 28 => RecordCommand::AssignStep { step, to: self.somebody() },
            29 => RecordCommand::Start(step),
            _ => RecordCommand::Fire(step),
        }
    }

    /// What an open step wants, so that runs go deep.
    fn first_done(&mut self) -> RecordCommand {
        let is_open = |visit: &&Visit| visit.status == StepStatus::Open && visit.wakes_at.is_none();
        let open: Vec<_> = self.naive.visits.iter().filter(is_open).collect();
        if open.is_empty() {
            return self.connect();
        }
        let visit = open[self.rng.usize(..open.len())].clone();
        let command = |call_result| RecordCommand::Complete { step: visit.number, note: None, call_result };
        let told = command(Some(if self.rng.bool() { "made".to_owned() } else { "busy".to_owned() }));
        let is_right =
            |command: &RecordCommand, naive: &Naive| naive.clone().ask(command, self.world.now, self.world.by).is_ok();
        match () {
            () if is_right(&told, &self.naive) => told,
            () if is_right(&command(None), &self.naive) => command(None),
            () if self.rng.bool() => RecordCommand::Retry(visit.number),
            () => RecordCommand::Skip(visit.number),
        }
    }

    fn connect(&mut self) -> RecordCommand {
        if !self.naive.lead.is_open && self.rng.u8(..4) > 0 {
            return RecordCommand::Reopen;
        }
        let sequence = self.naive.sequences[self.rng.usize(..self.naive.sequences.len())].id;
        let wait = (self.rng.u8(..4) == 0).then(|| TimeDelta::hours(self.rng.i64(0..60)));
        RecordCommand::Connect { sequence, wait, source: None }
    }

    fn of_enrolment(&mut self) -> RecordCommand {
        let live = |status| matches!(status, EnrolmentStatus::Connecting | EnrolmentStatus::Connected);
        let live: Vec<_> = self.naive.runs.iter().filter(|run| live(run.status)).map(|run| run.number).collect();
        match self.rng.u8(..20) {
            0..17 => self.connect(),
            17 if !live.is_empty() => RecordCommand::Disconnect(live[self.rng.usize(..live.len())]),
            18 => {
                let sequence = self.naive.sequences[self.rng.usize(..self.naive.sequences.len())].id;
                RecordCommand::LeaveSequence { sequence, until: self.later(-20_000, 1) }
            }
            _ => RecordCommand::Disconnect(self.rng.u32(..self.naive.numbers + 2)),
        }
    }

    /// What becomes of messages, and what comes back for them.
    fn of_mail(&mut self) -> RecordCommand {
        if self.rng.bool() {
            return self.signal();
        }
        let is_under_way = |visit: &&Visit| visit.message.as_ref().is_some_and(|letter| letter.is_under_way());
        let under_way: Vec<_> = self.naive.visits.iter().filter(is_under_way).map(|visit| visit.number).collect();
        let step = match under_way.is_empty() || self.rng.u8(..10) == 0 {
            true => self.rng.u32(..self.naive.numbers + 2),
            false => under_way[self.rng.usize(..under_way.len())],
        };
        let message_id = format!("{step}@example.org");
        match self.rng.u8(..20) {
            0..7 => RecordCommand::MessageSent { step, message_id, written: None },
            7..11 => RecordCommand::ClaimMessage { step, epoch: self.rng.u64(1..3), message_id, written: None },
            11..13 => RecordCommand::LoseMessage { step, why: "silence".into() },
            13..15 => {
                let pause = TimeDelta::minutes(self.rng.i64(1..900));
                RecordCommand::PutOffMessage { step, why: "later".into(), pause }
            }
            15..17 => RecordCommand::MessageFailed { step, reason: "full".into(), bounced: self.rng.bool() },
            _ => {
                let to = [Settled::Sent, Settled::Failed, Settled::Resend][self.rng.usize(..3)];
                RecordCommand::SettleMessage { step, to }
            }
        }
    }

    fn signal(&mut self) -> RecordCommand {
        let signals =
            [Signal::Opened, Signal::LinkClicked, Signal::AttachmentDownloaded, Signal::Replied, Signal::Bounced];
        let signal = signals[self.rng.usize(..5)];
        // Of late, where conditions still look.
        let mails = self.naive.visits.iter().rev().filter(|visit| self.naive.is_of_mail(visit));
        let mails: Vec<_> = mails.map(|visit| visit.number).take(if self.rng.bool() { 2 } else { 20 }).collect();
        let step = match mails.is_empty() || self.rng.u8(..8) == 0 {
            true => self.rng.u32(..self.naive.numbers + 2),
            false => mails[self.rng.usize(..mails.len())],
        };
        let limit = self.armed.first().map(|(due, _)| *due);
        let at = match self.rng.u8(..8) {
            0 => self.later(-9_000, 3_000),
            // At the last instant of a limit.
            1 | 2 => limit.unwrap_or(self.world.now),
            _ => self.world.now,
        };
        RecordCommand::Signal { step, signal, at }
    }

    fn of_record(&mut self) -> RecordCommand {
        match self.rng.u8(..24) {
            _ if !self.naive.lead.is_open && self.rng.bool() => RecordCommand::Reopen,
            0 | 1 => {
                let stage = if self.rng.u8(..5) == 0 { "nowhere" } else { STAGES[self.rng.usize(..2)] };
                RecordCommand::SetStage { flow: FlowId::parse(FLOW).expect("an id"), stage: stage.into() }
            }
            2 => RecordCommand::Close([Outcome::None, Outcome::Success, Outcome::Failure][self.rng.usize(..3)]),
            3 => RecordCommand::Reopen,
            8 => RecordCommand::ReachGoal,
            9 => RecordCommand::HandOver(GUEST),
            10 | 11 => RecordCommand::MoveDueDates,
            _ => RecordCommand::Change((0..self.rng.usize(1..3)).map(|_| self.change()).collect()),
        }
    }

    fn change(&mut self) -> Change {
        let text = |name: &str, value: &str| Change::Field(name.into(), Some(Value::Text(value.into())));
        match self.rng.u8(..28) {
            0 => Change::Email(None),
            1..4 => Change::Email(Some("ada@example.org".into())),
            4 => Change::Email(Some("nowhere".into())),
            5 => Change::Allow(Channel::Email, false),
            6..9 => Change::Allow(Channel::Email, true),
            9 | 10 => Change::Owner(self.somebody()),
            11 => Change::AccessTeam(self.rng.bool().then_some(TEAM)),
            12 => Change::TimeZone(Some(["UTC", "Asia/Kolkata", "Asia/Tokyo"][self.rng.usize(..3)].into())),
            13 => Change::TimeZone(None),
            14 => Change::Score(Some(self.rng.u8(..101))),
            15 => Change::Score(None),
            16..19 => text("city", ["Paris", "Lille", "Vigo"][self.rng.usize(..3)]),
            19 => Change::Field("city".into(), None),
            20..22 => text("tier", ["gold", "silver", "tin"][self.rng.usize(..3)]),
            22 => Change::Field("estimated_value".into(), Some(Value::Number(self.rng.u8(..200).into()))),
            23 => text("renewal", ["2026-03-10", "2026-03-01", "2026-04-20"][self.rng.usize(..3)]),
            24 => text("disposition", ["open", "qualified", "disqualified"][self.rng.usize(..3)]),
            25 | 26 => text("seller", &[SELLER, COLLEAGUE, GUEST][self.rng.usize(..3)].to_string()),
            _ => Change::Field("seller".into(), None),
        }
    }

    fn of_activity(&mut self) -> RecordCommand {
        let deeds: Vec<_> = self.naive.deeds.iter().map(|deed| deed.number).collect();
        let activity = match deeds.is_empty() || self.rng.bool() {
            true => self.step(),
            false => deeds[self.rng.usize(..deeds.len())],
        };
        let kinds = [ActivityKind::PhoneCall, ActivityKind::Email, ActivityKind::Meeting];
        match self.rng.u8(..12) {
            0 | 1 => {
                let subject = if self.rng.u8(..9) == 0 { " " } else { "Lunch" };
                let kind = kinds[self.rng.usize(..3)];
                RecordCommand::AddActivity(NewActivity { kind, subject: subject.into(), due_at: None, note: None })
            }
            2..7 => RecordCommand::CompleteActivity { activity, note: self.note(), call_result: self.result() },
            7 => RecordCommand::CancelActivity(activity),
            8 | 9 => RecordCommand::AssignActivity { activity, to: self.somebody() },
            _ => {
                let call_result = self.result().filter(|_| self.rng.u8(..3) == 0);
                RecordCommand::ReportActivity { activity, completed: self.rng.u8(..3) > 0, call_result }
            }
        }
    }
}
