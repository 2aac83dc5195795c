//! The journal: everything that the core is told, in a file that replays without anything else.
//!
//! ```no_run
//! use std::fs::File;
//! use std::io::BufReader;
//!
//! let replayed = kusari_journal::replay(&mut || {
//!     Ok(Box::new(BufReader::new(File::open("node.journal")?)))
//! })?;
//! println!("{} inputs, and no difference", replayed.inputs);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! Owns the file, its form (`docs/formats/journal.md`) and how it is replayed. A journal begins
//! with a **checkpoint**, the whole state of the node; then come, in order, every input with its
//! time, every answer that the core got from its stores, and a digest of what it decided. So a
//! replay needs neither the data directory nor a network, and names the first difference.
//!
//! - The file is bounded: at its limit it becomes `FILE.1`, in place of the one before, and a new
//!   one begins with a checkpoint of its own.
//! - The node never waits long for it: a thread of its own writes, and what waits for that thread
//!   is bounded. Where the disk is full or stands still the journal ends and the node goes on.
//!
//! Decides nothing, and knows neither sockets nor the clock.

mod describe;
mod file;
mod format;
mod record;
mod replay;
#[cfg(test)]
mod tests;
mod writer;

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use kusari_chain::BlockStore;
use kusari_chain::hex;
use kusari_node::store::OutboxStore;
use kusari_node::{Action, Input, Node, NodeConfig, Now, hash_of_state};

pub use self::file::{JournalFile, OpenError};
pub use self::format::JOURNAL_LIMIT;
use self::format::{
    Done, End, Given, Header, KIND, Line, MAX_CHECKPOINT, PRIVATE, Reason, StateMark, VERSION,
};
use self::record::{Log, Recording};
pub use self::replay::{Ending, ReplayError, Replayed, replay};
use self::writer::Writer;

/// Inputs between two hashes of the whole state, at least. Hashing costs as much as the state is
/// large, so the journal must also have grown by that much meanwhile: then it costs no more than
/// writing the journal does.
const STATE_EVERY: u64 = 1_000;

/// Which journal to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// The file.
    pub file: PathBuf,
    /// Bytes after which a new file begins; [`JOURNAL_LIMIT`] is meant for people. A file is never
    /// shorter than twice its checkpoint.
    pub limit: u64,
}

/// Records what goes into a node and what comes out. Lives on the node's thread.
pub struct Journal {
    log: Rc<RefCell<Log>>,
    limit: u64,
    /// Number of the last input.
    number: u64,
    config: NodeConfig,
    /// Length of the last state that was written or hashed, in bytes.
    state_bytes: u64,
    inputs_since_state: u64,
    /// Bytes in the file when the state was hashed last.
    hashed_at: u64,
}

/// A journal, and the stores to give to the node, which note what it reads.
pub type Recorded = (Journal, Box<dyn BlockStore>, Box<dyn OutboxStore>);

/// The same, where there need not be a journal.
pub type Around = (Option<Journal>, Box<dyn BlockStore>, Box<dyn OutboxStore>);

/// Puts a journal around the stores of a node, if there is to be one.
///
/// # Errors
/// Where the operating system gives no thread.
pub fn around(
    file: Option<(JournalFile, u64)>,
    config: &NodeConfig,
    blocks: Box<dyn BlockStore>,
    outbox: Box<dyn OutboxStore>,
) -> io::Result<Around> {
    let Some((file, limit)) = file else { return Ok((None, blocks, outbox)) };
    let (journal, blocks, outbox) = Journal::start(file, limit, config, blocks, outbox)?;
    Ok((Some(journal), blocks, outbox))
}

