//! Reads for people who look around: headers, lines of this node, what a text
//! stands in.
//!
//! Owns how far one read goes: each is one read transaction, and takes no more than its caller allows
//! or than a bound of its own. The genesis block, which is not stored, is there like any other.

use std::collections::BTreeSet;

use kusari_chain::ledger::{BodyEntry, Txid};
use kusari_chain::{Block, BlockHash, StoreError, StoredBlock, Work};
use kusari_node::store::{EntryId, OutboxEntry};

use super::checksummed::{ReadTables, ReadableTable};
use super::content::sound;
use super::fault::Fault;
use super::record::{Head, read_entry};
use super::transaction_lookup::{Match, SearchPage, SearchPosition};
use super::transactions::FoundTransaction;
use super::{Store, tables};

/// Blocks that one search for a text reads at most: some ten milliseconds of a classic chain.
const MAX_SEARCHED_BLOCKS: u32 = 4_096;
/// Bytes of canonical lines and payloads after which a search for a text goes on in another read.
const MAX_SEARCHED_BYTES: u64 = 16 * 1024 * 1024;

/// A block without what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its seven keys, with no text and no transactions.
    pub block: Block,
    /// Accumulated work up to it.
    pub work: Work,
    /// Transactions in it; on the classic chain those of the tutorial's list.
    pub transactions: usize,
    /// What it counts for, in bytes.
    pub bytes: u64,
    /// Who mined it, on a ledger.
    pub miner: Option<kusari_chain::ledger::PublicKey>,
}

impl Header {
    fn of(head: Head) -> Self {
        let (work, bytes) = (head.work, head.counted_bytes());
        let miner = head.ledger.as_ref().map(|ledger| ledger.commitment.miner);
        let transactions = head.transactions();
        let block = Block { data: String::new(), transactions: Vec::new(), ..head.block };
        Self { block, work, transactions, bytes, miner }
    }

    /// The same of a whole block.
    #[must_use]
    pub fn of_stored(stored: &StoredBlock) -> Self {
        let part = stored.part();
        let transactions = part.map_or(stored.block.transactions.len(), |part| part.body.len());
        let (data, none) = (String::new(), Vec::new());
        let block = Block { data, transactions: none, ..stored.block.clone() };
        let miner = part.map(|part| part.commitment.miner);
        Self { block, work: stored.work, transactions, bytes: stored.counted_bytes(), miner }
    }

    fn genesis() -> Self {
        let genesis = Block::genesis();
        let (transactions, bytes) = (genesis.transactions.len(), 0);
        let block = Block { data: String::new(), transactions: Vec::new(), ..genesis };
        Self { block, work: Work::ZERO, transactions, bytes, miner: None }
    }
}

/// Lines or payloads that have a text in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextPage {
    /// What was found, the youngest first.
    pub found: Vec<TextMatch>,
    /// Height below which the search goes on; absent where all was read.
    pub next: Option<u32>,
}

/// Where a text stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextMatch {
    /// Height of the block.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
    /// Its timestamp, in Unix seconds.
    pub timestamp: u64,
    /// The transaction that says it, on a ledger.
    pub txid: Option<Txid>,
    /// The whole text.
    pub text: String,
}

impl Store {
    /// Headers of the best chain from a height on, lowest first, and the height after them if the chain
    /// reaches it.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails; the same holds for every read here.
    pub fn headers(&self, from: u32, count: u32) -> Result<(Vec<Header>, Option<u32>), StoreError> {
        Ok(self.read_blocks(|reader| {
            let tip = reader.best_height()?;
            if from > tip || count == 0 {
                return Ok((Vec::new(), None));
            }
            let through = tip.min(from.saturating_add(count - 1));
            let mut headers = Vec::new();
            if from == 0 {
                headers.push(Header::genesis());
            }
            if through > 0 {
                let visited = reader.visit_best_heads(from.max(1), through, &mut |head| {
                    headers.push(Header::of(head));
                    Ok(true)
                });
                match visited {
                    // The range ends before it; the next one names it.
                    Err(Fault::AlteredBlock(_)) if !headers.is_empty() => {}
                    visited => visited?,
                }
            }
            let next = headers.last().map_or(from, |last| last.block.index.saturating_add(1));
            Ok((headers, Some(next).filter(|next| *next <= tip)))
        })?)
    }

