//! Bodies of every command of the API.

use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::server::{Known, ask};

/// Which command, whether it has a key, and the body.
pub fn run(bytes: &[u8]) {
    let [choice, extra, body @ ..] = bytes else { return };
    ask(|known| {
        let (method, path) = route(*choice, known);
        let request = TestRequest::with_uri(&format!("/api/v1{path}")).method(method);
        let mut request = request.insert_header(("content-type", "application/json")).set_payload(body.to_vec());
        if extra & 1 == 1 {
            request = request.insert_header(("idempotency-key", format!("key {}", extra >> 4)));
        }
        if extra & 2 == 2 {
            request = request.insert_header(("if-match", format!("\"v{}\"", extra >> 4)));
        }
        request
    });
}

fn route(choice: u8, known: &Known) -> (Method, String) {
    let Known { record, sequence, draft, enrolment, step } = known;
    let routes = [
        (Method::POST, "/records".to_owned()),
        (Method::POST, "/records/batch".to_owned()),
        (Method::PUT, "/records/external/contact/two".to_owned()),
        (Method::PATCH, format!("/records/{record}")),
        (Method::POST, format!("/records/{record}/close")),
        (Method::POST, format!("/records/{record}/reopen")),
        (Method::POST, "/sequences".to_owned()),
        (Method::PATCH, format!("/sequences/{draft}")),
        (Method::PUT, format!("/sequences/{draft}/graph")),
        (Method::POST, format!("/sequences/{draft}/validate")),
        (Method::POST, format!("/sequences/{draft}/activate")),
        (Method::POST, format!("/sequences/{draft}/deactivate")),
        (Method::POST, format!("/sequences/{sequence}/enrolments")),
        (Method::POST, format!("/enrolments/{enrolment}/disconnect")),
        (Method::POST, format!("/steps/{step}/complete")),
        (Method::POST, format!("/steps/{step}/skip")),
        (Method::POST, format!("/steps/{step}/snooze")),
        (Method::POST, format!("/steps/{step}/note")),
        (Method::POST, "/events".to_owned()),
        (Method::POST, "/test-clock/advance".to_owned()),
        (Method::POST, "/users".to_owned()),
        (Method::POST, "/teams".to_owned()),
        (Method::POST, "/tokens".to_owned()),
        (Method::PATCH, "/settings".to_owned()),
    ];
    routes[usize::from(choice) % routes.len()].clone()
}
