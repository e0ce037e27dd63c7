//! Activities over the API (C-6, C-7, §11.4), and steps that change hands.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Client, START, Server};

pub fn add(api: &Client, lead: &str, body: Value) -> Value {
    api.post(&format!("/records/{lead}/activities"), body).expect(201)
}

pub fn up_next(api: &Client, lead: &str) -> Value {
    api.get(&format!("/records/{lead}/up-next")).expect(200)
}

/// C-7, R-12, D-56.
#[test]
fn c_7_r_12_activities_are_added_listed_completed_and_cancelled() {
    let server = Server::shared();
    let api = server.client();
    let (lead, me) = (api.lead(), id(&api.get("/me").expect(200)));
    let path = format!("/records/{lead}/activities");
    let body = json!({ "kind": "meeting", "subject": "Lunch", "due_at": START, "note": "At two" });
    let made = api.request(Method::POST, &path).header("idempotency-key", &lead).json(&body).send();
    let lunch = made.expect(201);
    assert_eq!(made.header("location"), format!("/api/v1/activities/{}", id(&lunch)));
    let expected = json!({
        "id": lunch["id"], "record": lead, "kind": "meeting", "subject": "Lunch", "due_at": START, "note": "At two",
        "assignee": { "user": me }, "status": "open", "created_at": lunch["created_at"],
    });
    assert_eq!(lunch, expected);
    let again = api.request(Method::POST, &path).header("idempotency-key", &lead).json(&body).send();
    assert_eq!(again.expect(201), lunch, "the same key gives the same answer");
    let others: Vec<Value> = ["phone_call", "email", "task", "text"]
        .map(|kind| add(&api, &lead, json!({ "kind": kind, "subject": kind })))
        .into_iter()
        .rev()
        .collect();
    let all: Vec<Value> = others.iter().chain([&lunch]).cloned().collect();
    assert_eq!(items(&api.get(&path).expect(200)), all, "newest first");
    let first = api.get(&format!("{path}?limit=3")).expect(200);
    let rest = api.get(&format!("{path}?limit=3&cursor={}", first["next_cursor"].as_str().unwrap())).expect(200);
    assert_eq!([items(&first), items(&rest)].concat(), all);
    assert_eq!(rest["next_cursor"], Value::Null);

    let act =
        |activity: &Value, action: &str, body: Value| api.post(&format!("/activities/{}/{action}", id(activity)), body);
    let [text, task, email, call] = [0, 1, 2, 3].map(|place| others[place].clone());
    act(&email, "complete", json!({ "call_result": "busy" })).refused(422, "call_result_invalid");
    act(&call, "complete", json!({ "call_result": "eaten" })).refused(422, "call_result_invalid");
    let called = act(&call, "complete", json!({ "call_result": "busy", "note": "Tomorrow" })).expect(200);
    assert_eq!((&called["status"], &called["call_result"]), (&json!("completed"), &json!("busy")));
    assert_eq!(act(&text, "cancel", json!({})).expect(200)["status"], "cancelled");
    assert_eq!(api.get(&format!("/activities/{}", id(&text))).expect(200)["status"], "cancelled");
    for closed in [&call, &text] {
        act(closed, "cancel", json!({})).refused(409, "activity_not_open");
        act(closed, "complete", json!({})).refused(409, "activity_not_open");
        act(closed, "assign", json!({ "user": me })).refused(409, "activity_not_open");
    }
    // there is no such action, and the step's does not take it.
    let until = json!({ "until": "2100-01-01T00:00:00Z" });
    api.post(&format!("/steps/{}/snooze", id(&task)), until).refused(422, "snooze_not_allowed");
    let timeline = api.get(&format!("/records/{lead}/timeline")).expect(200);
    let told: Vec<_> = items(&timeline).iter().filter(|item| item["activity"] == call["id"]).collect();
    let kinds: Vec<_> = told.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["activity_completed", "noted", "activity_added"]);
    assert!(told.iter().all(|item| item["step"].is_null()));
}

