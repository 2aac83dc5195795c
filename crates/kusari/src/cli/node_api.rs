//! What a person asks a node, whether it runs in this process, answers elsewhere by its local API, or does
//! not run and its store is read.
//!
//! The prompt and the subcommands ask by the same methods, and word the answers by the same functions.

mod embedded;
#[cfg(test)]
mod tests;

use kusari_api_types::branches::{AcceptReceipt, BranchList};
use std::net::IpAddr;

use kusari_api_types::{
    AccountReport, BanList, BlockReport, ConnectReceipt, DisconnectReceipt, PeerList, Status,
    UnbanReceipt, WhySubject, WitnessList,
};
use kusari_chain::ledger::Address;
use kusari_chain::{BlockHash, WholeBlock};
use kusari_client::Client;
use kusari_node::PeerAddress;
use kusari_store::event_log::Prefix;

pub(crate) use self::embedded::{EmbeddedNode, NO_LEDGER};
use super::escape::grouped;
use super::failure::{Result, failed};
use super::named::BlockName;

/// Blocks that are read at once.
const PAGE_BLOCKS: u32 = 256;

/// A node that can be asked.
pub(crate) trait NodeApi {
    /// For what asks any node.
    fn as_dyn(&self) -> &dyn NodeApi;

    fn status(&self) -> Result<Status>;

    /// Height of the best chain.
    fn height(&self) -> Result<u32>;

    fn peers(&self) -> Result<PeerList>;

    fn connect(&self, address: &PeerAddress) -> Result<ConnectReceipt>;

    fn disconnect(&self, address: &PeerAddress) -> Result<DisconnectReceipt>;

    fn bans(&self) -> Result<BanList>;

    fn unban(&self, host: IpAddr) -> Result<UnbanReceipt>;

    /// What the hash is of that begins so.
    fn beginning_so(&self, prefix: &Prefix) -> Result<WhySubject>;

    fn block_at(&self, height: u32) -> Result<Option<BlockReport>>;

    fn block_with(&self, hash: &BlockHash) -> Result<Option<BlockReport>>;

    /// Up to `count` blocks of the best chain from a height on.
    fn blocks(&self, from: u32, count: u32) -> Result<Vec<WholeBlock>>;

    fn branches(&self) -> Result<BranchList>;

    fn accept_branch(&self, hash: &BlockHash) -> Result<AcceptReceipt>;

    fn witnesses(&self) -> Result<WitnessList>;

    fn account(&self, address: &Address) -> Result<AccountReport>;

    /// A block, or words that say that there is none.
    fn block(&self, name: &BlockName) -> Result<BlockReport> {
        let (found, place) = match name {
            BlockName::Height(height) => {
                (self.block_at(*height)?, format!("at height {}", grouped(*height)))
            }
            BlockName::Hash(name) => {
                let hash = name.find(self.as_dyn())?;
                (self.block_with(&hash)?, format!("with the hash {hash}"))
            }
        };
        found.ok_or_else(|| {
            failed!("there is no block {place}; `kusari status` shows how high the chain is")
        })
    }

    /// Gives the blocks from one height to another to `show`, until it has enough. Each builds on the one
    /// before it, the first one on `parent` where that is known.
    fn visit(
        &self,
        from: u32,
        to: u32,
        parent: Option<BlockHash>,
        show: &mut dyn FnMut(&WholeBlock) -> Result<bool>,
    ) -> Result {
        visit(from, to, parent, |next, count| self.blocks(next, count), show)
    }
}

/// [`NodeApi::visit`], by whatever gives a page.
fn visit(
    from: u32,
    to: u32,
    mut parent: Option<BlockHash>,
    mut page: impl FnMut(u32, u32) -> Result<Vec<WholeBlock>>,
    show: &mut dyn FnMut(&WholeBlock) -> Result<bool>,
) -> Result {
    // Between two pages a better branch may come.
    let changed = |height| {
        failed!("the best chain changed below height {height} while it was read; ask again")
    };
    let mut next = from;
    while next <= to {
        let blocks = page(next, (to - next + 1).min(PAGE_BLOCKS))?;
        if blocks.is_empty() {
            return Err(changed(next));
        }
        for whole in blocks.iter().take((to - next + 1) as usize) {
            // A node elsewhere may send whatever it likes: heights that do not rise would have no end.
            let is_next = whole.block.index == next;
            if !is_next || parent.is_some_and(|parent| parent != whole.block.prev_hash) {
                return Err(changed(next));
            }
            if !show(whole)? {
                return Ok(());
            }
            parent = Some(whole.block.hash);
            next = next.saturating_add(1);
        }
    }
    Ok(())
}

impl NodeApi for Client {
    fn as_dyn(&self) -> &dyn NodeApi {
        self
    }

    fn status(&self) -> Result<Status> {
        Ok(self.status()?)
    }

    fn height(&self) -> Result<u32> {
        Ok(self.status()?.height)
    }

    fn peers(&self) -> Result<PeerList> {
        Ok(self.peers()?)
    }

    fn connect(&self, address: &PeerAddress) -> Result<ConnectReceipt> {
        Ok(self.connect(&address.to_string())?)
    }

    fn disconnect(&self, address: &PeerAddress) -> Result<DisconnectReceipt> {
        Ok(self.disconnect(&address.to_string())?)
    }

    fn bans(&self) -> Result<BanList> {
        Ok(self.bans()?)
    }

    fn unban(&self, host: IpAddr) -> Result<UnbanReceipt> {
        Ok(self.unban(&host.to_string())?)
    }

    fn beginning_so(&self, prefix: &Prefix) -> Result<WhySubject> {
        Ok(self.why(&prefix.to_string())?.subject)
    }

    fn block_at(&self, height: u32) -> Result<Option<BlockReport>> {
        Ok(self.block(&height.to_string())?)
    }

    fn block_with(&self, hash: &BlockHash) -> Result<Option<BlockReport>> {
        Ok(self.block(&hash.to_string())?)
    }

    fn blocks(&self, from: u32, count: u32) -> Result<Vec<WholeBlock>> {
        Ok(self.blocks(from, count)?.blocks)
    }

    fn branches(&self) -> Result<BranchList> {
        Ok(self.branches()?)
    }

    fn accept_branch(&self, hash: &BlockHash) -> Result<AcceptReceipt> {
        Ok(self.accept_branch(hash)?)
    }

    fn witnesses(&self) -> Result<WitnessList> {
        Ok(self.witnesses()?)
    }

    fn account(&self, address: &Address) -> Result<AccountReport> {
        Ok(self.account(address)?)
    }
}
