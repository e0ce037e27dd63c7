//! `GET /backup`: an exact copy of the store while it is written.

use std::io::{self, Write};
use std::time::Duration;

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Sender, channel};

use crate::domain::permission::Permission;
use crate::store::StoreError;
use crate::web::App;
use crate::web::auth::Principal;
use crate::web::problem::Problem;

/// Chunks between the thread that reads rows and the client.
const CHUNKS_AHEAD: usize = 4;
/// How long a client may take for one chunk.
const PATIENCE: Duration = Duration::from_secs(30);

type Chunk = Result<Bytes, io::Error>;

/// Hands what is written to the client, and waits for it only so long.
struct ToClient {
    chunks: Sender<Chunk>,
    runtime: Handle,
}

impl Write for ToClient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !bytes.is_empty() {
            let sent = self.chunks.send_timeout(Ok(Bytes::copy_from_slice(bytes)), PATIENCE);
            self.runtime.block_on(sent).map_err(|_| io::Error::other("nobody takes it"))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An exact copy of everything stored, as it is at the moment the copy ends, for `relance restore`. Commands go on
/// meanwhile. Messages in the spool and files of imports are not part of it. A copy whose end is missing is refused by
/// `restore`. One at a time.
#[utoipa::path(tag = "Maintenance",
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 409, body = Problem), (status = 503, body = Problem)))]
#[get("/backup")]
pub async fn get_backup(app: Data<App>, by: Principal) -> Result<HttpResponse, Problem> {
    by.must(&app, Permission::SetUp, "copy everything")?;
    let (chunks, mut made) = channel::<Chunk>(CHUNKS_AHEAD);
    let store = app.engine.shared_store();
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut out = ToClient { chunks, runtime };
        if let Err(error) = store.backup(&mut out) {
            tracing::warn!(%error, "a backup did not come to its end");
            let kind = match error {
                StoreError::BackupUnderWay => io::ErrorKind::ResourceBusy,
                _ => io::ErrorKind::Other,
            };
            // The answer breaks off, so that nobody takes it for whole.
            let told = out.chunks.send_timeout(Err(io::Error::new(kind, error.to_string())), PATIENCE);
            let _ = out.runtime.block_on(told);
        }
    });
    let first = match made.recv().await {
        Some(Ok(first)) => first,
        Some(Err(error)) if error.kind() == io::ErrorKind::ResourceBusy => {
            return Err(Problem::new("backup_under_way", error.to_string()));
        }
        _ => return Err(Problem::new("unavailable", "the store cannot be read now")),
    };
    let rest = futures_util::stream::unfold(made, |mut made| async { made.recv().await.map(|chunk| (chunk, made)) });
    let all = futures_util::stream::iter([Ok(first)]).chain(rest);
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"relance.backup\""))
        .streaming(all))
}
