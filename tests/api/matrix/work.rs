//! The routes of the work list, as in the table.

use super::table::Level::{Act, Nothing, See};
use super::table::{On, READ, Row, WRITE, row};
use super::world::Relation::Gone;

const ACTION: &str = r#"{"action":"skip","items":[{"step":"$step"}]}"#;

/// P-21.
pub const ROUTES: &[Row] = &[
    row("GET /work-list", READ, 21, On::Whole, Nothing, 200),
    row("GET /work-list/plan", READ, 21, On::Whole, Nothing, 200),
    row("GET /work-list/{id}", READ, 21, On::Record, See, 200).only(&[Gone]),
    row("POST /work-list/{id}/read", WRITE, 21, On::Record, See, 200),
    row("POST /work-list/{id}/unread", WRITE, 21, On::Record, See, 200),
    row("POST /work-list/{id}/follow", WRITE, 21, On::Record, See, 200),
    row("POST /work-list/{id}/unfollow", WRITE, 21, On::Record, See, 200),
    row("POST /work-list/actions", WRITE, 21, On::Record, Act, 200).sends(ACTION).item(),
];
