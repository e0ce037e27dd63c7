//! Every bound in the system, in one place, with the relations between them checked at compile time.

use chrono::TimeDelta;

/// Bits of an id's partition that name the shard; fixed for the life of a data directory.
pub const SHARD_BITS: u32 = 4;
/// Slices of the entities, each owned by one thread. Every key of the store leads with its shard.
pub const SHARD_COUNT: u16 = 1 << SHARD_BITS;
/// Things (enrolments, step instances and activities) one record may number in its life.
pub const RECORD_ORDINAL_MAX: u32 = (1 << 20) - 1;

/// Sequences active at a time (L-1, Q-41).
pub const ACTIVE_SEQUENCES_MAX: i64 = 250;
/// A wait or a condition's time limit, in hours (L-2, CO-14).
pub const WAIT_HOURS_MAX: i64 = 30 * 24;
/// Version number of a sequence (L-7).
pub const SEQUENCE_VERSIONS_MAX: u16 = 500;
/// A/B tests of one sequence (L-6).
pub const AB_TESTS_MAX: usize = 5;
/// How many of a hundred participants of an A/B test get A, at least and at most (L-5).
pub const AB_SHARE_MIN: i64 = 10;
/// See [`AB_SHARE_MIN`].
pub const AB_SHARE_MAX: i64 = 90;
/// Fewest participants of each version before an A/B test is decided (AB-15).
pub const AB_EXPOSURES_MIN: u64 = 100;
/// Participants of each version after which an A/B test without a winner is given up (AB-16).
pub const AB_EXPOSURES_MAX: u64 = 5_000;
/// Days after which it is (AB-16).
pub const AB_DAYS_MAX: i64 = 90;
/// Hours from one look at the tallies of an A/B test to the next (AB-15, D-67).
pub const AB_LOOK_HOURS: i64 = 24;
/// How far from nothing z is significant (AB-15).
pub const AB_Z_SIGNIFICANT: f64 = 1.96;
/// The e-value that is: the inverse of the share of tests without a difference that ever come to it.
pub const AB_E_SIGNIFICANT: f64 = 20.0;
/// Participants below which a split comes out unevenly (AB-18).
pub const AB_AUDIENCE_SMALL: i64 = 1_000;
/// Advances from sequence to sequence without a seller step or a wait between them (CM-15, D-70).
pub const ADVANCE_HOPS_MAX: usize = 25;
/// Nodes on one path (L-8).
pub const PATH_NODES_MAX: usize = 400;
/// Nodes in one graph, all paths together.
pub const GRAPH_NODES_MAX: usize = 2_000;
/// Name, description (characters) and graph (bytes of JSON) of a sequence (L-10).
pub const SEQUENCE_NAME_MAX: usize = 160;
/// See [`SEQUENCE_NAME_MAX`].
pub const SEQUENCE_DESCRIPTION_MAX: usize = 2_000;
/// See [`SEQUENCE_NAME_MAX`].
pub const GRAPH_BYTES_MAX: usize = 1_000_000;
/// Name and description of a step, in characters (L-11).
pub const STEP_NAME_MAX: usize = 100;
/// See [`STEP_NAME_MAX`].
pub const STEP_DESCRIPTION_MAX: usize = 2_000;
/// Levels of a condition, the whole one counted.
pub const CONDITION_DEPTH_MAX: usize = 10;
/// Comparisons and groups of one condition, all levels together.
pub const CONDITION_PARTS_MAX: usize = 200;
/// Days that a condition counts from today: a century.
pub const CONDITION_DAYS_MAX: u64 = 36_500;
/// Snoozes of one step instance (L-12).
pub const SNOOZES_MAX: u32 = 10_000;
/// Items in one batch request (L-19).
pub const BATCH_ITEMS_MAX: usize = 1_000;

