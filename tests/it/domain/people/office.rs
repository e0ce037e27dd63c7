//! An organisation with what it owes, held against its state after every command.

use std::collections::BTreeMap;

use relance::domain::effect::{Delivery, Effect};
use relance::domain::entity::Stamp;
use relance::domain::given::Given;
use relance::domain::organisation::Organisation;
use relance::domain::organisation::command::{
    OrganisationCommand, OrganisationEvent, OrganisationRejection, UserChange,
};
use relance::domain::permission::Role;
use relance::domain::policy::DEFAULT_UNIT;
use relance::id::{OrganisationId, UserId};

use super::super::ledger::Logged;
use super::super::world::{BEGIN, at, user};
use super::{ADA, BOB};

/// An organisation that decisions about it are given too.
pub struct Office {
    organisation: Logged<Organisation>,
    pub by: UserId,
    /// What the outbox has to do.
    pub owed: BTreeMap<u32, Delivery>,
}

impl Office {
    pub(super) fn new() -> Office {
        Office { organisation: Logged::new(), by: UserId::ADMINISTRATOR, owed: BTreeMap::new() }
    }

    pub fn given(&self) -> Given {
        Given::default().with_organisation(&self.organisation.state)
    }

    pub fn told(&mut self, command: OrganisationCommand) -> Result<Vec<OrganisationEvent>, OrganisationRejection> {
        let (given, stamp) = (self.given(), Stamp { at: at(BEGIN), by: self.by });
        let (events, owed) = self.organisation.decide(OrganisationId::THE, &given, command, stamp)?;
        for effect in owed.0 {
            match effect {
                Effect::Owe { key, delivery } => {
                    assert!(self.owed.insert(key, delivery).is_none(), "each job has a number of its own");
                }
                Effect::Settle { key } => assert!(self.owed.remove(&key).is_some(), "nothing is settled twice"),
                other => panic!("an organisation does not owe {other:?}"),
            }
        }
        let (state, mut moved) = (&self.organisation.state, state_of(&self.owed));
        moved.retain(|key, user| !(user.is_none() && state.walks.contains(key)));
        let departures: BTreeMap<_, _> = state.departures.iter().map(|(key, user)| (*key, Some(*user))).collect();
        assert_eq!(moved, departures, "what is owed is what the state says");
        self.organisation.check_replay();
        Ok(events)
    }

    pub fn ask(&mut self, command: OrganisationCommand) -> Result<usize, OrganisationRejection> {
        self.told(command).map(|events| events.len())
    }

    pub fn add(&mut self, id: UserId, name: &str, roles: &[Role]) -> Result<usize, OrganisationRejection> {
        self.ask(OrganisationCommand::AddUser { user: id, profile: user(name, roles, DEFAULT_UNIT).profile })
    }

    /// A user signs in for the first time.
    pub fn arrive(&mut self, user: UserId) -> Result<usize, OrganisationRejection> {
        let by = std::mem::replace(&mut self.by, user);
        let done = self.ask(OrganisationCommand::Arrive { user });
        self.by = by;
        done
    }

    /// Ada administers and has signed in, Bob sells.
    pub fn with_two() -> Office {
        let mut office = Office::new();
        office.add(ADA, "ada", &[Role::SystemAdministrator]).unwrap();
        office.add(BOB, "bob", &[Role::Seller]).unwrap();
        office.arrive(ADA).unwrap();
        office
    }

    pub(super) fn change(&mut self, user: UserId, change: UserChange) -> Result<usize, OrganisationRejection> {
        self.ask(OrganisationCommand::ChangeUser { user, changes: vec![change], expected: None })
    }

    pub fn state(&self) -> &Organisation {
        &self.organisation.state
    }
}

/// Whose work is handed over, by job; nobody's where due dates are computed anew.
fn state_of(owed: &BTreeMap<u32, Delivery>) -> BTreeMap<u32, Option<UserId>> {
    let whose = |delivery: &Delivery| match delivery {
        Delivery::HandOver { user } => Some(*user),
        Delivery::MoveDueDates { .. } => None,
        other => panic!("an organisation does not owe {other:?}"),
    };
    owed.iter().map(|(key, delivery)| (*key, whose(delivery))).collect()
}
