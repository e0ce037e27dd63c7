//! The server that is measured: one that runs somewhere, or one that this process starts, stops, kills and looks at.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use chrono::TimeDelta;

use super::report::State;
use super::scenario::{End, Start};
use crate::cli::client::ServerArgs;
use crate::time::Clock;

/// A process of our own that serves a directory of its own. It is killed when it is dropped.
pub struct Server {
    child: Child,
    data: PathBuf,
    sandbox: bool,
    token: String,
    /// How to reach it.
    pub args: ServerArgs,
    /// From the start of the process until it answered.
    pub ready: Duration,
    // A server whose output nobody reads would be ended by the pipe.
    _stdout: BufReader<ChildStdout>,
}

/// Processor time.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// User and system together.
    pub seconds: f64,
}

impl std::ops::Sub for Usage {
    type Output = Usage;
    fn sub(self, earlier: Usage) -> Usage {
        Usage { seconds: self.seconds - earlier.seconds }
    }
}

impl Server {
    /// Starts a server on a directory that does not exist yet.
    pub fn start(data: &Path, start: &Start) -> anyhow::Result<Server> {
        ensure!(!data.exists(), "{} exists already; a measurement begins on a fresh directory", data.display());
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| anyhow!("no randomness for a token: {error}"))?;
        let token = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let now = Clock::System.now() + TimeDelta::hours(-start.hours_behind);
        let more = ["--sandbox".to_owned(), "--now".to_owned(), now.to_string()];
        Server::launch(data.to_owned(), start.sandbox, token, if start.sandbox { &more } else { &[] })
    }

    fn launch(data: PathBuf, sandbox: bool, token: String, more: &[String]) -> anyhow::Result<Server> {
        let started = Instant::now();
        let program = std::env::current_exe().context("this program cannot be found")?;
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .args(more)
            .env("RELANCE_ADMIN_TOKEN", &token)
            .env("RELANCE__LOG__FILTER", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("a server cannot be started")?;
        let mut stdout = BufReader::new(child.stdout.take().context("the server has no output")?);
        let mut line = String::new();
        stdout.read_line(&mut line).context("the server's output cannot be read")?;
        let ready = started.elapsed();
        let word = line.split([' ', ',', '\n']).find(|word| word.starts_with("http://"));
        let address = word.context("the server did not start")?.parse().context("the server's address")?;
        let args = ServerArgs::new(address, token.clone());
        Ok(Server { child, data, sandbox, token, args, ready, _stdout: stdout })
    }

    /// Ends it, and starts it again on the same directory.
    pub fn restart(self, end: End) -> anyhow::Result<Server> {
        self.restart_after(end, |_| Ok(()))
    }

    /// Ends it, does something to its directory, and starts it again.
    fn restart_after(mut self, end: End, work: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<Server> {
        match end {
            End::Kill => self.child.kill().context("the server cannot be killed")?,
            End::Stop => {
                let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
                ensure!(told.context("the server cannot be stopped")?.success(), "the server cannot be stopped");
            }
        }
        self.child.wait().context("the server cannot be waited for")?;
        work(&self.data)?;
        let more: &[String] = if self.sandbox { &["--sandbox".to_owned()] } else { &[] };
        Server::launch(self.data.clone(), self.sandbox, self.token.clone(), more)
    }

    /// A sandbox goes on as a server on the machine's clock. No operator may do that, because a sandbox sends nothing
    /// outside; here nothing is to be sent.
    pub fn go_on_in_real_time(mut self) -> anyhow::Result<Server> {
        ensure!(self.sandbox, "only a sandbox can go on in real time");
        self.sandbox = false;
        self.restart_after(End::Stop, |data| fs::remove_file(data.join("test-clock")).context("the test clock"))
    }

    /// Stops it, runs `relance compact` on its directory, and starts it again; also how long compacting took. None where
    /// this program has no such command; the server is left running then.
    pub fn compact(self) -> anyhow::Result<(Server, Option<Duration>)> {
        let program = std::env::current_exe().context("this program cannot be found")?;
        let mut help = Command::new(&program);
        let known = help.args(["compact", "--help"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !known.is_ok_and(|status| status.success()) {
            return Ok((self, None));
        }
        let mut took = Duration::ZERO;
        let server = self.restart_after(End::Stop, |data| {
            let started = Instant::now();
            let status = Command::new(&program).args(["compact", "--data"]).arg(data).stdout(Stdio::null()).status();
            ensure!(status.is_ok_and(|status| status.success()), "the directory cannot be compacted");
            took = started.elapsed();
            Ok(())
        })?;
        Ok((server, Some(took)))
    }

    /// What it takes up now.
    pub fn state(&self, what: impl Into<String>) -> State {
        State {
            what: what.into(),
            ready_ms: None,
            resident_mb: resident_mb(self.child.id()),
            disk_mb: Some(bytes_below(&self.data) as f64 / 1e6),
            descriptors: descriptors(self.child.id()),
        }
    }

    /// The processor time it has taken.
    pub fn usage(&self) -> Option<Usage> {
        usage(&self.child.id().to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The processor time that this process has taken.
pub fn own_usage() -> Option<Usage> {
    usage("self")
}

fn usage(process: &str) -> Option<Usage> {
    read_usage(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// Reads `/proc/PID/stat`: the 14th and 15th field are hundredths of a second (`USER_HZ`, the same everywhere).
fn read_usage(stat: &str) -> Option<Usage> {
    // The second field is a name in parentheses that may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some(Usage { seconds: (next()? + next()?) / 100.0 })
}

fn resident_mb(process: u32) -> Option<f64> {
    read_resident_mb(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

fn read_resident_mb(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1_024.0 / 1e6)
}

fn descriptors(process: u32) -> Option<u64> {
    Some(fs::read_dir(format!("/proc/{process}/fd")).ok()?.count() as u64)
}

/// What the files below a folder hold; files that vanish meanwhile hold nothing.
fn bytes_below(path: &Path) -> u64 {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_figures_are_read_whatever_a_process_is_called() {
        let stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 4 0 100";
        assert_eq!(read_usage(stat).unwrap().seconds, 3.0);
        assert!(read_usage("42 (cut off) S 1 2").is_none());
        assert_eq!(read_resident_mb("Name:\tx\nVmRSS:\t  1000 kB\n"), Some(1.024));
        assert_eq!(read_resident_mb("Name:\tx\n"), None);
    }

    #[test]
    fn a_folder_is_as_large_as_all_files_below_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("deeper")).unwrap();
        fs::write(folder.path().join("one"), [0; 10]).unwrap();
        fs::write(folder.path().join("deeper/two"), [0; 5]).unwrap();
        assert_eq!(bytes_below(folder.path()), 15);
        assert_eq!(bytes_below(&folder.path().join("none")), 0);
    }
}
