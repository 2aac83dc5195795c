//! The story of one subject, and the reorganisations.

use std::net::IpAddr;

use kusari_chain::ledger::Txid;
use kusari_chain::{Block, BlockHash, StoreError};
use kusari_node::event::{Event, EventKind};
use redb::ReadTransaction;

use super::super::checksummed::{KeyAndRow, ReadOnlyTable, ReadTables, ReadableTable};
use super::super::fault::Fault;
use super::super::tables::{self, EventKey, EventSubjectKey};
use super::super::{Placed, Store, TransactionPlaces};
use super::{BLOCK, LIMITS, REORGANISATION, RUN, SubjectKey, TRANSACTION, key_of, ring};
use crate::event_log::{EventEntry, Name, Prefix, Subject};

/// Most entries of one story: the newest.
const MAX_STORY: usize = 256;
/// Most rows of the index that one search looks at, so that its cost is bounded.
const MAX_ROWS: usize = 4_096;
/// Blocks of the best chain, from its tip down, that are known by the first digits of their hashes.
const RECENT_BLOCKS: u32 = 1_024;
/// Most hashes that are named where a prefix fits several.
const MAX_NAMED: usize = 8;

/// What this node knows of one subject.
#[derive(Debug, Default)]
pub struct Story {
    /// The block that was asked for.
    pub block: Option<BlockHash>,
    /// The transaction that was asked for.
    pub transaction: Option<Txid>,
    /// The block in the store, or the one that holds the transaction.
    pub placed: Option<Placed>,
    /// The newest entries with their numbers, oldest first.
    pub entries: Vec<(u64, EventEntry)>,
    /// Whether there are older ones.
    pub has_more: bool,
    /// When the oldest entry of their kind was written, in Unix milliseconds.
    pub begins: Option<u64>,
    /// How much of their kind was not written down, because too much happened.
    pub missed: u64,
}

/// What a subject turned out to be.
#[derive(Debug)]
pub enum Resolved {
    /// One thing.
    One(Box<Story>),
    /// A prefix that fits these hashes, and perhaps more.
    Several(Vec<BlockHash>),
    /// Nothing that this node knows; when its event log begins, in Unix milliseconds.
    Nothing(Option<u64>),
}

impl Resolved {
    /// Why there is no story, with the remedy; `None` where there is one.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        match self {
            Self::One(_) => None,
            Self::Several(hashes) => {
                let hashes: Vec<String> = hashes.iter().map(ToString::to_string).collect();
                Some(format!("several begin so: {}; write more digits", hashes.join(", ")))
            }
            Self::Nothing(begins) => {
                let since = match begins {
                    Some(begins) => {
                        format!("its event log begins at second {} of Unix time", begins / 1_000)
                    }
                    None => String::from("it has no event log yet"),
                };
                Some(format!(
                    "this node knows nothing of it; {since}, and what did not happen here is not in it; a \
                     block that came with many others is found by its height or its whole hash"
                ))
            }
        }
    }
}

/// A move of the best chain, with its number.
pub type Reorganisation = (u64, EventEntry);

/// A row of the index, as a range gives it.
type SubjectRow<'a> = Result<KeyAndRow<'a, EventSubjectKey, u8>, Fault>;

/// The tables as one read sees them; `None` in a store without an event log.
struct Tables {
    entries: ReadOnlyTable<EventKey, &'static [u8]>,
    subjects: ReadOnlyTable<EventSubjectKey, u8>,
}

impl Tables {
    fn open(transaction: &ReadTransaction) -> Result<Option<Self>, Fault> {
        let Some(entries) = transaction.table_if_there(tables::EVENTS)? else { return Ok(None) };
        Ok(Some(Self { entries, subjects: transaction.table(tables::EVENT_SUBJECTS)? }))
    }

    fn at(&self, ring: u8, number: u64) -> Result<EventEntry, Fault> {
        let missing = |reason: &dyn core::fmt::Display| Fault::unreadable("trail", number, reason);
        let bytes = self.entries.get((ring, number))?;
        let bytes = bytes.ok_or_else(|| missing(&"there is none"))?;
        EventEntry::read(bytes.value()).map_err(|error| missing(&error))
    }

    /// The entry that a row of the index leads to, with its number.
    fn entry(&self, row: SubjectRow<'_>) -> Result<(u64, EventEntry), Fault> {
        let (key, ring) = row?;
        let number = key.value().2;
        Ok((number, self.at(ring.value(), number)?))
    }

    /// Entries under a subject, from the highest number down, that `is_wanted`.
    fn newest(
        &self,
        (kind, subject): SubjectKey,
        limit: usize,
        is_wanted: impl Fn(&EventEntry) -> bool,
    ) -> Result<Vec<(u64, EventEntry)>, Fault> {
        let rows = self.subjects.range((kind, subject, 0)..=(kind, subject, u64::MAX))?;
        let entries = rows.rev().take(MAX_ROWS).map(|row| self.entry(row));
        let wanted = entries.filter(|found| !matches!(found, Ok((_, entry)) if !is_wanted(entry)));
        wanted.take(limit).collect()
    }

