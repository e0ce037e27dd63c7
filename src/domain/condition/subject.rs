//! What conditions are asked of: records, and the users and teams that own them.

use std::borrow::Cow;

use super::check::{Kind, Schema};
use super::evaluate::{Found, Held, Look};
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::field::{FieldKind, Target};
use crate::domain::given::Given;
use crate::domain::organisation::User;
use crate::domain::permission::Role;
use crate::domain::record::Record;
use crate::domain::record::schema::{Channel, Outcome, Owner, Phone, RecordState, RecordType, Value};
use crate::domain::related::Sight;
use crate::domain::template::Language;
use crate::id::{RecordId, UserId};

/// The properties of every record, then the fields of its type. Who created a record is not kept, so it cannot be compared.
#[derive(Clone, Copy, Debug)]
pub struct OfRecord<'a> {
    /// Its type.
    pub kind: RecordType,
    /// Where the fields of the type are looked up.
    pub catalogue: &'a Catalogue,
}

impl Schema for OfRecord<'_> {
    fn field(&self, name: &str) -> Option<Kind> {
        let options = |names: &[&str]| Some(Kind::Options(names.iter().map(|name| (*name).to_owned()).collect()));
        match name {
            "name" | "email" | "external_id" | "linkedin_url" | "time_zone" => Some(Kind::Text),
            "phones.business" | "phones.mobile" | "phones.home" => Some(Kind::Text),
            "allow_email" | "allow_phone" | "allow_text" => Some(Kind::TwoOption),
            "owner" | "access_team" | "primary_contact" => Some(Kind::Lookup),
            "score" => Some(Kind::Number),
            "created_at" | "modified_at" => Some(Kind::Instant),
            "state" => options(&["active", "inactive"]),
            "outcome" => options(&["none", "success", "failure"]),
            _ => self.catalogue.field(self.kind, name).map(|field| match &field.kind {
                FieldKind::Text => Kind::Text,
                FieldKind::Number | FieldKind::Money => Kind::Number,
                FieldKind::Date => Kind::Day,
                FieldKind::TwoOption => Kind::TwoOption,
                FieldKind::OptionSet(names) => Kind::Options(names.clone()),
                FieldKind::Lookup(_) => Kind::Lookup,
            }),
        }
    }

    fn related(&self, name: &str) -> Option<Box<dyn Schema + '_>> {
        let record = |kind| -> Option<Box<dyn Schema + '_>> { Some(Box::new(OfRecord { kind, ..*self })) };
        match name {
            "owner" => Some(Box::new(OfOwner)),
            "primary_contact" => record(RecordType::Contact),
            _ => match &self.catalogue.field(self.kind, name)?.kind {
                FieldKind::Lookup(Target::User) => Some(Box::new(OfOwner)),
                FieldKind::Lookup(Target::Record(kind)) => record(*kind),
                FieldKind::Text if name == "account" => record(RecordType::Account),
                _ => None,
            },
        }
    }
}

/// A user, or a team; a team has no more than a name.
#[derive(Clone, Copy, Debug)]
pub struct OfOwner;

impl Schema for OfOwner {
    fn field(&self, name: &str) -> Option<Kind> {
        match name {
            "name" | "email" | "business_unit" | "time_zone" => Some(Kind::Text),
            "language" => Some(Kind::Options(Language::ALL.map(|language| language.code().to_owned()).into())),
            "roles" => Some(Kind::Several(Role::ALL.map(|role| role.name().to_owned()).into())),
            _ => None,
        }
    }

    fn related(&self, _name: &str) -> Option<Box<dyn Schema + '_>> {
        None
    }
}

/// A record as a decision about it sees it: itself, its owner, and those of the records it names that were looked up.
#[derive(Clone, Copy)]
pub struct RecordLook<'a> {
    /// The record.
    pub record: &'a Record,
    /// Where its owner is looked up.
    pub given: &'a Given,
}

