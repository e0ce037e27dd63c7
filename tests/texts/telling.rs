//! What a gateway tells: receipts, and texts that come in.

use reqwest::Method;
use ring::hmac;
use serde_json::{Value, json};

use super::gateway::Gateway;
use super::relance::{Relance, run};

fn hex(tag: hmac::Tag) -> String {
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The members of a gateway that tells by forms.
fn telling() -> Value {
    json!({
        "receipts": { "message_id": "/id", "reference": "/ref", "status": "/status", "delivered": ["DELIVRD"], "failed": ["UNDELIV"], "detail": "/why" },
        "incoming": { "from": "/from", "body": "/text", "id": "/id" },
    })
}

async fn post(relance: &Relance, url: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> (u16, Value) {
    let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut request = relance.client.post(url).header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.body(body).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
}

async fn urls(relance: &Relance, gateway: &str) -> (String, String) {
    let told = relance.ask(Method::POST, &format!("/text-gateways/{gateway}/inbound"), json!({})).await;
    let url = |member: &str| told[member].as_str().unwrap().to_owned();
    (url("receipts_url"), url("texts_url"))
}

fn taken(taken: usize) -> (u16, Value) {
    (200, json!({ "taken": taken, "unrelated": 1 - taken }))
}

#[test]
fn a_receipt_is_found_by_the_providers_id_and_settles_what_nobody_knew() {
    let gateway = Gateway::start(false);
    run(async {
        let (relance, id) = Relance::with_gateway(gateway.port, telling()).await;
        let (receipts, _) = urls(&relance, &id).await;
        let sequence = relance.sequence().await;
        relance.connect(&sequence, "600 12 34 56").await;
        let sent = relance.come_to_rest(1).await.remove(0);
        assert_eq!((&sent["channel"], &sent["to"]), (&json!("text"), &json!("+34 600 12 34 56")));
        let named = sent["message_id"].as_str().unwrap().to_owned();
        assert_eq!(named, format!("m-{}", sent["id"].as_str().unwrap()), "the provider's own");
        let tell =
            |status: &'static str| [("id", named.as_str()), ("status", status), ("why", "no such subscriber")].to_vec();
        assert_eq!(post(&relance, &receipts, &tell("SENT"), &[]).await, taken(0));
        assert_eq!(post(&relance, &receipts, &[("id", "m-other"), ("status", "DELIVRD")], &[]).await, taken(0));
        assert_eq!(post(&relance, &receipts, &tell("UNDELIV"), &[]).await, taken(1));
        assert_eq!(post(&relance, &receipts, &tell("UNDELIV"), &[]).await, taken(1), "again, and nothing changes");
        let failed = relance.come_to_rest(1).await.remove(0);
        assert_eq!((&failed["state"], &failed["arrived"]), (&json!("failed"), &json!(false)), "{failed}");
        assert_eq!(failed["last_error"], "no such subscriber");
        // Its answer was lost: the reference that it was given says which it is.
        gateway.fails("lost");
        relance.connect(&sequence, "600 12 34 57").await;
        let unknown = relance.come_to_rest(2).await.remove(0);
        assert_eq!(unknown["state"], "unknown");
        let reference = unknown["id"].as_str().unwrap();
        assert_eq!(post(&relance, &receipts, &[("ref", reference), ("status", "DELIVRD")], &[]).await, taken(1));
        let known = relance.come_to_rest(2).await.remove(0);
        assert_eq!((&known["state"], &known["arrived"]), (&json!("sent"), &json!(true)));
        // Whoever does not know the address tells nothing.
        let forged = format!("{}x", receipts);
        assert_eq!(post(&relance, &forged, &tell("DELIVRD"), &[]).await.0, 404);
        assert_eq!(post(&relance, &receipts, &[("status", "DELIVRD")], &[]).await, taken(0));
        assert_eq!(post(&relance, &receipts, &[("id", "x")], &[]).await.0, 400);
    });
}

#[test]
fn a_text_that_comes_in_is_an_answer_of_whoever_was_written_to_last_and_stop_is_heard() {
    let gateway = Gateway::start(false);
    run(async {
        let (relance, id) = Relance::with_gateway(gateway.port, telling()).await;
        let (_, texts) = urls(&relance, &id).await;
        let sequence = relance.sequence().await;
        let first = relance.connect(&sequence, "600 12 34 56").await;
        relance.come_to_rest(1).await;
        let last = relance.connect(&sequence, "+34600123456").await;
        relance.come_to_rest(2).await;
        let record =
            |id: String| async { relance.ask(Method::GET, &format!("/records/{}", { id }), Value::Null).await };
        let stop = [("from", "34600123456"), ("text", "Baja, por favor"), ("id", "in-1")];
        assert_eq!(post(&relance, &texts, &[("from", "34699999999"), ("text", "STOP")], &[]).await, taken(0));
        assert_eq!(
            post(&relance, &texts, &[("from", "34600123456"), ("text", "Yes!"), ("id", "in-0")], &[]).await,
            taken(1)
        );
        assert_eq!(record(last.clone()).await["allow_text"], true);
        assert_eq!(post(&relance, &texts, &stop, &[]).await, taken(1));
        assert_eq!(post(&relance, &texts, &stop, &[]).await, taken(1), "again, and nothing changes");
        assert_eq!(record(last.clone()).await["allow_text"], false);
        assert_eq!(record(first).await["allow_text"], true);
        let timeline = relance.ask(Method::GET, &format!("/records/{last}/timeline?limit=100"), Value::Null).await;
        let count = |kind: &str| timeline.to_string().matches(&format!("\"{kind}\"")).count();
        assert_eq!((count("text_replied"), count("text_opted_out")), (2, 1), "{timeline}");
    });
}

#[test]
fn what_is_not_signed_is_not_looked_at_where_the_gateway_signs() {
    let gateway = Gateway::start(false);
    run(async {
        let mut described = telling();
        described["callback_signature"] = json!({ "header": "X-Signature", "prefix": "sha256=" });
        described["callback_secret"] = json!("callback secret");
        let (relance, id) = Relance::with_gateway(gateway.port, described).await;
        let (receipts, texts) = urls(&relance, &id).await;
        let sequence = relance.sequence().await;
        relance.connect(&sequence, "600 12 34 56").await;
        let sent = relance.come_to_rest(1).await.remove(0);
        let form = [("ref", sent["id"].as_str().unwrap()), ("status", "DELIVRD")];
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let sign = |secret: &str| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            format!("sha256={}", hex(hmac::sign(&key, body.as_bytes())))
        };
        for (url, headers) in [
            (&receipts, vec![]),
            (&receipts, vec![("x-signature", sign("another secret"))]),
            (&receipts, vec![("x-signature", "sha256=".to_owned())]),
            (&texts, vec![]),
        ] {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let (status, told) = post(&relance, url, &form, &headers).await;
            assert_eq!((status, &told["code"]), (403, &json!("signature_invalid")), "{headers:?}");
        }
        assert_eq!(post(&relance, &receipts, &form, &[("x-signature", &sign("callback secret"))]).await, taken(1));
        assert_eq!(relance.come_to_rest(1).await[0]["arrived"], true);
    });
}

/// The test of a gateway shows what it would send, without the secret, and sends one message where it is given a number.
#[test]
fn a_gateway_is_tried() {
    let gateway = Gateway::start(false);
    run(async {
        let (relance, id) = Relance::with_gateway(gateway.port, json!({})).await;
        let path = format!("/text-gateways/{id}/test");
        let shown = relance.ask(Method::POST, &path, json!({})).await;
        assert_eq!(shown["ok"], true);
        assert!(shown["request"]["body"].as_str().unwrap().contains("to=%2B447700900123"), "{shown}");
        assert_eq!(shown["request"]["headers"]["x-key"], "********");
        assert!(gateway.books().requests.is_empty());
        let tried = relance.ask(Method::POST, &path, json!({ "to": "600 12 34 56", "body": "Hi" })).await;
        assert_eq!(tried["ok"], true, "{tried}");
        assert!(tried["message_id"].as_str().unwrap().starts_with("m-"));
        gateway.fails("400");
        let tried = relance.ask(Method::POST, &path, json!({ "to": "600 12 34 56" })).await;
        assert_eq!((&tried["ok"], &tried["detail"]), (&json!(false), &json!("the gateway answered 400: not now")));
        assert_eq!(gateway.books().requests.len(), 2);
    });
}

#[test]
fn w_93_what_a_seller_writes_leaves_through_the_gateway_with_its_blanks_filled_in() {
    let gateway = Gateway::start(false);
    run(async {
        let (relance, _) = Relance::with_gateway(gateway.port, telling()).await;
        let text = json!({ "id": "s", "type": "text", "name": "Reminder", "next": "t" });
        let graph = json!({ "start": "s", "nodes": [text, { "id": "t", "type": "task", "name": "Task" }] });
        let made = relance.ask(Method::POST, "/sequences", json!({ "name": "By hand", "graph": graph })).await;
        let sequence = made["id"].as_str().unwrap();
        relance.ask(Method::POST, &format!("/sequences/{sequence}/activate"), json!({})).await;
        let record = relance.connect(sequence, "600 12 34 56").await;
        let up_next = format!("/records/{record}/up-next");
        let step = relance.ask(Method::GET, &up_next, Value::Null).await["current"][0]["step"].clone();
        let path = format!("/steps/{}/text", step["id"].as_str().unwrap());
        relance.ask(Method::POST, &path, json!({ "body": "Dear {{ record.name }}, see you on Friday" })).await;
        let sent = relance.come_to_rest(1).await.remove(0);
        assert_eq!((&sent["state"], &sent["to"]), (&json!("sent"), &json!("+34 600 12 34 56")));
        let (_, body) = gateway.books().requests[0].clone();
        let said = url::form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "text");
        assert_eq!(said.unwrap().1, "Dear Ada, see you on Friday");
        let next = relance.ask(Method::GET, &up_next, Value::Null).await;
        assert_eq!(next["current"][0]["step"]["type"], "task");
    });
}