/// Tests of one sequence, and in one run.
pub const TRIALS_MAX: usize = 100;
/// Events, and expectations, of one test.
pub const TRIAL_MOMENTS_MAX: usize = 200;
/// The longest time from connecting to an event or expectation of a test, in days: ten years.
pub const TRIAL_DAYS_MAX: i64 = 3_660;
/// Tests stored with a sequence, in bytes of JSON.
pub const TRIALS_BYTES_MAX: usize = 1_000_000;
/// The longest that a dry run follows a record, in days.
pub const SIMULATION_DAYS_MAX: i64 = 400;
/// The longest that a seller may be taken to need for a step, in minutes: as long as the longest wait.
pub const SIMULATION_SELLER_MINUTES_MAX: u32 = 30 * 24 * 60;
/// Events of one dry run.
pub const SIMULATION_EVENTS_MAX: usize = 10_000;
/// Decisions of one dry run, those of records with many steps counted more: a few seconds of one core.
pub const SIMULATION_WORK_MAX: u64 = 400_000;
/// What may end a wait before its time, at most.
pub const UNTIL_MAX: usize = 10;
/// The longest time after which a record may enter a sequence again, in days.
pub const REENTRY_DAYS_MAX: u16 = 3_660;
/// Templates of e-mails and text messages, those that the product ships among them: all are in memory.
pub const MESSAGE_TEMPLATES_MAX: usize = 2_000;
/// Name of one, in characters.
pub const MESSAGE_NAME_MAX: usize = 160;
/// Its subject, in bytes: what a line of an e-mail may have (RFC 5322).
pub const SUBJECT_MAX: usize = 998;
/// Each of its bodies, in bytes.
pub const MAIL_BODY_MAX: usize = 64 << 10;
/// The body of a text message, in bytes before its merge fields are filled in.
pub const TEXT_BODY_MAX: usize = 4_000;
/// A subject or body with its merge fields filled in, in bytes.
pub const RENDERED_MAX: usize = 256 << 10;
/// Files of one e-mail template.
pub const ATTACHMENTS_MAX: usize = 10;
/// Bytes of one, and characters of its name.
pub const ATTACHMENT_BYTES_MAX: usize = 4 << 20;
/// See [`ATTACHMENT_BYTES_MAX`].
pub const ATTACHMENT_NAME_MAX: usize = 100;
/// Links of one message that are led by this server, and the bytes of where one leads; others are left as they are.
pub const LINKS_MAX: usize = 200;
/// See [`LINKS_MAX`].
pub const LINK_BYTES_MAX: usize = 2_000;
/// Bytes that are kept of the plain text of a message.
pub const WRITTEN_TEXT_MAX: usize = 16 << 10;
/// Openings and clicks that are kept of one message.
pub const HITS_MAX: u16 = 100;
/// Suppressions that people write: the ids of all are in memory. What people wish who are written to comes on top.
pub const SUPPRESSIONS_MAX: usize = 1_000_000;
/// The reason of one, in characters.
pub const SUPPRESSION_REASON_MAX: usize = 200;
/// Pages of a record's log that are read to find what a message said.
pub const WRITTEN_PAGES_MAX: usize = 20;

/// Components of one kind in a bundle.
pub const BUNDLE_COMPONENTS_MAX: usize = 1_000;
/// A bundle that is packed, in bytes; one that is sent is the body of a request.
pub const BUNDLE_BYTES_MAX: usize = JSON_BODY_MAX;
/// A key in a bundle, in bytes.
pub const BUNDLE_KEY_MAX: usize = 80;

