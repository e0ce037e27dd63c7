//! The phase `mixed`: everything that happens to records, at the same time and in given proportions, over one sequence.

use std::sync::Arc;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::complete::refusal;
use super::setup;
use super::watch::Bounds;
use crate::cli::connect::Enrolment;
use crate::cli::load::{Call, Work};

/// Steps of the sequence; the first is an e-mail, so that signals have something to be about.
pub const STEPS: usize = 10;

/// What is asked, in which proportions, and how it is judged.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mixed {
    /// Records at the beginning.
    pub records: usize,
    /// At a time.
    pub connections: usize,
    /// How long.
    pub seconds: u64,
    /// Requests that are due per second; without, each connection sends its next when the answer is in.
    pub per_second: Option<u64>,
    /// How often the server is looked at.
    #[serde(default)]
    pub every_seconds: Option<u64>,
    /// Seconds at the beginning that are not judged.
    #[serde(default)]
    pub settle_seconds: u64,
    /// How many of each, of all together.
    pub mix: Mix,
    /// The most that figures may rise.
    #[serde(default)]
    pub bounds: Bounds,
}

/// Proportions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mix {
    connect: u32,
    complete: u32,
    snooze: u32,
    event: u32,
    note: u32,
    disconnect: u32,
    new: u32,
    read: u32,
    list: u32,
    counters: u32,
}

/// What a request of the mix is, in the order in which its figures are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A record is connected.
    Connect,
    /// Its current step is done.
    Complete,
    /// Its current step is put off.
    Snooze,
    /// Its e-mail was opened.
    Event,
    /// A note on its current step.
    Note,
    /// It is taken out of the sequence.
    Disconnect,
    /// Another record is made.
    New,
    /// A record, what is up next on it, or its timeline is read.
    Read,
    /// A page of the records of the sequence.
    List,
    /// The sequence with its counters.
    Counters,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 10] = [
        Kind::Connect,
        Kind::Complete,
        Kind::Snooze,
        Kind::Event,
        Kind::Note,
        Kind::Disconnect,
        Kind::New,
        Kind::Read,
        Kind::List,
        Kind::Counters,
    ];

    /// As the file names it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Connect => "connect",
            Kind::Complete => "complete",
            Kind::Snooze => "snooze",
            Kind::Event => "event",
            Kind::Note => "note",
            Kind::Disconnect => "disconnect",
            Kind::New => "new",
            Kind::Read => "read",
            Kind::List => "list",
            Kind::Counters => "counters",
        }
    }

    /// Whether the server stores something.
    pub fn is_stored(self) -> bool {
        !matches!(self, Kind::Read | Kind::List | Kind::Counters)
    }
}

impl Mixed {
    /// Whether there is anything to do.
    pub fn is_possible(&self) -> bool {
        self.connections > 0 && self.per_second != Some(0) && self.every_seconds != Some(0) && self.mix.total() > 0
    }
}

impl Mix {
    fn shares(&self) -> [u32; 10] {
        Kind::ALL.map(|kind| match kind {
            Kind::Connect => self.connect,
            Kind::Complete => self.complete,
            Kind::Snooze => self.snooze,
            Kind::Event => self.event,
            Kind::Note => self.note,
            Kind::Disconnect => self.disconnect,
            Kind::New => self.new,
            Kind::Read => self.read,
            Kind::List => self.list,
            Kind::Counters => self.counters,
        })
    }

    fn total(&self) -> u32 {
        self.shares().iter().fold(0, |sum, share| sum.saturating_add(*share))
    }

    /// The kind at a place below the total.
    fn at(&self, mut place: u32) -> Kind {
        for (kind, share) in Kind::ALL.into_iter().zip(self.shares()) {
            match place.checked_sub(share) {
                Some(left) => place = left,
                None => return kind,
            }
        }
        Kind::Read
    }
}

/// A record on its way.
struct Live {
    record: String,
    enrolment: String,
    /// The e-mail step that it began with.
    mail: String,
    step: String,
}

