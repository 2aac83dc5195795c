//! Stores that are sound: one with everything in it, and those that a chain makes.

use std::sync::{Arc, OnceLock};

use borsh::{BorshDeserialize, BorshSerialize};
use kusari_chain::{
    Acceptance, Accepted, Block, BlockHash, BlockWrite, Chain, CheckedBlock, Reconsidered,
    StoredBlock, Target, TreeLimits, Work,
};
use kusari_miner::Search;
use kusari_node::store::{EntryState, OutboxWrite, StoreBatch};
use kusari_store::{AuditReport, FileReport, OpenError, Store, audit_directory};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::{TempDir, batch};

/// A block's record, by the letter of `docs/formats/store.md`.
#[derive(Clone, BorshSerialize, BorshDeserialize)]
pub(crate) struct Record {
    pub(crate) work: [u8; 32],
    pub(crate) total_bytes: u64,
    pub(crate) block: Block,
}

/// An outbox record.
#[derive(Clone, BorshSerialize, BorshDeserialize)]
pub(crate) struct Entry {
    pub(crate) text: String,
    /// There is none in these stores.
    pub(crate) draft: Option<u8>,
    pub(crate) blocks: Vec<BlockHash>,
    pub(crate) state: State,
}

/// Where an outbox record stands.
#[derive(Clone, BorshSerialize, BorshDeserialize)]
pub(crate) enum State {
    Waiting,
    Mined { settled: bool },
    Displaced { by: [u8; 32], settled: bool },
}

impl State {
    pub(crate) const SETTLED: Self = Self::Mined { settled: true };
}

pub(crate) fn child(parent: &Block, data: &str) -> Block {
    prove(Block {
        index: parent.index + 1,
        timestamp: 1_700_000_000,
        nonce: 0,
        data: data.to_string(),
        prev_hash: parent.hash,
        hash: BlockHash::ZERO,
        transactions: Vec::new(),
    })
}

pub(crate) fn prove(mut block: Block) -> Block {
    let mut search = Search::new(&block, Target::CLASSIC);
    block.nonce = search.try_nonces(0, u64::MAX).unwrap();
    block.hash = search.hash(block.nonce);
    block
}

/// Height of the best chain of [`sound_store`].
pub(crate) const TIP: u32 = 12;
/// Height of its side branch's two blocks. They follow the best chain in order.
pub(crate) const SIDE: [u32; 2] = [4, 5];

/// The best chain, and the side branch on its third block. Mined once.
pub(crate) fn blocks() -> &'static (Vec<Block>, Vec<Block>) {
    static BLOCKS: OnceLock<(Vec<Block>, Vec<Block>)> = OnceLock::new();
    BLOCKS.get_or_init(|| {
        let mut best = vec![Block::genesis()];
        for height in 1..=TIP {
            best.push(child(&best[best.len() - 1], &format!("line {height}")));
        }
        let lower = child(&best[3], "line 11");
        let upper = child(&lower, "beside");
        (best, vec![lower, upper])
    })
}

/// Order of the best chain's block at a height.
pub(crate) fn order(height: u32) -> u64 {
    u64::from(height) - 1
}

/// Order of the lower side block.
pub(crate) const LOWER_SIDE: u64 = TIP as u64;
/// Order of the upper one, on which nothing builds.
pub(crate) const UPPER_SIDE: u64 = TIP as u64 + 1;

fn stored(order: u64, block: &Block, below: u64) -> Arc<StoredBlock> {
    let total_bytes = below + block.canonical_line_bytes() as u64;
    let work = Work::of_classic_blocks(block.index);
    Arc::new(StoredBlock { order, work, total_bytes, block: block.clone(), ledger: None })
}

