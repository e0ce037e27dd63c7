//! Who may do what (domain §2): roles, how far each sees, every route. The server is compared with it.

use super::bodies::*;
use super::world::Relation::{self, *};

/// How far somebody's access to a thing goes; each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Nothing,
    See,
    Act,
    Give,
    Erase,
}

use Level::{Act, Erase, Give, Nothing, See};

/// What a route is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    /// Nothing in particular.
    Whole,
    /// Needs no credential.
    Public,
    /// A record with what hangs on it: steps, enrolments.
    Record,
    /// A sequence; `Give` stands for everything that its owner may.
    Sequence,
    User,
    Team,
    /// What proves who a user is.
    Key,
    Import,
    /// A custom record type with a field.
    RecordType,
    /// A template of e-mails, and one of text messages.
    Message,
    /// A process flow.
    Flow,
    Tag,
    /// A filter of the work list, a group of filters, and a sort.
    Listing,
    Mailbox,
    Webhook,
    Suppression,
}

/// Records (issue 4, item 2; the rule of `domain/access.rs`), sequences (P-2, P-3, P-5, P-6, Q-102), people and imports.
pub const ACCESS: &[(On, Relation, [Level; 4])] = &[
    //                                SA     SQ       MG       SP
    (On::Record, Own, /*         */ [Erase, Give, /**/ Erase, Give]),
    (On::Record, OwnTeam, /*     */ [Erase, Give, /**/ Erase, Give]),
    (On::Record, AccessTeam, /*  */ [Erase, Act, /* */ Act, /**/ Act]),
    (On::Record, OpenStep, /*    */ [Erase, Act, /* */ Act, /**/ Act]),
    (On::Record, Colleague, /*   */ [Erase, See, /* */ Erase, Nothing]),
    (On::Record, OtherUnit, /*   */ [Erase, Nothing, Nothing, Nothing]),
    (On::Record, Gone, /*        */ [Nothing, Nothing, Nothing, Nothing]),
    (On::Sequence, Own, /*       */ [Give, Give, Give, Give]),
    (On::Sequence, OwnTeam, /*   */ [Give, Give, Give, Give]),
    (On::Sequence, Colleague, /* */ [Give, Give, See, See]),
    (On::Sequence, OtherUnit, /* */ [Give, Give, Nothing, Nothing]),
    (On::Sequence, Gone, /*      */ [Nothing, Nothing, Nothing, Nothing]),
    (On::User, Own, /*           */ [See, See, See, See]),
    (On::User, Colleague, /*     */ [See, See, See, See]),
    (On::User, OtherUnit, /*     */ [See, See, Nothing, Nothing]),
    (On::User, Gone, /*          */ [Nothing, Nothing, Nothing, Nothing]),
    (On::Team, Own, /*           */ [See, See, See, See]),
    (On::Team, Colleague, /*     */ [See, See, See, See]),
    (On::Team, OtherUnit, /*     */ [See, See, Nothing, Nothing]),
    (On::Team, Gone, /*          */ [Nothing, Nothing, Nothing, Nothing]),
    (On::Key, Own, /*            */ [See, See, See, See]),
    (On::Key, Colleague, /*      */ [See, Nothing, Nothing, Nothing]),
    (On::Key, OtherUnit, /*      */ [See, Nothing, Nothing, Nothing]),
    (On::Key, Gone, /*           */ [Nothing, Nothing, Nothing, Nothing]),
    (On::Import, Own, /*         */ [See, See, See, See]),
    (On::Import, Colleague, /*   */ [See, Nothing, Nothing, Nothing]),
    (On::Import, OtherUnit, /*   */ [See, Nothing, Nothing, Nothing]),
    (On::Import, Gone, /*        */ [Nothing, Nothing, Nothing, Nothing]),
    (On::RecordType, Own, /*     */ [See, See, See, See]),
    (On::RecordType, Gone, /*    */ [Nothing, Nothing, Nothing, Nothing]),
    (On::Message, Own, /*        */ [Give, Give, Give, Give]),
    (On::Message, Colleague, /*  */ [Give, Give, See, See]),
    (On::Message, OtherUnit, /*  */ [Give, Give, See, See]),
    (On::Message, Gone, /*       */ [Nothing, Nothing, Nothing, Nothing]),
    (On::Flow, Own, /*           */ [See, See, See, See]),
    (On::Flow, Gone, /*          */ [Nothing, Nothing, Nothing, Nothing]),
    (On::Tag, Own, /*            */ [See, See, See, See]),
    (On::Tag, Gone, /*           */ [Nothing, Nothing, Nothing, Nothing]),
    (On::Listing, Own, /*        */ [See, See, See, See]),
    (On::Listing, Gone, /*       */ [Nothing, Nothing, Nothing, Nothing]),
    (On::Mailbox, Own, /*        */ [See, See, See, See]),
    (On::Mailbox, Colleague, /*  */ [See, Nothing, Nothing, Nothing]),
    (On::Mailbox, OtherUnit, /*  */ [See, Nothing, Nothing, Nothing]),
    (On::Mailbox, Gone, /*       */ [Nothing, Nothing, Nothing, Nothing]),
    (On::Suppression, Own, /*    */ [See, See, See, See]),
    (On::Suppression, Gone, /*   */ [Nothing, Nothing, Nothing, Nothing]),
    (On::Webhook, Own, /*        */ [See, See, See, See]),
    (On::Webhook, Gone, /*       */ [Nothing, Nothing, Nothing, Nothing]),
];

