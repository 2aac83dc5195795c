//! The local API: HTTP under `/v1`, for programs on this machine, and what those ask that watch a node.
//!
//! Owns its forms, its server and the file that says where it answers. Answers reads from the
//! published snapshot and the store, and hands commands to the node as inputs; never touches the
//! node itself, and decides nothing of protocol or chain.
//!
//! What a stranger on this machine can fill, and its bound: connections, heads and bodies of
//! requests, the time each may take, pages of blocks, streams of events (see `server`, `routes`,
//! `events`).

pub mod audit;
pub mod branches;
pub mod client;
mod document;
pub mod door;
pub mod events;
mod guard;
mod metrics;
mod mining;
pub mod model;
pub mod node_file;
mod page_link;
mod patience;
pub mod problem;
mod rate;
mod record;
mod reply;
pub(crate) mod routes;
pub(crate) mod schema;
pub mod server;
mod session;
#[cfg(test)]
mod tests;
pub mod token;
mod views;

pub use door::{Door, Place};
pub use events::{Feed, Teller};
pub use server::{Api, Subject};
pub use token::Token;
