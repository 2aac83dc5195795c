//! What others can fill has a bound, and filling it costs nobody the best chain.

use crate::common::{POOL, POOL_BLOCKS, Rig, checked, draft, line_bytes, mine, mine_branch, seal};
use kusari_chain::ledger::{Account, PublicKey};
use kusari_chain::params::MAX_ORPHANS;
use kusari_chain::{
    AcceptError, Accepted, Block, BlockHash, BlockStore, Chain, CheckedBlock, RuleViolation,
    StoreError, StoredBlock, StoredReorgLimit, TreeLimits, Work,
};
use proptest::prelude::*;

fn known(rig: &Rig, branch: &[Block]) -> Vec<bool> {
    branch.iter().map(|block| rig.chain.point(&block.hash).unwrap().is_some()).collect()
}

#[test]
fn branch_with_the_least_work_goes_first_and_from_its_end() {
    let genesis = Block::genesis();
    let best = mine_branch(&genesis, 4, "best");
    let [one, two, three] =
        [1, 2, 3].map(|length| mine_branch(&genesis, length, &format!("side {length}")));
    let room = line_bytes(&two) + line_bytes(&three);
    assert!(room > line_bytes(&best), "the best chain's size must not raise the bound");
    let mut rig = Rig::new(TreeLimits { min_side_bytes: room, ..TreeLimits::default() });
    rig.deliver_all(&best);
    rig.deliver_all(&one);
    rig.deliver_all(&two);
    rig.deliver_all(&three);
    assert_eq!(known(&rig, &one), [false]);
    assert_eq!(known(&rig, &two), [true, true]);
    assert_eq!(known(&rig, &three), [true, true, true]);
    assert_eq!(rig.chain.side_bytes(), (room, room));

    let more = mine(&three[0], "another end on the third");
    rig.deliver(checked(&more));
    assert_eq!(known(&rig, &best), [true; 4]);
    assert!(rig.chain.side_bytes().0 <= room);
    assert!(rig.chain.point(&three[2].hash).unwrap().is_some(), "the most work stays");

    // What was evicted is simply unknown, and the store is told the same.
    rig.commit_all();
    assert_eq!(rig.store.by_hash(&one[0].hash), Ok(None));
    assert_eq!(rig.chain.block(&one[0].hash), Ok(None));
    assert_eq!(rig.chain.fork_point(&one[0].hash), Ok(None));
}

#[test]
fn weak_branch_goes_wholly_before_a_stronger_one_loses_a_block() {
    let genesis = Block::genesis();
    let best = mine_branch(&genesis, 6, "");
    let weak = mine_branch(&genesis, 2, "weak");
    let strong = mine_branch(&genesis, 5, &"a long text ".repeat(20));
    let room = line_bytes(&strong);
    assert!(room > line_bytes(&best), "the best chain's size must not raise the bound");
    let mut rig = Rig::new(TreeLimits { min_side_bytes: room, ..TreeLimits::default() });
    rig.deliver_all(&best);
    rig.deliver_all(&weak);
    rig.deliver_all(&strong);
    assert_eq!(known(&rig, &weak), [false; 2]);
    assert_eq!(known(&rig, &strong), [true; 5]);
}

#[test]
fn eviction_and_return_before_any_write_lose_nothing_as_the_store_catches_up() {
    let genesis = Block::genesis();
    let best = mine_branch(&genesis, 8, "");
    let weak = mine(&genesis, "weak");
    let strong = mine_branch(&genesis, 2, &"a long text ".repeat(20));
    let min_side_bytes = line_bytes(&strong);
    let mut rig = Rig::new(TreeLimits { min_side_bytes, ..TreeLimits::default() });
    rig.deliver_all(&best[..3]);
    rig.deliver(checked(&weak));
    rig.deliver_all(&strong);
    assert_eq!(rig.chain.point(&weak.hash), Ok(None));
    rig.deliver_all(&best[3..]);
    assert_eq!(rig.deliver(checked(&weak)), [weak.hash]);
    // Each of the two insertions has a write of its own, with the eviction between them.
    while rig.chain.uncommitted_changes() > 0 {
        rig.write(1);
        assert_eq!(rig.chain.block(&weak.hash).unwrap().unwrap().block, weak);
        rig.report();
        assert_eq!(rig.chain.block(&weak.hash).unwrap().unwrap().block, weak);
    }
}

