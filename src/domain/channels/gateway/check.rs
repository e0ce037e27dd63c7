//! What does not fit in a text gateway.

use super::blank::{Blank, Piece, pieces};
use super::{Authentication, Gateway, GatewayPart, Incoming, Receipts, Request, RequestBody, Signature};
use crate::domain::record::Problem;
use crate::domain::record::schema::{Fault, text_fault};
use crate::limits;

/// Headers that say how the request itself is carried.
const OURS: [&str; 8] =
    ["host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect"];

fn at(pointer: impl Into<String>, fault: Option<Fault>) -> Option<Problem> {
    fault.map(|(code, detail)| Problem { pointer: pointer.into(), code, detail })
}

/// A member's name within a pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Whether it can name a header.
fn header_fault(name: &str) -> Option<Fault> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let fits = (1..=100).contains(&name.len()) && name.bytes().all(is_token);
    let is_ours = OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name));
    let detail = || format!("`{name}` is not the name of a header that can be set");
    (!fits || is_ours).then(|| ("header_invalid", detail()))
}

fn pointer_fault(pointer: &str) -> Option<Fault> {
    let fits = pointer.starts_with('/') && pointer.len() <= limits::GATEWAY_POINTER_MAX;
    let detail = || "a JSON pointer begins with `/`, such as /messages/0/id".to_owned();
    (!fits).then(|| ("pointer_invalid", detail()))
}

fn blanks_fault(text: &str) -> Option<Fault> {
    pieces(text).err().map(|why| ("blank_unknown", why))
}

fn names(text: &str, wanted: Blank) -> bool {
    pieces(text).is_ok_and(|pieces| pieces.contains(&Piece::Blank(wanted)))
}

/// The strings of a JSON document, each with its place.
fn strings(value: &serde_json::Value, place: &str, visit: &mut dyn FnMut(&str, &str)) {
    match value {
        serde_json::Value::String(text) => visit(place, text),
        serde_json::Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                strings(item, &format!("{place}/{number}"), visit);
            }
        }
        serde_json::Value::Object(members) => {
            members.iter().for_each(|(name, member)| strings(member, &format!("{place}/{}", escaped(name)), visit));
        }
        _ => {}
    }
}

impl Request {
    /// Every text that may have blanks, with its place and whether it stands in a header.
    fn texts(&self, visit: &mut dyn FnMut(&str, &str, bool)) {
        self.query.iter().for_each(|(name, value)| visit(&format!("/query/{}", escaped(name)), value, false));
        self.headers.iter().for_each(|(name, value)| visit(&format!("/headers/{}", escaped(name)), value, true));
        match &self.body {
            RequestBody::Empty => {}
            RequestBody::Form(fields) => {
                fields.iter().for_each(|(name, value)| visit(&format!("/form/{}", escaped(name)), value, false));
            }
            RequestBody::Json(text) => {
                let read = serde_json::from_str(text).unwrap_or_default();
                strings(&read, "/json", &mut |place, text| visit(place, text, false));
            }
        }
    }

    /// Whether a blank stands anywhere in it.
    pub fn names(&self, blank: Blank) -> bool {
        let mut found = false;
        self.texts(&mut |_, text, _| found |= names(text, blank));
        found
    }

    fn bytes(&self) -> usize {
        let fields = |fields: &std::collections::BTreeMap<String, String>| -> usize {
            fields.iter().map(|(name, value)| name.len() + value.len()).sum()
        };
        let body = match &self.body {
            RequestBody::Empty => 0,
            RequestBody::Form(form) => fields(form),
            RequestBody::Json(text) => text.len(),
        };
        self.url.len() + fields(&self.query) + fields(&self.headers) + body
    }

    /// Scheme, host and port: whom a secret was given to.
    fn origin(&self) -> &str {
        let end = self.url.match_indices('/').nth(2).map_or(self.url.len(), |(end, _)| end);
        self.url.get(..end).unwrap_or_default()
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        if self.bytes() > limits::GATEWAY_REQUEST_BYTES_MAX {
            let detail = format!("a request has at most {} bytes", limits::GATEWAY_REQUEST_BYTES_MAX);
            problems.push(Problem { pointer: "/request".into(), code: "too_long", detail });
        }
        if self.method == super::Method::Get && self.body != RequestBody::Empty {
            let detail = "a GET has no body; put its fields into `query`".into();
            problems.push(Problem { pointer: "/request/method".into(), code: "body_not_allowed", detail });
        }
        for name in self.headers.keys() {
            problems.extend(at(format!("/request/headers/{}", escaped(name)), header_fault(name)));
        }
        self.texts(&mut |place, text, is_header| {
            let pointer = format!("/request{place}");
            let control = || (is_header && text.chars().any(char::is_control)).then_some(());
            let control = control().map(|()| ("control_character", "holds a control character".to_owned()));
            let said = (is_header && names(text, Blank::Body))
                .then(|| ("blank_not_allowed", "what a message says does not go into a header".to_owned()));
            problems.extend(at(pointer, blanks_fault(text).or(control).or(said)));
        });
        let required = [(Blank::Body, "what the message says, {{ body }}")];
        for (blank, what) in required {
            if !self.names(blank) {
                let detail = format!("the request has to carry {what}");
                problems.push(Problem { pointer: "/request".into(), code: "blank_missing", detail });
            }
        }
        if !self.names(Blank::To) && !self.names(Blank::ToDigits) {
            let detail = "the request has to carry whom it is for, {{ to }} or {{ to_digits }}".into();
            problems.push(Problem { pointer: "/request".into(), code: "blank_missing", detail });
        }
        problems
    }
}

