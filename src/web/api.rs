//! The handlers of the JSON API: each parses, asks the engine, and renders. A path is a file.

pub mod ab_tests;
pub mod activities;
pub mod attachments;
pub mod audit;
pub mod backup;
pub mod bulk_emails;
pub mod bundles;
pub mod calendar_imports;
pub mod calendars;
pub mod call_results;
pub mod card_layouts;
pub mod clock;
pub mod compatibility;
pub mod deliveries;
pub mod email_templates;
pub mod enrolments;
pub mod events;
pub mod explain;
pub mod fields;
pub mod filter_groups;
pub mod filters;
pub mod graphs;
pub mod health;
pub mod holidays;
pub mod imports;
pub mod inbound_mail;
pub mod inbound_texts;
pub mod mailboxes;
pub mod me;
pub mod message_templates;
pub mod migrations;
pub mod previews;
pub mod process_flows;
pub mod record_events;
pub mod record_lists;
pub mod record_types;
pub mod records;
pub mod replay;
pub mod sequence_life;
pub mod sequence_lists;
pub mod sequence_tests;
pub mod sequences;
pub mod settings;
pub mod simulate;
pub mod sorts;
pub mod steps;
pub mod stream;
pub mod suppressions;
pub mod tags;
pub mod teams;
pub mod templates;
pub mod test_clock;
pub mod text_gateways;
pub mod text_templates;
pub mod timeline;
pub mod tokens;
pub mod up_next;
pub mod users;
pub mod webhooks;
pub mod work_list;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of the catalogue but for record types: process flows, call results, tags, and the work list's filters and sorts.
pub fn catalogue(routes: &mut ServiceConfig) {
    routes
        .service(process_flows::create_process_flow)
        .service(process_flows::list_process_flows)
        .service(process_flows::get_process_flow)
        .service(process_flows::patch_process_flow)
        .service(process_flows::delete_process_flow)
        .service(call_results::get_call_results)
        .service(call_results::put_call_results)
        .service(tags::create_tags)
        .service(tags::list_tags)
        .service(tags::get_tag)
        .service(tags::patch_tag)
        .service(tags::delete_tag)
        .service(filters::create_filter)
        .service(filters::list_filters)
        .service(filters::get_filter)
        .service(filters::patch_filter)
        .service(filters::delete_filter)
        .service(filter_groups::create_filter_group)
        .service(filter_groups::list_filter_groups)
        .service(filter_groups::get_filter_group)
        .service(filter_groups::patch_filter_group)
        .service(filter_groups::delete_filter_group)
        .service(sorts::put_default_sort)
        .service(sorts::put_sort_order)
        .service(sorts::create_sort)
        .service(sorts::list_sorts)
        .service(sorts::get_sort)
        .service(sorts::patch_sort)
        .service(sorts::delete_sort);
}
