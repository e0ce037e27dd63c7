//! The HTML of a message: what no mail program needs and what could harm whoever reads it is left out, and links are led
//! elsewhere where somebody wants to know whether they were followed.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use ammonia::{Builder, UrlRelative};
use url::Url;

use crate::limits;

/// Where links of a message lead by themselves.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];
/// Elements of messages besides those of texts.
const ELEMENTS: [&str; 2] = ["font", "tfoot"];
/// What stands in no message as text either.
const REMOVED: [&str; 6] = ["script", "style", "title", "head", "template", "noscript"];
/// How messages are laid out.
const ATTRIBUTES: [&str; 7] = ["style", "align", "valign", "bgcolor", "width", "height", "dir"];
/// What a style may say: nothing that loads, moves over something else or hides.
const STYLES: [&str; 36] = [
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "text-align",
    "text-decoration",
    "vertical-align",
    "width",
];

static PLAIN: LazyLock<Builder<'static>> = LazyLock::new(builder);

fn builder() -> Builder<'static> {
    let mut builder = Builder::default();
    builder
        .add_tags(ELEMENTS)
        .rm_tags(["map", "area"])
        .add_clean_content_tags(REMOVED)
        .add_generic_attributes(ATTRIBUTES)
        .add_tag_attributes("table", ["border", "cellpadding", "cellspacing"])
        .add_tag_attributes("font", ["color", "face", "size"])
        .filter_style_properties(STYLES.into())
        .url_schemes(SCHEMES.into())
        // A message has no address that others could be relative to.
        .url_relative(UrlRelative::Deny);
    builder
}

/// HTML that can be shown to anybody.
pub fn cleaned(html: &str) -> String {
    PLAIN.clean(html).to_string()
}

/// HTML that can be shown to anybody, whose links lead to `lead(number)` each, with what to write at its end; and where
/// they led, by number. The same destination has one number.
pub fn tracked(html: &str, lead: impl Fn(u16) -> String + Send + Sync + 'static, end: &str) -> (String, Vec<String>) {
    let links = Arc::new(Mutex::new(Vec::<String>::new()));
    let found = links.clone();
    let mut builder = builder();
    builder.attribute_filter(move |element, attribute, value| {
        let destination = destination(value).filter(|_| (element, attribute) == ("a", "href"));
        let number = destination.and_then(|destination| number_of(&mut locked(&found), destination));
        Some(number.map_or(Cow::Borrowed(value), |number| Cow::Owned(lead(number))))
    });
    let mut html = builder.clean(html).to_string();
    html.push_str(end);
    let links = std::mem::take(&mut *locked(&links));
    (html, links)
}

