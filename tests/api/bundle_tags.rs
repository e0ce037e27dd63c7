//! Tags in bundles: paths that become tags where there are none.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bundles::{changes, export, import};
use crate::fixtures::{graph, id, items, task};
use crate::server::{Client, Server};

fn bundle(key: &str, tags: &[&str]) -> Value {
    json!({ "format": "relance-bundle/1", "sequences": [{
        "key": key, "name": key, "record_type": "lead", "tags": tags, "graph": graph([task("a", None)]),
    }] })
}

/// The paths of a sequence's tags.
fn tags(api: &Client, sequence: &str) -> Vec<String> {
    let sequence = api.get(&format!("/sequences/{sequence}")).expect(200);
    sequence["tags"].as_array().unwrap().iter().map(|tag| tag["path"].as_str().unwrap().to_owned()).collect()
}

/// The id of what a bundle has made or met last.
fn last(imported: &Value) -> String {
    id(items(imported).last().unwrap())
}

/// the tags that the bundle names and no others, parents first; the same again changes nothing.
#[test]
fn q_90_a_sequence_gets_exactly_the_tags_of_its_bundle() {
    let server = Server::sandbox();
    let api = server.client();
    let met = import(&api, &bundle("one", &["Sales/Europe", "Spring"]).to_string()).expect(200);
    let keys: Vec<_> = items(&met).iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["Sales", "Sales/Europe", "Spring", "one"]);
    assert_eq!(changes(&met), ["created"; 4]);
    let one = last(&met);
    assert_eq!(tags(&api, &one), ["Sales/Europe", "Spring"]);
    let met = import(&api, &bundle("one", &["Sales"]).to_string()).expect(200);
    assert_eq!(changes(&met), ["unchanged", "updated"]);
    assert_eq!(tags(&api, &one), ["Sales"]);
    let path = format!("/sequences/{one}");
    let before = api.get(&path);
    assert_eq!(changes(&import(&api, &bundle("one", &["Sales"]).to_string()).expect(200)), ["unchanged"; 2]);
    assert_eq!(api.get(&path).header("etag"), before.header("etag"));
    import(&api, &bundle("one", &[]).to_string()).expect(200);
    assert_eq!(tags(&api, &one), [""; 0]);
    // Also of one that runs, without a revision.
    api.post(&format!("{path}/activate"), json!({})).expect(200);
    import(&api, &bundle("one", &["Spring"]).to_string()).expect(200);
    assert_eq!((tags(&api, &one), &api.get(&path).expect(200)["status"]), (vec!["Spring".into()], &json!("active")));
}

/// a tag that was removed is of no sequence any more, also where another of its path comes with a bundle.
#[test]
fn q_84_a_bundle_brings_no_removed_tag_back_to_other_sequences() {
    let server = Server::sandbox();
    let api = server.client();
    let one = last(&import(&api, &bundle("one", &["Sales"]).to_string()).expect(200));
    let tag = id(&items(&api.get("/tags").expect(200))[0]);
    assert_eq!(api.request(Method::DELETE, &format!("/tags/{tag}")).send().status, 204);
    let without = export(&api, std::slice::from_ref(&one));
    assert!(!without.contains("Sales"), "{without}");
    assert_eq!(changes(&import(&api, &without).expect(200)), ["unchanged"], "nothing of it is left to take away");
    let two = last(&import(&api, &bundle("two", &["Sales"]).to_string()).expect(200));
    assert_eq!((tags(&api, &one), tags(&api, &two)), (vec![], vec!["Sales".to_owned()]));
}

