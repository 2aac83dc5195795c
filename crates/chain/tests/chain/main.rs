//! The chain from outside: its rules, its choice of branches, its pool and its bounds.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod common;

mod bounds;
mod canonical;
mod fork_choice;
mod held_branches;
mod ledger;
mod long_branches;
mod mempool;
mod state;
mod vectors;
