//! What the care for a stored ledger costs: an audit beside the signatures alone, and a backup.

use std::path::Path;

use kusari_chain::mempool::TransactionBatch;
use kusari_chain::{BlockStore, ledger::ChainSpec};
use serde::Serialize;

use crate::process::Usage;
use crate::{BenchError, now};
use kusari_store::{Store, audit_directory, copy_directory, read_back};

/// What an audit and a backup cost.
#[derive(Debug, Serialize)]
pub struct UpkeepFigures {
    /// Time to check the signatures of all transactions, a block's in one batch, on one thread, in seconds.
    pub signatures_s: f64,
    /// Processor time of an audit, in seconds.
    pub audit_cpu_s: f64,
    /// Processor time of a backup, from the first row to the last one read back, in seconds.
    pub backup_cpu_s: f64,
}

/// Audits and backs up the ledger that is stored there. The copy goes to `copy`, and stays there.
pub(super) fn measure(directory: &Path, copy: &Path) -> Result<UpkeepFigures, BenchError> {
    let signatures_s = signatures(directory)?;
    let before = processor_s();
    let audit = audit_directory(directory, |_| {}).map_err(BenchError::store)?;
    if let Some(finding) = audit.finding {
        return Err(BenchError::store(finding));
    }
    let audited = processor_s();
    copy_directory(directory, copy).map_err(BenchError::store)?;
    read_back(copy).map_err(BenchError::store)?;
    Ok(UpkeepFigures {
        signatures_s,
        audit_cpu_s: audited - before,
        backup_cpu_s: processor_s() - audited,
    })
}

fn processor_s() -> f64 {
    Usage::of(std::process::id()).processor.as_secs_f64()
}

/// Reading is not counted.
fn signatures(directory: &Path) -> Result<f64, BenchError> {
    let store = Store::open_existing(directory).map_err(BenchError::store)?;
    let (chain, mut height, mut seconds) = (ChainSpec::ledger().chain_id(), 1, 0.0);
    while let Some(stored) = store.best_at(height).map_err(BenchError::store)? {
        let body = stored.part().map_or(&[][..], |part| &part.body);
        let mut batch = TransactionBatch::new(chain);
        for entry in body {
            let added = batch.add(entry.transaction, entry.payload.clone());
            added.map_err(BenchError::store)?;
        }
        let began = now();
        for verdict in batch.check() {
            verdict.map_err(BenchError::store)?;
        }
        seconds += began.elapsed().as_secs_f64();
        height += 1;
    }
    Ok(seconds)
}
