//! Mail as strangers send it.

use relance::connector::inbox::{self, Kind};
use relance::limits;

/// A raw message, read with one of our addresses.
pub fn run(bytes: &[u8]) {
    let own = ["sam@example.org".to_owned()];
    let incoming = inbox::read(bytes, &own);
    assert!(incoming.text.len() <= limits::INCOMING_TEXT_MAX);
    assert_eq!(incoming, inbox::read(bytes, &own), "the same bytes say the same");
    let names_a_step = incoming.step.is_some();
    match incoming.kind {
        Kind::Reply | Kind::Forward => assert!(names_a_step, "an answer answers something"),
        Kind::Bounce(bounce) => assert!(bounce.reason.chars().count() <= 300),
        Kind::OutOfOffice { returns: Some(day) } => {
            // Whoever is away is back after they wrote; a date that cannot be read is that of 1970.
            let sent = incoming.date.map_or(0, |date| date.millis());
            let back = day.and_hms_opt(23, 59, 59).map_or(0, |back| back.and_utc().timestamp_millis());
            assert!(back + 24 * 3_600_000 > sent, "{day} lies before {sent}");
        }
        Kind::OutOfOffice { returns: None } | Kind::Automatic | Kind::Complaint | Kind::Unsubscribe => {}
        Kind::Own | Kind::Unrelated => {}
    }
}
