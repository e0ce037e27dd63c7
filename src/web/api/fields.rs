//! `/record-types/{type}/fields`: what records of a type hold beside the properties of every record.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::catalogue::command::CatalogueCommand;
use crate::domain::catalogue::field::{Field, FieldKind, Target};
use crate::domain::record::schema::RecordType;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::enrolments::PageQuery;
use crate::web::api::record_types::{named, submit};
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, page_by_name};
use crate::web::wire::Page;

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindBody {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// An amount of money.
    Money,
    /// A day, such as 2026-03-31.
    Date,
    /// `yes` or `no`; `true` and `false` say the same.
    TwoOption,
    /// One of `options`.
    OptionSet,
    /// The id of a record of type `target`, or of a user.
    Lookup,
}

/// A field of a record type.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldView {
    name: String,
    label: String,
    kind: KindBody,
    /// Of an option set.
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<String>>,
    /// Of a lookup: a record type, or `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    /// Whether every organisation has it; then only its label can be changed.
    built_in: bool,
}

/// A field to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewField {
    /// A lower-case letter, then lower-case letters, digits and `_`; at most 64. It never changes.
    name: String,
    /// Shown to people.
    label: String,
    /// It never changes either, also not after the field was removed.
    kind: KindBody,
    /// Of an option set: 1 to 200.
    options: Option<Vec<String>>,
    /// Of a lookup: a record type, or `user`.
    target: Option<String>,
}

/// What may be written of a field; `kind` and `target` may be repeated, and are refused where they differ.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldBody {
    label: Option<String>,
    kind: Option<KindBody>,
    /// Records keep an option that is gone, and none takes it any more.
    options: Option<Vec<String>>,
    target: Option<String>,
}

/// The members that say what a field takes.
pub fn parts(kind: &FieldKind) -> (KindBody, Option<Vec<String>>, Option<String>) {
    match kind {
        FieldKind::Text => (KindBody::Text, None, None),
        FieldKind::Number => (KindBody::Number, None, None),
        FieldKind::Money => (KindBody::Money, None, None),
        FieldKind::Date => (KindBody::Date, None, None),
        FieldKind::TwoOption => (KindBody::TwoOption, None, None),
        FieldKind::OptionSet(options) => (KindBody::OptionSet, Some(options.clone()), None),
        FieldKind::Lookup(Target::User) => (KindBody::Lookup, None, Some("user".into())),
        FieldKind::Lookup(Target::Record(kind)) => (KindBody::Lookup, None, Some(kind.to_string())),
    }
}

/// Puts the members together; those that are missing and those that belong to another kind are told.
pub fn read(kind: KindBody, options: Option<Vec<String>>, target: Option<String>) -> Result<FieldKind, Problem> {
    let unfit = |pointer, detail: &str| Problem::at("validation_failed", pointer, detail);
    if options.is_some() && kind != KindBody::OptionSet {
        return Err(unfit("/options", "only an option set has options"));
    }
    if target.is_some() && kind != KindBody::Lookup {
        return Err(unfit("/target", "only a lookup has a target"));
    }
    Ok(match kind {
        KindBody::Text => FieldKind::Text,
        KindBody::Number => FieldKind::Number,
        KindBody::Money => FieldKind::Money,
        KindBody::Date => FieldKind::Date,
        KindBody::TwoOption => FieldKind::TwoOption,
        KindBody::OptionSet => {
            FieldKind::OptionSet(options.ok_or_else(|| unfit("/options", "an option set needs its options"))?)
        }
        KindBody::Lookup => FieldKind::Lookup(match target.as_deref() {
            Some("user") => Target::User,
            Some(name) => {
                let kind = RecordType::from_name(name);
                Target::Record(kind.ok_or_else(|| unfit("/target", "a target is a record type, or `user`"))?)
            }
            None => return Err(unfit("/target", "a lookup needs a target: a record type, or `user`")),
        }),
    })
}

fn view(field: &Field) -> (FieldView, u32) {
    let (kind, options, target) = parts(&field.kind);
    let (name, label) = (field.name.clone(), field.label.clone());
    (FieldView { name, label, kind, options, target, built_in: field.built_in }, field.version)
}

