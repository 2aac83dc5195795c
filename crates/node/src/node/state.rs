//! The whole state of a node as a value: a checkpoint from which another node goes on.
//!
//! Owns the form: JSON, one text for one state, so that two nodes are in the same state exactly
//! where their hashes agree. Only what the stores hold is not in it.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use kusari_chain::{BestPoint, BlockStore, Chain, ChainState, StateError};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::Node;
use super::follow_up::UnderWay;
use super::mining::Mining;
use super::trail::Trail;
use crate::compact::Compact;
use crate::config::NodeConfig;
use crate::downloads::Downloads;
use crate::downloads::announced::Announced;
use crate::downloads::headers::Headers;
use crate::downloads::lacking::Lacking;
use crate::downloads::sync::Sync;
use crate::finality::Finality;
use crate::gossip::Gossip;
use crate::hindrance::StorageState;
use crate::limits::MAX_WAITING_SAYS;
use crate::mining_pause::MiningPause;
use crate::originals::Originals;
use crate::outbox::Outbox;
use crate::pacing::Pacing;
use crate::peers::{Bans, Dials, Peers};
use crate::random::Random;
use crate::refusals::BlockRefusals;
use crate::seam::{CommitId, PeerId, RequestId};
use crate::serving::Serving;
use crate::snapshot::Behind;
use crate::store::{OutboxStore, StoreBatch};
use crate::token_bucket::TokenBucket;
use crate::transactions::Transactions;
use crate::wire::NodeId;
use crate::witnesses::Witnesses;

/// Why there is no node of this state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// It is not the state of a node of this version.
    #[error("it is not the state of a node of this version: {0}")]
    Form(String),
    /// The chain in it is none.
    #[error(transparent)]
    Chain(#[from] StateError),
}

/// The fields of [`Node`] that are written, once more: a node is made of them and of its stores.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    config: NodeConfig,
    id: NodeId,
    random: Random,
    chain: ChainState,
    outbox: Outbox,
    peers: Peers,
    bans: Bans,
    dials: Dials,
    downloads: Downloads,
    sync: Sync,
    #[serde(default)]
    originals: Originals,
    gossip: Gossip,
    headers: Headers,
    compact: Compact,
    announced: Announced,
    #[serde(default)]
    lacking: Lacking,
    serving: Serving,
    #[serde(default)]
    finality: Finality,
    pacing: Pacing,
    mining: Option<Mining>,
    mining_pause: MiningPause,
    #[serde(default)]
    transactions: Option<Transactions>,
    #[serde(default)]
    witnesses: Option<Witnesses>,
    #[serde(default)]
    mine_on_until: Option<Duration>,
    #[serde(default)]
    mine_again_at: Option<Duration>,
    #[serde(default)]
    ahead_of_clock: Option<u64>,
    expire_at: Duration,
    connection_reports: TokenBucket,
    storage: StorageState,
    refusals: BlockRefusals,
    last_template: u64,
    waiting_says: VecDeque<(RequestId, String)>,
    unannounced: VecDeque<(CommitId, BestPoint)>,
    commits: VecDeque<UnderWay>,
    last_commit: CommitId,
    committed: CommitId,
    chain_version: u64,
    wake_at: Option<Duration>,
    catching_up: bool,
    #[serde(default)]
    behind: Option<Behind>,
    halted: bool,
}

/// Writes the chain without its store.
pub(super) fn chain<S: Serializer>(chain: &Chain, serializer: S) -> Result<S::Ok, S::Error> {
    chain.state().serialize(serializer)
}

impl Node {
    /// Everything that decides what this node does next, apart from what its stores hold: one line
    /// of JSON. Costs time and memory in proportion to what the node holds in memory.
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        // Numbers, texts and lists of them, with texts and numbers as keys, have no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// SHA-256 over [`Node::state`]. Nodes with one hash do the same from here on, if their stores
    /// and inputs are the same.
    #[must_use]
    pub fn state_hash(&self) -> [u8; 32] {
        hash_of_state(&self.state())
    }

