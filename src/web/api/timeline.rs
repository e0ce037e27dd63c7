//! `/records/{id}/timeline`: everything that happened to a record, told from its log.

mod words;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use self::words::{changed, migrated_by, name_of};
use crate::domain::engagement::Grade;
use crate::domain::enrolment::{EnrolmentStatus, Exit, Ordinal, Signal, StepWarning};
use crate::domain::given::Given;
use crate::domain::phone;
use crate::domain::plan::AbVersion;
use crate::domain::record::Record;
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::Outcome;
use crate::id::{ActivityId, EnrolmentId, RecordId, StepId, UserId};
use crate::store::codec::{self, Entry};
use crate::store::{Store, Version};
use crate::web::App;
use crate::web::api::enrolments::PageQuery;
use crate::web::api::record_lists::visible_record;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Query, blocking, cursor, page_limit, record_id};
use crate::web::wire::{Page, reason_name};

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineItem {
    /// When.
    at: String,
    /// A stable word for what it was.
    kind: &'static str,
    /// The id of who did it, or `system`.
    actor: String,
    /// One sentence.
    summary: String,
    /// The step concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// The activity concerned; that of a step has the id of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    /// The enrolment concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    enrolment: Option<String>,
    /// A note's text, or that of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Everything that happened to a record, newest first.
#[utoipa::path(tag = "Records", params(PageQuery),
    responses((status = 200, body = Page<TimelineItem>), (status = 404, body = Problem)))]
#[get("/records/{id}/timeline")]
pub async fn get_timeline(
    app: Data<App>,
    by: Principal,
    id: Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, &id)?;
    let limit = page_limit(query.limit)?;
    // A cursor names the last item shown: its version, and its place among the events of that version.
    let after = cursor(query.cursor.as_deref(), |text| {
        let (version, place) = text.split_once('.')?;
        Some((version.parse::<Version>().ok()?, place.parse::<usize>().ok()?))
    })?;
    let (store, given) = (app.engine.shared_store(), app.engine.given());
    let page = blocking(move || page(store.as_ref(), &given, by.user(), id, after, limit));
    Ok(HttpResponse::Ok().json(page.await?))
}

fn page(
    store: &dyn Store,
    given: &Given,
    by: UserId,
    id: RecordId,
    after: Option<(Version, usize)>,
    limit: usize,
) -> Result<Page<TimelineItem>, Problem> {
    let record = visible_record(store, given, id, by)?;
    let before = after.map_or(Version::MAX, |(version, _)| version.saturating_add(1));
    let mut items: Vec<((Version, usize), TimelineItem)> = Vec::new();
    // One more than fits tells that more follows; the row that the cursor names may have nothing left to show.
    for (version, bytes) in store.history(id.into(), before, limit + 2)? {
        let entry: Entry<RecordEvent> = codec::decode(&bytes)?;
        for (place, event) in entry.events.iter().enumerate().rev() {
            if after.is_none_or(|after| (version, place) < after) && !is_linked(&entry.events, event) {
                items.push(((version, place), item(id, &record, given, &entry, event)));
            }
        }
    }
    let last = items.get(limit).and(items.get(limit - 1));
    let next_cursor = last.map(|((version, place), _)| format!("{version}.{place}"));
    Ok(Page { items: items.into_iter().take(limit).map(|(_, item)| item).collect(), next_cursor })
}

/// Whether an event is told with another: that a step which was just opened has an activity, and that something done counts.
fn is_linked(events: &[RecordEvent], event: &RecordEvent) -> bool {
    let opens =
        |linked| events.iter().any(|event| matches!(event, RecordEvent::StepOpened { step, .. } if step == linked));
    match event {
        RecordEvent::ActivityLinked { step } => opens(step),
        event => matches!(event, RecordEvent::WorkDone { .. }),
    }
}

