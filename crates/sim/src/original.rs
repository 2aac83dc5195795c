//! The node that started it all, as the tutorial wrote it.
//!
//! It asks for the chain when it dials, appends every block whose own hash and work are right, known
//! or not, passes on every block that it can parse, and mines on the last one it appended. It reads
//! JSON with escapes and writes it without. It knows two verbs and a buffer of 4,096 bytes, and says
//! nothing about itself.

use std::net::SocketAddr;

use kusari_chain::Block;
use kusari_node::wire::{self, Message};

use crate::checks::ListRule;

use crate::connection::Place;
use crate::mining;
use crate::world::{Host, MILLISECOND, Micros, SECOND, World};

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

/// A block as an original writes it: nothing is escaped.
fn line_of(block: &Block) -> Vec<u8> {
    let Block { index, timestamp, nonce, data, prev_hash, hash, transactions } = block;
    let transfers: Vec<String> = transactions
        .iter()
        .map(|transfer| {
            format!(
                "{{\"sender\":\"{}\",\"receiver\":\"{}\",\"amount\":{}}}",
                transfer.sender, transfer.receiver, transfer.amount
            )
        })
        .collect();
    format!(
        "BLOCK:{{\"index\":{index},\"timestamp\":{timestamp},\"nonce\":{nonce},\"data\":\"{data}\",\
         \"prev_hash\":\"{prev_hash}\",\"hash\":\"{hash}\",\"transactions\":[{}]}}\n",
        transfers.join(",")
    )
    .into_bytes()
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
        self.plan(self.now + pause, move |world| world.act(host));
    }

    pub(crate) fn original_mines(&mut self, host: usize) {
        let nonce = self.random.draw();
        let now = self.now;
        let Some(original) = self.original(host) else { return };
        original.mined += 1;
        let parent = original.chain.last().cloned().unwrap_or_else(Block::genesis);
        let text = format!("original {host} says {}", original.mined);
        let block = mining::mine(&parent, 1_800_000_000 + now / SECOND, nonce, text);
        original.chain.push(block.clone());
        let places = original.places.clone();
        let line = line_of(&block);
        for place in places {
            self.send_line(place, line.clone());
        }
    }

    pub(crate) fn original_reads(&mut self, host: usize, place: Place) {
        self.read_lines(place, |world, line| match line {
            Ok(line) => world.original_takes(host, place, &line),
            Err(_) => {
                world.check_original_is_spared(host, place, "a line beyond its buffer");
                world.break_end(place, "the line does not fit");
            }
        });
    }

    fn original_takes(&mut self, host: usize, place: Place, line: &[u8]) {
        self.trace.note(self.now, host, format_args!("<- {}", String::from_utf8_lossy(line)));
        if line.starts_with(b"GET_CHAIN") {
            let chain = self.original(host).map(|original| original.chain.clone());
            for block in chain.unwrap_or_default() {
                self.send_line(place, line_of(&block));
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
        let line = match wire::receive(line) {
            Ok(Message::Block(block)) => {
                let block = block.into_block();
                let line = line_of(&block);
                if let Some(original) = self.original(host) {
                    original.chain.push(block);
                }
                line
            }
            // It parses, so it is passed on, right or wrong.
            Err(wire::Refusal::Rule(_)) => [line, b"\n"].concat(),
            _ => return,
        };
        let places = self.original(host).map(|original| original.places.clone());
        for other in places.unwrap_or_default().into_iter().filter(|other| *other != place) {
            self.send_line(other, line.clone());
        }
    }

    /// From its next look around on it dials one more machine.
    pub(crate) fn original_dials(&mut self, host: usize, target: usize) {
        if let Some(original) = self.original(host) {
            original.dials.push(target);
        }
    }

    /// In the end: what was typed on an original stands in the best chain, and its list holds that.
    pub(crate) fn check_lists(&mut self, rule: ListRule) {
        let Some(&first) = self.kusari_hosts().first() else { return };
        let best = self.best_chain(first);
        for host in 0..self.hosts.len() {
            let Some(Host::Original(original)) = self.hosts.get(host) else { continue };
            let list = &original.chain;
            let sign = format!("original {host} says ");
            let lost = list.iter().find(|b| b.data.starts_with(&sign) && !best.contains(b));
            let fault = if let Some(lost) = lost {
                format!("{:?} is lost", lost.data)
            } else if list.last() != best.last() {
                format!("its last block is {:?}, not {:?}", list.last(), best.last())
            } else if let Some(lacking) = best.iter().find(|block| !list.contains(block)) {
                format!("it lacks {:?}", lacking.data)
            } else if rule == ListRule::EachOnce && list.len() != best.len() {
                format!("its list has {} blocks and the best chain {}", list.len(), best.len())
            } else {
                continue;
            };
            self.fail(format!("original {host}: {fault}"));
        }
    }

    /// A node that knows what an original is must not send it anything else than it understands.
    fn check_original_is_spared(&mut self, host: usize, place: Place, what: &str) {
        let Some(connection) = self.connection(place) else { return };
        let from = connection.ends[1 - place.side].host;
        // One that connected and passes on wrong blocks may be a user who wants to know.
        let excused = self.faults.wrong_blocks && place.side == 0;
        if self.kusari(from).is_some() && !excused {
            self.fail(format!("node {from} sends original {host} {what}"));
        }
    }
}
