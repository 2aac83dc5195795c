//! The root over all accounts, which every 1,024th block carries.

use std::sync::{Arc, LazyLock};

use kusari_chain::ledger::commitment::MerkleRoot;
use kusari_chain::ledger::{Account, ChainSpec};
use kusari_chain::{AcceptError, Accepted, CheckedBlock, RuleViolation, TreeLimits};

use crate::ledger::definition;
use crate::ledger::people::{PEOPLE, Person};
use crate::ledger::support::{Draft, Rig, START};

const INTERVAL: usize = 1_024;

/// Parameters under which blocks on schedule stay at the limit.
static SPEC: LazyLock<Arc<ChainSpec>> = LazyLock::new(|| {
    let spec = ChainSpec { name: "state".to_owned(), ..ChainSpec::ledger() };
    spec.check().unwrap();
    Arc::new(spec)
});

/// The blocks before the first with a root. Some pay people who are paid only once, so that there are
/// many accounts, and one is emptied again.
static CHAIN: LazyLock<Vec<CheckedBlock>> = LazyLock::new(|| {
    let mut rig = Rig::new(&SPEC, TreeLimits::default());
    let id = SPEC.chain_id();
    (1..INTERVAL)
        .map(|height| {
            let body = if height % 50 == 0 {
                let sequence = height as u64 / 50 - 1;
                let paid = Person::new([height as u8; 32]).key;
                vec![PEOPLE[0].pays(&paid, (height as u64, 1, sequence), &id)]
            } else {
                Vec::new()
            };
            let block = rig.extend(&PEOPLE[usize::from(height % 3 == 0)].key, &body);
            if height % 100 == 0 {
                rig.commit_all();
            }
            block
        })
        .collect()
});

/// A chain that has taken all but the last `less` of [`CHAIN`].
fn rig(less: usize) -> Rig {
    Rig::with(&SPEC, &CHAIN[..INTERVAL - 1 - less])
}

/// The root by definition over these accounts.
fn root(mut accounts: Vec<Account>) -> MerkleRoot {
    accounts.retain(|account| account.balance != 0 || account.sequence != 0);
    accounts.sort_by_key(|account| account.key.0);
    let leaf = |account: &Account| {
        let numbers = [account.balance.to_le_bytes(), account.sequence.to_le_bytes()];
        [&account.key.0[..], &numbers.concat()].concat()
    };
    MerkleRoot(definition::merkle(&accounts.iter().map(leaf).collect::<Vec<_>>()))
}

/// The next block, on schedule.
fn next(rig: &mut Rig, miner: usize) -> Draft {
    let time = START + 10 * u64::from(rig.chain.tip().height);
    rig.draft(&PEOPLE[miner].key, &[], time)
}

fn with_root(mut draft: Draft, root: MerkleRoot) -> CheckedBlock {
    draft.part.commitment.state_root = root;
    draft.complete(&SPEC.chain_id())
}

#[test]
fn template_carries_the_root_of_the_accounts_before_it_wherever_they_are() {
    // With all accounts in the store, in memory, or some here and some there.
    let mut roots = Vec::new();
    for written in [0, 500, 1_020, usize::MAX] {
        let mut rig = rig(0);
        rig.write(written);
        rig.report();
        let draft = next(&mut rig, 0);
        assert_eq!(draft.block.index as usize, INTERVAL);
        roots.push(draft.part.commitment.state_root);
        assert!(matches!(rig.accept(draft.complete(&rig.id)), Ok(Accepted::Added(_))));
    }
    let mut rig = rig(0);
    rig.commit_all();
    let accounts = rig.stored_accounts();
    assert_eq!(accounts.len(), 2 + (INTERVAL - 1) / 50);
    assert_eq!(roots, [root(accounts); 4]);
}

#[test]
fn root_that_is_wrong_zero_or_of_the_accounts_after_the_block_is_refused() {
    let mut rig = rig(0);
    let draft = next(&mut rig, 0);
    let computed = draft.part.commitment.state_root;
    let mut after = self::rig(0);
    after.accept(draft.clone().complete(&after.id)).unwrap();
    after.commit_all();
    let after = root(after.stored_accounts());
    for claimed in [MerkleRoot::ZERO, MerkleRoot([1; 32]), after] {
        let refused = rig.accept(with_root(draft.clone(), claimed)).unwrap_err();
        let fault = RuleViolation::BadStateRoot { claimed, computed };
        assert_eq!(refused, AcceptError::Rule(fault));
    }
    assert!(matches!(rig.accept(draft.complete(&rig.id)), Ok(Accepted::Added(_))));
}

