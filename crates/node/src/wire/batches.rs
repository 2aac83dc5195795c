//! Lines in a row: what is cheaper to check or to take together is kept together.
//!
//! Owns which lines of a stretch become one: blocks in a row are taken together, with the `END` of their
//! answer, and transactions in a row are checked together as well. The order of lines stays. Knows nothing of connections.

use kusari_chain::mempool::TransactionBatch;

use super::decode::{Dialect, Received};
use super::message::Message;
use super::refusal::Refusal;
use crate::prelude::*;

/// Transactions that are checked together at the most. More would save nothing, and a wrong one has
/// all of them checked by themselves.
const MAX_BATCH: usize = 1_024;

/// Lines that are taken together: `BLOCK` lines in a row and the `END` that follows them, `TX` lines in a row,
/// or one line of any kind.
pub type LineBatch = Vec<Result<Received, Refusal>>;

/// Reads the lines of one peer, in order. What it holds is bounded by the lines that whoever fills it
/// reads before it is emptied.
pub struct LineBatches {
    dialect: Dialect,
    done: Vec<LineBatch>,
    blocks: LineBatch,
    unsigned: Option<TransactionBatch>,
}

impl LineBatches {
    /// No lines yet.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        let unsigned = match dialect {
            Dialect::Ledger(chain) => Some(TransactionBatch::new(chain)),
            Dialect::Classic | Dialect::Written => None,
        };
        Self { dialect, done: Vec::new(), blocks: Vec::new(), unsigned }
    }

    /// Reads one line, without its newline, as [`Dialect::receive`] does, but for the signatures of
    /// transactions. Returns whether it is a `HELLO`, after which lines may be longer.
    pub fn push(&mut self, line: &[u8]) -> bool {
        if let Some(unsigned) = &mut self.unsigned
            && let Some(read) = self.dialect.transaction_line(line)
        {
            let added = read.and_then(|entry| {
                unsigned.add(entry.transaction, entry.payload).map_err(Refusal::from)
            });
            let is_full = unsigned.len() >= MAX_BATCH;
            self.end_blocks();
            if let Err(refusal) = added {
                self.push_message(Err(refusal));
            } else if is_full {
                self.end_transactions();
            }
            return false;
        }
        match self.dialect.receive(line) {
            block @ Ok(Message::Block(_)) => {
                self.end_transactions();
                self.blocks.push(block);
                false
            }
            end @ Ok(Message::End { .. }) if !self.blocks.is_empty() => {
                self.blocks.push(end);
                self.end_blocks();
                false
            }
            received => {
                let is_hello = matches!(received, Ok(Message::Hello(_)));
                self.push_message(received);
                is_hello
            }
        }
    }

    /// Takes what is no line, or is not to be read as one.
    pub fn push_message(&mut self, received: Result<Received, Refusal>) {
        self.end_row();
        self.done.push(vec![received]);
    }

    /// Rows that no further line is added to.
    #[must_use]
    pub fn complete(&self) -> usize {
        self.done.len()
    }

    /// Takes these rows.
    pub fn take_complete(&mut self) -> Vec<LineBatch> {
        core::mem::take(&mut self.done)
    }

    /// Ends the last row, and takes all that is left.
    pub fn take_all(&mut self) -> Vec<LineBatch> {
        self.end_row();
        self.take_complete()
    }

    fn end_row(&mut self) {
        self.end_blocks();
        self.end_transactions();
    }

    fn end_blocks(&mut self) {
        let mut blocks = core::mem::take(&mut self.blocks);
        self.end_row_with(&mut blocks);
    }

    fn end_transactions(&mut self) {
        let verdicts = self.unsigned.as_mut().map(TransactionBatch::check);
        let mut right = LineBatch::new();
        for verdict in verdicts.into_iter().flatten() {
            match verdict {
                Ok(checked) => right.push(Ok(Message::Transaction(Box::new(checked)))),
                Err(violation) => {
                    self.end_row_with(&mut right);
                    self.done.push(vec![Err(violation.into())]);
                }
            }
        }
        self.end_row_with(&mut right);
    }

    fn end_row_with(&mut self, lines: &mut LineBatch) {
        if !lines.is_empty() {
            self.done.push(core::mem::take(lines));
        }
    }
}
