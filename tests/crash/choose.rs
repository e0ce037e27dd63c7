//! What a seller does next: mixed commands, most of them on records that go through a sequence.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Client, Command, Lost};
use super::lead::Lead;
use super::seller::{Intent, LEADS_MAX, Meaning, Seller};

/// Later than any test runs.
const FAR: &str = "2099-01-01T00:00:00.000Z";
const CALL_RESULTS: [&str; 4] = ["made", "no_answer", "left_voicemail", "busy"];

impl Seller {
    /// The next thing to do.
    pub(super) async fn choose(&mut self, client: &Client) -> Result<Option<Intent>, Lost> {
        let may_create = self.leads.len() < LEADS_MAX;
        if self.leads.len() < 3 || (may_create && self.rng.u8(..100) < 6) {
            return Ok(self.create());
        }
        let lead = self.rng.usize(..self.leads.len());
        match self.rng.u8(..100) {
            0..4 if may_create => Ok(self.upsert()),
            4..8 => Ok(self.upsert_shared()),
            8..18 => Ok(self.change(lead)),
            18..22 => Ok(self.note_hot()),
            22..36 => Ok(self.connect()),
            _ => self.act(client, lead).await,
        }
    }

    fn fresh_lead(&mut self) -> Value {
        let name = self.unique("lead");
        let mut body = json!({"type": "lead", "name": name, "fields": {"company": "Crash & Söhne"}});
        // Without an address an automated message becomes a step of the seller.
        if self.rng.u8(..10) > 0 {
            body["email"] = format!("{name}@example.org").into();
        }
        if self.rng.bool() {
            body["external_id"] = format!("own:{name}").into();
        }
        body
    }

    fn create(&mut self) -> Option<Intent> {
        if self.rng.bool() {
            let body = self.fresh_lead();
            return self.post("/records".into(), &body, Meaning::Create);
        }
        let records: Vec<_> = (0..self.rng.usize(1..8)).map(|_| self.fresh_lead()).collect();
        self.post("/records/batch".into(), &json!({"records": records}), Meaning::Create)
    }

    /// Its own record by its own key: one that is new, or one that it has.
    fn upsert(&mut self) -> Option<Intent> {
        let owned = self.leads.iter().filter_map(|lead| Some((lead.external_id.clone()?, lead.name.clone())));
        let mut owned: Vec<_> = owned.collect();
        let fresh = self.unique("lead");
        let (external_id, name) = match self.rng.bool() && !owned.is_empty() {
            true => owned.swap_remove(self.rng.usize(..owned.len())),
            false => (format!("put:{fresh}"), fresh),
        };
        let (city, key) = (self.unique("city"), self.key());
        let body = json!({"name": name, "fields": {"city": city}});
        let command = Command::json(Method::PUT, format!("/records/external/lead/{external_id}"), key, &body);
        Some(Intent { command, meaning: Meaning::Upsert { city } })
    }

    /// A key that all sellers write to.
    fn upsert_shared(&mut self) -> Option<Intent> {
        let place = self.rng.usize(..self.scene.shared_max());
        let (city, key) = (self.unique("city"), self.key());
        let body = json!({"name": format!("shared {place}"), "fields": {"city": city}});
        let command = Command::json(Method::PUT, format!("/records/external/lead/shared:{place}"), key, &body);
        Some(Intent { command, meaning: Meaning::Shared { place } })
    }

    /// A new city, or the same once more, which changes nothing.
    fn change(&mut self, lead: usize) -> Option<Intent> {
        let same = self.leads[lead].city.clone().filter(|_| self.rng.u8(..4) == 0);
        let city = same.unwrap_or_else(|| self.unique("city"));
        let (path, key) = (format!("/records/{}", self.leads[lead].id), self.key());
        let command = Command::json(Method::PATCH, path, key, &json!({"fields": {"city": city}}));
        Some(Intent { command, meaning: Meaning::Change { lead, city } })
    }

    fn note_hot(&mut self) -> Option<Intent> {
        let text = self.unique("hot");
        let path = format!("/steps/{}/note", self.scene.hot_step);
        self.post(path, &json!({"text": text}), Meaning::HotNote { text })
    }

    fn connect(&mut self) -> Option<Intent> {
        let mut idle: Vec<_> = (0..self.leads.len()).filter(|place| self.leads[*place].idle).collect();
        self.rng.shuffle(&mut idle);
        idle.truncate(self.rng.usize(1..6));
        let (sequence, is_firm) = self.scene.any_sequence(&mut self.rng);
        let named = |lead: &Lead, by_key: bool| match &lead.external_id {
            Some(external_id) if by_key => format!("external:lead:{external_id}"),
            _ => lead.id.clone(),
        };
        let records: Vec<_> = idle.iter().map(|place| named(&self.leads[*place], self.rng.bool())).collect();
        let mut body = json!({"records": records});
        if self.rng.u8(..8) == 0 {
            body["wait"] = json!({"hours": 1 + self.rng.u8(..48)});
        }
        let path = format!("/sequences/{sequence}/enrolments");
        if idle.is_empty() { None } else { self.post(path, &body, Meaning::Connect { leads: idle, is_firm }) }
    }

    /// Does something on a record that goes through a sequence, or notes that nothing goes on there any more.
    pub(super) async fn act(&mut self, client: &Client, lead: usize) -> Result<Option<Intent>, Lost> {
        let up_next = client.read(&format!("/records/{}/up-next", self.leads[lead].id)).await?.body;
        let items = |zone: &str| up_next[zone].as_array().cloned().unwrap_or_default();
        let (current, upcoming) = (items("current"), items("upcoming"));
        if let Some(item) = self.rng.choice(&current) {
            let step = item["step"].clone();
            return Ok(self.act_on(lead, &step, &items("completed")));
        }
        match upcoming.first().and_then(|item| item["enrolment"].as_str()) {
            // Its wait before the first step goes on for hours.
            Some(enrolment) => Ok(self.disconnect(lead, enrolment, false)),
            None => self.rest(client, lead).await,
        }
    }

