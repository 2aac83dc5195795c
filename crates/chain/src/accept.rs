//! Acceptance: a checked block meets the chain.
//!
//! [`Chain`] is the whole of this crate to its caller: it applies the rules that need a parent, in
//! order, lets the tree choose the best branch, and reports the change with what a store must
//! write. It knows no peers and holds no opinion of who sent a block.

mod accounts;
mod branches;
mod future_blocks;
mod headers;
mod history;
mod ledger;
mod payloads;
mod preparation;
mod reads;
mod state_roots;
mod template;

use self::accounts::AccountOverlay;
pub use self::branches::{Acceptance, Reconsidered};
use self::future_blocks::{FutureBlocks, MAX_FUTURE_BLOCKS};
pub use self::headers::{HeaderChain, Pushed};
use self::ledger::Ledger;
use self::preparation::Preparation;
pub use self::preparation::{Ahead, OnPassed, Passing, Prepared};
use self::state_roots::StateRoots;
pub use self::template::{LedgerTemplate, NoTemplate};
use crate::checked::CheckedBlock;
use crate::hash::BlockHash;
use crate::ledger::ChainSpec;
use crate::params::{MAX_ORPHANS, MAX_REFUSED};
use crate::pow::Work;
use crate::prelude::*;
use crate::rules::{RuleViolation, classic};
use crate::store::{BlockStore, StoreError, StoreResult};
use crate::tree::orphans::Orphans;
use crate::tree::{BestPoint, ChainChange, NewBlock, StateError, Tree, TreeLimits, TreeState};

/// What became of a block that broke no rule.
#[derive(Debug)]
pub enum Accepted {
    /// It was here before, in any branch, at this place; the first content for a hash stays.
    Known(BestPoint),
    /// It was here before, at this place, and payloads came with it that were missing.
    Filled {
        /// Its place.
        point: BestPoint,
        /// What a store must write. Nothing moves by it.
        change: ChainChange,
    },
    /// Its parent is not known; it waits in the orphan pool.
    Orphan {
        /// The parent to ask for.
        parent: BlockHash,
    },
    /// It was added, in the best chain or beside it.
    Added(ChainChange),
    /// It is ahead of the clock; [`Chain::take_due`] gives it back when its time comes.
    Ahead {
        /// From when on it may be accepted, in Unix seconds.
        due: u64,
    },
    /// It came with its seven keys alone, which say nothing about a ledger: its hash is to be asked
    /// of a peer that has the whole.
    Bare,
    /// It would have made a branch the best, in which a block breaks a rule: that block and all that
    /// follows it are forgotten, the new one among them.
    BranchRefused {
        /// The block that breaks a rule.
        block: BlockHash,
        /// The rule.
        violation: RuleViolation,
        /// What a store must write. Nothing is connected by it.
        change: ChainChange,
    },
}

