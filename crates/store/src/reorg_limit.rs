//! Branches that are held, and the one that a person accepted: reads, and the steps of a commit that
//! change them.
//!
//! Owns the table `held` and the fact `accepted_branch`. The blocks of a held branch are side blocks like
//! others.

use kusari_chain::{BlockHash, BlockWrite, StoreError, StoredHold, StoredReorgLimit};
use kusari_node::store::StoreBatch;
use redb::{ReadTransaction, WriteTransaction};

use super::Store;
use super::checksummed::{ReadTables, ReadableTable, Table, WriteTables};
use super::fault::Fault;
use super::tables::{self, meta};

/// Writes what batches say of held branches.
pub(super) fn write(transaction: &WriteTransaction, batches: &[StoreBatch]) -> Result<(), Fault> {
    let writes = || batches.iter().flat_map(|batch| &batch.blocks).filter(|write| is_ours(write));
    // Nearly always there are none.
    if writes().next().is_none() {
        return Ok(());
    }
    let mut held = transaction.table(tables::HELD)?;
    for write in writes() {
        match write {
            BlockWrite::HoldBranch(hold) => insert(&mut held, hold)?,
            BlockWrite::ReleaseBranch { root } => release(&mut held, root)?,
            BlockWrite::AcceptBranch { hash } => {
                let mut facts = transaction.table(tables::META)?;
                facts.insert(meta::ACCEPTED_BRANCH, hash.0.as_slice())?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_ours(write: &BlockWrite) -> bool {
    matches!(
        write,
        BlockWrite::HoldBranch(_)
            | BlockWrite::ReleaseBranch { .. }
            | BlockWrite::AcceptBranch { .. }
    )
}

fn insert(
    held: &mut Table<'_, &'static [u8; 32], (u64, u32)>,
    hold: &StoredHold,
) -> Result<(), Fault> {
    let StoredHold { root, since, depth } = hold;
    match held.insert(&root.0, (*since, *depth))? {
        false => Ok(()),
        true => Err(Fault::Unfitting(format!("the branch from {root} on is held twice"))),
    }
}

fn release(
    held: &mut Table<'_, &'static [u8; 32], (u64, u32)>,
    root: &BlockHash,
) -> Result<(), Fault> {
    match held.remove(&root.0)? {
        Some(_) => Ok(()),
        None => {
            Err(Fault::Unfitting(format!("the branch from {root} on is let go and was not held")))
        }
    }
}

/// What a transaction sees.
pub(super) fn read(transaction: &ReadTransaction) -> Result<StoredReorgLimit, Fault> {
    let mut held = Vec::new();
    for row in transaction.table(tables::HELD)?.iter()? {
        let (root, content) = row?;
        let (since, depth) = content.value();
        held.push(StoredHold { root: BlockHash(*root.value()), since, depth });
    }
    let facts = transaction.table(tables::META)?;
    let accepted = facts.get(meta::ACCEPTED_BRANCH)?.map(|stored| {
        let bytes = stored
            .value()
            .try_into()
            .map_err(|_| Fault::unreadable("meta", meta::ACCEPTED_BRANCH, "it is not a hash"))?;
        Ok::<_, Fault>(BlockHash(bytes))
    });
    Ok(StoredReorgLimit { held, accepted: accepted.transpose()? })
}

impl Store {
    pub(super) fn read_reorg_limit(&self) -> Result<StoredReorgLimit, StoreError> {
        Ok(self.read(read)?)
    }
}
