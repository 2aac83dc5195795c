//! The search in a damaged store: whatever the bytes are it ends, and every block that it finds has the
//! hash that it is found by.

use std::io::Cursor;

use super::store_open::content_of;
use kusari_store::Finds;

/// Takes the bytes as `store_open` does.
pub fn check(bytes: &[u8]) {
    let Some(content) = content_of(bytes) else { return };
    let mut finds = Finds::in_bytes(Cursor::new(content)).expect("bytes in memory can be read");
    let plan = finds.plan();
    for hash in &plan.linked {
        let block = finds.block(hash).expect("bytes in memory can be read");
        let (whole, _) = block.expect("what was found is there");
        assert!(whole.block.compute_hash() == *hash && whole.block.hash == *hash);
        if let Some(part) = whole.ledger {
            assert!(part.commitment.body_root == part.body_root());
        }
    }
    let lost = finds.lost_entries();
    assert!(finds.entries().all(|found| !lost.contains(&found.entry.id)));
}
