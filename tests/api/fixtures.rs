//! What tests begin with: records, graphs, active sequences, and where an enrolment stands.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::server::Client;

/// A seller's task.
pub fn task(id: &str, next: Option<&str>) -> Value {
    json!({ "id": id, "type": "task", "name": format!("Task {id}"), "next": next })
}

/// Any other node, from its id, type and further members.
pub fn node(id: &str, kind: &str, members: Value) -> Value {
    let mut node = json!({ "id": id, "type": kind });
    if !matches!(kind, "wait" | "update_field" | "advance") {
        node["name"] = json!(format!("Node {id}"));
    }
    for (member, value) in members.as_object().unwrap() {
        node[member] = value.clone();
    }
    node
}

/// A graph that begins with its first node.
pub fn graph(nodes: impl IntoIterator<Item = Value>) -> Value {
    let nodes: Vec<Value> = nodes.into_iter().collect();
    json!({ "start": nodes[0]["id"], "nodes": nodes })
}

/// The id of a resource.
pub fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap_or_else(|| panic!("no id in {resource}")).to_owned()
}

/// The items of a list or the results of a batch.
pub fn items(list: &Value) -> &[Value] {
    list["items"].as_array().or(list["results"].as_array()).unwrap_or_else(|| panic!("no list: {list}"))
}

impl Client {
    /// A lead who can be reached by e-mail.
    pub fn lead(&self) -> String {
        self.record("lead")
    }

    /// A user with these roles, whose address nobody else has.
    pub fn user(&self, roles: &[&str]) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let email = format!("user-{}@example.org", COUNT.fetch_add(1, Ordering::Relaxed));
        id(&self.post("/users", json!({ "name": "Ada", "email": email, "roles": roles })).expect(201))
    }

    /// A team of these users.
    pub fn team(&self, kind: &str, members: &[&str]) -> String {
        id(&self.post("/teams", json!({ "name": "A team", "kind": kind, "members": members })).expect(201))
    }

    pub fn record(&self, kind: &str) -> String {
        let body = json!({ "type": kind, "name": "Ada Lovelace", "email": "ada@example.org" });
        id(&self.post("/records", body).expect(201))
    }

    /// A sequence for leads with this graph, active.
    pub fn active(&self, graph: Value) -> String {
        let sequence = self.inactive(graph);
        self.post(&format!("/sequences/{sequence}/activate"), json!({})).expect(200);
        sequence
    }

    pub fn inactive(&self, graph: Value) -> String {
        id(&self.post("/sequences", json!({ "name": "A sequence", "graph": graph })).expect(201))
    }

    /// Connects one record; its enrolment.
    pub fn connect(&self, sequence: &str, record: &str) -> Value {
        let answer =
            self.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": [record] })).expect(200);
        let result = &items(&answer)[0];
        assert_eq!(result["record"], record, "{answer}");
        assert!(result["error"].is_null(), "{answer}");
        result["enrolment"].clone()
    }

    /// A fresh lead on a fresh sequence: the record, and its enrolment.
    pub fn enrolled(&self, graph: Value) -> (String, Value) {
        let (sequence, lead) = (self.active(graph), self.lead());
        let enrolment = self.connect(&sequence, &lead);
        (lead, enrolment)
    }

    /// The one step that is current on a record.
    pub fn current(&self, record: &str) -> Value {
        let up_next = self.get(&format!("/records/{record}/up-next")).expect(200);
        let current = up_next["current"].as_array().unwrap();
        assert_eq!(current.len(), 1, "{up_next}");
        assert_eq!(current[0]["kind"], "step");
        current[0]["step"].clone()
    }

    /// The id of the first step that is current on a record, whatever else is.
    pub fn current_step(&self, record: &str) -> String {
        let up_next = self.get(&format!("/records/{record}/up-next")).expect(200);
        let current = up_next["current"].as_array().unwrap();
        let step = current.iter().find(|item| item["kind"] == "step");
        id(&step.unwrap_or_else(|| panic!("no step in {up_next}"))["step"])
    }

    /// The id of the current step, which is of this node.
    #[track_caller]
    pub fn current_id(&self, record: &str, node: &str) -> String {
        let step = self.current(record);
        assert_eq!(step["node"], node, "{step}");
        id(&step)
    }

    /// The nodes done on a record, the first one first, with the outcome of each.
    pub fn done(&self, record: &str) -> Vec<Value> {
        let up_next = self.get(&format!("/records/{record}/up-next")).expect(200);
        let completed = up_next["completed"].as_array().unwrap();
        completed.iter().rev().map(|item| item["step"].clone()).collect()
    }

    /// `node` or `node:outcome` of everything done.
    pub fn visited(&self, record: &str) -> Vec<String> {
        let shown = |step: &Value| match step["outcome"].as_str() {
            None => step["node"].as_str().unwrap().to_owned(),
            Some(outcome) => format!("{}:{outcome}", step["node"].as_str().unwrap()),
        };
        self.done(record).iter().map(shown).collect()
    }

    pub fn complete(&self, step: &str) -> Value {
        self.post(&format!("/steps/{step}/complete"), json!({})).expect(200)
    }

    /// Status and reason of an enrolment.
    pub fn status(&self, enrolment: &Value) -> (String, String) {
        let now = self.get(&format!("/enrolments/{}", id(enrolment))).expect(200);
        let text = |member: &str| now[member].as_str().unwrap_or_default().to_owned();
        (text("status"), text("reason"))
    }

    pub fn advance(&self, by: Value) -> Value {
        self.post("/test-clock/advance", json!({ "by": by })).expect(200)
    }

    pub fn advance_hours(&self, hours: i64) {
        self.advance(json!({ "hours": hours }));
    }
}

/// A mailbox of that name, somebody's or everybody's, of a server on this machine.
pub fn mailbox(name: &str, owner: Option<&str>) -> Value {
    let owner = owner.map(|owner| json!({ "user": owner }));
    let address = format!("{name}@example.org");
    let smtp = json!({ "host": "127.0.0.1", "port": 25, "security": "none" });
    json!({ "name": name, "address": address, "owner": owner, "smtp": smtp })
}

/// A text gateway that takes a form at that address.
pub fn text_gateway(url: &str) -> Value {
    let form = json!({ "to": "{{ to }}", "from": "{{ from }}", "text": "{{ body }}", "ref": "{{ id }}" });
    json!({ "name": "Texts", "country": "ES", "request": { "url": url, "form": form } })
}
