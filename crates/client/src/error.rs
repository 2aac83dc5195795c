//! Why a request came to nothing.

use std::error::Error;
use std::io::{self, ErrorKind};

use ureq::Timeout;

use kusari_api_types::Problem;

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address is not one.
    #[error("`{0}` is not where a local API can be; write it so: http://127.0.0.1:7878")]
    Url(String),
    /// No connection came to be. Nothing was asked.
    #[error("no node answers at {base} ({reason}); start it, or name another one with --node")]
    Unreachable {
        /// Where.
        base: String,
        /// What happened instead.
        reason: String,
    },
    /// A connection came to be, and nothing on it. Nothing was asked that is not asked again.
    #[error(
        "what listens at {base} does not answer within {seconds} s; see whether the node is suspended (`kill -CONT` and its \
         number goes on with it) or its machine overloaded"
    )]
    Silent {
        /// Where.
        base: String,
        /// How long it had.
        seconds: u64,
    },
    /// The node closed the connection in the midst of an answer to a read.
    #[error("the node at {base} is gone ({reason}); see whether it still runs")]
    Gone {
        /// Where.
        base: String,
        /// How the answer broke off.
        reason: String,
    },
    /// The answer is none of this API's, or came too late.
    #[error(
        "what answers at {base} is not understood ({reason}); see whether it is a kusari node of \
         this version"
    )]
    Unreadable {
        /// Where.
        base: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A write was sent, and what became of it is not known.
    #[error(
        "the node at {base} did not say what became of this ({reason}), and nothing is sent \
         twice; look whether it is there before you try again"
    )]
    Unanswered {
        /// Where.
        base: String,
        /// What happened instead.
        reason: String,
    },
    /// The write needs another token, or one at all.
    #[error(
        "the node at {base} takes this from those alone who have its token; name the file that \
         holds it with --token-file"
    )]
    Token {
        /// Where.
        base: String,
    },
    /// The node says no. Shown as the node words it: text of a stranger, if the node is one.
    #[error("{}", .0.detail)]
    Problem(Problem),
}

impl ClientError {
    /// The error for an answer to a read that cannot be used.
    pub(crate) fn unreadable(base: &str, error: &(dyn Error + 'static)) -> Self {
        let (base, reason) = (base.to_owned(), error.to_string());
        match is_broken_off(error) {
            true => Self::Gone { base, reason },
            false => Self::Unreadable { base, reason },
        }
    }

    /// The error where no connection came to be, so that nothing was sent.
    pub(crate) fn never_reached(base: &str, error: &ureq::Error) -> Option<Self> {
        let unsent = match error {
            ureq::Error::Io(error) => matches!(
                error.kind(),
                ErrorKind::ConnectionRefused
                    | ErrorKind::AddrNotAvailable
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
            ),
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::BadUri(_)
            | ureq::Error::Http(_) => true,
            _ => false,
        };
        unsent.then(|| Self::Unreachable { base: base.to_owned(), reason: error.to_string() })
    }
}

/// Whether the other side closed the connection before it had said all.
fn is_broken_off(error: &(dyn Error + 'static)) -> bool {
    if let Some(ureq::Error::Io(error)) = error.downcast_ref() {
        return is_broken_off(error);
    }
    error.downcast_ref::<io::Error>().is_some_and(|error| {
        matches!(
            error.kind(),
            ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
        )
    })
}
