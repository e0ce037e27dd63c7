//! An HTTP/1.1 load generator that costs little itself: it shares the machine with what it measures.
//!
//! In a closed loop each connection has one request under way and sends the next when the answer is in. In an open loop
//! requests are due at a fixed rate, whichever connection is free sends the next one, and its latency counts from the
//! moment it was due: a server that stalls pays for everything that should have been sent meanwhile. Everything runs on
//! one thread.

mod connection;
mod measured;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use hyper::StatusCode;
use tokio::task::JoinSet;

use self::connection::Connection;
pub use self::connection::{Call, Target};
pub use self::measured::{Latencies, Measured, Recorder, SHARES};

/// What one connection has to do.
pub trait Work: Send + 'static {
    /// The next request; none ends the connection's work.
    fn next(&mut self) -> Option<Call>;
    /// The answer to it. An error is counted and its first text is kept.
    fn answered(&mut self, status: StatusCode, body: &[u8]) -> Result<(), String>;
}

/// When requests are due: so many per second, until the end. The generator's timer ticks each millisecond, so up to a
/// millisecond of a latency may be its own.
#[derive(Debug)]
struct Schedule {
    start: Instant,
    per_second: u64,
    end: Duration,
    next: AtomicU64,
}

impl Schedule {
    /// When the next request is due that nobody has taken yet; none after the end.
    fn take(&self) -> Option<Instant> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let after = Duration::from_secs_f64(number as f64 / self.per_second as f64);
        (after < self.end).then(|| self.start + after)
    }
}

/// How fast, and how long.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// The next request follows the answer, until there is nothing to do.
    Through,
    /// The next request follows the answer, so long.
    Closed(Duration),
    /// So many requests are due per second, so long; all that were due are sent, however late.
    Open { per_second: u64, lasting: Duration },
}

/// Runs `work`, each on a connection of its own, and returns what was measured and the work as it was left, in its order.
pub async fn run<W: Work>(target: &Target, work: Vec<W>, pace: Pace) -> anyhow::Result<(Measured, Vec<W>)> {
    let recorder = Recorder::default();
    let (elapsed, work) = run_until(target, work, pace, &recorder, || true).await?;
    Ok((Measured { elapsed, ..recorder.take() }, work))
}

/// [`run`], ended earlier where `goes_on` says so, with somebody else taking what is measured from `recorder`.
pub async fn run_until<W: Work>(
    target: &Target,
    work: Vec<W>,
    pace: Pace,
    recorder: &Recorder,
    goes_on: impl Fn() -> bool + Clone + Send + 'static,
) -> anyhow::Result<(Duration, Vec<W>)> {
    let mut opened = Vec::with_capacity(work.len());
    for work in work {
        opened.push((Connection::open(target).await?, work));
    }
    let start = Instant::now();
    let schedule = match pace {
        Pace::Open { per_second, lasting } => {
            Some(Arc::new(Schedule { start, per_second, end: lasting, next: AtomicU64::new(0) }))
        }
        Pace::Through | Pace::Closed(_) => None,
    };
    let mut tasks = JoinSet::new();
    for (at, (connection, work)) in opened.into_iter().enumerate() {
        let (schedule, recorder, goes_on) = (schedule.clone(), recorder.clone(), goes_on.clone());
        let goes_on = move || match pace {
            Pace::Closed(lasting) => start.elapsed() < lasting && goes_on(),
            Pace::Through | Pace::Open { .. } => goes_on(),
        };
        tasks.spawn(async move { (at, cycle(connection, work, schedule, &recorder, goes_on).await) });
    }
    let mut left = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        let (at, work) = ended.context("a connection's task broke off")?;
        left.push((at, work?));
    }
    let elapsed = start.elapsed();
    left.sort_by_key(|(at, _)| *at);
    Ok((elapsed, left.into_iter().map(|(_, work)| work).collect()))
}

async fn cycle<W: Work>(
    mut connection: Connection,
    mut work: W,
    schedule: Option<Arc<Schedule>>,
    recorder: &Recorder,
    goes_on: impl Fn() -> bool,
) -> anyhow::Result<W> {
    while goes_on() {
        let due = match &schedule {
            None => None,
            Some(schedule) => match schedule.take() {
                Some(due) => Some(due),
                None => break,
            },
        };
        if let Some(due) = due
            && due > Instant::now()
        {
            tokio::time::sleep_until(due.into()).await;
        }
        let Some(call) = work.next() else { break };
        let (kind, request) = (call.kind, connection.request(call)?);
        let from = due.unwrap_or_else(Instant::now);
        let status = connection.exchange(request).await?;
        let latency = from.elapsed();
        recorder.record(kind, latency, work.answered(status, &connection.answer).err());
    }
    Ok(work)
}

