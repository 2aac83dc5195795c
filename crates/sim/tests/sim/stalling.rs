//! Blocks that are to keep honest nodes from mining.

use kusari_sim::stalling::{BLOCKS_COME_SLOWLY, STAMPED_AHEAD};

/// Seeds of each, where the environment does not say otherwise.
const SEEDS: u64 = 40;

/// It costs the attacker 31 blocks of the least work: a fraction of a second of one core.
#[test]
fn blocks_that_are_stamped_ahead_delay_what_a_person_sends_by_seconds() {
    crate::common::run(STAMPED_AHEAD, SEEDS);
}

/// It costs the attacker 65,536 tries each two and a half seconds.
#[test]
fn blocks_that_come_slowly_delay_a_line_by_seconds_while_they_come() {
    crate::common::run(BLOCKS_COME_SLOWLY, SEEDS);
}
