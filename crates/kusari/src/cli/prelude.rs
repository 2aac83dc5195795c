//! What nearly every subcommand uses: the choice of a node, its failures, and how answers are printed.

pub(crate) use super::access::Access;
pub(crate) use super::escape::{Plain, counted, grouped, shown};
pub(crate) use super::failure::{Failure, Result, UsageError, failed, wrong};
pub(crate) use super::node_choice::{DirectoryChoice, NodeChoice, Query};
pub(crate) use super::progress::Progress;
pub(crate) use super::stdout::{Stdout, print, say_beside, show};
