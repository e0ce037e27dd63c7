//! `relance serve`: the only command that is a server; reads the configuration and hands over.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use tracing_subscriber::EnvFilter;

use crate::config::Config;
use crate::serve::{self, ServeOptions};
use crate::time::Timestamp;

/// Start the server
///
/// Opens the data directory (or makes one), takes up every sequence where it stood, and answers at the address until
/// it gets SIGTERM or Ctrl-C. It may be killed at any moment: whatever it answered is on disk.
#[derive(Clone, Debug, PartialEq, Args)]
#[command(after_long_help = "\
Examples:
  relance serve
      on ./data, at http://127.0.0.1:8080, for this machine only
  relance serve --data /var/lib/relance --listen 0.0.0.0:8080 --config /etc/relance.toml
      for others; put a proxy that speaks HTTPS in front of it
  relance serve --sandbox --data ./play --now 2026-11-21T09:00:00Z
      on a clock that only moves by POST /api/v1/test-clock/advance: watch fifty days in seconds
  RELANCE__STORE__CACHE_MIB=256 relance serve
      any key of the configuration can come from the environment

As long as nobody can administer, each start prints a link that can be used once: open it, and you are the administrator,
who invites everybody else. RELANCE_ADMIN_TOKEN (at least 16 characters), when set, is the bearer token of a built-in
administrator, for programs that set a server up, and for whoever has lost every other way in.")]
pub struct ServeArgs {
    /// Where everything is kept; one server at a time
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data: PathBuf,
    /// Where to answer; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    listen: String,
    /// A TOML file over the built-in defaults; its keys are those of config/default.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Run on the test clock and never send outside
    #[arg(long)]
    sandbox: bool,
    /// Where the test clock of a new sandbox stands, as RFC 3339; otherwise at the real time
    #[arg(long, value_name = "INSTANT", requires = "sandbox", value_parser = instant)]
    now: Option<Timestamp>,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "an instant looks like 2026-11-21T09:00:00Z".into())
}

/// Serves until it is told to stop.
pub fn run(args: ServeArgs) -> anyhow::Result<()> {
    let config = Config::load(args.config.as_deref())?;
    log_to_stderr(&config.log.filter)?;
    let ServeArgs { data, listen, sandbox, now, .. } = args;
    let options = ServeOptions { config, data, listen, sandbox, now };
    actix_web::rt::System::new().block_on(serve::run(options))
}

fn log_to_stderr(filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|error| anyhow!("`log.filter` cannot be `{filter}`: {error}"))?;
    // The database tells its steps also while a thread of its ends, when nothing can be written any more: that aborts us.
    let filter = filter.add_directive("sled=info".parse()?);
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    subscriber.try_init().map_err(|error| anyhow!("the log cannot be set up: {error}"))
}
