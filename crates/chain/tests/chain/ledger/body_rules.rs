//! Each rule that a transaction breaks by itself, broken by itself, in a block that is right
//! otherwise.

use kusari_chain::ledger::{
    BodyEntry, PayloadHash, PublicKey, SignedTransaction, UnsignedTransaction,
};
use kusari_chain::params::{MAX_BODY_BYTES, MAX_DATA_BYTES};
use kusari_chain::rules::TransactionViolation;
use kusari_chain::{Accepted, RuleViolation};

use crate::ledger::people::{PEOPLE, note};
use crate::ledger::support::{CHAIN, SPEC, START, draft, rig, verdict_on_body};

fn at<T>(place: usize, fault: TransactionViolation) -> Result<T, RuleViolation> {
    Err(RuleViolation::Transaction { place, fault })
}

/// Signs what a change makes of a transfer of nothing.
fn changed(change: impl FnOnce(&mut UnsignedTransaction)) -> BodyEntry {
    let parties = (PEOPLE[0].key, PEOPLE[1].key);
    let mut unsigned = UnsignedTransaction::transfer(parties.0, parties.1, 0, 0, 1, None);
    change(&mut unsigned);
    BodyEntry { transaction: PEOPLE[0].sign(unsigned, &CHAIN), payload: None }
}

#[test]
fn signature_of_another_key_message_or_chain_is_wrong() {
    let wrong = at(0, TransactionViolation::BadSignature);
    let right = PEOPLE[0].pays(&PEOPLE[1].key, (5, 1, 0), &CHAIN);
    assert_eq!(verdict_on_body(vec![right.clone()]), Ok(()));

    let other = PEOPLE[1].sign(right.transaction.unsigned(), &CHAIN);
    assert_eq!(verdict_on_body(vec![BodyEntry { transaction: other, payload: None }]), wrong);
    let elsewhere = kusari_chain::ledger::ChainSpec::ledger().chain_id();
    let elsewhere = PEOPLE[0].pays(&PEOPLE[1].key, (5, 1, 0), &elsewhere);
    assert_eq!(verdict_on_body(vec![elsewhere]), wrong);
    for bit in [0, 255, 256, 511] {
        let mut entry = right.clone();
        entry.transaction.signature.0[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verdict_on_body(vec![entry]), wrong, "bit {bit}");
    }
}

#[test]
fn every_field_is_signed() {
    let right = PEOPLE[0].records("a note", (1, 0), &CHAIN);
    let changes: [fn(&mut SignedTransaction); 6] = [
        |transaction| transaction.receiver = PEOPLE[1].key,
        |transaction| transaction.amount = 1,
        |transaction| transaction.fee = 2,
        |transaction| transaction.sequence = 1,
        |transaction| transaction.payload = note("another").hash(),
        |transaction| transaction.payload_len = 7,
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut entry = BodyEntry { payload: None, ..right.clone() };
        change(&mut entry.transaction);
        let wrong = at(0, TransactionViolation::BadSignature);
        assert_eq!(verdict_on_body(vec![entry]), wrong, "change {number}");
    }
    let mut entry = right;
    (entry.transaction.sender, entry.payload) = (PEOPLE[1].key, None);
    let wrong = at(0, TransactionViolation::BadSignature);
    assert_eq!(verdict_on_body(vec![entry]), wrong);
}

#[test]
fn sender_that_is_no_point_of_the_curve_signs_nothing() {
    let mut y = PublicKey([0; 32]);
    while y.is_usable() || y.is_small_order() {
        y.0[0] += 1;
    }
    let mut entry = changed(|_| ());
    entry.transaction.sender = y;
    assert_eq!(verdict_on_body(vec![entry]), at(0, TransactionViolation::BadSignature));
}

#[test]
fn length_without_a_payload_is_a_fault() {
    let entry = changed(|unsigned| unsigned.payload_len = 1);
    let fault = TransactionViolation::BadPayloadLength { bytes: 1 };
    assert_eq!(verdict_on_body(vec![entry]), at(0, fault));
}