/// What one connection works on: its own records, nobody else's.
pub struct World {
    mix: Mix,
    sequence: Arc<str>,
    free: Vec<String>,
    live: Vec<Live>,
    /// What the request under way is about.
    doing: (Kind, Option<Live>, Option<String>),
    random: fastrand::Rng,
    /// Requests so far; with the name it makes ids that nobody else uses.
    number: u64,
    name: String,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

#[derive(Deserialize)]
struct Connected {
    results: Vec<crate::cli::connect::Item>,
}

/// The part of a completed step's answer that says what comes next.
#[derive(Deserialize)]
pub(super) struct Completed {
    pub(super) next: Option<Next>,
}

#[derive(Deserialize)]
pub(super) struct Next {
    pub(super) step: Option<String>,
}

impl World {
    /// Of the connection called `name`, which no other connection of any run may be.
    pub fn new(mix: Mix, sequence: Arc<str>, free: Vec<String>, name: String, seed: u64) -> World {
        let (live, random) = (Vec::new(), fastrand::Rng::with_seed(seed));
        World { mix, sequence, free, live, doing: (Kind::Read, None, None), random, number: 0, name }
    }

    /// How many of its records are connected.
    pub fn connected(&self) -> usize {
        self.live.len()
    }

    /// The kind that was drawn, or the nearest that is possible now.
    fn possible(&self, drawn: Kind) -> Kind {
        match drawn {
            Kind::Connect if self.free.is_empty() && self.live.is_empty() => Kind::New,
            Kind::Connect if self.free.is_empty() => Kind::Complete,
            Kind::Complete | Kind::Snooze | Kind::Event | Kind::Note | Kind::Disconnect | Kind::Read
                if self.live.is_empty() =>
            {
                if self.free.is_empty() {
                    Kind::New
                } else {
                    Kind::Connect
                }
            }
            possible => possible,
        }
    }

