//! A node over a store that nobody serves: no network, no miner, no thread.
//!
//! Owns how such a node is fed and how its commits are grouped. The [`Node`] is the same as ever, so
//! what is imported or recorded here keeps every rule, and a reorganisation opens typed lines again
//! as it does in a node that runs. Decides nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use kusari_chain::ledger::PublicKey;
use kusari_chain::mempool::PoolLimits;
use kusari_chain::params::LEDGER_MAX_REORG_DEPTH;
use kusari_chain::{BlockStore, StoreError, StoreResult, TreeLimits};
use kusari_node::interface::{Action, CommitId, Direction, PeerId, Reply, Request, RequestId};
use kusari_node::store::StoreBatch;
use kusari_node::wire::{Dialect, ErrorReport, Message, Received, Refusal};
use kusari_node::{
    Event, Input, LedgerConfig, MiningPolicy, Node, NodeConfig, Now, Snapshot, WitnessConfig,
};

use super::clock::Clock;
use super::counts::added;
use kusari_store::Store;

/// Changes of the chain that one commit takes. One commit costs two syncs whatever is in it; far
/// more than these would only take more memory.
const GROUP_CHANGES: usize = 4_096;

/// The one who hands lines to the node: a peer that never said `HELLO`, so that nothing is held
/// against it and every refusal is told.
const FEEDER: PeerId = PeerId(0);

/// Why the store could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OfflineError {
    /// It could not be read.
    #[error("{0}; restore `chain.redb` from a backup and leave the files beside it")]
    Read(StoreError),
    /// Something could not be written.
    #[error(
        "{0}; make room or mend the disk, then do it again: nothing that was acknowledged is lost"
    )]
    Write(StoreError),
    /// The node answered another command.
    #[error(
        "the store was asked and something else answered, which is a bug in kusari; please report it"
    )]
    Unfitting,
    /// The node gave up.
    #[error(
        "{0}; do it again, and if that does not help restore `chain.redb` from a backup and leave the \
         files beside it"
    )]
    Halted(String),
}

/// What the node said to one input.
#[derive(Debug, Default)]
pub struct Told {
    /// `ERROR` lines.
    pub errors: Vec<ErrorReport>,
    /// What a person would be told.
    pub events: Vec<Event>,
    /// Blocks that found a place in the tree, in the best chain or beside it.
    pub added: usize,
}

/// The node. What it has not [flushed](Self::flush) is forgotten when this is dropped.
pub struct Offline {
    node: Node,
    store: Store,
    clock: Clock,
    /// How far the node's time is ahead of the clock's: nobody waits for a branch to be followed here.
    ahead: Duration,
    next_request: u64,
    feeding: bool,
    /// The last answer to a command.
    reply: Option<Reply>,
    batches: Vec<StoreBatch>,
    /// What follows each of them.
    then: Vec<(CommitId, Vec<Action>)>,
    /// Blocks in them.
    changes: usize,
}

impl Offline {
    /// Wakes a node over a store.
    ///
    /// # Errors
    /// [`OfflineError::Read`] where the store cannot be read.
    pub fn open(store: Store) -> Result<Self, OfflineError> {
        Self::open_as(store, WitnessConfig::default())
    }

    /// The same node as it would start with this witness key. It makes no statements here.
    ///
    /// # Errors
    /// [`OfflineError::Read`] where the store cannot be read.
    pub fn open_as(store: Store, witnesses: WitnessConfig) -> Result<Self, OfflineError> {
        store.end_below_altered().map_err(OfflineError::Read)?;
        let (blocks, outbox) = (Box::new(store.clone()), Box::new(store.clone()));
        // Nothing is mined here, so nobody is to be credited.
        let ledger = store.spec().map(|spec| LedgerConfig {
            spec: Arc::new(spec),
            miner: PublicKey::ZERO,
            mining: MiningPolicy::Off,
            pool_limits: PoolLimits::default(),
            offline: false,
            witnesses,
        });
        let tree_limits = TreeLimits {
            max_reorg_depth: max_reorg_depth(&store, ledger.is_some())
                .map_err(OfflineError::Read)?,
            ..TreeLimits::default()
        };
        let config = NodeConfig { ledger, tree_limits, ..NodeConfig::default() };
        let node = Node::new(config, blocks, outbox).map_err(OfflineError::Read)?;
        let mut offline = Self {
            node,
            store,
            clock: Clock::start(),
            ahead: Duration::ZERO,
            next_request: 0,
            feeding: false,
            reply: None,
            batches: Vec::new(),
            then: Vec::new(),
            changes: 0,
        };
        offline.give(Input::Tick)?;
        Ok(offline)
    }

