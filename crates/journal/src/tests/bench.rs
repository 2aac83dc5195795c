//! A node with a journal, driven by hand over a store in memory.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kusari_chain::{Block, BlockHash, Target, TreeLimits};
use kusari_miner::Search;
use kusari_node::interface::{
    Action, Command, Direction, Input, Now, PeerId, RequestId, StreamForm, TemplateId,
};
use kusari_node::wire::{Refusal, WireError, receive};
use kusari_node::{Node, NodeConfig};

use crate::{Journal, JournalFile};
use kusari_store::Store;

pub(super) struct Bench {
    pub(super) node: Node,
    pub(super) inputs: u64,
    pub(super) journal: Journal,
    file: PathBuf,
    limit: u64,
    store: Store,
    now: Now,
    next: u64,
    mining: Option<(TemplateId, Block)>,
    streams: Vec<(PeerId, StreamForm)>,
}

impl Bench {
    pub(super) fn new(file: &Path, limit: u64) -> Self {
        Self::over(Store::ephemeral().unwrap(), JournalFile::create(file).unwrap(), limit)
    }

    pub(super) fn over(store: Store, file: JournalFile, limit: u64) -> Self {
        let path = file.path().to_path_buf();
        let config = NodeConfig {
            connect: vec!["node-1.example.org:8080".parse().unwrap()],
            // So small that much is read from the store.
            tree_limits: TreeLimits { window_blocks: 1, ..TreeLimits::default() },
            seed: 7,
            ..NodeConfig::default()
        };
        let stores = (Box::new(store.clone()), Box::new(store.clone()));
        let (mut journal, blocks, outbox) =
            Journal::start(file, limit, &config, stores.0, stores.1).unwrap();
        let node = Node::new(config, blocks, outbox).unwrap();
        let now = Now { monotonic: Duration::from_millis(1_001), wall: 1_800_000_000 };
        journal.begin(&node, now);
        let (inputs, next, mining, streams) = (0, 0, None, Vec::new());
        let mut bench =
            Self { node, inputs, journal, file: path, limit, store, now, next, mining, streams };
        bench.give(Input::Tick);
        bench
    }

    /// The process ends within an input, and another one begins over the same store.
    pub(super) fn crash_and_restart(self) -> Self {
        let Self { journal, store, file, limit, node, .. } = self;
        drop((journal, node));
        Self::over(store, JournalFile::create(&file).unwrap(), limit)
    }

    pub(super) fn stop(self) {
        self.journal.finish(&self.node, self.now, None);
    }

    pub(super) fn give(&mut self, input: Input) {
        self.inputs += 1;
        self.now.monotonic += Duration::from_millis(5);
        let actions = self.journal.handle(&mut self.node, self.now, input);
        self.carry_out(actions);
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        let mut committed = None;
        for action in actions {
            match action {
                Action::Commit { id, batch, .. } => {
                    self.store.commit(&[batch]).unwrap();
                    committed = Some(id);
                }
                Action::Mine { template_id, template, .. } => {
                    self.mining = Some((template_id, template));
                }
                Action::SendStoredBlocks { peer, form, .. } => self.streams.push((peer, form)),
                Action::Halt(reason) => panic!("{reason}"),
                _ => {}
            }
        }
        if let Some(through) = committed {
            self.give(Input::Committed { through });
        }
    }

    pub(super) fn connect(&mut self, direction: Direction) -> PeerId {
        self.next += 1;
        let peer = PeerId(self.next);
        let address = "192.0.2.7:50000".parse().unwrap();
        self.give(Input::PeerConnected { peer, direction, address });
        peer
    }

    pub(super) fn line(&mut self, peer: PeerId, line: &str) {
        self.give(Input::line(peer, receive(line.as_bytes())));
    }

    fn block(&mut self, peer: PeerId, block: &Block) {
        self.line(peer, &format!("BLOCK:{}", block.to_canonical_json()));
    }

    fn say(&mut self, text: &str) {
        self.next += 1;
        self.give(Input::Command(RequestId(self.next), Command::Say(text.to_string())));
    }

    fn mine(&mut self) {
        let Some((template_id, template)) = self.mining.take() else { return };
        let nonce = proved(template).nonce;
        self.give(Input::BlockMined { template_id, nonce });
    }

    pub(super) fn ping(&mut self) {
        if self.next == 0 {
            self.connect(Direction::Inbound);
        }
        self.line(PeerId(1), "PING:1");
    }

