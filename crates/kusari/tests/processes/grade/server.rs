//! A small node of the original dialect, right or wrong in one respect.
//!
//! It knows `BLOCK` and `GET_CHAIN`, keeps every rule of the chain by a naive model, and is beside
//! our own node in everything: what holds for it holds by the protocol alone.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kusari_chain::{Block, BlockHash, Work};
use kusari_node::wire::{self, Message};

use super::super::support::blocks;

/// The buffer of an original, in bytes.
const BUFFER: usize = 4_096;
/// Pieces that may wait for a peer that reads slowly.
const QUEUE: usize = 128;

/// In which respect it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Nothing,
    /// It takes blocks without looking at their hash.
    AnyHash,
    /// It takes connections and says nothing, not even the end.
    Silent,
    /// It sends a block back to where it came from.
    Echo,
    /// It answers `GET_CHAIN` from the tip down.
    NewestFirst,
    /// It ends at JSON that it cannot read.
    EndsAtBadJson,
    /// It reads JSON in the way of which the last of two keys wins.
    LastKeyWins,
    /// It talks to whoever connects.
    Talkative,
    /// It keeps the branch that came first, however heavy another is.
    FirstComeFirstServed,
    /// It reads lines of any length.
    AnyLength,
    /// It takes blocks and tells others nothing of them.
    PassesNothingOn,
    /// It answers, and takes no block.
    TakesNothing,
    /// It answers `HELLO`, and knows nothing else that a kusari peer must do.
    HelloOnly,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    flaw: Flaw,
    address: SocketAddr,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Every block that keeps the rules by itself.
    blocks: HashMap<BlockHash, Block>,
    /// Heights of those that connect to genesis.
    heights: HashMap<BlockHash, u32>,
    best: Vec<Block>,
    peers: HashMap<u64, Peer>,
    last_peer: u64,
    ended: bool,
}

struct Peer {
    queue: SyncSender<Vec<u8>>,
    stream: TcpStream,
    spoke: bool,
}

impl Server {
    pub(crate) fn start(flaw: Flaw) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { flaw, address, state: Mutex::default() });
        shared.lock().heights.insert(Block::genesis().hash, 0);
        let server = Self { address, shared: Arc::clone(&shared) };
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if shared.lock().ended {
                    return;
                }
                shared.serve(stream);
            }
        });
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.end();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes everything, as a process does that ends.
    fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        for (_, peer) in state.peers.drain() {
            let _ = peer.stream.shutdown(Shutdown::Both);
        }
        drop(state);
        // The thread that takes connections notices at the next one.
        let _ = TcpStream::connect(self.address);
    }

    fn serve(self: &Arc<Self>, stream: TcpStream) {
        let (queue, outgoing) = mpsc::sync_channel(QUEUE);
        if self.flaw == Flaw::Talkative {
            let _ = queue.try_send(b"Welcome!\n".to_vec());
        }
        let (reading, writing) = (stream.try_clone().unwrap(), stream.try_clone().unwrap());
        let mut state = self.lock();
        state.last_peer += 1;
        let id = state.last_peer;
        state.peers.insert(id, Peer { queue, stream, spoke: false });
        drop(state);
        std::thread::spawn(move || write(writing, &outgoing));
        let shared = Arc::clone(self);
        std::thread::spawn(move || {
            shared.read(id, reading);
            if shared.flaw != Flaw::Silent {
                // What is queued is still written; then the writer ends the connection.
                shared.lock().peers.remove(&id);
            }
        });
    }

    fn read(&self, id: u64, mut stream: TcpStream) {
        let mut buffer = Vec::new();
        let mut bytes = [0; 16 * 1024];
        loop {
            let Ok(count @ 1..) = stream.read(&mut bytes) else { return };
            buffer.extend_from_slice(&bytes[..count]);
            while let Some(end) = buffer.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = buffer.drain(..=end).collect();
                let fits = line.len() <= BUFFER || self.flaw == Flaw::AnyLength;
                if !fits || !self.take_line(id, &line[..end]) {
                    return;
                }
            }
            if buffer.len() >= BUFFER && self.flaw != Flaw::AnyLength {
                return;
            }
        }
    }

    /// `false` where the connection is to be closed.
    fn take_line(&self, id: u64, line: &[u8]) -> bool {
        if self.flaw == Flaw::Silent {
            return true;
        }
        let mut state = self.lock();
        if let Some(peer) = state.peers.get_mut(&id) {
            peer.spoke = true;
        }
        if line.starts_with(b"GET_CHAIN") {
            let mut chain = state.best.clone();
            if self.flaw == Flaw::NewestFirst {
                chain.reverse();
            }
            return state.send(id, blocks::lines(&chain).as_bytes());
        }
        if line.starts_with(b"HELLO:") && self.flaw == Flaw::HelloOnly {
            let hello = state.hello();
            return state.send(id, hello.as_bytes());
        }
        if !line.starts_with(b"BLOCK") {
            return true;
        }
        if self.flaw == Flaw::TakesNothing {
            return true;
        }
        match self.parse(line) {
            Some(block) => state.take(block, id, self.flaw),
            None if self.flaw == Flaw::EndsAtBadJson && !is_json(line) => {
                drop(state);
                self.end();
            }
            None => {}
        }
        true
    }

    fn parse(&self, line: &[u8]) -> Option<Block> {
        let json = || std::str::from_utf8(line).ok()?.trim().strip_prefix("BLOCK:");
        match self.flaw {
            Flaw::AnyHash => serde_json::from_str(json()?).ok(),
            Flaw::LastKeyWins => {
                let value: serde_json::Value = serde_json::from_str(json()?).ok()?;
                checked(format!("BLOCK:{value}").as_bytes())
            }
            _ => checked(line),
        }
    }
}