/// Name of a record, in characters.
pub const RECORD_NAME_MAX: usize = 200;
/// A record's text field, in characters.
pub const FIELD_TEXT_MAX: usize = 4_000;
/// Name of a custom record type, in bytes: it stands in the keys of its records' external ids.
pub const TYPE_NAME_MAX: usize = 32;
/// Name of a field, in bytes.
pub const FIELD_NAME_MAX: usize = 64;
/// What people read of a type, a field, an option, a stage or a call result, in characters.
pub const LABEL_MAX: usize = 100;
/// Record types, built-in ones included.
pub const RECORD_TYPES_MAX: usize = 50;
/// Fields of one type, those that were removed included.
pub const FIELDS_MAX: usize = 300;
/// Options of one field.
pub const OPTIONS_MAX: usize = 200;
/// Process flows, and stages of one.
pub const FLOWS_MAX: usize = 200;
/// See [`FLOWS_MAX`].
pub const STAGES_MAX: usize = 50;
/// How many ways there are for a call to end (CO-31).
pub const CALL_RESULTS_MAX: usize = 100;
/// Levels of tags (L-13).
pub const TAG_LEVELS_MAX: usize = 4;
/// Tags below one tag (L-13, D-40).
pub const TAGS_PER_PARENT_MAX: usize = 100;
/// Tags of one sequence.
pub const SEQUENCE_TAGS_MAX: usize = 100;
/// Tags altogether.
pub const TAGS_MAX: usize = 10_000;
/// Filters of the work list beside the built-in ones, their groups, and sorts.
pub const FILTERS_MAX: usize = 100;
/// See [`FILTERS_MAX`].
pub const FILTER_GROUPS_MAX: usize = 20;
/// See [`FILTERS_MAX`].
pub const SORTS_MAX: usize = 20;
/// Comparisons of one filter, and all of them in bytes of JSON.
pub const FILTER_CONDITIONS_MAX: usize = 10;
/// See [`FILTER_CONDITIONS_MAX`].
pub const FILTER_BYTES_MAX: usize = 8 << 10;
/// Name of a filter or sort, in characters: the labels of a type and a field fit, with a point between them (W-29).
pub const LISTING_NAME_MAX: usize = 2 * LABEL_MAX + 1;
/// Items that a seller is to have in a day, where they are levelled.
pub const DAILY_CAPACITY_MAX: u16 = 1_000;
/// A client's own key for a record, in bytes.
pub const EXTERNAL_ID_MAX: usize = 200;
/// Manual activities of one record in its life: they are part of its state.
pub const ACTIVITIES_MAX: usize = 1_000;
/// Rows of work lists that are held for those who look at them; about 800 bytes each.
pub const WORK_ROWS_HELD_MAX: usize = 1_500_000;
/// Changes that wait for somebody to look at the list of a user or team.
pub const WORK_TOLD_MAX: usize = 20_000;
/// Records whose places in the sequences that are looked at are held; about 45 bytes each.
pub const STANDING_HELD_MAX: usize = 4_000_000;
/// Rows that are read in one go to count them.
pub const STANDING_ROWS_READ: usize = 1_000;
/// People who have read or follow a record.
pub const MARKS_MAX: usize = 1_000;
/// What an activity is about, in characters.
pub const ACTIVITY_SUBJECT_MAX: usize = 200;
/// What is noted when one is added, in characters; it stays in the record's state, unlike a note on the timeline.
pub const ACTIVITY_NOTE_MAX: usize = 2_000;
/// A note, in characters.
pub const NOTE_MAX: usize = 8_000;
/// An `Idempotency-Key` or an event id, in bytes.
pub const COMMAND_KEY_MAX: usize = 200;

/// People on their way through a sign-in elsewhere; each takes about half a kilobyte.
pub const SIGN_INS_WAITING_MAX: usize = 4_096;
/// An answer of a server outside, in bytes.
pub const EGRESS_ANSWER_MAX: usize = 256 << 10;

/// Days that somebody is taken to be away who does not say until when, and the longest absence that is believed.
pub const AWAY_DAYS_USUAL: i64 = 7;
/// See [`AWAY_DAYS_USUAL`].
pub const AWAY_DAYS_MAX: i64 = 400;
/// An incoming message, in bytes: what mail servers commonly take.
pub const INCOMING_BYTES_MAX: usize = 25 << 20;
/// What is read of one, in bytes: all but what is attached.
pub const INCOMING_READ_MAX: usize = 1 << 20;
/// What is read of its text, in bytes.
pub const INCOMING_TEXT_MAX: usize = 64 << 10;

