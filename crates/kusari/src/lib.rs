//! The program: everything around the node that has a body.
//!
//! [`store`] keeps what the node decides to keep, `net` carries its lines, [`runtime`] is the loop
//! with the clock, and [`cli`] is what a person meets. [`grade`] plays the other side against a
//! node, to test it. None of them decides anything of protocol or chain; that stands in
//! `kusari-node` and `kusari-chain`.

pub mod api;
pub mod cli;
pub mod grade;
mod net;
pub mod runtime;
pub mod store;
