//! A node on a bench: inputs by hand, a store in memory, commits when the test wants them.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "shared by several test programs, each of which uses its own part"
)]

pub mod ledger;
pub mod predecessors;
pub mod witnesses;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use kusari_chain::ledger::{Account, BodyEntry, Equivocation, PublicKey, Txid, WitnessStatement};
use kusari_chain::store::MemoryBlocks;
use kusari_chain::{
    Block, BlockHash, BlockStore, CheckedBlock, StoreError, StoredBlock, StoredFinality, Target,
    Work,
};
use kusari_node::seam::{Command, CommitId, Direction, PeerId, RequestId, StreamForm};
use kusari_node::store::{
    EntryId, MemoryOutbox, OutboxEntry, OutboxFacts, OutboxStore, PoolRecord, PoolWrite,
    StatementWrite, StoreBatch, Witnessed,
};
use kusari_node::wire::{Hello, Message, NodeId};
use kusari_node::{Action, Input, Node, NodeConfig, Now, OutboxLimits};

pub type Sent = Message<Arc<StoredBlock>>;

#[derive(Clone, Default)]
pub struct Disk {
    blocks: Rc<RefCell<MemoryBlocks>>,
    pub outbox: Rc<RefCell<MemoryOutbox>>,
    pub pool: Rc<RefCell<BTreeMap<Txid, PoolRecord>>>,
    pub predecessors: predecessors::Predecessors,
    pub witnessed: Rc<RefCell<Kept>>,
    /// Entries of the outbox that were read one after another.
    pub entries_read: Rc<Cell<usize>>,
}

/// An outbox in which so many entries may wait, all of them in memory.
pub fn outbox_of(entries: u64) -> OutboxLimits {
    OutboxLimits { entries, ..OutboxLimits::default() }
}

/// What is kept of witnesses.
#[derive(Clone, Default)]
pub struct Kept {
    pub statements: BTreeMap<(PublicKey, u64), WitnessStatement>,
    pub equivocations: BTreeMap<PublicKey, Equivocation>,
}

impl Kept {
    fn apply(&mut self, write: &StatementWrite) {
        match *write {
            StatementWrite::Insert(statement) => {
                self.statements.insert((statement.key, statement.sequence), statement);
            }
            StatementWrite::Remove { key, sequence } => {
                assert!(self.statements.remove(&(key, sequence)).is_some());
            }
            StatementWrite::InsertEquivocation(evidence) => {
                assert!(self.equivocations.insert(evidence.key(), evidence).is_none());
            }
            StatementWrite::RemoveEquivocation { key } => {
                assert!(self.equivocations.remove(&key).is_some());
            }
        }
    }
}

impl Disk {
    pub fn apply(&self, batch: &StoreBatch) {
        self.blocks.borrow_mut().apply(&batch.blocks);
        self.blocks
            .borrow_mut()
            .erase(batch.erased.iter().map(|erased| (erased.block, erased.place)));
        for write in &batch.pool {
            match write {
                PoolWrite::Insert { txid, record } => {
                    self.pool.borrow_mut().insert(*txid, record.clone());
                }
                PoolWrite::Remove { txid } => {
                    self.pool.borrow_mut().remove(txid);
                }
            }
        }
        self.predecessors.apply(&batch.predecessors);
        batch.statements.iter().for_each(|write| self.witnessed.borrow_mut().apply(write));
        self.outbox.borrow_mut().apply(batch);
    }

    /// Another disk with the same content.
    pub fn copy(&self) -> Self {
        let cell = |pool: &BTreeMap<Txid, PoolRecord>| Rc::new(RefCell::new(pool.clone()));
        Self {
            blocks: Rc::new(RefCell::new(self.blocks.borrow().clone())),
            outbox: Rc::new(RefCell::new(self.outbox.borrow().clone())),
            pool: cell(&self.pool.borrow()),
            predecessors: self.predecessors.copy(),
            witnessed: Rc::new(RefCell::new(self.witnessed.borrow().clone())),
            entries_read: Rc::default(),
        }
    }

    pub fn entry(&self, id: EntryId) -> OutboxEntry {
        self.outbox.borrow().entry(id).unwrap().clone()
    }
}

impl BlockStore for Disk {
    fn best_tip(&self) -> Result<Option<StoredBlock>, StoreError> {
        self.blocks.borrow().best_tip()
    }
    fn best_at(&self, height: u32) -> Result<Option<StoredBlock>, StoreError> {
        self.blocks.borrow().best_at(height)
    }
    fn by_hash(&self, hash: &BlockHash) -> Result<Option<StoredBlock>, StoreError> {
        self.blocks.borrow().by_hash(hash)
    }
    fn visit_side_blocks(&self, visit: &mut dyn FnMut(StoredBlock)) -> Result<(), StoreError> {
        self.blocks.borrow().visit_side_blocks(visit)
    }
    fn next_order(&self) -> Result<u64, StoreError> {
        self.blocks.borrow().next_order()
    }
    fn finality(&self) -> Result<StoredFinality, StoreError> {
        self.blocks.borrow().finality()
    }
    fn account(&self, key: &PublicKey) -> Result<Option<Account>, StoreError> {
        self.blocks.borrow().account(key)
    }
    fn accounts_after(
        &self,
        after: Option<&PublicKey>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        self.blocks.borrow().accounts_after(after, limit)
    }
}

