//! Records in bytes of which nothing else is known.
//!
//! Owns how a block, a body and an outbox entry are recognised wherever they stand. A block is recognised
//! by its own hash, a body by the root in the commitment of a block, an entry by its checksum; so what is
//! found here is sound, whatever the bytes around it are. Cost is bounded by the bytes, and nothing of
//! them is trusted.

use std::collections::{HashMap, HashSet};

use borsh::BorshDeserialize;
use kusari_chain::ledger::commitment::body_root;
use kusari_chain::ledger::{BodyEntry, ChainSpec, Commitment, SignedTransaction};
use kusari_chain::rules::transaction::check_payload;
use kusari_chain::{Block, Work};
use kusari_node::store::OutboxEntry;

use crate::checksummed::{CHECKSUM_BYTES, row_fits};
use crate::record::{BlockRecord, read_entry_at_front};
use crate::tables;

/// Bytes of the longest record: a body of 1 MiB, with what stands around its payloads.
pub(crate) const MAX_RECORD: usize = 2 << 20;

/// Zeros that a block's record begins with: its work is below 2^128.
const WORK_ZEROS: usize = 16;
/// Bytes of a block's record before its text.
const BEFORE_TEXT: usize = 32 + 8 + 4 + 8 + 8;
/// Bytes of the longest text of a block: its canonical line is no longer.
const MAX_TEXT: u32 = 4_096;
/// Subtrees of a block: each is twice as large as the one before, and heights have 32 bits.
const MAX_SUBTREES: u32 = 32;
/// Transactions of a body: each takes more than its 188 bytes.
const MAX_TRANSACTIONS: u32 = (MAX_RECORD / SignedTransaction::BYTES) as u32;

/// A block that was found. Its hash fits its content.
#[derive(Clone, Debug)]
pub(crate) struct FoundBlock {
    pub(crate) block: Block,
    /// As the record says; nothing proves it.
    pub(crate) work: Work,
    /// Of a ledger's block.
    pub(crate) commitment: Option<Commitment>,
    /// Bytes from the beginning of the record to the end of what is known of it.
    pub(crate) length: usize,
}

/// A body that was found, and the places in it whose payloads were erased.
#[derive(Clone, Debug)]
pub(crate) struct FoundBody {
    pub(crate) body: Vec<BodyEntry>,
    pub(crate) erased: Vec<u32>,
    /// Bytes of its record.
    pub(crate) length: usize,
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

impl FoundBody {
    /// Which of two versions is the later one: payloads are erased for good, and others come late.
    pub(crate) fn version(&self) -> BodyVersion {
        let payloads = self.body.iter().filter(|entry| entry.payload.is_some()).count();
        BodyVersion { erased: self.erased.len(), payloads }
    }
}

/// How far a body has come. Later versions are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BodyVersion {
    erased: usize,
    payloads: usize,
}

/// Shows `found` every block whose record begins in the first `end` bytes, with its place.
pub(crate) fn blocks(bytes: &[u8], end: usize, mut found: impl FnMut(usize, FoundBlock)) {
    let mut zeros = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == 0 {
            zeros += 1;
            continue;
        }
        if zeros >= WORK_ZEROS {
            // The work is a number of 32 bytes, of which this is the first that is not zero.
            let first = at.saturating_sub(31).max(at - zeros);
            for start in first..=at - WORK_ZEROS {
                if start < end
                    && let Some(block) = bytes.get(start..).and_then(block_at_front)
                {
                    found(start, block);
                }
            }
        }
        zeros = 0;
        if at >= end + 32 {
            break;
        }
    }
}

/// The block whose record the bytes begin with.
pub(crate) fn block_at_front(bytes: &[u8]) -> Option<FoundBlock> {
    // Before anything is parsed: a number that cannot be a text's length is nearly always seen here.
    if u32_at(bytes, BEFORE_TEXT)? > MAX_TEXT || u32_at(bytes, 40)? == 0 {
        return None;
    }
    let mut rest = bytes;
    let record = BlockRecord::<Block>::deserialize(&mut rest).ok()?;
    let block = record.block;
    if block.compute_hash() != block.hash {
        return None;
    }
    let work = Work::from_be_bytes(record.work);
    let commitment = commitment_at_front(&mut rest, &block);
    Some(FoundBlock { block, work, commitment, length: bytes.len() - rest.len() })
}

/// The commitment that follows in the record of a ledger's block. The block's text is made of it.
fn commitment_at_front(rest: &mut &[u8], block: &Block) -> Option<Commitment> {
    let subtrees = u32_at(rest, 16).filter(|subtrees| *subtrees <= MAX_SUBTREES)?;
    let mut after = rest.get(20 + subtrees as usize * 32..)?;
    let commitment: Commitment = BorshDeserialize::deserialize(&mut after).ok()?;
    if commitment.data() != block.data {
        return None;
    }
    *rest = after;
    Some(commitment)
}

