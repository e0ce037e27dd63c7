//! The whole server in this process, over rows in memory and on a test clock: what HTTP clients can reach, without a socket.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::dev::Service;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::rt::{System, SystemRunner};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{Bytes, Data};
use futures_util::future::LocalBoxFuture;
use metrics_exporter_prometheus::PrometheusBuilder;
use relance::config::Config;
use relance::connector::egress::Reach;
use relance::connector::mail::postman::Postman;
use relance::connector::seal::Seal;
use relance::courier::{Sender, Wake};
use relance::id::IdSource;
use relance::import::Imports;
use relance::runtime::start::{self, Options};
use relance::store::memory::Memory;
use relance::store::rows::RowStore;
use relance::time::{Clock, Timestamp};
use relance::web;
use relance::web::api::stream::Streams;
use relance::web::hygiene::rates::Rates;
use relance::web::hygiene::{self, Hygiene};
use relance::web::ui::inside::Inside;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use utoipa_actix_web::AppExt;

const TOKEN: &str = "the token of the fuzz targets";
/// A server is left for a fresh one after so many requests, so that what they made does not pile up.
const REQUESTS_MAX: usize = 2_000;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder for the server"));

type Answer = (StatusCode, String, Bytes);
type Ask = Rc<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answer>>;

/// Ids that a client knows; the same on every server, so that inputs can name them.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub record: String,
    pub sequence: String,
    pub draft: String,
    pub enrolment: String,
    pub step: String,
}

struct Server {
    system: SystemRunner,
    ask: Ask,
    known: Known,
    asked: usize,
}

thread_local! {
    // Not dropped at the end of the process, where its threads would miss what has gone before it.
    static SERVER: RefCell<Option<ManuallyDrop<Server>>> = const { RefCell::new(None) };
}

/// Asks as the administrator, and holds the answer to what every answer must be.
pub fn ask(make: impl FnOnce(&Known) -> TestRequest) {
    ask_as_is(|known| make(known).insert_header(("authorization", format!("Bearer {TOKEN}"))));
}

/// Asks with whatever credentials `make` gives; the status of the answer.
pub fn ask_as_is(make: impl FnOnce(&Known) -> TestRequest) -> StatusCode {
    SERVER.with_borrow_mut(|held| {
        if held.as_ref().is_some_and(|server| server.asked >= REQUESTS_MAX) {
            held.take().into_iter().for_each(|server| ManuallyDrop::into_inner(server).leave());
        }
        let server = held.get_or_insert_with(|| ManuallyDrop::new(Server::start()));
        server.asked += 1;
        let request = make(&server.known);
        let answer = server.system.block_on((server.ask)(request));
        judge(&answer);
        answer.0
    })
}

/// Never a 5xx, and every refusal a problem with a code that has a page.
fn judge((status, kind, body): &Answer) {
    let text = || String::from_utf8_lossy(body).into_owned();
    assert!(status.as_u16() < 500, "{status}: {}", text());
    if kind.contains("json") {
        let value: Value = serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {}", text()));
        if status.as_u16() >= 400 {
            // What stands under `/api/data/` tells problems as its callers know them.
            let code = value["code"].as_str().or_else(|| value["error"]["code"].as_str());
            let code = code.unwrap_or_else(|| panic!("a problem without a code: {value}"));
            assert!(web::problem::CODES.iter().any(|(known, ..)| *known == code), "{code} has no page");
        }
    }
}

impl Server {
    fn start() -> Server {
        let system = System::new();
        let (ask, known) = system.block_on(async {
            let ask = serve().await;
            let known = furnish(&ask).await;
            (ask, known)
        });
        Server { system, ask, known, asked: 0 }
    }

    /// Its threads end with its system.
    fn leave(self) {
        drop(self.ask);
        System::current().stop();
        self.system.run().expect("a system stops");
    }
}

