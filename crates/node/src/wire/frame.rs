//! Cutting a stream of bytes into lines, within the limits of the protocol.

use super::{MAX_BLOCK_LINE, MAX_LINE, MAX_PLAIN_LINE};
use crate::prelude::*;

/// A line that grew beyond its limit. The connection is closed: where the line ends is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("a line is longer than {limit} bytes")]
pub struct LineTooLong {
    /// The limit that held, in bytes with the newline.
    pub limit: usize,
}

/// Collects bytes and gives out lines. Holds at most one unfinished line within its limit and what
/// was pushed last, as long as every line is taken before the next push.
#[derive(Debug, Default)]
pub struct LineFramer {
    buffer: Vec<u8>,
    /// Where the first line that was not given out begins.
    start: usize,
    /// Up to where there is known to be no newline.
    scanned: usize,
    introduced: bool,
}

impl LineFramer {
    /// The peer has said `HELLO`: from now on its lines may be longer.
    pub fn set_introduced(&mut self) {
        self.introduced = true;
    }

    /// Whether it has.
    #[must_use]
    pub fn is_introduced(&self) -> bool {
        self.introduced
    }

    /// What is held.
    #[must_use]
    pub fn held(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Whether what is held begins so.
    #[must_use]
    pub fn begins_with(&self, prefix: &[u8]) -> bool {
        self.held().starts_with(prefix)
    }

    /// Takes all whole lines out, to be given out elsewhere within the same limits. The unfinished one
    /// stays.
    #[must_use]
    pub fn split_off_lines(&mut self) -> Self {
        let newline = memchr::memrchr(b'\n', &self.buffer[self.scanned..]);
        let end = newline.map_or(self.start, |place| self.scanned + place + 1);
        let unfinished = self.buffer.split_off(end);
        let scanned = if newline.is_some() { unfinished.len() } else { self.scanned - end };
        let rest = Self { buffer: unfinished, start: 0, scanned, introduced: self.introduced };
        let mut lines = core::mem::replace(self, rest);
        lines.scanned = lines.scanned.min(end);
        lines
    }

    /// Bytes held.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Whether a whole line is held. Looks only at bytes that were not looked at before.
    #[must_use]
    pub fn has_line(&self) -> bool {
        memchr::memchr(b'\n', &self.buffer[self.scanned..]).is_some()
    }

    /// Adds bytes that arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        if self.buffer.is_empty() {
            // A long line is a rare guest: its room is not kept for the ones after it.
            self.buffer.shrink_to(MAX_PLAIN_LINE);
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole line, without its newline; `None` where more bytes are needed.
    ///
    /// # Errors
    /// [`LineTooLong`], whether the end of the line has arrived or not.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, LineTooLong> {
        let begin = self.start;
        let limit = self.limit(begin);
        let Some(place) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) else {
            self.scanned = self.buffer.len();
            // The newline is still to come, so a line that fills the limit is already too long.
            return if self.buffered() >= limit { Err(LineTooLong { limit }) } else { Ok(None) };
        };
        let end = self.scanned + place;
        if end + 1 - begin > limit {
            return Err(LineTooLong { limit });
        }
        self.start = end + 1;
        self.scanned = end + 1;
        Ok(Some(&self.buffer[begin..end]))
    }

    fn limit(&self, begin: usize) -> usize {
        if !self.introduced {
            MAX_PLAIN_LINE
        } else if self.buffer[begin..].starts_with(b"BLOCK:") {
            MAX_BLOCK_LINE
        } else {
            MAX_LINE
        }
    }
}
