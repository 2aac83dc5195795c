//! What users typed, and what became of it as far as they were told.

use std::collections::BTreeMap;

use kusari_chain::{Block, BlockHash};
use kusari_node::interface::PeerId;

/// Every line that was typed. No two are alike, so the chain can be searched for each.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// At which machine each was typed, and whether the user was told that it is saved.
    acknowledged: BTreeMap<String, (usize, bool)>,
    planned: u64,
    /// How often each block was sent over each connection, in each direction.
    sent: BTreeMap<(PeerId, BlockHash), u32>,
    /// How often each node said that a block joined its best chain.
    added: BTreeMap<(usize, BlockHash), u32>,
}

impl Lines {
    /// A text that was not there before.
    pub(crate) fn draw_text(&mut self, host: usize, spice: &str) -> String {
        self.planned += 1;
        format!("line {} of machine {host}{spice}", self.planned)
    }

    pub(crate) fn typed(&mut self, host: usize, text: &str) {
        self.acknowledged.insert(text.to_owned(), (host, false));
    }

    pub(crate) fn acknowledged(&mut self, host: usize, text: &str) {
        self.acknowledged.insert(text.to_owned(), (host, true));
    }

    pub(crate) fn block_added(&mut self, host: usize, hash: BlockHash) {
        *self.added.entry((host, hash)).or_default() += 1;
    }

    pub(crate) fn block_sent(&mut self, peer: PeerId, hash: BlockHash) {
        *self.sent.entry((peer, hash)).or_default() += 1;
    }

    /// Blocks that were sent over a connection more than once.
    pub(crate) fn sent_twice(&self) -> Vec<(PeerId, BlockHash)> {
        self.sent.iter().filter(|(_, times)| **times > 1).map(|(key, _)| *key).collect()
    }

    /// Blocks that some node added more than once.
    pub(crate) fn added_twice(&self) -> Vec<(usize, BlockHash)> {
        self.added.iter().filter(|(_, times)| **times > 1).map(|(key, _)| *key).collect()
    }

    pub(crate) fn acknowledged_count(&self) -> usize {
        self.acknowledged.values().filter(|(_, told)| *told).count()
    }

    /// What is wrong with a best chain, if anything is: an acknowledged line must stand in it
    /// exactly once, any other at most once.
    pub(crate) fn fault_of(&self, chain: &[Block]) -> Option<String> {
        self.fault_among(chain, |_| true)
    }

    /// The same of the lines that were typed at one machine, whatever became of the others.
    pub(crate) fn fault_of_own(&self, host: usize, chain: &[Block]) -> Option<String> {
        self.fault_among(chain, |at| at == host)
    }

    fn fault_among(&self, chain: &[Block], counts: impl Fn(usize) -> bool) -> Option<String> {
        let mut found: BTreeMap<&str, u32> = BTreeMap::new();
        for block in chain {
            *found.entry(&block.data).or_default() += 1;
        }
        let mut lines = self.acknowledged.iter().filter(|(_, (host, _))| counts(*host));
        lines.find_map(|(text, (_, told))| {
            match (found.get(text.as_str()).copied().unwrap_or(0), told) {
                (0, true) => Some(format!("the acknowledged line {text:?} is lost")),
                (0 | 1, _) => None,
                (times, _) => Some(format!("the line {text:?} stands in the chain {times} times")),
            }
        })
    }
}
