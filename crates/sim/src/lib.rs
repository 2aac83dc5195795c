//! The same node on a virtual network, clock and disk.
//!
//! A [`World`] holds machines that run [`kusari_node::Node`], machines that run the original node,
//! and machines that mean no good. Everything that happens to them follows from a seed: delays,
//! crashes, partitions, what users type and when. [`scenarios`] names the situations that are
//! tried; each ends with quiet, after which all nodes must agree and no acknowledged line may be
//! lost or doubled.
//!
//! Knows the node only through its interface and the bytes it sends, as a real driver does.

mod alarms;
mod audit;
mod byzantine;
mod cheat;
mod checks;
mod commits;
mod connection;
mod crashes;
mod disk;
mod drafts;
mod faults;
pub mod flipper;
pub mod flood;
pub mod isolation;
mod kusari;
mod ledger;
pub mod ledger_scenarios;
mod links;
mod mining;
mod network;
pub mod newcomer;
mod original;
pub mod original_scenarios;
mod random;
mod remembering;
pub mod reorg_limit_scenarios;
mod restored_nodes;
pub mod scenarios;
mod setup;
pub mod stalling;
mod trace;
mod user_lines;
mod users;
mod witnesses;
mod world;

pub use faults::Faults;
pub use random::Random;
pub use remembering::{Loss, StoreLoss};
pub use world::{Counts, MILLISECOND, Micros, SECOND, World};
