//! A client that brings files in and knows how many of their rows must be created, updated and rejected.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use fastrand::Rng;
use reqwest::Method;
use serde_json::Value;

use super::client::{Client, Command, Lost};
use super::scene::text;

/// Files that are brought in between two starts.
const FILES_MAX: usize = 3;
/// Keys of one importer; then files only change what earlier ones brought.
const KEYS_MAX: usize = 1_000;

/// A file on its way or brought in.
#[derive(Clone, Debug)]
struct File {
    command: Command,
    /// The key and city of each row that goes in.
    rows: Vec<(String, String)>,
    rejected: u64,
}

/// A file that was answered.
struct Started {
    id: String,
    file: File,
    /// How many records it created, once it has been compared.
    created: Option<u64>,
}

/// One client that imports.
pub struct Importer {
    number: usize,
    rng: Rng,
    files: usize,
    keys: usize,
    pending: Option<File>,
    started: Vec<Started>,
    /// The city of each key, as the last file said it.
    cities: BTreeMap<String, String>,
}

impl Importer {
    pub fn new(number: usize, rng: Rng) -> Importer {
        Importer { number, rng, files: 0, keys: 0, pending: None, started: Vec::new(), cities: BTreeMap::new() }
    }

    /// Works until the server is gone or enough is in.
    pub async fn work(mut self, client: Client) -> Importer {
        let _ = self.work_on(&client).await;
        self
    }

    async fn work_on(&mut self, client: &Client) -> Result<(), Lost> {
        self.repeat(client).await?;
        for _ in 0..FILES_MAX {
            self.last_has_ended(client).await?;
            self.pending = Some(self.write());
            self.repeat(client).await?;
        }
        Ok(())
    }

    /// Sends the file that got no answer.
    pub async fn repeat(&mut self, client: &Client) -> Result<(), Lost> {
        let Some(file) = &self.pending else { return Ok(()) };
        let answer = client.ask(&file.command).await?;
        assert_eq!(answer.status, 201, "{answer:?}");
        let id = text(&answer.body["id"]);
        assert!(self.started.iter().all(|known| known.id != id), "two files have the id {id}");
        for (key, city) in &file.rows {
            self.cities.insert(key.clone(), city.clone());
        }
        self.started.extend(self.pending.take().map(|file| Started { id, file, created: None }));
        Ok(())
    }

    /// New rows, some that change what earlier files brought, some twice, some that cannot go in.
    fn write(&mut self) -> File {
        self.files += 1;
        let (mut text, mut rows, mut rejected) = ("key;name;mail;town\n".to_owned(), Vec::new(), 0);
        let mut used = Vec::new();
        for _ in 0..self.rng.usize(5..120) {
            let place = match self.rng.u8(..5) {
                0 if self.keys > 0 => self.rng.usize(..self.keys),
                _ if self.keys == KEYS_MAX => self.rng.usize(..self.keys),
                _ => {
                    self.keys += 1;
                    self.keys - 1
                }
            };
            if used.contains(&place) {
                continue;
            }
            used.push(place);
            let (number, file) = (self.number, self.files);
            let (key, city) = (format!("import:{number}:{place}"), format!("town {file}"));
            for _ in 0..1 + usize::from(self.rng.u8(..20) == 0) {
                writeln!(text, "{key};import {number}-{place};i{place}@example.org;{city}").unwrap();
                rows.push((key.clone(), city.clone()));
            }
            if self.rng.u8(..20) == 0 {
                writeln!(text, "bad:{key};import bad;no address;{city}").unwrap();
                rejected += 1;
            }
        }
        let mapping = "%7B%22name%22:%22name%22,%22mail%22:%22email%22,%22town%22:%22city%22%7D";
        let command = Command {
            method: Method::POST,
            path: format!("/imports?type=lead&external_id=key&mapping={mapping}"),
            key: format!("import {} {}", self.number, self.files),
            content_type: "text/csv",
            body: text,
        };
        File { command, rows, rejected }
    }

    async fn last_has_ended(&self, client: &Client) -> Result<(), Lost> {
        match self.started.last() {
            Some(last) => ended(client, &last.id).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Every file has come to its end, each row counted, each key created by one row. `all` looks at the files again that
    /// were compared before.
    pub async fn compare(&mut self, client: &Client, all: bool) -> Result<(), Lost> {
        for Started { id, file, created } in self.started.iter_mut().filter(|file| all || file.created.is_none()) {
            let view = ended(client, id).await?;
            assert_eq!(view["state"], "completed", "{view:#}");
            let count = |member: &str| view[member].as_u64().unwrap();
            let rows = file.rows.len() as u64 + file.rejected;
            assert_eq!((count("rows_read"), count("rejected")), (rows, file.rejected), "{view:#}");
            assert_eq!(count("created") + count("updated") + count("rejected"), rows, "{view:#}");
            assert!(created.is_none_or(|created| created == count("created")), "it was {created:?}: {view:#}");
            *created = Some(count("created"));
            let rejects = text(&client.read(&format!("/imports/{id}/rejects")).await?.body);
            assert_eq!(rejects.lines().count() as u64, 1 + file.rejected, "rows that did not go in: {rejects}");
            let again = client.ask(&file.command).await?;
            assert_eq!(again.body["id"], id.as_str(), "a file that was sent again began another import");
        }
        let created: u64 = self.started.iter().filter_map(|file| file.created).sum();
        assert_eq!(created, self.cities.len() as u64, "each key is created by one row");
        Ok(())
    }

    /// The records of all keys are among `records`, once each, as the last file said.
    pub fn find(&self, records: &[Value]) {
        let prefix = format!("import:{}:", self.number);
        let mut found = BTreeMap::new();
        for record in records.iter().filter(|record| matches(&record["external_id"], &prefix)) {
            let earlier = found.insert(text(&record["external_id"]), text(&record["fields"]["city"]));
            assert_eq!(earlier, None, "an external id names two records: {record:#}");
        }
        assert_eq!(found, self.cities, "the records of importer {}", self.number);
        let named = records.iter().filter(|record| matches(&record["name"], &format!("import {}-", self.number)));
        assert_eq!(named.count(), self.cities.len(), "records were imported twice");
    }
}

fn matches(value: &Value, prefix: &str) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(prefix))
}

/// Waits until an import has ended; what it says then.
pub async fn ended(client: &Client, import: &str) -> Result<Value, Lost> {
    for _ in 0..6_000 {
        let view = client.read(&format!("/imports/{import}")).await?.body;
        if view["state"] != "running" {
            return Ok(view);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the import {import} does not come to an end");
}
