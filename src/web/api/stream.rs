//! `/stream`: what changes, told as it happens (server-sent events), from any point on that is still kept.
//!
//! Nothing waits in memory for a client: what it has not taken yet is in the feed, and is read as its connection takes it. One
//! that takes nothing is cut off, and comes back with its last id.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::Instant;
use utoipa::IntoParams;

use crate::domain::feed::Position;
use crate::id::UserId;
use crate::limits;
use crate::web::App;
use crate::web::auth::{Principal, still_holds};
use crate::web::feed::work::WorkChanges;
use crate::web::feed::{self, Page};
use crate::web::problem::Problem;
use crate::web::request::{self, Query, blocking, cursor};
use crate::web::wire::event::{ToldEvent, Topics, WORK, is_of};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells proxies not to wait for more.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// Between two looks, so that a busy server is not asked after every group of commands by every client.
const PACE: Duration = Duration::from_millis(20);

/// What to follow.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// Types such as `step.completed`, or what they begin with, such as `step`; joined by commas. All where it is not given, but
    /// for `work_list.changed`: a row of your own work list is another one now.
    topics: Option<String>,
    /// The id of the last event that you have had; `Last-Event-ID` goes before it. From now on where neither is given.
    cursor: Option<String>,
    /// `false` ends the stream where nothing is left to tell, for whoever would rather ask again.
    #[serde(default = "waits", deserialize_with = "request::flag")]
    wait: bool,
}

fn waits() -> bool {
    true
}

/// Reads topics joined by commas.
pub fn topics(text: Option<&str>) -> Result<Topics, Problem> {
    let named = text.unwrap_or_default().split(',').map(str::trim).filter(|topic| !topic.is_empty());
    let named: Vec<String> = named.map(str::to_owned).collect();
    let unknown = |topic| Problem::malformed("/topics", format!("there is no topic `{topic}`"));
    Topics::new(named.iter().filter(|topic| !is_of(WORK, topic)).cloned().collect()).map_err(unknown)?;
    Ok(Topics::known(named))
}

/// Follow what changes, as far as you may see it at that moment. Each event has its cursor as its id; a comment comes now and
/// then, with the cursor up to which there was nothing for you. Every event comes once, unless you ask for it again.
#[utoipa::path(tag = "Events", params(StreamQuery, ("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, body = ToldEvent, content_type = "text/event-stream"), (status = 400, body = Problem),
        (status = 410, body = Problem), (status = 503, body = Problem)))]
#[get("/stream")]
pub async fn follow(
    app: Data<App>,
    request: HttpRequest,
    by: Principal,
    Query(query): Query<StreamQuery>,
) -> Result<HttpResponse, Problem> {
    let topics = topics(query.topics.as_deref())?;
    let last = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let asked = cursor(last.or(query.cursor.clone()).as_deref(), Position::parse)?;
    let place = app.streams.take(by.user())?;
    // Listened to before the end is read, so that nothing falls between.
    let fed = app.engine.follow();
    let store = app.engine.shared_store();
    let position = blocking(move || match asked {
        None => Ok(feed::end(store.as_ref())?),
        Some(asked) => feed::must_lead_on(store.as_ref(), asked).map(|()| asked),
    });
    let position = position.await?;
    let stopping = app.streams.stopping.subscribe();
    let beat_at = Instant::now();
    let waits = query.wait;
    let client = Client { app, by, waits, topics, position, fed, stopping, beat_at, look_at: beat_at, _place: place };
    let events = stream::unfold(Some(client), |client| async move { client?.next().await });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((BUFFERING, "no"))
        .streaming(events))
}

/// Somebody who follows.
struct Client {
    app: Data<App>,
    by: Principal,
    topics: Topics,
    position: Position,
    /// Whether it stays once it has had everything.
    waits: bool,
    fed: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    /// When something has to be said, whatever happens.
    beat_at: Instant,
    /// When it may be looked for more.
    look_at: Instant,
    _place: Place,
}

type Sent = Result<Bytes, actix_web::Error>;