    /// Headers from a block downwards, at most `count`, until the best chain is reached; lowest first.
    /// Of a block of the best chain there are none, and `None` where there is no such block.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn branch(&self, tip: &BlockHash, count: usize) -> Result<Option<Vec<Header>>, StoreError> {
        Ok(self.read_blocks(|reader| {
            if *tip == Block::genesis().hash {
                return Ok(Some(Vec::new()));
            }
            let (mut hash, mut headers) = (*tip, Vec::new());
            while headers.len() < count {
                let Some(head) = reader.head_by_hash(&hash)? else { break };
                if reader.is_best(head.block.index, head.order)? {
                    headers.reverse();
                    return Ok(Some(headers));
                }
                hash = head.block.prev_hash;
                headers.push(Header::of(head));
            }
            headers.reverse();
            // A branch from the genesis block ends with what is not stored.
            Ok((!headers.is_empty()).then_some(headers))
        })?)
    }

    /// Entries of the outbox below a number, the newest first; of those alone that are not settled, if so.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn entries(
        &self,
        below: Option<EntryId>,
        open: bool,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        Ok(self.read(|transaction| {
            let entries = transaction.table(tables::OUTBOX)?;
            let end = below.unwrap_or(EntryId::MAX);
            if open {
                let waiting = transaction.table(tables::OUTBOX_WAITING)?;
                let waiting = waiting.range(..end)?.rev().take(limit);
                let mut ids = waiting
                    .map(|row| Ok(row?.0.value()))
                    .collect::<Result<BTreeSet<EntryId>, Fault>>()?;
                // In order of what displaced them, so all are looked at.
                for row in transaction.table(tables::OUTBOX_DISPLACED)?.iter()? {
                    let (_, id) = row?.0.value();
                    if id < end {
                        ids.insert(id);
                    }
                    if ids.len() > limit {
                        ids.pop_first();
                    }
                }
                let found = ids.into_iter().rev().map(|id| {
                    let missing = || Fault::unreadable("outbox", id, "there is no such entry");
                    let bytes = entries.get(id)?.ok_or_else(missing)?;
                    read_entry(id, bytes.value())
                });
                return found.collect();
            }
            let rows = entries.range(..end)?.rev().take(limit);
            rows.map(|row| {
                let (id, bytes) = row?;
                read_entry(id.value(), bytes.value())
            })
            .collect()
        })?)
    }

    /// Transactions of the best chain, the youngest first.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn recent_transactions(
        &self,
        after: Option<SearchPosition>,
        limit: usize,
    ) -> Result<SearchPage, StoreError> {
        if !self.inner.kind.is_ledger() {
            return Ok(SearchPage::default());
        }
        Ok(self.read_blocks(|reader| {
            let tip = reader.best_height()?;
            let mut page = SearchPage { tip, ..SearchPage::default() };
            let mut from = tip;
            if let Some(after) = after {
                let Some(head) = reader.head_of_order(after.order)? else { return Ok(page) };
                let height = head.block.index;
                from = match reader.is_best(height, head.order)? {
                    true => height,
                    // It has left the best chain since: what was below it is still there.
                    false => height.saturating_sub(1),
                };
            }
            let lowest = from.saturating_sub(MAX_SEARCHED_BLOCKS - 1).max(1);
            for height in (lowest..=from).rev() {
                let Some(stored) = sound(reader.best_at(height))?.flatten() else { continue };
                let order = stored.order;
                for one in matches_of(stored) {
                    let told = |after: SearchPosition| {
                        order == after.order && one.found.place >= after.place
                    };
                    if after.is_some_and(told) {
                        continue;
                    }
                    if page.found.len() == limit {
                        page.next = page.found.last().map(|last| SearchPosition {
                            order: last.found.order,
                            place: last.found.place,
                        });
                        return Ok(page);
                    }
                    page.found.push(one);
                }
                if height == lowest && lowest > 1 {
                    page.next = Some(SearchPosition { order, place: 0 });
                }
            }
            Ok(page)
        })?)
    }

    /// Blocks of the best chain below a height in whose line, or in whose transactions' payloads, a text
    /// stands, whatever its case; as far as one read goes.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn blocks_saying(
        &self,
        text: &str,
        below: Option<u32>,
        limit: usize,
    ) -> Result<TextPage, StoreError> {
        let wanted = text.to_lowercase();
        Ok(self.read_blocks(|reader| {
            let top = reader.best_height()?;
            let from = below.map_or(top, |below| top.min(below.saturating_sub(1)));
            let (mut page, mut bytes, mut searched) = (TextPage::default(), 0, 0);
            let mut height = from;
            loop {
                let found = match height {
                    0 => texts_of_genesis(),
                    _ => match sound(reader.best_at(height))?.flatten() {
                        Some(stored) => {
                            bytes += stored.counted_bytes();
                            texts_of(stored)
                        }
                        None => Vec::new(),
                    },
                };
                let says = |one: &TextMatch| one.text.to_lowercase().contains(&wanted);
                page.found.extend(found.into_iter().filter(says));
                searched += 1;
                if height == 0 {
                    return Ok(page);
                }
                let enough = page.found.len() >= limit
                    || searched >= MAX_SEARCHED_BLOCKS
                    || bytes >= MAX_SEARCHED_BYTES;
                if enough {
                    page.next = Some(height);
                    return Ok(page);
                }
                height -= 1;
            }
        })?)
    }
}

/// The transactions of a block, the last one first.
fn matches_of(stored: StoredBlock) -> Vec<Match> {
    let (block, height, order) = (stored.block.hash, stored.block.index, stored.order);
    let timestamp = stored.block.timestamp;
    let body = stored.into_whole().ledger.map_or_else(Vec::new, |part| part.body);
    let placed = (0..).zip(body).map(|(place, BodyEntry { transaction, payload })| {
        let found = FoundTransaction { block, height, order, place, on_best_chain: true };
        Match { found, timestamp, transaction, payload }
    });
    let mut matches: Vec<_> = placed.collect();
    matches.reverse();
    matches
}

fn texts_of_genesis() -> Vec<TextMatch> {
    let Block { index, timestamp, data, hash, .. } = Block::genesis();
    vec![TextMatch { height: index, hash, timestamp, txid: None, text: data }]
}

fn texts_of(stored: StoredBlock) -> Vec<TextMatch> {
    let (height, hash) = (stored.block.index, stored.block.hash);
    let timestamp = stored.block.timestamp;
    if stored.part().is_none() {
        return vec![TextMatch { height, hash, timestamp, txid: None, text: stored.block.data }];
    }
    let said = matches_of(stored).into_iter().filter_map(|one| {
        let txid = Some(one.transaction.txid());
        one.payload.map(|payload| TextMatch { height, hash, timestamp, txid, text: payload.data })
    });
    said.collect()
}
