//! What people set for themselves and make for themselves, as a browser without script meets it.

use reqwest::Method;
use serde_json::json;

use crate::fixtures::id;
use crate::server::Server;

/// from the settings, from a record that is in no sequence, and from records that were ticked in their list.
#[test]
fn q_101_a_sequence_of_ones_own_begins_at_a_record_which_is_connected_once_it_is_active() {
    let server = Server::sandbox();
    let api = server.client();
    let seller = api.person("Antía", &["seller"], "north");
    let read = |path: &str| {
        let page = api.ask(seller.by_cookie(), Method::GET, path).send();
        assert_eq!(page.status, 200, "{path}");
        page.text()
    };
    assert!(read("/account").contains("/my-sequences") && read("/my-sequences").contains("/sequences/new"));
    let lead = |name: &str| {
        let body = json!({ "type": "lead", "name": name });
        id(&api.ask(seller.by_token(), Method::POST, "/api/v1/records").json(&body).send().expect(201))
    };
    let [ada, grace] = ["Ada <3", "Grace"].map(lead);
    let new = read(&format!("/sequences/new?record={ada}"));
    assert!(new.contains("Made for Ada &lt;3") && new.contains(&format!("template=T2&amp;records={ada}")), "{new}");
    // The form leads to the designer, which keeps the record in mind until the sequence is active.
    let then = format!("/sequences/{{id}}?connect={ada}");
    assert!(read(&format!("/sequences/new?template=T2&records={ada}")).contains(&format!("value=\"{then}\"")));
    let fields = format!("name=Mine&template=T2&_then={}", then.replace('?', "%3F").replace('=', "%3D"));
    let made = api.form(seller.by_cookie(), "/do/POST/sequences", &fields).send();
    let drawn = made.header("location").to_owned();
    assert!(read(&drawn).contains("A record waits to be connected"), "{drawn}");
    let sequence = drawn.split('?').next().unwrap();
    let picker = format!("{sequence}/connect?records={ada}");
    assert!(read(&format!("{sequence}/activate")).contains(&format!("name=\"_then\" value=\"{picker}\"")));
    let fields = format!("_then={}", picker.replace('?', "%3F").replace('=', "%3D"));
    let active = api.form(seller.by_cookie(), &format!("/do/POST{sequence}/activate"), &fields).send();
    assert_eq!((active.status, active.header("location")), (303, &*picker));
    assert!(read(&picker).contains(&format!("value=\"{ada}\" checked")));
    let connected = api.form(seller.by_cookie(), &format!("{sequence}/connect"), &format!("record={ada}")).send();
    assert_eq!(connected.status, 303);
    assert!(!read(sequence).contains("waits to be connected"));
    // Ticked records: a sequence that is active, or a new one.
    assert!(read("/records").contains("action=\"/connect\""));
    let both = format!("record={ada}&record={grace}");
    let choice = read(&format!("/connect?{both}"));
    assert!(choice.contains(">Mine<") && choice.contains(&format!("/sequences/new?records={ada},{grace}")), "{choice}");
    let on = format!("/connect?{both}&sequence={}", sequence.trim_start_matches("/sequences/"));
    let on = api.ask(seller.by_cookie(), Method::GET, &on).send();
    assert_eq!((on.status, on.header("location")), (303, &*format!("{sequence}/connect?records={ada},{grace}")));
    // What is no id leads nowhere.
    assert!(read("/connect?record=%2F..%2F&sequence=%2F%2Fevil.example").contains("No record is chosen"));
}

/// A-9, W-64, W-70: what an administrator has locked is shown with the reason, and cannot be changed.
#[test]
fn a_9_w_64_w_70_what_is_locked_is_shown_with_the_reason() {
    let server = Server::sandbox();
    let api = server.client();
    let seller = api.person("Breixo", &["seller"], "north");
    let read = |path: &str| api.ask(seller.by_cookie(), Method::GET, path).send().text();
    let (work, cards) = (read("/account/work"), read("/account/cards"));
    assert!(!work.contains("<fieldset disabled") && work.contains("As everybody (Yes)"), "{work}");
    assert!(cards.contains("<fieldset disabled") && cards.contains("does not let people arrange cards"), "{cards}");
    api.patch("/settings", json!({ "lock_activity_settings": true, "card_customisation": true })).expect(200);
    let (work, cards) = (read("/account/work"), read("/account/cards"));
    assert!(work.contains("<fieldset disabled") && work.contains("An administrator has set these"), "{work}");
    assert!(!cards.contains("<fieldset disabled"), "{cards}");
    let fields = "activity_completes_step%3Ajson=false&_at=%2Faccount%2Fwork";
    let refused = api.form(seller.by_cookie(), "/do/PATCH/me/settings", fields).send();
    assert!((400..500).contains(&refused.status), "{}", refused.status);
    assert!(refused.text().contains("role=\"alert\""));
    // W-72: what is said of one type leaves the others as they are, and empty places say nothing.
    let place = |row: usize, list: &str, at: usize| format!("card_layout.lead.rows_filled.{row}.{list}_filled.{at}");
    let fields = [
        ("card_layout.lead.leading".to_owned(), "initials"),
        (place(0, "fields", 0), ""),
        (place(0, "fields", 1), "city"),
        (place(0, "icons", 0), ""),
        (place(1, "fields", 0), ""),
        (place(1, "icons", 0), ""),
        ("card_layout.lead.actions:list".to_owned(), ""),
    ];
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{}={value}", name.replace(':', "%3A"))).collect();
    let saved = api.form(seller.by_cookie(), "/do/PATCH/me/settings", &fields.join("&")).send();
    assert_eq!(saved.status, 303, "{}", saved.text());
    let layout = |kind: &str, rest: &str| {
        let path = format!("/api/v1/me/card-layout?type={kind}{rest}");
        api.ask(seller.by_token(), Method::GET, &path).send().expect(200)
    };
    assert_eq!(layout("lead", "")["rows"], json!([{ "fields": ["city"], "icons": [] }]));
    assert_eq!(
        (&layout("contact", "")["source"], &layout("lead", "&own=false")["source"]),
        (&json!("default"), &json!("default"))
    );
}
