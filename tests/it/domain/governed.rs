//! What the governor's answer does to a message, and where the messages of one enrolment leave from.

use std::sync::Arc;

use chrono::TimeDelta;
use relance::domain::channels::Channels;
use relance::domain::channels::mailbox::Mailbox;
use relance::domain::delivery::{Class, MessageState};
use relance::domain::enrolment::{Ordinal, StepStatus};
use relance::domain::governor::{Brake, Scope};
use relance::domain::organisation::Organisation;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, Owner};
use relance::domain::sequence::Property;
use relance::domain::sequence::conduct::Sending;
use relance::id::MailboxId;

use super::draw::{auto_email, graph, task};
use super::world::{SELLER, World};

const OWN: MailboxId = MailboxId(1);
const SHARED: MailboxId = MailboxId(2);

fn sending(sending: Sending) -> (World, Ordinal) {
    let mut world = World::lead();
    world.given.class = Class::Blind;
    let drawn = graph(&[auto_email("m", "n"), auto_email("n", "t"), task("t", "")]);
    let sequence = world.activate_with(drawn, vec![Property::Sending(sending)]);
    let run = world.connect(sequence);
    (world, run)
}

fn state(world: &World, step: Ordinal) -> &MessageState {
    world.record().step(step).unwrap().message_state().unwrap()
}

fn plan(world: &mut World, step: Ordinal, hours: i64) -> Vec<RecordEvent> {
    let until = world.now + TimeDelta::hours(hours);
    world.ask(RecordCommand::PlanMessage { step, until, brake: Brake::Mailbox })
}

fn claim(world: &mut World, step: Ordinal) {
    world.ask(RecordCommand::ClaimMessage { step, epoch: 1, message_id: format!("{step}@example.com"), written: None });
}

#[test]
fn a_message_that_a_bound_holds_leaves_at_its_place_and_says_why() {
    let (mut world, run) = sending(Sending::default());
    let step = world.current(run).ordinal;
    let place = world.now + TimeDelta::hours(3);
    plan(&mut world, step, 3);
    assert_eq!(state(&world, step), &MessageState::PutOff(place));
    assert_eq!(world.record().step(step).unwrap().message.as_ref().unwrap().brake, Some(Brake::Mailbox));
    let again = RecordCommand::PlanMessage { step, until: place, brake: Brake::Mailbox };
    assert_eq!(world.refused(again), RecordRejection::Stale, "it has its place");
    world.stall(TimeDelta::hours(3));
    world.ask(RecordCommand::Fire(step));
    let message = world.record().step(step).unwrap().message.clone().unwrap();
    assert_eq!((message.state, message.brake), (MessageState::Owed, None));
    claim(&mut world, step);
    assert_eq!(state(&world, step), &MessageState::Claimed(1));
    world.check_replay();
}

#[test]
fn a_message_that_waited_for_its_place_is_tried_as_long_as_any_other() {
    let (mut world, run) = sending(Sending::default());
    let step = world.current(run).ordinal;
    plan(&mut world, step, 72);
    world.stall(TimeDelta::hours(72));
    world.ask(RecordCommand::Fire(step));
    world.ask(RecordCommand::PutOffMessage { step, why: "451".into(), pause: TimeDelta::hours(1) });
    assert!(matches!(state(&world, step), MessageState::PutOff(_)), "the 48 hours begin when it was to leave");
}

#[test]
fn what_would_leave_later_than_its_sequence_allows_is_passed_over() {
    let allowed = Sending { skip_after_hours: Some(6), ..Sending::default() };
    for (late, place, skipped) in [(0, 6, false), (0, 7, true), (5, 1, false), (5, 2, true)] {
        let (mut world, run) = sending(allowed);
        let step = world.current(run).ordinal;
        world.stall(TimeDelta::hours(late));
        plan(&mut world, step, place);
        let is_skipped = state(&world, step) == &MessageState::Skipped;
        assert_eq!(is_skipped, skipped, "{place} hours, {late} late");
        assert_eq!(world.here(run), if skipped { "n" } else { "m" });
        assert_eq!(world.step(run, "m").status, if skipped { StepStatus::Skipped } else { StepStatus::Open });
        world.check_replay();
    }
    // After a server was down: the same where no bound holds it.
    let (mut world, run) = sending(allowed);
    let step = world.current(run).ordinal;
    world.stall(TimeDelta::hours(7));
    claim(&mut world, step);
    assert_eq!((state(&world, step), world.here(run)), (&MessageState::Skipped, "n"));
}

