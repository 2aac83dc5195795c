//! Where blocks and transactions come from, and how events name them.

use core::net::SocketAddr;

use kusari_chain::{BestPoint, BlockHash, Branch};

use crate::prelude::*;
use crate::store::EntryId;

/// A block by its height and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlockName {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: BlockHash,
}

impl From<BestPoint> for BlockName {
    fn from(point: BestPoint) -> Self {
        Self { height: point.height, hash: point.hash }
    }
}

/// A peer as it was when it sent something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sender {
    /// Its address.
    #[schema(value_type = String)]
    pub address: SocketAddr,
    /// Program and version, as it says; absent before it introduced itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub agent: Option<String>,
}

/// Where a block or a transaction comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Origin {
    /// A peer sent it by itself.
    Announced(Sender),
    /// A peer sent it because it was asked while this node caught up.
    Synced(Sender),
    /// It was mined here.
    Mined {
        /// For this line of the outbox; absent on a ledger.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<u64>, nullable = false)]
        entry: Option<EntryId>,
    },
    /// It was here and waited: for its parent, or for its time.
    Waited,
    /// It was here, and its branch is judged anew.
    Reconsidered,
    /// A person or a program of this node handed it over.
    Person,
}

/// What is known of a held branch that is ahead of the best chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldReport {
    /// The best chain's last block.
    pub best: BestPoint,
    /// The branch.
    pub branch: Branch,
    /// Held branches that are ahead beside this one.
    pub others: usize,
}

/// Where a block comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockSource {
    /// Mined here, for this outbox entry.
    Mined(EntryId),
    /// Mined here, on a ledger.
    MinedBody,
    /// Announced by a peer.
    Announced,
    /// Asked for while catching up.
    Synced,
}

impl Origin {
    /// The peer that it comes from.
    #[must_use]
    pub fn sender(&self) -> Option<&Sender> {
        match self {
            Self::Announced(sender) | Self::Synced(sender) => Some(sender),
            _ => None,
        }
    }

    pub(super) fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let agent = match self {
            Self::Announced(sender) | Self::Synced(sender) => sender.agent.as_mut(),
            _ => None,
        };
        agent.into_iter()
    }
}
