//! A server with people of every role in two business units, and things of each kind in each relation to each of them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use super::grants::{ROLES, seen_by};
use super::table::{ACCESS, Level, On};
use crate::fixtures::{graph, id, mailbox, node, task, text_gateway};
use crate::people::{Person, fresh};
use crate::server::{Answer, Client, Server, until};

/// How a thing stands to whoever asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// It is theirs.
    Own,
    /// A team that they are in owns it.
    OwnTeam,
    /// Another unit's; a team that they are in is let in.
    AccessTeam,
    /// Another unit's; an open step on it is assigned to them.
    OpenStep,
    /// A seller's of the same business unit.
    Colleague,
    /// A seller's of another business unit.
    OtherUnit,
    /// There is no such thing, or not any more.
    Gone,
}

use Relation::{AccessTeam, Colleague, Gone, OpenStep, OtherUnit, Own, OwnTeam};

/// An id that nothing has.
pub const NOTHING: &str = "00000000-0000-7000-8000-00000000abcd";
const HOOK: &str = "https://hooks.invalid/";

/// An e-mail template that the product ships.
const SHIPPED: &str = "00000000-0000-7000-8000-000000000011";

/// What stands for the parameters of a request.
pub type Thing = BTreeMap<&'static str, String>;

/// Somebody of a role, with a team for each purpose.
pub struct Actor {
    pub person: Person,
    pub owning: String,
    pub let_in: String,
}

pub struct World {
    pub api: Client,
    /// In the order of [`ROLES`].
    pub actors: Vec<Actor>,
    /// Sellers: of the same unit as the actors, of another, and one who has been disabled.
    pub peer: Actor,
    pub stranger: Actor,
    pub disabled: Person,
    /// Active sequences of the administrator's: steps for the owner of the record, twice, and for whoever connects.
    common: String,
    second: String,
    personal: String,
    /// A process flow for leads, with a stage `Won`.
    process: String,
    things: RefCell<BTreeMap<(On, usize, Relation), Thing>>,
    count: Cell<u32>,
    // Runs as long as the world.
    _server: Server,
}

impl World {
    pub fn new() -> World {
        let server = Server::sandbox();
        let api = server.client();
        let actor = |name: &str, role: &str, unit: &str| {
            let person = api.person(name, &[role], unit);
            let team = |kind: &str| {
                let body = json!({ "name": format!("Canary team {name}"), "kind": kind, "members": [person.id] });
                id(&api.post("/teams", body).expect(201))
            };
            Actor { owning: team("owner"), let_in: team("access"), person }
        };
        let actors: Vec<Actor> = ROLES.iter().map(|(short, role)| actor(short, role, "north")).collect();
        let (peer, stranger) = (actor("peer", "seller", "north"), actor("stranger", "seller", "south"));
        let disabled = api.person("disabled", &["seller"], "north");
        api.post(&format!("/users/{}/disable", disabled.id), json!({})).expect(200);
        let sequence = |assign_to: &str| {
            let token = &actors[0].person.token;
            let body = json!({ "name": "Common", "graph": graph([node("mail", "email", json!({ "next": "call" })), task("call", None)]) });
            let made = api.bare(Method::POST, "/api/v1/sequences").header("authorization", &format!("Bearer {token}"));
            let made = id(&made.json(&body).send().expect(201));
            api.patch(&format!("/sequences/{made}"), json!({ "assign_to": { "type": assign_to } })).expect(200);
            api.post(&format!("/sequences/{made}/activate"), json!({})).expect(200);
            made
        };
        let [common, second, personal] = ["record_owner", "record_owner", "current_user"].map(sequence);
        let flow = json!({ "name": "Sale", "record_type": "lead", "stages": ["Begun", "Won"] });
        let process = id(&api.post("/process-flows", flow).expect(201));
        let (things, count) = Default::default();
        World {
            api,
            process,
            actors,
            peer,
            stranger,
            disabled,
            common,
            second,
            personal,
            things,
            count,
            _server: server,
        }
    }

    /// A sequence that runs on records of everybody.
    pub fn common(&self) -> &str {
        &self.common
    }

