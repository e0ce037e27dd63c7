//! What users and teams have to do, held for those whose lists are looked at: read from the rows when somebody first looks, told
//! of each commit since before that is answered, so that whoever acts reads what they wrote. What nobody looks at costs nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::domain::effect::{Effect, Index};
use crate::domain::record::Record;
use crate::domain::record::schema::{Owner, RecordType};
use crate::domain::work_list::{Face, WorkRow};
use crate::id::RecordId;
use crate::limits;
use crate::sabotage::{self, Defect};
use crate::store::{Commit, Result, Store, codec};

/// A row that a commit has changed; `None` where it is gone.
type Change = (RecordId, Option<Arc<WorkRow>>);

/// Rows that a commit has changed, and whose they are.
pub(super) type Changes = Vec<(Owner, Change)>;

/// What a commit says of work.
pub(super) fn changes(commit: &Commit) -> Changes {
    let changed = commit.effects.iter().filter_map(|effect| match effect {
        Effect::Index(Index::Work { principal, row }) | Effect::Unindex(Index::Work { principal, row }) => {
            Some((*principal, (RecordId::from(commit.entity), row.clone())))
        }
        _ => None,
    });
    changed.collect()
}

/// The rows of one user or team, side by side, because every page looks at all of them.
#[derive(Default)]
struct Rows {
    places: HashMap<RecordId, usize>,
    rows: Vec<(RecordId, WorkRow)>,
    /// The types of whose records it is shown what filters and sorts of the organisation read; of others it takes no memory.
    faces: BTreeSet<RecordType>,
}

impl Rows {
    fn put(&mut self, record: RecordId, mut row: WorkRow) {
        row.face = row.face.filter(|_| self.faces.contains(&row.kind));
        match self.places.get(&record).and_then(|place| self.rows.get_mut(*place)) {
            Some(known) => known.1 = row,
            None => {
                self.places.insert(record, self.rows.len());
                self.rows.push((record, row));
            }
        }
    }

    fn take(&mut self, record: RecordId) {
        let Some(place) = self.places.remove(&record) else { return };
        self.rows.swap_remove(place);
        if let Some((moved, _)) = self.rows.get(place) {
            self.places.insert(*moved, place);
        }
    }

    /// Shows what there is to see of every record of these types.
    fn show_faces(&mut self, store: &dyn Store, faces: &BTreeSet<RecordType>) -> Result<()> {
        for (record, row) in self.rows.iter_mut().filter(|(_, row)| row.face.is_none() && faces.contains(&row.kind)) {
            let (state, _) = codec::load::<Record>(store, (*record).into(), None)?;
            row.face = Some(Face::of(&state));
        }
        self.faces.extend(faces.iter().copied());
        Ok(())
    }
}

/// What one user or team has to do. Writers leave what changed in front of the door; readers take it in.
#[derive(Default)]
struct View {
    rows: RwLock<Option<Rows>>,
    told: Mutex<Vec<Change>>,
    /// The number of the last change that was told.
    changed: AtomicU64,
    /// The number of the last look.
    looked: AtomicU64,
    held: AtomicUsize,
}

/// Changes and looks of one start have this many bits for their numbers.
const EPOCH_SHIFT: u32 = 36;