    fn act_on(&mut self, lead: usize, step: &Value, completed: &[Value]) -> Option<Intent> {
        let text = |member: &str| step[member].as_str().unwrap().to_owned();
        let (id, enrolment) = (text("id"), text("enrolment"));
        let is_firm = self.scene.is_firm(&text("sequence"));
        let waits = step["wait_state"] == "waiting";
        let mail = completed.iter().map(|item| &item["step"]).find(|done| done["enrolment"] == enrolment.as_str());
        match self.rng.u8(..100) {
            0..3 => self.disconnect(lead, &enrolment, is_firm),
            3..15 => self.note(lead, id),
            15..25 => self.close(lead, id, "skip", &json!({}), is_firm),
            25..50 if waits && step["type"] == "cond_email_reply" => self.signal(lead, mail?),
            _ if waits => self.close(lead, id, "skip-wait", &json!({}), is_firm),
            25..40 => {
                let meaning = Meaning::Snooze { lead, step: id.clone(), is_firm };
                self.post(format!("/steps/{id}/snooze"), &json!({"until": FAR}), meaning)
            }
            _ => {
                let mut body = json!({});
                if step["type"] == "phone_call" {
                    body["call_result"] = self.rng.choice(CALL_RESULTS).into();
                }
                if self.rng.u8(..3) == 0 {
                    body["note"] = self.unique("done").into();
                }
                self.close(lead, id, "complete", &body, is_firm)
            }
        }
    }

    fn close(&mut self, lead: usize, step: String, verb: &str, body: &Value, is_firm: bool) -> Option<Intent> {
        let path = format!("/steps/{step}/{verb}");
        let how = if verb == "skip" { "step_skipped" } else { "step_completed" };
        let note = body["note"].as_str().map(str::to_owned);
        self.post(path, body, Meaning::Close { lead, step, how, note, is_firm })
    }

    fn note(&mut self, lead: usize, step: String) -> Option<Intent> {
        let mut text = self.unique("note");
        if self.rng.u8(..6) == 0 {
            // Longer than one stored value.
            text += &" and so on".repeat(700);
        }
        let body = json!({"text": text});
        self.post(format!("/steps/{step}/note"), &body, Meaning::Note { lead, text })
    }

    /// The recipient reads the e-mail before a condition, and mostly answers.
    fn signal(&mut self, lead: usize, mail: &Value) -> Option<Intent> {
        let (step, at) = (mail["id"].as_str()?.to_owned(), mail["completed_at"].as_str()?.to_owned());
        if !mail["type"].as_str()?.contains("email") {
            return None;
        }
        let kinds = if self.rng.bool() { vec!["email_opened", "email_replied"] } else { vec!["email_replied"] };
        let mut events = Vec::new();
        for kind in &kinds {
            let id = self.unique("event");
            events.push(json!({"id": id, "type": kind.replace('_', "."), "at": at, "step": step}));
        }
        let body = json!({"events": events});
        self.post("/events".into(), &body, Meaning::Signal { lead, step, kinds })
    }

    fn disconnect(&mut self, lead: usize, enrolment: &str, is_firm: bool) -> Option<Intent> {
        let meaning = Meaning::Disconnect { lead, enrolment: enrolment.to_owned(), is_firm };
        self.post(format!("/enrolments/{enrolment}/disconnect"), &json!({}), meaning)
    }

    /// Nothing goes on: the record can be connected again, once it is open.
    async fn rest(&mut self, client: &Client, lead: usize) -> Result<Option<Intent>, Lost> {
        let path = format!("/records/{}", self.leads[lead].id);
        let is_open = client.read(&path).await?.body["state"] == "active";
        self.leads[lead].idle = is_open;
        Ok(if is_open { None } else { self.post(format!("{path}/reopen"), &json!({}), Meaning::Reopen { lead }) })
    }

    /// Moves every live enrolment once; each that nobody else may end must be movable.
    pub async fn move_everything(&mut self, client: &Client) -> Result<usize, Lost> {
        let mut moved = 0;
        for lead in 0..self.leads.len() {
            let enrolments = client.list(&format!("/records/{}/enrolments", self.leads[lead].id)).await?;
            let live = |view: &&Value| matches!(view["status"].as_str(), Some("connecting" | "connected"));
            for enrolment in enrolments.iter().filter(live) {
                let is_firm = self.scene.is_firm(enrolment["sequence"].as_str().unwrap());
                let intent = match enrolment["current_step"].as_str() {
                    None => self.disconnect(lead, enrolment["id"].as_str().unwrap(), is_firm),
                    Some(step) => {
                        let step = client.read(&format!("/steps/{step}")).await?.body;
                        let (verb, body) = match (step["wait_state"].as_str(), step["type"].as_str()) {
                            (Some("waiting"), _) => ("skip-wait", json!({})),
                            (_, Some("phone_call")) => ("complete", json!({"call_result": "no_answer"})),
                            _ => ("complete", json!({})),
                        };
                        self.close(lead, step["id"].as_str().unwrap().to_owned(), verb, &body, is_firm)
                    }
                };
                moved += intent.is_some() as usize;
                if let Some(intent) = intent {
                    self.ask(client, intent).await?;
                }
            }
        }
        Ok(moved)
    }
}