fn checked(line: &[u8]) -> Option<Block> {
    match wire::receive(line) {
        Ok(Message::Block(block)) => Some(block.into_block()),
        _ => None,
    }
}

fn is_json(line: &[u8]) -> bool {
    let json = line.strip_prefix(b"BLOCK:").unwrap_or_default();
    serde_json::from_slice::<serde_json::Value>(json).is_ok()
}

fn write(mut stream: TcpStream, outgoing: &Receiver<Vec<u8>>) {
    while let Ok(bytes) = outgoing.recv() {
        if stream.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

impl State {
    /// `false` where the peer has too much waiting, or is gone.
    fn send(&mut self, id: u64, bytes: &[u8]) -> bool {
        let Some(peer) = self.peers.get(&id) else { return false };
        let taken = peer.queue.try_send(bytes.to_vec()).is_ok();
        if !taken {
            let _ = peer.stream.shutdown(Shutdown::Both);
        }
        taken
    }

    fn take(&mut self, block: Block, from: u64, flaw: Flaw) {
        // There is one genesis block, and it is never sent.
        if block.index == 0 || self.blocks.contains_key(&block.hash) {
            return;
        }
        self.blocks.insert(block.hash, block);
        self.connect();
        let Some(tip) = self.heaviest(flaw) else { return };
        let mut branch = Vec::new();
        let mut next = tip;
        while let Some(block) = self.blocks.get(&next) {
            branch.push(block.clone());
            next = block.prev_hash;
        }
        branch.reverse();
        let new: Vec<Block> =
            branch.iter().filter(|block| !self.best.contains(block)).cloned().collect();
        self.best = branch;
        if flaw == Flaw::PassesNothingOn {
            return;
        }
        let lines = blocks::lines(&new);
        let told = self
            .peers
            .iter()
            .filter(|(id, peer)| peer.spoke && (**id != from || flaw == Flaw::Echo));
        for id in told.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.send(id, lines.as_bytes());
        }
    }

    /// Gives every block a height whose parent has one.
    fn connect(&mut self) {
        loop {
            let found = self.blocks.values().find_map(|block| {
                let height = self.heights.get(&block.prev_hash)? + 1;
                let fits = height == block.index && !self.heights.contains_key(&block.hash);
                fits.then_some((block.hash, height))
            });
            let Some((hash, height)) = found else { return };
            self.heights.insert(hash, height);
        }
    }

    /// The tip to follow, if it is another one than now: the most work, then the smaller hash.
    fn heaviest(&self, flaw: Flaw) -> Option<BlockHash> {
        let place = |hash: &BlockHash| (self.heights[hash], std::cmp::Reverse(*hash));
        let (tip, _) = self.heights.iter().max_by_key(|(hash, _)| place(hash))?;
        let old = self.best.last().map(|block| block.hash);
        let extends = self.blocks.get(tip).map(|block| block.prev_hash) == old || old.is_none();
        let wanted = flaw != Flaw::FirstComeFirstServed || extends;
        (Some(*tip) != old && wanted && self.blocks.contains_key(tip)).then_some(*tip)
    }

    fn hello(&self) -> String {
        let (height, tip) = match self.best.last() {
            Some(block) => (block.index, block.hash),
            None => (0, Block::genesis().hash),
        };
        let work = Work::of_classic_blocks(height).to_be_bytes();
        let work: String = work.iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "HELLO:{{\"agent\":\"small/1\",\"protocol\":1,\"chain\":\"classic\",\"height\":{height},\
             \"work\":\"{work}\",\"tip\":\"{tip}\",\"listen\":null,\"id\":\"0123456789abcdef\"}}\n"
        )
    }
}
