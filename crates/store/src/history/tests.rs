//! The history against a plain list of hashes.

use kusari_chain::merkle::{NodeHash, leaf_hash};
use kusari_chain::proof::path::Subtrees;
use kusari_chain::{Block, BlockHash};
use proptest::prelude::*;
use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase};

use super::{HistoryReader, HistoryWriter, TileCheck};
use crate::checksummed::WriteTables;
use crate::tables;

/// What one commit does: so many blocks go, and so many come.
type Step = (u32, u32);

struct Model {
    database: Database,
    hashes: Vec<BlockHash>,
    drawn: u64,
}

impl Model {
    fn new() -> Self {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.table(tables::HISTORY).unwrap();
        transaction.commit().unwrap();
        Self { database, hashes: vec![Block::genesis().hash], drawn: 0 }
    }

    fn tip(&self) -> u32 {
        u32::try_from(self.hashes.len()).unwrap() - 1
    }

    fn apply(&mut self, (gone, come): Step) {
        let transaction = self.database.begin_write().unwrap();
        let mut writer = HistoryWriter::open(&transaction, self.tip()).unwrap();
        for _ in 0..gone.min(self.tip()) {
            writer.cut(self.tip()).unwrap();
            self.hashes.pop();
        }
        for _ in 0..come {
            self.drawn += 1;
            let hash = BlockHash(leaf_hash(&self.drawn.to_le_bytes()));
            writer.push(self.tip() + 1, &hash).unwrap();
            self.hashes.push(hash);
        }
        writer.finish().unwrap();
        transaction.commit().unwrap();
    }

    fn check(&self) {
        let transaction = self.database.begin_read().unwrap();
        let mut tiles = TileCheck::open(&transaction).unwrap();
        self.hashes.iter().for_each(|hash| tiles.push(hash).unwrap());
        assert!(tiles.finish().unwrap(), "{} blocks", self.hashes.len());
        let mut reader = HistoryReader::open(&transaction, self.tip()).unwrap();
        let leaves: Vec<NodeHash> = self.hashes.iter().map(|hash| leaf_hash(&hash.0)).collect();
        for level in 0..=leaves.len().ilog2() {
            for index in [0, (leaves.len() as u64 >> level) - 1] {
                let expected = leaves.as_slice().subtree(level, index).unwrap();
                assert_eq!(reader.subtree(level, index).unwrap(), expected);
            }
        }
        for from in [0, 1, self.tip() / 2, self.tip().saturating_sub(3), self.tip()] {
            let mut heights: Vec<u32> = (from..=self.tip()).collect();
            heights.sort_by_key(|height| self.hashes[*height as usize]);
            heights.truncate(6);
            assert_eq!(reader.lowest(from, 6).unwrap(), heights, "from {from}");
            let hash = reader.hash_at(from).unwrap();
            assert_eq!(hash, self.hashes[from as usize]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn tiles_follow_whatever_the_best_chain_does(
        steps in proptest::collection::vec((0..200_u32, 0..300_u32), 1..12),
    ) {
        let mut model = Model::new();
        // The first blocks come with the first commit, which makes the tiles.
        model.apply((0, 1));
        for (gone, come) in steps {
            // What replaces blocks has at least one.
            model.apply((gone, if gone < model.tip() { come } else { come.max(1) }));
            model.check();
        }
    }
}

#[test]
fn a_long_history_has_tiles_of_three_levels() {
    let mut model = Model::new();
    model.apply((0, 4_095));
    model.check();
    model.apply((0, 1));
    model.check();
    model.apply((2, 5_000));
    model.check();
    model.apply((9_000, 70));
    model.check();
}
