//! Catching up against a model of two chains, in numbers instead of blocks.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use std::collections::HashSet;

use kusari_chain::ledger::{Account, PublicKey};
use kusari_chain::{
    Block, BlockStore, Chain, StoreError, StoredBlock, StoredFinality, Target, TreeLimits,
};

use super::*;

const STEP: Duration = Duration::from_millis(10);
const ANSWER: u32 = 256;

/// A chain of made-up blocks: `shared` of them common to all, then those of a branch.
#[derive(Clone, Copy)]
struct Made {
    shared: u32,
    own: u32,
    branch: u8,
}

impl Made {
    fn point(self, height: u32) -> BestPoint {
        if height == 0 {
            return BestPoint::genesis();
        }
        let mut hash = BlockHash([if height <= self.shared { 0 } else { self.branch }; 32]);
        hash.0[..4].copy_from_slice(&height.to_be_bytes());
        BestPoint { height, hash, work: Work::of_classic_blocks(height) }
    }

    fn tip(self) -> BestPoint {
        self.point(self.shared + self.own)
    }

    fn stored(self, height: u32) -> Option<StoredBlock> {
        let point = self.point(height);
        (1..=self.tip().height).contains(&height).then(|| StoredBlock {
            order: height.into(),
            work: point.work,
            total_bytes: 0,
            block: Block {
                index: height,
                timestamp: 0,
                nonce: 0,
                data: String::new(),
                prev_hash: self.point(height - 1).hash,
                hash: point.hash,
                transactions: Vec::new(),
            },
            ledger: None,
        })
    }
}

