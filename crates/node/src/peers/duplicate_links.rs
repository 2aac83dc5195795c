//! Two links to one node, and which of them ends.
//!
//! An id in `HELLO` is only what somebody says. A link that we dialled is to the node at its address,
//! whatever is said elsewhere, so no claim ever ends one: of two links that cross, the node with the
//! smaller id ends the one that came in to it, and the other node keeps both until then.

use super::limits::same_host;
use super::{Peer, Peers};
use crate::interface::{Direction, PeerId};
use crate::prelude::*;
use crate::wire::InstanceId;

impl Peers {
    /// Links that this node is to close, now that `id` introduced itself.
    pub(crate) fn superfluous(&self, id: PeerId, our_id: InstanceId) -> Vec<PeerId> {
        let Some(peer) = self.get(id) else { return Vec::new() };
        let Some(instance_id) = peer.instance_id else { return Vec::new() };
        let twins = || {
            self.iter()
                .filter(move |(other, twin)| *other != id && twin.instance_id == Some(instance_id))
        };
        let we_act = our_id < instance_id;
        match peer.direction {
            // The dialler alone knows why there are two; here each is as good as the other.
            Direction::Inbound => {
                let crosses = twins().any(|(_, twin)| cross(twin, peer));
                if we_act && crosses { alloc::vec![id] } else { Vec::new() }
            }
            Direction::Outbound(_) => {
                let is_second = twins().any(|(_, twin)| {
                    twin.direction != Direction::Inbound && twin.address == peer.address
                });
                if is_second {
                    return alloc::vec![id];
                }
                let crossing = twins().filter(|(_, twin)| we_act && cross(peer, twin));
                crossing.map(|(twin, _)| twin).collect()
            }
        }
    }

    /// Whether the node that we dialled has, as it says, a link to us of its own.
    pub(crate) fn is_doubled(&self, id: PeerId) -> bool {
        let Some(peer) = self.get(id) else { return false };
        peer.direction != Direction::Inbound
            && peer.instance_id.is_some()
            && self.iter().any(|(_, twin)| {
                twin.direction == Direction::Inbound && twin.instance_id == peer.instance_id
            })
    }
}

/// Whether an inbound link is of the node that we dialled with the other: it comes from its host, and
/// says that it listens where we dialled. Another node on that host does not.
fn cross(dialled: &Peer, inbound: &Peer) -> bool {
    dialled.direction != Direction::Inbound
        && inbound.direction == Direction::Inbound
        && same_host(dialled.address.ip(), inbound.address.ip())
        && inbound.listen == Some(dialled.address.port())
}
