//! The node that started it all, as the tutorial wrote it.
//!
//! It asks for the chain when it dials, takes every block whose own hash and work are right, passes
//! on every block that it can parse, and mines on the last one it took. It knows two verbs and a
//! buffer of 4,096 bytes, and says nothing about itself.

use std::net::SocketAddr;

use kusari_chain::Block;
use kusari_node::wire::{self, Message};

use crate::connection::Place;
use crate::mining;
use crate::world::{Event, Host, MILLISECOND, Micros, SECOND, World};

/// A machine that runs an original node.
pub(crate) struct Original {
    pub(crate) address: SocketAddr,
    /// Every block that it took, in the order they came.
    pub(crate) chain: Vec<Block>,
    pub(crate) places: Vec<Place>,
    /// Machines that it dials.
    pub(crate) dials: Vec<usize>,
    /// Mean time between blocks that it mines; `None` where it does not.
    pub(crate) mines_every: Option<Micros>,
    mined: u64,
}

impl Original {
    pub(crate) fn new(address: SocketAddr, dials: Vec<usize>, mines_every: Option<Micros>) -> Self {
        Self { address, chain: Vec::new(), places: Vec::new(), dials, mines_every, mined: 0 }
    }
}

impl World {
    fn original(&mut self, host: usize) -> Option<&mut Original> {
        match self.hosts.get_mut(host) {
            Some(Host::Original(original)) => Some(original),
            _ => None,
        }
    }

    pub(crate) fn original_connected(&mut self, host: usize, place: Place) {
        if let Some(original) = self.original(host) {
            original.places.push(place);
        }
    }

    /// Dials whom it is not connected to, and mines.
    pub(crate) fn original_acts(&mut self, host: usize) {
        let Some(original) = self.original(host) else { return };
        let (dials, every) = (original.dials.clone(), original.mines_every);
        for target in dials {
            let connected = self.connections.values().any(|connection| {
                let [a, b] = &connection.ends;
                a.host == host && b.host == target && a.open
            });
            if connected {
                continue;
            }
            if let Some(connection) = self.open(host, target) {
                let place = Place { connection, side: 0 };
                self.original_connected(host, place);
                self.send_line(place, b"GET_CHAIN\n".to_vec());
            }
        }
        if let Some(every) = every
            && self.random.below(every) < 2 * SECOND
        {
            self.original_mines(host);
        }
        let pause = self.random.between(SECOND, 3 * SECOND) + self.random.below(MILLISECOND);
        self.plan(self.now + pause, Event::Act(host));
    }

    fn original_mines(&mut self, host: usize) {
        let nonce = self.random.draw();
        let now = self.now;
        let Some(original) = self.original(host) else { return };
        original.mined += 1;
        let parent = original.chain.last().cloned().unwrap_or_else(Block::genesis);
        let text = format!("original {host} says {}", original.mined);
        let block = mining::mine(&parent, 1_800_000_000 + now / SECOND, nonce, text);
        original.chain.push(block.clone());
        let places = original.places.clone();
        let line = wire::encode(&Message::Block(block));
        for place in places {
            self.send_line(place, line.clone());
        }
    }

    pub(crate) fn original_reads(&mut self, host: usize, place: Place) {
        let bytes = self.take_inbox(place);
        if let Some(connection) = self.connection(place) {
            connection.ends[place.side].framer.push(&bytes);
        }
        while let Some(line) = self.next_line(place) {
            match line {
                Ok(line) => self.original_takes(host, place, &line),
                Err(_) => {
                    self.check_original_is_spared(host, place, "a line beyond its buffer");
                    self.break_end(place, "the line does not fit");
                }
            }
        }
        let ended = self.connection(place).is_some_and(|state| state.ends[place.side].ended);
        if ended {
            self.close_end(place);
        }
    }

    fn original_takes(&mut self, host: usize, place: Place, line: &[u8]) {
        self.trace.note(self.now, host, format_args!("<- {}", String::from_utf8_lossy(line)));
        if line.starts_with(b"GET_CHAIN") {
            let chain = self.original(host).map(|original| original.chain.clone());
            for block in chain.unwrap_or_default() {
                self.send_line(place, wire::encode(&Message::Block(block)));
            }
            return;
        }
        if !line.starts_with(b"BLOCK:") {
            // A dialled peer is an original for sure; one that dialled us is greeted first.
            let greeting = line.starts_with(b"HELLO:") && place.side == 1;
            if !greeting {
                let verb = String::from_utf8_lossy(line).chars().take(80).collect::<String>();
                self.check_original_is_spared(host, place, &verb);
            }
            return;
        }
        if line.windows(12).any(|part| part == b"\"commitment\"") {
            self.check_original_is_spared(host, place, "keys that it does not know");
        }
        match wire::receive(line) {
            Ok(Message::Block(block)) => {
                let block = block.into_block();
                if let Some(original) = self.original(host) {
                    original.chain.push(block);
                }
            }
            // It parses, so it is passed on, right or wrong.
            Err(wire::Refusal::Rule(_)) => {}
            _ => return,
        }
        let places = self.original(host).map(|original| original.places.clone());
        let line = [line, b"\n"].concat();
        for other in places.unwrap_or_default().into_iter().filter(|other| *other != place) {
            self.send_line(other, line.clone());
        }
    }

    /// A node that knows what an original is must not send it anything else than it understands.
    fn check_original_is_spared(&mut self, host: usize, place: Place, what: &str) {
        let Some(connection) = self.connection(place) else { return };
        let from = connection.ends[1 - place.side].host;
        // One that connected and passes on wrong blocks may be a person who wants to know.
        let excused = self.weather.wrong_blocks && place.side == 0;
        if matches!(self.hosts.get(from), Some(Host::Kusari(_))) && !excused {
            self.fail(format!("node {from} sends original {host} {what}"));
        }
    }
}
