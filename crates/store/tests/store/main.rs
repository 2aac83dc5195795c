//! The store as its users see it: what is committed is read back, whatever happens in between.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]

mod altered;
mod audit;
mod backlog;
mod backup;
mod browse;
#[path = "../../src/checked.rs"]
#[allow(dead_code, reason = "tests write rows as the store does, and need not all of it")]
mod checked;
mod chunk;
mod crash;
mod fault;
mod forge;
mod held;
mod index;
mod ledger;
mod lookup;
mod model;
mod open;
mod outbox;
mod proofs;
#[path = "../../src/row_key.rs"]
mod row_key;
mod rows;
mod support;
mod witnesses;
