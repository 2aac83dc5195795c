//! What the prelude of `std` gives every module, and a crate without `std` has to name.

pub(crate) use alloc::boxed::Box;
pub(crate) use alloc::string::{String, ToString};
pub(crate) use alloc::vec::Vec;
