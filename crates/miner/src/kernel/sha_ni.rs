//! Several nonces at once, by the processor's instructions for SHA-256.
//!
//! The instruction for two rounds, which holds a state in two registers, `abef` and `cdgh`, gives its
//! result after four cycles. How soon the next one may begin differs: after two on the first Zen and on
//! Zen 5, after one on Zen 3 and 4. Two nonces keep the former busy and five the latter, and which of them it is, is measured.

mod five;

use core::arch::x86_64::*;
use core::hint::black_box;

use super::Task;
use super::lanes::each;
use crate::plan::{Batch, INITIAL_STATE, K, LOW, small_sigma_0};

/// Chains of instructions that keep any processor busy.
const CHAINS: usize = 4;

/// A state, its words in the order of the instruction.
#[derive(Clone, Copy)]
#[repr(C)]
struct State {
    abef: __m128i,
    cdgh: __m128i,
}

/// What is the same for all nonces of a batch.
struct Shared {
    /// After round 3, for a low word of zero.
    state: State,
    /// Rounds 4 to 15: their words with the round constants.
    rounds: [__m128i; 3],
    /// Words 16 to 19 of the schedule, for a low word of zero.
    words_16: __m128i,
    /// Of words 20 to 31: the terms that depend on no later word than 16.
    sums: [__m128i; 3],
}

#[inline]
#[target_feature(enable = "sse2")]
fn vector(words: [u32; 4]) -> __m128i {
    let [a, b, c, d] = words.map(u32::cast_signed);
    _mm_setr_epi32(a, b, c, d)
}

#[inline]
#[target_feature(enable = "sse2")]
fn state_of(words: &[u32; 8]) -> State {
    let [a, b, c, d, e, f, g, h] = *words;
    State { abef: vector([f, e, b, a]), cdgh: vector([h, g, d, c]) }
}

impl State {
    #[inline]
    #[target_feature(enable = "sse2")]
    fn add(&mut self, other: Self) {
        self.abef = _mm_add_epi32(self.abef, other.abef);
        self.cdgh = _mm_add_epi32(self.cdgh, other.cdgh);
    }
}

/// Four rounds of each state; `constants` has their words and round constants. The states take turns, so
/// that each has its result when it is needed.
#[inline]
#[target_feature(enable = "sha,sse2")]
fn four_rounds<const STREAMS: usize>(states: &mut [State; STREAMS], constants: [__m128i; STREAMS]) {
    for (state, constants) in states.iter_mut().zip(constants) {
        state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, constants);
    }
    for (state, constants) in states.iter_mut().zip(constants) {
        let last = _mm_shuffle_epi32::<0b1110>(constants);
        state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, last);
    }
}

/// The four words that begin one after the first of `ago`.
#[inline]
#[target_feature(enable = "ssse3")]
fn one_later(ago: __m128i, next: __m128i) -> __m128i {
    _mm_alignr_epi8::<4>(next, ago)
}

#[target_feature(enable = "sha,sse2,ssse3")]
fn shared(batch: &Batch) -> Shared {
    let (fours, _) = batch.words.as_chunks::<4>();
    let words = [1, 2, 3].map(|at| vector(fours[at]));
    let words_16 = vector(core::array::from_fn(|at| batch.schedule[16 + at]));
    let sum = |ago_16, ago_12| _mm_sha256msg1_epu32(ago_16, ago_12);
    Shared {
        state: state_of(&batch.state),
        rounds: core::array::from_fn(|at| {
            let constants = core::array::from_fn(|word| K[4 * at + 4 + word]);
            _mm_add_epi32(words[at], vector(constants))
        }),
        words_16,
        sums: [
            _mm_add_epi32(sum(words[0], words[1]), one_later(words[2], words_16)),
            sum(words[1], words[2]),
            sum(words[2], words_16),
        ],
    }
}

/// What the low half of a nonce adds.
struct LowWordTerms {
    /// To the state after round 3: it is added to `a` and `e`.
    state: __m128i,
    /// To words 16 to 19: in word 18 it goes through a sigma, in word 19 it is as it is.
    words_16: __m128i,
}

#[inline]
#[target_feature(enable = "sse2")]
fn low_word_terms(low_half: u32) -> LowWordTerms {
    const { assert!(LOW == 3, "the low half is the last of four words") };
    let low = low_half.swap_bytes();
    let high_half = u64::from(low) << 32;
    let words_18 = high_half | u64::from(small_sigma_0(low));
    LowWordTerms {
        state: _mm_set1_epi64x(high_half.cast_signed()),
        words_16: _mm_set_epi64x(words_18.cast_signed(), 0),
    }
}

