//! What one client knows about a record of its own from the answers it got, and whether the server still says so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::client::{Client, Lost};

/// A record and every acknowledged fact about it. Nobody but its owner changes it, so the counts are exact.
#[derive(Debug, Default)]
pub struct Lead {
    pub id: String,
    pub name: String,
    pub external_id: Option<String>,
    /// The highest version an answer had.
    pub version: u32,
    pub city: Option<String>,
    /// How often the city was changed.
    pub cities: usize,
    pub enrolments: BTreeSet<String>,
    pub disconnected: BTreeSet<String>,
    /// Steps by how they were closed: `step_completed` or `step_skipped`.
    pub closed: BTreeMap<String, &'static str>,
    pub notes: Vec<String>,
    /// Snoozes per step, signals per step and kind.
    pub counted: BTreeMap<(String, String), usize>,
    /// Nothing is under way on it, so it can be connected.
    pub idle: bool,
    /// Touched since it was compared last.
    pub dirty: bool,
}

/// The automated messages of a record, by step.
#[derive(Debug, Default)]
pub struct Messages {
    pub owed: Vec<String>,
    pub sent: Vec<String>,
}

impl Lead {
    /// As the answer to its creation shows it.
    pub fn of(view: &Value) -> Lead {
        let text = |member: &Value| member.as_str().map(str::to_owned);
        Lead {
            id: text(&view["id"]).unwrap_or_else(|| panic!("no record: {view}")),
            name: text(&view["name"]).unwrap_or_default(),
            external_id: text(&view["external_id"]),
            version: 1,
            city: text(&view["fields"]["city"]),
            idle: true,
            dirty: true,
            ..Lead::default()
        }
    }

    pub fn count(&mut self, step: &str, kind: &str) {
        *self.counted.entry((step.to_owned(), kind.to_owned())).or_default() += 1;
    }

    /// Compares the record with what is known of it; each fact must be there, once.
    pub async fn compare(&self, client: &Client) -> Result<(), Lost> {
        let record = client.read(&format!("/records/{}", self.id)).await?;
        let (view, told) = (&record.body, format!("\n{self:#?}\n{:#}", record.body));
        assert!(record.version >= self.version, "version {} is older than acknowledged{told}", record.version);
        assert_eq!(view["name"].as_str(), Some(self.name.as_str()), "the name{told}");
        assert_eq!(view["external_id"].as_str(), self.external_id.as_deref(), "the external id{told}");
        assert_eq!(view["fields"]["city"].as_str(), self.city.as_deref(), "the city{told}");
        let timeline = Timeline::read(client, &self.id).await?;
        timeline.holds_together();
        assert_eq!(timeline.changes_of("fields.city"), self.cities, "changes of the city{told}\n{:#?}", timeline.items);
        let mut enrolments: Vec<_> = timeline.of("connected").filter_map(|item| item["enrolment"].as_str()).collect();
        enrolments.sort_unstable();
        assert!(enrolments.iter().eq(&self.enrolments), "enrolments {enrolments:?}{told}");
        for (step, kind) in &self.closed {
            let times = timeline.of(kind).filter(|item| item["step"] == step.as_str()).count();
            assert_eq!(times, 1, "{kind} of {step}{told}");
        }
        let mut notes: Vec<_> = timeline.of("noted").filter_map(|item| item["note"].as_str()).collect();
        let mut known: Vec<_> = self.notes.iter().map(String::as_str).collect();
        notes.sort_unstable();
        known.sort_unstable();
        assert_eq!(notes, known, "the notes of {}", self.id);
        let mut counted = BTreeMap::new();
        for item in timeline.items.iter().filter(|item| is_counted(&item["kind"])) {
            let key = (item["step"].as_str().unwrap().to_owned(), item["kind"].as_str().unwrap().to_owned());
            *counted.entry(key).or_insert(0) += 1;
        }
        assert_eq!(counted, self.counted, "snoozes and signals of {}", self.id);
        timeline.messages();
        Ok(())
    }

    /// Compares its enrolments one by one.
    pub async fn compare_enrolments(&self, client: &Client) -> Result<(), Lost> {
        let views = client.list(&format!("/records/{}/enrolments", self.id)).await?;
        let mut found: Vec<_> = views.iter().filter_map(|view| view["id"].as_str()).collect();
        found.sort_unstable();
        assert!(found.iter().eq(&self.enrolments), "{found:?} are not {:?}", self.enrolments);
        for view in &views {
            let (id, status) = (view["id"].as_str().unwrap(), view["status"].as_str().unwrap());
            assert!(!self.disconnected.contains(id) || status == "disconnected", "{id} is {status} again");
            let waits = view["current_step"].is_string() || status == "connecting";
            assert_eq!(waits, matches!(status, "connecting" | "connected"), "{view:#}");
        }
        Ok(())
    }
}

fn is_counted(kind: &Value) -> bool {
    matches!(kind.as_str(), Some("step_snoozed" | "email_replied" | "email_opened"))
}

/// Everything that happened to a record.
pub struct Timeline {
    pub items: Vec<Value>,
}

impl Timeline {
    pub async fn read(client: &Client, record: &str) -> Result<Timeline, Lost> {
        Ok(Timeline { items: client.list(&format!("/records/{record}/timeline")).await? })
    }

    /// The same in pages so small that there are many.
    pub async fn read_pages(client: &Client, record: &str) -> Result<Timeline, Lost> {
        Ok(Timeline { items: client.pages(&format!("/records/{record}/timeline"), 20).await? })
    }

    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.items.iter().filter(move |item| item["kind"] == kind)
    }

    fn steps(&self, kind: &str) -> Vec<String> {
        self.of(kind).map(|item| item["step"].as_str().unwrap().to_owned()).collect()
    }

    /// How often a property was changed.
    pub fn changes_of(&self, property: &str) -> usize {
        let names = |item: &&Value| item["summary"].as_str().unwrap_or_default().contains(property);
        self.of("record_changed").filter(names).count()
    }

    /// What can only happen once has happened once.
    pub fn holds_together(&self) {
        let told = || format!("{:#?}", self.items);
        assert_eq!(self.of("record_created").count(), 1, "{}", told());
        let mut closed = self.steps("step_completed");
        closed.append(&mut self.steps("step_skipped"));
        let opened = self.steps("step_opened");
        assert!(closed.iter().all(|step| opened.contains(step)), "a step was closed that never opened: {}", told());
        for mut once in [opened, closed, self.steps("message_owed"), self.steps("message_sent")] {
            let all = once.len();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), all, "something happened twice: {}", told());
        }
        let mut ends: Vec<_> = self.of("ended").map(|item| item["enrolment"].to_string()).collect();
        let all = ends.len();
        ends.sort_unstable();
        ends.dedup();
        assert_eq!(ends.len(), all, "an enrolment ended twice: {}", told());
        assert_eq!(self.of("message_failed").count(), 0, "{}", told());
    }

    pub fn messages(&self) -> Messages {
        let sent = self.steps("message_sent");
        let mut owed = self.steps("message_owed");
        assert!(sent.iter().all(|step| owed.contains(step)), "sent without being owed: {:#?}", self.items);
        owed.retain(|step| !sent.contains(step));
        Messages { owed, sent }
    }
}

/// Waits until nothing is owed to a record; the steps whose messages were sent.
pub async fn delivered(client: &Client, record: &str) -> Result<BTreeSet<String>, Lost> {
    for _ in 0..600 {
        let messages = Timeline::read(client, record).await?.messages();
        if messages.owed.is_empty() {
            return Ok(messages.sent.into_iter().collect());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a message to {record} is never sent");
}