/// A store with a best chain, a side branch, and one outbox record of each kind: settled (1), in the
/// best chain (2), waiting (3), and mined on the side branch first (4).
pub(crate) fn sound_store(directory: &TempDir) {
    let (best, side) = blocks();
    let mut writes = Vec::new();
    let mut totals = vec![0];
    for block in &best[1..] {
        let stored = stored(order(block.index), block, totals[totals.len() - 1]);
        totals.push(stored.total_bytes);
        writes.push(BlockWrite::InsertBest(stored));
    }
    let lower = stored(LOWER_SIDE, &side[0], totals[3]);
    let upper = stored(UPPER_SIDE, &side[1], lower.total_bytes);
    writes.extend([BlockWrite::InsertSide(lower), BlockWrite::InsertSide(upper)]);
    let insert = |id, text: &str| OutboxWrite::Insert { id, text: text.to_string(), draft: None };
    let outbox = vec![
        insert(1, "line 2"),
        insert(2, "line 10"),
        insert(3, "not mined yet"),
        insert(4, "line 11"),
        OutboxWrite::Mined { id: 1, hash: best[2].hash },
        OutboxWrite::SetState { id: 1, state: EntryState::Mined { settled: true } },
        OutboxWrite::Mined { id: 2, hash: best[10].hash },
        OutboxWrite::SetState { id: 2, state: EntryState::Mined { settled: false } },
        OutboxWrite::Mined { id: 4, hash: side[0].hash },
        OutboxWrite::Mined { id: 4, hash: best[11].hash },
        OutboxWrite::SetState { id: 4, state: EntryState::Mined { settled: false } },
    ];
    let store = Store::open(directory.path()).unwrap();
    store.commit(&[StoreBatch { blocks: writes, outbox, ..StoreBatch::default() }]).unwrap();
}

/// An audit of the directory that finds nothing.
#[track_caller]
pub(crate) fn assert_sound(directory: &TempDir) -> AuditReport {
    let report = audit_directory(directory.path(), |_| ()).unwrap();
    assert_eq!(report.finding, None);
    report
}

#[test]
fn sound_store_is_found_sound_and_its_file_stays_as_it_is() {
    let directory = TempDir::new();
    sound_store(&directory);
    let file = directory.path().join("chain.redb");
    let before = std::fs::read(&file).unwrap();
    let report = assert_sound(&directory);
    assert_eq!((report.best_blocks, report.side_blocks), (TIP, 2));
    assert_eq!((report.outbox_entries, report.waiting_entries), (4, 1));
    let Some(FileReport { bytes, pages: Some(pages) }) = report.file else {
        panic!("nothing is said of the file: {report:?}")
    };
    assert_eq!(bytes, before.len() as u64);
    assert!(pages > 8, "{pages} pages hold eleven tables");
    assert_eq!(std::fs::read(&file).unwrap(), before);

    // An open store is audited without its file, and holds the same.
    let open = Store::open(directory.path()).unwrap().audit();
    assert_eq!(open, AuditReport { file: None, ..report });
}

#[test]
fn empty_store_is_sound() {
    let directory = TempDir::new();
    Store::open(directory.path()).unwrap();
    let report = assert_sound(&directory);
    assert_eq!((report.best_blocks, report.side_blocks, report.outbox_entries), (0, 0, 0));
}

#[test]
fn store_of_a_process_that_was_killed_is_sound_and_is_left_unrepaired() {
    let directory = TempDir::new();
    sound_store(&directory);
    let copy = TempDir::new();
    std::fs::create_dir_all(copy.path()).unwrap();
    // As the disk has it while a process has it open: what a kill leaves behind.
    let store = Store::open(directory.path()).unwrap();
    let text = String::from("one more");
    let outbox = vec![OutboxWrite::Insert { id: 5, text, draft: None }];
    store.commit(&[StoreBatch { outbox, ..StoreBatch::default() }]).unwrap();
    let left = std::fs::read(directory.path().join("chain.redb")).unwrap();
    let file = copy.path().join("chain.redb");
    std::fs::write(&file, &left).unwrap();
    assert_eq!(assert_sound(&copy).outbox_entries, 5);
    assert_eq!(std::fs::read(&file).unwrap(), left);
}

