//! The pages as a browser without script meets them: forms that are requests of the API, and refused ones that lose nothing.

use reqwest::Method;
use serde_json::json;

use crate::fixtures::id;
use crate::people::Credential;
use crate::server::Server;

#[test]
fn a_form_is_a_request_of_the_api_and_leads_on() {
    let server = Server::shared();
    let api = server.client();
    let admin = api.person("page-admin", &["system_administrator"], "pages");
    let fields =
        "name=From+a+page&description%3Aoptional=&record_type=contact&_then=%2Fsequences%2F%7Bid%7D&_done=created";
    let made = api.form(admin.by_cookie(), "/do/POST/sequences", fields).send();
    assert_eq!(made.status, 303, "{}", made.text());
    let (path, said) = made.header("location").split_once('?').unwrap();
    assert_eq!(said, "done=created");
    let made = api.get(path).expect(200);
    assert_eq!((&made["name"], &made["record_type"]), (&json!("From a page"), &json!("contact")));
    let page = api.ask(admin.by_cookie(), Method::GET, path).send();
    assert!(page.status == 200 && page.text().contains("From a page"));
    // What it leads to is this server's.
    for elsewhere in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example"] {
        let fields = format!("name=Again&_then={elsewhere}");
        let led = api.form(admin.by_cookie(), &format!("/do/PATCH{path}"), &fields).send();
        assert_eq!((led.status, led.header("location")), (303, "/"));
    }
}

#[test]
fn a_refused_form_is_shown_again_with_what_was_in_it() {
    let server = Server::shared();
    let api = server.client();
    let admin = api.person("page-again", &["system_administrator"], "pages");
    let fields = "name=&description%3Aoptional=Kept+%3Cb%3Etext&record_type=account&_at=%2Fsequences%2Fnew%3Fblank%3D1";
    let again = api.form(admin.by_cookie(), "/do/POST/sequences", fields).send();
    let text = again.text();
    assert_eq!(again.status, 422, "{text}");
    assert!(text.contains("Kept &lt;b&gt;text"), "{text}");
    assert!(text.contains(r#"<option value="account" selected"#), "{text}");
    assert!(text.contains(r#"aria-invalid="true""#) && text.contains(r#"class="fault""#), "{text}");
    // An old version is told, and what is there now is shown.
    let sequence = id(&api.post("/sequences", json!({ "name": "Twice" })).expect(201));
    let path = format!("/sequences/{sequence}");
    let fields = format!("name=Late&_match=%220%22&_at=%2Fsequences%2F{sequence}%2Fproperties");
    let late = api.form(admin.by_cookie(), &format!("/do/PATCH{path}"), &fields).send();
    assert_eq!(late.status, 412);
    assert!(late.text().contains("Somebody changed this meanwhile"));
    assert_eq!(api.get(&path).expect(200)["name"], json!("Twice"));
}

#[test]
fn a_form_of_another_site_or_of_nobody_does_nothing() {
    let server = Server::shared();
    let api = server.client();
    let seller = api.person("page-seller", &["seller"], "pages");
    let sequence = id(&api.post("/sequences", json!({ "name": "Still" })).expect(201));
    let path = format!("/do/PATCH/sequences/{sequence}");
    let sent = |by: Credential| api.form(by, &path, "name=Moved&_at=%2Fsequences").send();
    // Another site's page makes the browser send the cookie, but not our origin.
    let foreign = api.ask(Credential::StrayCookie(&seller.cookie), Method::POST, &path);
    let foreign =
        foreign.header("content-type", "application/x-www-form-urlencoded").header("origin", "https://evil.example");
    assert_eq!(foreign.body("name=Moved").send().status, 403);
    let nobody = sent(Credential::None);
    assert_eq!((nobody.status, nobody.header("location")), (303, "/sign-in"));
    // Whoever may not is told so, as by the API.
    assert_eq!(sent(seller.by_cookie()).status, 404);
    assert_eq!(api.get(&format!("/sequences/{sequence}")).expect(200)["name"], json!("Still"));
    // A designer's changes go the same way.
    let drawn = api.form(seller.by_cookie(), &format!("/designer/{sequence}/add"), "_place=start&_kind=task").send();
    assert_eq!(drawn.status, 404);
}

#[test]
fn a_sequence_is_drawn_without_script() {
    let server = Server::shared();
    let api = server.client();
    let admin = api.person("page-drawer", &["sequence_manager"], "pages");
    let sequence = id(&api.post("/sequences", json!({ "name": "By forms", "record_type": "lead" })).expect(201));
    let draw = |action: &str, fields: &str| {
        api.form(admin.by_cookie(), &format!("/designer/{sequence}/{action}"), fields).send()
    };
    let graph = || api.get(&format!("/sequences/{sequence}/graph")).expect(200);
    let added = draw("add", "_place=start&_kind=wait");
    assert_eq!((added.status, added.header("location")), (303, &*format!("/sequences/{sequence}?node=wait_1")));
    draw(
        "change",
        "_node=wait_1&days%3Anumber=3&hours%3Anumber=0&until_rest%3Ajson=%5B%5D&until_events%3Alist=email.replied",
    );
    let node = graph()["nodes"][0].clone();
    assert_eq!((&node["days"], &node["until"]), (&json!(3), &json!([{ "event": "email.replied" }])));
    assert_eq!(draw("add", "_place=wait_1.next&_kind=cond_call").status, 422);
    assert_eq!(draw("undo", "").status, 303);
    assert_eq!(graph()["nodes"][0]["days"], json!(1));
    assert_eq!(draw("redo", "").status, 303);
    assert_eq!(graph()["nodes"][0]["days"], json!(3));
    assert_eq!(draw("redo", "").status, 412);
    let path = format!("/sequences/{sequence}?add=wait_1.next");
    let page = api.ask(admin.by_cookie(), Method::GET, &path).send().text();
    assert!(page.contains("Only right after a phone call.") && page.contains("tile-wait_1"), "{page}");
    // Q-70: the designer stands beside the connected records.
    let tab = format!(r#"href="/sequences/{sequence}/connected""#);
    assert!(page.contains(&tab), "{page}");
}

#[test]
fn pages_speak_the_language_that_is_chosen() {
    let server = Server::shared();
    let api = server.client();
    let admin = api.person("page-speaker", &["system_administrator"], "pages");
    let home = |header: &str| {
        let request = api.ask(admin.by_cookie(), Method::GET, "/sequences").header("accept-language", header);
        request.send().text()
    };
    assert!(home("de, fr;q=0.8").contains("<html lang=\"fr\""));
    assert!(home("de").contains("<html lang=\"en\""));
    let chosen = api.form(admin.by_cookie(), "/appearance", "language=gl&_then=%2Fsequences").send();
    assert_eq!((chosen.status, chosen.header("location")), (303, "/sequences"));
    assert!(home("fr").contains("<html lang=\"gl\"") && home("fr").contains("Secuencias"));
    let dark = api.form(Credential::None, "/appearance", "theme=dark").send();
    assert!(dark.header("set-cookie").starts_with("theme=dark;"), "{}", dark.header("set-cookie"));
}
