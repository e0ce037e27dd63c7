//! What clients ask: every command there is, of few entities, so that everything meets everything.

use chrono::TimeDelta;
use relance::domain::activity::{ActivityKind, NewActivity};
use relance::domain::delivery::{MessageState, Settled, Written};
use relance::domain::enrolment::{Signal, Step, StepStatus};
use relance::domain::import::{ImportCommand, ImportCounts, ImportRequest, ImportState};
use relance::domain::message_template::MailText;
use relance::domain::plan::{AbVersion, AssignTo};
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Channel, Outcome, Owner, Value};
use relance::domain::sequence::conduct::Reentry;
use relance::domain::sequence::fuse::Fuse;
use relance::domain::sequence::migration::{Mode, Moves};
use relance::domain::sequence::{Property, SequenceCommand};
use relance::id::{EntityId, EntityKind, ImportId, RecordId, SequenceId, TemplateId};
use relance::time::Timestamp;

use super::ask::What;
use super::channels;
use super::graphs;
use super::history::History;
use super::messages;
use super::people::{self, TEAM, USERS};
use super::shelf;

/// The entities that clients know of.
#[derive(Default)]
pub struct Known {
    pub records: Vec<RecordId>,
    pub sequences: Vec<SequenceId>,
    pub imports: Vec<ImportId>,
    pub messages: Vec<TemplateId>,
}

/// One look at what could be asked next.
pub struct Client<'a> {
    pub chance: &'a mut fastrand::Rng,
    pub known: &'a Known,
    pub history: &'a History,
    pub now: Timestamp,
}