fn item(
    id: RecordId,
    record: &Record,
    given: &Given,
    Entry { stamp, events }: &Entry<RecordEvent>,
    event: &RecordEvent,
) -> TimelineItem {
    let Told { kind, summary, step, activity, enrolment, note } = tell(record, given, event);
    let opened = match event {
        RecordEvent::StepOpened { step, .. } => Some(*step),
        _ => None,
    };
    let linked = opened.filter(|step| events.contains(&RecordEvent::ActivityLinked { step: *step }));
    let activity = activity.or(linked);
    TimelineItem {
        at: stamp.at.to_string(),
        kind,
        actor: if stamp.by == UserId::SYSTEM { "system".into() } else { stamp.by.to_string() },
        summary,
        step: step.map(|step| StepId::of(id, step).to_string()),
        activity: activity.map(|activity| ActivityId::of(id, activity).to_string()),
        enrolment: enrolment.map(|enrolment| EnrolmentId::of(id, enrolment).to_string()),
        note,
    }
}

/// An event told.
#[derive(Default)]
pub(in crate::web) struct Told {
    kind: &'static str,
    pub summary: String,
    pub step: Option<Ordinal>,
    pub activity: Option<Ordinal>,
    pub enrolment: Option<Ordinal>,
    pub note: Option<String>,
}