#[test]
fn longer_best_chain_makes_room_for_a_rival_as_long() {
    let genesis = Block::genesis();
    // The rival's text is shorter, so that its lines are, whatever the digits of its nonces.
    let best = mine_branch(&genesis, 12, "a text of some length");
    let rival = mine_branch(&genesis, 13, "");
    let mut rig = Rig::new(TreeLimits { min_side_bytes: 0, ..TreeLimits::default() });
    rig.deliver_all(&best);
    assert_eq!(rig.chain.side_bytes(), (0, line_bytes(&best)));
    rig.deliver_all(&rival);
    assert_eq!(rig.chain.tip().hash, rival[12].hash);
    let (bytes, limit) = rig.chain.side_bytes();
    assert!(bytes <= limit && limit == line_bytes(&rival));
}

#[test]
fn evicted_block_is_unknown_at_once_and_taken_again_when_there_is_room() {
    let genesis = Block::genesis();
    let best = mine_branch(&genesis, 8, "");
    let weak = mine(&genesis, "weak");
    let strong = mine_branch(&genesis, 2, &"a long text ".repeat(20));
    let room = line_bytes(&strong);
    assert!(room > line_bytes(&best[..3]), "the best chain's size must not raise the bound yet");
    let mut rig =
        Rig::new(TreeLimits { min_side_bytes: room, window_blocks: 1, ..TreeLimits::default() });
    rig.deliver_all(&best[..3]);
    rig.deliver(checked(&weak));
    rig.commit_all();
    rig.deliver_all(&strong);
    // The store has it until the eviction is written, and must not be believed.
    assert!(rig.store.by_hash(&weak.hash).unwrap().is_some());
    assert_eq!(rig.chain.point(&weak.hash), Ok(None));
    assert_eq!(rig.chain.block(&weak.hash), Ok(None));

    rig.deliver_all(&best[3..]);
    assert_eq!(rig.deliver(checked(&weak)), [weak.hash]);
    assert_eq!(rig.chain.block(&weak.hash).unwrap().unwrap().block, weak);
    rig.commit_all();
    assert_eq!(rig.chain.block(&weak.hash).unwrap().unwrap().block, weak);
    let before = (rig.chain.tip(), rig.chain.side_bytes());
    rig.reopen();
    assert_eq!((rig.chain.tip(), rig.chain.side_bytes()), before);
}

/// Holds what the chain says of each block to what it says of the others.
fn assert_consistent(rig: &Rig) {
    for block in POOL.iter().map(CheckedBlock::block) {
        let place = rig.chain.point(&block.hash).unwrap();
        let stored = rig.chain.block(&block.hash).unwrap();
        assert_eq!(stored.is_some(), place.is_some(), "whole where it is known");
        let fork = rig.chain.fork_point(&block.hash).unwrap();
        assert_eq!(fork.is_some(), place.is_some(), "linked where it is known");
        if place.is_some() {
            assert!(rig.chain.point(&block.prev_hash).unwrap().is_some(), "parents outlast");
        }
        let on_best_chain = rig.chain.on_best_chain(&block.hash).unwrap();
        assert_eq!(on_best_chain.is_some(), rig.best.contains(&block.hash));
    }
}

