//! `relance bench`: what a server reaches, measured from outside through its API.

mod complete;
mod drain;
mod hot;
mod mixed;
mod report;
mod scenario;
mod server;
mod setup;
mod soak;
mod watch;
mod work_list;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;

use self::report::{Line, Rate, Report, State};
use self::scenario::{Connect, Overrides, Phase, Restart, Scenario, Start};
use self::server::{Server, Usage, own_usage};
use super::client::{Client, ServerArgs};
use super::connect::BATCHES_IN_FLIGHT;
use super::load::Target;
use crate::time::Timestamp;

/// Measure a server through its API
///
/// With --data it starts servers of its own, each on a fresh directory below that one; otherwise it works on the running
/// server of --server, and nothing but that one is contacted, and only on this machine unless --remote is given. The
/// records and sequences it makes stay there. The load generator runs on one thread and takes its share of the machine,
/// so close everything else and compare only figures of one machine.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Scenarios are files, and these are part of the program (benches/scenarios):
  canonical     records connected; commands at 1, 64, 256 connections, and at half load with latencies from the moment
                each was due
  million       one million connected records: loading, a command on each, restarts, idle memory, disk
  nine-o-clock  100,000 waits end in one instant, on the test clock and on the real one; how late each was
  hot-record    many connections on one record, and its neighbours
  hot-sequence  connecting, working and disconnecting at the same time on one sequence
  work-list     pages of the lists of 200 sellers with a million records, while commands change them
  soak          half an hour of a mixed load; whether memory, descriptors, lag, latencies and disk rise
  connect, complete, waiting, spike
                parts of these, for a quick look

A scenario file NAME.toml is a list of phases, done in their order; a key that nobody knows is an error:
  [[phase]]
  start = { sandbox = false }                    a fresh server; hours_behind sets a sandbox's clock back
  [[phase]]
  connect = { records = 5000 }                   sequence = \"steps\" (40 in a row) or \"task-wait-task\"
  [[phase]]
  complete = { connections = [1, 64], seconds = 10 }    per_second = 1000 makes it an open loop
  [[phase]]
  complete-once = { connections = 64 }           the current step of every record
  [[phase]]
  restart = { after = \"kill\" }                   or \"stop\"; only with --data, like compact = {} and timers
  [[phase]]
  idle = { seconds = 75 }
  [[phase]]
  timers = { records = 5000, over_seconds = 0 }  waits that end soon in real time
  [[phase]]
  drain = { other_records = 1000 }               they fire (in a sandbox: a day passes) while another user works
  [[phase]]
  hot-record = { connections = 64, seconds = 10, neighbours = 1000 }
  [[phase]]
  mixed = { records = 5000, connections = 32, seconds = 60, mix = { connect = 1, complete = 3 } }
                                                 see benches/scenarios/soak.toml for the rest; work-list has its own

Examples:
  relance bench canonical --data ./bench
      on a server of its own; ./bench may be deleted afterwards
  relance bench complete --records 10000 --connections 64 --seconds 5
      against the server at http://127.0.0.1:8080
  relance bench spike --server http://127.0.0.1:8081 --json
      against a server started with `relance serve --sandbox --listen 127.0.0.1:8081`
  relance bench my-load.toml --data ./bench --out results.jsonl
      a scenario of your own, and its figures in a file")]
pub struct BenchArgs {
    /// Names of scenarios, or files
    #[arg(value_name = "SCENARIO", default_values = ["canonical"])]
    scenarios: Vec<String>,
    /// Records to make, whatever the scenario says
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    records: Option<usize>,
    /// Connections of `complete`, one measurement for each, whatever the scenario says
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = at_least_one)]
    connections: Option<Vec<usize>>,
    /// Seconds of each measurement, whatever the scenario says
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Start servers on fresh directories below this one
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    data: Option<PathBuf>,
    /// Print one JSON object per line instead of tables
    #[arg(long)]
    json: bool,
    /// Write the JSON lines to a file as well, with the samples of long measurements
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Allow a server on another machine
    #[arg(long)]
    remote: bool,
    #[command(flatten)]
    server: ServerArgs,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "a number of 1 or more".into())
}

/// The server under test, and what of it the phases share.
struct Bench {
    /// A server of our own.
    own: Option<Server>,
    /// Where servers of our own get their directories.
    data: Option<PathBuf>,
    /// Servers started so far.
    started: usize,
    client: Client,
    target: Target,
    report: Report,
    /// Open steps of the connected records.
    steps: Vec<String>,
    /// Records that wait, each with the instant of its end.
    due: Vec<(String, Timestamp)>,
}

/// Runs the scenarios in the order given, each phase after the other.
pub async fn run(args: BenchArgs) -> anyhow::Result<()> {
    ensure!(
        args.server.is_local() || args.remote,
        "{} is not on this machine; --remote allows it",
        args.server.shown()
    );
    let overrides = Overrides { records: args.records, seconds: args.seconds, connections: args.connections };
    let scenarios = args.scenarios.iter().map(|name| Ok(Scenario::find(name)?.with(&overrides)));
    let scenarios: Vec<_> = scenarios.collect::<anyhow::Result<_>>()?;
    let (client, target) = (Client::new(&args.server)?, Target::new(&args.server)?);
    let report = Report::new(args.json, args.out.as_deref())?;
    let (steps, due) = (Vec::new(), Vec::new());
    let mut bench = Bench { own: None, data: args.data, started: 0, client, target, report, steps, due };
    for scenario in scenarios {
        bench.report.begin(&scenario.name);
        for (at, phase) in scenario.phases.iter().enumerate() {
            bench.phase(phase).await.with_context(|| format!("phase {} of `{}`", at + 1, scenario.name))?;
        }
    }
    Ok(())
}

