//! What is written down of blocks, transactions and peers.
//!
//! Owns how what is decided elsewhere becomes [`Event`]s: blocks in a row from one peer are one of
//! them. Decides nothing, and nothing rests on it; between two inputs it holds nothing.

use kusari_chain::ledger::Txid;
use kusari_chain::mempool::PoolRefusal;
use kusari_chain::{BestPoint, ChainChange, RuleViolation, StoreResult};

use super::Node;
use crate::event::{BlockName, BlockSource, Event, MAX_NOTED_BLOCKS, Origin, Sender};
use crate::interface::{Action, PeerId};
use crate::peers::Peer;
use crate::prelude::*;
use crate::store::EntryId;

/// Whose block or transaction is being looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Arriving {
    /// Nobody's: what is here is judged anew.
    #[default]
    Nothing,
    Peer {
        peer: PeerId,
        asked: bool,
    },
    Mined(Option<EntryId>),
    Waited,
}

/// What happened during one input.
#[derive(Default)]
pub(super) struct EventLog {
    happened: Vec<Event>,
    pub(super) arriving: Arriving,
    /// From whom the last of them comes, where it is a run of blocks.
    run: Option<Arriving>,
    /// Peers that are sent the tip, and those that are told of it.
    passed_on: (u32, u32),
}

impl EventLog {
    pub(super) fn push(&mut self, event: Event) {
        self.run = None;
        self.happened.push(event);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// One more peer is sent the tip.
    pub(super) fn note_push(&mut self) {
        self.passed_on.0 += 1;
    }

    /// One more peer is told of the tip.
    pub(super) fn note_announcement(&mut self) {
        self.passed_on.1 += 1;
    }
}

impl Node {
    /// Hands over what happened, behind all that is to be done.
    pub(super) fn record_events(&mut self) {
        self.note_passed_on();
        let happened = core::mem::take(&mut self.event_log).happened;
        self.actions.extend(happened.into_iter().map(|event| Action::Record(event.into())));
    }

    /// Writes down what happened, where it is kept, and tells the person at once.
    pub(super) fn tell(&mut self, event: Event) {
        self.note(&event);
        self.notify(event);
    }

    /// Writes down what happened, and tells the person, once everything decided so far is durable: a crash
    /// before leaves neither word of a block that never was.
    pub(super) fn tell_when_durable(&mut self, event: Event) {
        if event.kind().is_some() {
            self.then.push(Action::Record(event.clone().into()));
        }
        self.then.push(Action::Notify(event));
    }

    pub(super) fn note(&mut self, event: &Event) {
        if event.kind().is_some() {
            self.event_log.push(event.clone());
        }
    }

    fn note_passed_on(&mut self) {
        let (pushed, announced) = self.event_log.passed_on;
        if (pushed, announced) != (0, 0)
            && let Ok(tip) = self.announced_tip()
        {
            self.event_log.push(Event::BlockPassedOn { block: tip.into(), pushed, announced });
        }
    }

    fn sender_of(&self, peer: PeerId) -> Option<Sender> {
        self.peers
            .get(peer)
            .map(|Peer { address, agent, .. }| Sender { address: *address, agent: agent.clone() })
    }

    pub(super) fn origin(&self) -> Origin {
        match self.event_log.arriving {
            Arriving::Nothing => Origin::Reconsidered,
            Arriving::Waited => Origin::Waited,
            Arriving::Mined(entry) => Origin::Mined { entry },
            Arriving::Peer { peer, asked } => match self.sender_of(peer) {
                Some(sender) if asked => Origin::Synced(sender),
                Some(sender) => Origin::Announced(sender),
                // It was closed a moment ago, for what it sent.
                None => Origin::Waited,
            },
        }
    }

