//! Lists: filters, and pages without gaps or repeats.

use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Client, Server};

/// Every page of a list, each with at most `limit` items.
fn pages(api: &Client, path: &str, limit: usize) -> Vec<Value> {
    let join = if path.contains('?') { '&' } else { '?' };
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("{path}{join}limit={limit}{cursor}")).expect(200);
        assert!(items(&page).len() <= limit);
        all.extend_from_slice(items(&page));
        match page["next_cursor"].as_str() {
            Some(next) => {
                assert_eq!(items(&page).len(), limit, "a page before the last is full");
                cursor = format!("&cursor={}", next.replace('%', "%25").replace('+', "%2B").replace('&', "%26"));
            }
            None => return all,
        }
    }
}

fn named<'a>(all: &'a [Value], member: &str) -> Vec<&'a str> {
    all.iter().map(|item| item[member].as_str().unwrap()).collect()
}

/// A hundred and twenty records of a type, the first one first.
fn many(api: &Client, kind: &str) -> Vec<String> {
    let records: Vec<Value> = (0..120).map(|n| json!({ "type": kind, "name": format!("{kind} {n}") })).collect();
    let made = api.post("/records/batch", json!({ "records": records })).expect(200);
    items(&made).iter().map(id).collect()
}

#[test]
fn paging_through_records_shows_each_once() {
    let server = Server::sandbox();
    let api = server.client();
    let mut made = [many(&api, "lead"), many(&api, "contact")];
    made.iter_mut().for_each(|ids| ids.sort());
    for (path, expected) in [("/records?type=lead", &made[0]), ("/records?type=contact&q=CONTACT", &made[1])] {
        for limit in [1, 7, 40, 119, 120, 121, 500] {
            let all = pages(&api, path, limit);
            let mut found = named(&all, "id");
            found.sort_unstable();
            assert_eq!(found, *expected, "{path} {limit}");
        }
    }
    assert_eq!(items(&api.get("/records").expect(200)).len(), 50, "the default");
    // A record that is made meanwhile disturbs nothing.
    let first = api.get("/records?type=lead&limit=60").expect(200);
    let meanwhile = api.lead();
    let rest = pages(&api, &format!("/records?type=lead&cursor={}", first["next_cursor"].as_str().unwrap()), 500);
    assert_eq!(rest.iter().filter(|record| id(record) != meanwhile).count(), 60);
}

#[test]
fn records_are_filtered_by_type_name_owner_state_and_sequence() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(graph([task("t", None)]));
    let owner = api.user(&["seller"]);
    let make = |body: Value| id(&api.post("/records", body).expect(201));
    let ada = make(json!({ "type": "lead", "name": "Ada ÑANDÚ", "owner": { "user": owner } }));
    let grace = make(json!({ "type": "contact", "name": "Grace 100%" }));
    let hedy = make(json!({ "type": "lead", "name": "Hedy" }));
    api.connect(&sequence, &hedy);
    api.connect(&sequence, &ada);
    api.post(&format!("/records/{ada}/close"), json!({ "outcome": "failure" })).expect(200);
    let cases: [(String, Vec<&String>); 12] = [
        ("type=lead".into(), vec![&ada, &hedy]),
        ("type=account".into(), vec![]),
        ("q=%C3%B1and%C3%BA".into(), vec![&ada]),
        ("q=100%25".into(), vec![&grace]),
        ("q=".into(), vec![&ada, &grace, &hedy]),
        (format!("owner={owner}"), vec![&ada]),
        ("state=inactive".into(), vec![&ada]),
        ("state=active&type=lead".into(), vec![&hedy]),
        (format!("sequence={sequence}"), vec![&hedy]),
        (format!("sequence={sequence}&q=ada"), vec![]),
        (format!("sequence={owner}"), vec![]),
        ("owner=nobody".into(), vec![]),
    ];
    for (query, expected) in cases {
        let all = pages(&api, &format!("/records?{query}"), 500);
        let (mut found, mut expected) = (named(&all, "id"), expected);
        found.sort_unstable();
        expected.sort();
        assert_eq!(found, expected, "{query}");
    }
}

