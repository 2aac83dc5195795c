//! Scenarios of the simulator over seeds.
//!
//! `KUSARI_SIM_SEED` replays one seed and prints every step; `KUSARI_SIM_SEEDS` sets how many seeds
//! each scenario gets.
#![allow(unreachable_pub, clippy::panic, reason = "tests end by panicking")]

mod common;

mod flood;
mod fresh;
mod isolation;
mod ledger;
mod newcomer;
mod originals;
mod reorg_limit;
mod scenarios;
mod stalling;
