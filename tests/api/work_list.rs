//! The work list over the API: what a seller has to do, in which order, and what becomes of it while others work on the same (§14).

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::people::Person;
use crate::server::{Answer, Client, START, Server};
use crate::stream::Follower;

impl Client {
    fn list_of(&self, person: &Person, query: &str) -> Value {
        self.by(person, Method::GET, &format!("/work-list{query}")).expect(200)
    }

    fn by(&self, person: &Person, method: Method, path: &str) -> Answer {
        let request = self.ask(person.by_token(), method.clone(), &format!("/api/v1{path}"));
        if method == Method::GET { request.send() } else { request.json(&json!({})).send() }
    }

    fn sends(&self, person: &Person, method: Method, path: &str, body: Value) -> Answer {
        self.ask(person.by_token(), method, &format!("/api/v1{path}")).json(&body).send()
    }

    /// A record of somebody's, with more members.
    fn record_of(&self, person: &Person, kind: &str, name: &str, more: Value) -> String {
        let mut body = json!({ "type": kind, "name": name, "owner": { "user": person.id } });
        more.as_object().unwrap().iter().for_each(|(member, value)| body[member] = value.clone());
        id(&self.post("/records", body).expect(201))
    }
}

fn names(list: &Value) -> Vec<&str> {
    items(list).iter().map(|item| item["record"]["name"].as_str().unwrap()).collect()
}

fn groups(list: &Value) -> Vec<(&str, u64)> {
    let groups = list["groups"].as_array().unwrap();
    groups.iter().map(|group| (group["key"].as_str().unwrap(), group["count"].as_u64().unwrap())).collect()
}

/// Two sellers of one unit and their manager, on a server of their own.
fn world() -> (Server, [Person; 3]) {
    let server = Server::sandbox();
    let api = server.client();
    let people = [("Ana", "seller"), ("Bea", "seller"), ("Mia", "sales_manager")];
    let people = people.map(|(name, role)| api.person(name, &[role], "north"));
    (server, people)
}

/// W-1, W-6, W-7, W-8.
#[test]
fn w_1_to_w_9_a_seller_sees_what_is_due_once_per_record_the_best_score_first() {
    let (server, [ana, bea, _]) = world();
    let api = server.client();
    let sequence = api.active(graph([node("c", "phone_call", json!({ "next": "t" })), task("t", None)]));
    let scored = |name: &str, score: Value| api.record_of(&ana, "lead", name, json!({ "score": score }));
    let [low, high, none] = [scored("Low", json!(20)), scored("High", json!(90)), scored("None", json!(null))];
    let others = api.record_of(&bea, "lead", "Bea's", json!({}));
    for lead in [&low, &high, &none, &others] {
        api.connect(&sequence, lead);
    }
    let list = api.list_of(&ana, "");
    assert_eq!(names(&list), ["High", "Low", "None"], "W-4, W-42, W-52");
    assert_eq!(groups(&list), [("A", 1), ("D", 1), ("none", 1)], "W-41, W-54");
    let first = &items(&list)[0];
    let step = api.current(&high);
    let expected = json!({
        "record": { "id": high, "type": "lead", "name": "High", "score": 90, "grade": "A", "trend": "not_enough_info",
            "score_reasons": [{ "cause": "supplied", "points": 90, "text": "supplied from outside +90" }] },
        "next_action": { "step": step["id"], "type": "phone_call", "activity_type": "phone_call", "name": step["name"], "due_at": START },
        "unread": true, "followed": false, "group": "A",
        "sequence": { "id": sequence, "name": "A sequence" },
    });
    assert_eq!(first, &expected, "W-6");
    // W-9: one row per record; the step goes before the activity of the same time.
    let body = json!({ "kind": "task", "subject": "Mind", "due_at": START });
    api.sends(&ana, Method::POST, &format!("/records/{high}/activities"), body).expect(201);
    assert_eq!(items(&api.list_of(&ana, ""))[0], expected);
    assert_eq!(names(&api.list_of(&ana, "?activity=task")), ["High"], "W-24: the task of the same record");
    // W-5: what is completed is gone in the answer that completed it, or shows what is next.
    api.by(&ana, Method::POST, &format!("/steps/{}/complete", id(&step))).expect(200);
    let next = items(&api.list_of(&ana, ""))[0]["next_action"].clone();
    assert_eq!(next["type"], "task");
    let row = api.by(&ana, Method::GET, &format!("/work-list/{high}")).expect(200);
    assert_eq!(row["next_action"], next);
    for lead in [&low, &none] {
        let step = api.current_step(lead);
        api.by(&ana, Method::POST, &format!("/steps/{step}/skip")).expect(200);
        let step = api.current_step(lead);
        api.by(&ana, Method::POST, &format!("/steps/{step}/skip")).expect(200);
    }
    assert_eq!(names(&api.list_of(&ana, "")), ["High"]);
    api.by(&ana, Method::GET, &format!("/work-list/{low}")).refused(404, "not_found");
    assert_eq!(names(&api.list_of(&bea, "")), ["Bea's"]);
}

