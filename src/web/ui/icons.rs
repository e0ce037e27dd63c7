//! The pictures: one set, drawn for this, on a grid of 16 with lines of 1.5. A word always stands beside them.

use maud::{Markup, PreEscaped, html};

/// A picture of a name; nothing where there is none of it.
pub fn icon(name: &str) -> Markup {
    html! {
        @if let Some((_, lines)) = ICONS.iter().find(|(known, _)| *known == name) {
            svg.icon viewBox="0 0 16 16" aria-hidden="true" focusable="false" { (PreEscaped(lines)) }
        }
    }
}

/// Every picture.
pub const ICONS: &[(&str, &str)] = &[
    ("email", r#"<path d="M1.5 3.5h13v9h-13z"/><path d="m1.5 4 6.5 5 6.5-5"/>"#),
    (
        "automated_email",
        r#"<path d="M9 12.5H1.5v-9h13V8"/><path d="m1.5 4 6.5 5 6.5-5"/><path d="M10.5 12h4.5m-2-2 2 2-2 2"/>"#,
    ),
    ("text_message", r#"<path d="M1.5 2.5h13v8H7l-3.5 3v-3h-2z"/>"#),
    ("automated_text_message", r#"<path d="M9 10.5H7l-3.5 3v-3h-2v-8h13V8"/><path d="M10.5 12h4.5m-2-2 2 2-2 2"/>"#),
    (
        "phone_call",
        r#"<path d="M3 2h3l1.2 3.4-1.7 1.2a8 8 0 0 0 3.9 3.9l1.2-1.7L14 10v3a1 1 0 0 1-1 1A11 11 0 0 1 2 3a1 1 0 0 1 1-1z"/>"#,
    ),
    ("task", r#"<path d="M2.5 2.5h11v11h-11z"/><path d="m5 8 2.2 2.2L11.2 6"/>"#),
    ("custom_activity", r#"<path d="M8 1.8 9.9 6l4.3.5-3.2 3 .9 4.5L8 11.7 4.1 14 5 9.5l-3.2-3L6.1 6z"/>"#),
    ("linkedin", r#"<path d="M2 2h12v12H2z"/><path d="M5 7v4.5M5 4.6v.2M8 11.5V7m0 2.2C8 7.6 11.2 6.8 11.2 9v2.5"/>"#),
    ("wait", r#"<path d="M4 1.5h8M4 14.5h8M5 1.5c0 4 6 3.5 6 6.5s-6 2.5-6 6.5M11 1.5c0 4-6 3.5-6 6.5s6 2.5 6 6.5"/>"#),
    ("condition", r#"<path d="m8 1.5 6.5 6.5L8 14.5 1.5 8z"/>"#),
    ("ab_test", r#"<path d="M8 1.5V6M8 6 3.5 10.5v4M8 6l4.5 4.5v4"/>"#),
    ("command", r#"<path d="M9 1.5 3 9h4.5L7 14.5 13 7H8.5z"/>"#),
    ("advance", r#"<path d="M1.5 8h12M9.5 4l4 4-4 4"/>"#),
    ("sequence", r#"<path d="M5.5 1.5h5v3.5h-5zM5.5 11h5v3.5h-5zM8 5v6"/>"#),
    (
        "record",
        r#"<path d="M1.5 2.5h13v11h-13zM4 10.8c0-2.6 4.4-2.6 4.4 0M10 6.5h2.5M10 9.5h2.5"/><circle cx="6.2" cy="6.6" r="1.5"/>"#,
    ),
    (
        "settings",
        r#"<path d="M2 4.5h6.5m3 0H14M2 11.5h2.5m3 0H14"/><circle cx="10" cy="4.5" r="1.5"/><circle cx="6" cy="11.5" r="1.5"/>"#,
    ),
    ("person", r#"<circle cx="8" cy="5" r="2.8"/><path d="M2.5 14c.6-5.2 10.4-5.2 11 0"/>"#),
    ("contrast", r#"<circle cx="8" cy="8" r="6"/><path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor"/>"#),
    ("clock", r#"<circle cx="8" cy="8" r="6.2"/><path d="M8 4.2V8l2.6 1.8"/>"#),
    ("add", r#"<path d="M8 2.5v11M2.5 8h11"/>"#),
    ("close", r#"<path d="m3.5 3.5 9 9m0-9-9 9"/>"#),
    ("edit", r#"<path d="M2 14h3l8.5-8.5-3-3L2 11zM9 4l3 3"/>"#),
    ("copy", r#"<path d="M5.5 5.5h9v9h-9z"/><path d="M3 10.5H1.5v-9h9V3"/>"#),
    ("delete", r#"<path d="M2 4h12M6 4V2h4v2M3.5 4l.8 10.5h7.4L12.5 4"/>"#),
    ("up", r#"<path d="m3 10 5-5 5 5"/>"#),
    ("down", r#"<path d="m3 6 5 5 5-5"/>"#),
    ("search", r#"<circle cx="6.8" cy="6.8" r="4.6"/><path d="m10.2 10.2 4.3 4.3"/>"#),
    ("warning", r#"<path d="M8 1.8 15 14H1zM8 6v4M8 11.8v.4"/>"#),
    ("error", r#"<circle cx="8" cy="8" r="6.2"/><path d="M8 4.5v4.3M8 11v.4"/>"#),
    ("done", r#"<path d="m2.5 8.5 4 4 7-8.5"/>"#),
    ("undo", r#"<path d="M5.5 3 2 6.5 5.5 10"/><path d="M2 6.5h7.5a4 4 0 0 1 0 8H6"/>"#),
    ("play", r#"<path d="M4 2.5 13 8l-9 5.5z"/>"#),
    ("pause", r#"<path d="M5 3v10M11 3v10"/>"#),
    ("upload", r#"<path d="M8 10.5V2M4.5 5.5 8 2l3.5 3.5M2 10v4h12v-4"/>"#),
    ("menu", r#"<path d="M3 8h.2M8 8h.2M13 8h.2" stroke-width="2.5" stroke-linecap="round"/>"#),
    (
        "team",
        r#"<circle cx="5.5" cy="5.5" r="2.3"/><path d="M1 13.5c.5-4.6 8.5-4.6 9 0M10.5 3.4a2.3 2.3 0 0 1 0 4.3M12 9.7c1.8.5 2.8 1.8 3 3.8"/>"#,
    ),
    ("key", r#"<circle cx="5" cy="11" r="3"/><path d="m7.2 8.8 6.3-6.3M11 5l2.5 2.5"/>"#),
    ("calendar", r#"<path d="M1.5 3.5h13v11h-13zM1.5 7h13M5 1.5v4M11 1.5v4"/>"#),
    (
        "day",
        r#"<circle cx="8" cy="8" r="3"/><path d="M8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1"/>"#,
    ),
    ("block", r#"<circle cx="8" cy="8" r="6.2"/><path d="m3.7 3.7 8.6 8.6"/>"#),
    ("inbox", r#"<path d="M1.5 9.5 4 2.5h8l2.5 7v4h-13zM1.5 9.5h4l1 2h3l1-2h4"/>"#),
    (
        "antenna",
        r#"<path d="M8 7v7.5M5 10.5a4.5 4.5 0 0 1 0-7M11 3.5a4.5 4.5 0 0 1 0 7M2.8 12.5a8 8 0 0 1 0-11M13.2 1.5a8 8 0 0 1 0 11"/><circle cx="8" cy="7" r="1"/>"#,
    ),
    ("star", r#"<path d="M8 1.8 9.9 6l4.3.5-3.2 3 .9 4.5L8 11.7 4.1 14 5 9.5l-3.2-3 4.3-.5z"/>"#),
    ("tag", r#"<path d="M1.5 1.5h6l7 7-6 6-7-7z"/><circle cx="4.8" cy="4.8" r="1"/>"#),
    ("flow", r#"<path d="M1.5 5h4l2.5 3-2.5 3h-4L4 8zM8.5 5h3.5l2.5 3-2.5 3H8.5"/>"#),
    ("import", r#"<path d="M8 1.5v8M4.5 6 8 9.5 11.5 6M1.5 11v3.5h13V11"/>"#),
    ("hook", r#"<path d="M8 1.5v9a3.5 3.5 0 1 1-7 0V9m2.5 1.5L1 8"/><path d="M8 4h6.5M12 1.5 14.5 4 12 6.5"/>"#),
    ("list", r#"<path d="M5.5 3.5h9M5.5 8h9M5.5 12.5h9M1.8 3.5h.4M1.8 8h.4M1.8 12.5h.4"/>"#),
    ("send", r#"<path d="M1.5 8 14.5 2l-4 12-3-5zM7.5 9l7-7"/>"#),
    ("print", r#"<path d="M4 6V1.5h8V6M4 11.5H1.5V6h13v5.5H12"/><path d="M4 9.5h8v5H4z"/>"#),
];