/// Why a block was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// It breaks a rule.
    #[error(transparent)]
    Rule(#[from] RuleViolation),
    /// The store failed: nothing is known of the block, and the node must stop.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everything that a [`Chain`] knows beside its store and its limits. Equal chains have equal
/// states, in one form when serialised.
#[derive(Serialize, Deserialize)]
pub struct ChainState {
    tree: TreeState,
    orphans: Orphans,
    refused: VecDeque<BlockHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preparation: Option<Preparation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<LedgerState>,
}

/// What a ledger adds to a [`ChainState`].
#[derive(Serialize, Deserialize)]
struct LedgerState {
    spec: Arc<ChainSpec>,
    accounts: AccountOverlay,
    #[serde(default)]
    roots: StateRoots,
    future_blocks: FutureBlocks,
}

/// The chain over a store.
///
/// Every change, of [`Accepted::Added`] above all, must be committed to the store that was given to
/// [`Chain::open`], in order, and reported by [`Chain::committed`]. Until then the chain answers
/// from memory, so that no read sees less than what was accepted. The default is the classic chain over
/// an empty store in memory.
#[derive(Default)]
pub struct Chain {
    tree: Tree,
    orphans: Orphans,
    refused: VecDeque<BlockHash>,
    /// `None` on a classic chain.
    ledger: Option<Ledger>,
    future_blocks: FutureBlocks,
    preparation: Option<Preparation>,
}

impl Chain {
    /// Opens the classic chain over what a store holds.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn open(store: Box<dyn BlockStore>, limits: TreeLimits) -> StoreResult<Self> {
        Ok(Self { tree: Tree::open(store, limits)?, ..Self::default() })
    }

    /// Goes on over another store, which holds what this chain's does.
    pub fn set_store(&mut self, store: Box<dyn BlockStore>, limits: TreeLimits) {
        self.tree.set_store(store, limits);
    }

    /// Opens the ledger chain with these parameters over what a store holds.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read, or no chain can have these parameters.
    pub fn open_ledger(
        store: Box<dyn BlockStore>,
        limits: TreeLimits,
        spec: Arc<ChainSpec>,
    ) -> StoreResult<Self> {
        spec.check().map_err(|error| StoreError(error.to_string()))?;
        let ledger = Some(Ledger::new(spec, AccountOverlay::default(), StateRoots::default()));
        Ok(Self { ledger, ..Self::open(store, limits)? })
    }

    /// What the chain knows now, apart from what its store holds.
    #[must_use]
    pub fn state(&self) -> ChainState {
        let (orphans, refused) = (self.orphans.clone(), self.refused.clone());
        let ledger = self.ledger.as_ref().map(|ledger| LedgerState {
            spec: Arc::clone(&ledger.spec),
            accounts: ledger.accounts.clone(),
            roots: ledger.roots.clone(),
            future_blocks: self.future_blocks.clone(),
        });
        let (tree, preparation) = (self.tree.state(), self.preparation.clone());
        ChainState { tree, orphans, refused, preparation, ledger }
    }

    /// The chain that had this state. From here on it does what that one did, if its store answers
    /// as that one's did.
    ///
    /// # Errors
    /// [`StateError`] where no chain ever had this state.
    pub fn restore(
        state: ChainState,
        store: Box<dyn BlockStore>,
        limits: TreeLimits,
    ) -> Result<Self, StateError> {
        let ChainState { tree, orphans, refused, preparation, ledger } = state;
        let waiting = ledger.as_ref().map_or(0, |ledger| ledger.future_blocks.len());
        if orphans.len() > MAX_ORPHANS || refused.len() > MAX_REFUSED || waiting > MAX_FUTURE_BLOCKS
        {
            return Err(StateError("more is remembered than may be"));
        }
        let tree = Tree::restore(tree, store, limits)?;
        let (ledger, future_blocks) = match ledger {
            Some(LedgerState { spec, .. }) if spec.check().is_err() => {
                return Err(StateError("no chain has such parameters"));
            }
            Some(LedgerState { spec, accounts, roots, future_blocks }) => {
                (Some(Ledger::new(spec, accounts, roots)), future_blocks)
            }
            None => (None, FutureBlocks::default()),
        };
        Ok(Self { tree, orphans, refused, ledger, future_blocks, preparation })
    }

    /// Takes a block that keeps the rules by itself. `now` is Unix time in seconds; a ledger's rules
    /// look at it, and since when a branch is held. After a change that reverted blocks, call
    /// [`Chain::reconsider`].
    ///
    /// # Errors
    /// [`AcceptError::Rule`] where it breaks a rule on its parent; [`AcceptError::Store`] where
    /// the store cannot be read.
    pub fn accept(&mut self, block: CheckedBlock, now: u64) -> Result<Accepted, AcceptError> {
        let hash = block.block().hash;
        let parent_hash = block.block().prev_hash;
        if let Some(known) = self.tree.find_child(&hash, &parent_hash)? {
            return Ok(self.accept_known(known.point, &block)?);
        }
        if self.tree.is_altered(&hash, &parent_hash)? {
            let work = Work::ZERO;
            return Ok(Accepted::Known(BestPoint { height: block.block().index, hash, work }));
        }
        if self.ledger.is_some() && block.ledger().is_none() {
            return Ok(Accepted::Bare);
        }
        self.check_not_refused(&hash)?;
        self.judge(
            hash,
            classic::check_parent_stands(&parent_hash, self.refused.contains(&parent_hash)),
        )?;
        let Some(parent) = self.tree.find(&parent_hash)? else {
            self.orphans.insert(block);
            return Ok(Accepted::Orphan { parent: parent_hash });
        };
        self.judge(hash, classic::check_index(block.block(), parent.point.height))?;
        if self.ledger.is_some() {
            return self.accept_on_ledger(block, &parent, now);
        }
        let line_bytes = u64::from(block.line_bytes());
        let (block, work) = (block.into_block(), self.tree.classic_work());
        let point = parent.point.child(block.index, hash, work);
        let total_bytes = parent.total_bytes.saturating_add(line_bytes);
        let verdict = self.tree.verdict(&point, &parent_hash, total_bytes)?;
        let new = NewBlock { block, ledger: None, line_bytes, work };
        let change = self.tree.insert(new, &parent, verdict, now);
        Ok(self.added(change))
    }

    fn added(&mut self, change: ChainChange) -> Accepted {
        self.tree.record(&change);
        Accepted::Added(change)
    }

    /// Keeps a block that is ahead of the clock.
    fn hold(&mut self, block: CheckedBlock, due: u64) -> Accepted {
        self.future_blocks.insert(block, due);
        Accepted::Ahead { due }
    }

    /// Takes the blocks whose time has come; each is to be given to [`Chain::accept`] again.
    pub fn take_due(&mut self, now: u64) -> Vec<CheckedBlock> {
        self.future_blocks.take_due(now)
    }

    /// How many blocks are kept that are ahead of the clock.
    #[must_use]
    pub fn future_blocks(&self) -> usize {
        self.future_blocks.len()
    }

    /// When the first block that is ahead of the clock may be accepted, in Unix seconds.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        self.future_blocks.next_due()
    }

    /// Remembers the hash of a refused block. Only faults that the hash commits to come here: work,
    /// index and link; never content or size, which another block of the same hash need not share.
    fn judge(
        &mut self,
        hash: BlockHash,
        verdict: Result<(), RuleViolation>,
    ) -> Result<(), RuleViolation> {
        verdict.map_err(|violation| self.refuse(hash, violation))
    }

    /// A whole ledger block is its hash: what was refused once need not be judged again. A classic
    /// block of the same hash may be another one.
    fn check_not_refused(&self, hash: &BlockHash) -> Result<(), RuleViolation> {
        match self.ledger.is_some() && self.refused.contains(hash) {
            true => Err(RuleViolation::RefusedBefore),
            false => Ok(()),
        }
    }

    fn refuse(&mut self, hash: BlockHash, violation: RuleViolation) -> RuleViolation {
        self.remember_refused(hash);
        self.orphans.remove_descendants(hash);
        violation
    }

    fn remember_refused(&mut self, hash: BlockHash) {
        if self.refused.contains(&hash) {
            return;
        }
        if self.refused.len() == MAX_REFUSED {
            self.refused.pop_front();
        }
        self.refused.push_back(hash);
    }

    /// Takes the orphans that waited for `parent`; each is to be given to [`Chain::accept`] again.
    pub fn take_orphans_of(&mut self, parent: &BlockHash) -> Vec<CheckedBlock> {
        self.orphans.take_children(parent)
    }

    /// Every change up to `version` is durable; what lay over the store for it is let go.
    pub fn committed(&mut self, version: u64) {
        self.tree.committed(version);
        if let Some(ledger) = &mut self.ledger {
            ledger.accounts.committed(version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryBlocks;

    #[test]
    fn memory_of_refused_blocks_is_bounded_and_forgets_the_oldest() {
        let store = Box::new(MemoryBlocks::default());
        let mut chain = Chain::open(store, TreeLimits::default()).unwrap();
        let fault = RuleViolation::BadIndex { index: 7, parent: 0 };
        let hash = |number: usize| {
            let mut hash = BlockHash::ZERO;
            hash.0[..8].copy_from_slice(&number.to_be_bytes());
            hash
        };
        for number in 0..=MAX_REFUSED {
            for _ in 0..2 {
                assert_eq!(chain.judge(hash(number), Err(fault.clone())), Err(fault.clone()));
            }
        }
        assert_eq!(chain.refused.len(), MAX_REFUSED);
        assert!(!chain.refused.contains(&hash(0)));
        assert!(chain.refused.contains(&hash(MAX_REFUSED)));
        assert_eq!(chain.judge(hash(0), Ok(())), Ok(()));
        assert_eq!(chain.refused.len(), MAX_REFUSED);
    }
}
