//! The JSON of graphs is stored, and a draft that is not edited has to stay the same text: it is read and written again byte
//! for byte.

use relance::domain::sequence::graph::{Graph, NODE_TYPES};
use serde_json::{Value, json};

/// One node of each type with all its members, as a graph is stored.
const STORED: &[&str] = &[
    r#"{"type":"email","id":"a","name":"n","description":"d","template":"t","next":"b"}"#,
    r#"{"type":"auto_email","id":"a","name":"n","description":"d","template":"t","next":"b"}"#,
    r#"{"type":"text","id":"a","name":"n","description":"d","template":"t","next":"b"}"#,
    r#"{"type":"auto_text","id":"a","name":"n","description":"d","template":"t","next":"b"}"#,
    r#"{"type":"phone_call","id":"a","name":"n","description":"d","next":"b"}"#,
    r#"{"type":"task","id":"a","name":"n","description":"d","next":"b"}"#,
    r#"{"type":"li_research","id":"a","name":"n","description":"d","next":"b"}"#,
    r#"{"type":"li_intro","id":"a","name":"n","description":"d","next":"b"}"#,
    r#"{"type":"li_connect","id":"a","name":"n","description":"d","next":"b"}"#,
    r#"{"type":"li_inmail","id":"a","name":"n","description":"d","next":"b"}"#,
    r#"{"type":"wait","id":"a","days":1,"hours":2,"next":"b"}"#,
    r#"{"type":"ab_test","id":"a","name":"n","description":"d","display_name":"x","channel":"email","versions":{"a":{"name":"A","template":"t"},"b":{"name":"B","template":"u"}},"share_a":30,"metric":"clicks","end":{"at":"2026-03-31T09:00:00Z"},"default":"b","next":"b"}"#,
    r#"{"type":"cond_email_open","id":"a","name":"n","description":"d","limit_days":1,"limit_hours":2,"advance_early":true,"yes":"b","no":"c"}"#,
    r#"{"type":"cond_email_reply","id":"a","name":"n","description":"d","limit_days":1,"limit_hours":2,"advance_early":true,"yes":"b","no":"c"}"#,
    r#"{"type":"cond_email_link","id":"a","name":"n","description":"d","limit_days":1,"limit_hours":2,"advance_early":true,"yes":"b","no":"c"}"#,
    r#"{"type":"cond_email_attachment","id":"a","name":"n","description":"d","limit_days":1,"limit_hours":2,"advance_early":true,"yes":"b","no":"c"}"#,
    r#"{"type":"cond_email_advanced","id":"a","name":"n","description":"d","limit_days":1,"limit_hours":2,"advance_early":true,"match":"all","signals":["open","reply","link","attachment"],"yes":"b","no":"c"}"#,
    r#"{"type":"cond_call","id":"a","name":"n","description":"d","results":["made"],"yes":"b","no":"c"}"#,
    r#"{"type":"branch_field","id":"a","name":"n","description":"d","condition":{"any":[{"field":"f","op":"in","value":[1,"x"]},{"related":"owner","condition":{"all":[]}}]},"yes":"b","no":"c"}"#,
    r#"{"type":"branch_stage","id":"a","name":"n","description":"d","flow":"f","stages":["s"],"yes":"b","no":"c"}"#,
    r#"{"type":"update_field","id":"a","field":"f","value":"v","next":"b"}"#,
    r#"{"type":"advance","id":"a","sequence":"s","next":"b"}"#,
];

/// The same where the author has given nothing but the type and the id.
const BARE: &[&str] = &[
    r#"{"type":"email","id":"a","name":"","next":null}"#,
    r#"{"type":"auto_email","id":"a","name":"","next":null}"#,
    r#"{"type":"text","id":"a","name":"","next":null}"#,
    r#"{"type":"auto_text","id":"a","name":"","next":null}"#,
    r#"{"type":"phone_call","id":"a","name":"","next":null}"#,
    r#"{"type":"task","id":"a","name":"","next":null}"#,
    r#"{"type":"li_research","id":"a","name":"","next":null}"#,
    r#"{"type":"li_intro","id":"a","name":"","next":null}"#,
    r#"{"type":"li_connect","id":"a","name":"","next":null}"#,
    r#"{"type":"li_inmail","id":"a","name":"","next":null}"#,
    r#"{"type":"wait","id":"a","days":0,"hours":0,"next":null}"#,
    r#"{"type":"ab_test","id":"a","name":"","display_name":"","versions":{"a":{"name":""},"b":{"name":""}},"next":null}"#,
    r#"{"type":"cond_email_open","id":"a","name":"","advance_early":false,"yes":null,"no":null}"#,
    r#"{"type":"cond_email_reply","id":"a","name":"","advance_early":false,"yes":null,"no":null}"#,
    r#"{"type":"cond_email_link","id":"a","name":"","advance_early":false,"yes":null,"no":null}"#,
    r#"{"type":"cond_email_attachment","id":"a","name":"","advance_early":false,"yes":null,"no":null}"#,
    r#"{"type":"cond_email_advanced","id":"a","name":"","advance_early":false,"match":"any","signals":[],"yes":null,"no":null}"#,
    r#"{"type":"cond_call","id":"a","name":"","results":[],"yes":null,"no":null}"#,
    r#"{"type":"branch_field","id":"a","name":"","yes":null,"no":null}"#,
    r#"{"type":"branch_stage","id":"a","name":"","flow":"","stages":[],"yes":null,"no":null}"#,
    r#"{"type":"update_field","id":"a","field":"","value":"","next":null}"#,
    r#"{"type":"advance","id":"a","sequence":"","next":null}"#,
];

#[test]
fn a_stored_graph_is_read_and_written_byte_for_byte() {
    for nodes in [STORED, BARE] {
        let text = format!(r#"{{"start":"a","nodes":[{}]}}"#, nodes.join(","));
        let graph: Graph = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&graph).unwrap(), text);
        let kinds: Vec<_> = graph.nodes.iter().map(|node| node.kind()).collect();
        assert_eq!(kinds, NODE_TYPES, "every type, once");
    }
}

#[test]
fn a_node_may_leave_out_all_but_type_and_id_and_has_no_member_of_another_type() {
    let members = |text: &str| serde_json::from_str::<Value>(text).unwrap().as_object().unwrap().clone();
    let read = |node: &Value| serde_json::from_value::<Graph>(json!({ "nodes": [node] }));
    let all: Vec<(String, Value)> = STORED.iter().flat_map(|text| members(text)).collect();
    for (kind, (stored, bare)) in NODE_TYPES.iter().zip(STORED.iter().zip(BARE)) {
        let short = read(&json!({ "type": kind, "id": "a" })).unwrap();
        assert_eq!(serde_json::to_string(&short.nodes[0]).unwrap(), *bare);
        assert!(read(&json!({ "type": kind })).is_err(), "{kind} without an id");
        let own = members(stored);
        for (member, value) in all.iter().filter(|(member, _)| !own.contains_key(member)) {
            let strange = json!({ "type": kind, "id": "a", member: value });
            assert!(read(&strange).is_err(), "D-34: {strange}");
        }
    }
}
