//! Originals: met, asked for their chain, and sent what they lack.

use kusari_chain::{BestPoint, BlockHash, StoreResult};

use super::Node;
use crate::event::Event;
use crate::gossip::Manner;
use crate::interface::{Direction, PeerId};
use crate::originals::LastBlock;
use crate::peers::PeerStage;
use crate::wire::Message;

impl Node {
    /// A dialled peer did not say `HELLO`: it is treated as an original from now on, and is one once it
    /// speaks.
    pub(super) fn meet_original(&mut self, id: PeerId) {
        let (Some(has_spoken), Some(peer)) = (self.peers.no_hello(id), self.peers.get(id)) else {
            return;
        };
        let address = peer.address;
        self.gossip.set_manner(id, Manner::Relay);
        if has_spoken {
            self.notify(Event::FoundOriginal { address });
        }
        self.originals.found(id, self.now);
    }

    /// A peer sent a block that breaks no rule.
    pub(super) fn original_sent_block(&mut self, id: PeerId) {
        self.peers.note(id, |peer| peer.sent_block = true);
        self.originals.sent_block(id, self.now);
    }

    /// A block came whose parent is unknown. Introduced peers are asked by `sync`.
    pub(super) fn ask_about_orphan(&mut self, id: PeerId, hash: BlockHash) -> StoreResult {
        let Some(peer) = self.peers.get(id) else { return Ok(()) };
        if peer.stage == PeerStage::Introduced {
            return Ok(());
        }
        let is_person = peer.stage == PeerStage::Plain && !peer.began_with_get_chain;
        if is_person {
            let message = alloc::format!("the parent of {hash} is not known here");
            self.send_error(id, "unknown-parent", &message);
        }
        self.originals.sent_orphan(id, hash);
        // At once, so that it makes no difference whether blocks come one by one or in a row.
        self.ask_originals()
    }

    /// Asks originals for their chains, in the only way they know.
    pub(super) fn ask_originals(&mut self) -> StoreResult {
        let (serving, chain) = (&self.serving, &self.chain);
        let is_known = |hash: &BlockHash| Ok(chain.point(hash)?.is_some());
        let due = self.originals.due(
            &mut self.downloads,
            self.now,
            |peer| serving.is_busy(peer),
            is_known,
        )?;
        for id in due {
            let Some(address) = self.peers.get(id).map(|peer| peer.address) else { continue };
            // What was pushed to it is in the answer, which says nothing of how it got there.
            self.gossip.asked_for_all(id);
            self.send(id, Message::GetChain);
            self.notify(Event::RequestedChain { address });
        }
        Ok(())
    }

    /// Deals with answers to `GET_CHAIN` that came to their end.
    pub(super) fn end_answers(&mut self) -> StoreResult {
        if self.is_congested() {
            self.downloads.nothing_is_read(self.now);
            return Ok(());
        }
        loop {
            let serving = &self.serving;
            let downloads = &mut self.downloads;
            let ended = self.originals.ended(downloads, self.now, |peer| serving.is_busy(peer));
            let Some(ended) = ended else { return Ok(()) };
            let brought = match ended.orphan {
                Some(orphan) => self.chain.point(&orphan)?.is_some(),
                None => true,
            };
            self.originals.brought(ended.peer, brought);
            if ended.is_first {
                self.mend(ended.peer, ended.last)?;
            }
        }
    }

    /// Sends an original what its list lacks, as far as that can be told from its last block.
    fn mend(&mut self, id: PeerId, last: LastBlock) -> StoreResult {
        let Some(peer) = self.peers.get(id) else { return Ok(()) };
        let is_dialled = peer.direction != Direction::Inbound;
        // A person who asked for the chain has it, and answers nothing.
        let is_original = is_dialled || peer.began_with_get_chain;
        let has = match last {
            // One that dialled us would hold what it was sent when it asked.
            LastBlock::Nothing if !is_dialled => return Ok(()),
            LastBlock::Nothing => Some(BestPoint::genesis()),
            LastBlock::Block(hash) => self.chain.on_best_chain(&hash)?,
            LastBlock::Unreadable => None,
        };
        match has {
            Some(point) => {
                self.gossip.lacks_after(id, point);
                if point.hash != self.announced_tip()?.hash {
                    self.originals.mends(id, self.now);
                }
            }
            None if is_original => {
                self.report(id, |address| Event::OriginalDiverged { address });
            }
            None => {}
        }
        Ok(())
    }
}
