//! Records: the bytes that stand for a block, for its body on a ledger, and for an outbox entry.
//!
//! Owns their layout, Borsh of the fields in order. It is frozen by the tests below; a change is a
//! new schema version.

use core::fmt::Display;

use borsh::{BorshDeserialize, BorshSerialize};
use kusari_chain::ledger::{BodyEntry, Commitment, LedgerPart};
use kusari_chain::merkle::NodeHash;
use kusari_chain::pow::ChainTime;
use kusari_chain::store::{StoredHeader, StoredLedger};
use kusari_chain::{Block, BlockHash, StoredBlock, Work};
use kusari_node::drafts::Draft;
use kusari_node::store::{EntryId, EntryState, OutboxEntry};

use super::fault::Fault;

/// A stored block; its order is the key. Generic over the block, so that it is written from a
/// borrowed one.
#[derive(BorshSerialize, BorshDeserialize)]
pub(crate) struct BlockRecord<B> {
    /// Big-endian.
    pub(crate) work: [u8; 32],
    total_bytes: u64,
    pub(crate) block: B,
}

/// What follows in the record of a ledger block.
#[derive(BorshSerialize, BorshDeserialize)]
struct LedgerRecord<S, C> {
    active_s: u64,
    latest: u64,
    subtrees: S,
    commitment: C,
    counted_bytes: u64,
}

/// What is stored of a block without its body. On a classic chain it is all there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) order: u64,
    pub(crate) work: Work,
    pub(crate) total_bytes: u64,
    pub(crate) block: Block,
    pub(crate) ledger: Option<LedgerHead>,
}

/// What a ledger adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LedgerHead {
    pub(crate) time: ChainTime,
    pub(crate) subtrees: Vec<NodeHash>,
    pub(crate) commitment: Commitment,
    counted_bytes: u64,
}

impl Head {
    /// As [`StoredBlock::counted_bytes`].
    pub(crate) fn counted_bytes(&self) -> u64 {
        match &self.ledger {
            Some(ledger) => ledger.counted_bytes,
            None => self.block.canonical_line_bytes() as u64,
        }
    }

    /// Transactions of the block; on the classic chain those of the tutorial's list.
    pub(crate) fn transactions(&self) -> usize {
        match &self.ledger {
            Some(ledger) => ledger.commitment.body_count as usize,
            None => self.block.transactions.len(),
        }
    }

    pub(crate) fn stored_header(self) -> StoredHeader {
        let counted_bytes = self.counted_bytes();
        let Self { order, work, total_bytes, block, ledger } = self;
        let (time, subtrees) = match ledger {
            Some(ledger) => (ledger.time, ledger.subtrees),
            None => (ChainTime::default(), Vec::new()),
        };
        let Block { index: height, hash, prev_hash, timestamp, .. } = block;
        StoredHeader {
            order,
            work,
            total_bytes,
            counted_bytes,
            height,
            hash,
            prev_hash,
            timestamp,
            time,
            subtrees,
        }
    }

    /// The block of the classic chain, which has no body apart.
    pub(crate) fn without_body(self) -> StoredBlock {
        let Self { order, work, total_bytes, block, ledger: _ } = self;
        StoredBlock { order, work, total_bytes, block, ledger: None }
    }

    /// The whole block, with the record of its body.
    pub(crate) fn with_body(self, mut bytes: &[u8]) -> Result<StoredBlock, Fault> {
        let Self { order, work, total_bytes, block, ledger } = self;
        let unreadable = |error| Fault::unreadable("bodies", order, error);
        let Some(LedgerHead { time, subtrees, commitment, counted_bytes: _ }) = ledger else {
            return Err(Fault::unreadable("bodies", order, "it is of a block that has no body"));
        };
        let body = Vec::<BodyEntry>::deserialize(&mut bytes).map_err(unreadable)?;
        // Most blocks have nothing that was erased, and then nothing follows.
        let erased = match bytes {
            [] => Vec::new(),
            rest => read_erased(rest, &body).map_err(unreadable)?,
        };
        let part = LedgerPart { commitment, body };
        let ledger = Some(Box::new(StoredLedger { part, time, subtrees, erased }));
        Ok(StoredBlock { order, work, total_bytes, block, ledger })
    }
}

/// The bytes of a record; `what` names it.
pub(crate) fn written(record: &impl BorshSerialize, what: impl Display) -> Result<Vec<u8>, Fault> {
    borsh::to_vec(record).map_err(|error| unwritable(what, error))
}

/// The record under a key of a table.
pub(crate) fn read<T: BorshDeserialize>(
    table: &'static str,
    key: impl Display,
    bytes: &[u8],
) -> Result<T, Fault> {
    borsh::from_slice(bytes).map_err(|error| Fault::unreadable(table, key, error))
}

fn unwritable(what: impl Display, error: borsh::io::Error) -> Fault {
    Fault::Unfitting(format!("{what} cannot be written ({error})"))
}

