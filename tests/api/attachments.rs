//! Files of e-mail templates: messages name them by links, and whoever fetches one has shown interest (CO-4, RP-9).

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Answer, Client, Request, Server, spooled};

const PUBLIC: &str = "https://crm.example.com";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const CONTENT: &[u8] = b"%PDF-1.7 prezos \0\xff<script>";

fn template(api: &Client) -> String {
    let html = "<p>Look.</p>";
    let body =
        json!({ "name": "Offer", "language": "gl", "subject": "Prezos", "body_text": "Look.", "body_html": html });
    id(&api.post("/email-templates", body).expect(201))
}

fn attach<'a>(api: &'a Client, template: &str, query: &str, media_type: &str) -> Request<'a> {
    let request = api.request(Method::POST, &format!("/email-templates/{template}/attachments{query}"));
    request.header("content-type", media_type)
}

/// A message that names a file, and the path of the link; a fetched file leads on (CO-4).
fn sent(server: &Server, api: &Client, template: &str) -> (String, String) {
    let sequence = api.active(graph([
        node("m", "auto_email", json!({ "template": template, "next": "c" })),
        node("c", "cond_email_attachment", json!({ "limit_days": 3, "advance_early": true, "yes": "y", "no": "n" })),
        task("y", None),
        task("n", None),
    ]));
    let lead = api.lead();
    api.connect(&sequence, &lead);
    api.advance(json!({ "minutes": 1 }));
    let raw = spooled(&server.data()).pop().unwrap();
    let parsed = mail_parser::MessageParser::default().parse(raw.as_bytes()).unwrap();
    assert_eq!(parsed.attachment_count(), 0, "the file itself does not go: {raw}");
    let text = parsed.body_text(0).unwrap().into_owned();
    let path = text.split(PUBLIC).nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    assert!(path.starts_with("/t/a/") && parsed.body_html(0).unwrap().contains(&path), "{text}");
    (lead, path)
}

fn fetched(api: &Client, path: &str, program: &str) -> Answer {
    let request = api.bare(Method::GET, path).header("user-agent", program);
    request.header("accept", "text/html,*/*;q=0.8").header("accept-language", "gl").send()
}

fn noted(api: &Client, lead: &str, kind: &str) -> usize {
    let timeline = api.get(&format!("/records/{lead}/timeline")).expect(200);
    items(&timeline).iter().filter(|item| item["kind"] == kind).count()
}

#[test]
fn co_4_a_person_who_fetches_a_file_satisfies_the_condition_and_a_machine_does_not() {
    let server = Server::sandbox();
    let api = server.client();
    api.patch("/settings", json!({ "public_url": PUBLIC })).expect(200);
    let template = template(&api);
    let name = "?name=Prezos%202026%20%22x%22%E2%82%AC.pdf";
    let made = attach(&api, &template, name, "application/pdf; x=y").body(CONTENT.to_vec()).send().expect(201);
    let file = json!({ "id": made["id"], "name": "Prezos 2026 \"x\"€.pdf", "media_type": "application/pdf",
        "bytes": CONTENT.len() });
    assert_eq!(made, file);
    let path = format!("/email-templates/{template}");
    assert_eq!(api.get(&path).expect(200)["attachments"], json!([file]));
    assert_eq!(items(&api.get(&format!("{path}/attachments")).expect(200)), vec![file.clone()]);
    let (lead, link) = sent(&server, &api, &template);
    let machine = fetched(&api, &link, "curl/8.5.0");
    assert_eq!((machine.status, machine.bytes()), (200, CONTENT));
    assert_eq!((noted(&api, &lead, "email_machine_hit"), api.current(&lead)["node"].as_str()), (1, Some("c")));
    // What was sent can be fetched after a restart, with a program that shows no page of it.
    let server = server.kill_and_restart();
    let api = server.client();
    let person = fetched(&api, &link, FIREFOX);
    assert_eq!((person.status, person.bytes(), person.header("content-type")), (200, CONTENT, "application/pdf"));
    assert_eq!(person.header("x-content-type-options"), "nosniff");
    let saved = person.header("content-disposition");
    assert!(saved.starts_with("attachment; ") && !saved.contains(['\r', '\n']), "{saved}");
    assert!(saved.contains("filename*=UTF-8''Prezos%202026"), "{saved}");
    assert_eq!((noted(&api, &lead, "email_hit"), api.current(&lead)["node"].as_str()), (1, Some("y")));
    // Whoever takes it away takes it from those as well who were sent a link.
    let gone = format!("{path}/attachments/{}", made["id"].as_str().unwrap());
    assert_eq!(api.request(Method::DELETE, &gone).send().status, 204);
    api.request(Method::DELETE, &gone).send().refused(404, "not_found");
    assert_eq!(fetched(&api, &link, FIREFOX).status, 404, "a page says so");
    let audited = api.get("/audit").expect(200).to_string();
    assert!(audited.contains("message_template.attached") && audited.contains("message_template.detached"));
}

