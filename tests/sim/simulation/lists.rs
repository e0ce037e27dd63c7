//! Those who look at work lists, now and then, and what their lists show in the end.

use std::collections::{BTreeMap, BTreeSet};

use relance::domain::record::schema::Owner;
use relance::id::RecordId;
use relance::store::{Store, codec};

use super::people::{TEAM, USERS};
use super::world::World;

fn whose() -> impl Iterator<Item = Owner> {
    USERS.into_iter().map(Owner::User).chain([Owner::Team(TEAM)])
}

impl World {
    /// Somebody looks at a list, which the server keeps up to date from then on. Where rows cannot be read, nobody does.
    pub fn look_at_work(&mut self) {
        if self.chance.u32(0..8) > 0 {
            return;
        }
        let all: Vec<Owner> = whose().collect();
        let owner = *self.chance.choice(&all).expect("there is somebody");
        let place = self.chance.usize(0..self.processes.len());
        let engine = &self.processes[place].engine;
        let _ = engine.work().look(engine.store(), &[owner], &BTreeSet::new(), |rows| rows.count());
    }

    /// Lists that show something else than what is stored.
    pub fn other_work(&self) -> Vec<String> {
        let engine = &self.processes[0].engine;
        let differs = |owner: &Owner| {
            let held = engine.work().look(engine.store(), &[*owner], &BTreeSet::new(), |rows| {
                rows.map(|(record, row)| (record, codec::encode(row))).collect::<BTreeMap<RecordId, Vec<u8>>>()
            });
            let mut stored = BTreeMap::new();
            let read = self.store.work(*owner, &mut |record, row| _ = stored.insert(record, codec::encode(&row)));
            read.is_err() || held.ok() != Some(stored)
        };
        let others = whose().filter(differs);
        others.map(|owner| format!("{owner:?} is shown another work list than the stored one")).collect()
    }
}
