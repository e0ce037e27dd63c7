//! What somebody sets for themselves alone: language, time zone, and how their lists and cards look.

use serde::{Deserialize, Serialize};

use super::activity_settings::OwnActivitySettings;
use super::settings::{CallResult, Setting, Settings, capacity_fault};
use crate::domain::card;
use crate::domain::given::Given;
use crate::domain::language::Language;
use crate::domain::record::Problem;
use crate::domain::record::schema::{Fault, text_fault, time_zone_fault};
use crate::limits;

/// What is shown after a step is completed or skipped (W-63).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutoAdvance {
    /// The seller is asked.
    #[default]
    Ask,
    /// The next item.
    Next,
    /// The same record.
    Stay,
}

/// The columns of the list of sequences, by the names that a sequence's members have.
pub const SEQUENCE_COLUMNS: [&str; 10] = [
    "name",
    "description",
    "record_type",
    "status",
    "version",
    "step_count",
    "owner",
    "tags",
    "connected_count",
    "modified_at",
];

/// What somebody has set beside language and time zone, which every colleague sees in their profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnSettings {
    /// W-63.
    pub auto_advance: AutoAdvance,
    /// Filters that are not shown, and groups of them, by word or id (W-31). One that is gone does no harm.
    pub hidden_filters: Vec<String>,
    /// The cards of the work list, as JSON (W-70); see [`card::Cards`].
    pub card_layout: Option<String>,
    /// The columns of the list of sequences in their order; the usual ones where there are none.
    pub sequence_columns: Vec<String>,
    /// What holds for their activities otherwise than for everybody (W-64).
    pub activities: OwnActivitySettings,
    /// Items that they are to have in a day at most; the organisation's number where there is none.
    pub daily_capacity: Option<u16>,
    /// Changes so far.
    pub version: u32,
    /// What `{{ seller.signature }}` of a message stands for.
    pub signature: Option<String>,
}

/// One of them with its value. Stored for good: variants are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnSetting {
    /// See [`OwnSettings::auto_advance`].
    AutoAdvance(AutoAdvance),
    /// The language of the profile.
    Language(Option<Language>),
    /// The time zone of the profile, an IANA name.
    TimeZone(Option<String>),
    /// See [`OwnSettings::hidden_filters`].
    HiddenFilters(Vec<String>),
    /// See [`OwnSettings::card_layout`].
    CardLayout(Option<String>),
    /// See [`OwnSettings::sequence_columns`].
    SequenceColumns(Vec<String>),
    /// See [`OwnActivitySettings::linked`].
    LinkedActivities(Option<bool>),
    /// See [`OwnActivitySettings::exclude_calls`].
    LinkedActivitiesExcludeCalls(Option<bool>),
    /// See [`OwnActivitySettings::completes_step`].
    ActivityCompletesStep(Option<bool>),
    /// See [`OwnActivitySettings::call_completes_step`].
    CallCompletesStep(Option<bool>),
    /// See [`OwnActivitySettings::call_result`].
    CallResult(Option<CallResult>),
    /// See [`OwnSettings::daily_capacity`].
    DailyCapacity(Option<u16>),
    /// See [`OwnSettings::signature`].
    Signature(Option<String>),
}

impl OwnSetting {
    /// What does not fit about its value.
    pub fn problems(&self, given: &Given) -> Vec<Problem> {
        let at = |pointer: String, fault: Option<Fault>| {
            fault.map(|(code, detail)| Problem { pointer, code, detail }).into_iter().collect::<Vec<_>>()
        };
        match self {
            OwnSetting::AutoAdvance(_) | OwnSetting::Language(_) | OwnSetting::TimeZone(None) => vec![],
            OwnSetting::LinkedActivities(_) | OwnSetting::LinkedActivitiesExcludeCalls(_) => vec![],
            OwnSetting::ActivityCompletesStep(_) | OwnSetting::CallCompletesStep(_) | OwnSetting::CallResult(None) => {
                vec![]
            }
            OwnSetting::CallResult(Some(result)) => {
                Setting::CallResult(result.clone()).fault(given).into_iter().collect()
            }
            OwnSetting::TimeZone(Some(zone)) => at("/time_zone".into(), time_zone_fault(zone)),
            OwnSetting::HiddenFilters(filters) if filters.len() > limits::HIDDEN_FILTERS_MAX => {
                let detail = format!("at most {} filters can be hidden", limits::HIDDEN_FILTERS_MAX);
                at("/hidden_filters".into(), Some(("too_long", detail)))
            }
            OwnSetting::HiddenFilters(filters) => {
                each_once("/hidden_filters", filters, |filter| text_fault(filter, limits::STEP_NAME_MAX, false))
            }
            OwnSetting::CardLayout(layout) => {
                layout.as_deref().and_then(|layout| card::fault(layout, &given.catalogue)).into_iter().collect()
            }
            OwnSetting::DailyCapacity(items) => items.and_then(capacity_fault).into_iter().collect(),
            OwnSetting::Signature(signature) => at(
                "/signature".into(),
                signature.as_deref().and_then(|text| text_fault(text, limits::SIGNATURE_MAX, true)),
            ),
            OwnSetting::SequenceColumns(columns) => each_once("/sequence_columns", columns, |column| {
                let known = || format!("there is no column `{column}`; there are {}", SEQUENCE_COLUMNS.join(", "));
                (!SEQUENCE_COLUMNS.contains(&column)).then(|| ("column_unknown", known()))
            }),
        }
    }

    /// Whether the organisation does not let people choose: cards are arranged where an administrator lets people do so (W-70),
    /// and activities may be locked. Taking back what was chosen is always possible.
    pub fn is_closed(&self, settings: &Settings) -> bool {
        match self {
            OwnSetting::CardLayout(layout) => layout.is_some() && (!settings.card_customisation || settings.card_lock),
            OwnSetting::LinkedActivities(chosen)
            | OwnSetting::LinkedActivitiesExcludeCalls(chosen)
            | OwnSetting::ActivityCompletesStep(chosen)
            | OwnSetting::CallCompletesStep(chosen) => chosen.is_some() && settings.lock_activity_settings,
            OwnSetting::CallResult(chosen) => chosen.is_some() && settings.lock_activity_settings,
            OwnSetting::AutoAdvance(_) | OwnSetting::Language(_) | OwnSetting::TimeZone(_) => false,
            OwnSetting::HiddenFilters(_) | OwnSetting::SequenceColumns(_) | OwnSetting::DailyCapacity(_) => false,
            OwnSetting::Signature(_) => false,
        }
    }
}

/// What does not fit about the items of a list, in which each stands once.
fn each_once(pointer: &str, items: &[String], fault: impl Fn(&str) -> Option<Fault>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let again = || ("duplicate", format!("`{item}` stands there twice"));
        if let Some((code, detail)) = fault(item).or_else(|| items[..place].contains(item).then(again)) {
            problems.push(Problem { pointer: format!("{pointer}/{place}"), code, detail });
        }
    }
    problems
}
