//! A node of the original kind, played with sockets, as the tutorial wrote it.
//!
//! It knows `BLOCK` and `GET_CHAIN`, has a buffer of 4,096 bytes, asks for the chain when it dials and
//! never says `HELLO`. It appends every block whose work is done, known or not, on whatever parent,
//! mines on the last one, and passes on whatever it can parse to all but the port it came from. It
//! reads JSON with escapes and writes it without. Shares no code with the node but the block's fields.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use kusari_chain::{Block, Transaction};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{DEADLINE, blocks};

/// Bytes of a line, its newline included, that it can take.
const BUFFER: usize = 4_096;

pub(crate) struct Original {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Every block it took, in the order they came.
    chain: Vec<Block>,
    /// Every line that came, without its newline.
    heard: Vec<String>,
    /// Each with the port at its other end.
    connections: Vec<(u16, TcpStream)>,
}

impl Original {
    /// Begins to listen, with these blocks.
    pub(crate) fn new(chain: Vec<Block>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        shared.lock().chain = chain;
        let original = Self { port, shared: Arc::clone(&shared) };
        // The thread waits for connections until the tests end.
        std::thread::spawn(move || {
            while let Ok((stream, address)) = listener.accept() {
                shared.serve(&stream, address.port());
            }
        });
        original
    }

    /// Connects to a node and asks for its chain.
    pub(crate) fn dial(&self, port: u16) {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        self.shared.serve(&stream, port);
        stream.write_all(b"GET_CHAIN\n").unwrap();
    }

    /// Mines on the last block that it took, and tells everybody.
    pub(crate) fn mine(&self, data: &str) -> Block {
        let parent = self.chain().last().cloned().unwrap_or_else(Block::genesis);
        let block = blocks::mine(&parent, data);
        let mut state = self.shared.lock();
        state.chain.push(block.clone());
        state.relay(&unescaped(&block), None);
        block
    }

    /// Tells everybody a line, whatever it is.
    pub(crate) fn relay(&self, line: &str) {
        self.shared.lock().relay(line, None);
    }

    pub(crate) fn chain(&self) -> Vec<Block> {
        self.shared.lock().chain.clone()
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        self.shared.lock().heard.clone()
    }

    /// How often the line came.
    pub(crate) fn count(&self, line: &str) -> usize {
        self.shared.lock().heard.iter().filter(|heard| *heard == line).count()
    }

    /// Waits until it has taken a block with this data.
    #[track_caller]
    pub(crate) fn wait_for_block(&self, data: &str) -> Block {
        let found = |state: &State| state.chain.iter().find(|block| block.data == data).cloned();
        self.wait(found).unwrap_or_else(|| panic!("no block {data:?} came: {:#?}", self.heard()))
    }

    /// Waits until the last block that it took has this data.
    #[track_caller]
    pub(crate) fn wait_for_last(&self, data: &str) {
        let is_last = |state: &State| state.chain.last().filter(|b| b.data == data).map(|_| ());
        self.wait(is_last)
            .unwrap_or_else(|| panic!("it does not end with {data:?}: {:#?}", self.chain()));
    }

    /// Waits until a line has come this often.
    #[track_caller]
    pub(crate) fn wait_for_line(&self, line: &str, times: usize) {
        let enough = |state: &State| {
            (state.heard.iter().filter(|heard| *heard == line).count() >= times).then_some(())
        };
        self.wait(enough).unwrap_or_else(|| panic!("{line} never came: {:#?}", self.heard()));
    }

    fn wait<T>(&self, mut find: impl FnMut(&State) -> Option<T>) -> Option<T> {
        let mut found = None;
        let _ = self.shared.changed.wait_timeout_while(self.shared.lock(), DEADLINE, |state| {
            found = find(state);
            found.is_none()
        });
        found
    }

    /// Checks that it heard nothing but what it understands, a greeting first if it was dialled.
    #[track_caller]
    pub(crate) fn check_was_spared(&self, greetings: usize) {
        let heard = self.heard();
        let greeted = heard.iter().filter(|line| line.starts_with("HELLO:")).count();
        assert_eq!(greeted, greetings, "{heard:#?}");
        for line in heard.iter().filter(|line| !line.starts_with("HELLO:")) {
            assert!(line.len() < BUFFER, "{} bytes do not fit its buffer", line.len());
            assert!(line == "GET_CHAIN" || line.starts_with("BLOCK:"), "it heard {line}");
        }
    }
}

