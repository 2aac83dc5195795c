//! Catching up against a model of two chains, in numbers instead of blocks.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use std::collections::HashSet;

use kusari_chain::ledger::{Account, PublicKey};
use kusari_chain::{
    Block, BlockStore, Chain, StoreResult, StoredBlock, StoredReorgLimit, Target, TreeLimits,
};

use core::ops::Range;

use super::*;
use crate::limits::{REQUEST_TIMEOUT, REST_TIME};

const STEP: Duration = Duration::from_millis(10);

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
    fn best_tip(&self) -> StoreResult<Option<StoredBlock>> {
        Ok(self.stored(self.tip().height))
    }
    fn best_at(&self, height: u32) -> StoreResult<Option<StoredBlock>> {
        Ok(self.stored(height))
    }
    fn by_hash(&self, hash: &BlockHash) -> StoreResult<Option<StoredBlock>> {
        let mut height = [0; 4];
        height.copy_from_slice(&hash.0[..4]);
        let height = u32::from_be_bytes(height);
        Ok(self.stored(height).filter(|stored| stored.block.hash == *hash))
    }
    fn visit_side_blocks(&self, _: &mut dyn FnMut(StoredBlock)) -> StoreResult {
        Ok(())
    }
    fn next_order(&self) -> StoreResult<u64> {
        Ok(0)
    }
    fn reorg_limit(&self) -> StoreResult<StoredReorgLimit> {
        Ok(StoredReorgLimit::default())
    }
    fn account(&self, _: &PublicKey) -> StoreResult<Option<Account>> {
        Ok(None)
    }
    fn accounts_after(&self, _: Option<&PublicKey>, _: usize) -> StoreResult<Vec<Account>> {
        Ok(Vec::new())
    }
}

/// The peer's answer is complete.
fn end(sync: &mut Sync, downloads: &mut Downloads, peer: PeerId, now: Duration) {
    let download = downloads.ended(peer, 0, &[]).expect("nothing was asked");
    sync.ended(downloads, peer, download, End::Complete, now);
}

/// Gives up what is late.
fn give_up(sync: &mut Sync, downloads: &mut Downloads, now: Duration) {
    for (peer, download) in downloads.give_up_late(now) {
        sync.ended(downloads, peer, download, End::Late, now);
    }
}

/// Whom to ask now, where nothing is known.
fn ask(sync: &mut Sync, downloads: &mut Downloads, now: Duration) -> Option<PeerId> {
    let tip = BestPoint::genesis();
    sync.next(downloads, now, &tip, false, |_, _| Ok(true)).unwrap().map(|question| question.peer)
}

