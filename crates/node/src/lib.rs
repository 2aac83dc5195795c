//! How a peer behaves: one state machine.
//!
//! ```
//! use core::time::Duration;
//!
//! use kusari_node::interface::{Command, RequestId};
//! use kusari_node::store::MemoryStore;
//! use kusari_node::{Action, Input, Node, NodeConfig, Now};
//!
//! let store = MemoryStore::default();
//! let mut node = Node::new(NodeConfig::default(), Box::new(store.clone()), Box::new(store))?;
//! let now = Now { monotonic: Duration::ZERO, wall: 1_800_000_000 };
//! let hello = Input::Command(RequestId(1), Command::Say("hello".into()));
//! // It is to be made durable before it is acknowledged.
//! let actions = node.handle(now, hello);
//! assert!(actions.iter().any(|action| matches!(action, Action::Commit { .. })));
//! # Ok::<_, kusari_chain::StoreError>(())
//! ```
//!
//! [`Node::handle`] takes what happened and returns what to do. This crate knows nothing of
//! sockets, files, threads, clocks or the operating system's chance, and it is `no_std`, so that
//! the build proves it. The same node runs over TCP and a database, and in a simulator.
#![no_std]

extern crate alloc;
#[cfg(any(test, feature = "schema"))]
#[cfg_attr(feature = "schema", macro_use)]
extern crate std;

pub mod address;
mod backlog;
mod compact;
mod config;
mod disputed_blocks;
mod downloads;
pub mod drafts;
pub mod event;
mod gossip;
pub mod hindrance;
pub mod interface;
pub mod limits;
mod local_transactions;
mod mining_pause;
mod node;
mod originals;
mod outbox;
mod pacing;
mod peers;
mod predecessors;
mod prelude;
mod random;
mod reorg_limit;
mod serving;
pub mod snapshot;
pub mod store;
mod timers;
pub mod token_bucket;
mod transactions;
pub mod wire;
mod witnesses;

pub use address::PeerAddress;
pub use backlog::OutboxLimits;
pub use config::{LedgerConfig, MiningPolicy, NodeConfig};
pub use event::Event;
pub use hindrance::{Hindrance, HindranceReason, StorageState};
pub use interface::{Action, Input, Now};
pub use ipnet::IpNet;
pub use node::{Node, RestoreError, hash_of_state};
pub use pacing::WaitingBranch;
pub use peers::PeerStage;
pub use random::Random;
pub use snapshot::{Behind, Snapshot, TextWarning};
pub use witnesses::{LastStatement, WitnessConfig, WitnessMemory, WitnessStop};
