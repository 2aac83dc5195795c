//! What a node of the original kind asks of its peer: the chain, and new blocks.
//!
//! Nothing here says `HELLO`, so all of it holds for nodes that know only `BLOCK` and `GET_CHAIN`.

mod asking;
mod blocks;
mod branches;
mod relaying;

use super::Case;

/// The checks, in order.
pub(super) fn cases() -> Vec<&'static Case> {
    [asking::CASES, blocks::CASES, relaying::CASES, branches::CASES].into_iter().flatten().collect()
}
