//! A store's file with anything in it, of the classic chain or of a ledger: opening, auditing and
//! reading end, without a panic.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use kusari_chain::ledger::transaction::Salt;
use kusari_chain::ledger::{ChainSpec, Payload, PublicKey, Signature, Txid, UnsignedTransaction};
use kusari_chain::store::MemoryBlocks;
use kusari_chain::{
    Accepted, Block, BlockStore, BlockWrite, Chain, CheckedBlock, StoredBlock, TreeLimits, Work,
};
use kusari_miner::Search;
use kusari_node::store::{
    EntryState, OutboxFacts, OutboxStore, OutboxWrite, PoolRecord, PoolWrite, StoreBatch,
};

use kusari_store::{ChainPosition, Store, audit_file};

/// Unit of the file, in bytes.
const PAGE: usize = 4_096;
/// Bytes of the header and its two commit slots.
const HEADER: usize = 320;
/// Blocks that are read at once, and at most so many times.
const CHUNK: usize = 16;
const MAX_CHUNKS: usize = 64;
/// The chain of the vectors: valid, and mined already.
const VECTORS: &str = include_str!("../../chain/tests/vectors/classic.json");

/// Takes the bytes for the file `chain.redb`, where the first is even. Where it is odd, the file is
/// a sound store, and the rest says what of it is overwritten: where (two bytes for the page in use,
/// two for the place in it), how long (one byte), and with what. The store is a ledger's where the second
/// lowest bit of the first byte is set.
pub fn check(bytes: &[u8]) {
    let Some(content) = content_of(bytes) else { return };
    let directory = directory();
    let file = directory.join("chain.redb");
    std::fs::write(&file, &content).expect("the temporary directory can be written");
    let report = audit_file(&file);
    let after = std::fs::read(&file).expect("the file is still there");
    assert!(after == content, "the audit changed the file");
    let sound = report.is_ok_and(|report| report.finding.is_none());
    let read = read_everything(&directory, sound);
    assert!(read || !sound, "a store that is called sound cannot be read");
}

/// The content of the file that the bytes stand for.
pub(super) fn content_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let (first, rest) = bytes.split_first()?;
    Some(if first % 2 == 0 { rest.to_vec() } else { overwritten(rest, first & 2 != 0) })
}

