//! A ledger in the plainest way there is: every block remembered with the whole of the accounts after
//! it, every root made from the first block on. It also makes blocks on any parent, right or wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use kusari_chain::ledger::commitment::MerkleRoot;
use kusari_chain::ledger::{BodyEntry, ChainId, ChainSpec, Commitment, LedgerPart, PublicKey};
use kusari_chain::pow::CompactTarget;
use kusari_chain::{Block, BlockHash, CheckedBlock, Work};

use crate::ledger::definition;
use crate::ledger::support::Draft;

/// Balance and sequence of each key that ever had one.
pub(crate) type Accounts = BTreeMap<PublicKey, (u64, u64)>;

/// A block with all that follows from its ancestors.
pub(crate) struct Node {
    /// Its own place, for genesis.
    pub(crate) parent: usize,
    pub(crate) block: Block,
    /// `None` for genesis.
    pub(crate) checked: Option<CheckedBlock>,
    /// Accumulated.
    pub(crate) work: Work,
    /// The accounts after it; `None` where it or an ancestor breaks a rule of theirs.
    pub(crate) accounts: Option<Accounts>,
}

/// All blocks of a ledger, parents first; genesis has place 0.
pub(crate) struct Forest {
    pub(crate) spec: Arc<ChainSpec>,
    pub(crate) id: ChainId,
    pub(crate) nodes: Vec<Node>,
}

impl Forest {
    pub(crate) fn new(spec: &Arc<ChainSpec>) -> Self {
        let genesis = Node {
            parent: 0,
            block: Block::genesis(),
            checked: None,
            work: Work::ZERO,
            accounts: Some(Accounts::new()),
        };
        Self { spec: Arc::clone(spec), id: spec.chain_id(), nodes: vec![genesis] }
    }

    pub(crate) fn hash(&self, place: usize) -> BlockHash {
        self.nodes[place].block.hash
    }

    pub(crate) fn checked(&self, place: usize) -> CheckedBlock {
        self.nodes[place].checked.clone().unwrap()
    }

    pub(crate) fn place(&self, hash: &BlockHash) -> usize {
        self.nodes.iter().position(|node| node.block.hash == *hash).unwrap()
    }

    /// The places from genesis to this one.
    pub(crate) fn path(&self, place: usize) -> Vec<usize> {
        let mut path = vec![place];
        while *path.last().unwrap() != 0 {
            path.push(self.nodes[*path.last().unwrap()].parent);
        }
        path.reverse();
        path
    }

    /// The root over the hashes of a block and all its ancestors.
    pub(crate) fn history_root(&self, place: usize) -> MerkleRoot {
        let leaves = self.path(place).into_iter().map(|at| self.hash(at).0.to_vec());
        MerkleRoot(definition::merkle(&leaves.collect::<Vec<_>>()))
    }

    /// A block on any parent, at this time or as soon after as it may be.
    pub(crate) fn draft(
        &self,
        parent: usize,
        time: u64,
        miner: PublicKey,
        body: Vec<BodyEntry>,
    ) -> Draft {
        let path = self.path(parent);
        let timestamps: Vec<_> = path.iter().map(|at| self.nodes[*at].block.timestamp).collect();
        let (block_time, half_life) = (self.spec.block_time_s, self.spec.half_life_s);
        let active = definition::active_times(&timestamps[1..], u64::from(block_time));
        let active = active.last().copied().unwrap_or_default();
        let height = u32::try_from(path.len() - 1).unwrap();
        assert!((height + 1) % 1_024 != 0, "a state root is due");
        let commitment = Commitment {
            chain_id: self.id,
            body_root: MerkleRoot::ZERO,
            body_count: 0,
            history_root: self.history_root(parent),
            state_root: MerkleRoot::ZERO,
            target: CompactTarget(definition::asert(height, active, block_time, half_life)),
            miner,
        };
        let block = Block {
            index: height + 1,
            timestamp: time.max(definition::median(&timestamps) + 1),
            nonce: 0,
            data: String::new(),
            prev_hash: self.hash(parent),
            hash: BlockHash::ZERO,
            transactions: Vec::new(),
        };
        Draft { block, part: LedgerPart { commitment, body } }.commit()
    }

    /// Mines a block on this parent. Returns its place.
    pub(crate) fn add(&mut self, parent: usize, draft: Draft) -> usize {
        let checked = draft.complete(&self.id);
        let before = &self.nodes[parent];
        let part = checked.ledger().unwrap();
        let work = part.commitment.target.target().unwrap().work();
        let reward = self.spec.reward;
        let accounts = before.accounts.as_ref().and_then(|before| apply(before, part, reward));
        self.nodes.push(Node {
            parent,
            block: checked.block().clone(),
            work: before.work.plus(work),
            accounts,
            checked: Some(checked),
        });
        self.nodes.len() - 1
    }

    /// Mines blocks in a row. Returns their places.
    pub(crate) fn grow(&mut self, from: usize, length: usize, miner: PublicKey) -> Vec<usize> {
        let mut tip = from;
        (0..length)
            .map(|_| {
                let block_time = u64::from(self.spec.block_time_s);
                let time =
                    crate::ledger::support::START.max(self.nodes[tip].block.timestamp + block_time);
                let draft = self.draft(tip, time, miner, Vec::new());
                tip = self.add(tip, draft);
                tip
            })
            .collect()
    }

    /// The first block from genesis to this one that breaks a rule of the accounts.
    pub(crate) fn first_wrong(&self, place: usize) -> Option<usize> {
        self.path(place).into_iter().find(|at| self.nodes[*at].accounts.is_none())
    }

    /// The place of the best tip among the known blocks: nothing on its path breaks a rule, and it
    /// has the most work, or of equals the smaller hash.
    pub(crate) fn best(&self, is_known: impl Fn(usize) -> bool) -> usize {
        let mut best = 0;
        for place in 1..self.nodes.len() {
            let (node, leader) = (&self.nodes[place], &self.nodes[best]);
            let is_better = node.work > leader.work
                || node.work == leader.work && node.block.hash < leader.block.hash;
            if node.accounts.is_some() && is_better && self.path(place).into_iter().all(&is_known) {
                best = place;
            }
        }
        best
    }
}

/// The accounts after a block; `None` where it breaks a rule of theirs.
fn apply(before: &Accounts, part: &LedgerPart, reward: u64) -> Option<Accounts> {
    let mut accounts = before.clone();
    let mut earned = i128::from(reward);
    for entry in &part.body {
        let transaction = &entry.transaction;
        let (amount, fee) = (i128::from(transaction.amount), i128::from(transaction.fee));
        let sender = accounts.entry(transaction.sender).or_default();
        if transaction.sequence != sender.1 {
            return None;
        }
        sender.0 = u64::try_from(i128::from(sender.0) - amount - fee).ok()?;
        sender.1 += 1;
        let receiver = accounts.entry(transaction.receiver).or_default();
        receiver.0 = u64::try_from(i128::from(receiver.0) + amount).ok()?;
        earned += fee;
    }
    let miner = accounts.entry(part.commitment.miner).or_default();
    miner.0 = u64::try_from(i128::from(miner.0) + earned).ok()?;
    Some(accounts)
}

/// A fixed sequence without a pattern: Knuth's MMIX generator.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    pub(crate) fn place(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).unwrap()
    }
}
