//! Eight nonces to a vector, by AVX2.

use core::arch::x86_64::*;

use super::Task;
use super::lanes::{each, lanes};
use crate::plan::{Batch, INITIAL_STATE, K};

type Vector = __m256i;

const LANES: usize = 8;

/// A round waits for the one before it, and a second vector fills that time. The two states have as many words
/// as there are registers, so what else a round needs comes from memory.
const STREAMS: usize = 2;

#[inline]
#[target_feature(enable = "avx2")]
fn splat(word: u32) -> Vector {
    _mm256_set1_epi32(word.cast_signed())
}

#[inline]
#[target_feature(enable = "avx2")]
fn low_words(first: u32) -> Vector {
    let nonces = _mm256_add_epi32(splat(first), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    let swap = _mm256_setr_epi8(
        3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8,
        15, 14, 13, 12,
    );
    _mm256_shuffle_epi8(nonces, swap)
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(left: Vector, right: Vector) -> Vector {
    _mm256_add_epi32(left, right)
}

#[inline]
#[target_feature(enable = "avx2")]
fn rotate<const RIGHT: i32, const LEFT: i32>(word: Vector) -> Vector {
    _mm256_or_si256(_mm256_srli_epi32::<RIGHT>(word), _mm256_slli_epi32::<LEFT>(word))
}

#[inline]
#[target_feature(enable = "avx2")]
fn shift<const RIGHT: i32>(word: Vector) -> Vector {
    _mm256_srli_epi32::<RIGHT>(word)
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor(left: Vector, right: Vector) -> Vector {
    _mm256_xor_si256(left, right)
}

#[inline]
#[target_feature(enable = "avx2")]
fn and(left: Vector, right: Vector) -> Vector {
    _mm256_and_si256(left, right)
}

/// The lanes whose word is at most `limit`, as bits.
#[inline]
#[target_feature(enable = "avx2")]
fn at_most(word: Vector, limit: u32) -> u32 {
    let met = _mm256_cmpeq_epi32(_mm256_min_epu32(word, splat(limit)), word);
    _mm256_movemask_ps(_mm256_castsi256_ps(met)).cast_unsigned()
}

lanes! { #[target_feature(enable = "avx2")] }

detected!("avx2" => fn scan(task: &Task<'_>) -> Option<u64>;);
