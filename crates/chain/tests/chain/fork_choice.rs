//! Fork choice, compared with a model that is too simple to be wrong.
//!
//! The model keeps every block that was delivered and, when it is asked, walks each one down to the
//! genesis block. The chain must give the same answers whatever the order of delivery, the state of
//! the store and the crashes in between.

use std::collections::{HashMap, HashSet};

use crate::common::{POOL, POOL_BLOCKS, Rig, SharedStore, checked, mine_branch};
use kusari_chain::{
    BestPoint, Block, BlockHash, BlockStore, Chain, CheckedBlock, TreeLimits, Work,
};
use proptest::prelude::*;

/// Blocks by hash, connected or not.
#[derive(Default)]
struct Model(HashMap<BlockHash, Block>);

impl Model {
    /// The branch that ends in `hash`, from height 1; `None` where an ancestor is missing.
    fn branch(&self, hash: &BlockHash) -> Option<Vec<BlockHash>> {
        let mut branch = Vec::new();
        let mut at = *hash;
        while at != Block::genesis().hash {
            branch.push(at);
            at = self.0.get(&at)?.prev_hash;
        }
        branch.reverse();
        Some(branch)
    }

    fn connected(&self) -> HashMap<BlockHash, Vec<BlockHash>> {
        let branches = self.0.keys().map(|hash| Some((*hash, self.branch(hash)?)));
        branches.flatten().collect()
    }

    /// Every block proves the same work, so the longest branch has the most.
    fn best_chain(&self) -> Vec<BlockHash> {
        let ends = self.connected().into_values();
        ends.max_by_key(|branch| (branch.len(), branch.last().copied().map(std::cmp::Reverse)))
            .unwrap_or_default()
    }
}

fn height_of(branch: &[BlockHash]) -> u32 {
    u32::try_from(branch.len()).unwrap()
}

/// Holds every answer of the chain to the model's.
fn assert_same(rig: &Rig, model: &Model) {
    let best = model.best_chain();
    let genesis = Block::genesis().hash;
    assert_eq!(rig.best, best, "replayed changes");
    let tip = rig.chain.tip();
    assert_eq!(tip.height, height_of(&best));
    assert_eq!(tip.hash, best.last().copied().unwrap_or(genesis));
    assert_eq!(tip.work, Work::of_classic_blocks(tip.height));
    for height in 0..=tip.height + 2 {
        let expected = [genesis].iter().chain(&best).nth(usize::try_from(height).unwrap()).copied();
        let found = rig.chain.best_at(height).unwrap();
        assert_eq!(found.map(|point| point.hash), expected, "best_at({height})");
        assert!(found.is_none_or(
            |point| point.height == height && point.work == Work::of_classic_blocks(height)
        ));
    }
    let connected = model.connected();
    for block in POOL.iter().map(CheckedBlock::block) {
        let hash = block.hash;
        let Some(branch) = connected.get(&hash) else {
            assert_eq!(rig.chain.point(&hash), Ok(None));
            assert_eq!(rig.chain.block(&hash), Ok(None));
            assert_eq!(rig.chain.fork_point(&hash), Ok(None));
            continue;
        };
        let shared = branch.iter().zip(&best).take_while(|(a, b)| a == b).count();
        let stored = rig.chain.block(&hash).unwrap().unwrap();
        assert_eq!(stored.block, *block);
        assert_eq!(stored.work, Work::of_classic_blocks(block.index));
        let bytes = branch.iter().map(|hash| model.0[hash].canonical_line_bytes()).sum::<usize>();
        assert_eq!(stored.total_bytes, u64::try_from(bytes).unwrap());
        let work = stored.work;
        assert_eq!(rig.chain.point(&hash), Ok(Some(BestPoint { height: block.index, hash, work })));
        let fork = rig.chain.fork_point(&hash).unwrap().unwrap();
        assert_eq!(fork.height, height_of(&branch[..shared]));
        assert_eq!(Some(fork), rig.chain.best_at(fork.height).unwrap());
        let place = rig.chain.on_best_chain(&hash).unwrap();
        assert_eq!(place.is_some(), shared == branch.len());
        assert!(place.is_none_or(|place| place == fork));
    }
    let side: HashSet<_> = connected.keys().filter(|hash| !best.contains(hash)).collect();
    let side_bytes = side.iter().map(|hash| model.0[*hash].canonical_line_bytes()).sum::<usize>();
    assert_eq!(rig.chain.side_bytes().0, u64::try_from(side_bytes).unwrap());
}

/// Holds a store to which everything is written to the best chain.
fn assert_stored(store: &SharedStore, best: &[BlockHash]) {
    for (height, hash) in (1..).zip(best) {
        assert_eq!(store.best_at(height).unwrap().map(|stored| stored.block.hash), Some(*hash));
    }
    assert_eq!(store.best_at(height_of(best) + 1), Ok(None));
    assert_eq!(store.best_tip().unwrap().map(|stored| stored.block.hash), best.last().copied());
}

/// What happens after a delivery.
#[derive(Clone, Debug)]
enum Event {
    Nothing,
    DeliverAgain(usize),
    Write(usize),
    Report,
    Compare,
    Crash,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => Just(Event::Nothing),
        2 => (0..POOL_BLOCKS).prop_map(Event::DeliverAgain),
        4 => (1..20_usize).prop_map(Event::Write),
        4 => Just(Event::Report),
        1 => Just(Event::Compare),
        1 => Just(Event::Crash),
    ]
}

