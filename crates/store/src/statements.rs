//! What is kept of witnesses: reads, and the steps of a commit that change it.
//!
//! Owns the tables of statements and of evidence. They are bounded by the node, so a read may look at
//! all of them; blocks are looked at one by one, for the statements that are asked for.

use std::collections::BTreeMap;
use std::ops::Bound;

use kusari_chain::ledger::{Equivocation, PublicKey, WitnessStatement};
use kusari_chain::{BlockHash, StoreError};
use kusari_node::store::{StatementWrite, Witnessed};
use redb::{ReadTransaction, WriteTransaction};

use super::Store;
use super::blocks::BlockReader;
use super::checksummed::{ReadOnlyTable, ReadTables, ReadableTable, WriteTables, all_rows};
use super::fault::Fault;
use super::record::{read, written};
use super::tables;

/// What is kept of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownWitness {
    /// The key.
    pub key: PublicKey,
    /// Statements of it that are kept.
    pub count: usize,
    /// The one with the highest sequence, where any is.
    pub newest: Option<WitnessStatement>,
    /// Two statements under one sequence, where it signed such.
    pub equivocation: Option<Equivocation>,
}

/// Writes the steps to what is kept of witnesses that a commit takes.
pub(super) fn write(
    transaction: &WriteTransaction,
    writes: &[&StatementWrite],
) -> Result<(), Fault> {
    let mut statements = transaction.table(tables::STATEMENTS)?;
    let mut equivocations = transaction.table(tables::EQUIVOCATIONS)?;
    for write in writes {
        match write {
            StatementWrite::Insert(statement) => {
                let bytes = written(statement, "a statement")?;
                statements.insert((&statement.key.0, statement.sequence), bytes.as_slice())?
            }
            StatementWrite::Remove { key, sequence } => statements.discard((&key.0, *sequence))?,
            StatementWrite::InsertEquivocation(evidence) => {
                let bytes = written(evidence, "a statement")?;
                equivocations.insert(&evidence.key().0, bytes.as_slice())?
            }
            StatementWrite::RemoveEquivocation { key } => equivocations.discard(&key.0)?,
        };
    }
    Ok(())
}

/// What either table holds: the key and the sequence that it stands under, and what it says.
pub(super) type Said<T> = (PublicKey, u64, T);

/// All statements, by key and sequence.
pub(super) fn all_statements(
    transaction: &ReadTransaction,
) -> Result<impl Iterator<Item = Result<Said<WitnessStatement>, Fault>> + use<>, Fault> {
    all_rows(transaction, tables::STATEMENTS, |(key, sequence), bytes| {
        Ok((PublicKey(*key), sequence, read_statement(key, sequence, bytes)?))
    })
}

/// All evidence, by key. The sequence is that of its first statement.
pub(super) fn all_equivocations(
    transaction: &ReadTransaction,
) -> Result<impl Iterator<Item = Result<Said<Equivocation>, Fault>> + use<>, Fault> {
    all_rows(transaction, tables::EQUIVOCATIONS, |key, bytes| {
        let key = PublicKey(*key);
        let evidence: Equivocation = read("equivocations", key, bytes)?;
        Ok((key, evidence.first.sequence, evidence))
    })
}

/// Statements by their keys, as one read sees them.
pub(super) struct StatementReader {
    statements: ReadOnlyTable<(&'static [u8; 32], u64), &'static [u8]>,
    equivocations: ReadOnlyTable<&'static [u8; 32], &'static [u8]>,
}

impl StatementReader {
    pub(super) fn open(transaction: &ReadTransaction) -> Result<Self, Fault> {
        Ok(Self {
            statements: transaction.table(tables::STATEMENTS)?,
            equivocations: transaction.table(tables::EQUIVOCATIONS)?,
        })
    }

    /// Every key of which a statement is kept, in order: one step for each.
    pub(super) fn keys(&self) -> Result<Vec<PublicKey>, Fault> {
        let mut keys: Vec<PublicKey> = Vec::new();
        loop {
            let after =
                keys.last().map_or(Bound::Unbounded, |last| Bound::Excluded((&last.0, u64::MAX)));
            let next = self.statements.range::<(&[u8; 32], u64)>((after, Bound::Unbounded))?.next();
            match next.transpose()? {
                Some((place, _)) => keys.push(PublicKey(*place.value().0)),
                None => return Ok(keys),
            }
        }
    }