    /// The run that a height of the best chain is in.
    fn run_with(&self, height: u32) -> Result<Option<(u64, EventEntry)>, Fault> {
        let rows = self.subjects.range((RUN, height.into(), 0)..=(RUN, u64::MAX, u64::MAX))?;
        let has_it = |entry: &EventEntry| matches!(&entry.event, Event::BlocksJoined { first, .. } if first.height <= height);
        let mut entries = rows.take(MAX_ROWS).map(|row| self.entry(row));
        entries.find(|found| !matches!(found, Ok((_, entry)) if !has_it(entry))).transpose()
    }

    /// When the oldest entry of some kinds was written.
    fn begins(&self, kinds: &[EventKind]) -> Result<Option<u64>, Fault> {
        let mut begins: Option<u64> = None;
        for kind in kinds {
            let ring = ring(*kind);
            let Some(first) = self.entries.range((ring, 0)..=(ring, u64::MAX))?.next() else {
                continue;
            };
            let number = first?.0.value().1;
            let time = self.at(ring, number)?.time;
            begins = Some(begins.map_or(time, |begins| begins.min(time)));
        }
        Ok(begins)
    }

    fn missed(&self, kind: EventKind) -> Result<u64, Fault> {
        let entries = self.newest(key_of(&Name::Missed(kind)), MAX_ROWS, |_| true)?;
        let count = |(_, entry): (u64, EventEntry)| match entry.event {
            Event::Missed { count, .. } => count,
            _ => 0,
        };
        Ok(entries.into_iter().map(count).sum())
    }

    fn fill(
        &self,
        story: &mut Story,
        subject: SubjectKey,
        kind: EventKind,
        is_wanted: impl Fn(&EventEntry) -> bool,
    ) -> Result<(), Fault> {
        let mut found = self.newest(subject, MAX_STORY + 1, is_wanted)?;
        story.has_more = found.len() > MAX_STORY;
        found.truncate(MAX_STORY);
        found.reverse();
        // One of our own that others offered first, or displaced, has entries of either kind.
        let is_own = found.iter().any(|(_, entry)| entry.event.kind() == Some(EventKind::Own));
        let kind = if is_own { EventKind::Own } else { kind };
        story.entries = found;
        story.begins = self.begins(&[kind])?;
        story.missed = self.missed(kind)?;
        Ok(())
    }

    /// Adds the reorganisations that a block left the best chain by, or joined it.
    fn add_moves_of(&self, block: BlockHash, story: &mut Story) -> Result<(), Fault> {
        let name = Name::Block(block);
        let moves = self.newest(key_of(&name), MAX_STORY, |entry| {
            matches!(entry.event, Event::Reorganised { .. }) && Name::all_of(entry).contains(&name)
        })?;
        for (number, entry) in moves {
            if let Err(at) = story.entries.binary_search_by_key(&number, |(number, _)| *number) {
                story.entries.insert(at, (number, entry));
            }
        }
        Ok(())
    }

