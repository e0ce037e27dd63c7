//! CSV files as people have them: what can be read goes in, what cannot is listed with its line and reason.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{id, items};
use crate::server::{Answer, Client, Server, until};

fn import(api: &Client, query: &[(&str, &str)], file: &[u8]) -> Answer {
    let query = query.iter().map(|(name, value)| {
        let escaped: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("{name}={escaped}")
    });
    let path = format!("/imports?{}", query.collect::<Vec<_>>().join("&"));
    api.request(Method::POST, &path).header("content-type", "text/csv").body(file.to_vec()).send()
}

/// A job once it is over.
pub fn finished(api: &Client, job: &str) -> Value {
    until("the import ends", || {
        let job = api.get(&format!("/imports/{job}")).expect(200);
        (job["state"] != "running").then_some(job)
    })
}

/// Imports a file: rows read, created, updated, rejected.
fn counts(api: &Client, query: &[(&str, &str)], file: &[u8]) -> (String, [u64; 4]) {
    let started = import(api, query, file);
    let job = id(&started.expect(201));
    assert_eq!(started.header("location"), format!("/api/v1/imports/{job}"));
    let ended = finished(api, &job);
    assert_eq!(ended["state"], "completed", "{ended}");
    assert!(ended["started_at"].is_string() && ended["ended_at"].is_string());
    (job, ["rows_read", "created", "updated", "rejected"].map(|count| ended[count].as_u64().unwrap()))
}

fn rejects(api: &Client, job: &str) -> Vec<Vec<String>> {
    let answer = api.get(&format!("/imports/{job}/rejects"));
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert!(answer.header("content-disposition").starts_with("attachment"));
    let text = answer.text();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
    let mut rows: Vec<Vec<String>> = rows.collect();
    assert_eq!(rows.remove(0), ["line", "reason", "row"]);
    rows
}

#[test]
fn a_file_is_read_however_it_was_written() {
    let server = Server::shared();
    let api = server.client();
    let western: &[u8] = b"Key;Full Name;City\r\nk;Se\xf1or Mu\xf1oz;Logro\xf1o\r\n";
    let files: [(&str, &[u8]); 7] = [
        ("plain", "Key,Full Name,City\nk,Señor Muñoz,Logroño\n".as_bytes()),
        ("BOM and CRLF", "\u{feff}Key,Full Name,City\r\nk,Señor Muñoz,Logroño\r\n".as_bytes()),
        ("Windows-1252 and semicolons", western),
        ("tabs", "Key\tFull Name\tCity\nk\tSeñor Muñoz\tLogroño".as_bytes()),
        ("bars", "Key|Full Name|City\nk|Señor Muñoz|Logroño".as_bytes()),
        ("quotes", "\"Key\",\"Full Name\",\"City\"\n\"k\",\"Señor Muñoz\",\"Logroño\"\n".as_bytes()),
        ("blank lines and CR", "Key,Full Name,City\r\rk,Señor Muñoz,Logroño\r\r".as_bytes()),
    ];
    let mapping = json!({ "Full Name": "name", "City": "city" }).to_string();
    for (name, file) in files {
        let file = file.to_vec();
        let key = format!("k {name}");
        let query = [("type", "lead"), ("mapping", mapping.as_str()), ("external_id", "Key")];
        let (_, first) = counts(&api, &query, &file);
        assert_eq!(first[0], 1, "{key}");
        let record = api.get("/records/external:lead:k").expect(200);
        assert_eq!((&record["name"], &record["fields"]["city"]), (&json!("Señor Muñoz"), &json!("Logroño")), "{key}");
        let renamed = api.patch("/records/external:lead:k", json!({ "external_id": key }));
        renamed.expect(200);
    }
}

#[test]
fn a_quoted_line_break_stays_in_its_cell() {
    let server = Server::shared();
    let api = server.client();
    let mapping = json!({ "n": "name", "m": "notes", "k": "external_id" }).to_string();
    let file = b"k,n,m\r\nbreak-1,Ada,\"one\r\ntwo, \"\"three\"\"\"\r\nbreak-2,Grace,x\r\n";
    let (_, all) = counts(&api, &[("type", "lead"), ("mapping", &mapping)], file);
    assert_eq!(all, [2, 2, 0, 0]);
    let record = api.get("/records/external:lead:break-1").expect(200);
    assert_eq!(record["fields"]["notes"], "one\r\ntwo, \"three\"");
}

#[test]
fn a_header_is_guessed_where_no_mapping_is_given() {
    let server = Server::shared();
    let api = server.client();
    let file = "Index,First Name,Last Name,Company,Phone 1,Email 1,Website,Ref\n\
                1,Guessed,Header,Acme,+34 1,g@example.org,https://example.org,guess-1\n";
    counts(&api, &[("type", "lead"), ("external_id", "Ref")], file.as_bytes());
    let record = api.get("/records/external:lead:guess-1").expect(200);
    assert_eq!((&record["name"], &record["email"]), (&json!("Guessed Header"), &json!("g@example.org")));
    assert_eq!((&record["phones"]["business"], &record["fields"]["company"]), (&json!("+34 1"), &json!("Acme")));
}