/// Body of a JSON request, in bytes; a full batch of full records fits.
pub const JSON_BODY_MAX: usize = 16 << 20;
/// Body of a form, in bytes.
pub const FORM_BODY_MAX: usize = 16 << 10;
/// Body of an import, in bytes.
pub const IMPORT_BODY_MAX: usize = 256 << 20;
/// An address with its query, in bytes; the mapping of an import's columns stands there.
pub const URI_BYTES_MAX: usize = 16 << 10;
/// Headers of a request: their number, and their bytes together. The HTTP library itself ends at 96 headers and 128 KiB.
pub const HEADERS_MAX: usize = 64;
/// See [`HEADERS_MAX`].
pub const HEADER_BYTES_MAX: usize = 32 << 10;
/// Page of a list: default and largest.
pub const PAGE_DEFAULT: usize = 50;
/// See [`PAGE_DEFAULT`].
pub const PAGE_MAX: usize = 500;
/// Index rows one page may look at before it answers with what it has and a cursor.
pub const PAGE_ROWS_SCANNED_MAX: usize = 200_000;

/// Records that one preview of a migration reads before it answers with what it has and a cursor.
pub const PREVIEW_RECORDS_MAX: usize = 100_000;

/// Commands between arrival and answer, over all clients; one more is refused as busy.
pub const IN_FLIGHT_MAX: usize = 4_096;
/// Commands one batch, import or other background work keeps in flight.
pub const BACKGROUND_IN_FLIGHT_MAX: usize = 256;
/// Entities one group commit holds.
pub const GROUP_COMMITS_MAX: usize = 512;
/// Timer rows read at once per shard, and timer commands in flight over all shards.
pub const TIMER_WINDOW: usize = 64;
/// See [`TIMER_WINDOW`].
pub const TIMERS_IN_FLIGHT_MAX: usize = 256;
/// Deliveries under way at once.
pub const DELIVERIES_IN_FLIGHT_MAX: usize = 32;
/// Characters of the address under which recipients reach the server.
pub const PUBLIC_URL_MAX: usize = 255;
/// Minutes that an outcome may stay unknown before the policy is asked: a week.
pub const UNKNOWN_AFTER_MINUTES_MAX: u32 = 7 * 24 * 60;
/// Hours that a message may be tried: a month.
pub const RETRY_HOURS_MAX: u32 = 30 * 24;
/// Records with which a sequence may begin, at most.
pub const PILOT_RECORDS_MAX: u32 = 10_000;
/// E-mails after which the fuse of a sequence may blow, where nothing else is said.
pub const FUSE_SENT: u32 = 20;
/// The same, at most.
pub const FUSE_SENT_MAX: u32 = 1_000_000;
/// Hours after which a message that a fuse holds looks whether it does so still.
pub const FUSE_LOOK_HOURS: i64 = 24;
/// Recipients that are offered for bulk e-mails at once.
pub const BULK_CANDIDATES_MAX: usize = 10_000;
/// Before a message that could not be sent is tried again, at most.
pub const RETRY_PAUSE_SECONDS_MAX: u64 = 6 * 3_600;
/// Commits of one entity between two snapshots.
pub const SNAPSHOT_EVERY: u32 = 16;
/// How far the clock may go forward more than time has passed, before timers are held.
pub const CLOCK_AHEAD_MAX: TimeDelta = TimeDelta::hours(1);
/// How far the clock may stand before an instant already seen, before timers are held.
pub const CLOCK_BEHIND_MAX: TimeDelta = TimeDelta::minutes(5);
/// Panics after which an entity is left alone until the next start.
pub const PANICS_MAX: u8 = 3;
/// One stored value in sled: larger ones become separate files that a power cut tears, so they are cut into chunks.
pub const STORED_VALUE_MAX: usize = 4_000;
/// Mailboxes: all are in memory.
pub const MAILBOXES_MAX: usize = 1_000;
/// Name of one, in characters.
pub const MAILBOX_NAME_MAX: usize = 100;
/// Its address, in bytes: what the path of a mail may have (RFC 5321).
pub const MAILBOX_ADDRESS_MAX: usize = 254;
/// Whom to sign in as at its server, in characters; and the password, in bytes.
pub const MAILBOX_LOGIN_MAX: usize = 200;
/// See [`MAILBOX_LOGIN_MAX`].
pub const MAILBOX_PASSWORD_MAX: usize = 4_000;
/// Messages that a cap of one may let through.
pub const MAILBOX_CAP_MAX: u32 = 1_000_000;
/// The longest time in which the messages to a person or an account are counted.
pub const PRESSURE_DAYS_MAX: u32 = 90;
/// The longest time between two messages from one mailbox.
pub const SPACING_SECONDS_MAX: u32 = 3_600;
/// Text gateways: all are in memory.
pub const GATEWAYS_MAX: usize = 100;
/// Name of one, and whom its messages come from, in characters.
pub const GATEWAY_NAME_MAX: usize = 100;
/// See [`GATEWAY_NAME_MAX`].
pub const GATEWAY_FROM_MAX: usize = 50;
/// Bytes of the request that a gateway describes.
pub const GATEWAY_REQUEST_BYTES_MAX: usize = 16_000;
/// Bytes of a JSON pointer into what a gateway answers.
pub const GATEWAY_POINTER_MAX: usize = 200;
/// Words that a status is compared with, and characters of one.
pub const GATEWAY_WORDS_MAX: usize = 50;
/// See [`GATEWAY_WORDS_MAX`].
pub const GATEWAY_WORD_MAX: usize = 100;
/// Bytes of a provider's id of a message; a longer one is not remembered.
pub const GATEWAY_MESSAGE_ID_MAX: usize = 200;
/// Bytes of what a gateway posts to us.
pub const GATEWAY_POST_BYTES_MAX: usize = 1 << 20;
/// Receipts or texts that a gateway reports at once.
pub const GATEWAY_REPORTS_MAX: usize = 1_000;
/// Connections to the server of one mailbox at once, and messages over one of them: servers bound both.
pub const SMTP_CONNECTIONS_MAX: usize = 4;
/// See [`SMTP_CONNECTIONS_MAX`].
pub const SMTP_MESSAGES_PER_CONNECTION_MAX: usize = 100;
/// Bytes of a message that are written at once.
pub const SMTP_PART_BYTES: usize = 64 << 10;
/// What is kept of an answer of a server outside, in characters.
pub const DELIVERY_DETAIL_MAX: usize = 300;
/// A Message-ID, or a link in a header, in bytes: what a line of an e-mail may have (RFC 5322), less the header's name.
pub const MESSAGE_ID_MAX: usize = 900;
/// Messages of a thread that a message names.
pub const REFERENCES_MAX: usize = 20;
/// Days that a command id is remembered at least.
pub const REPEAT_DAYS: i64 = 7;

