//! A machine that cheats on a ledger: it follows the chain, and does the work for what breaks its
//! rules.
//!
//! Owns how such blocks and transactions are made. When they are sent is up to [`crate::byzantine`].

use kusari_chain::ledger::{
    BodyEntry, Commitment, LedgerPart, Payload, Salt, SignedTransaction, UnsignedTransaction,
};
use kusari_chain::merkle::MerkleBuilder;
use kusari_chain::pow::CompactTarget;
use kusari_chain::{Accepted, Block, Chain, CheckedBlock, StoredBlock, TreeLimits};
use kusari_node::store::StoreBatch;
use kusari_node::wire::{self, Dialect};

use crate::connection::Place;
use crate::disk::Disk;
use crate::ledger;
use crate::mining;
use crate::users::User;
use crate::world::World;

/// Blocks that one cheat mines, since their work is real.
const MOST_MINED: u32 = 8;

/// What a cheat knows.
pub(crate) struct Cheat {
    chain: Chain,
    disk: Disk,
    me: User,
    mined: u32,
}

impl Cheat {
    pub(crate) fn new(host: usize) -> Option<Self> {
        let disk = Disk::default();
        let store = Box::new(disk.store());
        let spec = std::sync::Arc::new(ledger::spec());
        let chain = Chain::open_ledger(store, TreeLimits::default(), spec).ok()?;
        Some(Self { chain, disk, me: User::new(host), mined: 0 })
    }

    pub(crate) fn dialect(&self) -> Dialect {
        Dialect::Ledger(ledger::spec().chain_id())
    }

    fn hear(&mut self, block: CheckedBlock) {
        let time = block.block().timestamp;
        if let Ok(Accepted::Added(change)) = self.chain.accept(block, time) {
            self.disk.apply(&StoreBatch { blocks: change.writes, ..StoreBatch::default() });
            self.chain.committed(change.version);
        }
    }

    fn record(&self, sequence: u64, fee: u64, text: &str) -> Option<BodyEntry> {
        let note = Payload { salt: Salt([9; 16]), data: text.to_owned() };
        let unsigned = UnsignedTransaction::record(self.me.public, sequence, fee, &note);
        let signed = self.me.sign(unsigned, Some(note), &ledger::spec().chain_id())?;
        Some(BodyEntry { transaction: *signed.transaction(), payload: signed.payload().cloned() })
    }

    /// Something that was mined before.
    fn mined_before(&self, draw: usize) -> Option<BodyEntry> {
        let chain = self.disk.best_whole();
        let bodies = chain.iter().filter_map(StoredBlock::part).flat_map(|part| &part.body);
        let all: Vec<&BodyEntry> = bodies.collect();
        all.get(draw.checked_rem(all.len())?).map(|entry| (*entry).clone())
    }

    /// An entry that no ledger takes after its tip.
    fn wrong_entry(&self, kind: u64, draw: usize) -> Option<BodyEntry> {
        match kind % 6 {
            // It owns nothing, so it can pay no fee.
            0 => self.record(0, 1_000_000, "overdraft"),
            1 => self.mined_before(draw),
            2 => self.record(7, 0, "gap"),
            3 => {
                let mut entry = self.record(0, 0, "signature")?;
                entry.transaction.signature.0[draw % 32] ^= 1;
                Some(entry)
            }
            4 => {
                let mut entry = self.record(0, 0, "payload")?;
                entry.payload.as_mut()?.data = "another".to_owned();
                Some(entry)
            }
            _ => {
                let mut entry = self.record(0, 0, "amount")?;
                entry.transaction.amount = u64::MAX;
                Some(entry)
            }
        }
    }

    /// The tip once more, with another body or a spoiled commitment, and its work.
    fn sibling(
        &mut self,
        body: Vec<BodyEntry>,
        spoil: impl FnOnce(&mut Commitment),
        nonce: u64,
    ) -> Option<(Block, LedgerPart)> {
        let tip = self.disk.best_whole().pop()?;
        let mut part = LedgerPart { commitment: tip.part()?.commitment, body };
        part.commitment.body_root = part.body_root();
        part.commitment.body_count = u32::try_from(part.body.len()).ok()?;
        part.commitment.miner = self.me.public;
        spoil(&mut part.commitment);
        Some((self.mine(tip.block, &part, nonce), part))
    }

    /// An empty block on a block that only this cheat knows.
    fn child(&mut self, parent: &Block, nonce: u64) -> Option<(Block, LedgerPart)> {
        let mut history = MerkleBuilder::default();
        history.push_leaf(&Block::genesis().hash.0);
        let chain = self.disk.best_chain();
        let before = usize::try_from(parent.index).ok()?.checked_sub(1)?;
        chain.iter().take(before).for_each(|block| history.push_leaf(&block.hash.0));
        history.push_leaf(&parent.hash.0);
        let commitment = self.disk.best_whole().pop()?.part()?.commitment;
        let mut part = LedgerPart { commitment, body: Vec::new() };
        part.commitment.body_root = part.body_root();
        part.commitment.body_count = 0;
        part.commitment.history_root.0 = history.root();
        let (index, timestamp) = (parent.index + 1, parent.timestamp + 1);
        let block = Block::template(index, timestamp, String::new(), parent.hash);
        Some((self.mine(block, &part, nonce), part))
    }