#[test]
fn an_activity_that_does_not_fit_is_refused_with_its_place() {
    let server = Server::shared();
    let api = server.client();
    let lead = api.lead();
    let path = format!("/records/{lead}/activities");
    let good = json!({ "kind": "task", "subject": "Lunch" });
    for (status, code, pointer, members) in [
        (400, "malformed", "/kind", json!({ "kind": "dinner" })),
        (400, "malformed", "/subject", json!({ "subject": null })),
        (400, "malformed", "/due_at", json!({ "due_at": "noon" })),
        (400, "malformed", "/assignee", json!({ "assignee": { "user": lead } })),
        (422, "empty", "/subject", json!({ "subject": " " })),
        (422, "too_long", "/subject", json!({ "subject": "s".repeat(201) })),
        (422, "too_long", "/note", json!({ "note": "s".repeat(2_001) })),
    ] {
        let mut sent = good.clone();
        members.as_object().unwrap().iter().for_each(|(member, value)| sent[member] = value.clone());
        let problem = api.post(&path, sent).refused(status, if status == 400 { code } else { "validation_failed" });
        assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)));
    }
    assert_eq!(api.get(&path).expect(200)["items"], json!([]));
    let nowhere = lead.replace(&lead[..2], "0f");
    api.post(&format!("/records/{nowhere}/activities"), good).refused(404, "not_found");
    for action in ["complete", "cancel"] {
        api.post(&format!("/activities/{nowhere}/{action}"), json!({})).refused(404, "not_found");
        api.post(&format!("/activities/{lead}/{action}"), json!({})).refused(404, "not_found");
        api.post(&format!("/activities/x/{action}"), json!({})).refused(404, "not_found");
    }
}

/// over the API, and §21.4: another program tells that a call was made.
#[test]
fn r_40_r_42_r_45_a_step_has_an_activity_that_is_completed_with_it() {
    let server = Server::sandbox();
    let api = server.client();
    let answered = node("c", "cond_call", json!({ "results": ["made"], "yes": "y", "no": null }));
    let (lead, _) = api.enrolled(graph([
        task("a", Some("b")),
        task("b", Some("call")),
        node("call", "phone_call", json!({ "next": "c" })),
        answered,
        task("y", None),
    ]));
    let step = api.current(&lead);
    let activity = step["linked_activity"].as_str().unwrap().to_owned();
    let read = || api.get(&format!("/activities/{activity}")).expect(200);
    assert_eq!((&read()["kind"], &read()["subject"], &read()["step"]), (&json!("task"), &step["name"], &step["id"]));
    assert_eq!(read()["status"], "open");
    let listed = api.get(&format!("/records/{lead}/activities")).expect(200);
    assert_eq!(items(&listed), [read()]);
    assert_eq!(api.post(&format!("/activities/{activity}/complete"), json!({})).expect(200)["status"], "completed");
    let second = api.current_id(&lead, "b");
    api.complete(&second);
    assert_eq!(api.get(&format!("/activities/{second}")).expect(200)["status"], "completed", "R-45");
    let call = api.current_id(&lead, "call");
    let event = |id: &str, kind: &str, members: Value| {
        let mut event = json!({ "id": id, "type": kind, "at": START, "record": lead, "activity": call });
        members.as_object().unwrap().iter().for_each(|(member, value)| event[member] = value.clone());
        api.post("/events", event)
    };
    event("1", "activity.completed", json!({})).refused(422, "call_result_required");
    event("2", "activity.completed", json!({ "result": "eaten" })).refused(422, "call_result_invalid");
    event("3", "activity.completed", json!({ "activity": null })).refused_at(422, "validation_failed", "/activity");
    event("4", "activity.completed", json!({ "activity": lead })).refused(404, "not_found");
    event("5", "activity.cancelled", json!({ "result": "made" })).refused_at(422, "validation_failed", "/result");
    let told = event("6", "activity.completed", json!({ "result": "made" })).expect(200);
    assert_eq!(told, json!({ "id": "6", "type": "activity.completed", "record": lead, "activity": call }));
    api.current_id(&lead, "y");
    assert_eq!(event("6", "activity.completed", json!({ "result": "made" })).expect(200), told, "once");
    event("7", "activity.cancelled", json!({})).expect(200);
    assert_eq!(
        api.get(&format!("/activities/{call}")).expect(200)["status"],
        "completed",
        "late reports change nothing"
    );
    let call_result = api.get(&format!("/steps/{call}")).expect(200)["outcome"].clone();
    assert_eq!(call_result, "made");
}

