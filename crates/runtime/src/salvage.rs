//! A new data directory, made of what can still be proved sound of one that is damaged or of an early
//! version.
//!
//! Owns the order: blocks first, by the way that every block takes, then what people submitted to the
//! node, then what was erased, then files of keys. Nothing is written to the old directory.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use kusari_chain::ledger::{ChainSpec, Txid};
use kusari_chain::params::SETTLED_DEPTH;
use kusari_chain::{BlockHash, BlockStore, CheckedBlock, StoreError, StoreResult};
use kusari_node::store::{
    EntryId, EntryState, Erasure, OutboxEntry, OutboxStore, OutboxWrite, StoreBatch,
};
use kusari_node::wire::{Dialect, Message};

use zeroize::Zeroizing;

use super::offline::{Offline, OfflineError};
use crate::witness_key::WitnessKey;
use kusari_files::{FileError, Readers};
use kusari_store::{Finds, FoundEntry, OpenError, Store, audit_directory};
use kusari_wallet::key_file::KeyFile;

/// Entries that are written in one commit.
const COMMIT_ENTRIES: usize = 1_000;
/// Bytes of the longest file of keys that is taken over.
const MAX_FILE: u64 = 1 << 20;

/// Why nothing was taken over, or not all of what was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SalvageError {
    /// There is nothing to read, or the new directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The new directory is in use already.
    #[error(
        "{} is there already and has something in it: name a directory that is not there, which \
         will hold what is salvaged",
        .directory.display()
    )]
    NotNew {
        /// The directory.
        directory: PathBuf,
    },
    /// Nobody knows which ledger it is.
    #[error(
        "the blocks are of the ledger with chain id {id}, whose parameters were not found in the \
         damaged file: name them with --chain FILE"
    )]
    UnknownChain {
        /// Its id.
        id: String,
    },
    /// The given chain is another one.
    #[error(
        "the blocks are of the ledger with chain id {found}, and not of the chain that --chain names"
    )]
    OtherChain {
        /// The id that the blocks have.
        found: String,
    },
    /// The old file cannot be read any further.
    #[error("{} cannot be read ({source}): see to the disk, then do it again", .file.display())]
    Source {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The new store cannot be written.
    #[error(transparent)]
    Write(#[from] OfflineError),
    /// The new store cannot be written or read.
    #[error("{0}; make room or mend the disk, remove the new directory, then do it again")]
    Store(#[from] StoreError),
    /// A file of keys cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// What was written is not sound.
    #[error("what was salvaged is not sound ({0}), which is a bug in kusari; please report it")]
    Unsound(String),
}

/// What came over, and what could not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvage {
    /// Height of the new best chain.
    pub height: u32,
    /// Blocks that came, in the best chain and beside it.
    pub blocks: u64,
    /// Blocks that were found and lead to one that was not.
    pub unlinked: u64,
    /// Blocks whose header was found and whose transactions were not.
    pub without_body: u64,
    /// Blocks that were found and break a rule of the chain.
    pub refused: u64,
    /// Outbox entries that came.
    pub entries: u64,
    /// Old numbers of outbox entries that were not found.
    pub lost_entries: Vec<EntryId>,
    /// Old numbers under which more than one entry was found, with the text of each: the first was taken.
    pub contested: Vec<(EntryId, Vec<String>)>,
    /// Settled lines whose blocks did not come, with their old numbers: other nodes have them, and mined
    /// anew they would stand twice.
    pub settled_elsewhere: Vec<(EntryId, String)>,
    /// Files of keys that came.
    pub files: Vec<PathBuf>,
    /// Files of keys that could not be read, and why.
    pub lost_files: Vec<(PathBuf, String)>,
}

/// Makes a data directory of what is sound in another one that no process has open. `chain` is the chain
/// that a person named.
///
/// # Errors
/// [`SalvageError`]. The new directory then stays as far as it was written.
pub fn salvage(
    directory: &Path,
    new: &Path,
    chain: Option<Option<ChainSpec>>,
) -> Result<Salvage, SalvageError> {
    refuse_what_is_there(new)?;
    let mut finds = Finds::read(directory)?;
    let spec = choose_chain(&finds, chain)?;
    let mut report = Salvage::default();
    let (store, erased) = take_blocks(directory, new, &mut finds, spec.as_ref(), &mut report)?;
    let disproven = disproven_entries(directory, &mut finds, spec.as_ref())?;
    take_entries(&store, &finds, &disproven, spec.is_some(), &mut report)?;
    if !erased.is_empty() {
        store.commit(&[StoreBatch { erased, ..StoreBatch::default() }])?;
    }
    drop(store);
    take_files(directory, new, &mut report)?;
    match audit_directory(new, |_| ())?.finding {
        None => Ok(report),
        Some(finding) => Err(SalvageError::Unsound(finding.to_string())),
    }
}

fn refuse_what_is_there(new: &Path) -> Result<(), SalvageError> {
    let mut entries = match std::fs::read_dir(new) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(_) => return Err(SalvageError::NotNew { directory: new.into() }),
    };
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(SalvageError::NotNew { directory: new.into() }),
    }
}

