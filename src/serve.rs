//! Running the server: open the data, start the engine, listen, and stop in order.

mod housekeeping;
mod mail;
mod secret_key;
pub mod single_sign_on;
mod webhooks;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::{Context, bail};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use utoipa_actix_web::AppExt;

use crate::config::Config;
use crate::courier::{self, Wake};
use crate::file::write_whole;
use crate::id::IdSource;
use crate::import::Imports;
use crate::inbound::{self, Inbound};
use crate::runtime::engine::Engine;
use crate::runtime::start;
use crate::runtime::watch::Reading;
use crate::store::sled::SledOptions;
use crate::time::{Clock, Timestamp};
use crate::web;
use crate::web::api::stream::Streams;
use crate::web::hygiene::rates::Rates;
use crate::web::hygiene::{self, Hygiene, connection};
use crate::web::secret::{digest_of, random_text};
use crate::web::ui::inside::Inside;

/// Shortest administrator token that is taken from the environment.
const TOKEN_MIN: usize = 16;

/// Holds the last reading of the clock that was trusted.
const CLOCK: &str = "clock";
const KEEP_READINGS_EVERY: Duration = Duration::from_secs(60);

/// What to serve, and where.
pub struct ServeOptions {
    /// Everything that is configured.
    pub config: Config,
    /// The data directory.
    pub data: PathBuf,
    /// `HOST:PORT`.
    pub listen: String,
    /// Run on the test clock.
    pub sandbox: bool,
    /// Where a new sandbox's clock starts.
    pub now: Option<Timestamp>,
}

