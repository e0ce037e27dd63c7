//! How many records stand at each node of the sequences that are looked at, held in memory: the rows are read once, beside what
//! is served, and each commit of a record is told of before it is answered, so that whoever acts reads what they did. What
//! nobody looks at costs nothing. It holds a few bytes per connected record, so that a record says where it stands now and
//! nobody has to know where it stood before: whatever is told twice, or told of and read as well, counts once.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::effect::EnrolmentRow;
use crate::domain::plan::NodeIndex;
use crate::domain::record::Record;
use crate::id::{RecordId, SequenceId};
use crate::limits;
use crate::store::{Result, Store, codec};

/// Where an enrolment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The version that it goes through.
    pub version: u16,
    /// The node that is open, and the version whose it is; none while the enrolment waits to begin.
    pub node: Option<(u16, NodeIndex)>,
}

/// Where a record stands in a sequence: once, or once for each seller who connected it; nothing where it does not.
fn places(record: &Record, sequence: SequenceId) -> Vec<Place> {
    let live = record.enrolments.iter().filter(|held| held.sequence == sequence && held.status.is_live());
    let place = |step: &crate::domain::enrolment::Step| (step.version, step.node);
    let mut places: Vec<Place> =
        live.map(|held| Place { version: held.version, node: record.current_step(held).map(place) }).collect();
    places.sort_unstable();
    places
}

/// A record, in the fewest bytes: it is held a million times.
type Key = [u8; 16];

/// What is known of one sequence.
#[derive(Default)]
struct Counted {
    /// The number of the places of each record.
    records: HashMap<Key, u32>,
    /// The places that records stand at, by their numbers, with how many records do.
    places: Vec<(Arc<[Place]>, u64)>,
    numbers: HashMap<Arc<[Place]>, u32>,
    /// Records that were told of while rows are read: a row says nothing newer of them.
    told: HashSet<Key>,
    is_read: bool,
}

impl Counted {
    fn put(&mut self, record: Key, places: Vec<Place>) {
        let before = if places.is_empty() {
            self.records.remove(&record)
        } else {
            let number = self.number(places);
            self.add(number, 1);
            self.records.insert(record, number)
        };
        if let Some(before) = before {
            self.add(before, -1);
        }
    }

    fn add(&mut self, number: u32, delta: i64) {
        if let Some((_, count)) = self.places.get_mut(number as usize) {
            *count = count.saturating_add_signed(delta);
        }
    }

    fn number(&mut self, places: Vec<Place>) -> u32 {
        let places: Arc<[Place]> = places.into();
        let places_known = &mut self.places;
        *self.numbers.entry(places.clone()).or_insert_with(|| {
            places_known.push((places, 0));
            (places_known.len() - 1) as u32
        })
    }

    fn counts(&self) -> HashMap<Place, u64> {
        let mut counts = HashMap::new();
        for (places, records) in self.places.iter().filter(|(_, records)| *records > 0) {
            places.iter().for_each(|place| *counts.entry(*place).or_default() += records);
        }
        counts
    }
}

/// One sequence that is looked at.
struct View {
    counted: Mutex<Counted>,
    /// Whether its rows are read, or reading them has failed.
    done: watch::Sender<bool>,
    /// The number of the last look.
    looked: AtomicU64,
}

impl View {
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, record: Key, places: Vec<Place>) {
        let mut counted = self.counted();
        if !counted.is_read {
            counted.told.insert(record);
        }
        counted.put(record, places);
    }
}

/// What a look finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// How many enrolments stand at each place.
    Counted(HashMap<Place, u64>),
    /// They are being counted: so many records are, so far.
    Reading(usize),
}

/// Every sequence that is looked at.
#[derive(Default)]
pub struct Standings {
    views: RwLock<HashMap<SequenceId, Arc<View>>>,
    /// Counts looks.
    looks: AtomicU64,
    is_closed: AtomicBool,
}

impl Standings {
    fn views(&self) -> RwLockReadGuard<'_, HashMap<SequenceId, Arc<View>>> {
        self.views.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn views_mut(&self) -> RwLockWriteGuard<'_, HashMap<SequenceId, Arc<View>>> {
        self.views.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A record is stored as it is here, or was read so by its actor. Its actor tells of nothing else meanwhile.
    pub(super) fn tell(&self, id: RecordId, record: &Record) {
        let (views, key) = (self.views(), id.0.to_be_bytes());
        // An erased record does not say any more where it was.
        if !record.exists {
            return views.values().for_each(|view| view.tell(key, Vec::new()));
        }
        let mut told = None;
        for sequence in record.enrolments.iter().map(|enrolment| enrolment.sequence) {
            if told != Some(sequence)
                && let Some(view) = views.get(&sequence)
            {
                view.tell(key, places(record, sequence));
            }
            told = Some(sequence);
        }
    }