/// Asks `theirs` until everything is known or nothing is asked any more. Returns what is known.
/// The connection breaks after `answers` answers, if that many come.
fn catch_up(ours: Made, theirs: Made, known: &mut HashSet<BlockHash>, answers: usize) {
    let chain = Chain::open(Box::new(ours), TreeLimits::default()).unwrap();
    let peer = PeerId(1);
    let (mut sync, mut downloads) = (Sync::default(), Downloads::default());
    let mut now = Duration::from_secs(100);
    sync.set_best_work(ours.tip().work, now);
    sync.add(peer, false);
    sync.claims(peer, theirs.tip());
    for _ in 0..answers {
        now += STEP;
        let unknown =
            |_, hash: &BlockHash| Ok(!known.contains(hash) && ours.by_hash(hash)?.is_none());
        let question = sync.next(&mut downloads, now, &ours.tip(), false, unknown).unwrap();
        let Some(Question { cursor, limit, .. }) = question else { return };
        let locator = chain.locator(cursor).unwrap();
        let matched = locator.iter().find_map(|hash| theirs.by_hash(hash).unwrap());
        let after = matched.map_or(0, |stored| stored.block.index);
        for height in (after + 1..=theirs.tip().height).take(limit as usize) {
            let point = theirs.point(height);
            let here = !known.insert(point.hash) || ours.by_hash(&point.hash).unwrap().is_some();
            let arrival = if here { Arrival::Known(point) } else { Arrival::Fresh(point) };
            sync.block_came(&mut downloads, peer, arrival, now);
        }
        end(&mut sync, &mut downloads, peer, now);
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
fn drip(sync: &mut Sync, downloads: &mut Downloads, peer: PeerId, number: &mut u8, now: Duration) {
    *number += 1;
    let point =
        BestPoint { height: 1, hash: BlockHash([*number; 32]), work: Target::CLASSIC.work() };
    sync.block_came(downloads, peer, Arrival::Fresh(point), now);
}

#[test]
fn a_liar_that_drips_new_side_blocks_keeps_nobody_from_being_asked_and_stops_no_mining() {
    let (liar, honest) = (PeerId(1), PeerId(2));
    let ours = Made { shared: 10, own: 0, branch: 0 };
    let theirs = Made { shared: 10, own: 5, branch: 2 };
    for slow in [false, true] {
        let (mut sync, mut downloads) = (Sync::default(), Downloads::default());
        let mut now = Duration::from_secs(100);
        sync.set_best_work(ours.tip().work, now);
        for (peer, claim) in [(liar, 200), (honest, 5)] {
            sync.add(peer, false);
            sync.claims(peer, Made { own: claim, ..theirs }.tip());
        }
        let (mut number, mut asked_honest) = (100, false);
        let began = now;
        while !asked_honest && now < began + 4 * HEDGE_AFTER {
            now += if slow { HEDGE_AFTER } else { STEP };
            let asked =
                sync.next(&mut downloads, now, &ours.tip(), false, |_, _| Ok(true)).unwrap();
            asked_honest |= asked.is_some_and(|question| question.peer == honest);
            drip(&mut sync, &mut downloads, liar, &mut number, now);
            assert!(
                !sync.is_catching_up(&downloads, now),
                "mining waits for blocks that raise nothing"
            );
            if !slow && downloads.is_syncing(liar) {
                end(&mut sync, &mut downloads, liar, now);
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
    let (mut sync, mut downloads) = (Sync::default(), Downloads::default());
    sync.add(peer, false);
    sync.claims(peer, theirs.tip());
    ask(&mut sync, &mut downloads, now);
    sync.set_best_work(theirs.point(1).work, now);
    sync.block_came(&mut downloads, peer, Arrival::Fresh(theirs.point(1)), now);
    assert!(sync.is_catching_up(&downloads, now + STEP));
    assert!(
        !sync.is_catching_up(&downloads, now + MINING_WAITS),
        "a peer that stopped stops mining"
    );
    end(&mut sync, &mut downloads, peer, now);
    assert!(!sync.is_catching_up(&downloads, now + STEP));
}

#[test]
fn the_orphan_behind_a_question_without_answer_is_not_forgotten() {
    let peer = PeerId(1);
    let now = Duration::from_secs(100);
    let (mut sync, mut downloads) = (Sync::default(), Downloads::default());
    sync.add(peer, false);
    sync.block_came(&mut downloads, peer, Arrival::Orphan(BlockHash([7; 32])), now);
    assert!(ask(&mut sync, &mut downloads, now).is_some());
    let later = now + REQUEST_TIMEOUT;
    give_up(&mut sync, &mut downloads, later);
    assert!(ask(&mut sync, &mut downloads, later).is_none());
    assert_eq!(sync.deadline(&downloads, later), Some(later + REST_TIME));
    assert!(ask(&mut sync, &mut downloads, later + REST_TIME).is_some());
}

#[test]
fn blocks_that_come_late_count_and_end_the_rest_of_their_peer() {
    let (mut sync, mut downloads) = line(1, 0);
    let (peer, mut now) = (PeerId(1), Duration::from_secs(100));
    ask(&mut sync, &mut downloads, now);
    now += REQUEST_TIMEOUT;
    give_up(&mut sync, &mut downloads, now);
    now += STEP;
    assert_eq!(ask(&mut sync, &mut downloads, now), None);
    deliver(&mut sync, &mut downloads, peer, 1..33, now);
    assert!(downloads.is_syncing(peer));
    end(&mut sync, &mut downloads, peer, now);
    assert_eq!(ask(&mut sync, &mut downloads, now), Some(peer), "it rests");
}

/// A line of peers that claim one and the same chain; the first `chosen` of them were dialled.
fn line(peers: u64, chosen: u64) -> (Sync, Downloads) {
    let mut sync = Sync::default();
    for number in 1..=peers {
        sync.add(PeerId(number), number <= chosen);
        sync.claims(PeerId(number), Made { shared: 0, own: 5_000, branch: 2 }.tip());
    }
    (sync, Downloads::default())
}

/// So many blocks come at once that raise our work.
fn deliver(
    sync: &mut Sync,
    downloads: &mut Downloads,
    peer: PeerId,
    heights: Range<u32>,
    now: Duration,
) {
    for height in heights {
        let point = Made { shared: 0, own: height, branch: 2 }.tip();
        sync.set_best_work(point.work, now);
        sync.block_came(downloads, peer, Arrival::Fresh(point), now);
    }
}

#[test]
fn a_claim_that_leads_to_nothing_is_asked_about_again_after_rests_that_double_to_ten_minutes() {
    let (mut sync, mut downloads) = line(1, 0);
    let (mut now, mut waits, mut before) = (Duration::from_secs(100), Vec::new(), None);
    while waits.len() < 7 {
        if ask(&mut sync, &mut downloads, now).is_some() {
            waits.extend(before.map(|before| (now - before).as_secs()));
            before = Some(now);
            end(&mut sync, &mut downloads, PeerId(1), now);
        }
        now += Duration::from_secs(1);
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 600, 600]);
    assert!(sync.is_within_bounds(|_| true));
}

#[test]
fn a_claim_that_led_to_nothing_is_asked_about_beside_other_requests_and_in_place_of_none() {
    let (mut sync, mut downloads) = line(2, 0);
    let (liar, honest) = (PeerId(1), PeerId(2));
    let mut now = Duration::from_secs(100);
    assert_eq!(ask(&mut sync, &mut downloads, now), Some(liar));
    end(&mut sync, &mut downloads, liar, now);
    now += REST_TIME;
    // The honest one comes first, and the liar is asked beside it.
    assert_eq!(ask(&mut sync, &mut downloads, now), Some(honest));
    assert_eq!(ask(&mut sync, &mut downloads, now), Some(liar));
    deliver(&mut sync, &mut downloads, honest, 1..33, now);
    end(&mut sync, &mut downloads, honest, now);
    assert_eq!(ask(&mut sync, &mut downloads, now), Some(honest), "it waits for the liar");
}

#[test]
fn peers_that_we_dialled_are_asked_before_those_that_came() {
    let (mut sync, mut downloads) = (Sync::default(), Downloads::default());
    for number in 1..=9 {
        sync.add(PeerId(number), number == 7);
        sync.claims(PeerId(number), Made { shared: 0, own: 5, branch: 2 }.tip());
    }
    let now = Duration::from_secs(100);
    assert_eq!(ask(&mut sync, &mut downloads, now), Some(PeerId(7)));
    assert_eq!(ask(&mut sync, &mut downloads, now), None, "another one is asked at once");
}

#[test]
fn more_and_more_peers_are_asked_while_our_work_stands_still_and_a_few_blocks_of_each() {
    let (mut sync, mut downloads) = line(64, 0);
    let (mut now, mut rounds) = (Duration::from_secs(100), Vec::new());
    let tip = BestPoint::genesis();
    while rounds.iter().sum::<usize>() < 64 {
        let mut round = 0;
        while let Some(question) =
            sync.next(&mut downloads, now, &tip, false, |_, _| Ok(true)).unwrap()
        {
            assert_eq!(question.limit, FIRST_BLOCKS);
            round += 1;
        }
        rounds.push(round);
        assert_eq!(sync.deadline(&downloads, now), Some(now + HEDGE_AFTER));
        now += HEDGE_AFTER;
    }
    assert_eq!(rounds, [1, 3, 5, 9, 17, 17, 12]);
}

mod pace;