#[test]
fn w_20_to_w_28_filters_are_and_between_and_or_within() {
    let (server, [ana, ..]) = world();
    let api = server.client();
    let add = |record: &str, kind: &str, due: &str| {
        let body = json!({ "kind": kind, "subject": kind, "due_at": due });
        api.sends(&ana, Method::POST, &format!("/records/{record}/activities"), body).expect(201);
    };
    let lead = api.record_of(&ana, "lead", "Lead", json!({ "fields": { "city": "Vigo" } }));
    let contact = api.record_of(&ana, "contact", "Contact", json!({}));
    let old = api.record_of(&ana, "lead", "Old", json!({}));
    let late = api.record_of(&ana, "lead", "Late", json!({ "fields": { "city": "Lyon" } }));
    add(&lead, "phone_call", "2026-03-02T23:59:59.999Z");
    add(&contact, "meeting", "2026-03-03T00:00:00Z");
    add(&old, "text", "2026-01-30T09:00:00Z");
    add(&late, "email", "2026-03-01T23:59:59.999Z");
    let shown = |query: &str| names(&api.list_of(&ana, query)).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    for (query, expected) in [
        ("", &["Lead", "Late"][..]),
        ("?due=today", &["Lead"]),
        ("?due=overdue", &["Late"]),
        ("?due=from_tomorrow", &["Contact"]),
        ("?due=from_tomorrow,today", &["Contact", "Lead"]),
        ("?due=today&record_type=contact", &[]),
        ("?due=today,from_tomorrow&record_type=contact,lead&activity=meeting", &["Contact"]),
        ("?record_type=", &[]),
        ("?activity=", &[]),
        ("?q=LA", &["Late"]),
        ("?q=con", &["Contact"]),
        ("?unopened=true", &["Lead", "Late"]),
        ("?followed=true", &[]),
    ] {
        assert_eq!(shown(query), expected.iter().map(ToString::to_string).collect(), "{query}");
    }
    assert_eq!(api.list_of(&ana, "?activity=")["notice"], "select_at_least_one", "W-23");
    api.by(&ana, Method::POST, &format!("/work-list/{lead}/read")).expect(200);
    let marked = api.by(&ana, Method::POST, &format!("/work-list/{lead}/follow")).expect(200);
    assert_eq!(marked, json!({ "record": lead, "unread": false, "followed": true }));
    assert_eq!(shown("?unopened=true"), ["Late".to_owned()].into(), "W-7, W-20");
    assert_eq!(shown("?followed=true"), ["Lead".to_owned()].into(), "W-21");
    // W-25: a filter of the organisation, over a field.
    let condition = json!({ "field": "city", "op": "eq", "value": "Vigo" });
    let filter = json!({ "record_type": "lead", "conditions": [condition], "published": true });
    let filter = id(&api.post("/filters", filter).expect(201));
    assert_eq!(shown(&format!("?filter={filter}")), ["Lead".to_owned()].into());
    api.patch(&format!("/filters/{filter}"), json!({ "hidden": true })).expect(200);
    let hidden = api.by(&ana, Method::GET, &format!("/work-list?filter={filter}"));
    hidden.refused_at(400, "malformed", "/filter");
    api.patch(&format!("/filters/{filter}"), json!({ "hidden": false })).expect(200);
    api.patch(&format!("/records/{late}"), json!({ "fields": { "city": "Vigo" } })).expect(200);
    assert_eq!(shown(&format!("?filter={filter}")), ["Lead".to_owned(), "Late".to_owned()].into(), "as it is now");
    let sort = id(&api.post("/sorts", json!({ "record_type": "lead", "field": "city" })).expect(201));
    let sorted = api.list_of(&ana, &format!("?sort={sort}&due=overdue,today,from_tomorrow"));
    assert_eq!(groups(&sorted), [("vigo", 2), ("none", 1)], "W-43");
    for (query, pointer) in [
        ("?due=never", "/due"),
        ("?record_type=lead,none", "/record_type"),
        ("?activity=golf", "/activity"),
        ("?sort=luck", "/sort"),
        ("?order=up", "/order"),
        ("?plan=all", "/plan"),
        ("?limit=0", "/limit"),
        ("?cursor=x", "/cursor"),
        ("?filter=x", "/filter"),
    ] {
        let refused = api.by(&ana, Method::GET, &format!("/work-list{query}")).refused(400, "malformed");
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{query}: {refused}");
    }
    // W-3, W-11: thirty days later it has dropped out, and is still open.
    api.advance(json!({ "days": 30 }));
    assert_eq!(shown("?due=overdue"), ["Contact".to_owned(), "Lead".to_owned()].into());
    assert_eq!(api.by(&ana, Method::GET, &format!("/work-list/{late}")).expect(200)["group"], "overdue");
}

