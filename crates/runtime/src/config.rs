//! What a node that runs is told when it starts.

use std::net::SocketAddr;
use std::num::NonZeroUsize;

use kusari_miner::Kernel;
use kusari_node::NodeConfig;

use crate::NodeWallet;
use crate::witness_key::WitnessKey;
use kusari_journal::JournalConfig;

/// What a running node needs.
pub struct RuntimeConfig {
    /// For the node itself; its `listen_port` and `seed` are set here.
    pub node: NodeConfig,
    /// Where to take connections, if anywhere.
    pub listen: Option<SocketAddr>,
    /// Where the explorer of the local API answers, for browsers that find the port of peers.
    pub explorer: Option<SocketAddr>,
    /// Threads that search nonces.
    pub miner_threads: NonZeroUsize,
    /// How they search; the fastest way where it is left open.
    pub miner_kernel: Option<Kernel>,
    /// Where to record what the node is told, if anywhere.
    pub journal: Option<JournalConfig>,
    /// The key of [`kusari_node::WitnessConfig::own`], where the node has one.
    pub witness: Option<WitnessKey>,
    /// What signs the drafts of people, on a ledger.
    pub wallet: Option<NodeWallet>,
    /// Bytes that the store may take before nothing but blocks is taken, if there is a bound.
    pub max_store_bytes: Option<u64>,
}

/// A node of the classic chain that listens nowhere and mines with one thread.
impl Default for RuntimeConfig {
    fn default() -> Self {
        Self {
            node: NodeConfig::default(),
            listen: None,
            explorer: None,
            miner_threads: NonZeroUsize::MIN,
            miner_kernel: None,
            journal: None,
            witness: None,
            wallet: None,
            max_store_bytes: None,
        }
    }
}
