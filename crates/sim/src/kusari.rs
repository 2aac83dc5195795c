//! A machine that runs the node under test: the part of a driver.
//!
//! Owns the order of things at the interface: one input after another, each action in its place, and
//! between any two of them a point at which the machine may crash.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use kusari_chain::{Block, BlockHash, Target};
use kusari_node::interface::{
    Command, DisconnectReason, Input, Now, PeerId, Reply, RequestId, TemplateId,
};
use kusari_node::wire::{self, BlockForm, Dialect, LineBatch, LineBatches, Message, SentBlock};
use kusari_node::{Action, Node, NodeConfig};

use crate::commits::Commits;
use crate::connection::{Place, Stream};
use crate::disk::Disk;
use crate::mining;
use crate::remembering::{Memo, Remembered};
use crate::users::Asked;
use crate::world::{Host, MILLISECOND, Micros, SECOND, World};

/// Wall clock at the beginning of every run.
pub(crate) const FIRST_SECOND: u64 = 1_800_000_000;

/// Inputs at one moment after which a node counts as running in a circle.
const MOST_INPUTS_AT_ONCE: u32 = 20_000;

/// A machine with a disk, a user and the node.
pub(crate) struct Kusari {
    pub(crate) address: SocketAddr,
    pub(crate) config: NodeConfig,
    pub(crate) disk: Disk,
    pub(crate) node: Option<Node>,
    /// The same node, made again from a state that it had.
    pub(crate) twin: Option<Node>,
    /// Counts starts, so that nothing meant for an earlier life reaches a later one.
    pub(crate) life: u32,
    /// The machine crashes when it has passed so many more points of the interface.
    pub(crate) crash_in: Option<u64>,
    /// The same for its next life.
    pub(crate) crash_again_in: Option<u64>,
    /// The machine crashes when it has passed so many more points before or after a durable write.
    pub(crate) crash_in_writes: Option<u64>,
    /// The file beside its witness key.
    pub(crate) remembered: Remembered,
    /// How long after a crash it starts again.
    pub(crate) restart_after: Micros,
    /// How far its wall clock is off.
    pub(crate) skew: u64,
    /// The user whose keys the machine signs drafts with.
    pub(crate) wallet: Option<usize>,
    /// Slowest commit.
    pub(crate) slowest_commit: Micros,
    /// Mean time to find a nonce.
    pub(crate) mining_time: Micros,
    wish: u64,
    pub(crate) mining: Option<(TemplateId, Block, Target)>,
    pub(crate) commits: Commits,
    /// What was asked for and not answered.
    pub(crate) asked: BTreeMap<u64, Asked>,
    next_request: u64,
    /// Blocks that were mined here, in any life.
    own: BTreeSet<BlockHash>,
    /// The last tip that each peer was told of.
    pub(crate) spoken: BTreeMap<PeerId, BlockHash>,
    inputs_at: (Micros, u32),
    /// When it last mined a block.
    pub(crate) mined_at: Option<Micros>,
}

impl Kusari {
    pub(crate) fn new(address: SocketAddr, config: NodeConfig) -> Self {
        Self {
            address,
            config,
            disk: Disk::default(),
            node: None,
            twin: None,
            life: 0,
            crash_in: None,
            crash_again_in: None,
            crash_in_writes: None,
            remembered: Remembered::made(),
            restart_after: 2 * SECOND,
            skew: 0,
            wallet: None,
            slowest_commit: 20 * MILLISECOND,
            mining_time: 2 * SECOND,
            wish: 0,
            mining: None,
            commits: Commits::default(),
            asked: BTreeMap::new(),
            next_request: 0,
            own: BTreeSet::new(),
            spoken: BTreeMap::new(),
            inputs_at: (0, 0),
            mined_at: None,
        }
    }

    /// A number for what a user asks the node for next.
    pub(crate) fn ask(&mut self, asked: Asked) -> RequestId {
        self.next_request += 1;
        self.asked.insert(self.next_request, asked);
        RequestId(self.next_request)
    }

    pub(crate) fn forget_own_blocks(&mut self) {
        self.own.clear();
    }
}

impl World {
    /// Wakes a node over what its disk holds.
    pub(crate) fn start(&mut self, host: usize) {
        let seed = self.random.draw();
        let Some(kusari) = self.kusari_mut(host) else { return };
        if kusari.node.is_some() {
            return;
        }
        kusari.life += 1;
        let mut config = NodeConfig { seed, ..kusari.config.clone() };
        if let Some(ledger) = &mut config.ledger {
            ledger.witnesses.memory = kusari.remembered.memory();
        }
        let (blocks, outbox) = (Box::new(kusari.disk.store()), Box::new(kusari.disk.store()));
        match Node::new(config, blocks, outbox) {
            Ok(node) => kusari.node = Some(node),
            Err(error) => return self.fail(format!("node {host} does not start: {error}")),
        }
        self.input(host, Input::Tick);
        self.show_wallet(host);
    }

