//! `/me/card-layout`: how cards of the work list look to the caller (§14.6).

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::card::{self, CardAction, CardIcon, CardRow, Leading, Source};
use crate::domain::organisation::own_settings::OwnSettings;
use crate::domain::record::schema::RecordType;
use crate::web::App;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Query, known_type};

/// Whose cards.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CardQuery {
    /// The type of the records.
    #[serde(rename = "type")]
    #[param(value_type = String)]
    kind: RecordType,
    /// `false` leaves out what you have set for yourself: how the cards look to everybody else.
    #[serde(default = "yes", deserialize_with = "request::flag")]
    own: bool,
}

fn yes() -> bool {
    true
}

/// How a card looks.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardLayoutView {
    #[schema(value_type = String)]
    record_type: RecordType,
    /// Who says so: `personal` (you), `organisation` (an administrator), or `default` (nobody).
    #[schema(value_type = String)]
    source: Source,
    /// In front: `record_image`, `initials`, `record_type` or `activity_type`.
    #[schema(value_type = String)]
    leading: Leading,
    /// At most four.
    rows: Vec<CardRowView>,
    /// What can be done from it: of `complete`, `skip`, `snooze`, `skip_wait`, `call`, `email`, `text` and `follow`.
    #[schema(value_type = Vec<String>)]
    actions: Vec<CardAction>,
}

/// A row of a card.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardRowView {
    /// At most three: properties and fields of the record, those of its contact behind `primary_contact.`, and `next_activity`,
    /// `due` and `sequence` of what is to be done.
    fields: Vec<String>,
    /// At most three of `follow`, `score`, `grade`, `unopened`, `record_type` and `activity_type`.
    #[schema(value_type = Vec<String>)]
    icons: Vec<CardIcon>,
}

impl From<CardRow> for CardRowView {
    fn from(CardRow { fields, icons }: CardRow) -> CardRowView {
        CardRowView { fields, icons }
    }
}

/// How the cards of a type look to you (W-70): as you set it in `/me/settings`, where the organisation lets people do so; else
/// as it is in `/settings`; else as usual (W-72).
#[utoipa::path(tag = "People", params(CardQuery),
    responses((status = 200, body = CardLayoutView), (status = 400, body = Problem)))]
#[get("/me/card-layout")]
pub async fn get_card_layout(
    app: Data<App>,
    by: Principal,
    Query(query): Query<CardQuery>,
) -> Result<HttpResponse, Problem> {
    let record_type = known_type(&app.engine, query.kind, "/type")?;
    let given = app.engine.given();
    given.policy.person(by.user())?;
    let own = if query.own { given.policy.organisation.own(by.user()) } else { OwnSettings::default() };
    let (source, layout) = card::seen(record_type, given.policy.settings(), &own);
    let rows = layout.rows.into_iter().map(CardRowView::from).collect();
    let (leading, actions) = (layout.leading, layout.actions);
    Ok(HttpResponse::Ok().json(CardLayoutView { record_type, source, leading, rows, actions }))
}
