//! Fork choice where the operator set how deep a reorganisation may go, compared with a model that is
//! too simple to be wrong, and what must hold of branches that are not followed.

use std::collections::{HashMap, HashSet};

use crate::common::{POOL, POOL_BLOCKS, Rig, line_bytes, mine_branch};
use kusari_chain::{Acceptance, Block, BlockHash, CheckedBlock, MAX_HELD_BRANCHES, TreeLimits};
use proptest::prelude::*;

/// Every known block, the best chain, and what a person and the limit said about the rest.
#[derive(Clone, Default)]
struct Model {
    blocks: HashMap<BlockHash, Block>,
    best: Vec<BlockHash>,
    /// Depth at which it was first held, by the first block of a held branch.
    held: HashMap<BlockHash, usize>,
    accepted: Option<BlockHash>,
    limit: Option<u32>,
}

impl Model {
    /// The blocks from the fork with the best chain up to this one.
    fn beside(&self, hash: &BlockHash) -> Vec<BlockHash> {
        let mut path = Vec::new();
        let mut at = *hash;
        while at != Block::genesis().hash && !self.best.contains(&at) {
            path.push(at);
            at = self.blocks[&at].prev_hash;
        }
        path.reverse();
        path
    }

    fn beats_tip(&self, hash: &BlockHash) -> bool {
        let place = |hash: &BlockHash| (self.blocks[hash].index, std::cmp::Reverse(*hash));
        self.best.last().is_none_or(|tip| place(hash) > place(tip))
    }

    /// The root of the held branch that a block belongs to.
    fn held_with(&self, hash: &BlockHash) -> Option<BlockHash> {
        let path = self.beside(hash);
        let is_accepted = self.accepted.is_some_and(|accepted| path.contains(&accepted));
        path.into_iter().rev().filter(|_| !is_accepted).find(|hash| self.held.contains_key(hash))
    }

    /// Follows or holds whatever has more work than the best chain, the best first.
    fn settle(&mut self) {
        loop {
            let mut rivals: Vec<BlockHash> =
                self.blocks.keys().copied().filter(|hash| self.beats_tip(hash)).collect();
            rivals.retain(|hash| self.held_with(hash).is_none());
            let best = rivals
                .into_iter()
                .max_by_key(|hash| (self.blocks[hash].index, std::cmp::Reverse(*hash)));
            let Some(rival) = best else { return };
            let path = self.beside(&rival);
            let kept = usize::try_from(self.blocks[&rival].index).unwrap() - path.len();
            let depth = self.best.len() - kept;
            let is_accepted = self.accepted.is_some_and(|accepted| path.contains(&accepted));
            let too_deep = self.limit.is_some_and(|limit| depth > usize::try_from(limit).unwrap());
            if too_deep && !is_accepted {
                self.held.insert(path[0], depth);
            } else {
                self.best.truncate(kept);
                self.best.extend(path);
                self.held.retain(|root, _| !self.best.contains(root));
            }
        }
    }

    fn accept(&mut self, hash: BlockHash) {
        if self.best.contains(&hash) || !self.blocks.contains_key(&hash) {
            return;
        }
        let path = self.beside(&hash);
        // Held branches that have blocks in common with it are judged anew.
        let mut held = std::mem::take(&mut self.held);
        held.retain(|root, _| !path.contains(root) && !self.beside(root).contains(&hash));
        self.held = held;
        self.accepted = Some(hash);
        self.settle();
    }

    fn set_limit(&mut self, limit: Option<u32>) {
        self.limit = limit;
        let stays =
            |depth: usize| limit.is_some_and(|limit| depth > usize::try_from(limit).unwrap());
        self.held.retain(|_, depth| stays(*depth));
        self.settle();
    }
}

#[derive(Clone, Debug)]
enum Event {
    Nothing,
    Accept(usize),
    Reopen,
    Restart(Option<u32>),
    Restore,
}

fn event() -> impl Strategy<Value = Event> {
    let limit = prop_oneof![1 => Just(None), 4 => (0..8_u32).prop_map(Some)];
    prop_oneof![
        30 => Just(Event::Nothing),
        4 => (0..POOL_BLOCKS).prop_map(Event::Accept),
        2 => Just(Event::Reopen),
        1 => limit.prop_map(Event::Restart),
        1 => Just(Event::Restore),
    ]
}

