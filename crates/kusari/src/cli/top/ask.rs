//! Asks a node for what the dashboard shows.
//!
//! Owns which requests that takes, and the blocks that need not be asked for again.

use super::facts::{Facts, RecentBlock};
use kusari_api_types::Status;
use kusari_client::{Client, ClientError};

/// Blocks that are shown: some screens of them.
const KEPT_BLOCKS: u32 = 48;

/// Asks a node, again and again.
#[derive(Debug, Default)]
pub(crate) struct Asker {
    /// The best chain's last blocks, the oldest first, each the parent of the next.
    blocks: Vec<RecentBlock>,
}

impl Asker {
    /// What the node has now. Each part is of a moment of its own, all within this call.
    pub(crate) fn ask(&mut self, client: &Client) -> Result<Facts, ClientError> {
        client.see_alive()?;
        let status = client.status()?;
        let peers = client.peers()?.peers;
        let ledger = match status.chain_name {
            Some(_) => Some(client.ledger()?),
            None => None,
        };
        let branches = client.branches()?;
        self.read_blocks(client, &status)?;
        Ok(Facts {
            base: client.base().to_owned(),
            mining: status.mining,
            peers,
            branches,
            ledger,
            blocks: self.blocks.iter().rev().cloned().collect(),
            status,
        })
    }

    /// Reads the blocks that are new, and all of them where the chain is another one.
    fn read_blocks(&mut self, client: &Client, status: &Status) -> Result<(), ClientError> {
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
            let page = client.blocks(next, KEPT_BLOCKS)?;
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
