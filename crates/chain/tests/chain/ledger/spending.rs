//! What the accounts decide: sequences, balances, and what a block leaves behind.

use kusari_chain::ledger::{Account, BodyEntry};
use kusari_chain::rules::TransactionViolation;
use kusari_chain::store::BlockWrite;
use kusari_chain::{AcceptError, Accepted, RuleViolation, TreeLimits};

use crate::ledger::people::PEOPLE;
use crate::ledger::support::{
    BASE_BLOCKS, CHAIN, NEXT, Rig, SPEC, START, draft, rig, verdict_on_body,
};

/// What the first of [`PEOPLE`] owns after the base chain.
const OWNED: u64 = 1_000 * BASE_BLOCKS as u64;

fn at(place: usize, fault: TransactionViolation) -> Result<(), RuleViolation> {
    Err(RuleViolation::Transaction { place, fault })
}

/// A transfer from the first to the second, by amount, fee and sequence.
fn pay(numbers: (u64, u64, u64)) -> BodyEntry {
    PEOPLE[0].pays(&PEOPLE[1].key, numbers, &CHAIN)
}

#[test]
fn sequence_that_skips_leaves_a_gap() {
    for sequence in [1, 2, u64::MAX] {
        let fault = TransactionViolation::SequenceGap { sequence, next: 0 };
        assert_eq!(verdict_on_body(vec![pay((1, 1, sequence))]), at(0, fault));
    }
    let fault = TransactionViolation::SequenceGap { sequence: 2, next: 1 };
    assert_eq!(verdict_on_body(vec![pay((1, 1, 0)), pay((1, 1, 2))]), at(1, fault));
}

#[test]
fn transaction_is_good_once_in_one_body_and_in_two_blocks() {
    let used = TransactionViolation::SequenceUsed { sequence: 0, next: 1 };
    let entry = pay((1, 1, 0));
    assert_eq!(verdict_on_body(vec![entry.clone(), entry.clone()]), at(1, used.clone()));
    // Nor is another transaction for the same place.
    assert_eq!(verdict_on_body(vec![entry.clone(), pay((2, 1, 0))]), at(1, used.clone()));

    let mut rig = rig();
    rig.extend(&PEOPLE[1].key, std::slice::from_ref(&entry));
    let mut replay = rig.draft(&PEOPLE[1].key, &[], NEXT + 10);
    replay.part.body = vec![entry];
    let replay = replay.complete(&CHAIN);
    let fault = RuleViolation::Transaction { place: 0, fault: used };
    assert_eq!(rig.accept(replay.clone()).unwrap_err(), AcceptError::Rule(fault));
    // Also after the store alone knows of the first.
    rig.commit_all();
    rig.reopen();
    assert!(matches!(rig.accept(replay), Err(AcceptError::Rule(_))));
}

#[test]
fn amount_and_fee_together_are_at_most_what_the_sender_owns() {
    assert_eq!(verdict_on_body(vec![pay((OWNED - 1, 1, 0))]), Ok(()));
    for (amount, fee) in [(OWNED, 1), (OWNED + 1, 1), (0, OWNED + 1), (u64::MAX - 1, 1)] {
        let fault = TransactionViolation::Overdraft { cost: amount + fee, balance: OWNED };
        assert_eq!(verdict_on_body(vec![pay((amount, fee, 0))]), at(0, fault));
    }
    // The second finds what the first left.
    let fault = TransactionViolation::Overdraft { cost: 2, balance: 1 };
    assert_eq!(verdict_on_body(vec![pay((OWNED - 2, 1, 0)), pay((1, 1, 1))]), at(1, fault));
}

#[test]
fn transfer_to_oneself_needs_the_amount_and_costs_the_fee() {
    let own = |amount, sequence| PEOPLE[0].pays(&PEOPLE[0].key, (amount, 1, sequence), &CHAIN);
    let fault = TransactionViolation::Overdraft { cost: OWNED + 1, balance: OWNED };
    assert_eq!(verdict_on_body(vec![own(OWNED, 0)]), at(0, fault));
    let mut rig = rig();
    rig.extend(&PEOPLE[1].key, &[own(OWNED - 1, 0), own(OWNED - 2, 1)]);
    let left = Account { key: PEOPLE[0].key, balance: OWNED - 2, sequence: 2 };
    assert_eq!(rig.account(&PEOPLE[0].key), left);
    assert_eq!(rig.account(&PEOPLE[1].key).balance, SPEC.reward + 2);
}

#[test]
fn amount_and_fee_that_are_no_number_together_are_refused_by_themselves() {
    for (amount, fee) in [(u64::MAX, 1), (1, u64::MAX), (u64::MAX, u64::MAX)] {
        let wrong = draft(vec![pay((amount, fee, 0))]).commit().mine();
        let fault = TransactionViolation::CostOverflow;
        assert_eq!(wrong.check(&CHAIN).err(), at(0, fault).err());
    }
}

