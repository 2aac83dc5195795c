//! Sixteen nonces to a vector, by AVX-512.

use core::arch::x86_64::*;

use super::Task;
use super::lanes::{each, lanes};
use crate::plan::{Batch, INITIAL_STATE, K};

type Vector = __m512i;

const LANES: usize = 16;

const STREAMS: usize = 2;

macro_rules! operation {
    ($(fn $name:ident$(<const $by:ident: i32>)?($($argument:ident: $type:ty),*) -> $result:ty $body:block)*) => {
        $(
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
            fn $name$(<const $by: i32>)?($($argument: $type),*) -> $result $body
        )*
    };
}

operation! {
    fn splat(word: u32) -> Vector { _mm512_set1_epi32(word.cast_signed()) }
    fn nonces(first: u32) -> Vector {
        let places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let swap = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
        _mm512_shuffle_epi8(_mm512_add_epi32(splat(first), places), swap)
    }
    fn add(left: Vector, right: Vector) -> Vector { _mm512_add_epi32(left, right) }
    fn rotate<const BY: i32>(word: Vector) -> Vector { _mm512_ror_epi32::<BY>(word) }
    fn xor3(a: Vector, b: Vector, c: Vector) -> Vector { _mm512_ternarylogic_epi32::<0x96>(a, b, c) }
    fn choice(e: Vector, f: Vector, g: Vector) -> Vector { _mm512_ternarylogic_epi32::<0xca>(e, f, g) }
    fn majority(a: Vector, b: Vector, c: Vector) -> Vector { _mm512_ternarylogic_epi32::<0xe8>(a, b, c) }
    fn at_most(word: Vector, limit: u32) -> u32 { u32::from(_mm512_cmple_epu32_mask(word, splat(limit))) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn shift<const BY: u32>(word: Vector) -> Vector {
    _mm512_srli_epi32::<BY>(word)
}

lanes! { #[target_feature(enable = "avx512f,avx512bw,avx512vl")] }

/// Proof that this machine has what the kernel needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Detected(());

impl Detected {
    pub(super) fn new() -> Option<Self> {
        let detected = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl");
        detected.then_some(Self(()))
    }

    pub(super) fn scan(self, task: &Task<'_>) -> Option<u64> {
        // SAFETY: `new` alone makes a `Detected`, and only where the processor and the system have
        // the three features that `scan` is compiled for.
        #[expect(unsafe_code, reason = "the compiler cannot know what was detected")]
        unsafe {
            scan(task)
        }
    }
}
