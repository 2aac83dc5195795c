//! x

pub mod cli;
mod net;
pub mod runtime;
pub mod store;
