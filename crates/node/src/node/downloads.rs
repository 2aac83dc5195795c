//! What peers are asked for, and what becomes of their answers.
//!
//! Owns the way between the one table of requests ([`crate::downloads`]) and the policies over it.

use kusari_chain::{BestPoint, BlockHash, StoreResult};

use super::Node;
use crate::downloads::sync::{End, Question};
use crate::downloads::{Answer, Download, Purpose};
use crate::event::Event;
use crate::interface::{Direction, PeerId};
use crate::prelude::*;
use crate::snapshot::Behind;
use crate::wire::{AnswerEnd, GetBlocks, MAX_BLOCKS, MAX_HEADERS, Message};

impl Node {
    /// A peer's answer of blocks is complete.
    pub(super) fn end_received(&mut self, peer: PeerId, count: u32, missing: &[BlockHash]) {
        if let Some(download) = self.downloads.ended(peer, count, missing) {
            self.request_ended(peer, download, End::Complete);
        }
    }

    /// A peer refuses to answer for now.
    pub(super) fn busy_received(&mut self, peer: PeerId) {
        if let Some(download) = self.downloads.refused(peer) {
            self.request_ended(peer, download, End::Refused);
        }
    }

    /// Gives up what is late, so that it is asked of another peer.
    pub(super) fn give_up_late_answers(&mut self) {
        for (peer, download) in self.downloads.give_up_late(self.now) {
            self.request_ended(peer, download, End::Late);
        }
    }

    fn request_ended(&mut self, peer: PeerId, download: Download, end: End) {
        let Some(purpose) = download.live_purpose() else { return };
        match (purpose, end) {
            (Purpose::Sync(_), _) => {
                self.sync.ended(&mut self.downloads, peer, download, end, self.now);
            }
            // In time another peer may have it. Where it is late, it is left to those who catch up.
            (Purpose::Announced(hash), End::Complete | End::Refused) => {
                self.pending_announcements.answered(peer, hash);
            }
            (Purpose::Announced(hash), End::Late) => drop(self.pending_announcements.arrived(hash)),
            (Purpose::Bodies { .. }, _) => {
                let time = download.time_taken(self.now);
                let delivered = match end {
                    End::Complete => self.headers.ended(peer, download),
                    End::Late | End::Refused => self.headers.late(peer, download),
                };
                if let Some(delivered) = delivered {
                    self.sync.bodies_came(peer, delivered, time, self.now);
                }
            }
            (Purpose::Payloads(_) | Purpose::Chain { .. }, _) => {}
        }
    }

    /// Asks for blocks that were announced and did not come by themselves.
    pub(super) fn request_announced(&mut self) {
        let tip = self.chain.tip();
        for (peer, hash) in self.pending_announcements.due(&mut self.downloads, self.now, &tip) {
            self.send(peer, Message::GetBlocks(GetBlocks::ByHash(alloc::vec![hash])));
        }
    }

    /// Asks a peer for the whole of one block, unless it owes too much already.
    pub(super) fn request_whole(&mut self, peer: PeerId, hash: BlockHash) {
        if self.downloads.has_room(peer) {
            let purpose = Purpose::Announced(hash);
            self.downloads.ask(peer, Answer::Hashes(1), purpose, self.now);
            self.send(peer, Message::GetBlocks(GetBlocks::ByHash(alloc::vec![hash])));
        }
    }

    /// Asks for blocks that came without payloads, and first of those whom the person chose.
    pub(super) fn request_payloads(&mut self) {
        if self.missing_payloads.is_idle() {
            return;
        }
        let introduced = self.peers.iter().filter(|(_, peer)| peer.is_introduced());
        let mut peers: Vec<(bool, PeerId)> =
            introduced.map(|(id, peer)| (peer.direction == Direction::Inbound, id)).collect();
        peers.sort_unstable();
        let peers = peers.into_iter().map(|(_, id)| id);
        for (peer, hash) in self.missing_payloads.due(&mut self.downloads, self.now, peers) {
            self.send(peer, Message::GetBlocks(GetBlocks::ByHash(alloc::vec![hash])));
        }
    }

    /// Asks for what peers claim and we lack.
    pub(super) fn request_blocks(&mut self) -> StoreResult {
        let as_headers = self.transactions.is_some();
        loop {
            let (chain, announced) = (&self.chain, &self.pending_announcements);
            let unknown = |peer, hash: &BlockHash| {
                Ok(!announced.is_waited_for(peer, hash) && chain.point(hash)?.is_none())
            };
            let (downloads, tip) = (&mut self.downloads, chain.tip());
            let question = self.sync.next(downloads, self.now, &tip, as_headers, unknown)?;
            let Some(Question { peer, cursor, limit }) = question else { return Ok(()) };
            let locator = self.locator(cursor)?;
            // On a ledger, what a claim is worth shows before its bodies are asked for.
            self.send(
                peer,
                match as_headers {
                    true => Message::GetHeaders { locator, limit: MAX_HEADERS },
                    false => Message::GetBlocks(GetBlocks::After { locator, limit }),
                },
            );
            if cursor.is_none()
                && let Some(address) = self.peers.get(peer).map(|peer| peer.address)
            {
                self.notify(Event::RequestedChain { address });
            }
        }
    }

    /// Asks for what follows an answer before its lines are read: the peer reads and sends meanwhile.
    pub(super) fn ask_ahead(&mut self, peer: PeerId, end: &AnswerEnd) {
        let tip = self.chain.tip();
        if self.sync.asks_ahead(&mut self.downloads, peer, end, &tip, self.now) {
            // Where it has left both, its answer begins at the first block, and it is asked anew after that.
            let locator = alloc::vec![end.hash, tip.hash];
            let limit = MAX_BLOCKS;
            self.send(peer, Message::GetBlocks(GetBlocks::After { locator, limit }));
        }
    }

    /// What peers claim beyond our best chain and could not be got so far, if anything, as of the last
    /// input. A branch that is here, and held, does not count.
    #[must_use]
    pub fn behind(&self) -> Option<Behind> {
        self.behind
    }

    /// Looks what peers claim. Reads the store, as only what follows an input may.
    pub(super) fn look_behind(&mut self) {
        self.behind = self.find_behind();
    }

    fn find_behind(&self) -> Option<Behind> {
        let since = self.sync.behind_since()?;
        let tip = self.chain.tip();
        let mut claims = self.sync.claims_above(tip.work);
        // What was not here is still not, unless it came, which is noted.
        let is_here = |claim: &BestPoint| {
            self.behind.is_none_or(|behind| behind.claimed.hash != claim.hash)
                && matches!(self.chain.point(&claim.hash), Ok(Some(_)))
        };
        // The first that is not here is enough of a reason: the others are not looked up.
        let first = claims.iter().position(|(claim, _)| !is_here(claim))?;
        claims.drain(..first);
        let (claimed, _) = *claims.first()?;
        let chosen = claims.iter().filter(|(_, is_chosen)| *is_chosen).count();
        Some(Behind { claimed, ours: tip, since, peers: claims.len(), chosen })
    }
}
