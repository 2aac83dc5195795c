//! A node of the original kind, played with sockets.
//!
//! It knows `BLOCK` and `GET_CHAIN`, has a buffer of 4,096 bytes, asks for the chain when it dials,
//! mines on the last block it took, passes on whatever it can read, and never says `HELLO`.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use kusari_chain::Block;

use super::{DEADLINE, blocks};

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
    connections: Vec<TcpStream>,
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
            while let Ok((stream, _)) = listener.accept() {
                shared.serve(&stream);
            }
        });
        original
    }

    /// Connects to a node and asks for its chain.
    pub(crate) fn dial(&self, port: u16) {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        self.shared.serve(&stream);
        stream.write_all(b"GET_CHAIN\n").unwrap();
    }

    /// Mines on the last block that it took, and tells everybody.
    pub(crate) fn mine(&self, data: &str) -> Block {
        let parent = self.chain().last().cloned().unwrap_or_else(Block::genesis);
        let block = blocks::mine(&parent, data);
        self.tell(&block);
        block
    }

    /// Takes a block as its own and tells everybody.
    pub(crate) fn tell(&self, block: &Block) {
        self.shared.lock().chain.push(block.clone());
        self.shared.relay(&blocks::line(block));
    }

    /// Tells everybody a line, whatever it is.
    pub(crate) fn relay(&self, line: &str) {
        self.shared.relay(line);
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
            assert!(line.len() < 4_096, "{} bytes do not fit its buffer", line.len());
            assert!(line == "GET_CHAIN" || line.starts_with("BLOCK:"), "it heard {line}");
        }
    }
}

impl Drop for Original {
    fn drop(&mut self) {
        for stream in &self.shared.lock().connections {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn relay(&self, line: &str) {
        for stream in &self.lock().connections {
            // Whoever has gone hears nothing.
            let _ = (&*stream).write_all(format!("{line}\n").as_bytes());
        }
    }

    /// Reads a connection to its end on a thread of its own.
    fn serve(self: &Arc<Self>, stream: &TcpStream) {
        let shared = Arc::clone(self);
        shared.lock().connections.push(stream.try_clone().unwrap());
        let answer = stream.try_clone().unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        std::thread::spawn(move || {
            for line in reader.lines() {
                let Ok(line) = line else { return };
                shared.take(&line, &answer);
                shared.lock().heard.push(line);
                shared.changed.notify_all();
            }
        });
    }

    fn take(&self, line: &str, mut answer: &TcpStream) {
        if line.starts_with("GET_CHAIN") {
            let lines = blocks::lines(&self.lock().chain);
            let _ = answer.write_all(lines.as_bytes());
        } else if line.starts_with("BLOCK:") {
            let block = blocks::read(line);
            let mut state = self.lock();
            let is_new = state.chain.iter().all(|known| known.hash != block.hash);
            if is_new {
                state.chain.push(block);
            }
            drop(state);
            // Even to whom it came from: it does not remember.
            if is_new {
                self.relay(line);
            }
        }
    }
}
