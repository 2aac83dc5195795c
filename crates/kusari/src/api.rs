//! The local API: HTTP under `/v1`, for programs on this machine.
//!
//! Owns its forms, its server and the file that says where it answers. Answers reads from the
//! published snapshot and the store, and hands commands to the node as inputs; never touches the
//! node itself, and decides nothing of protocol or chain.

pub mod client;
pub mod model;
pub mod node_file;
pub mod problem;
pub mod token;
mod views;