/// Which blocks are delivered in which order: from in order to fully shuffled, some left out.
fn deliveries() -> impl Strategy<Value = Vec<(usize, Event)>> {
    let keys = proptest::collection::vec((0..1_000_usize, 0..20_u32, event()), POOL_BLOCKS);
    (keys, prop_oneof![Just(1_usize), 2..20_usize, Just(1_000)], 0..3_u32).prop_map(
        |(keys, disorder, left_out)| {
            let mut deliveries: Vec<_> = (0..)
                .zip(keys)
                .filter(|(_, (_, lot, _))| *lot >= left_out)
                .map(|(place, (key, _, event))| (place + key % disorder, place, event))
                .collect();
            deliveries.sort_by_key(|delivery| (delivery.0, delivery.1));
            deliveries.into_iter().map(|(_, place, event)| (place, event)).collect()
        },
    )
}

proptest! {
    #[test]
    fn best_chain_is_the_models_whatever_the_order_and_whenever_the_store_follows(
        deliveries in deliveries(),
        window_blocks in 1..5_usize,
    ) {
        let limits = TreeLimits { window_blocks, ..TreeLimits::default() };
        let mut rig = Rig::new(limits);
        let mut model = Model::default();
        let mut durable = HashSet::new();
        let deliver = |rig: &mut Rig, model: &mut Model, place: usize| {
            let block = POOL[place].clone();
            model.0.insert(block.block().hash, block.block().clone());
            rig.deliver(block);
        };
        for (place, event) in deliveries {
            deliver(&mut rig, &mut model, place);
            match event {
                Event::Nothing => {}
                Event::DeliverAgain(other) if model.0.contains_key(&POOL[other].block().hash) => {
                    deliver(&mut rig, &mut model, other);
                }
                Event::DeliverAgain(_) => {}
                Event::Write(changes) => durable.extend(rig.write(changes)),
                Event::Report => rig.report(),
                Event::Compare => assert_same(&rig, &model),
                Event::Crash => {
                    rig.reopen();
                    model.0.retain(|hash, _| durable.contains(hash));
                    assert_same(&rig, &model);
                }
            }
            let best = model.best_chain();
            prop_assert_eq!(rig.chain.tip().height, height_of(&best));
            prop_assert_eq!(&rig.best, &best);
        }
        assert_same(&rig, &model);
        rig.commit_all();
        assert_same(&rig, &model);
        prop_assert_eq!(rig.chain.uncommitted_changes(), 0);
        assert_stored(&rig.store, &rig.best);
        let best = rig.best.clone();
        rig.reopen();
        prop_assert_eq!(&rig.best, &best);
        model.0.retain(|hash, _| rig.chain.point(hash).unwrap().is_some());
        assert_same(&rig, &model);
    }
}

#[test]
fn smaller_hash_wins_between_branches_of_equal_work() {
    let genesis = Block::genesis();
    let mut rivals: Vec<_> =
        ["a", "b", "c"].iter().map(|name| mine_branch(&genesis, 1, name).remove(0)).collect();
    rivals.sort_by_key(|block| block.hash);
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let mut rig = Rig::new(TreeLimits::default());
        for place in order {
            rig.deliver(checked(&rivals[place]));
        }
        assert_eq!(rig.chain.tip().hash, rivals[0].hash);
    }
}

#[test]
fn deep_reorganisation_far_below_the_window_is_right_before_and_after_its_commit() {
    let genesis = Block::genesis();
    let old = mine_branch(&genesis, 34, "old");
    let new = mine_branch(&old[3], 31, "new");
    let limits = TreeLimits { window_blocks: 2, ..TreeLimits::default() };
    for committed_before in [false, true] {
        let mut rig = Rig::new(limits);
        rig.deliver_all(&old);
        if committed_before {
            rig.commit_all();
        }
        rig.deliver_all(&new);
        let best: Vec<_> = old[..4].iter().chain(&new).map(|block| block.hash).collect();
        let assert_new_chain = |chain: &Chain| {
            for (height, hash) in (1..).zip(&best) {
                assert_eq!(chain.best_at(height).unwrap().unwrap().hash, *hash);
                assert_eq!(chain.block(hash).unwrap().unwrap().block.index, height);
            }
            let fork = chain.fork_point(&old[33].hash).unwrap().unwrap();
            assert_eq!((fork.height, fork.hash), (4, old[3].hash));
        };
        assert_eq!(rig.best, best);
        assert_new_chain(&rig.chain);
        // Between the write and its report the store is ahead of what lies over it.
        rig.write(usize::MAX);
        assert_new_chain(&rig.chain);
        rig.report();
        assert_new_chain(&rig.chain);
        rig.reopen();
        assert_new_chain(&rig.chain);
        // The old branch is beside the chain now, and one more block brings none of it back.
        assert_eq!(rig.chain.on_best_chain(&old[33].hash), Ok(None));
        rig.deliver_all(&mine_branch(&old[33], 2, "revenge"));
        assert_eq!(rig.chain.tip().height, 36);
        assert_eq!(rig.chain.fork_point(&new[30].hash).unwrap().unwrap().hash, old[3].hash);
    }
}
