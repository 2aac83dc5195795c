//! A node that holds few of its lines in memory, over a disk that is slow, against what a person
//! expects of it: whatever was acknowledged stands in the chain in the end, once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::common::{Bench, Disk, checked, child, mined_to};
use kusari_chain::{Block, BlockHash, BlockStore, Target};
use kusari_node::interface::{Command, CommitId, Reply, RequestId, SayRefusal, TemplateId};
use kusari_node::limits::{OUTBOX_CAPACITY, OUTBOX_READ};
use kusari_node::store::{OutboxStore, OutboxWrite, StoreBatch};
use kusari_node::{Action, Input, Node, NodeConfig, OutboxLimits};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

const LIMITS: OutboxLimits =
    OutboxLimits { in_memory: 4, in_memory_bytes: 64, entries: 14, bytes: 200 };

#[derive(Clone, Debug)]
enum Step {
    Say {
        bytes: usize,
    },
    Mine,
    /// Commits become durable and are not reported yet.
    Write(usize),
    /// Those are reported.
    Report(usize),
    /// A branch wins that begins at any block of late, of whatever branch.
    Fork {
        from: Index,
    },
    /// So many of the commits that are under way are durable.
    Crash {
        written: usize,
    },
    /// The node goes on from a checkpoint.
    Restore,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (9..40_usize).prop_map(|bytes| Step::Say { bytes }),
        5 => Just(Step::Mine),
        2 => (1..6_usize).prop_map(Step::Write),
        3 => (1..6_usize).prop_map(Step::Report),
        1 => any::<Index>().prop_map(|from| Step::Fork { from }),
        1 => (0..6_usize).prop_map(|written| Step::Crash { written }),
        1 => Just(Step::Restore),
    ];
    proptest::collection::vec(step, 10..60)
}

struct World {
    bench: Bench,
    /// Durable, and still to be reported, with what follows on them.
    written: VecDeque<(CommitId, Vec<Action>)>,
    work: Option<(TemplateId, Block, Target)>,
    blocks: BTreeMap<BlockHash, Block>,
    typed: u64,
    asked: BTreeMap<RequestId, String>,
    acknowledged: BTreeSet<String>,
    lives: u64,
}

impl World {
    fn new() -> Self {
        let genesis = Block::genesis();
        let mut world = Self {
            bench: Self::start(Disk::default(), 0),
            written: VecDeque::new(),
            work: None,
            blocks: BTreeMap::from([(genesis.hash, genesis)]),
            typed: 0,
            asked: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            lives: 0,
        };
        world.bench.hold_commits = true;
        world
    }

    fn start(disk: Disk, seed: u64) -> Bench {
        Bench::on(disk, NodeConfig { outbox: LIMITS, seed, ..NodeConfig::default() })
    }

