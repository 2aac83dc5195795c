//! How fast a fresh node takes a ledger's chain of full blocks, and a running one transactions.
//!
//! Owns the arrangement: two processes of this program, each with a data directory of its own, one
//! connection between them over loopback. Time counts from the start of the fresh node's process
//! until the last block is durable there. Then a person's connection hands the fresh node
//! transactions; their time counts from the first byte until the last is acknowledged as durable.

mod people;
mod proofs;
mod upkeep;

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use kusari_chain::checked::{CheckedHeader, Header};
use kusari_chain::ledger::commitment::{MerkleRoot, body_root};
use kusari_chain::ledger::{BodyEntry, ChainSpec, Commitment};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::merkle::MerkleBuilder;
use kusari_chain::params::{GENESIS_TIMESTAMP, STATE_ROOT_INTERVAL};
use kusari_chain::pow::CompactTarget;
use kusari_chain::{Block, BlockHash, CheckedBlock};
use kusari_node::wire::{Message, encode};
use serde::Serialize;

use self::people::{PEOPLE, People};
pub use self::proofs::ProofFigures;
pub use self::upkeep::UpkeepFigures;
use super::observer::Observer;
use super::process::NodeProcess;
use super::relay::blocks::prove;
use super::sync::{bytes_below, mib};
use super::{BenchError, now};
use kusari_runtime::offline::Offline;
use kusari_store::Store;

