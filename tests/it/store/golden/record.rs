//! Events of records, one of each variant and shape.

use relance::domain::activity::ActivityKind;
use relance::domain::delivery::{Route, Wording};
use relance::domain::engagement::{Grade, MachineSign};
use relance::domain::enrolment::StepWarning;
use relance::domain::enrolment::ab_test::{Kept, Tell};
use relance::domain::governor::Brake;
use relance::domain::message_template::MailText;
use relance::domain::sequence::fuse::FuseCount;
use relance::id::{AbTestId, AttachmentId, GatewayId, MailboxId};

use super::*;

fn changes() -> Vec<Change> {
    vec![
        Change::Name(text("Xoán Quiroga")),
        Change::ExternalId(text("crm-17")),
        Change::Owner(Owner::User(USER)),
        Change::AccessTeam(Some(TEAM)),
        Change::Email(text("xoan@example.com")),
        Change::Phone(Phone::Business, text("+34 981 000 000")),
        Change::Phone(Phone::Mobile, text("+34 600 000 000")),
        Change::Phone(Phone::Home, None),
        Change::Allow(Channel::Email, false),
        Change::Allow(Channel::Phone, true),
        Change::Allow(Channel::Text, false),
        Change::TimeZone(text("Europe/Madrid")),
        Change::Score(Some(87)),
        Change::PrimaryContact(Some(RecordId(0x0196_0000_0000_7333_8000_0000_0000_0044))),
        Change::LinkedinUrl(text("https://example.com/in/xoan")),
        Change::Field("company".into(), Some(Value::Text("Estaleiro".into()))),
        Change::Field("estimated_value".into(), Some(Value::Number(-1234.5))),
        Change::Field("notes".into(), None),
    ]
}

fn route() -> Route {
    Route { gateway: GatewayId(SEQUENCE.0), number: "+34600123456".into(), at: at(AT) }
}