#[test]
fn paging_through_sequences_shows_each_once_in_any_order() {
    let server = Server::sandbox();
    let api = server.client();
    let words = ["Alpha", "beta", "Gamma. 1", "alpha", "ñu & co"];
    for n in 0..120 {
        let name = format!("{}{}", words[n % words.len()], if n % 2 == 0 { String::new() } else { n.to_string() });
        let kind = ["lead", "contact", "account"][n % 3];
        api.post("/sequences", json!({ "name": name, "record_type": kind, "description": format!("D{n}") }))
            .expect(201);
    }
    for sort in [
        "",
        "&sort=name",
        "&sort=name&order=desc",
        "&sort=created_at&order=asc",
        "&sort=status",
        "&sort=record_type",
        "&sort=modified_at",
        "&sort=description",
        "&sort=version",
        "&sort=step_count",
        "&sort=duration_days&order=asc",
        "&sort=owner",
        "&sort=connected_count",
    ] {
        let whole = named(&pages(&api, &format!("/sequences?q=d{sort}"), 500), "id").join(" ");
        assert_eq!(whole.split(' ').collect::<std::collections::BTreeSet<_>>().len(), 120, "{sort}");
        for limit in [1, 50, 119, 120] {
            assert_eq!(
                named(&pages(&api, &format!("/sequences?q=d{sort}"), limit), "id").join(" "),
                whole,
                "{sort} {limit}"
            );
        }
    }
    let by_name = pages(&api, "/sequences?sort=name", 500);
    let names: Vec<String> = named(&by_name, "name").iter().map(|name| name.to_lowercase()).collect();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(pages(&api, "/sequences?record_type=account", 500).len(), 40);
    assert_eq!(pages(&api, "/sequences?record_type=account,contact", 500).len(), 80);
    assert_eq!(pages(&api, "/sequences?status=active", 500).len(), 0);
    assert_eq!(pages(&api, "/sequences?status=active,inactive", 500).len(), 120);
}

/// Each column has an order, and a search looks at two of them, whatever the case and the accents.
#[test]
fn q_10_q_11_q_12_sequences_are_sorted_by_every_column_and_found_by_name_and_description_only() {
    let server = Server::sandbox();
    let api = server.client();
    let (zoe, ana) =
        (api.named_user("Zoë", &["sequence_manager"], "north").0, api.named_user("Ana", &["seller"], "north").0);
    let make = |name: &str, description: &str, kind: &str, drawn: Value, owner: &str| {
        let body = json!({ "name": name, "description": description, "record_type": kind, "graph": drawn });
        let sequence = id(&api.post("/sequences", body).expect(201));
        api.patch(&format!("/sequences/{sequence}"), json!({ "owner": { "user": owner } })).expect(200);
        api.advance_hours(1);
        sequence
    };
    let waits = |next| node("w", "wait", json!({ "days": 3, "next": next }));
    let one = make("Élan", "zèbre", "lead", graph([task("a", None)]), &zoe);
    let two = make("Zebra", "Été", "contact", graph([task("a", Some("w")), waits("b"), task("b", None)]), &ana);
    let three = make("moyen", "Über", "lead", graph([waits("b"), task("b", None)]), &zoe);
    let act = |sequence: &str, action: &str| {
        api.post(&format!("/sequences/{sequence}/{action}"), json!({})).expect(200);
        api.advance_hours(1);
    };
    [&one, &three].into_iter().for_each(|sequence| act(sequence, "activate"));
    act(&three, "revise");
    api.connect(&three, &api.lead());
    let short = |ids: Vec<&str>| {
        let letter =
            |id: &&str| [(&one, 'e'), (&two, 'z'), (&three, 'm')].into_iter().find(|(known, _)| known.as_str() == *id);
        ids.iter().map(|id| letter(id).unwrap().1).collect::<String>()
    };
    let shown = |query: &str| short(named(&pages(&api, &format!("/sequences?{query}"), 1), "id"));
    for (column, ascending, default) in [
        ("name", "emz", "emz"),
        ("description", "zme", "zme"),
        ("status", "ezm", "ezm"),
        ("created_at", "ezm", "mze"),
        ("modified_at", "zem", "mez"),
    ] {
        assert_eq!(shown(&format!("sort={column}&order=asc")), ascending, "{column}");
        let descending: String = ascending.chars().rev().collect();
        assert_eq!(shown(&format!("sort={column}&order=desc")), descending, "{column}");
        assert_eq!(shown(&format!("sort={column}")), default, "{column}");
    }
    for (column, first, last) in [
        ("record_type", 'z', 'm'),
        ("step_count", 'e', 'z'),
        ("duration_days", 'e', 'm'),
        ("owner", 'z', 'm'),
        ("connected_count", 'e', 'm'),
    ] {
        let order = shown(&format!("sort={column}&order=asc"));
        assert_eq!((order.chars().next(), order.chars().last()), (Some(first), Some(last)), "{column}: {order}");
        let turned = shown(&format!("sort={column}&order=desc"));
        assert_eq!(turned, order.chars().rev().collect::<String>(), "{column}");
    }
    assert_eq!(shown("sort=version").len(), 3);
    let uncounted = api.get("/sequences?counts=false&limit=1").expect(200);
    assert_eq!(items(&uncounted)[0].get("connected_count"), None, "{uncounted}");
    for (q, found) in [
        ("%C3%89LAN", "e"),
        ("elan", "e"),
        ("ZEBR", "ze"),
        ("uber", "m"),
        ("ete", "z"),
        ("lead", ""),
        ("Task", ""),
        ("Ana", ""),
    ] {
        let mut shown: Vec<char> = shown(&format!("q={q}")).chars().collect();
        let mut found: Vec<char> = found.chars().collect();
        shown.sort_unstable();
        found.sort_unstable();
        assert_eq!(shown, found, "{q}");
    }
    assert_eq!(shown(&format!("owner={ana}")), "z");
    assert_eq!(shown(&format!("owner={ana},{zoe}")).len(), 3);
    assert_eq!(shown("status=revision"), "m");
    assert_eq!(shown("status=revision,active").len(), 2);
}

