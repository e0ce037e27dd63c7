//! The governor against one that looks at everything each time, and what a message counts against.

use chrono::TimeDelta;
use relance::domain::delivery::DeliveryState;
use relance::domain::governor::{Booking, Bound, Brake, Governor, Scope, Watched};
use relance::domain::record::schema::Owner;
use relance::domain::slot::Slot;
use relance::id::{MailboxId, RecordId, StepId, UserId};
use relance::time::Timestamp;

const START: i64 = 1_790_000_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(START + seconds * 1_000)
}

fn step(number: u32) -> StepId {
    StepId::of(RecordId(7 << 64), number)
}

fn bound(brake: Brake, scope: Scope, seconds: i64, most: u32) -> Bound {
    Bound { brake, scope, per: TimeDelta::seconds(seconds), most }
}

/// Two mailboxes, three sellers, four domains, five people: bounds of each kind, short and long.
fn bounds(slot: &Slot) -> Vec<Bound> {
    let mailbox = Scope::Mailbox(slot.mailbox);
    vec![
        bound(Brake::Mailbox, mailbox, 60, 5),
        bound(Brake::Mailbox, mailbox, 200, 14),
        bound(Brake::Spacing, mailbox, 4, 1),
        bound(Brake::Organisation, Scope::Organisation, 60, 8),
        bound(Brake::Seller, Scope::Seller(slot.seller), 90, 6),
        bound(Brake::RecipientDomain, Scope::Domain(slot.domain), 60, 3),
        bound(Brake::Person, Scope::Person(slot.person), 120, 4),
    ]
}

fn slot(chance: &mut fastrand::Rng) -> Slot {
    Slot {
        mailbox: chance.bool().then_some(MailboxId(1)),
        seller: Owner::User(UserId(chance.u32(0..3).into())),
        person: chance.u64(0..5),
        domain: chance.u64(0..4),
        account: None,
    }
}

fn scopes(slot: &Slot) -> Vec<Scope> {
    bounds(slot).iter().map(|bound| bound.scope).collect()
}

/// Whether one more at that time would be too many anywhere.
fn fits(taken: &[Booking], slot: &Slot, when: Timestamp) -> bool {
    bounds(slot).iter().all(|bound| {
        let counted = taken.iter().filter(|other| scopes(&other.slot).contains(&bound.scope));
        let mut times: Vec<_> = counted.map(|other| other.at).chain([when]).collect();
        times.sort();
        let crowds = times.windows(bound.most as usize + 1);
        !crowds.into_iter().any(|crowd| crowd[crowd.len() - 1] - crowd[0] < bound.per && crowd.contains(&when))
    })
}

#[test]
fn every_message_gets_the_first_place_that_no_bound_forbids() {
    for seed in 0..20 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut governor = Governor::default();
        governor.begin(Watched::all(TimeDelta::seconds(200)), [], at(0), bounds);
        let (mut taken, mut now): (Vec<Booking>, i64) = (Vec::new(), 0);
        for number in 0..50 {
            now += chance.i64(0..12);
            // Some do not leave after all.
            if chance.u8(0..5) == 0 && !taken.is_empty() {
                let gone = taken.swap_remove(chance.usize(..taken.len()));
                governor.told(DeliveryState::Skipped, gone, at(now));
                continue;
            }
            let (slot, from) = (slot(&mut chance), at(now + chance.i64(0..40)));
            // The window is shut in every other half minute.
            let opens = |when: Timestamp| {
                let second = (when.millis() - START) / 1_000;
                if second % 60 < 30 { when } else { at(second - second % 60 + 60) }
            };
            let (place, _) = governor.plan(step(number), slot, &bounds(&slot), from, opens);
            let mut first = opens(from);
            while !fits(&taken, &slot, first) {
                first = opens(first + TimeDelta::seconds(1));
            }
            assert_eq!(place, first, "seed {seed}, message {number}");
            taken.push(Booking { step: step(number), at: place, slot });
        }
    }
}

#[test]
fn whoever_asks_again_keeps_the_place() {
    let mut chance = fastrand::Rng::with_seed(1);
    let mut governor = Governor::default();
    governor.begin(Watched::all(TimeDelta::seconds(200)), [], at(0), bounds);
    let slot = slot(&mut chance);
    let places: Vec<_> =
        (0..20).map(|number| governor.plan(step(number), slot, &bounds(&slot), at(0), |at| at).0).collect();
    for (number, place) in (0..20).zip(&places) {
        let (again, brake) = governor.plan(step(number), slot, &bounds(&slot), *place, |at| at);
        assert_eq!((again, brake), (*place, None), "the date that was shown is the date that is kept");
    }
    assert_eq!(governor.plan(step(3), slot, &bounds(&slot), at(0), |at| at).0, places[3], "and no other is free");
}

/// The moment that passes between a place and its message must not cost the message its place.
#[test]
fn whoever_is_a_moment_late_leaves_all_the_same_and_no_more_leave_than_may() {
    let slot = slot(&mut fastrand::Rng::with_seed(4));
    let bounds = |slot: &Slot| vec![bound(Brake::Mailbox, Scope::Mailbox(slot.mailbox), 60, 5)];
    let mut governor = Governor::default();
    governor.begin(Watched::all(TimeDelta::seconds(200)), [], at(0), bounds);
    let places: Vec<_> =
        (0..15).map(|number| governor.plan(step(number), slot, &bounds(&slot), at(0), |at| at).0).collect();
    let mut left: Vec<Timestamp> = Vec::new();
    for (number, place) in (0..15).zip(places) {
        let late = place + TimeDelta::milliseconds(i64::from(number));
        let (at, _) = governor.plan(step(number), slot, &bounds(&slot), late, |at| at);
        assert!(at - place < TimeDelta::milliseconds(30), "message {number} leaves {} late", at - place);
        governor.told(DeliveryState::Sent, Booking { step: step(number), at, slot }, at);
        left.push(at);
    }
    assert!(left.windows(6).all(|six| six[5] - six[0] >= TimeDelta::seconds(60)), "{left:?}");
}

#[test]
fn what_is_overdue_leaves_in_order_under_the_same_bounds() {
    let mut chance = fastrand::Rng::with_seed(2);
    let slot = slot(&mut chance);
    // Ten that the server missed, told in any order; one that has left a moment ago.
    let mut places: Vec<_> = (0..10)
        .map(|number| (DeliveryState::Owed, Booking { step: step(number), at: at(-100 + i64::from(number)), slot }))
        .collect();
    chance.shuffle(&mut places);
    places.push((DeliveryState::Sent, Booking { step: step(99), at: at(-1), slot }));
    let mut governor = Governor::default();
    governor.begin(Watched::all(TimeDelta::seconds(200)), places, at(0), bounds);
    let mut before = at(-1);
    for number in 0..3 {
        let (place, _) = governor.plan(step(number), slot, &bounds(&slot), at(0), |at| at);
        assert!(place > before, "the oldest first");
        before = place;
    }
    assert_eq!(before, at(59), "the fourth to this domain waits until the first is a minute old");
}

#[test]
fn what_was_told_while_it_was_computed_counts() {
    let slot = slot(&mut fastrand::Rng::with_seed(3));
    let mut governor = Governor::default();
    governor.prepare();
    governor.told(DeliveryState::Sent, Booking { step: step(1), at: at(0), slot }, at(0));
    governor.begin(Watched::all(TimeDelta::seconds(200)), [], at(0), bounds);
    assert_eq!(governor.plan(step(2), slot, &bounds(&slot), at(0), |at| at), (at(4), Some(Brake::Spacing)));
}