/// A field as it is after a command.
async fn write(
    engine: &Engine,
    (kind, name): (RecordType, String),
    command: CatalogueCommand,
    caller: Caller,
) -> Result<(FieldView, u32), Problem> {
    let written = submit(engine, command, caller, move |catalogue| catalogue.field(kind, &name).map(view)).await?;
    written.ok_or_else(|| Problem::not_found("field any more"))
}

/// Add a field to a type. One that was removed comes back with the values that records have kept, if it is of the same kind.
#[utoipa::path(tag = "Configuration", request_body = NewField,
    responses((status = 201, body = FieldView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/record-types/{type}/fields")]
pub async fn create_field(app: Data<App>, of: Path<String>, body: Body<NewField>) -> Result<HttpResponse, Problem> {
    let (kind, NewField { name, label, kind: takes, options, target }) = (named(&of)?, body.value);
    let takes = read(takes, options, target)?;
    let command = CatalogueCommand::AddField { kind, name: name.clone(), label, takes };
    let location = format!("/api/v1/record-types/{kind}/fields/{name}");
    let (view, version) = write(&app.engine, (kind, name), command, body.caller).await?;
    Ok(HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view))
}

/// The fields of a type, built-in and custom ones, by name.
#[utoipa::path(tag = "Configuration", params(PageQuery),
    responses((status = 200, body = Page<FieldView>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/record-types/{type}/fields")]
pub async fn list_fields(
    app: Data<App>,
    by: Principal,
    of: Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (kind, given) = (named(&of)?, app.engine.given());
    given.policy.person(by.user())?;
    if !given.catalogue.knows(kind) {
        return Err(Problem::not_found("record type"));
    }
    let fields = given.catalogue.fields(kind).enumerate().map(|(place, field)| (place, field.name.clone(), field));
    let cursor = (query.limit, query.cursor.as_deref());
    let page = page_by_name(fields, |place| place.parse().ok(), cursor, |_, field| view(field).0)?;
    Ok(HttpResponse::Ok().json(page))
}

/// One field.
#[utoipa::path(tag = "Configuration", responses((status = 200, body = FieldView), (status = 404, body = Problem)))]
#[get("/record-types/{type}/fields/{name}")]
pub async fn get_field(app: Data<App>, by: Principal, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    given.policy.person(by.user())?;
    let field = given.catalogue.field(named(&path.0)?, &path.1).ok_or_else(|| Problem::not_found("field"))?;
    let (view, version) = view(field);
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Change a field's label and, of an option set that is not built in, its options.
#[utoipa::path(tag = "Configuration", request_body = FieldBody,
    responses((status = 200, body = FieldView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/record-types/{type}/fields/{name}")]
pub async fn patch_field(
    app: Data<App>,
    path: Path<(String, String)>,
    body: Body<FieldBody>,
) -> Result<HttpResponse, Problem> {
    let (kind, name) = (named(&path.0)?, path.1.clone());
    let FieldBody { label, kind: takes, options, target } = body.value;
    let takes = match (takes, &options, &target) {
        (None, None, None) => None,
        _ => {
            // What is not given is as it is; who may not change it is told so, whatever they gave.
            let given = app.engine.given();
            let field = given.catalogue.field(kind, &name).ok_or_else(|| Problem::not_found("field"))?;
            let (known, known_options, known_target) = parts(&field.kind);
            let takes = takes.unwrap_or(known);
            let same = takes == known;
            Some(read(takes, options.or(known_options.filter(|_| same)), target.or(known_target.filter(|_| same)))?)
        }
    };
    let expected = body.caller.expected;
    let command = CatalogueCommand::ChangeField { kind, name: name.clone(), label, takes, expected };
    let (view, version) = write(&app.engine, (kind, name), command, body.caller).await?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Remove a field: records keep its values unseen, and take no new ones.
#[utoipa::path(tag = "Configuration", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
#[delete("/record-types/{type}/fields/{name}")]
pub async fn delete_field(
    app: Data<App>,
    path: Path<(String, String)>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (kind, name) = (named(&path.0)?, path.1.clone());
    let command = CatalogueCommand::RemoveField { kind, name, expected: body.caller.expected };
    submit(&app.engine, command, body.caller, |_| ()).await?;
    Ok(HttpResponse::NoContent().finish())
}