proptest! {
    /// After any evictions, the memory of a running node and of one that restarts are the same.
    #[test]
    fn evictions_keep_memory_and_store_alike_and_the_best_chain_whole(
        min_side_bytes in 0..8_000_u64,
        window_blocks in 1..4_usize,
        order in Just((0..POOL_BLOCKS).collect::<Vec<_>>()).prop_shuffle(),
        disorder in prop_oneof![Just(1_usize), Just(6), Just(200)],
        writes in proptest::collection::vec((0..4_usize, any::<bool>()), POOL_BLOCKS),
    ) {
        let mut rig = Rig::new(TreeLimits { min_side_bytes, window_blocks, ..TreeLimits::default() });
        let mut places: Vec<_> = (0..POOL_BLOCKS).collect();
        places.sort_by_key(|&place| place + order[place] % disorder);
        // A second round brings evicted blocks back.
        let steps = places.iter().cycle().zip(writes.iter().chain(&writes));
        for (step, (place, (changes, report))) in steps.enumerate() {
            let tip = rig.chain.tip();
            rig.deliver(POOL[*place].clone());
            prop_assert!(rig.chain.tip() == tip || rig.chain.tip().beats(&tip));
            let (bytes, limit) = rig.chain.side_bytes();
            prop_assert!(bytes <= limit);
            rig.write(*changes);
            if *report {
                rig.report();
            }
            if step % 8 == 0 {
                assert_consistent(&rig);
            }
        }
        assert_consistent(&rig);
        for (height, hash) in (1..).zip(&rig.best) {
            prop_assert_eq!(rig.chain.best_at(height).unwrap().unwrap().hash, *hash);
            prop_assert!(rig.chain.block(hash).unwrap().is_some());
        }
        let memory = |chain: &Chain| {
            let blocks = POOL.iter().map(|block| {
                let hash = &block.block().hash;
                (chain.block(hash).unwrap(), chain.fork_point(hash).unwrap())
            });
            (chain.tip(), chain.side_bytes(), blocks.collect::<Vec<_>>())
        };
        let before = memory(&rig.chain);
        rig.commit_all();
        prop_assert_eq!(&memory(&rig.chain), &before);
        rig.reopen();
        prop_assert_eq!(&memory(&rig.chain), &before);
    }
}

#[test]
fn orphan_pool_stays_at_its_bound_and_forgets_the_oldest() {
    let nowhere = |number: usize| {
        let mut parent = Block::genesis();
        parent.hash.0[31] ^= 1;
        checked(&mine(&parent, &number.to_string()))
    };
    let orphans: Vec<_> = (0..=MAX_ORPHANS).map(nowhere).collect();
    let parent = orphans[0].block().prev_hash;
    let mut rig = Rig::new(TreeLimits::default());
    for orphan in &orphans {
        let verdict = rig.chain.accept(orphan.clone(), 0);
        assert!(matches!(verdict, Ok(Accepted::Orphan { parent: asked }) if asked == parent));
    }
    assert_eq!(rig.chain.orphan_count(), MAX_ORPHANS);
    for orphan in &orphans[1..] {
        rig.deliver(orphan.clone());
    }
    assert_eq!(rig.chain.orphan_count(), MAX_ORPHANS);
    assert_eq!(rig.chain.take_orphans_of(&parent), orphans[1..]);
    assert_eq!(rig.chain.orphan_count(), 0);
}

#[test]
fn nothing_builds_on_a_block_of_the_wrong_index() {
    let genesis = Block::genesis();
    let wrong = seal(Block { index: 7, ..draft(&genesis, "seven", Vec::new()) });
    let children = mine_branch(&wrong, 2, "on seven");
    let mut rig = Rig::new(TreeLimits::default());
    assert_eq!(
        rig.chain.accept(checked(&wrong), 0).unwrap_err(),
        AcceptError::Rule(RuleViolation::BadIndex { index: 7, parent: 0 })
    );
    for child in &children {
        let parent = child.prev_hash;
        assert_eq!(
            rig.chain.accept(checked(child), 0).unwrap_err(),
            AcceptError::Rule(RuleViolation::RefusedParent { parent })
        );
    }
    assert_eq!(rig.chain.orphan_count(), 0);
    assert_eq!(rig.chain.tip().height, 0);
}

#[test]
fn orphans_of_a_refused_block_go_with_it() {
    let genesis = Block::genesis();
    let wrong = seal(Block { index: 7, ..draft(&genesis, "seven", Vec::new()) });
    let children = mine_branch(&wrong, 3, "on seven");
    let honest = mine_branch(&genesis, 2, "honest");
    let mut rig = Rig::new(TreeLimits::default());
    rig.deliver_all(&children);
    rig.deliver_all(&honest[1..]);
    assert_eq!(rig.chain.orphan_count(), 4);
    assert!(rig.chain.accept(checked(&wrong), 0).is_err());
    assert_eq!(rig.chain.orphan_count(), 1);
    rig.deliver_all(&honest[..1]);
    assert_eq!(rig.chain.tip().hash, honest[1].hash);
}

/// A store whose best chain is so long that no test could mine it.
struct Tall(u32);

