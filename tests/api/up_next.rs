//! Up next and the preview of an enrolment over the API (§13), and where LinkedIn steps lead (LI-12).

use serde_json::{Value, json};

use crate::activities::{add, up_next};
use crate::fixtures::{graph, id, items, node, task};
use crate::server::Server;

/// Kind and id of each item of a zone.
fn zone(up_next: &Value, zone: &str) -> Vec<(String, String)> {
    let shown = |item: &Value| {
        let kind = item["kind"].as_str().unwrap().to_owned();
        let named = if kind == "node" { item["node"].as_str().unwrap().to_owned() } else { id(&item[&kind]) };
        (kind, named)
    };
    up_next[zone].as_array().unwrap().iter().map(shown).collect()
}

/// U-1 to U-4, D-56, R-22: steps and one manual activity by due date; what is closed, newest first.
#[test]
fn u_1_u_2_u_3_u_4_steps_and_one_manual_activity_stand_together_by_due_date() {
    let server = Server::sandbox();
    let api = server.client();
    let (one, other) = (api.active(graph([task("a", None)])), api.active(graph([task("z", None)])));
    let lead = api.lead();
    let step = api.connect(&one, &lead)["current_step"].as_str().unwrap().to_owned();
    let later = api.connect(&other, &lead)["current_step"].as_str().unwrap().to_owned();
    api.post(&format!("/steps/{later}/snooze"), json!({ "until": "2026-03-05T09:00:00Z" })).expect(200);
    let mut activity = |due: Option<&str>| {
        let mut body = json!({ "kind": "task", "subject": "Do" });
        due.iter().for_each(|due| body["due_at"] = json!(due));
        id(&add(&api, &lead, body))
    };
    let [undated, friday, yesterday] =
        [None, Some("2026-03-06T09:00:00Z"), Some("2026-03-01T09:00:00Z")].map(&mut activity);
    let shown = || zone(&up_next(&api, &lead), "current").into_iter().map(|(_, id)| id).collect::<Vec<_>>();
    assert_eq!(shown(), [&yesterday, &step, &later].map(String::clone), "U-2, U-3: the earliest");
    let next = api.post(&format!("/steps/{step}/complete"), json!({})).expect(200)["next"].clone();
    assert_eq!(next, json!({ "record": lead, "activity": yesterday }), "W-63: the first that is current now");
    api.post(&format!("/activities/{yesterday}/complete"), json!({})).expect(200);
    assert_eq!(shown(), [&later, &friday].map(String::clone));
    api.post(&format!("/activities/{friday}/cancel"), json!({})).expect(200);
    assert_eq!(
        shown(),
        [&undated, &later].map(String::clone),
        "D-56: today, though what has a date was shown before it"
    );
    let done: Vec<_> = zone(&up_next(&api, &lead), "completed").into_iter().map(|(_, id)| id).collect();
    assert_eq!(
        done,
        [&yesterday, &friday, &step].map(String::clone),
        "all at the same instant, so the latest number first"
    );
    api.post(&format!("/steps/{step}/complete"), json!({})).refused(409, "step_not_open");
    let open = api.get(&format!("/records/{lead}/activities")).expect(200);
    let open: Vec<_> = items(&open).iter().filter(|item| item["status"] == "open" && item["step"].is_null()).collect();
    assert_eq!(open.len(), 1, "D-56: the list has all of them");
}

/// U-5, U-7, U-10: waits, errors, and both ways behind a condition.
#[test]
fn u_5_u_7_u_10_waits_errors_and_both_exits_are_shown() {
    let server = Server::sandbox();
    let api = server.client();
    let limit = json!({ "yes": "y", "no": "n", "limit_days": 2 });
    let (lead, _) = api.enrolled(graph([
        node("w", "wait", json!({ "days": 1, "next": "m" })),
        node("m", "auto_email", json!({ "template": "00000000-0000-7000-8000-000000000011", "next": "c" })),
        node("c", "cond_email_reply", limit),
        task("y", None),
        task("n", None),
    ]));
    let wait = api.current(&lead);
    assert_eq!((&wait["wait_state"], &wait["wakes_at"]), (&json!("waiting"), &json!("2026-03-03T09:00:00.000Z")));
    let upcoming = up_next(&api, &lead)["upcoming"].clone();
    let named: Vec<_> =
        upcoming.as_array().unwrap().iter().map(|node| (node["node"].clone(), node["branch"].clone())).collect();
    let none = Value::Null;
    let expected = [("m", none.clone()), ("c", none), ("y", json!("yes")), ("n", json!("no"))];
    assert_eq!(named, expected.map(|(node, branch)| (json!(node), branch)));
    api.patch(&format!("/records/{lead}"), json!({ "email": null })).expect(200);
    api.post(&format!("/steps/{}/skip-wait", id(&wait)), json!({})).expect(200);
    assert_eq!(api.current(&lead)["error"], "email_undeliverable", "U-7");
}