/// A route, and what is sent to it. `{…}` in a path and `$…` in a body stand for what the thing of the cell has.
#[derive(Clone, Copy)]
pub struct Row {
    /// Method and path as the document has them, below `/api/v1` unless public.
    pub route: &'static str,
    /// The scopes of which a token needs one.
    pub scopes: &'static str,
    /// The line of §2.
    pub permission: u8,
    pub on: On,
    pub needs: Level,
    /// Whoever may gets this status, and this code if it is not a success: refused for another reason than access.
    pub answer: (u16, &'static str),
    /// JSON, or another body that begins with neither brace; empty for none.
    pub body: &'static str,
    pub query: &'static str,
    /// Only these relations; all that [`ACCESS`] has where it is empty.
    pub only: &'static [Relation],
    /// The one item of a batch is judged; the batch itself is answered 200.
    pub item: bool,
    /// Whether it gives the thing to another business unit, which only administrators may (P-7 for sequences: SQ too).
    pub gives_away: bool,
}

pub(super) const fn row(
    route: &'static str,
    scopes: &'static str,
    permission: u8,
    on: On,
    needs: Level,
    status: u16,
) -> Row {
    let answer = (status, "");
    let (body, query, only) = ("", "", [].as_slice());
    Row { route, scopes, permission, on, needs, answer, body, query, only, item: false, gives_away: false }
}

impl Row {
    pub(super) const fn sends(self, body: &'static str) -> Row {
        Row { body, ..self }
    }

    const fn asks(self, query: &'static str) -> Row {
        Row { query, ..self }
    }

    pub(super) const fn only(self, only: &'static [Relation]) -> Row {
        Row { only, ..self }
    }

    pub(super) const fn but(self, status: u16, code: &'static str) -> Row {
        Row { answer: (status, code), ..self }
    }

    pub(super) const fn item(self) -> Row {
        Row { item: true, ..self }
    }

    const fn gives_away(self) -> Row {
        Row { gives_away: true, ..self }
    }
}

pub(super) const READ: &str = "read";
pub(super) const WRITE: &str = "write";
const EVENTS: &str = "events write";
pub(super) const ADMIN: &str = "admin";
const OTHERS: &[Relation] = &[Colleague, OtherUnit, Gone];
const CALENDAR: &str = r#"{"time_zone":"UTC","entries":[]}"#;

/// Every route of the document.
pub fn routes() -> impl Iterator<Item = &'static Row> {
    let parts = [super::channels::ROUTES, super::catalogue::ROUTES, super::work::ROUTES, super::sequences::ROUTES];
    ROUTES.iter().chain(parts.into_iter().flatten())
}

