//! The driver: carries actions out as the runtime does, and fails where one is out of place.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use kusari_chain::params::MAX_ORPHANS;
use kusari_chain::{BestPoint, Block, BlockStore, TreeLimits};
use kusari_node::interface::{Command, CommitId, Direction, PeerId, RequestId, TemplateId};
use kusari_node::limits::MAX_WAITING_SAYS;
use kusari_node::store::StoreBatch;
use kusari_node::wire::{self, AnswerEnd, Message};
use kusari_node::{Action, Input, Node, NodeConfig, Now, OutboxLimits, PeerAddress};

use super::disk::Disk;
use super::grammar::prove;

const MAX_PEERS: usize = 6;
const OUTBOX_CAPACITY: usize = 3;
const MAX_UNCOMMITTED: usize = 6;
/// Searches of one run: each takes 65,536 hashes.
const MAX_SEARCHES: u32 = 3;

/// A connection that is open.
#[derive(Default)]
struct Connection {
    /// It will send nothing more.
    finished: bool,
    /// The node closed it, and the driver has not said so yet.
    closing: bool,
    /// The stream of stored blocks that is under way: after which block.
    stream: Option<BestPoint>,
}

pub(super) struct Driver {
    node: Node,
    disk: Disk,
    now: Now,
    connections: BTreeMap<PeerId, Connection>,
    dials: VecDeque<PeerAddress>,
    commits: VecDeque<(CommitId, StoreBatch, Vec<Action>)>,
    last_commit: CommitId,
    mine: Option<(TemplateId, Block)>,
    asked: BTreeSet<RequestId>,
    next: u64,
    searches: u32,
    tip: BestPoint,
}

thread_local! {
    /// Searches that were done: the fuzzer repeats itself.
    static MINED: RefCell<HashMap<String, u64>> = RefCell::default();
}

impl Driver {
    pub(super) fn new() -> Self {
        let disk = Disk::default();
        let config = NodeConfig {
            max_peers: MAX_PEERS,
            connect: vec!["192.0.2.1:8080".parse().expect("an address")],
            outbox: OutboxLimits {
                in_memory: OUTBOX_CAPACITY,
                entries: 2 * OUTBOX_CAPACITY as u64,
                ..OutboxLimits::default()
            },
            max_uncommitted: MAX_UNCOMMITTED,
            tree_limits: TreeLimits {
                min_side_bytes: 1_500,
                window_blocks: 3,
                ..TreeLimits::default()
            },
            seed: 7,
            ..NodeConfig::default()
        };
        let node = Node::new(config, Box::new(disk.clone()), Box::new(disk.clone()));
        let now = Now { monotonic: Duration::from_secs(1_000), wall: 1_800_000_000 };
        let mut driver = Self {
            node: node.expect("an empty store is readable"),
            disk,
            now,
            connections: BTreeMap::new(),
            dials: VecDeque::new(),
            commits: VecDeque::new(),
            last_commit: CommitId::default(),
            mine: None,
            asked: BTreeSet::new(),
            next: 1,
            searches: 0,
            tip: BestPoint::genesis(),
        };
        driver.give(Input::Tick);
        driver
    }

