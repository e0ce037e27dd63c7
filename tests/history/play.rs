//! Several clients on each of many records at once, while the server is killed again and again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::client::{Client, Lost, Place};
use super::model::{Answered, Asked, TASKS};
use super::record::{Log, Taken, now};
use crate::program::Program;

/// Clients of one record.
const CLIENTS: u64 = 4;
/// Requests of one client.
const REQUESTS: usize = 20;

/// Where the server is, if it is up.
type Address = watch::Receiver<Option<String>>;

/// One record, what was asked of it, and what its clients last heard of it: often no longer true.
struct Stage {
    place: Place,
    log: Log,
    heard: Mutex<Heard>,
}

#[derive(Clone, Copy, Default)]
struct Heard {
    version: u32,
    enrolment: u32,
    step: u32,
    values: u32,
}

impl Stage {
    /// A request that fits what was heard last, or hardly.
    fn choose(&self, rng: &mut Rng) -> Asked {
        let mut heard = self.heard.lock().unwrap();
        let Heard { version, enrolment, step, .. } = *heard;
        match rng.u8(..100) {
            0..15 => Asked::Read,
            15..30 => Asked::UpNext,
            30..55 => {
                heard.values += 1;
                let expected = (version > 0 && rng.bool()).then_some(version);
                Asked::Write { value: heard.values, expected }
            }
            55..65 => Asked::Connect,
            _ if step == 0 => Asked::Connect,
            65..70 => Asked::Disconnect { enrolment },
            70..85 => Asked::Complete { step },
            85..92 => Asked::Skip { step },
            _ => Asked::Snooze { step },
        }
    }

    fn hear(&self, answered: &Answered) {
        let mut heard = self.heard.lock().unwrap();
        match answered {
            Answered::Record { version, .. } | Answered::Disconnected { version } => heard.version = *version,
            Answered::Snoozed { version, .. } => heard.version = *version,
            Answered::UpNext { version, open, .. } => {
                heard.version = *version;
                if let Some(open) = open {
                    (heard.enrolment, heard.step) = (open.enrolment, open.step);
                }
            }
            Answered::Connected { enrolment, step } => (heard.enrolment, heard.step) = (*enrolment, *step),
            Answered::Moved { version, next } => {
                heard.version = *version;
                heard.step = next.unwrap_or(heard.step);
            }
            Answered::Refused(_) => {}
        }
    }

    /// One client's requests, one after the other.
    async fn visit(&self, client: &Client, mut address: Address, mut rng: Rng) {
        for number in 0..REQUESTS {
            let asked = self.choose(&mut rng);
            // A key allows to ask again what was not answered, and forbids nothing.
            let key = (!asked.is_read() && rng.u8(..3) > 0).then(|| format!("{number} {}", rng.u64(..)));
            let begin = now();
            let answered = self.insist(client, &mut address, &asked, key.as_deref(), &mut rng).await;
            let end = answered.clone().map(|answered| (now(), answered));
            self.log.note(Taken { asked: asked.clone(), begin, end });
            let Some(answered) = answered else { continue };
            self.hear(&answered);
            // A refusal is not remembered; everything else is, and its repeat changes nothing.
            if key.is_some() && !matches!(answered, Answered::Refused(_)) && rng.u8(..8) == 0 {
                let again = self.insist(client, &mut address, &asked, key.as_deref(), &mut rng).await;
                let is_same = again.as_ref().is_none_or(|again| *again == answered);
                assert!(is_same, "{asked:?} was answered with {answered:?}, then with {again:?}");
            }
        }
    }

    /// Asks until there is an answer or the client gives up: what has no key it cannot ask again.
    async fn insist(
        &self,
        client: &Client,
        address: &mut Address,
        asked: &Asked,
        key: Option<&str>,
        rng: &mut Rng,
    ) -> Option<Answered> {
        loop {
            let up = address.wait_for(Option::is_some).await.ok()?.clone()?;
            match client.ask(&up, &self.place, asked, key).await {
                Ok(answered) => return Some(answered),
                Err(Lost) => {
                    // Killed, or about to be found so: the next server has another address.
                    let next = |now: &Option<String>| now.as_ref().is_some_and(|now| *now != up);
                    address.wait_for(next).await.ok()?;
                    if key.is_none() || rng.u8(..4) == 0 {
                        return None;
                    }
                }
            }
        }
    }
}

/// What came of one round.
pub struct Round {
    pub histories: Vec<Vec<Taken>>,
    pub kills: usize,
}

/// The tasks that every record goes through, in a row.
fn graph() -> Value {
    let next = |place: u8| (place < TASKS).then(|| format!("task {}", place + 1));
    let node = |place| json!({"type": "task", "id": format!("task {place}"), "name": "Call back", "next": next(place)});
    json!({"start": "task 1", "nodes": (1..=TASKS).map(node).collect::<Vec<_>>()})
}

/// A sequence of [`TASKS`] tasks that records can be connected to.
async fn sequence(client: &Client, address: &str) -> String {
    let id = client.create(address, "/sequences", &json!({"name": "In a row", "graph": graph()})).await;
    client.create(address, &format!("/sequences/{id}/activate"), &json!({})).await;
    id
}

/// Runs one history on each of `records` fresh records, all at once, and kills the server at random moments meanwhile.
pub async fn round(program: &mut Program, records: usize, rng: &mut Rng) -> Round {
    let client = Client::new();
    let (mut server, first) = program.serve(&[]);
    let sequence = sequence(&client, &first).await;
    let mut stages = Vec::new();
    for number in 0..records {
        let body = json!({"type": "lead", "name": format!("lead {number}")});
        let record = client.create(&first, "/records", &body).await;
        let place = Place { record, sequence: sequence.clone() };
        stages.push(Arc::new(Stage { place, log: Log::default(), heard: Mutex::default() }));
    }
    let (tell, address) = watch::channel(Some(first));
    let visits = stages.iter().flat_map(|stage| (0..CLIENTS).map(move |_| stage.clone())).map(|stage| {
        let (client, address, rng) = (client.clone(), address.clone(), rng.fork());
        tokio::spawn(async move { stage.visit(&client, address, rng).await })
    });
    let mut visits = tokio::spawn(join_all(visits.collect::<Vec<_>>()));
    let mut kills = 0;
    let ended = loop {
        let moment = Duration::from_millis(rng.u64(50..800));
        if let Ok(ended) = tokio::time::timeout(moment, &mut visits).await {
            break ended.expect("nobody cancels it");
        }
        tell.send_replace(None);
        program.cut_short(server);
        let (next, up) = program.serve(&[]);
        server = next;
        tell.send_replace(Some(up));
        kills += 1;
    };
    ended.into_iter().for_each(|ended| ended.expect("a client met what it has no words for"));
    let up = address.borrow().clone().expect("the last server is up");
    for stage in &stages {
        for asked in [Asked::Read, Asked::UpNext] {
            let begin = now();
            let answered = client.ask(&up, &stage.place, &asked, None).await.expect("nobody kills it now");
            stage.log.note(Taken { asked, begin, end: Some((now(), answered)) });
        }
    }
    program.cut_short(server);
    program.check();
    Round { histories: stages.iter().map(|stage| stage.log.taken()).collect(), kills }
}
