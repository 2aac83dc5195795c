//! The store as its users see it: what is committed is read back, whatever happens in between.

mod chunk;
mod crash;
mod model;
mod open;
mod outbox;
mod support;
