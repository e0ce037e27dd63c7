//! The six templates as they are offered, and each of them driven along every path to its end, through HTTP only
//! (§20).

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{id, items};
use crate::server::{Client, Server, spooled};

/// Id, record type, steps, days, paths, counted nodes on the longest one (§20.2), English, French, Galician name (§25.1).
type Row = (&'static str, &'static str, i64, i64, usize, usize, [&'static str; 3]);

const TEMPLATES: [Row; 6] = [
    (
        "T1",
        "contact",
        7,
        5,
        4,
        4,
        [
            "Follow up when contacts don't show up",
            "Suivi lorsque les contacts ne viennent pas",
            "Seguimento cando os contactos non aparecen",
        ],
    ),
    (
        "T2",
        "lead",
        7,
        9,
        4,
        6,
        [
            "High volume outbound prospecting",
            "Prospection sortante à haut volume",
            "Prospección de saída de gran volume",
        ],
    ),
    (
        "T3",
        "contact",
        6,
        5,
        4,
        4,
        ["Invite to an upcoming event", "Invitation à un prochain événement", "Convidar a un evento próximo"],
    ),
    (
        "T4",
        "opportunity",
        9,
        5,
        4,
        7,
        [
            "Meeting for product demo requests",
            "Réunion pour les demandes de démonstration de produit",
            "Reunión para solicitudes de demostración de produtos",
        ],
    ),
    (
        "T5",
        "account",
        13,
        50,
        1,
        13,
        ["Upcoming account renewal", "Renouvellement de compte à venir", "Próxima renovación da conta"],
    ),
    ("T6", "lead", 10, 7, 5, 7, ["Webinar follow up", "Suivi de webinaire", "Seguimento do seminario web"]),
];

#[test]
fn templates_are_named_in_the_language_that_the_reader_prefers() {
    let server = Server::shared();
    let api = server.client();
    let languages = [
        ("", 0),
        ("en", 0),
        ("fr", 1),
        ("gl", 2),
        ("gl-ES,gl;q=0.9,es;q=0.8", 2),
        ("en;q=0.4, fr-FR;q=0.9, gl;q=0.6", 1),
        ("de, gl;q=0.3, en;q=0.2", 2),
        ("de,es", 0),
        ("fr;q=0, en;q=0.1", 0),
        ("*", 0),
        ("fr;q=much,, ;q=1,gl;q=", 0),
    ];
    for (wish, language) in languages {
        let list = api.request(Method::GET, "/templates").header("accept-language", wish).send().expect(200);
        assert_eq!(list["next_cursor"], Value::Null);
        let named: Vec<_> = items(&list).iter().map(|template| template["name"].as_str().unwrap()).collect();
        assert_eq!(named, TEMPLATES.map(|row| row.6[language]), "{wish}");
        let path = "/templates/T1";
        let one = api.request(Method::GET, path).header("accept-language", wish).send().expect(200);
        assert_eq!(one, items(&list)[0], "{wish}");
    }
}

#[test]
fn templates_have_the_steps_and_days_of_section_20_1() {
    let server = Server::shared();
    let list = server.client().get("/templates").expect(200);
    for (template, (name, record_type, steps, days, .., names)) in items(&list).iter().zip(TEMPLATES) {
        assert_eq!(template["id"], name);
        assert_eq!(template["record_type"], record_type, "{name}");
        assert_eq!((&template["step_count"], &template["duration_days"]), (&json!(steps), &json!(days)), "{name}");
        assert_eq!(template["names"], json!({ "en": names[0], "fr": names[1], "gl": names[2] }));
        assert!(template["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        assert!(template["graph"]["nodes"].as_array().is_some_and(|nodes| nodes.len() >= steps as usize), "{name}");
    }
    server.client().get("/templates/T7").refused(404, "not_found");
    server.client().get("/templates/t1").refused(404, "not_found");
}

#[test]
fn a_sequence_from_a_template_speaks_the_language_of_its_author() {
    let server = Server::shared();
    let api = server.client();
    let mut texts = BTreeSet::new();
    for language in ["en", "fr", "gl"] {
        let request = api.request(Method::POST, "/sequences").header("accept-language", language);
        let made = request.json(&json!({ "name": "Webinar", "template": "T6" })).send().expect(201);
        let graph = api.get(&format!("/sequences/{}/graph", id(&made))).expect(200);
        texts.insert(graph["nodes"][0]["name"].as_str().unwrap().to_owned());
        texts.insert(graph["nodes"][0]["template"].as_str().unwrap().to_owned());
    }
    assert_eq!(texts.len(), 6, "a name and a message in each language: {texts:?}");
}

macro_rules! driven {
    ($($name:ident $place:literal)*) => {$(
        #[test]
        fn $name() {
            drive(TEMPLATES[$place]);
        }
    )*};
}

driven! {
    every_path_of_t1_ends_where_section_20_3_says 0
    every_path_of_t2_ends_where_section_20_4_says 1
    every_path_of_t3_ends_where_section_20_5_says 2
    every_path_of_t4_ends_where_section_20_6_says 3
    every_path_of_t5_ends_where_section_20_7_says 4
    every_path_of_t6_ends_where_section_20_8_says 5
}

/// One way through a graph: nodes, each with the exit taken where it has two.
type Path = Vec<(String, Option<&'static str>)>;

fn drive((template, record_type, steps, days, paths, longest, _): Row) {
    let server = Server::sandbox();
    let api = server.client();
    let made = api.post("/sequences", json!({ "name": template, "template": template })).expect(201);
    for (member, value) in [
        ("status", json!("inactive")),
        ("version", json!(1)),
        ("record_type", json!(record_type)),
        ("template", json!(template)),
        ("step_count", json!(steps)),
        ("duration_days", json!(days)),
        ("assign_to", json!({ "type": "record_owner" })),
    ] {
        assert_eq!(made[member], value, "{template} {member}");
    }
    let sequence = id(&made);
    let found = api.post(&format!("/sequences/{sequence}/validate"), json!({})).expect(200);
    assert_eq!(found, json!({ "diagnostics": [] }), "{template}");
    assert_eq!(api.post(&format!("/sequences/{sequence}/activate"), json!({})).expect(200)["status"], "active");
    let graph = api.get(&format!("/sequences/{sequence}/graph")).expect(200);
    let nodes: BTreeMap<String, Value> =
        graph["nodes"].as_array().unwrap().iter().map(|node| (id(node), node.clone())).collect();
    let mut all = Vec::new();
    ways(&nodes, graph["start"].as_str(), &mut Vec::new(), &mut all);
    assert_eq!(all.len(), paths, "{template}");
    let driven: Vec<(usize, i64)> = all
        .iter()
        .map(|path| {
            let ride = Ride { api: &api, nodes: &nodes, path, kind: record_type };
            ride.to_the_end(&server, &sequence)
        })
        .collect();
    assert_eq!(driven.iter().map(|(counted, _)| *counted).max(), Some(longest), "{template}");
    assert_eq!(driven.iter().map(|(_, hours)| *hours).max(), Some(days * 24), "{template}");
    let reached: BTreeSet<&String> = all.iter().flatten().map(|(node, _)| node).collect();
    assert_eq!(reached.len(), nodes.len(), "{template}: every node was visited");
    let sequence = api.get(&format!("/sequences/{sequence}")).expect(200);
    assert_eq!(sequence["connected_count"], 0);
}

fn ways(nodes: &BTreeMap<String, Value>, node: Option<&str>, so_far: &mut Path, all: &mut Vec<Path>) {
    let Some(node) = node else { return all.push(so_far.clone()) };
    let found = &nodes[node];
    let exits: &[Option<&'static str>] = if found.get("yes").is_some() { &[Some("yes"), Some("no")] } else { &[None] };
    for exit in exits {
        so_far.push((node.to_owned(), *exit));
        ways(nodes, found[exit.unwrap_or("next")].as_str(), so_far, all);
        so_far.pop();
    }
}

/// One record on its way along one path.
struct Ride<'a> {
    api: &'a Client,
    nodes: &'a BTreeMap<String, Value>,
    path: &'a Path,
    kind: &'a str,
}

impl Ride<'_> {
    /// Counted nodes done (TC-1) and hours gone by.
    fn to_the_end(&self, server: &Server, sequence: &str) -> (usize, i64) {
        let record = self.api.record(self.kind);
        let enrolment = self.api.connect(sequence, &record);
        let begun = self.now();
        let mut hours = 0;
        for (place, (node, exit)) in self.path.iter().enumerate() {
            let kind = self.nodes[node]["type"].as_str().unwrap();
            // What nobody has to do is done already.
            if matches!(kind, "auto_email" | "update_field" | "cond_call") {
                continue;
            }
            let step = self.api.current(&record);
            assert_eq!((step["node"].as_str(), step["type"].as_str()), (Some(node.as_str()), Some(kind)), "{self}");
            assert_eq!(self.visited(&record), self.expected(place), "{self}");
            assert_eq!(step["status"], "open");
            hours += match kind {
                "wait" => self.wait(&record, node, "days", "hours"),
                "cond_email_reply" if *exit == Some("no") => self.wait(&record, node, "limit_days", "limit_hours"),
                "cond_email_reply" => self.reply(&record),
                _ => self.perform(&id(&step), place),
            };
        }
        assert_eq!(self.visited(&record), self.expected(self.path.len()), "{self}");
        assert_eq!(self.now() - begun, hours * 3600, "{self}");
        let ended = ("completed".to_owned(), "sequence_completed".to_owned());
        assert_eq!(self.api.status(&enrolment), ended, "{self}");
        let counted = self.path.iter().filter(|(node, _)| self.is_counted(node)).count();
        let enrolment = self.api.get(&format!("/enrolments/{}", id(&enrolment))).expect(200);
        assert_eq!((&enrolment["steps_done"], &enrolment["steps_total"]), (&json!(counted), &json!(counted)), "{self}");
        assert!(enrolment["ended_at"].is_string() && enrolment["current_step"].is_null(), "{enrolment}");
        self.judge_record(&record);
        self.judge_mail(server, &record);
        (counted, hours)
    }

    /// A wait lasts to the minute. Its hours.
    fn wait(&self, record: &str, node: &str, days: &str, hours: &str) -> i64 {
        let node = &self.nodes[node];
        let hours = node[days].as_i64().unwrap_or(0) * 24 + node[hours].as_i64().unwrap_or(0);
        assert_eq!(self.api.current(record)["wait_state"], "waiting", "{self}");
        self.api.advance(json!({ "minutes": hours * 60 - 1 }));
        assert_eq!(self.api.current(record)["node"], node["id"], "{self}");
        assert_eq!(self.api.advance(json!({ "minutes": 1 }))["fired"], 1, "{self}");
        hours
    }

    /// The customer answers the e-mail before; the condition moves on at once (TC-5).
    fn reply(&self, record: &str) -> i64 {
        let done = self.api.done(record);
        let mail = done.last().unwrap();
        let at = self.api.get("/test-clock").expect(200)["now"].clone();
        let mut event = json!({ "id": format!("reply to {}", id(mail)), "type": "email.replied", "at": at });
        // An automated e-mail is named by its message, one of the seller's by its step.
        match mail["message"].as_str() {
            Some(message) => event["message"] = json!(message),
            None => event["step"] = mail["id"].clone(),
        }
        self.api.post("/events", event).expect(200);
        0
    }

    /// The seller does the step; a call ends as the path wants it.
    fn perform(&self, step: &str, place: usize) -> i64 {
        let kind = |place: usize| self.path.get(place).map(|(node, _)| self.nodes[node]["type"].as_str().unwrap());
        let body = match (kind(place), kind(place + 1)) {
            (Some("phone_call"), Some("cond_call")) => {
                self.api.post(&format!("/steps/{step}/complete"), json!({})).refused(422, "call_result_required");
                let yes = self.path[place + 1].1 == Some("yes");
                json!({ "call_result": if yes { "made" } else { "no_answer" } })
            }
            _ => json!({}),
        };
        let answer = self.api.post(&format!("/steps/{step}/complete"), body).expect(200);
        assert_eq!(answer["step"]["status"], "completed");
        0
    }

    fn visited(&self, record: &str) -> Vec<(String, Option<String>)> {
        let exit = |step: &Value| step["outcome"].as_str().filter(|way| ["yes", "no"].contains(way)).map(str::to_owned);
        let done = self.api.done(record);
        done.iter().map(|step| (step["node"].as_str().unwrap().to_owned(), exit(step))).collect()
    }

    fn expected(&self, places: usize) -> Vec<(String, Option<String>)> {
        self.path[..places].iter().map(|(node, exit)| (node.clone(), exit.map(str::to_owned))).collect()
    }

    fn is_counted(&self, node: &str) -> bool {
        let kind = self.nodes[node]["type"].as_str().unwrap();
        !(kind.starts_with("cond_") || matches!(kind, "wait" | "update_field"))
    }

    /// A path that ends with a command has changed the record (§20.9).
    fn judge_record(&self, record: &str) {
        let record = self.api.get(&format!("/records/{record}")).expect(200);
        let last = &self.nodes[&self.path.last().unwrap().0];
        let (state, outcome) = match (last["type"].as_str(), last["field"].as_str()) {
            (Some("update_field"), Some("disposition")) => ("inactive", "failure"),
            _ => ("active", "none"),
        };
        assert_eq!((record["state"].as_str(), record["outcome"].as_str()), (Some(state), Some(outcome)), "{self}");
        if let Some(field) = last["field"].as_str() {
            assert_eq!(record["fields"][field], last["value"], "{self}");
        }
    }

    /// Every automated e-mail on the path is one message in the spool, to the record, with the Message-ID of its step.
    fn judge_mail(&self, server: &Server, record: &str) {
        self.api.advance(json!({ "minutes": 0 }));
        let done = self.api.done(record);
        let automated = done.iter().filter(|step| step["type"] == "auto_email");
        let sent: Vec<String> = automated.map(|step| step["message"].as_str().unwrap().to_owned()).collect();
        let on_path = self.path.iter().filter(|(node, _)| self.nodes[node]["type"] == "auto_email").count();
        assert_eq!(sent.len(), on_path, "{self}");
        let spool = spooled(&server.data());
        for message in sent {
            let header = format!("Message-ID: <{message}>");
            let found: Vec<_> = spool.iter().filter(|text| text.contains(&header)).collect();
            assert_eq!(found.len(), 1, "{self}: {message}");
            assert!(found[0].contains("To: \"Ada Lovelace\" <ada@example.org>"), "{}", found[0]);
            assert!(found[0].contains("Subject: "), "{}", found[0]);
        }
    }

    /// Seconds since 1970 in the sandbox.
    fn now(&self) -> i64 {
        let now = self.api.get("/test-clock").expect(200);
        chrono::DateTime::parse_from_rfc3339(now["now"].as_str().unwrap()).unwrap().timestamp()
    }
}

impl std::fmt::Display for Ride<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = self.path.iter().map(|(node, exit)| format!("{node}{}", exit.unwrap_or_default()));
        f.write_str(&shown.collect::<Vec<_>>().join(" → "))
    }
}