impl Journal {
    /// Starts the thread that writes. Nothing is recorded before [`Journal::begin`]; what a node
    /// reads when it is made is in its checkpoint.
    ///
    /// # Errors
    /// Where the operating system gives no thread.
    pub fn start(
        file: JournalFile,
        limit: u64,
        config: &NodeConfig,
        blocks: Box<dyn BlockStore>,
        outbox: Box<dyn OutboxStore>,
    ) -> io::Result<Recorded> {
        let log = Rc::new(RefCell::new(Log::new(Writer::start(file)?)));
        let blocks = Box::new(Recording::new(blocks, Rc::clone(&log)));
        let outbox = Box::new(Recording::new(outbox, Rc::clone(&log)));
        let journal = Self {
            log,
            limit,
            number: 0,
            config: config.clone(),
            state_bytes: 0,
            inputs_since_state: 0,
            hashed_at: 0,
        };
        Ok((journal, blocks, outbox))
    }

    /// Begins with a node that was just made.
    pub fn begin(&mut self, node: &Node, now: Now) {
        self.log.borrow_mut().set_recording();
        self.write_beginning(&node.state(), now);
    }

    /// Gives the node an input and records both what went in and what came out.
    pub fn handle(&mut self, node: &mut Node, now: Now, input: Input) -> Vec<Action> {
        if !self.log.borrow().is_recording() {
            return node.handle(now, input);
        }
        self.number += 1;
        let number = self.number;
        // Written first, so that it is there where the core panics on it.
        self.log.borrow_mut().line(&Line::Input(Given { number, now, what: &input }));
        let actions = node.handle(now, input);
        let done = Done { number, actions: format::digest(&actions), sum: self.sum() };
        self.log.borrow_mut().line(&Line::<&Input>::Done(done));
        self.inputs_since_state += 1;
        let written = self.log.borrow().in_file();
        if written >= self.limit.max(2 * self.state_bytes) {
            self.rotate(node, now);
        } else if self.inputs_since_state >= STATE_EVERY
            && written - self.hashed_at >= self.state_bytes
        {
            self.write_state(&node.state());
        }
        actions
    }

    /// Whether it goes on. A warning has said why where it does not.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.log.borrow().is_recording()
    }

    /// Hands what was recorded to the writer. Called when there is nothing else to do.
    pub fn flush(&mut self) {
        self.log.borrow_mut().flush();
    }

    /// Ends the journal, in words where the node ended other than by request, and waits until it
    /// is written.
    pub fn finish(self, node: &Node, now: Now, failure: Option<String>) {
        self.end(&node.state(), now, failure.map_or(Reason::Stopped, Reason::Failed));
    }

    fn sum(&self) -> String {
        self.log.borrow().sum()
    }

    /// A new file, which begins where this one ends.
    fn rotate(&mut self, node: &Node, now: Now) {
        let state = node.state();
        self.end(&state, now, Reason::Continued);
        self.log.borrow_mut().rotate();
        self.write_beginning(&state, now);
    }

    fn end(&self, state: &[u8], now: Now, reason: Reason) {
        if !self.log.borrow().is_recording() {
            return;
        }
        let end = End { reason, wall: now.wall };
        self.log.borrow_mut().line(&Line::<&Input>::End(end));
        // The last line, so that its sum is over all there is.
        let state = StateMark { hash: hex::encode(&hash_of_state(state)), sum: self.sum() };
        self.log.borrow_mut().line(&Line::<&Input>::State(state));
    }

    fn write_beginning(&mut self, state: &[u8], now: Now) {
        let header = Header {
            journal: KIND.to_string(),
            version: VERSION,
            program: format::PROGRAM.to_string(),
            written: now.wall,
            first_input: self.number + 1,
            config: self.config.clone(),
            private: PRIVATE.to_string(),
        };
        {
            let mut log = self.log.borrow_mut();
            if state.len() >= MAX_CHECKPOINT {
                log.stop("the node holds more in memory than a checkpoint may");
                return;
            }
            log.line(&header);
            log.raw_line(state);
        }
        self.write_state(state);
    }

    fn write_state(&mut self, state: &[u8]) {
        let mark = StateMark { hash: hex::encode(&hash_of_state(state)), sum: self.sum() };
        let mut log = self.log.borrow_mut();
        log.line(&Line::<&Input>::State(mark));
        self.state_bytes = state.len() as u64;
        self.inputs_since_state = 0;
        self.hashed_at = log.in_file();
    }
}
