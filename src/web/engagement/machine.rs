//! By what a request of a machine is known: what it says of itself, and what it leaves out that every browser says. Nothing
//! here needs to know whose an address is.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderMap, USER_AGENT};

use crate::domain::engagement::MachineSign;

/// Headers of programs that load in advance, and what they say.
const IN_ADVANCE: [&str; 4] = ["purpose", "sec-purpose", "x-purpose", "x-moz"];
/// See [`IN_ADVANCE`].
const ADVANCE: [&str; 3] = ["prefetch", "preview", "prerender"];
/// How words of a program's name end.
const ENDINGS: [&str; 7] = ["bot", "crawler", "spider", "scanner", "preview", "validator", "checker"];
/// What else names a program that no person looks through: libraries, and gateways that look for danger.
const PROGRAMS: [&str; 36] = [
    "curl/",
    "wget/",
    "python",
    "go-http-client",
    "java/",
    "okhttp",
    "httpclient",
    "libwww",
    "lwp-",
    "ruby",
    "node-fetch",
    "axios",
    "httpx",
    "undici",
    "headless",
    "phantomjs",
    "selenium",
    "puppeteer",
    "playwright",
    "barracuda",
    "mimecast",
    "proofpoint",
    "ironport",
    "symantec",
    "messagelabs",
    "trendmicro",
    "fireeye",
    "trustwave",
    "forcepoint",
    "sophos",
    "safelinks",
    "facebookexternalhit",
    "whatsapp",
    "zgrab",
    "feedfetcher",
    "nmap",
];
/// Apple's mail privacy loads every picture in advance and says no more than this.
const PRIVATE: &str = "Mozilla/5.0";

/// By what a machine is known that sent this request, if one did.
pub fn sign(request: &HttpRequest, is_click: bool) -> Option<MachineSign> {
    if request.method() == Method::HEAD {
        return Some(MachineSign::HeadOnly);
    }
    sign_of(request.headers(), is_click)
}

fn sign_of(headers: &HeaderMap, is_click: bool) -> Option<MachineSign> {
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let in_advance = |name: &&str| ADVANCE.iter().any(|word| says(name).to_ascii_lowercase().contains(word));
    let agent = says(USER_AGENT.as_str());
    if IN_ADVANCE.iter().any(in_advance) || agent.trim() == PRIVATE {
        return Some(MachineSign::Prefetch);
    }
    if is_program(&agent.to_ascii_lowercase()) {
        return Some(MachineSign::Program);
    }
    let mode = says("sec-fetch-mode");
    // Pictures are loaded by proxies of mail services for people who look at them; pages are not.
    let is_no_page = says(ACCEPT_LANGUAGE.as_str()).is_empty()
        || !says(ACCEPT.as_str()).contains("text/html")
        || !(mode.is_empty() || mode == "navigate");
    (agent.is_empty() || (is_click && is_no_page)).then_some(MachineSign::NoBrowser)
}

fn is_program(agent: &str) -> bool {
    let names_itself = |word: &str| word != "cubot" && ENDINGS.iter().any(|ending| word.ends_with(ending));
    PROGRAMS.iter().any(|program| agent.contains(program))
        || agent.split(|c: char| !c.is_ascii_alphanumeric()).any(names_itself)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                         Version/17.5 Mobile/15E148 Safari/604.1";

    fn of(agent: &str, more: &[(&'static str, &'static str)], is_click: bool) -> Option<MachineSign> {
        let mut request = TestRequest::get();
        if !agent.is_empty() {
            request = request.insert_header(("user-agent", agent));
        }
        let request = more.iter().fold(request, |request, header| request.insert_header(*header));
        sign(&request.to_http_request(), is_click)
    }

    const PAGE: [(&str, &str); 2] = [("accept", "text/html,*/*;q=0.8"), ("accept-language", "gl,es;q=0.8")];

    #[test]
    fn people_are_people() {
        let navigates = [PAGE[0], PAGE[1], ("sec-fetch-mode", "navigate")];
        for agent in [FIREFOX, PHONE, "Mozilla/5.0 (Linux; Android 10; CUBOT X18) Chrome/120.0 Mobile Safari/537.36"] {
            assert_eq!(of(agent, &PAGE, true), None, "{agent}");
            assert_eq!(of(agent, &navigates, true), None, "{agent}");
            assert_eq!(of(agent, &[], false), None, "{agent} loads a picture");
        }
        for proxy in [
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
            "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
            "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)",
        ] {
            assert_eq!(of(proxy, &[], false), None, "{proxy}");
        }
    }

    #[test]
    fn machines_are_known_by_what_they_say_and_by_what_they_do_not() {
        use MachineSign::{NoBrowser, Prefetch, Program};
        for agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "curl/8.5.0",
            "python-requests/2.31",
            "Go-http-client/2.0",
            "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0.0.0 Safari/537.36",
            "Barracuda Sentinel (EE)",
            "Mozilla/5.0 (compatible; SkypeUriPreview Preview/0.5)",
            "Slackbot-LinkExpanding 1.0",
        ] {
            assert_eq!(of(agent, &PAGE, true), Some(Program), "{agent}");
            assert_eq!(of(agent, &PAGE, false), Some(Program), "{agent}");
        }
        for header in [("purpose", "prefetch"), ("sec-purpose", "prefetch;prerender"), ("x-moz", "Prefetch")] {
            assert_eq!(of(FIREFOX, &[PAGE[0], PAGE[1], header], true), Some(Prefetch), "{header:?}");
        }
        assert_eq!(of("Mozilla/5.0", &[], false), Some(Prefetch));
        assert_eq!(of("", &PAGE, true), Some(NoBrowser));
        assert_eq!(of("", &[], false), Some(NoBrowser));
        assert_eq!(of(FIREFOX, &PAGE[..1], true), Some(NoBrowser), "no language");
        assert_eq!(of(FIREFOX, &PAGE[1..], true), Some(NoBrowser), "wants no page");
        assert_eq!(of(FIREFOX, &[PAGE[0], PAGE[1], ("sec-fetch-mode", "cors")], true), Some(NoBrowser));
        let head = TestRequest::default().method(Method::HEAD).insert_header(("user-agent", FIREFOX));
        assert_eq!(sign(&head.to_http_request(), true), Some(MachineSign::HeadOnly));
    }
}
