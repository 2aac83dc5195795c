//! Why a node does not run.

use std::io;
use std::net::SocketAddr;

use kusari_chain::StoreError;

/// Why an address could not be listened on, with the remedy; `example` is an option that asks for another one.
#[must_use]
pub fn why_unbound(error: &io::Error, example: &str) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                "another program listens there; end it, or choose another port, as in {example}"
            )
        }
        io::ErrorKind::PermissionDenied => format!(
            "this user may not listen on a port below 1024; choose one above, as in {example}"
        ),
        io::ErrorKind::AddrNotAvailable => format!(
            "no interface of this machine has that address; choose one that it has, or a port alone, as \
             in {example}"
        ),
        _ => format!("{error}; choose another address, as in {example}"),
    }
}

/// Why a node could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address to listen on is not to be had.
    #[error("cannot listen on {address}: {}", why_unbound(.source, "--listen 8080"))]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_a_node_from_listening_is_named_with_what_helps() {
        let address = "192.0.2.1:80".parse().unwrap();
        for (kind, words) in [
            (io::ErrorKind::AddrInUse, "another program listens there; end it"),
            (
                io::ErrorKind::PermissionDenied,
                "may not listen on a port below 1024; choose one above",
            ),
            (io::ErrorKind::AddrNotAvailable, "no interface of this machine has that address"),
            (io::ErrorKind::OutOfMemory, "choose another address, as in --listen 8080"),
        ] {
            let text = StartError::Listen { address, source: kind.into() }.to_string();
            let start = "cannot listen on 192.0.2.1:80: ";
            assert!(text.starts_with(start) && text.contains(words), "{text}");
            let is_taken = kind == io::ErrorKind::AddrInUse;
            assert_eq!(text.contains("end it"), is_taken, "{text}");
        }
    }
}
