//! What the chain asks of a store, and what it tells a store to write.
//!
//! Owns the interface to storage: [`BlockStore`] is read synchronously, and every change of the chain is
//! described by a list of [`BlockWrite`]s that a store applies in order and atomically. Knows
//! nothing of files or formats.

mod header;
mod memory;
mod payloads;

pub use header::StoredHeader;
pub use memory::MemoryBlocks;

use crate::block::Block;
use crate::checked::WholeBlock;
use crate::hash::BlockHash;
use crate::ledger::{Account, LedgerPart, Payload, PublicKey};
use crate::merkle::NodeHash;
use crate::pow::{ChainTime, Work};
use crate::prelude::*;

/// A block with its place in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBlock {
    /// Counts up by one with every block that is ever inserted, from 0. A key that only rises is
    /// what a B-tree on disk writes fastest.
    pub order: u64,
    /// Accumulated work from the first block after genesis up to this one.
    pub work: Work,
    /// Bytes of the canonical lines from the first block after genesis up to this one.
    pub total_bytes: u64,
    /// The block itself.
    pub block: Block,
    /// What a ledger adds; `None` on a classic chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Box<StoredLedger>>,
}

/// What a ledger adds to a stored block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLedger {
    /// The commitment and the body.
    pub part: LedgerPart,
    /// The chain's time up to this block.
    pub time: ChainTime,
    /// Where the number of blocks up to this one, genesis included, is a multiple of
    /// [`crate::params::HISTORY_STEP`]: the roots of the subtrees of the history that end with this
    /// block, from that many leaves on, each twice as large as the one before. Empty elsewhere.
    pub subtrees: Vec<NodeHash>,
    /// Places in the body whose payloads were erased here, rising: they are not taken again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erased: Vec<u32>,
}

impl StoredBlock {
    /// Bytes that it counts for among side branches.
    #[must_use]
    pub fn counted_bytes(&self) -> u64 {
        let line = self.block.canonical_line_bytes();
        match &self.ledger {
            Some(ledger) => {
                let line = u32::try_from(line).unwrap_or(u32::MAX);
                u64::from(crate::checked::whole_bytes(line, &ledger.part))
            }
            None => u64::try_from(line).unwrap_or(u64::MAX),
        }
    }

    /// The block without its place.
    #[must_use]
    pub fn into_whole(self) -> WholeBlock {
        let ledger = self.ledger.map(|ledger| Box::new(ledger.part));
        WholeBlock { block: self.block, ledger }
    }

    /// The commitment and the body, on a ledger chain.
    #[must_use]
    pub fn part(&self) -> Option<&LedgerPart> {
        self.ledger.as_ref().map(|ledger| &ledger.part)
    }
}

/// A store failed. The node cannot go on from here: it says so and stops.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the block store failed: {0}")]
pub struct StoreError(pub String);

/// What a store answers.
pub type StoreResult<T = ()> = Result<T, StoreError>;

/// Reads of the blocks that are stored. Implemented by the database and by [`MemoryBlocks`].
///
/// A read sees every batch that was committed before it and nothing of any other. A block that the
/// medium altered is not there, as if it had never come; the owner of the store knows of it. Reads
/// of headers are there by themselves so that a store need not read what stands in a block.
pub trait BlockStore {
    /// The last block of the best chain; `None` while only the genesis block exists.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails; the same holds for every read here.
    fn best_tip(&self) -> StoreResult<Option<StoredBlock>>;

    /// The block of the best chain at `height`.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn best_at(&self, height: u32) -> StoreResult<Option<StoredBlock>>;

    /// A block of any branch.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn by_hash(&self, hash: &BlockHash) -> StoreResult<Option<StoredBlock>>;

    /// Visits every block that is not in the best chain, parents before children.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> StoreResult;

    /// The header of the last block of the best chain.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be read, or is not as it was written.
    fn tip_header(&self) -> StoreResult<Option<StoredHeader>> {
        Ok(self.best_tip()?.as_ref().map(StoredHeader::from))
    }

    /// The header of the best chain's block at `height`.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn header_at(&self, height: u32) -> StoreResult<Option<StoredHeader>> {
        Ok(self.best_at(height)?.as_ref().map(StoredHeader::from))
    }

    /// The header of a block of any branch.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn header_of(&self, hash: &BlockHash) -> StoreResult<Option<StoredHeader>> {
        Ok(self.by_hash(hash)?.as_ref().map(StoredHeader::from))
    }

    /// Visits the header of every block that is not in the best chain, parents before children.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn visit_side_headers(&self, visit: &mut dyn FnMut(StoredHeader)) -> StoreResult {
        self.visit_side_blocks(&mut |stored| visit(StoredHeader::from(&stored)))
    }

    /// Whether the block was stored and is not as it was written any more. It must not be stored
    /// again beside what is left of it.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn is_altered(&self, _hash: &BlockHash) -> StoreResult<bool> {
        Ok(false)
    }

    /// The `order` that the next inserted block gets.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn next_order(&self) -> StoreResult<u64>;

    /// The account of a key, as it stands after the best chain's tip; `None` where it is empty.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn account(&self, key: &PublicKey) -> StoreResult<Option<Account>>;

    /// Which branches are held, and which one was accepted.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn reorg_limit(&self) -> StoreResult<StoredReorgLimit>;

    /// The first `limit` accounts that are not empty, in order of keys, of those after a key; fewer
    /// only where there are no more.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    fn accounts_after(&self, after: Option<&PublicKey>, limit: usize) -> StoreResult<Vec<Account>>;
}

/// A branch that is held: its blocks are side blocks like others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredHold {
    /// Its first block beside the best chain.
    pub root: BlockHash,
    /// Since when it is held, in Unix seconds.
    pub since: u64,
    /// Blocks of the best chain that following it would have reverted when it was first held.
    pub depth: u32,
}

/// What is stored about branches that are not followed by work alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredReorgLimit {
    /// Every held branch, in order of roots.
    pub held: Vec<StoredHold>,
    /// The block that a person accepted last, with whatever descends from it.
    pub accepted: Option<BlockHash>,
}

/// One step of a change to the stored blocks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockWrite {
    /// A new block that extends the best chain.
    InsertBest(Arc<StoredBlock>),
    /// A new block beside the best chain.
    InsertSide(Arc<StoredBlock>),
    /// The stored side block becomes the best chain's block at its height.
    Connect {
        /// Its height.
        height: u32,
        /// Its order.
        order: u64,
    },
    /// The best chain's block at this height becomes a side block.
    Disconnect {
        /// Its height.
        height: u32,
        /// Its order.
        order: u64,
    },
    /// The account has this content from now on; an empty one is forgotten.
    SetAccount(Account),
    /// Payloads of a stored block that came late. Those that were erased here stay away.
    Fill {
        /// Its hash.
        hash: BlockHash,
        /// Its order.
        order: u64,
        /// Each with the place of its transaction in the body, from 0, rising.
        payloads: Vec<(u32, Payload)>,
    },
    /// The branch that begins with this side block is held from now on.
    HoldBranch(StoredHold),
    /// It is held no longer.
    ReleaseBranch {
        /// Its first block.
        root: BlockHash,
    },
    /// A person accepted this block, in place of any other one before.
    AcceptBranch {
        /// The block.
        hash: BlockHash,
    },
    /// The side block is forgotten, to keep side branches within their bound.
    Evict {
        /// Its hash.
        hash: BlockHash,
        /// Its order.
        order: u64,
    },
}