/// Webhooks of the organisation, and bytes of an address.
pub const WEBHOOKS_MAX: usize = 50;
/// See [`WEBHOOKS_MAX`].
pub const WEBHOOK_URL_MAX: usize = 2_000;
/// Topics that a webhook or a stream names.
pub const TOPICS_MAX: usize = 100;
/// Requests of one webhook under way at once.
pub const WEBHOOK_IN_FLIGHT_MAX: usize = 8;
/// Records whose events wait for a receiver that does not take them, before a webhook waits with all others as well; and
/// their commits.
pub const WEBHOOK_HELD_MAX: usize = 64;
/// See [`WEBHOOK_HELD_MAX`].
pub const WEBHOOK_HELD_COMMITS_MAX: usize = 1_000;
/// Deliveries that a webhook shows.
pub const WEBHOOK_DELIVERIES_SHOWN: usize = 50;

/// Days that what happened can be followed, and commits of records and sequences: beyond either it is not told again.
pub const FEED_DAYS: i64 = 7;
/// See [`FEED_DAYS`].
pub const FEED_COMMITS_MAX: u64 = 1_000_000;
/// Commits that whoever follows reads at once.
pub const FEED_PAGE: usize = 64;
/// Streams open at once: of all, and of one user.
pub const STREAMS_MAX: usize = 512;
/// See [`STREAMS_MAX`].
pub const STREAMS_PER_USER_MAX: usize = 16;

