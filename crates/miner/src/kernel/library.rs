//! One nonce at a time, by the library that also says what a block's hash is.

use sha2::block_api::compress256;

use super::Task;
use crate::plan::{BLOCK_BYTES, INITIAL_STATE};

/// The whole state after hashing `blocks`.
pub(crate) fn hash(blocks: &[[u8; BLOCK_BYTES]]) -> [u32; 8] {
    let mut state = INITIAL_STATE;
    compress256(&mut state, blocks);
    state
}

pub(super) fn scan(task: &Task<'_>) -> Option<u64> {
    let mut plan = task.plan.clone();
    let high = u64::from(task.batch.high) << 32;
    (0..task.count).find(|&step| {
        // The count ends where the low half does.
        let low = task.first.wrapping_add(step as u32);
        plan.set_nonce(high | u64::from(low));
        hash(&plan.blocks)[0] <= task.limit
    })
}