#[test]
fn files_are_handed_on_without_being_noted_where_nobody_wants_to_know() {
    let server = Server::sandbox();
    let api = server.client();
    api.patch("/settings", json!({ "public_url": PUBLIC })).expect(200);
    let template = template(&api);
    attach(&api, &template, "?name=a.txt", "text/plain").body("words").send().expect(201);
    let (lead, link) = sent(&server, &api, &template);
    api.patch("/settings", json!({ "email_engagement": false })).expect(200);
    assert_eq!(fetched(&api, &link, FIREFOX).bytes(), b"words");
    assert_eq!(noted(&api, &lead, "email_hit"), 0);
}

#[test]
fn without_an_address_of_ours_a_message_with_files_goes_to_the_seller() {
    let server = Server::sandbox();
    let api = server.client();
    let template = template(&api);
    attach(&api, &template, "?name=a.txt", "text/plain").body("words").send().expect(201);
    let lead = api.lead();
    api.connect(&api.active(graph([node("m", "auto_email", json!({ "template": template }))])), &lead);
    api.advance(json!({ "minutes": 1 }));
    assert_eq!(spooled(&server.data()).len(), 0);
    let deliveries = api.get("/deliveries?state=failed").expect(200);
    assert!(items(&deliveries)[0]["last_error"].as_str().unwrap().contains("public_url"), "{deliveries}");
}

#[test]
fn what_fits_no_template_is_refused() {
    let server = Server::sandbox();
    let api = server.client();
    let template = template(&api);
    let long = format!("?name={}", "x".repeat(101));
    for query in ["?name=", "?name=%20", "?name=a%0Ab", "?name=a%2Fb", "?name=..%5Cb", "?name=.profile", &long] {
        let answer = attach(&api, &template, query, "text/plain").body("words").send();
        answer.refused_at(422, "validation_failed", "/name");
    }
    attach(&api, &template, "?name=a.txt", "text/plain").body("").send().refused(422, "validation_failed");
    attach(&api, &template, "", "text/plain").body("words").send().refused(400, "malformed");
    for media_type in ["text/html", "image/svg+xml", "application/javascript", "application/x-msdownload", "nonsense"] {
        let answer = attach(&api, &template, "?name=a", media_type).body("words").send();
        answer.refused(415, "unsupported_media_type");
    }
    let large = vec![b'x'; (4 << 20) + 1];
    attach(&api, &template, "?name=a", "text/plain").body(large.clone()).send().refused(413, "too_large");
    let most = large[1..].to_vec();
    attach(&api, &template, "?name=a", "text/plain").body(most).send().expect(201);
    for _ in 1..10 {
        attach(&api, &template, "?name=a", "text/plain").body("words").send().expect(201);
    }
    attach(&api, &template, "?name=a", "text/plain").body("words").send().refused(409, "attachments_full");
    let text = json!({ "name": "Text", "language": "gl", "body": "Ola" });
    let text = id(&api.post("/text-templates", text).expect(201));
    attach(&api, &text, "?name=a", "text/plain").body("words").send().refused(404, "not_found");
    api.get(&format!("/email-templates/{text}/attachments")).refused(404, "not_found");
    // The same request again attaches nothing twice.
    let other = self::template(&api);
    let again = |name: &str| {
        let request = attach(&api, &other, &format!("?name={name}"), "text/plain");
        request.header("idempotency-key", "one").body("words").send()
    };
    assert_eq!(again("a").expect(201), again("a").expect(201));
    again("b").refused(422, "idempotency_key_reused");
    let all: Value = api.get(&format!("/email-templates/{other}/attachments")).expect(200);
    assert_eq!(items(&all).len(), 1);
}
