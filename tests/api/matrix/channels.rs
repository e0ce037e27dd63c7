//! The routes of what messages leave through, as in the table.

use super::bodies::MAILBOX;
use super::table::Level::{Nothing, See};
use super::table::{ADMIN, On, READ, Row, row};
use super::world::Relation::Own;

/// What the request of a gateway is described with.
const GATEWAY: &str =
    r#"{"name":"Texts","request":{"url":"https://hooks.invalid/","form":{"to":"{{ to }}","text":"{{ body }}"}}}"#;

/// P-12.
pub const ROUTES: &[Row] = &[
    // Mailboxes (P-12; their owners: P-19).
    row("POST /mailboxes", ADMIN, 12, On::Mailbox, Nothing, 201).sends(MAILBOX).only(&[Own]),
    row("GET /mailboxes", READ, 21, On::Whole, Nothing, 200),
    row("GET /mailboxes/{mailbox}", READ, 21, On::Mailbox, See, 200),
    row("PATCH /mailboxes/{mailbox}", ADMIN, 12, On::Mailbox, See, 200).sends(r#"{"caps":{"per_day":9}}"#),
    row("PATCH /mailboxes/{mailbox}", ADMIN, 19, On::Mailbox, See, 200).sends(r#"{"name":"$fresh"}"#),
    row("POST /mailboxes/{mailbox}/test", ADMIN, 19, On::Mailbox, See, 200),
    row("DELETE /mailboxes/{mailbox}", ADMIN, 12, On::Mailbox, See, 204),
    row("POST /mailboxes/{mailbox}/inbound", ADMIN, 12, On::Mailbox, See, 200),
    row("POST /in/mail/{token}", "", 0, On::Public, Nothing, 200).but(404, "not_found"),
    // Text gateways.
    row("POST /text-gateways", ADMIN, 12, On::Whole, Nothing, 201).sends(GATEWAY),
    row("GET /text-gateways", ADMIN, 12, On::Whole, Nothing, 200),
    row("GET /text-gateways/{gateway}", ADMIN, 12, On::Webhook, See, 200),
    row("PATCH /text-gateways/{gateway}", ADMIN, 12, On::Webhook, See, 200).sends(r#"{"country":"FR"}"#),
    row("POST /text-gateways/{gateway}/test", ADMIN, 12, On::Webhook, See, 200),
    row("POST /text-gateways/{gateway}/inbound", ADMIN, 12, On::Webhook, See, 200),
    row("POST /in/text-receipts/{token}", "", 0, On::Public, Nothing, 200).but(404, "not_found"),
    row("POST /in/texts/{token}", "", 0, On::Public, Nothing, 200).but(404, "not_found"),
    row("DELETE /text-gateways/{gateway}", ADMIN, 12, On::Webhook, See, 204),
];
