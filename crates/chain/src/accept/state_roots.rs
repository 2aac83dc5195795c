//! The root over all accounts, kept from one height that carries it to the next.
//!
//! Owns what of the tree is remembered: the roots of whole subtrees of [`CHUNK`] accounts, in order of
//! keys, and which of them a change has touched. Only those are read and hashed again. An account that
//! comes or goes moves all that follow it by one place, so that every subtree behind it is another
//! one: that is the definition of the tree, and what stands behind is computed anew. Knows nothing of
//! blocks beyond the hash of one.

use alloc::vec;
use core::iter::Peekable;

use super::accounts::ChangedAccount;
use crate::hash::BlockHash;
use crate::ledger::commitment::MerkleRoot;
use crate::ledger::{Account, PublicKey};
use crate::merkle::MerkleBuilder;
use crate::prelude::*;
use crate::store::{BlockStore, StoreResult};

/// Accounts of a chunk: a power of two, so that a chunk is a subtree. A million accounts make a
/// thousand chunks of some seventy bytes, and a change has a thousand accounts hashed again.
const CHUNK: usize = 1 << CHUNK_LEVEL;
/// Unit tests have small chunks, so that few accounts make many.
const CHUNK_LEVEL: u32 = if cfg!(test) { 2 } else { 10 };

#[derive(Clone, Serialize, Deserialize)]
struct Chunk {
    /// Key of its last account.
    last: PublicKey,
    /// `None` where an account of it has changed.
    root: Option<MerkleRoot>,
}

/// Part of a chain's state, since it decides what is read.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct StateRoots {
    /// The first chunks, as far as they are known.
    chunks: Vec<Chunk>,
    /// The root over the accounts after a block.
    last: Option<(BlockHash, MerkleRoot)>,
}

/// Accounts that a store may not have yet, in order of keys, from the one after a key on.
pub(crate) trait Above {
    fn above(&self, after: Option<&PublicKey>) -> Vec<Account>;
}

impl StateRoots {
    /// The account has changed in the best chain.
    pub(crate) fn note(&mut self, changed: &ChangedAccount) {
        let ChangedAccount { account, was_empty } = changed;
        let place = self.chunks.partition_point(|chunk| chunk.last < account.key);
        if *was_empty != account.is_empty() {
            self.chunks.truncate(place);
        } else if let Some(chunk) = self.chunks.get_mut(place) {
            chunk.root = None;
        }
    }

    /// The root over the accounts as they stand after `tip`, which is computed once for each.
    pub(crate) fn after(
        &mut self,
        tip: &BlockHash,
        above: &impl Above,
        store: &dyn BlockStore,
    ) -> StoreResult<MerkleRoot> {
        match self.last {
            Some((block, root)) if block == *tip => Ok(root),
            _ => {
                let root = self.root(above, store)?;
                self.last = Some((*tip, root));
                Ok(root)
            }
        }
    }

    /// The root over the accounts of a store and those above it, of which every change was noted.
    pub(crate) fn root(
        &mut self,
        above: &impl Above,
        store: &dyn BlockStore,
    ) -> StoreResult<MerkleRoot> {
        let mut builder = MerkleBuilder::default();
        let mut after = None;
        let mut known = 0;
        for chunk in &mut self.chunks {
            if chunk.root.is_none() {
                let mut accounts = Ordered::after(after, above, store);
                chunk.root = chunk_root(&mut accounts)?
                    .filter(|read| read.last == chunk.last)
                    .and_then(|read| read.root);
            }
            // A chunk whose accounts are others than were noted is read like all that follows.
            let Some(root) = chunk.root else { break };
            builder.push_subtree(CHUNK_LEVEL, root.0);
            after = Some(chunk.last);
            known += 1;
        }
        self.chunks.truncate(known);
        let mut accounts = Ordered::after(after, above, store);
        loop {
            let mut part = MerkleBuilder::default();
            while part.leaves() < CHUNK as u64 {
                let Some(account) = accounts.next()? else {
                    builder.push_all(&part);
                    return Ok(MerkleRoot(builder.root()));
                };
                push(&mut part, &account);
                after = Some(account.key);
            }
            builder.push_subtree(CHUNK_LEVEL, part.root());
            let root = Some(MerkleRoot(part.root()));
            self.chunks.extend(after.map(|last| Chunk { last, root }));
        }
    }
}

/// A whole chunk; `None` where fewer accounts are left.
fn chunk_root(accounts: &mut Ordered<'_>) -> StoreResult<Option<Chunk>> {
    let mut part = MerkleBuilder::default();
    loop {
        let Some(account) = accounts.next()? else { return Ok(None) };
        push(&mut part, &account);
        if part.leaves() == CHUNK as u64 {
            let root = Some(MerkleRoot(part.root()));
            return Ok(Some(Chunk { last: account.key, root }));
        }
    }
}

fn push(builder: &mut MerkleBuilder, account: &Account) {
    // Writing numbers and bytes into memory has no way to fail.
    builder.push_leaf(&borsh::to_vec(account).unwrap_or_default());
}

/// Accounts that are not empty, in order of keys: those of a store, but for those above it.
struct Ordered<'a> {
    store: &'a dyn BlockStore,
    above: Peekable<vec::IntoIter<Account>>,
    stored: Peekable<vec::IntoIter<Account>>,
    /// Up to where the store was read; `None` where that is its beginning.
    read: Option<PublicKey>,
    is_read: bool,
}

impl<'a> Ordered<'a> {
    fn after(after: Option<PublicKey>, above: &impl Above, store: &'a dyn BlockStore) -> Self {
        let above = above.above(after.as_ref()).into_iter().peekable();
        Self {
            store,
            above,
            stored: Vec::new().into_iter().peekable(),
            read: after,
            is_read: false,
        }
    }

    fn next(&mut self) -> StoreResult<Option<Account>> {
        loop {
            self.refill()?;
            let stored = self.stored.peek().map(|account| account.key);
            let above = self.above.next_if(|above| stored.is_none_or(|key| above.key <= key));
            let next = match above {
                // It stands in place of the stored one.
                Some(above) => {
                    self.stored.next_if(|stored| stored.key == above.key);
                    above
                }
                None => match self.stored.next() {
                    Some(stored) => stored,
                    None => return Ok(None),
                },
            };
            if !next.is_empty() {
                return Ok(Some(next));
            }
        }
    }

    fn refill(&mut self) -> StoreResult {
        if self.stored.peek().is_none() && !self.is_read {
            let some = self.store.accounts_after(self.read.as_ref(), CHUNK)?;
            self.is_read = some.len() < CHUNK;
            self.read = some.last().map(|account| account.key).or(self.read);
            self.stored = some.into_iter().peekable();
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "state_roots_tests.rs"]
mod tests;