/// Serves until SIGTERM or SIGINT, or until the store fails.
pub async fn run(options: ServeOptions) -> anyhow::Result<()> {
    let ServeOptions { config, data, listen, sandbox, now } = options;
    let hygiene = Hygiene::new(&config.server).map_err(anyhow::Error::msg)?;
    let single_sign_on = single_sign_on::single_sign_on(&config.oidc, sandbox)?;
    let cache_bytes = u64::from(config.store.cache_mib) << 20;
    let reserve_bytes = u64::from(config.store.reserve_mib) << 20;
    let store = crate::store::sled::open(&data, SledOptions { cache_bytes, reserve_bytes, ..SledOptions::default() })?;
    let clock_file = data.join("test-clock");
    let clock = clock(&clock_file, &store, sandbox, now)?;
    let operator = operator_token()?;
    let seal = Arc::new(secret_key::seal(&data)?);
    let postman = mail::postman(&config.mail, &data, &seal, sandbox)?;
    let texter = webhooks::texter(&config, seal.clone())?;
    let postman = Arc::new(if sandbox { postman } else { postman.with_gateways(texter) });
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let engine = start::start(
        Arc::new(store),
        start::Options {
            clock,
            clock_before: kept_reading(&data.join(CLOCK)),
            ids: IdSource::random(),
            threads: if config.engine.threads == 0 { cores.div_ceil(2) } else { config.engine.threads },
            resident_max: config.engine.resident_max,
            idle: Duration::from_secs(config.engine.idle_seconds.max(1)),
            mailer: postman.clone(),
            chance: fastrand::Rng::new(),
        },
    )?;
    mail::seal_anew(&engine, &seal).await;
    mail::seal_gateways_anew(&engine, &seal).await;
    let imports = Imports::open(engine.clone(), &data.join("imports")).context("the import folder cannot be made")?;
    imports.resume().await?;
    let inbound = Inbound::new(engine.clone(), &config.mail.from);
    // As long as nobody can administer, each start offers a link of its own to whoever reads its output.
    let has_administrator = engine.given().policy.organisation.has_administrator();
    let welcome =
        if has_administrator { None } else { Some(random_text().map_err(|problem| anyhow::anyhow!(problem.detail))?) };
    let (sender, wake) = (Arc::new(webhooks::sender(&config, sandbox, seal.clone())?), Wake::default());
    let app = Data::new(web::App {
        engine: engine.clone(),
        inbound: inbound.clone(),
        imports,
        operator: operator.as_deref().map(|token| digest_of(token.as_bytes())),
        hygiene,
        rates: Rates::new(&config.rates),
        address: OnceLock::new(),
        welcome: welcome.as_ref().map(|secret| digest_of(secret.as_bytes())),
        sign_in: config.sign_in.clone(),
        single_sign_on,
        seal,
        postman,
        streams: Streams::new(Duration::from_secs(config.server.heartbeat_seconds.max(1))),
        sender: sender.clone(),
        wake: wake.clone(),
        metrics: recorder()?,
        test_clock: sandbox.then_some(clock_file),
        advancing: tokio::sync::Mutex::default(),
        previewing: std::sync::Arc::default(),
        drawings: Default::default(),
        simulating: std::sync::Arc::default(),
    });
    let workers = if config.server.workers == 0 { cores } else { config.server.workers };
    let seconds = |seconds: u64| Duration::from_secs(seconds.max(1));
    let silence = seconds(config.server.keep_alive_seconds);
    let (head, unread) = (seconds(config.server.head_seconds), seconds(config.server.unread_seconds));
    let shared = app.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .into_utoipa_app()
            .configure(web::routes)
            .into_app()
            .configure(web::pages)
            .app_data(Inside::default())
            .wrap(from_fn(web::auth::note_refusals))
            .wrap(from_fn(web::ui::problems_as_pages))
            .wrap(from_fn(hygiene::hygiene))
    })
    .workers(workers)
    .max_connections(config.server.connections_max.div_ceil(workers).max(1))
    .keep_alive(silence)
    .client_request_timeout(head)
    .client_disconnect_timeout(connection::LEAVE)
    .on_connect(connection::attend(silence + head, unread))
    .shutdown_timeout(config.server.shutdown_seconds)
    .bind(&listen)
    .with_context(|| format!("cannot listen on {listen}"))?;
    let addresses: Vec<String> = server.addrs().iter().map(|address| format!("http://{address}")).collect();
    let address = match config.server.public_url.trim().trim_end_matches('/') {
        "" => addresses.first().cloned().unwrap_or_default(),
        public => public.to_owned(),
    };
    let administrator = match (&welcome, &operator) {
        (Some(secret), None) => format!("open {address}/welcome/{secret} once"),
        (Some(secret), Some(_)) => {
            format!("the token is in RELANCE_ADMIN_TOKEN; or open {address}/welcome/{secret} once")
        }
        (None, Some(_)) => format!("the token is in RELANCE_ADMIN_TOKEN; or sign in at {address}/sign-in"),
        (None, None) => format!("sign in at {address}/sign-in"),
    };
    let _ = app.address.set(address);
    announce(&addresses.join(", "), &data, sandbox, &administrator);
    let running = server.run();
    let watch = actix_web::rt::spawn(end_on_failure(engine.clone(), running.handle()));
    let ending = actix_web::rt::spawn(end_streams(app.clone()));
    let housekeeping = actix_web::rt::spawn(housekeeping::forget(engine.clone()));
    let keeping = actix_web::rt::spawn(keep_readings(engine.clone(), data.join(CLOCK)));
    let courier = courier::run(engine.clone(), sender, webhooks::patience(&config.webhooks), wake);
    let courier = actix_web::rt::spawn(courier);
    // A sandbox reaches no server outside.
    let following =
        (!sandbox).then(|| actix_web::rt::spawn(inbound::watch::watch(inbound, app.seal.clone(), data.join("inbox"))));
    running.await?;
    courier.abort();
    watch.abort();
    ending.abort();
    if let Some(following) = following {
        following.abort();
    }
    housekeeping.abort();
    keeping.abort();
    if engine.has_failed() {
        end_failed();
    }
    engine.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// A file of the configuration, unless it is left empty.
fn named(file: &Path) -> Option<&Path> {
    Some(file).filter(|file| !file.as_os_str().is_empty())
}

/// The system's clock, or a sandbox's own, which goes on where it stood.
fn clock(file: &Path, store: &dyn crate::store::Store, sandbox: bool, now: Option<Timestamp>) -> anyhow::Result<Clock> {
    let kept = match std::fs::read_to_string(file) {
        Ok(kept) => Some(kept),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).context("the file `test-clock` cannot be read"),
    };
    match (sandbox, kept) {
        (false, None) => Ok(Clock::System),
        (false, Some(_)) => {
            bail!("this data directory is a sandbox; start it with --sandbox, or name another with --data")
        }
        (true, Some(kept)) => {
            let kept = Timestamp::parse(kept.trim()).context("the file `test-clock` holds no instant")?;
            Ok(Clock::test(now.map_or(kept, |now| now.max(kept))))
        }
        (true, None) => {
            if !store.entities(crate::id::EntityKind::Sequence)?.is_empty() {
                bail!("this data directory is in real use; a sandbox needs one of its own, name it with --data");
            }
            let start = now.unwrap_or_else(|| Clock::System.now());
            write_whole(file, &start.to_string()).context("the file `test-clock` cannot be written")?;
            Ok(Clock::test(start))
        }
    }
}

