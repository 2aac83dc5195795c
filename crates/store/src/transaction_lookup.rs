//! Transactions by what they say and by whom they concern.
//!
//! Owns the two indexes that lead from the hash of a recorded content, and from an address, to the blocks
//! that may hold such a transaction. Knows nothing of how a file is read.

use kusari_chain::ledger::{BodyEntry, ContentHash, Payload, PublicKey, SignedTransaction};
use kusari_chain::{StoreError, StoredBlock};
use redb::{ReadTransaction, WriteTransaction};

use super::blocks::BlockReader;
use super::content::sound;
use super::fault::Fault;
use super::suffix_index::{IndexReader, IndexTables, IndexWriter};
use super::transactions::FoundTransaction;
use super::{Store, tables};

/// The last eight bytes, as a big-endian number.
fn suffix(bytes: &[u8; 32]) -> u64 {
    bytes[24..].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Suffixes of the contents that a block has, each once, in order.
pub(super) fn contents(body: &[BodyEntry]) -> Vec<u64> {
    let payloads = body.iter().filter_map(|entry| entry.payload.as_ref());
    sorted(payloads.map(|payload| suffix(&ContentHash::of_text(&payload.data).0)).collect())
}

/// Suffixes of the senders and receivers of a block, each once, in order.
pub(super) fn addresses(body: &[BodyEntry]) -> Vec<u64> {
    let keys = body.iter().flat_map(|entry| [entry.transaction.sender, entry.transaction.receiver]);
    sorted(keys.map(|key| suffix(&key.0)).collect())
}

fn body_of(stored: &StoredBlock) -> &[BodyEntry] {
    stored.part().map_or(&[], |part| &part.body)
}

fn sorted(mut suffixes: Vec<u64>) -> Vec<u64> {
    suffixes.sort_unstable();
    suffixes.dedup();
    suffixes
}

/// One of the indexes within one commit.
type LookupWriter<'txn> = IndexWriter<'txn, (u64, u64, u64)>;

/// Both indexes within one commit.
pub(super) struct Lookups<'txn> {
    contents: LookupWriter<'txn>,
    addresses: LookupWriter<'txn>,
    /// Order of the first block that came in this commit.
    first_new: Option<u64>,
}

impl<'txn> Lookups<'txn> {
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, Fault> {
        Ok(Self {
            contents: IndexWriter::open(transaction, &tables::CONTENTS)?,
            addresses: IndexWriter::open(transaction, &tables::ADDRESSES)?,
            first_new: None,
        })
    }

    pub(super) fn insert(&mut self, stored: &StoredBlock) {
        self.first_new.get_or_insert(stored.order);
        for suffix in contents(body_of(stored)) {
            self.contents.insert(suffix, stored.order);
        }
        for suffix in addresses(body_of(stored)) {
            self.addresses.insert(suffix, stored.order);
        }
    }

    /// Payloads of a block came late: its payloads were `former` and are `stored` now.
    pub(super) fn fill(&mut self, former: &StoredBlock, stored: &StoredBlock) -> Result<(), Fault> {
        let before = contents(body_of(former));
        let is_new = self.first_new.is_some_and(|first| first <= stored.order);
        for suffix in contents(body_of(stored)) {
            match (before.contains(&suffix), is_new) {
                (true, _) => {}
                (false, true) => self.contents.insert(suffix, stored.order),
                (false, false) => self.contents.add(suffix, stored.order)?,
            }
        }
        Ok(())
    }

    pub(super) fn evict(&mut self, stored: &StoredBlock) {
        self.contents.evict(stored.order, contents(body_of(stored)).into_iter());
        self.addresses.evict(stored.order, addresses(body_of(stored)).into_iter());
    }

    pub(super) fn finish(self, next_order: u64) -> Result<(), Fault> {
        self.contents.finish(next_order)?;
        self.addresses.finish(next_order)
    }
}

/// A block's payloads were `former` and are `stored` now: nothing may lead to what is gone, since
/// a reader that guesses a text could see by its hash that it was there.
pub(super) fn change_contents(
    transaction: &WriteTransaction,
    former: &StoredBlock,
    stored: &StoredBlock,
) -> Result<(), Fault> {
    let (before, after) = (contents(body_of(former)), contents(body_of(stored)));
    let mut writer = LookupWriter::open(transaction, &tables::CONTENTS)?;
    for suffix in before.iter().filter(|suffix| !after.contains(suffix)) {
        writer.remove(*suffix, stored.order)?;
    }
    for suffix in after.iter().filter(|suffix| !before.contains(suffix)) {
        writer.add(*suffix, stored.order)?;
    }
    Ok(())
}

/// The most that one search gives at once.
const MAX_FOUND: usize = 1_000;

