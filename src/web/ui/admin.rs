//! `/admin`: what an administrator sets up, each area behind a card.

pub mod audit;
pub mod calendars;
pub mod card_layouts;
pub mod deliveries;
pub mod filters;
pub mod flows;
pub mod gateways;
pub mod holidays;
pub mod mailboxes;
pub mod parts;
pub mod results;
pub mod settings;
pub mod sorts;
pub mod suppressions;
pub mod tags;
pub mod teams;
pub mod templates;
pub mod tokens;
pub mod types;
pub mod users;
pub mod webhooks;

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};

pub use self::parts::zone_field;
use super::icons::icon;
use super::layout::heading;
use super::missing;
use super::page::Page;
use super::words::Words;
use crate::domain::permission::Permission;

/// Every page of the area.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_admin);
    config.configure(users::pages).configure(teams::pages).configure(tokens::pages);
    config.configure(templates::pages).configure(tags::pages).configure(settings::pages);
    config.configure(mailboxes::pages).configure(gateways::pages).configure(deliveries::pages);
    config.configure(webhooks::pages).configure(suppressions::pages).configure(audit::pages);
    config.configure(types::pages).configure(flows::pages).configure(results::pages);
    config.configure(calendars::pages).configure(holidays::pages);
    config.configure(filters::pages).configure(sorts::pages).configure(card_layouts::pages);
}

/// An area: where it is, its picture, and whether only administrators may open it.
type Area = (&'static str, &'static str, bool);

/// The areas in their groups.
const GROUPS: [(&str, &[Area]); 5] = [
    (
        "people",
        &[
            ("users", "person", false),
            ("teams", "team", false),
            ("tokens", "key", false),
            ("calendars", "clock", false),
        ],
    ),
    (
        "messages",
        &[
            ("email-templates", "email", false),
            ("text-templates", "text_message", false),
            ("mailboxes", "inbox", false),
            ("text-gateways", "antenna", true),
            ("deliveries", "send", false),
            ("suppressions", "block", true),
        ],
    ),
    (
        "data",
        &[
            ("record-types", "record", false),
            ("process-flows", "flow", false),
            ("call-results", "phone_call", false),
            ("tags", "tag", false),
            ("imports", "import", false),
        ],
    ),
    ("list", &[("filters", "search", false), ("sorts", "list", false), ("card-layouts", "record", false)]),
    (
        "organisation",
        &[
            ("settings", "settings", false),
            ("holidays", "calendar", false),
            ("webhooks", "hook", true),
            ("audit", "list", true),
        ],
    ),
];

/// The overview.
#[get("/admin")]
pub async fn get_admin(page: Page) -> HttpResponse {
    let words = page.words();
    let why = missing::role(&page, Permission::SetUp);
    let content = html! {
        (heading(&words.say("nav-admin"), &html! {}))
        @for (group, areas) in GROUPS {
            h2.group { (words.say(&format!("admin-group-{group}"))) }
            ul.areas.plain { @for (area, picture, is_closed) in areas { (card(words, area, picture, why.as_deref().filter(|_| *is_closed))) } }
        }
    };
    page.show(&words.say("nav-admin"), &content)
}

/// Where an area is; imports stand beside the records that they become.
fn address(area: &str) -> String {
    if area == "imports" { "/imports/new".into() } else { format!("/admin/{area}") }
}

fn card(words: Words, area: &str, picture: &str, why: Option<&str>) -> Markup {
    html! {
        li.area {
            (icon(picture))
            div {
                h3 { @if why.is_some() { (words.say(&format!("admin-{area}"))) } @else { a href=(address(area)) { (words.say(&format!("admin-{area}"))) } } }
                p { (words.say(&format!("admin-{area}-text"))) }
                @if let Some(why) = why { p.why { (why) } }
            }
        }
    }
}
