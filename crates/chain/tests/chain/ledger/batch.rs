//! Signatures checked together say what signatures checked one by one say, by the rules of ZIP-215.

use curve25519_dalek::constants::{ED25519_BASEPOINT_TABLE, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use kusari_chain::RuleViolation;
use kusari_chain::ledger::{BodyEntry, PublicKey, Signature, UnsignedTransaction};
use kusari_chain::rules::TransactionViolation;
use kusari_chain::rules::transaction::check_signature;
use proptest::prelude::*;
use sha2::{Digest, Sha512};

use crate::ledger::people::Person;
use crate::ledger::support::{CHAIN, draft};

/// What the check of a block with this body says, and what the transactions say one by one.
fn both(body: Vec<BodyEntry>) -> (Option<usize>, Option<usize>) {
    let wrong = |entry: &BodyEntry| check_signature(&entry.transaction, &CHAIN).is_err();
    let single = body.iter().position(wrong);
    let together = match draft(body).commit().mine().check(&CHAIN) {
        Ok(_) => None,
        Err(RuleViolation::Transaction { place, fault: TransactionViolation::BadSignature }) => {
            Some(place)
        }
        Err(other) => panic!("{other}"),
    };
    (together, single)
}

/// A record of the person with this number.
fn record(number: u8, sequence: u64) -> BodyEntry {
    Person::new([number; 32]).records("a note", (1, sequence), &CHAIN)
}

fn unsigned(key: PublicKey, sequence: u64) -> UnsignedTransaction {
    UnsignedTransaction::transfer(key, key, 0, sequence, 1, None)
}

fn entry(unsigned: UnsignedTransaction, signature: [u8; 64]) -> BodyEntry {
    BodyEntry { transaction: unsigned.signed(Signature(signature)), payload: None }
}

#[test]
fn first_wrong_signature_of_many_is_found_wherever_it_stands() {
    const MANY: usize = 40;
    let right: Vec<_> = (0..MANY).map(|place| record(place as u8 % 7, place as u64)).collect();
    assert_eq!(both(right.clone()), (None, None));
    for first in [0, 1, 20, MANY - 1] {
        let mut body = right.clone();
        for place in [first, MANY - 1] {
            body[place].transaction.signature.0[40] ^= 1;
        }
        // Two changes in one place would be none.
        if first == MANY - 1 {
            body[first].transaction.signature.0[41] ^= 1;
        }
        assert_eq!(both(body), (Some(first), Some(first)));
    }
}

#[test]
fn wrong_signatures_whose_errors_cancel_out_are_wrong_all_the_same() {
    // One signature more by a number, another less by it: a plain sum would not notice.
    let mut body = vec![record(1, 0), record(1, 1)];
    for (entry, shift) in body.iter_mut().zip([Scalar::from(5_u8), -Scalar::from(5_u8)]) {
        let half: [u8; 32] = entry.transaction.signature.0[32..].try_into().unwrap();
        let moved = Scalar::from_canonical_bytes(half).unwrap() + shift;
        entry.transaction.signature.0[32..].copy_from_slice(moved.as_bytes());
    }
    assert_eq!(both(body), (Some(0), Some(0)));
}

#[test]
fn signatures_of_each_other_are_wrong() {
    let mut body = vec![record(1, 0), record(2, 0)];
    let first = body[0].transaction.signature;
    body[0].transaction.signature = body[1].transaction.signature;
    body[1].transaction.signature = first;
    assert_eq!(both(body), (Some(0), Some(0)));
}

#[test]
fn number_of_a_signature_that_is_not_the_least_is_wrong() {
    // The same number plus the order of the group would be another signature of the same text.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut body = vec![record(1, 0), record(1, 1)];
    let mut carry = 0_u16;
    for (byte, order) in body[1].transaction.signature.0[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert_eq!(both(body), (Some(1), Some(1)));
}

/// Signs for the key `secret * B + torsion` with the given commitment point and its encoding.
fn forge(
    secret: Scalar,
    (key, nonce): (PublicKey, Scalar),
    commitment: [u8; 32],
    sequence: u64,
) -> BodyEntry {
    let unsigned = unsigned(key, sequence);
    let message = unsigned.signing_bytes(&CHAIN);
    let hash = Sha512::new().chain_update(commitment).chain_update(key.0).chain_update(message);
    let challenge = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&commitment);
    signature[32..].copy_from_slice((nonce + challenge * secret).as_bytes());
    entry(unsigned, signature)
}

#[test]
fn parts_of_small_order_in_key_and_commitment_are_allowed_as_zip_215_says() {
    let (secret, nonce) = (Scalar::from(11_u8), Scalar::from(13_u8));
    let (key, commitment) = (ED25519_BASEPOINT_TABLE * &secret, ED25519_BASEPOINT_TABLE * &nonce);
    let mut body = Vec::new();
    for torsion in EIGHT_TORSION {
        let mixed: EdwardsPoint = key + torsion;
        let key = PublicKey(mixed.compress().0);
        assert!(key.is_usable());
        for (sequence, other) in (0..).zip(EIGHT_TORSION) {
            let commitment = (commitment + other).compress().0;
            body.push(forge(secret, (key, nonce), commitment, sequence));
        }
    }
    assert_eq!(body.len(), 64);
    assert_eq!(both(body.clone()), (None, None));
    body[63].transaction.signature.0[33] ^= 1;
    assert_eq!(both(body), (Some(63), Some(63)));
}

#[test]
fn commitment_of_small_order_in_any_encoding_is_allowed_as_zip_215_says() {
    let secret = Scalar::from(11_u8);
    let key = PublicKey((ED25519_BASEPOINT_TABLE * &secret).compress().0);
    let mut encodings: Vec<_> = EIGHT_TORSION.map(|point| point.compress().0).to_vec();
    // p and p + 1 for 0 and 1, and a zero with a sign.
    for (low, sign) in [(0xed, 0x7f), (0xee, 0x7f), (0xed, 0xff), (0xee, 0xff)] {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (low, sign);
        encodings.push(bytes);
    }
    let mut signed_one = [0; 32];
    (signed_one[0], signed_one[31]) = (1, 0x80);
    encodings.push(signed_one);
    let body: Vec<_> = (0..)
        .zip(&encodings)
        .map(|(place, bytes)| forge(secret, (key, Scalar::ZERO), *bytes, place))
        .collect();
    assert_eq!(body.len(), 13);
    assert_eq!(both(body), (None, None));
}

#[test]
fn encodings_of_keys_above_the_field_name_accounts_of_their_own() {
    // p + 2 to p + 18 are 2 to 18 again; some are points, and none of those is of small order.
    let mut found = 0;
    for above in 2..=18_u8 {
        let mut high = [0xff; 32];
        (high[0], high[31]) = (0xed + above, 0x7f);
        let mut low = [0; 32];
        low[0] = above;
        let [high, low] = [high, low].map(CompressedEdwardsY);
        let (Some(point), Some(same)) = (high.decompress(), low.decompress()) else { continue };
        assert_eq!(point, same);
        let [high, low] = [high, low].map(|key| PublicKey(key.0));
        assert!(high.is_usable() && low.is_usable() && high != low);
        // Nobody knows their secrets, so what is compared is that both ways refuse.
        let body =
            vec![record(1, 0), entry(unsigned(high, 0), record(1, 0).transaction.signature.0)];
        assert_eq!(both(body), (Some(1), Some(1)));
        found += 1;
    }
    assert!(found > 0);
}

/// What is done to one signed transaction.
fn tampered(entry: &mut BodyEntry, kind: u8, bit: usize) {
    let transaction = &mut entry.transaction;
    match kind {
        0..=5 => {}
        6 => transaction.signature.0[bit / 8] ^= 1 << (bit % 8),
        7 => transaction.fee ^= 1 << (bit % 64),
        8 => transaction.sender.0[bit % 32] ^= 1 << (bit % 8),
        _ => transaction.signature.0[..32].fill((bit % 256) as u8),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn signatures_together_and_one_by_one_agree(
        kinds in proptest::collection::vec((0..10_u8, 0..512_usize, 0..4_u8), 1..12),
    ) {
        let body: Vec<_> = (0..)
            .zip(&kinds)
            .map(|(sequence, (kind, bit, person))| {
                let mut entry = record(*person, sequence);
                tampered(&mut entry, *kind, *bit);
                entry
            })
            .collect();
        prop_assume!(!body.iter().any(|entry| entry.transaction.sender.is_small_order()));
        prop_assume!(body.iter().all(|entry| entry.transaction.cost().is_some()));
        let (together, single) = both(body);
        prop_assert_eq!(together, single);
    }
}
