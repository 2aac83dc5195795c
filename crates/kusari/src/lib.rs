//! The program: everything around the node that has a body.
//!
//! [`store`] keeps what the node decides to keep, [`trail`] says why things are as they are, `net` carries its lines, [`runtime`] is the loop
//! with the clock, [`journal`] records what goes into the node, [`api`] answers programs on this
//! machine, [`wallet`] keeps the keys and `signing` uses them, and [`cli`] is what a person meets. `bench` measures. [`conformance`] and [`grade`] hold this node, and
//! others, to the protocol. None of them decides anything of protocol or chain; that stands in
//! `kusari-node` and `kusari-chain`.

pub mod api;
pub mod bench;
mod chain_spec;
pub mod cli;
pub mod conformance;
pub mod cost;
pub mod evidence;
pub mod grade;
pub mod journal;
mod net;
mod open_files;
mod private_file;
pub mod runtime;
mod signing;
pub mod store;
pub mod trail;
pub mod wallet;
pub mod witness_key;
