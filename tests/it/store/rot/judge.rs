//! Lays out damaged data directories, opens them, and holds every answer against the right one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use relance::domain::access::Scope;
use relance::domain::account::Account;
use relance::domain::audit::Audit;
use relance::domain::catalogue::Catalogue;
use relance::domain::channels::Channels;
use relance::domain::effect::{Counter, EnrolmentRow};
use relance::domain::import::Import;
use relance::domain::message_template::MessageTemplate;
use relance::domain::organisation::Organisation;
use relance::domain::record::Record;
use relance::domain::record::schema::{Owner, RecordType};
use relance::domain::sequence::Sequence;
use relance::domain::suppression::Suppression;
use relance::domain::webhook::Webhook;
use relance::id::{EntityId, EntityKind, SequenceId};
use relance::store::rows::shards;
use relance::store::{Result, Store, StoreError, codec};
use relance::time::Timestamp;

use crate::store::fixture::*;

/// Command ids that are remembered.
pub const COMMANDS: std::ops::Range<u128> = 1_000..1_040;

/// The files of a data directory, by their path within it.
#[derive(Clone)]
pub struct Image(pub BTreeMap<PathBuf, Vec<u8>>);

impl Image {
    pub fn of(directory: &Path) -> Image {
        let mut files = BTreeMap::new();
        for folder in [directory.to_owned(), directory.join("store")] {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
                files.insert(path.strip_prefix(directory).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
        Image(files)
    }

    pub fn lay_out(&self, directory: &Path) {
        let _ = fs::remove_dir_all(directory);
        fs::create_dir_all(directory.join("store/blobs")).unwrap();
        for (path, bytes) in &self.0 {
            fs::write(directory.join(path), bytes).unwrap();
        }
    }

    /// The path of the file whose name begins so.
    pub fn file(&self, begins: &str) -> PathBuf {
        self.0.keys().find(|path| path.to_string_lossy().starts_with(begins)).expect("there is one").clone()
    }

    pub fn with(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Image {
        let mut image = self.clone();
        change(image.0.get_mut(path).expect("there is such a file"));
        image
    }

    /// The same with what another has under that path.
    pub fn with_files_of(&self, other: &Image, begins: &str) -> Image {
        let is_part = |path: &Path| path.to_string_lossy().starts_with(begins);
        let mut image = self.clone();
        image.0.retain(|path, _| !is_part(path));
        image.0.extend(other.0.clone().into_iter().filter(|(path, _)| is_part(path)));
        image
    }

    pub fn without(&self, path: &Path) -> Image {
        let mut image = self.clone();
        image.0.remove(path);
        image
    }
}

/// A folder in memory where there is one: thousands of openings need not wait for a disk.
pub fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { directory() }
}

/// Everything that can be asked of a store: a question, and the answer.
type Answers = Vec<(String, Result<String>)>;

fn ask(answers: &mut Answers, question: impl Into<String>, answer: Result<impl std::fmt::Debug>) {
    answers.push((question.into(), answer.map(|answer| format!("{answer:?}"))));
}

/// Asks for everything, of the entities named.
fn answers(store: &dyn Store, entities: &[EntityId]) -> Answers {
    let mut all = Answers::new();
    let mut rows = Vec::new();
    let log = store.log(&mut |entity, version, bytes| {
        rows.push((entity, version, bytes.to_vec()));
        Ok(())
    });
    ask(&mut all, "the log", log.map(|()| rows));
    let mut rows = Vec::new();
    let derived = store.derived(&mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        Ok(())
    });
    ask(&mut all, "computed rows", derived.map(|()| rows));
    ask(&mut all, "the feed", store.feed(0, usize::MAX));
    for kind in EntityKind::ALL {
        ask(&mut all, format!("all of {kind:?}"), store.entities(kind));
    }
    for entity in entities {
        let question = format!("{entity}");
        match entity.kind {
            EntityKind::Record => {
                ask(&mut all, question, codec::load::<Record>(store, *entity, None));
            }
            EntityKind::Sequence => {
                ask(&mut all, question, codec::load::<Sequence>(store, *entity, None));
            }
            EntityKind::Import => {
                ask(&mut all, question, codec::load::<Import>(store, *entity, None));
            }
            EntityKind::Organisation => {
                ask(&mut all, question, codec::load::<Organisation>(store, *entity, None));
            }
            EntityKind::Account => {
                ask(&mut all, question, codec::load::<Account>(store, *entity, None));
            }
            EntityKind::Catalogue => {
                ask(&mut all, question, codec::load::<Catalogue>(store, *entity, None));
            }
            EntityKind::Channels => {
                ask(&mut all, question, codec::load::<Channels>(store, *entity, None));
            }
            EntityKind::MessageTemplate => {
                ask(&mut all, question, codec::load::<MessageTemplate>(store, *entity, None));
            }
            EntityKind::Webhook => {
                ask(&mut all, question.clone(), codec::load::<Webhook>(store, *entity, None));
                ask(&mut all, format!("what {question} keeps"), store.kept(*entity));
            }
            EntityKind::Suppression => {
                ask(&mut all, question, codec::load::<Suppression>(store, *entity, None));
            }
            EntityKind::Audit => {
                ask(&mut all, question, codec::load::<Audit>(store, *entity, None));
            }
        }
        ask(&mut all, format!("history of {entity}"), store.history(*entity, u32::MAX, 3));
    }
    let mut links = Vec::new();
    let trail = store.trail(None, &mut |number, link| {
        links.push((number, link));
        true
    });
    ask(&mut all, "the audit trail", trail.map(|()| (links, store.head().trail)));
    for shard in shards() {
        ask(&mut all, "timers", store.due(shard, None, Timestamp::MAX, 1_000));
        ask(&mut all, "deliveries", store.owed(shard, None, 1_000));
        for key in COMMANDS.step_by(7) {
            ask(&mut all, "a command id", store.repeat(shard, key, Timestamp::from_millis(NOON)));
        }
    }
    for number in 1..=24 {
        ask(&mut all, "an external id", store.claimed(RecordType::Lead, &format!("crm-{number}")));
    }
    for scope in [Scope::All, Scope::Of(vec![Owner::default()])] {
        let mut records = Vec::new();
        let list = store.records(&scope, None, &mut |id, summary| {
            records.push((id, summary));
            true
        });
        ask(&mut all, "the records", list.map(|()| records));
    }
    ask(&mut all, "a counter", Ok(store.counter(Counter::Records(RecordType::Lead))));
    for number in [1_u32, 2] {
        let sequence = SequenceId::from(entity(EntityKind::Sequence, number as u16, number));
        ask(
            &mut all,
            "a counter",
            Ok([Counter::Live(sequence), Counter::Enrolled(sequence)].map(|of| store.counter(of))),
        );
        for live in [false, true] {
            let mut enrolments: Vec<EnrolmentRow> = Vec::new();
            let list = store.enrolments(sequence, live, None, &mut |row| {
                enrolments.push(row);
                true
            });
            ask(&mut all, "enrolments", list.map(|()| enrolments));
        }
    }
    all
}

/// What became of damage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub refused: usize,
    pub harmless: usize,
    /// Opened, and said when asked for what was damaged.
    pub caught: usize,
}