impl Tall {
    fn stored(height: u32) -> StoredBlock {
        let mut block = Block { index: height, ..Block::genesis() };
        block.hash = BlockHash::ZERO;
        block.hash.0[..4].copy_from_slice(&height.to_be_bytes());
        let work = Work::of_classic_blocks(height);
        StoredBlock {
            order: u64::from(height),
            work,
            total_bytes: u64::from(height),
            block,
            ledger: None,
        }
    }
}

impl BlockStore for Tall {
    fn best_tip(&self) -> Result<Option<StoredBlock>, StoreError> {
        Ok((self.0 > 0).then(|| Self::stored(self.0)))
    }
    fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, StoreError> {
        Ok((1..=self.0).contains(&height).then(|| Self::stored(height)))
    }
    fn by_hash(&self, _: &BlockHash) -> Result<Option<StoredBlock>, StoreError> {
        Ok(None)
    }
    fn visit_side_blocks(&self, _: &mut dyn FnMut(StoredBlock)) -> Result<(), StoreError> {
        Ok(())
    }
    fn reorg_limit(&self) -> Result<StoredReorgLimit, StoreError> {
        Ok(StoredReorgLimit::default())
    }
    fn next_order(&self) -> Result<u64, StoreError> {
        Ok(u64::from(self.0) + 1)
    }
    fn account(&self, _: &PublicKey) -> Result<Option<Account>, StoreError> {
        Ok(None)
    }
    fn accounts_after(&self, _: Option<&PublicKey>, _: usize) -> Result<Vec<Account>, StoreError> {
        Ok(Vec::new())
    }
}

/// Heights that a locator names on a chain of the given height.
fn locator_heights(tip: u32) -> Vec<u32> {
    let chain = Chain::open(Box::new(Tall(tip)), TreeLimits::default()).unwrap();
    let locator = chain.locator(None).unwrap();
    let height = |hash: &BlockHash| u32::from_be_bytes(hash.0[..4].try_into().unwrap());
    locator.iter().map(height).collect()
}

#[test]
fn locator_is_short_newest_first_and_leaves_genesis_out() {
    assert!(locator_heights(0).is_empty());
    assert_eq!(locator_heights(1), [1]);
    assert_eq!(locator_heights(10), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(locator_heights(30), [30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 19, 15, 7]);
    for tip in [11, 1_000, 1_000_000, u32::MAX - 1, u32::MAX] {
        let heights = locator_heights(tip);
        assert!(heights.len() <= 64, "{} hashes for height {tip}", heights.len());
        assert_eq!(heights[0], tip);
        assert!(heights.is_sorted_by(|newer, older| newer > older));
        assert!(heights.iter().all(|height| *height > 0));
    }
}

#[test]
fn locator_has_the_end_of_an_earlier_answer_at_its_height() {
    let genesis = Block::genesis();
    let best = mine_branch(&genesis, 3, "best");
    let side = mine_branch(&genesis, 2, "side");
    let mut rig = Rig::new(TreeLimits::default());
    rig.deliver_all(&best);
    rig.deliver_all(&side);
    let down = [best[2].hash, best[1].hash, best[0].hash];
    let from = |hash: &BlockHash| {
        let point = rig.chain.point(hash).unwrap();
        rig.chain.locator(point).unwrap()
    };
    assert_eq!(from(&side[1].hash), [&down[..1], &[side[1].hash], &down[1..]].concat());
    assert_eq!(from(&best[1].hash), down);
    assert_eq!(from(&genesis.hash), down);
}

#[test]
fn chain_at_the_last_height_takes_no_block_more() {
    let tip = Tall::stored(u32::MAX);
    let mut chain = Chain::open(Box::new(Tall(u32::MAX)), TreeLimits::default()).unwrap();
    let parent = Block { index: 0, ..tip.block };
    let verdict = chain.accept(checked(&mine(&parent, "one too many")), 0);
    assert!(matches!(verdict, Err(AcceptError::Rule(RuleViolation::BadIndex { .. }))));
}

#[test]
fn checked_block_is_what_was_checked() {
    let block = mine(&Block::genesis(), "text");
    let checked = CheckedBlock::check(block.clone()).unwrap();
    assert_eq!(checked.into_block(), block);
}
