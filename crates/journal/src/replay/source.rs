//! The lines of a journal, one after another.
//!
//! Owns limits, sums and the place where something is wrong. Shared by the replay and the stores
//! that it gives to the core, which each take the lines that are theirs.

use std::io::{BufRead, Read as _};

use super::ReplayError;
use crate::format::{
    FIRST_BYTES, Header, Line, MAX_CHECKPOINT, MAX_LINE, MAX_SECONDS, Read, Sum, VERSION,
};
use kusari_chain::ledger::{PublicKey, Txid};
use kusari_node::store::EntryId;

/// Longest first line, in bytes: as many addresses to dial as may be, and a little.
const MAX_HEADER: usize = 2 * 1024 * 1024;

pub(super) struct Source {
    lines: Box<dyn BufRead>,
    /// Number of the last line that was read.
    line: u64,
    sum: Sum,
    /// The last input that was begun, in words, and whether it is done.
    input: Option<(u64, String)>,
    is_done: bool,
    first_input: u64,
    /// What a store found; the core only learns that its store failed.
    trouble: Option<ReplayError>,
    /// The file ended while the core was reading.
    cut_off: bool,
    /// It ended within a line.
    torn: bool,
}

impl Source {
    pub(super) fn new(lines: Box<dyn BufRead>) -> Self {
        Self {
            lines,
            line: 0,
            sum: Sum::default(),
            input: None,
            is_done: false,
            first_input: 1,
            trouble: None,
            cut_off: false,
            torn: false,
        }
    }

    pub(super) fn header(&mut self) -> Result<Header, ReplayError> {
        // Looked at before there is a whole line: what is no journal may have none.
        let begins = self.lines.fill_buf()?;
        let length = begins.len().min(FIRST_BYTES.len());
        if begins[..length] != FIRST_BYTES[..length] {
            return Err(ReplayError::Foreign);
        }
        let line = self.raw_line(MAX_HEADER)?.ok_or(ReplayError::Empty)?;
        #[derive(serde::Deserialize)]
        struct Version {
            version: u32,
        }
        let Version { version } = self.understood(&line)?;
        if version != VERSION {
            return Err(ReplayError::Version(version));
        }
        let header: Header = self.understood(&line)?;
        self.add(&line);
        self.first_input = header.first_input;
        Ok(header)
    }

    /// The checkpoint as it was written.
    pub(super) fn checkpoint(&mut self) -> Result<Vec<u8>, ReplayError> {
        let state = self.raw_line(MAX_CHECKPOINT)?.ok_or(ReplayError::Empty)?;
        self.add(&state);
        Ok(state)
    }

    /// The next line; its sum is compared, if it has one. `None` at the end of the file, or of the
    /// last whole line in it.
    pub(super) fn next_line(&mut self) -> Result<Option<Line>, ReplayError> {
        let Some(raw) = self.raw_line(MAX_LINE)? else { return Ok(None) };
        let line: Line = self.understood(&raw)?;
        let sum = match &line {
            Line::Done(done) => Some(&done.sum),
            Line::State(mark) => Some(&mark.sum),
            Line::Input(given) if given.now.monotonic.as_secs() > MAX_SECONDS => {
                return Err(self.out_of_place());
            }
            Line::Input(_) | Line::Read(_) | Line::End(_) => None,
        };
        if sum.is_some_and(|sum| *sum != self.sum.digits()) {
            return Err(ReplayError::Changed { line: self.line, at: self.at() });
        }
        self.add(&raw);
        Ok(Some(line))
    }

    /// Nothing follows the last line.
    pub(super) fn expect_end(&mut self) -> Result<(), ReplayError> {
        if self.lines.fill_buf()?.is_empty() {
            return Ok(());
        }
        self.line += 1;
        Err(self.out_of_place())
    }

    pub(super) fn begin_input(&mut self, number: u64, input: &str) {
        self.input = Some((number, input.to_string()));
        self.is_done = false;
    }

    /// What comes now belongs to the next input.
    pub(super) fn end_input(&mut self) {
        self.is_done = true;
    }

    pub(super) fn take_trouble(&mut self) -> Option<ReplayError> {
        self.trouble.take()
    }

    pub(super) fn is_cut_off(&self) -> bool {
        self.cut_off
    }

    /// Whether the file ends within a line.
    pub(super) fn is_torn(&self) -> bool {
        self.torn
    }