    /// What everybody may take for granted, to be kept as it is.
    pub fn standing(&self, on: On, actor: usize, relation: Relation) -> Thing {
        if let Some(thing) = self.things.borrow().get(&(on, actor, relation)) {
            return thing.clone();
        }
        let thing = self.make(on, actor, relation);
        self.things.borrow_mut().insert((on, actor, relation), thing.clone());
        thing
    }

    /// One to be used up.
    pub fn make(&self, on: On, actor: usize, relation: Relation) -> Thing {
        self.count.set(self.count.get() + 1);
        let name = format!("{}{}", mark(on, actor, relation), self.count.get());
        let holder = match relation {
            Own | OwnTeam => &self.actors[actor],
            Colleague => &self.peer,
            AccessTeam | OpenStep | OtherUnit | Gone => &self.stranger,
        };
        let mut thing = match on {
            On::Whole | On::Public => Thing::new(),
            On::Record => self.record(&name, actor, holder, relation),
            On::Sequence if relation == Gone => {
                Thing::from(["id", "active", "migration", "node"].map(|name| (name, NOTHING.into())))
            }
            On::Sequence => {
                let [plain, active] = [false, true].map(|active| self.sequence(&name, holder, relation, active));
                // Ordinals stand in the last bits of an id; this is the first migration.
                let migration = format!("{}1", &active[..active.len() - 1]);
                Thing::from([("id", plain), ("active", active), ("migration", migration), ("node", "1".into())])
            }
            On::User => {
                let user = match relation {
                    Own => holder.person.id.clone(),
                    Gone => NOTHING.into(),
                    _ => {
                        self.api.named_user(&name, &["seller"], if relation == Colleague { "north" } else { "south" }).0
                    }
                };
                Thing::from([("id", user)])
            }
            On::Team if relation == Gone => Thing::from([("id", NOTHING.into()), ("user", holder.person.id.clone())]),
            On::Team => {
                let body = json!({ "name": name, "kind": "access", "members": [holder.person.id] });
                let team = id(&self.api.post("/teams", body).expect(201));
                Thing::from([("id", team), ("user", holder.person.id.clone())])
            }
            On::Key if relation == Gone => Thing::from([("id", NOTHING.into()), ("user", NOTHING.into())]),
            On::Key => {
                let body = json!({ "name": name, "scopes": ["read"], "user": holder.person.id });
                let key = id(&self.api.post("/tokens", body).expect(201));
                Thing::from([("id", key), ("user", holder.person.id.clone())])
            }
            On::RecordType => self.record_type(relation),
            On::Message if relation == Gone => Thing::from([("id", NOTHING.into()), ("text", NOTHING.into())]),
            On::Message => self.message_templates(&name, holder),
            On::Flow => {
                let body = json!({ "name": fresh(), "record_type": "lead", "stages": ["One", "Two"] });
                self.configured(("flow", "/process-flows"), body, relation)
            }
            On::Mailbox => {
                self.configured(("mailbox", "/mailboxes"), mailbox(&fresh(), Some(&holder.person.id)), relation)
            }
            On::Listing => self.listing(relation),
            On::Tag => self.configured(("tag", "/tags"), json!({ "name": fresh() }), relation),
            On::Import | On::Webhook | On::Suppression if relation == Gone => {
                ["id", "gateway"].map(|name| (name, NOTHING.into())).into()
            }
            On::Suppression => {
                let body = json!({ "email": format!("{}@example.org", fresh()) });
                self.configured(("id", "/suppressions"), body, relation)
            }
            On::Webhook => {
                let gateway = self.configured(("gateway", "/text-gateways"), text_gateway(HOOK), relation);
                self.configured(("id", "/webhooks"), json!({ "url": HOOK }), relation)
                    .into_iter()
                    .chain(gateway)
                    .collect()
            }
            On::Import => Thing::from([("id", self.import(&name, holder))]),
        };
        let own_record = || {
            let body = json!({ "type": "lead", "name": "Own", "owner": { "user": self.actors[actor].person.id } });
            id(&self.api.post("/records", body).expect(201))
        };
        let record = if matches!(on, On::Sequence | On::Message) { own_record() } else { String::new() };
        thing.extend([
            ("name", name),
            ("record", record),
            ("fresh", format!("{}@example.org", fresh())),
            ("template", "T1".into()),
            ("shipped", SHIPPED.into()),
            ("process", self.process.clone()),
            ("second", self.second.clone()),
            ("colleague", self.peer.person.id.clone()),
            ("colleagues_team", self.peer.let_in.clone()),
            ("stranger", self.stranger.person.id.clone()),
        ]);
        thing
    }

