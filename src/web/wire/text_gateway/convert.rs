//! Between what clients write of a text gateway and what is stored, member by member.

use super::{
    GatewayAnswer, GatewayAuthentication, GatewayEncoding, GatewayHash, GatewayIncoming, GatewayMethod, GatewayProof,
    GatewayReceipts, GatewayRequest, GatewaySignature, GatewayVerdict,
};
use crate::domain::channels::gateway as stored;
use crate::domain::record::Problem as Fault;
use crate::web::problem::Problem;

impl From<GatewayMethod> for stored::Method {
    fn from(method: GatewayMethod) -> Self {
        match method {
            GatewayMethod::Post => Self::Post,
            GatewayMethod::Put => Self::Put,
            GatewayMethod::Get => Self::Get,
        }
    }
}

impl From<stored::Request> for GatewayRequest {
    fn from(request: stored::Request) -> Self {
        let stored::Request { method, url, query, headers, body } = request;
        let method = match method {
            stored::Method::Post => GatewayMethod::Post,
            stored::Method::Put => GatewayMethod::Put,
            stored::Method::Get => GatewayMethod::Get,
        };
        let (form, json) = match body {
            stored::RequestBody::Empty => (None, None),
            stored::RequestBody::Form(form) => (Some(form), None),
            stored::RequestBody::Json(text) => (None, serde_json::from_str(&text).ok()),
        };
        Self { method, url, query, headers, form, json }
    }
}

impl From<GatewaySignature> for stored::Signature {
    fn from(GatewaySignature { header, prefix, hash, encoding }: GatewaySignature) -> Self {
        let hash = match hash {
            GatewayHash::Sha256 => stored::Hash::Sha256,
            GatewayHash::Sha512 => stored::Hash::Sha512,
            GatewayHash::Sha1 => stored::Hash::Sha1,
        };
        let encoding = match encoding {
            GatewayEncoding::Hex => stored::Encoding::Hex,
            GatewayEncoding::Base64 => stored::Encoding::Base64,
        };
        Self { header, prefix, hash, encoding }
    }
}

impl From<stored::Signature> for GatewaySignature {
    fn from(stored::Signature { header, prefix, hash, encoding }: stored::Signature) -> Self {
        let hash = match hash {
            stored::Hash::Sha256 => GatewayHash::Sha256,
            stored::Hash::Sha512 => GatewayHash::Sha512,
            stored::Hash::Sha1 => GatewayHash::Sha1,
        };
        let encoding = match encoding {
            stored::Encoding::Hex => GatewayEncoding::Hex,
            stored::Encoding::Base64 => GatewayEncoding::Base64,
        };
        Self { header, prefix, hash, encoding }
    }
}

impl TryFrom<GatewayAuthentication> for stored::Authentication {
    type Error = Problem;

    fn try_from(GatewayAuthentication { kind, username, signature }: GatewayAuthentication) -> Result<Self, Problem> {
        let fault = |member: &str, code, detail: &str| {
            let (pointer, detail) = (format!("/authentication/{member}"), detail.to_owned());
            Problem::invalid(vec![Fault { pointer, code, detail }])
        };
        if username.is_some() && !matches!(kind, GatewayProof::Basic) {
            return Err(fault("username", "not_allowed", "only `basic` has a name"));
        }
        if signature.is_some() && !matches!(kind, GatewayProof::Hmac) {
            return Err(fault("signature", "not_allowed", "only `hmac` has a signature"));
        }
        Ok(match kind {
            GatewayProof::None => Self::None,
            GatewayProof::Bearer => Self::Bearer,
            GatewayProof::Basic => {
                let missing = || fault("username", "missing", "`basic` needs the name that the secret belongs to");
                Self::Basic { username: username.ok_or_else(missing)? }
            }
            GatewayProof::Hmac => {
                let missing = || fault("signature", "missing", "`hmac` needs to know how the signature is written");
                Self::Signed(signature.ok_or_else(missing)?.into())
            }
        })
    }
}

impl From<stored::Authentication> for GatewayAuthentication {
    fn from(authentication: stored::Authentication) -> Self {
        let (kind, username, signature) = match authentication {
            stored::Authentication::None => (GatewayProof::None, None, None),
            stored::Authentication::Bearer => (GatewayProof::Bearer, None, None),
            stored::Authentication::Basic { username } => (GatewayProof::Basic, Some(username), None),
            stored::Authentication::Signed(signature) => (GatewayProof::Hmac, None, Some(signature.into())),
        };
        Self { kind, username, signature }
    }
}

impl From<GatewayAnswer> for stored::Answer {
    fn from(GatewayAnswer { message_id, status, detail }: GatewayAnswer) -> Self {
        let verdict = status.map(|GatewayVerdict { at, taken, later }| stored::Verdict { at, taken, later });
        Self { message_id, verdict, detail }
    }
}

impl From<stored::Answer> for GatewayAnswer {
    fn from(stored::Answer { message_id, verdict, detail }: stored::Answer) -> Self {
        let status = verdict.map(|stored::Verdict { at, taken, later }| GatewayVerdict { at, taken, later });
        Self { message_id, status, detail }
    }
}

impl From<GatewayReceipts> for stored::Receipts {
    fn from(receipts: GatewayReceipts) -> Self {
        let GatewayReceipts { each, message_id, reference, status, delivered, failed, detail } = receipts;
        Self { each, message_id, reference, status, delivered, failed, detail }
    }
}

impl From<stored::Receipts> for GatewayReceipts {
    fn from(receipts: stored::Receipts) -> Self {
        let stored::Receipts { each, message_id, reference, status, delivered, failed, detail } = receipts;
        Self { each, message_id, reference, status, delivered, failed, detail }
    }
}

impl From<GatewayIncoming> for stored::Incoming {
    fn from(GatewayIncoming { each, from, body, id }: GatewayIncoming) -> Self {
        Self { each, from, body, id }
    }
}

impl From<stored::Incoming> for GatewayIncoming {
    fn from(stored::Incoming { each, from, body, id }: stored::Incoming) -> Self {
        Self { each, from, body, id }
    }
}