#[test]
fn w_13_the_change_token_is_another_after_each_change_and_pages_neither_repeat_nor_leave_out() {
    let (server, [ana, bea, _]) = world();
    let api = server.client();
    let sequence = api.active(graph([task("t", None)]));
    let leads: Vec<String> =
        (0..25).map(|at| api.record_of(&ana, "lead", &format!("Lead {at}"), json!({ "score": at % 3 * 30 }))).collect();
    leads.iter().for_each(|lead| _ = api.connect(&sequence, lead));
    let token = |list: &Value| list["change_token"].as_str().unwrap().to_owned();
    let (first, again) = (api.list_of(&ana, ""), api.list_of(&ana, ""));
    assert_eq!(token(&first), token(&again));
    let unchanged = api
        .ask(ana.by_token(), Method::GET, "/api/v1/work-list")
        .header("if-none-match", &format!("\"{}\"", token(&first)))
        .send();
    assert_eq!(unchanged.status, 304);
    api.by(&bea, Method::GET, "/work-list").expect(200);
    for query in ["", "&sort=name", "&sort=name&order=desc", "&sort=due_date", "&sort=sequence&order=desc"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = api.list_of(&ana, &format!("?limit=7{query}{cursor}"));
            seen.extend(items(&page).iter().map(|item| item["record"]["id"].as_str().unwrap().to_owned()));
            assert_eq!(groups(&page).iter().map(|(_, count)| count).sum::<u64>(), 25, "groups count all pages");
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), 25, "{query}");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 25, "{query}: none twice");
    }
    let step = api.current_step(&leads[3]);
    api.by(&ana, Method::POST, &format!("/steps/{step}/complete")).expect(200);
    let after = api.list_of(&ana, "");
    assert_ne!(token(&after), token(&first));
    // A restart holds no view, and tells another token for what may be another list.
    let server = server.kill_and_restart();
    let restarted = server.client().list_of(&ana, "");
    assert_eq!(items(&restarted), items(&after));
    assert_ne!(token(&restarted), token(&after));
}

#[test]
fn w_63_completing_says_where_to_go_on() {
    let (server, [ana, ..]) = world();
    let api = server.client();
    let sequence = api.active(graph([task("t", Some("u")), task("u", None)]));
    let leads = ["One", "Two"]
        .map(|name| api.record_of(&ana, "lead", name, json!({ "score": if name == "One" { 10 } else { 90 } })));
    leads.iter().for_each(|lead| _ = api.connect(&sequence, lead));
    let [one, two] = &leads;
    let settings = |advance: &str| {
        api.sends(&ana, Method::PATCH, "/me/settings", json!({ "auto_advance": advance })).expect(200);
    };
    let complete =
        |lead: &str| api.by(&ana, Method::POST, &format!("/steps/{}/complete", api.current_step(lead))).expect(200);
    settings("next");
    let answer = complete(one);
    assert_eq!(answer["advance"], "next");
    assert_eq!(answer["next"], json!({ "record": two, "step": api.current_step(two) }), "the best of the list");
    settings("stay");
    assert_eq!(complete(two)["next"], json!({ "record": two, "step": api.current_step(two) }));
    assert_eq!(complete(two)["next"], json!(null), "nothing is left on it");
    settings("ask");
    api.list_of(&ana, "");
    let lead = api.record_of(&ana, "lead", "Three", json!({}));
    api.connect(&sequence, &lead);
    complete(&lead);
    let answer = complete(&lead);
    assert_eq!((&answer["advance"], &answer["next"]["record"]), (&json!("ask"), &json!(one)));
}