/// Tells an event of a record, that being as it is now or as it was then.
pub(in crate::web) fn tell(record: &Record, given: &Given, event: &RecordEvent) -> Told {
    let sequence = |enrolment: Ordinal| {
        let id = record.enrolment(enrolment).map(|enrolment| enrolment.sequence);
        let sequence = id.and_then(|id| given.sequences.get(&id));
        sequence.map_or_else(|| "a sequence".to_owned(), |sequence| format!("“{}”", sequence.name))
    };
    let of_record = |kind, summary: String| Told { kind, summary, ..Told::default() };
    let of_enrolment =
        |kind, enrolment, summary: String| Told { kind, summary, enrolment: Some(enrolment), ..Told::default() };
    let of_step = |kind, item: Ordinal, what: &str| {
        let summary = format!("{} {what}", name_of(record, given, item));
        let found = record.step(item);
        let activity = record.activity(item).map(|activity| activity.ordinal);
        let step = Some(item).filter(|_| activity.is_none());
        Told { kind, summary, step, activity, enrolment: found.map(|step| step.enrolment), note: None }
    };
    let of_activity = |kind, activity, what: &str| Told { activity: Some(activity), ..of_step(kind, activity, what) };
    match event {
        RecordEvent::Created { kind, .. } => of_record("record_created", format!("The {kind} was created")),
        RecordEvent::Changed { changes, .. } => of_record("record_changed", changed(changes)),
        RecordEvent::StageChanged { flow, stage } => {
            let name = given.catalogue.flows.get(flow).map_or("a process", |flow| flow.name.as_str());
            of_record("record_stage_changed", format!("“{name}” stands on “{stage}”"))
        }
        RecordEvent::Closed(outcome) => of_record(
            "record_closed",
            match outcome {
                Outcome::Success => "The record was closed as a success".into(),
                Outcome::Failure => "The record was closed as a failure".into(),
                Outcome::None => "The record was closed".into(),
            },
        ),
        RecordEvent::Reopened => of_record("record_reopened", "The record was opened again".into()),
        RecordEvent::Connected { enrolment, version, .. } => {
            let summary = format!("Connected to {}, version {version}", sequence(*enrolment));
            of_enrolment("connected", *enrolment, summary)
        }
        RecordEvent::QuotaAsked { enrolment, most, .. } => {
            of_enrolment("quota_taken", *enrolment, format!("Takes one of the month's {most} connections"))
        }
        RecordEvent::Advanced { enrolment, version, .. } => {
            let summary = format!("Went on in {}, version {version}", sequence(*enrolment));
            of_enrolment("connected", *enrolment, summary)
        }
        RecordEvent::WaitEnded { step, .. } => {
            let ended = record.step(*step).and_then(|step| record.ended_by(given, step));
            let why = ended.map_or_else(|| "something happened".into(), |until| until.words());
            of_step("wait_ended", *step, &format!("ended before its time: {why}"))
        }
        RecordEvent::AbVersionTaken { step, version } => {
            let letter = if *version == AbVersion::A { "A" } else { "B" };
            of_step("ab_version_taken", *step, &format!("takes version {letter}"))
        }
        RecordEvent::AbTestEntered { step, .. } => of_step("ab_test_entered", *step, "takes part in the test"),
        RecordEvent::AbExposed { enrolment, .. } => {
            of_enrolment("ab_test_exposed", *enrolment, format!("Counts for a test of {}", sequence(*enrolment)))
        }
        RecordEvent::AbMetricMet { enrolment, .. } => {
            let summary = format!("Met what a test of {} looks at", sequence(*enrolment));
            of_enrolment("ab_test_met", *enrolment, summary)
        }
        RecordEvent::AbTestTold { step, .. } => of_step("ab_test_told", *step, "is known to the test"),
        RecordEvent::AbCountsKept(_) => of_record("ab_counts_kept", "What tests count of it names nobody".into()),
        RecordEvent::GoalReached => of_record("goal_reached", "The goal was reached".into()),
        RecordEvent::Began { enrolment } => {
            of_enrolment("began", *enrolment, format!("The wait before {} is over", sequence(*enrolment)))
        }
        RecordEvent::StepOpened { step, wakes_at: Some(until), .. } => {
            of_step("step_opened", *step, &format!("waits until {until}"))
        }
        RecordEvent::StepOpened { step, .. } => of_step("step_opened", *step, "was opened"),
        RecordEvent::StepCompleted { step, call_result, exit, .. } => {
            let what = match (call_result, exit) {
                (Some(result), _) => format!("was completed: {result}"),
                (None, Some(Exit::Yes)) => "was answered with yes".into(),
                (None, Some(Exit::No)) => "was answered with no".into(),
                (None, None) => "was completed".into(),
            };
            of_step("step_completed", *step, &what)
        }
        RecordEvent::StepSkipped { step, .. } => of_step("step_skipped", *step, "was skipped"),
        RecordEvent::StepFailed { step, .. } => of_step("step_failed", *step, "could not be done"),
        RecordEvent::StepWarned { step, warning: StepWarning::AssigneeUnresolved } => of_step(
            "step_warned",
            *step,
            "is the record owner's, because nobody was found whom the sequence gives it to",
        ),
        RecordEvent::StepDue { step, due_at } => of_step("step_due", *step, &format!("is due at {due_at}")),
        RecordEvent::WaitMoved { step, wakes_at, .. } => {
            of_step("wait_moved", *step, &format!("waits until {wakes_at} now"))
        }
        RecordEvent::StepConverted { step, .. } => {
            of_step("step_converted", *step, "could not be sent and is the seller's")
        }
        RecordEvent::StepSnoozed { step, until } => {
            of_step("step_snoozed", *step, &format!("was put off until {until}"))
        }
        RecordEvent::Noted { step, text } => Told { note: Some(text.clone()), ..of_step("noted", *step, "has a note") },
        RecordEvent::ActivityAdded { activity, due_at, note, .. } => {
            let until = due_at.map(|due_at| format!(" until {due_at}")).unwrap_or_default();
            Told { note: note.clone(), ..of_activity("activity_added", *activity, &format!("is to be done{until}")) }
        }
        RecordEvent::ActivityLinked { step } => {
            of_activity("activity_linked", *step, "has an activity on the timeline")
        }
        RecordEvent::ActivityCompleted { activity, call_result } => {
            let how = call_result.as_ref().map(|result| format!(": {result}")).unwrap_or_default();
            of_activity("activity_completed", *activity, &format!("was done{how}"))
        }
        RecordEvent::ActivityCancelled { activity } => {
            of_activity("activity_cancelled", *activity, "is not to be done any more")
        }
        RecordEvent::Assigned { item, assignee } => {
            let to = given.policy.contact(*assignee).0;
            let to = if to.is_empty() { "somebody else".into() } else { to };
            of_step("assigned", *item, &format!("was given to {to}"))
        }
        RecordEvent::Signalled { step, signal, at } => {
            let (kind, what) = match signal {
                Signal::Opened => ("email_opened", "was opened by the recipient"),
                Signal::LinkClicked => ("email_link_clicked", "had a link followed"),
                Signal::AttachmentDownloaded => ("email_attachment_downloaded", "had an attachment fetched"),
                Signal::Replied => ("email_replied", "was answered"),
                Signal::Bounced => ("email_bounced", "bounced"),
            };
            of_step(kind, *step, &format!("{what} at {at}"))
        }
        RecordEvent::MessageOwed { step, .. } => of_step("message_owed", *step, "is on its way out"),
        RecordEvent::MessageSent { step, .. } => of_step("message_sent", *step, "was sent"),
        RecordEvent::MessageFailed { step, reason } => {
            of_step("message_failed", *step, &format!("could not be sent: {reason}"))
        }
        RecordEvent::WindowOpened { step, .. } => of_step("window_opened", *step, "waits for its window no more"),
        RecordEvent::EmailSubmitted { step, at: Some(at), .. } => {
            of_step("email_scheduled", *step, &format!("is scheduled for {at}"))
        }
        RecordEvent::EmailSubmitted { step, at: None, .. } => of_step("message_owed", *step, "is on its way out"),
        RecordEvent::MessageClaimed { step, .. } => of_step("message_claimed", *step, "is being sent"),
        RecordEvent::MessagePutOff { step, until, failed, brake } => {
            let why = match (failed, brake) {
                (Some(why), _) => format!(", because it could not be sent: {why}"),
                (None, Some(brake)) => format!(", because {}", brake.words()),
                (None, None) => String::new(),
            };
            of_step("message_put_off", *step, &format!("is put off until {until}{why}"))
        }
        RecordEvent::MessageOwedAgain { step, .. } => of_step("message_owed", *step, "is on its way out again"),
        RecordEvent::MessageUnknown { step, why, .. } => {
            of_step("message_unknown", *step, &format!("was sent or not, nobody knows: {why}"))
        }
        RecordEvent::MessageHeld { step, .. } => {
            of_step("message_held", *step, "was sent or not, and a person has to say which")
        }
        RecordEvent::MessageSettled { step, sent, .. } => {
            let what = if *sent { "is taken as sent" } else { "is taken as not sent" };
            of_step("message_settled", *step, what)
        }
        RecordEvent::MessageSkipped { step, why, .. } => {
            of_step("message_skipped", *step, &format!("was not sent: {why}"))
        }
        RecordEvent::TextRouted { step, route, .. } => {
            of_step("text_routed", *step, &format!("goes to {}", phone::shown(&route.number)))
        }
        RecordEvent::TextDelivered { step } => of_step("text_delivered", *step, "has arrived"),
        RecordEvent::TextUndelivered { step, reason } => {
            of_step("text_undelivered", *step, &format!("was sent and never arrived: {reason}"))
        }
        RecordEvent::TextReplied { step, at } => of_step("text_replied", *step, &format!("was answered at {at}")),
        RecordEvent::TextOptedOut { step } => {
            of_step("text_opted_out", *step, "led to the wish for no more: there are no more text messages")
        }
        RecordEvent::TextImpossible { step, why } => {
            of_step("text_impossible", *step, &format!("cannot be sent: {why}"))
        }
        RecordEvent::BecameSellers { step, .. } => of_step("step_converted", *step, "became the seller's to do"),
        RecordEvent::AwayUntil { step, until } => {
            of_step("away", *step, &format!("was answered automatically: messages wait until {until}"))
        }
        RecordEvent::MessageWritten { step, written, .. } => {
            let what = format!("says to {}: “{}”", written.to, written.subject);
            Told { note: Some(written.text.clone()), ..of_step("message_written", *step, &what) }
        }
        RecordEvent::Engaged { step, signal, grade, .. } => {
            let what = match signal {
                Signal::LinkClicked => "had a link followed",
                Signal::AttachmentDownloaded => "had an attachment fetched",
                Signal::Opened | Signal::Replied | Signal::Bounced => "was opened",
            };
            match grade {
                Grade::Human => of_step("email_hit", *step, &format!("{what} by a person")),
                Grade::Machine(sign) => {
                    of_step("email_machine_hit", *step, &format!("{what} by a machine, which {}", sign.words()))
                }
            }
        }
        RecordEvent::OptedOut { step, complained } => {
            let what = if *complained { "was complained of" } else { "led to the wish for no more" };
            of_step("opted_out", *step, &format!("{what}: there is no more e-mail"))
        }
        RecordEvent::SenderChosen { enrolment, mailbox } => {
            let mailbox =
                given.channels.mailboxes.get(mailbox).map_or("a mailbox that is gone", |found| &found.address);
            of_enrolment("sender_chosen", *enrolment, format!("{} writes from {mailbox}", sequence(*enrolment)))
        }
        RecordEvent::Marked { read, followed, .. } => {
            let (read, followed) = (if *read { "" } else { "not " }, if *followed { "" } else { "not " });
            of_record("record_marked", format!("Marked as {read}read and {followed}followed"))
        }
        RecordEvent::WorkDone { item, .. } => of_step("work_done", *item, "counts for the day"),
        RecordEvent::Ended { enrolment, status, reason, .. } => {
            let what = match status {
                EnrolmentStatus::Completed => "Completed",
                _ => "Disconnected from",
            };
            let summary = format!("{what} {} ({})", sequence(*enrolment), reason_name(*reason));
            of_enrolment("ended", *enrolment, summary)
        }
        RecordEvent::Erased { .. } => of_record("record_erased", "The record was erased".into()),
        RecordEvent::Forgotten => of_record("messages_erased", "Its messages were erased".into()),
        RecordEvent::Migrated { enrolment, migration, version, .. } => {
            let by = migrated_by(record, given, *enrolment, *migration);
            let summary = format!("Moved to version {version} of {}{by}", sequence(*enrolment));
            of_enrolment("migrated", *enrolment, summary)
        }
        RecordEvent::NotMigrated { enrolment, conflict, .. } => {
            let summary = format!("Stays on its version of {}: {conflict}", sequence(*enrolment));
            of_enrolment("not_migrated", *enrolment, summary)
        }
        RecordEvent::PilotEntered { enrolment, .. } => {
            of_enrolment("pilot_entered", *enrolment, format!("Is among the first records of {}", sequence(*enrolment)))
        }
        RecordEvent::PilotAwaited { enrolment, .. } => {
            let summary = format!("Waits to begin {} until it is released to more records", sequence(*enrolment));
            of_enrolment("pilot_awaited", *enrolment, summary)
        }
        RecordEvent::PilotLetIn { enrolment, .. } => {
            of_enrolment("pilot_let_in", *enrolment, format!("{} was released to more records", sequence(*enrolment)))
        }
        RecordEvent::FuseCounted { step, what, .. } => of_step("fuse_counted", *step, words::counted(*what)),
        RecordEvent::Undone { enrolment, left, .. } => {
            of_enrolment("undone", *enrolment, words::undone(&sequence(*enrolment), *left))
        }
        RecordEvent::MigrationUndone { enrolment, .. } => {
            let summary = format!("Moved back to its former version of {}", sequence(*enrolment));
            of_enrolment("migration_undone", *enrolment, summary)
        }
    }
}