impl Look for RecordLook<'_> {
    fn field(&self, name: &str) -> Found<Held<'_>> {
        let (record, profile) = (self.record, &self.record.profile);
        let phone = |place| text(profile.phones.get(&place));
        let allows = |channel| word(if profile.allows(channel) { "yes" } else { "no" });
        match name {
            "name" => match profile.display_name() {
                name if name.is_empty() => Found::Empty,
                name => Found::Is(Held::Text(Cow::Owned(name))),
            },
            "email" => text(profile.email.as_ref()),
            "external_id" => text(profile.external_id.as_ref()),
            "linkedin_url" => text(profile.linkedin_url.as_ref()),
            "time_zone" => text(profile.time_zone.as_ref()),
            "phones.business" => phone(Phone::Business),
            "phones.mobile" => phone(Phone::Mobile),
            "phones.home" => phone(Phone::Home),
            "allow_email" => allows(Channel::Email),
            "allow_phone" => allows(Channel::Phone),
            "allow_text" => allows(Channel::Text),
            "owner" => id(Some(match profile.owner {
                Owner::User(user) => user.to_string(),
                Owner::Team(team) => team.to_string(),
            })),
            "access_team" => id(profile.access_team.map(|team| team.to_string())),
            "primary_contact" => id(profile.primary_contact.map(|record| record.to_string())),
            "score" => profile.score.map_or(Found::Empty, |score| Found::Is(Held::Number(score.into()))),
            "created_at" => Found::Is(Held::Instant(record.created_at)),
            "modified_at" => Found::Is(Held::Instant(record.modified_at)),
            "state" => word(match record.state {
                RecordState::Active => "active",
                RecordState::Inactive => "inactive",
            }),
            "outcome" => word(match record.outcome {
                Outcome::None => "none",
                Outcome::Success => "success",
                Outcome::Failure => "failure",
            }),
            _ if self.given.catalogue.field(record.kind, name).is_none() => Found::Missing,
            _ => match profile.fields.get(name) {
                Some(Value::Text(held)) => text(Some(held)),
                Some(Value::Number(held)) => Found::Is(Held::Number(*held)),
                None => Found::Empty,
            },
        }
    }

    fn related(&self, name: &str) -> Found<Box<dyn Look + '_>> {
        let profile = &self.record.profile;
        let owner = |owner| Found::Is(Box::new(OwnerLook { owner, given: self.given }) as Box<dyn Look>);
        match name {
            "owner" => return owner(profile.owner),
            "primary_contact" => {
                return profile.primary_contact.map_or(Found::Empty, |id| self.see(id, RecordType::Contact));
            }
            _ => {}
        }
        let Some(field) = self.given.catalogue.field(self.record.kind, name) else { return Found::Missing };
        let target = match &field.kind {
            FieldKind::Lookup(target) => *target,
            FieldKind::Text if name == "account" => Target::Record(RecordType::Account),
            _ => return Found::Missing,
        };
        let Some(id) = profile.fields.get(name).and_then(Value::text) else { return Found::Empty };
        match target {
            Target::User => UserId::parse(id).map_or(Found::Missing, |user| owner(Owner::User(user))),
            Target::Record(kind) => RecordId::parse(id).map_or(Found::Missing, |id| self.see(id, kind)),
        }
    }
}

impl<'a> RecordLook<'a> {
    /// Another record, if it was looked up.
    fn see(&self, id: RecordId, kind: RecordType) -> Found<Box<dyn Look + 'a>> {
        match self.given.related.look(id, kind) {
            Sight::Unseen => Found::Unseen(id),
            Sight::Absent => Found::Missing,
            Sight::Seen(record) => Found::Is(Box::new(RecordLook { record, given: self.given })),
        }
    }
}

/// A user or a team; one that is gone has empty fields.
#[derive(Clone, Copy)]
pub struct OwnerLook<'a> {
    /// Whose fields are compared.
    pub owner: Owner,
    /// Where they are looked up.
    pub given: &'a Given,
}

impl OwnerLook<'_> {
    fn user(&self) -> Option<&User> {
        match self.owner {
            Owner::User(user) => self.given.policy.user(user),
            Owner::Team(_) => None,
        }
    }
}

impl Look for OwnerLook<'_> {
    fn field(&self, name: &str) -> Found<Held<'_>> {
        let profile = self.user().map(|user| &user.profile);
        match (name, self.owner) {
            ("name", Owner::Team(team)) => text(self.given.policy.organisation.teams.get(&team).map(|team| &team.name)),
            ("roles", Owner::User(UserId::ADMINISTRATOR)) => several(&[Role::SystemAdministrator]),
            ("name", _) => text(profile.map(|profile| &profile.name)),
            ("email", _) => text(profile.map(|profile| &profile.email)),
            ("business_unit", _) => text(profile.map(|profile| &profile.business_unit)),
            ("time_zone", _) => text(profile.and_then(|profile| profile.time_zone.as_ref())),
            ("language", _) => text(profile.and_then(|profile| profile.language.as_ref())),
            ("roles", _) => several(&profile.map_or(vec![], |profile| profile.roles.iter().collect())),
            _ => Found::Missing,
        }
    }

    fn related(&self, _name: &str) -> Found<Box<dyn Look + '_>> {
        Found::Missing
    }
}

fn text(held: Option<&String>) -> Found<Held<'_>> {
    match held.map(String::as_str) {
        None | Some("") => Found::Empty,
        Some(held) => Found::Is(Held::Text(Cow::Borrowed(held))),
    }
}

fn word<'a>(held: &'static str) -> Found<Held<'a>> {
    Found::Is(Held::Text(Cow::Borrowed(held)))
}

fn id<'a>(held: Option<String>) -> Found<Held<'a>> {
    held.map_or(Found::Empty, |held| Found::Is(Held::Text(Cow::Owned(held))))
}

fn several<'a>(roles: &[Role]) -> Found<Held<'a>> {
    match roles.is_empty() {
        true => Found::Empty,
        false => Found::Is(Held::Several(roles.iter().map(|role| Cow::Borrowed(role.name())).collect())),
    }
}
