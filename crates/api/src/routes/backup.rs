//! `GET /v1/backup`.
//!
//! Owns the temporary copy: it is made whole beside the store, then sent, and removed in any case.
//! Its length and the SHA-256 of its bytes go before it, so that the caller can tell whether all
//! of it came.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use axum::body::{Body, Bytes};
use futures_util::stream;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::*;
use kusari_store::BACKUP_FILE;

/// Bytes that are read and sent at once.
const PIECE: usize = 64 * 1024;
/// Pieces that are read ahead of who takes them.
const AHEAD: usize = 4;

/// A copy of the store as of one moment: a whole `chain.redb`.
///
/// Needs the token: the copy has what people entrusted to this node.
#[utoipa::path(
    get, path = "/v1/backup", tag = "Store", operation_id = "backup",
    responses((
        status = 200, description = "The copy", body = Vec<u8>, content_type = "application/octet-stream",
        headers(("ETag" = String, description = "The SHA-256 of its bytes, in hexadecimal")),
    )),
    security(("token" = [])),
    extensions(("x-problems" = json!([BUSY, STORE, STOPPING]))),
)]
pub(super) async fn backup(_: TokenHolder, app: App) -> Answer<Response> {
    let turn = app.take_turn()?;
    let place = temporary(app.data_directory.as_deref());
    let copy = app.read_at_once(move |store| Copy::make(store, place, turn)).await?;
    let headers = [
        (header::CONTENT_TYPE, String::from("application/octet-stream")),
        (header::CONTENT_LENGTH, copy.bytes.to_string()),
        (header::ETAG, format!("\"{}\"", copy.digest)),
    ];
    let (pieces, mut taken) = mpsc::channel(AHEAD);
    let thread = std::thread::Builder::new().name("backup".into());
    thread.spawn(move || copy.send(&pieces)).map_err(|_| STOPPING)?;
    let body = stream::poll_fn(move |context| taken.poll_recv(context));
    Ok((headers, Body::from_stream(body)).into_response())
}

/// Where the copy lies while it is made and sent. There is one at a time, and the node removes what
/// a crash left behind when it opens the data directory.
fn temporary(data_directory: Option<&Path>) -> PathBuf {
    match data_directory {
        Some(directory) => directory.join(BACKUP_FILE),
        None => std::env::temp_dir().join(format!("kusari-{}.redb.new", std::process::id())),
    }
}

/// A copy of the store that lasts as long as this.
struct Copy {
    path: PathBuf,
    file: File,
    bytes: u64,
    /// In hexadecimal.
    digest: String,
    /// Keeps other copies from being made. Let go after the file is removed.
    _turn: OwnedSemaphorePermit,
}

impl Copy {
    fn make(store: &Store, path: PathBuf, turn: OwnedSemaphorePermit) -> Result<Self, StoreError> {
        let unusable = |error: io::Error| StoreError(format!("the copy cannot be used ({error})"));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(error)),
            _ => {}
        }
        let made = store.copy_to(&path);
        let made = made.map_err(|error| StoreError(error.to_string()));
        let opened = made.and_then(|()| Self::measure(&path).map_err(unusable));
        match opened {
            Ok((file, bytes, digest)) => Ok(Self { path, file, bytes, digest, _turn: turn }),
            Err(error) => {
                let _ = std::fs::remove_file(&path);
                Err(error)
            }
        }
    }

    fn measure(path: &Path) -> io::Result<(File, u64, String)> {
        let mut file = File::open(path)?;
        let mut digest = Sha256::new();
        let mut piece = vec![0; PIECE];
        let mut bytes = 0;
        loop {
            let count = file.read(&mut piece)?;
            if count == 0 {
                break;
            }
            bytes += count as u64;
            digest.update(&piece[..count]);
        }
        file.seek(SeekFrom::Start(0))?;
        let hash = kusari_chain::BlockHash(digest.finalize().into());
        Ok((file, bytes, hash.to_string()))
    }

    /// Sends all of it, as fast as it is taken.
    fn send(mut self, pieces: &mpsc::Sender<io::Result<Bytes>>) {
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let read = (&mut self.file).take(PIECE as u64).read_to_end(&mut piece);
            let piece = match read {
                Ok(0) => return,
                Ok(_) => Ok(Bytes::from(piece)),
                Err(error) => Err(error),
            };
            // The caller may be gone.
            if pieces.blocking_send(piece).is_err() {
                return;
            }
        }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