    /// A record in the middle of a sequence.
    fn record(&self, name: &str, actor: usize, holder: &Actor, relation: Relation) -> Thing {
        let asks = &self.actors[actor];
        let holder_id = json!({ "user": holder.person.id });
        let external = fresh();
        let mut body = json!({ "type": "lead", "name": name, "email": "ada@example.org", "owner": holder_id, "external_id": external });
        match relation {
            OwnTeam => body["owner"] = json!({ "team": asks.owning }),
            AccessTeam => body["access_team"] = json!(asks.let_in),
            OpenStep => body["owner"] = json!({ "user": asks.person.id }),
            _ => {}
        }
        let record = id(&self.api.post("/records", body).expect(201));
        let (sequence, by) = match relation {
            OpenStep => (&self.personal, asks.person.by_token()),
            _ => (&self.common, crate::people::OPERATOR),
        };
        let connect = self.api.ask(by, Method::POST, &format!("/api/v1/sequences/{sequence}/enrolments"));
        let connected = connect.json(&json!({ "records": [record] })).send().expect(200);
        let enrolment = &connected["results"][0]["enrolment"];
        let (enrolment, step) = (id(enrolment), enrolment["current_step"].as_str().unwrap().to_owned());
        if relation == OpenStep {
            self.api.patch(&format!("/records/{record}"), json!({ "owner": holder_id })).expect(200);
        }
        if relation == Gone {
            let erased = self.api.request(Method::DELETE, &format!("/records/{record}")).send();
            assert_eq!(erased.status, 204, "{}", erased.text());
        }
        Thing::from([
            ("id", record),
            ("enrolment", enrolment),
            ("step", step),
            ("type", "lead".into()),
            ("external_id", external),
        ])
    }

    /// Makes room for more active sequences, of which there may be few (L-1).
    pub fn retire(&self, on: On, used_up: &Thing) {
        if on == On::Listing {
            return self.unlist(used_up);
        }
        for place in ["id", "active"].iter().filter(|_| on == On::Sequence) {
            self.api.post(&format!("/sequences/{}/deactivate", used_up[place]), json!({}));
        }
    }

    fn sequence(&self, name: &str, holder: &Actor, relation: Relation, active: bool) -> String {
        let sequence =
            id(&self.api.post("/sequences", json!({ "name": name, "graph": graph([task("one", None)]) })).expect(201));
        let owner = match relation {
            OwnTeam => json!({ "team": holder.owning }),
            _ => json!({ "user": holder.person.id }),
        };
        self.api.patch(&format!("/sequences/{sequence}"), json!({ "owner": owner })).expect(200);
        if active {
            let stays = json!({ "migration": { "mode": "stay" } });
            self.api.post(&format!("/sequences/{sequence}/activate"), stays).expect(200);
        }
        sequence
    }