impl BlockStore for Made {
    fn best_tip(&self) -> Result<Option<StoredBlock>, StoreError> {
        Ok(self.stored(self.tip().height))
    }
    fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, StoreError> {
        Ok(self.stored(height))
    }
    fn by_hash(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, StoreError> {
        let mut height = [0; 4];
        height.copy_from_slice(&hash.0[..4]);
        let height = u32::from_be_bytes(height);
        Ok(self.stored(height).filter(|stored| stored.block.hash == *hash))
    }
    fn visit_side_blocks(&self, _: &mut dyn FnMut(StoredBlock)) -> Result<(), StoreError> {
        Ok(())
    }
    fn next_order(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
    fn finality(&self) -> Result<StoredFinality, StoreError> {
        Ok(StoredFinality::default())
    }
    fn account(&self, _: &PublicKey) -> Result<Option<Account>, StoreError> {
        Ok(None)
    }
    fn accounts_after(&self, _: Option<&PublicKey>, _: usize) -> Result<Vec<Account>, StoreError> {
        Ok(Vec::new())
    }
}

/// Asks `theirs` until everything is known or nothing is asked any more. Returns what is known.
/// The connection breaks after `answers` answers, if that many come.
fn catch_up(ours: Made, theirs: Made, known: &mut HashSet<BlockHash>, answers: usize) {
    let chain = Chain::open(Box::new(ours), TreeLimits::default()).unwrap();
    let peer = PeerId(1);
    let mut sync = Sync::default();
    let mut now = Duration::from_secs(100);
    sync.set_best_work(ours.tip().work, now);
    sync.add(peer);
    sync.claims(peer, theirs.tip());
    for _ in 0..answers {
        now += STEP;
        let unknown =
            |_, hash: &BlockHash| Ok(!known.contains(hash) && ours.by_hash(hash)?.is_none());
        let Some((_, cursor)) = sync.next(now, &ours.tip(), unknown).unwrap() else { return };
        let locator = chain.locator(cursor).unwrap();
        let matched = locator.iter().find_map(|hash| theirs.by_hash(hash).unwrap());
        let after = matched.map_or(0, |stored| stored.block.index);
        for height in (after + 1..=theirs.tip().height).take(ANSWER as usize) {
            let point = theirs.point(height);
            let here = !known.insert(point.hash) || ours.by_hash(&point.hash).unwrap().is_some();
            let arrival = if here { Arrival::Known(point) } else { Arrival::Fresh(point) };
            sync.block_came(peer, arrival, now);
        }
        sync.answer_ended(peer, now);
    }
}

#[test]
fn a_longer_branch_is_found_from_any_depth_of_ours() {
    for shared in [0, 1, 300, 500, 1_000] {
        for own in (1..1_400).step_by(13).chain([255, 256, 257, 512, 513, 600, 775, 776]) {
            let ours = Made { shared, own, branch: 1 };
            let theirs = Made { shared, own: own + 1, branch: 2 };
            let mut known = HashSet::new();
            catch_up(ours, theirs, &mut known, 100);
            assert!(known.contains(&theirs.tip().hash), "stuck at {own} over {shared}");
        }
    }
}

#[test]
fn an_interrupted_download_goes_on_through_blocks_that_are_known() {
    let ours = Made { shared: 100, own: 1_000, branch: 1 };
    let theirs = Made { shared: 100, own: 2_000, branch: 2 };
    let mut known = HashSet::new();
    for answers in 1..6 {
        catch_up(ours, theirs, &mut known, answers);
    }
    catch_up(ours, theirs, &mut known, 100);
    assert!(known.contains(&theirs.tip().hash));
}

/// A source of new side blocks that never raise our work, one for each answer.
fn drip(sync: &mut Sync, peer: PeerId, number: &mut u8, now: Duration) {
    *number += 1;
    let point =
        BestPoint { height: 1, hash: BlockHash([*number; 32]), work: Target::CLASSIC.work() };
    sync.block_came(peer, Arrival::Fresh(point), now);
}

#[test]
fn a_liar_that_drips_new_side_blocks_keeps_nobody_from_being_asked_and_stops_no_mining() {
    let (liar, honest) = (PeerId(1), PeerId(2));
    let ours = Made { shared: 10, own: 0, branch: 0 };
    let theirs = Made { shared: 10, own: 5, branch: 2 };
    for slow in [false, true] {
        let mut sync = Sync::default();
        let mut now = Duration::from_secs(100);
        sync.set_best_work(ours.tip().work, now);
        for (peer, claim) in [(liar, 200), (honest, 5)] {
            sync.add(peer);
            sync.claims(peer, Made { own: claim, ..theirs }.tip());
        }
        let (mut number, mut asked_honest) = (100, false);
        let began = now;
        while !asked_honest && now < began + 4 * HEDGE_AFTER {
            now += if slow { HEDGE_AFTER } else { STEP };
            let asked = sync.next(now, &ours.tip(), |_, _| Ok(true)).unwrap();
            asked_honest |= asked.is_some_and(|(peer, _)| peer == honest);
            drip(&mut sync, liar, &mut number, now);
            assert!(!sync.is_catching_up(now), "mining waits for blocks that raise nothing");
            if !slow {
                sync.answer_ended(liar, now);
            }
        }
        assert!(asked_honest, "the honest peer is never asked, slow: {slow}");
    }
}

#[test]
fn blocks_that_raise_our_work_hold_mining_up_until_the_answer_ends() {
    let peer = PeerId(1);
    let theirs = Made { shared: 0, own: 9, branch: 2 };
    let now = Duration::from_secs(100);
    let mut sync = Sync::default();
    sync.add(peer);
    sync.claims(peer, theirs.tip());
    sync.next(now, &BestPoint::genesis(), |_, _| Ok(true)).unwrap();
    sync.set_best_work(theirs.point(1).work, now);
    sync.block_came(peer, Arrival::Fresh(theirs.point(1)), now);
    assert!(sync.is_catching_up(now + STEP));
    assert!(!sync.is_catching_up(now + HEDGE_AFTER), "a peer that stopped holds mining up");
    sync.answer_ended(peer, now);
    assert!(!sync.is_catching_up(now + STEP));
}

#[test]
fn the_orphan_behind_a_question_without_answer_is_not_forgotten() {
    let peer = PeerId(1);
    let now = Duration::from_secs(100);
    let tip = BestPoint::genesis();
    let mut sync = Sync::default();
    sync.add(peer);
    sync.block_came(peer, Arrival::Orphan(BlockHash([7; 32])), now);
    assert!(sync.next(now, &tip, |_, _| Ok(true)).unwrap().is_some());
    let later = now + REQUEST_TIMEOUT;
    assert!(sync.next(later, &tip, |_, _| Ok(true)).unwrap().is_none());
    assert_eq!(sync.deadline(later), Some(later + REST_TIME));
    assert!(sync.next(later + REST_TIME, &tip, |_, _| Ok(true)).unwrap().is_some());
}