    pub(super) fn out_of_place(&self) -> ReplayError {
        ReplayError::OutOfPlace { line: self.line, at: self.at() }
    }

    /// The journal holds an answer that the core does not ask for.
    pub(super) fn not_asked(&self, read: &Read) -> ReplayError {
        self.read_differs("nothing more".to_string(), question(read))
    }

    /// What the store answered to the question that the core asks now. `None` where the replay
    /// ends here.
    pub(super) fn answer(&mut self, asked: impl FnOnce() -> String) -> Option<Read> {
        if self.cut_off || self.trouble.is_some() {
            return None;
        }
        let trouble = match self.next_line() {
            Ok(Some(Line::Read(read))) => return Some(read),
            Ok(Some(Line::Done(_))) => self.read_differs(asked(), "nothing more".to_string()),
            Ok(Some(_)) => self.out_of_place(),
            Ok(None) => {
                self.cut_off = true;
                return None;
            }
            Err(error) => error,
        };
        self.trouble = Some(trouble);
        None
    }

    /// The core asks for something else than it did.
    pub(super) fn differs(&mut self, asked: String, read: &Read) {
        self.trouble = Some(self.read_differs(asked, question(read)));
    }

    fn read_differs(&self, asked: String, recorded: String) -> ReplayError {
        let (number, input) = self.input.clone().unwrap_or_default();
        ReplayError::Read { number, input, asked, recorded }
    }

    /// Which input the present line belongs to.
    fn at(&self) -> String {
        match &self.input {
            Some((number, input)) if self.is_done => format!(", after input {number} ({input})"),
            Some((number, input)) => format!(", at input {number} ({input})"),
            None => format!(", before the end of input {}", self.first_input),
        }
    }

    fn understood<T: serde::de::DeserializeOwned>(&self, line: &[u8]) -> Result<T, ReplayError> {
        serde_json::from_slice(line).map_err(|error| ReplayError::Line {
            line: self.line,
            at: self.at(),
            detail: error.to_string().chars().take(200).collect(),
        })
    }

    fn add(&mut self, line: &[u8]) {
        self.sum.add(line);
        self.sum.add(b"\n");
    }

    /// One line without its newline; `None` where the file ends, even within a line.
    fn raw_line(&mut self, limit: usize) -> Result<Option<Vec<u8>>, ReplayError> {
        let mut line = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX);
        (&mut self.lines).take(most).read_until(b'\n', &mut line)?;
        self.line += 1;
        match line.pop() {
            Some(b'\n') => Ok(Some(line)),
            // One more byte would be beyond the limit.
            Some(_) if line.len() + 1 >= limit => {
                Err(ReplayError::TooLong { line: self.line, limit, at: self.at() })
            }
            last => {
                self.torn = last.is_some();
                Ok(None)
            }
        }
    }
}

/// What a store was asked, in words.
fn question(read: &Read) -> String {
    match read {
        Read::BestAt { height, .. } => stored_at(*height),
        Read::ByHash { hash, .. } => format!("the block {hash}"),
        Read::Account { key, .. } => account_of(key),
        Read::Accounts { after, .. } => accounts_after(after.as_ref()),
        Read::EntryOfBlock { hash, .. } => format!("the line of the block {hash}"),
        Read::WaitingEntry { from, .. } => waiting_from(*from),
        Read::DisplacedEntry { by, .. } => displaced_by(by),
        Read::TransactionAt { sender, sequence, .. } => transaction_at(sender, *sequence),
        Read::MinedAt { txid, .. } => mined_at(txid),
    }
}

/// How the question for accounts in a row is named.
pub(super) fn accounts_after(after: Option<&PublicKey>) -> String {
    match after {
        Some(key) => format!("the accounts after {key}"),
        None => String::from("the first accounts"),
    }
}

/// How the question for entries that wait is named.
pub(super) fn waiting_from(from: EntryId) -> String {
    format!("the entries that wait from {from} on")
}

pub(super) fn displaced_by(txid: &Txid) -> String {
    format!("the entries that transaction {txid} displaced")
}

pub(super) fn transaction_at(sender: &PublicKey, sequence: u64) -> String {
    format!("the transaction of {sender} with the sequence {sequence}")
}

pub(super) fn mined_at(txid: &Txid) -> String {
    format!("the height of transaction {txid}")
}

pub(super) fn account_of(key: &PublicKey) -> String {
    format!("the account of {key}")
}

pub(super) fn stored_at(height: u32) -> String {
    format!("the block at height {height}")
}
