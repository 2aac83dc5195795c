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
mod chunk;
mod crash;
mod forge;
mod held;
mod index;
mod ledger;
mod lookup;
mod model;
mod open;
mod outbox;
mod proofs;
mod rows;
mod salvage;
mod support;
mod witnesses;
