//! What a search computes once, so that the loop over nonces need not.
//!
//! The nonce lies in the words 3 and 4 of the first 64 bytes of a preimage, and the low half alone
//! changes from one try to the next. All that depends on neither half is a [`Plan`], all that
//! depends on the high half too a [`Batch`].

use kusari_chain::Block;

/// Round constants of SHA-256. Source: FIPS 180-4, section 4.2.2.
#[rustfmt::skip]
pub(crate) const K: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// Initial state of SHA-256. Source: FIPS 180-4, section 5.3.3.
pub(crate) const INITIAL_STATE: [u32; 8] = [
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
pub(crate) const BLOCK_BYTES: usize = 64;

/// The word of the first block that holds the low half of the nonce; the high half follows.
pub(crate) const LOW: usize = Block::NONCE_OFFSET / 4;

/// The first word of the message schedule that depends on the low half of the nonce, after the low
/// half itself.
pub(crate) const FIRST_VARIABLE: usize = 18;

/// The first word of the message schedule that is made of such words alone.
pub(crate) const FIRST_WHOLE: usize = 34;

/// A padded preimage, and what follows from it for every nonce.
#[derive(Clone)]
pub(crate) struct Plan {
    /// The preimage with some nonce, in blocks of 64 bytes.
    pub(crate) blocks: Vec<[u8; BLOCK_BYTES]>,
    /// For each block after the first, its message schedule with the round constants added.
    pub(crate) tails: Vec<[u32; 64]>,
    /// The state after rounds 0 and 1.
    after_two: [u32; 8],
}

/// What follows from a preimage and the high half of a nonce.
#[derive(Clone)]
pub(crate) struct Batch {
    /// The high half of the nonces.
    pub(crate) high: u32,
    /// The first block's words; the low half of the nonce is zero.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "only SHA-NI takes them"))]
    pub(crate) words: [u32; 16],
    /// The state after round 3 for a low word of zero. That word is added to `a` and `e`; the
    /// other six do not depend on it.
    pub(crate) state: [u32; 8],
    /// Rounds 4 to 17: the schedule, which is constant there, with the round constants, and in the
    /// first three rounds with `h`, which is constant too.
    pub(crate) rounds: [u32; FIRST_VARIABLE],
    /// Words 16 to 33 of the schedule: the sum of the terms that are constant. Of the first two that
    /// is the whole word.
    pub(crate) schedule: [u32; FIRST_WHOLE],
}

pub(crate) fn small_sigma_0(word: u32) -> u32 {
    word.rotate_right(7) ^ word.rotate_right(18) ^ (word >> 3)
}

pub(crate) fn small_sigma_1(word: u32) -> u32 {
    word.rotate_right(17) ^ word.rotate_right(19) ^ (word >> 10)
}

/// One round on scalars; `constant` is the sum of its round constant and its word.
fn round(state: [u32; 8], constant: u32) -> [u32; 8] {
    let [a, b, c, d, e, f, g, h] = state;
    let sum_0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
    let sum_1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
    let choice = (e & f) ^ (!e & g);
    let majority = (a & b) ^ (a & c) ^ (b & c);
    let first = h.wrapping_add(constant).wrapping_add(sum_1).wrapping_add(choice);
    let second = sum_0.wrapping_add(majority);
    [first.wrapping_add(second), a, b, c, d.wrapping_add(first), e, f, g]
}

fn words(block: &[u8; BLOCK_BYTES]) -> [u32; 16] {
    let (bytes, _) = block.as_chunks();
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(bytes) {
        *word = u32::from_be_bytes(*bytes);
    }
    words
}

impl Plan {
    pub(crate) fn new(template: &Block) -> Self {
        let mut bytes = template.preimage();
        let bits = bytes.len() as u64 * 8;
        bytes[Block::NONCE_OFFSET..Block::NONCE_OFFSET + 8].fill(0);
        bytes.push(0x80);
        while bytes.len() % BLOCK_BYTES != BLOCK_BYTES - 8 {
            bytes.push(0);
        }
        bytes.extend_from_slice(&bits.to_be_bytes());
        let (blocks, _) = bytes.as_chunks();
        let tails = blocks.iter().skip(1).map(|block| {
            let mut schedule = [0; 64];
            schedule[..16].copy_from_slice(&words(block));
            for at in 16..64 {
                schedule[at] = small_sigma_1(schedule[at - 2])
                    .wrapping_add(schedule[at - 7])
                    .wrapping_add(small_sigma_0(schedule[at - 15]))
                    .wrapping_add(schedule[at - 16]);
            }
            core::array::from_fn(|at| schedule[at].wrapping_add(K[at]))
        });
        let first = words(&blocks[0]);
        let after_two =
            (0..2).fold(INITIAL_STATE, |state, at| round(state, K[at].wrapping_add(first[at])));
        Self { tails: tails.collect(), blocks: blocks.to_vec(), after_two }
    }

    /// Writes a nonce into the preimage.
    pub(crate) fn set_nonce(&mut self, nonce: u64) {
        if let Some(first) = self.blocks.first_mut() {
            first[Block::NONCE_OFFSET..Block::NONCE_OFFSET + 8]
                .copy_from_slice(&nonce.to_le_bytes());
        }
    }

    /// What follows for all nonces with this high half.
    pub(crate) fn batch(&self, high: u32) -> Batch {
        let mut words = words(&self.blocks[0]);
        words[LOW] = 0;
        words[LOW + 1] = high.swap_bytes();
        // With every word that varies at zero, each sum is that of its constant terms.
        let mut schedule = [0_u32; FIRST_WHOLE];
        schedule[..16].copy_from_slice(&words);
        let varies = |at| at == LOW || at >= FIRST_VARIABLE;
        for at in 16..FIRST_WHOLE {
            let constant = |back: usize, sigma: fn(u32) -> u32| match at - back {
                term if varies(term) => 0,
                term => sigma(schedule[term]),
            };
            schedule[at] = constant(2, small_sigma_1)
                .wrapping_add(constant(7, |word| word))
                .wrapping_add(constant(15, small_sigma_0))
                .wrapping_add(constant(16, |word| word));
        }
        let state =
            (2..=LOW).fold(self.after_two, |state, at| round(state, K[at].wrapping_add(words[at])));
        let mut rounds: [u32; FIRST_VARIABLE] =
            core::array::from_fn(|at| K[at].wrapping_add(schedule[at]));
        // In rounds 4, 5 and 6 `h` is what `h`, `g` and `f` were after round 3.
        for (at, place) in [(LOW + 1, 7), (LOW + 2, 6), (LOW + 3, 5)] {
            rounds[at] = rounds[at].wrapping_add(state[place]);
        }
        Batch { high, words, state, rounds, schedule }
    }
}
