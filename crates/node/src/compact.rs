//! Blocks on their way without their bodies: the header and the ids came, and what the pool lacks is
//! asked for.
//!
//! Owns how a body is put together, what waits for the rest of one, a block for each peer, and who may
//! ask for the rest of what it was sent. Where the rest does not come in time, the block is asked for
//! whole, by its hash; so nothing here needs a clock. Knows nothing of connections.

use kusari_chain::checked::CheckedHeader;
use kusari_chain::ledger::{BodyEntry, Txid};
use kusari_chain::mempool::Mempool;
use kusari_chain::{BlockHash, CheckedBlock, RuleViolation};

use crate::interface::PeerId;
use crate::limits::{MAX_COMPACT_OFFERS, MAX_COMPACT_WAITING};
use crate::prelude::*;
use crate::wire::CompactBlock;

/// A block of which some transactions are missing.
#[derive(Serialize, Deserialize)]
struct Waiting {
    block: CompactBlock,
    /// Places in the body that were asked for, rising.
    missing: Vec<u32>,
}

/// What a block without its body led to.
pub(crate) enum Put {
    /// The whole block.
    Together(Result<CheckedBlock, RuleViolation>),
    /// These places are to be asked for.
    Missing(Vec<u32>),
    /// There is no room to wait: it is to be asked for whole.
    NoRoom,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Compact {
    waiting: BTreeMap<PeerId, Waiting>,
    /// Blocks that each peer was sent without their bodies and has not asked about, the last ones.
    offered: BTreeMap<PeerId, VecDeque<BlockHash>>,
}

impl Compact {
    /// A block came without its body. What the peer sent before and did not complete gives way.
    pub(crate) fn came(&mut self, peer: PeerId, block: CompactBlock, pool: &Mempool) -> Put {
        self.waiting.remove(&peer);
        let lacks = |txid: &Txid| pool.get(txid).is_none();
        let missing: Vec<u32> = (0..)
            .zip(&block.txids)
            .filter(|(_, txid)| lacks(txid))
            .map(|(place, _)| place)
            .collect();
        if missing.is_empty() {
            return Put::Together(put_together(block, pool, &[], Vec::new()));
        }
        if self.waiting.len() >= MAX_COMPACT_WAITING {
            return Put::NoRoom;
        }
        self.waiting.insert(peer, Waiting { block, missing: missing.clone() });
        Put::Missing(missing)
    }

    /// What was missing came. `None` where nothing waits for it, or something is still missing.
    pub(crate) fn rest_came(
        &mut self,
        peer: PeerId,
        hash: &BlockHash,
        entries: Vec<BodyEntry>,
        pool: &Mempool,
    ) -> Option<Result<CheckedBlock, RuleViolation>> {
        let fits = |waiting: &mut Waiting| {
            waiting.block.hash() == *hash && waiting.missing.len() == entries.len()
        };
        if !self.waiting.get_mut(&peer).is_some_and(fits) {
            return None;
        }
        let Waiting { block, missing } = self.waiting.remove(&peer)?;
        // What was in the pool then and is gone by now is missing after all.
        let gone = (0..).zip(&block.txids).any(|(place, txid): (u32, _)| {
            missing.binary_search(&place).is_err() && pool.get(txid).is_none()
        });
        (!gone).then(|| put_together(block, pool, &missing, entries))
    }

    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.waiting.remove(&peer);
        self.offered.remove(&peer);
    }

    /// The peer is sent a block without its body, and may ask for what it lacks.
    pub(crate) fn offer(&mut self, peer: PeerId, hash: BlockHash) {
        let offered = self.offered.entry(peer).or_default();
        if offered.len() >= MAX_COMPACT_OFFERS {
            offered.pop_front();
        }
        offered.push_back(hash);
    }

    /// The peer asks for the rest of a block: whether it may, which is once. The rest of a large block
    /// is ten thousand times as long as the question.
    pub(crate) fn take_offer(&mut self, peer: PeerId, hash: &BlockHash) -> bool {
        let Some(offered) = self.offered.get_mut(&peer) else { return false };
        let place = offered.iter().position(|one| one == hash);
        place.and_then(|place| offered.remove(place)).is_some()
    }

    /// A block is here, however it came.
    pub(crate) fn arrived(&mut self, hash: &BlockHash) {
        self.waiting.retain(|_, waiting| waiting.block.hash() != *hash);
    }
}

fn put_together(
    block: CompactBlock,
    pool: &Mempool,
    missing: &[u32],
    rest: Vec<BodyEntry>,
) -> Result<CheckedBlock, RuleViolation> {
    let CompactBlock { header, txids } = block;
    let mut rest = rest.into_iter();
    let mut body = Vec::with_capacity(txids.len());
    for (place, txid) in (0..).zip(&txids) {
        let pooled = pool.get(txid).filter(|_| missing.binary_search(&place).is_err());
        let entry = match pooled {
            Some(pooled) => {
                let (transaction, payload) = (*pooled.transaction(), pooled.payload().cloned());
                Some((BodyEntry { transaction, payload }, true))
            }
            None => rest.next().map(|entry| (entry, false)),
        };
        body.extend(entry);
    }
    CheckedBlock::assemble(header, body)
}

/// Whether a peer that was asked for these places of a block may be answered with them alone: they
/// are places of its body, in order.
pub(crate) fn entries_at(body: &[BodyEntry], places: &[u32]) -> Option<Vec<BodyEntry>> {
    if !places.is_sorted_by(|a, b| a < b) {
        return None;
    }
    places.iter().map(|place| body.get(usize::try_from(*place).ok()?).cloned()).collect()
}

impl CompactBlock {
    /// The block's hash.
    #[must_use]
    pub fn hash(&self) -> BlockHash {
        self.header().header().block.hash
    }

    fn header(&self) -> &CheckedHeader {
        &self.header
    }
}
