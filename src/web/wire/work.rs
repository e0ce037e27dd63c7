//! A row of the work list as clients read it, and the words of its groups and of its score.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::activity::ActivityKind;
use crate::domain::catalogue::listing::key::BuiltInSort;
use crate::domain::given::Given;
use crate::domain::language::Language;
use crate::domain::record::schema::RecordType;
use crate::domain::score::{self, Cause, Reason, Trend};
use crate::domain::work_list::order::{Candidate, SortBy};
use crate::domain::work_list::select::{DueGroup, Reading};
use crate::id::{ActivityId, SequenceId, StepId};
use crate::time::Timestamp;

/// The record of a row.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkRecord {
    id: String,
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: RecordType,
    name: String,
    /// The id of the person behind an account or opportunity.
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_contact: Option<String>,
    /// Their name, where you see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_contact_name: Option<String>,
    /// 0–100: the one supplied, else the one by rule, where that is switched on (W-51, W-53).
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<u8>,
    /// `A` to `D` (W-54).
    #[serde(skip_serializing_if = "Option::is_none")]
    grade: Option<&'static str>,
    /// `improving`, `steady`, `declining` or `not_enough_info`, against a week ago.
    #[serde(skip_serializing_if = "Option::is_none")]
    trend: Option<&'static str>,
    /// Why the score is what it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    score_reasons: Vec<ScoreReason>,
}

/// One reason of a score.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScoreReason {
    /// `base`, `replied`, `clicked`, `opened`, `overdue`, `unanswered`, `supplied`.
    cause: &'static str,
    /// What it adds; a score is cut to 0–100.
    points: i32,
    /// The same in your language.
    text: String,
}

/// What is to be done next.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextAction {
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    /// The type of the step or activity.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What the filter by kind of activity finds it under: `phone_call`, `email`, `task`, `meeting`, `text`; none of what waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_type: Option<&'static str>,
    name: String,
    /// None of an activity without a date, which is due today.
    due_at: Option<String>,
}

/// What a row waits for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Waiting {
    wakes_at: String,
}

/// A sequence by id and name.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkSequence {
    id: String,
    name: String,
}

/// A row of the work list.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkItemView {
    record: WorkRecord,
    next_action: NextAction,
    /// Nothing is to be done before then; `POST /steps/{id}/skip-wait` ends it (W-10).
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<Waiting>,
    /// You have not opened the record.
    unread: bool,
    /// You follow it.
    followed: bool,
    /// What the next action is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<WorkSequence>,
    /// The key of its group.
    group: String,
}

/// Rows with the same value of what the list is sorted by (W-41).
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupView {
    /// See the item's `group`.
    pub key: String,
    /// The same in your language.
    pub label: String,
    /// Rows in it, on all pages.
    pub count: usize,
}

impl WorkItemView {
    /// A row; `contact` is the name of its primary contact.
    pub fn of(
        reading: &Reading,
        language: Language,
        of: &Candidate,
        contact: Option<String>,
        group: &str,
    ) -> WorkItemView {
        let Candidate { record, row, next, score } = *of;
        let (mark, now) = (row.mark(reading.reader), reading.window.now);
        let of_sequence = |id: SequenceId| WorkSequence {
            id: id.to_string(),
            name: reading.given.sequences.get(&id).map(|sequence| sequence.name.clone()).unwrap_or_default(),
        };
        let (trend, reasons) = match (score, row.supplied.score) {
            (None, _) => (None, vec![]),
            (Some(_), Some(points)) => {
                let reason = Reason { cause: Cause::Supplied, points: points.into() };
                (Some(row.supplied.trend(now)), vec![reason])
            }
            (Some(_), None) => {
                let reasons = score::reasons(&row.interest, Some(next.due), now);
                (Some(score::rule_trend(&row.interest, Some(next.due), now)), reasons)
            }
        };
        let ordinal = next.item.ordinal;
        let is_step = next.action.sequence.is_some();
        WorkItemView {
            record: WorkRecord {
                id: record.to_string(),
                kind: row.kind,
                name: row.name.clone(),
                primary_contact: row.primary_contact.map(|contact| contact.to_string()),
                primary_contact_name: contact,
                score,
                grade: score.map(|score| reading.given.policy.settings().grade_limits.grade(score).name()),
                trend: trend.map(Trend::name),
                score_reasons: reasons.iter().map(|reason| ScoreReason::of(reason, language, now)).collect(),
            },
            next_action: NextAction {
                step: is_step.then(|| StepId::of(record, ordinal).to_string()),
                activity: (!is_step).then(|| ActivityId::of(record, ordinal).to_string()),
                kind: next.action.type_name,
                activity_type: next.action.kind.map(ActivityKind::name),
                name: match next.action.name {
                    "" => words(language, ["Wait", "Attente", "Espera"]).to_owned(),
                    name => name.to_owned(),
                },
                due_at: next.item.due_at.map(|due| due.to_string()),
            },
            wait: next.action.waits.map(|wakes_at| Waiting { wakes_at: wakes_at.to_string() }),
            unread: !mark.read,
            followed: mark.followed,
            sequence: next.action.sequence.map(of_sequence),
            group: group.to_owned(),
        }
    }
}

