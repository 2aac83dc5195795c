//! Branches whose length must not make each of their blocks dear: in memory, and in steps.

use crate::common::{Rig, checked, line_bytes, mine_branch};
use kusari_chain::{Ahead, Block, Prepared, TreeLimits};

#[test]
fn blocks_that_are_moved_count_for_what_they_hold_in_memory_until_they_are_stored() {
    let genesis = Block::genesis();
    let mut branches = ["one", "other"].map(|name| mine_branch(&genesis, 20, name));
    let mut rig = Rig::new(TreeLimits::default());
    branches.iter().for_each(|branch| rig.deliver_all(branch));
    rig.commit_all();
    assert_eq!(rig.chain.uncommitted_bytes(), 0);
    let (mut moved, mut sent) = (0, 0);
    for turn in 0..10 {
        let branch = &mut branches[turn % 2];
        for block in mine_branch(branch.last().unwrap(), 2, "more") {
            let before = rig.chain.tip();
            rig.deliver(checked(&block));
            sent += line_bytes(std::slice::from_ref(&block));
            branch.push(block);
            if rig.chain.on_best_chain(&before.hash).unwrap().is_none() {
                moved += u64::from(before.height);
            }
        }
    }
    assert!(moved > 100, "nothing was moved");
    assert!(rig.chain.uncommitted_bytes() > sent + 400 * moved);
    rig.commit_all();
    assert_eq!(rig.chain.uncommitted_bytes(), 0);
}

#[test]
fn a_block_on_a_long_branch_is_placed_without_a_walk_of_it() {
    // Branches of branches, so that ways lead over blocks that were in the best chain before.
    let mut rig = Rig::new(TreeLimits { at_once_blocks: 0, ..TreeLimits::default() });
    let trunk = mine_branch(&Block::genesis(), 40, "trunk");
    let first = mine_branch(&trunk[9], 25, "first");
    let second = mine_branch(&first[14], 20, "second");
    for branch in [&trunk, &first, &second] {
        rig.deliver_all(branch);
    }
    for (end, fork) in [(&first[24], 10), (&second[19], 10), (&trunk[39], 40), (&first[0], 10)] {
        assert_eq!(rig.chain.fork_point(&end.hash).unwrap().unwrap().height, fork);
    }
    while let Ahead::New(rival) = rig.chain.ahead().unwrap() {
        assert_eq!((rival.depth, rival.length), (30, 35));
        rig.chain.begin(&rival);
        let Prepared::Switched(change) = rig.chain.prepare(&mut |_, _| Ok(())).unwrap() else {
            panic!("one step")
        };
        assert_eq!((change.reverted.len(), change.connected.len()), (30, 35));
    }
    assert_eq!(rig.chain.tip().hash, second[19].hash);
    for (end, fork) in [(&trunk[39], 10), (&first[24], 25), (&trunk[10], 10)] {
        assert_eq!(rig.chain.fork_point(&end.hash).unwrap().unwrap().height, fork);
        assert_eq!(rig.chain.branch_to(&end.hash).unwrap().unwrap().fork.height, fork);
    }
}
