//! What is written down of blocks, transactions and peers.
//!
//! Owns how what is decided elsewhere becomes [`Happening`]s: blocks in a row from one peer are one of
//! them. Decides nothing, and nothing rests on it; between two inputs it holds nothing.

use alloc::string::ToString;
use alloc::vec::Vec;

use kusari_chain::ledger::Txid;
use kusari_chain::mempool::PoolRefusal;
use kusari_chain::{BestPoint, BlockHash, ChainChange, RuleViolation};

use super::Node;
use crate::happening::{BlockName, Happening, MAX_NOTED_BLOCKS, Origin, Sender};
use crate::peers::Peer;
use crate::seam::{Action, PeerId};
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
pub(super) struct Trail {
    happened: Vec<Happening>,
    pub(super) arriving: Arriving,
    /// From whom the last of them comes, where it is a run of blocks.
    run: Option<Arriving>,
    /// Peers that are sent the tip, and those that are told of it.
    passed_on: (u32, u32),
}

impl Trail {
    fn push(&mut self, happening: Happening) {
        self.run = None;
        self.happened.push(happening);
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
    pub(super) fn record_trail(&mut self) {
        self.note_passed_on();
        let happened = core::mem::take(&mut self.trail).happened;
        self.actions.extend(happened.into_iter().map(|happening| Action::Record(happening.into())));
    }

    fn note_passed_on(&mut self) {
        let (pushed, announced) = self.trail.passed_on;
        if (pushed, announced) != (0, 0)
            && let Ok(tip) = self.announced_tip()
        {
            self.trail.push(Happening::BlockPassedOn { block: tip.into(), pushed, announced });
        }
    }

    fn sender_of(&self, peer: PeerId) -> Option<Sender> {
        self.peers
            .get(peer)
            .map(|Peer { address, agent, .. }| Sender { address: *address, agent: agent.clone() })
    }

    fn origin(&self) -> Origin {
        match self.trail.arriving {
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

    /// What a change of the chain did to blocks.
    pub(super) fn note_change(&mut self, change: &ChainChange) {
        let arriving = self.trail.arriving;
        let is_new = arriving != Arriving::Nothing;
        let block = change.block.into();
        if change.connected.is_empty() {
            if is_new {
                let (origin, held) = (self.origin(), change.is_held);
                self.trail.push(Happening::SideBlock { block, origin, held });
            }
            return;
        }
        let reverts = !change.reverted.is_empty();
        if is_new || !reverts {
            let first = if reverts { Some(&change.block) } else { change.connected.first() };
            self.note_joined(arriving, first.copied().unwrap_or(change.block), block);
        }
        if let (Some(from), Some(to)) = (change.reverted.first(), change.connected.last()) {
            let names = |points: &[BestPoint]| {
                points.iter().take(MAX_NOTED_BLOCKS).map(|point| (*point).into()).collect()
            };
            self.trail.push(Happening::Reorganised {
                depth: u32::try_from(change.reverted.len()).unwrap_or(u32::MAX),
                from: *from,
                to: *to,
                reverted: names(&change.reverted),
                connected: names(&change.connected),
            });
        }
    }

    fn note_joined(&mut self, arriving: Arriving, first: BestPoint, block: BlockName) {
        if self.trail.run == Some(arriving)
            && let Some(Happening::BlocksJoined { last, .. }) = self.trail.happened.last_mut()
            && last.height.checked_add(1) == Some(first.height)
        {
            *last = block;
            return;
        }
        let (first, origin) = (first.into(), self.origin());
        self.trail.push(Happening::BlocksJoined { first, last: block, origin });
        self.trail.run = Some(arriving);
    }

    pub(super) fn note_orphan(&mut self, block: BlockName, parent: BlockHash) {
        let origin = self.origin();
        self.trail.push(Happening::OrphanKept { block, parent, origin });
    }

    pub(super) fn note_ahead(&mut self, block: BlockName, due: u64) {
        let origin = self.origin();
        self.trail.push(Happening::BlockAhead { block, due, origin });
    }

    pub(super) fn note_block_refused(&mut self, block: BlockName, violation: &RuleViolation) {
        let (code, reason) = (violation.code().to_string(), violation.to_string());
        let origin = self.origin();
        self.trail.push(Happening::BlockRefused { block, code, reason, origin });
    }

    pub(super) fn note_line_refused(&mut self, peer: PeerId, code: &str, reason: &str) {
        if let Some(sender) = self.sender_of(peer) {
            let (code, reason) = (code.to_string(), reason.to_string());
            self.trail.push(Happening::LineRefused { sender, code, reason });
        }
    }

    pub(super) fn note_penalty(&mut self, peer: PeerId, points: u32, total: u32) {
        if let Some(address) = self.peers.get(peer).map(|peer| peer.address) {
            self.trail.push(Happening::PeerPenalised { address, points, total });
        }
    }

    /// A transaction came to wait; `peer` is who sent it, if it was not a person of this node.
    pub(super) fn note_pooled(&mut self, txid: Txid, peer: Option<PeerId>, displaced: Vec<Txid>) {
        let origin = self.origin_of_transaction(peer);
        self.trail.push(Happening::TransactionPooled { txid, origin });
        let by = Some(txid);
        for txid in displaced {
            self.trail.push(Happening::TransactionDisplaced { txid, by, from: None });
        }
    }

    pub(super) fn note_transaction_refused(
        &mut self,
        txid: Txid,
        peer: Option<PeerId>,
        refusal: &PoolRefusal,
    ) {
        let (code, reason) = (refusal.code().to_string(), refusal.to_string());
        let origin = self.origin_of_transaction(peer);
        self.trail.push(Happening::TransactionRefused { txid, code, reason, origin });
    }

    fn origin_of_transaction(&self, peer: Option<PeerId>) -> Origin {
        match peer {
            None => Origin::Person,
            Some(peer) => self.sender_of(peer).map_or(Origin::Waited, Origin::Announced),
        }
    }
}