    /// Something of the catalogue; what is gone was removed.
    pub fn configured(&self, (name, path): (&'static str, &str), body: Value, relation: Relation) -> Thing {
        let made = id(&self.api.post(path, body).expect(201));
        if relation == Gone {
            let gone = self.api.request(Method::DELETE, &format!("{path}/{made}")).send();
            assert_eq!(gone.status, 204, "{}", gone.text());
        }
        Thing::from([(name, made)])
    }

    /// A type with a field; what is gone was removed.
    fn record_type(&self, relation: Relation) -> Thing {
        let name = format!("type{}", self.count.get());
        self.api.post("/record-types", json!({ "name": name, "label": "Type" })).expect(201);
        let field = json!({ "name": "extra", "label": "Extra", "kind": "text" });
        self.api.post(&format!("/record-types/{name}/fields"), field).expect(201);
        if relation == Gone {
            let gone = self.api.request(Method::DELETE, &format!("/record-types/{name}")).send();
            assert_eq!(gone.status, 204, "{}", gone.text());
        }
        let free = format!("{name}_free");
        Thing::from([("type", name), ("field", "extra".into()), ("type_free", free)])
    }

    /// One of each kind.
    fn message_templates(&self, name: &str, holder: &Actor) -> Thing {
        let make = |path: &str, texts: Value| {
            let mut body = json!({ "name": name, "language": "fr" });
            body.as_object_mut().unwrap().extend(texts.as_object().unwrap().clone());
            let made = self.api.ask(holder.person.by_token(), Method::POST, &format!("/api/v1/{path}"));
            id(&made.json(&body).send().expect(201))
        };
        let mail = make("email-templates", json!({ "subject": "S", "body_text": "{{ record.name }}" }));
        Thing::from([("id", mail), ("text", make("text-templates", json!({ "body": "{{ seller.name }}" })))])
    }

    /// An import that has rejected a row.
    fn import(&self, name: &str, holder: &Actor) -> String {
        let ask =
            |method, path: &str| self.api.ask(holder.person.by_token(), method, &format!("/api/v1/imports{path}"));
        let file = format!("name,email\n{name},nowhere\n");
        let started = ask(Method::POST, "?type=lead").header("content-type", "text/csv").body(file).send().expect(201);
        let import = id(&started);
        until("an import ends", || {
            let state = ask(Method::GET, &format!("/{import}")).send().expect(200);
            (state["state"] != "running").then(|| assert_eq!(state["rejected"], 1, "{state}"))
        });
        import
    }

    /// Whatever stands in an answer to one of the actors, they may know of.
    pub fn assert_known(&self, actor: usize, asked: &str, answer: &Answer) {
        let text = String::from_utf8_lossy(answer.bytes());
        for (on, other, relation) in all() {
            if level(on, seen_by(actor, other, relation), actor) > Level::Nothing {
                continue;
            }
            let name = mark(on, other, relation);
            assert!(!text.contains(&name), "{asked}: `{name}` in {}", around(&text, &name));
            if let Some(thing) = self.things.borrow().get(&(on, other, relation)) {
                for id in ["id", "enrolment", "step", "active"]
                    .iter()
                    .filter_map(|member| thing.get(member))
                    .filter(|id| *id != NOTHING)
                {
                    assert!(
                        asked.contains(id.as_str()) || !text.contains(id.as_str()),
                        "{asked}: `{id}` of `{name}` in {}",
                        around(&text, id)
                    );
                }
            }
        }
    }

    /// The ids of standing things of a kind: those that an actor sees, and those that they do not.
    pub fn standing_ids(&self, on: On, actor: usize) -> (Vec<String>, Vec<String>) {
        let (mut seen, mut unseen) = (Vec::new(), Vec::new());
        for (of, other, relation) in all().filter(|(of, ..)| *of == on) {
            let id = self.standing(of, other, relation)["id"].clone();
            let sees = level(on, seen_by(actor, other, relation), actor) > Level::Nothing;
            if sees { seen.push(id) } else { unseen.push(id) }
        }
        (seen, unseen)
    }
}

/// What stands before a word; the whole may be a backup.
fn around(text: &str, word: &str) -> String {
    let before: Vec<char> = text.split(word).next().unwrap_or_default().chars().rev().take(300).collect();
    before.into_iter().rev().collect()
}

/// What every name of such a thing begins with.
fn mark(on: On, actor: usize, relation: Relation) -> String {
    format!("Canary {on:?} {} <{relation:?}> ", ROLES[actor].0)
}

/// Every thing that there is of each actor.
fn all() -> impl Iterator<Item = (On, usize, Relation)> {
    (0..ROLES.len()).flat_map(|actor| ACCESS.iter().map(move |(on, relation, _)| (*on, actor, *relation)))
}

/// How far an actor's access goes.
pub fn level(on: On, relation: Relation, actor: usize) -> Level {
    // The catalogue is everybody's to read, whoever made what stands in it.
    let relation = match (on, relation) {
        (On::RecordType | On::Flow | On::Tag | On::Listing | On::Webhook | On::Suppression, Colleague) => Own,
        (_, relation) => relation,
    };
    let line = ACCESS.iter().find(|(of, with, _)| (*of, *with) == (on, relation));
    line.unwrap_or_else(|| panic!("{on:?} has no line for {relation:?}")).2[actor]
}
