//! Each rule that a block breaks apart from its transactions, broken by itself.

use kusari_chain::ledger::commitment::MerkleRoot;
use kusari_chain::ledger::transaction::ChainSalt;
use kusari_chain::ledger::{ChainId, ChainSpec};
use kusari_chain::pow::CompactTarget;
use kusari_chain::{
    AcceptError, Accepted, Block, BlockHash, CheckedBlock, RuleViolation, Transaction, TreeLimits,
};

use crate::ledger::people::PEOPLE;
use crate::ledger::support::{
    BASE, BASE_BLOCKS, CHAIN, Draft, NEXT, Rig, SPEC, START, draft, rig, verdict,
};

/// A root that nothing has.
const ELSEWHERE: MerkleRoot = MerkleRoot([5; 32]);

/// The next block with one thing changed, committed to and mined.
fn with(change: impl FnOnce(&mut Draft)) -> Draft {
    let mut draft = draft(Vec::new()).commit();
    change(&mut draft);
    draft.tie().mine()
}

fn other_chain() -> ChainId {
    ChainSpec { salt: ChainSalt([1; 32]), ..ChainSpec::clone(&SPEC) }.chain_id()
}

#[test]
fn block_that_the_others_are_made_of_is_accepted() {
    assert_eq!(verdict(with(|_| ())), Ok(()));
    let people = &PEOPLE;
    let body = vec![
        people[0].pays(&people[1].key, (5, 1, 0), &CHAIN),
        people[0].records("a note", (2, 1), &CHAIN),
        people[1].pays(&people[1].key, (4, 1, 0), &CHAIN),
    ];
    assert_eq!(verdict(draft(body).commit().mine()), Ok(()));
}

#[test]
fn hash_of_other_content_is_wrong() {
    let mut wrong = with(|_| ());
    wrong.block.timestamp += 1;
    let computed = wrong.block.compute_hash();
    let claimed = wrong.block.hash;
    assert_eq!(verdict(wrong), Err(RuleViolation::BadHash { claimed, computed }));
}

#[test]
fn hash_that_an_original_would_refuse_proves_too_little_work() {
    let mut lazy = draft(Vec::new()).commit();
    lazy.block.hash = lazy.block.compute_hash();
    let hash = lazy.block.hash;
    assert_eq!(verdict(lazy), Err(RuleViolation::TooLittleWork { hash }));
}

#[test]
fn hash_must_meet_the_target_that_the_block_itself_claims() {
    let target = CompactTarget(0x1d00_ffff);
    let mut wrong = draft(Vec::new()).commit();
    wrong.part.commitment.target = CompactTarget::LIMIT;
    let mut wrong = wrong.tie().mine();
    // Mined again for the string of the harder target, at the limit only.
    wrong.part.commitment.target = target;
    let mut wrong = wrong.tie();
    loop {
        wrong.block.nonce += 1;
        wrong.block.hash = wrong.block.compute_hash();
        if CompactTarget::LIMIT.target().unwrap().is_met_by(&wrong.block.hash) {
            break;
        }
    }
    let hash = wrong.block.hash;
    assert_eq!(verdict(wrong), Err(RuleViolation::AboveTarget { hash, target }));
}

#[test]
fn target_that_is_met_but_not_due_is_wrong_whether_harder_or_of_an_earlier_block() {
    let claimed = CompactTarget(0x1e7f_ffff);
    let expected = CompactTarget::LIMIT;
    let wrong = with(|draft| draft.part.commitment.target = claimed);
    assert_eq!(verdict(wrong), Err(RuleViolation::BadTarget { claimed, expected }));

    // After blocks in no time, the limit is too easy.
    let mut rig = Rig::new(&SPEC, TreeLimits::default());
    for _ in 0..4 {
        let block = rig.draft(&PEOPLE[0].key, &[], START).complete(&CHAIN);
        rig.accept(block).unwrap();
    }
    let mut easy = rig.draft(&PEOPLE[0].key, &[], START);
    let (claimed, expected) = (CompactTarget::LIMIT, easy.part.commitment.target);
    assert_ne!(claimed, expected);
    easy.part.commitment.target = claimed;
    let refused = rig.accept(easy.commit().mine().check(&CHAIN).unwrap()).unwrap_err();
    assert_eq!(refused, AcceptError::Rule(RuleViolation::BadTarget { claimed, expected }));
}

