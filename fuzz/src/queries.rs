//! Addresses: paths, ids and external keys in them, query parameters, cursors, and the headers beside them.

use actix_web::http::{Method, Uri, header::HeaderValue};
use actix_web::test::TestRequest;

use crate::parts;
use crate::server::ask;

/// Words that stand for ids of the server.
const WORDS: [&str; 5] = ["RECORD", "SEQUENCE", "DRAFT", "ENROLMENT", "STEP"];

/// The method's number, the address, and headers, between zero bytes.
pub fn run(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let [address, if_match, language, authorization] = parts(rest);
    let methods = [Method::GET, Method::GET, Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let method = methods[usize::from(*choice) % methods.len()].clone();
    ask(|known| {
        let ids = [&known.record, &known.sequence, &known.draft, &known.enrolment, &known.step];
        let address = WORDS.iter().zip(ids).fold(address, |address, (word, id)| address.replace(word, id));
        // What is no address the HTTP parser has refused before.
        let uri: Uri = match address.parse() {
            Ok(uri) if address.starts_with('/') => uri,
            _ => Uri::from_static("/api/v1/records"),
        };
        let mut request = TestRequest::with_uri(&uri.to_string()).method(method);
        for (name, value) in [("if-match", if_match), ("accept-language", language), ("idempotency-key", authorization)]
        {
            if let Ok(value) = HeaderValue::from_str(&value)
                && !value.is_empty()
            {
                request = request.insert_header((name, value));
            }
        }
        request
    });
}
