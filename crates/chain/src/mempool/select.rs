//! What a block template takes from the pool.
//!
//! Owns the choice: the transactions that pay most for each byte, where its sender's sequence lets it. Changes
//! nothing.

use alloc::collections::BinaryHeap;
use core::cmp::Ordering;

use super::Mempool;
use super::pooled::{PooledTransaction, Rank};
use crate::ledger::SignedTransaction;
use crate::prelude::*;

/// The next transaction of a chain, with the rest of the chain behind it.
struct Head<'a, I> {
    rank: Rank,
    pooled: &'a PooledTransaction,
    rest: I,
}

impl<'a, I: Iterator<Item = &'a PooledTransaction>> Head<'a, I> {
    fn of(mut chain: I) -> Option<Self> {
        let pooled = chain.next()?;
        Some(Self { rank: pooled.rank(pooled.fee_rate()), pooled, rest: chain })
    }
}

impl<I> Ord for Head<'_, I> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl<I> PartialOrd for Head<'_, I> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<I> PartialEq for Head<'_, I> {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl<I> Eq for Head<'_, I> {}

impl Mempool {
    /// Offered transactions for a block's body of at most `max_bytes`, counted as
    /// [`crate::ledger::LedgerPart::weight`] counts, in an order in which they can be mined.
    ///
    /// Of the first ones that each sender has left, the one that pays most for a byte comes next;
    /// then the one that came earlier, then the one with the smaller id. One that does not fit any
    /// more holds back those of its sender behind it.
    #[must_use]
    pub fn select(&self, max_bytes: u64) -> Vec<&PooledTransaction> {
        let chains = self.senders.values().map(|sender| sender.chain());
        let mut heads: BinaryHeap<_> = chains.filter_map(Head::of).collect();
        let (mut selected, mut left) = (Vec::new(), max_bytes);
        while left >= SignedTransaction::BYTES as u64 {
            let Some(Head { pooled, rest, .. }) = heads.pop() else { break };
            let Some(after) = left.checked_sub(pooled.transaction().weight()) else { continue };
            left = after;
            selected.push(pooled);
            heads.extend(Head::of(rest));
        }
        selected
    }
}