/// The built-in administrator's token, if the environment has one.
fn operator_token() -> anyhow::Result<Option<String>> {
    match std::env::var("RELANCE_ADMIN_TOKEN") {
        Ok(token) if token.len() < TOKEN_MIN => {
            bail!("RELANCE_ADMIN_TOKEN has {} characters, it needs at least {TOKEN_MIN}", token.len())
        }
        Ok(token) => Ok(Some(token)),
        Err(_) => Ok(None),
    }
}

/// One recorder per process; figures of what happens, in the buckets that people ask for.
fn recorder() -> anyhow::Result<PrometheusHandle> {
    let seconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 60.0];
    let commits = [1.0, 4.0, 16.0, 64.0, 256.0, 512.0];
    // A promise hangs on these, and a spike takes seconds, so both ends are told apart.
    let late = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 60.0, 3_600.0];
    Ok(PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("relance_timer_late_seconds".into()), &late)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &seconds)?
        .set_buckets_for_metric(Matcher::Suffix("_commits".into()), &commits)?
        .install_recorder()?)
}

/// Says where to go, in one write, so that whoever started the server may read as much of it as they like.
fn announce(addresses: &str, data: &Path, sandbox: bool, administrator: &str) {
    let clock = if sandbox { ", in a sandbox: time moves when told" } else { "" };
    let text = format!(
        "relance listens on {addresses}{clock}\n  API documentation  {addresses}/docs/\n  data               {}\n  \
         administrator      {administrator}\n",
        data.display(),
    );
    // A server whose output nobody reads serves all the same.
    let _ = std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush());
}

/// A store that has failed accepts nothing; the process ends so that whoever started it notices. On the way, a change
/// between a full disk and one with space is noticed, also while nobody writes.
async fn end_on_failure(engine: Engine, server: ServerHandle) {
    while !engine.has_failed() {
        engine.has_room(0);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let _ = tokio::time::timeout(Duration::from_secs(5), server.stop(false)).await;
    end_failed();
}

/// Ends the process at once: threads may hang in a disk that has failed, and what they hold is not to be trusted.
fn end_failed() -> ! {
    eprintln!("relance: the store failed; what was acknowledged is on disk, start again once the cause is mended");
    std::process::exit(1);
}

/// A reading of the clock, and the run of the machine that it belongs to.
#[derive(Serialize, Deserialize)]
struct KeptReading {
    boot: String,
    #[serde(flatten)]
    reading: Reading,
}

fn boot() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned()).filter(|boot| !boot.is_empty())
}

/// What an earlier process trusted, if the machine has not been started anew since.
fn kept_reading(file: &Path) -> Option<Reading> {
    let kept: KeptReading = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    (Some(kept.boot) == boot()).then_some(kept.reading)
}

/// Keeps what is trusted, once a minute, so that starting again does not make a wrong clock right.
async fn keep_readings(engine: Engine, file: PathBuf) {
    let Some(boot) = boot().filter(|_| !engine.clock().is_test()) else { return };
    loop {
        let kept = KeptReading { boot: boot.clone(), reading: engine.trusted_clock() };
        let written = serde_json::to_string(&kept).map_err(Into::into).and_then(|text| write_whole(&file, &text));
        if let Err(error) = written {
            tracing::warn!(%error, "the file `clock` cannot be written");
        }
        tokio::time::sleep(KEEP_READINGS_EVERY).await;
    }
}

/// A stream never ends by itself, and a stop in order waits for what is under way.
async fn end_streams(app: Data<web::App>) {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    if let (Ok(mut terminate), Ok(mut interrupt)) = signals {
        tokio::select! {
            _ = terminate.recv() => app.streams.stop(),
            _ = interrupt.recv() => app.streams.stop(),
        }
    }
}