pub fn events() -> Vec<RecordEvent> {
    use RecordEvent::*;
    let opened = |assignee, wakes_at, error, converted| StepOpened {
        step: 300,
        enrolment: 2,
        node: 7,
        assignee,
        wakes_at,
        error,
        converted,
    };
    let completed = |wait, exit, counted| StepCompleted { step: 300, wait, call_result: text("made"), exit, counted };
    let ended = |status, reason, cancelled| Ended { enrolment: 2, status, reason, cancelled };
    let connected = |opens_at, source| Connected { enrolment: 2, sequence: SEQUENCE, version: 500, opens_at, source };
    let mut events = vec![
        Created { kind: RecordType::Lead, changes: changes() },
        Created { kind: RecordType::Opportunity, changes: vec![] },
        Created { kind: RecordType::from_name("project").expect("a name"), changes: vec![] },
        Changed { changes: vec![Change::Owner(Owner::Team(TEAM))], former_external_id: text("crm-16") },
        Changed { changes: vec![Change::Name(None)], former_external_id: None },
        Closed(Outcome::None),
        Closed(Outcome::Success),
        Closed(Outcome::Failure),
        Reopened,
        connected(None, None),
        connected(Some(at(AT)), text("web form")),
        Began { enrolment: 2 },
        opened(Owner::User(USER), None, None, false),
        opened(Owner::Team(TEAM), Some(at(AT)), Some(StepError::FieldUpdateFailed), true),
        opened(Owner::Team(TEAM), None, Some(StepError::EmailUndeliverable), true),
        completed(WaitState::None, None, true),
        completed(WaitState::Waiting, Some(Exit::Yes), false),
        completed(WaitState::Skipped, Some(Exit::No), false),
        completed(WaitState::Completed, None, false),
        StepSkipped { step: 300, exit: Some(Exit::No), counted: true },
        StepFailed { step: 300, error: StepError::EmailTemplateFailed },
        StepSnoozed { step: 300, until: at(AT) },
        Noted { step: 300, text: "Call back.\nAfter five.".into() },
    ];
    let signals = [Signal::Opened, Signal::LinkClicked, Signal::AttachmentDownloaded, Signal::Replied, Signal::Bounced];
    events.extend(signals.map(|signal| Signalled { step: 300, signal, at: at(AT) }));
    events.extend([
        MessageOwed { step: 300, template: TEMPLATE },
        MessageSent { step: 300, message_id: "<abc@example.com>".into() },
        MessageFailed { step: 300, reason: "550 no such user".into() },
        ended(EnrolmentStatus::Connecting, EndReason::SequenceCompleted, None),
        ended(EnrolmentStatus::Connected, EndReason::UserDisconnected, Some(300)),
        ended(EnrolmentStatus::Completed, EndReason::ParentSequenceDeactivated, None),
        ended(EnrolmentStatus::Disconnected, EndReason::RegardingEntityDeactivated, Some(1)),
        ended(EnrolmentStatus::Error, EndReason::ExitCriterionMet, None),
        Erased { enrolled: vec![(SEQUENCE, 2)], messages: vec![1, 300] },
        Forgotten,
        Advanced { enrolment: 3, sequence: SEQUENCE, version: 1, from: 300 },
        AbVersionTaken { step: 300, version: AbVersion::A },
        AbVersionTaken { step: 300, version: AbVersion::B },
        ended(EnrolmentStatus::Completed, EndReason::AdvancedToOtherSequence, None),
    ]);
    let moved = |landing| Migrated { enrolment: 2, migration: 300, version: 500, landing };
    let stayed = |conflict| NotMigrated { enrolment: 2, migration: 300, conflict };
    events.extend([
        moved(Landing::Connecting),
        moved(Landing::Kept { node: 300, wakes_at: Some(at(AT)) }),
        moved(Landing::Replaced),
        moved(Landing::Restarted),
        stayed(Conflict::NodeGone("call".into())),
        stayed(Conflict::DoneAgain("call".into())),
        stayed(Conflict::RecordClosed),
        stayed(Conflict::RecordFull),
        MigrationUndone { enrolment: 2, migration: 300, version: 500, left: None, wakes_at: None },
        MigrationUndone { enrolment: 2, migration: 300, version: 500, left: Some(300), wakes_at: Some(at(AT)) },
        StageChanged { flow: FlowId(SEQUENCE.0), stage: "Peche".into() },
        StepWarned { step: 300, warning: StepWarning::AssigneeUnresolved },
        StepDue { step: 3, due_at: at(AT) },
        WaitMoved { step: 3, before: at(AT), wakes_at: at(AT + 86_400_000) },
        StepConverted { step: 3, error: StepError::EmailUndeliverable, wakes_at: at(AT) },
    ]);
    let kinds =
        [ActivityKind::PhoneCall, ActivityKind::Email, ActivityKind::Task, ActivityKind::Meeting, ActivityKind::Text];
    events.extend(kinds.map(|kind| ActivityAdded {
        activity: 300,
        kind,
        subject: "Xantar".into(),
        due_at: (kind == ActivityKind::Meeting).then_some(at(AT)),
        note: text("At two.").filter(|_| kind == ActivityKind::Meeting),
        assignee: Owner::User(USER),
    }));
    events.extend([
        ActivityCompleted { activity: 300, call_result: None },
        ActivityCompleted { activity: 300, call_result: text("busy") },
        ActivityCancelled { activity: 300 },
        ActivityLinked { step: 300 },
        Assigned { item: 300, assignee: Owner::Team(TEAM) },
    ]);
    let failures = [
        StepError::AutomatedTextFailed,
        StepError::FieldMissing,
        StepError::AdvanceTargetInactive,
        StepError::AdvanceLoop,
    ];
    events.extend(failures.map(|error| StepFailed { step: 300, error }));
    events.push(WaitEnded { step: 300, by: 9 });
    events.push(QuotaAsked { enrolment: 300, month: 24_322, most: 1_500 });
    events.push(StepFailed { step: 300, error: StepError::AdvanceRefused });
    let test = AbTestId(SEQUENCE.0);
    events.extend([
        AbTestEntered { step: 300, test, begins: true },
        AbExposed { enrolment: 2, test, at: at(AT), first: true },
        AbMetricMet { enrolment: 2, test },
        AbTestTold { step: 300, tell: Tell::Reached },
        AbTestTold { step: 300, tell: Tell::Exposed },
        AbCountsKept(vec![Kept { test, version: AbVersion::B, met: true }]),
        GoalReached,
    ]);
    let until = Some(at(AT));
    let wording = Wording {
        to: "abc@example.com".into(),
        subject: "Ola".into(),
        text: "Ola, Xoán".into(),
        links: vec!["https://example.org/".into()],
        attachments: vec![(TEMPLATE, AttachmentId(SEQUENCE.0))],
    };
    events.extend([
        WindowOpened { step: 300, wait: WaitState::Completed, wakes_at: at(AT) },
        MessageClaimed { step: 300, epoch: 70_000, message_id: "abc@example.com".into() },
        MessagePutOff { step: 300, until: at(AT), failed: None, brake: Some(Brake::Person) },
        MessagePutOff { step: 300, until: at(AT), failed: text("451 later"), brake: None },
        MessageOwedAgain { step: 300, until },
        MessageUnknown { step: 300, why: "silence".into(), until: at(AT) },
        MessageHeld { step: 300, until: at(AT) },
        MessageSettled { step: 300, sent: true, until },
        MessageSkipped { step: 300, why: "its enrolment ended".into(), until: None },
        BecameSellers { step: 300, error: StepError::EmailUndeliverable },
        stayed(Conflict::MessageUnderWay),
        EmailSubmitted { step: 300, template: Some(TEMPLATE), own: None, at: until },
        EmailSubmitted { step: 300, template: None, own: Some(written()), at: None },
        AwayUntil { step: 300, until: at(AT) },
        OptedOut { step: 300, complained: true },
        MessageWritten { step: 300, mailbox: None, written: Wording::default() },
        MessageWritten { step: 300, mailbox: Some(MailboxId(SEQUENCE.0)), written: wording },
        Engaged { step: 300, signal: Signal::Opened, link: None, grade: Grade::Human },
    ]);
    let signs = [
        MachineSign::Prefetch,
        MachineSign::Program,
        MachineSign::HeadOnly,
        MachineSign::NoBrowser,
        MachineSign::TooSoon,
        MachineSign::Burst,
    ];
    events.extend(signs.map(|sign| Engaged {
        step: 300,
        signal: Signal::LinkClicked,
        link: Some(300),
        grade: Grade::Machine(sign),
    }));
    events.push(SenderChosen { enrolment: 300, mailbox: MailboxId(70_000) });
    events.extend([
        TextRouted { step: 300, route: route(), former: None },
        TextRouted { step: 300, route: route(), former: Some(route()) },
        TextImpossible { step: 300, why: "`600` is no phone number".into() },
        TextDelivered { step: 300 },
        TextUndelivered { step: 300, reason: "no such number".into() },
        TextReplied { step: 300, at: at(AT) },
        TextOptedOut { step: 300 },
        Marked { user: UserId(70_000), read: true, followed: false },
        WorkDone { item: 300, user: UserId(70_000), day: 20_515 },
        ended(EnrolmentStatus::Disconnected, EndReason::SequenceUndone, Some(300)),
        Undone { enrolment: 2, undo: 300, disconnected: true, left: 300 },
        Undone { enrolment: 300, undo: 1, disconnected: false, left: 1 },
        MessagePutOff { step: 300, until: at(AT), failed: None, brake: Some(Brake::Fuse) },
        FuseCounted { step: 300, round: 300, what: FuseCount::Sent },
        FuseCounted { step: 300, round: 1, what: FuseCount::Bounced },
        FuseCounted { step: 300, round: 1, what: FuseCount::Complained },
        FuseCounted { step: 300, round: 1, what: FuseCount::Unsubscribed },
        PilotEntered { enrolment: 300, pilot: 300, records: 70_000 },
        PilotAwaited { enrolment: 300, pilot: 300, opens_at: None },
        PilotAwaited { enrolment: 300, pilot: 1, opens_at: Some(at(AT)) },
        PilotLetIn { enrolment: 300, opens_at: None },
        PilotLetIn { enrolment: 300, opens_at: Some(at(AT)) },
    ]);
    events
}

fn written() -> MailText {
    MailText { subject: "Ola".into(), body_text: "Bos días.".into(), body_html: None }
}
