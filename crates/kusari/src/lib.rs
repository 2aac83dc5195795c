//! The program: everything around the node that has a body.
//!
//! [`store`] keeps what the node decides to keep, `net` carries its lines, [`runtime`] is the loop

//! `kusari-node` and `kusari-chain`.
//! chain; that stands in `kusari-node` and `kusari-chain`.
//! node, to test it. None of them decides anything of protocol or chain; that stands in
//! with the clock, [`journal`] records what goes into the node, and [`cli`] is what a person meets. None of them decides anything of protocol or
//! with the clock, and [`cli`] is what a person meets. [`grade`] plays the other side against a
pub mod api;
pub mod cli;
pub mod conformance;
pub mod grade;
pub mod journal;
mod net;
pub mod runtime;
pub mod store;