/// Where a search goes on: it found everything down to this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchPosition {
    /// Order of a block.
    pub order: u64,
    /// Place in its body, from 0.
    pub place: u32,
}

/// One transaction that a search found.
#[derive(Clone, Debug)]
pub struct Match {
    /// Where it stands.
    pub found: FoundTransaction,
    /// The block's timestamp, in Unix seconds.
    pub timestamp: u64,
    /// The transaction.
    pub transaction: SignedTransaction,
    /// Its payload, unless it has none or it was erased.
    pub payload: Option<Payload>,
}

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct SearchPage {
    /// Transactions, the youngest block's first, and in a block the last one first.
    pub found: Vec<Match>,
    /// Height of the best chain's tip.
    pub tip: u32,
    /// Where to go on; absent where there is no more.
    pub next: Option<SearchPosition>,
}

/// As programs and people are given it to go on: `ORDER.PLACE`.
impl core::fmt::Display for SearchPosition {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.order, self.place)
    }
}

impl core::str::FromStr for SearchPosition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (order, place) = text.split_once('.').ok_or(())?;
        Ok(Self { order: order.parse().map_err(|_| ())?, place: place.parse().map_err(|_| ())? })
    }
}

impl Store {
    /// Transactions of the best chain whose payload has this content, the youngest first.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn transactions_with(
        &self,
        content: &ContentHash,
        after: Option<SearchPosition>,
        limit: usize,
    ) -> Result<SearchPage, StoreError> {
        self.search(&tables::CONTENTS, suffix(&content.0), after, limit, |one| {
            one.payload
                .as_ref()
                .is_some_and(|payload| ContentHash::of_text(&payload.data) == *content)
        })
    }

    /// Transactions of the best chain that this key sent or received, the youngest first.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn transactions_of(
        &self,
        key: &PublicKey,
        after: Option<SearchPosition>,
        limit: usize,
    ) -> Result<SearchPage, StoreError> {
        self.search(&tables::ADDRESSES, suffix(&key.0), after, limit, |one| {
            one.transaction.sender == *key || one.transaction.receiver == *key
        })
    }

    fn search(
        &self,
        tables: &'static IndexTables<(u64, u64, u64)>,
        suffix: u64,
        after: Option<SearchPosition>,
        limit: usize,
        suits: impl Fn(&Match) -> bool,
    ) -> Result<SearchPage, StoreError> {
        if !self.inner.kind.is_ledger() {
            return Ok(SearchPage::default());
        }
        let limit = limit.clamp(1, MAX_FOUND);
        Ok(self.read(|transaction| {
            let blocks = BlockReader::open(transaction, &self.inner.content)?;
            let mut page = SearchPage { tip: blocks.best_height()?, ..SearchPage::default() };
            visit(transaction, &blocks, tables, suffix, after, |one| {
                if !suits(&one) {
                    return true;
                }
                if page.found.len() == limit {
                    page.next = page.found.last().map(|last| SearchPosition {
                        order: last.found.order,
                        place: last.found.place,
                    });
                    return false;
                }
                page.found.push(one);
                true
            })?;
            Ok(page)
        })?)
    }
}

/// Shows `look` every transaction of the best chain in the blocks that the suffix leads to, the youngest
/// first, until it says `false`.
fn visit(
    transaction: &ReadTransaction,
    blocks: &BlockReader<'_>,
    tables: &'static IndexTables<(u64, u64, u64)>,
    suffix: u64,
    after: Option<SearchPosition>,
    mut look: impl FnMut(Match) -> bool,
) -> Result<(), Fault> {
    let index = IndexReader::open(transaction, tables)?;
    let end = after.map_or(u64::MAX, |after| after.order);
    index.find(suffix, |order| {
        if order > end {
            return Ok(None);
        }
        // What was altered is passed over.
        let Some(stored) = sound(blocks.at(order))? else { return Ok(None) };
        if !blocks.is_best(stored.block.index, order)? {
            return Ok(None);
        }
        let (block, height) = (stored.block.hash, stored.block.index);
        let timestamp = stored.block.timestamp;
        let body = stored.into_whole().ledger.map_or_else(Vec::new, |part| part.body);
        for (place, entry) in (0..).zip(body).collect::<Vec<_>>().into_iter().rev() {
            if after.is_some_and(|after| order == after.order && place >= after.place) {
                continue;
            }
            let found = FoundTransaction { block, height, order, place, on_best_chain: true };
            let BodyEntry { transaction, payload } = entry;
            if !look(Match { found, timestamp, transaction, payload }) {
                return Ok::<_, Fault>(Some(()));
            }
        }
        Ok(None)
    })?;
    Ok(())
}
