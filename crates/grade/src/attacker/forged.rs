//! Blocks that break exactly one rule.

use kusari_chain::Block;

use crate::expected_blocks::hear_exactly;
use crate::mining::{self, line, lines, mine, prove, template};
use crate::report::Evidence;
use crate::target::TargetUnderTest;
use crate::{CONDUCT, Case};

use super::still_serves;

pub(super) const CASES: &[Case] = &[
    Case::original("1", "refuses a block whose hash is wrong", |target| {
        let mut block = target.mine_one();
        // Still with enough zeros to pass for work.
        block.hash.0[31] ^= 1;
        target.refused(line(&block))
    }),
    Case::original("1", "refuses a block whose content was changed on the way", |target| {
        let mut block = target.mine_one();
        block.data.push_str(", and more");
        target.refused(line(&block))
    }),
    Case::original("1", "refuses a block with too little work", |target| {
        target.refused(line(&mining::without_work(&target.tip(), "lazy")))
    }),
    Case::original("2", "refuses a block whose index is not its parent's + 1", |target| {
        let tip = target.tip().index;
        let wrong = [tip, tip.saturating_add(2), u32::MAX];
        wrong.into_iter().try_fold(Evidence::default(), |_, index| {
            target.refused(line(&with_index(target, index)))
        })
    }),
    Case::original("1", "refuses another genesis block", |target| {
        let mut other = Block::genesis();
        other.data = "Hello, somebody else!".to_owned();
        let other = prove(other);
        target.refused(line(&Block::genesis()))?;
        let more = mining::mine_many(&other, "elsewhere", 2);
        target.refused(line(&other) + &lines(&more))
    }),
    Case::original("2", "refuses a block whose parent is unknown", |target| {
        let unseen = target.mine_one();
        target.refused(line(&mine(&unseen, "orphan")))
    }),
    Case::original("2", "refuses a block on a block that it refused", |target| {
        let misplaced = with_index(target, target.tip().index.saturating_add(7));
        let lazy = mining::without_work(&target.tip(), "lazy");
        let blocks = [mine(&misplaced, "on sand"), misplaced, mine(&lazy, "on sand"), lazy];
        target.refused(lines(&blocks))
    }),
    Case::original("2", "refuses a block whose line has 4,097 bytes", |target| {
        let block = mining::mine_with_line_of(&target.tip(), 4_097);
        target.refused(line(&block))
    }),
    Case::original(CONDUCT, "passes no refused block on", |target| {
        let mut listener = target.listener()?;
        let mut changed = target.mine_one();
        changed.data.push('!');
        let sent = lines([&changed, &mining::without_work(&target.tip(), "lazy")]);
        target.refused(&sent)?;
        let block = target.bring_one()?;
        hear_exactly(&mut listener, &[block], &sent)
    }),
    Case::original(CONDUCT, "takes a block after wrong ones came with its hash", |target| {
        // A peer that names a hash has not shown its block.
        let block = target.mine_one();
        let mut changed = block.clone();
        changed.data.push('!');
        let mut elsewhere = block.clone();
        elsewhere.index = elsewhere.index.saturating_add(1);
        target.refused(lines([&changed, &elsewhere]))?;
        target.bring(&[block])
    }),
    Case::original("2", "takes a block whose parent is known after 300 orphans", |target| {
        let orphans = target.take_orphans();
        let done = format!(
            "{} orphans, from {}",
            orphans.len(),
            orphans.first().map_or(String::new(), line)
        );
        target.refused(lines(&orphans))?;
        still_serves(target, &done)?;
        // Its own orphans still find their parents.
        let blocks = target.mine(2);
        target.offer(lines(blocks.iter().rev()), &blocks)
    }),
];

fn with_index(target: &TargetUnderTest, index: u32) -> Block {
    let mut block = template(&target.tip(), "misplaced");
    block.index = index;
    prove(block)
}