    /// What a key said, by sequence; nothing of one that equivocated.
    pub(super) fn of(&self, key: &PublicKey) -> Result<Vec<WitnessStatement>, Fault> {
        if self.equivocations.get(&key.0)?.is_some() {
            return Ok(Vec::new());
        }
        let range = self.statements.range((&key.0, 0)..=(&key.0, u64::MAX))?;
        range
            .map(|row| {
                let (place, bytes) = row?;
                read_statement(&key.0, place.value().1, bytes.value())
            })
            .collect()
    }
}

fn read_statement(key: &[u8; 32], sequence: u64, bytes: &[u8]) -> Result<WitnessStatement, Fault> {
    read("statements", format_args!("({}, {sequence})", PublicKey(*key)), bytes)
}

/// Which blocks are in the best chain, each looked up once: many statements may name one block, and
/// a block may be long.
struct BestChain<'txn> {
    blocks: BlockReader<'txn>,
    known: BTreeMap<u32, Option<BlockHash>>,
}

impl BestChain<'_> {
    fn has(&mut self, statement: &WitnessStatement) -> Result<bool, Fault> {
        let height = statement.height;
        let best = match self.known.get(&height) {
            Some(best) => *best,
            None => {
                let stored = self.blocks.best_head_at(height)?.map(|head| head.block.hash);
                self.known.insert(height, stored);
                stored
            }
        };
        Ok(best == Some(statement.hash))
    }

    /// The oldest and the newest of some statements whose blocks are in it; one where these are the
    /// same.
    fn ends_of(&mut self, statements: &[WitnessStatement]) -> Result<Vec<WitnessStatement>, Fault> {
        let mut of_best = Vec::new();
        for statement in statements {
            if self.has(statement)? {
                of_best.push(*statement);
            }
        }
        let newest = of_best.iter().skip(1).next_back().copied();
        Ok(of_best.first().copied().into_iter().chain(newest).collect())
    }
}

impl Store {
    pub(super) fn read_witnessed(
        &self,
        visit: &mut dyn FnMut(Witnessed),
    ) -> Result<(), StoreError> {
        let all = |transaction: &ReadTransaction| {
            let statements = all_statements(transaction)?;
            let statements = statements.map(|row| Ok(Witnessed::Statement(row?.2)));
            let evidence = all_equivocations(transaction)?;
            Ok(statements.chain(evidence.map(|row| Ok(Witnessed::Equivocation(row?.2)))))
        };
        self.visit_rows(all, visit)
    }

    /// What is kept of each key of a witness, in order of keys. Nothing on the classic chain.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn witnesses(&self) -> Result<Vec<KnownWitness>, StoreError> {
        let mut known: BTreeMap<PublicKey, KnownWitness> = BTreeMap::new();
        let mut of = |key, note: &mut dyn FnMut(&mut KnownWitness)| {
            let empty = KnownWitness { key, count: 0, newest: None, equivocation: None };
            note(known.entry(key).or_insert(empty));
        };
        self.read_witnessed(&mut |witnessed| match witnessed {
            // They come by rising sequence.
            Witnessed::Statement(statement) => of(statement.key, &mut |known| {
                known.count += 1;
                known.newest = Some(statement);
            }),
            Witnessed::Equivocation(evidence) => {
                of(evidence.key(), &mut |known| known.equivocation = Some(evidence));
            }
        })?;
        Ok(known.into_values().collect())
    }

    /// Statements that name a block of the best chain at `height` or above: the oldest and the newest
    /// of each key, by key, and at most `limit` in all. Those of keys that equivocated are left out.
    /// Nothing on the classic chain.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn statements_from(
        &self,
        height: u32,
        limit: usize,
    ) -> Result<Vec<WitnessStatement>, StoreError> {
        if !self.inner.kind.is_ledger() {
            return Ok(Vec::new());
        }
        Ok(self.read(|transaction| {
            let mut by_key: BTreeMap<PublicKey, Vec<WitnessStatement>> = BTreeMap::new();
            for row in all_statements(transaction)? {
                let (key, _, statement) = row?;
                if statement.height >= height {
                    by_key.entry(key).or_default().push(statement);
                }
            }
            for row in all_equivocations(transaction)? {
                by_key.remove(&row?.0);
            }
            let blocks = BlockReader::open(transaction, &self.inner.content)?;
            let mut best = BestChain { blocks, known: BTreeMap::new() };
            let mut found = Vec::new();
            for statements in by_key.values() {
                if found.len() >= limit {
                    break;
                }
                found.extend(best.ends_of(statements)?);
            }
            found.truncate(limit);
            Ok(found)
        })?)
    }
}