const ROUTES: &[Row] = &[
    row("GET /healthz", "", 0, On::Public, Nothing, 200),
    row("GET /readyz", "", 0, On::Public, Nothing, 200),
    row("GET /metrics", "", 0, On::Public, Nothing, 200),
    // Records.
    row("POST /records", WRITE, 21, On::Whole, Nothing, 201).sends(r#"{"type":"lead","name":"New"}"#),
    row("POST /records", WRITE, 21, On::User, Nothing, 201).only(&[Own, Colleague]).sends(TO_USER),
    row("POST /records", WRITE, 21, On::User, Nothing, 201).only(&[OtherUnit]).sends(TO_USER).gives_away(),
    row("POST /records/batch", WRITE, 21, On::Whole, Nothing, 200)
        .sends(r#"{"records":[{"type":"lead","name":"New"}]}"#)
        .item(),
    row("GET /records", READ, 21, On::Whole, Nothing, 200).asks("?limit=500"),
    // A filter by what one may not know of finds nothing, as one by what is not there.
    row("GET /records", READ, 21, On::Sequence, Nothing, 200).asks("?sequence={id}"),
    row("PUT /records/external/{type}/{external_id}", WRITE, 21, On::Record, Act, 200)
        .only(&[Own, OwnTeam, AccessTeam, OpenStep, Colleague, OtherUnit])
        .sends(r#"{"name":"$name"}"#),
    row("GET /records/{id}", READ, 21, On::Record, See, 200),
    row("PATCH /records/{id}", WRITE, 21, On::Record, Act, 200).sends(r#"{"name":"$name","fields":{"notes":"x"}}"#),
    row("PATCH /records/{id}", WRITE, 21, On::Record, Give, 200)
        .sends(r#"{"owner":{"user":"$colleague"}}"#)
        .only(&[Own, OwnTeam, AccessTeam, OpenStep, OtherUnit, Gone]),
    row("PATCH /records/{id}", WRITE, 21, On::Record, Give, 200).sends(r#"{"access_team":"$colleagues_team"}"#),
    row("PATCH /records/{id}", WRITE, 21, On::Record, Give, 200)
        .sends(r#"{"owner":{"user":"$stranger"}}"#)
        .only(&[Own, OwnTeam, Colleague, Gone])
        .gives_away(),
    row("DELETE /records/{id}", WRITE, 21, On::Record, Erase, 204),
    row("GET /records/{id}/timeline", READ, 21, On::Record, See, 200),
    row("GET /records/{id}/up-next", READ, 21, On::Record, See, 200),
    row("GET /records/{id}/enrolments", READ, 21, On::Record, See, 200),
    row("POST /records/{id}/close", WRITE, 21, On::Record, Act, 200).sends(r#"{"outcome":"failure"}"#),
    row("POST /records/{id}/reopen", WRITE, 21, On::Record, Act, 200),
    row("POST /records/{id}/stage", WRITE, 21, On::Record, Act, 200).sends(r#"{"flow":"$process","stage":"Won"}"#),
    // Enrolments (P-8) and steps (P-21).
    row("POST /sequences/{second}/enrolments", WRITE, 8, On::Record, See, 200).sends(r#"{"records":["$id"]}"#).item(),
    row("POST /api/data/v9.2/msdyn_ConnectSequence", WRITE, 8, On::Record, See, 204).sends(ACTION),
    row("GET /enrolments/{enrolment}", READ, 21, On::Record, See, 200),
    row("GET /enrolments/{enrolment}/explain", READ, 21, On::Record, See, 200),
    row("GET /enrolments/{enrolment}/preview", READ, 21, On::Record, See, 200),
    row("POST /enrolments/{enrolment}/disconnect", WRITE, 8, On::Record, See, 200),
    row("GET /steps/{step}", READ, 21, On::Record, See, 200),
    row("POST /steps/{step}/complete", WRITE, 21, On::Record, Act, 200).sends(r#"{"note":"x"}"#),
    row("POST /steps/{step}/skip", WRITE, 21, On::Record, Act, 200),
    row("POST /steps/{step}/snooze", WRITE, 21, On::Record, Act, 200).sends(r#"{"until":"2026-03-04T09:00:00Z"}"#),
    row("POST /steps/{step}/skip-wait", WRITE, 21, On::Record, Act, 200).but(409, "not_waiting"),
    row("POST /steps/{step}/retry", WRITE, 21, On::Record, Act, 200).but(409, "nothing_to_retry"),
    row("POST /steps/{step}/text", WRITE, 21, On::Record, Act, 200).sends(r#"{"body":"x"}"#).but(422, "not_a_text"),
    row("GET /bulk-emails/candidates", READ, 21, On::Whole, Nothing, 200),
    row("POST /bulk-emails/preview", WRITE, 21, On::Record, See, 200)
        .sends(r#"{"steps":["$step"],"subject":"s","body":"b"}"#)
        .item(),
    row("POST /bulk-emails", WRITE, 21, On::Record, Act, 200)
        .sends(r#"{"steps":["$step"],"subject":"s","body":"b"}"#)
        .item(),
    row("GET /deliveries", READ, 21, On::Whole, Nothing, 200).asks("?limit=500"),
    row("POST /deliveries/{step}/settle", WRITE, 21, On::Record, Act, 200)
        .sends(r#"{"as":"sent"}"#)
        .but(409, "delivery_known"),
    row("POST /steps/{step}/start", WRITE, 21, On::Record, Act, 200),
    row("POST /steps/{step}/assign", WRITE, 21, On::Record, Act, 200).sends(r#"{"user":"$colleague"}"#),
    row("POST /steps/{step}/assign", WRITE, 21, On::Record, Act, 200)
        .sends(r#"{"user":"$stranger"}"#)
        .only(&[Own, OwnTeam, Colleague, Gone])
        .gives_away(),
    row("POST /records/{id}/activities", WRITE, 21, On::Record, Act, 201)
        .sends(r#"{"kind":"meeting","subject":"$name"}"#),
    row("GET /records/{id}/activities", READ, 21, On::Record, See, 200),
    row("GET /activities/{step}", READ, 21, On::Record, See, 200),
    row("POST /activities/{step}/complete", WRITE, 21, On::Record, Act, 200),
    row("POST /activities/{step}/cancel", WRITE, 21, On::Record, Act, 200),
    row("POST /activities/{step}/assign", WRITE, 21, On::Record, Act, 200).sends(r#"{"user":"$colleague"}"#),
    row("POST /steps/{step}/note", WRITE, 21, On::Record, Act, 200).sends(r#"{"text":"x"}"#),
    row("POST /events", EVENTS, 21, On::Record, Act, 200).sends(EVENT),
    row("POST /events", EVENTS, 21, On::Record, Act, 200).sends(ACTIVITY_EVENT),
    row("POST /events", EVENTS, 21, On::Record, Act, 200).sends(RECORD_EVENT),
    // Templates and sequences.
    row("GET /templates", READ, 1, On::Whole, Nothing, 200),
    row("GET /templates/{template}", READ, 1, On::Whole, Nothing, 200),
    row("POST /sequences", WRITE, 3, On::Whole, Nothing, 201).sends(r#"{"name":"New"}"#),
    row("POST /sequences", WRITE, 1, On::Whole, Nothing, 201).sends(r#"{"name":"New","template":"T1"}"#),
    row("GET /sequences", READ, 5, On::Whole, Nothing, 200).asks("?limit=500"),
    row("GET /sequences/{id}", READ, 5, On::Sequence, See, 200),
    row("PATCH /sequences/{id}", WRITE, 3, On::Sequence, Give, 200).sends(r#"{"description":"x"}"#),
    row("PATCH /sequences/{id}", WRITE, 7, On::Sequence, Give, 200).sends(r#"{"owner":{"user":"$colleague"}}"#),
    row("PATCH /sequences/{id}", WRITE, 7, On::Sequence, Give, 200)
        .sends(r#"{"owner":{"user":"$stranger"}}"#)
        .only(&[Own, OwnTeam, Colleague, Gone])
        .gives_away(),
    row("GET /sequences/{id}/graph", READ, 5, On::Sequence, See, 200),
    row("PUT /sequences/{id}/graph", WRITE, 4, On::Sequence, Give, 200).sends(r#"{"start":null,"nodes":[]}"#),
    row("GET /sequences/{id}/tests", READ, 5, On::Sequence, See, 200),
    row("PUT /sequences/{id}/tests", WRITE, 4, On::Sequence, Give, 200).sends(r#"{"tests":[]}"#),
    row("POST /sequences/{id}/tests/run", WRITE, 5, On::Sequence, See, 200).sends(r#"{"tests":[]}"#),
    row("POST /sequences/{id}/simulate", WRITE, 5, On::Sequence, See, 200).sends(r#"{"records":[]}"#),
    row("POST /sequences/{id}/validate", WRITE, 5, On::Sequence, See, 200),
    row("POST /sequences/{id}/activate", WRITE, 3, On::Sequence, Give, 200),
    row("POST /sequences/{active}/revise", WRITE, 3, On::Sequence, Give, 200),
    row("POST /sequences/{id}/discard-revision", WRITE, 3, On::Sequence, Give, 200).but(409, "not_in_revision"),
    row("POST /sequences/{id}/copy", WRITE, 5, On::Sequence, See, 201).sends(r#"{"name":"New"}"#),
    row("PUT /sequences/{id}/tags", WRITE, 9, On::Sequence, See, 200)
        .sends(r#"{"tags":[]}"#)
        .only(&[Own, OwnTeam, Colleague]),
    row("GET /sequences/{id}/versions", READ, 5, On::Sequence, See, 200),
    row("DELETE /sequences/{id}", WRITE, 3, On::Sequence, Give, 204),
    row("POST /sequences/{active}/deactivate", WRITE, 3, On::Sequence, Give, 200),
    row("POST /sequences/{active}/enrolments", WRITE, 8, On::Sequence, See, 200).sends(r#"{"records":["$record"]}"#),
    row("GET /sequences/{id}/counts", READ, 5, On::Sequence, See, 200),
    row("GET /sequences/{id}/enrolments", READ, 5, On::Sequence, See, 200),
    row("POST /sequences/export", WRITE, 10, On::Whole, Nothing, 200).sends(r#"{"ids":[]}"#),
    row("POST /sequences/export", WRITE, 10, On::Sequence, See, 200).sends(r#"{"ids":["$id"]}"#),
    row("POST /sequences/import", WRITE, 10, On::Whole, Nothing, 200).sends(r#"{"format":"relance-bundle/1"}"#),
    // Message templates: everybody reads them, P-4 says who writes.
    row("POST /email-templates", WRITE, 4, On::Whole, Nothing, 201).sends(MAIL_TEXT),
    row("GET /email-templates", READ, 21, On::Whole, Nothing, 200).asks("?limit=500"),
    row("GET /email-templates/{id}", READ, 21, On::Message, See, 200),
    row("PATCH /email-templates/{id}", WRITE, 4, On::Message, Give, 200).sends(r#"{"subject":"Other"}"#),
    row("DELETE /email-templates/{id}", WRITE, 4, On::Message, Give, 204),
    row("POST /email-templates/{id}/preview", WRITE, 21, On::Message, See, 200).sends(r#"{"record":"$record"}"#),
    row("POST /email-templates/{shipped}/preview", WRITE, 21, On::Record, See, 200).sends(r#"{"record":"$id"}"#),
    row("POST /email-templates/{id}/attachments", WRITE, 4, On::Message, Give, 201).asks("?name=a.txt").sends("words"),
    row("GET /email-templates/{id}/attachments", READ, 21, On::Message, See, 200),
    row("DELETE /email-templates/{id}/attachments/{text}", WRITE, 4, On::Message, Give, 404).but(404, "not_found"),
    row("POST /text-templates", WRITE, 4, On::Whole, Nothing, 201).sends(PLAIN_TEXT),
    row("GET /text-templates", READ, 21, On::Whole, Nothing, 200).asks("?limit=500"),
    row("GET /text-templates/{text}", READ, 21, On::Message, See, 200),
    row("PATCH /text-templates/{text}", WRITE, 4, On::Message, Give, 200).sends(r#"{"body":"Other"}"#),
    row("DELETE /text-templates/{text}", WRITE, 4, On::Message, Give, 204),
    row("POST /text-templates/{text}/preview", WRITE, 21, On::Message, See, 200).sends(r#"{"record":"$record"}"#),
    // Imports.
    row("POST /imports", WRITE, 21, On::Whole, Nothing, 201).asks("?type=lead").sends("name\nImported\n"),
    row("GET /imports/{id}", READ, 21, On::Import, See, 200),
    row("GET /imports/{id}/rejects", READ, 21, On::Import, See, 200),
    // People: changes are for administrators, who are told apart before anything is looked for.
    row("GET /me", READ, 19, On::Whole, Nothing, 200),
    row("GET /me/settings", READ, 19, On::Whole, Nothing, 200),
    row("PATCH /me/settings", WRITE, 19, On::Whole, Nothing, 200).sends(r#"{"auto_advance":"stay","language":"gl"}"#),
    row("PATCH /me/settings", WRITE, 15, On::Whole, Nothing, 200)
        .but(409, "cards_locked")
        .sends(r#"{"card_layout":{"rows":[]}}"#),
    row("GET /me/card-layout", READ, 15, On::Whole, Nothing, 200).asks("?type=lead"),
    row("GET /me/calendar", READ, 19, On::Whole, Nothing, 200),
    row("PUT /me/calendar", WRITE, 19, On::Whole, Nothing, 200).sends(CALENDAR),
    row("GET /users/{id}/calendar", READ, 19, On::User, See, 200).only(&[Own]),
    row("GET /users/{id}/calendar", READ, 18, On::User, See, 200).only(OTHERS),
    row("PUT /users/{id}/calendar", WRITE, 19, On::User, See, 200).only(&[Own]).sends(CALENDAR),
    row("PUT /users/{id}/calendar", WRITE, 18, On::User, See, 200).only(OTHERS).sends(CALENDAR),
    row("POST /me/calendar/import", WRITE, 19, On::Whole, Nothing, 200).sends(FILE),
    row("POST /users/{id}/calendar/import", WRITE, 19, On::User, See, 200).only(&[Own]).sends(FILE),
    row("POST /users/{id}/calendar/import", WRITE, 18, On::User, See, 200).only(OTHERS).sends(FILE),
    row("POST /users", ADMIN, 12, On::Whole, Nothing, 201)
        .sends(r#"{"name":"New","email":"$fresh","roles":["seller"]}"#),
    row("GET /users", READ, 21, On::Whole, Nothing, 200).asks("?limit=500"),
    row("GET /users/{id}", READ, 21, On::User, See, 200),
    row("PATCH /users/{id}", ADMIN, 12, On::User, See, 200).sends(r#"{"language":"gl"}"#),
    row("POST /users/{id}/invite", ADMIN, 12, On::User, See, 200),
    row("POST /users/{id}/disable", ADMIN, 12, On::User, See, 200).only(OTHERS),
    row("POST /users/{id}/enable", ADMIN, 12, On::User, See, 200),
    row("POST /teams", ADMIN, 12, On::Whole, Nothing, 201).sends(r#"{"name":"New","kind":"owner"}"#),
    row("GET /teams", READ, 21, On::Whole, Nothing, 200).asks("?limit=500"),
    row("GET /teams/{id}", READ, 21, On::Team, See, 200),
    row("PATCH /teams/{id}", ADMIN, 12, On::Team, See, 200).sends(r#"{"kind":"owner"}"#),
    row("DELETE /teams/{id}", ADMIN, 12, On::Team, See, 204),
    row("PUT /teams/{id}/members/{user}", ADMIN, 12, On::Team, See, 200),
    row("DELETE /teams/{id}/members/{user}", ADMIN, 12, On::Team, See, 204),
    row("POST /tokens", ADMIN, 19, On::Whole, Nothing, 201).sends(r#"{"name":"New","scopes":["read"]}"#),
    row("POST /tokens", ADMIN, 19, On::Key, See, 201).sends(r#"{"name":"New","scopes":["read"],"user":"$user"}"#),
    row("GET /tokens", ADMIN, 19, On::Whole, Nothing, 200),
    row("GET /tokens", ADMIN, 19, On::Key, See, 200).asks("?user={user}"),
    row("DELETE /tokens/{id}", ADMIN, 19, On::Key, See, 204),
    row("GET /settings", READ, 21, On::Whole, Nothing, 200),
    row("PATCH /settings", ADMIN, 12, On::Whole, Nothing, 200).sends(r#"{"roles":"all"}"#),
    row("PATCH /settings", ADMIN, 12, On::Whole, Nothing, 200).sends(r#"{"reporting":true,"record_types":null}"#),
    row("GET /holidays", READ, 21, On::Whole, Nothing, 200).asks("?country=FR&year=2026"),
    row("GET /holidays/corrections", READ, 21, On::Whole, Nothing, 200),
    row("PUT /holidays/corrections", ADMIN, 11, On::Whole, Nothing, 200).sends(r#"{"items":[]}"#),
    row("PATCH /settings", ADMIN, 11, On::Whole, Nothing, 200).sends(r#"{"reporting":true}"#),
    row("PATCH /settings", ADMIN, 14, On::Whole, Nothing, 200).sends(r#"{"card_lock":false}"#),
    row("PATCH /settings", ADMIN, 16, On::Whole, Nothing, 200).sends(r#"{"daily_capacity":null}"#),
    // Record types and their fields: for everybody to read, for administrators to change.
    row("POST /record-types", ADMIN, 12, On::RecordType, Nothing, 201)
        .sends(r#"{"name":"$type_free","label":"New"}"#)
        .only(&[Own]),
    row("GET /record-types", READ, 21, On::Whole, Nothing, 200),
    row("GET /record-types/{type}", READ, 21, On::RecordType, See, 200),
    row("PATCH /record-types/{type}", ADMIN, 12, On::RecordType, See, 200).sends(r#"{"label":"Other"}"#),
    row("DELETE /record-types/{type}", ADMIN, 12, On::RecordType, See, 204),
    row("POST /record-types/{type}/fields", ADMIN, 12, On::RecordType, See, 201)
        .sends(r#"{"name":"other","label":"Other","kind":"text"}"#),
    row("GET /record-types/{type}/fields", READ, 21, On::RecordType, See, 200),
    row("GET /record-types/{type}/fields/{field}", READ, 21, On::RecordType, See, 200),
    row("PATCH /record-types/{type}/fields/{field}", ADMIN, 12, On::RecordType, See, 200).sends(r#"{"label":"Other"}"#),
    row("DELETE /record-types/{type}/fields/{field}", ADMIN, 12, On::RecordType, See, 204),
    // Running the server.
    row("POST /suppressions", ADMIN, 12, On::Whole, Nothing, 201).sends(r#"{"email":"$fresh"}"#),
    row("GET /suppressions", ADMIN, 12, On::Whole, Nothing, 200),
    row("DELETE /suppressions/{id}", ADMIN, 12, On::Suppression, See, 204),
    row("POST /webhooks", ADMIN, 12, On::Whole, Nothing, 201).sends(HOOKED),
    row("GET /webhooks", ADMIN, 12, On::Whole, Nothing, 200),
    row("GET /webhooks/{id}", ADMIN, 12, On::Webhook, See, 200),
    row("GET /webhooks/{id}/deliveries", ADMIN, 12, On::Webhook, See, 200),
    row("POST /webhooks/{id}/replay", ADMIN, 12, On::Webhook, See, 200).sends(r#"{"from":"2026-03-02T09:00:00Z"}"#),
    row("DELETE /webhooks/{id}", ADMIN, 12, On::Webhook, See, 204),
    row("GET /stream", READ, 21, On::Whole, Nothing, 200).asks("?wait=false"),
    row("GET /audit", ADMIN, 12, On::Whole, Nothing, 200),
    row("GET /backup", ADMIN, 12, On::Whole, Nothing, 200),
    row("GET /clock", READ, 21, On::Whole, Nothing, 200),
    row("POST /clock/accept", ADMIN, 12, On::Whole, Nothing, 200),
    row("GET /test-clock", READ, 21, On::Whole, Nothing, 200),
    row("POST /test-clock/advance", ADMIN, 12, On::Whole, Nothing, 200).sends(r#"{"by":{}}"#),
];