    pub(crate) fn input_if_alive(&mut self, host: usize, life: u32, input: Input) {
        if self.kusari(host).is_some_and(|kusari| kusari.life == life) {
            self.input(host, input);
        }
    }

    /// Hands an input to a node and carries out what it answers.
    pub(crate) fn input(&mut self, host: usize, input: Input) {
        let now = self.now;
        let Some(Host::Kusari(kusari)) = self.hosts.get_mut(host) else { return };
        let Some(node) = kusari.node.as_mut() else { return };
        self.trace.note(now, host, format_args!("<- {input:?}"));
        let wall = FIRST_SECOND + kusari.skew + now / SECOND;
        let moment = Now { monotonic: Duration::from_micros(now), wall };
        let handled = self.twins.handle(node, &mut kusari.twin, &kusari.disk, moment, input);
        let snapshot = node.snapshot();
        if kusari.inputs_at.0 == now {
            kusari.inputs_at.1 += 1;
        } else {
            kusari.inputs_at = (now, 0);
        }
        if kusari.inputs_at.1 > MOST_INPUTS_AT_ONCE {
            self.fail(format!("node {host} runs in a circle"));
        }
        self.check_bounds(host, &snapshot);
        match handled {
            Ok(actions) => self.perform_all(host, actions),
            Err(difference) => self.fail(difference),
        }
    }

    pub(crate) fn perform_all(&mut self, host: usize, actions: Vec<Action>) {
        for action in actions {
            if self.crash_point(host) {
                return;
            }
            self.perform(host, action);
        }
        self.crash_point(host);
    }

    fn perform(&mut self, host: usize, action: Action) {
        self.trace.note(self.now, host, format_args!("-> {action:?}"));
        let Some(life) = self.kusari(host).map(|kusari| kusari.life) else { return };
        match action {
            Action::Send { peer, message } => {
                let line = wire::encode(&message);
                self.check_durable_before_spoken(host, peer, &message);
                self.check_statement_is_stored(host, &message);
                self.check_submitted_is_stored(host, &message);
                if let Message::Block(SentBlock { stored, form }) = &message
                    && *form != BlockForm::Compact
                {
                    self.lines.block_sent(peer, stored.block.hash);
                }
                self.send_line(Place::of(peer), line);
            }
            Action::SendStoredBlocks { peer, after, through, form } => {
                self.check_answer_is_stored(host, peer);
                let after = (after.height, after.hash);
                let stream = Stream { after, through, form, count: 0, finished: false };
                self.send_stream(Place::of(peer), stream);
            }
            Action::Connect(address) => {
                let delay = self.random.between(MILLISECOND, 200 * MILLISECOND);
                self.plan(self.now + delay, move |world| world.dialled(host, life, &address));
            }
            // No machine has two addresses here.
            Action::ConnectBeside { address, .. } => {
                let reason = String::from("the name has no other address");
                self.input(host, Input::ConnectFailed { address, reason });
            }
            Action::Disconnect { peer, reason } => {
                if reason == DisconnectReason::Evicted {
                    self.check_eviction(host, Place::of(peer));
                }
                self.drain_end(Place::of(peer));
            }
            Action::Commit { id, batch, then } => self.begin_commit(host, id, batch, then),
            Action::Mine { template_id, template, target } => {
                self.begin_mining(host, template_id, template, target)
            }
            Action::StopMining => self.set(host, |kusari| kusari.mining = None),
            Action::WakeAt(at) => {
                let at = u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
                let Some(kusari) = self.kusari_mut(host) else { return };
                kusari.wish += 1;
                let wish = kusari.wish;
                self.plan(at, move |world| world.wake(host, life, wish));
            }
            Action::SignDrafts(drafts) => self.sign_drafts(host, life, drafts),
            Action::SignStatement(statement) => self.begin_memo(host, Memo::Sign(statement)),
            Action::RememberWitness(memory) => self.begin_memo(host, Memo::Remember(memory)),
            Action::Reply(request, reply) => self.replied(host, request, reply),
            Action::Notify(event) => self.notified(host, &event),
            Action::Audit => {
                let finding = self.kusari(host).and_then(|kusari| kusari.disk.finding());
                let input = Input::Audited { finding };
                self.plan(self.now, move |world| world.input_if_alive(host, life, input));
            }
            // Records are not read later.
            Action::Record(_) => {}
            Action::Halt(reason) => self.fail(format!("node {host} halted: {reason}")),
        }
    }

    pub(crate) fn wake(&mut self, host: usize, life: u32, wish: u64) {
        if self.kusari(host).is_some_and(|kusari| kusari.wish == wish) {
            self.input_if_alive(host, life, Input::Tick);
        }
    }

