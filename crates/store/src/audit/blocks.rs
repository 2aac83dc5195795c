//! The audit of blocks: the best chain from below, what lies beside it, and that there is no more.

use std::hash::RandomState;

use kusari_chain::params::{AT_ONCE_BLOCKS, AT_ONCE_BYTES};
use kusari_chain::pow::ChainTime;
use kusari_chain::{BestPoint, BlockHash, CheckedBlock, RuleViolation, StoredBlock, Target};
use redb::ReadTransaction;

use super::held_branches::HeldBranches;
use super::history::Histories;
use super::index::Indexed;
use super::ledger::{IndexedEntries, LedgerTables};
use super::{AuditFault, Auditor, Place};
use crate::checksummed::{ReadOnlyTable, ReadTables, ReadableTable};
use crate::fault::Fault;
use crate::kind::Kind;
use crate::record::read_head;
use crate::replay::Replay;
use crate::suffix_index::IndexReader;
use crate::tables;

/// The tables of blocks.
pub(super) struct BlockTables {
    pub(super) index: IndexReader,
    pub(super) ledger: Option<LedgerTables>,
    /// As the store says.
    pub(super) next_order: u64,
    blocks: ReadOnlyTable<u64, &'static [u8]>,
    /// Of a ledger alone.
    bodies: Option<ReadOnlyTable<u64, &'static [u8]>>,
    best: ReadOnlyTable<u32, u64>,
    side: ReadOnlyTable<u64, ()>,
    /// Of the hashes by which entries of indexes are summed up.
    pub(super) keys: RandomState,
}

/// A block whose place is known to be right, for the one that builds on it.
pub(super) struct Link {
    point: BestPoint,
    total_bytes: u64,
    /// On a ledger.
    pub(super) time: ChainTime,
    /// None for the genesis block, which is not stored.
    order: Option<u64>,
}

impl Link {
    pub(super) fn genesis() -> Self {
        let (point, time) = (BestPoint::genesis(), ChainTime::default());
        Self { point, total_bytes: 0, time, order: None }
    }

    pub(super) fn of(stored: &StoredBlock) -> Self {
        let StoredBlock { order, work, total_bytes, block, ledger } = stored;
        let point = BestPoint { height: block.index, hash: block.hash, work: *work };
        let time = ledger.as_ref().map_or_else(ChainTime::default, |ledger| ledger.time);
        Self { point, total_bytes: *total_bytes, time, order: Some(*order) }
    }

    pub(super) fn height(&self) -> u32 {
        self.point.height
    }

    /// Whether a node takes its time to move from `tip` to this block, where they part after `fork`.
    pub(super) fn is_far_from(&self, tip: &Self, fork: &Self) -> bool {
        let longer = self.height().max(tip.height()).saturating_sub(fork.height());
        let above_fork = |link: &Self| link.total_bytes.saturating_sub(fork.total_bytes);
        longer > AT_ONCE_BLOCKS || above_fork(self) + above_fork(tip) > AT_ONCE_BYTES
    }
}

/// A block that was found right.
struct Checked {
    link: Link,
    block: CheckedBlock,
    /// Entries that the indexes are to have for it.
    entries: IndexedEntries,
}

impl BlockTables {
    pub(super) fn open(
        transaction: &ReadTransaction,
        kind: &Kind,
        next_order: u64,
    ) -> Result<Self, AuditFault> {
        Ok(Self {
            blocks: transaction.table(tables::BLOCKS)?,
            bodies: match kind.is_ledger() {
                true => Some(transaction.table(tables::BODIES)?),
                false => None,
            },
            best: transaction.table(tables::BEST)?,
            side: transaction.table(tables::SIDE)?,
            index: IndexReader::open(transaction, &tables::HASHES)?,
            ledger: LedgerTables::open(transaction, kind)?,
            next_order,
            keys: RandomState::new(),
        })
    }

    /// Orders of the blocks beside the best chain.
    pub(super) fn side_orders(
        &self,
    ) -> Result<impl Iterator<Item = Result<u64, Fault>>, AuditFault> {
        Ok(self.side.iter()?.map(|entry| Ok(entry?.0.value())))
    }

    pub(super) fn record(&self, order: u64) -> Result<StoredBlock, AuditFault> {
        let row = self.blocks.get(order)?.ok_or(AuditFault::MissingRecord { order })?;
        let head = read_head(order, row.value())?;
        if head.ledger.is_none() {
            return Ok(head.without_body());
        }
        match &self.bodies {
            Some(bodies) => {
                let body = bodies.get(order)?;
                let body = body.ok_or(AuditFault::BadBody { has_body: false })?;
                let counted_bytes = head.counted_bytes();
                let stored = head.with_body(body.value())?;
                match stored.counted_bytes() {
                    computed if computed == counted_bytes => Ok(stored),
                    computed => {
                        let stored = counted_bytes;
                        Err(AuditFault::BadSize { stored, computed })
                    }
                }
            }
            None => Err(AuditFault::BadBody { has_body: true }),
        }
    }

