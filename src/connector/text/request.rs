//! The request of a gateway with its blanks filled in. What fills a blank is put into a place that was read before, and written
//! by whoever writes such places (JSON, forms, addresses, headers), so it is never more than the text of that place.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use ring::hmac;
use serde_json::Value;
use url::Url;

use super::Text;
use crate::domain::channels::gateway::blank::{self, Blank};
use crate::domain::channels::gateway::{Authentication, Encoding, Gateway, Hash, RequestBody, Signature};

/// What blanks are filled with.
pub struct Filling<'a> {
    /// The message.
    pub text: &'a Text,
    /// Through what it leaves.
    pub gateway: &'a Gateway,
    /// What proves who we are; empty where nothing does.
    pub secret: &'a str,
}

/// A request that can be made.
#[derive(Clone, Debug)]
pub struct Filled {
    /// How.
    pub method: hyper::Method,
    /// Where to.
    pub url: Url,
    /// By name.
    pub headers: HeaderMap,
    /// What it carries.
    pub body: Vec<u8>,
}

impl Filling<'_> {
    fn blank(&self, blank: Blank) -> String {
        match blank {
            Blank::To => self.text.to.clone(),
            Blank::ToDigits => self.text.to.trim_start_matches('+').to_owned(),
            Blank::From => self.gateway.from.clone().unwrap_or_default(),
            Blank::Body => self.text.body.clone(),
            Blank::Id => self.text.id.clone(),
            Blank::Secret => self.secret.to_owned(),
        }
    }

    fn fill(&self, text: &str) -> String {
        blank::fill(text, &|blank| self.blank(blank))
    }

    fn fill_strings(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.fill(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill_strings(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.fill_strings(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The request. Err says why there can be none.
    pub fn request(&self) -> Result<Filled, String> {
        let request = &self.gateway.request;
        let mut url = Url::parse(&request.url).map_err(|error| format!("the gateway's address is none: {error}"))?;
        if !request.query.is_empty() {
            let fields = request.query.iter().map(|(name, value)| (name, self.fill(value)));
            url.query_pairs_mut().extend_pairs(fields);
        }
        let (body, kind) = match &request.body {
            RequestBody::Empty => (Vec::new(), None),
            RequestBody::Form(fields) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(fields.iter().map(|(name, value)| (name, self.fill(value))));
                (form.finish().into_bytes(), Some("application/x-www-form-urlencoded"))
            }
            RequestBody::Json(text) => {
                let mut value =
                    serde_json::from_str(text).map_err(|error| format!("the gateway's JSON is none: {error}"))?;
                self.fill_strings(&mut value);
                (value.to_string().into_bytes(), Some("application/json"))
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("relance/", env!("CARGO_PKG_VERSION"))));
        headers.extend(kind.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind))));
        for (name, value) in &request.headers {
            let (name, value) = header(name, &self.fill(value))?;
            headers.insert(name, value);
        }
        match &self.gateway.authentication {
            Authentication::None => {}
            Authentication::Bearer => {
                headers.insert(AUTHORIZATION, header("authorization", &format!("Bearer {}", self.secret))?.1);
            }
            Authentication::Basic { username } => {
                let pair = BASE64_STANDARD.encode(format!("{username}:{}", self.secret));
                headers.insert(AUTHORIZATION, header("authorization", &format!("Basic {pair}"))?.1);
            }
            Authentication::Signed(signature) => {
                let signed = format!("{}{}", signature.prefix, written(signature, self.secret, &body));
                let (name, value) = header(&signature.header, &signed)?;
                headers.insert(name, value);
            }
        }
        Ok(Filled { method: super::method(request.method), url, headers, body })
    }
}

