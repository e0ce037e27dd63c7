//! The cards of the work list as they ship (W-72).

use super::{CardAction, CardIcon, CardLayout, CardRow, Leading};
use crate::domain::record::schema::RecordType;

/// How the cards of a type look where nobody says otherwise.
pub fn layout(kind: RecordType) -> CardLayout {
    use CardIcon::{Follow, Score};
    let row = |fields: &[&str], icons: &[CardIcon]| {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        CardRow { fields, icons: icons.into() }
    };
    let next = || row(&["next_activity"], &[]);
    let rows = match kind {
        RecordType::Account => {
            vec![row(&["name"], &[Follow]), row(&["primary_contact", "primary_contact.job_title"], &[]), next()]
        }
        RecordType::Contact => vec![row(&["name"], &[Follow]), row(&["job_title", "company"], &[]), next()],
        RecordType::Lead => vec![row(&["name"], &[Follow, Score]), row(&["job_title", "company"], &[]), next()],
        RecordType::Opportunity => vec![
            row(&["primary_contact"], &[Follow, Score]),
            row(&["primary_contact.job_title", "primary_contact.company"], &[]),
            row(&["name", "estimated_value"], &[]),
            next(),
        ],
        RecordType::Custom(_) => vec![row(&["name"], &[Follow])],
    };
    CardLayout { leading: Leading::default(), rows, actions: actions() }
}

/// What can be done from a card where nobody says otherwise.
pub fn actions() -> Vec<CardAction> {
    vec![CardAction::Complete, CardAction::Skip, CardAction::Snooze]
}
