//! A text gateway as clients write and read it. Secrets only come in, and are sealed on the way.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::mailbox::sealed;
use crate::connector::secret::Secret;
use crate::connector::text::{CALLBACK, SECRET};
use crate::domain::channels::gateway as stored;
use crate::domain::channels::gateway::{Gateway, GatewayPart};
use crate::domain::channels::mailbox::Sealed;
use crate::domain::record::Problem as Fault;
use crate::id::GatewayId;
use crate::web::App;
use crate::web::problem::Problem;
use crate::web::request::{object, present};
use crate::web::wire::record::Owner;

/// How the request is made.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
pub enum GatewayMethod {
    /// With a body.
    #[default]
    #[serde(rename = "POST")]
    Post,
    /// With a body.
    #[serde(rename = "PUT")]
    Put,
    /// Without one.
    #[serde(rename = "GET")]
    Get,
}

/// The request that hands a text message over. Values of `query`, `headers`, `form` and the strings of `json` have blanks:
/// `{{ to }}` (the number, `+34600123456`), `{{ to_digits }}` (without `+`), `{{ from }}`, `{{ body }}`, `{{ id }}` (the same for
/// each attempt) and `{{ secret }}`. What fills them is escaped, and stays the text that it is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayRequest {
    #[serde(default)]
    method: GatewayMethod,
    /// `https://…`, without blanks; plain http and addresses that are not public only where the configuration allows them.
    url: String,
    #[serde(default)]
    query: BTreeMap<String, String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The body as a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    form: Option<BTreeMap<String, String>>,
    /// The body as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    json: Option<serde_json::Value>,
}

/// What an HMAC is made with.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GatewayHash {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
    /// SHA-1.
    Sha1,
}

/// How an HMAC is written.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GatewayEncoding {
    /// Hexadecimal digits.
    #[default]
    Hex,
    /// Base64.
    Base64,
}

/// An HMAC over the bytes of the body.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewaySignature {
    /// The header that it stands in.
    header: String,
    /// What stands before it there, such as `sha256=`.
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    hash: GatewayHash,
    #[serde(default)]
    encoding: GatewayEncoding,
}

/// How we prove who we are.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GatewayProof {
    /// Not at all, or by `{{ secret }}` in the request.
    #[default]
    None,
    /// The secret is a bearer token.
    Bearer,
    /// The secret is the password of `username`.
    Basic,
    /// The secret signs the body, as `signature` says.
    Hmac,
}

/// How we prove who we are, and what that takes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayAuthentication {
    #[serde(rename = "type")]
    kind: GatewayProof,
    /// Of `basic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// Of `hmac`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "object")]
    signature: Option<GatewaySignature>,
}

/// Where an answer of 200–299 says whether the message was taken.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayVerdict {
    /// A JSON pointer.
    at: String,
    /// What stands there when it was taken.
    taken: Vec<String>,
    /// What stands there when it can be tried again later. Everything else refuses it for good.
    #[serde(default)]
    later: Vec<String>,
}

/// What is read in an answer, by JSON pointers.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayAnswer {
    /// The provider's id of the message.
    #[serde(default)]
    message_id: Option<String>,
    /// For providers that refuse with 200.
    #[serde(default, deserialize_with = "object")]
    status: Option<GatewayVerdict>,
    /// What went wrong.
    #[serde(default)]
    detail: Option<String>,
}

/// What is read in a delivery receipt, by JSON pointers; `/name` is also the field `name` of a form.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayReceipts {
    /// The list of receipts, where several come at once; the other pointers begin at each of them.
    #[serde(default)]
    each: Option<String>,
    /// The provider's id of the message.
    #[serde(default)]
    message_id: Option<String>,
    /// Our id of it, which `{{ id }}` has given.
    #[serde(default)]
    reference: Option<String>,
    /// What became of it.
    status: String,
    /// What stands there when it has arrived.
    delivered: Vec<String>,
    /// What stands there when it never will.
    failed: Vec<String>,
    /// Why it has not.
    #[serde(default)]
    detail: Option<String>,
}

