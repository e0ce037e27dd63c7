//! Whose page sent a request: what a cookie authenticates is taken from pages of this server only (cross-site request
//! forgery), and what this server is called by browsers.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use actix_web::http::{Method, Uri};
use actix_web::web::Data;

use crate::web::App;
use crate::web::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Scheme, host and port as a browser writes them in `Origin`: lower case, without the scheme's own port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Reads `server.public_url`: `http` or `https`, a host, perhaps a port, and nothing behind.
    pub fn parse(url: &str) -> Result<Origin, String> {
        let refused = |why: &str| format!("`server.public_url` cannot be `{url}`: {why}");
        let read: Uri = url.parse().map_err(|_| refused("it is no URL"))?;
        let (Some(scheme), Some(authority)) = (read.scheme_str(), read.authority()) else {
            return Err(refused("it begins with http:// or https:// and a host"));
        };
        if !matches!(scheme, "http" | "https") || authority.as_str().contains('@') {
            return Err(refused("it begins with http:// or https:// and a host"));
        }
        if read.path_and_query().is_some_and(|rest| rest.as_str() != "/") {
            return Err(refused("the server stands at the root of its host"));
        }
        Ok(Origin::of(scheme, authority.as_str()))
    }

    fn of(scheme: &str, host: &str) -> Origin {
        let host = host.to_ascii_lowercase();
        let own_port = if scheme == "https" { ":443" } else { ":80" };
        Origin(format!("{scheme}://{}", host.strip_suffix(own_port).unwrap_or(&host)))
    }

    /// Whether browsers reach it by TLS.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Refuses (`cross_site`) a request that changes something unless a page of this server, or the person at the address
/// bar, sent it. To be asked wherever a cookie authenticates, and by forms that set one; a bearer token needs it not,
/// because no browser sends one by itself.
pub fn judge_origin(request: &HttpRequest) -> Result<(), Problem> {
    let public = request.app_data::<Data<App>>().and_then(|app| app.hygiene.public.as_ref());
    judge(request.method(), request.headers(), public)
}

fn judge(method: &Method, headers: &HeaderMap, public: Option<&Origin>) -> Result<(), Problem> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE) {
        return Ok(());
    }
    let is_own = match (headers.contains_key(SEC_FETCH_SITE), headers.contains_key(ORIGIN)) {
        (true, _) => matches!(only(headers, &SEC_FETCH_SITE), Some("same-origin" | "none")),
        // Browsers leave the first header out where there is no TLS.
        (false, true) => only(headers, &ORIGIN).is_some_and(|origin| match public {
            Some(public) => origin == public.0,
            None => only(headers, &HOST).is_some_and(|host| origin == Origin::of("http", host).0),
        }),
        (false, false) => false,
    };
    match is_own {
        true => Ok(()),
        false => Err(Problem::new("cross_site", "with a cookie, only this server's own pages may change something")),
    }
}

/// A header's value if there is exactly one.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn is_let_in(method: Method, sent: &[(&str, &str)], public: Option<&str>) -> bool {
        let public = public.map(|url| Origin::parse(url).unwrap());
        let mut request = TestRequest::default().method(method);
        for header in sent {
            request = request.append_header(*header);
        }
        judge(request.to_http_request().method(), request_headers(sent).headers(), public.as_ref()).is_ok()
    }

    fn request_headers(sent: &[(&str, &str)]) -> HttpRequest {
        sent.iter().fold(TestRequest::default(), |request, header| request.append_header(*header)).to_http_request()
    }

    #[test]
    fn what_changes_something_comes_from_a_page_of_this_server() {
        const HERE: (&str, &str) = ("host", "crm.example:8080");
        const PUBLIC: Option<&str> = Some("https://crm.example");
        let origin = |value: &'static str| ("origin", value);
        let site = |value: &'static str| ("sec-fetch-site", value);
        for (sent, public, let_in) in [
            // The browser says where the request comes from.
            (vec![HERE, site("same-origin")], None, true),
            (vec![HERE, site("none")], None, true),
            (vec![HERE, site("same-site")], None, false),
            (vec![HERE, site("cross-site")], None, false),
            (vec![HERE, site("")], None, false),
            (vec![HERE, site("Same-Origin")], None, false),
            (vec![HERE, site("same-origin"), site("cross-site")], None, false),
            // What it says counts more than the origin.
            (vec![HERE, site("cross-site"), origin("http://crm.example:8080")], None, false),
            (vec![HERE, site("same-origin"), origin("https://evil.example")], None, true),
            // An older browser, or no TLS.
            (vec![HERE, origin("http://crm.example:8080")], None, true),
            (vec![("host", "CRM.example:80"), origin("http://crm.example")], None, true),
            (vec![("host", "[::1]:8080"), origin("http://[::1]:8080")], None, true),
            (vec![HERE, origin("https://crm.example:8080")], None, false),
            (vec![HERE, origin("http://crm.example")], None, false),
            (vec![HERE, origin("http://crm.example:8080.evil.example")], None, false),
            (vec![HERE, origin("http://evil.example")], None, false),
            (vec![HERE, origin("null")], None, false),
            (vec![HERE, origin("")], None, false),
            (vec![HERE, origin("http://crm.example:8080"), origin("http://evil.example")], None, false),
            (vec![HERE, ("host", "evil.example"), origin("http://evil.example")], None, false),
            (vec![origin("http://crm.example:8080")], None, false),
            // Behind a proxy the server is called by its public name, and by no other.
            (vec![HERE, origin("https://crm.example")], PUBLIC, true),
            (vec![HERE, origin("http://crm.example")], PUBLIC, false),
            (vec![HERE, origin("http://crm.example:8080")], PUBLIC, false),
            (vec![("host", "evil.example"), origin("http://evil.example")], PUBLIC, false),
            // Nobody says anything: no browser, and so no cookie of one.
            (vec![HERE], None, false),
            (vec![HERE, ("referer", "http://crm.example:8080/")], None, false),
            (vec![], PUBLIC, false),
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert_eq!(is_let_in(method, &sent, public), let_in, "{sent:?} {public:?}");
            }
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                assert!(is_let_in(method, &sent, public), "{sent:?} {public:?}");
            }
        }
        assert!(
            !is_let_in(Method::from_bytes(b"MOVE").unwrap(), &[HERE], None),
            "an unknown method may change something"
        );
    }

    #[test]
    fn a_public_url_is_scheme_and_host() {
        for (url, origin) in [
            ("https://crm.example", "https://crm.example"),
            ("https://CRM.example:443/", "https://crm.example"),
            ("http://crm.example:80", "http://crm.example"),
            ("https://crm.example:8443", "https://crm.example:8443"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            assert_eq!(Origin::parse(url).unwrap().to_string(), origin);
        }
        assert!(Origin::parse("https://crm.example").unwrap().is_secure());
        assert!(!Origin::parse("http://crm.example").unwrap().is_secure());
        for url in [
            "crm.example",
            "/",
            "ftp://crm.example",
            "https://",
            "https://a/b",
            "https://a/?b",
            "https://u@a",
            "https://a b",
        ] {
            assert!(Origin::parse(url).unwrap_err().contains(url), "{url}");
        }
    }
}