    fn give(&mut self, input: Input) {
        let actions = self.node.handle(self.now, input);
        self.carry_out(actions);
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send { peer, message } => {
                    self.open(peer);
                    let line = wire::encode(&message);
                    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
                }
                Action::SendStoredBlocks { peer, after, .. } => {
                    let connection = self.open(peer);
                    assert!(connection.stream.is_none(), "two streams to one peer at once");
                    connection.stream = Some(after);
                }
                Action::Disconnect { peer, .. } => self.open(peer).closing = true,
                Action::Connect(address) | Action::ConnectBeside { address, .. } => {
                    self.dials.push_back(address);
                }
                Action::Commit { id, batch, then } => {
                    assert_eq!(id.0, self.last_commit.0 + 1, "commits count up by one");
                    self.last_commit = id;
                    self.commits.push_back((id, batch, then));
                }
                Action::Mine { template_id, template, .. } => {
                    let tip = self.node.snapshot().tip;
                    assert_eq!((template.prev_hash, template.index), (tip.hash, tip.height + 1));
                    self.mine = Some((template_id, template));
                }
                Action::StopMining => self.mine = None,
                Action::Reply(request, _) => {
                    assert!(self.asked.remove(&request), "{request:?} is answered twice");
                }
                Action::WakeAt(_)
                | Action::Notify(_)
                | Action::Record(_)
                | Action::SignStatement(_)
                | Action::SignDrafts(_)
                | Action::RememberWitness(_)
                | Action::Audit => {}
                Action::Halt(reason) => panic!("the store is fine, and the node stops: {reason}"),
            }
        }
    }

    /// The connection that an action names.
    fn open(&mut self, peer: PeerId) -> &mut Connection {
        self.connections.get_mut(&peer).expect("actions name connected peers alone")
    }

    fn pick(&self, which: u8) -> Option<PeerId> {
        let count = self.connections.len().max(1);
        self.connections.keys().nth(usize::from(which) % count).copied()
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn connected(&mut self, direction: Direction, host: [u8; 4]) {
        let peer = PeerId(self.number());
        self.connections.insert(peer, Connection::default());
        let address = (host, 50_000).into();
        self.give(Input::PeerConnected { peer, direction, address });
    }

    pub(super) fn connect_inbound(&mut self, host: u8) {
        let host = if host.is_multiple_of(2) { [127, 0, 0, 1] } else { [192, 0, 2, host] };
        self.connected(Direction::Inbound, host);
    }

    pub(super) fn answer_dial(&mut self, how: u8) {
        let Some(address) = self.dials.pop_front() else { return };
        if how.is_multiple_of(4) {
            let reason = String::from("nobody is there");
            self.give(Input::ConnectFailed { address, reason });
        } else {
            self.connected(Direction::Outbound(address), [192, 0, 2, 1]);
        }
    }

    pub(super) fn line(&mut self, which: u8, line: &[u8]) {
        let Some(peer) = self.pick(which).filter(|_| !self.node.is_congested()) else { return };
        if !self.connections[&peer].finished {
            let received = wire::receive(line);
            if let Ok(Message::End { count, .. }) = received {
                // What a driver sees of it before it is read may be of any block.
                let end = AnswerEnd { height: count / 2, hash: self.tip.hash, count };
                self.give(Input::AnswerArrived { peer, end });
            }
            let input = match received {
                // As the program hands over what came in one read; once more is one more duplicate.
                Ok(Message::Block(block)) => Input::blocks(peer, [block.clone(), block]),
                received => Input::line(peer, received),
            };
            self.give(input);
        }
    }

    pub(super) fn peer_finished(&mut self, which: u8) {
        let Some(peer) = self.pick(which) else { return };
        if !std::mem::replace(&mut self.open(peer).finished, true) {
            self.give(Input::PeerFinished { peer });
        }
    }

    pub(super) fn peer_disconnected(&mut self, which: u8) {
        let Some(peer) = self.pick(which) else { return };
        self.connections.remove(&peer);
        let reason = String::from("the connection broke off");
        self.give(Input::PeerDisconnected { peer, reason });
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        self.now.wall += time.as_secs();
        self.give(Input::Tick);
    }

    pub(super) fn commit_next(&mut self) {
        let Some((id, batch, then)) = self.commits.pop_front() else { return };
        self.disk.apply(&batch);
        // A peer may have gone while its lines waited for the disk.
        let then = then.into_iter().filter(|action| match action {
            Action::Send { peer, .. }
            | Action::SendStoredBlocks { peer, .. }
            | Action::Disconnect { peer, .. } => self.connections.contains_key(peer),
            _ => true,
        });
        let then = then.collect();
        self.carry_out(then);
        self.give(Input::Committed { through: id });
    }

    /// A stream has come to the end of the stored best chain.
    pub(super) fn end_stream(&mut self, which: u8) {
        let Some(peer) = self.pick(which) else { return };
        let Some(after) = self.open(peer).stream.take() else { return };
        let tip = self.disk.best_tip().expect("memory is readable");
        let (height, hash) = match tip {
            Some(tip) if tip.block.index > after.height => (tip.block.index, tip.block.hash),
            _ => (after.height, after.hash),
        };
        let count = height - after.height;
        self.give(Input::StreamEnded { peer, height, hash, count });
    }

    fn command(&mut self, command: Command) {
        let request = RequestId(self.number());
        self.asked.insert(request);
        self.give(Input::Command(request, command));
    }

    pub(super) fn say(&mut self, what: u8) {
        self.command(Command::Say(match what % 4 {
            0 => String::new(),
            1 => "long ".repeat(usize::from(what) * 8),
            _ => format!("line {}", what / 4),
        }));
    }

    /// The miner finds what it looks for, or a person names another peer.
    pub(super) fn mine_or_dial(&mut self, what: u8) {
        let Some((template_id, template)) = self.mine.clone().filter(|_| !what.is_multiple_of(4))
        else {
            let address = format!("192.0.2.{}:8080", what % 8);
            return self.command(Command::Connect(address.parse().expect("an address")));
        };
        let key = template.to_canonical_json();
        let known = MINED.with_borrow(|mined| mined.get(&key).copied());
        let nonce = match known {
            Some(nonce) => nonce,
            None if self.searches == MAX_SEARCHES => return,
            None => {
                self.searches += 1;
                prove(template).nonce
            }
        };
        MINED.with_borrow_mut(|mined| {
            if mined.len() > 10_000 {
                mined.clear();
            }
            mined.insert(key, nonce);
        });
        self.give(Input::BlockMined { template_id, nonce });
    }

    pub(super) fn check_bounds(&mut self) {
        let snapshot = self.node.snapshot();
        assert!(snapshot.tip == self.tip || snapshot.tip.beats(&self.tip), "the tip got worse");
        self.tip = snapshot.tip;
        assert!(snapshot.side_bytes <= snapshot.side_limit, "side branches are over their bound");
        assert!(snapshot.orphans <= MAX_ORPHANS, "too many orphans");
        let most = 2 * OUTBOX_CAPACITY + MAX_WAITING_SAYS + 1 + 24;
        assert!(snapshot.waiting_entries <= most as u64, "too many lines wait");
        let open = self.connections.values().filter(|connection| !connection.closing).count();
        assert!(open <= MAX_PEERS, "{open} connections are kept");
        assert!(self.connections.len() >= snapshot.peers.len(), "the node knows of more peers");
    }

    /// The disk becomes free: everything is answered, and the disk has what the node has.
    pub(super) fn finish(&mut self) {
        if let Some(until) = self.node.held_commit_deadline() {
            self.pass(until.saturating_sub(self.now.monotonic));
        }
        let mut left = 10_000;
        while !self.commits.is_empty() {
            self.commit_next();
            self.check_bounds();
            left -= 1;
            assert!(left > 0, "commits beget commits without end");
        }
        let stored = self.disk.best_tip().expect("memory is readable");
        let stored = stored.map_or(BestPoint::genesis().hash, |stored| stored.block.hash);
        assert_eq!(stored, self.tip.hash, "what was accepted is not what was stored");
        assert!(!self.node.is_congested(), "everything is stored, and nothing is read");
        assert!(self.asked.len() <= MAX_WAITING_SAYS, "commands are never answered");
    }
}
