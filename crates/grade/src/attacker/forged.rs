//! Blocks that break exactly one rule.

use kusari_chain::Block;

use crate::bench::Bench;
use crate::hearing::hear_exactly;
use crate::mining::{self, line, lines, mine, prove, template};
use crate::report::Evidence;
use crate::{CONDUCT, Case};

use super::still_serves;

pub(super) const CASES: &[Case] = &[
    Case::original("1", "refuses a block whose hash is wrong", |bench| {
        let mut block = bench.mine_one();
        // Still with enough zeros to pass for work.
        block.hash.0[31] ^= 1;
        bench.refused(line(&block))
    }),
    Case::original("1", "refuses a block whose content was changed on the way", |bench| {
        let mut block = bench.mine_one();
        block.data.push_str(", and more");
        bench.refused(line(&block))
    }),
    Case::original("1", "refuses a block with too little work", |bench| {
        bench.refused(line(&mining::without_work(&bench.tip(), "lazy")))
    }),
    Case::original("2", "refuses a block whose index is not its parent's + 1", |bench| {
        let tip = bench.tip().index;
        let wrong = [tip, tip.saturating_add(2), u32::MAX];
        wrong.into_iter().try_fold(Evidence::default(), |_, index| {
            bench.refused(line(&with_index(bench, index)))
        })
    }),
    Case::original("1", "refuses another genesis block", |bench| {
        let mut other = Block::genesis();
        other.data = "Hello, somebody else!".to_owned();
        let other = prove(other);
        bench.refused(line(&Block::genesis()))?;
        let more = mining::mine_many(&other, "elsewhere", 2);
        bench.refused(line(&other) + &lines(&more))
    }),
    Case::original("2", "refuses a block whose parent is unknown", |bench| {
        let unseen = bench.mine_one();
        bench.refused(line(&mine(&unseen, "orphan")))
    }),
    Case::original("2", "refuses a block on a block that it refused", |bench| {
        let misplaced = with_index(bench, bench.tip().index.saturating_add(7));
        let lazy = mining::without_work(&bench.tip(), "lazy");
        let blocks = [mine(&misplaced, "on sand"), misplaced, mine(&lazy, "on sand"), lazy];
        bench.refused(lines(&blocks))
    }),
    Case::original("2", "refuses a block whose line has 4,097 bytes", |bench| {
        let block = mining::mine_with_line_of(&bench.tip(), 4_097);
        bench.refused(line(&block))
    }),
    Case::original(CONDUCT, "passes no refused block on", |bench| {
        let mut listener = bench.listener()?;
        let mut changed = bench.mine_one();
        changed.data.push('!');
        let sent = lines([&changed, &mining::without_work(&bench.tip(), "lazy")]);
        bench.refused(&sent)?;
        let block = bench.bring_one()?;
        hear_exactly(&mut listener, &[block], &sent)
    }),
    Case::original(CONDUCT, "takes a block after wrong ones came with its hash", |bench| {
        // Whoever names a hash has not shown its block.
        let block = bench.mine_one();
        let mut changed = block.clone();
        changed.data.push('!');
        let mut elsewhere = block.clone();
        elsewhere.index = elsewhere.index.saturating_add(1);
        bench.refused(lines([&changed, &elsewhere]))?;
        bench.bring(&[block])
    }),
    Case::original("2", "takes a block whose parent is known after 300 orphans", |bench| {
        let orphans = bench.take_orphans();
        let done = format!(
            "{} orphans, from {}",
            orphans.len(),
            orphans.first().map_or(String::new(), line)
        );
        bench.refused(lines(&orphans))?;
        still_serves(bench, &done)?;
        // Its own orphans still find their parents.
        let blocks = bench.mine(2);
        bench.offer(lines(blocks.iter().rev()), &blocks)
    }),
];

fn with_index(bench: &Bench, index: u32) -> Block {
    let mut block = template(&bench.tip(), "misplaced");
    block.index = index;
    prove(block)
}
