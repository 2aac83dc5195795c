//! Connections come and go: dials, closes, resets, silence, partitions.
//!
//! Owns who learns of what, and when. Knows nothing of bytes.

use kusari_node::PeerAddress;
use kusari_node::interface::{Direction, Input};

use crate::connection::{Connection, End, Place};
use crate::world::{Host, MILLISECOND, Micros, SECOND, World};

/// How long a connection may be dead before an end notices: the keepalive of the system.
const KEEPALIVE: Micros = 60 * SECOND;
/// How long a write may take before the driver gives up.
const WRITE_DEADLINE: Micros = 30 * SECOND;
/// How long a connection that is being closed may still write.
const DRAIN: Micros = 5 * SECOND;

impl World {
    /// Opens a connection between two machines, if the network allows it now.
    pub(crate) fn open(&mut self, from: usize, to: usize) -> Option<u64> {
        if self.is_cut(from, to) || !self.is_up(to) {
            return None;
        }
        self.opened += 1;
        self.counts.connections += 1;
        let id = self.opened;
        let latency = self.random.between(200, 40 * MILLISECOND);
        let mut ends = [End::new(from), End::new(to)];
        ends[0].open = true;
        self.connections.insert(id, Connection { ends, hung: None, latency });
        self.plan(self.now + latency, move |world| world.accepted(id));
        self.plan(self.now + KEEPALIVE / 3, move |world| world.keepalive(id));
        Some(id)
    }

    fn is_up(&self, host: usize) -> bool {
        self.hosts.get(host).is_some() && self.kusari(host).is_none_or(|own| own.node.is_some())
    }

    /// A node's dial comes to its end.
    pub(crate) fn dialled(&mut self, host: usize, life: u32, address: &PeerAddress) {
        if self.kusari(host).is_none_or(|kusari| kusari.life != life) {
            return;
        }
        let target = self.directory.get(address).copied();
        let input = match target.and_then(|to| Some((to, self.open(host, to)?))) {
            Some((to, connection)) => Input::PeerConnected {
                peer: Place { connection, side: 0 }.peer(),
                direction: Direction::Outbound(address.clone()),
                address: self.address_of(to),
            },
            None => {
                Input::ConnectFailed { address: address.clone(), reason: String::from("no answer") }
            }
        };
        self.input_if_alive(host, life, input);
    }

    /// The listening machine learns of a connection.
    pub(crate) fn accepted(&mut self, connection: u64) {
        let place = Place { connection, side: 1 };
        let Some(state) = self.connection(place) else { return };
        let (from, to) = (state.ends[0].host, state.ends[1].host);
        if !self.is_up(to) {
            self.break_end(place.other(), "connection refused");
            return;
        }
        if let Some(state) = self.connection(place) {
            state.ends[1].open = true;
        }
        let mut address = self.address_of(from);
        // The port of a dialling socket is any.
        address.set_port(u16::try_from(30_000 + connection % 30_000).unwrap_or(1));
        let peer = place.peer();
        match self.hosts.get(to) {
            Some(Host::Kusari(kusari)) => {
                let life = kusari.life;
                let input = Input::PeerConnected { peer, direction: Direction::Inbound, address };
                self.input_if_alive(to, life, input);
            }
            Some(Host::Original(_)) => self.original_connected(to, place),
            Some(Host::Byzantine(_)) => self.byzantine_connected(to, place),
            None => {}
        }
        self.read(place);
    }

    /// Closes an end once everything that it has queued is written.
    pub(crate) fn drain_end(&mut self, place: Place) {
        let deadline = self.now + DRAIN;
        let Some(end) = self.end(place) else { return };
        if !end.open {
            return;
        }
        end.draining = true;
        if end.out.is_empty() {
            self.close_end(place);
        } else {
            self.plan(deadline, move |world| world.close_end(place));
        }
    }

    /// Closes an end. The other one learns of it behind what was sent, unless the network is dead.
    pub(crate) fn close_end(&mut self, place: Place) {
        let Some(connection) = self.connection(place) else { return };
        let end = &mut connection.ends[place.side];
        if !end.open {
            return;
        }
        let (arrival, latency) = (end.out.last_arrival, connection.latency);
        self.forget_end(place, "closed");
        let at = arrival.max(self.now + latency);
        self.plan(at, move |world| world.ended(place.other()));
    }

