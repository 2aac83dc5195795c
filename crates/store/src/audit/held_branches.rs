//! The audit of branches that are ahead: a branch may be better than the best chain where it is held, or
//! so long that a node takes its time to follow it, and nowhere else.
//!
//! Memory grows with the side blocks that are ahead of the best chain, eight bytes each.

use std::collections::HashSet;

use kusari_chain::{BlockHash, StoredReorgLimit};
use redb::ReadTransaction;

use super::blocks::{BlockTables, Link};
use super::{AuditFault, Auditor, Place};
use crate::reorg_limit;

/// The branches that may be ahead of the best chain.
#[derive(Default)]
pub(super) struct HeldBranches {
    roots: HashSet<BlockHash>,
    /// Orders of side blocks that are ahead and descend from a root, or end a long branch.
    ahead: HashSet<u64>,
}

impl HeldBranches {
    /// Whether a side block that is ahead of the best chain belongs to a held branch. Parents are
    /// asked about before their children.
    pub(super) fn holds(
        &mut self,
        tables: &BlockTables,
        order: u64,
        hash: &BlockHash,
        parent: &BlockHash,
    ) -> Result<bool, AuditFault> {
        let mut at = (*hash, *parent);
        loop {
            let (hash, parent) = at;
            if self.roots.contains(&hash) {
                break;
            }
            let Some(stored) = tables.find(&parent)? else { return Ok(false) };
            if self.ahead.contains(&stored.order) {
                break;
            }
            if tables.is_best(&stored)? {
                return Ok(false);
            }
            at = (stored.block.hash, stored.block.prev_hash);
        }
        self.ahead.insert(order);
        Ok(true)
    }

    /// Whether the way from the best chain's `tip` to a side block that is ahead of it is long: a node
    /// that stopped on it goes on when it starts again.
    pub(super) fn is_long(
        &mut self,
        tables: &BlockTables,
        order: u64,
        block: &Link,
        parent: &BlockHash,
        tip: &Link,
    ) -> Result<bool, AuditFault> {
        let mut at = *parent;
        let fork = loop {
            let Some(stored) = tables.find(&at)? else { break Link::genesis() };
            if tables.is_best(&stored)? {
                break Link::of(&stored);
            }
            at = stored.block.prev_hash;
        };
        let is_long = block.is_far_from(tip, &fork);
        if is_long {
            self.ahead.insert(order);
        }
        Ok(is_long)
    }
}

impl Auditor {
    /// The table of held branches: each begins with a side block, and reverted something.
    pub(super) fn audit_held(
        &mut self,
        transaction: &ReadTransaction,
        tables: &BlockTables,
    ) -> Result<HeldBranches, AuditFault> {
        self.place = Place::Table("held");
        let StoredReorgLimit { held, .. } = reorg_limit::read(transaction)?;
        let mut branches = HeldBranches::default();
        for hold in held {
            self.place = Place::Held(hold.root);
            match tables.find(&hold.root)? {
                Some(stored) if !tables.is_best(&stored)? => branches.roots.insert(hold.root),
                _ => return Err(AuditFault::HeldWithoutBlock),
            };
        }
        Ok(branches)
    }
}
