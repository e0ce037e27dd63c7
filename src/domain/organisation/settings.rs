//! What holds for the whole organisation (§17): each setting with its default, who may write it, and what fits.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::grades::GradeLimits;
use crate::domain::card;
use crate::domain::delivery::UnknownPolicy;
use crate::domain::given::Given;
use crate::domain::governor::SendingCaps;
use crate::domain::language::Language;
use crate::domain::permission::{Permission, Roles};
use crate::domain::record::Problem;
use crate::domain::record::schema::{Phone, RecordType};
use crate::limits;

/// A-1, P-30: who may create and connect sequences and see the work list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Workspace {
    /// Every role.
    #[default]
    All,
    /// Only these roles; none switches the workspace off.
    Only(Roles),
}

/// what is known of a call that somebody completes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallResult {
    /// The seller says how it ended.
    #[default]
    Ask,
    /// This, unless the seller says otherwise.
    Default(String),
}

macro_rules! settings {
    ($($(#[$doc:meta])* $member:ident: $variant:ident($kind:ty) = $default:expr, $permission:ident;)*) => {
        /// The settings of the organisation.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Settings { $($(#[$doc])* pub $member: $kind),* }

        /// One setting with its value. Stored for good: lines are only ever appended.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Setting { $($(#[$doc])* $variant($kind)),* }

        impl Default for Settings {
            fn default() -> Settings {
                Settings { $($member: $default),* }
            }
        }

        impl Settings {
            /// Every setting as it stands.
            pub fn each(&self) -> Vec<Setting> {
                vec![$(Setting::$variant(self.$member.clone())),*]
            }

            /// Writes one.
            pub fn set(&mut self, setting: &Setting) {
                match setting { $(Setting::$variant(value) => self.$member.clone_from(value)),* }
            }

            /// The one that `other` is a value of, as it stands.
            pub fn same(&self, other: &Setting) -> Setting {
                match other { $(Setting::$variant(_) => Setting::$variant(self.$member.clone())),* }
            }
        }

        impl Setting {
            /// Its name in the API.
            pub fn name(&self) -> &'static str {
                match self { $(Setting::$variant(_) => stringify!($member)),* }
            }

            /// What whoever writes it must be allowed.
            pub fn permission(&self) -> Permission {
                match self { $(Setting::$variant(_) => Permission::$permission),* }
            }
        }
    };
}

settings! {
    /// for whom the workspace is switched on.
    roles: Roles(Workspace) = Workspace::All, SetUp;
    /// the types of record that sequences may be made for and connected to (K-14: what runs goes on).
    record_types: RecordTypes(BTreeSet<RecordType>) = RecordType::BUILT_IN.into_iter().collect(), SetUp;
    /// whether sample data may be there; only in a sandbox.
    sample_data: SampleData(bool) = false, SetUp;
    /// whether sellers have availability, from the built-in calendar.
    seller_availability: SellerAvailability(bool) = false, ConfigureSequences;
    /// whether waits are computed with calendars, where a sequence wants that.
    wait_computation: WaitComputation(bool) = false, ConfigureSequences;
    /// whether steps make activities on the timeline.
    linked_activities: LinkedActivities(bool) = true, ConfigureSequences;
    /// but not calls.
    linked_activities_exclude_calls: LinkedActivitiesExcludeCalls(bool) = false, ConfigureSequences;
    /// whether completing an activity that is no call completes its step.
    activity_completes_step: ActivityCompletesStep(bool) = true, ConfigureSequences;
    /// the same of a call.
    call_completes_step: CallCompletesStep(bool) = true, ConfigureSequences;
    ///
    call_result: CallResult(CallResult) = CallResult::Ask, ConfigureSequences;
    /// whether sellers cannot choose for themselves.
    lock_activity_settings: LockActivitySettings(bool) = false, ConfigureSequences;
    ///
    reporting: Reporting(bool) = false, ConfigureSequences;
    /// the numbers to call, the first that is there; others are not dialled.
    phone_priority: PhonePriority(Vec<Phone>) = vec![Phone::Business, Phone::Mobile], ConfigureSequences;
    /// whether opens, clicks and replies are looked for.
    email_engagement: EmailEngagement(bool) = true, ConfigureSequences;
    /// the LinkedIn integration; without it its steps are plain tasks (LI-11).
    linkedin: Linkedin(bool) = false, ConfigureSequences;
    /// whether the cards of the work list may be arranged.
    card_customisation: CardCustomisation(bool) = false, ConfigureCards;
    /// whether only by administrators.
    card_lock: CardLock(bool) = false, ConfigureCards;
    /// L-3: records that may be connected in a calendar month; any number where none is given.
    monthly_connect_quota: MonthlyConnectQuota(Option<u32>) = None, SetUp;
    /// Whether a sequence must pass its tests to be activated.
    require_sequence_tests: RequireSequenceTests(bool) = false, ConfigureSequences;
    /// Spoken to whoever has chosen no language, and about whose records none is known.
    language: Language(Language) = Language::En, SetUp;
    /// What is done with a message whose outcome stays unknown (D-58).
    unknown_policy: UnknownPolicy(UnknownPolicy) = UnknownPolicy::Hold, SetUp;
    /// Minutes that the far side has to say what became of it, before that.
    unknown_after_minutes: UnknownAfterMinutes(u32) = 15, SetUp;
    /// Seconds before a message that could not be sent is tried again; twice as many after each further attempt.
    retry_initial_seconds: RetryInitialSeconds(u32) = 60, SetUp;
    /// Hours after which a message that cannot be sent is given up.
    retry_max_hours: RetryMaxHours(u32) = 48, SetUp;
    /// Where recipients reach the server, as an address without a path; without it no link of a message leads here.
    public_url: PublicUrl(Option<String>) = None, SetUp;
    /// W-89: whether bulk e-mails go to records of every type, as against leads.
    bulk_email_all_types: BulkEmailAllTypes(bool) = false, ConfigureSequences;
    /// How many messages may leave, over all sequences.
    sending_caps: SendingCaps(SendingCaps) = SendingCaps::default(), SetUp;
    /// W-53: whether records that nobody supplies a score for have one by rule.
    rule_score: RuleScore(bool) = false, ConfigureSequences;
    /// W-54: from which score on a record has which grade.
    grade_limits: GradeLimits(GradeLimits) = GradeLimits::default(), ConfigureSequences;
    /// Items that a seller is to have in a day at most; without it days are not levelled. Capacity is P-16.
    daily_capacity: DailyCapacity(Option<u16>) = None, Distribute;
    /// W-70: the cards of the work list for everybody, as JSON; see [`card::Cards`]. The usual ones where there is none.
    card_layout: CardLayout(Option<String>) = None, ConfigureCards;
}

impl Setting {
    /// What does not fit about its value, if anything.
    pub fn fault(&self, given: &Given) -> Option<Problem> {
        let at = |pointer: &str, code, detail| Some(Problem { pointer: pointer.into(), code, detail });
        match self {
            Setting::RecordTypes(kinds) => {
                let unknown = kinds.iter().find(|kind| !given.catalogue.knows(**kind))?;
                at("/record_types", "record_type_unknown", format!("there is no record type `{unknown}`"))
            }
            Setting::CallResult(CallResult::Default(result)) if !given.catalogue.has_call_result(result) => {
                let known = given.catalogue.call_results.join(", ");
                let detail = format!("`{result}` is no call result; there are {known}");
                at("/call_result/default", "call_result_invalid", detail)
            }
            Setting::PhonePriority(order) if order.iter().collect::<BTreeSet<_>>().len() < order.len() => {
                at("/phone_priority", "duplicate", "each kind of number stands in the order once at most".into())
            }
            Setting::MonthlyConnectQuota(Some(0)) => {
                let detail = "a quota is at least 1; null takes it away, and `roles` switches the workspace off";
                at("/monthly_connect_quota", "out_of_range", detail.into())
            }
            Setting::UnknownAfterMinutes(minutes) if *minutes > limits::UNKNOWN_AFTER_MINUTES_MAX => {
                let detail = format!("0 to {} minutes", limits::UNKNOWN_AFTER_MINUTES_MAX);
                at("/unknown_after_minutes", "out_of_range", detail)
            }
            Setting::RetryInitialSeconds(seconds) if !(1..=86_400).contains(seconds) => {
                at("/retry_initial_seconds", "out_of_range", "1 to 86400 seconds".into())
            }
            Setting::RetryMaxHours(hours) if *hours > limits::RETRY_HOURS_MAX => {
                at("/retry_max_hours", "out_of_range", format!("0 to {} hours", limits::RETRY_HOURS_MAX))
            }
            Setting::SendingCaps(caps) => {
                let (member, detail) = caps.fault()?;
                at(&format!("/sending_caps{member}"), "out_of_range", detail)
            }
            Setting::GradeLimits(limits) if !limits.fits() => {
                at("/grade_limits", "out_of_range", "1 to 100, `a` above `b` and `b` above `c`".into())
            }
            Setting::DailyCapacity(Some(items)) => capacity_fault(*items),
            Setting::CardLayout(Some(layout)) => card::fault(layout, &given.catalogue),
            Setting::PublicUrl(Some(url)) if !is_origin(url) => {
                let detail = "an address such as `https://sales.example.com`, without a path";
                at("/public_url", "public_url_invalid", detail.into())
            }
            _ => None,
        }
    }
}

/// What is wrong with a number of items in a day.
pub fn capacity_fault(items: u16) -> Option<Problem> {
    let detail = || format!("1 to {} items; null for any number", limits::DAILY_CAPACITY_MAX);
    let problem = || Problem { pointer: "/daily_capacity".into(), code: "out_of_range", detail: detail() };
    (!(1..=limits::DAILY_CAPACITY_MAX).contains(&items)).then(problem)
}

/// An address of the web that names a server and nothing on it.
fn is_origin(url: &str) -> bool {
    let scheme = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    url.len() <= limits::PUBLIC_URL_MAX && scheme.is_some_and(|host| !host.is_empty() && host.chars().all(plain))
}
