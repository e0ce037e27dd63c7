//! A real Dovecot in a folder of its own, and mail that is delivered into its folders.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Who has the mailbox; every name has the same password.
pub const USER: &str = "sam";
pub const PASSWORD: &str = "the-password-of-these-tests";

/// A running server; it is stopped when it is dropped.
pub struct Dovecot {
    child: Option<Child>,
    pub port: u16,
    root: TempDir,
}

/// What `id` says of this process.
fn id(of: &str) -> String {
    let output = Command::new("id").arg(of).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Runs a program of `/usr/sbin`, which only root has on its path.
pub fn system(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default()));
    command
}

/// Asks a process to end, and waits until it has.
pub fn end(mut child: Child) {
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    child.wait().unwrap();
}

impl Dovecot {
    /// `capabilities` of another server than this one, such as one that cannot tell of news.
    pub fn start(capabilities: &str) -> Dovecot {
        let root = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        let mail = root.path().join("mail");
        fs::create_dir(&mail).unwrap();
        fs::set_permissions(&mail, Permissions::from_mode(0o777)).unwrap();
        let mut dovecot = Dovecot { child: None, port, root };
        fs::write(dovecot.root.path().join("dovecot.conf"), dovecot.configuration(capabilities)).unwrap();
        dovecot.begin();
        dovecot
    }

    fn configuration(&self, capabilities: &str) -> String {
        let root = self.root.path().display();
        // As root it insists on users without rights, of which its package brings some; else it is whoever runs the test.
        let (own, inner, login, mail) = match id("-u").as_str() {
            "0" => (String::new(), "dovecot".into(), "dovenull".into(), ("nobody".into(), "nogroup".into())),
            _ => ("chroot =".into(), id("-un"), id("-un"), (id("-u"), id("-g"))),
        };
        let group = if inner == "dovecot" { inner.clone() } else { id("-gn") };
        let capabilities =
            if capabilities.is_empty() { String::new() } else { format!("imap_capability = {capabilities}") };
        format!(
            "protocols = imap\nlisten = 127.0.0.1\nbase_dir = {root}/run\nstate_dir = {root}/state\nlog_path = {root}/log\n\
             ssl = no\ndisable_plaintext_auth = no\ndefault_internal_user = {inner}\ndefault_internal_group = {group}\n\
             default_login_user = {login}\nfirst_valid_uid = 1\nfirst_valid_gid = 1\nmail_location = maildir:{root}/mail/%u\n{capabilities}\n\
             passdb {{\n driver = static\n args = password={PASSWORD}\n}}\n\
             userdb {{\n driver = static\n args = uid={} gid={} home={root}/mail/%u\n}}\n\
             service imap-login {{\n {own}\n inet_listener imap {{\n  address = 127.0.0.1\n  port = {}\n }}\n inet_listener imaps {{\n  port = 0\n }}\n}}\n\
             service anvil {{\n {own}\n}}\nservice stats {{\n {own}\n}}\n\
             namespace inbox {{\n inbox = yes\n separator = /\n mailbox Sent {{\n  special_use = \\Sent\n  auto = subscribe\n }}\n}}\n",
            mail.0, mail.1, self.port
        )
    }

    /// Starts it, or starts it again, and returns once it takes connections.
    pub fn begin(&mut self) {
        let file = self.root.path().join("dovecot.conf");
        let child = system("dovecot").arg("-F").arg("-c").arg(file).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        self.child = Some(child.expect("dovecot is installed by tests/inbox/install"));
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            let log = fs::read_to_string(self.root.path().join("log")).unwrap_or_default();
            assert!(ended.is_none(), "dovecot ended: {log}");
            std::thread::yield_now();
        }
    }

    /// Stops it; connections to it are closed.
    pub fn stop(&mut self) {
        self.child.take().into_iter().for_each(end);
    }

    /// Puts a message into a folder, as a delivery does; it is there when this returns.
    pub fn deliver(&self, folder: &str, raw: &[u8]) {
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).unwrap());
        let told = |stream: &mut BufReader<TcpStream>, begins: &str| {
            let mut line = String::new();
            while !line.starts_with(begins) {
                line.clear();
                assert!(stream.read_line(&mut line).unwrap() > 0, "closed before {begins}");
            }
            line
        };
        told(&mut stream, "* OK");
        write!(stream.get_mut(), "a LOGIN {USER} \"{PASSWORD}\"\r\n").unwrap();
        assert!(told(&mut stream, "a ").starts_with("a OK"));
        write!(stream.get_mut(), "b APPEND {folder} {{{}}}\r\n", raw.len()).unwrap();
        told(&mut stream, "+");
        stream.get_mut().write_all(raw).unwrap();
        stream.get_mut().write_all(b"\r\n").unwrap();
        let answer = told(&mut stream, "b ");
        assert!(answer.starts_with("b OK"), "{answer}");
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.stop();
    }
}
