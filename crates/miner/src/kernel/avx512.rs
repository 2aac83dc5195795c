//! Forty-eight nonces side by side, by AVX-512.
//!
//! Three vectors of sixteen go through the rounds together: an operation takes two cycles, so two
//! of them leave the processor waiting. Their states take 24 of the 32 registers, and a compiler
//! does not place the rest so that nothing else goes to memory; so the rounds are written in
//! assembly. The registers of vector 0 are `zmm0` to `zmm7`, those of vector 1 `zmm10` to `zmm17`,
//! those of vector 2 `zmm20` to `zmm27`, and the rest are for what is soon forgotten. Words of the
//! message schedule stand in memory, from where an addition takes them as readily.

mod rounds;

use core::arch::asm;
use core::arch::x86_64::*;

use rounds::{
    add_before, add_initial, begin, each_word, eight, load, prepare, round, store, terms, three,
};

use super::Task;
use crate::plan::{Batch, INITIAL_STATE, K};

/// Nonces in a vector.
const LANES: usize = 16;

/// Vectors that go through the rounds together.
const STREAMS: usize = 3;

/// What the rounds work on. The assembly knows the order of its fields, in vectors: the state is at
/// 0, the schedule at 24, the low words at 72.
#[repr(C, align(64))]
struct Work {
    state: [[__m512i; STREAMS]; 8],
    schedule: [[__m512i; STREAMS]; 16],
    low: [__m512i; STREAMS],
}

/// Runs assembly that changes the vector registers and the [`Work`] it is given.
macro_rules! run {
    ($text:expr, $($operands:tt)*) => {
        asm!(
            $text,
            $($operands)*
            out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _,
            out("zmm5") _, out("zmm6") _, out("zmm7") _, out("zmm8") _, out("zmm9") _,
            out("zmm10") _, out("zmm11") _, out("zmm12") _, out("zmm13") _, out("zmm14") _,
            out("zmm15") _, out("zmm16") _, out("zmm17") _, out("zmm18") _, out("zmm19") _,
            out("zmm20") _, out("zmm21") _, out("zmm22") _, out("zmm23") _, out("zmm24") _,
            out("zmm25") _, out("zmm26") _, out("zmm27") _, out("zmm28") _, out("zmm29") _,
            out("zmm30") _, out("zmm31") _,
            options(nostack),
        )
    };
}

/// Hashes the first block of each nonce whose low word stands in `work`.
#[target_feature(enable = "avx512f")]
fn first_block(work: &mut Work, batch: &Batch) {
    #[expect(unsafe_code, reason = "a compiler would put parts of the state into memory")]
    // SAFETY: Of what is in memory the assembly reads the five arrays of 8, 18, 34, 8 and 64 words:
    // of `state` words 0 to 6, of `rounds` 4 to 17, of `schedule` 16 to 31, of `initial` all, of `k`
    // 18 to 31 and, in two turns of 16 after its address has moved by 32 words, 32 to 63. It reads
    // and writes `work`: 24, 48 and 3 vectors, each aligned to 64 bytes as `vmovdqa64` asks for. The
    // borrows last until it ends. Every register that it changes is an output; it does not use the
    // stack, and the flags are not said to be preserved. AVX-512 is there, as for all of this
    // function.
    unsafe {
        run!(
            concat!(
                begin!("", 0), begin!(1, 1), begin!(2, 2),
                three!([whole 4], 4 5 6 7 0 1 2 3),
                three!([whole 5], 3 4 5 6 7 0 1 2),
                three!([whole 6], 2 3 4 5 6 7 0 1),
                three!([constant 7], 1 2 3 4 5 6 7 0),
                eight!([constant 8] [constant 9] [constant 10] [constant 11]
                    [constant 12] [constant 13] [constant 14] [constant 15]),
                eight!([constant 16] [constant 17]
                    [partly 18 2 sigma_0 low] [partly 19 3 low]
                    [partly 20 4 sigma_1 2] [partly 21 5 sigma_1 3]
                    [partly 22 6 sigma_1 4] [partly 23 7 sigma_1 5]),
                eight!([partly 24 8 sigma_1 6] [partly 25 9 sigma_1 7, add 2]
                    [partly 26 10 sigma_1 8, add 3] [partly 27 11 sigma_1 9, add 4]
                    [partly 28 12 sigma_1 10, add 5] [partly 29 13 sigma_1 11, add 6]
                    [partly 30 14 sigma_1 12, add 7] [partly 31 15 sigma_1 13, add 8]),
                "add {k}, 4*32\n",
                "2:\n",
                eight!([word 0 14 9 1] [word 1 15 10 2] [word 2 0 11 3] [word 3 1 12 4]
                    [word 4 2 13 5] [word 5 3 14 6] [word 6 4 15 7] [word 7 5 0 8]),
                eight!([word 8 6 1 9] [word 9 7 2 10] [word 10 8 3 11] [word 11 9 4 12]
                    [word 12 10 5 13] [word 13 11 6 14] [word 14 12 7 15] [word 15 13 8 0]),
                "add {k}, 4*16\n",
                "dec {turns:e}\n",
                "jnz 2b\n",
                each_word!(add_initial),
                each_word!(store),
            ),
            work = in(reg) work,
            state = in(reg) &batch.state,
            rounds = in(reg) &batch.rounds,
            schedule = in(reg) &batch.schedule,
            initial = in(reg) &INITIAL_STATE,
            k = inout(reg) &K => _,
            turns = inout(reg) 2_u32 => _,
        );
    }
}