/// what nobody could take is a fault of the bundle, and nothing has changed.
#[test]
fn q_81_a_path_that_can_be_nowhere_is_refused_with_its_place() {
    let server = Server::sandbox();
    let api = server.client();
    for (path, code) in [("a/b/c/d/e", "tag_depth"), ("a//c", "empty"), ("", "empty"), ("/", "empty")] {
        let problem = import(&api, &bundle("one", &["fine", path]).to_string()).refused(422, "validation_failed");
        let fault = &problem["errors"][0];
        assert_eq!(fault["pointer"], "/sequences/0/tags/1", "{path}: {problem}");
        assert_eq!(fault["code"], code, "{path}: {problem}");
    }
    let mut own = bundle("one", &[]);
    own["tags"] = json!(["a/b/c/d/e"]);
    let problem = import(&api, &own.to_string()).refused(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/tags/0");
    let many: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let problem = import(&api, &bundle("one", &many).to_string()).refused(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/sequences/0/tags");
    let deep = "a/".repeat(1_000_000);
    import(&api, &bundle("one", &[&deep]).to_string()).refused(422, "validation_failed");
    own["tags"] = (0..1_001).map(|number| json!(format!("tag {number}"))).collect();
    import(&api, &own.to_string()).refused(413, "batch_too_large");
    assert!(items(&api.get("/tags").expect(200)).is_empty());
    assert!(items(&api.get("/sequences").expect(200)).is_empty());
}

/// where there is no room here, the tag and the sequence that needs it are conflicts, and the others go on.
#[test]
fn q_81_a_full_level_is_a_conflict_of_what_needs_it() {
    let server = Server::sandbox();
    let api = server.client();
    let parent = id(&api.post("/tags", json!({ "name": "Full" })).expect(201));
    let names: Vec<String> = (0..100).map(|number| format!("Tag {number}")).collect();
    api.post("/tags", json!({ "names": names, "parent": parent })).expect(201);
    let mut both = bundle("one", &["Full/More/Below"]);
    both["sequences"].as_array_mut().unwrap().push(bundle("two", &["Full/Tag 7"])["sequences"][0].clone());
    let met = import(&api, &both.to_string()).expect(200);
    let told: Vec<_> =
        items(&met).iter().map(|one| (one["key"].as_str().unwrap(), one["change"].as_str().unwrap())).collect();
    assert_eq!(
        told,
        [
            ("Full", "unchanged"),
            ("Full/More", "conflict"),
            ("Full/More/Below", "conflict"),
            ("Full/Tag 7", "unchanged"),
            ("one", "conflict"),
            ("two", "created"),
        ]
    );
    assert!(items(&met)[1]["detail"].as_str().unwrap().contains("at most 100 tags"), "{met}");
    assert!(items(&met)[4]["detail"].as_str().unwrap().contains("`Full/More/Below`"), "{met}");
    assert_eq!(items(&api.get("/sequences").expect(200)).len(), 1);
}

/// P-9: a sales manager makes and applies tags, also to a sequence that only its owner may edit; a seller brings none.
#[test]
fn p_9_tags_come_with_the_bundles_of_those_who_may_apply_them() {
    let server = Server::sandbox();
    let api = server.client();
    let one = last(&import(&api, &bundle("one", &[]).to_string()).expect(200));
    let as_role = |role: &str, body: &Value| {
        let user = api.user(&[role]);
        let token = api.post("/tokens", json!({ "name": "T", "user": user, "scopes": ["write"] })).expect(201);
        let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
        api.bare(Method::POST, "/api/v1/sequences/import").header("authorization", &bearer).json(body).send()
    };
    let tagged = bundle("one", &["Sales/Europe"]);
    as_role("seller", &tagged).refused(403, "forbidden_role");
    let met = as_role("sales_manager", &tagged).expect(200);
    assert_eq!(changes(&met), ["created", "created", "updated"], "{met}");
    assert_eq!(tags(&api, &one), ["Sales/Europe"]);
    let mut renamed = bundle("one", &["Sales"]);
    renamed["sequences"][0]["name"] = json!("Mine");
    assert_eq!(changes(&as_role("sales_manager", &renamed).expect(200)), ["unchanged", "conflict"]);
    assert_eq!(tags(&api, &one), ["Sales/Europe"]);
}
