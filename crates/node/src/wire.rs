//! Messages and the lines that carry them.
//!
//! Owns the form of every line of the protocol and its size limits: bytes in, [`Message`] out, and
//! back. Knows nothing of connections, and decides nothing about what a message means.

mod answer_end;
mod batches;
mod beginning;
mod decode;
mod encode;
mod frame;
mod message;
mod message_text;
mod refusal;

pub use answer_end::AnswerEnd;
pub use batches::{LineBatch, LineBatches};
pub use beginning::{Beginning, OtherProtocol};
pub use decode::{Dialect, Received, receive};
pub use encode::{HeadersLine, encode, encode_block, encode_whole_block};
pub use frame::{LineFramer, LineTooLong};
pub use message::{
    AsBlock, BlockForm, CompactBlock, ErrorReport, GetBlocks, Have, Hello, InstanceId, Message,
    Sent, SentBlock, StatusReport,
};
pub use refusal::{Refusal, Verb, WireError};

/// Longest line before `HELLO`, newline included, in bytes: the buffer of an original node.
pub const MAX_PLAIN_LINE: usize = kusari_chain::params::MAX_LINE_BYTES;
/// Longest line after `HELLO`, newline included, in bytes.
pub const MAX_LINE: usize = 1024 * 1024;
/// Longest `BLOCK` line after `HELLO`, newline included, in bytes.
pub const MAX_BLOCK_LINE: usize = 8 * 1024 * 1024;
/// Most hashes in a locator.
pub const MAX_LOCATOR: usize = 64;
/// Most hashes in `GET_BLOCKS:{"hashes":…}`.
pub const MAX_HASHES: usize = 128;
/// Most headers in one answer to `GET_HEADERS`, which has at most [`MAX_LINE`] bytes besides.
pub const MAX_HEADERS: u32 = 1_024;
/// Most places in `GET_TRANSACTIONS`: a body of any size has fewer transactions.
pub const MAX_PLACES: usize = 6_000;
const _: () = assert!(
    MAX_PLACES * kusari_chain::ledger::SignedTransaction::BYTES
        > kusari_chain::params::MAX_BODY_BYTES as usize
);
/// Most blocks in one answer to `GET_BLOCKS`.
pub const MAX_BLOCKS: u32 = 256;
/// Most addresses in `PEERS`.
pub const MAX_PEERS: usize = 64;
/// Most characters of another node's name for itself, and of an error code.
pub const MAX_NAME: usize = 64;
/// Most characters kept of a message that is for people.
pub const MAX_TEXT: usize = 256;

/// `text`, cut to `limit` characters.
#[must_use]
pub(crate) fn cut(text: &str, limit: usize) -> alloc::string::String {
    text.chars().take(limit).collect()
}
