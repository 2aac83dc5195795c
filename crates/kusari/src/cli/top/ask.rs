//! Asks a node for what the dashboard shows.
//!
//! Owns which requests that takes, and the blocks that need not be asked for again.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::facts::{Facts, Mining, Peer, RecentBlock};
use crate::api::client::{Client, ClientError};
use crate::api::model::{PeerList, Status};
use crate::cost::this_machine;

/// Blocks that are shown: some screens of them.
const KEPT_BLOCKS: u32 = 48;

/// What `/v1/status` may say beside [`Status`].
#[derive(Default, Deserialize)]
struct StatusExtension {
    #[serde(default)]
    mining: Option<Mining>,
}

/// What `/v1/peers` may say beside [`PeerList`], in the same order.
#[derive(Default, Deserialize)]
struct PeersExtension {
    peers: Vec<PeerExtension>,
}

#[derive(Default, Deserialize)]
struct PeerExtension {
    #[serde(default)]
    latency_us: Option<u64>,
}

/// Asks one node, again and again.
#[derive(Debug)]
pub(crate) struct Asker {
    client: Arc<Client>,
    /// The best chain's last blocks, the oldest first, each the parent of the next.
    blocks: Vec<RecentBlock>,
}

impl Asker {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        Self { client, blocks: Vec::new() }
    }

    /// The node answers elsewhere now.
    pub(crate) fn ask_at(&mut self, client: Arc<Client>) {
        self.client = client;
    }

    /// What the node has now. Each part is of a moment of its own, all within this call.
    pub(crate) fn ask(&mut self) -> Result<Facts, ClientError> {
        let (status, StatusExtension { mining }) =
            self.with_extension::<Status, _>("/v1/status")?;
        let (peers, extension) = self.with_extension::<PeerList, PeersExtension>("/v1/peers")?;
        let mut latencies = extension.peers.into_iter().map(|peer| peer.latency_us);
        let peers = peers.peers.into_iter().map(|report| {
            let latency_us = latencies.next().flatten();
            Peer { report, latency_us }
        });
        let peers = peers.collect();
        let ledger = match status.chain_name {
            Some(_) => Some(self.client.ledger()?),
            None => None,
        };
        let branches = self.client.branches()?;
        self.read_blocks(&status)?;
        Ok(Facts {
            base: self.client.base().to_owned(),
            mining,
            peers,
            branches,
            ledger,
            blocks: self.blocks.iter().rev().cloned().collect(),
            rate_here: this_machine(),
            status,
        })
    }

    /// An answer, and what newer nodes say in it besides; nothing where that is of no such form.
    fn with_extension<T: DeserializeOwned, E: DeserializeOwned + Default>(
        &self,
        path: &str,
    ) -> Result<(T, E), ClientError> {
        let value: Value = self.client.get(path)?;
        let extension = E::deserialize(&value).unwrap_or_default();
        let unreadable = |error: serde_json::Error| ClientError::Unreadable {
            base: self.client.base().to_owned(),
            reason: error.to_string(),
        };
        Ok((serde_json::from_value(value).map_err(unreadable)?, extension))
    }

    /// Reads the blocks that are new, and all of them where the chain is another one.
    fn read_blocks(&mut self, status: &Status) -> Result<(), ClientError> {
        let lowest = status.height.saturating_sub(KEPT_BLOCKS - 1);
        let mut next = match self.blocks.last() {
            Some(last) if last.hash == status.tip => return Ok(()),
            Some(last) if (lowest..status.height).contains(&last.height) => last.height + 1,
            _ => {
                self.blocks.clear();
                lowest
            }
        };
        // A page has one block at least, so this is often enough also where blocks are long, and all
        // are read again.
        for _ in 0..2 * KEPT_BLOCKS {
            let page = self.client.blocks(next, KEPT_BLOCKS)?;
            for whole in &page.blocks {
                let block = RecentBlock::from(whole);
                if self.blocks.last().is_some_and(|last| last.hash != block.prev_hash) {
                    self.blocks.clear();
                }
                self.blocks.push(block);
            }
            // The chain moved to another branch: what lies below is read again, too.
            let whole = self.blocks.first().is_none_or(|first| first.height <= lowest);
            next = match (page.next, whole) {
                (Some(height), _) if height > next => height,
                (_, false) if next > lowest => {
                    self.blocks.clear();
                    lowest
                }
                _ => break,
            };
        }
        let surplus = self.blocks.len().saturating_sub(KEPT_BLOCKS as usize);
        self.blocks.drain(..surplus);
        Ok(())
    }
}