#[cfg(test)]
mod tests {
    use actix_web::{App, HttpResponse, HttpServer, web};
    use hyper::body::Bytes;
    use hyper::header::HeaderValue;

    use super::*;

    #[derive(Default)]
    struct Ten {
        asked: u32,
        answers: Vec<String>,
    }

    impl Work for Ten {
        fn next(&mut self) -> Option<Call> {
            self.asked += 1;
            (self.asked <= 10).then(|| Call::post_nothing(format!("/echo/{}", self.asked)))
        }
        fn answered(&mut self, status: StatusCode, body: &[u8]) -> Result<(), String> {
            self.answers.push(String::from_utf8_lossy(body).into_owned());
            if status.is_success() { Ok(()) } else { Err(status.to_string()) }
        }
    }

    /// Asks a server that answers every `/echo/N` by `route`.
    fn against<T, F: Future<Output = T>>(
        route: impl Fn() -> actix_web::Route + Clone + Send + 'static,
        ask: impl FnOnce(Target) -> F,
    ) -> T {
        actix_web::rt::System::new().block_on(async move {
            let app = move || App::new().route("/api/v1/echo/{n}", route());
            let server = HttpServer::new(app).workers(1).bind("127.0.0.1:0").unwrap();
            let address = server.addrs()[0].to_string();
            let server = server.run();
            let handle = server.handle();
            tokio::spawn(server);
            let host = HeaderValue::try_from(&address).unwrap();
            let asked = ask(Target { address, prefix: "/api/v1".into(), host, authorization: None }).await;
            handle.stop(false).await;
            asked
        })
    }

    /// Runs two connections against a server that echoes, closes at the third and refuses the seventh request.
    fn run_ten(pace: Pace) -> (Measured, Vec<Ten>) {
        let echo = |path: web::Path<u32>, body: Bytes| async move {
            let text = format!("{path} {}", String::from_utf8_lossy(&body));
            match *path {
                3 => HttpResponse::Ok().force_close().body(text),
                7 => HttpResponse::Conflict().body(text),
                _ => HttpResponse::Ok().body(text),
            }
        };
        against(
            move || web::post().to(echo),
            |target| async move { run(&target, vec![Ten::default(), Ten::default()], pace).await.unwrap() },
        )
    }

    #[test]
    fn each_connection_sends_its_own_requests_in_order_and_opens_again_when_closed() {
        let (measured, work) = run_ten(Pace::Through);
        assert_eq!((measured.requests(), measured.refused), (20, 2));
        assert_eq!(measured.first_refusal.as_deref(), Some("409 Conflict"));
        let expected: Vec<_> = (1..=10).map(|n| format!("{n} {{}}")).collect();
        assert!(work.iter().all(|work| work.answers == expected));
    }

    #[test]
    fn an_open_loop_sends_everything_that_was_due_and_nothing_more() {
        let (measured, work) = run_ten(Pace::Open { per_second: 100, lasting: Duration::from_millis(75) });
        assert_eq!(measured.requests(), 8);
        assert_eq!(work.iter().map(|work| work.answers.len()).sum::<usize>(), 8);
    }

    #[test]
    fn requests_are_due_at_a_fixed_rate_until_the_end() {
        let start = Instant::now();
        let schedule = Schedule { start, per_second: 1_000, end: Duration::from_millis(3), next: AtomicU64::new(0) };
        let due: Vec<_> = std::iter::from_fn(|| schedule.take()).map(|due| due - start).collect();
        assert_eq!(due, [0, 1, 2].map(Duration::from_millis));
    }

    #[test]
    fn a_latency_of_an_open_loop_counts_from_when_the_request_was_due() {
        // The server answers nothing before 60 ms are over; what was due meanwhile has waited for the rest of them.
        let stall = || async {
            std::thread::sleep(Duration::from_millis(60));
            HttpResponse::Ok().finish()
        };
        let measured = against(
            move || web::post().to(stall),
            |target| async move {
                let pace = Pace::Open { per_second: 100, lasting: Duration::from_millis(40) };
                run(&target, vec![Ten::default()], pace).await.unwrap().0
            },
        );
        // Due at 0, 10, 20 and 30 ms, answered at 60, 120, 180 and 240 ms or later.
        assert_eq!(measured.requests(), 4);
        assert!(measured.all().percentile_ms(100.0) >= 209.0, "{}", measured.all().percentile_ms(100.0));
    }
}
