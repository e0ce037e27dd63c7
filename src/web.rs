//! HTTP: every route, and what all of them share.

pub mod api;
pub mod auth;
pub mod bundle;
mod documentation;
pub mod engagement;
pub mod feed;
pub mod hygiene;
pub mod password;
pub mod problem;
pub mod request;
pub mod secret;
pub mod ui;
pub mod wire;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, OnceLock};

use actix_web::guard::Get;
use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::web::{self as actix, Path};
use actix_web::{HttpRequest, HttpResponse};
use metrics_exporter_prometheus::PrometheusHandle;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, PathItem};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::config::SignIn;
use crate::connector::mail::postman::Postman;
use crate::connector::seal::Seal;
use crate::courier::{Sender, Wake};
use crate::file::write_whole;
use crate::id::Fingerprint;
use crate::import::Imports;
use crate::inbound::Inbound;
use crate::runtime::engine::Engine;
use crate::time::Timestamp;
use crate::web::api::test_clock::ClockView;
use crate::web::hygiene::Hygiene;
use crate::web::hygiene::rates::Rates;
use crate::web::problem::{CODES, Problem};

/// What handlers are given.
pub struct App {
    /// The engine.
    pub engine: Engine,
    /// Takes incoming mail.
    pub inbound: Inbound,
    /// The import jobs.
    pub imports: Imports,
    /// SHA-256 of the operator's token, if the server was started with one.
    pub operator: Option<[u8; 32]>,
    /// What was configured about every request.
    pub hygiene: Hygiene,
    /// How often somebody may ask.
    pub rates: Rates,
    /// How people reach it: scheme, host and port; known once the server listens.
    pub address: OnceLock<String>,
    /// Of the secret in the link for the first administrator, while there is none.
    pub welcome: Option<[u8; 32]>,
    /// How long sessions and invitations last.
    pub sign_in: SignIn,
    /// The provider that people may sign in with.
    pub single_sign_on: Option<ui::single_sign_on::SingleSignOn>,
    /// Seals secrets that are stored, and makes the ones that are derived.
    pub seal: Arc<Seal>,
    /// Takes messages to where they go.
    pub postman: Arc<Postman>,
    /// Who follows what happens.
    pub streams: api::stream::Streams,
    /// What webhooks are sent with.
    pub sender: Arc<Sender>,
    /// Tells the courier that webhooks have changed.
    pub wake: Wake,
    /// Renders the figures.
    pub metrics: PrometheusHandle,
    /// Where the test clock's time is kept, in a sandbox.
    pub test_clock: Option<PathBuf>,
    /// Held while the test clock moves, with the answer to each keyed move so far: its repeat moves nothing.
    pub advancing: tokio::sync::Mutex<HashMap<u128, (Fingerprint, ClockView)>>,
    /// Held while a preview reads every record of a sequence, so that many of them leave room for others.
    pub previewing: Arc<tokio::sync::Mutex<()>>,
    /// What designers drew last, so that it can be undone.
    pub drawings: ui::designer::memory::Memory,
    /// Held while a dry run is made: one core at most is busy with that.
    pub simulating: Arc<tokio::sync::Mutex<()>>,
}

impl App {
    /// An address of this server as people reach it.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.address.get().map(String::as_str).unwrap_or_default())
    }

    /// What the button says that leads to the provider, if there is one.
    pub fn single_sign_on_label(&self) -> Option<&str> {
        self.single_sign_on.as_ref().map(|provider| provider.label.as_str())
    }

    /// Writes the test clock's time, so that a restarted sandbox goes on from there.
    pub fn keep_test_clock(&self, now: Timestamp) -> std::io::Result<()> {
        match &self.test_clock {
            None => Ok(()),
            Some(path) => write_whole(path, &now.to_string()),
        }
    }
}

