//! `GET /v1/backup`.
//!
//! Owns the temporary copy: it is made whole beside the store, then sent, and removed in any case.
//! Its length and the SHA-256 of its bytes go before it, so that the caller can tell whether all
//! of it came.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::iter;
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
/// Needs the token: the copy has what people submitted to this node.
#[openapi::path(
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
    let made = app.read_at_once(move |store| Copy::make(store, place, turn)).await?;
    let (copy, Content { mut file, bytes, digest }) = made;
    let headers = [
        (header::CONTENT_TYPE, String::from("application/octet-stream")),
        (header::CONTENT_LENGTH, bytes.to_string()),
        (header::ETAG, format!("\"{}\"", digest)),
    ];
    let (sender, mut taken) = mpsc::channel(AHEAD);
    let send = move || {
        let _copy = copy;
        // The caller may be gone.
        let _ = pieces(&mut file).try_for_each(|piece| sender.blocking_send(piece));
    };
    std::thread::Builder::new().name("backup".into()).spawn(send).map_err(|_| STOPPING)?;
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

/// A copy of the store, whose file is removed with this.
struct Copy {
    path: PathBuf,
    /// Keeps other copies from being made. Let go after the file is removed.
    _turn: OwnedSemaphorePermit,
}

/// What a copy has in it.
struct Content {
    file: File,
    bytes: u64,
    /// In hexadecimal.
    digest: String,
}

impl Copy {
    fn make(
        store: &Store,
        path: PathBuf,
        turn: OwnedSemaphorePermit,
    ) -> Result<(Self, Content), StoreError> {
        let unusable = |error: io::Error| StoreError(format!("the copy cannot be used ({error})"));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(error)),
            _ => {}
        }
        let copy = Self { path, _turn: turn };
        store.copy_to(&copy.path).map_err(|error| StoreError(error.to_string()))?;
        let content = Content::measure(&copy.path).map_err(unusable)?;
        Ok((copy, content))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Content {
    fn measure(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        for piece in pieces(&mut file) {
            let piece = piece?;
            bytes += piece.len() as u64;
            digest.update(&piece);
        }
        file.rewind()?;
        let digest = BlockHash(digest.finalize().into()).to_string();
        Ok(Self { file, bytes, digest })
    }
}

/// What is left of a file, in pieces.
fn pieces(file: &mut File) -> impl Iterator<Item = io::Result<Bytes>> {
    iter::from_fn(move || {
        let mut piece = Vec::with_capacity(PIECE);
        let read = file.by_ref().take(PIECE as u64).read_to_end(&mut piece);
        read.map(|count| (count > 0).then_some(piece.into())).transpose()
    })
}
