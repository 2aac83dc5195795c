//! What can still be proved sound of a store that is damaged, or of an early version.
//!
//! Owns how the file is searched: from its first byte to its last, without the database, in windows of
//! bounded size. Blocks are recognised wherever they stand, in pages that the database has given up too:
//! they prove themselves. Outbox entries of this version are recognised by their checksums; those of
//! versions that had none are taken only where the database still opens, and are marked. Writes nothing, and
//! decides nothing about what is found: the rules of the chain do. Memory grows with the blocks, some 200 bytes each.

mod entries;
mod found;
mod pages;
mod scan;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use kusari_chain::ledger::{BodyEntry, ChainId, ChainSpec, Commitment, LedgerPart, Txid};
use kusari_chain::{Block, BlockHash, WholeBlock, Work};
use kusari_node::store::EntryId;

pub use self::entries::FoundEntry;
use self::entries::Source;
use self::scan::{BodyVersion, FoundBlock, FoundBody, MAX_RECORD, Wanted};
use super::open::{DATABASE_FILE, OpenError};

/// Bytes of one window, beside what a record that begins in it may take behind it.
const WINDOW: usize = 16 << 20;
/// Numbers of entries that are looked for beyond the highest that was found, where no fact says how many
/// there were.
const BEYOND: u64 = 1_024;
/// Most numbers of entries that are looked for apart from their pages.
const MAX_SOUGHT: usize = 16_384;

/// Where a record stands in the file.
#[derive(Clone, Copy, Debug)]
struct Span {
    at: u64,
    length: usize,
}

/// A block that was found.
#[derive(Clone, Debug)]
struct Place {
    prev_hash: BlockHash,
    height: u32,
    work: Work,
    head: Span,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    /// The block is the classic chain's.
    None,
    /// It has no transactions.
    Empty,
    Found(Span, BodyVersion),
    Missing,
}

/// What was found in a file.
#[derive(Debug)]
pub struct Finds<S = File> {
    source: S,
    found: Found,
}

#[derive(Debug, Default)]
struct Found {
    blocks: HashMap<BlockHash, Place>,
    /// Of the chain whose blocks these are, if they are a ledger's.
    chain_id: Option<ChainId>,
    spec: Option<ChainSpec>,
    entries: BTreeMap<EntryId, FoundEntry>,
    /// The number after the highest entry, as a fact of the store says.
    next_entry: Option<EntryId>,
    /// Transactions whose payloads were erased. Pages that the database gave up may hold them still.
    erased: HashSet<Txid>,
    /// Numbers of entries whose rows cannot be read, of a store without checksums.
    unreadable: BTreeSet<EntryId>,
}

/// What follows from the blocks that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Blocks that lead to the genesis block, parents first: the chain with the most work, then all others.
    pub linked: Vec<BlockHash>,
    /// Blocks that lead to one that was not found.
    pub unlinked: u64,
    /// Blocks of which the transactions were not found.
    pub without_body: u64,
}

impl Finds {
    /// Searches the store in a data directory. Nothing is written.
    ///
    /// # Errors
    /// [`OpenError`] where there is no file, or the system does not let it be read.
    pub fn read(directory: &Path) -> Result<Self, OpenError> {
        let path = directory.join(DATABASE_FILE);
        let unusable = |source| OpenError::Directory { directory: directory.into(), source };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(OpenError::NoChain { directory: directory.into() });
            }
            Err(error) => return Err(unusable(error)),
        };
        let mut finds = Self { source: file, found: Found::default() };
        finds.search().map_err(unusable)?;
        finds.found.take_shown_rows(&path);
        finds.search_entries().map_err(unusable)?;
        Ok(finds)
    }
}

impl<S: Read + Seek> Finds<S> {
    /// Searches the bytes of what may have been a store of this version.
    ///
    /// # Errors
    /// What the system says where they cannot be read.
    pub fn in_bytes(source: S) -> io::Result<Self> {
        let mut finds = Self { source, found: Found::default() };
        finds.search()?;
        finds.search_entries()?;
        Ok(finds)
    }

    /// The ledger that the blocks are of; `None` where they are the classic chain's, or there are none.
    #[must_use]
    pub fn chain_id(&self) -> Option<ChainId> {
        self.found.chain_id
    }

    /// Its spec, where that was found.
    #[must_use]
    pub fn spec(&self) -> Option<&ChainSpec> {
        self.found.spec.as_ref()
    }

    /// The outbox entries that were found, by number.
    pub fn entries(&self) -> impl Iterator<Item = &FoundEntry> {
        self.found.entries.values()
    }

    /// Numbers of the entries that there were and that were not found.
    #[must_use]
    pub fn lost_entries(&self) -> Vec<EntryId> {
        self.found.lost_entries()
    }

