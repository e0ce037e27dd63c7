//! Mailboxes as clients set them up.

use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{id, items, mailbox};
use crate::server::Server;

#[test]
fn a_mailbox_is_added_changed_and_removed_and_its_passwords_are_never_shown() {
    let server = Server::sandbox();
    let api = server.client();
    let mut body = mailbox("sales", None);
    body["smtp"]["username"] = json!("sales");
    body["smtp"]["password"] = json!("canary-smtp");
    body["imap"] = json!({ "host": "imap.example.org", "port": 993.0, "security": "tls", "username": "s", "password": "canary-imap" });
    body["caps"] = json!({ "per_hour": 30, "per_day": null });
    let made = api.post("/mailboxes", body.clone());
    let made_body = made.expect(201);
    let path = format!("/mailboxes/{}", id(&made_body));
    assert_eq!(made.header("location"), format!("/api/v1{path}"));
    let expected = json!({
        "id": made_body["id"], "name": "sales", "address": "sales@example.org", "owner": null,
        "smtp": { "host": "127.0.0.1", "port": 25, "security": "none", "username": "sales", "has_password": true },
        "imap": { "host": "imap.example.org", "port": 993, "security": "tls", "username": "s", "has_password": true },
        "caps": { "per_hour": 30, "per_day": null },
    });
    assert_eq!(made_body, expected);
    api.post("/mailboxes", body).refused(409, "address_taken");
    // A merge patch: what is not named stays, within servers too.
    let changed = api.patch(&path, json!({ "smtp": { "username": "vendas" }, "imap": null, "caps": { "per_day": 9 } }));
    let changed = changed.expect(200);
    assert_eq!(changed["smtp"]["username"], "vendas");
    assert_eq!((&changed["smtp"]["port"], &changed["smtp"]["has_password"]), (&json!(25), &json!(true)));
    assert_eq!((&changed["imap"], &changed["caps"]), (&Value::Null, &json!({ "per_hour": 30, "per_day": 9 })));
    api.patch(&path, json!({ "smtp": { "host": "localhost" } })).refused_at(422, "validation_failed", "/smtp/password");
    let cleared = api.patch(&path, json!({ "smtp": { "password": null } })).expect(200);
    assert_eq!(cleared["smtp"]["has_password"], false);
    api.patch(&path, json!({ "smtp": { "password": "" } })).refused_at(422, "validation_failed", "/smtp/password");
    api.patch(&path, json!({ "smtp": { "pasword": "x" } })).refused_at(400, "malformed", "/smtp/pasword");
    api.patch(&path, json!({ "smtp": { "port": 70_000 } })).refused_at(400, "malformed", "/smtp/port");
    api.patch(&path, json!({ "owner": { "user": id(&made_body) } })).refused_at(422, "validation_failed", "/owner");
    // Nothing that the server says or stores holds a password.
    let trail = api.get("/audit?limit=500").expect(200).to_string();
    assert!(trail.contains("smtp.password") && !trail.contains("canary"), "{trail:.2000}");
    assert!(!server.log().contains("canary"));
    for file in files(&server.data()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"canary"), "{} holds a password", file.display());
    }
    let server = server.kill_and_restart();
    let api = server.client();
    assert_eq!(api.get(&path).expect(200), cleared);
    assert_eq!(items(&api.get("/mailboxes").expect(200)), [cleared]);
    let gone = || api.request(Method::DELETE, &path).send();
    assert_eq!(gone().status, 204);
    gone().refused(404, "not_found");
    api.get(&path).refused(404, "not_found");
}

/// P-19: sellers see what they may send from, and sign in to what is theirs.
#[test]
fn p_19_a_seller_sees_the_shared_and_the_own_mailbox_and_signs_in_to_the_own_one() {
    let server = Server::sandbox();
    let api = server.client();
    let [seller, other] = ["seller", "other"].map(|name| api.person(name, &["seller"], "north"));
    let owned = |name: &str, owner: &str| id(&api.post("/mailboxes", mailbox(name, Some(owner))).expect(201));
    let (own, others) = (owned("own", &seller.id), owned("others", &other.id));
    let shared = id(&api.post("/mailboxes", mailbox("shared", None)).expect(201));
    let by = seller.by_cookie();
    let listed = api.ask(by, Method::GET, "/api/v1/mailboxes").send().expect(200);
    let ids: Vec<String> = items(&listed).iter().map(id).collect();
    assert_eq!(ids, [own.clone(), shared.clone()]);
    let patch = |mailbox: &str, body: Value| {
        api.ask(by, Method::PATCH, &format!("/api/v1/mailboxes/{mailbox}")).json(&body).send()
    };
    let signed_in = json!({ "smtp": { "username": "me", "password": "mine" } });
    assert_eq!(patch(&own, signed_in.clone()).expect(200)["smtp"]["has_password"], true);
    patch(&own, json!({ "smtp": { "host": "10.0.0.1" } })).refused(403, "forbidden_role");
    patch(&shared, signed_in.clone()).refused(403, "forbidden_role");
    patch(&others, signed_in).refused(404, "not_found");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The key of a server can be exchanged: the new one comes first, and once the server has started the old one may go.
#[test]
fn passwords_are_sealed_anew_under_a_new_key() {
    let server = Server::sandbox();
    let api = server.client();
    let mut body = mailbox("sales", None);
    body["smtp"]["username"] = json!("sales");
    body["smtp"]["password"] = json!("secret");
    let path = format!("/mailboxes/{}", id(&api.post("/mailboxes", body).expect(201)));
    let file = server.data().join("secret-key");
    let old = std::fs::read_to_string(&file).unwrap();
    let new = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    std::fs::write(&file, format!("{new}\n{old}")).unwrap();
    let server = server.kill_and_restart();
    let link = server.client().get("/audit?limit=1").expect(200)["items"][0].clone();
    assert_eq!((&link["action"], &link["actor"]), (&json!("mailbox.changed"), &json!("system")), "{link}");
    std::fs::write(&file, new).unwrap();
    let server = server.kill_and_restart();
    assert!(!server.log().contains("nothing can be sent"), "{}", server.log());
    assert_eq!(server.client().get(&path).expect(200)["smtp"]["has_password"], true);
    // Without any key that opens them it says so, and serves.
    std::fs::write(&file, &old).unwrap();
    let server = server.kill_and_restart();
    assert!(server.log().contains("nothing can be sent from a mailbox"), "{}", server.log());
}