    /// Whether the block is the best chain's at its height.
    pub(super) fn is_best(&self, stored: &StoredBlock) -> Result<bool, AuditFault> {
        self.is_best_at(stored.block.index, stored.order)
    }

    fn is_best_at(&self, height: u32, order: u64) -> Result<bool, AuditFault> {
        Ok(self.best.get(height)?.is_some_and(|best| best.value() == order))
    }

    /// The best chain's block at a height.
    pub(super) fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, AuditFault> {
        match self.best.get(height)? {
            Some(order) => self.record(order.value()).map(Some),
            None => Ok(None),
        }
    }

    /// Its hash alone, without reading what stands in it.
    pub(super) fn best_hash_at(&self, height: u32) -> Result<Option<BlockHash>, AuditFault> {
        let Some(order) = self.best.get(height)?.map(|order| order.value()) else {
            return Ok(None);
        };
        let row = self.blocks.get(order)?.ok_or(AuditFault::MissingRecord { order })?;
        Ok(Some(read_head(order, row.value())?.block.hash))
    }

    /// A block of any branch, by the index of hashes.
    pub(super) fn find(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, AuditFault> {
        self.index.find(hash.suffix(), |order| {
            Ok(Some(self.record(order)?).filter(|stored| stored.block.hash == *hash))
        })
    }

    /// Checks everything about a block that its parent and its record determine.
    fn check(
        &self,
        stored: StoredBlock,
        parent: &Link,
        histories: &mut Histories,
    ) -> Result<Checked, AuditFault> {
        self.check_place(&stored, parent)?;
        let link = Link::of(&stored);
        let StoredBlock { order, total_bytes, block, ledger, .. } = stored;
        let checked = match (&self.ledger, ledger) {
            (Some(tables), Some(ledger)) => {
                let (checked, context) = tables.check_content(block, *ledger)?;
                tables.check_context(&checked, &context, parent, histories, self)?;
                checked
            }
            (None, None) => CheckedBlock::check(block)?,
            (_, ledger) => return Err(AuditFault::BadBody { has_body: ledger.is_some() }),
        };
        let due = parent.total_bytes.saturating_add(u64::from(checked.line_bytes()));
        if total_bytes != due {
            return Err(AuditFault::BadBytes { stored: total_bytes, computed: due });
        }
        let mut entries = IndexedEntries::default();
        entries.hashes.add(&self.keys, link.point.hash.suffix(), order);
        if let Some(part) = checked.ledger() {
            entries.add_part(&self.keys, order, part);
        }
        Ok(Checked { link, block: checked, entries })
    }

    /// Checks that a block is in its place above its parent.
    fn check_place(&self, stored: &StoredBlock, parent: &Link) -> Result<(), AuditFault> {
        let StoredBlock { order, work, block, .. } = stored;
        if *order >= self.next_order {
            return Err(AuditFault::OrderNotDue { order: *order, next: self.next_order });
        }
        if let Some(parent) = parent.order.filter(|parent| parent >= order) {
            return Err(AuditFault::BadOrder { order: *order, parent });
        }
        if parent.point.height.checked_add(1) != Some(block.index) {
            let (index, parent) = (block.index, parent.point.height);
            return Err(RuleViolation::BadIndex { index, parent }.into());
        }
        if block.prev_hash != parent.point.hash {
            let (named, parent) = (block.prev_hash, parent.point.hash);
            return Err(AuditFault::BadLink { named, parent });
        }
        let own = self
            .ledger
            .as_ref()
            .map_or_else(|| Target::CLASSIC.work(), |ledger| ledger.due(parent).1);
        let due = parent.point.work.plus(own);
        if *work != due {
            return Err(AuditFault::BadWork { stored: *work, computed: due });
        }
        self.check_indexed(*order, &block.hash)
    }

    /// The index of hashes has the block, and no other one with its hash.
    fn check_indexed(&self, order: u64, hash: &BlockHash) -> Result<(), AuditFault> {
        let mut indexed = false;
        let twice = self.index.find(hash.suffix(), |other| {
            indexed |= other == order;
            let same =
                other != order && self.record(other).is_ok_and(|stored| stored.block.hash == *hash);
            Ok::<_, AuditFault>(same.then_some(other))
        })?;
        match twice {
            Some(other) => Err(AuditFault::StoredTwice { order, other }),
            None if indexed => Ok(()),
            None => Err(AuditFault::NotIndexed),
        }
    }
}

impl Auditor {
    /// The best chain, from height 1; returns its tip, and the accounts after it on a ledger.
    pub(super) fn audit_best(
        &mut self,
        tables: &BlockTables,
    ) -> Result<(Link, Replay), AuditFault> {
        self.place = Place::Table("best");
        let (mut tip, mut replay) = (Link::genesis(), Replay::default());
        for entry in tables.best.iter()? {
            // No chain is so long: each block takes a u32 of its own.
            let due = tip.point.height.saturating_add(1);
            self.place = Place::Best(due);
            let (height, order) = entry?;
            if height.value() != due {
                return Err(AuditFault::MissingHeight { next: height.value() });
            }
            let stored = tables.record(order.value())?;
            let checked = tables.check(stored, &tip, &mut self.histories)?;
            if let (Some(ledger), Some(part)) = (&tables.ledger, checked.block.ledger()) {
                replay.apply(due, part, &ledger.spec)?;
            }
            tip = checked.link;
            self.indexed.add(checked.entries);
            self.report.best_blocks += 1;
        }
        Ok((tip, replay))
    }

