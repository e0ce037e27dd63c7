//! Whether the domain and the model agree: on the answer, and on everything that can be seen afterwards.

use std::collections::BTreeMap;
use std::mem::discriminant;

use relance::domain::activity::Activity;
use relance::domain::delivery::Message;
use relance::domain::enrolment::Enrolment;
use relance::domain::enrolment::{Signal, Step};
use relance::domain::given::Given;
use relance::domain::record::schema::{Channel, RecordState};
use relance::domain::record::{Record, RecordRejection};

use super::naive::{Answer, Deed, Lead, Letter, Run, Visit};
use super::scene::Scene;

const SIGNALS: [Signal; 5] =
    [Signal::Opened, Signal::LinkClicked, Signal::AttachmentDownloaded, Signal::Replied, Signal::Bounced];

/// What is different, in words; nothing where they agree.
pub fn difference(scene: &Scene, domain: &Answer, model: &Answer) -> Option<String> {
    if !same_answer(domain, model) {
        return Some(format!("the domain answers {domain:?}\n   the model answers {model:?}"));
    }
    let (record, naive, given) = (&scene.record, &scene.naive, &scene.world.given);
    let mut found = Vec::new();
    note(&mut found, &lead(record), &naive.lead);
    each(&mut found, &record.enrolments, &naive.runs, run);
    each(&mut found, &record.steps, &naive.visits, |step| visit(record, given, step));
    each(&mut found, &record.activities, &naive.deeds, deed);
    note(&mut found, &scene.armed, &naive.timers());
    note(&mut found, &scene.owed, &naive.owed());
    (!found.is_empty()).then(|| found.join("\n"))
}

/// Texts that people read, and codes of what does not fit, are another matter.
fn same_answer(domain: &Answer, model: &Answer) -> bool {
    use RecordRejection::{CallResultInvalid, Invalid};
    match (domain, model) {
        (Err(Invalid(domain)), Err(Invalid(model))) => {
            let has_text = |pointer: &str| matches!(pointer, "/note" | "/text");
            let (first, second) = (&domain[0].pointer, &model[0].pointer);
            first == second || has_text(first) && has_text(second)
        }
        (Err(domain @ CallResultInvalid(_)), Err(model)) => discriminant(domain) == discriminant(model),
        _ => domain == model,
    }
}

fn note<T: PartialEq + std::fmt::Debug>(found: &mut Vec<String>, domain: &T, model: &T) {
    if domain != model {
        found.push(format!("domain {domain:?}\n model {model:?}"));
    }
}

fn each<D, M: PartialEq + std::fmt::Debug>(
    found: &mut Vec<String>,
    domain: &[D],
    model: &[M],
    as_model: impl Fn(&D) -> M,
) {
    note(found, &domain.len(), &model.len());
    domain.iter().zip(model).for_each(|(domain, model)| note(found, &as_model(domain), model));
}

fn lead(record: &Record) -> Lead {
    let profile = &record.profile;
    Lead {
        owner: profile.owner,
        access_team: profile.access_team,
        email: profile.email.clone(),
        allows_email: profile.allows(Channel::Email),
        time_zone: profile.time_zone.clone(),
        score: profile.score,
        fields: profile.fields.clone(),
        is_open: record.state == RecordState::Active,
        outcome: record.outcome,
        stage: record.process.as_ref().map(|process| (process.flow, process.stage.clone())),
    }
}

fn run(one: &Enrolment) -> Run {
    Run {
        number: one.ordinal,
        sequence: one.sequence,
        version: one.version,
        status: one.status,
        reason: one.reason,
        by: one.connected_by,
        connected_at: one.connected_at,
        opens_at: one.opens_at,
        advanced_from: one.advanced_from,
        current: one.current,
        steps_done: one.steps_done,
        ended_at: one.ended_at,
    }
}

fn visit(record: &Record, given: &Given, step: &Step) -> Visit {
    let signals = SIGNALS.iter().filter_map(|signal| Some((*signal as u8, step.signals.first(*signal)?)));
    Visit {
        number: step.ordinal,
        run: step.enrolment,
        node: record.node_of(given, step).map(|node| node.id.to_string()).unwrap_or_default(),
        assignee: step.assignee,
        status: step.status,
        wait: step.wait,
        error: step.error,
        converted: step.converted,
        warned: step.warning.is_some(),
        is_tested: step.ab_version.is_some(),
        opened_at: step.opened_at,
        due_at: step.due_at,
        ended_by: step.ended_by,
        wakes_at: step.wakes_at,
        completed_at: step.completed_at,
        snoozes: step.snoozes,
        call_result: step.call_result.clone(),
        exit: step.exit,
        signals: signals.collect::<BTreeMap<_, _>>(),
        message: step.message.as_ref().map(letter),
        linked: step.linked_status(),
    }
}

fn letter(one: &Message) -> Letter {
    let message_id = one.message_id.clone();
    Letter { state: one.state.clone(), message_id, owed_at: one.owed_at, attempts: one.attempts }
}

fn deed(one: &Activity) -> Deed {
    Deed {
        number: one.ordinal,
        kind: one.kind,
        assignee: one.assignee,
        status: one.status,
        closed_at: one.closed_at,
        call_result: one.call_result.clone(),
    }
}
