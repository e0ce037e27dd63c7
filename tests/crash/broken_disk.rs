//! A disk that fails under the running server, and one that gives back what was not written (P1, P3, P9): the server answers
//! right or not at all, ends by itself with an error, and nothing acknowledged is lost.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::full_disk::Client;
use super::program::{Ground, Program};

/// Starts in which an operation fails.
const FAULTS: u64 = 9;
/// So many records need more operations than any fault waits for.
const RECORDS_MAX: usize = 2_000;
/// Places of the database that are overwritten, one at a time.
const HOLES: usize = 8;

/// Commands until the server is gone, or has met the fault and goes on; the records that were acknowledged.
async fn work(client: &Client) -> Vec<String> {
    let mut made = Vec::new();
    while made.len() < RECORDS_MAX {
        let record = json!({"type": "lead", "name": format!("Lead {}", made.len())});
        match client.try_post("/api/v1/records", record).await {
            Some((201, body)) => made.push(body["id"].as_str().unwrap().to_owned()),
            Some((503, _)) => {}
            Some((status, body)) => panic!("{status} {body}"),
            None => break,
        }
    }
    made
}

/// An error of the disk at some operation of a server under load.
pub async fn ends_the_server_and_loses_nothing() {
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-{}.so", std::process::id()));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults.c");
    let built =
        Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    assert!(built.expect("tests/run installs a C compiler").success());
    let mut whole = Program::new(&Ground::Machine);
    let (server, _) = whole.serve(&[]);
    server.stop();
    let (mut made, mut survived) = (Vec::new(), 0);
    for number in 0..FAULTS {
        let (kind, at) = (["eio", "enospc", "short"][number as usize % 3], fastrand::u64(1..1_500));
        let mut server = whole.start_with_faults(&library, kind, at);
        let acknowledged = match server.address() {
            Some(address) => work(&Client::new(&address)).await,
            None => Vec::new(),
        };
        if acknowledged.len() == RECORDS_MAX {
            // It can do without the reading of the clock beside the store, and without sled's own flushes between ours.
            survived += 1;
            server.stop_whatever_it_logged();
        } else {
            let (code, log) = server.ended_by_itself();
            assert_eq!(code, Some(1), "{kind} at {at}: {log}");
            let says = |line: &str| line.starts_with("relance: ");
            assert!(log.lines().any(says), "{kind} at {at} says it in a sentence: {log}");
        }
        made.extend(acknowledged);
        let (server, address) = whole.serve(&[]);
        let client = Client::new(&address);
        for id in &made {
            client.get(&format!("/api/v1/records/{id}")).await;
        }
        server.stop_whatever_it_logged();
        whole.check();
    }
    fs::remove_file(library).unwrap();
    assert!(survived < FAULTS, "no fault was met where it counts");
    println!("{FAULTS} servers met a fault, {survived} went on, {} records were acknowledged", made.len());
}

/// A hole in the database of a server that was stopped in order: found when it is read, if not before.
pub async fn gives_no_wrong_answer() {
    let mut program = Program::new(&Ground::Machine);
    let (server, address) = program.serve(&[]);
    let client = Client::new(&address);
    let mut made = Vec::new();
    for batch in 0..8 {
        let records: Vec<_> =
            (0..250).map(|number| json!({"type": "lead", "name": format!("Lead {batch}-{number}")})).collect();
        let answer = client.post("/api/v1/records/batch", json!({"records": records})).await;
        made.extend(answer["results"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(server.stop().code(), Some(0));
    let (db, mut met, mut refused) = (program.data().join("store/db"), 0, 0);
    let good = whole(&program.data());
    let bytes = fs::read(&db).unwrap();
    for hole in 0..HOLES {
        put_back(&program.data(), &good);
        let (mut holed, from) = (bytes.clone(), bytes.len() / (HOLES + 1) * hole + fastrand::usize(64..4_096));
        holed[from..from + bytes.len() / (HOLES + 2)].fill(0);
        fs::write(&db, holed).unwrap();
        let mut server = program.start(&[]);
        let mut failed = false;
        if let Some(address) = server.address() {
            let client = Client::new(&address);
            if let Some((200, page)) = client.try_get("/api/v1/records?limit=500").await {
                assert_eq!(page["items"].as_array().map(Vec::len), Some(500), "a hole at {from} shortens a list");
            }
            for id in &made {
                match client.try_get(&format!("/api/v1/records/{id}")).await {
                    Some((200, body)) => assert_eq!(body["id"], json!(id)),
                    Some((503, _)) | None => failed = true,
                    Some((status, body)) => panic!("a hole at {from}: {status} {body}"),
                }
            }
            if !failed {
                server.stop_whatever_it_logged();
                continue;
            }
        }
        *(if failed { &mut met } else { &mut refused }) += 1;
        let (code, log) = server.ended_by_itself();
        assert_eq!(code, Some(1), "{log}");
        let check = program.run("check");
        assert!(!check.status.success() && String::from_utf8_lossy(&check.stderr).contains("is damaged"), "{check:?}");
    }
    assert!(met + refused > 0, "a hole somewhere was in use");
    println!("of {HOLES} holes {refused} were refused and {met} met by a reader");
}

type Files = Vec<(std::path::PathBuf, Vec<u8>)>;

/// The files that say what the store is.
fn whole(data: &Path) -> Files {
    let store = fs::read_dir(data.join("store")).unwrap().map(|entry| entry.unwrap().path());
    let paths = store.chain([data.join("head"), data.join("relance.json")]).filter(|path| path.is_file());
    paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn put_back(data: &Path, files: &Files) {
    fs::remove_dir_all(data.join("store")).unwrap();
    fs::create_dir_all(data.join("store/blobs")).unwrap();
    files.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
}
