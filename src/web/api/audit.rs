//! `/audit`: what was changed and what was refused, to whom, when and from where.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::account::command::AccountEvent;
use crate::domain::audit::AuditEvent;
use crate::domain::catalogue::command::CatalogueEvent;
use crate::domain::channels::command::ChannelsEvent;
use crate::domain::message_template::command::TemplateEvent;
use crate::domain::organisation::command::OrganisationEvent;
use crate::domain::permission::Permission;
use crate::domain::record::event::RecordEvent;
use crate::domain::sequence::SequenceEvent;
use crate::domain::suppression::SuppressionEvent;
use crate::domain::webhook::WebhookEvent;
use crate::id::{EntityId, EntityKind, UserId};
use crate::limits;
use crate::store::backup::hex;
use crate::store::codec::{self, Entry};
use crate::store::trail::Link;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::steps::instant;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Query, blocking, cursor, page_limit};
use crate::web::wire::Page;
use crate::web::wire::audit::{
    Alteration, Told, tell_account, tell_catalogue, tell_channels, tell_organisation, tell_record, tell_refusal,
    tell_sequence, tell_suppression, tell_template, tell_webhook,
};

/// One link of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditItem {
    /// Counts from 1 without a gap.
    number: u64,
    at: String,
    /// A user's id, `system`, or `nobody` for whoever did not prove who they are.
    actor: String,
    /// The address it came from.
    from: Option<String>,
    /// What happened, such as `user.changed`; `access.refused` for what was asked and refused.
    action: &'static str,
    /// Of what: kind and id.
    subject: String,
    /// What changed; before and after where both are known.
    changes: Vec<Alteration>,
    /// Over this link and all before it; `relance check` computes it again.
    hash: String,
}

/// Which part of the trail.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// The id of a user, `system` or `nobody`.
    actor: Option<String>,
    /// An id that the subject ends with: of a user, team, sequence, record.
    subject: Option<String>,
    /// Not before this instant.
    from: Option<String>,
    /// Before this instant.
    until: Option<String>,
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// What is looked for, read.
struct Wanted {
    actor: Option<String>,
    subject: Option<String>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Wanted {
    fn has(&self, item: &AuditItem, at: Timestamp) -> bool {
        self.actor.as_ref().is_none_or(|actor| *actor == item.actor)
            && self.subject.as_ref().is_none_or(|subject| item.subject.ends_with(subject.as_str()))
            && self.from.is_none_or(|from| at >= from)
            && self.until.is_none_or(|until| at < until)
    }
}

/// The audit trail, newest first: for administrators.
#[utoipa::path(tag = "People", params(AuditFilter),
    responses((status = 200, body = Page<AuditItem>), (status = 400, body = Problem), (status = 403, body = Problem)))]
#[get("/audit")]
pub async fn list_audit(
    app: Data<App>,
    by: Principal,
    Query(filter): Query<AuditFilter>,
) -> Result<HttpResponse, Problem> {
    by.must(&app, Permission::SetUp, "read the audit trail")?;
    let limit = page_limit(filter.limit)?;
    let before = cursor(filter.cursor.as_deref(), |text| text.parse::<u64>().ok())?;
    let wanted = Wanted {
        from: filter.from.as_deref().map(|text| instant(text, "/from")).transpose()?,
        until: filter.until.as_deref().map(|text| instant(text, "/until")).transpose()?,
        actor: filter.actor,
        subject: filter.subject.filter(|subject| !subject.is_empty()),
    };
    let store = app.engine.shared_store();
    Ok(HttpResponse::Ok().json(blocking(move || page(store.as_ref(), &wanted, before, limit)).await?))
}

fn page(store: &dyn Store, wanted: &Wanted, before: Option<u64>, limit: usize) -> Result<Page<AuditItem>, Problem> {
    let (mut items, mut last, mut more, mut failed, mut scanned) = (Vec::new(), None, false, None, 0);
    store.trail(before, &mut |number, link| {
        if items.len() == limit || scanned == limits::PAGE_ROWS_SCANNED_MAX {
            more = true;
            return false;
        }
        (scanned, last) = (scanned + 1, Some(number));
        match item(store, number, &link) {
            Ok((item, at)) => items.extend(wanted.has(&item, at).then_some(item)),
            Err(error) => failed = Some(error),
        }
        failed.is_none()
    })?;
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(Page { items, next_cursor: last.filter(|_| more).map(|number| number.to_string()) }),
    }
}

fn actor(user: UserId) -> String {
    match user {
        UserId::SYSTEM => "system".into(),
        UserId::NOBODY => "nobody".into(),
        user => user.to_string(),
    }
}

fn item(store: &dyn Store, number: u64, link: &Link) -> Result<(AuditItem, Timestamp), StoreError> {
    let rows = store.history(link.entity, link.version.saturating_add(1), 1)?;
    let row = rows.first().filter(|(version, _)| *version == link.version);
    let (_, bytes) = row.ok_or_else(|| StoreError::Row(format!("audited row of {}", link.entity)))?;
    let (at, by, told) = match link.entity.kind {
        EntityKind::Organisation => told::<OrganisationEvent>(link.entity, bytes, tell_organisation)?,
        EntityKind::Account => told::<AccountEvent>(link.entity, bytes, tell_account)?,
        EntityKind::Sequence => told::<SequenceEvent>(link.entity, bytes, tell_sequence)?,
        EntityKind::Record => told::<RecordEvent>(link.entity, bytes, tell_record)?,
        EntityKind::Catalogue => told::<CatalogueEvent>(link.entity, bytes, tell_catalogue)?,
        EntityKind::Channels => told::<ChannelsEvent>(link.entity, bytes, tell_channels)?,
        EntityKind::MessageTemplate => told::<TemplateEvent>(link.entity, bytes, tell_template)?,
        EntityKind::Audit => told::<AuditEvent>(link.entity, bytes, tell_refusal)?,
        EntityKind::Webhook => told::<WebhookEvent>(link.entity, bytes, tell_webhook)?,
        EntityKind::Suppression => told::<SuppressionEvent>(link.entity, bytes, tell_suppression)?,
        EntityKind::Import => return Err(StoreError::Row("imports are not audited".into())),
    };
    let item = AuditItem {
        number,
        at: at.to_string(),
        actor: actor(by),
        from: link.from.map(|from| from.to_string()),
        action: told.action,
        subject: told.subject,
        changes: told.changes,
        hash: hex(&link.hash),
    };
    Ok((item, at))
}

/// All events of one command as one item: the first names it, each adds what it changed.
fn told<E: DeserializeOwned>(
    entity: EntityId,
    bytes: &[u8],
    tell: impl Fn(EntityId, &E) -> Told,
) -> Result<(Timestamp, UserId, Told), StoreError> {
    let entry: Entry<E> = codec::decode(bytes)?;
    let mut told = entry.events.iter().map(|event| tell(entity, event));
    let mut first = told.next().ok_or_else(|| StoreError::Row(format!("no event in a row of {entity}")))?;
    told.for_each(|next| first.changes.extend(next.changes));
    Ok((entry.stamp.at, entry.stamp.by, first))
}
