//! What a proof costs: made from a store, written out, and checked.

use std::path::Path;
use std::time::Duration;

use kusari_chain::BlockStore;
use kusari_chain::ledger::Txid;
use kusari_chain::proof::ProofFile;
use serde::Serialize;

use crate::{BenchError, now};
use kusari_store::Store;

/// Transactions that are proven, spread over the whole chain.
const PROOFS: u32 = 500;

/// What proofs cost.
#[derive(Debug, Serialize)]
pub struct ProofFigures {
    /// So many were made and checked.
    pub proofs: usize,
    /// Time to make one, the median, in milliseconds.
    pub prove_ms: f64,
    /// The longest that it took.
    pub prove_max_ms: f64,
    /// Time to read and check one, the median, in milliseconds.
    pub verify_ms: f64,
    /// The longest that it took.
    pub verify_max_ms: f64,
    /// Bytes of the largest.
    pub proof_bytes: usize,
}

/// Proves transactions of a chain that is stored there, and checks the proofs.
pub(super) fn measure(directory: &Path) -> Result<ProofFigures, BenchError> {
    let opened = Store::open_existing(directory).map_err(BenchError::store)?;
    let (mut made, mut checked, mut largest) = (Vec::new(), Vec::new(), 0);
    for txid in spread(&opened)? {
        let began = now();
        let proof = opened.prove(&txid, &[]).map_err(BenchError::store)?;
        let proof = proof.ok_or_else(|| BenchError::store(format!("{txid} is not proven")))?;
        let text = ProofFile::Transaction(Box::new(proof)).to_text();
        made.push(began.elapsed());
        largest = largest.max(text.len());
        let began = now();
        match ProofFile::read(&text).map_err(BenchError::store)? {
            ProofFile::Transaction(proof) => drop(proof.check().map_err(BenchError::store)?),
            ProofFile::Consistency(_) => {}
        }
        checked.push(began.elapsed());
    }
    made.sort_unstable();
    checked.sort_unstable();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e3);
    Ok(ProofFigures {
        proofs: made.len(),
        prove_ms: ms(made.get(made.len() / 2)),
        prove_max_ms: ms(made.last()),
        verify_ms: ms(checked.get(checked.len() / 2)),
        verify_max_ms: ms(checked.last()),
        proof_bytes: largest,
    })
}

/// Ids of transactions all over the chain.
fn spread(store: &Store) -> Result<Vec<Txid>, BenchError> {
    let tip = store.best_tip().map_err(BenchError::store)?.map_or(0, |tip| tip.block.index);
    let mut ids = Vec::new();
    for number in 0..PROOFS {
        // The first block holds none.
        let height = 2 + number * tip.saturating_sub(1) / PROOFS;
        let stored = store.best_at(height).map_err(BenchError::store)?;
        let body =
            stored.as_ref().and_then(|stored| stored.part()).map_or(&[][..], |part| &part.body);
        // Coprime to any length of a body that there is.
        let place = (number as usize * 7_919).checked_rem(body.len());
        ids.extend(place.and_then(|place| body.get(place)).map(|entry| entry.transaction.txid()));
    }
    Ok(ids)
}
