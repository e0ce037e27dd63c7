//! The fields of a text gateway: the request that its provider wants, and where what it answers says what became of a message.

use maud::{Markup, html};
use serde_json::Value;

use crate::web::ui::admin::parts::{fold, text, texts};
use crate::web::ui::form::{Form, is_flat};
use crate::web::ui::words::Words;

/// What fills itself in.
const BLANKS: [&str; 6] = ["{{ to }}", "{{ to_digits }}", "{{ from }}", "{{ body }}", "{{ id }}", "{{ secret }}"];

/// The fields of one gateway.
pub struct Fields<'a> {
    /// Where they stand.
    pub form: &'a Form<'a>,
    /// Their language.
    pub words: Words,
    /// What the API says of it.
    pub gateway: &'a Value,
}

impl Fields<'_> {
    fn label(&self, name: &str) -> String {
        self.words.say(&format!("gateway-{name}"))
    }

    fn help(&self, name: &str) -> String {
        self.words.say(&format!("gateway-{name}-help"))
    }

    /// A secret, which is only ever written.
    fn secret(&self, name: &str, has: &str, label: &str) -> Markup {
        let kept = self.words.say(if self.gateway[has] == true { "secret-kept" } else { "secret-none" });
        self.form.input("password", &format!("{name}:?"), &self.label(label), "", Some(&kept))
    }

    /// Everything.
    pub fn show(&self, owners: &[(String, String)]) -> Markup {
        let (form, words, gateway) = (self.form, self.words, self.gateway);
        let repeats = ["blind", "idempotent"].map(|kind| (kind, words.say(&format!("gateway-repeats-{kind}-long"))));
        html! {
            div.fields {
                (form.text("name", &words.say("name"), text(&gateway["name"])))
                (form.input("text", "from:optional", &self.label("from"), text(&gateway["from"]), Some(&self.help("from"))))
                (form.input("text", "country:optional", &self.label("country"), text(&gateway["country"]), Some(&self.help("country"))))
                (form.select("owner:json", &words.say("owner"), &gateway["owner"].to_string(), owners))
            }
            (form.select("repeats", &self.label("repeats"), text(&gateway["repeats"]), &repeats))
            (self.request())
            (self.proof())
            h2.part { (self.label("back")) }
            p.help { (self.help("back")) }
            (fold(&self.label("answer"), form.is_refused(), &self.answer()))
            (fold(&self.label("receipts"), form.is_refused(), &self.receipts()))
            (fold(&self.label("incoming"), form.is_refused(), &self.incoming()))
            (fold(&self.label("callback"), form.is_refused(), &html! {
                p.help { (self.help("callback")) }
                (self.signature("callback_signature", &gateway["callback_signature"]))
                (self.secret("callback_secret", "has_callback_secret", "callback-secret"))
            }))
        }
    }

    fn request(&self) -> Markup {
        let (form, request) = (self.form, &self.gateway["request"]);
        let methods = ["POST", "PUT", "GET"].map(|method| (method, method));
        let pairs = |name: &str| {
            form.pairs(self.words, &format!("request.{name}"), &self.label(name), &request[name], "gateway-blanks")
        };
        html! {
            h2.part { (self.label("request")) }
            p.help { (self.help("request")) }
            datalist #gateway-blanks { @for blank in BLANKS { option value=(blank) {} } }
            div.fields {
                (form.select("request.method", &self.label("method"), text(&request["method"]), &methods))
                (form.input("url", "request.url", &self.label("url"), text(&request["url"]), None))
            }
            @if is_flat(&request["json"]) { (pairs("json")) } @else {
                (form.area("request.json:json", &self.label("json"), &serde_json::to_string_pretty(&request["json"]).unwrap_or_default(), 7, Some(&self.help("json"))))
            }
            (fold(&self.label("more"), form.is_refused() || request["form"].is_object(), &html! { (pairs("form")) (pairs("query")) (pairs("headers")) }))
        }
    }

    fn proof(&self) -> Markup {
        let (form, words, proof) = (self.form, self.words, &self.gateway["authentication"]);
        let proofs = ["none", "bearer", "basic", "hmac"].map(|proof| (proof, words.say(&format!("proof-{proof}"))));
        html! {
            h2.part { (self.label("proof")) }
            div.fields {
                (form.select("authentication.type", &self.label("proof"), text(&proof["type"]), &proofs))
                (form.text("authentication.username:optional", &words.say("server-username"), text(&proof["username"])))
                (self.secret("secret", "has_secret", "secret"))
            }
            (fold(&self.label("signature"), form.is_refused(), &self.signature("authentication.signature", &proof["signature"])))
        }
    }

    /// A signature: none where nothing of it is filled in.
    fn signature(&self, name: &str, signature: &Value) -> Markup {
        let (form, words) = (self.form, self.words);
        let at = |member: &str| format!("{name}.{member}:?");
        let usual = ("", words.say("gateway-usual"));
        let hashes =
            [usual.clone(), ("sha256", "SHA-256".into()), ("sha512", "SHA-512".into()), ("sha1", "SHA-1".into())];
        let encodings = [usual, ("hex", self.label("hex")), ("base64", "Base64".into())];
        html! {
            (form.maybe(name))
            div.fields {
                (form.input("text", &at("header"), &self.label("signature-header"), text(&signature["header"]), None))
                (form.input("text", &at("prefix"), &self.label("signature-prefix"), text(&signature["prefix"]), None))
                (form.select(&at("hash"), &self.label("signature-hash"), text(&signature["hash"]), &hashes))
                (form.select(&at("encoding"), &self.label("signature-encoding"), text(&signature["encoding"]), &encodings))
            }
        }
    }

    /// Where something stands: a JSON pointer.
    fn pointer(&self, name: &str, label: &str, value: &Value) -> Markup {
        self.form.input("text", &format!("{name}:optional"), &self.label(label), text(value), None)
    }

    /// What may stand there, one on each line.
    fn lines(&self, name: &str, label: &str, value: &Value) -> Markup {
        self.form.area(&format!("{name}:lines"), &self.label(label), &texts(value).join("\n"), 2, None)
    }

    fn answer(&self) -> Markup {
        let answer = &self.gateway["answer"];
        let status = &answer["status"];
        html! {
            p.help { (self.help("answer")) }
            div.fields {
                (self.pointer("answer.message_id", "at-id", &answer["message_id"]))
                (self.pointer("answer.detail", "at-detail", &answer["detail"]))
                (self.pointer("answer.status.at", "at-verdict", &status["at"]))
                (self.lines("answer.status.taken", "taken", &status["taken"]))
                (self.lines("answer.status.later", "later", &status["later"]))
            }
            (self.form.maybe("answer.status"))
        }
    }

    fn receipts(&self) -> Markup {
        let receipts = &self.gateway["receipts"];
        html! {
            p.help { (self.help("receipts")) }
            (self.form.maybe("receipts"))
            div.fields {
                (self.pointer("receipts.status", "at-status", &receipts["status"]))
                (self.lines("receipts.delivered", "delivered", &receipts["delivered"]))
                (self.lines("receipts.failed", "failed", &receipts["failed"]))
                (self.pointer("receipts.message_id", "at-id", &receipts["message_id"]))
                (self.pointer("receipts.reference", "at-reference", &receipts["reference"]))
                (self.pointer("receipts.detail", "at-detail", &receipts["detail"]))
                (self.pointer("receipts.each", "at-each", &receipts["each"]))
            }
        }
    }

    fn incoming(&self) -> Markup {
        let incoming = &self.gateway["incoming"];
        html! {
            p.help { (self.help("incoming")) }
            (self.form.maybe("incoming"))
            div.fields {
                (self.pointer("incoming.from", "at-from", &incoming["from"]))
                (self.pointer("incoming.body", "at-body", &incoming["body"]))
                (self.pointer("incoming.id", "at-id", &incoming["id"]))
                (self.pointer("incoming.each", "at-each", &incoming["each"]))
            }
        }
    }
}
