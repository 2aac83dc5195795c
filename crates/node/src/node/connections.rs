//! Connections come and go.

use core::net::SocketAddr;

use kusari_chain::StoreResult;

use super::Node;
use crate::address::PeerAddress;
use crate::event::Event;
use crate::gossip::Manner;
use crate::interface::{Action, Direction, DisconnectReason, Disconnected, PeerId};
use crate::limits::MAX_BESIDE;
use crate::peers::{DialEnd, Peer, PeerStage, admits};
use crate::prelude::*;
use crate::wire::{ErrorReport, Hello, Message};

impl Node {
    pub(super) fn peer_connected(
        &mut self,
        peer: PeerId,
        direction: Direction,
        address: SocketAddr,
    ) -> StoreResult {
        // A ban is for those who come by themselves: whom the person chose is dialled all the same.
        let (inbound, host) = (direction == Direction::Inbound, address.ip());
        let verdict = if inbound && !admits(&self.config.allow, &self.config.deny, host) {
            Err(DisconnectReason::NotAllowed)
        } else if inbound && self.bans.is_banned(host, self.now) {
            Err(DisconnectReason::Banned)
        } else {
            self.peers.admit(&direction, address, self.now, |peer| self.serving.is_busy(peer))
        };
        if let Ok(Some(evicted)) = verdict {
            self.close(evicted, DisconnectReason::Evicted);
        }
        self.peers.insert(peer, direction.clone(), address, self.now);
        if let Direction::Outbound(target) = &direction
            && !self.dials.connected(target, self.now)
        {
            self.close(peer, DisconnectReason::ByPerson);
            return Ok(());
        }
        match (verdict, direction) {
            (Err(reason), _) => {
                // The last that it hears of us, so it says what is wrong, whatever the other end is.
                self.send_error(peer, (&reason).into(), &reason.to_string());
                let shown = self.peers.may_report_connection(self.now);
                self.peers.note(peer, |peer| peer.shown = shown);
                self.close(peer, reason);
            }
            (Ok(_), Direction::Outbound(target)) => {
                self.tell(Event::PeerConnected { address, target: Some(target) });
                self.send_hello(peer)?;
            }
            (Ok(_), Direction::Inbound) => {
                let shown = self.peers.may_report_connection(self.now);
                self.peers.note(peer, |peer| peer.shown = shown);
                if shown {
                    self.tell(Event::PeerConnected { address, target: None });
                }
            }
        }
        Ok(())
    }

    pub(super) fn peer_disconnected(&mut self, id: PeerId, reason: String) {
        let Some(peer) = self.peers.remove(id) else { return };
        self.forget(id);
        let reason = peer.closing.as_ref().map_or(reason, ToString::to_string);
        if peer.shown {
            self.tell(Event::PeerDisconnected { address: peer.address, reason });
        }
        self.uncover_twins_of(&peer);
        if let Direction::Outbound(target) = peer.direction {
            if !self.peers.dialled_as(&target).is_empty() {
                return;
            }
            let end = match peer.closing {
                // Its address may be dialled anew meanwhile, which this end says nothing of.
                Some(DisconnectReason::ByPerson) => return,
                Some(DisconnectReason::Misbehaved) => DialEnd::Misbehaved,
                _ => DialEnd::Lost,
            };
            self.dial_ended(target, end);
        }
    }

    pub(super) fn peer_finished(&mut self, id: PeerId) {
        self.peers.note(id, |peer| peer.finished = true);
        self.originals.remove(&mut self.downloads, id);
        self.close_if_finished(id);
    }

    /// Closes a peer that sends nothing more, once everything it asked for is written.
    pub(super) fn close_if_finished(&mut self, id: PeerId) {
        let finished = self.peers.get(id).is_some_and(|peer| peer.finished);
        if finished && !self.serving.is_busy(id) && !self.owes_transactions(id) {
            self.close(id, DisconnectReason::Finished);
        }
    }

