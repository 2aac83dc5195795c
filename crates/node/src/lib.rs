//! How a peer behaves: one state machine.
//!
//! [`Node::handle`] takes what happened and returns what to do. This crate knows nothing of
//! sockets, files, threads, clocks or the operating system's chance, and it is `no_std`, so that
//! the build proves it. The same node runs over TCP and a database, and in a simulator.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod address;
mod backlog;
mod compact;
mod downloads;
pub mod drafts;
pub mod event;
mod finality;
mod gossip;
pub mod happening;
pub mod hindrance;
pub mod limits;
mod mining_pause;
mod node;
mod originals;
mod outbox;
mod own;
mod pacing;
mod peers;
mod predecessors;
mod random;
mod refusals;
pub mod seam;
mod serving;
pub mod snapshot;
pub mod store;
pub mod token_bucket;
mod transactions;
pub mod wire;
mod witnesses;

pub use address::PeerAddress;
pub use backlog::OutboxLimits;
pub use event::Event;
pub use happening::Happening;
pub use hindrance::{Hindrance, StorageState};
pub use node::{
    LedgerConfig, MiningPolicy, Node, NodeConfig, RestoreError, WitnessConfig, hash_of_state,
};
pub use pacing::WaitingBranch;
pub use peers::PeerStage;
pub use seam::{Action, Input, Now};
pub use snapshot::{Behind, Snapshot, TextWarning};
pub use witnesses::{LastStatement, WitnessMemory, WitnessStop};
