//! Ledger chains: their bytes and numbers, the transactions that wait, and the blocks.
//!
//! Answers the suites `ledger-bytes`, `ledger-pool` and `ledger-blocks`.

mod canonical;
mod chain;
mod pool;

use std::sync::Arc;

use kusari_chain::ledger::ChainSpec;

use super::suites::InputError;

pub(super) use canonical::answer as canonical;
pub(super) use chain::answer as chain;
pub(super) use pool::answer as pool;

/// The spec of a chain that a case plays on.
fn playable(spec: ChainSpec) -> Result<Arc<ChainSpec>, InputError> {
    spec.check().map_err(InputError::new)?;
    Ok(Arc::new(spec))
}