impl OutboxStore for Disk {
    fn visit_open_entries(&self, visit: &mut dyn FnMut(OutboxEntry)) -> Result<(), StoreError> {
        for entry in self.outbox.borrow().open_entries() {
            self.entries_read.set(self.entries_read.get() + 1);
            visit(entry.clone());
        }
        Ok(())
    }

    fn visit_waiting_entries(
        &self,
        range: Range<EntryId>,
        limit: usize,
        visit: &mut dyn FnMut(OutboxEntry),
    ) -> Result<(), StoreError> {
        for entry in self.outbox.borrow().waiting_entries(range).take(limit) {
            self.entries_read.set(self.entries_read.get() + 1);
            visit(entry.clone());
        }
        Ok(())
    }

    fn entry_of_block(&self, hash: &BlockHash) -> Result<Option<OutboxEntry>, StoreError> {
        Ok(self.outbox.borrow().entry_of_block(hash).cloned())
    }

    fn displaced_by(&self, txid: &Txid) -> Result<Vec<OutboxEntry>, StoreError> {
        Ok(self.outbox.borrow().displaced_by(txid))
    }

    fn outbox_facts(&self) -> Result<OutboxFacts, StoreError> {
        Ok(self.outbox.borrow().facts())
    }

    fn transaction_at(
        &self,
        sender: &PublicKey,
        sequence: u64,
    ) -> Result<Option<Txid>, StoreError> {
        Ok(self.blocks.borrow().transaction_at(sender, sequence))
    }

    fn visit_pool(&self, visit: &mut dyn FnMut(PoolRecord)) -> Result<(), StoreError> {
        self.pool.borrow().values().cloned().for_each(visit);
        Ok(())
    }

    fn visit_predecessors(&self, visit: &mut dyn FnMut(BodyEntry)) -> Result<(), StoreError> {
        self.predecessors.rows().values().cloned().for_each(visit);
        Ok(())
    }

    fn visit_witnessed(&self, visit: &mut dyn FnMut(Witnessed)) -> Result<(), StoreError> {
        let kept = self.witnessed.borrow();
        kept.statements.values().for_each(|statement| visit(Witnessed::Statement(*statement)));
        kept.equivocations.values().for_each(|pair| visit(Witnessed::Equivocation(*pair)));
        Ok(())
    }

    fn mined_at(&self, txid: &Txid) -> Result<Option<u32>, StoreError> {
        Ok(self.blocks.borrow().mined_at(txid))
    }
}

pub struct Bench {
    pub node: Node,
    pub disk: Disk,
    pub now: Now,
    /// Commits wait here while `hold_commits` is set.
    pub held: VecDeque<(CommitId, StoreBatch, Vec<Action>)>,
    pub hold_commits: bool,
    /// What it did when it was woken.
    pub woken: Vec<Action>,
    /// When it last wanted to be woken.
    wish: Option<Duration>,
    next: u64,
}

impl Bench {
    pub fn new(config: NodeConfig) -> Self {
        Self::on(Disk::default(), config)
    }

    pub fn on(disk: Disk, config: NodeConfig) -> Self {
        let node = Node::new(config, Box::new(disk.clone()), Box::new(disk.clone())).unwrap();
        let now = Now { monotonic: Duration::from_secs(1_000), wall: 1_800_000_000 };
        let held = VecDeque::new();
        let mut bench =
            Self { node, disk, now, held, hold_commits: false, woken: vec![], wish: None, next: 1 };
        bench.woken = bench.give(Input::Tick);
        bench
    }

    /// Goes on with a node that is made again from its state.
    pub fn restore(&mut self) {
        let state = self.node.state();
        let disk = (Box::new(self.disk.clone()), Box::new(self.disk.clone()));
        self.node = Node::restore(&state, disk.0, disk.1).unwrap();
        assert!(self.node.state() == state, "a state that is read and written is another one");
    }

    /// Gives one input and returns every action, those after commits included.
    pub fn give(&mut self, input: Input) -> Vec<Action> {
        let mut inputs = VecDeque::from([input]);
        let mut all = Vec::new();
        while let Some(input) = inputs.pop_front() {
            for action in self.node.handle(self.now, input) {
                match action {
                    Action::Commit { id, batch, then } if self.hold_commits => {
                        self.held.push_back((id, batch, then));
                    }
                    Action::Commit { id, batch, then } => {
                        self.disk.apply(&batch);
                        all.extend(then);
                        inputs.push_back(Input::Committed { through: id });
                    }
                    action => {
                        if let Action::RememberWitness(memory) = action
                            && !self.hold_commits
                        {
                            inputs.push_back(Input::WitnessRemembered(memory));
                        }
                        all.push(action);
                    }
                }
                if let Some(Action::WakeAt(at)) = all.last() {
                    self.wish = Some(*at);
                }
            }
        }
        all
    }