    /// The node that had this state. `blocks` and `outbox` must answer as the stores of that node
    /// would have done. The text may come from a stranger.
    ///
    /// # Errors
    /// [`RestoreError`] where no node of this version was ever in that state.
    pub fn restore(
        state: &[u8],
        blocks: Box<dyn BlockStore>,
        outbox: Box<dyn OutboxStore>,
    ) -> Result<Self, RestoreError> {
        let form = |error: serde_json::Error| RestoreError::Form(error.to_string());
        let state: State = serde_json::from_slice(state).map_err(form)?;
        let is_peer = |peer: PeerId| state.peers.get(peer).is_some();
        let bounded = state.gossip.is_within_bounds()
            && state.lacking.is_within_bounds()
            && state.downloads.is_within_bounds(is_peer)
            && state.sync.is_within_bounds(is_peer)
            && state.headers.is_within_bounds(is_peer)
            && state.announced.is_within_bounds(is_peer)
            && state.originals.is_within_bounds()
            && state.bans.is_within_bounds()
            && state.peers.is_within(state.config.places())
            && state.refusals.is_within_bounds();
        if state.waiting_says.len() > MAX_WAITING_SAYS || !bounded {
            return Err(RestoreError::Form(String::from("more is in it than may be")));
        }
        let chain = Chain::restore(state.chain, blocks, state.config.tree_limits)?;
        let is_of_one_kind = match (&state.config.ledger, &state.transactions, chain.spec()) {
            (Some(ledger), Some(transactions), Some(spec)) => {
                *ledger.spec == *spec && transactions.is_sound(spec)
            }
            (None, None, None) => true,
            _ => false,
        };
        let witnesses_fit = match (&state.config.ledger, &state.witnesses) {
            (Some(ledger), Some(witnesses)) => witnesses.is_sound(&ledger.witnesses),
            (None, None) => true,
            _ => false,
        };
        if !is_of_one_kind || !witnesses_fit || !state.outbox.is_sound() {
            return Err(RestoreError::Form(String::from("it does not fit the chain")));
        }
        Ok(Self {
            chain,
            outbox_store: outbox,
            config: state.config,
            id: state.id,
            random: state.random,
            outbox: state.outbox,
            peers: state.peers,
            bans: state.bans,
            dials: state.dials,
            downloads: state.downloads,
            sync: state.sync,
            originals: state.originals,
            gossip: state.gossip,
            headers: state.headers,
            compact: state.compact,
            announced: state.announced,
            lacking: state.lacking,
            serving: state.serving,
            finality: state.finality,
            pacing: state.pacing,
            mining: state.mining,
            mining_pause: state.mining_pause,
            transactions: state.transactions,
            witnesses: state.witnesses,
            mine_on_until: state.mine_on_until,
            mine_again_at: state.mine_again_at,
            ahead_of_clock: state.ahead_of_clock,
            expire_at: state.expire_at,
            connection_reports: state.connection_reports,
            storage: state.storage,
            refusals: state.refusals,
            last_template: state.last_template,
            waiting_says: state.waiting_says,
            unannounced: state.unannounced,
            commit_bytes: state.commits.iter().fold(0, |sum, one| one.bytes.saturating_add(sum)),
            commits: state.commits,
            last_commit: state.last_commit,
            committed: state.committed,
            chain_version: state.chain_version,
            wake_at: state.wake_at,
            catching_up: state.catching_up,
            behind: state.behind,
            halted: state.halted,
            batch: StoreBatch::default(),
            then: Vec::new(),
            actions: Vec::new(),
            news: Vec::new(),
            trail: Trail::default(),
        })
    }
}

/// The hash of a state as [`Node::state`] wrote it.
#[must_use]
pub fn hash_of_state(state: &[u8]) -> [u8; 32] {
    Sha256::digest(state).into()
}