    fn begin_mining(
        &mut self,
        host: usize,
        template_id: TemplateId,
        template: Block,
        target: Target,
    ) {
        let draw = self.random.between(1, 2_000);
        if self.may_rest(host) {
            return;
        }
        let Some(kusari) = self.kusari_mut(host) else { return };
        kusari.mining = Some((template_id, template, target));
        let (life, time) = (kusari.life, draw * kusari.mining_time / 1_000);
        self.plan(self.now + time, move |world| world.mined(host, life, template_id));
    }

    pub(crate) fn mined(&mut self, host: usize, life: u32, template_id: TemplateId) {
        let now = self.now;
        let Some(kusari) = self.alive(host, life) else { return };
        let Some((_, mut block, target)) = kusari.mining.take_if(|(id, ..)| *id == template_id)
        else {
            return;
        };
        block.nonce = mining::search(&block, target);
        kusari.own.insert(block.compute_hash());
        kusari.mined_at = Some(now);
        self.counts.mined += 1;
        self.input(host, Input::BlockMined { template_id, nonce: block.nonce });
    }

    /// A user types a line. Where the machine is down, there is no prompt to type it at.
    pub(crate) fn say(&mut self, host: usize, text: String) {
        let Some(kusari) = self.running(host) else { return };
        let request = kusari.ask(Asked::Say(text.clone()));
        self.lines.typed(host, &text);
        self.input(host, Input::Command(request, Command::Say(text)));
    }

    fn replied(&mut self, host: usize, request: RequestId, reply: Reply) {
        let Some(kusari) = self.kusari_mut(host) else { return };
        if matches!(reply, Reply::Dialled(Ok(false))) {
            return;
        }
        match kusari.asked.remove(&request.0) {
            Some(asked) => self.told(host, asked, reply),
            None => self.fail(format!("node {host} answers a command twice: {request:?}")),
        }
    }

    /// Reads lines for a node, as long as it is not congested.
    pub(crate) fn kusari_reads(&mut self, host: usize, place: Place) {
        if self.node(host).is_none_or(Node::is_congested) {
            return;
        }
        let bytes = self.take_inbox(place);
        if let Some(end) = self.end(place)
            && !end.deaf
        {
            end.framer.push(&bytes);
        }
        let peer = place.peer();
        let arrived = self.end(place).and_then(|end| wire::AnswerEnd::of(end.framer.held()));
        if let Some(end) = arrived {
            self.input(host, Input::AnswerArrived { peer, end });
        }
        let mut rows = LineBatches::new(self.node(host).map_or(Dialect::Classic, Node::dialect));
        while let Some(line) = self.next_line(place) {
            let is_hello = match line {
                Ok(line) => rows.push(&line),
                Err(error) => {
                    rows.push_message(Err(wire::WireError::from(error).into()));
                    false
                }
            };
            if is_hello && let Some(end) = self.end(place) {
                end.framer.set_introduced();
            }
            self.rows(host, peer, rows.take_complete());
        }
        self.rows(host, peer, rows.take_all());
        self.finish_reading(host, place, peer);
    }

    fn rows(&mut self, host: usize, peer: PeerId, rows: Vec<LineBatch>) {
        for row in rows {
            self.input(host, Input::LinesReceived { peer, lines: row });
        }
    }

    fn finish_reading(&mut self, host: usize, place: Place, peer: PeerId) {
        let Some(end) = self.end(place) else { return };
        if end.open && std::mem::take(&mut end.ended) {
            self.input(host, Input::PeerFinished { peer });
        }
    }

    pub(crate) fn resume_reading(&mut self, host: usize) {
        let waits = |(&connection, state): (&u64, &crate::connection::Connection)| {
            let waiting = |side: usize| {
                let end = &state.ends[side];
                end.host == host && end.open && !end.inbox.is_empty()
            };
            [0, 1].into_iter().find(|&side| waiting(side)).map(|side| Place { connection, side })
        };
        let places: Vec<Place> = self.connections.iter().filter_map(waits).collect();
        for place in places {
            self.plan(self.now, move |world| world.read(place));
        }
    }

    /// A stream is written; its node is told.
    pub(crate) fn stream_written(&mut self, place: Place, stream: &Stream) {
        let Some(host) = self.end(place).map(|end| end.host) else {
            return;
        };
        let Some(life) = self.kusari(host).map(|kusari| kusari.life) else { return };
        let (height, hash) = stream.after;
        let input = Input::StreamEnded { peer: place.peer(), height, hash, count: stream.count };
        self.plan(self.now, move |world| world.input_if_alive(host, life, input));
    }

    pub(crate) fn is_own(&self, host: usize, hash: &BlockHash) -> bool {
        self.kusari(host).is_some_and(|kusari| kusari.own.contains(hash))
    }
}
