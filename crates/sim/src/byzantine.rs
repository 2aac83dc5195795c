//! Machines that mean no good, each in one way.
//!
//! They speak by hand-written lines, ignore answers or do not read at all, and come again when they
//! are thrown out. They cannot break the hash.

use std::net::SocketAddr;

use kusari_chain::{Block, BlockHash, Work};
use kusari_node::wire::{self, Dialect, Have, Message};

use crate::cheat::Cheat;
use crate::connection::Place;
use crate::flipper::Flipper;
use crate::mining;
use crate::world::{Host, MILLISECOND, Micros, SECOND, World};

/// In which way a machine means no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malice {
    /// Claims endless work and never answers.
    Boaster,
    /// Claims endless work and answers with one block over and over, never to an end.
    Dripper,
    /// Claims endless work and answers that there is nothing.
    EmptyHanded,
    /// Sends what is no message.
    Babbler,
    /// Sends blocks that are wrong, unlinked or old.
    Forger,
    /// Asks for everything again and again and reads nothing.
    Glutton,
    /// Sends a byte now and then.
    Slowpoke,
    /// Connects, again and again.
    Knocker,
    /// Announces every block that it hears of to all peers, and sends none.
    Crier,
    /// Sends blocks and transactions of a ledger that break its rules, each with its work.
    Cheat,
    /// Signs two statements under one sequence, and some with keys that are new.
    Perjurer,
    /// Has two long branches lead by turns.
    Flipper,
    /// Holds places and never says a word.
    Mute,
    /// Holds places as a user would, and now and then asks for help.
    Typist,
    /// Holds places with a line that never ends.
    Trickler,
    /// Claims endless work and says nothing more.
    Claimant,
    /// Claims endless work and sends the true chain, a block now and then.
    Miser,
}

pub(crate) const EVERY_MALICE: [Malice; 9] = [
    Malice::Boaster,
    Malice::Dripper,
    Malice::EmptyHanded,
    Malice::Babbler,
    Malice::Forger,
    Malice::Glutton,
    Malice::Slowpoke,
    Malice::Knocker,
    Malice::Crier,
];

/// A machine that means no good.
pub(crate) struct Byzantine {
    pub(crate) address: SocketAddr,
    pub(crate) malice: Malice,
    pub(crate) places: Vec<Place>,
    targets: Vec<usize>,
    /// Longest time between two of its acts.
    pub(crate) pause: Micros,
    /// The last block that it was sent.
    pub(crate) seen: Vec<Block>,
    orphans: u32,
    gone: bool,
    /// Blocks that a miser has sent.
    given: usize,
    /// What a cheat knows of the ledger.
    pub(crate) cheat: Option<Box<Cheat>>,
    /// How far a flipper is.
    pub(crate) flipper: Flipper,
}

impl Byzantine {
    pub(crate) fn new(address: SocketAddr, malice: Malice, targets: Vec<usize>) -> Self {
        Self {
            address,
            malice,
            places: Vec::new(),
            targets,
            pause: 3 * SECOND,
            seen: Vec::new(),
            orphans: 0,
            gone: false,
            given: 0,
            cheat: None,
            flipper: Flipper::default(),
        }
    }

    /// The next block that a miser parts with.
    fn give(&mut self) -> Option<&'static Block> {
        self.given += 1;
        mining::long_chain().get(self.given - 1)
    }

    /// It leaves for good. Returns the connections that it leaves behind.
    pub(crate) fn leave(&mut self) -> Vec<Place> {
        self.gone = true;
        std::mem::take(&mut self.places)
    }
}