/// Every view that is held.
pub struct WorkLists {
    views: Mutex<HashMap<Owner, Arc<View>>>,
    /// Counts changes and looks, so that each has a number of its own.
    count: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl View {
    fn write(&self) -> RwLockWriteGuard<'_, Option<Rows>> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Option<Rows>> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was told, after the rows were read: a row says all that there is of its record, so that one which was
    /// read and told as well does no harm.
    fn take_in(&self, store: &dyn Store, owner: Owner, faces: &BTreeSet<RecordType>) -> Result<()> {
        let shows = |rows: &Rows| faces.is_subset(&rows.faces);
        if self.read().as_ref().is_some_and(shows) && lock(&self.told).is_empty() {
            return Ok(());
        }
        let mut held = self.write();
        let mut rows = match held.take() {
            Some(rows) => rows,
            None => {
                let mut read = Rows::default();
                store.work(owner, &mut |record, row| read.put(record, row))?;
                read
            }
        };
        for (record, row) in std::mem::take(&mut *lock(&self.told)) {
            match row {
                Some(row) => rows.put(record, Arc::unwrap_or_clone(row)),
                None => rows.take(record),
            }
        }
        // Where a record cannot be read, the rows are read anew by whoever looks next.
        rows.show_faces(store, faces)?;
        self.held.store(rows.rows.len(), Ordering::Relaxed);
        *held = Some(rows);
        Ok(())
    }
}

impl WorkLists {
    /// None held; `epoch` is another after each start, so that no number comes twice.
    pub fn new(epoch: u64) -> WorkLists {
        WorkLists { views: Mutex::default(), count: AtomicU64::new(epoch << EPOCH_SHIFT) }
    }

    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A commit was stored.
    pub(super) fn tell(&self, changes: Changes) {
        if changes.is_empty() || sabotage::has(Defect::KeepWork) {
            return;
        }
        let mut views = lock(&self.views);
        for (owner, change) in changes {
            let Some(view) = views.get(&owner) else { continue };
            let mut told = lock(&view.told);
            told.push(change);
            view.changed.store(self.next(), Ordering::Release);
            // Nobody takes it in any more: whoever looks again reads the rows.
            if told.len() > limits::WORK_TOLD_MAX {
                drop(told);
                views.remove(&owner);
            }
        }
    }

    /// Nobody knows whether a commit was stored: what it may have changed is read again.
    pub(super) fn forget(&self, changes: &Changes) {
        let mut views = lock(&self.views);
        changes.iter().for_each(|(owner, _)| _ = views.remove(owner));
    }

    fn view(&self, owner: Owner) -> Arc<View> {
        let mut views = lock(&self.views);
        let number = self.next();
        let view = views.entry(owner).or_insert_with(|| {
            let view = View::default();
            view.changed.store(number, Ordering::Release);
            Arc::new(view)
        });
        view.looked.store(number, Ordering::Relaxed);
        view.clone()
    }

    /// The number of the last change to what any of these have to do: it is another after each change, and after each start.
    pub fn changed(&self, owners: &[Owner]) -> u64 {
        owners.iter().map(|owner| self.view(*owner).changed.load(Ordering::Acquire)).max().unwrap_or_default()
    }

    /// How many rows are held of all these; `None` where nobody looks at one of them.
    pub fn held(&self, owners: &[Owner]) -> Option<usize> {
        let views = lock(&self.views);
        owners.iter().map(|owner| views.get(owner).map(|view| view.held.load(Ordering::Relaxed))).sum()
    }

    /// Reads what these have to do, all changes that were answered by now among it. Records of `faces` show what filters and
    /// sorts of the organisation read of them: each is loaded once for as long as its row is held. Blocks while rows are read
    /// that nobody has looked at before: not for a thread that serves others.
    pub fn look<T>(
        &self,
        store: &dyn Store,
        owners: &[Owner],
        faces: &BTreeSet<RecordType>,
        read: impl FnOnce(&mut dyn Iterator<Item = (RecordId, &WorkRow)>) -> T,
    ) -> Result<T> {
        let views: Vec<Arc<View>> = owners.iter().map(|owner| self.view(*owner)).collect();
        for (owner, view) in owners.iter().zip(&views) {
            view.take_in(store, *owner, faces)?;
        }
        let answer = {
            let held: Vec<_> = views.iter().map(|view| view.read()).collect();
            let rows = held.iter().filter_map(|rows| rows.as_ref());
            read(&mut rows.flat_map(|rows| &rows.rows).map(|(record, row)| (*record, row)))
        };
        self.keep_within_bounds();
        Ok(answer)
    }

    /// Lets go of what was looked at longest ago, until no more rows are held than may be.
    fn keep_within_bounds(&self) {
        let mut views = lock(&self.views);
        let mut held: usize = views.values().map(|view| view.held.load(Ordering::Relaxed)).sum();
        metrics::gauge!("relance_work_rows_held").set(held as f64);
        while held > limits::WORK_ROWS_HELD_MAX && views.len() > 1 {
            let oldest = views.iter().min_by_key(|(_, view)| view.looked.load(Ordering::Relaxed));
            let Some((owner, rows)) = oldest.map(|(owner, view)| (*owner, view.held.load(Ordering::Relaxed))) else {
                return;
            };
            views.remove(&owner);
            held -= rows.min(held);
        }
    }
}
