//! Lines of peers, block by block excepted.

use core::net::SocketAddr;

use kusari_chain::{BestPoint, BlockHash, StoreResult};

use super::Node;
use super::blocks::line_bytes;
use crate::event::Event;
use crate::gossip::Manner;
use crate::interface::{Direction, DisconnectReason, PeerId, StreamForm};
use crate::limits::{INVALID_BLOCK_SCORE, MALFORMED_SCORE, MAX_SENT_BYTES};
use crate::originals::Originals;
use crate::peers::PeerStage;
use crate::prelude::*;
use crate::serving::Answer;
use crate::wire::{
    BlockForm, GetBlocks, Have, Hello, MAX_PEERS, Message, Received, Refusal, Sent, StatusReport,
    WireError,
};

impl Node {
    pub(super) fn line_received(
        &mut self,
        peer: PeerId,
        received: Result<Received, Refusal>,
    ) -> StoreResult {
        if let Ok(Message::Pong(number)) = &received {
            self.peers.ponged(peer, *number, self.now);
        }
        if !self.hear(peer, &received)? {
            return Ok(());
        }
        let message = match received {
            Ok(message) => message,
            Err(refusal) => {
                self.refuse(peer, &refusal);
                return Ok(());
            }
        };
        match message {
            Message::Block(block) => self.block_received(peer, block)?,
            Message::Transaction(checked) => self.transaction_received(peer, *checked)?,
            Message::GetMempool => self.get_mempool(peer)?,
            Message::Witness(statement) => self.witness_received(peer, *statement)?,
            Message::GetChain => self.get_chain(peer),
            Message::Hello(hello) => self.hello(peer, &hello)?,
            Message::GetBlocks(GetBlocks::After { locator, limit }) => {
                self.gossip.asked(peer);
                self.get_blocks_after(peer, &locator, limit)?;
            }
            Message::GetBlocks(GetBlocks::ByHash(hashes)) => {
                self.gossip.asked(peer);
                self.get_blocks_by_hash(peer, &hashes)?;
            }
            Message::End { count, missing } => self.end_received(peer, count, &missing),
            Message::Have(Have { hash, height, work }) => {
                self.have(peer, BestPoint { height, hash, work })?;
            }
            Message::GetHeaders { locator, limit } => {
                self.get_headers_after(peer, &locator, limit)?;
            }
            Message::Compact(block) => self.compact_received(peer, *block)?,
            Message::GetTransactions { hash, places } => {
                self.get_transactions(peer, hash, &places)?;
            }
            Message::Transactions { hash, entries } => {
                self.transactions_received(peer, &hash, entries)?;
            }
            Message::Headers(headers) => self.headers_received(peer, &headers)?,
            Message::GetPeers => {
                let addresses = self.dialable_peers(peer);
                self.send(peer, Message::Peers(addresses));
            }
            Message::Ping(number) => self.ping(peer, number),
            Message::GetStatus => self.get_status(peer)?,
            Message::GetHelp => self.send(peer, Message::Help),
            Message::Error(report) => self.told_of_error(peer, report),
            // Any line is a sign of life, which has been noted; these ask for nothing.
            Message::Accepted { .. }
            | Message::Pong(_)
            | Message::Peers(_)
            | Message::Status(_)
            | Message::Help => {}
        }
        Ok(())
    }

    /// Notes that a peer spoke. `false` where it is not listened to any more.
    fn hear(&mut self, id: PeerId, received: &Result<Received, Refusal>) -> StoreResult<bool> {
        let Some(peer) = self.peers.get(id) else { return Ok(false) };
        let (was_mute, was_unheard, address) = (peer.is_mute(), peer.is_unheard(), peer.address);
        let is_get_chain = matches!(received, Ok(Message::GetChain));
        if self.peers.heard(id, is_get_chain, self.now) {
            let manner = if is_get_chain { Manner::Relay } else { Manner::Blocks };
            self.gossip.begin(id, manner, self.announced_tip()?, self.now);
            if is_get_chain {
                self.originals.began(id, self.now);
            }
        }
        if was_unheard {
            self.close_unheard_beside(id);
        }
        if was_mute && !matches!(received, Ok(Message::Hello(_))) {
            self.notify(Event::FoundOriginal { address });
        }
        Ok(true)
    }