const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl World {
    pub(crate) fn byzantine(&mut self, host: usize) -> Option<&mut Byzantine> {
        match self.hosts.get_mut(host) {
            Some(Host::Byzantine(byzantine)) if !byzantine.gone => Some(byzantine),
            _ => None,
        }
    }

    pub(crate) fn byzantine_connected(&mut self, host: usize, place: Place) {
        let Some(byzantine) = self.byzantine(host) else {
            return self.break_end(place, "gone");
        };
        byzantine.places.push(place);
        let says_nothing =
            matches!(byzantine.malice, Malice::Mute | Malice::Typist | Malice::Trickler);
        let is_sure = matches!(byzantine.malice, Malice::Claimant | Malice::Miser);
        if !says_nothing && (is_sure || !self.random.chance(15)) {
            self.greet(place);
        }
    }

    fn greet(&mut self, place: Place) {
        let (id, tip) = (self.random.draw(), self.random.draw());
        let chain = self.chain_name();
        let hello = format!(
            "HELLO:{{\"agent\":\"liar\\u001b[2J\",\"protocol\":1,\"chain\":\"{chain}\",\
             \"height\":4000000000,\"work\":\"{}\",\"tip\":\"{tip:064x}\",\"listen\":null,\
             \"id\":\"{id:016x}\"}}\n",
            "f".repeat(64),
        );
        self.send_line(place, hello.into_bytes());
    }

    /// Connects to a machine, once.
    pub(crate) fn visit(&mut self, host: usize, target: usize) {
        if let Some(connection) = self.open(host, target) {
            self.byzantine_connected(host, Place { connection, side: 0 });
        }
    }

    /// Connects where it is not, and does its worst.
    pub(crate) fn byzantine_acts(&mut self, host: usize) {
        let Some(byzantine) = self.byzantine(host) else { return };
        let (malice, targets) = (byzantine.malice, byzantine.targets.clone());
        let longest = byzantine.pause;
        let most = if malice == Malice::Knocker { 12 } else { 2 };
        let connected = byzantine.places.len();
        if connected < most * targets.len() && !targets.is_empty() {
            let target = targets[self.random.index(targets.len())];
            self.visit(host, target);
        }
        if malice == Malice::Flipper {
            return self.flip(host);
        }
        let places = self.byzantine(host).map(|byzantine| byzantine.places.clone());
        for place in places.unwrap_or_default() {
            self.harm(host, place, malice);
        }
        let pause = self.random.between(100 * MILLISECOND, longest);
        self.plan(self.now + pause, move |world| world.act(host));
    }

    fn harm(&mut self, host: usize, place: Place, malice: Malice) {
        match malice {
            Malice::Boaster | Malice::EmptyHanded | Malice::Knocker => {
                if self.random.chance(30) {
                    let hash = self.random.draw();
                    let have = format!(
                        "HAVE:{{\"hash\":\"{hash:064x}\",\"height\":77,\"work\":\"{}\"}}\n",
                        "e".repeat(64)
                    );
                    self.send_line(place, have.into_bytes());
                }
            }
            Malice::Dripper => {
                let block = &mining::long_chain()[0];
                self.send_line(place, wire::encode(&Message::Block(block)));
            }
            Malice::Babbler => {
                let line = self.draw_nonsense();
                self.send_line(place, line);
            }
            Malice::Forger => {
                let line = self.forge(host);
                self.send_line(place, line);
            }
            Malice::Glutton => {
                for _ in 0..40 {
                    let line = match self.random.below(3) {
                        0 => String::from("GET_CHAIN\n"),
                        1 => String::from("GET_BLOCKS:{\"locator\":[],\"limit\":256}\n"),
                        _ => format!("GET_BLOCKS:{{\"hashes\":[\"{ZEROS}\"]}}\n"),
                    };
                    self.send_line(place, line.into_bytes());
                }
            }
            Malice::Slowpoke | Malice::Trickler => self.send_line(place, b"B".to_vec()),
            Malice::Typist => {
                if self.random.chance(20) {
                    self.send_line(place, b"HELP\n".to_vec());
                }
            }
            Malice::Cheat => self.cheat(host, place),
            Malice::Perjurer => self.perjure(host, place),
            Malice::Miser => {
                if let Some(block) = self.byzantine(host).and_then(Byzantine::give) {
                    self.send_line(place, wire::encode(&Message::Block(block)));
                }
            }
            // These wait for what others say, or have a pace of their own.
            Malice::Crier | Malice::Mute | Malice::Claimant | Malice::Flipper => {}
        }
    }

    /// Claims to have a block, wherever it is connected.
    fn cry(&mut self, host: usize, have: &Have) {
        let places = self.byzantine(host).map(|byzantine| byzantine.places.clone());
        let line = wire::encode(&Message::<Block>::Have(have.clone()));
        for place in places.unwrap_or_default() {
            self.send_line(place, line.clone());
        }
    }

    fn draw_nonsense(&mut self) -> Vec<u8> {
        let length = usize::try_from(self.random.below(9_000)).unwrap_or(0);
        let line: &[u8] = match self.random.below(12) {
            0 => b"\n",
            1 => b"BLOCK:\n",
            2 => b"BLOCK:{\"index\":1e300}\n",
            3 => b"BLOCK:{\"index\":1,\"index\":1}\n",
            4 => b"BLOCK:[1,2,3]\n",
            5 => b"\xff\xfe\x00\r\n",
            6 => b"GET_BLOCKS:{\"locator\":5}\n",
            7 => b"END:{\"count\":0,\"missing\":[]}\n",
            8 => b"PEERS:[\"1.2.3.4:5\"]\n",
            9 => b"ERROR:{\"code\":\"x\",\"message\":\"\\u001b[2J\"}\n",
            10 => return vec![b'['; length],
            _ => return [vec![b'x'; length], b"\n".to_vec()].concat(),
        };
        line.to_vec()
    }

    /// A block that is wrong in one way or another; now and then one that proves work.
    fn forge(&mut self, host: usize) -> Vec<u8> {
        let (kind, draw) = (self.random.below(8), self.random.draw());
        let Some(byzantine) = self.byzantine(host) else { return Vec::new() };
        let known = byzantine.seen.len();
        let place = usize::try_from(draw).unwrap_or(0).checked_rem(known).unwrap_or(0);
        let mut block = byzantine.seen.get(place).cloned().unwrap_or_else(Block::genesis);
        match kind {
            0 => block.hash = BlockHash::ZERO,
            1 => block.data.push('!'),
            2 => {
                block.data = String::from("no work");
                block.hash = block.compute_hash();
            }
            3 if byzantine.orphans < 2 => {
                byzantine.orphans += 1;
                let mut parent = block;
                parent.hash.0[31] ^= 1;
                block = mining::mine(&parent, 0, draw, String::from("orphan"));
            }
            4 if byzantine.orphans < 3 => {
                byzantine.orphans += 1;
                let parent = Block { index: 7_000_000, ..block };
                block = mining::mine(&parent, u64::MAX, draw, String::from("wrong index"));
            }
            _ => {}
        }
        wire::encode(&Message::Block(block))
    }

    pub(crate) fn byzantine_reads(&mut self, host: usize, place: Place) {
        let Some(byzantine) = self.byzantine(host) else { return };
        if byzantine.malice == Malice::Glutton {
            return;
        }
        let malice = byzantine.malice;
        let dialect = byzantine.cheat.as_ref().map_or(Dialect::Classic, |cheat| cheat.dialect());
        let chain = self.chain_id().filter(|_| malice == Malice::Perjurer);
        let dialect = chain.map_or(dialect, Dialect::Ledger);
        if let Some(end) = self.end(place) {
            end.framer.set_introduced();
        }
        self.read_lines(place, |world, line| {
            let Ok(line) = line else { return };
            match dialect.receive(&line) {
                Ok(Message::Block(block)) if malice == Malice::Cheat => {
                    world.cheat_hears(host, block)
                }
                Ok(Message::GetBlocks(_)) if malice == Malice::EmptyHanded => {
                    world.send_line(place, b"END:{\"count\":0,\"missing\":[]}\n".to_vec());
                }
                Ok(Message::Ping(number)) => {
                    world.send_line(place, format!("PONG:{number}\n").into_bytes());
                }
                Ok(Message::Have(have)) if malice == Malice::Crier => world.cry(host, &have),
                Ok(Message::Block(block)) if malice == Malice::Crier => {
                    let Block { hash, index: height, .. } = block.into_block();
                    let work = Work::of_classic_blocks(height);
                    world.cry(host, &Have { hash, height, work });
                }
                Ok(Message::Block(block)) => {
                    if let Some(byzantine) = world.byzantine(host) {
                        byzantine.seen.push(block.into_block());
                        byzantine.seen.truncate(64);
                    }
                }
                _ => {}
            }
        });
    }
}
