//! How routes say which problems they answer with.

pub(crate) use kusari_api_types::problem::*;

/// Where a route notes its own kinds, before [`crate::document`] makes answers of them.
pub(crate) const PROBLEMS: &str = "x-problems";
