//! What comes of a question: blocks, and an end.

use kusari_chain::{BestPoint, BlockHash};

use crate::interface::PeerId;

/// What became of a block that a peer sent, as far as catching up is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It is new, and has this place in the tree.
    Fresh(BestPoint),
    /// It was here before, at this place.
    Known(BestPoint),
    /// Its parent is not known.
    Orphan(BlockHash),
    /// It is ahead of the clock, and is kept until its time comes.
    Held,
    /// It came with its seven keys alone on a chain where they are not enough.
    Bare,
}

/// How a request came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Its answer is complete.
    Complete,
    /// It was given up.
    Late,
    /// The peer refused it.
    Refused,
}

/// Whom to ask for what follows a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) peer: PeerId,
    /// The block after which its last answer ended; `None` asks from what we have.
    pub(crate) cursor: Option<BestPoint>,
    /// Most blocks to ask for.
    pub(crate) limit: u32,
}
