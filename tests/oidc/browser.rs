//! A person with a browser: follows redirects, keeps cookies, fills in the one form of a page and sends it.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderValue, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response, Url};

/// Begins no address.
pub const NOWHERE: &str = "nowhere";

/// One person's browser.
pub struct Browser {
    http: Client,
    /// By host with port, and name.
    cookies: BTreeMap<(String, String), String>,
}

/// Where a walk ended.
#[derive(Debug)]
pub struct Page {
    pub url: Url,
    /// 0 where nobody was asked.
    pub status: u16,
    pub text: String,
}

impl Browser {
    pub fn new() -> Browser {
        let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Browser { http, cookies: BTreeMap::new() }
    }

    /// Goes where a link leads, signs in at a provider on the way as `login` and agrees to everything, and stops where an
    /// address begins with `until`, which is not asked, or at a page that wants nothing of that kind.
    pub async fn sign_in(&mut self, url: &str, login: &str, until: &str) -> Page {
        let mut page = self.walk(self.http.get(url), until).await;
        // A page asks who one is, another whether one agrees.
        while let Some((action, hidden)) = form(&page) {
            let action = page.url.join(&action).unwrap();
            let fields = [hidden, format!("login={login}&password=anything")].join("&");
            let form = self.http.post(action).header("content-type", "application/x-www-form-urlencoded").body(fields);
            page = self.walk(form, until).await;
        }
        page
    }

    /// Goes where a link leads.
    pub async fn go(&mut self, url: &str) -> Page {
        self.walk(self.http.get(url), NOWHERE).await
    }

    /// Where a link leads at once, and the cookies that come with it as they are sent.
    pub async fn click(&mut self, url: &str) -> (String, Vec<String>) {
        let (_, answer) = self.send(self.http.get(url)).await;
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let cookies = answer.headers().get_all(SET_COOKIE).iter().map(text).collect();
        (answer.headers().get(LOCATION).map(text).unwrap_or_default(), cookies)
    }

    /// Sends and follows redirects, up to an address that begins with `until`, which is not asked.
    async fn walk(&mut self, request: RequestBuilder, until: &str) -> Page {
        let mut request = request;
        for _ in 0..10 {
            let (url, answer) = self.send(request).await;
            let Some(location) = answer.headers().get(LOCATION) else {
                let status = answer.status().as_u16();
                return Page { url, status, text: answer.text().await.unwrap() };
            };
            let next = url.join(location.to_str().unwrap()).unwrap();
            if next.as_str().starts_with(until) {
                return Page { url: next, status: 0, text: String::new() };
            }
            request = self.http.get(next);
        }
        panic!("redirects without end");
    }

    async fn send(&mut self, request: RequestBuilder) -> (Url, Response) {
        let mut request = request.build().unwrap();
        let url = request.url().clone();
        let place = url.authority().to_owned();
        let kept = self.cookies.iter().filter(|((at, _), _)| *at == place);
        let kept: Vec<_> = kept.map(|((_, name), value)| format!("{name}={value}")).collect();
        request.headers_mut().insert(COOKIE, kept.join("; ").parse().unwrap());
        let answer = self.http.execute(request).await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            match value.is_empty() {
                true => self.cookies.remove(&(place.clone(), name.to_owned())),
                false => self.cookies.insert((place.clone(), name.to_owned()), value),
            };
        }
        (url, answer)
    }
}

/// Where the form of a provider's page goes, and its hidden fields.
fn form(page: &Page) -> Option<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        Some(rest.split('"').next()?.to_owned())
    };
    let tags = page.text.split('<');
    let action = tags.clone().filter(|tag| tag.starts_with("form")).find_map(|tag| attribute(tag, "action"));
    let hidden = tags.filter(|tag| tag.starts_with("input type=\"hidden\" name=\"prompt\""));
    let hidden = hidden.filter_map(|tag| Some(format!("{}={}", attribute(tag, "name")?, attribute(tag, "value")?)));
    let hidden = hidden.collect::<Vec<_>>().join("&");
    action.filter(|_| !hidden.is_empty()).map(|action| (action, hidden))
}
