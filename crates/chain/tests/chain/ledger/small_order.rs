//! Keys of small order, under which anybody can sign: every encoding is known, compared with the
//! curve's own arithmetic.

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::CompressedEdwardsY;
use kusari_chain::RuleViolation;
use kusari_chain::ledger::{Address, BodyEntry, PublicKey, Signature, UnsignedTransaction};
use kusari_chain::rules::TransactionViolation;
use proptest::prelude::*;

use crate::ledger::people::Person;
use crate::ledger::support::{CHAIN, verdict_on_body};

/// The number `p + above`, where `p = 2^255 - 19`, as 32 bytes with this bit of the sign.
fn above_p(above: u8, sign: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (0xed + above, 0x7f | sign << 7);
    bytes
}

/// Whether the bytes decode to a point that eight times itself is nothing, by the curve.
fn is_small(bytes: [u8; 32]) -> bool {
    CompressedEdwardsY(bytes).decompress().is_some_and(|point| point.is_small_order())
}

/// Every encoding of a point of small order: the canonical eight, those with the sign of a zero
/// set, and those with a coordinate of `p` or more.
fn encodings() -> Vec<[u8; 32]> {
    let mut all: Vec<_> = EIGHT_TORSION.iter().map(|point| point.compress().0).collect();
    for sign in [0, 1] {
        // Numbers above p that fit 255 bits are p to p + 18, and mean 0 to 18.
        all.extend((0..=18).map(|above| above_p(above, sign)));
        all.extend((0..=18).map(|low| {
            let mut bytes = [0; 32];
            (bytes[0], bytes[31]) = (low, sign << 7);
            bytes
        }));
        let mut minus_one = above_p(0, sign);
        minus_one[0] -= 1;
        all.push(minus_one);
    }
    all.retain(|bytes| is_small(*bytes));
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn all_fourteen_encodings_of_small_order_are_known_and_refused_as_senders() {
    let all = encodings();
    assert_eq!(all.len(), 14);
    for bytes in all {
        let key = PublicKey(bytes);
        assert!(key.is_small_order() && !key.is_usable(), "{key}");
        // R = the key's own torsion or the identity, and s = 0, hold for one of a few messages;
        // whether this one does is not even asked.
        let mut signature = Signature::ZERO;
        signature.0[0] = 1;
        let unsigned = UnsignedTransaction::transfer(key, key, 0, 0, 1, None);
        let message = unsigned.signing_bytes(&CHAIN);
        assert!(!key.verifies(&message, &signature), "{key}");
        let entry = BodyEntry { transaction: unsigned.signed(signature), payload: None };
        let fault = TransactionViolation::SmallOrderKey;
        let refused = verdict_on_body(vec![entry]);
        assert_eq!(refused, Err(RuleViolation::Transaction { place: 0, fault }));
        assert!(Address(key).to_string().parse::<Address>().is_err());
    }
}

#[test]
fn neighbours_of_small_order_are_judged_as_the_curve_judges_them() {
    for bytes in encodings() {
        for bit in 0..256 {
            let mut near = bytes;
            near[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(PublicKey(near).is_small_order(), is_small(near), "{}", PublicKey(near));
        }
    }
}

proptest! {
    #[test]
    fn keys_of_people_and_random_bytes_are_judged_as_the_curve_judges_them(seed: [u8; 32]) {
        let key = Person::new(seed).key;
        prop_assert!(key.is_usable() && !key.is_small_order());
        prop_assert_eq!(PublicKey(seed).is_small_order(), is_small(seed));
        let decodes = CompressedEdwardsY(seed).decompress().is_some();
        prop_assert_eq!(PublicKey(seed).is_usable(), decodes && !is_small(seed));
    }
}