    /// Gives the node a command, makes what it decides durable, and returns the answer.
    ///
    /// # Errors
    /// [`OfflineError`] where the store fails. A line that waits for room in the outbox has no answer
    /// here, so it is to be offered and not said.
    pub fn command<T>(&mut self, request: Request<T>) -> Result<T, OfflineError> {
        self.reply = None;
        let id = RequestId(self.next_request);
        self.next_request += 1;
        let mut told = self.give(Input::Command(id, request.command))?;
        self.flush_into(&mut told)?;
        self.reply.take().and_then(request.read).ok_or(OfflineError::Unfitting)
    }

    /// Gives the node a line of a peer. What it decides is durable after [`Self::flush`].
    ///
    /// # Errors
    /// [`OfflineError`] where the store fails.
    pub fn receive(&mut self, received: Result<Received, Refusal>) -> Result<Told, OfflineError> {
        if !self.feeding {
            self.feeding = true;
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let direction = Direction::Inbound;
            self.give(Input::PeerConnected { peer: FEEDER, direction, address })?;
        }
        let mut told = self.give(Input::line(FEEDER, received))?;
        if self.changes >= GROUP_CHANGES || self.node.is_congested() {
            self.flush_into(&mut told)?;
        }
        Ok(told)
    }

    /// Makes everything durable that was decided so far.
    ///
    /// # Errors
    /// [`OfflineError`] where the store fails.
    pub fn flush(&mut self) -> Result<Told, OfflineError> {
        let mut told = Told::default();
        self.flush_into(&mut told)?;
        Ok(told)
    }

    /// What the node looks like now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.node.snapshot()
    }

    /// How lines that are handed to the node are to be read.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.node.dialect()
    }

    /// The store, for reading. It lacks what is not flushed.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    fn give(&mut self, input: Input) -> Result<Told, OfflineError> {
        let mut told = Told::default();
        self.give_into(input, &mut told)?;
        Ok(told)
    }

    fn give_into(&mut self, input: Input, told: &mut Told) -> Result<(), OfflineError> {
        let actions = self.node.handle(self.now(), input);
        self.carry_out(actions, told)
    }

    fn now(&self) -> Now {
        let Now { monotonic, wall } = self.clock.now();
        Now { monotonic: monotonic + self.ahead, wall }
    }

    /// Follows a branch that has more work, with no pause and no wait.
    fn reorganise(&mut self, told: &mut Told) -> Result<(), OfflineError> {
        while let Some(due) = self.node.reorganises_at() {
            self.ahead += due.saturating_sub(self.now().monotonic);
            self.give_into(Input::Tick, told)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, actions: Vec<Action>, told: &mut Told) -> Result<(), OfflineError> {
        for action in actions {
            match action {
                Action::Commit { id, batch, then } => {
                    let added = added(&batch);
                    told.added += added;
                    self.changes += added;
                    self.batches.push(batch);
                    self.then.push((id, then));
                }
                Action::Reply(_, reply) => self.reply = Some(reply),
                Action::Notify(event) => told.events.push(event),
                Action::Send { message: Message::Error(report), .. } => told.errors.push(report),
                Action::Halt(reason) => return Err(OfflineError::Halted(reason)),
                // Nobody is there: whoever feeds lines reads nothing but what is refused, nothing
                // is mined or dialled, no time passes, and what happened is the caller's to say.
                Action::Send { .. }
                | Action::SendStoredBlocks { .. }
                | Action::Connect(_)
                | Action::ConnectBeside { .. }
                | Action::Disconnect { .. }
                | Action::Mine { .. }
                | Action::StopMining
                | Action::Audit
                | Action::SignStatement(_)
                | Action::SignDrafts(_)
                | Action::RememberWitness(_)
                | Action::Record(_)
                | Action::WakeAt(_) => {}
            }
        }
        Ok(())
    }

    fn flush_into(&mut self, told: &mut Told) -> Result<(), OfflineError> {
        self.reorganise(told)?;
        // What is reported as committed may lead to one more commit.
        while let Some(&(through, _)) = self.then.last() {
            self.store.commit(&self.batches).map_err(OfflineError::Write)?;
            self.batches.clear();
            self.changes = 0;
            for (_, actions) in std::mem::take(&mut self.then) {
                self.carry_out(actions, told)?;
            }
            self.give_into(Input::Committed { through }, told)?;
        }
        Ok(())
    }
}

/// The limit under which nothing that a node held is followed: its own is not known here.
fn max_reorg_depth(store: &Store, is_ledger: bool) -> StoreResult<Option<u32>> {
    let held = store.reorg_limit()?.held;
    let limits = held.iter().map(|branch| branch.depth.saturating_sub(1));
    Ok(limits.chain(is_ledger.then_some(LEDGER_MAX_REORG_DEPTH)).min())
}

#[cfg(test)]
#[path = "offline_tests.rs"]
mod tests;
