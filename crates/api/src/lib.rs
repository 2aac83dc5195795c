//! The local API: HTTP under `/v1`, for programs on this machine, and what those ask that watch a node.
//!
//! Owns its forms, its server and the file that says where it answers. Answers reads from the
//! published snapshot and the store, and hands commands to the node as inputs; never touches the
//! node itself, and decides nothing of protocol or chain.
//!
//! What a stranger on this machine can fill, and its bound: connections, heads and bodies of
//! requests, the time each may take, pages of blocks, streams of events (see `server`, `routes`,
//! `events`).

mod api_listener;
pub mod events;
pub mod evidence;
mod guard;
mod metrics;
mod mining;
mod node_file;
mod page_link;
mod rate_limit;
mod record;
mod reply;
mod routes;
mod server;
mod session;
#[cfg(test)]
mod tests;
mod token;
pub mod views;
mod write_timeout;

pub use api_listener::{ApiListener, BindAddress, BindError, DEFAULT_PORT};
pub use events::{EventFeed, EventSender};
pub use node_file::{Published, publish};
pub use server::{Api, ApiConfig};
pub use token::{TokenError, draw_token, read_or_write_token};
