//! Forms of pages: names that are places in JSON, values in many kinds, conditions in rows; and forms with a file.

use actix_web::web::Bytes;
use chrono_tz::Tz;
use relance::web::ui::form::read;
use relance::web::ui::upload;

/// Pairs as a browser writes them, or the parts of a form with a file; the first byte chooses, and the zone.
pub fn run(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    if *choice >= 128 {
        let body = Bytes::copy_from_slice(rest);
        if let Some(upload) = upload::read("x", &body) {
            let said = upload.fields.iter().map(|(_, text)| text.len()).sum::<usize>();
            let file = upload.file.map_or(0, |file| file.bytes.len());
            assert!(said + file <= body.len() && upload.fields.len() <= 32);
        }
        return;
    }
    let zones = [Tz::UTC, Tz::Europe__Paris, Tz::Asia__Kolkata, Tz::Australia__Lord_Howe];
    let zone = zones[usize::from(*choice) % zones.len()];
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(rest).into_owned().collect();
    match read(&fields, zone) {
        Ok(said) => {
            // What is said is JSON that comes back as it is, and nothing that begins with `_` is in it.
            let written = said.to_string();
            assert_eq!(serde_json::from_str::<serde_json::Value>(&written).ok().as_ref(), Some(&said), "{written}");
            assert!(said.as_object().is_none_or(|said| said.keys().all(|name| !name.starts_with('_'))), "{written}");
        }
        Err(problem) => assert!(problem.code == "malformed" && !problem.errors.is_empty(), "{problem}"),
    }
}