    fn call(&mut self, kind: Kind) -> Call {
        let sequence = &self.sequence;
        self.doing = (kind, None, None);
        match kind {
            Kind::New => return Call::post("/records".into(), setup::lead(self.number as usize).to_string()),
            Kind::List => return Call::get(format!("/sequences/{sequence}/enrolments?limit=50")),
            Kind::Counters => return Call::get(format!("/sequences/{sequence}")),
            Kind::Connect => {
                let record = self.free.swap_remove(self.random.usize(..self.free.len()));
                let call =
                    Call::post(format!("/sequences/{sequence}/enrolments"), json!({ "records": [record] }).to_string());
                self.doing.2 = Some(record);
                return call;
            }
            _ => {}
        }
        let live = self.live.swap_remove(self.random.usize(..self.live.len()));
        let Live { record, enrolment, mail, step } = &live;
        let call = match kind {
            Kind::Complete => Call::post_nothing(["/steps/", step, "/complete"].concat()),
            Kind::Snooze => {
                Call::post(["/steps/", step, "/snooze"].concat(), r#"{"until":"2200-01-01T09:00:00Z"}"#.into())
            }
            Kind::Note => Call::post(["/steps/", step, "/note"].concat(), r#"{"text":"Called, no answer."}"#.into()),
            Kind::Disconnect => Call::post_nothing(["/enrolments/", enrolment, "/disconnect"].concat()),
            Kind::Event => Call::post("/events".into(), opened(&format!("{}.{}", self.name, self.number), mail)),
            _ => Call::get(["/records/", record, ["", "/up-next", "/timeline"][self.random.usize(..3)]].concat()),
        };
        self.doing.1 = Some(live);
        call
    }
}

/// The event that an e-mail was opened.
pub fn opened(id: &str, mail: &str) -> String {
    json!({ "id": id, "type": "email.opened", "at": "2026-01-05T09:00:00Z", "step": mail }).to_string()
}

impl Work for World {
    fn next(&mut self) -> Option<Call> {
        self.number += 1;
        let drawn = self.mix.at(self.random.u32(..self.mix.total()));
        let kind = self.possible(drawn);
        Some(self.call(kind).of_kind(kind as usize))
    }

    fn answered(&mut self, status: StatusCode, body: &[u8]) -> Result<(), String> {
        let (kind, live, record) = std::mem::replace(&mut self.doing, (Kind::Read, None, None));
        if !status.is_success() {
            if status == StatusCode::SERVICE_UNAVAILABLE {
                self.live.extend(live);
                self.free.extend(record);
            }
            return Err(format!("{}: {}", kind.name(), refusal(status, body)));
        }
        let unread = |error: serde_json::Error| format!("{}: {error}", kind.name());
        match (kind, live) {
            (Kind::New, _) => self.free.push(serde_json::from_slice::<Created>(body).map_err(unread)?.id),
            (Kind::Connect, _) => {
                let answer: Connected = serde_json::from_slice(body).map_err(unread)?;
                let item = answer.results.into_iter().next().ok_or("connect: no result")?;
                match item.enrolment {
                    Some(Enrolment { id, current_step: Some(step) }) => {
                        self.live.push(Live { record: item.record, enrolment: id, mail: step.clone(), step });
                    }
                    _ => return Err(format!("connect: {}", item.error.unwrap_or_default())),
                }
            }
            (Kind::Complete, Some(live)) => {
                let answer: Completed = serde_json::from_slice(body).map_err(unread)?;
                match answer.next.and_then(|next| next.step) {
                    Some(step) => self.live.push(Live { step, ..live }),
                    None => self.free.push(live.record),
                }
            }
            (Kind::Disconnect, Some(live)) => self.free.push(live.record),
            (_, live) => self.live.extend(live),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(mix: Mix, free: &[&str]) -> World {
        World::new(mix, "s".into(), free.iter().map(|record| record.to_string()).collect(), "w".into(), 1)
    }

    const CONNECTED: &str = r#"{"results": [{"record": "r", "enrolment": {"id": "e", "current_step": "m"}}]}"#;

    #[test]
    fn kinds_are_drawn_in_their_proportions() {
        let mix = Mix { connect: 1, read: 2, counters: 1, ..Mix::default() };
        let drawn: Vec<_> = (0..mix.total()).map(|place| mix.at(place)).collect();
        assert_eq!(drawn, [Kind::Connect, Kind::Read, Kind::Read, Kind::Counters]);
    }

    #[test]
    fn a_record_goes_through_and_may_be_connected_again() {
        let mut world = world(Mix { complete: 1, ..Mix::default() }, &["r"]);
        world.next();
        world.answered(StatusCode::OK, CONNECTED.as_bytes()).unwrap();
        assert_eq!((world.connected(), world.free.len()), (1, 0));
        world.next();
        world.answered(StatusCode::OK, br#"{"next": {"record": "r", "step": "two"}}"#).unwrap();
        assert_eq!(world.live[0].step, "two");
        world.next();
        world.answered(StatusCode::OK, br#"{"next": null}"#).unwrap();
        assert_eq!((world.connected(), &*world.free), (0, &["r".to_owned()][..]));
    }

    #[test]
    fn a_busy_server_changes_nothing_and_a_refusal_drops_the_record() {
        let mut world = world(Mix { connect: 1, ..Mix::default() }, &["r"]);
        world.next();
        world.answered(StatusCode::SERVICE_UNAVAILABLE, b"").unwrap_err();
        assert_eq!(world.free, ["r"]);
        world.next();
        let refused = br#"{"results": [{"record": "r", "error": {"code": "already_connected", "detail": "Is."}}]}"#;
        assert_eq!(world.answered(StatusCode::OK, refused).unwrap_err(), "connect: Is. (already_connected)");
        assert_eq!((world.connected(), world.free.len()), (0, 0));
    }

    #[test]
    fn without_any_record_one_is_made() {
        let mut world = world(Mix { disconnect: 1, ..Mix::default() }, &[]);
        world.next();
        world.answered(StatusCode::CREATED, br#"{"id": "r"}"#).unwrap();
        assert_eq!(world.free, ["r"]);
    }
}
