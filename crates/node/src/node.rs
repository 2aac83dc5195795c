//! The node: the sole dispatcher.
//!
//! Every input comes to [`Node::handle`], which hands it to the one concern that it belongs to and
//! then lets each concern say what follows from the new state. The concerns (peers, sync, gossip,
//! originals, serving, outbox) do not know one another; what one learns reaches another only through here.

mod blocks;
mod commands;
mod commits;
mod compact;
mod connections;
mod downloads;
mod drafts;
mod event_log;
mod follow_up;
mod headers;
mod hindrances;
mod ledger;
mod messages;
mod mining;
mod originals;
mod pushing;
mod reorg_limit;
mod reorganise;
mod state;
mod view;
mod witnesses;

use kusari_chain::params::CLASSIC_CHAIN;
use kusari_chain::{BestPoint, BlockStore, Chain, StoreResult};

use crate::compact::Compact;
use crate::config::NodeConfig;
use crate::disputed_blocks::BlockRefusals;
use crate::downloads::Downloads;
use crate::downloads::headers::Headers;
use crate::downloads::missing_payloads::MissingPayloads;
use crate::downloads::pending_announcements::PendingAnnouncements;
use crate::downloads::sync::Sync;
use crate::drafts::Company;
use crate::event::Event;
use crate::gossip::Gossip;
use crate::hindrance::{StorageState, Watch};
use crate::interface::{Action, CommitId, Input, Now, PeerId, Reply, RequestId};
use crate::originals::Originals;
use crate::outbox::Outbox;
use crate::pacing::Pacing;
use crate::peers::{Bans, Dials, Peers};
use crate::prelude::*;
use crate::random::Random;
use crate::reorg_limit::ReorgLimit;
use crate::serving::Serving;
use crate::snapshot::Behind;
use crate::store::{OutboxStore, StoreBatch};
use crate::timers::Timers;
use crate::transactions::{Moved, Transactions};
use crate::wire::{InstanceId, Sent};
use crate::witnesses::{WitnessStop, Witnesses};

use self::commits::Commits;
use self::event_log::EventLog;
use self::hindrances::Unmined;
use self::mining::Mining;
pub use state::{RestoreError, hash_of_state};

/// A peer of the network, without a body.
///
/// The contract with its driver: inputs are handed over one after another, each with the time; the
/// actions that come back are carried out in order, before the next input's; every
/// [`Action::Commit`] is answered by [`Input::Committed`] once durable, in order, and never if it
/// failed, in which case the driver stops. The first input is [`Input::Tick`]. While
/// [`Node::is_congested`], the driver reads nothing more from peers.
///
/// The default is a node of the classic chain that knows no peer, over empty stores in memory. What is
/// not in a checkpoint is skipped.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    config: NodeConfig,
    id: InstanceId,
    random: Random,
    #[serde(with = "state::chain")]
    chain: Chain,
    #[serde(skip)]
    outbox_store: Box<dyn OutboxStore>,
    outbox: Outbox,
    peers: Peers,
    bans: Bans,
    dials: Dials,
    downloads: Downloads,
    sync: Sync,
    originals: Originals,
    gossip: Gossip,
    headers: Headers,
    compact: Compact,
    pending_announcements: PendingAnnouncements,
    missing_payloads: MissingPayloads,
    serving: Serving,
    reorg_limit: ReorgLimit,
    pacing: Pacing,
    mining: Mining,
    /// `None` on the classic chain.
    transactions: Option<Transactions>,
    /// The same.
    witnesses: Option<Witnesses>,
    /// What the driver last said of the disk.
    storage: StorageState,
    refusals: BlockRefusals,
    hindrance_watch: Watch,
    unmined: Unmined,
    /// Commands that wait for room in the outbox.
    waiting_says: VecDeque<(RequestId, String)>,
    commits: Commits,
    timers: Timers,
    /// The end of the best chain as others are told of it, as of the last input.
    #[serde(default)]
    announced_tip: BestPoint,
    /// As of the last input.
    catching_up: bool,
    /// The same.
    behind: Option<Behind>,
    halted: bool,
    /// When the input came that is dealt with, in monotonic time.
    #[serde(skip)]
    now: Duration,
    /// The same in Unix seconds.
    #[serde(skip)]
    wall: u64,
    /// Between two inputs it holds nothing, or blocks alone that wait for more of them.
    #[serde(with = "state::held_blocks", default, skip_serializing_if = "StoreBatch::is_empty")]
    batch: StoreBatch,
    /// This and what follows it is empty between two inputs.
    #[serde(skip)]
    then: Vec<Action>,
    #[serde(skip)]
    actions: Vec<Action>,
    /// What the person is told of new blocks, once peers are.
    #[serde(skip)]
    news: Vec<Action>,
    /// What is written down of it.
    #[serde(skip)]
    event_log: EventLog,
}

