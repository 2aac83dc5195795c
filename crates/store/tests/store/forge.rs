//! Real ledger blocks: signed by keys of the tests, and mined at the least difficulty.

use std::sync::{Arc, OnceLock};

use ed25519_zebra::SigningKey;
use kusari_chain::ledger::transaction::Salt;
use kusari_chain::ledger::{
    BodyEntry, ChainSpec, Equivocation, Payload, PublicKey, Signature, SignedTransaction,
    StatementHash, UnsignedStatement, UnsignedTransaction, WitnessStatement,
};
use kusari_chain::store::MemoryBlocks;
use kusari_chain::{
    Accepted, BlockStore, BlockWrite, Chain, CheckedBlock, StoredBlock, TreeLimits,
};
use kusari_miner::Search;
use kusari_node::store::{
    EntryState, OutboxWrite, PoolRecord, PoolWrite, PredecessorWrite, StatementWrite, StoreBatch,
};
use kusari_store::Store;

use crate::support::TempDir;

/// Unix time of the first block.
const BEGIN: u64 = 1_700_000_000;

/// The ledger of these tests: slow, so that its blocks stay as easy as they can be.
pub(crate) fn spec() -> ChainSpec {
    ChainSpec { block_time_s: 1, half_life_s: 10_000_000, ..ChainSpec::ledger() }
}

pub(crate) struct Person(SigningKey);

impl Person {
    pub(crate) fn new(number: u8) -> Self {
        Self(SigningKey::from_bytes(&[number; 32]))
    }

    pub(crate) fn key(&self) -> PublicKey {
        PublicKey(self.0.verification_key().into())
    }

    pub(crate) fn sign(&self, unsigned: &UnsignedTransaction) -> SignedTransaction {
        let signature = self.0.sign(&unsigned.signing_bytes(&spec().chain_id()));
        unsigned.signed(Signature(signature.to_bytes()))
    }

    pub(crate) fn record(&self, sequence: u64, text: &str) -> BodyEntry {
        let payload = Payload { salt: Salt([7; 16]), data: text.to_string() };
        let unsigned = UnsignedTransaction::record(self.key(), sequence, 0, &payload);
        BodyEntry { transaction: self.sign(&unsigned), payload: Some(payload) }
    }

    pub(crate) fn pay(&self, to: &Self, amount: u64, sequence: u64) -> BodyEntry {
        let parties = (self.key(), to.key());
        let unsigned =
            UnsignedTransaction::transfer(parties.0, parties.1, amount, sequence, 0, None);
        BodyEntry { transaction: self.sign(&unsigned), payload: None }
    }
}

/// A chain in memory that mines, and says what a store must write.
pub(crate) struct Forge(Chain);

impl Forge {
    pub(crate) fn new() -> Self {
        Self::over(Box::new(MemoryBlocks::default()))
    }

    pub(crate) fn over(store: Box<dyn BlockStore>) -> Self {
        Self(Chain::open_ledger(store, TreeLimits::default(), Arc::new(spec())).unwrap())
    }

    /// Mines a block on the tip. Whoever calls gives it to [`Forge::take`].
    pub(crate) fn mine(&mut self, miner: &Person, body: Vec<BodyEntry>) -> CheckedBlock {
        let now = BEGIN + u64::from(self.0.tip().height);
        let count = body.len();
        let template = self.0.template(miner.key(), body, now).unwrap();
        assert_eq!(template.part.body.len(), count, "the accounts allow all of it");
        let mut search = Search::new(&template.block, template.target);
        let mut block = template.block;
        block.nonce = search.try_nonces(0, u64::MAX).unwrap();
        block.hash = search.hash(block.nonce);
        CheckedBlock::check_whole(block, Box::new(template.part), &spec().chain_id()).unwrap()
    }

    pub(crate) fn take(&mut self, block: CheckedBlock) -> Vec<BlockWrite> {
        match self.0.accept(block, u64::MAX).unwrap() {
            Accepted::Added(change) => change.writes,
            other => panic!("it is not added but {other:?}"),
        }
    }

    pub(crate) fn mine_and_take(
        &mut self,
        miner: &Person,
        body: Vec<BodyEntry>,
    ) -> Vec<BlockWrite> {
        let block = self.mine(miner, body);
        self.take(block)
    }
}

/// Height of the best chain of [`ledger_writes`].
pub(crate) const LEDGER_TIP: u32 = 75;
/// Height of the first of the two blocks beside it.
pub(crate) const BESIDE: u32 = 64;
/// Order of the lower side block; the other follows.
pub(crate) const LEDGER_SIDE: u64 = LEDGER_TIP as u64;
/// Text of the record in block 2.
pub(crate) const TEXT: &str = "what is to be forgotten one day";

