//! Audited events as administrators read them: what happened, to what, and what changed. No secret and no digest of one.

mod catalogue;
mod channels;
mod listing;
mod sequence;
mod suppression;
mod webhook;

pub use catalogue::tell_catalogue;
pub use channels::tell_channels;
pub use sequence::tell_sequence;
pub use suppression::tell_suppression;
pub use webhook::tell_webhook;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::account::KeyKind;
use crate::domain::account::command::AccountEvent;
use crate::domain::audit::AuditEvent;
use crate::domain::language::Language;
use crate::domain::message_template::Content;
use crate::domain::message_template::command::{TemplateChange, TemplateEvent};
use crate::domain::organisation::command::OrganisationEvent;
use crate::domain::organisation::own_settings::OwnSetting;
use crate::domain::organisation::settings::{Setting, Settings, Workspace};
use crate::domain::organisation::{TeamKind, UserProfile, UserState};
use crate::domain::permission::{Role, Roles};
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::Owner;
use crate::domain::schedule::{Calendar, HolidayCorrection};
use crate::id::{EntityId, KeyId, UserId};
use crate::web::api::calendars::CalendarBody;
use crate::web::api::settings::SettingsView;
use crate::web::auth::scope_name;

/// One thing that is otherwise than before.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alteration {
    /// What.
    what: &'static str,
    /// Nothing where it was not there, or is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// Nothing where it is not there any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// An event told.
pub struct Told {
    /// What happened.
    pub action: &'static str,
    /// To what.
    pub subject: String,
    /// What changed.
    pub changes: Vec<Alteration>,
}

impl Told {
    fn of(action: &'static str, subject: impl ToString) -> Told {
        Told { action, subject: subject.to_string(), changes: Vec::new() }
    }

    fn with(mut self, what: &'static str, after: impl ToString) -> Told {
        self.changes.push(Alteration { what, before: None, after: Some(after.to_string()) });
        self
    }

    fn altered(mut self, what: &'static str, before: impl ToString, after: impl ToString) -> Told {
        let [before, after] = [before.to_string(), after.to_string()];
        if before != after {
            let [before, after] = [before, after].map(|text| Some(text).filter(|text| !text.is_empty()));
            self.changes.push(Alteration { what, before, after });
        }
        self
    }
}

fn user(id: UserId) -> String {
    format!("user {id}")
}

fn owner(owner: Owner) -> String {
    match owner {
        Owner::User(id) => user(id),
        Owner::Team(id) => format!("team {id}"),
    }
}

fn roles(roles: Roles) -> String {
    roles.iter().map(Role::name).collect::<Vec<_>>().join(", ")
}

fn state(state: UserState) -> &'static str {
    match state {
        UserState::Invited => "invited",
        UserState::Active => "active",
        UserState::Disabled => "disabled",
    }
}

fn kind(kind: TeamKind) -> &'static str {
    match kind {
        TeamKind::Owner => "owner",
        TeamKind::Access => "access",
    }
}

fn workspace(workspace: Workspace) -> String {
    match workspace {
        Workspace::All => "all".into(),
        Workspace::Only(listed) => roles(listed),
    }
}

/// The name of somebody's own setting, and its value.
fn own_setting(own: &OwnSetting) -> (&'static str, String) {
    match own {
        OwnSetting::AutoAdvance(advance) => ("auto_advance", format!("{advance:?}").to_lowercase()),
        OwnSetting::Language(language) => ("language", language.map_or("", Language::code).into()),
        OwnSetting::TimeZone(zone) => ("time_zone", zone.clone().unwrap_or_default()),
        OwnSetting::HiddenFilters(filters) => ("hidden_filters", filters.join(", ")),
        OwnSetting::CardLayout(layout) => ("card_layout", layout.clone().unwrap_or_default()),
        OwnSetting::SequenceColumns(columns) => ("sequence_columns", columns.join(", ")),
        OwnSetting::LinkedActivities(on) => ("linked_activities", chosen(*on)),
        OwnSetting::LinkedActivitiesExcludeCalls(on) => ("linked_activities_exclude_calls", chosen(*on)),
        OwnSetting::ActivityCompletesStep(on) => ("activity_completes_step", chosen(*on)),
        OwnSetting::CallCompletesStep(on) => ("call_completes_step", chosen(*on)),
        OwnSetting::CallResult(result) => {
            let told = result.clone().map(|result| setting(&Setting::CallResult(result)));
            ("call_result", told.unwrap_or_default())
        }
        OwnSetting::DailyCapacity(items) => {
            ("daily_capacity", items.map(|items| items.to_string()).unwrap_or_default())
        }
        OwnSetting::Signature(signature) => ("signature", signature.clone().unwrap_or_default()),
    }
}

