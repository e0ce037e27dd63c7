//! Waits on the test clock, with kills or power cuts while they run and while the clock is moved.

use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};

use super::client::{Client, Command, Lost};
use super::lead::Timeline;
use super::program::{Ground, Program};
use super::scene::{activation, text};

const RECORDS: usize = 150;
const START: &str = "2026-11-21T09:00:00.000Z";

/// Message, three hours, message, ten hours, and then somebody's task.
fn graph() -> Value {
    let template = "00000000-0000-7000-8000-000000000011";
    json!({"start": "hello", "nodes": [
        {"id": "hello", "type": "auto_email", "name": "Hello", "template": template, "next": "short"},
        {"id": "short", "type": "wait", "days": 0, "hours": 3, "next": "again"},
        {"id": "again", "type": "auto_email", "name": "Again", "template": template, "next": "long"},
        {"id": "long", "type": "wait", "days": 0, "hours": 10, "next": "call"},
        {"id": "call", "type": "task", "name": "Think of them", "next": null},
    ]})
}

/// Connects records in three groups that begin at once, after one hour and after seven. Their ids.
async fn connect(client: &Client) -> Result<Vec<String>, Lost> {
    let body = json!({"name": "waits", "graph": graph()});
    let sequence = text(&client.ask(&Command::post("/sequences", "sequence".into(), &body)).await?.body["id"]);
    let activated = client.ask(&activation(&sequence, "activate".into())).await?;
    assert_eq!(activated.status, 200, "{activated:?}");
    let record = |number| json!({"type": "lead", "name": format!("lead {number}"), "email": "a@example.org"});
    let body = json!({"records": (0..RECORDS).map(record).collect::<Vec<_>>()});
    let created = client.ask(&Command::post("/records/batch", "records".into(), &body)).await?.body;
    let ids: Vec<_> = created["results"].as_array().unwrap().iter().map(|record| text(&record["id"])).collect();
    for (group, hours) in ids.chunks(RECORDS / 3).zip([0, 1, 7]) {
        let mut body = json!({"records": group});
        if hours > 0 {
            body["wait"] = json!({"hours": hours});
        }
        let path = format!("/sequences/{sequence}/enrolments");
        let connected = client.ask(&Command::post(path, format!("connect {hours}"), &body)).await?.body;
        let all = connected["results"].as_array().unwrap();
        assert!(all.iter().all(|result| result["enrolment"].is_object()), "{connected:#}");
    }
    Ok(ids)
}

async fn now(client: &Client) -> String {
    text(&client.read("/test-clock").await.expect("nobody ends it now").body["now"])
}

fn advance(by: &Value, key: String) -> Command {
    Command::post("/test-clock/advance", key, &json!({"by": by}))
}

/// Waits survive on the test clock, and whatever falls due happens once and at its own time (P5).
pub async fn survive(ground: &Ground, rng: &mut Rng) {
    let mut program = Program::new(ground);
    let (server, address) = program.serve(&["--sandbox", "--now", START]);
    let ids = connect(&Client::new(&address)).await.expect("nobody ends it yet");
    program.cut_short(server);
    let mut stood = START.to_owned();
    // An hour at a time, and the end comes while the clock moves or right behind it.
    for hour in 0..12 {
        let (server, address) = program.serve(&["--sandbox"]);
        let client = Client::new(&address);
        let starts = now(&client).await;
        assert!(starts >= stood, "the clock went back from {stood} to {starts}");
        let moving = client.clone();
        let step =
            tokio::spawn(async move { moving.ask(&advance(&json!({"hours": 1}), format!("hour {hour}"))).await });
        tokio::time::sleep(Duration::from_millis(rng.u64(..120))).await;
        program.cut_short(server);
        stood = match step.await.unwrap() {
            Ok(answer) => text(&answer.body["now"]),
            Err(Lost) => starts,
        };
        for item in happened(&program).await {
            stood = stood.max(item);
        }
    }
    finish(&mut program, &ids, &stood).await;
}

/// The instants at which anything happened, from the log of the stopped server.
async fn happened(program: &Program) -> Vec<String> {
    let log = String::from_utf8(program.succeed("export")).unwrap();
    let commits = log.lines().filter(|line| line.starts_with("{\"entity\""));
    let lines = commits.map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| text(&line["at"])).collect()
}

async fn finish(program: &mut Program, ids: &[String], stood: &str) {
    program.check();
    let (server, address) = program.serve(&["--sandbox"]);
    let client = Client::new(&address);
    assert!(now(&client).await.as_str() >= stood, "the clock went back");
    let moved = client.ask(&advance(&json!({"days": 2}), "end".into())).await.expect("nobody ends it now");
    assert_eq!(moved.status, 200, "{moved:?}");
    let mut sent = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        let timeline = Timeline::read(&client, id).await.expect("nobody ends it now");
        timeline.holds_together();
        let told = format!("{:#?}", timeline.items);
        let hours = [0, 1, 7][place / (RECORDS / 3)];
        assert_eq!(timeline.of("began").count(), usize::from(hours > 0), "{told}");
        assert_eq!(timeline.of("step_completed").count(), 4, "{told}");
        let mut messages = timeline.messages();
        assert_eq!((messages.owed.len(), messages.sent.len()), (0, 2), "{told}");
        sent.append(&mut messages.sent);
        let task = timeline.of("step_opened").next().unwrap();
        let expected = format!("2026-11-2{}T{:02}:00:00.000Z", 1 + (22 + hours) / 24, (22 + hours) % 24);
        assert_eq!(task["at"], expected.as_str(), "the task opens when all waits are over: {told}");
    }
    sent.sort_unstable();
    assert_eq!(server.stop().code(), Some(0), "SIGTERM stops in order");
    assert_eq!(program.spooled(), sent, "one file per message that was sent");
    program.check();
}