impl Client {
    /// What is sent next; with no client behind it, it is the last.
    async fn next(mut self) -> Option<(Sent, Option<Client>)> {
        loop {
            if *self.stopping.borrow() || !still_holds(&self.app, &self.by) {
                return None;
            }
            self.fed.borrow_and_update();
            let page = match self.look().await {
                Ok(page) => page,
                Err(problem) => {
                    let told = serde_json::to_string(&problem).unwrap_or_default();
                    return Some((Ok(format!("event: problem\ndata: {told}\n\n").into()), None));
                }
            };
            self.position = page.position;
            if !page.told.is_empty() {
                self.beat_at = Instant::now() + self.app.streams.heartbeat;
                return Some((Ok(written(&page)), Some(self)));
            }
            let is_over = !self.waits && !page.is_full;
            if is_over || self.beat_at <= Instant::now() {
                self.beat_at = Instant::now() + self.app.streams.heartbeat;
                // An id without data is kept by clients and not told to anybody.
                let beat = format!(": here\nid: {}\n\n", self.position);
                return Some((Ok(beat.into()), Some(self).filter(|_| !is_over)));
            }
            if !page.is_full {
                self.wait().await?;
            }
        }
    }

    async fn look(&mut self) -> Result<Page, Problem> {
        tokio::time::sleep_until(self.look_at).await;
        let (store, given) = (self.app.engine.shared_store(), self.app.engine.given());
        let (by, topics, from) = (self.by.user(), self.topics.clone(), self.position);
        let work = self.app.streams.work.clone();
        let read = move || feed::read(store.as_ref(), &given, by, (&topics, &work), from, limits::FEED_PAGE);
        let page = blocking(read).await?;
        self.look_at = Instant::now() + if page.is_full { Duration::ZERO } else { PACE };
        Ok(page)
    }

    /// Until there may be more, or something has to be said all the same.
    async fn wait(&mut self) -> Option<()> {
        tokio::select! {
            fed = self.fed.changed() => fed.ok(),
            stopping = self.stopping.changed() => stopping.ok(),
            () = tokio::time::sleep_until(self.beat_at) => Some(()),
        }
    }
}

/// The last event of a page carries the cursor behind all of it, so that what was not for the client is not looked through
/// again.
fn written(page: &Page) -> Bytes {
    let mut text = String::new();
    for (place, told) in page.told.iter().enumerate() {
        let position = if place + 1 == page.told.len() { page.position } else { told.position };
        let event = serde_json::to_string(&told.event).unwrap_or_default();
        text.push_str(&format!("id: {position}\ndata: {event}\n\n"));
    }
    text.into()
}

/// Who follows now, and how they are told that the server stops.
pub struct Streams {
    held: Arc<Mutex<HashMap<UserId, usize>>>,
    heartbeat: Duration,
    stopping: watch::Sender<bool>,
    work: Arc<WorkChanges>,
}

impl Streams {
    /// Nobody yet; something is sent every `heartbeat` at least.
    pub fn new(heartbeat: Duration) -> Streams {
        Streams { held: Arc::default(), heartbeat, stopping: watch::Sender::new(false), work: Arc::default() }
    }

    /// Each ends when it has begun.
    pub fn stopped() -> Streams {
        Streams { stopping: watch::Sender::new(true), ..Streams::new(Duration::MAX) }
    }

    /// Ends all of them.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    fn take(&self, by: UserId) -> Result<Place, Problem> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let own = held.get(&by).copied().unwrap_or_default();
        if own >= limits::STREAMS_PER_USER_MAX || held.values().sum::<usize>() >= limits::STREAMS_MAX {
            return Err(Problem::new("busy", "too many streams are open; close one").retry_after(10));
        }
        held.insert(by, own + 1);
        Ok(Place { by, held: self.held.clone() })
    }
}

/// One of the streams that may be open at a time.
struct Place {
    by: UserId,
    held: Arc<Mutex<HashMap<UserId, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = held.get_mut(&self.by) {
            *own -= 1;
            if *own == 0 {
                held.remove(&self.by);
            }
        }
    }
}
