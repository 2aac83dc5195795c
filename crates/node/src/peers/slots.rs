//! How many may connect, and what a newcomer is told where all places are taken.

use core::net::SocketAddr;

use super::eviction::{self, Candidate};
use super::limits::{group, neighbourhood, same_host};
use super::{Peer, Peers};
use crate::interface::{Direction, DisconnectReason, PeerId};
use crate::prelude::*;

/// How many may connect by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Places {
    pub(crate) inbound: usize,
    pub(crate) per_address: usize,
    pub(crate) per_group: usize,
}

impl Peers {
    /// Of all places, those that are kept for addresses which a person chose to dial: a quarter, or
    /// as many as were named from the start. Strangers who connect can never take them.
    pub(crate) fn outbound_places(max_peers: usize, named: usize) -> usize {
        let quarter = (max_peers / 4).max(usize::from(max_peers > 1));
        quarter.max(named).min(max_peers)
    }

    /// Whether there is room for a new connection, and whose place it gets where that has to be made.
    /// Who `is_busy` is being answered, and so not idle.
    pub(crate) fn admit(
        &self,
        direction: &Direction,
        address: SocketAddr,
        now: Duration,
        is_busy: impl Fn(PeerId) -> bool,
    ) -> Result<Option<PeerId>, DisconnectReason> {
        if matches!(direction, Direction::Outbound(_)) {
            return Ok(None);
        }
        let candidate = |(id, peer): (PeerId, &Peer)| {
            let heard_at = if is_busy(id) { now } else { peer.heard_at };
            candidate(id, peer, heard_at)
        };
        let (ip, ours) = (address.ip(), group(address.ip()));
        let Places { inbound, per_address, per_group } = self.places;
        // Those that are being closed still hold a socket, which counts against their own.
        let holding = || self.table.values().filter(|peer| peer.direction == Direction::Inbound);
        let is_of_host = |peer: &Peer| same_host(peer.address.ip(), ip);
        let is_of_group = |peer: &Peer| group(peer.address.ip()) == ours;
        if !ip.to_canonical().is_loopback()
            && holding().filter(|peer| is_of_host(peer)).count() >= per_address
        {
            let of_host = self.inbound().filter(|(_, peer)| is_of_host(peer)).map(candidate);
            let idle = eviction::idle_by_hand(of_host, now);
            return idle.map(Some).ok_or(DisconnectReason::TooManyFromAddress);
        }
        if ours.is_some() && holding().filter(|peer| is_of_group(peer)).count() >= per_group {
            let of_group = self.inbound().filter(|(_, peer)| is_of_group(peer)).map(candidate);
            let idle = eviction::idle_by_hand(of_group, now);
            return idle.map(Some).ok_or(DisconnectReason::TooManyFromGroup);
        }
        if self.inbound().count() < inbound {
            return Ok(None);
        }
        let victim = eviction::idle_by_hand(self.inbound().map(&candidate), now).or_else(|| {
            eviction::victim(self.inbound().map(&candidate).collect(), inbound, self.secret)
        });
        victim.map(Some).ok_or(DisconnectReason::TooManyPeers)
    }

    /// Whether these are its places, and no more are connected than they allow: it may come from a
    /// stranger's file.
    pub(crate) fn is_within(&self, places: Places) -> bool {
        self.places == places && self.inbound().count() <= places.inbound
    }

    fn inbound(&self) -> impl Iterator<Item = (PeerId, &Peer)> {
        self.iter().filter(|(_, peer)| peer.direction == Direction::Inbound)
    }
}

fn candidate(id: PeerId, peer: &Peer, heard_at: Duration) -> Candidate {
    Candidate {
        id,
        neighbourhood: neighbourhood(peer.address.ip()),
        connected_at: peer.connected_at,
        by_hand: peer.is_by_hand().then_some(heard_at),
        latency: peer.lowest_latency,
        block_at: peer.block_at,
        transaction_at: peer.transaction_at,
    }
}
