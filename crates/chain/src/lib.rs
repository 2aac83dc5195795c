//! What a valid chain is.
//!
//! ```
//! use kusari_chain::store::MemoryBlocks;
//! use kusari_chain::{Block, Chain, TreeLimits};
//!
//! let chain = Chain::open(Box::new(MemoryBlocks::default()), TreeLimits::default())?;
//! let genesis = Block::genesis();
//! assert_eq!(chain.tip().hash, genesis.hash);
//! assert_eq!(genesis.compute_hash(), genesis.hash);
//! # Ok::<_, kusari_chain::StoreError>(())
//! ```
//!
//! This crate owns the block and its hash, the work rule, the rules a block must keep, the tree of
//! known blocks and the choice of the best branch. It knows nothing of peers, sockets, files,
//! threads, clocks or random numbers, and it is `no_std`, so that the build proves it.
//!
//! A block passes three stages, each with a type of its own:
//!
//! 1. [`Block`]: parsed, claims nothing;
//! 2. [`CheckedBlock`]: the rules that need no other block hold ([`rules::classic`]);
//! 3. [`Chain::accept`]: it is linked to its parent and fork choice has seen it.
#![no_std]

extern crate alloc;
#[cfg(any(test, feature = "schema"))]
#[cfg_attr(feature = "schema", macro_use)]
extern crate std;

pub mod accept;
pub mod block;
mod bytes;
mod canonical;
pub mod checked;
pub mod hash;
pub mod hex;
pub mod ledger;
pub mod mempool;
pub mod merkle;
pub mod object;
pub mod params;
pub mod pow;
mod prelude;
pub mod proof;
pub mod rules;
pub mod store;
pub mod transaction;
mod tree;
pub mod whole_block;

pub use accept::{
    AcceptError, Acceptance, Accepted, Ahead, Chain, ChainState, Prepared, Reconsidered,
};
pub use block::Block;
pub use checked::{CheckedBlock, CheckedHeader, Header, WholeBlock};
pub use hash::BlockHash;
pub use pow::{RecentWork, Target, Work};
pub use rules::RuleViolation;
pub use store::{
    BlockStore, BlockWrite, StoreError, StoreResult, StoredBlock, StoredHold, StoredReorgLimit,
};
pub use transaction::Transaction;
pub use tree::{
    BestPoint, Branch, Branches, ChainChange, HeldBranch, MAX_HELD_BRANCHES, Rival, StateError,
    TreeLimits,
};
