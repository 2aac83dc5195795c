//! The dashboard of a node, `kusari top`.
//!
//! [`facts`] is what a node is asked for and [`ask`] asks it; [`state`] is what stands on the screen,
//! fed with facts, events and keys; [`draw`] makes a picture of it. Neither of the last two does any
//! I/O or knows a clock: terminal, threads and time are those of the command.

pub(crate) mod ask;
pub(crate) mod draw;
pub(crate) mod events;
pub(crate) mod facts;
pub(crate) mod state;

#[cfg(test)]
mod tests;
