//! Calendars as a client sees them, and what follows from them on a running server (§12).

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, node, task};
use crate::server::{Client, START, Server, until};

const USUAL: &str =
    r#"{"kind":"working_hours","weekdays":["mon","tue","wed","thu","fri"],"start":"08:00","end":"17:00"}"#;

fn usual() -> Value {
    serde_json::from_str(USUAL).unwrap()
}

fn away(from: &str, until: &str) -> Value {
    json!({ "kind": "time_off", "from": from, "until": until, "description": "away" })
}

/// TM-1, TM-2, TM-3: read, written, kept, and agreeing with the profile.
#[test]
fn tm_1_a_calendar_is_read_written_and_agrees_with_the_profile() {
    let server = Server::sandbox();
    let api = server.client();
    let seller = api.person("Uxía", &["seller"], "north");
    let ask = |method| api.ask(seller.by_token(), method, "/api/v1/me/calendar");
    let first = ask(Method::GET).send();
    assert_eq!(first.expect(200), json!({ "time_zone": "UTC", "entries": [usual()] }));
    let wish = json!({
        "time_zone": "Europe/Madrid",
        "holidays": "ES",
        "entries": [
            { "kind": "working_hours", "weekdays": ["mon", "wed"], "start": "09:00", "end": "24:00",
              "breaks": [{ "start": "13:00", "end": "15:30" }], "from": "2026-03-01", "until": "2026-12-31" },
            { "kind": "non_working_hours", "weekdays": ["wed"], "start": "16:00", "end": "17:00", "description": "gym" },
            away("2026-08-03", "2026-08-14"),
        ],
    });
    let written = ask(Method::PUT).header("if-match", first.header("etag")).json(&wish).send();
    assert_eq!(written.expect(200), wish);
    assert_ne!(written.header("etag"), first.header("etag"));
    ask(Method::PUT).header("if-match", first.header("etag")).json(&wish).send().refused(412, "version_mismatch");
    assert_eq!(api.get(&format!("/users/{}", seller.id)).expect(200)["time_zone"], "Europe/Madrid");
    api.patch(&format!("/users/{}", seller.id), json!({ "time_zone": "Europe/Lisbon" })).expect(200);
    let shown = api.get(&format!("/users/{}/calendar", seller.id)).expect(200);
    assert_eq!((&shown["time_zone"], &shown["entries"]), (&json!("Europe/Lisbon"), &wish["entries"]));
    // What is not said is what is usual: every day, 08:00 to 17:00; a day off alone is one day.
    let short = json!({ "time_zone": "UTC", "entries": [{ "kind": "working_hours" }, { "kind": "time_off", "from": "2026-05-01" }] });
    let kept = ask(Method::PUT).json(&short).send().expect(200);
    assert_eq!(
        (&kept["entries"][0]["start"], kept["entries"][0]["weekdays"].as_array().unwrap().len()),
        (&json!("08:00"), 7)
    );
    assert_eq!(kept["entries"][1]["until"], "2026-05-01");
    let server = server.kill_and_restart();
    let after = server.client().ask(seller.by_token(), Method::GET, "/api/v1/me/calendar").send().expect(200);
    assert_eq!(after, kept);
    let audit = server.client().get(&format!("/audit?subject={}", seller.id)).expect(200);
    let actions: Vec<_> =
        audit["items"].as_array().unwrap().iter().map(|item| item["action"].as_str().unwrap()).collect();
    assert_eq!(actions.iter().filter(|action| **action == "calendar.changed").count(), 2, "{actions:?}");
}