fn choose_chain(
    finds: &Finds,
    chain: Option<Option<ChainSpec>>,
) -> Result<Option<ChainSpec>, SalvageError> {
    let Some(id) = finds.chain_id() else { return Ok(chain.flatten()) };
    match chain {
        Some(Some(spec)) if spec.chain_id() == id => Ok(Some(spec)),
        Some(_) => Err(SalvageError::OtherChain { found: id.to_string() }),
        None => match finds.spec() {
            Some(spec) => Ok(Some(spec.clone())),
            None => Err(SalvageError::UnknownChain { id: id.to_string() }),
        },
    }
}

/// Hands the blocks to a node over the new store, by which they keep every rule. Returns the store, and
/// what was erased from the blocks that came.
fn take_blocks(
    directory: &Path,
    new: &Path,
    finds: &mut Finds,
    spec: Option<&ChainSpec>,
    report: &mut Salvage,
) -> Result<(Store, Vec<Erasure>), SalvageError> {
    let unreadable = |source| SalvageError::Source { file: directory.into(), source };
    let plan = finds.plan();
    (report.unlinked, report.without_body) = (plan.unlinked, plan.without_body);
    let store = Store::open_chain(new, spec)?;
    let id = spec.map(ChainSpec::chain_id);
    let mut erasures = Vec::new();
    let mut node = Offline::open(store.clone())?;
    for hash in &plan.linked {
        let Some((whole, places)) = finds.block(hash).map_err(unreadable)? else {
            report.refused += 1;
            continue;
        };
        let checked = match (whole.ledger, &id) {
            (Some(part), Some(id)) => CheckedBlock::check_whole(whole.block, part, id),
            (None, None) => CheckedBlock::check(whole.block),
            _ => {
                report.refused += 1;
                continue;
            }
        };
        let Ok(checked) = checked else {
            report.refused += 1;
            continue;
        };
        let told = node.receive(Ok(Message::Block(checked)))?;
        report.refused += u64::from(!told.errors.is_empty());
        erasures.extend(places.into_iter().map(|place| Erasure { block: *hash, place }));
    }
    node.flush()?;
    report.height = node.snapshot().tip.height;
    drop(node);
    for hash in &plan.linked {
        report.blocks += u64::from(store.header_of(hash)?.is_some());
    }
    Ok((store, erasures))
}

/// Enters what people submitted to the node, under new numbers without gaps.
fn take_entries(
    store: &Store,
    finds: &Finds,
    disproven: &BTreeSet<EntryId>,
    is_ledger: bool,
    report: &mut Salvage,
) -> Result<(), SalvageError> {
    let lost: BTreeSet<EntryId> = finds.lost_entries().into_iter().collect();
    report.lost_entries = lost.union(disproven).copied().collect();
    let mut batch = StoreBatch::default();
    let mut id: EntryId = store.outbox_facts()?.next_id;
    let sound = |found: &&FoundEntry| !disproven.contains(&found.entry.id);
    for found in finds.entries().filter(sound) {
        let FoundEntry { entry, was_settled, others, .. } = found;
        if !others.is_empty() {
            let texts = [found.text()].into_iter().chain(others.iter().map(String::as_str));
            report.contested.push((entry.id, texts.map(String::from).collect()));
        }
        let depth = depth_of(store, entry, is_ledger)?;
        if *was_settled && depth.is_none() && !is_ledger && !entry.is_erased() {
            report.settled_elsewhere.push((entry.id, entry.text.clone()));
            continue;
        }
        let state = match depth {
            _ if entry.is_erased() => EntryState::Mined { settled: true },
            Some(depth) => EntryState::Mined { settled: depth >= SETTLED_DEPTH },
            // Whether another transaction has its sequence, the node sees when it starts.
            None => EntryState::Waiting,
        };
        batch.outbox.extend(writes_of(id, entry, is_ledger, state));
        id += 1;
        report.entries += 1;
        if batch.outbox.len() >= COMMIT_ENTRIES {
            store.commit(&[std::mem::take(&mut batch)])?;
        }
    }
    Ok(store.commit(&[batch])?)
}