/// What is read in a message that came in, likewise.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayIncoming {
    /// The list of messages, where several come at once.
    #[serde(default)]
    each: Option<String>,
    /// The number that it comes from.
    from: String,
    /// What it says.
    body: String,
    /// The provider's id of it.
    #[serde(default)]
    id: Option<String>,
}

/// What a second attempt is to the provider.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GatewayRepeats {
    /// The same message, known by `{{ id }}`: what nobody knows of is tried again.
    Idempotent,
    /// Another message: what nobody knows of is shown, and a person settles it.
    Blind,
}

/// A text gateway.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextGatewayView {
    id: String,
    name: String,
    /// Whose messages leave through it; null is everybody's.
    owner: Option<Owner>,
    country: Option<String>,
    from: Option<String>,
    repeats: GatewayRepeats,
    request: GatewayRequest,
    authentication: GatewayAuthentication,
    /// Whether there is a secret; it is never shown.
    has_secret: bool,
    answer: GatewayAnswer,
    receipts: Option<GatewayReceipts>,
    incoming: Option<GatewayIncoming>,
    callback_signature: Option<GatewaySignature>,
    /// Likewise.
    has_callback_secret: bool,
}

/// What may be written of a text gateway. A new one needs a name and a request; what is named takes the place of what was there,
/// as a whole.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextGatewayBody {
    /// At most 100 characters.
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Owner>)]
    owner: Option<Option<Owner>>,
    /// Where numbers without a country are, if neither the record nor its owner's calendar says so: `ES`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    country: Option<Option<String>>,
    /// Whom messages come from, `{{ from }}`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    from: Option<Option<String>>,
    /// `blind` where it is not given.
    repeats: Option<GatewayRepeats>,
    #[serde(default, deserialize_with = "object")]
    request: Option<GatewayRequest>,
    #[serde(default, deserialize_with = "object")]
    authentication: Option<GatewayAuthentication>,
    /// At most 4,000 bytes; kept sealed and never shown. It has to be given again where it would go to another server.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = Password)]
    secret: Option<Option<Secret>>,
    #[serde(default, deserialize_with = "object")]
    answer: Option<GatewayAnswer>,
    /// Null takes none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<GatewayReceipts>)]
    receipts: Option<Option<GatewayReceipts>>,
    /// Null takes none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<GatewayIncoming>)]
    incoming: Option<Option<GatewayIncoming>>,
    /// How the provider signs receipts and incoming messages; they are not looked at without it then.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<GatewaySignature>)]
    callback_signature: Option<Option<GatewaySignature>>,
    /// What it signs with; likewise.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = Password)]
    callback_secret: Option<Option<Secret>>,
}

fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    object(from).map(Some)
}

mod convert;

/// A member's name and value, as the audit trail tells them; of a secret only whether there is one.
pub fn told(part: &GatewayPart) -> (&'static str, String) {
    fn text<T: Serialize>(value: T) -> String {
        serde_json::to_string(&value).unwrap_or_default()
    }
    let secret = |secret: &Option<Sealed>| if secret.is_some() { "(set)" } else { "(none)" }.to_owned();
    match part.clone() {
        GatewayPart::Name(name) => ("name", name),
        GatewayPart::Owner(of) => ("owner", of.map(Owner::from).map(text).unwrap_or_default()),
        GatewayPart::Country(country) => ("country", country.unwrap_or_default()),
        GatewayPart::From(from) => ("from", from.unwrap_or_default()),
        GatewayPart::Idempotent(is_idempotent) => {
            ("repeats", if is_idempotent { "idempotent" } else { "blind" }.into())
        }
        GatewayPart::Request(request) => ("request", text(GatewayRequest::from(request))),
        GatewayPart::Authentication(of) => ("authentication", text(GatewayAuthentication::from(of))),
        GatewayPart::Secret(of) => ("secret", secret(&of)),
        GatewayPart::Answer(answer) => ("answer", text(GatewayAnswer::from(answer))),
        GatewayPart::Receipts(of) => ("receipts", text(of.map(GatewayReceipts::from))),
        GatewayPart::Incoming(of) => ("incoming", text(of.map(GatewayIncoming::from))),
        GatewayPart::Callback(of) => ("callback_signature", text(of.map(GatewaySignature::from))),
        GatewayPart::CallbackSecret(of) => ("callback_secret", secret(&of)),
    }
}