#[test]
fn directory_without_a_store_is_refused_and_not_created() {
    let directory = TempDir::new();
    let refused = audit_directory(directory.path(), |_| ()).unwrap_err();
    assert!(matches!(refused, OpenError::NoChain { .. }), "{refused}");
    assert!(refused.to_string().contains("there is no chain in"), "{refused}");
    assert!(!directory.path().exists());
}

/// A tree of blocks in which branches overtake one another: each is given by its parent.
fn tree() -> &'static [Block] {
    static TREE: OnceLock<Vec<Block>> = OnceLock::new();
    TREE.get_or_init(|| {
        let mut tree = vec![Block::genesis()];
        let parents = [0, 0, 1, 2, 2, 3, 4, 6, 5, 8, 7, 10, 9, 12, 11, 14, 3, 17];
        for (number, parent) in parents.into_iter().enumerate() {
            tree.push(child(&tree[parent], &format!("node {number}")));
        }
        tree
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever order blocks arrive in, however little room side branches have, and whatever is held
    /// and accepted.
    #[test]
    fn what_a_chain_commits_is_sound_after_every_commit(
        picks in proptest::collection::vec(any::<Index>(), 1..60),
        min_side_bytes in prop_oneof![Just(0_u64), Just(700), Just(1 << 20)],
        window_blocks in 1..4_usize,
        max_reorg_depth in proptest::option::of(0..3_u32),
        accepted in any::<Index>(),
    ) {
        let store = Store::ephemeral().unwrap();
        let limits = TreeLimits {
            min_side_bytes,
            window_blocks,
            max_reorg_depth,
            ..TreeLimits::default()
        };
        let mut chain = Chain::open(Box::new(store.clone()), limits).unwrap();
        chain.bind();
        let accepted = accepted.index(picks.len());
        for (number, pick) in picks.into_iter().enumerate() {
            if number == accepted {
                let hash = pick.get(&tree()[1..]).hash;
                if let Acceptance::Accepted(reconsidered) = chain.accept_branch(hash, 7).unwrap() {
                    commit_all(&store, &mut chain, reconsidered)?;
                    settle(&store, &mut chain)?;
                }
            }
            let mut next = vec![CheckedBlock::check(pick.get(&tree()[1..]).clone()).unwrap()];
            while let Some(block) = next.pop() {
                let hash = block.block().hash;
                let Accepted::Added(change) = chain.accept(block, 0).unwrap() else { continue };
                store.commit(&[batch(change.writes.clone())]).unwrap();
                chain.committed(change.version);
                let report = store.audit();
                prop_assert_eq!(report.finding, None);
                prop_assert_eq!(report.best_blocks, chain.tip().height);
                settle(&store, &mut chain)?;
                next.extend(chain.take_orphans_of(&hash));
            }
        }
        let held = chain.held_branches();
        let reopened = Chain::open(Box::new(store), limits).unwrap();
        prop_assert_eq!(reopened.tip(), chain.tip());
        prop_assert_eq!(reopened.held_branches(), held);
    }
}

/// Has the chain look at all branches until nothing changes.
fn settle(store: &Store, chain: &mut Chain) -> Result<(), TestCaseError> {
    loop {
        let reconsidered = chain.reconsider(7).unwrap();
        if reconsidered.changes.is_empty() {
            return Ok(());
        }
        commit_all(store, chain, reconsidered)?;
    }
}

/// Commits changes that came without a new block, and audits after them.
fn commit_all(
    store: &Store,
    chain: &mut Chain,
    reconsidered: Reconsidered,
) -> Result<(), TestCaseError> {
    for change in reconsidered.changes {
        store.commit(&[batch(change.writes.clone())]).unwrap();
        chain.committed(change.version);
    }
    prop_assert_eq!(store.audit().finding, None);
    Ok(())
}