    /// Hashes of blocks and transactions that begin so.
    fn beginning_so(&self, prefix: &Prefix) -> Result<Vec<BlockHash>, Fault> {
        let (low, high) = prefix.bounds();
        let mut found: Vec<BlockHash> = Vec::new();
        for kind in [BLOCK, TRANSACTION] {
            let rows = self.subjects.range((kind, low, 0)..=(kind, high, u64::MAX))?;
            for row in rows.take(MAX_ROWS) {
                for name in Name::all_of(&self.entry(row)?.1) {
                    let hash = match name {
                        Name::Block(hash) => hash,
                        Name::Transaction(txid) => BlockHash(txid.0),
                        _ => continue,
                    };
                    if prefix.fits(&hash) && !found.contains(&hash) {
                        found.push(hash);
                    }
                }
                if found.len() >= MAX_NAMED {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }
}

impl Store {
    /// What this node knows of a subject.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn story(&self, subject: &Subject) -> Result<Resolved, StoreError> {
        match subject {
            Subject::Height(height) => match self.placed_at(*height)? {
                Some(placed) => self.story_of_block(placed.block.block.hash),
                None => self.nothing(),
            },
            Subject::Hash(hash) => self.story_of_hash(*hash),
            Subject::Prefix(prefix) => {
                let mut found = self.events(|tables| tables.beginning_so(prefix))?;
                for hash in self.recent_beginning_so(prefix)? {
                    if !found.contains(&hash) {
                        found.push(hash);
                    }
                }
                match found.as_slice() {
                    [] => self.nothing(),
                    [hash] => self.story_of_hash(*hash),
                    _ => Ok(Resolved::Several(found)),
                }
            }
            Subject::Address(address) => self.story_of_peer(address.ip(), Some(address.port())),
            Subject::Host(host) => self.story_of_peer(*host, None),
        }
    }

    /// Hashes of the best chain's last blocks that begin so. Of those that came with many others the event
    /// log has none, and programs that watch a node show their first digits.
    fn recent_beginning_so(&self, prefix: &Prefix) -> Result<Vec<BlockHash>, StoreError> {
        let mut found =
            Vec::from_iter(Some(Block::genesis().hash).filter(|hash| prefix.fits(hash)));
        self.read_blocks(|reader| {
            let tip = reader.best_height()?;
            let first = tip.saturating_sub(RECENT_BLOCKS - 1).max(1);
            reader.visit_best_heads(first, tip, &mut |head| {
                found.extend(Some(head.block.hash).filter(|hash| prefix.fits(hash)));
                Ok(found.len() < MAX_NAMED)
            })
        })?;
        Ok(found)
    }

    fn nothing(&self) -> Result<Resolved, StoreError> {
        let kinds = LIMITS.map(|(kind, _, _)| kind);
        Ok(Resolved::Nothing(self.events(|tables| tables.begins(&kinds))?))
    }

    fn story_of_hash(&self, hash: BlockHash) -> Result<Resolved, StoreError> {
        match self.story_of_block(hash)? {
            Resolved::Nothing(_) => self.story_of_transaction(Txid(hash.0)),
            found => Ok(found),
        }
    }

    fn story_of_block(&self, hash: BlockHash) -> Result<Resolved, StoreError> {
        let placed = self.placed(&hash)?;
        let height = placed.as_ref().filter(|placed| placed.confirmations.is_some());
        let height = height.map(|placed| placed.block.block.index);
        let mut story = Story { block: Some(hash), placed, ..Story::default() };
        self.events(|tables| {
            let name = Name::Block(hash);
            let is_wanted = |entry: &EventEntry| Name::all_of(entry).contains(&name);
            tables.fill(&mut story, key_of(&name), EventKind::Chain, is_wanted)?;
            // One in the midst of a run has no entry that names it.
            let tells_arrival = |(_, entry): &(u64, EventEntry)| {
                !matches!(entry.event, Event::BlockPassedOn { .. } | Event::Reorganised { .. })
            };
            if let Some(height) = height
                && !story.entries.iter().any(tells_arrival)
                && let Some(run) = tables.run_with(height)?
            {
                story.entries.insert(0, run);
            }
            Ok(())
        })?;
        self.found(story)
    }

    fn story_of_transaction(&self, txid: Txid) -> Result<Resolved, StoreError> {
        let TransactionPlaces { best, beside } = self.transaction_places(&txid)?;
        let placed = match best.or(beside) {
            Some(found) => self.placed(&found.block)?,
            None => None,
        };
        let mut story = Story { transaction: Some(txid), placed, ..Story::default() };
        self.events(|tables| {
            let name = Name::Transaction(txid);
            let is_wanted = |entry: &EventEntry| Name::all_of(entry).contains(&name);
            tables.fill(&mut story, key_of(&name), EventKind::Transactions, is_wanted)?;
            // What its blocks went through, it went through with them.
            for found in [best, beside].into_iter().flatten() {
                tables.add_moves_of(found.block, &mut story)?;
            }
            Ok(())
        })?;
        self.found(story)
    }

    fn story_of_peer(&self, host: IpAddr, port: Option<u16>) -> Result<Resolved, StoreError> {
        let mut story = Story::default();
        let host = host.to_canonical();
        let is_wanted = |entry: &EventEntry| {
            Name::all_of(entry).iter().any(|name| match name {
                Name::Peer(address) => {
                    address.ip().to_canonical() == host
                        // A ban is of the host, whichever connection it was for.
                        && (port.is_none_or(|port| port == address.port())
                            || matches!(entry.event, Event::PeerBanned { .. }))
                }
                _ => false,
            })
        };
        self.events(|tables| {
            tables.fill(
                &mut story,
                key_of(&Name::Peer((host, 0).into())),
                EventKind::Peers,
                is_wanted,
            )
        })?;
        self.found(story)
    }

    /// Moves of the best chain with numbers below `before`, newest first.
    ///
    /// # Errors
    /// [`StoreError`] where the medium or its content fails.
    pub fn reorganisations(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Reorganisation>, StoreError> {
        self.events(|tables| {
            let rows = (REORGANISATION, 0, 0)..(REORGANISATION, 0, before.unwrap_or(u64::MAX));
            let rows = tables.subjects.range(rows)?;
            rows.rev().take(limit).map(|row| tables.entry(row)).collect()
        })
    }

    /// Reads the event log; what is the default in a store without one.
    fn events<T: Default>(
        &self,
        read: impl FnOnce(&Tables) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        Ok(self.read(|transaction| match Tables::open(transaction)? {
            Some(tables) => read(&tables),
            None => Ok(T::default()),
        })?)
    }

    fn found(&self, story: Story) -> Result<Resolved, StoreError> {
        match story.placed.is_none() && story.entries.is_empty() {
            true => self.nothing(),
            false => Ok(Resolved::One(Box::new(story))),
        }
    }
}
