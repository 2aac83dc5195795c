//! The search of a nonce for one block.
//!
//! Owns the order of nonces and what counts as found. The loop itself is a [`Kernel`]'s.

use kusari_chain::{Block, BlockHash, Target};

use crate::kernel::{self, Kernel, Task};
use crate::plan::{Batch, Plan};

/// The search of a nonce for one block and target. What does not depend on the nonce is computed
/// once.
#[derive(Clone)]
pub struct Search {
    plan: Plan,
    target: Target,
    /// The greatest first word that a hash below the target has.
    limit: u32,
    /// The fastest one is chosen where it is first needed.
    kernel: Option<Kernel>,
    /// What follows from the high half of the last nonces that were tried.
    batch: Option<Batch>,
}

impl Search {
    /// Prepares the search of a nonce for `template`, with the kernel that is the fastest here.
    #[must_use]
    pub fn new(template: &Block, target: Target) -> Self {
        let limit = target.first_word();
        Self { plan: Plan::new(template), target, limit, kernel: None, batch: None }
    }

    /// The same with this kernel.
    #[must_use]
    pub fn with_kernel(template: &Block, target: Target, kernel: Kernel) -> Self {
        Self { kernel: Some(kernel), ..Self::new(template, target) }
    }

    /// The hash with this nonce.
    pub fn hash(&mut self, nonce: u64) -> BlockHash {
        self.plan.set_nonce(nonce);
        let mut hash = BlockHash::ZERO;
        let state = kernel::hash(&self.plan.blocks);
        for (bytes, word) in hash.0.chunks_exact_mut(4).zip(state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        hash
    }

    /// Tries `count` nonces from `first` on, and returns the first that meets the target.
    pub fn try_nonces(&mut self, mut first: u64, mut count: u64) -> Option<u64> {
        while count > 0 {
            // Kernels search within one high half of the nonce.
            let low = first as u32;
            let span = count.min((1 << 32) - u64::from(low));
            match self.scan(first, span) {
                // A candidate that fails has the first 32 bits of the target: one hash in 2^32.
                Some(step) => {
                    let nonce = first.wrapping_add(step);
                    let hash = self.hash(nonce);
                    if self.target.is_met_by(&hash) {
                        return Some(nonce);
                    }
                    first = nonce.wrapping_add(1);
                    count -= step + 1;
                }
                None => {
                    first = first.wrapping_add(span);
                    count -= span;
                }
            }
        }
        None
    }

    /// The first candidate of `count` nonces, which all have the same high half.
    fn scan(&mut self, first: u64, count: u64) -> Option<u64> {
        let kernel = *self.kernel.get_or_insert_with(Kernel::fastest);
        let high = (first >> 32) as u32;
        let batch = match &mut self.batch {
            Some(batch) if batch.high == high => batch,
            other => other.insert(self.plan.batch(high)),
        };
        let (plan, limit) = (&self.plan, self.limit);
        kernel.scan(&Task { plan, batch, limit, first: first as u32, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_hashes_as_the_hash_rule_does_for_any_length() {
        let mut block = Block::genesis();
        for length in 0..200 {
            block.data = "x".repeat(length);
            block.nonce = 0x0123_4567_89ab_cdef ^ length as u64;
            let hash = Search::new(&block, Target::CLASSIC).hash(block.nonce);
            assert_eq!(hash, block.compute_hash(), "at {length} bytes of data");
        }
    }

    #[test]
    fn genesis_mined_from_nonce_zero_gives_the_known_nonce() {
        let mut search = Search::new(&Block::genesis(), Target::CLASSIC);
        assert_eq!(search.try_nonces(0, 10_000), Some(kusari_chain::params::GENESIS_NONCE));
        assert_eq!(search.try_nonces(0, 2_945), None);
    }

    #[test]
    fn the_search_wraps_around_the_end_of_the_nonces() {
        let mut search = Search::new(&Block::genesis(), Target::CLASSIC);
        let found = search.try_nonces(u64::MAX - 1, 10_000);
        assert!(found.is_some_and(|nonce| nonce <= 2_945 || nonce >= u64::MAX - 1));
    }
}
