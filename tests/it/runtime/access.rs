//! Who may do what, in the engine of this process: refusals are noted, changes of users hold at once, keys follow commits.

use std::sync::Arc;

use relance::domain::account::command::{AccountCommand, NewKey, Proof};
use relance::domain::account::{Account, KeyKind};
use relance::domain::audit::{Audit, AuditEvent};
use relance::domain::organisation::command::OrganisationCommand;
use relance::domain::organisation::{Organisation, UserProfile};
use relance::domain::permission::{Denies, Role};
use relance::domain::policy::DEFAULT_UNIT;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Owner, RecordType};
use relance::domain::record::{Record, RecordRejection};
use relance::id::{AuditId, CommandId, EntityId, KeyId, OrganisationId, RecordId, UserId};
use relance::runtime::engine::Engine;
use relance::runtime::message::{Caller, Failure};
use relance::runtime::start;
use relance::store::codec::{self, Entry};
use relance::store::memory::Memory;
use relance::store::rows::RowStore;
use relance::store::writer::Queue;
use relance::store::{Outcome, Store};
use relance::time::{Clock, Timestamp};

use super::options;

const ADA: UserId = UserId(0x51);
const EVE: UserId = UserId(0x52);

fn by(user: UserId) -> Caller {
    Caller::new(user, "test")
}

fn clock() -> Clock {
    Clock::test(Timestamp::from_millis(1_790_000_000_000))
}

/// The engine writes whatever waits, as soon as it waits.
fn write_always(queue: Queue) {
    actix_web::rt::spawn(async move {
        loop {
            queue.write_waiting(1);
            tokio::task::yield_now().await;
        }
    });
}

async fn organise(engine: &Engine, command: OrganisationCommand) {
    let done = engine.submit::<Organisation, ()>(OrganisationId::THE, command, by(UserId::ADMINISTRATOR), |_| ());
    done.await.unwrap();
}

/// Two sellers of different business units, and a record of the first.
async fn two_sellers(engine: &Engine) -> RecordId {
    for (user, name, unit) in [(ADA, "ada", DEFAULT_UNIT), (EVE, "eve", "south")] {
        let (name, email) = (name.to_owned(), format!("{name}@example.com"));
        let (roles, business_unit) = ([Role::Seller].into_iter().collect(), unit.to_owned());
        let profile = UserProfile { name, email, roles, business_unit, ..UserProfile::default() };
        organise(engine, OrganisationCommand::AddUser { user, profile }).await;
    }
    let id = RecordId(engine.ids.fresh(engine.clock().now()));
    let changes = vec![Change::Name(Some("Lead".into()))];
    let create = RecordCommand::Create { kind: RecordType::Lead, changes };
    engine.submit::<Record, ()>(id, create, by(ADA), |_| ()).await.unwrap();
    id
}

fn rename() -> RecordCommand {
    RecordCommand::Change(vec![Change::Name(Some("Grace".into()))])
}

/// What the log holds of refusals: by whom, and of what.
fn refusals(store: &dyn Store) -> Vec<(UserId, String)> {
    let mut found = Vec::new();
    let read = store.log(&mut |entity, _, bytes| {
        if entity.kind == relance::id::EntityKind::Audit {
            let entry: Entry<AuditEvent> = codec::decode(bytes).unwrap();
            for AuditEvent::Refused(refusal) in entry.events {
                found.push((entry.stamp.by, refusal.subject));
            }
        }
        Ok(())
    });
    read.unwrap();
    found
}

#[actix_web::test]
async fn a_repeat_is_answered_by_the_rights_of_now() {
    let spool = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(RowStore::open(Memory::default()).unwrap());
    let (engine, queue) = start::start_here(store, options(clock(), spool.path())).unwrap();
    write_always(queue);
    let lead = two_sellers(&engine).await;
    let give = || RecordCommand::Change(vec![Change::Owner(Owner::User(UserId::ADMINISTRATOR))]);
    let command = Some(CommandId { key: lead.0 ^ 1, fingerprint: [7; 16] });
    let keyed = Caller { command, ..by(ADA) };
    let given = engine.submit::<Record, _>(lead, give(), keyed, |seen| seen.version).await;
    let read = engine.read::<Record, ()>(lead, by(ADA), |_| ()).await;
    assert!(matches!(read, Err(Failure::Refused(RecordRejection::Denied(_)))), "it is not hers any more: {read:?}");
    assert_eq!(engine.submit::<Record, _>(lead, give(), keyed, |seen| seen.version).await, given);
    organise(&engine, OrganisationCommand::DisableUser { user: ADA }).await;
    let again = engine.submit::<Record, _>(lead, give(), keyed, |seen| seen.version).await;
    assert!(matches!(again, Err(Failure::Refused(RecordRejection::Denied(_)))), "{again:?}");
}