/// The pool in an order in which parents come first.
fn in_some_order(keys: &[usize]) -> Vec<CheckedBlock> {
    let mut left: Vec<(usize, &CheckedBlock)> = keys.iter().copied().zip(&*POOL).collect();
    left.sort_by_key(|(key, _)| *key);
    let mut known = HashSet::from([Block::genesis().hash]);
    let mut ordered = Vec::new();
    while let Some(place) =
        left.iter().position(|(_, block)| known.contains(&block.block().prev_hash))
    {
        let (_, block) = left.remove(place);
        known.insert(block.block().hash);
        ordered.push(block.clone());
    }
    ordered
}

fn assert_same(rig: &Rig, model: &Model) {
    assert_eq!(rig.best, model.best);
    let held: HashSet<BlockHash> =
        rig.chain.held_branches().into_iter().map(|branch| branch.root).collect();
    let ahead = model.blocks.keys().filter(|hash| model.beats_tip(hash));
    let expected: HashSet<BlockHash> = ahead.map(|hash| model.held_with(hash).unwrap()).collect();
    assert_eq!(held, expected);
    for hash in model.blocks.keys().filter(|hash| model.beats_tip(hash)) {
        assert!(rig.chain.is_held(hash));
    }
    for branch in rig.chain.branches(POOL_BLOCKS).unwrap().branches {
        let path = model.beside(&branch.tip.hash);
        assert_eq!(branch.tip.height - branch.fork.height, u32::try_from(path.len()).unwrap());
        assert_eq!(branch.depth, u32::try_from(model.best.len()).unwrap() - branch.fork.height);
    }
}

proptest! {
    #[test]
    fn best_chain_is_the_models_whatever_is_held_accepted_and_restarted(
        steps in proptest::collection::vec((0..1_000_usize, event()), POOL_BLOCKS),
        disorder in prop_oneof![Just(1_usize), 2..30_usize, Just(1_000)],
        limit in 0..8_u32,
    ) {
        let keys: Vec<usize> =
            steps.iter().enumerate().map(|(place, (key, _))| place + key % disorder).collect();
        let limits = TreeLimits { max_reorg_depth: Some(limit), ..TreeLimits::default() };
        let mut rig = Rig::new(limits);
        rig.chain.bind();
        let mut model = Model { limit: Some(limit), ..Model::default() };
        for (block, (_, event)) in in_some_order(&keys).into_iter().zip(&steps) {
            model.blocks.insert(block.block().hash, block.block().clone());
            rig.deliver(block);
            rig.reconsider();
            model.settle();
            match event {
                Event::Nothing => {}
                Event::Accept(place) => {
                    let hash = POOL[*place].block().hash;
                    model.accept(hash);
                    match rig.chain.accept_branch(hash, 0).unwrap() {
                        Acceptance::Accepted(reconsidered) => {
                            rig.take(reconsidered);
                            rig.reconsider();
                        }
                        Acceptance::InBestChain(point) => {
                            prop_assert_eq!(rig.best[point.height as usize - 1], hash);
                        }
                        Acceptance::Unknown => prop_assert!(!model.blocks.contains_key(&hash)),
                    }
                }
                Event::Reopen => {
                    rig.commit_all();
                    rig.reopen();
                    rig.reconsider();
                }
                Event::Restart(limit) => {
                    rig.commit_all();
                    rig.limits.max_reorg_depth = *limit;
                    rig.reopen();
                    rig.reconsider();
                    model.set_limit(*limit);
                }
                Event::Restore => rig.restore(),
            }
            assert_same(&rig, &model);
        }
    }
}

fn rig(limit: u32) -> Rig {
    let mut rig = Rig::new(TreeLimits { max_reorg_depth: Some(limit), ..TreeLimits::default() });
    rig.chain.bind();
    rig
}

#[test]
fn branch_is_followed_at_the_limit_and_held_one_block_beyond() {
    for (reverted, follows) in [(4, true), (5, false)] {
        let mut rig = rig(4);
        let ours = mine_branch(&Block::genesis(), 8, "ours");
        rig.deliver_all(&ours);
        let theirs = mine_branch(&ours[7 - reverted], reverted + 3, "theirs");
        rig.deliver_all(&theirs);
        assert_eq!(rig.chain.on_best_chain(&theirs[0].hash).unwrap().is_some(), follows);
        assert_eq!(rig.chain.held_branches().is_empty(), follows);
    }
}

