//! The pages: HTML that works without script, made on the server. A path is a file.

pub mod account;
pub mod first_steps;
pub mod layout;
pub mod session;
pub mod sign_in;
#[cfg(feature = "oidc")]
pub mod single_sign_on;

use actix_web::web::{self, ServiceConfig};

use crate::limits;

/// Every page.
pub fn pages(config: &mut ServiceConfig) {
    #[cfg(feature = "oidc")]
    config.service(single_sign_on::get_oidc).service(single_sign_on::get_callback);
    config
        .app_data(web::FormConfig::default().limit(limits::FORM_BODY_MAX))
        .service(layout::get_style)
        .service(account::get_home)
        .service(sign_in::get_sign_in)
        .service(sign_in::post_sign_in)
        .service(sign_in::post_sign_out)
        .service(first_steps::get_welcome)
        .service(first_steps::post_welcome)
        .service(first_steps::get_invitation)
        .service(first_steps::post_invitation)
        .service(account::get_account)
        .service(account::post_password)
        .service(account::post_sign_out_everywhere)
        .service(account::post_token)
        .service(account::post_close_key);
}