/// Nothing where the organisation's holds.
fn chosen(on: Option<bool>) -> String {
    on.map(|on| on.to_string()).unwrap_or_default()
}

/// The value of a setting as `/settings` shows it.
fn setting(setting: &Setting) -> String {
    let mut settings = Settings::default();
    settings.set(setting);
    let shown = serde_json::to_value(SettingsView::from(&settings)).unwrap_or_default();
    match &shown[setting.name()] {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Users, teams, settings.
pub fn tell_organisation(_: EntityId, event: &OrganisationEvent) -> Told {
    match event {
        OrganisationEvent::UserAdded { user: id, profile, state: begins } => {
            profiles(Told::of("user.added", user(*id)), &UserProfile::default(), profile).with("state", state(*begins))
        }
        OrganisationEvent::UserChanged { user: id, before, after } => {
            profiles(Told::of("user.changed", user(*id)), before, after)
        }
        OrganisationEvent::UserStateChanged { user: id, state: now } => {
            Told::of("user.state_changed", user(*id)).with("state", state(*now))
        }
        OrganisationEvent::TeamAdded { team, name, kind: of_kind, members } => {
            let told = Told::of("team.added", format!("team {team}")).with("name", name).with("kind", kind(*of_kind));
            members.iter().fold(told, |told, member| told.with("member", member))
        }
        OrganisationEvent::TeamChanged { team, before, after } => Told::of("team.changed", format!("team {team}"))
            .altered("name", &before.0, &after.0)
            .altered("kind", kind(before.1), kind(after.1)),
        OrganisationEvent::MemberAdded { team, user } => {
            Told::of("team.member_added", format!("team {team}")).altered("member", "", user)
        }
        OrganisationEvent::MemberRemoved { team, user } => {
            Told::of("team.member_removed", format!("team {team}")).altered("member", user, "")
        }
        OrganisationEvent::TeamRemoved { team } => Told::of("team.removed", format!("team {team}")),
        OrganisationEvent::WorkspaceChanged { before, after } => {
            Told::of("settings.changed", "settings").altered("roles", workspace(*before), workspace(*after))
        }
        OrganisationEvent::OwnSettingsChanged { user: id, before, after } => {
            let told = Told::of("own_settings.changed", user(*id));
            before.iter().zip(after).fold(told, |told, (before, after)| {
                let ((what, before), (_, after)) = (own_setting(before), own_setting(after));
                told.altered(what, before, after)
            })
        }
        OrganisationEvent::Departed { user: id, .. } => Told::of("user.departed", user(*id)),
        OrganisationEvent::HandedOver { .. } => Told::of("user.work_handed_over", "settings"),
        OrganisationEvent::CalendarChanged { user: id, before, after } => {
            let told = Told::of("calendar.changed", user(*id));
            let zone = before.as_ref().map_or("", |before| before.time_zone.as_str());
            let country = |calendar: &Calendar| calendar.holidays.clone().unwrap_or_default();
            let entries =
                |calendar: &Calendar| serde_json::to_string(&CalendarBody::of(calendar).entries).unwrap_or_default();
            let was = |told: &dyn Fn(&Calendar) -> String| before.as_ref().map(told).unwrap_or_default();
            told.altered("time_zone", zone, &after.time_zone)
                .altered("holidays", was(&country), country(after))
                .altered("entries", was(&entries), entries(after))
        }
        OrganisationEvent::HolidaysCorrected { before, after } => {
            let told = Told::of("holidays.corrected", "settings");
            let said = |all: &[HolidayCorrection]| all.iter().map(corrected).collect::<Vec<_>>().join(", ");
            told.altered("corrections", said(before), said(after))
        }
        // Not audited; told where one stands beside what is.
        OrganisationEvent::DueDatesMoved { .. } => Told::of("due_dates.moved", "due dates"),
        OrganisationEvent::DueDatesSettled { .. } => Told::of("due_dates.settled", "due dates"),
        OrganisationEvent::SettingsChanged { before, after } => {
            before.iter().zip(after).fold(Told::of("settings.changed", "settings"), |told, (before, after)| {
                told.altered(after.name(), setting(before), setting(after))
            })
        }
    }
}

/// `FR 2026-05-08: worked`.
fn corrected(one: &HolidayCorrection) -> String {
    let whose = one.country.as_deref().unwrap_or("all");
    format!("{whose} {}: {}", one.day, if one.is_holiday { "holiday" } else { "worked" })
}

fn profiles(told: Told, before: &UserProfile, after: &UserProfile) -> Told {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    told.altered("name", &before.name, &after.name)
        .altered("email", &before.email, &after.email)
        .altered("roles", roles(before.roles), roles(after.roles))
        .altered("business_unit", &before.business_unit, &after.business_unit)
        .altered("time_zone", text(&before.time_zone), text(&after.time_zone))
        .altered("language", text(&before.language), text(&after.language))
}

/// Credentials.
pub fn tell_account(account: EntityId, event: &AccountEvent) -> Told {
    let of = |action| Told::of(action, user(UserId(account.id)));
    let key = |told: Told, id: &KeyId| told.with("key", id);
    match event {
        AccountEvent::Invited(invitation) => of("user.invited").with("expires_at", invitation.expires_at),
        AccountEvent::PasswordSet(_) => of("password.set"),
        AccountEvent::Bound { issuer, .. } => of("provider.bound").with("issuer", issuer),
        AccountEvent::KeyOpened { key: id, opened } => match &opened.kind {
            KeyKind::Session => key(of("session.opened"), id),
            KeyKind::Token { name, scopes } => {
                let scopes: Vec<&str> = scopes.iter().map(|scope| scope_name(*scope)).collect();
                key(of("token.made"), id).with("name", name).with("scopes", scopes.join(", "))
            }
        },
        AccountEvent::KeyClosed(id) => key(of("key.closed"), id),
        AccountEvent::KeyUsed { key: id, .. } => key(of("key.used"), id),
    }
}

/// Message templates; of their texts only how long they are.
pub fn tell_template(template: EntityId, event: &TemplateEvent) -> Told {
    let of = |action| Told::of(action, template);
    match event {
        TemplateEvent::Created { owner: whose, name, language, content } => {
            let told = of("message_template.created").with("name", name).with("language", language.code());
            let told = told.with("owner", owner(*whose));
            match content {
                Content::Text(body) => told.with("body_bytes", body.len()),
                Content::Mail(mail) => {
                    let told = told.with("subject", &mail.subject).with("body_text_bytes", mail.body_text.len());
                    mail.body_html.iter().fold(told, |told, html| told.with("body_html_bytes", html.len()))
                }
            }
        }
        TemplateEvent::Changed(changes) => {
            changes.iter().fold(of("message_template.changed"), |told, change| match change {
                TemplateChange::Name(name) => told.with("name", name),
                TemplateChange::Language(language) => told.with("language", language.code()),
                TemplateChange::Subject(subject) => told.with("subject", subject),
                TemplateChange::BodyText(body) => told.with("body_text_bytes", body.len()),
                TemplateChange::BodyHtml(body) => told.with("body_html_bytes", body.as_ref().map_or(0, String::len)),
                TemplateChange::Body(body) => told.with("body_bytes", body.len()),
            })
        }
        TemplateEvent::Deleted => of("message_template.deleted"),
        TemplateEvent::Attached { attachment, .. } => {
            let told = of("message_template.attached").with("attachment", attachment.id.to_string());
            told.with("name", &attachment.name).with("bytes", attachment.bytes)
        }
        TemplateEvent::Detached(id) => of("message_template.detached").with("attachment", id.to_string()),
    }
}

/// Of records only that they were erased.
pub fn tell_record(record: EntityId, event: &RecordEvent) -> Told {
    match event {
        RecordEvent::Erased { .. } => Told::of("record.erased", record),
        _ => Told::of("record.changed", record),
    }
}

/// What was refused.
pub fn tell_refusal(_: EntityId, AuditEvent::Refused(refusal): &AuditEvent) -> Told {
    let told = Told::of("access.refused", &refusal.subject).with("asked", &refusal.action);
    told.with("code", &refusal.code).with("detail", &refusal.detail)
}