#[test]
fn every_property_can_be_mapped() {
    let server = Server::shared();
    let api = server.client();
    let nobody = "00000000-0000-7000-8000-00000000abcd";
    let (user, team) = (api.user(&["seller"]), api.team("access", &[]));
    let columns = [
        ("name", "Ada", "/name", json!("Ada")),
        ("email", "a@example.org", "/email", json!("a@example.org")),
        ("phones.business", "1", "/phones/business", json!("1")),
        ("phones.mobile", "2", "/phones/mobile", json!("2")),
        ("phones.home", "3", "/phones/home", json!("3")),
        ("owner", &*user, "/owner/user", json!(user)),
        ("access_team", &*team, "/access_team", json!(team)),
        ("allow_email", "No", "/allow_email", json!(false)),
        ("allow_phone", "true", "/allow_phone", json!(true)),
        ("allow_text", "0", "/allow_text", json!(false)),
        ("time_zone", "Europe/Madrid", "/time_zone", json!("Europe/Madrid")),
        ("score", "77", "/score", json!(77)),
        ("primary_contact", nobody, "/primary_contact", json!(nobody)),
        ("linkedin_url", "in/ada", "/linkedin_url", json!("in/ada")),
        ("external_id", "every-1", "/external_id", json!("every-1")),
        ("estimated_value", "\"1,200.50\"", "/fields/estimated_value", json!(1200.5)),
        ("disposition", "open", "/fields/disposition", json!("open")),
    ];
    let mapping: Value = columns
        .iter()
        .map(|(target, ..)| (format!("col {target}"), json!(target)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let header: Vec<String> = columns.iter().map(|(target, ..)| format!("col {target}")).collect();
    let row: Vec<&str> = columns.iter().map(|(_, cell, ..)| *cell).collect();
    let file = format!("{}\n{}\n", header.join(","), row.join(","));
    assert_eq!(counts(&api, &[("type", "lead"), ("mapping", &mapping.to_string())], file.as_bytes()).1, [1, 1, 0, 0]);
    let record = api.get("/records/external:lead:every-1").expect(200);
    for (_, _, pointer, value) in columns {
        assert_eq!(record.pointer(pointer), Some(&value), "{pointer}");
    }
}

#[test]
fn a_row_that_does_not_go_in_is_listed_with_its_line_and_the_rest_goes_in() {
    let server = Server::shared();
    let api = server.client();
    let file = "Name,Email,Score\n\
                Good One,one@example.org,1\n\
                Ragged,two@example.org\n\
                \n\
                Good Two,,\n\
                \"Over\ntwo lines\",nonsense,7\n\
                Too High,x@example.org,900\n\
                Much,x@example.org,much\n\
                ,x@example.org,1\n\
                Too,many,1,cells\n\
                Good Three,three@example.org,3\n\
                \"never closed,1,1\n";
    let (job, all) = counts(&api, &[("type", "account")], file.as_bytes());
    assert_eq!(all, [10, 3, 0, 7]);
    let rejected = rejects(&api, &job);
    for (row, (line, reason, raw)) in rejected.iter().zip([
        ("3", "has 2 columns, the header has 3", "Ragged,two@example.org"),
        ("6", "email: `nonsense` is not an e-mail address", "\"Over\ntwo lines\",nonsense,7"),
        ("8", "score: `900` is no score from 0 to 100", "Too High,x@example.org,900"),
        ("9", "score: `much` is no score from 0 to 100", "Much,x@example.org,much"),
        ("10", "name: ", ",x@example.org,1"),
        ("11", "has 4 columns, the header has 3", "Too,many,1,cells"),
        ("13", "never closed", "never closed,1,1"),
    ]) {
        assert_eq!(row[0], line, "{row:?}");
        assert!(row[1].contains(reason), "{row:?}");
        assert!(row[2].contains(raw), "{row:?}");
    }
    assert_eq!(rejected.len(), 7);
}

#[test]
fn a_rejected_row_is_no_formula_in_a_spreadsheet() {
    let server = Server::shared();
    let api = server.client();
    let file = "Name,Email\n=cmd|' /C calc'!A0,x\n+1,x\n-1,x\n@sum,x\n\"\t=1\",x\n";
    let (job, all) = counts(&api, &[("type", "lead")], file.as_bytes());
    assert_eq!(all, [5, 0, 0, 5]);
    for cell in rejects(&api, &job).iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
    }
}

#[test]
fn the_same_key_again_updates_and_an_empty_key_is_rejected() {
    let server = Server::shared();
    let api = server.client();
    let query = [("type", "contact"), ("external_id", "Ref")];
    assert_eq!(counts(&api, &query, b"Ref,Name,City\nsame-1,Ada,Vigo\nsame-2,Grace,Lugo\n").1, [2, 2, 0, 0]);
    let record = api.get("/records/external:contact:same-1").expect(200);
    let (job, all) = counts(&api, &query, b"Ref,Name,City\nsame-1,Ada L.,\n,Nobody,x\nsame-3,Hedy,x\n");
    assert_eq!(all, [3, 1, 1, 1]);
    assert!(rejects(&api, &job)[0][1].contains("identifies the row"));
    let updated = api.get("/records/external:contact:same-1").expect(200);
    assert_eq!((id(&updated), &updated["name"]), (id(&record), &json!("Ada L.")));
    assert_eq!(updated["fields"]["city"], "Vigo", "an empty cell says nothing");
}

#[test]
fn the_last_line_of_a_key_that_stands_several_times_wins() {
    let server = Server::shared();
    let api = server.client();
    let rows = (0..200).map(|line| format!("often-{},Ada,city {line}\n", line % 4));
    let file = format!("Ref,Name,City\n{}", rows.collect::<String>());
    assert_eq!(counts(&api, &[("type", "lead"), ("external_id", "Ref")], file.as_bytes()).1, [200, 4, 196, 0]);
    for key in 0..4 {
        let record = api.get(&format!("/records/external:lead:often-{key}")).expect(200);
        assert_eq!(record["fields"]["city"], format!("city {}", 196 + key));
    }
}

#[test]
fn an_import_that_cannot_work_is_refused_at_once() {
    let server = Server::shared();
    let api = server.client();
    let good = b"Name;City\nAda;Vigo\n".as_slice();
    let kind = ("type", "lead");
    for (status, code, pointer, query, file) in [
        (400, "malformed", "/type", vec![], good),
        (400, "malformed", "/type", vec![("type", "boat")], good),
        (400, "malformed", "/sheet", vec![kind, ("sheet", "2")], good),
        (400, "malformed", "/mapping", vec![kind, ("mapping", "Name=name")], good),
        (400, "malformed", "/mapping", vec![kind, ("mapping", "{\"Name\":1}")], good),
        (400, "malformed", "/delimiter", vec![kind, ("delimiter", ";;")], good),
        (400, "malformed", "/delimiter", vec![kind, ("delimiter", "")], good),
        (422, "validation_failed", "/mapping/Name", vec![kind, ("mapping", "{\"Name\":\"shoe\"}")], good),
        (422, "validation_failed", "/mapping/a~1b", vec![kind, ("mapping", "{\"a/b\":\"shoe\"}")], good),
        (422, "validation_failed", "/mapping", vec![kind, ("mapping", "{\"Shoe\":\"name\"}")], good),
        (422, "validation_failed", "/mapping", vec![kind, ("mapping", "{}")], good),
        (422, "validation_failed", "/external_id", vec![kind, ("external_id", "Ref")], good),
        (422, "validation_failed", "", vec![kind, ("delimiter", ",")], good),
        (422, "validation_failed", "", vec![kind, ("delimiter", "\"")], good),
        (422, "validation_failed", "", vec![kind], b""),
        (422, "validation_failed", "", vec![kind], b"\n\r\n \n"),
        (422, "validation_failed", "", vec![kind], b"Name,Name\nAda,Ada\n"),
        (422, "validation_failed", "", vec![kind], b"PK\x03\x04\0\0\0"),
        (422, "validation_failed", "/mapping", vec![kind], b"Zzz,Yyy\n1,2\n"),
    ] {
        let problem = import(&api, &query, file).refused_at(status, code, pointer);
        if query.contains(&("delimiter", ",")) {
            assert!(problem["detail"].as_str().unwrap().contains("Name;City"), "the header it saw: {problem}");
        }
    }
    let json = api.request(Method::POST, "/imports?type=lead").json(&json!({}));
    json.send().refused(415, "unsupported_media_type");
    for job in ["none", "00000000-0000-7000-8000-00000000abcd", &api.lead()] {
        api.get(&format!("/imports/{job}")).refused(404, "not_found");
        api.get(&format!("/imports/{job}/rejects")).refused(404, "not_found");
    }
    let only_a_header = counts(&api, &[kind], b"Name,City\n");
    assert_eq!(only_a_header.1, [0; 4]);
    assert!(rejects(&api, &only_a_header.0).is_empty());
}

#[test]
fn a_job_goes_on_after_a_kill_and_does_nothing_twice() {
    let server = Server::real();
    let api = server.client();
    let rows: String = (0..5_000).map(|line| format!("Row {line},row{line}@example.org\n")).collect();
    let job = id(&import(&api, &[("type", "lead")], format!("Name,Email\n{rows}").as_bytes()).expect(201));
    let server = server.kill_and_restart();
    let api = server.client();
    let ended = finished(&api, &job);
    assert_eq!(
        (&ended["state"], &ended["rows_read"], &ended["rejected"]),
        (&json!("completed"), &json!(5_000), &json!(0))
    );
    let (mut total, mut cursor) = (0, String::new());
    loop {
        let page = api.get(&format!("/records?limit=500{cursor}")).expect(200);
        total += items(&page).len();
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(total, 5_000);
}
