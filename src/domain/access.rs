//! Which records somebody sees and may act on: one rule for reading, changing, listing and counting.

use crate::domain::permission::{Denial, Permission, Role};
use crate::domain::policy::Person;
use crate::domain::record::schema::Owner;
use crate::id::TeamId;

/// What the access to a record follows from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Whose it is.
    pub owner: Owner,
    /// Who else is let in.
    pub access_team: Option<TeamId>,
    /// Whom open steps on it are assigned to.
    pub assignees: &'a [Owner],
}

/// How far somebody's access to a record goes; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// It is not there for them.
    Nothing,
    /// They see it.
    See,
    /// They write on it and act on its steps.
    Act,
    /// They give it to others.
    Give,
    /// They erase it.
    Erase,
}

/// The rule: one's own and one's teams' records; those one is let in to or has an open step of; a sales manager's business
/// unit; for administrators all. A sequence manager sees the records of the business unit, to connect them.
pub fn reach(person: &Person, facts: &Facts) -> Reach {
    let in_unit = || person.shares_unit_with(facts.owner);
    if person.roles.has(Role::SystemAdministrator) || (person.roles.has(Role::SalesManager) && in_unit()) {
        Reach::Erase
    } else if person.is(facts.owner) {
        Reach::Give
    } else if facts.access_team.is_some_and(|team| person.is(Owner::Team(team)))
        || facts.assignees.iter().any(|assignee| person.is(*assignee))
    {
        Reach::Act
    } else if person.roles.has(Role::SequenceManager) && in_unit() {
        Reach::See
    } else {
        Reach::Nothing
    }
}

/// Refuses what goes beyond somebody's reach: what they cannot see is not there, and `what` completes "your roles do not
/// let you …" of what they can see (P-21).
pub fn must_reach(found: Reach, wanted: Reach, what: &str) -> Result<(), Denial> {
    match found {
        Reach::Nothing => Err(Denial::hidden("record")),
        found if found < wanted => Err(Denial::role(Permission::Work, what)),
        _ => Ok(()),
    }
}

/// Refuses to give a record to somebody of another business unit, unless by an administrator.
pub fn must_give_to(person: &Person, to: Owner) -> Result<(), Denial> {
    let may = person.roles.has(Role::SystemAdministrator) || person.is(to) || person.shares_unit_with(to);
    if may { Ok(()) } else { Err(Denial::role(Permission::Work, "give a record to another business unit")) }
}

/// The records that a list looks at; [`reach`] still says of each whether somebody sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every record.
    All,
    /// Those that one of these users and teams owns, has access to, or has an open step of; see
    /// [`crate::domain::effect::RecordSummary::principals`].
    Of(Vec<Owner>),
}

impl Scope {
    /// The rows that hold everything somebody sees; [`reach`] still says of each whether they do.
    pub fn of(person: &Person) -> Scope {
        let sees_unit = [Role::SystemAdministrator, Role::SequenceManager, Role::SalesManager];
        match sees_unit.into_iter().any(|role| person.roles.has(role)) {
            true => Scope::All,
            false => Scope::Of(person.principals()),
        }
    }
}
