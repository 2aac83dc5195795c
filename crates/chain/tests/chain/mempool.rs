//! The pool of transactions that wait to be mined.

mod admission;
mod bounds;
mod chain;
mod model;
mod property;
mod rig;
mod state;