/// Writes the record of `stored`, without its body, to the end of `bytes`.
pub(crate) fn write_head(stored: &StoredBlock, bytes: &mut Vec<u8>) -> Result<(), Fault> {
    let StoredBlock { order, work, total_bytes, block, ledger } = stored;
    let (work, total_bytes) = (work.to_be_bytes(), *total_bytes);
    let mut written = BlockRecord { work, total_bytes, block }.serialize(bytes);
    if let Some(ledger) = ledger {
        let ChainTime { active_s, latest } = ledger.time;
        let (subtrees, commitment) = (&ledger.subtrees, &ledger.part.commitment);
        let counted_bytes = stored.counted_bytes();
        let record = LedgerRecord { active_s, latest, subtrees, commitment, counted_bytes };
        written = written.and_then(|()| record.serialize(bytes));
    }
    written.map_err(|error| unwritable(format_args!("block {order}"), error))
}

/// Writes the record of a ledger block's body to the end of `bytes`.
pub(crate) fn write_body(stored: &StoredBlock, bytes: &mut Vec<u8>) -> Result<(), Fault> {
    let Some(ledger) = &stored.ledger else { return Ok(()) };
    let mut written = ledger.part.body.serialize(bytes);
    if !ledger.erased.is_empty() {
        written = written.and_then(|()| ledger.erased.serialize(bytes));
    }
    written.map_err(|error| unwritable(format_args!("block {}", stored.order), error))
}

pub(crate) fn read_head(order: u64, mut bytes: &[u8]) -> Result<Head, Fault> {
    let unreadable = |error| Fault::unreadable("blocks", order, error);
    let BlockRecord::<Block> { work, total_bytes, block } =
        BlockRecord::deserialize(&mut bytes).map_err(unreadable)?;
    // Whatever follows must be a ledger's part to its end.
    let ledger = match bytes {
        [] => None,
        rest => {
            let LedgerRecord::<Vec<NodeHash>, Commitment> {
                active_s,
                latest,
                subtrees,
                commitment,
                counted_bytes,
            } = borsh::from_slice(rest).map_err(unreadable)?;
            let time = ChainTime { active_s, latest };
            Some(LedgerHead { time, subtrees, commitment, counted_bytes })
        }
    };
    Ok(Head { order, work: Work::from_be_bytes(work), total_bytes, block, ledger })
}

fn read_erased(bytes: &[u8], body: &[BodyEntry]) -> borsh::io::Result<Vec<u32>> {
    let erased: Vec<u32> = borsh::from_slice(bytes)?;
    let is_gone = |place: &u32| {
        let entry = usize::try_from(*place).ok().and_then(|place| body.get(place));
        entry.is_some_and(|entry| entry.payload.is_none())
    };
    if erased.is_empty() || !erased.is_sorted_by(|a, b| a < b) || !erased.iter().all(is_gone) {
        let reason = "the places of erased payloads are not those of a body without them";
        return Err(borsh::io::Error::new(borsh::io::ErrorKind::InvalidData, reason));
    }
    Ok(erased)
}

/// An outbox entry; its number is the key.
#[derive(BorshSerialize, BorshDeserialize)]
struct OutboxRecord {
    text: String,
    draft: Option<Draft>,
    blocks: Vec<BlockHash>,
    state: EntryState,
}

pub(crate) fn write_entry(entry: OutboxEntry) -> Result<Vec<u8>, Fault> {
    let OutboxEntry { id, text, draft, blocks, state } = entry;
    written(&OutboxRecord { text, draft, blocks, state }, format_args!("entry {id}"))
}

pub(crate) fn read_entry(id: EntryId, bytes: &[u8]) -> Result<OutboxEntry, Fault> {
    Ok(entry_of(id, read("outbox", id, bytes)?))
}

/// An outbox entry of the schemas 1 and 2.
#[derive(BorshDeserialize)]
struct EarlyOutboxRecord {
    text: String,
    blocks: Vec<BlockHash>,
    settled: bool,
}

/// An entry of a store of schema 1 or 2.
pub(crate) fn read_early_entry(id: EntryId, bytes: &[u8]) -> Result<OutboxEntry, Fault> {
    let EarlyOutboxRecord { text, blocks, settled } = read("outbox", id, bytes)?;
    let state = if settled { EntryState::Mined { settled } } else { EntryState::Waiting };
    Ok(OutboxEntry { id, text, draft: None, blocks, state })
}

fn entry_of(id: EntryId, record: OutboxRecord) -> OutboxEntry {
    let OutboxRecord { text, draft, blocks, state } = record;
    OutboxEntry { id, text, draft, blocks, state }
}

/// The entry whose record the bytes begin with, as number 0, and how many bytes that takes.
pub(crate) fn read_entry_at_front(bytes: &[u8]) -> Option<(OutboxEntry, usize)> {
    let mut rest = bytes;
    let record = OutboxRecord::deserialize(&mut rest).ok()?;
    Some((entry_of(0, record), bytes.len() - rest.len()))
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
