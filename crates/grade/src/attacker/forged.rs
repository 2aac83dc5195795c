//! Blocks that break exactly one rule.

use kusari_chain::Block;

use crate::Case;
use crate::bench::Bench;
use crate::hearing::hear_exactly;
use crate::mining::{self, line, lines, mine, prove, template};
use crate::report::{Evidence, Verdict};

use super::still_serves;

pub(super) const CASES: &[Case] = &[
    Case::original("1", "refuses a block whose hash is wrong", refuses_a_wrong_hash),
    Case::original("1", "refuses a block whose content was changed on the way", refuses_a_change),
    Case::original("1", "refuses a block with too little work", refuses_too_little_work),
    Case::original(
        "2",
        "refuses a block whose index is not its parent's + 1",
        refuses_a_wrong_index,
    ),
    Case::original("1", "refuses another genesis block", refuses_another_genesis),
    Case::original("2", "refuses a block whose parent is unknown", refuses_an_unknown_parent),
    Case::original("2", "refuses a block on a block that it refused", refuses_a_block_on_sand),
    Case::original("2", "refuses a block whose line has 4,097 bytes", refuses_a_long_line),
    Case::original("3, rules of conduct", "passes no refused block on", passes_nothing_wrong_on),
    Case::original(
        "3, rules of conduct",
        "takes a block after wrong ones came with its hash",
        takes_the_right_one_after_wrong_ones,
    ),
    Case::original(
        "2",
        "takes a block whose parent is known after 300 orphans",
        survives_an_orphan_storm,
    ),
];

fn refuses_a_wrong_hash(bench: &mut Bench) -> Verdict {
    let mut block = bench.mine_one();
    // Still with enough zeros to pass for work.
    block.hash.0[31] ^= 1;
    bench.refused(line(&block))
}

fn refuses_a_change(bench: &mut Bench) -> Verdict {
    let mut block = bench.mine_one();
    block.data.push_str(", and more");
    bench.refused(line(&block))
}

fn refuses_too_little_work(bench: &mut Bench) -> Verdict {
    bench.refused(line(&mining::without_work(&bench.tip(), "lazy")))
}

fn with_index(bench: &Bench, index: u32) -> Block {
    let mut block = template(&bench.tip(), "misplaced");
    block.index = index;
    prove(block)
}

fn refuses_a_wrong_index(bench: &mut Bench) -> Verdict {
    let tip = bench.tip().index;
    let mut shown = Evidence::new("", "");
    for index in [tip, tip.saturating_add(2), u32::MAX] {
        shown = bench.refused(line(&with_index(bench, index)))?;
    }
    Ok(shown)
}

fn refuses_another_genesis(bench: &mut Bench) -> Verdict {
    let mut other = Block::genesis();
    other.data = "Hello, somebody else!".to_owned();
    let other = prove(other);
    bench.refused(line(&Block::genesis()))?;
    let more = mining::mine_many(&other, "elsewhere", 2);
    bench.refused(line(&other) + &lines(&more))
}

fn refuses_an_unknown_parent(bench: &mut Bench) -> Verdict {
    let unseen = bench.mine_one();
    bench.refused(line(&mine(&unseen, "orphan")))
}

fn refuses_a_block_on_sand(bench: &mut Bench) -> Verdict {
    let misplaced = with_index(bench, bench.tip().index.saturating_add(7));
    let lazy = mining::without_work(&bench.tip(), "lazy");
    let blocks = [mine(&misplaced, "on sand"), misplaced, mine(&lazy, "on sand"), lazy];
    bench.refused(lines(&blocks))
}

fn refuses_a_long_line(bench: &mut Bench) -> Verdict {
    let block = mining::mine_with_line_of(&bench.tip(), 4_097);
    bench.refused(line(&block))
}

fn passes_nothing_wrong_on(bench: &mut Bench) -> Verdict {
    let mut listener = bench.listener()?;
    let mut changed = bench.mine_one();
    changed.data.push('!');
    let sent = lines([&changed, &mining::without_work(&bench.tip(), "lazy")]);
    bench.refused(&sent)?;
    let block = bench.bring_one()?;
    hear_exactly(&mut listener, &[block], &sent)
}

/// Whoever names a hash has not shown its block.
fn takes_the_right_one_after_wrong_ones(bench: &mut Bench) -> Verdict {
    let block = bench.mine_one();
    let mut changed = block.clone();
    changed.data.push('!');
    let mut elsewhere = block.clone();
    elsewhere.index = elsewhere.index.saturating_add(1);
    bench.refused(lines([&changed, &elsewhere]))?;
    bench.bring(&[block])
}

fn survives_an_orphan_storm(bench: &mut Bench) -> Verdict {
    let orphans = bench.take_orphans();
    let done =
        format!("{} orphans, from {}", orphans.len(), orphans.first().map_or(String::new(), line));
    bench.refused(lines(&orphans))?;
    still_serves(bench, &done)?;
    // Its own orphans still find their parents.
    let blocks = bench.mine(2);
    bench.offer(lines(blocks.iter().rev()), &blocks)
}
