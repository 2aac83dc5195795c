//! What a ledger adds to the bench: people with keys, and whoever makes blocks by hand.

use std::sync::Arc;

use ed25519_zebra::SigningKey;
use kusari_chain::ledger::transaction::ChainSalt;
use kusari_chain::ledger::{
    BodyEntry, ChainId, ChainSpec, Payload, PublicKey, Salt, Signature, StatementHash, Txid,
    UnsignedStatement, UnsignedTransaction, WitnessStatement,
};
use kusari_chain::mempool::{CheckedTransaction, PoolLimits};
use kusari_chain::{Accepted, Block, BlockStore, Chain, CheckedBlock, TreeLimits};
use kusari_node::event::BlockName;
use kusari_node::interface::{Command, PeerId, Reply, WrittenTransaction};
use kusari_node::wire::{Hello, Message};
use kusari_node::{Action, Event, LedgerConfig, MiningPolicy, NodeConfig, WitnessConfig};

use super::{Bench, Disk, hello, mined_to, sent_to};

/// The time at which every bench begins.
pub const START: u64 = 1_800_000_000;

pub fn spec() -> ChainSpec {
    let day = 24 * 60 * 60;
    ChainSpec {
        name: "bench".to_string(),
        salt: ChainSalt([7; 32]),
        block_time_s: 1,
        // So long that difficulty stays where it is.
        half_life_s: 365 * day,
        reward: 1_000,
        ..ChainSpec::ledger()
    }
}

pub fn config(mining: MiningPolicy) -> NodeConfig {
    let ledger = LedgerConfig {
        offline: false,
        spec: Arc::new(spec()),
        miner: Person::new(1).public,
        mining,
        pool_limits: PoolLimits::default(),
        witnesses: WitnessConfig::default(),
    };
    NodeConfig { ledger: Some(ledger), ..NodeConfig::default() }
}

pub fn bench(mining: MiningPolicy) -> Bench {
    Bench::new(config(mining))
}

pub struct Person {
    key: SigningKey,
    pub public: PublicKey,
}

impl Person {
    /// The person with this number; the first one is paid for the blocks of every bench.
    pub fn new(number: u8) -> Self {
        Self::with(SigningKey::from([number; 32]))
    }

    /// Somebody of a crowd, apart from those above.
    pub fn numbered([high, low]: [u8; 2]) -> Self {
        let mut seed = [0xee; 32];
        (seed[0], seed[1]) = (high, low);
        Self::with(SigningKey::from(seed))
    }

    fn with(key: SigningKey) -> Self {
        let public = PublicKey(key.verification_key().into());
        Self { key, public }
    }

    pub fn sign(&self, transaction: UnsignedTransaction, note: Option<Payload>) -> BodyEntry {
        self.sign_for(transaction, note, &spec().chain_id())
    }

    pub fn sign_for(
        &self,
        transaction: UnsignedTransaction,
        note: Option<Payload>,
        chain: &ChainId,
    ) -> BodyEntry {
        let bytes = transaction.signing_bytes(chain);
        let signature = Signature(self.key.sign(&bytes).to_bytes());
        BodyEntry { transaction: transaction.signed(signature), payload: note }
    }

    /// A statement by this person's key about a block.
    pub fn state(&self, sequence: u64, block: &Block) -> WitnessStatement {
        let (height, hash) = (block.index, block.hash);
        let previous = StatementHash::ZERO;
        self.state_what(UnsignedStatement { sequence, previous, height, hash, time: START })
    }

    pub fn state_what(&self, statement: UnsignedStatement) -> WitnessStatement {
        let bytes = statement.signing_bytes(&spec().chain_id());
        statement.signed(self.public, Signature(self.key.sign(&bytes).to_bytes()))
    }

    pub fn record(&self, sequence: u64, fee: u64, text: &str) -> CheckedTransaction {
        let payload = Payload { salt: Salt([3; 16]), data: text.to_string() };
        let transaction = UnsignedTransaction::record(self.public, sequence, fee, &payload);
        checked(self.sign(transaction, Some(payload)))
    }

    pub fn pay(&self, to: &Self, amount: u64, sequence: u64, fee: u64) -> CheckedTransaction {
        let pair = (self.public, to.public);
        let transaction =
            UnsignedTransaction::transfer(pair.0, pair.1, amount, sequence, fee, None);
        checked(self.sign(transaction, None))
    }
}

