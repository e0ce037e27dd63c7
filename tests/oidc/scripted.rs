//! A provider that says whatever a test wants it to say, so that every lie can be told to us.

use std::sync::{Arc, Mutex};

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// What it answers, by path; whatever is asked is noted.
#[derive(Default)]
pub struct Script {
    answers: Vec<(&'static str, u16, String)>,
    asked: Vec<Asked>,
}

/// A request to it.
#[derive(Clone, Default)]
pub struct Asked {
    path: String,
    pub authorization: String,
    pub body: String,
}

/// A running provider of lies; it ends with the test's runtime.
pub struct Scripted {
    pub issuer: String,
    script: Arc<Mutex<Script>>,
}

impl Scripted {
    /// Honest at first: it knows this one key.
    pub fn start(key: &Key) -> Scripted {
        let script = Arc::new(Mutex::new(Script::default()));
        let data = Data::from(script.clone());
        let server =
            HttpServer::new(move || App::new().app_data(data.clone()).default_service(actix_web::web::to(tell)));
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        let scripted = Scripted { issuer, script };
        scripted.answer("/.well-known/openid-configuration", 200, scripted.description());
        scripted.publish(&[key]);
        scripted
    }

    pub fn description(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/auth"),
            "token_endpoint": at("/token"),
            "userinfo_endpoint": at("/me"),
            "jwks_uri": at("/keys"),
        })
    }

    /// From now on, `path` is answered so.
    pub fn answer(&self, path: &'static str, status: u16, body: Value) {
        self.answer_raw(path, status, body.to_string());
    }

    pub fn answer_raw(&self, path: &'static str, status: u16, body: String) {
        let mut script = self.script.lock().unwrap();
        script.answers.retain(|(known, ..)| *known != path);
        script.answers.push((path, status, body));
    }

    pub fn publish(&self, keys: &[&Key]) {
        self.answer("/keys", 200, json!({ "keys": keys.iter().map(|key| key.public()).collect::<Vec<_>>() }));
    }

    /// What the next code is exchanged for.
    pub fn give(&self, id_token: &str) {
        self.answer(
            "/token",
            200,
            json!({ "id_token": id_token, "access_token": "for userinfo", "token_type": "Bearer" }),
        );
    }

    /// How often a path was asked.
    pub fn asked(&self, path: &str) -> usize {
        self.script.lock().unwrap().asked.iter().filter(|asked| asked.path == path).count()
    }

    /// What a path was asked last.
    pub fn last(&self, path: &str) -> Asked {
        let script = self.script.lock().unwrap();
        script.asked.iter().rfind(|asked| asked.path == path).cloned().unwrap_or_default()
    }
}

async fn tell(request: HttpRequest, script: Data<Mutex<Script>>, body: Bytes) -> HttpResponse {
    let mut script = script.lock().unwrap();
    let authorization = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    script.asked.push(Asked {
        path: request.path().to_owned(),
        authorization: authorization.unwrap_or_default(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let found = script.answers.iter().find(|(path, ..)| *path == request.path());
    match found {
        // Where it leads is noted like any other path; whoever follows is found out.
        Some((_, status @ 300..400, to)) => {
            HttpResponse::build(actix_web::http::StatusCode::from_u16(*status).unwrap())
                .insert_header(("location", to.as_str()))
                .finish()
        }
        Some((_, status, body)) => {
            HttpResponse::build(actix_web::http::StatusCode::from_u16(*status).unwrap()).body(body.clone())
        }
        None => HttpResponse::NotFound().finish(),
    }
}

/// A key that signs ID tokens.
pub struct Key {
    id: String,
    pair: EcdsaKeyPair,
    chance: SystemRandom,
}

impl Key {
    pub fn new(id: &str) -> Key {
        let chance = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &chance).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &chance).unwrap();
        Key { id: id.to_owned(), pair, chance }
    }

    /// Its two coordinates.
    pub fn point(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// As it is published.
    pub fn public(&self) -> Value {
        let (x, y) = self.point()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.id, "x": encode(x), "y": encode(y) })
    }

    pub fn header(&self) -> Value {
        json!({ "alg": "ES256", "kid": self.id })
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self.pair.sign(&self.chance, message.as_bytes()).unwrap();
        format!("{message}.{}", encode(signature.as_ref()))
    }
}

/// The part of a token that is signed.
pub fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()))
}

pub fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