fn words(language: Language, [en, fr, gl]: [&'static str; 3]) -> &'static str {
    match language {
        Language::En => en,
        Language::Fr => fr,
        Language::Gl => gl,
    }
}

impl ScoreReason {
    fn of(reason: &Reason, language: Language, now: Timestamp) -> ScoreReason {
        let ago = |at: Timestamp| (now - at).num_days().max(0);
        let (cause, texts, number) = match reason.cause {
            Cause::Base => ("base", ["where every record begins", "point de départ", "punto de partida"], None),
            Cause::Replied(at) => {
                ("replied", ["replied {} d ago", "a répondu il y a {} j", "respondeu hai {} d"], Some(ago(at)))
            }
            Cause::Clicked(at) => (
                "clicked",
                ["followed a link {} d ago", "a suivi un lien il y a {} j", "seguiu unha ligazón hai {} d"],
                Some(ago(at)),
            ),
            Cause::Opened(at) => (
                "opened",
                ["opened a message {} d ago", "a ouvert un message il y a {} j", "abriu unha mensaxe hai {} d"],
                Some(ago(at)),
            ),
            Cause::Overdue(days) => {
                ("overdue", ["due for {} d", "en retard de {} j", "con {} d de atraso"], Some(days))
            }
            Cause::Unanswered(mails) => (
                "unanswered",
                ["{} e-mails without an answer", "{} e-mails sans réponse", "{} correos sen resposta"],
                Some(mails.into()),
            ),
            Cause::Supplied => {
                ("supplied", ["supplied from outside", "fourni de l’extérieur", "achegado de fóra"], None)
            }
        };
        let text = words(language, texts).replace("{}", &number.unwrap_or_default().to_string());
        ScoreReason { cause, points: reason.points, text: format!("{text} {:+}", reason.points) }
    }
}

/// What a group is called.
pub fn label(given: &Given, language: Language, sort: SortBy, key: &str) -> String {
    let none = || words(language, ["None", "Aucun", "Ningún"]).to_owned();
    let named = match sort {
        SortBy::BuiltIn(BuiltInSort::DueDate) => due_label(language, key).map(str::to_owned),
        SortBy::BuiltIn(BuiltInSort::ActivityType) => activity_label(language, key).map(str::to_owned),
        SortBy::BuiltIn(BuiltInSort::RecordType) => {
            let kind = given.catalogue.types.iter().find(|(kind, _)| kind.name() == key);
            kind.map(|(_, entry)| entry.label.clone())
        }
        SortBy::BuiltIn(BuiltInSort::Sequence) => {
            let sequence = SequenceId::parse(key).and_then(|id| given.sequences.get(&id));
            sequence.map(|sequence| sequence.name.clone())
        }
        SortBy::BuiltIn(BuiltInSort::Score) if key == "none" => {
            Some(words(language, ["No score", "Sans score", "Sen puntuación"]).to_owned())
        }
        _ => None,
    };
    named.unwrap_or_else(|| if key == "none" { none() } else { key.to_owned() })
}

fn due_label(language: Language, key: &str) -> Option<&'static str> {
    let groups = [
        (DueGroup::Overdue, ["Overdue", "En retard", "Con atraso"]),
        (DueGroup::Today, ["Today", "Aujourd’hui", "Hoxe"]),
        (DueGroup::Tomorrow, ["Tomorrow", "Demain", "Mañá"]),
        (DueGroup::Later, ["Later", "Plus tard", "Máis tarde"]),
    ];
    groups.into_iter().find(|(group, _)| group.key() == key).map(|(_, texts)| words(language, texts))
}

fn activity_label(language: Language, key: &str) -> Option<&'static str> {
    let kinds = [
        (ActivityKind::PhoneCall, ["Phone calls", "Appels téléphoniques", "Chamadas telefónicas"]),
        (ActivityKind::Email, ["E-mails", "E-mails", "Correos electrónicos"]),
        (ActivityKind::Task, ["Tasks", "Tâches", "Tarefas"]),
        (ActivityKind::Meeting, ["Meetings", "Réunions", "Reunións"]),
        (ActivityKind::Text, ["Text messages", "SMS", "Mensaxes de texto"]),
    ];
    kinds.into_iter().find(|(kind, _)| kind.name() == key).map(|(_, texts)| words(language, texts))
}
