//! The pool of transactions that wait to be mined.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod admission;
mod bounds;
mod chain;
mod model;
mod property;
mod rig;
mod state;
