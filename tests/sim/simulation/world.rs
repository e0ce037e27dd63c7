//! The world around the engine: clients, the far side, the clocks, and everything that may go wrong, step by step.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use relance::id::{CommandId, EntityId, EntityKind, UserId};
use relance::runtime::message::Caller;
use relance::store::rows::{RowStore, shards};
use relance::store::{Store, TimerRow, maintenance};
use relance::time::{Clock, Timestamp};

use super::Report;
use super::ask::{Answer, Ask, What};
use super::disk::{Disk, Faults, Rows, locked};
use super::far::{FarSide, Fate};
use super::history::History;
use super::judge;
use super::messages;
use super::mix::{Mix, happens};
use super::people;
use super::process::{Answered, Process};
use super::workload::{Client, Known};

/// How far the clock on the wall may be off in all.
const CLOCK_STEPS_MAX_MS: i64 = 180_000;
const HOUR_MS: i64 = 3_600_000;

/// See the module.
pub struct World {
    pub chance: fastrand::Rng,
    pub mix: Mix,
    pub history: Arc<Mutex<History>>,
    pub store: Arc<RowStore<Rows>>,
    rows: Rows,
    pub far: FarSide,
    /// The clock on the wall.
    clock: Clock,
    stepped_ms: i64,
    /// The last is the one that may write.
    pub processes: Vec<Process>,
    started: u32,
    known: Known,
    asked: u32,
    /// Commands that have a key, to be asked again.
    past: Vec<Ask>,
    /// Requests that nobody answered yet, by their number.
    open: BTreeMap<u32, EntityId>,
}

impl World {
    pub fn new(seed: u64, keep_lines: bool) -> World {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mix = Mix::draw(&mut chance);
        let far = FarSide::new(chance.bool());
        let mut history = History::new(keep_lines, far.clone());
        history.trace.note(format!("seed {seed}: {mix:?}"));
        // Command ids are kept by weeks, so some worlds begin just before one does.
        let week_ms = 7 * 24 * HOUR_MS;
        let ahead_ms = if chance.bool() { chance.i64(0..60_000) } else { chance.i64(0..week_ms) };
        let begin = 2_950 * week_ms - ahead_ms;
        let rows = Rows::default();
        let store = Arc::new(RowStore::open(rows.clone()).expect("no rows can be read"));
        let mut world = World {
            chance,
            mix,
            history: Arc::new(Mutex::new(history)),
            store,
            rows,
            far,
            clock: Clock::simulated(Timestamp::from_millis(begin)),
            stepped_ms: 0,
            processes: Vec::new(),
            started: 0,
            known: Known::default(),
            asked: 0,
            past: Vec::new(),
            open: BTreeMap::new(),
        };
        world.saw_clock();
        world.begin_process();
        world.found();
        world
    }

    /// Users and a team are there before anything goes wrong.
    fn found(&mut self) {
        self.processes[0].disk.suffer(Faults::default());
        for what in people::founding() {
            self.ask(0, Ask { what, caller: Caller::new(UserId::ADMINISTRATOR, "found") });
        }
        self.settle();
        self.processes[0].disk.suffer(self.faults());
    }

