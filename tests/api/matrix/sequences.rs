//! The routes of what sequences do at large, as in the table.

use super::table::Level::{Give, See};
use super::table::{On, READ, Row, WRITE, row};

/// P-2, P-3, P-5, P-6.
pub const ROUTES: &[Row] = &[
    row("POST /sequences/{active}/migrations/preview", WRITE, 3, On::Sequence, Give, 200).sends(r#"{"mode":"follow"}"#),
    row("GET /sequences/{id}/ab-tests", READ, 5, On::Sequence, See, 200),
    row("POST /sequences/{active}/ab-tests/{node}/stop", WRITE, 3, On::Sequence, Give, 200)
        .sends(r#"{"version":"a"}"#)
        .but(404, "not_found"),
    row("GET /sequences/{active}/versions/{node}/graph", READ, 5, On::Sequence, See, 200),
    row("GET /migrations/{migration}", READ, 5, On::Sequence, See, 200),
    row("POST /migrations/{migration}/undo", WRITE, 3, On::Sequence, Give, 200),
    row("POST /sequences/{active}/release", WRITE, 3, On::Sequence, Give, 200).but(409, "no_pilot"),
    row("POST /sequences/{active}/undo", WRITE, 3, On::Sequence, Give, 200),
    row("POST /sequences/{active}/fuse/reset", WRITE, 3, On::Sequence, Give, 200).but(409, "fuse_whole"),
];