#[test]
fn targets_above_the_limit_and_numbers_that_are_no_target_are_refused() {
    for number in [
        // Above the limit, the first by one step; the second is the classic limit's neighbour.
        0x1f01_0000,
        0x2000_ffff,
        0x207f_ffff,
        0x2100_ffff,
        // Zero, negative, too large for 256 bits.
        0,
        0x1f00_0000,
        0x1f80_ffff,
        0x9f00_ffff,
        0x2300_0001,
        // Another way to write 0x1e7fff00, and bits that are shifted out.
        0x1f00_7fff,
        0x0112_3456,
    ] {
        let target = CompactTarget(number);
        let wrong = with(|draft| draft.part.commitment.target = target);
        assert_eq!(verdict(wrong), Err(RuleViolation::NoTarget { target }), "{number:#x}");
    }
}

#[test]
fn index_that_skips_or_repeats_is_wrong() {
    for index in [BASE_BLOCKS + 2, BASE_BLOCKS, 1, u32::MAX] {
        let wrong = with(|draft| draft.block.index = index);
        let parent = BASE_BLOCKS;
        assert_eq!(verdict(wrong), Err(RuleViolation::BadIndex { index, parent }));
    }
}

#[test]
fn height_zero_belongs_to_genesis() {
    let wrong = with(|draft| draft.block.index = 0);
    assert_eq!(verdict(wrong), Err(RuleViolation::BadGenesis));
}

#[test]
fn block_of_another_chain_is_refused_before_and_after_it_was_checked_for_its_own() {
    let (found, expected) = (other_chain(), *CHAIN);
    let wrong = with(|draft| draft.part.commitment.chain_id = found);
    let fault = RuleViolation::WrongChain { found, expected };
    assert_eq!(verdict(wrong.clone()), Err(fault.clone()));
    // As it comes out of a file, which is checked for the chain that it names.
    let refused = rig().accept(wrong.check(&found).unwrap()).unwrap_err();
    assert_eq!(refused, AcceptError::Rule(fault));
}

#[test]
fn unsigned_transfers_have_no_place() {
    let transfer = Transaction { sender: "a".into(), receiver: "b".into(), amount: 1 };
    let wrong = with(|draft| draft.block.transactions = vec![transfer]);
    assert_eq!(verdict(wrong), Err(RuleViolation::UnsignedTransfers { count: 1 }));
}

#[test]
fn data_of_another_commitment_is_wrong() {
    let right = with(|_| ());
    let mut wrong = right.clone();
    wrong.part.commitment.miner = PEOPLE[2].key;
    let expected = wrong.part.commitment.data();
    assert_eq!(verdict(wrong), Err(RuleViolation::BadCommitment { expected }));
    assert_eq!(verdict(right), Ok(()));
}

#[test]
fn body_has_the_count_and_the_root_that_are_committed_to() {
    let body = vec![PEOPLE[0].records("a note", (1, 0), &CHAIN)];
    for claimed in [0, 2, u32::MAX] {
        let mut wrong = draft(body.clone()).commit();
        wrong.part.commitment.body_count = claimed;
        let fault = RuleViolation::BadBodyCount { claimed, counted: 1 };
        assert_eq!(verdict(wrong.tie().mine()), Err(fault));
    }
    let mut wrong = draft(body).commit();
    let computed = wrong.part.commitment.body_root;
    wrong.part.commitment.body_root = ELSEWHERE;
    let fault = RuleViolation::BadBodyRoot { claimed: ELSEWHERE, computed };
    assert_eq!(verdict(wrong.tie().mine()), Err(fault));
}

#[test]
fn order_of_the_body_is_committed_to() {
    let notes = [0, 1].map(|sequence| PEOPLE[0].records("a note", (1, sequence), &CHAIN));
    let right = draft(notes.to_vec()).commit().mine();
    assert_eq!(verdict(right.clone()), Ok(()));
    let mut turned = right;
    turned.part.body.reverse();
    assert!(matches!(verdict(turned), Err(RuleViolation::BadBodyRoot { .. })));
}

