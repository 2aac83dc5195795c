//! A chain that a test drives as a node would, and blocks in which a test breaks one thing.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};

use kusari_chain::accept::LedgerTemplate;
use kusari_chain::ledger::transaction::ChainSalt;
use kusari_chain::ledger::{Account, BodyEntry, ChainId, ChainSpec, LedgerPart, PublicKey};
use kusari_chain::pow::CompactTarget;
use kusari_chain::{
    AcceptError, Accepted, Ahead, Block, BlockHash, BlockStore, Chain, ChainChange, CheckedBlock,
    Prepared, RuleViolation, TreeLimits,
};
use kusari_miner::Search;

use crate::common::{SharedStore, replay};
use crate::ledger::people::PEOPLE;

/// Unix time of the first block after genesis.
pub(crate) const START: u64 = 1_800_000_000;
/// A clock that no block is ahead of.
pub(crate) const LATE: u64 = 1 << 40;

/// Parameters with bounds that a test reaches with little.
pub(crate) static SPEC: LazyLock<Arc<ChainSpec>> = LazyLock::new(|| {
    let (max_body_bytes, max_data_bytes) = (2_048, 600);
    let (name, salt, min_fee) = ("test".to_owned(), ChainSalt([9; 32]), 1);
    let spec =
        ChainSpec { name, salt, max_body_bytes, max_data_bytes, min_fee, ..ChainSpec::ledger() };
    spec.check().unwrap();
    Arc::new(spec)
});

/// The id of the chain with [`SPEC`].
pub(crate) static CHAIN: LazyLock<ChainId> = LazyLock::new(|| SPEC.chain_id());

/// A block in the making.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) block: Block,
    pub(crate) part: LedgerPart,
}

impl Draft {
    /// Makes the commitment that of the body, and the data that of the commitment.
    pub(crate) fn commit(mut self) -> Self {
        self.part.commitment.body_count = u32::try_from(self.part.body.len()).unwrap();
        self.part.commitment.body_root = self.part.body_root();
        self.tie()
    }

    /// Makes the data that of the commitment, whatever it says of the body.
    pub(crate) fn tie(mut self) -> Self {
        self.block.data = self.part.commitment.data();
        self
    }

    /// Finds a nonce for the target that is committed to; for the limit, where that is none.
    pub(crate) fn mine(mut self) -> Self {
        let limit = CompactTarget::LIMIT.target().unwrap();
        let target = self.part.commitment.target.target().map_or(limit, |own| own.min(limit));
        let found = Search::new(&self.block, target).try_nonces(0, u64::MAX);
        self.block.nonce = found.unwrap();
        self.block.hash = self.block.compute_hash();
        self
    }

    pub(crate) fn check(self, chain: &ChainId) -> Result<CheckedBlock, RuleViolation> {
        CheckedBlock::check_whole(self.block, Box::new(self.part), chain)
    }

    /// Commits, mines and checks a block that is right.
    pub(crate) fn complete(self, chain: &ChainId) -> CheckedBlock {
        self.commit().mine().check(chain).unwrap()
    }
}

impl From<LedgerTemplate> for Draft {
    fn from(template: LedgerTemplate) -> Self {
        Self { block: template.block, part: template.part }
    }
}

/// A ledger driven as a node drives it: orphans follow their parents, and every change waits to be
/// written, then to be reported as committed.
pub(crate) struct Rig {
    pub(crate) chain: Chain,
    pub(crate) store: SharedStore,
    pub(crate) limits: TreeLimits,
    pub(crate) spec: Arc<ChainSpec>,
    pub(crate) id: ChainId,
    /// What the clock shows, in Unix seconds.
    pub(crate) now: u64,
    /// The best chain by replay of the reported changes, from height 1.
    pub(crate) best: Vec<BlockHash>,
    written_best: Vec<BlockHash>,
    waiting: VecDeque<ChainChange>,
    written_version: u64,
}

impl Rig {
    pub(crate) fn new(spec: &Arc<ChainSpec>, limits: TreeLimits) -> Self {
        let store = SharedStore::default();
        let chain = Chain::open_ledger(Box::new(store.clone()), limits, Arc::clone(spec)).unwrap();
        Self {
            chain,
            store,
            limits,
            spec: Arc::clone(spec),
            id: spec.chain_id(),
            now: LATE,
            best: Vec::new(),
            written_best: Vec::new(),
            waiting: VecDeque::new(),
            written_version: 0,
        }
    }

    /// A chain of these parameters that has taken these blocks.
    pub(crate) fn with(spec: &Arc<ChainSpec>, blocks: &[CheckedBlock]) -> Self {
        let mut rig = Self::new(spec, TreeLimits::default());
        for block in blocks {
            let accepted = rig.accept(block.clone());
            assert!(matches!(accepted, Ok(Accepted::Added(_))), "{accepted:?}");
        }
        rig
    }

    /// Gives one block to the chain, and keeps what is to be written.
    pub(crate) fn accept(&mut self, block: CheckedBlock) -> Result<Accepted, AcceptError> {
        let accepted = self.chain.accept(block, self.now);
        if let Ok(
            Accepted::Added(change)
            | Accepted::Filled { change, .. }
            | Accepted::BranchRefused { change, .. },
        ) = &accepted
        {
            replay(&mut self.best, change);
            self.waiting.push_back(change.clone());
        }
        accepted
    }