#[actix_web::test]
async fn p_32_a_refusal_is_noted_before_it_is_answered_and_tells_no_version() {
    let spool = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(RowStore::open(Memory::default()).unwrap());
    let (engine, queue) = start::start_here(store.clone(), options(clock(), spool.path())).unwrap();
    write_always(queue);
    let lead = two_sellers(&engine).await;
    let subject = EntityId::from(lead).to_string();
    // Whatever version is expected, the answer is the same as that of a record that is not there.
    for (place, expected) in [None, Some(1), Some(7)].into_iter().enumerate() {
        let caller = Caller { expected, ..by(EVE) };
        let refused = engine.submit::<Record, ()>(lead, rename(), caller, |_| ()).await;
        let Err(Failure::Refused(rejection)) = refused else { panic!("{refused:?}") };
        assert_eq!(rejection.denial().unwrap().cause.code(), "not_found");
        assert_eq!(refusals(store.as_ref()), vec![(EVE, subject.clone()); place + 1]);
    }
    let read = engine.read::<Record, ()>(lead, by(EVE), |_| ()).await;
    assert!(matches!(read, Err(Failure::Refused(RecordRejection::Denied(_)))), "{read:?}");
    assert_eq!(refusals(store.as_ref()).len(), 4);
    let noted = AuditId::of(EntityId::from(lead).shard());
    let count = engine.read::<Audit, _>(noted, by(UserId::ADMINISTRATOR), |seen| seen.state.refusals).await;
    assert_eq!(count, Ok(4));
    engine.read::<Record, ()>(lead, by(ADA), |_| ()).await.expect("its owner is not hindered");
    assert_eq!(refusals(store.as_ref()).len(), 4, "and what is not refused is not noted");
}

/// A refusal that cannot be noted is none: whoever asks learns nothing.
#[actix_web::test]
async fn a_refusal_that_is_not_stored_is_not_answered() {
    let spool = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(RowStore::open(Memory::default()).unwrap());
    let first = start::start(store.clone(), options(clock(), spool.path())).unwrap();
    let lead = two_sellers(&first).await;
    // Another engine takes the shards: what the first one writes is refused from now on, what it reads is not.
    let (_next, _queue) = start::start_here(store.clone(), options(clock(), spool.path())).unwrap();
    let refused = first.submit::<Record, ()>(lead, rename(), by(EVE), |_| ()).await;
    assert_eq!(refused, Err(Failure::Unavailable), "not {:?}", Outcome::Fenced);
    assert_eq!(refusals(store.as_ref()), []);
    first.stop().await;
}

#[actix_web::test]
async fn a_change_of_a_user_holds_for_the_next_command_and_after_a_restart() {
    let spool = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(RowStore::open(Memory::default()).unwrap());
    let engine = start::start(store.clone(), options(clock(), spool.path())).unwrap();
    let lead = two_sellers(&engine).await;
    organise(&engine, OrganisationCommand::DisableUser { user: ADA }).await;
    let refused = |answer: Result<(), Failure<RecordRejection>>| {
        matches!(answer, Err(Failure::Refused(RecordRejection::Denied(_))))
    };
    assert!(refused(engine.submit::<Record, ()>(lead, rename(), by(ADA), |_| ()).await));
    engine.stop().await;
    let next = start::start(store.clone(), options(clock(), spool.path())).unwrap();
    assert!(refused(next.submit::<Record, ()>(lead, rename(), by(ADA), |_| ()).await));
    organise(&next, OrganisationCommand::EnableUser { user: ADA }).await;
    next.submit::<Record, ()>(lead, rename(), by(ADA), |_| ()).await.unwrap();
    next.stop().await;
}

#[actix_web::test]
async fn keys_are_valid_from_their_commit_to_their_end_in_this_process_and_the_next() {
    let spool = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(RowStore::open(Memory::default()).unwrap());
    let engine = start::start(store.clone(), options(clock(), spool.path())).unwrap();
    two_sellers(&engine).await;
    let key = |id: u128| NewKey {
        id: KeyId(id),
        kind: KeyKind::Session,
        digest: [id as u8; 32],
        at: Timestamp::from_millis(1_000),
        from: None,
        expires_at: None,
    };
    let held = |engine: &Engine| {
        let keyring = engine.keyring();
        let mut of: Vec<_> = keyring.of(ADA).into_iter().map(|(id, _)| id).collect();
        of.sort();
        assert!(of.iter().all(|id| keyring.find(*id).is_some_and(|held| held.user == ADA)));
        assert!(keyring.of(EVE).is_empty());
        of
    };
    let ask = async |engine: &Engine, command, user| {
        engine.submit::<Account, ()>(ADA.account(), command, by(user), |_| ()).await
    };
    let proof = Proof::Founding;
    ask(&engine, AccountCommand::SetPassword { hash: "h".into(), proof, key: key(1) }, ADA).await.unwrap();
    let proof = || Proof::Password("h".into());
    ask(&engine, AccountCommand::SignIn { proof: proof(), key: key(2) }, ADA).await.unwrap();
    let wrong = Proof::Password("x".into());
    assert!(ask(&engine, AccountCommand::SignIn { proof: wrong, key: key(3) }, ADA).await.is_err());
    assert!(ask(&engine, AccountCommand::Close(KeyId(1)), EVE).await.is_err());
    assert_eq!(held(&engine), [KeyId(1), KeyId(2)]);
    ask(&engine, AccountCommand::Close(KeyId(1)), ADA).await.unwrap();
    assert_eq!(held(&engine), [KeyId(2)]);
    assert!(engine.keyring().find(KeyId(1)).is_none());
    engine.stop().await;
    let next = start::start(store.clone(), options(clock(), spool.path())).unwrap();
    assert_eq!(held(&next), [KeyId(2)]);
    ask(&next, AccountCommand::CloseSessions, ADA).await.unwrap();
    assert_eq!(held(&next), []);
    next.stop().await;
}