/// Transactions of one block: as many as fit 1 MiB are 5,577.
const BODY: usize = 5_000;
/// Transactions that are handed over as gossip: what the pool holds is a few more.
const GOSSIP: u64 = 13_000;
/// Least transactions of a chain: every signer owns something then.
pub const MIN_TRANSACTIONS: u32 = PEOPLE as u32;
/// Most transactions of a chain: below the first height at which a root over all accounts is due.
pub const MAX_TRANSACTIONS: u32 = (STATE_ROOT_INTERVAL - 2) * BODY as u32;
/// How long each part may take at the most.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// How many blocks hold so many transactions.
#[must_use]
pub fn blocks(transactions: u32) -> u32 {
    1 + transactions.div_ceil(BODY as u32)
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct LedgerFigures {
    /// Signed transactions of the chain.
    pub transactions: u32,
    /// Its length.
    pub blocks: u32,
    /// Time that counted, in seconds.
    pub seconds: f64,
    /// Transactions in a second of it, checked, applied and durable.
    pub transactions_per_s: f64,
    /// Most memory of the fresh node, in MiB.
    pub peak_rss_mib: f64,
    /// Most memory of the node that it took the chain from, in MiB.
    pub source_peak_rss_mib: f64,
    /// Processor time of both, in seconds.
    pub cpu_s: f64,
    /// The part of it that the serving node used.
    pub source_cpu_s: f64,
    /// Bytes that the fresh node's data takes on the disk in the end.
    pub disk_bytes: u64,
    /// Transactions that were handed to it as lines.
    pub gossip_transactions: u64,
    /// So many were checked, let into the pool and durable in a second.
    pub gossip_transactions_per_s: f64,
    /// Processor time of the node for that, in seconds.
    pub gossip_cpu_s: f64,
    /// What a proof of one of the chain's transactions costs.
    #[serde(flatten)]
    pub proofs: ProofFigures,
    /// What an audit of it and a backup cost.
    #[serde(flatten)]
    pub upkeep: UpkeepFigures,
}

/// Measures with a chain of so many transactions, which are signed by as many threads. The data of
/// nodes goes to `scratch`, and stays there. `progress` is told how many blocks are made.
///
/// # Errors
/// Where a process, a file or a node does not do its part.
pub fn measure(
    transactions: u32,
    threads: NonZeroUsize,
    scratch: &Path,
    progress: &mut dyn FnMut(u32),
) -> Result<LedgerFigures, BenchError> {
    let (source_dir, fresh_dir) = (scratch.join("source"), scratch.join("fresh"));
    let mut maker = Maker::new(threads);
    let before_tip = maker.fill(&source_dir, u64::from(transactions), progress)?;
    let lines = maker.gossip();
    let blocks = maker.tip.index;
    let options = ["--chain", "ledger", "--mine", "off"];
    let source = NodeProcess::start(Some(&source_dir), &options)?;
    let before = source.usage();
    let address = source.address().to_string();
    let fresh =
        NodeProcess::start(Some(&fresh_dir), &[&options[..], &["--connect", &address]].concat())?;
    let mut observer = Observer::connect(fresh.address())?;
    let done = observer.wait_for_height(blocks, before_tip, now() + DEADLINE)?;
    let seconds = done.duration_since(fresh.started()).as_secs_f64();
    let (source_usage, fresh_usage) = (source.usage(), fresh.usage());
    // Otherwise what it is handed would be passed on, and measured as well.
    source.stop()?;
    let disk_bytes = bytes_below(&fresh_dir);
    let proofs = proofs::measure(&source_dir)?;
    let upkeep = upkeep::measure(&source_dir, &scratch.join("copy"))?;
    let taken = hand_over(fresh.address(), lines)?;
    let gossip_cpu = fresh.usage().processor.saturating_sub(fresh_usage.processor);
    fresh.stop()?;
    let source_cpu = source_usage.processor.saturating_sub(before.processor);
    Ok(LedgerFigures {
        transactions,
        blocks,
        seconds,
        transactions_per_s: f64::from(transactions) / seconds,
        peak_rss_mib: mib(fresh_usage),
        source_peak_rss_mib: mib(source_usage),
        cpu_s: (source_cpu + fresh_usage.processor).as_secs_f64(),
        source_cpu_s: source_cpu.as_secs_f64(),
        disk_bytes,
        gossip_transactions: GOSSIP,
        gossip_transactions_per_s: GOSSIP as f64 / taken.as_secs_f64(),
        gossip_cpu_s: gossip_cpu.as_secs_f64(),
        proofs,
        upkeep,
    })
}

/// Hands lines of transactions to a node, and waits until each is acknowledged.
fn hand_over(node: SocketAddr, lines: Vec<u8>) -> Result<Duration, BenchError> {
    let mut observer = Observer::connect(node)?;
    let stream = observer.stream().map_err(BenchError::system("writing to a node"))?;
    let began = now();
    let writer = std::thread::spawn(move || write_all(&stream, &lines));
    let mut accepted = 0;
    while accepted < GOSSIP {
        let line = observer.line()?;
        if line.starts_with(b"ERROR:") {
            let said = String::from_utf8_lossy(line).trim_end().to_owned();
            return Err(BenchError::Node(format!("refused a transaction: {said}")));
        }
        accepted += u64::from(line.starts_with(b"ACCEPTED:"));
    }
    let taken = began.elapsed();
    match writer.join() {
        Ok(written) => written.map_err(BenchError::system("writing to a node"))?,
        Err(_) => return Err(BenchError::node("was not given every transaction")),
    }
    Ok(taken)
}

fn write_all(mut stream: &TcpStream, lines: &[u8]) -> std::io::Result<()> {
    stream.write_all(lines)?;
    stream.shutdown(Shutdown::Write)
}

/// Makes blocks one after another. Nothing is kept for the next time: signatures take a third of the
/// time in which they are checked.
struct Maker {
    spec: ChainSpec,
    people: People,
    tip: Block,
    /// Over the hashes of all blocks so far.
    history: MerkleBuilder,
}

impl Maker {
    fn new(threads: NonZeroUsize) -> Self {
        let spec = ChainSpec::ledger();
        let people = People::new(spec.chain_id(), threads);
        let (tip, mut history) = (Block::genesis(), MerkleBuilder::default());
        history.push_leaf(&tip.hash.0);
        Self { spec, people, tip, history }
    }

    /// Stores a chain in a new data directory. Returns the hash of the block before its tip.
    fn fill(
        &mut self,
        directory: &Path,
        transactions: u64,
        progress: &mut dyn FnMut(u32),
    ) -> Result<BlockHash, BenchError> {
        let opened = Store::open_chain(directory, Some(&self.spec)).map_err(BenchError::store)?;
        let mut node = Offline::open(opened).map_err(BenchError::store)?;
        // The first pays the one who pays all others.
        let mut block = self.next(Vec::new())?;
        let mut left = transactions;
        loop {
            let told = node.receive(Ok(Message::Block(block))).map_err(BenchError::store)?;
            if let Some(refused) = told.errors.first() {
                return Err(BenchError::store(&refused.message));
            }
            progress(self.tip.index);
            if left == 0 {
                break;
            }
            let count = left.min(BODY as u64);
            left -= count;
            let body = self.people.sign(count, 1);
            block = self.next(body)?;
        }
        node.flush().map_err(BenchError::store)?;
        Ok(self.tip.prev_hash)
    }

    /// The next block, on schedule, so that its target stays at the limit.
    fn next(&mut self, body: Vec<BodyEntry>) -> Result<CheckedBlock, BenchError> {
        let chain_id = self.spec.chain_id();
        let commitment = Commitment {
            chain_id,
            body_root: body_root(body.iter().map(|entry| &entry.transaction)),
            // At most as many as one block takes.
            body_count: u32::try_from(body.len()).unwrap_or(u32::MAX),
            history_root: MerkleRoot(self.history.root()),
            state_root: MerkleRoot::ZERO,
            target: CompactTarget::LIMIT,
            miner: self.people.first(),
        };
        let index = self.tip.index + 1;
        let time = GENESIS_TIMESTAMP + u64::from(self.spec.block_time_s) * u64::from(index);
        let mut block = Block::template(index, time, commitment.data(), self.tip.hash);
        let target = commitment.target.target().unwrap_or(kusari_chain::Target::CLASSIC);
        (block.nonce, block.hash) = prove(&block, target, self.people.threads());
        self.history.push_leaf(&block.hash.0);
        self.tip = block.clone();
        let header = CheckedHeader::check(Header { block, commitment }, &chain_id);
        let header = header.map_err(BenchError::store)?;
        // They were signed a moment ago.
        let body = body.into_iter().map(|entry| (entry, true)).collect();
        CheckedBlock::assemble(header, body).map_err(BenchError::store)
    }

    /// Lines of transactions that may follow. They pay nothing, since what a chain of blocks has paid
    /// on changes hands at once.
    fn gossip(&mut self) -> Vec<u8> {
        let mut lines = Vec::new();
        for BodyEntry { transaction, payload } in self.people.sign(GOSSIP, 0) {
            if let Ok(checked) = CheckedTransaction::check_unsigned(transaction, payload) {
                let message: Message<Block> = Message::Transaction(Box::new(checked));
                lines.extend_from_slice(&encode(&message));
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chain_that_was_made_is_stored_whole_and_its_last_block_is_as_full_as_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let mut maker = Maker::new(NonZeroUsize::MIN);
        let mut told = 0;
        let before = maker.fill(directory.path(), 5_002, &mut |blocks| told = blocks).unwrap();
        let store = Store::open_existing(directory.path()).unwrap();
        let mut node = Offline::open(store).unwrap();
        let tip = node.snapshot().tip;
        assert_eq!((told, tip.height, tip.hash), (3, 3, maker.tip.hash));
        let stored = node.store().placed(&tip.hash).unwrap().unwrap().block;
        assert_eq!((stored.block.prev_hash, stored.ledger.unwrap().body.len()), (before, 2));
        for line in maker.gossip().split(|byte| *byte == b'\n').take(2) {
            let told = node.receive(node.dialect().receive(line)).unwrap();
            assert!(told.errors.is_empty(), "{told:?}");
        }
    }
}