impl Node {
    /// Wakes a node over what its store holds.
    ///
    /// # Errors
    /// [`kusari_chain::StoreError`] where the store cannot be read.
    pub fn new(
        config: NodeConfig,
        blocks: Box<dyn BlockStore>,
        outbox_store: Box<dyn OutboxStore>,
    ) -> StoreResult<Self> {
        let limits = config.tree_limits;
        let store = outbox_store.as_ref();
        let (chain, (outbox, lines), (mut transactions, moved)) = match &config.ledger {
            None => {
                let chain = Chain::open(blocks, limits)?;
                let outbox = Outbox::open(store, config.outbox, &chain)?;
                (chain, outbox, (None, Moved::default()))
            }
            Some(ledger) => {
                let chain = Chain::open_ledger(blocks, limits, Arc::clone(&ledger.spec))?;
                let company = Company {
                    configured: !config.connect.is_empty(),
                    met: store.outbox_facts()?.met_peer,
                    heard: ledger.offline,
                };
                let opened =
                    Transactions::open(ledger.pool_limits, config.outbox, company, store, &chain)?;
                (chain, Default::default(), (Some(opened.0), opened.1))
            }
        };
        let unfollowed = transactions.as_mut().map(Transactions::take_predecessor_writes);
        let (witnesses, statements) =
            Witnesses::open(config.ledger.as_ref().map(|ledger| &ledger.witnesses), store)?;
        let batch = StoreBatch {
            outbox: lines.into_iter().chain(moved.outbox).collect(),
            pool: moved.pool,
            predecessors: unfollowed.unwrap_or_default(),
            statements,
            ..StoreBatch::default()
        };
        let mut random = Random::new(config.seed);
        let mut dials = Dials::new(config.outbound_places());
        for address in &config.connect {
            dials.add(address.clone(), Duration::ZERO);
        }
        Ok(Self {
            id: InstanceId(random.draw()),
            peers: Peers::new(config.places(), random.draw()),
            random,
            mining: Mining::new(chain.tip().height > 0),
            announced_tip: chain.tip(),
            chain,
            outbox_store,
            outbox,
            dials,
            transactions,
            witnesses,
            batch,
            config,
            ..Self::default()
        })
    }

    /// Takes one input and returns everything to do about it, in order.
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Action> {
        if self.halted {
            return Vec::new();
        }
        (self.now, self.wall) = (now.monotonic, now.wall);
        if let Err(error) = self.dispatch(input).and_then(|()| self.follow_up()) {
            // What was decided on the way rests on reads that failed: none of it is done.
            self.halted = true;
            self.actions.clear();
            self.news.clear();
            self.batch = StoreBatch::default();
            self.then.clear();
            self.event_log.clear();
            self.actions.push(Action::Halt(error.to_string()));
        }
        self.record_events();
        core::mem::take(&mut self.actions)
    }

    fn dispatch(&mut self, input: Input) -> StoreResult {
        match input {
            Input::PeerConnected { peer, direction, address } => {
                self.peer_connected(peer, direction, address)?;
            }
            Input::PeerFinished { peer } => self.peer_finished(peer),
            Input::PeerDisconnected { peer, reason } => self.peer_disconnected(peer, reason),
            Input::ConnectFailed { address, reason } => self.connect_failed(address, reason),
            Input::LinesReceived { peer, lines } => {
                for received in lines {
                    self.line_received(peer, received)?;
                }
            }
            Input::AnswerArrived { peer, end } => self.ask_ahead(peer, &end),
            Input::BlockMined { template_id, nonce } => self.block_mined(template_id, nonce)?,
            Input::Committed { through } => self.committed(through),
            Input::StreamEnded { peer, height, hash, count } => {
                self.stream_ended(peer, height, &hash, count)?;
            }
            Input::StatementSigned(statement) => self.statement_signed(statement),
            Input::DraftsSigned(signed) => self.drafts_signed(signed)?,
            Input::WalletChanged(wallet) => self.wallet_changed(wallet),
            Input::WitnessRemembered(memory) => self.witness_remembered(memory),
            Input::WitnessNotRemembered => self.stop_witnessing(WitnessStop::NotRemembered),
            Input::StorageChanged(storage) => self.storage = storage,
            Input::Audited { finding } => self.audited(finding),
            Input::Command(request, command) => self.command(request, command)?,
            Input::Tick => {
                self.timers.rang();
                self.wake_up()?;
            }
        }
        Ok(())
    }

    fn committed(&mut self, through: CommitId) {
        if let Some(version) = self.commits.committed(through) {
            self.chain.committed(version);
        }
        self.outbox.committed(through);
        if let Some(transactions) = &mut self.transactions {
            transactions.committed(through);
        }
        if let Some(witnesses) = &mut self.witnesses {
            witnesses.committed(through);
        }
    }

    /// When it will be `wall` on the wall, in monotonic time; an hour from now at the latest, since
    /// the wall's clock may be set.
    fn until(&self, wall: u64) -> Duration {
        self.now + Duration::from_secs(wall.saturating_sub(self.wall).clamp(1, 3_600))
    }

    /// The chain that this node follows, as `HELLO` names it.
    fn chain_name(&self) -> String {
        self.chain.chain_id().map_or_else(|| CLASSIC_CHAIN.to_string(), |id| id.to_string())
    }

    /// The best chain as we may speak of it: without our own blocks that are not durable yet.
    fn announced_tip(&self) -> StoreResult<BestPoint> {
        for own in self.commits.unannounced() {
            if self.chain.on_best_chain(&own.hash)?.is_some()
                && let Some(parent) = self.chain.best_at(own.height.saturating_sub(1))?
            {
                return Ok(parent);
            }
        }
        Ok(self.chain.tip())
    }

    /// What people submitted to this node and is not mined yet.
    fn waiting(&self) -> u64 {
        let own = self.transactions.as_ref().map(|transactions| transactions.local().waiting());
        own.unwrap_or_else(|| self.outbox.waiting())
    }

    fn send(&mut self, peer: PeerId, message: Sent) {
        self.actions.push(Action::Send { peer, message });
    }

    fn reply(&mut self, request: RequestId, reply: Reply) {
        self.actions.push(Action::Reply(request, reply));
    }

    fn notify(&mut self, event: Event) {
        self.actions.push(Action::Notify(event));
    }
}
