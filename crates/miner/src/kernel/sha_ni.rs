//! Two nonces at once, by the processor's instructions for SHA-256.
//!
//! The instruction for two rounds takes four cycles, and the next can begin after two; so two
//! nonces keep it busy. It holds a state in two registers, `abef` and `cdgh`.

use core::arch::x86_64::*;

use super::Task;
use crate::plan::{Batch, INITIAL_STATE, K};

const STREAMS: usize = 2;

/// A state, its words in the order of the instruction.
#[derive(Clone, Copy)]
struct State {
    abef: __m128i,
    cdgh: __m128i,
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
    /// Four rounds; `constants` has their words and round constants.
    #[inline]
    #[target_feature(enable = "sha,sse2")]
    fn four_rounds(&mut self, constants: __m128i) {
        self.cdgh = _mm_sha256rnds2_epu32(self.cdgh, self.abef, constants);
        self.last_two_of_four(constants);
    }

    #[inline]
    #[target_feature(enable = "sha,sse2")]
    fn last_two_of_four(&mut self, constants: __m128i) {
        let last = _mm_shuffle_epi32::<0b1110>(constants);
        self.abef = _mm_sha256rnds2_epu32(self.abef, self.cdgh, last);
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn add(&mut self, other: Self) {
        self.abef = _mm_add_epi32(self.abef, other.abef);
        self.cdgh = _mm_add_epi32(self.cdgh, other.cdgh);
    }
}

/// The states after the first block, for these low words.
#[inline]
#[target_feature(enable = "sha,sse2,ssse3")]
fn first_block(batch: &Batch, low: [u32; STREAMS]) -> [State; STREAMS] {
    let (fours, _) = batch.words.as_chunks::<4>();
    let (constants, _) = K.as_chunks::<4>();
    // In the middle of four rounds each register has the other's part.
    let State { abef, cdgh } = state_of(&batch.after_two);
    let mut states = [State { abef: cdgh, cdgh: abef }; STREAMS];
    let mut schedules = [[vector([0; 4]); 4]; STREAMS];
    for (stream, schedule) in schedules.iter_mut().enumerate() {
        for (four, words) in schedule.iter_mut().zip(fours) {
            *four = vector(*words);
        }
        schedule[0] = _mm_add_epi32(schedule[0], vector([0, 0, 0, low[stream]]));
    }
    for (at, constants) in constants.iter().enumerate() {
        let constants = vector(*constants);
        for (state, schedule) in states.iter_mut().zip(&mut schedules) {
            let place = at % 4;
            if at >= 4 {
                let [ago_16, ago_12] = [schedule[place], schedule[(place + 1) % 4]];
                let [ago_8, ago_4] = [schedule[(place + 2) % 4], schedule[(place + 3) % 4]];
                let sum = _mm_add_epi32(
                    _mm_sha256msg1_epu32(ago_16, ago_12),
                    _mm_alignr_epi8::<4>(ago_4, ago_8),
                );
                schedule[place] = _mm_sha256msg2_epu32(sum, ago_4);
            }
            let constants = _mm_add_epi32(schedule[place], constants);
            if at == 0 {
                state.last_two_of_four(constants);
            } else {
                state.four_rounds(constants);
            }
        }
    }
    for state in &mut states {
        state.add(state_of(&INITIAL_STATE));
    }
    states
}

/// The states after one more block, whose schedule is the same for all nonces.
#[inline]
#[target_feature(enable = "sha,sse2")]
fn later_block(states: &mut [State; STREAMS], schedule: &[u32; 64]) {
    let before = *states;
    let (fours, _) = schedule.as_chunks::<4>();
    for constants in fours {
        let constants = vector(*constants);
        for state in states.iter_mut() {
            state.four_rounds(constants);
        }
    }
    for (state, before) in states.iter_mut().zip(before) {
        state.add(before);
    }
}

#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn scan(task: &Task<'_>) -> Option<u64> {
    for step in (0..task.count).step_by(STREAMS) {
        let first = task.first.wrapping_add(step as u32);
        let low = [first.swap_bytes(), first.wrapping_add(1).swap_bytes()];
        let mut states = first_block(task.batch, low);
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

detected!("sha", "ssse3", "sse4.1");
