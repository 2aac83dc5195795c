//! What a target shows to be, and so what is demanded of it.

use kusari_chain::Block;

use super::answer::read_block;
use super::introduced::hello::{self, Claim};
use super::mining::{self, lines};
use super::report::Level;
use super::target::TargetUnderTest;

/// The level whose checks a target is put to, and why it is not a higher one.
#[derive(Clone, Copy)]
pub(super) struct Demanded {
    pub(super) level: Level,
    /// Why what is above that level is skipped.
    pub(super) reason: &'static str,
}

impl Demanded {
    /// What was asked for, whatever the target is.
    pub(super) fn by_choice(level: Level) -> Self {
        Self { level, reason: "a lower level was asked for" }
    }

    /// What the target shows to be.
    pub(super) fn of(target: &mut TargetUnderTest) -> Self {
        if answers_hello(target) {
            return Self { level: Level::Kusari, reason: "" };
        }
        if keeps_a_list(target) {
            let reason = "the target keeps a list of all that it gets, as an original does";
            return Self { level: Level::Original, reason };
        }
        Self { level: Level::Classic, reason: "the target does not answer HELLO" }
    }
}

fn answers_hello(target: &mut TargetUnderTest) -> bool {
    let claim = Claim::of(&target.tip());
    let question = format!("{}GET_CHAIN\n", hello::line(&claim, target.node_id()));
    target
        .exchange(question)
        .is_ok_and(|answer| answer.lines.iter().any(|line| line.starts_with("HELLO:")))
}

/// Whether it gives out a block twice that came twice, and one on a parent that it does not have. A node with one of
/// the two faults keeps a chain and is wrong; both together are what an original is.
fn keeps_a_list(target: &mut TargetUnderTest) -> bool {
    let Ok(block) = target.bring_one() else { return false };
    // Low in the chain: what follows goes on from the tip.
    let nowhere = Block { hash: without_a_block(), ..Block::genesis() };
    let orphan = mining::mine(&nowhere, "on no block");
    let Ok(answer) = target.exchange(lines([&block, &orphan]) + "GET_CHAIN\n") else {
        return false;
    };
    let count = |wanted: &Block| {
        let blocks = answer.lines.iter().filter_map(|line| read_block(line));
        blocks.filter(|block| block.hash == wanted.hash).count()
    };
    count(&block) > 1 && count(&orphan) > 0
}

fn without_a_block() -> kusari_chain::BlockHash {
    let mut hash = Block::genesis().hash;
    hash.0[28..].copy_from_slice(b"none");
    hash
}
