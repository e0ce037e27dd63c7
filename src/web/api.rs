//! The handlers of the JSON API: each parses, asks the engine, and renders. A path is a file.

pub mod audit;
pub mod backup;
pub mod clock;
pub mod enrolments;
pub mod events;
pub mod graphs;
pub mod health;
pub mod imports;
pub mod me;
pub mod migrations;
pub mod record_lists;
pub mod records;
pub mod sequence_life;
pub mod sequence_lists;
pub mod sequence_tests;
pub mod sequences;
pub mod settings;
pub mod steps;
pub mod teams;
pub mod templates;
pub mod test_clock;
pub mod timeline;
pub mod tokens;
pub mod up_next;
pub mod users;
