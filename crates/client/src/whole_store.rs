//! Requests that take the node through its whole store.

use std::io::{Read, Write};
use std::time::Duration;

use kusari_chain::BlockHash;
use sha2::{Digest, Sha256};
use ureq::http::{StatusCode, header};

use super::{Client, ClientError};
use kusari_api_types::audit::Audit;

/// How long the node may take before it begins to answer: as long as it gives itself.
const WHOLE_STORE_DEADLINE: Duration = Duration::from_secs(60 * 60);
/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// Why a copy did not come.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupTransferError {
    /// The node did not give it, or not all of it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It could not be written here.
    #[error("the copy cannot be written ({0}); see to the disk and its permissions")]
    Target(#[source] std::io::Error),
}

impl Client {
    /// Has the node audit its store.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn audit(&self) -> Result<Audit, ClientError> {
        let answer = self.open_within("/v1/audit", WHOLE_STORE_DEADLINE)?;
        self.understood(answer)
    }

    /// Has the node copy its store, and writes the copy to `target`. Its length and digest are as
    /// the node said when this returns.
    ///
    /// # Errors
    /// [`BackupTransferError`].
    pub fn backup(&self, target: &mut impl Write) -> Result<(), BackupTransferError> {
        let mut answer = self.open_within("/v1/backup", WHOLE_STORE_DEADLINE)?;
        if answer.status() != StatusCode::OK {
            // Not what was asked for, so it is a problem, or not understood.
            self.understood::<serde::de::IgnoredAny>(answer)?;
            return Err(self.unfit("it answers without a copy").into());
        }
        let said = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let length: Option<u64> =
            said(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let digest: Option<BlockHash> =
            said(header::ETAG).and_then(|tag| tag.trim_matches('"').parse().ok());
        let (Some(length), Some(digest)) = (length, digest) else {
            return Err(self.unfit("it does not say how long the copy is").into());
        };
        let mut reader = answer.body_mut().as_reader();
        let mut came = Sha256::new();
        let mut count = 0;
        let mut piece = vec![0; PIECE];
        loop {
            let read = reader.read(&mut piece).map_err(|error| self.unreadable(&error))?;
            if read == 0 {
                break;
            }
            count += read as u64;
            came.update(&piece[..read]);
            target.write_all(&piece[..read]).map_err(BackupTransferError::Target)?;
        }
        if count != length || BlockHash(came.finalize().into()) != digest {
            return Err(self.unfit("the copy that came is not the one that was sent").into());
        }
        Ok(())
    }
}