#[test]
fn a_manager_sees_the_lists_of_their_unit_and_nobody_else_does() {
    let (server, [ana, bea, mia]) = world();
    let api = server.client();
    let far = api.person("Far", &["sales_manager"], "south");
    let sequence = api.active(graph([task("t", None)]));
    let lead = api.record_of(&ana, "lead", "Hers", json!({}));
    api.connect(&sequence, &lead);
    let path = format!("/work-list?user={}", ana.id);
    assert_eq!(names(&api.by(&mia, Method::GET, &path).expect(200)), ["Hers"]);
    api.by(&bea, Method::GET, &path).refused(403, "forbidden_role");
    api.by(&far, Method::GET, &path).refused(404, "not_found");
    api.by(&mia, Method::GET, "/work-list?user=x").refused(400, "malformed");
    // P-30: where the workspace is for others, there is no list.
    api.patch("/settings", json!({ "roles": ["sequence_manager"] })).expect(200);
    api.by(&ana, Method::GET, "/work-list").refused(403, "feature_disabled");
}

#[test]
fn what_is_selected_is_done_row_by_row_and_each_is_answered_for_itself() {
    let (server, [ana, bea, _]) = world();
    let api = server.client();
    let sequence = api.active(graph([task("t", Some("u")), task("u", None)]));
    let leads: Vec<String> = (0..4).map(|at| api.record_of(&ana, "lead", &format!("Lead {at}"), json!({}))).collect();
    leads.iter().for_each(|lead| _ = api.connect(&sequence, lead));
    let step = |lead: usize| json!({ "step": api.current_step(&leads[lead]) });
    let steps = || (0..4).map(step).collect::<Vec<_>>();
    let act = |body: Value| api.sends(&ana, Method::POST, "/work-list/actions", body);
    let until = "2026-03-04T09:00:00Z";
    let snoozed = act(json!({ "action": "snooze", "items": steps(), "until": until })).expect(200);
    assert!(items(&snoozed).iter().all(|result| result["ok"] == true), "{snoozed}");
    assert_eq!(names(&api.list_of(&ana, "")).len(), 0);
    let first = steps();
    let mut with_others = first.clone();
    with_others.push(json!({ "step": "nothing" }));
    let done = act(json!({ "action": "complete", "items": with_others, "note": "All" })).expect(200);
    let oks: Vec<bool> = items(&done).iter().map(|result| result["ok"] == true).collect();
    assert_eq!(oks, [true, true, true, true, false]);
    assert_eq!(items(&done)[4]["error"]["code"], "not_found");
    let again = act(json!({ "action": "complete", "items": first })).expect(200);
    assert!(items(&again).iter().all(|result| result["error"]["code"] == "step_not_open"), "{again}");
    let to = json!({ "user": bea.id });
    act(json!({ "action": "assign", "items": [step(0)], "to": to })).expect(200);
    assert_eq!(names(&api.list_of(&bea, "")), ["Lead 0"]);
    assert_eq!(names(&api.list_of(&ana, "")).len(), 3);
    act(json!({ "action": "disconnect", "items": [step(1)] })).expect(200);
    act(json!({ "action": "skip", "items": [step(2)] })).expect(200);
    assert_eq!(names(&api.list_of(&ana, "")), ["Lead 3"]);
    act(json!({ "action": "snooze", "items": [] })).refused_at(400, "malformed", "/until");
    act(json!({ "action": "skip", "items": [], "note": "x" })).refused_at(400, "malformed", "/note");
    let many: Vec<Value> = (0..1_001).map(|_| json!({ "step": "x" })).collect();
    act(json!({ "action": "skip", "items": many })).refused(413, "batch_too_large");
}

