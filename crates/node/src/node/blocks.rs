//! Blocks: received, mined, and what a change of the chain sets off.

use kusari_chain::block::escaped_bytes;
use kusari_chain::ledger::SignedTransaction;
use kusari_chain::params::{FUTURE_WARNING_SECONDS, MAX_LINE_BYTES};
use kusari_chain::{
    AcceptError, Accepted, BestPoint, BlockHash, ChainChange, CheckedBlock, RuleViolation,
    StoreError, StoreResult, StoredBlock,
};

use super::Node;
use super::event_log::Arriving;
use super::mining::Subject;
use crate::downloads::sync::Arrival;
use crate::event::{BlockName, BlockSource, Event};
use crate::interface::{Action, PeerId, TemplateId};
use crate::limits::INVALID_BLOCK_SCORE;
use crate::originals::Originals;
use crate::prelude::*;

impl Node {
    pub(super) fn block_received(&mut self, peer: PeerId, mut block: CheckedBlock) -> StoreResult {
        let asked = self.downloads.is_syncing(peer) || self.downloads.owes_chain(peer);
        let (height, hash) = (block.block().index, block.block().hash);
        self.fill_from_pool(&mut block);
        let lacks_payloads = block.lacks_payloads();
        let source = if asked { BlockSource::Synced } else { BlockSource::Announced };
        self.event_log.arriving = Arriving::Peer { peer, asked };
        let accepted = self.accept(block, source, Some(peer));
        let arrival = match accepted {
            Ok(arrival) => arrival,
            Err(AcceptError::Store(error)) => return Err(error),
            Err(AcceptError::Rule(violation)) => {
                Originals::bad_line_came(&mut self.downloads, peer, true, self.now);
                self.block_refused(Some(peer), BlockName { height, hash }, &violation);
                self.refuse_linked_block(peer, &violation);
                return Ok(());
            }
        };
        let is_new = matches!(arrival, Arrival::Fresh(_));
        // Only work on the best chain counts: a branch from far below costs nothing.
        if matches!(arrival, Arrival::Fresh(point) if point.hash == self.chain.tip().hash) {
            self.peers.note(peer, |peer| peer.block_at = Some(self.now));
        }
        Originals::block_came(&mut self.downloads, peer, hash, is_new, self.now);
        // A body that was asked for because of somebody's headers is progress of that answer. One
        // that came before its parent waits for it, and nobody is asked for that.
        let headers_of = self.headers.arrived(&mut self.downloads, peer, &hash, self.now);
        if headers_of.is_some() && matches!(arrival, Arrival::Orphan(_)) {
            self.gossip.sent_orphan(peer, hash);
            return Ok(());
        }
        let source = headers_of.unwrap_or(peer);
        self.sync.block_came(&mut self.downloads, source, arrival, self.now);
        if let (true, Arrival::Fresh(point)) = (lacks_payloads, arrival) {
            self.missing_payloads.add(point.hash, Some(peer), self.now);
        }
        match arrival {
            Arrival::Fresh(point) | Arrival::Known(point) => {
                self.original_sent_block(peer);
                self.peer_has(peer, point);
                if self.sync.claim_of(peer).is_none_or(|claim| point.work > claim.work) {
                    self.sync.claims(peer, point);
                }
            }
            Arrival::Orphan(hash) => {
                self.gossip.sent_orphan(peer, hash);
                self.ask_about_orphan(peer, hash)?;
            }
            Arrival::Bare => {
                // It holds the block, and is not sent it when the rest of it has come.
                self.gossip.sent_hint(peer, hash);
                self.original_sent_block(peer);
                self.follow_hint(height, hash);
            }
            Arrival::Held => {}
        }
        Ok(())
    }

    /// Seven keys of a block on a chain where they are not enough: whoever introduced itself is asked
    /// for the whole of it, unless it comes by itself meanwhile.
    fn follow_hint(&mut self, height: u32, hash: BlockHash) {
        let tip = self.chain.tip();
        let point = BestPoint { height, hash, work: tip.work };
        let introduced = self.peers.iter().filter(|(_, peer)| peer.is_introduced());
        for (id, _) in introduced {
            self.pending_announcements.hinted(&self.downloads, id, point, &tip, self.now);
        }
    }

