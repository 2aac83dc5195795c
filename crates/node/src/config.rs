//! What a node is told when it starts.
//!
//! Owns the values and their defaults; the bounds of peer behaviour stand in [`crate::limits`].

use ipnet::IpNet;
use kusari_chain::TreeLimits;
use kusari_chain::ledger::{ChainSpec, PublicKey};
use kusari_chain::mempool::PoolLimits;

use crate::address::PeerAddress;
use crate::backlog::OutboxLimits;
use crate::limits::{MAX_PER_ADDRESS, MAX_PER_GROUP, MAX_UNCOMMITTED};
use crate::peers::{Peers, Places};
use crate::prelude::*;
use crate::witnesses::WitnessConfig;

/// What a node is told when it starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeConfig {
    /// Program and version, as other nodes see it; at most [`crate::wire::MAX_NAME`] characters.
    pub agent: String,
    /// Port on which the driver takes connections, if it does.
    pub listen_port: Option<u16>,
    /// Connections at once. A quarter, or as many as `connect` has, is kept for those that we dial.
    pub max_peers: usize,
    /// Inbound connections of one address, or of one /64 of IPv6. Loopback is exempt.
    pub max_per_address: usize,
    /// Inbound connections of one /16 of IPv4 or /32 of IPv6. What is routed nowhere is exempt.
    pub max_per_group: usize,
    /// Networks whose hosts alone may connect; where there are none, all may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<IpNet>,
    /// Networks whose hosts may not connect, whatever is allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<IpNet>,
    /// Addresses to keep connected; those beyond `max_peers` are not dialled.
    pub connect: Vec<PeerAddress>,
    /// How much may wait to be mined of what people submit to this node.
    #[serde(default)]
    pub outbox: OutboxLimits,
    /// Changes of the chain that may be accepted and not committed.
    pub max_uncommitted: usize,
    /// Bounds of the tree of blocks.
    pub tree_limits: TreeLimits,
    /// Where chance comes from. Two nodes must never share it.
    pub seed: u64,
    /// The ledger chain that it follows; `None` for the classic chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerConfig>,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            agent: concat!("kusari/", env!("CARGO_PKG_VERSION")).to_string(),
            listen_port: None,
            max_peers: 64,
            max_per_address: MAX_PER_ADDRESS,
            max_per_group: MAX_PER_GROUP,
            allow: Vec::new(),
            deny: Vec::new(),
            connect: Vec::new(),
            outbox: OutboxLimits::default(),
            max_uncommitted: MAX_UNCOMMITTED,
            tree_limits: TreeLimits::default(),
            seed: 0,
            ledger: None,
        }
    }
}

impl NodeConfig {
    /// Places that are kept for addresses which a person chose to dial.
    pub(super) fn outbound_places(&self) -> usize {
        Peers::outbound_places(self.max_peers, self.connect.len())
    }

    pub(super) fn places(&self) -> Places {
        Places {
            inbound: self.max_peers.saturating_sub(self.outbound_places()),
            per_address: self.max_per_address,
            per_group: self.max_per_group,
        }
    }
}

/// What a node of a ledger chain is told when it starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerConfig {
    /// The chain's parameters.
    pub spec: Arc<ChainSpec>,
    /// Who gets the reward and the fees of blocks that are mined here.
    pub miner: PublicKey,
    /// When blocks are mined here.
    pub mining: MiningPolicy,
    /// How much may wait to be mined.
    pub pool_limits: PoolLimits,
    /// Sign drafts without having caught up with a peer: the person says that nobody else uses the
    /// account.
    #[serde(default)]
    pub offline: bool,
    /// Who says what it saw, and whose word counts.
    #[serde(default)]
    pub witnesses: WitnessConfig,
}

/// When a node of a ledger mines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MiningPolicy {
    /// While something waits to be mined, or somebody waits for confirmations. No empty blocks.
    OnDemand,
    /// A block for each so many seconds, whatever waits.
    Interval {
        /// From one block's timestamp to the next.
        seconds: u32,
    },
    /// Without a pause.
    Always,
    /// Never.
    Off,
}
