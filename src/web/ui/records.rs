//! `/records`: the people and companies that sequences are about.

pub mod edit;
pub mod enrolments;
pub mod kinds;
pub mod list;
pub mod next;
pub mod page;
pub mod past;
pub mod people;
pub mod timeline;
pub mod told;
pub mod why;

use actix_web::web::ServiceConfig;

/// This area's pages.
pub fn pages(config: &mut ServiceConfig) {
    config
        .service(list::get_records)
        .service(edit::get_new)
        .service(edit::get_edit)
        .service(why::get_why)
        .service(past::get_past)
        .service(page::post_connect)
        .service(page::get_record);
}