    /// A dialled peer says nothing: another address of its name may be that of a node.
    pub(super) fn dial_beside(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get(id) else { return };
        let direction = peer.direction.clone();
        self.report(id, |address| Event::PeerSilent { address });
        let Direction::Outbound(target) = direction else { return };
        let except = self.peers.dialled_as(&target);
        if !target.is_numeric() && except.len() < MAX_BESIDE && self.dials.dial_beside(&target) {
            self.actions.push(Action::ConnectBeside { address: target, except });
        }
    }

    /// A dialled peer spoke first of those that were dialled under its name.
    pub(super) fn close_unheard_beside(&mut self, id: PeerId) {
        for other in self.peers.unheard_beside(id) {
            self.close(other, DisconnectReason::AnotherAnswered);
        }
    }

    pub(super) fn connect_failed(&mut self, target: PeerAddress, reason: String) {
        // A name may have no other address.
        if self.dials.failed_beside(&target) {
            return;
        }
        self.notify(Event::ConnectFailed { target: target.clone(), reason });
        self.dial_ended(target, DialEnd::Lost);
    }

    fn dial_ended(&mut self, target: PeerAddress, end: DialEnd) {
        if let Some(after) = self.dials.ended(&target, end, self.now, &mut self.random) {
            self.notify(Event::Redialling { target, after });
        }
    }

    /// Closes a connection from our side. What concerns the peer is forgotten at once; the driver
    /// reports the end.
    pub(super) fn close(&mut self, id: PeerId, reason: DisconnectReason) {
        let Some(peer) = self.peers.close(id, reason.clone()) else { return };
        let (direction, instance_id) = (peer.direction.clone(), peer.instance_id);
        self.forget(id);
        if let Direction::Outbound(target) = direction {
            match (&reason, instance_id) {
                (DisconnectReason::Ourselves, _) => {
                    self.dial_ended(target, DialEnd::Ourselves);
                }
                (DisconnectReason::AlreadyConnected, Some(instance_id)) => {
                    self.dial_ended(target, DialEnd::Covered(instance_id));
                }
                _ => {}
            }
        }
        self.actions.push(Action::Disconnect { peer: id, reason });
    }

    /// Ends every connection with an address, whichever side made it, and dials it no more.
    pub(super) fn disconnect(&mut self, address: &PeerAddress) -> Disconnected {
        let mut ended = Disconnected { dialled: self.dials.remove(address), connections: 0 };
        let has_it = |peer: &Peer| {
            let listening = peer.listen.map(|port| SocketAddr::new(peer.address.ip(), port));
            let of_socket = [Some(peer.address), listening].into_iter().flatten();
            matches!(&peer.direction, Direction::Outbound(target) if target == address)
                || of_socket.into_iter().any(|socket| address.is(socket))
        };
        let peers = self.peers.iter().filter(|(_, peer)| has_it(peer));
        let peers: Vec<PeerId> = peers.map(|(id, _)| id).collect();
        for id in peers {
            let Some(peer) = self.peers.get(id) else { continue };
            let (socket, instance_id) = (peer.address, peer.instance_id);
            // What else leads there would be dialled again.
            if let Direction::Outbound(target) = peer.direction.clone() {
                ended.dialled |= self.dials.remove(&target);
            }
            ended.dialled |= self.dials.remove_covered(instance_id, socket.ip());
            self.close(id, DisconnectReason::ByPerson);
            ended.connections += 1;
        }
        ended
    }

    fn uncover_twins_of(&mut self, peer: &Peer) {
        if let Some(instance_id) = peer.instance_id
            && peer.closing != Some(DisconnectReason::AlreadyConnected)
        {
            self.dials.uncover(instance_id, self.now);
        }
    }