/// Every route that the OpenAPI document describes, the most frequent first.
pub fn routes(config: &mut ServiceConfig) {
    use api::*;
    let api = utoipa_actix_web::scope("/api/v1")
        .service(steps::complete_step)
        .service(steps::skip_step)
        .service(steps::snooze_step)
        .service(steps::skip_wait)
        .service(steps::retry_step)
        .service(steps::note_step)
        .service(steps::send_text)
        .service(steps::assign_step)
        .service(steps::start_step)
        .service(steps::get_step)
        .configure(work_list::routes)
        .service(events::receive_events)
        .service(activities::complete_activity)
        .service(activities::cancel_activity)
        .service(activities::assign_activity)
        .service(activities::get_activity)
        .service(records::create_record)
        .service(records::create_records)
        .service(record_lists::list_records)
        .service(records::put_external_record)
        .service(up_next::get_up_next)
        .service(timeline::get_timeline)
        .service(stream::follow)
        .service(activities::create_activity)
        .service(activities::list_activities)
        .service(records::list_record_enrolments)
        .service(records::close_record)
        .service(records::reopen_record)
        .service(process_flows::set_stage)
        .service(records::get_record)
        .service(records::patch_record)
        .service(records::delete_record)
        .service(enrolments::connect_records)
        .service(enrolments::list_sequence_enrolments)
        .service(explain::explain_enrolment)
        .service(previews::get_preview)
        .service(enrolments::get_enrolment)
        .service(enrolments::disconnect_enrolment)
        .service(sequences::create_sequence)
        .service(bundles::export_sequences)
        .service(bundles::import_sequences)
        .service(sequence_lists::list_sequences)
        .service(sequence_counts::get_counts)
        .service(graphs::get_graph)
        .service(graphs::put_graph)
        .service(graphs::get_version_graph)
        .service(simulate::simulate_sequence)
        .service(sequence_tests::run_tests)
        .service(sequence_tests::get_tests)
        .service(sequence_tests::put_tests)
        .service(sequence_check::validate_sequence)
        .service(sequence_life::activate_sequence)
        .service(sequence_life::revise_sequence)
        .service(sequence_life::discard_revision)
        .service(sequence_life::deactivate_sequence)
        .service(sequence_life::copy_sequence)
        .service(sequence_life::list_versions)
        .service(sequence_life::put_tags)
        .service(sequence_life::delete_sequence)
        .service(sequence_care::undo_sequence)
        .service(sequence_care::reset_fuse)
        .service(sequence_care::release_sequence)
        .service(ab_tests::list_ab_tests)
        .service(ab_tests::stop_ab_test)
        .service(bulk_emails::list_candidates)
        .service(bulk_emails::preview_bulk_email)
        .service(bulk_emails::send_bulk_email)
        .service(deliveries::list_deliveries)
        .service(attachments::attach_file)
        .service(attachments::list_attachments)
        .service(attachments::detach_file)
        .service(suppressions::create_suppression)
        .service(suppressions::list_suppressions)
        .service(suppressions::delete_suppression)
        .service(deliveries::settle_delivery)
        .service(migrations::preview_migration)
        .service(migrations::undo_migration)
        .service(migrations::get_migration)
        .service(sequences::get_sequence)
        .service(sequences::patch_sequence)
        .service(templates::list_templates)
        .service(templates::get_template)
        .service(email_templates::create_email_template)
        .service(email_templates::list_email_templates)
        .service(email_templates::preview_email_template)
        .service(email_templates::get_email_template)
        .service(email_templates::patch_email_template)
        .service(email_templates::delete_email_template)
        .service(text_templates::create_text_template)
        .service(text_templates::list_text_templates)
        .service(text_templates::preview_text_template)
        .service(text_templates::get_text_template)
        .service(text_templates::patch_text_template)
        .service(text_templates::delete_text_template)
        .service(imports::start_import)
        .service(imports::get_import)
        .service(imports::get_import_rejects)
        .service(card_layouts::get_card_layout)
        .service(me::get_own_settings)
        .service(me::patch_own_settings)
        .service(calendar_imports::import_own_calendar)
        .service(calendars::get_own_calendar)
        .service(calendars::put_own_calendar)
        .service(me::get_me)
        .service(users::create_user)
        .service(users::list_users)
        .service(users::invite_user)
        .service(users::disable_user)
        .service(users::enable_user)
        .service(calendar_imports::import_calendar)
        .service(calendars::get_calendar)
        .service(calendars::put_calendar)
        .service(users::get_user)
        .service(users::patch_user)
        .service(teams::create_team)
        .service(teams::list_teams)
        .service(teams::put_member)
        .service(teams::delete_member)
        .service(teams::get_team)
        .service(teams::patch_team)
        .service(teams::delete_team)
        .service(tokens::create_token)
        .service(tokens::list_tokens)
        .service(tokens::delete_token)
        .service(settings::get_settings)
        .service(settings::patch_settings)
        .service(holidays::get_corrections)
        .service(holidays::put_corrections)
        .service(holidays::list_holidays)
        .service(record_types::create_record_type)
        .service(record_types::list_record_types)
        .service(fields::create_field)
        .service(fields::list_fields)
        .service(fields::get_field)
        .service(fields::patch_field)
        .service(fields::delete_field)
        .service(record_types::get_record_type)
        .service(record_types::patch_record_type)
        .service(record_types::delete_record_type)
        .configure(catalogue::routes)
        .service(mailboxes::create_mailbox)
        .service(mailboxes::list_mailboxes)
        .service(mailboxes::test_mailbox)
        .service(mailboxes::get_mailbox)
        .service(mailboxes::patch_mailbox)
        .service(mailboxes::delete_mailbox)
        .service(inbound_mail::reveal_inbound)
        .service(text_gateways::create_text_gateway)
        .service(text_gateways::list_text_gateways)
        .service(text_gateways::get_text_gateway)
        .service(text_gateways::patch_text_gateway)
        .service(text_gateways::delete_text_gateway)
        .service(text_gateways::test_text_gateway)
        .service(inbound_texts::reveal_text_inbound)
        .service(audit::list_audit)
        .service(webhooks::create_webhook)
        .service(webhooks::list_webhooks)
        .service(webhooks::list_webhook_deliveries)
        .service(webhooks::replay_webhook)
        .service(webhooks::get_webhook)
        .service(webhooks::delete_webhook)
        .service(clock::get_clock)
        .service(clock::accept_clock)
        .service(backup::get_backup)
        .service(test_clock::get_test_clock)
        .service(test_clock::advance_test_clock);
    config
        .service(health::healthz)
        .service(health::readyz)
        .service(health::metrics)
        .service(inbound_mail::receive_mail)
        .service(inbound_texts::receive_text_receipts)
        .service(inbound_texts::receive_texts)
        .service(api);
    config.service(compatibility::connect_sequence);
}

