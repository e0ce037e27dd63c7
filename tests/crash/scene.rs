//! What all clients share: sequences that stay, sequences that come and go, a record that all write on, and keys that
//! all claim.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use fastrand::Rng;
use serde_json::{Value, json};

use super::client::{Answer, Client, Command, Lost};
use super::lead::Timeline;

/// What is known of a record that all sellers write by one key.
#[derive(Debug, Default)]
struct Shared {
    id: String,
    /// Versions that were acknowledged: each write has its own.
    versions: BTreeSet<u32>,
}

/// The common ground of all clients.
pub struct Scene {
    /// Nobody deactivates these.
    firm: Vec<String>,
    /// These are activated and deactivated all the time.
    pub loose: Vec<String>,
    hot: String,
    /// A step of the record that all put notes on.
    pub hot_step: String,
    notes: Mutex<Vec<String>>,
    shared: Mutex<BTreeMap<usize, Shared>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Scene {
    /// Sets the stage on a fresh server.
    pub async fn set(client: &Client) -> Result<Scene, Lost> {
        let (mut firm, mut loose) = (Vec::new(), Vec::new());
        for (number, (template, is_firm)) in
            [("T2", true), ("T6", true), ("T6", false), ("T2", false)].iter().enumerate()
        {
            let body = json!({"name": format!("{template} {number}"), "template": template});
            let created = client.ask(&Command::post("/sequences", format!("sequence {number}"), &body)).await?;
            let sequence = text(&created.body["id"]);
            client.ask(&activation(&sequence, format!("activate {number}"))).await?;
            if *is_firm { firm.push(sequence) } else { loose.push(sequence) }
        }
        let record = json!({"type": "lead", "name": "hot", "email": "hot@example.org"});
        let hot = client.ask(&Command::post("/records", "hot".into(), &record)).await?.body["id"].clone();
        let path = format!("/sequences/{}/enrolments", firm[0]);
        let connected = client.ask(&Command::post(path, "connect-hot".into(), &json!({"records": [hot]}))).await?;
        let step = &connected.body["results"][0]["enrolment"]["current_step"];
        let (hot, hot_step) = (text(&hot), text(step));
        let scene = Scene { firm, loose, hot, hot_step, notes: Mutex::default(), shared: Mutex::default() };
        // So many that its timeline has several pages from the beginning.
        for number in 0..60 {
            let (path, note) = (format!("/steps/{}/note", scene.hot_step), format!("first {number}"));
            client.ask(&Command::post(path, note.clone(), &json!({"text": note}))).await?;
            scene.learn_note(note);
        }
        Ok(scene)
    }

    /// A sequence, and whether connecting to it cannot be refused.
    pub fn any_sequence(&self, rng: &mut Rng) -> (&str, bool) {
        let is_firm = rng.u8(..4) > 0;
        let of = if is_firm { &self.firm } else { &self.loose };
        (&of[rng.usize(..of.len())], is_firm)
    }

    pub fn is_firm(&self, sequence: &str) -> bool {
        self.firm.iter().any(|firm| firm == sequence)
    }

    /// Keys that all sellers write to.
    pub fn shared_max(&self) -> usize {
        12
    }

    /// Sequences that nobody changes.
    pub fn firm_count(&self) -> usize {
        self.firm.len()
    }

    pub fn learn_note(&self, note: String) {
        locked(&self.notes).push(note);
    }

    /// One record, whoever asks, and a version of its own for each write.
    pub fn learn_shared(&self, place: usize, answer: &Answer) {
        let (mut all, id) = (locked(&self.shared), text(&answer.body["id"]));
        let shared = all.entry(place).or_default();
        if shared.id.is_empty() {
            shared.id.clone_from(&id);
        }
        assert_eq!(shared.id, id, "the key shared:{place} names two records");
        assert!(shared.versions.insert(answer.version), "two writes led to the same version: {answer:?}");
    }

    /// Ids of the records that belong to nobody alone.
    pub fn records(&self) -> Vec<String> {
        locked(&self.shared).values().map(|shared| shared.id.clone()).chain([self.hot.clone()]).collect()
    }

    /// Every note of all sellers stands once on the record that all write on; each write to a shared key has happened once.
    /// `all` reads the notes in many small pages.
    pub async fn compare(&self, client: &Client, all: bool) -> Result<(), Lost> {
        let timeline = match all {
            true => Timeline::read_pages(client, &self.hot).await?,
            false => Timeline::read(client, &self.hot).await?,
        };
        timeline.holds_together();
        let mut found: Vec<_> = timeline.of("noted").filter_map(|item| item["note"].as_str()).collect();
        let known = locked(&self.notes).clone();
        let mut known: Vec<_> = known.iter().map(String::as_str).collect();
        found.sort_unstable();
        known.sort_unstable();
        assert_eq!(found, known, "the notes of all sellers");
        let shared: Vec<_> = locked(&self.shared)
            .iter()
            .map(|(place, shared)| (*place, shared.id.clone(), shared.versions.len(), shared.versions.last().copied()))
            .collect();
        for (place, id, writes, newest) in shared {
            let named = client.read(&format!("/records/external:lead:shared:{place}")).await?;
            assert_eq!(named.body["id"], id.as_str(), "the key shared:{place}");
            assert!(Some(named.version) >= newest, "shared:{place} is older than acknowledged");
            let timeline = Timeline::read(client, &id).await?;
            timeline.holds_together();
            // The first write has created it.
            assert_eq!(timeline.changes_of("fields.city") + 1, writes, "writes to shared:{place}");
        }
        Ok(())
    }
}

/// The id in an answer.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Publishes a sequence.
pub fn activation(sequence: &str, key: String) -> Command {
    Command::post(format!("/sequences/{sequence}/activate"), key, &json!({}))
}
