//! What a peer that says `HELLO` asks of its peer.

mod answers;
mod catching_up;
pub(super) mod hello;
mod introduction;
mod long_lines;
pub(super) mod source;

use super::Case;

/// The checks, in order.
pub(super) fn cases() -> Vec<&'static Case> {
    [introduction::CASES, answers::CASES, catching_up::CASES, long_lines::CASES]
        .into_iter()
        .flatten()
        .collect()
}