    /// Answers a line that was refused before the chain has seen it.
    pub(super) fn refuse(&mut self, peer: PeerId, refusal: &Refusal) {
        let is_block = matches!(refusal, Refusal::Rule(_));
        Originals::bad_line_came(&mut self.downloads, peer, is_block, self.now);
        self.line_refused(peer, refusal.code(), &refusal.to_string());
        // An `ERROR` is never answered, even one that is wrong: two nodes would go on for ever.
        if refusal.verb() == Some("ERROR") {
            return;
        }
        let told = match refusal {
            // An original makes lines of the texts of others that are no JSON.
            Refusal::Rule(_) | Refusal::Transaction(_) | Refusal::Malformed(_) => {
                self.may_be_told_of_blocks(peer)
            }
            Refusal::StatementSignature => self.understands_errors(peer),
        };
        if told {
            self.send(peer, Message::Error(refusal.report()));
        }
        match refusal {
            Refusal::Malformed(WireError::TooLong(_) | WireError::Unfinished { .. }) => {
                self.close(peer, DisconnectReason::LineWithoutEnd);
            }
            // A verb of a later version is no fault.
            Refusal::Malformed(WireError::UnknownVerb(_)) => {}
            Refusal::Malformed(_) => self.punish(peer, MALFORMED_SCORE),
            Refusal::Rule(_) | Refusal::Transaction(_) | Refusal::StatementSignature => {
                self.punish(peer, INVALID_BLOCK_SCORE);
            }
        }
    }

    /// Shows the person what a peer does, as often as the peer's share allows.
    pub(super) fn report(&mut self, peer: PeerId, event: impl FnOnce(SocketAddr) -> Event) {
        if let Some(address) = self.peers.get(peer).map(|peer| peer.address)
            && self.peers.may_report(peer, self.now)
        {
            self.tell(event(address));
        }
    }

    fn hello(&mut self, id: PeerId, hello: &Hello) -> StoreResult {
        let ours = self.chain_name();
        if hello.chain != ours {
            let message = alloc::format!("this node follows {ours:?}, not {:?}", hello.chain);
            self.send_error(id, "wrong-chain", &message);
            self.close(id, DisconnectReason::OtherChain);
            return Ok(());
        }
        self.sync.claims(id, hello.claim());
        let Some(peer) = self.peers.get(id) else { return Ok(()) };
        let (stage, address) = (peer.stage, peer.address);
        let is_chosen = peer.direction != Direction::Inbound;
        if stage == PeerStage::Introduced {
            return Ok(());
        }
        if stage == PeerStage::Plain {
            self.send_hello(id)?;
        }
        if let Err(reason) = self.peers.introduce(id, hello, self.id, self.now) {
            self.close(id, reason);
        }
        self.close_twins_of(id);
        if self.peers.get(id).is_none() {
            return Ok(());
        }
        self.originals.remove(&mut self.downloads, id);
        let introduced = Event::PeerIntroduced { address, agent: hello.agent.clone() };
        if is_chosen || self.peers.get(id).is_some_and(|peer| peer.shown) {
            self.tell(introduced);
        } else {
            self.note(&introduced);
        }
        self.sync.add(id, is_chosen);
        self.note_company();
        self.follow_transactions(id);
        self.follow_witnesses(id);
        self.sync.claims(id, hello.claim());
        self.gossip.set_manner(id, Manner::Announcement);
        // Until now it was sent seven keys, which on a ledger are no block to it.
        if self.transactions.is_some() && stage != PeerStage::Silent {
            let known = self.chain.point(&hello.tip)?;
            self.gossip.has_only(id, known.unwrap_or_else(BestPoint::genesis));
        }
        Ok(())
    }

    /// A peer announced its tip.
    fn have(&mut self, id: PeerId, claim: BestPoint) -> StoreResult {
        self.sync.claims(id, claim);
        match self.chain.point(&claim.hash)? {
            Some(known) => self.peer_has(id, known),
            None if self.peers.get(id).is_some_and(|peer| peer.is_introduced()) => {
                let tip = self.chain.tip();
                self.pending_announcements.heard(&self.downloads, id, claim, &tip, self.now);
            }
            None => {}
        }
        Ok(())
    }

    fn get_chain(&mut self, peer: PeerId) {
        if self.answer(peer, BestPoint::genesis(), None, StreamForm::Plain) {
            self.report(peer, |address| Event::ChainRequested { address });
        }
    }

    fn get_blocks_after(&mut self, peer: PeerId, locator: &[BlockHash], limit: u32) -> StoreResult {
        let after = self.first_on_best_chain(peer, locator)?;
        let through = after.height.saturating_add(limit);
        self.answer(peer, after, Some(through), StreamForm::Counted);
        Ok(())
    }

    /// The first of these blocks, which a peer names, that is in our best chain; genesis where none is.
    pub(super) fn first_on_best_chain(
        &self,
        peer: PeerId,
        locator: &[BlockHash],
    ) -> StoreResult<BestPoint> {
        // One who catches up names the last block that it was sent.
        if let Some(had) = self.gossip.had_by(peer, self.now)
            && locator.first() == Some(&had.hash)
            && self.chain.best_at(had.height)? == Some(had)
        {
            return Ok(had);
        }
        for hash in locator {
            if let Some(point) = self.chain.on_best_chain(hash)? {
                return Ok(point);
            }
        }
        Ok(BestPoint::genesis())
    }

