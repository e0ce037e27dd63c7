//! Stored bytes are a contract (P16): what an earlier release wrote is read by this one, and means the same.
//!
//! `golden_v1.txt` holds a name and the bytes of one example per variant. A line that stands there is never altered: a
//! store out in the world holds such bytes; but rows that are computed from events are computed anew where the format of
//! the data directory is raised, and their lines with them. For a variant that was appended, add an example below and the line that
//! `the_table_holds_every_example` prints.

mod catalogue;
mod channels;
mod listing;
mod message_template;
mod organisation;
mod record;
mod sequence;

use std::fmt::Debug;

use relance::domain::access::Scope;
use relance::domain::catalogue::command::CatalogueEvent;
use relance::domain::catalogue::listing::command::{FilterPart, ListingEvent, SortPart};
use relance::domain::channels::command::ChannelsEvent;
use relance::domain::channels::gateway::GatewayPart;
use relance::domain::channels::mailbox::{MailboxPart, ServerPart};
use relance::domain::effect::{Delivery, RecordSummary};
use relance::domain::enrolment::migrate::{Conflict, Landing};
use relance::domain::enrolment::{EndReason, EnrolmentStatus, Exit, Signal, StepError, WaitState};
use relance::domain::entity::Stamp;
use relance::domain::import::{ImportCounts, ImportEvent, ImportRequest, ImportState};
use relance::domain::message_template::command::TemplateEvent;
use relance::domain::organisation::command::OrganisationEvent;
use relance::domain::organisation::own_settings::OwnSetting;
use relance::domain::organisation::settings::Setting;
use relance::domain::plan::AbVersion;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, Channel, Outcome, Owner, Phone, RecordState, RecordType, Value};
use relance::domain::sequence::SequenceEvent;
use relance::domain::suppression::{BOUNCED, Reached, Suppressed, SuppressionEvent};
use relance::id::{EntityId, EntityKind, FlowId, MigrationId, RecordId, SequenceId, Shard, TeamId, TemplateId, UserId};
use relance::store::codec::{self, Entry};
use relance::store::head::Head;
use relance::store::trail::{Link, Trail};
use relance::store::{Repeat, Store};
use relance::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fixture::{NOON, listed, record};
use super::maintenance::sound;

const TABLE: &str = include_str!("golden_v1.txt");

/// What the release before wrote into a backup, when its data directories had format 2: five leads in one sequence. The
/// second is through and went to a team, the third to another user in the middle of a step, the fourth is closed, the
/// fifth is erased.
pub const BACKUP_V1: &[u8] = include_bytes!("golden_v1.backup");

/// Whether a store holds what [`BACKUP_V1`] holds, with its lists as this release makes them.
pub fn assert_is_v1(store: &dyn Store) {
    assert_eq!(sound(store).trail.length, 3, "a sequence was made and activated, and a record erased");
    let of = |scope| listed(store, &scope, None, 99).into_iter().map(|row| row.0).collect::<Vec<_>>();
    let lead = |number: u32| record((number * 5 % 16) as u16, number);
    assert_eq!(of(Scope::All), [4, 3, 2, 1].map(lead));
    assert_eq!(of(Scope::Of(vec![Owner::default()])), [4, 3, 1].map(lead), "a step stays with the former owner");
    assert_eq!(of(Scope::Of(vec![Owner::Team(TeamId(0x71))])), [lead(2)]);
    assert_eq!(of(Scope::Of(vec![Owner::User(UserId(0x51)), Owner::Team(TeamId(0x72))])), [lead(3)]);
    assert_eq!(store.claimed(RecordType::Lead, "crm-4").unwrap(), Some(lead(4)));
    let first_run = store.repeat(Shard(5), 77, Timestamp::from_millis(NOON)).unwrap();
    assert_eq!(first_run.map(|repeat| repeat.version), Some(2), "command ids too");
}

/// Reads bytes; says why they are not what was meant.
type Reads = dyn Fn(&[u8]) -> Result<(), String>;

/// What an example is held to: the bytes it makes, and whether bytes are read as it.
struct Example {
    name: String,
    bytes: Vec<u8>,
    reads: Box<Reads>,
}

fn example<T: Serialize + DeserializeOwned + PartialEq + Debug + 'static>(name: String, value: T) -> Example {
    let bytes = codec::encode(&value);
    let reads = move |bytes: &[u8]| match codec::decode::<T>(bytes) {
        Ok(read) if read == value => Ok(()),
        Ok(read) => Err(format!("it is read as {read:?}")),
        Err(error) => Err(error.to_string()),
    };
    Example { name, bytes, reads: Box::new(reads) }
}