    /// The blocks beside it. Each one's parent is found by the index, and is looked at in its turn.
    pub(super) fn audit_side(
        &mut self,
        tables: &BlockTables,
        tip: &Link,
        mut held: HeldBranches,
    ) -> Result<(), AuditFault> {
        self.place = Place::Table("side");
        let mut last = None;
        for entry in tables.side.iter()? {
            let order = entry?.0.value();
            self.place = Place::Side { order, height: None };
            if last.replace(order).is_some_and(|last| last >= order) {
                return Err(AuditFault::unordered());
            }
            let stored = tables.record(order)?;
            self.place = Place::Side { order, height: Some(stored.block.index) };
            if tables.is_best(&stored)? {
                return Err(AuditFault::BestAndSide);
            }
            let genesis = Link::genesis();
            let parent = if stored.block.prev_hash == genesis.point.hash {
                genesis
            } else {
                let parent = stored.block.prev_hash;
                let unknown = AuditFault::UnknownParent { parent };
                Link::of(&tables.find(&parent)?.ok_or(unknown)?)
            };
            let checked = tables.check(stored, &parent, &mut self.histories)?;
            let hash = checked.link.point.hash;
            if checked.link.point.beats(&tip.point)
                && !held.holds(tables, order, &hash, &parent.point.hash)?
                && !held.is_long(tables, order, &checked.link, &parent.point.hash, tip)?
            {
                return Err(AuditFault::BetterBranch);
            }
            self.indexed.add(checked.entries);
            self.report.side_blocks += 1;
        }
        Ok(())
    }

    /// Every block of the two has its record and its entry in the index, so where there are as many
    /// records and entries as blocks, there are no others. Otherwise the first other is named.
    pub(super) fn audit_nothing_else(&mut self, tables: &BlockTables) -> Result<(), AuditFault> {
        let blocks = u64::from(self.report.best_blocks).saturating_add(self.report.side_blocks);
        self.place = Place::Table("blocks");
        let mut records = 0_u64;
        for entry in tables.blocks.iter()? {
            entry?;
            records += 1;
            if records > blocks {
                return Err(first_stray_record(tables)?);
            }
        }
        if let Some(bodies) = &tables.bodies {
            self.place = Place::Table("bodies");
            for row in bodies.iter()? {
                let order = row?.0.value();
                if tables.blocks.get(order)?.is_none() {
                    return Err(AuditFault::StrayBody { order });
                }
            }
        }
        let is_stray = |suffix: u64, order: u64| {
            tables.record(order).map_or(true, |stored| stored.block.hash.suffix() != suffix)
        };
        let stray = |suffix, order| AuditFault::StrayHash { suffix, order };
        let index = &tables.index;
        let entries = self.indexed.hashes;
        self.audit_index(tables, &Indexed { index, entries, is_stray: &is_stray, stray })
    }
}

fn first_stray_record(tables: &BlockTables) -> Result<AuditFault, AuditFault> {
    let mut last = None;
    for entry in tables.blocks.iter()? {
        let (order, bytes) = entry?;
        let order = order.value();
        if last.replace(order).is_some_and(|last| last >= order) {
            break;
        }
        let in_a_chain = tables.side.get(order)?.is_some()
            || match read_head(order, bytes.value()) {
                Ok(head) => tables.is_best_at(head.block.index, order)?,
                Err(_) => false,
            };
        if !in_a_chain {
            return Ok(AuditFault::StrayRecord { order });
        }
    }
    Ok(AuditFault::unordered())
}
