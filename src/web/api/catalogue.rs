//! The routes of the catalogue but for record types: process flows, call results, tags, and the work list's filters and sorts.

use utoipa_actix_web::service_config::ServiceConfig;

use super::{call_results, filter_groups, filters, process_flows, sorts, tags};

/// Each of them.
pub fn routes(routes: &mut ServiceConfig) {
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
