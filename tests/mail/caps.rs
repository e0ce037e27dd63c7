//! What may leave in an hour, through the whole program before a real server: no more, whatever happens to the program, and
//! each at the time that was shown.

use std::collections::BTreeMap;

use relance::domain::channels::mailbox::Security;
use reqwest::Method;
use serde_json::{Value, json};

use super::relance::Relance;
use super::server::{Running, run};

const CAP: usize = 5;

/// When each message leaves that a bound holds.
fn places(deliveries: &[Value]) -> BTreeMap<String, String> {
    let text = |delivery: &Value, member: &str| delivery[member].as_str().unwrap_or_default().to_owned();
    let held = deliveries.iter().filter(|delivery| delivery["held_by"] == "organisation");
    held.map(|delivery| (text(delivery, "id"), text(delivery, "next_attempt_at"))).collect()
}

#[test]
fn no_more_leave_in_an_hour_than_may_and_a_restart_keeps_the_dates() {
    let server = Running::start(Security::None);
    run(async {
        let relance = Relance::with_mailbox(server.port).await;
        let caps = json!({ "sending_caps": { "organisation": { "per_hour": CAP } } });
        relance.ask(Method::PATCH, "/settings", caps).await;
        let sequence = relance.sequence().await;
        relance.connect(&sequence, 3 * CAP + 1).await;
        let held = relance.until(|all| places(all).len() == 2 * CAP + 1 && server.taken().len() == CAP).await;
        let shown = places(&held);
        let mut times: Vec<&String> = shown.values().collect();
        times.sort();
        times.dedup();
        assert!(times.len() >= 3, "the sixteenth leaves in the fourth hour: {times:?}");
        // Whoever starts again knows what has left and what was promised.
        let relance = relance.kill_and_restart();
        relance.connect(&sequence, 1).await;
        let all = relance.until(|all| places(all).len() == 2 * CAP + 2).await;
        let kept = places(&all);
        assert!(shown.iter().all(|(id, at)| kept.get(id) == Some(at)), "{shown:?}\n{kept:?}");
        assert_eq!(server.taken().len(), CAP);
        // What does not leave after all makes room, and what is more leaves where it is let.
        relance.ask(Method::PATCH, "/settings", json!({ "sending_caps": null })).await;
        relance.connect(&sequence, 1).await;
        relance.until(|_| server.taken().len() == CAP + 1).await;
    });
}