#[test]
fn payload_beside_a_transaction_is_the_one_it_commits_to() {
    let right = PEOPLE[0].records("a note", (1, 0), &CHAIN);
    assert_eq!(verdict_on_body(vec![right.clone()]), Ok(()));
    let mut other_salt = note("a note");
    other_salt.salt.0[0] ^= 1;
    for payload in [note("a text"), note("a longer note"), note(""), other_salt] {
        let entry = BodyEntry { payload: Some(payload), ..right.clone() };
        assert_eq!(verdict_on_body(vec![entry]), at(0, TransactionViolation::PayloadMismatch));
    }
    // One that commits to nothing carries nothing, not even nothing.
    for payload in [note("a note"), note("")] {
        let entry = BodyEntry { payload: Some(payload), ..changed(|_| ()) };
        assert_eq!(verdict_on_body(vec![entry]), at(0, TransactionViolation::PayloadMismatch));
    }
}

#[test]
fn length_that_is_not_the_payloads_is_a_mismatch_while_it_is_present() {
    let payload = note("a note");
    for payload_len in [0, 5, 7, 600] {
        let mut entry = changed(|unsigned| {
            (unsigned.payload, unsigned.payload_len) = (payload.hash(), payload_len);
        });
        entry.payload = Some(payload.clone());
        assert_eq!(verdict_on_body(vec![entry]), at(0, TransactionViolation::PayloadMismatch));
    }
}

#[test]
fn block_whose_payload_is_absent_is_valid_and_counts_the_same() {
    let whole = draft(vec![PEOPLE[0].records("a note", (1, 0), &CHAIN)]).commit().mine();
    let mut erased = whole.clone();
    erased.part.body[0].payload = None;
    let [whole, erased] = [whole, erased].map(|draft| draft.check(&CHAIN).unwrap());
    assert_eq!(whole.block(), erased.block());
    assert_eq!(whole.line_bytes(), erased.line_bytes());
    assert!(matches!(rig().accept(erased), Ok(Accepted::Added(_))));
}

#[test]
fn empty_text_with_a_salt_is_a_payload() {
    let entry = PEOPLE[0].records("", (1, 0), &CHAIN);
    assert_ne!(entry.transaction.payload, PayloadHash::ZERO);
    assert!(entry.transaction.is_record());
    assert_eq!(verdict_on_body(vec![entry]), Ok(()));
}

#[test]
fn payload_longer_than_the_chain_allows_is_refused_by_what_it_claims() {
    let limit = SPEC.max_data_bytes;
    let text = "x".repeat(limit as usize);
    let longest = PEOPLE[0].records(&text, (1, 0), &CHAIN);
    assert_eq!(verdict_on_body(vec![longest]), Ok(()));
    let long = PEOPLE[0].records(&(text + "x"), (1, 0), &CHAIN);
    let fault = TransactionViolation::PayloadTooLong { bytes: limit + 1, limit };
    assert_eq!(verdict_on_body(vec![long.clone()]), at(0, fault.clone()));
    let erased = BodyEntry { payload: None, ..long };
    assert_eq!(verdict_on_body(vec![erased]), at(0, fault));

    // No chain allows this one, so it goes before any chain is asked.
    let (bytes, limit) = (MAX_DATA_BYTES + 1, MAX_DATA_BYTES);
    let text = "x".repeat(bytes as usize);
    let block = draft(vec![PEOPLE[0].records(&text, (1, 0), &CHAIN)]).commit().mine();
    let fault = TransactionViolation::PayloadTooLong { bytes, limit };
    assert_eq!(block.check(&CHAIN).err(), at::<()>(0, fault).err());
}

#[test]
fn body_may_have_as_many_bytes_as_the_chain_says_and_not_one_more() {
    let limit = SPEC.max_body_bytes;
    // Three of the longest, and a rest; each counts 188 bytes besides.
    let rest = limit as usize - 4 * 188 - 3 * 400;
    let notes = |last: usize| {
        let texts = [400, 400, 400, last].map(|length| "x".repeat(length));
        let signed =
            (0..).zip(&texts).map(|(place, text)| PEOPLE[0].records(text, (1, place), &CHAIN));
        signed.collect::<Vec<_>>()
    };
    assert_eq!(verdict_on_body(notes(rest)), Ok(()));
    let bytes = u64::from(limit) + 1;
    let fault = RuleViolation::BodyTooLarge { bytes, limit };
    assert_eq!(verdict_on_body(notes(rest + 1)), Err(fault.clone()));
    // A payload that is erased counts like any other.
    let mut erased = notes(rest + 1);
    erased.iter_mut().for_each(|entry| entry.payload = None);
    assert_eq!(verdict_on_body(erased), Err(fault));
}