    fn faults(&self) -> Faults {
        let Mix { refused, unanswered, unread, .. } = self.mix;
        Faults { refused, unanswered, unread }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn note(&self, line: String) {
        let now = self.now();
        locked(&self.history).trace.note(format!("{now} {line}"));
    }

    pub fn is_broken(&self) -> bool {
        let mut history = locked(&self.history);
        self.far.broken().into_iter().for_each(|broken| history.breaks(broken));
        !history.broken.is_empty()
    }

    pub fn report(self) -> Report {
        let World { processes, history, .. } = self;
        drop(processes);
        let mut history = locked(&history);
        let broken = std::mem::take(&mut history.broken);
        let trace = std::mem::replace(&mut history.trace, super::trace::Trace::new(false));
        Report { digest: trace.digest(), broken, lines: trace.into_lines(), commits: history.commits }
    }

    /// The time of faults.
    pub fn play(&mut self) {
        for step in 0..self.mix.steps {
            self.step();
            if step % 8 == 7 {
                self.check();
            }
            if self.is_broken() {
                return;
            }
        }
    }

    fn step(&mut self) {
        match self.chance.u32(0..10) {
            0..6 => self.ask_something(),
            6..8 => self.pass_time(),
            _ => {}
        }
        if happens(&mut self.chance, self.mix.repeat) {
            self.ask_again();
        }
        if happens(&mut self.chance, self.mix.stray_fire) {
            self.fire_something();
        }
        if happens(&mut self.chance, self.mix.clock_step) {
            self.step_clock();
        }
        self.look_at_work();
        self.run_processes();
        self.answer_mail();
        if happens(&mut self.chance, self.mix.overlap) && self.processes.len() == 1 {
            self.note("another server begins beside".into());
            self.far.excuse_all(true);
            self.begin_process();
        } else if happens(&mut self.chance, self.mix.crash) {
            self.crash();
        }
    }

    /// Each server runs a little and writes a little; what it is at when it does no more is up to chance.
    fn run_processes(&mut self) {
        for place in 0..self.processes.len() {
            for _ in 0..3 {
                let turns = self.chance.u32(0..4);
                self.turn(place, turns);
                if happens(&mut self.chance, self.mix.write) {
                    self.processes[place].write(self.mix.group_max);
                }
            }
            self.take_answers(place);
        }
    }

    pub fn take_answers(&mut self, place: usize) {
        let is_last = place + 1 == self.processes.len();
        for Answered { number, ask, floor, answer } in self.processes[place].answers() {
            self.open.remove(&number);
            let mut history = locked(&self.history);
            history.trace.note(format!("request {number} is answered {answer:x?}"));
            history.answered(&ask, is_last.then_some(floor), &answer);
            if let Answer::Seen { entity, .. } = answer
                && ask.creates()
            {
                drop(history);
                self.learn(entity);
            }
        }
    }

    fn learn(&mut self, entity: EntityId) {
        fn add<I: PartialEq>(known: &mut Vec<I>, id: I) {
            if !known.contains(&id) {
                known.push(id);
            }
        }
        match entity.kind {
            EntityKind::Record => add(&mut self.known.records, entity.into()),
            EntityKind::Sequence => add(&mut self.known.sequences, entity.into()),
            EntityKind::Import => add(&mut self.known.imports, entity.into()),
            EntityKind::MessageTemplate => add(&mut self.known.messages, entity.into()),
            // Of the others there is one each, or what is asked of them does not follow from what was.
            _ => {}
        }
    }

    /// A server to ask: mostly the one that may write.
    fn choose_process(&mut self) -> usize {
        let last = self.processes.len() - 1;
        if self.chance.u32(0..3) == 0 { self.chance.usize(0..=last) } else { last }
    }

    pub fn ask(&mut self, place: usize, ask: Ask) {
        self.asked += 1;
        let (number, process) = (self.asked, &mut self.processes[place]);
        let floor = locked(&self.history).told(ask.entity());
        let server = process.number;
        process.ask(number, ask.clone(), floor);
        self.open.insert(number, ask.entity());
        self.note(format!("request {number} to server {server}: {ask:x?}"));
    }

    fn ask_something(&mut self) {
        let place = self.choose_process();
        let now = self.now();
        let room = |known: usize, max: usize| known < max;
        let new = match () {
            () if room(self.known.sequences.len(), self.mix.sequences) => Some(EntityKind::Sequence),
            () if room(self.known.records.len(), self.mix.records) => Some(EntityKind::Record),
            () if room(self.known.imports.len(), 1) && self.chance.u32(0..9) == 0 => Some(EntityKind::Import),
            () if room(self.known.messages.len(), 3) && self.chance.u32(0..9) == 0 => Some(EntityKind::MessageTemplate),
            () => None,
        };
        let key = self.chance.bool().then(|| CommandId { key: self.chance.u128(..), fingerprint: [1; 16] });
        let id = self.processes[place].engine.ids.for_command(key, now);
        let history = locked(&self.history);
        let mut client = Client { chance: &mut self.chance, known: &self.known, history: &history, now };
        let what = match new {
            Some(kind) => Some(client.creation(kind, id)),
            None => client.wish(),
        };
        let Some(what) = what else { return };
        drop(history);
        let by = people::caller(&mut self.chance, &what);
        let mut ask = Ask { what, caller: Caller { command: key, ..Caller::new(by, "ask") } };
        if self.chance.u32(0..8) == 0 {
            let head = locked(&self.history).head(ask.entity());
            ask.caller.expected = Some(head.saturating_sub(self.chance.u32(0..2)));
        }
        if key.is_some() {
            self.past.push(ask.clone());
        }
        self.ask(place, ask);
    }

    /// A client asks again what it has asked before, or uses the key for something else.
    fn ask_again(&mut self) {
        let place = self.choose_process();
        let Some(mut ask) = self.chance.choice(&self.past).cloned() else { return };
        if ask.creates() {
            let id = self.processes[place].engine.ids.for_command(ask.caller.command, self.now());
            ask = ask.about(id);
        }
        if self.chance.u32(0..6) == 0
            && let Some(command) = &mut ask.caller.command
        {
            command.fingerprint = [2; 16];
        }
        self.ask(place, ask);
    }

    /// A timer's command comes early, or once more, and somebody's program asks for what a message names.
    fn fire_something(&mut self) {
        let all: Vec<TimerRow> = self.timers(Timestamp::MAX);
        let Some(timer) = self.chance.choice(&all).copied() else { return };
        let place = self.choose_process();
        for command in messages::strays(&mut self.chance, timer.key) {
            let what = What::Record(timer.entity.into(), command);
            self.ask(place, Ask { what, caller: Caller { by: UserId::SYSTEM, ..Caller::SYSTEM } });
        }
    }

    /// Timers that stand in the store and are due by `until`, earliest first.
    pub fn timers(&self, until: Timestamp) -> Vec<TimerRow> {
        let of_shard = |shard| self.store.due(shard, None, until, usize::MAX).expect("rows in memory can be read");
        let mut timers: Vec<_> = shards().flat_map(of_shard).collect();
        timers.sort();
        timers
    }

    fn pass_time(&mut self) {
        let span_ms = match self.chance.u32(0..20) {
            0..7 => self.chance.i64(1..2_500),
            7..11 => self.chance.i64(1..600_000),
            11..15 => self.chance.i64(0..9) * HOUR_MS + self.chance.i64(0..2),
            15..19 => {
                let now = self.now();
                let next = self.timers(Timestamp::MAX).into_iter().find(|timer| timer.due > now);
                next.map_or(1, |timer| (timer.due - now).num_milliseconds() + self.chance.i64(-1..2)).max(1)
            }
            _ => self.chance.i64(1..9) * 24 * HOUR_MS,
        };
        self.pass(span_ms);
    }

    /// Time passes for all: on the wall and in every server.
    pub fn pass(&mut self, span_ms: i64) {
        self.clock.advance(self.now() + TimeDelta::milliseconds(span_ms));
        self.saw_clock();
        self.note(format!("{span_ms} ms have passed"));
        for place in 0..self.processes.len() {
            // Actors run while it passes.
            self.saw_policy(place);
            self.processes[place].pass(Duration::from_millis(span_ms.max(0) as u64));
            self.saw_policy(place);
        }
    }

    /// The clock on the wall is set, a little forth or back. The seam for greater steps: they belong here, with what the
    /// engine promises about them.
    fn step_clock(&mut self) {
        let step_ms = self.chance.i64(-CLOCK_STEPS_MAX_MS..=CLOCK_STEPS_MAX_MS);
        let stepped_ms = step_ms.clamp(-CLOCK_STEPS_MAX_MS - self.stepped_ms, CLOCK_STEPS_MAX_MS - self.stepped_ms);
        self.stepped_ms += stepped_ms;
        self.clock.step(TimeDelta::milliseconds(stepped_ms));
        self.saw_clock();
        self.note(format!("the clock was set by {stepped_ms} ms"));
    }

    fn saw_clock(&self) {
        let now = self.now();
        let mut history = locked(&self.history);
        history.latest = history.latest.max(now);
    }

    fn answer_mail(&mut self) {
        while self.far.waiting() > 0 && self.chance.u32(0..4) > 0 {
            let place = self.chance.usize(0..self.far.waiting());
            let fate = self.fate();
            let step = self.far.decide(place, fate);
            self.note(format!("the message of step {step}: {fate:?}"));
        }
    }

    fn fate(&mut self) -> Fate {
        let (chance, mix) = (&mut self.chance, &self.mix);
        match () {
            () if happens(chance, mix.mail_lost) => Fate::Lost,
            () if happens(chance, mix.mail_unanswered) => Fate::Unanswered,
            () if happens(chance, mix.mail_doubled) => Fate::Doubled,
            () if happens(chance, mix.mail_refused) => Fate::Refused,
            () => Fate::Taken,
        }
    }

    fn begin_process(&mut self) {
        self.started += 1;
        let disk = Disk::new(self.started, self.store.clone(), self.history.clone(), self.chance.fork());
        self.note(format!("server {} begins", self.started));
        let clock = self.clock.clone();
        let process = Process::start(disk, self.far.clone(), clock, &self.mix, &mut self.chance);
        // A start that cannot read its rows is no start.
        process.disk.suffer(self.faults());
        self.processes.push(process);
    }

    /// The oldest server ends as a process that is killed does; if it was the only one, another begins.
    pub fn crash(&mut self) {
        let ended = self.processes.remove(0);
        self.note(format!("server {} ends, {} requests are without an answer", ended.number, ended.unanswered));
        let number = ended.number;
        drop(ended);
        while let Some(place) = self.far.waiting_of(number) {
            let fate = if self.chance.bool() { Fate::Unanswered } else { Fate::Lost };
            let step = self.far.decide(place, fate);
            self.note(format!("the message of step {step}: {fate:?}"));
        }
        self.far.excuse_all(false);
        if self.processes.is_empty() {
            self.store = Arc::new(RowStore::open(self.rows.clone()).expect("rows in memory can be read"));
            self.begin_process();
        }
    }

    /// The store is what was stored, and whole.
    pub fn check(&mut self) {
        let mut history = locked(&self.history);
        history.compare(self.store.as_ref());
        judge::crowded_pilots(&history, self.store.as_ref()).into_iter().for_each(|crowded| history.breaks(crowded));
        match maintenance::check(self.store.as_ref()) {
            Ok(found) => found.faults.into_iter().for_each(|fault| history.breaks(format!("{fault} (P2, P4)"))),
            Err(error) => history.breaks(format!("the store cannot be checked: {error}")),
        }
    }
}