#[test]
fn heights_beside_the_interval_carry_zero() {
    for less in [1, 0] {
        let mut rig = rig(less);
        if less == 0 {
            let block = next(&mut rig, 0).complete(&rig.id);
            rig.accept(block).unwrap();
        }
        let height = rig.chain.tip().height as usize + 1;
        assert!(height == INTERVAL - 1 || height == INTERVAL + 1);
        rig.commit_all();
        let claimed = root(rig.stored_accounts());
        let draft = next(&mut rig, 0);
        let refused = rig.accept(with_root(draft.clone(), claimed)).unwrap_err();
        let fault = RuleViolation::BadStateRoot { claimed, computed: MerkleRoot::ZERO };
        assert_eq!(refused, AcceptError::Rule(fault));
        assert!(matches!(rig.accept(draft.complete(&rig.id)), Ok(Accepted::Added(_))));
    }
}

/// A branch of `length` blocks from four below the interval, with other accounts than [`CHAIN`]; its
/// block at the interval has the root that `change` makes of the right one.
fn branch(length: usize, change: impl Fn(MerkleRoot) -> MerkleRoot) -> Vec<CheckedBlock> {
    let mut rig = rig(3);
    let mut blocks: Vec<CheckedBlock> = Vec::new();
    for _ in 0..length {
        let draft = match blocks.last() {
            // On a wrong block the chain makes no template, but what follows differs in little.
            Some(parent) if rig.chain.tip().hash != parent.block().hash => {
                on_wrong(&mut rig, &blocks)
            }
            _ => next(&mut rig, 2),
        };
        let is_due = draft.block.index as usize == INTERVAL;
        let block = match is_due {
            true => with_root(draft.clone(), change(draft.part.commitment.state_root)),
            false => draft.complete(&rig.id),
        };
        let _ = rig.accept(block.clone());
        blocks.push(block);
    }
    blocks
}

/// The block after a branch that the chain itself refuses.
fn on_wrong(rig: &mut Rig, blocks: &[CheckedBlock]) -> Draft {
    let parent = blocks.last().unwrap().block();
    let mut draft = next(rig, 2);
    let mut leaves: Vec<_> = vec![kusari_chain::Block::genesis().hash.0.to_vec()];
    let common = &CHAIN[..INTERVAL - 4];
    leaves.extend(common.iter().chain(blocks).map(|block| block.block().hash.0.to_vec()));
    draft.block.index = parent.index + 1;
    draft.block.timestamp = START + 10 * u64::from(parent.index);
    draft.block.prev_hash = parent.hash;
    draft.part.commitment.state_root = MerkleRoot::ZERO;
    draft.part.commitment.history_root = MerkleRoot(definition::merkle(&leaves));
    draft
}

/// A chain that is one block past the interval, committed. Somebody owns something there alone, so
/// that a branch that wins leaves an empty account behind.
fn past() -> Rig {
    let mut rig = rig(0);
    for _ in 0..2 {
        let block = next(&mut rig, 3).complete(&rig.id);
        rig.accept(block).unwrap();
    }
    rig.commit_all();
    rig
}

#[test]
fn branch_over_the_interval_wins_with_the_root_of_its_own_accounts() {
    let (mut rig, branch) = (past(), branch(6, |right| right));
    let former = rig.chain.best_at(INTERVAL as u32).unwrap().unwrap();
    for block in &branch {
        let accepted = rig.accept(block.clone());
        assert!(matches!(accepted, Ok(Accepted::Added(_))), "{accepted:?}");
    }
    assert_eq!(rig.chain.tip().hash, branch[5].block().hash);
    assert_ne!(rig.chain.best_at(INTERVAL as u32).unwrap(), Some(former));
    let miner = rig.account(&PEOPLE[2].key).balance;
    assert_eq!(miner, 6 * SPEC.reward);
}

#[test]
fn branch_with_a_wrong_root_is_refused_when_it_would_win() {
    let mut rig = past();
    let elsewhere = rig.chain.best_at(INTERVAL as u32).unwrap().unwrap();
    let stored = rig.chain.block(&elsewhere.hash).unwrap().unwrap();
    // The root of the other branch, which is right there.
    let claimed = stored.part().unwrap().commitment.state_root;
    let branch = branch(6, |_| claimed);
    let before = (rig.chain.tip(), PEOPLE.each_ref().map(|person| rig.account(&person.key)));
    let mut refused = None;
    for block in &branch {
        match rig.accept(block.clone()) {
            Ok(Accepted::BranchRefused { block, violation, .. }) => {
                refused = Some((block, violation));
                break;
            }
            Ok(Accepted::Added(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    let (block, violation) = refused.unwrap();
    assert_eq!(block, branch[3].block().hash);
    let is_root =
        matches!(violation, RuleViolation::BadStateRoot { claimed: its, .. } if its == claimed);
    assert!(is_root, "{violation}");
    let after = (rig.chain.tip(), PEOPLE.each_ref().map(|person| rig.account(&person.key)));
    assert_eq!(after, before);
}