fn locked(links: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    links.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a browser would go, of http and https.
fn destination(value: &str) -> Option<String> {
    let url = Url::parse(value).ok()?;
    let leads = matches!(url.scheme(), "http" | "https") && url.as_str().len() <= limits::LINK_BYTES_MAX;
    leads.then(|| url.into())
}

fn number_of(links: &mut Vec<String>, destination: String) -> Option<u16> {
    let place = links.iter().position(|known| *known == destination).unwrap_or(links.len());
    if place == links.len() {
        if place == limits::LINKS_MAX {
            return None;
        }
        links.push(destination);
    }
    u16::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(html: &str) -> (String, Vec<String>) {
        tracked(html, |number| format!("https://crm.example.com/t/c/{number}"), "<end>")
    }

    #[test]
    fn links_of_the_web_are_led_and_where_they_went_is_kept_once() {
        let (html, links) = lead(
            "<p>Dear <b>Ada</b>, <a href=\"https://example.org/a?b=c&amp;d=e#f\">one</a> \
             <a href=' HTTP://Example.org '>two</a> <a href=https://example.org/a?b=c&d=e#f>one again</a> \
             <a href='mailto:ada@example.org'>write</a> <a href='tel:+34600'>call</a></p>",
        );
        let mut found = links.clone();
        found.sort();
        assert_eq!(found, ["http://example.org/", "https://example.org/a?b=c&d=e#f"]);
        let number = |link: &str| links.iter().position(|known| known == link).unwrap();
        let (one, two) = (number("https://example.org/a?b=c&d=e#f"), number("http://example.org/"));
        assert_eq!(html.matches(&format!("href=\"https://crm.example.com/t/c/{one}\"")).count(), 2, "{html}");
        assert_eq!(html.matches(&format!("href=\"https://crm.example.com/t/c/{two}\"")).count(), 1, "{html}");
        assert!(html.contains("mailto:ada@example.org") && html.contains("tel:+34600"), "{html}");
        assert!(!html.contains("example.org/a") && html.ends_with("<end>"), "{html}");
    }

    /// Reliability, section 6, rows 7 and 10: what has carried script or led elsewhere somewhere, once.
    #[test]
    fn nothing_harmful_is_left_and_nothing_harmful_becomes_a_link() {
        for payload in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href='javascript:alert(1)'>x</a>",
            "<a href=' java\nscript:alert(1)'>x</a>",
            "<a href='JaVaScRiPt:alert(1)'>x</a>",
            "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
            "<a href='vbscript:x'>x</a>",
            "<a href='//evil.example'>x</a>",
            "<a href='/t/c/x'>x</a>",
            "<a href='\\\\evil.example'>x</a>",
            "<a href='http://'>x</a>",
            "<base href='https://evil.example'><a href='x'>x</a>",
            "<meta http-equiv=refresh content='0;url=https://evil.example'>",
            "<iframe src='https://evil.example'></iframe>",
            "<form action='https://evil.example'><input></form>",
            "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
            "<p style='background:url(https://evil.example)'>x</p>",
            "<p style='position:fixed;top:0'>x</p>",
            "<link rel=stylesheet href='https://evil.example'>",
            "<!--><img src=x onerror=alert(1)>-->",
            "<a href='https://ok.example' onclick='alert(1)'>x</a>",
            "<template><script>alert(1)</script></template>",
            "<map><area href='javascript:alert(1)'></map>",
        ] {
            let (led, links) = lead(payload);
            for html in [led, cleaned(payload)] {
                let lower = html.to_lowercase();
                for harm in [
                    "<script",
                    "onerror=",
                    "onclick=",
                    "script:",
                    "data:",
                    "evil.example",
                    "<iframe",
                    "<form",
                    "<base",
                    "<meta",
                    "<svg",
                    "<math",
                    "<style",
                    "position",
                    "<template",
                ] {
                    assert!(!lower.contains(harm), "{payload} became {html}");
                }
            }
            assert!(links.iter().all(|link| link == "https://ok.example/"), "{payload}: {links:?}");
        }
    }

    #[test]
    fn the_layout_of_messages_stays() {
        let html = "<table width=\"100%\" cellpadding=\"0\"><tbody><tr><td align=\"center\" \
                    style=\"color: red;padding: 4px\"><img src=\"https://example.org/a.png\" alt=\"A\">\
                    </td></tr></tbody></table>";
        let cleaned = cleaned(html);
        for part in
            ["width=\"100%\"", "cellpadding=\"0\"", "align=\"center\"", "color", "padding", "a.png", "alt=\"A\""]
        {
            assert!(cleaned.contains(part), "{part} of {cleaned}");
        }
        assert_eq!(
            super::cleaned("<html><head><title>T</title><style>p{}</style></head><body><p>x</p></body></html>"),
            "<p>x</p>"
        );
        assert_eq!(super::cleaned(&cleaned), cleaned, "once is enough");
    }

    #[test]
    fn what_is_too_much_is_left_as_it_is() {
        let many: String =
            (0..=limits::LINKS_MAX).map(|n| format!("<a href=\"https://example.org/{n}\">x</a>")).collect();
        let (html, links) = lead(&many);
        assert_eq!(links.len(), limits::LINKS_MAX);
        assert_eq!(html.matches("https://example.org/").count(), 1);
        let (html, links) =
            lead(&format!("<a href=\"https://example.org/{}\">x</a>", "y".repeat(limits::LINK_BYTES_MAX)));
        assert!(links.is_empty() && html.contains("https://example.org/yyy"));
    }
}
