//! What proves who sends a request: the texts of `Authorization` and `Cookie`. None that was made up lets anybody in.

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::test::TestRequest;
use relance::web::secret::Secret;

use crate::server::ask_as_is;

/// Which header, or a secret as it stands, and its bytes.
pub fn run(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let with = |name, prefix: &[u8]| {
        let Ok(value) = HeaderValue::from_bytes(&[prefix, rest].concat()) else { return };
        let status = ask_as_is(|_| TestRequest::with_uri("/api/v1/me").insert_header((name, value)));
        assert_eq!(status, StatusCode::UNAUTHORIZED, "a made-up credential let somebody in");
    };
    match choice % 6 {
        0 => with("authorization", b""),
        1 => with("authorization", b"Bearer "),
        2 => with("cookie", b""),
        3 => with("cookie", b"relance="),
        4 => with("cookie", b"__Host-relance="),
        _ => {
            let Ok(text) = std::str::from_utf8(rest) else { return };
            if let Some(secret) = Secret::parse(text) {
                assert!(secret.text() == text, "a secret is read as it is written");
            }
        }
    }
}