/// Names for the examples of one type: `Type.Variant`, with a number where a variant has several.
fn examples_of<T>(kind: &str, values: Vec<T>) -> Vec<Example>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
{
    let mut names: Vec<String> = vec![];
    let mut examples = vec![];
    for value in values {
        let debug = format!("{value:?}");
        let variant: String = debug.chars().take_while(|c| c.is_alphanumeric()).collect();
        let stem = if variant == kind { kind.to_owned() } else { format!("{kind}.{variant}") };
        let earlier = names.iter().filter(|name| **name == stem).count();
        names.push(stem.clone());
        let name = if earlier == 0 { stem } else { format!("{stem}.{}", earlier + 1) };
        examples.push(example(name, value));
    }
    examples
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

const AT: i64 = 1_790_164_800_123;
const SEQUENCE: SequenceId = SequenceId(0x0196_0000_0000_7abc_8000_0102_0304_0506);
const TEMPLATE: TemplateId = TemplateId(0x0000_0000_0000_7000_8000_0000_0000_0011);
const USER: UserId = UserId(0x0196_0000_0000_7111_8000_0000_0000_0022);
const TEAM: TeamId = TeamId(0x0196_0000_0000_7222_8000_0000_0000_0033);

fn text(text: &str) -> Option<String> {
    Some(text.into())
}

fn import_events() -> Vec<ImportEvent> {
    use ImportEvent::*;
    let counts = ImportCounts { rows_read: 70_000, created: 60_000, updated: 9_000, rejected: 1_000 };
    let mapping = [("Nome", "name"), ("Empresa", "fields.company")];
    let request = ImportRequest {
        kind: RecordType::Lead,
        mapping: Some(mapping.map(|(column, field)| (column.into(), field.into())).into()),
        delimiter: Some(b';'),
        external_id: text("Id"),
    };
    vec![
        Started(request),
        Started(ImportRequest::default()),
        Progressed(counts),
        Finished { state: ImportState::Running, counts: ImportCounts::default() },
        Finished { state: ImportState::Completed, counts },
        Finished { state: ImportState::Failed("it is no text".into()), counts },
    ]
}

fn suppression_events() -> Vec<SuppressionEvent> {
    let number =
        Suppressed { reached: Reached::Phone, reason: "díxoo el".into(), address: text("+34 600 000 000"), of: None };
    let email = Suppressed::email_of(RecordId(SEQUENCE.0), BOUNCED);
    vec![SuppressionEvent::Added(number), SuppressionEvent::Added(email), SuppressionEvent::Removed]
}

fn examples() -> Vec<Example> {
    let mut all = examples_of("RecordEvent", record::events());
    all.extend(examples_of("SequenceEvent", sequence::events()));
    all.extend(examples_of("ImportEvent", import_events()));
    all.extend(examples_of("OrganisationEvent", organisation::events()));
    all.extend(examples_of("Setting", organisation::settings()));
    all.extend(examples_of("CatalogueEvent", catalogue::events()));
    all.extend(examples_of("ListingEvent", listing::events()));
    all.extend(examples_of("FilterPart", listing::filter_parts()));
    all.extend(examples_of("SortPart", listing::sort_parts()));
    all.extend(examples_of("OwnSetting", organisation::own_settings()));
    all.extend(examples_of("ChannelsEvent", channels::events()));
    all.extend(examples_of("MailboxPart", channels::parts()));
    all.extend(examples_of("GatewayPart", channels::gateway_parts()));
    all.extend(examples_of("ServerPart", channels::server_parts()));
    all.extend(examples_of("SuppressionEvent", suppression_events()));
    all.extend(examples_of("TemplateEvent", message_template::events()));
    let deliveries =
        vec![Delivery::Mail { template: TEMPLATE }, Delivery::DisconnectAll { until: at(AT) }, Delivery::Forget];
    let migration = MigrationId::of(SEQUENCE, 300);
    let moves = [false, true].map(|undo| Delivery::Migrate { migration, undo });
    let reached = [false, true].map(|exposed| {
        let (sequence, version, node) = (SEQUENCE, 500, 300);
        Delivery::AbTestReached { sequence, version, node, at: at(AT), exposed }
    });
    let hand_over = [Delivery::HandOver { user: USER }];
    let deliveries = deliveries.into_iter().chain(moves).chain(hand_over).chain(reached);
    let walks = [None, Some(USER)].map(|user| Delivery::MoveDueDates { user });
    let undo = [Delivery::Undo { number: 300, since: at(AT), until: at(AT) }];
    let deliveries = deliveries
        .chain(walks)
        .chain(undo)
        .chain([Delivery::ReleaseHeld { round: 300 }, Delivery::LetIn { number: 300 }])
        .collect();
    all.extend(examples_of("Delivery", deliveries));
    let summary = |kind, owner, access_team, assignees, state| RecordSummary {
        kind,
        name: "Xoán Quiroga".into(),
        owner,
        access_team,
        assignees,
        state,
    };
    let (user, team) = (Owner::User(USER), Owner::Team(TEAM));
    let summaries = vec![
        summary(RecordType::Lead, user, None, vec![], RecordState::Active),
        summary(RecordType::Opportunity, team, Some(TEAM), vec![user, team], RecordState::Inactive),
    ];
    all.extend(examples_of("RecordSummary", summaries));
    all.extend(examples_of("Repeat", vec![Repeat { entity: SEQUENCE.0, version: 300, fingerprint: [0xa5; 16] }]));
    let link = |kind, id, from: Option<&str>| Link {
        entity: EntityId { kind, id },
        version: 300,
        from: from.map(|from| from.parse().expect("an address")),
        hash: [0xa5; 32],
    };
    let links = vec![
        link(EntityKind::Record, SEQUENCE.0, None),
        link(EntityKind::Sequence, SEQUENCE.0, Some("192.0.2.7")),
        link(EntityKind::Import, SEQUENCE.0, Some("2001:db8::7")),
    ];
    all.extend(examples_of("Link", links));
    let trail = Trail { length: 300, hash: [0xa5; 32] };
    all.extend(examples_of("Head", vec![Head { number: 500, at: at(AT), log: 7, derived: u128::MAX, trail }]));
    let stamp = Stamp { at: at(AT), by: USER };
    let events = vec![RecordEvent::Reopened, RecordEvent::Began { enrolment: 2 }];
    all.extend(examples_of("Entry", vec![Entry { stamp, events }]));
    // Values that stand alone in rows: counters, epochs, who holds an external id.
    all.extend([-300_i64, 0, 250].map(|sum| example(format!("Counter.{sum}"), sum)));
    all.push(example("Epoch".into(), 7_u64));
    all.push(example("Holder".into(), RecordId(SEQUENCE.0)));
    all
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |place| u8::from_str_radix(&text[place..place + 2], 16).expect("two hex digits");
    (0..text.len()).step_by(2).map(digits).collect()
}

/// Name and bytes of each line.
fn table() -> Vec<(&'static str, Vec<u8>)> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once(' ').expect("a name and bytes")).map(|(name, hex)| (name, unhex(hex))).collect()
}

#[test]
fn p16_what_was_stored_is_read_as_what_it_meant() {
    let examples = examples();
    for (name, bytes) in table() {
        let example = examples.iter().find(|example| example.name == name);
        let example = example.unwrap_or_else(|| panic!("BREAKS STORES: `{name}` was stored and is no longer known"));
        if let Err(why) = (example.reads)(&bytes) {
            panic!("BREAKS STORES: bytes of `{name}` that were stored are not read as what they meant: {why}");
        }
    }
}

#[test]
fn p16_what_is_stored_now_is_what_the_releases_before_can_read() {
    let table = table();
    for example in examples() {
        let Some((name, bytes)) = table.iter().find(|(name, _)| *name == example.name) else { continue };
        let (now, then) = (hex(&example.bytes), hex(bytes));
        assert_eq!(now, then, "BREAKS STORES: `{name}` is written in other bytes; append, never alter a line");
    }
}

/// Tells what to append to the table after a variant was appended.
#[test]
fn the_table_holds_every_example() {
    let table = table();
    let missing: Vec<_> = examples()
        .iter()
        .filter(|example| table.iter().all(|(name, _)| *name != example.name))
        .map(|example| format!("{} {}", example.name, hex(&example.bytes)))
        .collect();
    assert!(missing.is_empty(), "append to golden_v1.txt, changing nothing above:\n{}\n", missing.join("\n"));
    let names: std::collections::BTreeSet<_> = table.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), table.len(), "a name stands twice");
}