impl Client<'_> {
    /// Something about an entity that is there, or may be.
    pub fn wish(&mut self) -> Option<What> {
        match self.chance.u32(0..100) {
            0..66 => self.record(),
            66..79 => self.sequence(),
            79..82 => self.import(),
            82 => messages::wish(self.chance, self.known),
            83..85 => Some(people::organise(self.chance)),
            85 => Some(if self.chance.bool() { shelf::arrange(self.chance) } else { channels::arrange(self.chance) }),
            86..90 => Some(people::authenticate(self.chance, self.history, self.now)),
            _ => self.read(),
        }
    }

    fn read(&mut self) -> Option<What> {
        let records = self.known.records.iter().map(|id| EntityId::from(*id));
        let sequences = self.known.sequences.iter().map(|id| EntityId::from(*id));
        let messages = self.known.messages.iter().map(|id| EntityId::from(*id));
        let all: Vec<_> = records.chain(sequences).chain(messages).collect();
        self.chance.choice(&all).copied().map(What::Read)
    }

    fn import(&mut self) -> Option<What> {
        let id = *self.chance.choice(&self.known.imports)?;
        let counts = ImportCounts { rows_read: self.chance.u64(0..9), ..ImportCounts::default() };
        let command = match self.chance.u32(0..3) {
            0 => ImportCommand::Finish { state: ImportState::Completed, counts },
            _ => ImportCommand::Progress(counts),
        };
        Some(What::Import(id, command))
    }

    /// Something new comes into being.
    pub fn creation(&mut self, kind: EntityKind, id: u128) -> What {
        match kind {
            EntityKind::Record => {
                let wanted: Vec<_> = self.history.sequences.values().map(|log| log.state.record_type).collect();
                let kind = self.chance.choice(&wanted).copied().unwrap_or_default();
                let mut changes = vec![Change::Name(Some("Ada".into()))];
                if self.chance.u32(0..4) > 0 {
                    changes.push(Change::Email(Some("ada@example.org".into())));
                }
                if self.chance.bool() {
                    changes.push(Change::ExternalId(Some(format!("key {}", self.chance.u32(0..4)))));
                }
                What::Record(RecordId(id), RecordCommand::Create { kind, changes })
            }
            EntityKind::Sequence if self.chance.u32(0..6) == 0 && !self.known.sequences.is_empty() => {
                let of = self.known.sequences[self.chance.usize(0..self.known.sequences.len())];
                let command = SequenceCommand::Copy { of, name: "Copy".into(), description: String::new() };
                What::Sequence(SequenceId(id), command)
            }
            EntityKind::Sequence => {
                let (graph, record_type, template) = graphs::any(self.chance);
                let (name, description) = ("Sequence".to_owned(), String::new());
                let command = SequenceCommand::Create { name, description, record_type, template, graph };
                What::Sequence(SequenceId(id), command)
            }
            EntityKind::Import => What::Import(ImportId(id), ImportCommand::Start(ImportRequest::default())),
            EntityKind::MessageTemplate => messages::creation(self.chance, TemplateId(id)),
            EntityKind::Organisation
            | EntityKind::Account
            | EntityKind::Audit
            | EntityKind::Catalogue
            | EntityKind::Channels
            | EntityKind::Webhook
            | EntityKind::Suppression => people::organise(self.chance),
        }
    }

    fn sequence(&mut self) -> Option<What> {
        let id = *self.chance.choice(&self.known.sequences)?;
        let command = match self.chance.u32(0..36) {
            0..9 => {
                let pilot = (self.chance.u32(0..3) == 0).then(|| self.chance.u32(0..3));
                SequenceCommand::Activate { description: None, migration: self.moves(), pilot }
            }
            9..12 => SequenceCommand::Deactivate { force: self.chance.bool() },
            12..15 => SequenceCommand::SaveGraph(graphs::sending(self.chance, &self.known.messages)),
            15 => SequenceCommand::Change(vec![Property::ExitOnReply(self.chance.bool())]),
            16 => SequenceCommand::Change(vec![Property::AssignTo(match self.chance.u32(0..4) {
                0 => AssignTo::CurrentUser,
                1 => AssignTo::OwnerTeam(None),
                2 => AssignTo::AccessTeam(None),
                _ => AssignTo::RecordOwner,
            })]),
            17 => SequenceCommand::Change(vec![
                Property::Name(format!("Name {}", self.chance.u32(0..3))),
                Property::Description(format!("Text {}", self.chance.u32(0..3))),
            ]),
            18 if self.chance.bool() => SequenceCommand::Change(vec![Property::Reentry(match self.chance.u32(0..3) {
                0 => Reentry::Never,
                1 => Reentry::AfterDays(self.chance.u16(0..3)),
                _ => Reentry::AnyTime,
            })]),
            18 => SequenceCommand::Change(vec![Property::Name(String::new())]),
            19..25 => SequenceCommand::Revise,
            25 if self.chance.bool() => SequenceCommand::Release,
            25 => SequenceCommand::DiscardRevision,
            26 => {
                let since = self.chance.bool().then(|| self.now + TimeDelta::hours(self.chance.i64(-40..3)));
                SequenceCommand::Undo { since, deactivate: self.chance.u32(0..4) == 0 }
            }
            27 if self.chance.u32(0..3) == 0 => SequenceCommand::Delete { force: self.chance.bool() },
            28 => SequenceCommand::MigrationDone { number: 1, undo: self.chance.bool() },
            29 | 30 => SequenceCommand::UndoMigration(self.chance.u32(1..4)),
            32 | 33 => {
                let choice = *self.chance.choice(&[Some(AbVersion::A), Some(AbVersion::B), None])?;
                SequenceCommand::StopAbTest { node: format!("n{}", self.chance.u32(0..4)), choice }
            }
            34 => SequenceCommand::Change(vec![Property::Window(graphs::window(self.chance))]),
            35 if self.chance.bool() => SequenceCommand::ResetFuse,
            35 if self.chance.bool() => {
                let share = |chance: &mut fastrand::Rng| chance.bool().then(|| chance.u16(0..6_000));
                let (bounces, complaints, unsubscribes) = (share(self.chance), share(self.chance), share(self.chance));
                let fuse = Fuse { bounces, complaints, unsubscribes, min_sent: self.chance.u32(0..4) };
                SequenceCommand::Change(vec![Property::Fuse(self.chance.bool().then_some(fuse))])
            }
            35 => SequenceCommand::Change(vec![Property::WaitComputation(self.chance.bool())]),
            31 => SequenceCommand::Unpack(Box::new(graphs::packed(self.chance))),
            _ => SequenceCommand::Emptied { until: self.now },
        };
        Some(What::Sequence(id, command))
    }

    /// Some that take their records along.
    fn moves(&mut self) -> Option<Moves> {
        let mode = *self.chance.choice(&[Mode::Stay, Mode::Follow, Mode::Map, Mode::Restart])?;
        let id = |chance: &mut fastrand::Rng| format!("n{}", chance.u32(0..4));
        let map = if mode == Mode::Map { 1 } else { 0 };
        let map = (0..map).map(|_| (id(self.chance), id(self.chance))).collect();
        self.chance.bool().then_some(Moves { mode, map })
    }

    fn record(&mut self) -> Option<What> {
        let id = *self.chance.choice(&self.known.records)?;
        let history = self.history;
        let blank = Record::default();
        let record = history.records.get(&id.0).map_or(&blank, |log| &log.state);
        let command = match self.chance.u32(0..43) {
            40 => self.add_activity(),
            41 | 42 => self.act(record),
            0..10 => self.connect(record)?,
            10..16 => self.perform(record),
            16..24 => self.step_command(record),
            24..29 => self.signal(record),
            29..35 => RecordCommand::Change(vec![self.change()]),
            35 => {
                let outcome = *self.chance.choice(&[Outcome::None, Outcome::Success, Outcome::Failure])?;
                if self.chance.bool() { RecordCommand::Close(outcome) } else { RecordCommand::ReportClosed(outcome) }
            }
            36 => RecordCommand::Reopen,
            37 => RecordCommand::SetStage { flow: shelf::FLOW, stage: "Won".into() },
            38 if self.chance.u32(0..4) == 0 => RecordCommand::Erase,
            38 => RecordCommand::ReachGoal,
            _ => {
                let live: Vec<_> = record.live().map(|live| live.ordinal).collect();
                RecordCommand::Disconnect(self.chance.choice(&live).copied().unwrap_or(1))
            }
        };
        Some(What::Record(id, command))
    }

    /// Mostly to a sequence that takes such records.
    fn connect(&mut self, record: &Record) -> Option<RecordCommand> {
        let takes = |id: &&SequenceId| {
            let sequence = self.history.sequences.get(&id.0).map(|log| &log.state);
            sequence.is_some_and(|one| one.status.is_active() && one.record_type == record.kind)
        };
        let fit: Vec<_> = self.known.sequences.iter().filter(takes).copied().collect();
        let among = if self.chance.u32(0..8) > 0 && !fit.is_empty() { &fit } else { &self.known.sequences };
        let sequence = *self.chance.choice(among)?;
        let wait = (self.chance.u32(0..4) == 0).then(|| TimeDelta::hours(self.chance.i64(1..72)));
        Some(RecordCommand::Connect { sequence, wait, source: None })
    }

    fn open_steps(&self, record: &Record) -> Vec<u32> {
        record.steps.iter().filter(|step| step.status == StepStatus::Open).map(|step| step.ordinal).collect()
    }

    /// A step that is open is done, as far as it can be.
    fn perform(&mut self, record: &Record) -> RecordCommand {
        let open = self.open_steps(record);
        let step = self.chance.choice(&open).copied().unwrap_or(2);
        let results = [None, None, Some("made"), Some("busy"), Some("no such result")];
        let call_result = self.chance.choice(&results).copied().flatten().map(str::to_owned);
        let note = self.chance.bool().then(|| "done".to_owned());
        RecordCommand::Complete { step, note, call_result }
    }

    /// Any command of a step, mostly of one that is open.
    fn step_command(&mut self, record: &Record) -> RecordCommand {
        let open = self.open_steps(record);
        let all: Vec<_> = record.steps.iter().map(|step| step.ordinal).collect();
        let among = if self.chance.u32(0..5) > 0 { &open } else { &all };
        let step = self.chance.choice(among).copied().unwrap_or(3);
        let is_lost = |step: &&Step| matches!(step.message_state(), Some(MessageState::Unknown(_)));
        if let Some(lost) = record.steps.iter().find(is_lost).filter(|_| self.chance.bool()) {
            let to = if self.chance.bool() { Settled::Sent } else { Settled::Failed };
            return RecordCommand::SettleMessage { step: lost.ordinal, to };
        }
        match self.chance.u32(0..9) {
            0 | 1 => RecordCommand::Skip(step),
            2 | 3 => RecordCommand::SkipWait(step),
            4 => RecordCommand::Snooze { step, until: self.now + TimeDelta::hours(self.chance.i64(-2..50)) },
            5 if self.chance.bool() => {
                let text =
                    MailText { subject: "S".into(), body_text: "Dear {{ record.name }}".into(), body_html: None };
                let at = self.chance.bool().then(|| self.now + TimeDelta::hours(self.chance.i64(-2..50)));
                match self.chance.u32(0..4) {
                    0 => RecordCommand::SendText { step, content: Written::Own(text), at },
                    _ => RecordCommand::SendEmail { step, content: Written::Own(text), at },
                }
            }
            5 => RecordCommand::Retry(step),
            6 => RecordCommand::Note { step, text: "a note".into() },
            7 => RecordCommand::Mark { read: Some(self.chance.bool()), followed: Some(self.chance.bool()) },
            _ => RecordCommand::Fire(step),
        }
    }

    fn add_activity(&mut self) -> RecordCommand {
        let kinds = [ActivityKind::PhoneCall, ActivityKind::Email, ActivityKind::Meeting];
        let kind = self.chance.choice(&kinds).copied().unwrap_or(ActivityKind::Task);
        let due_at = self.chance.bool().then(|| self.now + TimeDelta::hours(self.chance.i64(-50..50)));
        let subject = if self.chance.u32(0..10) > 0 { "Lunch" } else { "" };
        RecordCommand::AddActivity(NewActivity { kind, subject: subject.into(), due_at, note: None })
    }

    /// Any command of an activity, a step's own among them, or one by which work changes hands.
    fn act(&mut self, record: &Record) -> RecordCommand {
        let manual = record.activities.iter().map(|activity| activity.ordinal);
        let all: Vec<_> = manual.chain(self.open_steps(record)).collect();
        let activity = self.chance.choice(&all).copied().unwrap_or(4);
        let to = match self.chance.u32(0..4) {
            0 => Owner::Team(TEAM),
            _ => Owner::User(*self.chance.choice(&USERS).unwrap_or(&USERS[0])),
        };
        let (completed, step, call_result) = (self.chance.bool(), activity, None);
        match self.chance.u32(0..8) {
            0 | 1 => RecordCommand::CompleteActivity { activity, note: None, call_result },
            2 => RecordCommand::CancelActivity(activity),
            3 => RecordCommand::AssignActivity { activity, to },
            4 | 5 => RecordCommand::AssignStep { step, to },
            6 => RecordCommand::Start(step),
            _ => RecordCommand::ReportActivity { activity, completed, call_result },
        }
    }

    fn signal(&mut self, record: &Record) -> RecordCommand {
        let mails = record.steps.iter().filter(|step| step.message.is_some() || self_sent(step.status));
        let mails: Vec<_> = mails.map(|step| step.ordinal).collect();
        let step = self.chance.choice(&mails).copied().unwrap_or(1);
        let signals =
            [Signal::Opened, Signal::LinkClicked, Signal::AttachmentDownloaded, Signal::Replied, Signal::Bounced];
        let signal = self.chance.choice(&signals).copied().unwrap_or(Signal::Replied);
        RecordCommand::Signal { step, signal, at: self.now + TimeDelta::hours(self.chance.i64(-40..1)) }
    }

    fn change(&mut self) -> Change {
        let text = |name: &str, value: &str| Change::Field(name.into(), Some(Value::Text(value.into())));
        match self.chance.u32(0..13) {
            0 => Change::Email(None),
            1 => Change::Email(Some("ada@example.org".into())),
            2 => Change::Allow(Channel::Email, self.chance.bool()),
            3 => text("disposition", "qualified"),
            4 => text("disposition", "disqualified"),
            5 => text("disposition", "open"),
            6 | 7 => Change::ExternalId(self.chance.bool().then(|| format!("key {}", self.chance.u32(0..4)))),
            8 => match self.chance.u32(0..4) {
                0 => Change::Owner(Owner::Team(TEAM)),
                1 => Change::AccessTeam(self.chance.bool().then_some(TEAM)),
                _ => Change::Owner(Owner::User(*self.chance.choice(&USERS).unwrap_or(&USERS[0]))),
            },
            9 => Change::Score(Some(self.chance.u8(0..=110))),
            10 => Change::Name(None),
            11 => text(shelf::TIER, "gold"),
            _ => Change::Name(Some(format!("Ada {}", self.chance.u32(0..9)))),
        }
    }
}

/// A seller's own e-mail has no message of ours; it may be answered once it was sent.
fn self_sent(status: StepStatus) -> bool {
    status == StepStatus::Completed
}
