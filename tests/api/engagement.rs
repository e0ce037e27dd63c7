//! Openings, clicks and the way out of messages (§21.4, RFC 8058), as recipients' programs ask for them: without a token, from
//! the links that stand in the very message.

use mail_parser::MessageParser;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Answer, Client, Request, Server, spooled};

const PUBLIC: &str = "https://crm.example.com";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// A message as it left.
struct Sent {
    server: Server,
    api: Client,
    sequence: String,
    lead: String,
    email: String,
    enrolment: Value,
    /// Paths of what leads back here.
    open: String,
    clicks: Vec<String>,
    unsubscribe: String,
}

/// The sequence: a message, a condition that goes on at a click, and a task for each exit.
fn sent() -> Sent {
    let server = Server::sandbox();
    let api = server.client();
    api.patch("/settings", json!({ "public_url": PUBLIC })).expect(200);
    let html = "<p>Dear {{ record.name }}, <a href=\"https://example.org/{{ record.email }}?a=b&amp;c=d\">one</a> \
                <a href=\"http://example.org/two\">two</a> <a href=\"javascript:alert(1)\">three</a></p>";
    let template = json!({ "name": "Offer", "language": "en", "subject": "An offer", "body_text": "Look.",
        "body_html": html });
    let template = id(&api.post("/email-templates", template).expect(201));
    let sequence = api.active(graph([
        node("m", "auto_email", json!({ "template": template, "next": "c" })),
        node("c", "cond_email_link", json!({ "limit_days": 3, "advance_early": true, "yes": "y", "no": "n" })),
        task("y", None),
        task("n", None),
    ]));
    let lead = api.lead();
    let email = api.get(&format!("/records/{lead}")).expect(200)["email"].as_str().unwrap().to_owned();
    let enrolment = api.connect(&sequence, &lead);
    api.advance(json!({ "minutes": 1 }));
    let [raw] = <[String; 1]>::try_from(spooled(&server.data())).unwrap();
    let parsed = MessageParser::default().parse(raw.as_bytes()).unwrap();
    let html = parsed.body_html(0).unwrap().into_owned();
    let paths = html.split(PUBLIC).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    let (open, clicks): (Vec<_>, Vec<_>) = paths.partition(|path| path.starts_with("/t/o/"));
    let header = raw.split("List-Unsubscribe: <").nth(1).unwrap().split('>').next().unwrap();
    let unsubscribe = header.strip_prefix(PUBLIC).unwrap().to_owned();
    assert!(raw.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{raw}");
    assert!(!html.contains("javascript"), "{html}");
    Sent { server, api, sequence, lead, email, enrolment, open: open[0].clone(), clicks, unsubscribe }
}

impl Sent {
    fn person(&self, path: &str) -> Request<'_> {
        self.program(path, FIREFOX)
    }

    fn program(&self, path: &str, name: &str) -> Request<'_> {
        let request = self.api.bare(Method::GET, path).header("user-agent", name);
        request.header("accept", "text/html,*/*;q=0.8").header("accept-language", "gl")
    }

    fn kinds(&self) -> Vec<String> {
        let timeline = self.api.get(&format!("/records/{}/timeline", self.lead)).expect(200);
        items(&timeline).iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
    }

    fn count(&self, kind: &str) -> usize {
        self.kinds().iter().filter(|found| *found == kind).count()
    }

    fn here(&self) -> String {
        self.api.current(&self.lead)["node"].as_str().unwrap().to_owned()
    }

    fn allows_email(&self) -> bool {
        self.api.get(&format!("/records/{}", self.lead)).expect(200)["allow_email"] != json!(false)
    }
}

fn leads_to(answer: &Answer) -> &str {
    assert_eq!(answer.status, 302, "{}", answer.text());
    assert!(answer.header("cache-control").contains("no-store"));
    answer.header("location")
}

