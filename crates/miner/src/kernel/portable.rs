//! One nonce at a time in plain Rust, for every processor.

use super::Task;
use super::lanes::{each, lanes};
use crate::plan::{Batch, INITIAL_STATE, K};

type Vector = u32;

const LANES: usize = 1;

const STREAMS: usize = 1;

fn splat(word: u32) -> u32 {
    word
}

fn low_words(first: u32) -> u32 {
    first.swap_bytes()
}

fn add(left: u32, right: u32) -> u32 {
    left.wrapping_add(right)
}

fn rotate<const RIGHT: u32, const LEFT: u32>(word: u32) -> u32 {
    (word >> RIGHT) | (word << LEFT)
}

fn shift<const RIGHT: u32>(word: u32) -> u32 {
    word >> RIGHT
}

fn xor(left: u32, right: u32) -> u32 {
    left ^ right
}

fn and(left: u32, right: u32) -> u32 {
    left & right
}

fn at_most(word: u32, limit: u32) -> u32 {
    u32::from(word <= limit)
}

lanes! {}