    fn mine(&mut self, block: Block, part: &LedgerPart, nonce: u64) -> Block {
        self.mined += 1;
        let block = Block { data: part.commitment.data(), nonce, ..block };
        let target = CompactTarget::LIMIT.target();
        let nonce = target.map_or(nonce, |target| mining::search(&block, target));
        block.with_nonce(nonce)
    }

    /// Lines of blocks that are wrong in one way or another.
    fn wrong_blocks(&mut self, kind: u64, draw: u64) -> Option<Vec<(Block, LedgerPart)>> {
        let place = usize::try_from(draw % 1_024).ok()?;
        let nonce = draw >> 12;
        Some(match kind % 10 {
            0..=2 => {
                let entry = self.wrong_entry(kind, place)?;
                vec![self.sibling(vec![entry], |_| {}, nonce)?]
            }
            // The first may wait beside the best chain until the second would make it the best.
            3 | 4 => {
                let entry = self.wrong_entry(0, place)?;
                let first = self.sibling(vec![entry], |_| {}, nonce)?;
                let second = self.child(&first.0, nonce)?;
                vec![first, second]
            }
            5 => vec![self.sibling(vec![], |c| c.history_root.0[3] ^= 1, nonce)?],
            6 => vec![self.sibling(vec![], |c| c.state_root.0[3] ^= 1, nonce)?],
            7 => vec![self.sibling(vec![], |c| c.target = CompactTarget(0x1f00_fffe), nonce)?],
            8 => vec![self.sibling(vec![], |c| c.chain_id.0[0] ^= 1, nonce)?],
            _ => {
                let mut made = self.sibling(vec![], |_| {}, nonce)?;
                made.1.body.extend(self.record(0, 0, "not committed to"));
                vec![made]
            }
        })
    }

    /// A block of the chain whose payloads are left out.
    fn stripped(&self, draw: usize) -> Option<(Block, LedgerPart)> {
        let chain = self.disk.best_whole();
        let stored = chain.get(draw.checked_rem(chain.len())?)?;
        let mut part = stored.part()?.clone();
        part.body.iter_mut().for_each(|entry| entry.payload = None);
        Some((stored.block.clone(), part))
    }
}

fn block_line((block, part): &(Block, LedgerPart)) -> Vec<u8> {
    let mut line = Vec::new();
    wire::encode_whole_block(block, Some(part), &mut line);
    line
}

fn transaction_line(entry: &BodyEntry) -> Vec<u8> {
    let SignedTransaction {
        sender,
        receiver,
        amount,
        fee,
        sequence,
        payload,
        payload_len,
        signature,
    } = &entry.transaction;
    let note = entry.payload.as_ref().map_or_else(
        || "null".to_owned(),
        |note| format!("{{\"salt\":\"{}\",\"data\":{:?}}}", note.salt, note.data),
    );
    format!(
        "TX:{{\"transaction\":{{\"sender\":\"{sender}\",\"receiver\":\"{receiver}\",\
         \"amount\":{amount},\"fee\":{fee},\"sequence\":{sequence},\"payload\":\"{payload}\",\
         \"payload_len\":{payload_len},\"signature\":\"{signature}\"}},\"payload\":{note}}}\n",
    )
    .into_bytes()
}

impl World {
    /// A cheat hears of a block: it knows the chain as well as any node, and passes every block on
    /// without what users wrote.
    pub(crate) fn cheat_hears(&mut self, host: usize, block: CheckedBlock) {
        let strips = self.random.chance(50);
        let Some(byzantine) = self.byzantine(host) else { return };
        let Some(cheat) = &mut byzantine.cheat else { return };
        let (seven, part) = (block.block().clone(), block.ledger().cloned());
        cheat.hear(block);
        let places = byzantine.places.clone();
        let Some(mut part) = part.filter(|part| strips && !part.body.is_empty()) else { return };
        part.body.iter_mut().for_each(|entry| entry.payload = None);
        let line = block_line(&(seven, part));
        places.into_iter().for_each(|place| self.send_line(place, line.clone()));
    }

    pub(crate) fn cheat(&mut self, host: usize, place: Place) {
        let (kind, draw) = (self.random.below(60), self.random.draw());
        let Some(cheat) = self.byzantine(host).and_then(|byzantine| byzantine.cheat.as_mut())
        else {
            return;
        };
        let number = usize::try_from(draw % 1_024).unwrap_or(0);
        let lines: Vec<Vec<u8>> = match kind % 6 {
            0 | 1 => vec![b"GET_BLOCKS:{\"locator\":[],\"limit\":256}\n".to_vec()],
            2 => vec![b"GET_MEMPOOL\n".to_vec()],
            3 => {
                let entry = cheat.wrong_entry(kind / 6, number);
                let mut lines: Vec<Vec<u8>> = entry.iter().map(transaction_line).collect();
                // One that is right, but for what it carries.
                if let Some(mut entry) = cheat.record(0, 0, "stripped").filter(|_| kind < 12) {
                    entry.payload = None;
                    lines.push(transaction_line(&entry));
                }
                lines
            }
            4 if cheat.mined < MOST_MINED => {
                let made = cheat.wrong_blocks(kind / 6, draw).unwrap_or_default();
                made.iter().map(block_line).collect()
            }
            _ => cheat.stripped(number).iter().map(block_line).collect(),
        };
        lines.into_iter().for_each(|line| self.send_line(place, line));
    }
}
