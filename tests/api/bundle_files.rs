//! `relance sequence pull|push|diff`: sequences as files in a git repository.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Client, Server, TOKEN};

/// A folder under git, and what is asked about it of one server after the other.
struct Repository(TempDir);

impl Repository {
    fn new() -> Repository {
        let repository = Repository(tempfile::tempdir().unwrap());
        repository.git(&["init", "--quiet"]);
        repository
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "core.autocrlf=false"];
        let done = Command::new("git").args(identity).args(arguments).current_dir(self.path()).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    fn commit(&self) {
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "As it is"]);
    }

    /// Files that differ from the last commit, as git tells them.
    fn changed(&self) -> Vec<String> {
        self.git(&["status", "--porcelain", "--untracked-files=all"]).lines().map(str::to_owned).collect()
    }

    fn ask(&self, server: &Server, task: &str, rest: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_relance"))
            .args(["sequence", task])
            .arg(self.path())
            .args(rest)
            .args(["--server", &server.url(), "--token", TOKEN])
            .output()
            .unwrap()
    }

    /// The code, and what was said.
    fn code(&self, server: &Server, task: &str, rest: &[&str]) -> (i32, String) {
        let done = self.ask(server, task, rest);
        let said = [done.stdout, done.stderr].concat();
        (done.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    #[track_caller]
    fn does(&self, server: &Server, task: &str, rest: &[&str]) -> String {
        let (code, said) = self.code(server, task, rest);
        assert_eq!(code, 0, "{task}: {said}");
        said
    }
}

fn named(api: &Client, name: &str, graph: Value) -> String {
    id(&api.post("/sequences", json!({ "name": name, "graph": graph })).expect(201))
}

/// Q-90, D-41: the six templates, in a repository between two servers.
#[test]
fn what_is_pulled_from_one_server_and_pushed_to_another_is_pulled_from_there_unchanged() {
    let (from, to) = (Server::sandbox(), Server::sandbox());
    let repository = Repository::new();
    let api = from.client();
    for number in 1..=6 {
        let body = json!({ "name": format!("Étape {number}"), "template": format!("T{number}") });
        api.request(Method::POST, "/sequences").header("accept-language", "fr").json(&body).send().expect(201);
    }
    let tag = id(&api.post("/tags", json!({ "name": "Vente" })).expect(201));
    let tag = id(&api.post("/tags", json!({ "name": "Été", "parent": tag })).expect(201));
    let first = id(&items(&api.get("/sequences").expect(200))[0]);
    api.put(&format!("/sequences/{first}/tags"), json!({ "tags": [tag] })).expect(200);
    let said = repository.does(&from, "pull", &[]);
    assert!(said.contains("wrote sequences/etape-1.json"), "{said}");
    repository.commit();
    assert_eq!(repository.code(&to, "diff", &[]).0, 1, "the other server has none of it");
    assert_eq!(repository.does(&from, "diff", &[]), "");
    let said = repository.does(&to, "push", &["--dry-run"]);
    assert!(said.contains("would be 8 created"), "six sequences and two tags: {said}");
    assert!(repository.does(&to, "push", &[]).contains("8 created"));
    assert!(repository.does(&to, "push", &[]).contains("8 unchanged"));
    assert_eq!(repository.does(&to, "diff", &[]), "");
    repository.does(&to, "pull", &[]);
    assert_eq!(repository.changed(), [""; 0]);
}

#[test]
fn a_change_on_the_server_is_a_change_of_one_file_and_the_other_way_round() {
    let server = Server::sandbox();
    let api = server.client();
    let repository = Repository::new();
    let [first, _second] = ["First", "Second"].map(|name| named(&api, name, graph([task("a", None)])));
    repository.does(&server, "pull", &[]);
    repository.commit();
    let path = format!("/sequences/{first}");
    api.patch(&path, json!({ "name": "Renamed", "description": "Why" })).expect(200);
    let (code, diff) = repository.code(&server, "diff", &[]);
    assert_eq!(code, 1, "{diff}");
    assert!(diff.contains("--- server/sequences/first.json\n+++ files/sequences/first.json\n"), "{diff}");
    assert!(diff.contains("\n-      \"name\": \"Renamed\"") || diff.contains("\n-  \"name\": \"Renamed\""), "{diff}");
    repository.does(&server, "pull", &[]);
    assert_eq!(repository.changed(), [" M sequences/first.json"], "it keeps its file");
    repository.commit();
    // And back: somebody edits the file, in a format of their own.
    let file = repository.path().join("sequences/first.json");
    let mut sequence: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    sequence["name"] = json!("From the file");
    fs::write(&file, sequence.to_string()).unwrap();
    let said = repository.does(&server, "push", &[]);
    assert!(said.contains("updated sequence seq-") && said.contains("1 updated, 1 unchanged"), "{said}");
    assert_eq!(api.get(&path).expect(200)["name"], "From the file");
    assert_eq!(repository.does(&server, "diff", &[]), "", "how a file is formatted is no difference");
}

/// Q-93 is the server's; here: what is gone goes from the files that `pull` wrote, and from no other.
#[test]
fn pull_removes_only_files_that_it_wrote() {
    let server = Server::sandbox();
    let api = server.client();
    let repository = Repository::new();
    named(&api, "Same", graph([task("a", None)]));
    named(&api, "Same", graph([task("b", None)]));
    repository.does(&server, "pull", &[]);
    let names = || {
        let entries = fs::read_dir(repository.path().join("sequences")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert!(names().len() == 2 && names().iter().all(|name| name.starts_with("same-seq-")), "{:?}", names());
    // One that somebody wrote by hand, and something that is no sequence at all.
    let own = json!({ "key": "by-hand", "name": "By hand", "record_type": "lead", "graph": { "nodes": [] } });
    fs::write(repository.path().join("sequences/own.json"), own.to_string()).unwrap();
    fs::write(repository.path().join("README.md"), "Ours").unwrap();
    let other = Server::sandbox();
    named(&other.client(), "Elsewhere", graph([task("a", None)]));
    let said = repository.does(&other, "pull", &[]);
    assert!(said.contains("removed sequences/same-seq-"), "{said}");
    assert_eq!(names(), ["elsewhere.json", "own.json"]);
    assert_eq!(fs::read_to_string(repository.path().join("README.md")).unwrap(), "Ours");
}

#[test]
fn one_sequence_is_pulled_by_its_name_and_compared_alone() {
    let server = Server::sandbox();
    let api = server.client();
    let repository = Repository::new();
    let wanted = named(&api, "Wanted", graph([task("a", None)]));
    named(&api, "Other", graph([task("a", None)]));
    repository.does(&server, "pull", &["Wanted"]);
    assert!(repository.path().join("sequences/wanted.json").exists());
    assert_eq!(repository.does(&server, "diff", &[]), "", "the other one was not asked for");
    repository.does(&server, "pull", &[&wanted, "Other"]);
    assert!(repository.path().join("sequences/other.json").exists());
    let (code, said) = repository.code(&server, "pull", &["Nobody's"]);
    assert!(code == 1 && said.contains("there is no sequence `Nobody's`"), "{said}");
}

/// Q-94 for people: which file, which place, and what to do.
#[test]
fn what_does_not_fit_is_told_by_its_file() {
    let server = Server::sandbox();
    let repository = Repository::new();
    let write = |sequence: Value| {
        fs::create_dir_all(repository.path().join("sequences")).unwrap();
        fs::write(repository.path().join("sequences/mine.json"), sequence.to_string()).unwrap();
    };
    let mine = |graph: Value| json!({ "key": "mine", "name": "Mine", "record_type": "lead", "graph": graph });
    write(mine(graph([node("a", "auto_email", json!({ "template": "welcome" }))])));
    let (code, said) = repository.code(&server, "push", &[]);
    assert!(code == 1 && said.contains("sequences/mine.json /graph/nodes/0/template: "), "{said}");
    let said = repository.does(&server, "push", &["--force"]);
    assert!(said.contains("warning: sequences/mine.json /graph/nodes/0/template: "), "{said}");
    write(mine(graph([node("a", "dance", json!({}))])));
    let (code, said) = repository.code(&server, "push", &[]);
    assert!(code == 1 && said.contains("sequences/mine.json /graph/nodes/0/type: "), "{said}");
    let (code, said) = repository.code(&server, "diff", &[]);
    assert!(code == 2 && said.contains("sequences/mine.json /graph/nodes/0/type: "), "{said}");
    fs::write(repository.path().join("sequences/mine.json"), "{").unwrap();
    let (code, said) = repository.code(&server, "push", &[]);
    assert!(code == 1 && said.contains("sequences/mine.json is no JSON"), "{said}");
    assert_eq!(items(&server.client().get("/sequences").expect(200)).len(), 1);
}