/// What a store must write for a chain with records and transfers, in which a part of the history is
/// stored (with block 63), and for a branch beside it. Its first block holds a transaction that the best
/// chain holds as well. Mined once.
pub(crate) fn ledger_writes() -> &'static [BlockWrite] {
    static WRITES: OnceLock<Vec<BlockWrite>> = OnceLock::new();
    WRITES.get_or_init(|| {
        let (anna, bert) = (Person::new(1), Person::new(2));
        let (mut forge, mut other) = (Forge::new(), Forge::new());
        let mut writes = Vec::new();
        for height in 1..=LEDGER_TIP {
            let body = match height {
                2 => vec![anna.record(0, TEXT), anna.pay(&bert, 300, 1)],
                3 => vec![bert.pay(&anna, 40, 0), anna.record(2, "the second record")],
                BESIDE => vec![bert.pay(&anna, 1, 1)],
                _ => Vec::new(),
            };
            let block = forge.mine(&anna, body);
            if height < BESIDE {
                other.take(block.clone());
            }
            writes.extend(forge.take(block));
        }
        for body in [vec![bert.pay(&anna, 1, 1)], vec![bert.record(2, "beside")]] {
            let block = other.mine(&bert, body);
            other.take(block.clone());
            writes.extend(forge.take(block));
        }
        writes
    })
}

/// The stored block of an order of [`ledger_writes`].
pub(crate) fn ledger_block(order: u64) -> &'static StoredBlock {
    let mut stored = ledger_writes().iter().filter_map(|write| match write {
        BlockWrite::InsertBest(stored) | BlockWrite::InsertSide(stored) => Some(stored.as_ref()),
        _ => None,
    });
    stored.find(|stored| stored.order == order).unwrap()
}

/// The entries of block 2.
pub(crate) fn body_of_two() -> &'static [BodyEntry] {
    &ledger_block(1).part().unwrap().body
}

/// A statement of a person about a stored block, by its order.
pub(crate) fn statement(person: u8, sequence: u64, order: u64) -> WitnessStatement {
    let block = &ledger_block(order).block;
    let unsigned = UnsignedStatement {
        sequence,
        previous: StatementHash::ZERO,
        height: block.index,
        hash: block.hash,
        time: BEGIN + sequence,
    };
    let person = Person::new(person);
    let signature = person.0.sign(&unsigned.signing_bytes(&spec().chain_id()));
    unsigned.signed(person.key(), Signature(signature.to_bytes()))
}

/// What is kept of witnesses: four statements of person 4, one of them about a side block; one of
/// person 5; and two of person 6 that prove an equivocation.
pub(crate) fn statement_writes() -> Vec<StatementWrite> {
    let pair = Equivocation::of(statement(6, 0, 3), statement(6, 0, 4)).unwrap();
    let of_four = [(0, 1), (1, LEDGER_SIDE), (2, 9), (3, u64::from(LEDGER_TIP) - 1)];
    let mut writes: Vec<StatementWrite> = of_four
        .map(|(sequence, order)| StatementWrite::Insert(statement(4, sequence, order)))
        .into();
    writes.extend([
        StatementWrite::Insert(statement(5, 0, 20)),
        StatementWrite::Insert(statement(6, 0, 3)),
        StatementWrite::InsertEquivocation(pair),
    ]);
    writes
}

/// A ledger's store with all of it, a transaction that waits, and two outbox entries: one settled, one
/// waiting.
pub(crate) fn sound_ledger_store(directory: &TempDir) -> Store {
    let store = Store::open_chain(directory.path(), Some(&spec())).unwrap();
    let waiting = Person::new(3).record(0, "waiting");
    let txid = waiting.transaction.txid();
    let BodyEntry { transaction, payload } = waiting.clone();
    let record = PoolRecord { transaction, payload, since: 5 };
    let settled = &body_of_two()[0];
    let mut outbox = Vec::new();
    for (id, entry) in [(1, settled), (2, &waiting)] {
        let text = serde_json::to_string(entry).unwrap();
        let insert = OutboxWrite::Insert { id, text: String::new(), draft: None };
        let txid = entry.transaction.txid();
        outbox.extend([insert, OutboxWrite::Signed { id, text, txid }]);
    }
    let state = EntryState::Mined { settled: true };
    outbox.push(OutboxWrite::SetState { id: 1, state });
    let pool = vec![PoolWrite::Insert { txid, record }];
    let blocks = ledger_writes().to_vec();
    let predecessors = vec![PredecessorWrite::Insert(Person::new(4).record(6, "before"))];
    let statements = statement_writes();
    let batch =
        StoreBatch { blocks, outbox, pool, predecessors, statements, ..StoreBatch::default() };
    store.commit(&[batch]).unwrap();
    store
}
