//! The real program on one data directory: started, killed without warning, stopped in order, and asked for a check.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use tempfile::TempDir;

/// The administrator's token in these tests.
pub const TOKEN: &str = "token-of-the-crash-test";
/// A server that says nothing for so long has hung; a debug build on a busy machine needs some seconds.
const UP_WITHIN: Duration = Duration::from_secs(90);

/// A data directory and the program that works on it.
pub struct Program {
    folder: TempDir,
    environment: Vec<(&'static str, &'static str)>,
}

impl Program {
    /// A data directory that is yet to be made.
    pub fn new() -> Program {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        // A link, so that a build beside a long test does not change the program between two rounds.
        fs::hard_link(env!("CARGO_BIN_EXE_relance"), folder.path().join("relance")).unwrap();
        Program { folder, environment: vec![("RELANCE_ADMIN_TOKEN", TOKEN), ("RELANCE__LOG__FILTER", "warn")] }
    }

    /// Sets a variable of the environment for every start from here on.
    pub fn with(mut self, name: &'static str, value: &'static str) -> Program {
        self.environment.push((name, value));
        self
    }

    /// Leaves a variable of the environment out.
    pub fn without(mut self, name: &str) -> Program {
        self.environment.retain(|(known, _)| *known != name);
        self
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(self.folder.path().join("relance"));
        command.env_remove("RELANCE_ADMIN_TOKEN").envs(self.environment.iter().copied());
        command.arg(verb).arg("--data").arg(self.data());
        command
    }

    /// Starts the server; it may still be far from ready.
    pub fn start(&self, options: &[&str]) -> Server {
        Server { child: self.serving(options).spawn().unwrap(), output: None, log: self.folder.path().join("log") }
    }

    fn serving(&self, options: &[&str]) -> Command {
        let errors = OpenOptions::new().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut command = self.command("serve");
        command.args(["--listen", "127.0.0.1:0"]).args(options).stdout(Stdio::piped()).stderr(errors);
        command
    }

    /// Starts the server with a library in front of the system's that makes one of its file operations fail.
    pub fn start_with_faults(&self, library: &Path, kind: &str, at: u64) -> Server {
        let mut command = self.serving(&[]);
        command.env("LD_PRELOAD", library).env("FAULT_UNDER", self.data());
        command.env("FAULT_KIND", kind).env("FAULT_AT", at.to_string());
        Server { child: command.spawn().unwrap(), output: None, log: self.folder.path().join("log") }
    }

    /// Starts the server and waits until it answers; its address.
    pub fn serve(&self, options: &[&str]) -> (Server, String) {
        let mut server = self.start(options);
        match server.address() {
            Some(address) => (server, address),
            None => panic!("the server did not start:\n{}", server.log()),
        }
    }

    /// Runs a command on the data directory of the stopped server.
    pub fn run(&self, verb: &str) -> Output {
        self.command(verb).output().unwrap()
    }

    /// `relance check` must find nothing.
    pub fn check(&self) {
        self.succeed("check");
    }

    /// A command that must end well; what it printed.
    pub fn succeed(&self, verb: &str) -> Vec<u8> {
        let output = self.run(verb);
        let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "relance {verb} ended with {}\n{out:.4000}\n{error}", output.status);
        output.stdout
    }

    /// The messages that have been delivered, by the step that names each.
    pub fn spooled(&self) -> Vec<String> {
        let files = fs::read_dir(self.data().join("spool")).unwrap().map(|file| file.unwrap().path());
        let messages = files.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
        let mut steps: Vec<_> = messages.map(|path| stem(&path)).collect();
        steps.sort_unstable();
        steps
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// A running server. Killed when it is dropped.
pub struct Server {
    child: Child,
    /// Kept open, so that the server can print whenever it likes.
    output: Option<BufReader<ChildStdout>>,
    log: PathBuf,
}

impl Server {
    /// Waits for the first line and reads the address from it; `None` if the process ended before.
    pub fn address(&mut self) -> Option<String> {
        let mut output = BufReader::new(self.child.stdout.take().unwrap());
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = output.read_line(&mut line);
            let _ = tell.send((read.map(|_| line), output));
        });
        let Ok((line, output)) = told.recv_timeout(UP_WITHIN) else {
            panic!("the server hangs in its start:\n{}", self.log())
        };
        self.output = Some(output);
        let line = line.unwrap();
        line.split_whitespace().find(|word| word.starts_with("http://")).map(|word| word.trim_matches(',').to_owned())
    }

    /// What all servers on this data directory have logged.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it ends by itself; its code, and what was logged.
    pub fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, self.log())
    }

    /// SIGKILL, and gone.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let log = self.log();
        assert!(!log.contains("panicked") && !log.contains("ERROR"), "the server met a defect:\n{log}");
    }

    /// SIGTERM, where an earlier server on this data met what it had to log; how it ended.
    pub fn stop_whatever_it_logged(mut self) -> ExitStatus {
        let sent = Command::new("sh").args(["-c", "kill -TERM \"$1\"", "sh", &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        self.child.wait().unwrap()
    }

    /// SIGTERM; how it ended.
    pub fn stop(self) -> ExitStatus {
        let log = self.log.clone();
        let status = self.stop_whatever_it_logged();
        let log = fs::read_to_string(log).unwrap_or_default();
        assert!(!log.contains("panicked") && !log.contains("ERROR"), "the server met a defect:\n{log}");
        status
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says how to repeat a run, if it fails.
pub struct Seed(pub u64);

impl Seed {
    /// From the environment, else by chance.
    pub fn choose() -> Seed {
        let given = std::env::var("RELANCE_CRASH_SEED").ok();
        Seed(given.map_or_else(|| fastrand::u64(..), |text| text.parse().expect("RELANCE_CRASH_SEED is a number")))
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("repeat with RELANCE_CRASH_SEED={}; what the machine did meanwhile cannot be repeated", self.0);
        }
    }
}