/// A directory of this process, made once.
fn directory() -> PathBuf {
    let directory = std::env::temp_dir().join(format!("kusari-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("the temporary directory can be written");
    directory
}

/// Opens the store as a node does, reads all of it, and writes a little to one that is sound: over a
/// damaged file the database may end the process as it writes. Whether all of that worked.
fn read_everything(directory: &Path, sound: bool) -> bool {
    let Ok(store) = Store::open_existing(directory) else { return false };
    let mut works = true;
    let mut after = ChainPosition::genesis();
    for _ in 0..MAX_CHUNKS {
        match store.best_chain_chunk(after, None, CHUNK) {
            Ok(chunk) => match chunk.blocks.last() {
                Some(last) => after = (&last.block).into(),
                None => break,
            },
            Err(_) => {
                works = false;
                break;
            }
        }
    }
    works &= store.visit_side_blocks(&mut |_| ()).is_ok();
    works &= store.visit_open_entries(&mut |_| ()).is_ok();
    works &= store.by_hash(&after.hash).is_ok() && store.entry_of_block(&after.hash).is_ok();
    works &= store.accounts_after(None, usize::MAX).is_ok();
    works &= store.visit_pool(&mut |_| ()).is_ok();
    works &= store.transaction(&Txid(after.hash.0)).is_ok();
    let _ = store.audit();
    if !sound {
        store.abandon();
        return works;
    }
    let Ok(OutboxFacts { next_id: id, .. }) = store.outbox_facts() else { return false };
    let outbox = vec![OutboxWrite::Insert { id, text: String::from("one more"), draft: None }];
    works & store.commit(&[StoreBatch { outbox, ..StoreBatch::default() }]).is_ok()
}

/// A sound store, and its pages in use by where they begin.
type Sound = (Vec<u8>, Vec<usize>);

/// A sound store of either kind. Each is made once.
fn sound_store(ledger: bool) -> &'static Sound {
    static CLASSIC: OnceLock<Sound> = OnceLock::new();
    static LEDGER: OnceLock<Sound> = OnceLock::new();
    match ledger {
        false => CLASSIC.get_or_init(|| make(None, batch())),
        true => LEDGER.get_or_init(|| make(Some(&ChainSpec::ledger()), ledger_batch())),
    }
}

fn make(spec: Option<&ChainSpec>, batch: StoreBatch) -> Sound {
    let directory = directory();
    let file = directory.join("chain.redb");
    let _ = std::fs::remove_file(&file);
    let store = Store::open_chain(&directory, spec).expect("a new store can be made");
    store.commit(&[batch]).expect("a new store can be written");
    drop(store);
    let content = std::fs::read(&file).expect("the store is there");
    let pages = (PAGE..content.len()).step_by(PAGE);
    let used = |page: &usize| content[*page..].iter().take(PAGE).any(|byte| *byte != 0);
    let pages = pages.filter(used).collect();
    (content, pages)
}

/// Two empty blocks of a ledger, and a transaction that waits; nobody signed it, which a store does not
/// look at.
fn ledger_batch() -> StoreBatch {
    let spec = Arc::new(ChainSpec::ledger());
    let memory = Box::new(MemoryBlocks::default());
    let chain = Chain::open_ledger(memory, TreeLimits::default(), Arc::clone(&spec));
    let mut chain = chain.expect("memory can be read");
    let mut blocks = Vec::new();
    for now in [1_700_000_000, 1_700_000_010] {
        let template = chain.template(PublicKey([3; 32]), [], now).expect("a block can be mined");
        let mut search = Search::new(&template.block, template.target);
        let mut block = template.block;
        block.nonce = search.try_nonces(0, u64::MAX).expect("some nonce will do");
        block.hash = search.hash(block.nonce);
        let part = Box::new(template.part);
        let block = CheckedBlock::check_whole(block, part, &spec.chain_id());
        let block = block.expect("it was mined by the rules");
        if let Ok(Accepted::Added(change)) = chain.accept(block, now) {
            blocks.extend(change.writes);
        }
    }
    let payload = Payload { salt: Salt([5; 16]), data: String::from("it waits") };
    let transaction = UnsignedTransaction::record(PublicKey([3; 32]), 0, 0, &payload);
    let transaction = transaction.signed(Signature::ZERO);
    let txid = transaction.txid();
    let record = PoolRecord { transaction, payload: Some(payload), since: 7 };
    let pool = vec![PoolWrite::Insert { txid, record }];
    let text = String::from("{}");
    let insert = OutboxWrite::Insert { id: 1, text: String::new(), draft: None };
    let outbox = vec![insert, OutboxWrite::Signed { id: 1, text, txid }];
    StoreBatch { blocks, outbox, pool, ..StoreBatch::default() }
}

fn batch() -> StoreBatch {
    let vectors: serde_json::Value = serde_json::from_str(VECTORS).expect("the vectors are JSON");
    let of = |name: &str| -> Vec<Block> {
        serde_json::from_value(vectors[name].clone()).expect("the vectors are blocks")
    };
    let mut blocks = Vec::new();
    let mut totals = vec![0];
    let mut order = 0;
    let mut stored = |block: &Block, below: u64| {
        let total_bytes = below + block.canonical_line_bytes() as u64;
        let work = Work::of_classic_blocks(block.index);
        order += 1;
        Arc::new(StoredBlock {
            order: order - 1,
            work,
            total_bytes,
            block: block.clone(),
            ledger: None,
        })
    };
    let chain = of("chain");
    for block in &chain {
        let stored = stored(block, totals[totals.len() - 1]);
        totals.push(stored.total_bytes);
        blocks.push(BlockWrite::InsertBest(stored));
    }
    let mut below = 0;
    for block in of("fork") {
        let stored = stored(&block, below);
        below = stored.total_bytes;
        blocks.push(BlockWrite::InsertSide(stored));
    }
    let outbox = vec![
        OutboxWrite::Insert { id: 1, text: chain[0].data.clone(), draft: None },
        OutboxWrite::Insert { id: 2, text: String::from("it waits"), draft: None },
        OutboxWrite::Mined { id: 1, hash: chain[0].hash },
        OutboxWrite::SetState { id: 1, state: EntryState::Mined { settled: false } },
    ];
    StoreBatch { blocks, outbox, ..StoreBatch::default() }
}

fn overwritten(mut changes: &[u8], ledger: bool) -> Vec<u8> {
    let (content, pages) = sound_store(ledger);
    let mut content = content.clone();
    while let [page_low, page_high, low, high, length, rest @ ..] = changes {
        let page = usize::from(u16::from_le_bytes([*page_low, *page_high])) % (pages.len() + 1);
        let place = usize::from(u16::from_le_bytes([*low, *high]));
        // The header comes first.
        let start = match page.checked_sub(1) {
            None => place % HEADER,
            Some(page) => pages[page] + place % PAGE,
        };
        let (bytes, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        let end = (start + bytes.len()).min(content.len());
        content[start..end].copy_from_slice(&bytes[..end - start]);
        changes = rest;
    }
    content
}