/// Numbers of the entries without a checksum that the chain disproves: a line that is another one in a
/// block of its own, and what is no transaction with the id that it should have.
fn disproven_entries(
    directory: &Path,
    finds: &mut Finds,
    spec: Option<&ChainSpec>,
) -> Result<BTreeSet<EntryId>, SalvageError> {
    let unreadable = |source| SalvageError::Source { file: directory.into(), source };
    let unproven = finds.entries().filter(|found| !found.is_proven);
    let unproven: Vec<OutboxEntry> = unproven.map(|found| found.entry.clone()).collect();
    let mut disproven = BTreeSet::new();
    for OutboxEntry { id, text, blocks, .. } in unproven {
        let mut fits = true;
        match spec {
            None => {
                for hash in &blocks {
                    let found = finds.block(hash).map_err(unreadable)?;
                    fits &= found.is_none_or(|(whole, _)| whole.block.data == text);
                }
            }
            // It was erased; of which transaction is all that is left.
            Some(_) if text.is_empty() => fits = blocks.len() == 1,
            Some(spec) => {
                let read = Dialect::Ledger(spec.chain_id()).receive(text.as_bytes());
                fits = matches!(read, Ok(Message::Transaction(signed))
                    if matches!(blocks[..], [BlockHash(only)] if only == signed.txid().0));
            }
        }
        if !fits {
            disproven.insert(id);
        }
    }
    Ok(disproven)
}

/// What enters a salvaged entry into a new outbox, under a new number.
fn writes_of(
    id: EntryId,
    entry: &OutboxEntry,
    is_ledger: bool,
    state: EntryState,
) -> Vec<OutboxWrite> {
    let OutboxEntry { text, draft, blocks, .. } = entry;
    let line = if is_ledger { String::new() } else { text.clone() };
    let mut writes = vec![OutboxWrite::Insert { id, text: line, draft: draft.clone() }];
    writes.extend(blocks.iter().map(|hash| match is_ledger {
        true => OutboxWrite::Signed { id, text: text.clone(), txid: Txid(hash.0) },
        false => OutboxWrite::Mined { id, hash: *hash },
    }));
    if state != EntryState::Waiting {
        writes.push(OutboxWrite::SetState { id, state });
    }
    writes
}

/// How deep an entry stands in the new best chain, its own block included.
fn depth_of(store: &Store, entry: &OutboxEntry, is_ledger: bool) -> StoreResult<Option<u32>> {
    for BlockHash(hash) in entry.blocks.iter().rev() {
        let block = match is_ledger {
            true => store.transaction_places(&Txid(*hash))?.best.map(|found| found.block),
            false => Some(BlockHash(*hash)),
        };
        let Some(block) = block else { continue };
        let depth = store.placed(&block)?.and_then(|placed| placed.confirmations);
        if depth.is_some() {
            return Ok(depth);
        }
    }
    Ok(None)
}

/// Copies the files of keys, and the names of addresses.
fn take_files(directory: &Path, new: &Path, report: &mut Salvage) -> Result<(), SalvageError> {
    let mut names: Vec<PathBuf> = ["witness.key", "witness.state"].map(PathBuf::from).into();
    let wallet = std::fs::read_dir(directory.join("wallet")).into_iter().flatten().flatten();
    let mut of_wallet: Vec<PathBuf> =
        wallet.map(|entry| Path::new("wallet").join(entry.file_name())).collect();
    of_wallet.sort();
    names.extend(of_wallet);
    for name in names {
        let from = directory.join(&name);
        if !from.is_file() {
            continue;
        }
        match read_keys(directory, &from) {
            Err(reason) => report.lost_files.push((name, reason)),
            Ok(bytes) => {
                let to = new.join(&name);
                if let Some(parent) = to.parent() {
                    kusari_files::create_directory(parent)
                        .map_err(FileError::unwritable(parent))?;
                }
                kusari_files::write_new(&to, &bytes, Readers::Owner)?;
                report.files.push(name);
            }
        }
    }
    Ok(())
}

/// Reads a file of keys. What does not have the form of such a file is not taken over.
fn read_keys(directory: &Path, file: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::new());
    let open = File::open(file).map_err(|error| error.to_string())?;
    open.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(String::from("it is too long"));
    }
    let has_form = match file.file_name().and_then(|name| name.to_str()) {
        Some("witness.key") => matches!(WitnessKey::open(directory), Ok(Some(_))),
        Some(name) if name.ends_with(".json") => KeyFile::parse(&bytes).is_ok(),
        Some(_) => std::str::from_utf8(&bytes).is_ok(),
        None => false,
    };
    match has_form {
        true => Ok(bytes),
        false => Err(String::from("it does not have the form of such a file")),
    }
}
