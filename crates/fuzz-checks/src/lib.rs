//! What the fuzz targets check, one function `check` for each: any bytes are fine for any of them.
//!
//! The targets in `fuzz` run them on the fuzzer's inputs, and an ordinary test, `seeds` of
//! `crates/kusari/tests/repository`, over the seeds.
#![allow(clippy::expect_used, clippy::panic, reason = "a check fails by a panic")]

pub mod block_json;
pub mod event_entry;
pub mod event_stream;
pub mod frame;
pub mod journals;
pub mod node;
pub mod people_text;
pub mod proof_file;
pub mod salvage;
pub mod store_open;
pub mod wallet_file;
pub mod wire_line;
pub mod witness_state;