impl Drop for Original {
    fn drop(&mut self) {
        for (_, stream) in &self.shared.lock().connections {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl State {
    /// Tells a line to all connections but those with this port at their other end.
    fn relay(&self, line: &str, from: Option<u16>) {
        for (port, stream) in &self.connections {
            if Some(*port) != from {
                // Whoever has gone hears nothing.
                let _ = (&*stream).write_all(format!("{line}\n").as_bytes());
            }
        }
    }

    fn take(&mut self, line: &str, from: u16, mut answer: &TcpStream) {
        if line.starts_with("GET_CHAIN") {
            for block in &self.chain {
                let _ = answer.write_all(format!("{}\n", unescaped(block)).as_bytes());
            }
        } else if let Some(block) = line.strip_prefix("BLOCK:").and_then(parsed) {
            let line = unescaped(&block);
            if has_work(&block) {
                self.chain.push(block);
            }
            self.relay(&line, Some(from));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a connection to its end on a thread of its own, through the one buffer it has.
    fn serve(self: &Arc<Self>, stream: &TcpStream, port: u16) {
        let shared = Arc::clone(self);
        shared.lock().connections.push((port, stream.try_clone().unwrap()));
        let mut stream = stream.try_clone().unwrap();
        std::thread::spawn(move || {
            let (mut buffer, mut filled) = ([0; BUFFER], 0);
            while filled < BUFFER {
                match stream.read(&mut buffer[filled..]) {
                    Ok(0) | Err(_) => break,
                    Ok(count) => filled += count,
                }
                while let Some(end) = buffer[..filled].iter().position(|byte| *byte == b'\n') {
                    let line = String::from_utf8_lossy(&buffer[..end]).into_owned();
                    let mut state = shared.lock();
                    state.take(&line, port, &stream);
                    state.heard.push(line);
                    drop(state);
                    shared.changed.notify_all();
                    buffer.copy_within(end + 1..filled, 0);
                    filled -= end + 1;
                }
            }
            let _ = stream.shutdown(Shutdown::Both);
            shared.lock().connections.retain(|(other, _)| *other != port);
        });
    }
}

/// The block as it writes it, without a newline.
fn unescaped(block: &Block) -> String {
    let Block { index, timestamp, nonce, data, prev_hash, hash, transactions } = block;
    let transfers: Vec<String> = transactions
        .iter()
        .map(|Transaction { sender, receiver, amount }| {
            format!("{{\"sender\":\"{sender}\",\"receiver\":\"{receiver}\",\"amount\":{amount}}}")
        })
        .collect();
    format!(
        "BLOCK:{{\"index\":{index},\"timestamp\":{timestamp},\"nonce\":{nonce},\"data\":\"{data}\",\
         \"prev_hash\":\"{prev_hash}\",\"hash\":\"{hash}\",\"transactions\":[{}]}}",
        transfers.join(",")
    )
}

fn parsed(json: &str) -> Option<Block> {
    let value: Value = serde_json::from_str(json).ok()?;
    let text = |value: &Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
    let transfer = |value: &Value| {
        let (sender, receiver) = (text(value, "sender")?, text(value, "receiver")?);
        Some(Transaction { sender, receiver, amount: value.get("amount")?.as_u64()? })
    };
    Some(Block {
        index: u32::try_from(value.get("index")?.as_u64()?).ok()?,
        timestamp: value.get("timestamp")?.as_u64()?,
        nonce: value.get("nonce")?.as_u64()?,
        data: text(&value, "data")?,
        prev_hash: text(&value, "prev_hash")?.parse().ok()?,
        hash: text(&value, "hash")?.parse().ok()?,
        transactions: value
            .get("transactions")?
            .as_array()?
            .iter()
            .map(transfer)
            .collect::<Option<_>>()?,
    })
}

/// Whether its hash, made again, begins with two bytes of zero.
fn has_work(block: &Block) -> bool {
    let mut hasher = Sha256::new();
    hasher.update(block.index.to_le_bytes());
    hasher.update(block.timestamp.to_le_bytes());
    hasher.update(block.nonce.to_le_bytes());
    hasher.update(block.prev_hash.0);
    for Transaction { sender, receiver, amount } in &block.transactions {
        hasher.update(sender);
        hasher.update(receiver);
        hasher.update(amount.to_le_bytes());
    }
    hasher.update(&block.data);
    hasher.finalize().starts_with(&[0, 0])
}