    /// Whoever passes a block on first may leave out what its transactions carry: what waits here has
    /// it.
    fn fill_from_pool(&self, block: &mut CheckedBlock) {
        if let Some(transactions) = self.transactions.as_ref().filter(|_| block.lacks_payloads()) {
            let pool = transactions.pool();
            block.fill(|txid| pool.get(txid).and_then(|pooled| pooled.payload().cloned()));
        }
    }

    /// Takes the blocks that were ahead of the clock and are no longer.
    pub(super) fn accept_due(&mut self) -> StoreResult {
        for block in self.chain.take_due(self.wall) {
            self.event_log.arriving = Arriving::Waited;
            let name = name_of(&block);
            match self.accept(block, BlockSource::Announced, None) {
                Ok(_) => {}
                // Whoever sent it could not know what it builds on by now.
                Err(AcceptError::Rule(violation)) => self.block_refused(None, name, &violation),
                Err(AcceptError::Store(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes a block, which this peer sent, and then every orphan that waited for it.
    fn accept(
        &mut self,
        block: CheckedBlock,
        source: BlockSource,
        sender: Option<PeerId>,
    ) -> Result<Arrival, AcceptError> {
        let first = self.chain_accept(block, source)?;
        if let (Arrival::Fresh(point), Some(sender)) = (first, sender) {
            self.peer_has(sender, point);
        }
        let mut added = VecDeque::from([first]);
        while let Some(arrival) = added.pop_front() {
            let Arrival::Fresh(point) = arrival else { continue };
            for mut orphan in self.chain.take_orphans_of(&point.hash) {
                self.event_log.arriving = Arriving::Waited;
                self.fill_from_pool(&mut orphan);
                let lacks_payloads = orphan.lacks_payloads();
                let name = name_of(&orphan);
                match self.chain_accept(orphan, source) {
                    Ok(arrival) => {
                        if let Arrival::Fresh(point) = arrival {
                            self.orphan_joined(point);
                            if lacks_payloads {
                                self.missing_payloads.add(point.hash, None, self.now);
                            }
                        }
                        added.push_back(arrival);
                    }
                    Err(AcceptError::Store(error)) => return Err(error.into()),
                    // Whoever sent it could not know; it is dropped without blame.
                    Err(AcceptError::Rule(violation)) => {
                        self.block_refused(None, name, &violation);
                    }
                }
            }
        }
        Ok(first)
    }

    fn chain_accept(
        &mut self,
        block: CheckedBlock,
        source: BlockSource,
    ) -> Result<Arrival, AcceptError> {
        let (hash, timestamp) = (block.block().hash, block.block().timestamp);
        let name = name_of(&block);
        if !block.lacks_payloads() {
            self.missing_payloads.filled(&hash);
        }
        let arrival = match self.chain.accept(block, self.wall)? {
            Accepted::Known(point) => Arrival::Known(point),
            Accepted::Filled { point, change } => {
                self.write(change);
                Arrival::Known(point)
            }
            Accepted::Orphan { parent } => {
                let origin = self.origin();
                self.event_log.push(Event::OrphanKept { block: name, parent, origin });
                Arrival::Orphan(hash)
            }
            Accepted::Added(change) => {
                let point = change.block;
                let ahead = timestamp.saturating_sub(self.wall);
                if ahead > FUTURE_WARNING_SECONDS {
                    self.notify(Event::FromTheFuture { height: point.height, seconds: ahead });
                }
                let reverted = u32::try_from(change.reverted.len()).unwrap_or(u32::MAX);
                self.apply(change, source)?;
                if reverted > 0 {
                    self.pacing.charge(reverted, self.now);
                    self.reconsider()?;
                }
                Arrival::Fresh(point)
            }
            Accepted::Ahead { due } => {
                let origin = self.origin();
                self.event_log.push(Event::BlockAhead { block: name, due, origin });
                Arrival::Held
            }
            // It is still to come.
            Accepted::Bare => return Ok(Arrival::Bare),
            Accepted::BranchRefused { violation, change, .. } => {
                self.write(change);
                return Err(violation.into());
            }
        };
        self.behind.take_if(|behind| behind.claimed.hash == hash);
        if let Arrival::Fresh(point) | Arrival::Known(point) = arrival {
            if self.transactions.is_some() {
                self.orphan_joined(point);
            }
            self.compact.arrived(&hash);
            self.take_waiting_statements(&hash)?;
        }
        for peer in self.pending_announcements.arrived(&hash) {
            if let Arrival::Fresh(point) | Arrival::Known(point) = arrival {
                self.peer_has(peer, point);
            }
        }
        Ok(arrival)
    }

    /// A block that waited for its parent has its place now.
    fn orphan_joined(&mut self, point: BestPoint) {
        for sender in self.gossip.orphan_joined(&point) {
            self.peer_has(sender, point);
        }
    }

    /// Writes a change and tells everyone concerned.
    pub(super) fn apply(&mut self, change: ChainChange, source: BlockSource) -> StoreResult {
        let told = self.note_change(&change, source)?;
        let commit = self.commit_in_progress();
        let (writes, reopened) = match self.transactions {
            Some(_) => {
                self.move_transactions(&change)?;
                Default::default()
            }
            None => {
                let store = self.outbox_store.as_ref();
                self.outbox.follow(&change, commit, &self.chain, store)?
            }
        };
        if !change.reverted.is_empty() {
            for (peer, point) in self.gossip.take_ahead() {
                if self.chain.on_best_chain(&point.hash)?.is_some() {
                    self.gossip.has_only(peer, point);
                }
            }
        }
        self.sync.set_best_work(self.chain.tip().work, self.now);
        // A person's own block is shown once it is durable, like the receipt before it.
        let is_ours = matches!(source, BlockSource::Mined(_) | BlockSource::MinedBody);
        let shown = if is_ours { &mut self.then } else { &mut self.news };
        shown.extend(told.into_iter().map(Action::Notify));
        shown.extend(
            reopened.into_iter().map(|entry| Action::Notify(Event::LineReopened { entry })),
        );
        self.write(change);
        self.batch.outbox.extend(writes);
        Ok(())
    }

    /// A block that breaks a rule on its parent. An introduced peer checks before it passes on; an
    /// original does not, and is not blamed.
    fn refuse_linked_block(&mut self, peer: PeerId, violation: &RuleViolation) {
        if self.may_be_told_of_blocks(peer) {
            self.send_error(peer, violation.code(), &violation.to_string());
        }
        self.punish(peer, INVALID_BLOCK_SCORE);
    }

    pub(super) fn block_mined(&mut self, template_id: TemplateId, nonce: u64) -> StoreResult {
        let Some(search) = self.mining.search.take_if(|search| search.id == template_id) else {
            return Ok(());
        };
        // A driver that reports a wrong nonce gets its work again by the follow-up.
        let Ok((subject, block)) = search.complete(nonce) else { return Ok(()) };
        let hash = block.block().hash;
        self.note_found();
        let source = match subject {
            Subject::Line(entry) => {
                let write = self.outbox.note_mined(entry, hash);
                self.batch.outbox.push(write);
                BlockSource::Mined(entry)
            }
            Subject::Body { .. } => BlockSource::MinedBody,
        };
        self.event_log.arriving = Arriving::Mined(match source {
            BlockSource::Mined(entry) => Some(entry),
            _ => None,
        });
        // A template may be ahead of the clock where there are no peers.
        let wall = self.wall;
        self.wall = wall.max(block.block().timestamp);
        let accepted = self.accept(block, source, None);
        self.wall = wall;
        match accepted {
            Ok(_) => {}
            Err(AcceptError::Store(error)) => return Err(error),
            Err(AcceptError::Rule(violation)) => {
                // The template followed the tip and every rule, so this is a fault of ours.
                return Err(StoreError(alloc::format!("our own block was refused: {violation}")));
            }
        }
        if let Some(point) = self.chain.point(&hash)? {
            self.keep_back(point);
        }
        Ok(())
    }
}

fn name_of(block: &CheckedBlock) -> BlockName {
    BlockName { height: block.block().index, hash: block.block().hash }
}

/// What the line of a whole block takes, and not much more.
pub(super) fn line_bytes(stored: &StoredBlock) -> usize {
    let body = stored.part().map(|part| part.body.iter());
    // Digits of hexadecimal numbers, and names.
    let entries = body.into_iter().flatten().map(|entry| {
        let text = entry.payload.as_ref().map_or(0, |payload| escaped_bytes(&payload.data));
        4 * SignedTransaction::BYTES + text
    });
    MAX_LINE_BYTES + entries.sum::<usize>()
}