impl Filled {
    /// As it is sent.
    pub fn into_request(self) -> Result<Request<Full<Bytes>>, String> {
        let mut request = Request::builder().method(self.method).uri(self.url.as_str());
        if let Some(headers) = request.headers_mut() {
            *headers = self.headers;
        }
        request.body(Full::new(Bytes::from(self.body))).map_err(|error| error.to_string())
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let broken = || format!("the header `{name}` cannot hold what it is filled with");
    let of = HeaderName::from_bytes(name.as_bytes()).map_err(|_| broken())?;
    let mut value = HeaderValue::from_str(value).map_err(|_| broken())?;
    value.set_sensitive(true);
    Ok((of, value))
}

fn key(signature: &Signature, secret: &str) -> hmac::Key {
    let algorithm = match signature.hash {
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha512 => hmac::HMAC_SHA512,
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
    };
    hmac::Key::new(algorithm, secret.as_bytes())
}

fn written(signature: &Signature, secret: &str, body: &[u8]) -> String {
    let tag = hmac::sign(&key(signature, secret), body);
    match signature.encoding {
        Encoding::Hex => tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
        Encoding::Base64 => BASE64_STANDARD.encode(tag),
    }
}

/// Whether a body was signed so. Takes the same time wherever the signatures differ.
pub fn is_signed(signature: &Signature, secret: &str, headers: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> bool {
    let Some(given) = headers(&signature.header) else { return false };
    let Some(given) = given.trim().strip_prefix(signature.prefix.as_str()).map(str::to_owned) else { return false };
    let expected = written(signature, secret, body);
    let given = if signature.encoding == Encoding::Hex { given.to_ascii_lowercase() } else { given };
    bool::from(subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), given.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::channels::gateway;

    fn fields(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn gateway(body: RequestBody) -> Gateway {
        let request = gateway::Request {
            url: "https://sms.example/send?v=1".into(),
            query: fields(&[("text", "{{ body }}"), ("id", "{{ id }}")]),
            headers: fields(&[("X-Key", "key {{ secret }}"), ("X-Id", "{{ id }}")]),
            body,
            ..gateway::Request::default()
        };
        Gateway { request, from: Some("Lugo".into()), ..Gateway::default() }
    }

    fn filled(gateway: &Gateway, body: &str, secret: &str) -> Result<Filled, String> {
        let text = Text { id: "0198-step".into(), gateway: None, to: "+34600123456".into(), body: body.into() };
        Filling { text: &text, gateway, secret }.request()
    }

    fn json() -> Gateway {
        gateway(RequestBody::Json(
            r#"{"messages":[{"to":"{{ to_digits }}","text":"{{ body }}","n":1}],"from":"{{ from }}","a{{ to }}":true}"#
                .into(),
        ))
    }

    fn form() -> Gateway {
        gateway(RequestBody::Form(fields(&[("to", "{{ to }}"), ("text", "Hi: {{ body }}"), ("from", "{{ from }}")])))
    }

    /// What has broken out of such places elsewhere.
    const CORPUS: [&str; 16] = [
        "\"}],\"admin\":true,\"x\":[{\"y\":\"",
        "\\\"},{\"to\":\"+1",
        "a\r\nX-Evil: 1\r\n\r\nbody",
        "a\nb\tc\0d",
        "&to=%2B1&x=",
        "a=b&c=d#e?f",
        "%0d%0aX-Evil:%201",
        "{{ secret }}",
        "{{ to }}{{ body }}",
        "{% raw %}",
        "\u{2028}\u{2029}\u{feff}\u{202e}",
        "ñandú 🔑 Ω",
        "\\u0022,\\u0000",
        "</script><!--",
        "+ + ; ' \" ` $(id)",
        "",
    ];

    fn assert_stays_text(body: &str) {
        let told = filled(&json(), body, "hunter2").unwrap();
        let read: Value = serde_json::from_slice(&told.body).unwrap();
        let expected = serde_json::json!({
            "messages": [{ "to": "34600123456", "text": body, "n": 1 }], "from": "Lugo", "a{{ to }}": true,
        });
        assert_eq!(read, expected, "{body:?}");
        let query: Vec<_> = told.url.query_pairs().into_owned().collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(query, [pair("v", "1"), pair("id", "0198-step"), pair("text", body)], "{body:?}");
        assert_eq!((told.url.host_str(), told.url.path(), told.url.fragment()), (Some("sms.example"), "/send", None));
        assert_eq!(told.headers.len(), 4, "{body:?}: {:?}", told.headers);
        let told = filled(&form(), body, "hunter2").unwrap();
        let read: Vec<_> = url::form_urlencoded::parse(&told.body).into_owned().collect();
        let said = format!("Hi: {body}");
        assert_eq!(read, [pair("from", "Lugo"), pair("text", &said), pair("to", "+34600123456")], "{body:?}");
        assert!(told.into_request().is_ok());
    }

    #[test]
    fn text_stays_text_in_json_in_forms_and_in_addresses() {
        CORPUS.iter().for_each(|body| assert_stays_text(body));
    }

    proptest! {
        #[test]
        fn whatever_a_message_says_stays_text(body in any::<String>()) {
            assert_stays_text(&body);
        }
    }

    #[test]
    fn a_header_holds_what_it_is_filled_with_or_there_is_no_request() {
        let told = filled(&form(), "hi", "hunter2").unwrap();
        assert_eq!(told.headers["x-key"], "key hunter2");
        assert_eq!(told.headers["content-type"], "application/x-www-form-urlencoded");
        assert!(!format!("{told:?}").contains("hunter2"), "{told:?}");
        let refusal = filled(&form(), "hi", "a\r\nX-Evil: 1").unwrap_err();
        assert!(refusal.contains("X-Key") && !refusal.contains("Evil"), "{refusal}");
    }

    #[test]
    fn we_prove_who_we_are_as_the_gateway_wants() {
        let with = |authentication| Gateway { authentication, ..form() };
        let authorization = |authentication, secret: &str| {
            filled(&with(authentication), "hi", secret)
                .map(|told| told.headers["authorization"].to_str().unwrap().to_owned())
        };
        assert_eq!(authorization(Authentication::Bearer, "t0k").unwrap(), "Bearer t0k");
        let basic = Authentication::Basic { username: "me".into() };
        assert_eq!(
            authorization(basic, "pass:word").unwrap(),
            format!("Basic {}", BASE64_STANDARD.encode("me:pass:word"))
        );
        // RFC 2202 and RFC 4231, test case 2.
        for (hash, encoding, expected) in [
            (Hash::Sha1, Encoding::Hex, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Hash::Sha256, Encoding::Hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (Hash::Sha256, Encoding::Base64, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="),
        ] {
            let signature = Signature { header: "X-Signature".into(), prefix: "v=".into(), hash, encoding };
            let body = b"what do ya want for nothing?";
            assert_eq!(written(&signature, "Jefe", body), expected);
            let header = |value: String| move |name: &str| (name == "X-Signature").then(|| value.clone());
            assert!(is_signed(&signature, "Jefe", &header(format!("v={expected}")), body));
            assert!(!is_signed(&signature, "Jefe", &header(expected.to_owned()), body), "the prefix is missing");
            assert!(!is_signed(&signature, "jefe", &header(format!("v={expected}")), body));
            assert!(!is_signed(&signature, "Jefe", &header(format!("v={expected}")), b"what"));
            assert!(!is_signed(&signature, "Jefe", &header("v=".into()), body));
            assert!(!is_signed(&signature, "Jefe", &|_| None, body));
        }
        let signature = Signature { header: "X-Signature".into(), ..Signature::default() };
        let told = filled(&with(Authentication::Signed(signature.clone())), "hi", "Jefe").unwrap();
        let header = |name: &str| told.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        assert!(is_signed(&signature, "Jefe", &header, &told.body), "what is sent is what is signed");
    }
}