/// The numbers bincode gives to variants run without a gap, so each variant has an example: the first that is missing
/// after the last known one is not a variant at all.
#[test]
fn every_variant_of_an_event_has_an_example() {
    fn variants(kind: &str) -> Vec<u8> {
        let mut numbers: Vec<_> =
            table().iter().filter(|(name, _)| name.starts_with(kind)).map(|row| row.1[1]).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
    fn knows<E: DeserializeOwned>(variant: u8) -> bool {
        // A variant that is not known is refused by that name; one that is known lacks its members.
        match codec::decode::<E>(&[1, variant]) {
            Ok(_) => true,
            Err(error) => !error.to_string().contains("expected variant index"),
        }
    }
    type Case = (&'static str, fn(u8) -> bool);
    let cases: [Case; 17] = [
        ("RecordEvent.", knows::<RecordEvent>),
        ("SequenceEvent.", knows::<SequenceEvent>),
        ("ImportEvent.", knows::<ImportEvent>),
        ("CatalogueEvent.", knows::<CatalogueEvent>),
        ("Delivery.", knows::<Delivery>),
        ("OrganisationEvent.", knows::<OrganisationEvent>),
        ("Setting.", knows::<Setting>),
        ("OwnSetting.", knows::<OwnSetting>),
        ("TemplateEvent.", knows::<TemplateEvent>),
        ("ChannelsEvent.", knows::<ChannelsEvent>),
        ("MailboxPart.", knows::<MailboxPart>),
        ("ServerPart.", knows::<ServerPart>),
        ("GatewayPart.", knows::<GatewayPart>),
        ("SuppressionEvent.", knows::<SuppressionEvent>),
        ("ListingEvent.", knows::<ListingEvent>),
        ("FilterPart.", knows::<FilterPart>),
        ("SortPart.", knows::<SortPart>),
    ];
    for (kind, knows) in cases {
        let known: Vec<u8> = (0..=u8::MAX).take_while(|variant| knows(*variant)).collect();
        assert_eq!(variants(kind), known, "{kind} a variant has no example");
    }
}