impl TextGatewayView {
    /// A gateway without its secrets.
    pub fn of(id: GatewayId, gateway: &Gateway) -> TextGatewayView {
        let gateway = gateway.clone();
        TextGatewayView {
            id: id.to_string(),
            name: gateway.name,
            owner: gateway.owner.map(Owner::from),
            country: gateway.country,
            from: gateway.from,
            repeats: if gateway.is_idempotent { GatewayRepeats::Idempotent } else { GatewayRepeats::Blind },
            request: gateway.request.into(),
            authentication: gateway.authentication.into(),
            has_secret: gateway.secret.is_some(),
            answer: gateway.answer.into(),
            receipts: gateway.receipts.map(GatewayReceipts::from),
            incoming: gateway.incoming.map(GatewayIncoming::from),
            callback_signature: gateway.callback.map(GatewaySignature::from),
            has_callback_secret: gateway.callback_secret.is_some(),
        }
    }
}

impl TextGatewayBody {
    /// What the members change, with secrets sealed and the address judged. Whether the rest fits is judged by the channels.
    pub fn parts(self, app: &App) -> Result<Vec<GatewayPart>, Problem> {
        let owner = self.owner.map(|owner| owner.map(|owner| owner.read()).transpose()).transpose()?;
        let request = self.request.map(|request| request.read(app)).transpose()?;
        let authentication = self.authentication.map(stored::Authentication::try_from).transpose()?;
        let seal = |secret: Option<Option<Secret>>, purpose: &str, pointer: &str| {
            secret
                .map(|secret| secret.map(|secret| sealed(&app.seal, purpose, &secret, pointer)).transpose())
                .transpose()
        };
        let secret = seal(self.secret, SECRET, "/secret")?;
        let callback_secret = seal(self.callback_secret, CALLBACK, "/callback_secret")?;
        let parts = [
            self.name.map(GatewayPart::Name),
            owner.map(GatewayPart::Owner),
            self.country.map(GatewayPart::Country),
            self.from.map(GatewayPart::From),
            self.repeats.map(|repeats| GatewayPart::Idempotent(matches!(repeats, GatewayRepeats::Idempotent))),
            request.map(GatewayPart::Request),
            authentication.map(GatewayPart::Authentication),
            secret.map(GatewayPart::Secret),
            self.answer.map(|answer| GatewayPart::Answer(answer.into())),
            self.receipts.map(|receipts| GatewayPart::Receipts(receipts.map(Into::into))),
            self.incoming.map(|incoming| GatewayPart::Incoming(incoming.map(Into::into))),
            self.callback_signature.map(|signature| GatewayPart::Callback(signature.map(Into::into))),
            callback_secret.map(GatewayPart::CallbackSecret),
        ];
        Ok(parts.into_iter().flatten().collect())
    }
}

impl GatewayRequest {
    fn read(self, app: &App) -> Result<stored::Request, Problem> {
        let at = |pointer: &str, code, detail| Problem::invalid(vec![Fault { pointer: pointer.into(), code, detail }]);
        let url = app.sender.admissible(&self.url).map_err(|detail| at("/request/url", "url_invalid", detail))?;
        let body = match (self.form, self.json) {
            (Some(_), Some(_)) => {
                return Err(at("/request/json", "body_not_allowed", "a body is a form or JSON, not both".into()));
            }
            (Some(form), None) => stored::RequestBody::Form(form),
            (None, Some(json)) => stored::RequestBody::Json(json.to_string()),
            (None, None) => stored::RequestBody::Empty,
        };
        let method = self.method.into();
        Ok(stored::Request { method, url, query: self.query, headers: self.headers, body })
    }
}