    /// What a change of the chain did to blocks. Returns what the person is told of it.
    pub(super) fn note_change(
        &mut self,
        change: &ChainChange,
        source: BlockSource,
    ) -> StoreResult<Vec<Event>> {
        let arriving = self.event_log.arriving;
        let block = change.block.into();
        let mut told = Vec::new();
        let Some(to) = change.connected.last() else {
            let side = Event::SideBlock { block, origin: self.origin(), held: change.is_held };
            // A branch with more work is spoken of as a whole: when it is followed, or as an alarm.
            let is_ahead = change.block.beats(&self.chain.tip());
            if !is_ahead && !self.chain.is_held(&change.block.hash) {
                told.push(side.clone());
            }
            self.event_log.push(side);
            return Ok(told);
        };
        let from = change.reverted.first();
        if arriving != Arriving::Nothing || from.is_none() {
            let first = change.connected.first().filter(|_| from.is_none());
            self.note_joined(arriving, *first.unwrap_or(&change.block), block);
        }
        if let Some(from) = from {
            let names = |points: &[BestPoint]| {
                points.iter().take(MAX_NOTED_BLOCKS).map(|point| (*point).into()).collect()
            };
            let moved = Event::Reorganised {
                depth: u32::try_from(change.reverted.len()).unwrap_or(u32::MAX),
                from: *from,
                to: *to,
                reverted: names(&change.reverted),
                connected: names(&change.connected),
            };
            told.push(moved.clone());
            self.event_log.push(moved);
        }
        // A longer reorganisation is only summed up.
        if change.connected.len() <= MAX_NOTED_BLOCKS {
            for point in &change.connected {
                let block = self.chain.block(&point.hash)?;
                told.extend(block.map(|block| Event::BlockAdded { block, source }));
            }
        }
        Ok(told)
    }

    fn note_joined(&mut self, arriving: Arriving, first: BestPoint, block: BlockName) {
        if self.event_log.run == Some(arriving)
            && let Some(Event::BlocksJoined { last, .. }) = self.event_log.happened.last_mut()
            && last.height.checked_add(1) == Some(first.height)
        {
            *last = block;
            return;
        }
        let (first, origin) = (first.into(), self.origin());
        self.event_log.push(Event::BlocksJoined { first, last: block, origin });
        self.event_log.run = Some(arriving);
    }

    /// A block was refused. Where it is a peer's, the person is told as of its lines.
    pub(super) fn block_refused(
        &mut self,
        peer: Option<PeerId>,
        block: BlockName,
        violation: &RuleViolation,
    ) {
        let (code, reason) = (violation.code().to_string(), violation.to_string());
        let refused = Event::BlockRefused { block, code, reason, origin: self.origin() };
        match peer {
            Some(peer) => self.tell_of(peer, refused),
            None => self.event_log.push(refused),
        }
    }

    /// A line of a peer was refused. The person is told as often as the peer's share allows.
    pub(super) fn line_refused(&mut self, peer: PeerId, code: &str, reason: &str) {
        if let Some(sender) = self.sender_of(peer) {
            let (code, reason) = (code.to_string(), reason.to_string());
            self.tell_of(peer, Event::LineRefused { sender, code, reason });
        }
    }

    /// Writes down what a peer caused, and tells the person as often as its share allows.
    pub(super) fn tell_of(&mut self, peer: PeerId, event: Event) {
        match self.peers.may_report(peer, self.now) {
            true => self.tell(event),
            false => self.note(&event),
        }
    }

    pub(super) fn note_penalty(&mut self, peer: PeerId, points: u32, total: u32) {
        if let Some(address) = self.peers.get(peer).map(|peer| peer.address) {
            self.event_log.push(Event::PeerPenalised { address, points, total });
        }
    }

    /// A transaction came to wait; `peer` is who sent it, if it was not a person of this node. Returns
    /// what the person is told of it.
    pub(super) fn note_pooled(
        &mut self,
        txid: Txid,
        peer: Option<PeerId>,
        displaced: Vec<Txid>,
    ) -> Action {
        let pooled = Event::TransactionPooled { txid, origin: self.origin_of_transaction(peer) };
        self.note(&pooled);
        let by = Some(txid);
        for txid in displaced {
            self.event_log.push(Event::TransactionDisplaced { txid, by, from: None, again: false });
        }
        Action::Notify(pooled)
    }

    pub(super) fn note_transaction_refused(
        &mut self,
        txid: Txid,
        peer: Option<PeerId>,
        refusal: &PoolRefusal,
    ) {
        let (code, reason) = (refusal.code().to_string(), refusal.to_string());
        let origin = self.origin_of_transaction(peer);
        self.event_log.push(Event::TransactionRefused { txid, code, reason, origin });
    }

    fn origin_of_transaction(&self, peer: Option<PeerId>) -> Origin {
        match peer {
            None => Origin::Person,
            Some(peer) => self.sender_of(peer).map_or(Origin::Waited, Origin::Announced),
        }
    }
}