    /// When the node is woken next, as a driver would do it.
    pub fn next_wish(&self) -> Duration {
        self.wish.expect("it never wants to be woken")
    }

    /// Makes the commits durable that were held.
    pub fn release_commits(&mut self) -> Vec<Action> {
        self.hold_commits = false;
        let mut all = Vec::new();
        for (id, batch, then) in std::mem::take(&mut self.held) {
            self.disk.apply(&batch);
            all.extend(then);
            all.extend(self.give(Input::Committed { through: id }));
        }
        all
    }

    pub fn pass(&mut self, time: Duration) -> Vec<Action> {
        self.now.monotonic += time;
        self.now.wall += time.as_secs();
        self.give(Input::Tick)
    }

    pub fn connect(&mut self, direction: Direction, address: &str) -> (PeerId, Vec<Action>) {
        let peer = PeerId(self.next);
        self.next += 1;
        let address: SocketAddr = address.parse().unwrap();
        (peer, self.give(Input::PeerConnected { peer, direction, address }))
    }

    pub fn inbound(&mut self) -> PeerId {
        self.connect(Direction::Inbound, "127.0.0.1:50000").0
    }

    /// An inbound peer that introduced itself with this id and tip.
    pub fn introduced(&mut self, id: u64, height: u32) -> (PeerId, Vec<Action>) {
        let peer = self.inbound();
        let actions = self.receive(peer, Message::Hello(hello(id, height)));
        (peer, actions)
    }

    pub fn receive(&mut self, peer: PeerId, message: Message<CheckedBlock>) -> Vec<Action> {
        self.give(Input::MessageReceived { peer, received: Ok(message) })
    }

    pub fn line(&mut self, peer: PeerId, line: &str) -> Vec<Action> {
        let received = self.node.dialect().receive(line.as_bytes());
        self.give(Input::MessageReceived { peer, received })
    }

    pub fn say(&mut self, text: &str) -> Vec<Action> {
        let request = RequestId(self.next);
        self.next += 1;
        self.give(Input::Command(request, Command::Say(text.to_string())))
    }

    pub fn command(&mut self, command: Command) -> Vec<Action> {
        let request = RequestId(self.next);
        self.next += 1;
        self.give(Input::Command(request, command))
    }

    pub fn offer(&mut self, text: &str) -> Vec<Action> {
        let request = RequestId(self.next);
        self.next += 1;
        self.give(Input::Command(request, Command::Offer(text.to_string())))
    }

    /// Mines what the last of these actions asks for.
    pub fn mine(&mut self, actions: &[Action]) -> Vec<Action> {
        let work = actions.iter().rev().find_map(|action| match action {
            Action::Mine { template_id, template, target } => {
                Some((*template_id, template.clone(), *target))
            }
            _ => None,
        });
        let (template_id, template, target) = work.expect("nothing is to be mined");
        let nonce = mined_to(template, target).nonce;
        self.give(Input::BlockMined { template_id, nonce })
    }
}

pub fn mined(block: Block) -> Block {
    mined_to(block, Target::CLASSIC)
}

pub fn mined_to(mut block: Block, target: Target) -> Block {
    block.hash = block.compute_hash();
    while !target.is_met_by(&block.hash) {
        block.nonce = block.nonce.wrapping_add(1);
        block.hash = block.compute_hash();
    }
    block
}

pub fn child(parent: &Block, data: &str) -> Block {
    mined(Block {
        index: parent.index + 1,
        timestamp: 1_800_000_000,
        nonce: 0,
        data: data.to_string(),
        prev_hash: parent.hash,
        hash: BlockHash::ZERO,
        transactions: vec![],
    })
}

pub fn checked(block: &Block) -> Message<CheckedBlock> {
    Message::Block(CheckedBlock::check(block.clone()).unwrap())
}

/// The `HELLO` of a node that claims a chain of this height; its tip is nobody's.
pub fn hello(id: u64, height: u32) -> Hello {
    let genesis = Block::genesis().hash;
    Hello {
        agent: "test/1".to_string(),
        protocol: 1,
        chain: "classic".to_string(),
        height,
        work: Work::of_classic_blocks(height),
        tip: if height == 0 { genesis } else { BlockHash([u8::try_from(height).unwrap(); 32]) },
        listen: None,
        id: NodeId(id),
    }
}

/// Everything that the actions send to a peer.
pub fn sent_to(actions: &[Action], to: PeerId) -> Vec<&Sent> {
    let sent = actions.iter().filter_map(|action| match action {
        Action::Send { peer, message } if *peer == to => Some(message),
        _ => None,
    });
    sent.collect()
}

pub fn is_closed(actions: &[Action], which: PeerId) -> bool {
    actions.iter().any(|a| matches!(a, Action::Disconnect { peer, .. } if *peer == which))
}

pub fn streams_to(actions: &[Action], to: PeerId) -> Vec<StreamForm> {
    let streams = actions.iter().filter_map(|action| match action {
        Action::SendStoredBlocks { peer, form, .. } if *peer == to => Some(*form),
        _ => None,
    });
    streams.collect()
}
