//! Held branches: what is committed of them is there when the store is opened again, in every store.

use kusari_chain::{BlockHash, BlockStore, BlockWrite, StoredHold, StoredReorgLimit};
use kusari_store::{Store, copy_directory};

use crate::support::{Planner, TempDir, batch};

fn hold(planner: &Planner, order: u64) -> StoredHold {
    StoredHold { root: planner.stored[&order].hash, since: 1_700_000_000, depth: 289 }
}

#[test]
fn held_and_accepted_branches_survive_opening_and_are_in_a_copy() {
    let (directory, copy) = (TempDir::new(), TempDir::new());
    let mut planner = Planner::default();
    let accepted = BlockHash([9; 32]);
    let expected = {
        let store = Store::open(directory.path()).unwrap().trusting();
        store.commit(&[batch(planner.extend(1))]).unwrap();
        let mut writes = planner.branch(None, 2);
        writes.extend(planner.branch(None, 3));
        let (one, other) = (hold(&planner, 1), hold(&planner, 2));
        writes.extend([BlockWrite::HoldBranch(one), BlockWrite::HoldBranch(other)]);
        store.commit(&[batch(writes)]).unwrap();
        let release = BlockWrite::ReleaseBranch { root: other.root };
        let accept = BlockWrite::AcceptBranch { hash: accepted };
        store.commit(&[batch(vec![release, accept])]).unwrap();
        StoredReorgLimit { held: vec![one], accepted: Some(accepted) }
    };
    assert_eq!(Store::open(directory.path()).unwrap().trusting().reorg_limit().unwrap(), expected);
    std::fs::create_dir_all(copy.path()).unwrap();
    copy_directory(directory.path(), &copy.path().join("chain.redb")).unwrap();
    assert_eq!(Store::open(copy.path()).unwrap().trusting().reorg_limit().unwrap(), expected);
}

#[test]
fn a_change_that_does_not_follow_is_refused() {
    let mut planner = Planner::default();
    for twice in [false, true] {
        let store = Store::ephemeral().unwrap().trusting();
        store.commit(&[batch(planner.branch(None, 2))]).unwrap_or_default();
        let hold = StoredHold { root: BlockHash([4; 32]), since: 1, depth: 2 };
        let writes = match twice {
            true => vec![BlockWrite::HoldBranch(hold), BlockWrite::HoldBranch(hold)],
            false => vec![BlockWrite::ReleaseBranch { root: hold.root }],
        };
        store.commit(&[batch(writes)]).unwrap_err();
    }
}