#[test]
fn body_larger_than_any_chain_allows_is_refused_by_itself() {
    let length = MAX_BODY_BYTES / 188 + 1;
    let entry = changed(|_| ());
    let block = draft(vec![entry; length as usize]).commit().mine();
    let (bytes, limit) = (u64::from(length) * 188, MAX_BODY_BYTES);
    assert_eq!(block.check(&CHAIN), Err(RuleViolation::BodyTooLarge { bytes, limit }));
    // A length that is only claimed counts as well, and no sum of them runs over.
    let huge = changed(|unsigned| {
        (unsigned.payload, unsigned.payload_len) = (note("").hash(), u32::MAX);
    });
    let block = draft(vec![huge.clone(), huge]).commit().mine();
    let bytes = 2 * (188 + u64::from(u32::MAX));
    assert_eq!(block.check(&CHAIN), Err(RuleViolation::BodyTooLarge { bytes, limit }));
}

#[test]
fn fee_is_at_least_the_chains() {
    let entry = PEOPLE[0].pays(&PEOPLE[1].key, (5, 0, 0), &CHAIN);
    let fault = TransactionViolation::FeeTooLow { fee: 0, least: 1 };
    assert_eq!(verdict_on_body(vec![entry]), at(0, fault));
}

#[test]
fn first_wrong_transaction_is_named_by_its_place() {
    let right = |sequence| PEOPLE[0].records("a note", (1, sequence), &CHAIN);
    let cheap = PEOPLE[0].records("a note", (0, 2), &CHAIN);
    let body = vec![right(0), right(1), cheap.clone(), cheap];
    let fault = TransactionViolation::FeeTooLow { fee: 0, least: 1 };
    assert_eq!(verdict_on_body(body), at(2, fault));
}

#[test]
fn template_offers_no_block_that_the_chain_itself_would_refuse() {
    let mut rig = rig();
    let miner = PEOPLE[1].key;
    let text = "x".repeat(SPEC.max_data_bytes as usize + 1);
    let offered = [
        PEOPLE[0].records(&text, (1, 0), &CHAIN),
        PEOPLE[0].records("a note", (0, 0), &CHAIN),
        PEOPLE[0].records("a note", (1, 0), &CHAIN),
    ];
    let time = START + 10 * u64::from(rig.chain.tip().height);
    let draft = rig.draft(&miner, &offered, time);
    assert_eq!(draft.part.body, offered[2..]);
    let accepted = rig.accept(draft.complete(&CHAIN));
    assert!(matches!(accepted, Ok(Accepted::Added(_))), "{accepted:?}");
}

#[test]
fn template_leaves_out_what_does_not_fit_or_does_not_apply_and_goes_on() {
    let mut rig = rig();
    let text = "x".repeat(500);
    let offered: Vec<_> = (0..4)
        .map(|sequence| PEOPLE[0].records(&text, (1, sequence), &CHAIN))
        .chain([
            PEOPLE[2].pays(&PEOPLE[1].key, (1, 1, 0), &CHAIN),
            PEOPLE[0].records("fits after all", (1, 2), &CHAIN),
            PEOPLE[0].records("", (1, 3), &CHAIN),
        ])
        .collect();
    let draft = rig.draft(&PEOPLE[1].key, &offered, START + 1_000);
    let expected: Vec<_> = [0, 1, 5, 6].map(|place: usize| offered[place].clone()).to_vec();
    // Two long ones leave 2,048 - 2 * 688 = 672 bytes, which is less than a third one takes.
    assert_eq!(draft.part.body, expected);
    assert!(matches!(rig.accept(draft.complete(&CHAIN)), Ok(Accepted::Added(_))));
}
