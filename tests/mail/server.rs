//! The real server of server.py, told to fail as a test wants it, and a carrier that sends to it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use relance::connector::mail::pool::{Carrier, PASSWORD};
use relance::connector::mail::smtp::{Letter, Patience};
use relance::connector::seal::Seal;
use relance::connector::secret::Secret;
use relance::domain::channels::mailbox::{Mailbox, Sealed, Security, Server};
use serde_json::Value;
use tempfile::TempDir;

/// A running server; it is killed when it is dropped.
pub struct Running {
    child: Child,
    pub port: u16,
    pub folder: TempDir,
    pub security: Security,
    // It writes more than its first line; a closed pipe would end it.
    _stdout: BufReader<ChildStdout>,
}

/// The Python that has the server's packages.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let install = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/install");
        let installed = Command::new(install).stderr(Stdio::inherit()).output().unwrap();
        assert!(installed.status.success(), "tests/mail/install failed");
        PathBuf::from(String::from_utf8(installed.stdout).unwrap().lines().last().expect("a path"))
    })
}

impl Running {
    /// A server with a certificate of its own for 127.0.0.1.
    pub fn start(security: Security) -> Running {
        let folder = tempfile::tempdir().unwrap();
        let issued = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("ca.pem"), issued.cert.pem()).unwrap();
        fs::write(path("key.pem"), issued.signing_key.serialize_pem()).unwrap();
        let mut command = Command::new(python());
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/server.py")).arg(folder.path());
        command.arg("--keep");
        if security != Security::None {
            command.arg("--tls").arg(path("ca.pem")).arg(path("key.pem"));
        }
        if security == Security::Tls {
            command.arg("--implicit");
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_| panic!("the server did not start: {line}"));
        Running { child, port, folder, security, _stdout: stdout }
    }

    /// What goes wrong from now on; nothing where it is empty.
    pub fn fails(&self, plan: &str) {
        let (file, draft) = (self.folder.path().join("fault"), self.folder.path().join("fault.new"));
        if plan.is_empty() {
            let _ = fs::remove_file(file);
            return;
        }
        fs::write(&draft, plan).unwrap();
        fs::rename(draft, file).unwrap();
    }

    /// How often each Message-ID was taken.
    pub fn taken(&self) -> BTreeMap<String, usize> {
        let mut taken = BTreeMap::new();
        for line in fs::read_to_string(self.folder.path().join("accepted")).unwrap_or_default().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            *taken.entry(line["id"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        taken
    }

    /// The text of the only message.
    pub fn text(&self) -> String {
        fs::read_to_string(self.folder.path().join("1.eml")).unwrap()
    }

    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Answers the end of a message in two seconds, or never.
    pub fn carrier(&self) -> (Carrier, Mailbox) {
        self.carrier_with(Duration::from_secs(2), "correct horse")
    }

    pub fn carrier_with(&self, end_of_data: Duration, password: &str) -> (Carrier, Mailbox) {
        let seal = Arc::new(Seal::new(&Seal::fresh_key().unwrap()).unwrap());
        let password = Sealed(seal.seal(PASSWORD, &Secret::new(password)).unwrap());
        let ca_file = (self.security != Security::None).then(|| self.certificate());
        let patience = Patience { reply: Duration::from_secs(2), end_of_data };
        let carrier = Carrier::new(seal, patience, ca_file.as_deref()).unwrap();
        let smtp = Server {
            host: "127.0.0.1".into(),
            port: self.port,
            security: self.security,
            username: Some("sales".into()),
            password: Some(password),
        };
        let (name, address) = ("Sales".into(), "sales@example.com".into());
        (carrier, Mailbox { name, address, smtp, ..Mailbox::default() })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A message of that id.
pub fn letter(id: &str) -> Letter {
    let bytes = format!("Message-ID: <{id}>\r\nSubject: Hello\r\n\r\nLine\r\n.\r\n..dots\r\nend\r\n").into_bytes();
    Letter { from: "sales@example.com".parse().unwrap(), to: "ada@example.org".parse().unwrap(), bytes }
}

/// One that no socket can hold.
pub fn huge(id: &str) -> Letter {
    let mut letter = letter(id);
    let line = [&[b'x'; 78][..], b"\r\n"].concat();
    letter.bytes.extend(line.iter().cycle().take(32 << 20));
    letter
}

/// A runtime on this thread, as the one that deliveries run on.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work)
}
