//! What the blocks hold that a long reorganisation passes: read while it is prepared, so that the switch
//! reads none of them again.
//!
//! Owns what of it is kept: all that concerns this node's own, and of others what may wait here again, as
//! far as [`MAX_OTHERS_BYTES`] goes. What becomes of it is up to [`super::follow`].

use kusari_chain::accept::Passing;
use kusari_chain::ledger::{BodyEntry, PublicKey, Txid};
use kusari_chain::params::MAX_MEMPOOL_BYTES;
use kusari_chain::{BlockHash, StoreResult, StoredBlock};

use crate::local_transactions::LocalTransactions;
use crate::prelude::*;
use crate::store::OutboxStore;

/// Bytes of others' transactions that may wait again after a long reorganisation: a quarter of the pool,
/// since all of them are offered to it in one go. Their own nodes keep the rest.
const MAX_OTHERS_BYTES: u64 = MAX_MEMPOOL_BYTES / 4;

/// A transaction that joins the best chain: its id, its sender and its sequence.
pub(super) type Joining = (Txid, PublicKey, u64);

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Passed {
    /// Of these senders all transactions are kept: those of our own.
    senders: BTreeSet<PublicKey>,
    /// Of the blocks that leave the best chain.
    leaving: BTreeMap<BlockHash, Vec<BodyEntry>>,
    /// Of the blocks that join it.
    joining: BTreeMap<BlockHash, Vec<Joining>>,
    /// Blocks that leave and hold transactions of others, the highest first, with their bytes.
    others: VecDeque<(BlockHash, u64)>,
    /// All these bytes.
    others_bytes: u64,
}

impl Passed {
    pub(super) fn new(own: &LocalTransactions) -> Self {
        Self { senders: own.senders().collect(), ..Self::default() }
    }

    /// Keeps what a block holds that concerns us.
    pub(super) fn pass(
        &mut self,
        passing: Passing,
        stored: &StoredBlock,
        own: &LocalTransactions,
        store: &dyn OutboxStore,
    ) -> StoreResult {
        let (hash, body) = (stored.block.hash, stored.part().map_or(&[][..], |part| &part.body));
        match passing {
            Passing::Joins => {
                let joining = body.iter().map(|entry| &entry.transaction);
                let joining =
                    joining.filter(|transaction| self.senders.contains(&transaction.sender));
                let joining = joining.map(|one| (one.txid(), one.sender, one.sequence)).collect();
                self.joining.insert(hash, joining);
            }
            Passing::Leaves => {
                let mut bytes = 0;
                for entry in
                    body.iter().filter(|entry| !self.senders.contains(&entry.transaction.sender))
                {
                    bytes += entry.transaction.weight();
                }
                self.leaving.insert(hash, body.to_vec());
                self.others.push_back((hash, bytes));
                self.others_bytes += bytes;
                self.let_go(own, store)?;
            }
        }
        Ok(())
    }

    /// Lets go of others' transactions that are too many. Those of the highest blocks follow the rest.
    fn let_go(&mut self, own: &LocalTransactions, store: &dyn OutboxStore) -> StoreResult {
        while self.others_bytes > MAX_OTHERS_BYTES
            && let Some((hash, bytes)) = self.others.pop_front()
        {
            self.others_bytes = self.others_bytes.saturating_sub(bytes);
            let Some(entries) = self.leaving.get_mut(&hash) else { continue };
            let mut kept = Vec::new();
            for entry in entries.drain(..) {
                if self.senders.contains(&entry.transaction.sender)
                    || own.concerns(&entry.transaction.txid(), store)?
                {
                    kept.push(entry);
                }
            }
            *entries = kept;
        }
        Ok(())
    }

    /// What is kept of a block that leaves the best chain, if it was passed.
    pub(super) fn leaving(&self, hash: &BlockHash) -> Option<&[BodyEntry]> {
        self.leaving.get(hash).map(Vec::as_slice)
    }

    /// The same of one that joins it, if it was passed while all of our own senders were known.
    pub(super) fn joining(&self, hash: &BlockHash, own: &LocalTransactions) -> Option<&[Joining]> {
        let joining = self.joining.get(hash)?;
        own.senders().all(|sender| self.senders.contains(&sender)).then_some(joining)
    }
}