fn checked(entry: BodyEntry) -> CheckedTransaction {
    let BodyEntry { transaction, payload } = entry;
    CheckedTransaction::check(transaction, payload, &spec().chain_id()).unwrap()
}

pub fn entry(transaction: &CheckedTransaction) -> BodyEntry {
    let payload = transaction.payload().cloned();
    BodyEntry { transaction: *transaction.transaction(), payload }
}

/// A line that carries a transaction, without its newline.
pub fn line(transaction: &CheckedTransaction) -> String {
    let message: Message<CheckedBlock> = Message::Transaction(Box::new(transaction.clone()));
    String::from_utf8(kusari_node::wire::encode(&message)).unwrap().trim_end().to_string()
}

/// Makes blocks by hand, on a chain of its own.
pub struct Maker {
    chain: Chain,
    disk: Disk,
    pub blocks: Vec<CheckedBlock>,
    miner: PublicKey,
}

impl Maker {
    /// Its blocks pay the person with this number.
    pub fn new(person: u8) -> Self {
        let disk = Disk::default();
        let limits = TreeLimits::default();
        let store = Box::new(disk.clone());
        let chain = Chain::open_ledger(store, limits, Arc::new(spec())).unwrap();
        Self { chain, disk, blocks: Vec::new(), miner: Person::new(person).public }
    }

    /// The same blocks up to a height, and then others.
    pub fn fork(&self, height: usize, person: u8) -> Self {
        let mut other = Self::new(person);
        self.blocks.iter().take(height).for_each(|block| other.take(block.clone()));
        other
    }

    /// Blocks that begin with one which loses to another chain's first at equal work.
    pub fn behind(other: &Self) -> Self {
        let hash = |maker: &Self| maker.blocks[0].block().hash;
        let makers = (3..).map(|person| {
            let mut maker = Self::new(person);
            maker.next(&[]);
            maker
        });
        makers.into_iter().find(|maker| hash(maker) > hash(other)).unwrap()
    }

    pub fn take(&mut self, block: CheckedBlock) {
        let now = block.block().timestamp;
        let Accepted::Added(change) = self.chain.accept(block.clone(), now).unwrap() else {
            panic!("not added")
        };
        let blocks = change.writes;
        self.disk.apply(&kusari_node::store::StoreBatch { blocks, ..Default::default() });
        self.chain.committed(change.version);
        self.blocks.push(block);
    }

    /// A block with this timestamp, which whoever gets it may refuse.
    pub fn make(&mut self, body: &[&CheckedTransaction], timestamp: u64) -> CheckedBlock {
        let entries: Vec<BodyEntry> = body.iter().map(|transaction| entry(transaction)).collect();
        let made = self.chain.template(self.miner, entries, timestamp).unwrap();
        assert_eq!(made.part.body.len(), body.len(), "a transaction does not apply");
        let block = mined_to(made.block, made.target);
        CheckedBlock::check_whole(block, Box::new(made.part), &spec().chain_id()).unwrap()
    }

    /// The next block, which it takes itself.
    pub fn next(&mut self, body: &[&CheckedTransaction]) -> CheckedBlock {
        let block = self.make(body, START);
        self.take(block.clone());
        block
    }
}

pub fn whole(block: &CheckedBlock) -> Message<CheckedBlock> {
    Message::Block(block.clone())
}

/// The seven keys alone, as an original passes them on.
pub fn bare(block: &CheckedBlock) -> Message<CheckedBlock> {
    Message::Block(CheckedBlock::check(block.block().clone()).unwrap())
}

pub fn ledger_hello(id: u64, height: u32) -> Hello {
    Hello { chain: spec().chain_id().to_string(), ..hello(id, height) }
}

impl Bench {
    /// An inbound peer of the same ledger that introduced itself.
    pub fn ledger_peer(&mut self, id: u64) -> PeerId {
        let peer = self.inbound();
        self.receive(peer, Message::Hello(ledger_hello(id, 0)));
        peer
    }

    pub fn submit(&mut self, transaction: &CheckedTransaction) -> Vec<Action> {
        self.command(Command::Submit(Box::new(WrittenTransaction(transaction.clone()))))
    }

    pub fn own_waiting(&self) -> u64 {
        self.node.snapshot().ledger.unwrap().local_transactions
    }

    pub fn pooled(&self) -> usize {
        self.node.snapshot().ledger.unwrap().pooled
    }

    /// What the last of these actions has mined.
    pub fn mined_block(&self) -> kusari_chain::StoredBlock {
        self.disk.best_tip().unwrap().unwrap()
    }
}