/// off: one's own choice, until it is locked.
#[test]
fn r_40_r_44_what_is_linked_is_chosen_by_the_organisation_or_its_sellers() {
    let server = Server::sandbox();
    let api = server.client();
    let first = api.get("/me/settings").expect(200);
    assert!(first.get("linked_activities").is_none(), "as in the organisation");
    api.patch("/settings", json!({ "linked_activities": false })).expect(200);
    let sequence = api.active(graph([task("a", None)]));
    let connected = || {
        let lead = api.lead();
        api.connect(&sequence, &lead);
        api.current(&lead)
    };
    let step = connected();
    assert!(step["linked_activity"].is_null());
    api.get(&format!("/activities/{}", id(&step))).refused(404, "not_found");
    let started = api.post(&format!("/steps/{}/start", id(&step)), json!({})).expect(200);
    assert_eq!(started["linked_activity"], step["id"]);
    let own = json!({ "linked_activities": true, "call_result": { "default": "busy" } });
    let chosen = api.patch("/me/settings", own.clone()).expect(200);
    assert_eq!(
        (&chosen["linked_activities"], &chosen["call_result"]),
        (&own["linked_activities"], &own["call_result"])
    );
    let step = connected();
    assert_eq!(step["linked_activity"], step["id"]);
    let wrong = json!({ "call_result": { "default": "eaten" } });
    api.patch("/me/settings", wrong).refused_at(422, "validation_failed", "/call_result/default");
    api.patch("/me/settings", json!({ "call_result": { "ask": false } })).refused(400, "malformed");
    api.patch("/settings", json!({ "lock_activity_settings": true })).expect(200);
    assert!(connected()["linked_activity"].is_null(), "the organisation's holds");
    api.patch("/me/settings", own).refused(409, "activity_settings_locked");
    let back = json!({ "linked_activities": null, "call_result": null });
    assert_eq!(api.patch("/me/settings", back).expect(200), first);
}

#[test]
fn r_20_a_step_is_given_to_a_user_or_a_team_who_may_act() {
    let server = Server::sandbox();
    let api = server.client();
    let grace = api.person("Grace", &["seller"], "default");
    let (gone, empty) = (api.user(&["seller"]), api.team("owner", &[]));
    let team = api.team("owner", &[&grace.id]);
    api.post(&format!("/users/{gone}/disable"), json!({})).expect(200);
    let (lead, _) = api.enrolled(graph([task("a", Some("b")), task("b", None)]));
    let step = api.current_id(&lead, "a");
    let assign = |body: Value| api.post(&format!("/steps/{step}/assign"), body);
    let seen = || api.ask(grace.by_token(), Method::GET, &format!("/api/v1/records/{lead}")).send().status;
    assert_eq!(seen(), 404);
    assert_eq!(assign(json!({ "team": team })).expect(200)["assignee"], json!({ "team": team }));
    assert_eq!(assign(json!({ "user": grace.id })).expect(200)["assignee"], json!({ "user": grace.id }));
    assert_eq!(seen(), 200, "who has a step sees the record");
    for (body, pointer) in [(json!({ "user": gone }), "/user"), (json!({ "team": empty }), "/team")] {
        let problem = assign(body).refused_at(422, "validation_failed", pointer);
        assert_eq!(problem["errors"][0]["code"], "assignee_unknown");
    }
    assign(json!({ "user": "x" })).refused_at(400, "malformed", "/user");
    for wrong in [json!({}), json!({ "user": grace.id, "team": team }), json!({ "queue": team })] {
        assign(wrong).refused(400, "malformed");
    }
    let timeline = api.get(&format!("/records/{lead}/timeline")).expect(200);
    assert!(items(&timeline).iter().any(|item| item["kind"] == "assigned" && item["step"] == step));
    api.complete(&step);
    assign(json!({ "user": grace.id })).refused(409, "step_not_open");
    assert_eq!(seen(), 404, "the next step is the owner's");
    let lunch = id(&add(&api, &lead, json!({ "kind": "meeting", "subject": "Lunch" })));
    let given = api.post(&format!("/activities/{lunch}/assign"), json!({ "user": grace.id })).expect(200);
    assert_eq!((&given["assignee"], seen()), (&json!({ "user": grace.id }), 200));
}

/// R-53, also where the server ends before everything is handed over.
#[test]
fn r_53_a_disabled_users_open_work_goes_to_the_owner_of_the_record() {
    let server = Server::sandbox();
    let api = server.client();
    let grace = api.person("Grace", &["seller"], "default");
    let mine = id(&api.get("/me").expect(200));
    let sequence = api.active(graph([task("a", Some("b")), task("b", None)]));
    let leads: Vec<String> = (0..20)
        .map(|_| {
            let lead = api.lead();
            api.connect(&sequence, &lead);
            let lunch = id(&add(&api, &lead, json!({ "kind": "meeting", "subject": "Lunch" })));
            let (step, to) = (api.current_step(&lead), json!({ "user": grace.id }));
            api.post(&format!("/steps/{step}/assign"), to.clone()).expect(200);
            api.post(&format!("/activities/{lunch}/assign"), to).expect(200);
            lead
        })
        .collect();
    api.post(&format!("/users/{}/disable", grace.id), json!({})).expect(200);
    let server = server.kill_and_restart();
    let api = server.client();
    // The clock of a sandbox answers when the engine is quiet.
    api.advance(json!({ "minutes": 1 }));
    for lead in leads {
        let current = up_next(&api, &lead)["current"].clone();
        assert_eq!(current[0]["step"]["assignee"], json!({ "user": mine }));
        assert_eq!(current[1]["activity"]["assignee"], json!({ "user": mine }));
    }
}