#[test]
fn days_are_levelled_to_what_a_seller_can_do() {
    let (server, [ana, bea, mia]) = world();
    let api = server.client();
    let sequence = api.active(graph([task("t", None)]));
    let leads: Vec<String> =
        (0..9).map(|at| api.record_of(&ana, "lead", &format!("Lead {at}"), json!({ "score": at * 10 }))).collect();
    leads.iter().for_each(|lead| _ = api.connect(&sequence, lead));
    let days = |plan: &Value| {
        let days = plan["sellers"][0]["days"].as_array().unwrap();
        let day = |day: &Value| ["planned", "carried", "slips"].map(|member| day[member].as_u64().unwrap());
        days.iter().map(day).collect::<Vec<_>>()
    };
    let plan = |query: &str| api.by(&ana, Method::GET, &format!("/work-list/plan{query}")).expect(200);
    assert_eq!(days(&plan("?days=2")), [[9, 0, 0], [0, 0, 0]], "nothing is levelled that nobody wants levelled");
    api.patch("/settings", json!({ "daily_capacity": 4 })).expect(200);
    assert_eq!(days(&plan("?days=4")), [[4, 0, 5], [4, 5, 1], [1, 1, 0], [0, 0, 0]]);
    let today = api.list_of(&ana, "?plan=today");
    assert_eq!(names(&today), ["Lead 8", "Lead 7", "Lead 6", "Lead 5"], "today's by priority");
    assert_eq!(names(&api.list_of(&ana, "")).len(), 9, "and nothing is hidden");
    let step = api.current_step(&leads[8]);
    api.by(&ana, Method::POST, &format!("/steps/{step}/complete")).expect(200);
    let after = plan("?days=2");
    assert_eq!((&after["sellers"][0]["done_today"], &after["sellers"][0]["capacity"]), (&json!(1), &json!(4)));
    assert_eq!(days(&after)[0], [3, 0, 5], "what is done has taken its place");
    let team = api.team("owner", &[&ana.id, &bea.id]);
    let sellers = api.by(&mia, Method::GET, &format!("/work-list/plan?team={team}&days=1")).expect(200);
    assert_eq!(sellers["sellers"].as_array().unwrap().len(), 2);
    api.by(&ana, Method::GET, "/work-list/plan?days=32").refused_at(400, "malformed", "/days");
    api.by(&ana, Method::GET, "/work-list/plan?team=x").refused_at(400, "malformed", "/team");
}

/// Two who follow the list and a program that works on it: whoever reads again what the stream names has what a fresh reading
/// has.
#[test]
fn who_follows_the_stream_has_the_list_that_a_fresh_reading_has() {
    let (server, [ana, bea, _]) = world();
    let api = server.client();
    let sequence = api.active(graph([task("t", Some("u")), task("u", None)]));
    let team = api.team("owner", &[&ana.id, &bea.id]);
    let mut followers = [&ana, &bea].map(|person| {
        let held: BTreeMap<String, Value> = BTreeMap::new();
        (person, Follower::begun(&server, &person.token, "?topics=work_list"), held)
    });
    let mut chance = fastrand::Rng::with_seed(8);
    let mut leads: Vec<String> = Vec::new();
    for round in 0..60 {
        match chance.u8(..8) {
            0..3 => {
                let owner = [json!({ "user": ana.id }), json!({ "user": bea.id }), json!({ "team": team })]
                    [chance.usize(..3)]
                .clone();
                let body = json!({ "type": "lead", "name": format!("Lead {round}"), "owner": owner });
                let lead = id(&api.post("/records", body).expect(201));
                api.connect(&sequence, &lead);
                leads.push(lead);
            }
            3 if !leads.is_empty() => {
                let lead = &leads[chance.usize(..leads.len())];
                api.patch(&format!("/records/{lead}"), json!({ "score": chance.u8(..100) })).expect(200);
            }
            _ if !leads.is_empty() => {
                let lead = leads[chance.usize(..leads.len())].clone();
                let current =
                    api.get(&format!("/records/{lead}/up-next")).expect(200)["current"][0]["step"]["id"].clone();
                let Some(step) = current.as_str() else { continue };
                match chance.u8(..3) {
                    0 => _ = api.post(&format!("/steps/{step}/assign"), json!({ "user": bea.id })).expect(200),
                    1 => {
                        _ = api
                            .post(&format!("/steps/{step}/snooze"), json!({ "until": "2026-03-02T15:00:00Z" }))
                            .expect(200)
                    }
                    _ => _ = api.complete(step),
                }
            }
            _ => {}
        }
    }
    // The last change of each is known by its record.
    for (person, follower, held) in &mut followers {
        let last = api.record_of(person, "lead", "The last", json!({}));
        api.connect(&sequence, &last);
        loop {
            let event = follower.event();
            assert_eq!(event["type"], "work_list.changed");
            let record = event["record"].as_str().unwrap().to_owned();
            let row = api.by(person, Method::GET, &format!("/work-list/{record}"));
            match row.status {
                200 => _ = held.insert(record.clone(), row.json()),
                _ => _ = held.remove(&record),
            }
            if record == last {
                break;
            }
        }
        let list = api.list_of(person, "?sort=due_date&limit=500");
        let fresh: BTreeMap<String, Value> =
            items(&list).iter().map(|item| (item["record"]["id"].as_str().unwrap().to_owned(), item.clone())).collect();
        assert_eq!(*held, fresh, "{}", person.email);
        assert!(fresh.len() > 3, "there is something to compare");
    }
}
