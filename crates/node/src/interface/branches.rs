//! What a person is answered who decides about a branch.

use kusari_chain::{BestPoint, BlockHash};

use crate::prelude::*;

/// What came of accepting a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AcceptedBranch {
    /// The best chain's last block before.
    pub before: BestPoint,
    /// The best chain's last block now; the same where the branch has less work, and is followed as
    /// soon as it has more.
    pub tip: BestPoint,
    /// Blocks that left the best chain.
    pub depth: u32,
    /// A block of the branch that breaks a rule, and which: it is forgotten with all that follows it.
    pub refused: Option<(BlockHash, String)>,
}