impl Bench {
    async fn phase(&mut self, phase: &Phase) -> anyhow::Result<()> {
        match phase {
            Phase::Start(start) => self.start(start).await,
            Phase::Connect(connect) => self.connect(connect).await,
            Phase::Complete(complete) => self.complete(complete).await,
            Phase::CompleteOnce(once) => self.complete_once(once).await,
            Phase::Restart(restart) => self.restart(*restart),
            Phase::Idle(idle) => {
                tokio::time::sleep(Duration::from_secs(idle.seconds)).await;
                self.print_state(self.state(format!("{} s idle", idle.seconds)))
            }
            Phase::Compact(_) => self.compact(),
            Phase::Timers(timers) => self.timers(timers).await,
            Phase::Drain(drain) => self.drain(drain).await,
            Phase::HotRecord(hot) => self.hot_record(hot).await,
            Phase::Mixed(mixed) => self.mixed(mixed).await,
            Phase::WorkList(lists) => self.work_list(lists).await,
        }
    }

    /// A fresh server of our own, or a look at the one that was given.
    async fn start(&mut self, start: &Start) -> anyhow::Result<()> {
        (self.steps, self.due) = (Vec::new(), Vec::new());
        let Some(data) = &self.data else {
            return if start.sandbox { self.is_sandbox().await } else { Ok(()) };
        };
        self.own = None;
        self.started += 1;
        self.take(Server::start(&data.join(format!("server-{}", self.started)), start)?)
    }

    /// Goes on with a server that has just been started.
    fn take(&mut self, server: Server) -> anyhow::Result<()> {
        (self.client, self.target) = (Client::new(&server.args)?, Target::new(&server.args)?);
        self.own = Some(server);
        Ok(())
    }

    fn own(&mut self) -> anyhow::Result<Server> {
        self.own.take().context("this needs a server of its own; --data DIR starts one")
    }

    fn restart(&mut self, restart: Restart) -> anyhow::Result<()> {
        let server = self.own()?.restart(restart.after)?;
        let what = format!("restart after a {}", format!("{:?}", restart.after).to_lowercase());
        let state = State { ready_ms: Some(server.ready.as_secs_f64() * 1e3), ..server.state(what) };
        self.take(server)?;
        self.print_state(state)
    }

    fn compact(&mut self) -> anyhow::Result<()> {
        let (server, took) = self.own()?.compact()?;
        let state = took.map(|took| {
            let what = format!("compacted in {:.1} s", took.as_secs_f64());
            State { ready_ms: Some(server.ready.as_secs_f64() * 1e3), ..server.state(what) }
        });
        self.take(server)?;
        match state {
            Some(state) => self.print_state(state),
            None => {
                eprintln!("this program has no command `compact`; the phase is left out");
                Ok(())
            }
        }
    }

    fn go_on_in_real_time(&mut self) -> anyhow::Result<()> {
        let server = self.own()?.go_on_in_real_time()?;
        self.take(server)
    }

    /// Makes records and a sequence and connects them all.
    async fn connect(&mut self, settings: &Connect) -> anyhow::Result<()> {
        let (before, begun) = (self.usage(), Instant::now());
        let records = setup::records(&self.client, settings.records).await?;
        let rate = Rate::of("make records", BATCHES_IN_FLIGHT, records.len() as u64, begun.elapsed().as_secs_f64());
        self.print_rate(rate, before)?;
        let (name, graph) = settings.sequence.graph();
        let sequence = setup::sequence(&self.client, name, graph).await?;
        let (before, begun) = (self.usage(), Instant::now());
        let connected = setup::connect(&self.client, &sequence, &records, None).await?;
        let rate = Rate::of("connect", BATCHES_IN_FLIGHT, connected.len() as u64, begun.elapsed().as_secs_f64());
        self.steps = connected.into_iter().filter_map(|(_, enrolment)| enrolment.current_step).collect();
        self.print_rate(rate, before)?;
        match &self.own {
            Some(server) => self.print_state(server.state("connected")),
            None => Ok(()),
        }
    }

    /// Processor time of the server, where it is ours, and of this process.
    fn usage(&self) -> (Option<Usage>, Option<Usage>) {
        (self.own.as_ref().and_then(Server::usage), own_usage())
    }

    /// Prints what was done, with the processor time since `before`.
    fn print_rate(&mut self, rate: Rate, before: (Option<Usage>, Option<Usage>)) -> anyhow::Result<()> {
        let (server, generator) = self.usage();
        let since = |now: Option<Usage>, before: Option<Usage>| Some(now? - before?);
        self.report.print(Line::Rate(rate.with_usage(since(server, before.0), since(generator, before.1))))
    }

    /// What the server takes up; nothing is known of one that was given.
    fn state(&self, what: impl Into<String>) -> State {
        match &self.own {
            Some(server) => server.state(what),
            None => State { what: what.into(), ..State::default() },
        }
    }

    fn print_state(&mut self, state: State) -> anyhow::Result<()> {
        self.report.print(Line::State(state))
    }
}
