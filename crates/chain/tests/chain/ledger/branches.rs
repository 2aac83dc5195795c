//! Branches in which a block breaks a rule that only shows when the branch wins.

use kusari_chain::rules::TransactionViolation;
use kusari_chain::{AcceptError, Accepted, BlockHash, RuleViolation, TreeLimits};

use crate::ledger::naive::Forest;
use crate::ledger::people::PEOPLE;
use crate::ledger::support::{CHAIN, Rig, SPEC, START};

/// Two branches from block 2: `best` of 3 blocks, and `side`, whose second block spends what nobody
/// has, and which is longer. Beside the wrong block stands a right one, `good`, that `best` beats.
struct Branches {
    forest: Forest,
    root: Vec<usize>,
    best: Vec<usize>,
    side: Vec<usize>,
    good: usize,
}

fn branches() -> Branches {
    let mut forest = Forest::new(&SPEC);
    let root = forest.grow(0, 2, PEOPLE[0].key);
    let best = forest.grow(root[1], 3, PEOPLE[1].key);
    let mut side = forest.grow(root[1], 1, PEOPLE[2].key);
    let good = forest.grow(side[0], 1, PEOPLE[2].key)[0];
    let overdraft = PEOPLE[3].pays(&PEOPLE[2].key, (1, 1, 0), &CHAIN);
    let draft = forest.draft(side[0], START + 100, PEOPLE[2].key, vec![overdraft]);
    side.push(forest.add(side[0], draft));
    side.extend(forest.grow(side[1], 4, PEOPLE[2].key));
    Branches { forest, root, best, side, good }
}

impl Branches {
    fn take(&self, rig: &mut Rig, places: &[usize]) {
        for place in places {
            let accepted = rig.accept(self.forest.checked(*place));
            assert!(matches!(accepted, Ok(Accepted::Added(_))), "{accepted:?}");
        }
    }

    fn hash(&self, place: usize) -> BlockHash {
        self.forest.hash(place)
    }
}

fn rig() -> Rig {
    Rig::new(&SPEC, TreeLimits { window_blocks: 1, ..TreeLimits::default() })
}

fn overdraft() -> RuleViolation {
    let fault = TransactionViolation::Overdraft { cost: 2, balance: 0 };
    RuleViolation::Transaction { place: 0, fault }
}