/// The pages that explain the API, and the answers to addresses that do not exist.
pub fn pages(config: &mut actix::ServiceConfig) {
    config
        .configure(ui::pages)
        .configure(engagement::pages)
        .service(actix::redirect("/docs", "/docs/"))
        .service(actix::resource("/docs/{file:.*}").guard(Get()).to(documentation::get_documentation))
        .service(actix::resource("/openapi.json").guard(Get()).to(documentation::get_document))
        .service(
            actix::resource("/problems/{code}")
                .route(actix::get().to(get_problem_page))
                .default_service(actix::to(no_such_address)),
        )
        .default_service(actix::to(no_such_address));
}

/// The OpenAPI document, made from the routes.
pub fn openapi() -> &'static OpenApi {
    static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(|| {
        let (_, mut document) = actix_web::App::new().into_utoipa_app().configure(routes).split_for_parts();
        document.info = InfoBuilder::new()
            .title("relance")
            .version(env!("CARGO_PKG_VERSION"))
            .description(Some(
                "Sales sequences: records, sequences, enrolments and steps. Every error is problem+json.",
            ))
            .build();
        let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("bearer", bearer);
        document.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
        documentation::describe_problems(&mut document);
        document
    });
    &DOCUMENT
}

/// The addresses that the document does not describe; all are read only.
const PAGES: [&str; 4] = ["/docs/", "/docs/{file}", "/openapi.json", "/problems/{code}"];

/// 404, or 405 with the methods that the address does have.
async fn no_such_address(request: HttpRequest) -> HttpResponse {
    let allowed: Vec<&str> = openapi()
        .paths
        .paths
        .iter()
        .filter(|(pattern, _)| matches(pattern, request.path()))
        .flat_map(|(_, item)| methods(item))
        .collect();
    let is_page = PAGES.iter().any(|pattern| matches(pattern, request.path())) && request.method() != Method::GET;
    let allowed = if is_page { vec!["GET"] } else { allowed };
    if allowed.is_empty() {
        return HttpResponse::from_error(Problem::new("not_found", format!("there is nothing at {}", request.path())));
    }
    let allowed = allowed.join(", ");
    let detail = format!("{} does not take {}; it takes {allowed}", request.path(), request.method());
    let mut response = HttpResponse::from_error(Problem::new("method_not_allowed", detail));
    if let Ok(value) = allowed.parse() {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

/// An address without what stands for its parameters, if there is such an address.
fn pattern_of(path: &str) -> Option<&'static str> {
    let described = openapi().paths.paths.keys().map(String::as_str);
    described.chain(PAGES).find(|pattern| matches(pattern, path))
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == found || (wanted.starts_with('{') && !found.is_empty()) => {}
            _ => return false,
        }
    }
}

pub(crate) fn methods(item: &PathItem) -> impl Iterator<Item = &'static str> {
    let present = [
        ("GET", item.get.is_some()),
        ("POST", item.post.is_some()),
        ("PUT", item.put.is_some()),
        ("PATCH", item.patch.is_some()),
        ("DELETE", item.delete.is_some()),
    ];
    present.into_iter().filter(|(_, present)| *present).map(|(name, _)| name)
}

/// What a problem's code means, for people.
async fn get_problem_page(code: Path<String>) -> HttpResponse {
    let Some((code, status, meaning)) = CODES.iter().find(|(known, ..)| *known == code.as_str()) else {
        return HttpResponse::from_error(Problem::not_found("problem"));
    };
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{code}</title><h1>{code}</h1>\
         <p>HTTP status {status}.</p><p>{meaning}</p><p><a href=/docs/>API documentation</a></p></html>\n"
    );
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)
}