#[test]
fn what_does_not_fit_in_a_calendar_is_told_with_its_place() {
    let server = Server::shared();
    let api = server.client();
    let seller = api.person("Brais", &["seller"], "north");
    let put = |body: Value| api.ask(seller.by_token(), Method::PUT, "/api/v1/me/calendar").json(&body).send();
    let with = |entry: Value| put(json!({ "time_zone": "UTC", "entries": [usual(), entry] }));
    for (entry, pointer) in [
        (json!({ "kind": "working_hours", "start": "8:00" }), "/entries/1/start"),
        (json!({ "kind": "time_off", "from": "2026-02-30" }), "/entries/1/from"),
        (json!({ "kind": "sleep" }), "/entries/1/kind"),
        (json!({ "kind": "time_off", "from": "2026-03-01", "colour": "red" }), "/entries/1/colour"),
    ] {
        with(entry).refused_at(400, "malformed", pointer);
    }
    for (entry, pointer) in [
        (json!({ "kind": "time_off" }), "/entries/1/from"),
        (json!({ "kind": "time_off", "from": "2026-03-02", "until": "2026-03-01" }), "/entries/1/until"),
        (json!({ "kind": "time_off", "from": "2026-03-02", "start": "08:00" }), "/entries/1/start"),
        (json!({ "kind": "non_working_hours", "start": "08:00" }), "/entries/1/end"),
        (json!({ "kind": "non_working_hours", "start": "08:00", "end": "09:00", "breaks": [] }), "/entries/1/breaks"),
        (json!({ "kind": "working_hours", "start": "22:00", "end": "06:00" }), "/entries/1/end"),
        (json!({ "kind": "working_hours", "weekdays": [] }), "/entries/1/weekdays"),
        (json!({ "kind": "working_hours", "breaks": [{ "start": "07:00", "end": "09:00" }] }), "/entries/1/breaks/0"),
    ] {
        with(entry).refused_at(422, "validation_failed", pointer);
    }
    put(json!({ "time_zone": "Mars/Olympus", "entries": [] })).refused_at(422, "validation_failed", "/time_zone");
    put(json!({ "time_zone": "UTC", "entries": [], "holidays": "XX" })).refused_at(
        422,
        "validation_failed",
        "/holidays",
    );
    put(json!({ "entries": [] })).refused_at(400, "malformed", "/time_zone");
    put(json!({ "time_zone": "UTC", "entries": vec![usual(); 201] })).refused_at(422, "validation_failed", "/entries");
    let shown = api.ask(seller.by_token(), Method::GET, "/api/v1/me/calendar").send().expect(200);
    assert_eq!(shown["entries"], json!([usual()]), "nothing of it was kept");
}

/// A lead of that seller, connected to a sequence.
fn enrolled(api: &Client, sequence: &str, owner: &str) -> String {
    let lead = api.lead();
    api.patch(&format!("/records/{lead}"), json!({ "owner": { "user": owner } })).expect(200);
    api.connect(sequence, &lead);
    lead
}

fn due(api: &Client, record: &str) -> String {
    api.current(record)["due_at"].as_str().unwrap().to_owned()
}

/// TM-11, A-4, A-5, D-25: on a running server a change of availability or of a calendar moves what is open of everybody, or
/// of one seller; a kill in between loses none of it.
#[test]
fn tm_11_what_is_open_follows_the_calendar() {
    let server = Server::sandbox();
    let api = server.client();
    let [ana, bea] = ["Ana", "Bea"].map(|name| api.person(name, &["seller"], "north"));
    let tasks = api.active(graph([task("t", None)]));
    let waits = api.active(graph([node("w", "wait", json!({ "days": 1, "hours": 0, "next": "t" })), task("t", None)]));
    let mine: Vec<_> = (0..3).map(|_| enrolled(&api, &tasks, &ana.id)).collect();
    let waiting = enrolled(&api, &waits, &ana.id);
    let others = enrolled(&api, &tasks, &bea.id);
    assert_eq!((due(&api, &mine[0]), due(&api, &waiting)), (START.into(), "2026-03-03T09:00:00.000Z".into()));
    // It is Monday, 09:00; both are in Los Angeles, where it is 01:00.
    for person in [&ana, &bea] {
        let path = format!("/users/{}/calendar", person.id);
        api.put(&path, json!({ "time_zone": "America/Los_Angeles", "entries": [] })).expect(200);
    }
    assert_eq!(due(&api, &others), START, "TM-4: availability is off");
    api.patch("/settings", json!({ "seller_availability": true, "wait_computation": true })).expect(200);
    let moved = |record: &str, instant: &str| {
        until("the due date to move", || (due(&api, record) == instant).then_some(()));
    };
    mine.iter().chain([&others]).for_each(|record| moved(record, "2026-03-02T16:00:00.000Z"));
    moved(&waiting, "2026-03-03T16:00:00.000Z");
    let off = json!({ "time_zone": "America/Los_Angeles", "entries": [away("2026-03-02", "2026-03-04")] });
    api.put(&format!("/users/{}/calendar", ana.id), off).expect(200);
    let server = server.kill_and_restart();
    let api = server.client();
    let moved = |record: &str, instant: &str| {
        until("the due date to move", || (due(&api, record) == instant).then_some(()));
    };
    mine.iter().for_each(|record| moved(record, "2026-03-05T16:00:00.000Z"));
    moved(&waiting, "2026-03-06T16:00:00.000Z");
    assert_eq!(due(&api, &others), "2026-03-02T16:00:00.000Z");
    let opened = api.current(&mine[0]);
    assert_eq!((&opened["planned_due_at"], &opened["opened_at"]), (&json!(START), &json!(START)), "R-3");
}

