//! A client that works on records of its own and repeats, after a restart, what it got no answer to.

use std::collections::VecDeque;
use std::sync::Arc;

use fastrand::Rng;
use serde_json::Value;

use super::client::{Answer, Client, Command, Lost};
use super::lead::Lead;
use super::scene::Scene;

/// Answers that are kept, to be compared with the answer to a repeat.
const KEPT_MAX: usize = 60;
/// Records of one seller; then it only works on those it has.
pub(super) const LEADS_MAX: usize = 90;

/// A command on its way, and what an answer to it will mean.
pub(super) struct Intent {
    pub command: Command,
    pub meaning: Meaning,
}

/// What is known once the command is acknowledged. Leads are named by their place.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    Create,
    Upsert { city: String },
    Shared { place: usize },
    Connect { leads: Vec<usize>, is_firm: bool },
    Change { lead: usize, city: String },
    Reopen { lead: usize },
    Close { lead: usize, step: String, how: &'static str, note: Option<String>, is_firm: bool },
    Snooze { lead: usize, step: String, is_firm: bool },
    Note { lead: usize, text: String },
    HotNote { text: String },
    Signal { lead: usize, step: String, kinds: Vec<&'static str> },
    Disconnect { lead: usize, enrolment: String, is_firm: bool },
}

/// One client.
pub struct Seller {
    number: usize,
    pub(super) rng: Rng,
    pub(super) scene: Arc<Scene>,
    /// Numbers whatever must be unique.
    made: usize,
    pub leads: Vec<Lead>,
    pending: Option<Intent>,
    kept: VecDeque<(Command, Answer)>,
    /// Commands that were answered.
    pub answered: usize,
    /// Commands that had to be asked again.
    pub repeated: usize,
}

impl Seller {
    pub fn new(number: usize, rng: Rng, scene: Arc<Scene>) -> Seller {
        let (leads, kept) = (Vec::new(), VecDeque::new());
        Seller { number, rng, scene, made: 0, leads, pending: None, kept, answered: 0, repeated: 0 }
    }

    /// Works until the server is gone.
    pub async fn work(mut self, client: Client) -> Seller {
        let _ = self.work_on(&client).await;
        self
    }

    async fn work_on(&mut self, client: &Client) -> Result<(), Lost> {
        self.repeat(client).await?;
        loop {
            if let Some(intent) = self.choose(client).await? {
                self.ask(client, intent).await?;
            }
        }
    }

    /// Asks again what got no answer.
    pub async fn repeat(&mut self, client: &Client) -> Result<(), Lost> {
        if let Some(intent) = self.pending.take() {
            self.repeated += 1;
            self.ask(client, intent).await?;
        }
        Ok(())
    }

    /// Repeats some of what was answered: the same key and body give the first answer again (P6).
    pub async fn ask_again(&mut self, client: &Client, some: usize) -> Result<(), Lost> {
        for _ in 0..some.min(self.kept.len()) {
            let (command, first) = &self.kept[self.rng.usize(..self.kept.len())];
            let again = client.ask(command).await?;
            assert_eq!(again, *first, "{command:?} was answered otherwise the second time");
        }
        Ok(())
    }

    pub(super) async fn ask(&mut self, client: &Client, intent: Intent) -> Result<(), Lost> {
        match client.ask(&intent.command).await {
            Ok(answer) => {
                self.answered += 1;
                let Intent { command, meaning } = intent;
                if self.learn(meaning, &answer) {
                    self.kept.push_back((command, answer));
                }
                if self.kept.len() > KEPT_MAX {
                    self.kept.pop_front();
                }
                Ok(())
            }
            Err(Lost) => {
                self.pending = Some(intent);
                Err(Lost)
            }
        }
    }

    pub(super) fn unique(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{what}-{}-{}", self.number, self.made)
    }

    pub(super) fn key(&mut self) -> String {
        self.unique("key")
    }

    pub(super) fn post(&mut self, path: String, body: &Value, meaning: Meaning) -> Option<Intent> {
        let key = self.key();
        Some(Intent { command: Command::post(path, key, body), meaning })
    }
}