    /// Queues an answer of stored blocks, and says whether there was room for it.
    pub(super) fn answer(
        &mut self,
        peer: PeerId,
        after: BestPoint,
        through: Option<u32>,
        form: StreamForm,
    ) -> bool {
        let ready_after = self.commit_so_far();
        let answer = Answer { after, through, form, ready_after, asked: true };
        let queued = self.serving.push(peer, answer);
        if !queued && self.understands_errors(peer) {
            self.send_error(peer, "busy", "wait for the answers to your earlier requests");
        }
        queued
    }

    fn get_blocks_by_hash(&mut self, peer: PeerId, hashes: &[BlockHash]) -> StoreResult {
        let mut count = 0;
        let mut bytes = 0;
        let mut missing = Vec::new();
        for hash in hashes {
            // What is too much at once can be asked for again, and is not read before.
            if bytes > MAX_SENT_BYTES {
                missing.push(*hash);
                continue;
            }
            let ours = self.commits.hides(hash);
            match self.chain.block(hash)?.filter(|_| !ours) {
                Some(stored) => {
                    bytes += line_bytes(&stored);
                    if hashes.len() == 1
                        && bytes > MAX_SENT_BYTES
                        && let Some(parent) = self.parent_on_best_chain(hash)?
                    {
                        let through = Some(parent.height + 1);
                        self.answer(peer, parent, through, StreamForm::Counted);
                        return Ok(());
                    }
                    count += 1;
                    let (height, hash, work) = (stored.block.index, *hash, stored.work);
                    self.gossip.was_sent(peer, BestPoint { height, hash, work });
                    self.send(peer, Sent::block(stored, BlockForm::Whole));
                }
                _ => missing.push(*hash),
            }
        }
        self.send(peer, Message::End { count, missing });
        Ok(())
    }

    fn parent_on_best_chain(&self, hash: &BlockHash) -> StoreResult<Option<BestPoint>> {
        match self.chain.on_best_chain(hash)? {
            Some(point) => self.chain.best_at(point.height.saturating_sub(1)),
            None => Ok(None),
        }
    }

    fn ping(&mut self, peer: PeerId, number: u64) {
        if self.peers.get(peer).is_some_and(|peer| peer.is_introduced()) {
            self.send(peer, Message::Pong(number));
        } else if self.understands_errors(peer) {
            self.send_error(peer, "hello-first", "PING is answered after HELLO only");
        }
    }

    fn get_status(&mut self, peer: PeerId) -> StoreResult {
        let tip = self.announced_tip()?;
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let report = StatusReport {
            agent: self.config.agent.clone(),
            chain: self.chain_name(),
            height: tip.height,
            work: tip.work,
            tip: tip.hash,
            peers: count(self.peers.iter().filter(|(_, peer)| peer.stage.has_spoken()).count()),
            waiting: u32::try_from(self.waiting()).unwrap_or(u32::MAX),
        };
        self.send(peer, Message::Status(report));
        Ok(())
    }

    /// Addresses on which introduced peers take connections.
    fn dialable_peers(&self, asking: PeerId) -> Vec<SocketAddr> {
        let introduced =
            self.peers.iter().filter(|(id, peer)| *id != asking && peer.is_introduced());
        introduced
            .filter_map(|(_, peer)| Some(SocketAddr::new(peer.address.ip(), peer.listen?)))
            .take(MAX_PEERS)
            .collect()
    }

    pub(super) fn stream_ended(
        &mut self,
        peer: PeerId,
        height: u32,
        hash: &BlockHash,
        count: u32,
    ) -> StoreResult {
        let Some(ended) = self.serving.ended(peer) else { return Ok(()) };
        let introduced = self.peers.get(peer).is_some_and(|peer| peer.is_introduced());
        let counts = self.transactions.is_none() || !introduced;
        if ended.form == StreamForm::Plain && counts {
            // Where the last block has left every branch since, its height still tells how far the
            // peer is on the best chain at most.
            let point = match self.chain.point_near(height, hash)? {
                Some(point) => point,
                None => self.chain.best_at(height)?.unwrap_or_else(BestPoint::genesis),
            };
            self.gossip.sent_through(peer, point);
        }
        if count > 0
            && introduced
            && ended.form != StreamForm::Headers
            && let Some(point) = self.chain.point_near(height, hash)?
        {
            self.gossip.was_sent(peer, point);
        }
        if ended.asked {
            self.report(peer, |address| Event::SentBlocks { address, count });
        }
        self.close_if_finished(peer);
        Ok(())
    }
}