/// The body whose record the bytes begin with, if its root is the one that is wanted.
pub(crate) fn body_at_front(bytes: &[u8], wanted: &Commitment) -> Option<FoundBody> {
    let mut rest = bytes;
    let body = entries_at_front(&mut rest, wanted.body_count)?;
    let root = body_root(body.iter().map(|entry| &entry.transaction));
    if root != wanted.body_root {
        return None;
    }
    Some(with_erased(bytes, rest, body))
}

/// A body is proven; which of its payloads were erased is taken from what follows, where that can be.
fn with_erased(bytes: &[u8], rest: &[u8], body: Vec<BodyEntry>) -> FoundBody {
    let mut after = rest;
    let is_gone = |place: &u32| {
        let entry = usize::try_from(*place).ok().and_then(|place| body.get(place));
        entry.is_some_and(|entry| entry.payload.is_none() && entry.transaction.has_payload())
    };
    let count = u32_at(rest, 0).filter(|count| *count > 0 && *count as usize <= body.len());
    let erased = count.and_then(|_| Vec::<u32>::deserialize(&mut after).ok());
    match erased {
        Some(erased) if erased.is_sorted_by(|a, b| a < b) && erased.iter().all(is_gone) => {
            FoundBody { body, erased, length: bytes.len() - after.len() }
        }
        _ => FoundBody { body, erased: Vec::new(), length: bytes.len() - rest.len() },
    }
}

fn entries_at_front(rest: &mut &[u8], wanted: u32) -> Option<Vec<BodyEntry>> {
    let count = u32_at(rest, 0).filter(|count| *count == wanted && *count <= MAX_TRANSACTIONS)?;
    *rest = rest.get(4..)?;
    let mut body = Vec::new();
    for _ in 0..count {
        // One that is no transaction, or has another payload than it says, ends it at once.
        let entry: BodyEntry = BorshDeserialize::deserialize(rest).ok()?;
        let payload = entry.payload.as_ref();
        if payload.is_some_and(|payload| check_payload(&entry.transaction, payload).is_err()) {
            return None;
        }
        body.push(entry);
    }
    Some(body)
}

/// Bodies that are looked for, by how many transactions they have.
#[derive(Default)]
pub(crate) struct Wanted(HashMap<u32, Vec<Commitment>>);

impl Wanted {
    pub(crate) fn insert(&mut self, commitment: Commitment) {
        self.0.entry(commitment.body_count).or_default().push(commitment);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Shows `found` every body that is wanted and whose record begins in the first `end` bytes.
    pub(crate) fn find(
        &self,
        bytes: &[u8],
        end: usize,
        mut found: impl FnMut(usize, &Commitment, FoundBody),
    ) {
        let end = end.min(bytes.len());
        for start in 0..end {
            let Some(count) = u32_at(bytes, start) else { return };
            if count == 0 || count > MAX_TRANSACTIONS {
                continue;
            }
            let (Some(wanted), Some(record)) = (self.0.get(&count), bytes.get(start..)) else {
                continue;
            };
            let mut rest = record;
            let Some(body) = entries_at_front(&mut rest, count) else { continue };
            let root = body_root(body.iter().map(|entry| &entry.transaction));
            if let Some(commitment) = wanted.iter().find(|wanted| wanted.body_root == root) {
                found(start, commitment, with_erased(record, rest, body));
            }
        }
    }
}

/// Shows `found` every outbox entry that stands with its checksum in the first `end` bytes, apart from its
/// key: of the numbers in `ids`, the one that the checksum names.
pub(crate) fn entries(
    bytes: &[u8],
    end: usize,
    ids: &HashSet<u64>,
    mut found: impl FnMut(OutboxEntry),
) {
    for start in 0..end.min(bytes.len()) {
        let Some(rest) = bytes.get(start..) else { return };
        // Before anything is parsed: nearly all bytes are no length of a text that is there.
        let Some(text) = u32_at(rest, 0).map(|text| text as usize) else { return };
        if text > MAX_RECORD || rest.len() < text.saturating_add(4) {
            continue;
        }
        let Some((entry, length)) = read_entry_at_front(rest) else { continue };
        let Some(row) = rest.get(..length + CHECKSUM_BYTES) else { continue };
        if row[length..].iter().all(|byte| *byte == 0) {
            continue;
        }
        let id = ids.iter().find(|id| row_fits(tables::OUTBOX.name(), &id.to_le_bytes(), row));
        if let Some(id) = id {
            found(OutboxEntry { id: *id, ..entry });
        }
    }
}

/// The spec of the chain with this id, if it stands in the bytes.
pub(crate) fn spec(
    bytes: &[u8],
    end: usize,
    id: &kusari_chain::ledger::ChainId,
) -> Option<ChainSpec> {
    (0..end.min(bytes.len())).find_map(|start| {
        let mut rest = bytes.get(start..)?;
        // The name comes first, and is short.
        if !(1..=256).contains(&u32_at(rest, 0)?) {
            return None;
        }
        let spec = ChainSpec::deserialize(&mut rest).ok()?;
        (spec.check().is_ok() && spec.chain_id() == *id).then_some(spec)
    })
}