async fn serve() -> Ask {
    let store = Arc::new(RowStore::open(Memory::default()).expect("rows in memory"));
    let postman = Arc::new(Postman::open(FOLDER.path(), "relance@localhost").expect("a spool"));
    let options = Options {
        clock: Clock::test(Timestamp::parse("2026-03-02T09:00:00Z").expect("an instant")),
        clock_before: None,
        ids: IdSource::seeded(1),
        threads: 1,
        resident_max: 64,
        idle: Duration::from_secs(60),
        mailer: postman.clone(),
        chance: fastrand::Rng::with_seed(1),
    };
    let engine = start::start(store, options).expect("an engine");
    let config = Config::load(None).expect("the shipped configuration");
    let seal = Arc::new(Seal::new(&Seal::fresh_key().expect("a key")).expect("a key"));
    let sender = Sender::new(Reach::Loopback(vec![]), Duration::from_secs(1), seal.clone()).expect("a way out");
    let sender = Arc::new(sender);
    let app = Data::new(web::App {
        imports: Imports::open(engine.clone(), FOLDER.path()).expect("a folder for imports"),
        engine: engine.clone(),
        operator: Some(Sha256::digest(TOKEN.as_bytes()).into()),
        hygiene: Hygiene::new(&config.server).expect("the shipped configuration"),
        rates: Rates::new(&config.rates),
        address: OnceLock::new(),
        welcome: None,
        sign_in: config.sign_in.clone(),
        single_sign_on: None,
        inbound: relance::inbound::Inbound::new(engine.clone(), "relance@localhost"),
        postman,
        seal,
        streams: Streams::stopped(),
        sender,
        wake: Wake::default(),
        metrics: PrometheusBuilder::new().build_recorder().handle(),
        test_clock: None,
        advancing: tokio::sync::Mutex::default(),
        previewing: std::sync::Arc::default(),
        drawings: Default::default(),
        simulating: std::sync::Arc::default(),
    });
    let service = actix_web::App::new()
        .app_data(app)
        .into_utoipa_app()
        .configure(web::routes)
        .into_app()
        .configure(web::pages)
        .app_data(Inside::default())
        .wrap(from_fn(web::auth::note_refusals))
        .wrap(from_fn(web::ui::problems_as_pages))
        .wrap(from_fn(hygiene::hygiene));
    let service = Rc::new(init_service(service).await);
    Rc::new(move |request: TestRequest| {
        let answering = service.call(request.to_request());
        Box::pin(async move {
            let (status, kind, body) = match answering.await {
                Ok(response) => {
                    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
                    let kind = kind.unwrap_or_default().to_owned();
                    (response.status(), kind, response.into_body())
                }
                Err(error) => panic!("an error instead of an answer: {error}"),
            };
            let body = to_bytes(body).await.unwrap_or_else(|_| panic!("the body of the answer broke off"));
            (status, kind, body)
        })
    })
}

/// A lead that stands on the first task of a sequence, and another sequence that is being drawn.
async fn furnish(ask: &Ask) -> Known {
    let make = async |path: &str, body: Value| -> Value {
        let request = TestRequest::with_uri(&format!("/api/v1{path}")).method(Method::POST);
        let request = request.insert_header(("authorization", format!("Bearer {TOKEN}"))).set_json(body);
        let (status, _, body) = ask(request).await;
        assert!(status.is_success(), "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("JSON")
    };
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let lead = json!({"type": "lead", "name": "Ada", "email": "ada@example.org", "external_id": "one"});
    let record = text(&make("/records", lead).await["id"]);
    let task = |id: &str, next: Value| json!({"type": "task", "id": id, "name": "Call back", "next": next});
    let mail = json!({"type": "email", "id": "a", "name": "Write", "next": "b"});
    let graph = json!({"start": "a", "nodes": [mail, task("b", json!("c")), task("c", json!(null))]});
    let sequence = text(&make("/sequences", json!({"name": "In a row", "graph": graph})).await["id"]);
    let draft = text(&make("/sequences", json!({"name": "Drawn"})).await["id"]);
    make(&format!("/sequences/{sequence}/activate"), json!({})).await;
    let connected = make(&format!("/sequences/{sequence}/enrolments"), json!({"records": [record]})).await;
    let enrolment = &connected["results"][0]["enrolment"];
    Known { record, sequence, draft, enrolment: text(&enrolment["id"]), step: text(&enrolment["current_step"]) }
}