    /// What is known of a sequence now. The first look makes it known from then on; whoever is told to has to
    /// [`Standings::read`] it.
    pub fn look(&self, sequence: SequenceId) -> (Standing, bool) {
        let number = self.looks.fetch_add(1, Ordering::Relaxed);
        let known = self.views().get(&sequence).cloned();
        let mut is_new = false;
        let view = known.unwrap_or_else(|| {
            let begin = || {
                is_new = true;
                Arc::new(View {
                    counted: Mutex::default(),
                    done: watch::Sender::new(false),
                    looked: AtomicU64::default(),
                })
            };
            self.views_mut().entry(sequence).or_insert_with(begin).clone()
        });
        view.looked.store(number, Ordering::Relaxed);
        let counted = view.counted();
        match counted.is_read {
            true => (Standing::Counted(counted.counts()), false),
            false => (Standing::Reading(counted.records.len()), is_new),
        }
    }

    /// Waits until the rows of a sequence are read, or for a while.
    pub async fn wait(&self, sequence: SequenceId, patience: Duration) {
        let Some(mut done) = self.views().get(&sequence).map(|view| view.done.subscribe()) else { return };
        // Whoever looks again sees what came of it.
        let _ = tokio::time::timeout(patience, done.wait_for(|done| *done)).await;
    }

    /// Reads where every record of a sequence stands. Blocks for some 20 seconds per million records: not for a thread that
    /// serves others. What fails is begun anew by whoever looks next.
    pub fn read(&self, store: &dyn Store, sequence: SequenceId) -> Result<()> {
        let Some(view) = self.views().get(&sequence).cloned() else { return Ok(()) };
        let read = self.read_rows(store, sequence, &view);
        if !matches!(read, Ok(true)) {
            self.views_mut().remove(&sequence);
        }
        view.done.send_replace(true);
        self.keep_within_bounds();
        read.map(|_| ())
    }

    /// Whether all were read, as against let go of meanwhile.
    fn read_rows(&self, store: &dyn Store, sequence: SequenceId, view: &Arc<View>) -> Result<bool> {
        let mut last = None;
        loop {
            let before = last;
            let (mut rows, mut failed) = (0, None);
            // A part at a time, so that no walk through the rows is open for long.
            store.enrolments(sequence, true, before, &mut |row: EnrolmentRow| {
                match codec::load::<Record>(store, row.record.into(), None) {
                    Ok((record, _)) => {
                        let (key, mut counted) = (row.record.0.to_be_bytes(), view.counted());
                        if !counted.told.contains(&key) {
                            counted.put(key, places(&record, sequence));
                        }
                    }
                    Err(error) => failed = Some(error),
                }
                (rows, last) = (rows + 1, Some(row));
                rows < limits::STANDING_ROWS_READ && failed.is_none()
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
            let is_held = self.views().get(&sequence).is_some_and(|held| Arc::ptr_eq(held, view));
            if self.is_closed.load(Ordering::Relaxed) || !is_held {
                return Ok(false);
            }
            if rows < limits::STANDING_ROWS_READ {
                let mut counted = view.counted();
                (counted.is_read, counted.told) = (true, HashSet::new());
                return Ok(true);
            }
        }
    }

    /// Nothing is read any more.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// Lets go of what was looked at longest ago, until no more records are held than may be.
    fn keep_within_bounds(&self) {
        let mut views = self.views_mut();
        let mut held: usize = views.values().map(|view| view.counted().records.len()).sum();
        while held > limits::STANDING_HELD_MAX && views.len() > 1 {
            let oldest = views.iter().min_by_key(|(_, view)| view.looked.load(Ordering::Relaxed));
            let Some((sequence, records)) = oldest.map(|(id, view)| (*id, view.counted().records.len())) else {
                return;
            };
            views.remove(&sequence);
            held -= records.min(held);
        }
        metrics::gauge!("relance_standing_records_held").set(held as f64);
    }
}