#[test]
fn history_root_is_that_of_the_ancestors_alone() {
    let right = draft(Vec::new()).part.commitment.history_root;
    let earlier = BASE[BASE_BLOCKS as usize - 1].ledger().unwrap().commitment.history_root;
    for claimed in [ELSEWHERE, MerkleRoot::ZERO, earlier] {
        let wrong = with(|draft| draft.part.commitment.history_root = claimed);
        let fault = RuleViolation::BadHistoryRoot { claimed, computed: right };
        assert_eq!(verdict(wrong), Err(fault));
    }
}

#[test]
fn state_root_is_zero_at_most_heights() {
    let (claimed, computed) = (ELSEWHERE, MerkleRoot::ZERO);
    let wrong = with(|draft| draft.part.commitment.state_root = claimed);
    assert_eq!(verdict(wrong), Err(RuleViolation::BadStateRoot { claimed, computed }));
}

#[test]
fn nothing_builds_on_a_refused_block_and_the_refused_block_stays_out() {
    let wrong = with(|draft| draft.part.commitment.history_root = ELSEWHERE);
    let parent = wrong.block.hash;
    let mut child = draft(Vec::new());
    (child.block.index, child.block.prev_hash) = (BASE_BLOCKS + 2, parent);
    let child = child.complete(&CHAIN);
    let (mut rig, wrong) = (rig(), wrong.check(&CHAIN).unwrap());
    assert!(matches!(rig.accept(child.clone()), Ok(Accepted::Orphan { .. })));
    assert!(matches!(rig.accept(wrong.clone()), Err(AcceptError::Rule(_))));
    assert_eq!(rig.chain.orphan_count(), 0, "orphans of a refused block go with it");
    let refused = rig.accept(child.clone()).unwrap_err();
    assert_eq!(refused, AcceptError::Rule(RuleViolation::RefusedParent { parent }));
    for again in [wrong, child] {
        let refused = rig.accept(again).unwrap_err();
        assert_eq!(refused, AcceptError::Rule(RuleViolation::RefusedBefore));
    }
    assert_eq!(rig.chain.tip().hash, BASE[BASE_BLOCKS as usize - 1].block().hash);
}

#[test]
fn two_blocks_at_one_height_are_both_kept_and_the_smaller_hash_leads() {
    let mut rig = rig();
    let rivals = [1, 2].map(|place| {
        let mut draft = draft(Vec::new());
        draft.part.commitment.miner = PEOPLE[place].key;
        draft.complete(&CHAIN)
    });
    for rival in &rivals {
        assert!(matches!(rig.accept(rival.clone()), Ok(Accepted::Added(_))));
    }
    let leader = rivals.iter().min_by_key(|rival| rival.block().hash).unwrap();
    assert_eq!(rig.chain.tip().hash, leader.block().hash);
    for rival in &rivals {
        let part = rival.ledger().unwrap();
        let balance = if rival == leader { SPEC.reward } else { 0 };
        assert_eq!(rig.account(&part.commitment.miner).balance, balance);
    }
}

#[test]
fn seven_keys_alone_are_a_hint_that_changes_nothing() {
    let whole = with(|_| ()).check(&CHAIN).unwrap();
    let bare = CheckedBlock::check(whole.block().clone()).unwrap();
    let mut rig = rig();
    assert!(matches!(rig.accept(bare.clone()), Ok(Accepted::Bare)));
    assert_eq!(rig.chain.point(&whole.block().hash), Ok(None));
    assert!(matches!(rig.accept(whole), Ok(Accepted::Added(_))));
    assert!(matches!(rig.accept(bare), Ok(Accepted::Known(_))));
    // One whose parent nobody knows is no orphan either: it could never connect.
    let mut stray = with(|draft| draft.block.prev_hash = BlockHash([1; 32])).block;
    stray.timestamp = NEXT;
    let stray = CheckedBlock::check(stray).unwrap();
    assert!(matches!(rig.accept(stray), Ok(Accepted::Bare)));
    assert_eq!(rig.chain.orphan_count(), 0);
}

#[test]
fn every_ledger_block_is_a_classic_block_and_follows_the_same_genesis() {
    for block in BASE.iter() {
        assert!(CheckedBlock::check(block.block().clone()).is_ok());
    }
    assert_eq!(BASE[0].block().prev_hash, Block::genesis().hash);
}
