//! Bounces of a real Postfix, which is the mail server of both sides on the loopback interface.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use relance::connector::inbox::{self, Bounce, Kind};
use relance::id::StepId;
use tempfile::TempDir;

use super::dovecot::{end, system};
use super::programs::{OURS, STEP};

/// How long a bounce may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

struct Postfix {
    child: Option<Child>,
    port: u16,
    root: TempDir,
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout == b"0\n"
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Postfix {
    fn start() -> Postfix {
        let root = tempfile::tempdir().unwrap();
        let port = free_port();
        let folder = root.path();
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        for name in ["etc", "queue", "data", "mail"] {
            fs::create_dir(folder.join(name)).unwrap();
        }
        fs::set_permissions(folder.join("mail"), Permissions::from_mode(0o777)).unwrap();
        assert!(Command::new("chown").arg("postfix").arg(folder.join("data")).status().unwrap().success());
        let path = folder.display();
        let closed = free_port();
        // Our own domain is delivered into a folder; the others show what can go wrong on the way.
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {path}/queue\ndata_directory = {path}/data\nmaillog_file = {path}/log\n\
             maillog_file_prefixes = /var, /dev/stdout, {path}\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = mx.example.org\n\
             mydestination =\nmynetworks = 127.0.0.0/8\nalias_maps =\nalias_database =\n\
             virtual_mailbox_domains = example.org, full.example\nvirtual_mailbox_base = {path}/mail\n\
             virtual_mailbox_maps = inline:{{ {{ {OURS} = sam/ }}, {{ ada@full.example = ada }} }}\n\
             virtual_uid_maps = static:65534\nvirtual_gid_maps = static:65534\nvirtual_mailbox_limit = 60000\nmessage_size_limit = 50000\n\
             transport_maps = inline:{{ {{ refused.example = error:5.7.1 not from here }}, {{ unknown.example = error:5.1.1 no such user here }}, \
             {{ late.example = smtp:[127.0.0.1]:{closed} }}, {{ peer.example = smtp:[127.0.0.1]:{port} }} }}\n\
             smtpd_relay_restrictions = permit_mynetworks, reject\nsmtpd_recipient_restrictions =\n\
             smtpd_reject_unlisted_recipient = no\nsmtp_dns_support_level = disabled\nsmtp_host_lookup = native\n\
             maximal_queue_lifetime = 1s\nbounce_queue_lifetime = 30s\nqueue_run_delay = 1s\nminimal_backoff_time = 1s\nmaximal_backoff_time = 1s\n"
        );
        fs::write(folder.join("etc/main.cf"), main).unwrap();
        let stock = fs::read_to_string("/usr/share/postfix/master.cf.dist").unwrap();
        let listens = format!("127.0.0.1:{port}");
        let plain = stock.lines().map(|line| {
            // In no change of root: the folder is none that has what programs need.
            let line = line.replace(" y       ", " n       ");
            if line.starts_with("smtp      inet") { line.replacen("smtp     ", &listens, 1) } else { line }
        });
        fs::write(folder.join("etc/master.cf"), plain.collect::<Vec<_>>().join("\n") + "\n").unwrap();
        let mut command = system("postfix");
        command.arg("-c").arg(folder.join("etc")).arg("start-fg");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.expect("postfix is installed by tests/inbox/install");
        let mut postfix = Postfix { child: Some(child), port, root };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = postfix.child.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(ended.is_none(), "postfix ended: {}", postfix.log());
            std::thread::yield_now();
        }
        postfix
    }

    fn log(&self) -> String {
        fs::read_to_string(self.root.path().join("log")).unwrap_or_default()
    }

    /// Sends our message to somebody.
    fn send(&self, to: &str, body: &str) {
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).unwrap());
        let message = format!(
            "From: Sam <{OURS}>\r\nTo: {to}\r\nSubject: Hello\r\nDate: Wed, 4 Mar 2026 10:00:00 +0100\r\nMessage-ID: <{STEP}@example.org>\r\n\r\n{body}\r\n.\r\n"
        );
        let mail = format!("MAIL FROM:<{OURS}>\r\n");
        let rcpt = format!("RCPT TO:<{to}>\r\n");
        for (line, code) in [
            ("", "220"),
            ("HELO localhost\r\n", "250"),
            (&mail, "250"),
            (&rcpt, "250"),
            ("DATA\r\n", "354"),
            (&message, "250"),
        ] {
            stream.get_mut().write_all(line.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_line(&mut answer).unwrap();
            assert!(answer.starts_with(code), "{line:.60} is answered {answer}");
        }
    }

    /// The next message that comes back to us.
    fn returned(&self, seen: &mut Vec<String>) -> Vec<u8> {
        let new = self.root.path().join("mail/sam/new");
        let began = Instant::now();
        loop {
            for file in fs::read_dir(&new).into_iter().flatten().flatten() {
                let name = file.file_name().to_string_lossy().into_owned();
                if !seen.contains(&name) {
                    seen.push(name);
                    return fs::read(file.path()).unwrap();
                }
            }
            assert!(began.elapsed() < PATIENCE, "nothing came back:\n{}", self.log());
            std::thread::yield_now();
        }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // What was started is a shell; the master it has started is another process, which this ends and waits for.
        let _ =
            system("postfix").arg("-c").arg(self.root.path().join("etc")).arg("stop").stderr(Stdio::null()).status();
        self.child.take().into_iter().for_each(end);
    }
}

fn not_proven(what: &str) {
    let line = format!("NOT PROVEN on this machine: {what}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(file) = std::env::var_os("RELANCE_NOT_PROVEN") {
        let file = OpenOptions::new().create(true).append(true).open(Path::new(&file));
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}

#[test]
fn genuine_bounces_are_read_for_what_they_say() {
    if !is_root() {
        return not_proven("bounces of a real Postfix are read; only root can start it");
    }
    let postfix = Postfix::start();
    let mut seen = Vec::new();
    for (to, body, status, permanent) in [
        ("ada@unknown.example", "Hello", "5.1.1", true),
        ("ada@refused.example", "Hello", "5.7.1", false),
        // Two hops: the bounce tells what the other server said.
        ("nobody@example.org", "Hello", "5.1.1", true),
        ("ada@full.example", &"Hello, this is rather much.\r\n".repeat(1_500), "5.2.2", false),
        ("ada@late.example", "Hello", "4.4.1", false),
    ] {
        postfix.send(to, body);
        if to == "ada@full.example" {
            // The first one fits.
            postfix.send(to, body);
        }
        let raw = postfix.returned(&mut seen);
        let read = inbox::read(&raw, &[OURS.to_owned()]);
        let text = String::from_utf8_lossy(&raw);
        let Kind::Bounce(Bounce { recipient, status: found, permanent: for_good, .. }) = read.kind else {
            panic!("{to}: {:?}\n{text}", read.kind)
        };
        assert_eq!((recipient.as_deref(), found.as_deref(), for_good), (Some(to), Some(status), permanent), "{text}");
        assert_eq!(read.step, StepId::parse(STEP), "{text}");
    }
}
