//! The program `kusari`: what a person meets.
//!
//! Embedders use `kusari-runtime` for a node in their program, `kusari-client` to speak to one that runs,
//! and `kusari-chain` for blocks and proofs.

pub mod cli;
