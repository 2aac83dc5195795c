//! The names that most modules need: what the prelude of `std` would give, shared pointers and
//! collections, and the traits of `serde`, and spans of time.

pub(crate) use alloc::boxed::Box;
pub(crate) use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
pub(crate) use alloc::string::{String, ToString};
pub(crate) use alloc::sync::Arc;
pub(crate) use alloc::vec;
pub(crate) use alloc::vec::Vec;
pub(crate) use core::time::Duration;

#[cfg(not(feature = "schema"))]
pub(crate) use kusari_no_schema::ToSchema;
pub(crate) use serde::{Deserialize, Serialize};
#[cfg(feature = "schema")]
pub(crate) use utoipa::ToSchema;