/// Delivers blocks of `side` from the third on until one would win, and the branch is refused.
fn refuse(all: &Branches, rig: &mut Rig) {
    for place in &all.side[2..] {
        match rig.accept(all.forest.checked(*place)) {
            // The third has the work of the tip, so its hash decides; the fourth has more.
            Ok(Accepted::Added(_)) if *place == all.side[2] => {}
            Ok(Accepted::BranchRefused { block, violation, change }) => {
                assert_eq!((block, violation), (all.hash(all.side[1]), overdraft()));
                assert!(change.connected.is_empty() && change.reverted.is_empty());
                return;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("the branch was not refused");
}

/// A chain that has refused the wrong branch, with so many of the changes before written.
fn refused(all: &Branches, written: usize) -> Rig {
    let mut rig = rig();
    for places in [&all.root[..], &all.best, &all.side[..2], &[all.good]] {
        all.take(&mut rig, places);
    }
    rig.write(written);
    rig.report();
    refuse(all, &mut rig);
    rig
}

#[test]
fn branch_that_breaks_a_rule_is_forgotten_from_there_and_the_rest_stays() {
    let all = branches();
    for written in [0, 3, 7, usize::MAX] {
        let mut rig = refused(&all, written);
        assert_eq!(rig.chain.tip().hash, all.hash(all.best[2]));
        let expected = all.forest.nodes[all.best[2]].accounts.as_ref().unwrap();
        for person in PEOPLE.iter() {
            let account = rig.account(&person.key);
            let naive = expected.get(&person.key).copied().unwrap_or_default();
            assert_eq!((account.balance, account.sequence), naive);
        }
        for place in &all.side[1..] {
            assert_eq!(rig.chain.point(&all.hash(*place)), Ok(None));
            assert_eq!(rig.chain.block(&all.hash(*place)), Ok(None));
        }
        for place in [all.side[0], all.good] {
            assert!(rig.chain.point(&all.hash(place)).unwrap().is_some());
        }
        rig.restore();
        let before = (rig.chain.tip(), rig.chain.side_bytes());
        rig.commit_all();
        rig.reopen();
        assert_eq!((rig.chain.tip(), rig.chain.side_bytes()), before);
        for place in &all.side[1..] {
            assert_eq!(rig.chain.point(&all.hash(*place)), Ok(None));
        }
        assert!(rig.chain.block(&all.hash(all.good)).unwrap().is_some());
    }
}

#[test]
fn refused_blocks_are_refused_again_and_take_no_room() {
    let all = branches();
    let mut rig = refused(&all, 0);
    let before = rig.chain.side_bytes();
    for _ in 0..2 {
        for place in &all.side[1..] {
            let accepted = rig.accept(all.forest.checked(*place));
            assert!(matches!(accepted, Err(AcceptError::Rule(_))), "{place}: {accepted:?}");
        }
        assert_eq!(rig.chain.side_bytes(), before);
        assert_eq!(rig.chain.orphan_count(), 0);
        rig.commit_all();
        // A checkpoint remembers it as well.
        rig.restore();
    }
}

#[test]
fn right_part_of_a_refused_branch_grows_on_and_may_win() {
    let mut all = branches();
    let more = all.forest.grow(all.good, 3, PEOPLE[3].key);
    let mut rig = refused(&all, 2);
    all.take(&mut rig, &more);
    assert_eq!(rig.chain.tip().hash, all.hash(more[2]));
    let expected = all.forest.nodes[more[2]].accounts.as_ref().unwrap();
    for person in PEOPLE.iter() {
        let account = rig.account(&person.key);
        let naive = expected.get(&person.key).copied().unwrap_or_default();
        assert_eq!((account.balance, account.sequence), naive);
    }
}

#[test]
fn store_that_lost_the_refusal_in_a_crash_comes_to_it_again() {
    let all = branches();
    let mut rig = rig();
    for places in [&all.root[..], &all.best, &all.side[..2], &[all.good]] {
        all.take(&mut rig, places);
    }
    rig.commit_all();
    for _ in 0..2 {
        for place in &all.side[2..] {
            let _ = rig.accept(all.forest.checked(*place));
        }
        assert_eq!(rig.chain.point(&all.hash(all.side[1])), Ok(None));
        assert_eq!(rig.chain.tip().hash, all.hash(all.best[2]));
        rig.reopen();
        assert!(rig.chain.point(&all.hash(all.side[1])).unwrap().is_some());
    }
}

#[test]
fn wrong_block_that_would_win_by_itself_is_refused_alone() {
    let mut all = branches();
    let overdraft_of = PEOPLE[3].pays(&PEOPLE[2].key, (1, 1, 0), &CHAIN);
    let side = all.forest.grow(all.best[1], 1, PEOPLE[2].key)[0];
    let draft = all.forest.draft(side, START + 100, PEOPLE[2].key, vec![overdraft_of]);
    let wrong = all.forest.add(side, draft);
    let mut rig = rig();
    for places in [&all.root[..], &all.best, &[side]] {
        all.take(&mut rig, places);
    }
    for _ in 0..2 {
        let accepted = rig.accept(all.forest.checked(wrong));
        assert!(matches!(accepted, Err(AcceptError::Rule(_))), "{accepted:?}");
    }
    assert!(rig.chain.point(&all.hash(side)).unwrap().is_some());
    assert_eq!(rig.chain.block(&all.hash(wrong)), Ok(None));
}

#[test]
fn orphans_of_a_refused_branch_go_with_it() {
    let all = branches();
    let mut rig = rig();
    for places in [&all.root[..], &all.best, &all.side[..2]] {
        all.take(&mut rig, places);
    }
    // The last waits for the fourth or the fifth, whichever is the one that would win.
    for place in [all.side[5], all.side[4]] {
        let accepted = rig.accept(all.forest.checked(place));
        assert!(matches!(accepted, Ok(Accepted::Orphan { .. })), "{accepted:?}");
    }
    refuse(&all, &mut rig);
    for place in &all.side[1..] {
        let accepted = rig.accept(all.forest.checked(*place));
        assert!(matches!(accepted, Err(AcceptError::Rule(_))), "{place}: {accepted:?}");
    }
    assert_eq!(rig.chain.orphan_count(), 0);
}