impl Signature {
    fn problems(&self, root: &str) -> Vec<Problem> {
        let prefix = self.prefix.bytes().any(|byte| !byte.is_ascii_graphic() && byte != b' ');
        let prefix =
            (prefix || self.prefix.len() > 100).then(|| ("header_invalid", "is no part of a header".to_owned()));
        [at(format!("{root}/header"), header_fault(&self.header)), at(format!("{root}/prefix"), prefix)]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Words that a status is compared with.
fn words_fault(words: &[String]) -> Option<Fault> {
    let too_many = words.len() > limits::GATEWAY_WORDS_MAX;
    let too_many = too_many.then(|| ("too_many", format!("at most {} words", limits::GATEWAY_WORDS_MAX)));
    too_many.or_else(|| words.iter().find_map(|word| text_fault(word, limits::GATEWAY_WORD_MAX, false)))
}

impl Receipts {
    fn problems(&self) -> Vec<Problem> {
        let pointer = |member: &str, pointer: &Option<String>| {
            at(format!("/receipts/{member}"), pointer.as_deref().and_then(pointer_fault))
        };
        let unnamed = self.message_id.is_none() && self.reference.is_none();
        let unnamed =
            unnamed.then(|| ("missing", "a receipt names its message: `message_id` or `reference`".to_owned()));
        [
            pointer("each", &self.each),
            pointer("message_id", &self.message_id),
            pointer("reference", &self.reference),
            pointer("detail", &self.detail),
            at("/receipts/status", pointer_fault(&self.status)),
            at("/receipts/delivered", words_fault(&self.delivered)),
            at("/receipts/failed", words_fault(&self.failed)),
            at("/receipts", unnamed),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Incoming {
    fn problems(&self) -> Vec<Problem> {
        let optional = |pointer: &Option<String>| pointer.as_deref().and_then(pointer_fault);
        [
            at("/incoming/each", optional(&self.each)),
            at("/incoming/from", pointer_fault(&self.from)),
            at("/incoming/body", pointer_fault(&self.body)),
            at("/incoming/id", optional(&self.id)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Gateway {
    /// Everything that does not fit, at once, but for whether its owner exists. `parts` is what was said of it.
    pub(in crate::domain::channels) fn problems(
        &self,
        before: Option<&Gateway>,
        parts: &[GatewayPart],
    ) -> Vec<Problem> {
        let country = self.country.as_deref().filter(|country| !crate::domain::phone::is_country(country));
        let country = country.map(|country| {
            (
                "country_unknown",
                format!("`{country}` is no country with phone numbers; one is two capital letters, such as ES"),
            )
        });
        let from = self.from.as_deref().and_then(|from| text_fault(from, limits::GATEWAY_FROM_MAX, false));
        let mut problems: Vec<Problem> = [
            at("/name", text_fault(&self.name, limits::GATEWAY_NAME_MAX, false)),
            at("/country", country),
            at("/from", from),
        ]
        .into_iter()
        .flatten()
        .collect();
        problems.extend(self.request.problems());
        problems.extend(self.authentication_problems(before, parts));
        problems.extend(self.answer_problems());
        problems.extend(self.receipts.iter().flat_map(Receipts::problems));
        problems.extend(self.incoming.iter().flat_map(Incoming::problems));
        problems.extend(self.callback.iter().flat_map(|signature| signature.problems("/callback_signature")));
        if self.callback.is_some() != self.callback_secret.is_some() {
            let detail = "`callback_signature` and `callback_secret` belong together".into();
            problems.push(Problem { pointer: "/callback_secret".into(), code: "missing", detail });
        }
        if self.is_idempotent && !self.request.names(Blank::Id) {
            let detail =
                "a provider can know a second attempt only by {{ id }}, which the request does not carry".into();
            problems.push(Problem { pointer: "/repeats".into(), code: "blank_missing", detail });
        }
        problems
    }

    fn authentication_problems(&self, before: Option<&Gateway>, parts: &[GatewayPart]) -> Vec<Problem> {
        let mut problems = match &self.authentication {
            Authentication::Signed(signature) => signature.problems("/authentication"),
            Authentication::Basic { username } => {
                let colon = username.contains(':').then(|| ("username_invalid", "a name has no colon".to_owned()));
                let fault = text_fault(username, limits::MAILBOX_LOGIN_MAX, false).or(colon);
                at("/authentication/username", fault).into_iter().collect()
            }
            Authentication::None | Authentication::Bearer => Vec::new(),
        };
        let is_needed = self.authentication != Authentication::None || self.request.names(Blank::Secret);
        if is_needed && self.secret.is_none() {
            let detail = "the request needs a secret, and there is none".into();
            problems.push(Problem { pointer: "/secret".into(), code: "missing", detail });
        }
        let is_kept = self.secret.is_some() && !parts.iter().any(|part| matches!(part, GatewayPart::Secret(_)));
        if is_kept && before.is_some_and(|before| before.request.origin() != self.request.origin()) {
            let detail = "give the secret again: it would go to another server than before".into();
            problems.push(Problem { pointer: "/secret".into(), code: "secret_needed", detail });
        }
        problems
    }

    fn answer_problems(&self) -> Vec<Problem> {
        let optional = |pointer: &Option<String>| pointer.as_deref().and_then(pointer_fault);
        let mut problems = vec![
            at("/answer/message_id", optional(&self.answer.message_id)),
            at("/answer/detail", optional(&self.answer.detail)),
        ];
        if let Some(verdict) = &self.answer.verdict {
            let nothing =
                verdict.taken.is_empty().then(|| ("empty", "say what stands there when it was taken".to_owned()));
            problems.push(at("/answer/status/at", pointer_fault(&verdict.at)));
            problems.push(at("/answer/status/taken", words_fault(&verdict.taken).or(nothing)));
            problems.push(at("/answer/status/later", words_fault(&verdict.later)));
        }
        problems.into_iter().flatten().collect()
    }
}