/// Hashes one more block, whose schedule with the round constants is the same for all nonces.
#[target_feature(enable = "avx512f")]
fn later_block(work: &mut Work, schedule: &[u32; 64]) {
    #[expect(unsafe_code, reason = "a compiler would put parts of the state into memory")]
    // SAFETY: Of what is in memory the assembly reads the 64 words of the schedule, in eight turns
    // of eight, and reads and writes the 24 vectors of the state, which are aligned to 64 bytes. The
    // borrows last until it ends. Every register that it changes is an output; it does not use the
    // stack, and the flags are not said to be preserved. AVX-512 is there, as for all of this
    // function.
    unsafe {
        run!(
            concat!(
                each_word!(load),
                "2:\n",
                eight!([constant 0] [constant 1] [constant 2] [constant 3]
                    [constant 4] [constant 5] [constant 6] [constant 7]),
                "add {rounds}, 4*8\n",
                "dec {turns:e}\n",
                "jnz 2b\n",
                each_word!(add_before),
                each_word!(store),
            ),
            work = in(reg) work,
            rounds = inout(reg) schedule => _,
            turns = inout(reg) 8_u32 => _,
        );
    }
}

/// The low words of the nonces from `first` on, in the order of bytes that they have in a preimage.
#[target_feature(enable = "avx512f,avx512bw")]
fn low_words(first: u32) -> __m512i {
    let places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let swap = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    let nonces = _mm512_add_epi32(_mm512_set1_epi32(first.cast_signed()), places);
    _mm512_shuffle_epi8(nonces, swap)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn scan(task: &Task<'_>) -> Option<u64> {
    let zero = _mm512_setzero_si512();
    let mut work =
        Work { state: [[zero; STREAMS]; 8], schedule: [[zero; STREAMS]; 16], low: [zero; STREAMS] };
    let limit = _mm512_set1_epi32(task.limit.cast_signed());
    for step in (0..task.count).step_by(LANES * STREAMS) {
        // What lies beyond the end of the low half is hashed, but not looked at.
        let first = task.first.wrapping_add(step as u32);
        for (stream, low) in (0_u32..).zip(&mut work.low) {
            *low = low_words(first.wrapping_add(stream * LANES as u32));
        }
        first_block(&mut work, task.batch);
        for schedule in &task.plan.tails {
            later_block(&mut work, schedule);
        }
        for (stream, word) in (0_u64..).zip(work.state[0]) {
            let met = _mm512_cmple_epu32_mask(word, limit);
            if met != 0 {
                let at = step + stream * LANES as u64 + u64::from(met.trailing_zeros());
                return (at < task.count).then_some(at);
            }
        }
    }
    None
}

detected!("avx512f", "avx512bw" => fn scan(task: &Task<'_>) -> Option<u64>;);
