//! One canonical load from end to end, on the release binary and a fresh data directory: what README.md states.
//!
//! ```text
//! cargo bench --bench canonical
//! RELANCE_BENCH_RECORDS=10000 cargo bench --bench canonical      a quick look
//! ```
//!
//! Commands and connecting on the system clock; then `kill -9`, and how long the restart takes with every record
//! waiting; then the spike on the test clock. The load generator is `relance bench`, on the same machine.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const TOKEN: &str = "a-token-for-benchmarks-only";
const RELANCE: &str = env!("CARGO_BIN_EXE_relance");

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

struct Server {
    process: Child,
    address: String,
    ready: Duration,
}

impl Server {
    /// Starts a server and waits until it says where it listens; it is ready by then.
    fn start(data: &Path, more: &[&str]) -> Result<Server> {
        let started = Instant::now();
        let mut process = Command::new(RELANCE)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(more)
            .env("RELANCE_ADMIN_TOKEN", TOKEN)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).ok_or("no address")?;
        let address = address.trim_end_matches(',').to_owned();
        Ok(Server { process, address, ready: started.elapsed() })
    }

    fn bench(&self, arguments: &[&str]) -> Result<()> {
        let bench = Command::new(RELANCE)
            .args(["bench", "--server", &self.address])
            .args(arguments)
            .env("RELANCE_TOKEN", TOKEN)
            .status()?;
        if bench.success() { Ok(()) } else { Err("the load generator failed".into()) }
    }

    /// Resident memory in KiB.
    fn resident_kib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS")).ok_or("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).ok_or("no figure")?.parse()?)
    }

    /// `kill -9`, the way a crash is.
    fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

fn bytes_below(path: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { bytes_below(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

/// `cargo test --benches` compiles this and must not run it.
fn is_test_run() -> bool {
    !std::env::args().any(|argument| argument == "--bench")
}

fn main() -> Result<()> {
    if is_test_run() {
        return Ok(());
    }
    let records = std::env::var("RELANCE_BENCH_RECORDS").unwrap_or_else(|_| "100000".into());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{records} records; load of the machine before: {}", load.trim());

    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), &[])?;
    server.bench(&["--records", &records, "connect", "complete"])?;
    server.kill()?;

    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), &["--sandbox"])?;
    server.bench(&["--records", &records, "waiting"])?;
    server.kill()?;
    let server = Server::start(folder.path(), &["--sandbox"])?;
    println!("restart after a kill, every record waiting: ready in {} ms", server.ready.as_millis());
    println!("resident memory then: {} MB", server.resident_kib()? * 1_024 / 1_000_000);
    println!("data directory: {} MB", bytes_below(folder.path())? / 1_000_000);
    server.kill()?;

    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), &["--sandbox"])?;
    server.bench(&["--records", &records, "spike"])?;
    server.kill()
}