    /// An end gives up: what was on its way is lost.
    pub(crate) fn break_end(&mut self, place: Place, reason: &'static str) {
        let Some(connection) = self.connection(place) else { return };
        let latency = connection.latency;
        self.forget_end(place, reason);
        self.plan(self.now + latency, move |world| {
            world.broken(place.other(), "connection reset by peer")
        });
    }

    /// An end learns that the other one sends nothing more.
    pub(crate) fn ended(&mut self, place: Place) {
        if !self.is_reachable(place) {
            return;
        }
        if let Some(end) = self.end(place) {
            end.ended = true;
            self.read(place);
        }
    }

    /// An end learns that the connection is gone.
    pub(crate) fn broken(&mut self, place: Place, reason: &'static str) {
        if self.is_reachable(place) {
            self.forget_end(place, reason);
        }
    }

    fn is_reachable(&self, place: Place) -> bool {
        self.connections.get(&place.connection).is_some_and(|state| !self.is_blocked(state))
    }

    /// An end is no more; its machine is told.
    fn forget_end(&mut self, place: Place, reason: &'static str) {
        let Some(connection) = self.connection(place) else { return };
        let end = &mut connection.ends[place.side];
        let (host, was_open) = (end.host, std::mem::take(&mut end.open));
        end.out.queue.clear();
        end.out.writing.clear();
        end.inbox.clear();
        if !connection.ends[0].open && !connection.ends[1].open {
            self.connections.remove(&place.connection);
        }
        if !was_open {
            return;
        }
        match self.hosts.get_mut(host) {
            Some(Host::Kusari(kusari)) => {
                let life = kusari.life;
                let (peer, reason) = (place.peer(), reason.to_owned());
                let input = Input::PeerDisconnected { peer, reason };
                self.plan(self.now, move |world| world.input_if_alive(host, life, input));
            }
            Some(Host::Original(original)) => original.places.retain(|other| *other != place),
            Some(Host::Byzantine(byzantine)) => byzantine.places.retain(|other| *other != place),
            None => {}
        }
    }

    /// Looks whether a connection still works, as the system and the driver would.
    pub(crate) fn keepalive(&mut self, id: u64) {
        let now = self.now;
        let Some(connection) = self.connections.get(&id) else { return };
        let blocked = self.is_blocked(connection);
        let dead_since = connection.hung;
        for side in [0, 1] {
            let place = Place { connection: id, side };
            let Some(connection) = self.connections.get(&id) else { return };
            let end = &connection.ends[side];
            let other_gone = !connection.ends[1 - side].open;
            let stuck = !end.out.is_empty() && now >= end.out.moved_at + WRITE_DEADLINE;
            let dead = dead_since.is_some_and(|since| now >= since + KEEPALIVE);
            if end.open && (dead || stuck || (other_gone && !blocked && !end.ended)) {
                self.break_end(place, "the connection is dead");
            }
        }
        if self.connections.contains_key(&id) {
            self.plan(now + KEEPALIVE / 3, move |world| world.keepalive(id));
        }
    }

    /// All connections between two machines stall until the link heals.
    pub(crate) fn cut_link(&mut self, a: usize, b: usize) {
        if a != b {
            self.trace.note(self.now, a, format_args!("link to {b} is cut"));
            self.cuts.insert((a.min(b), a.max(b)));
        }
    }

    /// Every cut link works again, and what was held arrives.
    pub(crate) fn heal_links(&mut self) {
        self.trace.note(self.now, 0, format_args!("links are healed"));
        self.cuts.clear();
        let ids: Vec<u64> = self.connections.keys().copied().collect();
        for id in ids {
            for side in [0, 1] {
                let place = Place { connection: id, side };
                let Some(connection) = self.connection(place) else { continue };
                if connection.hung.is_some() {
                    continue;
                }
                let end = &mut connection.ends[side];
                let held = std::mem::take(&mut end.held);
                end.inbox.extend(held);
                if end.open {
                    self.plan(self.now, move |world| world.read(place));
                    self.pump(place);
                }
            }
        }
    }
}
