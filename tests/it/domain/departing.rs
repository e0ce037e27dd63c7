//! A user who is disabled: nothing is accepted from them, and their open work is owed to others.

use std::collections::BTreeMap;

use relance::domain::effect::Delivery;
use relance::domain::organisation::UserState;
use relance::domain::organisation::command::{OrganisationCommand, OrganisationRejection};
use relance::domain::permission::Cause;
use relance::id::UserId;

use super::people::{BOB, Office};

#[test]
fn a_disabled_user_may_nothing_until_enabled() {
    let mut office = Office::with_two();
    office.arrive(BOB).unwrap();
    assert!(office.given().policy.person(BOB).is_ok());
    assert_eq!(office.ask(OrganisationCommand::DisableUser { user: BOB }), Ok(2), "and work is handed over");
    assert_eq!(office.ask(OrganisationCommand::DisableUser { user: BOB }), Ok(0), "again");
    assert_eq!(office.owed, BTreeMap::from([(1, Delivery::HandOver { user: BOB })]), "R-53");
    let done = || OrganisationCommand::HandedOver { number: 1 };
    assert_eq!(office.ask(done()), Err(OrganisationRejection::UserNotFound), "only the server says so");
    let by = std::mem::replace(&mut office.by, UserId::SYSTEM);
    assert_eq!([office.ask(done()), office.ask(done())], [Ok(1), Ok(0)]);
    office.by = by;
    assert_eq!(office.given().policy.person(BOB).err().map(|denial| denial.cause), Some(Cause::Role));
    assert_eq!(office.arrive(BOB), Ok(0), "signing in enables nobody");
    assert_eq!(
        office.ask(OrganisationCommand::Arrive { user: BOB }),
        Err(OrganisationRejection::UserNotFound),
        "for another"
    );
    assert_eq!(office.state().users[&BOB].state, UserState::Disabled);
    assert_eq!(office.ask(OrganisationCommand::EnableUser { user: BOB }), Ok(1));
    assert!(office.given().policy.person(BOB).is_ok());
    assert!(office.given().policy.person(UserId::NOBODY).is_err(), "nobody is no user");
}