#[test]
fn paging_through_connected_records_shows_each_once() {
    let server = Server::sandbox();
    let api = server.client();
    let (sequence, leads) = (api.active(graph([task("a", Some("b")), task("b", None)])), many(&api, "lead"));
    let path = format!("/sequences/{sequence}/enrolments");
    api.post(&path, json!({ "records": leads })).expect(200);
    // Fifty of them are through, so that the pages lead from the live ones to those that have ended.
    for lead in &leads[..50] {
        api.complete(&api.current_id(lead, "a"));
        api.complete(&api.current_id(lead, "b"));
    }
    let mut expected: Vec<&String> = leads.iter().collect();
    expected.sort();
    for limit in [1, 50, 69, 70, 71, 119, 120, 500] {
        let all = pages(&api, &path, limit);
        let (live, ended) = all.split_at(70);
        assert!(live.iter().all(|row| row["status"] == "connected" && row["steps_total"] == 2), "{limit}");
        assert!(ended.iter().all(|row| row["status"] == "completed" && row["reason"] == "sequence_completed"));
        let mut found = named(&all, "record");
        found.sort_unstable();
        assert_eq!(found, expected, "{limit}");
    }
    api.advance_hours(49);
    let row = &pages(&api, &path, 500)[0];
    assert_eq!((&row["current_step"]["node"], &row["days_in_step"]), (&json!("a"), &json!(2)), "Q-71");
    assert_eq!((&row["steps_done"], &row["version"]), (&json!(0), &json!(1)));
    assert!(row["assignee"]["user"].is_string() && row["enrolment"].is_string());
    assert_eq!(pages(&api, &format!("/records?sequence={sequence}"), 30).len(), 70);
}

#[test]
fn paging_through_a_timeline_shows_each_event_once_newest_first() {
    let server = Server::sandbox();
    let api = server.client();
    let (lead, _) = api.enrolled(graph([task("a", Some("b")), task("b", None)]));
    let step = api.current_id(&lead, "a");
    for n in 0..120 {
        api.post(&format!("/steps/{step}/note"), json!({ "text": format!("note {n}") })).expect(200);
        api.advance(json!({ "minutes": 1 }));
    }
    api.complete(&step);
    let path = format!("/records/{lead}/timeline");
    let whole = pages(&api, &path, 500);
    let notes: Vec<_> = whole.iter().filter_map(|item| item["note"].as_str()).collect();
    assert_eq!(notes, (0..120).rev().map(|n| format!("note {n}")).collect::<Vec<_>>());
    assert!(named(&whole, "at").is_sorted_by(|newer, older| newer >= older));
    let kinds = named(&whole, "kind");
    assert_eq!(kinds[..2], ["step_opened", "step_completed"]);
    assert_eq!(kinds[122..], ["step_opened", "connected", "record_created"]);
    assert!(whole.iter().all(|item| item["actor"].is_string() && !item["summary"].as_str().unwrap().is_empty()));
    for limit in [1, 2, 50, 124, 125] {
        assert_eq!(pages(&api, &path, limit), whole, "{limit}");
    }
}

#[test]
fn a_page_that_cannot_be_is_refused() {
    let server = Server::shared();
    let api = server.client();
    let (lead, enrolment) = api.enrolled(graph([task("a", None)]));
    let connected = format!("/sequences/{}/enrolments", enrolment["sequence"].as_str().unwrap());
    let timeline = format!("/records/{lead}/timeline");
    for path in ["/records", "/sequences", &connected, &timeline] {
        for (query, pointer) in [
            ("limit=0", "/limit"),
            ("limit=501", "/limit"),
            ("limit=-1", "/limit"),
            ("limit=ten", "/limit"),
            ("limit=", "/limit"),
            ("cursor=", "/cursor"),
            ("cursor=nonsense", "/cursor"),
            ("cursor=1.2.3.%F0%9F%92%A5", "/cursor"),
            ("offset=10", "/offset"),
            ("page=2", "/page"),
        ] {
            api.get(&format!("{path}?{query}")).refused_at(400, "malformed", pointer);
        }
        api.get(&format!("{path}?limit=1")).expect(200);
        api.get(&format!("{path}?limit=500")).expect(200);
    }
    for (path, pointer) in [
        ("/records?type=boat", "/type"),
        ("/records?state=open", "/state"),
        ("/sequences?sort=shoe", "/sort"),
        ("/sequences?order=up", "/order"),
        ("/sequences?status=on", "/status"),
        ("/sequences?record_type=boat", "/record_type"),
    ] {
        api.get(path).refused_at(400, "malformed", pointer);
    }
    api.get("/records?sequence=nobody").refused(404, "not_found");
}