fn with_mailboxes(world: &mut World) {
    let mailbox = |owner| Arc::new(Mailbox { owner, address: "a@example.com".into(), ..Mailbox::default() });
    let mailboxes = [(OWN, mailbox(Some(Owner::User(SELLER)))), (SHARED, mailbox(None))].into_iter().collect();
    world.given = world.given.with_channels(&Channels { mailboxes, ..Channels::default() });
    world.given.carries = true;
}

/// ST-2: one person gets one thread from one sender, whoever has the record later.
#[test]
fn st_2_the_sender_is_chosen_once_for_an_enrolment_and_kept() {
    let mut world = World::lead();
    with_mailboxes(&mut world);
    world.ask(RecordCommand::Change(vec![Change::Owner(Owner::User(SELLER))]));
    let drawn = graph(&[auto_email("m", "n"), auto_email("n", "t"), task("t", "")]);
    let sequence = world.activate_with(drawn, vec![]);
    let run = world.connect(sequence);
    assert_eq!(world.enrolment(run).sender, Some(OWN));
    let first = world.current(run).ordinal;
    claim(&mut world, first);
    world.ask(RecordCommand::Change(vec![Change::Owner(Owner::User(super::world::COLLEAGUE))]));
    world.ask(RecordCommand::MessageSent { step: first, message_id: "1@example.com".into(), written: None });
    let second = world.current(run).ordinal;
    assert_eq!(world.enrolment(run).sender, Some(OWN), "the thread goes on from where it began");
    assert_eq!(world.record().thread(second), ["1@example.com"]);
    assert_eq!(world.record().slot(second).mailbox, Some(OWN));
    // A mailbox that is gone is replaced when the message leaves.
    let shared = world.given.channels.mailboxes[&SHARED].clone();
    world.given = world
        .given
        .with_channels(&Channels { mailboxes: [(SHARED, shared)].into_iter().collect(), ..Channels::default() });
    claim(&mut world, second);
    assert_eq!(world.enrolment(run).sender, Some(SHARED));
    world.check_replay();
}

/// ST-2: a mailbox that the sequence names goes before shared ones.
#[test]
fn st_2_a_sequence_names_its_mailbox() {
    let mut world = World::lead();
    with_mailboxes(&mut world);
    let drawn = graph(&[auto_email("m", "t"), task("t", "")]);
    let named = Sending { mailbox: Some(OWN), ..Sending::default() };
    let sequence = world.activate_with(drawn, vec![Property::Sending(named)]);
    let mut mailboxes = world.given.channels.mailboxes.clone();
    Arc::make_mut(mailboxes.get_mut(&OWN).unwrap()).owner = Some(Owner::User(super::world::COLLEAGUE));
    world.given = world.given.with_channels(&Channels { mailboxes, ..Channels::default() });
    let run = world.connect(sequence);
    assert_eq!(world.enrolment(run).sender, Some(OWN));
}

#[test]
fn a_message_counts_against_whoever_has_the_same_address_and_no_other() {
    let (mut world, run) = sending(Sending::default());
    let step = world.current(run).ordinal;
    let write =
        |world: &mut World, email: &str| world.ask(RecordCommand::Change(vec![Change::Email(Some(email.into()))]));
    write(&mut world, "ana@example.org");
    let slot = world.record().slot(step);
    write(&mut world, "ANA@Example.org");
    assert_eq!(world.record().slot(step), slot, "an address is the same however it is written");
    write(&mut world, "bea@example.org");
    let other = world.record().slot(step);
    assert_eq!((other.domain, other.person == slot.person), (slot.domain, false));
    assert!(world.given.bounds(&slot).is_empty(), "no bound is set at first");
}

#[test]
fn bounds_are_what_settings_and_mailboxes_say() {
    let (mut world, run) = sending(Sending::default());
    with_mailboxes(&mut world);
    let mut organisation = Organisation::clone(&world.given.policy.organisation);
    organisation.settings.sending_caps.seller.per_day = Some(40);
    organisation.settings.sending_caps.spacing_seconds = 30;
    world.given = world.given.with_organisation(&organisation);
    let slot = world.record().slot(world.current(run).ordinal);
    let bounds = world.given.bounds(&slot);
    let told: Vec<_> = bounds.iter().map(|bound| (bound.brake, bound.scope, bound.per, bound.most)).collect();
    assert_eq!(
        told,
        [
            (Brake::Seller, Scope::Seller(slot.seller), TimeDelta::days(1), 40),
            (Brake::Spacing, Scope::Mailbox(slot.mailbox), TimeDelta::seconds(30), 1),
        ]
    );
}