/// The states after the first block, for this low half of a nonce and those that follow.
#[inline]
#[target_feature(enable = "sha,sse2,ssse3")]
fn first_block<const STREAMS: usize>(shared: &Shared, first: u32) -> [State; STREAMS] {
    let mut states = [shared.state; STREAMS];
    let mut schedules = [[shared.words_16; 4]; STREAMS];
    for (stream, (state, schedule)) in (0..).zip(states.iter_mut().zip(&mut schedules)) {
        let terms = low_word_terms(first.wrapping_add(stream));
        state.abef = _mm_add_epi32(state.abef, terms.state);
        schedule[0] = _mm_add_epi32(schedule[0], terms.words_16);
    }
    for constants in shared.rounds {
        four_rounds(&mut states, [constants; STREAMS]);
    }
    let (constants, _) = K.as_chunks::<4>();
    macro_rules! four {
        ($at:literal) => {{
            let place = |ago: usize| ($at - ago) % 4;
            let mut sums = [vector(constants[$at]); STREAMS];
            for (sum, schedule) in sums.iter_mut().zip(&mut schedules) {
                let [ago_16, ago_12] = [schedule[place(4)], schedule[place(3)]];
                let [ago_8, ago_4] = [schedule[place(2)], schedule[place(1)]];
                let terms = match $at {
                    4 | 5 => shared.sums[0],
                    6 | 7 => _mm_add_epi32(shared.sums[($at + 1) % 3], one_later(ago_8, ago_4)),
                    _ => {
                        let terms = _mm_sha256msg1_epu32(ago_16, ago_12);
                        _mm_add_epi32(terms, one_later(ago_8, ago_4))
                    }
                };
                if $at > 4 {
                    schedule[place(0)] = _mm_sha256msg2_epu32(terms, ago_4);
                }
                *sum = _mm_add_epi32(*sum, schedule[place(0)]);
            }
            four_rounds(&mut states, sums);
        }};
    }
    each!(four: 4 5 6 7 8 9 10 11 12 13 14 15);
    for state in &mut states {
        state.add(state_of(&INITIAL_STATE));
    }
    states
}

/// The states after one more block, whose schedule is the same for all nonces.
#[inline]
#[target_feature(enable = "sha,sse2")]
fn later_block<const STREAMS: usize>(states: &mut [State; STREAMS], schedule: &[u32; 64]) {
    let before = *states;
    let (fours, _) = schedule.as_chunks::<4>();
    for constants in fours {
        four_rounds(states, [vector(*constants); STREAMS]);
    }
    for (state, before) in states.iter_mut().zip(before) {
        state.add(before);
    }
}

#[inline]
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn scan<const STREAMS: usize>(task: &Task<'_>) -> Option<u64> {
    let shared = shared(task.batch);
    for step in (0..task.count).step_by(STREAMS) {
        let first = task.first.wrapping_add(step as u32);
        let mut states = first_block::<STREAMS>(&shared, first);
        for schedule in &task.plan.tails {
            later_block(&mut states, schedule);
        }
        for (at, state) in (step..).zip(states) {
            let word = _mm_extract_epi32::<3>(state.abef).cast_unsigned();
            if word <= task.limit {
                return (at < task.count).then_some(at);
            }
        }
    }
    None
}

#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn scan_two(task: &Task<'_>) -> Option<u64> {
    scan::<2>(task)
}

#[target_feature(enable = "sha,sse2,ssse3,sse4.1,avx")]
fn scan_five(task: &Task<'_>) -> Option<u64> {
    five::scan(task)
}

/// The instructions for SHA-256 of so many tries and nothing else, on registers: what no kernel of this
/// kind can be faster than.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn instructions_alone(tries: u64, later_blocks: u64) {
    let states: [[u32; 8]; CHAINS] = core::array::from_fn(|chain| [chain as u32; 8]);
    let mut states = black_box(states).map(|words| state_of(&words));
    let mut words = states.map(|state| state.abef);
    let constants = [state_of(&black_box(INITIAL_STATE)).abef; CHAINS];
    let four_words = |words: &mut [__m128i; CHAINS], with_first: bool| {
        for words in words {
            if with_first {
                *words = _mm_sha256msg1_epu32(*words, constants[0]);
            }
            *words = _mm_sha256msg2_epu32(*words, constants[0]);
        }
    };
    let rounds = |states: &mut [State; CHAINS]| {
        for state in states.iter_mut() {
            state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, constants[0]);
        }
        for state in states {
            state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, constants[0]);
        }
    };
    for _ in (0..tries).step_by(CHAINS) {
        // Rounds 4 to 15 have their words, rounds 16 to 19 make theirs without the instructions.
        for _ in 0..4 {
            rounds(&mut states);
        }
        for _ in 5..8 {
            four_words(&mut words, false);
            rounds(&mut states);
        }
        for _ in 8..16 {
            four_words(&mut words, true);
            rounds(&mut states);
        }
        for _ in 0..later_blocks {
            for _ in 0..16 {
                rounds(&mut states);
            }
        }
    }
    black_box((words, states.map(|state| [state.abef, state.cdgh])));
}

detected!("sha", "ssse3", "sse4.1", "avx" =>
    fn scan_two(task: &Task<'_>) -> Option<u64>;
    fn scan_five(task: &Task<'_>) -> Option<u64>;
    fn instructions_alone(tries: u64, later_blocks: u64);
);
