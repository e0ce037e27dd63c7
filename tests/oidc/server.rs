//! The real binary, with a provider to sign in with.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::oidc::provider::{CLIENT, SECRET};

const TOKEN: &str = "the-administrator-of-these-tests";

/// A running server; it is killed when it is dropped.
pub struct Server {
    child: Child,
    pub url: String,
    root: TempDir,
    // It writes more than its first line; a closed pipe would end it.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// An empty issuer is none.
    pub fn start(issuer: &str, more: &[&str]) -> Server {
        let root = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_relance"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data", "data"])
            .args(more)
            .current_dir(root.path())
            .env("RELANCE_ADMIN_TOKEN", TOKEN)
            .env("RELANCE__OIDC__ISSUER", issuer)
            .env("RELANCE__OIDC__CLIENT_ID", CLIENT)
            .env("RELANCE__OIDC__CLIENT_SECRET", SECRET)
            .env("RELANCE__OIDC__LABEL", "Sign in with <Tests>")
            .env("RELANCE__LOG__FILTER", "trace")
            .stdout(Stdio::piped())
            .stderr(File::create(root.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.strip_prefix("relance listens on ").and_then(|rest| rest.split([',', '\n']).next());
        let log = || std::fs::read_to_string(root.path().join("log")).unwrap();
        let url = address.unwrap_or_else(|| panic!("the server did not start: {line}{}", log())).to_owned();
        Server { child, url, root, _stdout: stdout }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.root.path().join("log")).unwrap()
    }

    /// What the administrator is answered.
    pub async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let request =
            Client::builder().no_proxy().build().unwrap().request(method, format!("{}/api/v1{path}", self.url));
        let request = request.bearer_auth(TOKEN);
        let answer = if body.is_null() { request.send() } else { request.json(&body).send() }.await.unwrap();
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        answer.json().await.unwrap()
    }

    /// Adds a seller; their id.
    pub async fn add(&self, name: &str, email: &str) -> String {
        let user = self.ask(Method::POST, "/users", json!({ "name": name, "email": email, "roles": ["seller"] })).await;
        user["id"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
