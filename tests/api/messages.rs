//! `/email-templates` and `/text-templates` as a client sees them, and what automated e-mails say.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, node};
use crate::server::{Server, spooled};

fn mail(name: &str, language: &str, body: &str) -> Value {
    json!({ "name": name, "language": language, "subject": "For {{ record.fields.company }}", "body_text": body })
}

#[test]
fn a_template_is_created_found_changed_and_deleted() {
    let server = Server::sandbox();
    let api = server.client();
    let made = api.post("/email-templates", mail("Proposta", "gl", "Ola, {{ record.name }}:"));
    let created = made.expect(201);
    let path = format!("/email-templates/{}", id(&created));
    assert_eq!(made.header("location"), format!("/api/v1{path}"));
    assert_eq!(api.get(&path).expect(200), created);
    assert_eq!((&created["shipped"], &created["body_html"]), (&json!(false), &Value::Null));
    api.get(&path.replace("email", "text")).refused(404, "not_found");
    let found = |query: &str| {
        let page = api.get(&format!("/email-templates?{query}")).expect(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("language=gl&q=PROPOSTA"), ["Proposta"]);
    assert_eq!(found("language=gl&q=for%20%7B%7B"), ["Proposta"], "of the subject");
    assert_eq!(found("language=fr").len(), 3, "the three that come with the product");
    assert_eq!(found("limit=500").len(), 10);
    api.get("/email-templates?language=de").refused(400, "malformed");
    let stale = made.header("etag").to_owned();
    let changed = api.patch(&path, json!({ "body_html": "<p>{{ record.name }}</p>", "language": "en" })).expect(200);
    assert_eq!((&changed["body_html"], &changed["language"]), (&json!("<p>{{ record.name }}</p>"), &json!("en")));
    assert!(api.patch(&path, json!({ "body_html": null })).expect(200).get("body_html").is_none());
    let ask = |method| api.request(method, &path).header("if-match", &stale);
    ask(Method::PATCH).json(&json!({ "name": "Late" })).send().refused(412, "version_mismatch");
    ask(Method::DELETE).send().refused(412, "version_mismatch");
    assert_eq!(api.request(Method::DELETE, &path).send().status, 204);
    api.get(&path).refused(404, "not_found");
    let told: Vec<_> = api.get("/audit?limit=4").expect(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["action"].clone())
        .collect();
    let action = |what: &str| json!(format!("message_template.{what}"));
    assert_eq!(told, [action("deleted"), action("changed"), action("changed"), action("created")]);
}

#[test]
fn what_does_not_fit_is_named_by_its_place_and_what_comes_with_the_product_stays() {
    let server = Server::sandbox();
    let api = server.client();
    let wrong = api.post("/email-templates", mail("N", "en", "one\n{{ record.fields.compnay }}"));
    let problem = wrong.refused_at(422, "validation_failed", "/body_text");
    assert_eq!(problem["errors"][0]["code"], "merge_field_unknown", "{problem}");
    assert!(
        problem["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("line 2: there is no merge field `record.fields.compnay`")
    );
    let looped = json!({ "name": "N", "language": "en", "body": "{% for a in b %}{% endfor %}" });
    let problem = api.post("/text-templates", looped).refused_at(422, "validation_failed", "/body");
    assert_eq!(problem["errors"][0]["code"], "template_invalid", "{problem}");
    let shipped = "/email-templates/00000000-0000-7000-8000-000000000011";
    assert_eq!(api.get(shipped).expect(200)["shipped"], true);
    api.patch(shipped, json!({ "name": "Mine" })).refused(409, "template_shipped");
    api.request(Method::DELETE, shipped).send().refused(409, "template_shipped");
}

#[test]
fn a_preview_shows_what_a_record_would_get_and_an_automated_email_says_it() {
    let server = Server::sandbox();
    let api = server.client();
    let seller = api.person("Sabela Otero", &["seller"], "north");
    let body = json!({
        "name": "N", "language": "en", "subject": "For\t{{ record.fields.company }}".replace('\t', " "),
        "body_text": "Dear {{ record.name }}, {{ record.fields.city | default('your town') }}. {{ seller.name }}{{ seller.signature }}",
        "body_html": "<p>{{ record.fields.company }}</p>",
    });
    let made = api.ask(seller.by_token(), Method::POST, "/api/v1/email-templates").json(&body).send().expect(201);
    let template = id(&made);
    let signature = json!({ "signature": ",\nPontevedra" });
    api.ask(seller.by_token(), Method::PATCH, "/api/v1/me/settings").json(&signature).send().expect(200);
    let record = json!({ "type": "lead", "name": "Ada", "email": "ada@example.org", "owner": { "user": seller.id }, "external_id": "a1", "fields": { "company": "Bell & Sons" } });
    let record = id(&api.post("/records", record).expect(201));
    let preview = format!("/api/v1/email-templates/{template}/preview");
    let asked = api.ask(seller.by_token(), Method::POST, &preview).json(&json!({ "record": "external:lead:a1" }));
    let filled = json!({ "subject": "For Bell & Sons", "body_text": "Dear Ada, your town. Sabela Otero,\nPontevedra", "body_html": "<p>Bell &amp; Sons</p>" });
    assert_eq!(asked.send().expect(200), filled);
    let text = json!({ "name": "T", "language": "en", "body": "{{ record.name }} {{ seller.name }}" });
    let text = id(&api.post("/text-templates", text).expect(201));
    let shown = api.post(&format!("/text-templates/{text}/preview"), json!({ "record": record })).expect(200);
    assert_eq!(shown, json!({ "body": "Ada Administrator" }));

    let drawn = graph([node("1", "auto_email", json!({ "template": template, "next": null }))]);
    let sequence = id(&api.post("/sequences", json!({ "name": "One mail", "graph": drawn })).expect(201));
    api.post(&format!("/sequences/{sequence}/activate"), json!({})).expect(200);
    let held = api.request(Method::DELETE, &format!("/email-templates/{template}")).send();
    let held = held.refused(409, "referenced_by_active_sequence");
    assert!(held["detail"].as_str().unwrap().contains("`One mail`"), "{held}");
    api.patch(&format!("/email-templates/{template}"), json!({ "subject": "New words" })).expect(200);
    api.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": [record] })).expect(200);
    api.post("/test-clock/advance", json!({ "by": { "minutes": 1 } })).expect(200);
    let mails = spooled(&server.data());
    let [mail] = mails.as_slice() else { panic!("{} messages", mails.len()) };
    assert!(mail.contains("Subject: New words") && mail.contains("multipart/alternative"), "{mail}");
    assert!(mail.contains("Sabela Otero") && mail.contains("Bell &amp; Sons"), "{mail}");
    let server = server.kill_and_restart();
    assert_eq!(server.client().get(&format!("/email-templates/{template}")).expect(200)["subject"], "New words");
}
