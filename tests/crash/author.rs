//! A client that publishes sequences and takes them out of use while others connect records to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use fastrand::Rng;
use serde_json::json;

use super::client::{Client, Command, Lost};
use super::scene::{Scene, activation, text};

/// Sequences that one author makes.
const MADE_MAX: usize = 20;

enum Meaning {
    Create,
    Status { sequence: String, is_active: bool },
}

/// What is known of a sequence.
#[derive(Clone, Copy, Debug)]
struct Known {
    version: u32,
    is_active: bool,
}

/// The only client that changes sequences.
pub struct Author {
    rng: Rng,
    made: usize,
    known: BTreeMap<String, Known>,
    pending: Option<(Command, Meaning)>,
}

impl Author {
    /// Takes over the loose sequences of the scene, which are active.
    pub fn new(rng: Rng, scene: &Arc<Scene>) -> Author {
        let known = scene.loose.iter().map(|id| (id.clone(), Known { version: 0, is_active: true })).collect();
        Author { rng, made: 0, known, pending: None }
    }

    /// Works until the server is gone.
    pub async fn work(mut self, client: Client) -> Author {
        let _ = self.work_on(&client).await;
        self
    }

    async fn work_on(&mut self, client: &Client) -> Result<(), Lost> {
        self.repeat(client).await?;
        loop {
            let next = self.choose();
            self.ask(client, next).await?;
            // Others shall get records in before the next change.
            tokio::time::sleep(std::time::Duration::from_millis(self.rng.u64(5..80))).await;
        }
    }

    pub async fn repeat(&mut self, client: &Client) -> Result<(), Lost> {
        match self.pending.take() {
            Some(pending) => self.ask(client, pending).await,
            None => Ok(()),
        }
    }

    async fn ask(&mut self, client: &Client, asked: (Command, Meaning)) -> Result<(), Lost> {
        let Ok(answer) = client.ask(&asked.0).await else {
            self.pending = Some(asked);
            return Err(Lost);
        };
        assert!(answer.is_ok(), "refused: {:?}\n{answer:?}", asked.0);
        let (sequence, is_active) = match asked.1 {
            Meaning::Create => (text(&answer.body["id"]), false),
            Meaning::Status { sequence, is_active } => (sequence, is_active),
        };
        self.known.insert(sequence, Known { version: answer.version, is_active });
        Ok(())
    }

    fn choose(&mut self) -> (Command, Meaning) {
        self.made += 1;
        let key = format!("author {}", self.made);
        if self.known.len() < MADE_MAX && self.rng.u8(..12) == 0 {
            let body = json!({"name": format!("made {}", self.made), "template": "T6"});
            return (Command::post("/sequences", key, &body), Meaning::Create);
        }
        let place = self.rng.usize(..self.known.len());
        let (sequence, known) = self.known.iter().nth(place).unwrap();
        let command = match known.is_active {
            true => Command::post(format!("/sequences/{sequence}/deactivate"), key, &json!({})),
            false => activation(sequence, key),
        };
        (command, Meaning::Status { sequence: sequence.clone(), is_active: !known.is_active })
    }

    /// Each sequence is as it was acknowledged, there is none besides, and the inactive ones are left by everybody.
    pub async fn compare(&self, client: &Client, others: usize) -> Result<(), Lost> {
        let all = client.list("/sequences").await?;
        assert_eq!(all.len(), self.known.len() + others, "sequences: {all:#?}");
        for (id, known) in &self.known {
            let sequence = client.read(&format!("/sequences/{id}")).await?;
            assert!(sequence.version >= known.version, "{id} is older than acknowledged");
            let status = if known.is_active { "active" } else { "inactive" };
            assert_eq!(sequence.body["status"], status, "{:#}", sequence.body);
            if !known.is_active {
                emptied(client, id).await?;
            }
        }
        Ok(())
    }
}

/// Waits until nobody goes through a deactivated sequence any more.
async fn emptied(client: &Client, sequence: &str) -> Result<(), Lost> {
    for _ in 0..6_000 {
        let seen = client.read(&format!("/sequences/{sequence}")).await?.body;
        if seen["connected_count"] == 0 {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("records stay connected to the deactivated sequence {sequence}");
}
