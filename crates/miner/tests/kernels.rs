//! Every kernel finds what the hash rule says, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use kusari_chain::{Block, BlockHash, Target, Transaction};
use kusari_miner::{Kernel, Search};
use proptest::collection::vec;
use proptest::prelude::*;

/// The first nonce that meets the target, by the hash rule itself.
fn expected(template: &Block, target: Target, first: u64, count: u64) -> Option<u64> {
    let mut block = template.clone();
    (0..count).map(|step| first.wrapping_add(step)).find(|&nonce| {
        block.nonce = nonce;
        target.is_met_by(&block.compute_hash())
    })
}

fn hash(template: &Block, nonce: u64) -> [u8; 32] {
    Block { nonce, ..template.clone() }.compute_hash().0
}

/// The number before this one, as big-endian bytes.
fn one_less(mut bytes: [u8; 32]) -> [u8; 32] {
    for byte in bytes.iter_mut().rev() {
        let (less, borrows) = byte.overflowing_sub(1);
        *byte = less;
        if !borrows {
            break;
        }
    }
    bytes
}

fn assert_all_find(template: &Block, target: Target, first: u64, count: u64) {
    let expected = expected(template, target, first, count);
    for kernel in Kernel::available() {
        let found = Search::with_kernel(template, target, kernel).try_nonces(first, count);
        assert_eq!(found, expected, "{kernel}, {count} from {first}, {target:?}, {template:?}");
    }
}

/// A target that about one hash in `2^bits` meets.
fn one_in(bits: u32) -> Target {
    let mut bytes = [0xff; 32];
    bytes[..4].copy_from_slice(&(u32::MAX >> bits).to_be_bytes());
    Target::from_be_bytes(bytes)
}

#[test]
fn all_kernels_find_the_same_for_every_length_of_data() {
    let mut block = Block::genesis();
    for length in 0..=300_u32 {
        block.data = "d".repeat(length as usize);
        block.transactions.truncate((length % 2) as usize);
        // Further on at each length, so that hits stand at other places of the vectors.
        let mut first = u64::from(length) << 31 | 7;
        for _ in 0..4 {
            assert_all_find(&block, one_in(5), first, 150);
            first = expected(&block, one_in(5), first, 1_000).unwrap() + 1;
        }
        block.transactions.clone_from(&Block::genesis().transactions);
    }
}

#[test]
fn a_hash_that_equals_the_target_is_found_and_one_above_it_is_not() {
    let block = Block::genesis();
    for nonce in 0..100 {
        let exact = hash(&block, nonce);
        assert_all_find(&block, Target::from_be_bytes(exact), nonce, 1);
        assert_all_find(&block, Target::from_be_bytes(one_less(exact)), nonce, 1);
        assert_all_find(&block, Target::from_be_bytes(one_less(exact)), 0, 100);
    }
}

#[test]
fn nothing_is_tried_where_the_count_is_zero() {
    assert_all_find(&Block::genesis(), Target::from_be_bytes([0xff; 32]), 5, 0);
}

fn blocks() -> impl Strategy<Value = Block> {
    let transaction = ("[a-z]{0,20}", "[a-z]{0,20}", any::<u64>());
    let transactions = vec(transaction, 0..3);
    let head = (any::<u32>(), any::<u64>(), any::<[u8; 32]>());
    (head, transactions, "[ -~]{0,300}").prop_map(|((index, timestamp, prev), transfers, data)| {
        let transaction = |(sender, receiver, amount)| Transaction { sender, receiver, amount };
        Block {
            index,
            timestamp,
            nonce: 0,
            data,
            prev_hash: BlockHash(prev),
            hash: BlockHash::ZERO,
            transactions: transfers.into_iter().map(transaction).collect(),
        }
    })
}

/// Anywhere, and close before the places where the low half or the whole nonce starts again.
fn firsts() -> impl Strategy<Value = u64> {
    let boundary = (any::<u32>(), 0..200_u64)
        .prop_map(|(high, before)| (u64::from(high) << 32).wrapping_sub(before));
    prop_oneof![any::<u64>(), boundary, (0..200_u64).prop_map(|before| u64::MAX - before)]
}

proptest! {
    #[test]
    fn all_kernels_find_the_first_nonce_that_meets_the_target(
        block in blocks(),
        first in firsts(),
        count in 0..400_u64,
        bits in 0..12_u32,
    ) {
        assert_all_find(&block, one_in(bits), first, count);
    }

    #[test]
    fn all_kernels_agree_on_targets_to_the_last_bit(
        block in blocks(),
        first in firsts(),
        count in 1..300_u64,
        place in any::<prop::sample::Index>(),
        less in any::<bool>(),
    ) {
        let nonce = first.wrapping_add(place.index(count as usize) as u64);
        let exact = hash(&block, nonce);
        let target = if less { one_less(exact) } else { exact };
        assert_all_find(&block, Target::from_be_bytes(target), first, count);
    }

    #[test]
    fn all_kernels_agree_on_any_target(
        block in blocks(),
        first in firsts(),
        bytes in any::<[u8; 32]>(),
        zeros in 0..33_usize,
    ) {
        let mut target = bytes;
        target[..zeros].fill(0);
        assert_all_find(&block, Target::from_be_bytes(target), first, 100);
    }
}