    /// Goes a step towards the branch that is ahead, if there is one. Returns whether there was, and
    /// the block that turned out to break a rule.
    pub(crate) fn step(&mut self) -> Option<Option<BlockHash>> {
        match self.chain.ahead().unwrap() {
            Ahead::Nothing => return None,
            Ahead::New(rival) => self.chain.begin(&rival),
            Ahead::UnderWay => {}
            Ahead::TooDeep => panic!("there is no limit"),
        }
        match self.chain.prepare(&mut |_, _| Ok(())).unwrap() {
            Prepared::More => Some(None),
            Prepared::GaveUp => panic!("everything can be read"),
            Prepared::Refused { block, change, .. } => {
                self.take(change);
                Some(Some(block.hash))
            }
            Prepared::Switched(change) => {
                self.take(change);
                loop {
                    let reconsidered = self.chain.reconsider(0).unwrap();
                    if reconsidered.changes.is_empty() {
                        return Some(None);
                    }
                    reconsidered.changes.into_iter().for_each(|change| self.take(change));
                }
            }
        }
    }

    fn take(&mut self, change: ChainChange) {
        replay(&mut self.best, &change);
        self.waiting.push_back(change);
    }

    /// The next block, with this time and what is offered.
    pub(crate) fn draft(&mut self, miner: &PublicKey, body: &[BodyEntry], now: u64) -> Draft {
        self.chain.template(*miner, body.iter().cloned(), now).unwrap().into()
    }

    /// Mines the next block a block time after `now`s before it, and takes it.
    pub(crate) fn extend(&mut self, miner: &PublicKey, body: &[BodyEntry]) -> CheckedBlock {
        let time = START + u64::from(self.spec.block_time_s * self.chain.tip().height);
        let draft = self.draft(miner, body, time);
        assert_eq!(draft.part.body, body, "all that is offered is taken");
        let block = draft.complete(&self.id);
        let accepted = self.accept(block.clone());
        assert!(matches!(accepted, Ok(Accepted::Added(_))), "{accepted:?}");
        block
    }

    /// Writes up to `changes` waiting changes to the store.
    pub(crate) fn write(&mut self, changes: usize) {
        for change in self.waiting.drain(..changes.min(self.waiting.len())) {
            self.store.0.borrow_mut().apply(&change.writes);
            replay(&mut self.written_best, &change);
            self.written_version = change.version;
        }
    }

    /// Reports what is written as committed.
    pub(crate) fn report(&mut self) {
        self.chain.committed(self.written_version);
    }

    pub(crate) fn commit_all(&mut self) {
        self.write(usize::MAX);
        self.report();
    }

    /// Opens the chain anew: what was not written is lost, as in a crash.
    pub(crate) fn reopen(&mut self) {
        let store = Box::new(self.store.clone());
        self.chain = Chain::open_ledger(store, self.limits, Arc::clone(&self.spec)).unwrap();
        self.best.clone_from(&self.written_best);
        self.waiting.clear();
        self.written_version = 0;
    }

    /// Makes the chain anew from its state, in the form that a file has. Nothing may change.
    pub(crate) fn restore(&mut self) {
        let state = serde_json::to_value(self.chain.state()).unwrap();
        let read = serde_json::from_value(state.clone()).unwrap();
        let store = Box::new(self.store.clone());
        self.chain = Chain::restore(read, store, self.limits).unwrap();
        assert_eq!(serde_json::to_value(self.chain.state()).unwrap(), state);
    }

    pub(crate) fn account(&self, key: &PublicKey) -> Account {
        self.chain.account(key).unwrap()
    }

    /// Every account in the store, by key.
    pub(crate) fn stored_accounts(&self) -> Vec<Account> {
        self.store.accounts_after(None, usize::MAX).unwrap()
    }
}

/// Blocks of [`BASE`]: more than the median looks at.
pub(crate) const BASE_BLOCKS: u32 = 14;

/// A chain on which the first of [`PEOPLE`] mined every block, each on schedule.
pub(crate) static BASE: LazyLock<Vec<CheckedBlock>> = LazyLock::new(|| {
    let mut rig = Rig::new(&SPEC, TreeLimits::default());
    (0..BASE_BLOCKS).map(|_| rig.extend(&PEOPLE[0].key, &[])).collect()
});

/// A chain that has taken [`BASE`].
pub(crate) fn rig() -> Rig {
    Rig::with(&SPEC, &BASE)
}

/// The time of the block after [`BASE`] that is on schedule.
pub(crate) const NEXT: u64 = START + 10 * BASE_BLOCKS as u64;

/// The block after [`BASE`] with this body, neither committed nor mined.
pub(crate) fn draft(body: Vec<BodyEntry>) -> Draft {
    let mut draft = rig().draft(&PEOPLE[1].key, &[], NEXT);
    draft.part.body = body;
    draft
}

/// What becomes of a block after [`BASE`], by itself and then on its chain.
pub(crate) fn verdict(draft: Draft) -> Result<(), RuleViolation> {
    let checked = draft.check(&CHAIN)?;
    match rig().accept(checked) {
        Ok(Accepted::Added(_)) => Ok(()),
        Err(AcceptError::Rule(violation)) => Err(violation),
        other => panic!("{other:?}"),
    }
}

/// The same for a block with this body, committed to and mined.
pub(crate) fn verdict_on_body(body: Vec<BodyEntry>) -> Result<(), RuleViolation> {
    verdict(draft(body).commit().mine())
}
