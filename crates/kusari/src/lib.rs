//! x

mod net;
pub mod runtime;
pub mod store;