/// U-6: where nothing is connected; K-3: active sequences for its type are offered.
#[test]
fn u_6_a_record_without_a_sequence_invites_to_connect_one() {
    let server = Server::sandbox();
    let api = server.client();
    let lead = api.lead();
    let invite = || up_next(&api, &lead)["invite"].clone();
    assert_eq!(invite(), json!({ "record_type": "lead", "sequences": 0 }));
    let sequence = api.active(graph([task("a", None)]));
    assert_eq!(invite()["sequences"], 1);
    api.connect(&sequence, &lead);
    assert_eq!(invite(), Value::Null);
    api.complete(&api.current_step(&lead));
    assert_eq!(invite()["sequences"], 1, "it has gone through");
    api.post(&format!("/records/{lead}/close"), json!({ "outcome": "failure" })).expect(200);
    assert_eq!(invite(), Value::Null, "K-7: a closed record cannot be connected");
}

/// U-8, U-9: the whole sequence with the branch that was taken, days spent, and days still needed.
#[test]
fn u_8_u_9_a_preview_shows_the_whole_way() {
    let server = Server::sandbox();
    let api = server.client();
    let answered = node("c", "cond_call", json!({ "results": ["made"], "yes": "w", "no": "n" }));
    let (lead, enrolment) = api.enrolled(graph([
        node("call", "phone_call", json!({ "next": "c" })),
        answered,
        node("w", "wait", json!({ "days": 3, "next": "y" })),
        task("y", Some("z")),
        task("z", None),
        task("n", None),
    ]));
    let preview = || api.get(&format!("/enrolments/{}/preview", id(&enrolment))).expect(200);
    let counts = |preview: &Value| {
        ["steps_total", "steps_done", "steps_remaining", "days_needed"].map(|member| preview[member].as_f64().unwrap())
    };
    let node_of = |preview: &Value, name: &str| {
        preview["nodes"].as_array().unwrap().iter().find(|node| node["node"] == name).unwrap().clone()
    };
    let shown = |preview: &Value, names: [&str; 5]| {
        names.map(|name| node_of(preview, name)["status"].as_str().unwrap().to_owned())
    };
    let all = ["call", "c", "w", "y", "n"];
    let before = preview();
    assert_eq!(counts(&before), [3.0, 0.0, 3.0, 3.0]);
    assert_eq!(shown(&before, all), ["current", "ahead", "ahead", "ahead", "ahead"]);
    assert_eq!(node_of(&before, "c")["next"], json!(["w", "n"]));
    api.advance_hours(36);
    let call = api.current_id(&lead, "call");
    api.post(&format!("/steps/{call}/complete"), json!({ "call_result": "made" })).expect(200);
    api.advance_hours(12);
    let after = preview();
    assert_eq!(counts(&after), [3.0, 1.0, 2.0, 2.5]);
    assert_eq!(shown(&after, all), ["completed", "completed", "current", "ahead", "not_taken"]);
    assert_eq!(node_of(&after, "c")["branch"], "yes");
    assert_eq!(
        (&node_of(&after, "call")["days_spent"], &node_of(&after, "w")["days_spent"]),
        (&json!(1.5), &json!(0.5))
    );
    api.post(&format!("/enrolments/{}/disconnect", id(&enrolment)), json!({})).expect(200);
    let ended = preview();
    assert_eq!(counts(&ended), [1.0, 1.0, 0.0, 0.0]);
    assert_eq!(shown(&ended, all), ["completed", "completed", "cancelled", "not_taken", "not_taken"]);
    api.get(&format!("/enrolments/{lead}/preview")).refused(404, "not_found");
}

/// LI-11, LI-12: the server never calls LinkedIn; it says where the step is done.
#[test]
fn li_12_a_linkedin_step_leads_to_the_profile_where_the_integration_is_on() {
    let server = Server::sandbox();
    let api = server.client();
    let (lead, _) = api.enrolled(graph([node("li", "li_connect", json!({ "next": "t" })), task("t", None)]));
    let link = || api.current(&lead)["link"].clone();
    let write = |url: &str| _ = api.patch(&format!("/records/{lead}"), json!({ "linkedin_url": url })).expect(200);
    let cases = [
        ("https://www.linkedin.com/in/ada", json!("https://www.linkedin.com/in/ada")),
        ("www.linkedin.com/in/ada", json!("https://www.linkedin.com/in/ada")),
        ("javascript:alert(1)", Value::Null),
        ("file://etc/passwd", Value::Null),
    ];
    write(cases[0].0);
    assert_eq!(link(), Value::Null, "LI-11: a plain task");
    api.patch("/settings", json!({ "linkedin": true })).expect(200);
    for (url, expected) in cases {
        write(url);
        assert_eq!(link(), expected, "{url}");
    }
    write("www.linkedin.com/in/ada");
    api.complete(&api.current_step(&lead));
    assert_eq!(link(), Value::Null, "any other step");
}
