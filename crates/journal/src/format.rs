//! The lines of a journal.
//!
//! Owns their form and their limits, which `docs/formats/journal.md` states. A change to anything
//! here, or to what stands in a checkpoint, is a new [`VERSION`].

use kusari_chain::hex;
use std::io::{self, Write};

use kusari_chain::ledger::{Account, PublicKey, Txid};
use kusari_chain::{BlockHash, StoredBlock};
use kusari_node::store::{EntryId, OutboxEntry};
use kusari_node::{Action, Input, NodeConfig, Now};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Bytes after which a new file begins, unless the checkpoint is larger than half of it. Some
/// hundred thousand inputs.
pub const JOURNAL_LIMIT: u64 = 64 * 1024 * 1024;

/// Longest checkpoint, in bytes. A state of usual size has less than a million; one that is full
/// of side branches some hundred millions.
pub(super) const MAX_CHECKPOINT: usize = 256 * 1024 * 1024;

/// Longest other line, in bytes. The blocks of one input have some MiB as lines, and are escaped once more
/// here: at most about seven bytes for each byte of a text.
pub(super) const MAX_LINE: usize = 16 * 1024 * 1024;

/// Longest monotonic time, in seconds: some ten thousand years, so that no sum of times overflows.
pub(super) const MAX_SECONDS: u64 = 1 << 38;

/// What the first line calls itself.
pub(super) const KIND: &str = "kusari";

/// How every journal begins.
pub(super) const FIRST_BYTES: &[u8] = b"{\"journal\":\"kusari\"";

/// Version of this form.
pub(super) const VERSION: u32 = 8;

/// The program and its version, as it introduces itself to peers.
pub(super) const PROGRAM: &str = concat!("kusari/", env!("CARGO_PKG_VERSION"));

/// What a person should know before this file leaves the machine.
pub(super) const PRIVATE: &str = "This file holds private data: the addresses of peers, every \
    line that was typed here, everything that peers sent, and the seed of this node's random \
    numbers. It holds no token and no key. Read it before you send it to anyone.";

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) journal: String,
    pub(super) version: u32,
    pub(super) program: String,
    /// When the file began, in Unix seconds.
    pub(super) written: u64,
    pub(super) first_input: u64,
    pub(super) config: NodeConfig,
    pub(super) private: String,
}

/// Every line after the checkpoint, which is the second.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line<I = Input> {
    Input(Given<I>),
    Read(Read),
    Done(Done),
    State(StateMark),
    End(End),
}

/// An input, with its time.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given<I> {
    pub(super) number: u64,
    pub(super) now: Now,
    pub(super) what: I,
}

/// What a store was asked, and what it answered.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Read {
    BestAt {
        height: u32,
        answer: Answer<StoredBlock>,
    },
    ByHash {
        hash: BlockHash,
        answer: Answer<StoredBlock>,
    },
    Account {
        key: PublicKey,
        answer: Answer<Account>,
    },
    Accounts {
        after: Option<PublicKey>,
        answer: Answer<Vec<Account>>,
    },
    EntryOfBlock {
        hash: BlockHash,
        answer: Answer<OutboxEntry>,
    },
    /// The next of several entries; `None` ends them.
    WaitingEntry {
        from: EntryId,
        answer: Answer<OutboxEntry>,
    },
    /// The same.
    DisplacedEntry {
        by: Txid,
        answer: Answer<OutboxEntry>,
    },
    TransactionAt {
        sender: PublicKey,
        sequence: u64,
        answer: Answer<Txid>,
    },
    MinedAt {
        txid: Txid,
        answer: Answer<u32>,
    },
}

/// `Err` carries the words of the store's failure.
pub(super) type Answer<T> = Result<Option<T>, String>;

/// The input before is dealt with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Done {
    pub(super) number: u64,
    /// [`digest`] of the actions.
    pub(super) actions: String,
    /// [`Sum`] of the file before this line.
    pub(super) sum: String,
}

/// The state after the inputs before.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateMark {
    /// 64 hexadecimal digits.
    pub(super) hash: String,
    pub(super) sum: String,
}

/// The node's last input is behind it. Only a [`StateMark`] follows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) reason: Reason,
    /// When, in Unix seconds.
    pub(super) wall: u64,
}

/// Why a journal ends.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reason {
    /// The node was asked to stop.
    Stopped,
    /// The file was full; the next one goes on.
    Continued,
    /// The node stopped by itself, for this reason.
    Failed(String),
}

/// The first eight bytes of SHA-256 over the actions as JSON, in hexadecimal digits.
pub(super) fn digest(actions: &[Action]) -> String {
    let mut sum = Sum::default();
    // Writing into a hash has no way to fail.
    let _ = serde_json::to_writer(&mut sum, actions);
    sum.digits()
}

/// SHA-256 over all that was written so far.
#[derive(Clone, Default)]
pub(super) struct Sum(Sha256);

impl Sum {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Its first eight bytes, in hexadecimal digits.
    pub(super) fn digits(&self) -> String {
        hex::encode(&self.0.clone().finalize()[..8])
    }
}

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
