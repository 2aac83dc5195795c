//! The inner loop: one SHA-256 of the preimage for each nonce.

use kusari_chain::{Block, BlockHash, Target};
use sha2::block_api::compress256;

/// Initial state of SHA-256. Source: FIPS 180-4, section 5.3.3.
const INITIAL_STATE: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Bytes of one SHA-256 block.
const BLOCK_BYTES: usize = 64;

/// A padded preimage, ready to be hashed with one nonce after another. Only the first block holds
/// the nonce, and padding is done once.
#[derive(Clone)]
pub struct Search {
    blocks: Vec<[u8; BLOCK_BYTES]>,
    target: Target,
}

impl Search {
    /// Prepares the search of a nonce for `template`.
    #[must_use]
    pub fn new(template: &Block, target: Target) -> Self {
        let mut bytes = template.preimage();
        let bits = bytes.len() as u64 * 8;
        bytes.push(0x80);
        while bytes.len() % BLOCK_BYTES != BLOCK_BYTES - 8 {
            bytes.push(0);
        }
        bytes.extend_from_slice(&bits.to_be_bytes());
        let (blocks, _) = bytes.as_chunks();
        Self { blocks: blocks.to_vec(), target }
    }

    /// The hash with this nonce.
    pub fn hash(&mut self, nonce: u64) -> BlockHash {
        if let Some(first) = self.blocks.first_mut() {
            first[Block::NONCE_OFFSET..Block::NONCE_OFFSET + 8]
                .copy_from_slice(&nonce.to_le_bytes());
        }
        let mut state = INITIAL_STATE;
        compress256(&mut state, &self.blocks);
        let mut hash = BlockHash::ZERO;
        for (bytes, word) in hash.0.chunks_exact_mut(4).zip(state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        hash
    }

    /// Tries `count` nonces from `first` on, and returns the first that meets the target.
    pub fn try_nonces(&mut self, first: u64, count: u64) -> Option<u64> {
        (0..count).map(|step| first.wrapping_add(step)).find(|&nonce| {
            let hash = self.hash(nonce);
            self.target.is_met_by(&hash)
        })
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
