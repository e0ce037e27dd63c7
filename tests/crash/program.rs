//! The real program on one data directory: started, ended without warning, stopped in order, and asked for a check.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tempfile::TempDir;

use super::disk::Disk;

/// The administrator's token in these tests.
pub const TOKEN: &str = "token-of-the-crash-test";
/// A server that neither comes up nor ends for so long has hung; a debug build on a busy machine needs some seconds.
const HANGS_AFTER: Duration = Duration::from_secs(90);

/// What a data directory lies on, and so how the server on it is cut short.
#[derive(Clone)]
pub enum Ground {
    /// The machine's own disk: the process is killed.
    Machine,
    /// A file system whose power can be cut.
    Disk(Rc<Disk>),
}

/// A data directory and the program that works on it.
pub struct Program {
    ground: Ground,
    /// Of the program and its log.
    folder: TempDir,
    data: TempDir,
    environment: Vec<(&'static str, &'static str)>,
    /// How long the last start took.
    start: Duration,
}

impl Program {
    /// A data directory that is yet to be made. The program is the one that `RELANCE_BINARY` names, else the one that was
    /// built with the test; it gets the test's own environment.
    pub fn new(ground: &Ground) -> Program {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let binary = std::env::var_os("RELANCE_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_relance").into());
        // A link, so that a build beside a long test does not change the program between two rounds.
        let ours = folder.path().join("relance");
        let made = fs::hard_link(&binary, &ours).or_else(|_| fs::copy(&binary, &ours).map(|_| ()));
        made.unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
        let data = tempfile::tempdir_in(match ground {
            Ground::Machine => folder.path(),
            Ground::Disk(disk) => disk.path(),
        });
        let environment = vec![("RELANCE_ADMIN_TOKEN", TOKEN), ("RELANCE__LOG__FILTER", "warn")];
        let start = Duration::from_millis(100);
        Program { ground: ground.clone(), folder, data: data.unwrap(), environment, start }
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
        self.data.path().join("data")
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(self.folder.path().join("relance"));
        command.env_remove("RELANCE_ADMIN_TOKEN").envs(self.environment.iter().copied());
        command.arg(verb).arg("--data").arg(self.data());
        command
    }

    /// Starts the server; it may still be far from ready.
    pub fn start(&self, options: &[&str]) -> Server {
        self.spawn(self.serving(options))
    }

    fn serving(&self, options: &[&str]) -> Command {
        let mut command = self.command("serve");
        command.args(["--listen", "127.0.0.1:0"]).args(options);
        command
    }

    fn spawn(&self, mut command: Command) -> Server {
        let log = self.folder.path().join("log");
        let errors = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let logged_before = usize::try_from(errors.metadata().unwrap().len()).unwrap();
        let child = command.stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        Server { child, output: None, log, logged_before }
    }

    /// Starts the server with a library in front of the system's that makes one of its file operations fail.
    pub fn start_with_faults(&self, library: &Path, kind: &str, at: u64) -> Server {
        let mut command = self.serving(&[]);
        command.env("LD_PRELOAD", library).env("FAULT_UNDER", self.data());
        command.env("FAULT_KIND", kind).env("FAULT_AT", at.to_string());
        self.spawn(command)
    }

    /// Starts the server and waits until it answers; its address.
    pub fn serve(&mut self, options: &[&str]) -> (Server, String) {
        let began = Instant::now();
        let mut server = self.start(options);
        match server.address() {
            Some(address) => {
                self.start = began.elapsed();
                (server, address)
            }
            None => panic!("the server did not start:\n{}", server.log()),
        }
    }

    /// Ends the server without warning, and where the data has a disk of its own, without what was not synced.
    pub fn cut_short(&self, server: Server) {
        match &self.ground {
            Ground::Machine => server.kill(),
            Ground::Disk(disk) => disk.cut(|| server.vanish()),
        }
    }

    /// Ends the server before, while or just after it comes up.
    pub fn cut_start_short(&self, options: &[&str], rng: &mut Rng) {
        let mut server = self.start(options);
        match rng.u8(..4) {
            0 => drop(server.address()),
            // Any scale: a first start does other things early than a later one.
            _ => std::thread::sleep(self.start.mul_f64(1.2 * 0.5_f64.powf(4.0 * rng.f64()))),
        }
        self.cut_short(server);
    }

    /// Ends the server while it stops in order, which takes a second where clients are busy.
    pub async fn cut_stop_short(&self, server: Server, rng: &mut Rng) {
        server.terminate();
        tokio::time::sleep(Duration::from_millis(1).mul_f64(2_f64.powf(11.0 * rng.f64()))).await;
        self.cut_short(server);
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
    /// Bytes of the log that earlier servers wrote.
    logged_before: usize,
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
        let Ok((line, output)) = told.recv_timeout(HANGS_AFTER) else {
            panic!("the server hangs in its start:\n{}", self.log())
        };
        self.output = Some(output);
        let line = line.unwrap();
        line.split_whitespace().find(|word| word.starts_with("http://")).map(|word| word.trim_matches(',').to_owned())
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(log.get(self.logged_before..).unwrap_or_default()).into_owned()
    }

    fn assert_no_defect(&self) {
        let log = self.log();
        assert!(!log.contains("panicked") && !log.contains("ERROR"), "the server met a defect:\n{log}");
    }

    /// Waits until it ends by itself; its code, and what was logged.
    pub fn ended_by_itself(mut self) -> (Option<i32>, String) {
        let code = self.ends().code();
        (code, self.log())
    }

    /// How it ends; a server that does not has hung, and would hang whoever tests it.
    fn ends(&mut self) -> ExitStatus {
        let mut output = self.output.take().unwrap_or_else(|| BufReader::new(self.child.stdout.take().unwrap()));
        let (tell, told) = channel();
        std::thread::spawn(move || tell.send(std::io::copy(&mut output, &mut std::io::sink()).is_ok()));
        assert!(told.recv_timeout(HANGS_AFTER).is_ok(), "the server hangs in its end:\n{}", self.log());
        self.child.wait().unwrap()
    }

    /// SIGKILL, and gone.
    fn kill(mut self) {
        self.end();
        self.assert_no_defect();
    }

    /// SIGKILL on a server that has lost its disk, and may have said so. It gets a moment to answer what it must not.
    fn vanish(mut self) {
        std::thread::sleep(Duration::from_millis(3));
        self.end();
    }

    fn end(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn terminate(&self) {
        let sent = Command::new("sh").args(["-c", "kill -TERM \"$1\"", "sh", &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// SIGTERM, whatever it logged; how it ended.
    pub fn stop_whatever_it_logged(mut self) -> ExitStatus {
        self.terminate();
        self.ends()
    }

    /// SIGTERM; how it ended.
    pub fn stop(mut self) -> ExitStatus {
        self.terminate();
        let status = self.ends();
        self.assert_no_defect();
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
