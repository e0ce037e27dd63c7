//! Short texts: instants, ids, languages, addresses, and the values of a record.

use std::sync::{Arc, LazyLock};

use relance::connector::mail::links::Links;
use relance::connector::seal::Seal;
use relance::domain::catalogue::field::built_in;
use relance::domain::given::Given;
use relance::domain::record::schema::{Change, Phone, RecordType, Value};
use relance::domain::schedule::civil::zone;
use relance::domain::schedule::icalendar::days_off;
use relance::domain::template::Language;
use relance::id::{EnrolmentId, RecordId, SequenceId, StepId};
use relance::time::Timestamp;

static LINKS: LazyLock<Links> = LazyLock::new(|| {
    let key = Seal::fresh_key().expect("randomness");
    Links::new(Arc::new(Seal::new(&key).expect("a key")))
});

pub fn run(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(rest).into_owned();
    match choice % 4 {
        0 => {
            if let Some(instant) = Timestamp::parse(&text) {
                assert_eq!(Timestamp::parse(&instant.to_string()), Some(instant), "what is written is read");
            }
        }
        1 => {
            if let Some(id) = EnrolmentId::parse(&text) {
                assert_eq!(EnrolmentId::parse(&id.to_string()), Some(id));
                assert_eq!(EnrolmentId::of(id.record(), id.ordinal()), id, "an id is its record and its number");
            }
            let _ = (RecordId::parse(&text), StepId::parse(&text), SequenceId::parse(&text));
            let leads =
                LINKS.opened(&text).is_some() || LINKS.clicked(&text).is_some() || LINKS.fetched(&text).is_some();
            assert!(!leads && LINKS.unsubscribed(&text).is_none(), "nobody else makes ids of messages: {text}");
        }
        2 => {
            let _ = (Language::accepted(&text), RecordType::from_name(&text));
            // A calendar of somebody else's, whatever its lines say.
            let calendar = format!("BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR");
            let found = days_off(&calendar, zone("Europe/Madrid"), Timestamp::from_millis(1_767_603_600_000));
            let runs = found.expect("it begins and ends as one").runs;
            assert!(runs.iter().all(|(from, until)| from <= until) && runs.is_sorted());
        }
        _ => values(&text),
    }
}

/// Every property and field with that text: judged, and what was found good is good again.
fn values(text: &str) {
    let given = Given::default();
    for kind in RecordType::BUILT_IN {
        let some = || Some(text.to_owned());
        let properties = [
            Change::Name(some()),
            Change::ExternalId(some()),
            Change::Email(some()),
            Change::Phone(Phone::Mobile, some()),
            Change::TimeZone(some()),
            Change::LinkedinUrl(some()),
            Change::Field(text.to_owned(), None),
        ];
        let fields = built_in(kind).into_iter();
        let fields = fields.map(|field| Change::Field(field.name, Some(Value::Text(text.to_owned()))));
        for mut change in properties.into_iter().chain(fields) {
            if change.check(kind, &given).is_ok() {
                let once = change.clone();
                assert!(change.check(kind, &given).is_ok() && change == once, "{once:?} is not what it was");
            }
        }
    }
}