/// Users of the organisation, also those who have left: one entity holds them all.
pub const USERS_MAX: usize = 10_000;
/// Teams.
pub const TEAMS_MAX: usize = 1_000;
/// Members of one team.
pub const TEAM_MEMBERS_MAX: usize = 1_000;
/// Filters that one user hides, and the layouts of cards in bytes of JSON (L-18): a user's, or the organisation's.
pub const HIDDEN_FILTERS_MAX: usize = 100;
/// See [`HIDDEN_FILTERS_MAX`].
pub const CARD_LAYOUT_MAX: usize = 8 << 10;
/// Characters of a signature under messages.
pub const SIGNATURE_MAX: usize = 2_000;
/// Rows of a card, and fields and icons of a row (W-71, L-18).
pub const CARD_ROWS_MAX: usize = 4;
/// See [`CARD_ROWS_MAX`].
pub const CARD_ITEMS_MAX: usize = 3;
/// Entries of one calendar, breaks of one entry, and an entry's text in characters.
pub const CALENDAR_ENTRIES_MAX: usize = 200;
/// See [`CALENDAR_ENTRIES_MAX`].
pub const CALENDAR_BREAKS_MAX: usize = 10;
/// Days that an organisation says are holidays, or are none, against the table.
pub const HOLIDAY_CORRECTIONS_MAX: usize = 2_000;
/// See [`CALENDAR_ENTRIES_MAX`].
pub const CALENDAR_TEXT_MAX: usize = 200;
/// Days without working time after which a search for the next gives up, and days that a search looks at altogether.
pub const CALENDAR_IDLE_DAYS_MAX: usize = 400;
/// See [`CALENDAR_IDLE_DAYS_MAX`].
pub const CALENDAR_DAYS_MAX: usize = 4_000;
/// Shortest and longest password, in characters and bytes.
pub const PASSWORD_MIN: usize = 15;
/// See [`PASSWORD_MIN`].
pub const PASSWORD_MAX: usize = 256;
/// Sessions one user has at a time; with one more, the one that was used longest ago ends.
pub const SESSIONS_MAX: usize = 20;
/// Name of a token, in characters.
pub const TOKEN_NAME_MAX: usize = 100;
/// Tokens one user has at a time.
pub const TOKENS_MAX: usize = 100;

const _: () = {
    assert!(SHARD_BITS <= 16);
    assert!(BACKGROUND_IN_FLIGHT_MAX + TIMERS_IN_FLIGHT_MAX < IN_FLIGHT_MAX);
    assert!(HEADERS_MAX < 96 && URI_BYTES_MAX + HEADER_BYTES_MAX < 128 << 10);
    assert!(PAGE_DEFAULT <= PAGE_MAX);
    assert!(STREAMS_PER_USER_MAX <= STREAMS_MAX);
    assert!(PATH_NODES_MAX <= GRAPH_NODES_MAX && GRAPH_NODES_MAX < u16::MAX as usize);
    assert!(STORED_VALUE_MAX < 4_096);
    assert!(SUBJECT_MAX < MAIL_BODY_MAX && TEXT_BODY_MAX < MAIL_BODY_MAX && MAIL_BODY_MAX < RENDERED_MAX);
    assert!(BATCH_ITEMS_MAX * FIELD_TEXT_MAX <= JSON_BODY_MAX);
};
