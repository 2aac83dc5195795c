//! How fast this machine does what the program does.

pub(crate) mod mine;
