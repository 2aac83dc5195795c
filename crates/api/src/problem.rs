//! How routes say which problems they answer with.

pub(crate) use kusari_api_types::problem::*;

/// Where a route notes the names of its own kinds, before [`crate::document`] makes answers of them.
pub(crate) const PROBLEMS: &str = "x-problems";

/// The names of kinds.
pub(crate) fn names(kinds: &[Kind]) -> Vec<&'static str> {
    kinds.iter().map(Kind::name).collect()
}
