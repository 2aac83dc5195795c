//! Real proof of work, found once per process.
//!
//! Owns the search and a cache of what it found: a run that is repeated, or that shares its
//! beginning with another, does not pay twice. How long mining takes is virtual and decided
//! elsewhere.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use kusari_chain::{Block, BlockHash};

/// What SHA-256 begins with (FIPS 180-4, section 5.3.3). The buffered hasher spends more time on
/// copying than on hashing where it is compiled for tests, so the search goes below it.
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

/// Nonces by preimage. Only looked up, never walked, so its order shows nowhere.
static FOUND: OnceLock<Mutex<HashMap<Vec<u8>, u64>>> = OnceLock::new();

/// The first nonce from the block's own upwards that meets the target.
pub(crate) fn search(block: &Block) -> u64 {
    let found = FOUND.get_or_init(Mutex::default);
    let mut preimage = block.preimage();
    let key = preimage.clone();
    if let Some(&nonce) = found.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return nonce;
    }
    let mut blocks = pad(&mut preimage);
    let mut nonce = block.nonce;
    loop {
        blocks[0][Block::NONCE_OFFSET..Block::NONCE_OFFSET + 8]
            .copy_from_slice(&nonce.to_le_bytes());
        let mut state = INITIAL_STATE;
        sha2::block_api::compress256(&mut state, &blocks);
        // Two zero bytes are all that the target asks for.
        if state[0] >> 16 == 0 {
            break;
        }
        nonce = nonce.wrapping_add(1);
    }
    found.lock().unwrap_or_else(PoisonError::into_inner).insert(key, nonce);
    nonce
}

/// The preimage in blocks of 64 bytes, with the padding of SHA-256 (FIPS 180-4, section 5.1.1).
fn pad(preimage: &mut Vec<u8>) -> Vec<[u8; 64]> {
    let bits = preimage.len() as u64 * 8;
    preimage.push(0x80);
    while preimage.len() % 64 != 56 {
        preimage.push(0);
    }
    preimage.extend(bits.to_be_bytes());
    preimage.as_chunks().0.to_vec()
}

/// Mines a block with this text on `parent`.
pub(crate) fn mine(parent: &Block, timestamp: u64, first_nonce: u64, data: String) -> Block {
    let mut block = Block {
        index: parent.index.saturating_add(1),
        timestamp,
        nonce: first_nonce,
        data,
        prev_hash: parent.hash,
        hash: BlockHash::ZERO,
        transactions: Vec::new(),
    };
    block.nonce = search(&block);
    block.hash = block.compute_hash();
    block
}

/// Blocks of [`long_chain`].
pub(crate) const LONG_CHAIN: usize = 300;

/// A chain long enough to be fetched in several answers, mined once per process.
pub(crate) fn long_chain() -> &'static [Block] {
    static CHAIN: OnceLock<Vec<Block>> = OnceLock::new();
    CHAIN.get_or_init(|| {
        let mut chain = vec![Block::genesis()];
        for number in 1..=LONG_CHAIN {
            let text = format!("long chain {number}{}", " and on".repeat(number % 40));
            let parent = &chain[number - 1];
            chain.push(mine(parent, 1_700_000_000 + number as u64, 0, text));
        }
        chain.split_off(1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_keeps_every_rule() {
        for length in [0, 3, 11, 12, 60, 200] {
            let block = mine(&Block::genesis(), 5, 7, "x".repeat(length));
            assert!(kusari_chain::CheckedBlock::check(block).is_ok(), "{length}");
        }
    }
}