pub fn is_submitted(actions: &[Action]) -> bool {
    actions.iter().any(|action| matches!(action, Action::Reply(_, Reply::Submitted(Ok(_)))))
}

/// The codes of the `ERROR` lines to a peer.
pub fn errors_to(actions: &[Action], peer: PeerId) -> Vec<String> {
    let codes = sent_to(actions, peer).into_iter().filter_map(|message| match message {
        Message::Error(report) => Some(report.code.clone()),
        _ => None,
    });
    codes.collect()
}

pub fn is_accepted(actions: &[Action], peer: PeerId, transaction: &CheckedTransaction) -> bool {
    let accepted = |message: &&super::Sent| matches!(message, Message::Accepted { txid } if *txid == transaction.txid());
    sent_to(actions, peer).iter().any(accepted)
}

/// The transactions that a peer is sent, in order.
pub fn transactions_to(actions: &[Action], peer: PeerId) -> Vec<CheckedTransaction> {
    let sent = sent_to(actions, peer).into_iter().filter_map(|message| match message {
        Message::Transaction(checked) => Some((**checked).clone()),
        _ => None,
    });
    sent.collect()
}

pub fn events(actions: &[Action]) -> Vec<&Event> {
    let events = actions.iter().filter_map(|action| match action {
        Action::Notify(event) => Some(event),
        _ => None,
    });
    events.collect()
}

/// The template that the last of these actions asks to search a nonce for.
pub fn template(actions: &[Action]) -> Option<&Block> {
    actions.iter().rev().find_map(|action| match action {
        Action::Mine { template, .. } => Some(template),
        _ => None,
    })
}

pub fn returned(actions: &[Action]) -> Vec<Txid> {
    let ids = events(actions).into_iter().filter_map(|event| match event {
        Event::TransactionReturned { txid, .. } => Some(*txid),
        _ => None,
    });
    ids.collect()
}

pub fn displaced(actions: &[Action]) -> Vec<Txid> {
    let ids = events(actions).into_iter().filter_map(|event| match event {
        Event::TransactionDisplaced { txid, .. } => Some(*txid),
        _ => None,
    });
    ids.collect()
}

pub fn mined(actions: &[Action]) -> Vec<(Txid, u32)> {
    let ids = events(actions).into_iter().filter_map(|event| match event {
        Event::TransactionMined { txid, height } => Some((*txid, *height)),
        _ => None,
    });
    ids.collect()
}

/// The transactions that stand in another block now, with both blocks.
pub fn moved(actions: &[Action]) -> Vec<(Txid, BlockName, BlockName)> {
    let moves = events(actions).into_iter().filter_map(|event| match event {
        Event::TransactionMoved { txid, from, to } => Some((*txid, *from, *to)),
        _ => None,
    });
    moves.collect()
}

/// Gives the blocks of a branch to a node, and returns all that it did.
pub fn give(bench: &mut Bench, maker: &Maker) -> Vec<Action> {
    let peer = bench.ledger_peer(1_000 + bench.node.snapshot().tip.height as u64);
    let blocks = maker.blocks.iter();
    let mut actions: Vec<Action> =
        blocks.flat_map(|block| bench.receive(peer, whole(block))).collect();
    while let Some(due) = bench.node.reorganises_at() {
        actions.extend(bench.pass(due.saturating_sub(bench.now.monotonic)));
    }
    assert_eq!(bench.node.snapshot().tip.hash, maker.blocks.last().unwrap().block().hash);
    bench.give(kusari_node::Input::PeerDisconnected { peer, reason: String::new() });
    actions
}

pub fn restarted(disk: &Disk, mining: MiningPolicy) -> Bench {
    Bench::on(disk.clone(), NodeConfig { seed: 5, ..config(mining) })
}

/// The ids in the best chain of a disk, in order.
pub fn stored_ids(disk: &Disk) -> Vec<Txid> {
    let mut ids = Vec::new();
    let mut height = 1;
    while let Some(stored) = disk.best_at(height).unwrap() {
        ids.extend(stored.part().unwrap().body.iter().map(|entry| entry.transaction.txid()));
        height += 1;
    }
    ids
}

/// A node that has one block, by which the first person owns 1,000.
pub fn funded(mining: MiningPolicy) -> Bench {
    let mut bench = bench(mining);
    let mut maker = Maker::new(1);
    maker.next(&[]);
    give(&mut bench, &maker);
    bench
}
