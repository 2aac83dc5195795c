//! What a node has done since it started, in numbers.
//!
//! Owns counts that only rise. The node's thread and the miner's raise them; whoever reads them keeps
//! nobody waiting.

use std::sync::atomic::{AtomicU64, Ordering};

use kusari_chain::BlockWrite;
use kusari_miner::Tries;
use kusari_node::Event;
use kusari_node::event::BlockSource;
use kusari_node::store::StoreBatch;

/// The counts of one node.
#[derive(Debug, Default)]
pub struct Counts {
    /// Unix time of the start, in seconds.
    started: u64,
    tries: Tries,
    blocks: AtomicU64,
    mined: AtomicU64,
    reorganisations: AtomicU64,
    reverted: AtomicU64,
}

impl Counts {
    pub(super) fn since(started: u64) -> Self {
        Self { started, ..Self::default() }
    }

    /// When the node started, as Unix time in seconds.
    #[must_use]
    pub fn started(&self) -> u64 {
        self.started
    }

    /// Nonces that were tried.
    #[must_use]
    pub fn tries(&self) -> u64 {
        self.tries.total()
    }

    /// Blocks that found a place in the tree, in the best chain or beside it.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.blocks.load(Ordering::Relaxed)
    }

    /// Blocks that were mined here and are durable.
    #[must_use]
    pub fn mined(&self) -> u64 {
        self.mined.load(Ordering::Relaxed)
    }

    /// How often the best chain moved to another branch.
    #[must_use]
    pub fn reorganisations(&self) -> u64 {
        self.reorganisations.load(Ordering::Relaxed)
    }

    /// Blocks that left the best chain, all reorganisations together.
    #[must_use]
    pub fn reverted(&self) -> u64 {
        self.reverted.load(Ordering::Relaxed)
    }

    /// What the miner counts in.
    pub(super) fn of_miner(&self) -> Tries {
        self.tries.clone()
    }

    pub(super) fn note_event(&self, event: &Event) {
        match event {
            Event::BlockAdded {
                source: BlockSource::Mined(_) | BlockSource::MinedBody, ..
            } => {
                self.mined.fetch_add(1, Ordering::Relaxed);
            }
            Event::Reorganised { depth, .. } => {
                self.reorganisations.fetch_add(1, Ordering::Relaxed);
                self.reverted.fetch_add(u64::from(*depth), Ordering::Relaxed);
            }
            _ => {}
        }
    }

    pub(super) fn note_batch(&self, batch: &StoreBatch) {
        self.blocks.fetch_add(added(batch) as u64, Ordering::Relaxed);
    }
}

/// How many blocks of a batch are new.
pub(super) fn added(batch: &StoreBatch) -> usize {
    let is_new = |write: &&BlockWrite| {
        matches!(write, BlockWrite::InsertBest(_) | BlockWrite::InsertSide(_))
    };
    batch.blocks.iter().filter(is_new).count()
}
