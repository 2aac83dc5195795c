//! Passing new blocks on without what the other side has.
//!
//! Owns the three lines of it; how a body is put together is up to [`crate::compact`].

use kusari_chain::ledger::BodyEntry;
use kusari_chain::{BestPoint, BlockHash, RuleViolation, StoreResult, StoredBlock};

use super::Node;
use crate::compact::{Put, entries_at};
use crate::interface::PeerId;
use crate::limits::{ANNOUNCED_TIMEOUT, INVALID_BLOCK_SCORE};
use crate::prelude::*;
use crate::wire::{BlockForm, CompactBlock, Message, Sent};

impl Node {
    /// A new block as the peer is sent it, now.
    pub(super) fn block_message(
        &mut self,
        peer: PeerId,
        stored: Arc<StoredBlock>,
        is_tip: bool,
    ) -> Sent {
        let introduced = self.peers.get(peer).is_some_and(|peer| peer.is_introduced());
        let form = match stored.part() {
            // What an original is sent has the keys that it knows, and no more.
            Some(_) if !introduced => BlockForm::SevenKeys,
            // Its transactions were passed on before it.
            Some(part) if is_tip && !part.body.is_empty() => {
                self.compact.offer(peer, stored.block.hash);
                BlockForm::Compact
            }
            _ => BlockForm::Whole,
        };
        Sent::block(stored, form)
    }

    pub(super) fn compact_received(&mut self, peer: PeerId, block: CompactBlock) -> StoreResult {
        let hash = block.hash();
        let Some(transactions) = &self.transactions else {
            return self.refuse_verb(peer, "COMPACT");
        };
        if let Some(point) = self.chain.point(&hash)? {
            self.gossip.has(peer, point);
            return Ok(());
        }
        let height = block.header.header().block.index;
        match self.compact.came(peer, block, transactions.pool()) {
            Put::Together(Ok(whole)) => self.block_received(peer, whole)?,
            Put::Together(Err(violation)) => self.refuse_compact(peer, &violation),
            Put::Missing(places) => {
                // Whole, from whoever has it, where the rest does not come in time.
                let tip = self.chain.tip();
                let point = BestPoint { height, hash, work: tip.work };
                let from = self.now + ANNOUNCED_TIMEOUT;
                self.pending_announcements.hinted(&self.downloads, peer, point, &tip, from);
                self.send(peer, Message::GetTransactions { hash, places });
            }
            Put::NoRoom => self.request_whole(peer, hash),
        }
        Ok(())
    }

    pub(super) fn transactions_received(
        &mut self,
        peer: PeerId,
        hash: &BlockHash,
        entries: Vec<BodyEntry>,
    ) -> StoreResult {
        let Some(transactions) = &self.transactions else {
            return self.refuse_verb(peer, "TRANSACTIONS");
        };
        match self.compact.rest_came(peer, hash, entries, transactions.pool()) {
            Some(Ok(whole)) => self.block_received(peer, whole)?,
            Some(Err(violation)) => self.refuse_compact(peer, &violation),
            None => {}
        }
        Ok(())
    }

    /// The ids in a block are those of its transactions, so whoever sent what does not fit is at
    /// fault.
    fn refuse_compact(&mut self, peer: PeerId, violation: &RuleViolation) {
        self.line_refused(peer, violation.code(), &violation.to_string());
        self.send_error(peer, violation.code(), &violation.to_string());
        self.punish(peer, INVALID_BLOCK_SCORE);
    }

    pub(super) fn get_transactions(
        &mut self,
        peer: PeerId,
        hash: BlockHash,
        places: &[u32],
    ) -> StoreResult {
        // Whoever was not sent it that way has no use for a part of it.
        if !self.compact.take_offer(peer, &hash) {
            return Ok(());
        }
        let ours = self.commits.hides(&hash);
        let Some(stored) = self.chain.block(&hash)?.filter(|_| !ours) else { return Ok(()) };
        let body = stored.part().map_or(&[][..], |part| &part.body);
        let entries = entries_at(body, places);
        // As JSON an entry takes at most six times its weight.
        let weight = |entries: &[BodyEntry]| -> u64 {
            entries.iter().map(|entry| entry.transaction.weight()).sum()
        };
        let most = crate::wire::MAX_LINE as u64 / 8;
        let message = match entries.filter(|entries| weight(entries) <= most) {
            Some(entries) => Message::Transactions { hash, entries },
            None => Sent::block(stored, BlockForm::Whole),
        };
        self.send(peer, message);
        Ok(())
    }
}