#[test]
fn store_that_was_empty_follows_any_depth_until_it_is_filled() {
    let mut rig = Rig::new(TreeLimits { max_reorg_depth: Some(1), ..TreeLimits::default() });
    let ours = mine_branch(&Block::genesis(), 5, "ours");
    let theirs = mine_branch(&Block::genesis(), 6, "theirs");
    rig.deliver_all(&ours);
    rig.deliver_all(&theirs);
    assert_eq!(rig.chain.tip().height, 6);
    rig.commit_all();
    rig.reopen();
    rig.deliver_all(&mine_branch(&ours[4], 3, "revenge"));
    assert_eq!(rig.chain.tip().hash, theirs[5].hash, "it is filled once it is opened again");
    assert_eq!(rig.chain.held_branches()[0].depth, 6);
}

#[test]
fn later_blocks_of_an_accepted_branch_are_followed_and_the_other_side_is_held_in_its_turn() {
    let mut rig = rig(2);
    let ours = mine_branch(&Block::genesis(), 5, "ours");
    let theirs = mine_branch(&Block::genesis(), 6, "theirs");
    rig.deliver_all(&ours);
    rig.deliver_all(&theirs);
    assert_eq!(rig.chain.tip().hash, ours[4].hash);
    let Acceptance::Accepted(reconsidered) = rig.chain.accept_branch(theirs[2].hash, 0).unwrap()
    else {
        panic!("it is a side block");
    };
    rig.take(reconsidered);
    assert_eq!(rig.chain.tip().hash, theirs[5].hash, "the best end that descends from it");
    rig.deliver_all(&mine_branch(&theirs[5], 1, "theirs"));
    assert_eq!(rig.chain.tip().height, 7);
    rig.deliver_all(&mine_branch(&ours[4], 5, "ours"));
    assert_eq!(rig.chain.tip().height, 7);
    assert_eq!(rig.chain.held_branches()[0].root, ours[0].hash);
}

#[test]
fn held_branch_goes_last_when_side_branches_outgrow_their_room() {
    let ours = mine_branch(&Block::genesis(), 5, "ours");
    let theirs = mine_branch(&Block::genesis(), 6, "theirs");
    let room = line_bytes(&theirs) + line_bytes(&ours[..2]);
    let limits =
        TreeLimits { max_reorg_depth: Some(2), min_side_bytes: room, ..TreeLimits::default() };
    let mut rig = Rig::new(limits);
    rig.chain.bind();
    rig.deliver_all(&ours);
    rig.deliver_all(&theirs);
    for number in 0..10 {
        rig.deliver_all(&mine_branch(&ours[1], 3, &format!("filler {number}")));
        assert!(rig.chain.side_bytes().0 <= room);
    }
    assert_eq!(rig.chain.held_branches()[0].tip.hash, theirs[5].hash);
    // What outgrows the room by itself is cut at its end, and still held.
    rig.deliver_all(&mine_branch(&theirs[5], 6, "more"));
    assert!(rig.chain.side_bytes().0 <= room);
    let held = rig.chain.held_branches();
    assert_eq!((held.len(), held[0].root), (1, theirs[0].hash));
    assert!(rig.chain.point(&held[0].tip.hash).unwrap().is_some());
}

#[test]
fn held_branches_are_bounded_and_the_one_with_the_least_work_is_forgotten() {
    let mut rig = rig(1);
    rig.deliver_all(&mine_branch(&Block::genesis(), 3, "ours"));
    let rivals: Vec<_> = (0..=MAX_HELD_BRANCHES)
        .map(|number| mine_branch(&Block::genesis(), 4 + number % 2, &number.to_string()))
        .collect();
    for rival in &rivals {
        rig.deliver_all(rival);
    }
    assert_eq!(rig.chain.held_branches().len(), MAX_HELD_BRANCHES);
    let shorter = rivals.iter().filter(|rival| rival.len() == 4);
    let gone = shorter.filter(|rival| rig.chain.point(&rival[0].hash).unwrap().is_none());
    assert_eq!(gone.count(), 1);
    rig.commit_all();
    rig.reopen();
    rig.reconsider();
    assert_eq!(rig.chain.held_branches().len(), MAX_HELD_BRANCHES);
    assert_eq!(rig.chain.tip().height, 3);
}
