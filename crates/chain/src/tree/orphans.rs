//! Blocks whose parent is unknown, kept while their ancestors are asked for.
//!
//! A pool of [`MAX_ORPHANS`] and [`MAX_ORPHAN_BYTES`] that forgets the oldest first. Losing one costs a download. It is
//! small, so looking through all of it is the simplest thing that is fast enough.

use crate::checked::CheckedBlock;
use crate::hash::BlockHash;
use crate::params::{MAX_ORPHAN_BYTES, MAX_ORPHANS};
use crate::prelude::*;

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Orphans(VecDeque<CheckedBlock>);

impl Orphans {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn bytes(&self) -> u64 {
        self.0.iter().map(|orphan| u64::from(orphan.line_bytes())).sum()
    }

    pub(crate) fn insert(&mut self, orphan: CheckedBlock) {
        let hash = orphan.block().hash;
        if let Some(known) = self.0.iter_mut().find(|known| known.block().hash == hash) {
            known.fill_from(&orphan);
            return;
        }
        self.0.push_back(orphan);
        while self.0.len() > MAX_ORPHANS || self.bytes() > MAX_ORPHAN_BYTES {
            self.0.pop_front();
        }
    }

    /// Takes the orphans that wait for `parent`, in the order they came.
    pub(crate) fn take_children(&mut self, parent: &BlockHash) -> Vec<CheckedBlock> {
        let mut children = Vec::new();
        let mut place = 0;
        while let Some(orphan) = self.0.get(place) {
            if orphan.block().prev_hash == *parent {
                children.extend(self.0.remove(place));
            } else {
                place += 1;
            }
        }
        children
    }

    /// Forgets all that descends from a refused block: none of it can ever connect.
    pub(crate) fn remove_descendants(&mut self, refused: BlockHash) {
        let mut parents = alloc::vec![refused];
        while let Some(parent) = parents.pop() {
            parents.extend(self.take_children(&parent).iter().map(|child| child.block().hash));
        }
    }
}
