//! Why a node does not run.

use std::io;
use std::net::SocketAddr;

use kusari_chain::StoreError;

/// Why a node could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address to listen on is not to be had.
    #[error(
        "cannot listen on {address}: {source}; choose another one with --listen, or end the \
             program that uses it"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// The store could not be read.
    #[error(
        "{0}; restore `chain.redb` from a backup and leave the files beside it, or start with another \
         --data-dir"
    )]
    Store(#[from] StoreError),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] kusari_journal::OpenError),
    /// The operating system gives no threads or no random numbers.
    #[error("the operating system refused what a node needs: {0}; look at its limits")]
    System(#[from] io::Error),
}

/// Why a node stopped other than by request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Something could not be written. Nothing that was acknowledged is lost.
    #[error(
        "the node stopped because it could not write: {0}; make room or mend the disk, then \
             start it again: nothing that was acknowledged is lost"
    )]
    Commit(StoreError),
    /// The node gave up.
    #[error(
        "the node stopped: {0}; run it again, and if that does not help restore `chain.redb` from a \
             backup and leave the files beside it"
    )]
    Halted(String),
    /// The node's thread panicked.
    #[error(
        "the node's thread ended unexpectedly, which is a bug in kusari; please report it \
             with what stands above"
    )]
    Panicked,
}
