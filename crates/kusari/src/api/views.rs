//! The forms of the local API, filled from the node's picture of itself and from a store.
//!
//! Owns nothing but the way from one to the other: the API, the prompt and the commands tell the
//! same.

use std::net::SocketAddr;

use kusari_chain::{BestPoint, Block, BlockHash, BlockStore, StoreError, StoredBlock, Work};
use kusari_node::snapshot::PeerSummary;
use kusari_node::{NodeConfig, PeerStage, Snapshot};

use super::model::{BlockReport, PeerList, PeerReport, Stage, Status};

impl Status {
    /// The state of a node. `listen` is absent where none runs, `data_directory` where the chain is
    /// in memory.
    #[must_use]
    pub fn new(
        snapshot: &Snapshot,
        listen: Option<SocketAddr>,
        data_directory: Option<String>,
    ) -> Self {
        let inbound_peers = snapshot.peers.iter().filter(|peer| peer.inbound).count();
        let BestPoint { height, hash, work } = snapshot.tip;
        Self {
            agent: NodeConfig::default().agent,
            chain: String::from("classic"),
            height,
            tip: hash,
            work,
            listen,
            data_directory,
            outbound_peers: snapshot.peers.len() - inbound_peers,
            inbound_peers,
            waiting_records: snapshot.waiting_lines,
            side_bytes: snapshot.side_bytes,
            side_limit: snapshot.side_limit,
            orphans: snapshot.orphans,
            catching_up: snapshot.catching_up,
        }
    }
}

impl PeerList {
    /// Who is connected.
    #[must_use]
    pub fn new(snapshot: &Snapshot) -> Self {
        Self { peers: snapshot.peers.iter().map(PeerReport::from).collect() }
    }
}

impl From<&PeerSummary> for PeerReport {
    fn from(peer: &PeerSummary) -> Self {
        Self {
            address: peer.address,
            inbound: peer.inbound,
            stage: peer.stage.into(),
            agent: peer.agent.clone(),
            height: peer.height,
        }
    }
}

impl From<PeerStage> for Stage {
    fn from(stage: PeerStage) -> Self {
        match stage {
            PeerStage::Greeted => Self::Greeted,
            PeerStage::Silent => Self::Silent,
            PeerStage::Plain => Self::Plain,
            PeerStage::Original => Self::Original,
            PeerStage::Introduced => Self::Introduced,
        }
    }
}

impl BlockReport {
    /// The best chain's block at a height.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn at_height(store: &dyn BlockStore, height: u32) -> Result<Option<Self>, StoreError> {
        match height {
            0 => Self::genesis(store).map(Some),
            _ => store.best_at(height)?.map(|stored| Self::of(store, stored)).transpose(),
        }
    }

    /// A block of any branch.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn by_hash(store: &dyn BlockStore, hash: &BlockHash) -> Result<Option<Self>, StoreError> {
        if *hash == BestPoint::genesis().hash {
            return Self::genesis(store).map(Some);
        }
        store.by_hash(hash)?.map(|stored| Self::of(store, stored)).transpose()
    }

    /// The genesis block is nowhere stored.
    fn genesis(store: &dyn BlockStore) -> Result<Self, StoreError> {
        let confirmations = tip_height(store)?.saturating_add(1);
        Ok(Self { block: Block::genesis(), work: Work::ZERO, best_chain: true, confirmations })
    }

    fn of(store: &dyn BlockStore, stored: StoredBlock) -> Result<Self, StoreError> {
        let StoredBlock { block, work, .. } = stored;
        let best = store.best_at(block.index)?;
        let best_chain = best.is_some_and(|best| best.block.hash == block.hash);
        let confirmations = match best_chain {
            // A node may go back to a lower chain of more work between two reads.
            true => tip_height(store)?.saturating_sub(block.index).saturating_add(1),
            false => 0,
        };
        Ok(Self { block, work, best_chain, confirmations })
    }
}

fn tip_height(store: &dyn BlockStore) -> Result<u32, StoreError> {
    Ok(store.best_tip()?.map_or(0, |tip| tip.block.index))
}
