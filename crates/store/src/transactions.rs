//! Transactions of a ledger by their ids: in which block they stand, and where in it.

use kusari_chain::ledger::Txid;
use kusari_chain::{BlockHash, StoreError, StoredBlock};
use redb::{ReadTransaction, WriteTransaction};

use super::Store;
use super::blocks::BlockReader;
use super::content::sound;
use super::fault::Fault;
use super::suffix_index::{IndexReader, IndexWriter};
use super::tables;

/// A transaction of a stored block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundTransaction {
    /// The block's hash.
    pub block: BlockHash,
    /// The block's height.
    pub height: u32,
    /// The block's order.
    pub order: u64,
    /// The transaction's place in the body, from 0.
    pub place: u32,
    /// Whether the block is in the best chain.
    pub on_best_chain: bool,
}

/// Where one transaction stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransactionPlaces {
    /// In the best chain, where it can stand once only.
    pub best: Option<FoundTransaction>,
    /// In the block beside the best chain that was stored last.
    pub beside: Option<FoundTransaction>,
}

/// The last eight bytes of an id, as a big-endian number.
pub(super) fn suffix(txid: &Txid) -> u64 {
    BlockHash(txid.0).suffix()
}

/// Suffixes of the ids of all transactions of a block.
pub(super) fn suffixes(stored: &StoredBlock) -> impl Iterator<Item = u64> + '_ {
    let body = stored.part().map_or(&[][..], |part| &part.body);
    body.iter().map(|entry| suffix(&entry.transaction.txid()))
}

/// The index of transactions within one commit.
pub(super) type TransactionWriter<'txn> = IndexWriter<'txn, (u64, u64, u64)>;

pub(super) fn writer(transaction: &WriteTransaction) -> Result<TransactionWriter<'_>, Fault> {
    IndexWriter::open(transaction, &tables::TRANSACTIONS)
}

/// The transaction as a read sees it, wherever it stands.
pub(super) fn find(
    transaction: &ReadTransaction,
    blocks: &BlockReader<'_>,
    txid: &Txid,
) -> Result<TransactionPlaces, Fault> {
    let index = IndexReader::open(transaction, &tables::TRANSACTIONS)?;
    let mut places = TransactionPlaces::default();
    index.find(suffix(txid), |order| {
        // What was altered is passed over: another block may have the transaction.
        let Some(stored) = sound(blocks.at(order))? else { return Ok(None) };
        let body = stored.part().map_or(&[][..], |part| &part.body);
        let place = body.iter().position(|entry| entry.transaction.txid() == *txid);
        let Some(place) = place.and_then(|place| u32::try_from(place).ok()) else {
            return Ok::<_, Fault>(None::<()>);
        };
        let (block, height) = (stored.block.hash, stored.block.index);
        let on_best_chain = blocks.is_best(height, order)?;
        let found = FoundTransaction { block, height, order, place, on_best_chain };
        let kind = if on_best_chain { &mut places.best } else { &mut places.beside };
        kind.get_or_insert(found);
        Ok(None)
    })?;
    Ok(places)
}

/// Orders of the blocks that may hold the transaction.
pub(super) fn orders_of(transaction: &ReadTransaction, txid: &Txid) -> Result<Vec<u64>, Fault> {
    let mut orders = Vec::new();
    IndexReader::open(transaction, &tables::TRANSACTIONS)?.find(suffix(txid), |order| {
        orders.push(order);
        Ok::<_, Fault>(None::<()>)
    })?;
    Ok(orders)
}

impl Store {
    /// The transaction with this id, in whatever block it stands: that of the best chain where there
    /// is one, otherwise the one that was stored last. Nothing is found on the classic chain.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn transaction(&self, txid: &Txid) -> Result<Option<FoundTransaction>, StoreError> {
        let TransactionPlaces { best, beside } = self.transaction_places(txid)?;
        Ok(best.or(beside))
    }

    /// The same, in the best chain and beside it.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn transaction_places(&self, txid: &Txid) -> Result<TransactionPlaces, StoreError> {
        if !self.inner.kind.is_ledger() {
            return Ok(TransactionPlaces::default());
        }
        Ok(self.read(|transaction| {
            let blocks = BlockReader::open(transaction, &self.inner.content)?;
            find(transaction, &blocks, txid)
        })?)
    }
}
