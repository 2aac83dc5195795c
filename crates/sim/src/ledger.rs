//! Machines whose nodes keep a ledger.
//!
//! Owns the chain's parameters and when such a machine mines.

use std::sync::Arc;

use kusari_chain::ledger::transaction::ChainSalt;
use kusari_chain::ledger::{ChainId, ChainSpec};
use kusari_chain::mempool::PoolLimits;
use kusari_chain::params::CLASSIC_CHAIN;
use kusari_node::{LedgerConfig, MiningPolicy, WitnessConfig};

use crate::users::User;
use crate::world::{Micros, World};

/// The chain of every world: difficulty stays where it is, since every block is really mined.
pub(crate) fn spec() -> ChainSpec {
    ChainSpec {
        name: String::from("simulated"),
        salt: ChainSalt([0x51; 32]),
        block_time_s: 1,
        half_life_s: 365 * 24 * 60 * 60,
        reward: 1_000,
        ..ChainSpec::ledger()
    }
}

/// What waits to be mined at a node.
pub(crate) struct Waiting {
    pub(crate) own: u64,
    pub(crate) pooled: usize,
}

impl World {
    /// Adds a machine with a node of the ledger that dials the given machines.
    pub(crate) fn add_ledger(
        &mut self,
        dials: &[usize],
        at: Micros,
        mining: MiningPolicy,
    ) -> usize {
        let host = self.add_kusari(dials, at);
        if let Some(kusari) = self.kusari_mut(host) {
            // Blocks of a clock that is further ahead are held back.
            kusari.skew = kusari.skew.min(100);
            kusari.config.ledger = Some(LedgerConfig {
                spec: Arc::new(spec()),
                miner: User::new(host).public,
                mining,
                pool_limits: PoolLimits::default(),
                offline: false,
                witnesses: WitnessConfig::default(),
            });
        }
        host
    }

    /// Adds such machines, which start at once: whom each dials, by these places, and when it mines.
    pub(crate) fn add_ledgers<const N: usize>(
        &mut self,
        machines: [(&[usize], MiningPolicy); N],
    ) -> [usize; N] {
        machines.map(|(dials, mining)| self.add_ledger(dials, 0, mining))
    }

    /// A policy that mines, now and then another one.
    pub(crate) fn draw_policy(&mut self) -> MiningPolicy {
        match self.random.below(6) {
            0 => MiningPolicy::Interval { seconds: 10 },
            1 => MiningPolicy::Always,
            _ => MiningPolicy::OnDemand,
        }
    }

    pub(crate) fn ledger_config(&self, host: usize) -> Option<&LedgerConfig> {
        self.kusari(host)?.config.ledger.as_ref()
    }

    /// The id of the ledger, in a world that has one.
    pub(crate) fn chain_id(&self) -> Option<ChainId> {
        let configs = (0..self.hosts.len()).find_map(|host| self.ledger_config(host));
        configs.map(|config| config.spec.chain_id())
    }

    /// The chain as `HELLO` names it.
    pub(crate) fn chain_name(&self) -> String {
        self.chain_id().map_or_else(|| String::from(CLASSIC_CHAIN), |id| id.to_string())
    }

    pub(crate) fn mines(&self, host: usize) -> bool {
        self.ledger_config(host).is_some_and(|config| config.mining != MiningPolicy::Off)
    }

    pub(crate) fn waiting(&self, host: usize) -> Option<Waiting> {
        let ledger = self.node(host)?.snapshot().ledger?;
        Some(Waiting { own: ledger.local_transactions, pooled: ledger.pooled })
    }

    /// Whether a machine need not find what it searches for: all is said, and nothing waits. So a
    /// world in which some node always mines comes to rest as well.
    pub(crate) fn may_rest(&self, host: usize) -> bool {
        let nothing = |waiting: Waiting| waiting.own == 0 && waiting.pooled == 0;
        self.faults.over && self.waiting(host).is_some_and(nothing)
    }
}