#[test]
fn reward_and_fees_are_the_miners_only_after_its_block() {
    let spend = PEOPLE[1].pays(&PEOPLE[2].key, (1, 1, 0), &CHAIN);
    // The miner of this very block owns nothing before it.
    let fault = TransactionViolation::Overdraft { cost: 2, balance: 0 };
    assert_eq!(verdict_on_body(vec![spend.clone()]), at(0, fault.clone()));
    assert_eq!(verdict_on_body(vec![pay((0, 7, 0)), spend.clone()]), at(1, fault));
    let mut rig = rig();
    rig.extend(&PEOPLE[1].key, &[pay((0, 7, 0))]);
    rig.extend(&PEOPLE[2].key, &[spend]);
    assert_eq!(rig.account(&PEOPLE[1].key).balance, SPEC.reward + 7 - 2);
    assert_eq!(rig.account(&PEOPLE[2].key).balance, SPEC.reward + 1 + 1);
}

#[test]
fn what_is_received_can_be_spent_in_the_same_body_and_not_before() {
    let spend = PEOPLE[2].pays(&PEOPLE[3].key, (4, 1, 0), &CHAIN);
    let give = PEOPLE[0].pays(&PEOPLE[2].key, (5, 1, 0), &CHAIN);
    assert_eq!(verdict_on_body(vec![give.clone(), spend.clone()]), Ok(()));
    let fault = TransactionViolation::Overdraft { cost: 5, balance: 0 };
    assert_eq!(verdict_on_body(vec![spend, give]), at(0, fault));
}

/// A chain whose store says that these accounts exist, which no chain of rewards reaches.
fn rich(accounts: &[(usize, u64)]) -> Rig {
    let rig = Rig::new(&SPEC, TreeLimits::default());
    let accounts = accounts.iter().map(|(person, balance)| {
        let key = PEOPLE[*person].key;
        BlockWrite::SetAccount(Account { key, balance: *balance, sequence: 0 })
    });
    rig.store.0.borrow_mut().apply(&accounts.collect::<Vec<_>>());
    rig
}

/// What becomes of the first block of a chain with this body.
fn first(rig: &mut Rig, body: Vec<BodyEntry>) -> AcceptError {
    let mut draft = rig.draft(&PEOPLE[3].key, &[], START);
    draft.part.body = body;
    rig.accept(draft.complete(&CHAIN)).unwrap_err()
}

#[test]
fn balance_that_is_no_number_is_a_fault_and_no_wrapping() {
    let fault = TransactionViolation::BalanceOverflow;
    let mut rig = rich(&[(0, 10), (1, u64::MAX - 4)]);
    let refused = first(&mut rig, vec![pay((5, 1, 0))]);
    assert_eq!(refused, AcceptError::Rule(at(0, fault.clone()).unwrap_err()));
    assert_eq!(rig.account(&PEOPLE[0].key).balance, 10);

    // Fees are summed up with the reward.
    let mut rig = rich(&[(0, u64::MAX), (1, u64::MAX)]);
    let fees =
        vec![pay((0, u64::MAX - 1_000, 0)), PEOPLE[1].pays(&PEOPLE[1].key, (0, 1, 0), &CHAIN)];
    let refused = first(&mut rig, fees);
    assert_eq!(refused, AcceptError::Rule(at(1, fault).unwrap_err()));

    // And where the store contradicts itself, the miner's balance is no reason to go on.
    let mut rig = rich(&[(3, u64::MAX)]);
    assert!(matches!(first(&mut rig, Vec::new()), AcceptError::Store(_)));
}

#[test]
fn account_that_a_reorganisation_empties_is_forgotten_by_the_store() {
    let mut rig = rig();
    let mut rival = self::rig();
    rig.extend(&PEOPLE[1].key, &[PEOPLE[0].pays(&PEOPLE[2].key, (5, 1, 0), &CHAIN)]);
    rig.commit_all();
    assert_eq!(rig.stored_accounts().len(), 3);
    for _ in 0..2 {
        let block = rival.extend(&PEOPLE[0].key, &[]);
        assert!(matches!(rig.accept(block), Ok(Accepted::Added(_))));
    }
    assert_eq!(rig.account(&PEOPLE[2].key), Account::empty(PEOPLE[2].key));
    rig.commit_all();
    let left = Account { key: PEOPLE[0].key, balance: OWNED + 2_000, sequence: 0 };
    assert_eq!(rig.stored_accounts(), [left]);
}

#[test]
fn receiver_may_be_any_bytes_since_nobody_has_to_sign_there() {
    let nowhere = kusari_chain::ledger::PublicKey::ZERO;
    let burnt = PEOPLE[0].pays(&nowhere, (5, 1, 0), &CHAIN);
    let mut rig = rig();
    rig.extend(&PEOPLE[1].key, &[burnt]);
    assert_eq!(rig.account(&nowhere).balance, 5);
}