/// ST-21: a message that waits for its window shows when it leaves.
#[test]
fn st_21_a_pending_message_is_shown_and_sent_when_its_window_opens() {
    let server = Server::sandbox();
    let api = server.client();
    let template = "00000000-0000-7000-8000-000000000011";
    let drawn = graph([node("m", "auto_email", json!({ "template": template, "next": "t" })), task("t", None)]);
    let sequence = api.inactive(drawn);
    let window = json!({ "weekdays": ["mon", "tue"], "start": "09:00", "end": "12:00", "zone": "recipient" });
    api.patch(&format!("/sequences/{sequence}"), json!({ "window": window })).expect(200);
    api.post(&format!("/sequences/{sequence}/activate"), json!({})).expect(200);
    let body = json!({ "type": "lead", "name": "Ada", "email": "ada@example.org", "time_zone": "America/New_York" });
    let lead = id(&api.post("/records", body).expect(201));
    api.connect(&sequence, &lead);
    let pending = api.current(&lead);
    let opens = json!("2026-03-02T14:00:00.000Z");
    assert_eq!(
        (&pending["type"], &pending["wait_state"], &pending["pending_at"]),
        (&json!("auto_email"), &json!("waiting"), &opens)
    );
    assert_eq!((&pending["planned_due_at"], &pending["due_at"]), (&json!(START), &opens));
    api.advance_hours(5);
    let sent = &api.done(&lead)[0];
    assert_eq!(
        (&sent["status"], &sent["completed_at"], &sent["pending_at"]),
        (&json!("completed"), &opens, &Value::Null)
    );
    assert_eq!(api.current(&lead)["node"], "t");
}

/// TM-5: the hook by which another calendar says when somebody is away.
#[test]
fn tm_5_days_off_come_from_another_calendar_and_move_what_is_due() {
    let server = Server::sandbox();
    let api = server.client();
    let [ana, manager] =
        [("Ana", "seller"), ("Mae", "sales_manager")].map(|(name, role)| api.person(name, &[role], "north"));
    api.patch("/settings", json!({ "seller_availability": true })).expect(200);
    let lead = enrolled(&api, &api.active(graph([task("t", None)])), &ana.id);
    let send = |by: &str, path: &str, body: &str| {
        let ask = api.ask(crate::people::Credential::Token(by), Method::POST, &format!("/api/v1{path}"));
        ask.header("content-type", "text/calendar").body(body.to_owned()).send()
    };
    let file = |day: &str| {
        format!(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Dentist\r\nDTSTART;VALUE=DATE:{day}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    };
    let taken = send(&ana.token, "/me/calendar/import", &file("20260302")).expect(200);
    assert_eq!((&taken["days"], &taken["repeating"], &taken["unread"]), (&json!(1), &json!(0), &json!(0)));
    assert!(!taken.to_string().contains("Dentist"), "what it is is nobody's business here");
    let shown = api.get(&format!("/users/{}/calendar", ana.id)).expect(200);
    assert_eq!(shown, taken["calendar"]);
    let moved = |instant: &str| until("the due date", || (due(&api, &lead) == instant).then_some(()));
    moved("2026-03-03T08:00:00.000Z");
    let path = format!("/users/{}/calendar/import", ana.id);
    send(&manager.token, &path, &file("20260303")).expect(200);
    moved(START);
    send(&ana.token, &format!("/users/{}/calendar/import", manager.id), &file("20260303"))
        .refused(403, "forbidden_role");
    send(&ana.token, "/me/calendar/import", "{}").refused(400, "malformed");
    assert_eq!(api.get(&format!("/users/{}/calendar", ana.id)).expect(200)["entries"][1]["from"], "2026-03-03");
}