    /// Which blocks lead to the genesis block, and in what order they are to be handed to a chain.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let mut children: HashMap<BlockHash, Vec<BlockHash>> = HashMap::new();
        let mut plan = Plan::default();
        for (hash, place) in &self.found.blocks {
            match place.body {
                Body::Missing => plan.without_body += 1,
                Body::None if self.found.chain_id.is_some() => plan.without_body += 1,
                _ => children.entry(place.prev_hash).or_default().push(*hash),
            }
        }
        let mut reached = vec![Block::genesis().hash];
        let mut linked: Vec<(u32, BlockHash)> = Vec::new();
        let mut best: Option<(Work, BlockHash)> = None;
        while let Some(parent) = reached.pop() {
            for hash in children.remove(&parent).unwrap_or_default() {
                let Some(place) = self.found.blocks.get(&hash) else { continue };
                linked.push((place.height, hash));
                best = best.max(Some((place.work, hash)));
                reached.push(hash);
            }
        }
        plan.unlinked = children.values().map(|hashes| hashes.len() as u64).sum();
        let mut at = best.map(|(_, hash)| hash);
        while let Some(place) = at.and_then(|hash| self.found.blocks.get(&hash)) {
            plan.linked.extend(at);
            at = Some(place.prev_hash);
        }
        plan.linked.reverse();
        let of_best: HashSet<BlockHash> = plan.linked.iter().copied().collect();
        linked.sort_unstable();
        let others = linked.into_iter().map(|(_, hash)| hash);
        plan.linked.extend(others.filter(|hash| !of_best.contains(hash)));
        plan
    }

    /// A block of the plan without the payloads that were erased, and their places.
    ///
    /// # Errors
    /// What the system says where the file cannot be read.
    pub fn block(&mut self, hash: &BlockHash) -> io::Result<Option<(WholeBlock, Vec<u32>)>> {
        let Some(place) = self.found.blocks.get(hash).cloned() else { return Ok(None) };
        let head = self.bytes(place.head)?;
        let Some(FoundBlock { block, commitment, .. }) = scan::block_at_front(&head) else {
            return Ok(None);
        };
        let (mut body, mut erased) = match (&commitment, place.body) {
            (Some(commitment), Body::Found(span, _)) => {
                match scan::body_at_front(&self.bytes(span)?, commitment) {
                    Some(FoundBody { body, erased, .. }) => (body, erased),
                    None => return Ok(None),
                }
            }
            _ => (Vec::new(), Vec::new()),
        };
        for (entry, place) in body.iter_mut().zip(0_u32..) {
            let is_erased =
                |entry: &BodyEntry| self.found.erased.contains(&entry.transaction.txid());
            if !self.found.erased.is_empty() && entry.payload.is_some() && is_erased(entry) {
                entry.payload = None;
                erased.push(place);
            }
        }
        erased.sort_unstable();
        let ledger = commitment.map(|commitment| Box::new(LedgerPart { commitment, body }));
        Ok(Some((WholeBlock { block, ledger }, erased)))
    }

    fn bytes(&mut self, span: Span) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; span.length];
        self.source.seek(SeekFrom::Start(span.at))?;
        self.source.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn search(&mut self) -> io::Result<()> {
        let Self { source, found } = self;
        let mut wanted: HashMap<BlockHash, Commitment> = HashMap::new();
        each_window(source, |at, bytes, end| {
            scan::blocks(bytes, end, |start, block| {
                found.take_block(at, bytes, start, block, &mut wanted);
            });
            found.take_rows(bytes, end);
            true
        })?;
        self.search_bodies(&wanted)?;
        self.search_spec()
    }

    fn search_bodies(&mut self, missing: &HashMap<BlockHash, Commitment>) -> io::Result<()> {
        let mut wanted = Wanted::default();
        let mut blocks: HashMap<_, Vec<BlockHash>> = HashMap::new();
        for (hash, commitment) in missing {
            blocks.entry(commitment.body_root).or_default().push(*hash);
            wanted.insert(*commitment);
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let Self { source, found } = self;
        each_window(source, |at, bytes, end| {
            wanted.find(bytes, end, |start, commitment, body| {
                let span = Span { at: at + start as u64, length: body.length };
                let version = body.version();
                for hash in blocks.get(&commitment.body_root).into_iter().flatten() {
                    let Some(place) = found.blocks.get_mut(hash) else { continue };
                    if !matches!(place.body, Body::Found(_, known) if known >= version) {
                        place.body = Body::Found(span, version);
                    }
                }
            });
            true
        })
    }

    fn search_spec(&mut self) -> io::Result<()> {
        let Self { source, found } = self;
        let Some(id) = found.chain_id else { return Ok(()) };
        found.spec = Some(ChainSpec::ledger()).filter(|spec| spec.chain_id() == id);
        if found.spec.is_some() {
            return Ok(());
        }
        each_window(source, |_, bytes, end| {
            found.spec = scan::spec(bytes, end, &id);
            found.spec.is_none()
        })
    }

    /// Looks for entries whose pages do not tell where they stand.
    fn search_entries(&mut self) -> io::Result<()> {
        let Self { source, found } = self;
        let mut ids: HashSet<EntryId> = found.lost_entries().into_iter().collect();
        if found.next_entry.is_none() {
            let last = found.last_entry();
            ids.extend(last.saturating_add(1)..=last.saturating_add(BEYOND));
        }
        if ids.is_empty() {
            return Ok(());
        }
        each_window(source, |_, bytes, end| {
            scan::entries(bytes, end, &ids, |entry| found.take_entry(entry, Source::File));
            true
        })
    }
}

/// Shows `visit` the file, window by window: where it begins, its bytes, and how many of them belong to
/// this window alone. Ends early where it says `false`.
fn each_window(
    source: &mut (impl Read + Seek),
    mut visit: impl FnMut(u64, &[u8], usize) -> bool,
) -> io::Result<()> {
    let mut at = 0;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        source.seek(SeekFrom::Start(at))?;
        source.by_ref().take((WINDOW + MAX_RECORD) as u64).read_to_end(&mut bytes)?;
        if bytes.is_empty() || !visit(at, &bytes, WINDOW) {
            return Ok(());
        }
        at += WINDOW as u64;
    }
}