    fn forget(&mut self, id: PeerId) {
        self.sync.remove(id);
        self.originals.remove(&mut self.downloads, id);
        self.gossip.remove(id);
        self.pending_announcements.remove(id);
        self.missing_payloads.remove(id);
        self.headers.remove(&mut self.downloads, id);
        self.downloads.remove(id);
        self.compact.remove(id);
        self.serving.remove(id);
        if let Some(transactions) = &mut self.transactions {
            transactions.listeners.remove(id);
        }
        if let Some(witnesses) = &mut self.witnesses {
            witnesses.listeners.remove(id);
        }
    }

    /// Scores a fault of an introduced peer, and closes it where that is enough. If it came by itself it
    /// is banned; if we dialled it, it is dialled again after the longest wait.
    pub(super) fn punish(&mut self, id: PeerId, score: u32) {
        let Some(total) = self.peers.punish(id, score, self.now) else { return };
        self.note_penalty(id, score, total);
        if total < crate::limits::BAN_SCORE {
            return;
        }
        let Some(peer) = self.peers.get(id) else { return };
        let (address, inbound) = (peer.address, peer.direction == Direction::Inbound);
        if inbound && self.bans.ban(address.ip(), self.now) {
            let seconds = crate::limits::BAN_TIME.as_secs();
            self.tell_of(id, Event::PeerBanned { address, seconds });
        }
        self.close(id, DisconnectReason::Misbehaved);
    }

    /// Closes links to a node that has another one with us, and tells it so on the link itself: only what
    /// it says there keeps the other node from dialling it again.
    pub(super) fn close_twins_of(&mut self, id: PeerId) {
        for twin in self.peers.superfluous(id, self.id) {
            let inbound = self.peers.get(twin).is_some_and(|p| p.direction == Direction::Inbound);
            if inbound {
                self.send_error(twin, "already-connected", "there is another link between us");
            }
            self.close(twin, DisconnectReason::AlreadyConnected);
        }
    }

    pub(super) fn told_of_error(&mut self, peer: PeerId, report: ErrorReport) {
        if report.code == "already-connected" && self.peers.is_doubled(peer) {
            return self.close(peer, DisconnectReason::AlreadyConnected);
        }
        let ErrorReport { code, message } = report;
        if code == "busy" {
            self.busy_received(peer);
        }
        self.note_block_refusal(peer, &code);
        let is_introduced = self.peers.get(peer).is_some_and(Peer::is_introduced);
        let connection = !is_introduced && DisconnectReason::is_refusal(&code);
        self.report(peer, |address| Event::PeerRefusedOurs { address, message, connection });
    }

    /// Introduces us. What the peer is told here of our tip is where gossip to it begins.
    pub(super) fn send_hello(&mut self, peer: PeerId) -> StoreResult {
        let tip = self.announced_tip()?;
        self.gossip.begin(peer, Manner::Blocks, tip, self.now);
        let hello = Hello {
            agent: self.config.agent.clone(),
            protocol: 1,
            chain: self.chain_name(),
            height: tip.height,
            work: tip.work,
            tip: tip.hash,
            listen: self.config.listen_port,
            id: self.id,
            time: Some(self.wall),
        };
        self.send(peer, Message::Hello(hello));
        Ok(())
    }

    pub(super) fn send_error(&mut self, peer: PeerId, code: &str, message: &str) {
        let report = ErrorReport { code: code.to_string(), message: message.to_string() };
        self.send(peer, Message::Error(report));
    }

    /// Whether the peer may be told that a block of its is refused.
    pub(super) fn may_be_told_of_blocks(&self, id: PeerId) -> bool {
        let original = self.peers.get(id).is_some_and(Peer::relays_like_an_original);
        self.understands_errors(id) && !original
    }

    /// Whether the peer understands an `ERROR` line. An original we dialled does not, and one that
    /// was greeted may turn out to be an original.
    pub(super) fn understands_errors(&self, id: PeerId) -> bool {
        self.peers
            .get(id)
            .is_some_and(|peer| peer.stage != PeerStage::Original && !peer.is_unheard())
    }
}