/// Opens damaged directories and holds every answer against the right ones.
pub struct Judge {
    right: Answers,
    entities: Vec<EntityId>,
    pub folder: tempfile::TempDir,
    tell: Sender<String>,
    pub tally: Tally,
}

impl Judge {
    pub fn new(good: &Image, tell: &Sender<String>) -> Judge {
        let folder = folder();
        let at = folder.path().join("data");
        good.lay_out(&at);
        let store = sled(&at);
        let mut entities: Vec<EntityId> = log(&store).into_iter().map(|(entity, ..)| entity).collect();
        entities.dedup();
        let right = answers(&store, &entities);
        assert!(right.iter().all(|(_, answer)| answer.is_ok()));
        drop(store);
        Judge { right, entities, folder, tell: tell.clone(), tally: Tally::default() }
    }

    /// Opens it twice: what a first opening has done must not make the second one believe what is wrong.
    pub fn judge(&mut self, what: &str, image: &Image) {
        let (at, again) = (self.folder.path().join("data"), self.folder.path().join("again"));
        self.tell.send(what.to_owned()).expect("somebody waits");
        image.lay_out(&at);
        if self.open(what, &at) {
            // Elsewhere: sled may never let go of a database that it has given up.
            Image::of(&at).lay_out(&again);
            self.open(&format!("{what}, opened again"), &again);
        }
    }

    /// Whether anything was found.
    fn open(&mut self, what: &str, at: &Path) -> bool {
        let (right, entities) = (&self.right, &self.entities);
        let mut store = None;
        let opened = try_sled(at).map(|opened| answers(store.insert(opened), entities));
        match opened {
            Err(error) => {
                assert!(matches!(error, StoreError::Damaged { .. } | StoreError::Newer { .. }), "{what}: {error:?}");
                let text = error.to_string();
                assert!(text.contains(&at.display().to_string()) && !text.contains('\n'), "{what}: {text}");
                self.tally.refused += 1;
                true
            }
            Ok(found) => {
                let mut unread = 0;
                for ((question, right), (_, found)) in right.iter().zip(&found) {
                    match (right, found) {
                        (Ok(right), Ok(found)) => {
                            assert!(right == found, "{what}: {question} is answered wrong:\n{found:.2000}")
                        }
                        (_, Err(_)) => unread += 1,
                        (Err(_), _) => unreachable!("what is right is known"),
                    }
                }
                let store = store.expect("it is open");
                assert_eq!(store.is_sound(), unread == 0, "{what}: a store that could not be read says so");
                *(if unread > 0 { &mut self.tally.caught } else { &mut self.tally.harmless }) += 1;
                unread > 0
            }
        }
    }
}
