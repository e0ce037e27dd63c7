//! What an acknowledged command means for what a seller knows.

use serde_json::Value;

use super::client::Answer;
use super::lead::Lead;
use super::seller::{Meaning, Seller};

/// Refusals of a command on a sequence that somebody else may deactivate meanwhile.
const OVERTAKEN: [&str; 3] = ["step_not_open", "enrolment_ended", "sequence_not_active"];

impl Seller {
    /// Notes the facts. True if a repeat must get the same answer: a refusal is not remembered.
    pub(super) fn learn(&mut self, meaning: Meaning, answer: &Answer) -> bool {
        let told = format!("{meaning:?}\n{answer:?}");
        if !answer.is_ok() {
            let is_firm = match meaning {
                Meaning::Close { is_firm, .. }
                | Meaning::Snooze { is_firm, .. }
                | Meaning::Disconnect { is_firm, .. } => is_firm,
                _ => true,
            };
            assert!(!is_firm && OVERTAKEN.contains(&answer.code()), "refused: {told}");
            return false;
        }
        match meaning {
            Meaning::Create => self.learn_created(&answer.body),
            Meaning::Upsert { city } => self.learn_upserted(answer, city),
            Meaning::Shared { place } => self.scene.learn_shared(place, answer),
            Meaning::Connect { leads, is_firm } => return self.learn_connected(&leads, is_firm, &answer.body),
            Meaning::Change { lead, city } => {
                let lead = self.touched(lead, answer);
                lead.cities += usize::from(lead.city.as_ref() != Some(&city));
                lead.city = Some(city);
            }
            Meaning::Reopen { lead } => self.touched(lead, answer).idle = true,
            Meaning::Close { lead, step, how, note, .. } => {
                let lead = self.touched(lead, answer);
                lead.notes.extend(note);
                let earlier = lead.closed.insert(step, how);
                assert_eq!(earlier, None, "a step was closed twice: {told}");
            }
            Meaning::Snooze { lead, step, .. } => self.touched(lead, answer).count(&step, "step_snoozed"),
            Meaning::Note { lead, text } => self.touched(lead, answer).notes.push(text),
            Meaning::HotNote { text } => self.scene.learn_note(text),
            Meaning::Signal { lead, step, kinds } => {
                let results = answer.body["results"].as_array().unwrap();
                assert!(results.iter().all(|result| result.get("error").is_none()), "refused: {told}");
                let lead = self.touched(lead, answer);
                kinds.iter().for_each(|kind| lead.count(&step, kind));
            }
            Meaning::Disconnect { lead, enrolment, .. } => {
                self.touched(lead, answer).disconnected.insert(enrolment);
            }
        }
        true
    }

    fn touched(&mut self, lead: usize, answer: &Answer) -> &mut Lead {
        let lead = &mut self.leads[lead];
        (lead.dirty, lead.idle) = (true, false);
        lead.version = lead.version.max(answer.version);
        lead
    }

    fn learn_created(&mut self, body: &Value) {
        match body["results"].as_array() {
            Some(views) => self.leads.extend(views.iter().map(Lead::of)),
            None => self.leads.push(Lead::of(body)),
        }
    }

    fn learn_upserted(&mut self, answer: &Answer, city: String) {
        let id = answer.body["id"].as_str().unwrap();
        match self.leads.iter().position(|lead| lead.id == id) {
            Some(place) => {
                let lead = self.touched(place, answer);
                (lead.cities, lead.city) = (lead.cities + 1, Some(city));
            }
            None => self.leads.push(Lead::of(&answer.body)),
        }
    }

    fn learn_connected(&mut self, leads: &[usize], is_firm: bool, body: &Value) -> bool {
        let results = body["results"].as_array().unwrap();
        assert_eq!(results.len(), leads.len(), "{body}");
        let mut all = true;
        for (place, result) in leads.iter().zip(results) {
            let lead = &mut self.leads[*place];
            (lead.dirty, lead.idle) = (true, false);
            match result["enrolment"]["id"].as_str() {
                Some(enrolment) => assert!(lead.enrolments.insert(enrolment.into()), "connected twice: {result}"),
                None => {
                    let code = result["error"]["code"].as_str().unwrap_or_default();
                    assert!(!is_firm && OVERTAKEN.contains(&code), "not connected: {result}");
                    (lead.idle, all) = (true, false);
                }
            }
        }
        all
    }
}