#[test]
fn a_person_opens_a_message_and_follows_a_link_to_where_it_led() {
    let sent = sent();
    let picture = sent.person(&sent.open).send();
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/gif"));
    assert!(picture.bytes().starts_with(b"GIF89a") && picture.header("cache-control").contains("no-store"));
    assert_eq!(picture.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(picture.header("set-cookie"), "");
    assert_eq!((sent.count("email_opened"), sent.here().as_str()), (1, "c"));
    let mut found: Vec<_> = sent.clicks.iter().map(|path| leads_to(&sent.person(path).send()).to_owned()).collect();
    found.sort();
    let one = format!("https://example.org/{}?a=b&c=d", sent.email);
    assert_eq!(found, ["http://example.org/two".to_owned(), one]);
    assert_eq!((sent.count("email_link_clicked"), sent.here().as_str()), (1, "y"), "the click goes on early (CO-12)");
    // Again: led on just the same, and nothing new.
    leads_to(&sent.person(&sent.clicks[0]).send());
    assert_eq!((sent.count("email_opened"), sent.count("email_link_clicked")), (1, 1));
    let timeline = sent.api.get(&format!("/records/{}/timeline", sent.lead)).expect(200);
    let written = items(&timeline).iter().find(|item| item["kind"] == "message_written").unwrap();
    assert_eq!(written["note"], "Look.");
    assert!(written["summary"].as_str().unwrap().contains("An offer"), "{written}");
}

#[test]
fn machines_are_led_on_and_noted_and_satisfy_nothing() {
    let sent = sent();
    let click = sent.clicks[0].as_str();
    leads_to(&sent.program(click, "curl/8.5.0").send());
    leads_to(&sent.program(click, "Mozilla/5.0").send());
    leads_to(&sent.person(click).header("purpose", "prefetch").send());
    assert_eq!(sent.api.bare(Method::HEAD, click).header("user-agent", FIREFOX).send().status, 302);
    sent.api.bare(Method::GET, &sent.open).send();
    assert_eq!(sent.count("email_machine_hit"), 5);
    assert_eq!((sent.count("email_opened"), sent.count("email_link_clicked"), sent.here().as_str()), (0, 0, "c"));
    let explained = sent.api.get(&format!("/enrolments/{}/explain", id(&sent.enrolment))).expect(200);
    assert!(explained.to_string().contains("which names itself as a scanner or another program"), "{explained}");
    leads_to(&sent.person(click).send());
    assert_eq!((sent.count("email_link_clicked"), sent.here().as_str()), (1, "y"), "then a person came");
}

/// Reliability, section 6, row 10; the open form return of another product (mautic#16419) among them.
#[test]
fn no_altered_link_and_no_wish_of_the_visitor_leads_anywhere() {
    let sent = sent();
    let (click, open) = (sent.clicks[0].clone(), sent.open.clone());
    let id = click.rsplit('/').next().unwrap().to_owned();
    let mut chance = fastrand::Rng::with_seed(3);
    let altered = (0..200).map(|_| {
        let place = chance.usize(..id.len());
        let letter = chance.alphanumeric();
        format!("/t/c/{}{letter}{}", &id[..place], &id[place + 1..])
    });
    for path in altered.filter(|path| *path != click) {
        sent.api.bare(Method::GET, &path).send().refused(404, "not_found");
    }
    let foreign = open.replace("/t/o/", "/t/c/");
    let swapped = click.replace("/t/c/", "/t/o/");
    for path in [&foreign, &swapped, "/t/c/x", "/t/o/", "/t/c/https:%2f%2fevil.example", "/u/x", "/t/a/x"] {
        assert_eq!(sent.api.bare(Method::GET, path).send().status, 404, "{path}");
    }
    let wished = sent.person(&format!("{click}?url=https://evil.example&return=https://evil.example")).send();
    assert!(leads_to(&wished).contains("example.org"));
    sent.api.bare(Method::POST, &click).send().refused(404, "not_found");
}

#[test]
fn a_get_asks_and_a_post_unsubscribes_once_and_for_all() {
    let sent = sent();
    let page = sent.person(&sent.unsubscribe).send();
    assert_eq!(page.status, 200);
    // In the language that the person's browser asks for.
    let form = format!("method=\"post\" action=\"{}\"", sent.unsubscribe);
    assert!(page.text().contains(&form) && page.text().contains("Darse de baixa"), "{}", page.text());
    sent.api.bare(Method::GET, &sent.unsubscribe).header("user-agent", "curl/8.5.0").send();
    assert!(sent.allows_email(), "looking changes nothing");
    for _ in 0..2 {
        let one_click = sent.api.bare(Method::POST, &sent.unsubscribe);
        let one_click = one_click.header("content-type", "application/x-www-form-urlencoded");
        let done = one_click.body("List-Unsubscribe=One-Click").send();
        assert_eq!((done.status, done.header("set-cookie")), (200, ""));
        assert!(!sent.allows_email());
        assert_eq!(sent.count("opted_out"), 1, "{:?}", sent.kinds());
    }
    let list = sent.api.get("/suppressions").expect(200);
    assert_eq!((&items(&list)[0]["email"], &items(&list)[0]["record"]), (&json!(sent.email), &json!(sent.lead)));
    let altered = format!("{}A", sent.unsubscribe);
    sent.api.bare(Method::POST, &altered).send().refused(404, "not_found");
}

#[test]
fn what_was_erased_leads_nowhere_and_unsubscribing_still_works() {
    let sent = sent();
    let erased = sent.api.request(Method::DELETE, &format!("/records/{}", sent.lead)).send();
    assert_eq!(erased.status, 204, "{}", erased.text());
    for path in [&sent.open, &sent.clicks[0]] {
        sent.api.bare(Method::GET, path).send().refused(404, "not_found");
    }
    for _ in 0..2 {
        assert_eq!(sent.api.bare(Method::POST, &sent.unsubscribe).send().status, 200);
    }
    let list = sent.api.get("/suppressions").expect(200);
    let [one] = items(&list) else { panic!("{list}") };
    assert_eq!((&one["reason"], &one["email"], &one["record"]), (&json!("unsubscribed"), &Value::Null, &Value::Null));
    let found = sent.api.get(&format!("/suppressions?email={}", sent.email.to_uppercase())).expect(200);
    assert_eq!(items(&found), vec![one.clone()], "it is known all the same");
    // Whoever brings the same person in again writes to nobody.
    let again = json!({ "type": "lead", "name": "Again", "email": sent.email });
    let again = id(&sent.api.post("/records", again).expect(201));
    sent.api.connect(&sent.sequence, &again);
    assert_eq!(sent.api.current(&again)["error"], "email_undeliverable");
}

#[test]
fn links_go_on_after_a_restart() {
    let mut sent = sent();
    sent.server = sent.server.kill_and_restart();
    sent.api = sent.server.client();
    assert!(leads_to(&sent.person(&sent.clicks[0]).send()).contains("example.org"));
}

#[test]
fn without_engagement_links_are_left_as_they_are() {
    let server = Server::sandbox();
    let api = server.client();
    api.patch("/settings", json!({ "public_url": PUBLIC, "email_engagement": false })).expect(200);
    let template = json!({ "name": "Offer", "language": "en", "subject": "An offer", "body_text": "Look.",
        "body_html": "<a href=\"https://example.org/one\">one</a>" });
    let template = id(&api.post("/email-templates", template).expect(201));
    let lead = api.lead();
    api.connect(&api.active(graph([node("m", "auto_email", json!({ "template": template }))])), &lead);
    api.advance(json!({ "minutes": 1 }));
    let raw = spooled(&server.data()).remove(0);
    assert!(raw.contains("https://example.org/one") && !raw.contains("/t/o/") && raw.contains("/u/"), "{raw}");
}