    fn note(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Mine { template_id, template, target } => {
                    self.work = Some((template_id, template, target));
                }
                Action::StopMining => self.work = None,
                Action::Reply(request, Reply::Recorded(Ok(_))) => {
                    self.acknowledged.extend(self.asked.remove(&request));
                }
                Action::Halt(why) => panic!("the node stopped: {why}"),
                _ => {}
            }
        }
    }

    fn give(&mut self, input: Input) {
        let actions = self.bench.give(input);
        self.note(actions);
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Say { bytes } => {
                self.typed += 1;
                let text = format!("{:09}{}", self.typed, "x".repeat(bytes - 9));
                let request = RequestId(self.typed);
                self.asked.insert(request, text.clone());
                self.give(Input::Command(request, Command::Offer(text)));
            }
            Step::Mine => self.mine(),
            Step::Write(count) => self.write(count),
            Step::Report(count) => self.report(count),
            Step::Fork { from } => self.fork(from),
            Step::Crash { written } => self.crash(written),
            Step::Restore => self.bench.restore(),
        }
        self.check();
    }

    fn mine(&mut self) {
        let Some((template_id, template, target)) = self.work.take() else { return };
        let block = mined_to(template, target);
        self.blocks.insert(block.hash, block.clone());
        self.give(Input::BlockMined { template_id, nonce: block.nonce });
    }

    fn write(&mut self, count: usize) {
        for _ in 0..count {
            let Some((id, batch, then)) = self.bench.held.pop_front() else { break };
            self.bench.disk.apply(&batch);
            self.written.push_back((id, then));
        }
    }

    fn report(&mut self, count: usize) {
        for _ in 0..count {
            let Some((through, then)) = self.written.pop_front() else { break };
            self.note(then);
            self.give(Input::Committed { through });
        }
    }

    /// The best chain, from height 1.
    fn chain(&self) -> Vec<Block> {
        let mut chain = Vec::new();
        let mut hash = self.bench.node.snapshot().tip.hash;
        while let Some(block) = self.blocks.get(&hash).filter(|block| block.index > 0) {
            chain.insert(0, block.clone());
            hash = block.prev_hash;
        }
        chain
    }

    /// Whether others may build on it: a block of ours leaves the node once it is durable.
    fn is_known(&self, block: &Block) -> bool {
        block.index == 0
            || block.data == "somebody else"
            || self.bench.disk.by_hash(&block.hash).unwrap().is_some()
    }

    fn fork(&mut self, from: Index) {
        let tip = self.bench.node.snapshot().tip.height;
        let recent = self.blocks.values().filter(|block| block.index + 9 > tip);
        let recent: Vec<Block> = recent.filter(|block| self.is_known(block)).cloned().collect();
        let mut parent = from.get(&recent).clone();
        // What a crash forgot is told again.
        let mut branch = vec![parent.clone()];
        while let Some(block) =
            self.blocks.get(&branch[0].prev_hash).filter(|_| branch[0].index > 1)
        {
            branch.insert(0, block.clone());
        }
        branch.retain(|block| block.index > 0);
        while parent.index <= tip {
            parent = child(&parent, "somebody else");
            self.blocks.insert(parent.hash, parent.clone());
            branch.push(parent.clone());
        }
        let peer = self.bench.inbound();
        for block in branch {
            let received = Ok(checked(&block));
            self.give(Input::line(peer, received));
        }
        self.give(Input::PeerDisconnected { peer, reason: String::new() });
        assert_eq!(self.bench.node.snapshot().tip.hash, parent.hash);
    }

    fn crash(&mut self, written: usize) {
        self.write(written);
        let durable: Vec<Action> = self.written.drain(..).flat_map(|(_, then)| then).collect();
        // What was durable may have been acknowledged just before the end.
        self.note(durable.into_iter().filter(|a| matches!(a, Action::Reply(..))).collect());
        let mut blocks = std::mem::take(&mut self.blocks);
        blocks.retain(|_, block| self.is_known(block));
        self.blocks = blocks;
        self.lives += 1;
        self.work = None;
        self.bench = Self::start(self.bench.disk.clone(), self.lives);
        let woken = std::mem::take(&mut self.bench.woken);
        self.note(woken);
        self.bench.hold_commits = true;
    }

    fn check(&self) {
        let chain = self.chain();
        let mut seen = BTreeSet::new();
        for block in chain.iter().filter(|block| block.data != "somebody else") {
            assert!(seen.insert(&block.data), "{:?} is mined twice", block.data);
        }
        let state = self.bench.node.state();
        let disk = self.bench.disk.clone();
        Node::restore(&state, Box::new(disk.clone()), Box::new(disk)).unwrap();
        let state: Value = serde_json::from_slice(&state).unwrap();
        let (outbox, backlog) = (&state["outbox"], &state["outbox"]["backlog"]);
        let waiting = outbox["waiting"].as_array().unwrap();
        assert_eq!(backlog["held"].as_u64().unwrap(), waiting.len() as u64);
        let bytes = |id: &Value| outbox["open"][id.to_string()]["text"].as_str().unwrap().len();
        let held_bytes: usize = waiting.iter().map(bytes).sum();
        assert_eq!(backlog["held_bytes"].as_u64().unwrap(), held_bytes as u64);
        assert!(waiting.len() <= LIMITS.in_memory, "{} are in memory", waiting.len());
        assert!(waiting.len() <= 1 || held_bytes as u64 <= LIMITS.in_memory_bytes);
        // Of an entry that waits in the store alone a block may have come back meanwhile.
        let unmined = self.acknowledged.iter().filter(|text| !seen.contains(text)).count();
        assert!(self.bench.node.snapshot().waiting_entries >= unmined as u64);
    }

    fn finish(mut self) {
        loop {
            self.write(usize::MAX);
            self.report(usize::MAX);
            if self.bench.held.is_empty() && self.written.is_empty() {
                if self.work.is_none() {
                    break;
                }
                self.mine();
            }
            self.check();
        }
        let stands: BTreeSet<String> = self.chain().into_iter().map(|block| block.data).collect();
        for text in &self.acknowledged {
            assert!(stands.contains(text), "the acknowledged {text:?} is lost");
        }
        assert_eq!(self.bench.node.snapshot().waiting_entries, 0);
        let facts = self.bench.disk.outbox_facts().unwrap();
        assert_eq!((facts.waiting, facts.bytes), (0, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_acknowledged_stands_once_whatever_happens(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        world.finish();
    }
}

fn is_full(actions: &[Action]) -> bool {
    let full = |action: &Action| {
        matches!(action, Action::Reply(_, Reply::Recorded(Err(SayRefusal::OutboxFull { .. }))))
    };
    actions.iter().any(full)
}

#[test]
fn the_outbox_is_full_at_so_many_entries_and_at_so_many_bytes() {
    let mut bench = World::start(Disk::default(), 0);
    let (entries, bytes) = (LIMITS.entries as usize, LIMITS.bytes as usize);
    for number in 0..entries {
        assert!(!is_full(&bench.offer(&format!("{number}"))));
    }
    assert!(is_full(&bench.offer("one too many")));
    let mut bench = World::start(Disk::default(), 0);
    assert!(!is_full(&bench.offer(&"x".repeat(bytes - 1))));
    assert!(is_full(&bench.offer("xx")));
    assert!(!is_full(&bench.offer("x")));
    assert!(is_full(&bench.offer("x")));
    // It counts the same after a restart.
    let mut bench = World::start(bench.disk.clone(), 1);
    assert!(is_full(&bench.offer("x")));
}

#[test]
fn a_node_that_starts_reads_no_more_lines_than_it_holds() {
    let disk = Disk::default();
    let insert = |id| OutboxWrite::Insert { id, text: format!("line {id}"), draft: None };
    let outbox = (1..=50_000).map(insert).collect();
    disk.apply(&StoreBatch { outbox, ..StoreBatch::default() });
    let mut bench = Bench::on(disk, NodeConfig::default());
    assert_eq!(bench.node.snapshot().waiting_entries, 50_000);
    assert!(bench.disk.entries_read.get() <= OUTBOX_CAPACITY + OUTBOX_READ);
    let state: Value = serde_json::from_slice(&bench.node.state()).unwrap();
    assert_eq!(state["outbox"]["open"].as_object().unwrap().len(), OUTBOX_CAPACITY);
    // What comes next waits behind them, and is not read for it.
    bench.offer("one more");
    assert_eq!(bench.node.snapshot().waiting_entries, 50_001);
    assert!(bench.disk.entries_read.get() <= OUTBOX_CAPACITY + OUTBOX_READ);
}
