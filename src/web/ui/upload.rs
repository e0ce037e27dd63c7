//! Files that forms send, as browsers write them (RFC 7578): fields about the request, as of any form (`form.rs`), and one file,
//! which goes to the API as a body of its own. `_name` says under which name of the query the file's name goes along.

use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Path};
use actix_web::{HttpRequest, HttpResponse, post};

use super::form::{Raw, follow, is_local};
use super::inside::Sent;
use super::page::Page;
use super::query::query;
use crate::web::problem::Problem;

/// Parts of one form.
const PARTS_MAX: usize = 32;

/// A file.
#[derive(Debug, PartialEq)]
pub struct File {
    /// As whoever sends it has it, without folders.
    pub name: String,
    /// Its media type, as the browser says.
    pub kind: String,
    /// What is in it.
    pub bytes: Bytes,
}

/// What a form with a file says.
#[derive(Debug, Default, PartialEq)]
pub struct Upload {
    /// In order.
    pub fields: Vec<(String, String)>,
    /// The last of several.
    pub file: Option<File>,
}

/// Sends a file on to the API, and leads to the page that follows.
#[post("/upload/{path:.*}")]
pub async fn post_upload(
    page: Page,
    request: HttpRequest,
    path: Path<String>,
    Raw(body): Raw,
) -> Result<HttpResponse, Problem> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let Some(boundary) = boundary(kind) else {
        return Err(Problem::new("unsupported_media_type", "this address takes multipart/form-data"));
    };
    let read = read(&boundary, &body).ok_or_else(|| Problem::malformed("", "the form does not read"));
    let Upload { fields, file } = read?;
    let about = |name: &str| fields.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let (action, then) = (format!("/upload/{path}"), about("_then").or_else(|| about("_at")).unwrap_or("/").to_owned());
    let answer = match file.filter(|file| !file.name.is_empty()) {
        None => Err(Problem::at("validation_failed", "/file", page.say("upload-none"))),
        Some(File { name, kind, bytes }) => {
            let named = about("_name").map_or(String::new(), |key| format!("?{}", query([(key, name.as_str())])));
            let key = about("_key").map(str::to_owned);
            let sent = Sent { file: Some((kind, bytes)), key, ..Sent::default() };
            page.send(Method::POST, &format!("/{path}{named}"), sent).await
        }
    };
    let then = if is_local(&then) { then } else { "/".into() };
    follow(&page, action, fields, answer.map(|answer| (then, answer))).await
}

/// What stands between the parts.
fn boundary(kind: &str) -> Option<String> {
    let (essence, parameters) = kind.split_once(';')?;
    let is_form = essence.trim().eq_ignore_ascii_case("multipart/form-data");
    parameter(parameters, "boundary").filter(|boundary| is_form && !boundary.is_empty())
}

/// A parameter of a header: `a=b; c="d"`. Browsers write a quote in a name as `%22`.
fn parameter(text: &str, name: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(';').unwrap_or((after, "")),
        };
        if key.trim_matches([' ', ';', '\t']).eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = next;
    }
}

/// The parts, at most 32; nothing where they do not read.
pub fn read(boundary: &str, body: &Bytes) -> Option<Upload> {
    let first = format!("--{boundary}");
    let line = format!("\r\n{first}");
    let mut at = body.starts_with(first.as_bytes()).then_some(first.len())?;
    let mut upload = Upload::default();
    for _ in 0..PARTS_MAX {
        if body.get(at..)?.starts_with(b"--") {
            return Some(upload);
        }
        let begin = at + find(body.get(at..)?, b"\r\n")? + 2;
        let head_end = begin + find(body.get(begin..)?, b"\r\n\r\n")?;
        let from = head_end + 4;
        let end = from + find(body.get(from..)?, line.as_bytes())?;
        add(&mut upload, body.get(begin..head_end)?, body.slice(from..end))?;
        at = end + line.len();
    }
    None
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn add(upload: &mut Upload, head: &[u8], bytes: Bytes) -> Option<()> {
    let head = String::from_utf8_lossy(head);
    let header = |name: &str| {
        let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
        lines.find(|(known, _)| known.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let said = header("content-disposition")?;
    let name = parameter(said.split_once(';')?.1, "name")?;
    match parameter(said.split_once(';')?.1, "filename") {
        Some(file) => {
            // What a browser tells of folders is not for anybody else.
            let file = file.rsplit(['/', '\\']).next().unwrap_or_default().replace("%22", "\"");
            let kind = header("content-type").unwrap_or_else(|| "application/octet-stream".into());
            upload.file = Some(File { name: file, kind, bytes });
        }
        None => upload.fields.push((name, String::from_utf8(bytes.to_vec()).ok()?)),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_with_a_file_is_read_byte_by_byte() {
        let kind = "multipart/form-data; charset=utf-8; boundary=\"--x y\"";
        let boundary = boundary(kind).unwrap();
        assert_eq!(boundary, "--x y");
        let body = b"----x y\r\nContent-Disposition: form-data; name=\"_at\"\r\n\r\n/a?b\r\n----x y\r\n\
            content-disposition: form-data; name=\"file\"; filename=\"C:\\dir\\d\xc3\xa9%22j.pdf\"\r\nContent-Type: application/pdf\r\n\r\n\
            \x00\r\n--\xff\r\n\r\n----x y--\r\n";
        let expected = Upload {
            fields: vec![("_at".into(), "/a?b".into())],
            file: Some(File {
                name: "dé\"j.pdf".into(),
                kind: "application/pdf".into(),
                bytes: Bytes::from_static(b"\x00\r\n--\xff\r\n"),
            }),
        };
        let body = Bytes::from_static(body);
        assert_eq!(read(&boundary, &body), Some(expected));
        for end in 0..body.len() - 4 {
            assert_eq!(read(&boundary, &body.slice(..end)), None, "{end}");
        }
    }

    #[test]
    fn what_is_no_form_is_none() {
        for kind in ["", "multipart/form-data", "multipart/form-data; boundary=", "text/plain; boundary=x", ";=;="] {
            assert_eq!(boundary(kind), None, "{kind}");
        }
        let many = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n".repeat(40) + "--x--";
        for body in ["", "--x", "--x\r\n\r\n", "--y--", "--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--", &many]
        {
            assert_eq!(read("x", &Bytes::copy_from_slice(body.as_bytes())), None, "{body}");
        }
        assert_eq!(read("x", &Bytes::from_static(b"--x--")), Some(Upload::default()));
    }
}