    /// Something of everything that can happen.
    pub(super) fn live(&mut self) {
        let target = "node-1.example.org:8080".parse().unwrap();
        self.give(Input::ConnectFailed { address: target, reason: "refused".to_string() });
        let person = self.connect(Direction::Inbound);
        let peer = self.connect(Direction::Inbound);
        let dialled = self.connect(Direction::Outbound("10.0.0.1:8080".parse().unwrap()));
        self.next += 1;
        let address = "10.0.0.1:8080".parse().unwrap();
        self.give(Input::Command(RequestId(self.next), Command::Connect(address)));
        for wrong in ["", "NONSENSE:\u{1b}[2J", "PING:x", "BLOCK:{}", "HAVE:{\"hash\":1}"] {
            self.line(person, wrong);
        }
        let cut = Err(Refusal::Malformed(WireError::CutOff { bytes: 3 }));
        self.give(Input::line(person, cut));
        self.introduce(peer);
        for text in ["", "one \"quoted\" line", "höchste Zeit 🦀\n\0", "three"] {
            self.say(text);
            self.mine();
        }
        // The second time, blocks of others leave the chain too.
        self.reorganise(peer);
        self.reorganise(peer);
        for line in ["STATUS", "HELP", "GET_PEERS", "GET_CHAIN", "PING:18446744073709551615"] {
            self.line(peer, line);
        }
        let tip = self.node.snapshot().tip.hash;
        self.line(peer, &format!("GET_BLOCKS:{{\"hashes\":[\"{tip}\",\"{}\"]}}", tip_of_nobody()));
        self.line(peer, &format!("HAVE:{}", have(&tip_of_nobody())));
        for (peer, _) in std::mem::take(&mut self.streams) {
            let (height, hash) = (self.node.snapshot().tip.height, tip);
            self.give(Input::StreamEnded { peer, height, hash, count: height });
        }
        self.now.monotonic += Duration::from_secs(31);
        self.give(Input::Tick);
        self.give(Input::PeerFinished { peer: person });
        for peer in [person, peer, dialled] {
            self.give(Input::PeerDisconnected { peer, reason: "closed".to_string() });
        }
    }

    fn introduce(&mut self, peer: PeerId) {
        let zero = "0".repeat(64);
        self.line(
            peer,
            &format!(
                "HELLO:{{\"agent\":\"test/1\",\"protocol\":1,\"chain\":\"classic\",\"height\":0,\
                 \"work\":\"{zero}\",\"tip\":\"{}\",\"listen\":null,\"id\":\"00000000000000aa\"}}",
                Block::genesis().hash
            ),
        );
    }

    /// A longer branch from a few blocks below the tip, its last block first.
    fn reorganise(&mut self, peer: PeerId) {
        use kusari_chain::BlockStore;
        let height = self.node.snapshot().tip.height;
        let fork = self.store.best_at(height.saturating_sub(3)).unwrap();
        let mut parent = fork.map_or_else(Block::genesis, |stored| stored.block);
        let mut branch = Vec::new();
        while parent.index < height + 2 {
            parent = child(&parent, "rival");
            branch.push(parent.clone());
        }
        let last = branch.pop().unwrap();
        self.block(peer, &last);
        for block in &branch {
            self.block(peer, block);
        }
        assert_eq!(self.node.snapshot().tip.hash, last.hash);
        let tip = child(&last, "one more");
        self.block(peer, &tip);
        self.block(peer, &tip);
        self.mine();
    }
}

fn tip_of_nobody() -> BlockHash {
    BlockHash([0x11; 32])
}

fn have(hash: &BlockHash) -> String {
    format!("{{\"hash\":\"{hash}\",\"height\":900,\"work\":\"{}\"}}", "1".repeat(64))
}

fn child(parent: &Block, data: &str) -> Block {
    proved(Block {
        index: parent.index + 1,
        timestamp: 1_800_000_000,
        nonce: 0,
        data: data.to_string(),
        prev_hash: parent.hash,
        hash: BlockHash::ZERO,
        transactions: Vec::new(),
    })
}

fn proved(mut block: Block) -> Block {
    let mut search = Search::new(&block, Target::CLASSIC);
    block.nonce = search.try_nonces(block.nonce, u64::MAX).unwrap();
    block.hash = search.hash(block.nonce);
    block
}
