//! A node on a bench: inputs by hand, a store in memory, commits when the test wants them.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench and an example share it too, each of which uses its own part"
)]

pub mod disk;
pub mod ledger;
pub mod predecessors;
pub mod witnesses;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use kusari_chain::{Block, BlockHash, CheckedBlock, Target, Work};
use kusari_node::interface::{Command, CommitId, Direction, PeerId, RequestId, StreamForm};
use kusari_node::limits::OWN_BLOCKS_APART;
use kusari_node::store::StoreBatch;
pub use kusari_node::wire::Sent;
use kusari_node::wire::{Dialect, Hello, InstanceId, Message};
use kusari_node::{Action, Input, Node, NodeConfig, Now, OutboxLimits};

pub use disk::Disk;

/// An outbox in which so many entries may wait, all of them in memory.
pub fn outbox_of(entries: u64) -> OutboxLimits {
    OutboxLimits { entries, ..OutboxLimits::default() }
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
        let mut all = self.give(Input::Tick);
        // As a driver would do it.
        while self.wish.take_if(|wish| *wish <= self.now.monotonic).is_some() {
            all.extend(self.give(Input::Tick));
        }
        all
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
        self.give(Input::line(peer, Ok(message)))
    }

    pub fn line(&mut self, peer: PeerId, line: &str) -> Vec<Action> {
        let received = self.node.dialect().receive(line.as_bytes());
        self.give(Input::line(peer, received))
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
        let mut all = self.give(Input::BlockMined { template_id, nonce });
        if matches!(self.node.dialect(), Dialect::Ledger(_)) {
            // The next block of a ledger is not mined before.
            all.extend(self.pass(OWN_BLOCKS_APART));
        }
        all
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
        id: InstanceId(id),
        time: None,
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
