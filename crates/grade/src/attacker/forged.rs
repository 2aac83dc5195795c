//! Blocks that break exactly one rule.

use kusari_chain::Block;

use crate::expected_blocks::hear_exactly;
use crate::mining::{self, line, lines, mine, prove, template, without_work};
use crate::needs::Need;
use crate::report::{Evidence, Verdict};
use crate::target::TargetUnderTest;
use crate::{CONDUCT, Case};

use super::still_serves;

pub(super) const CASES: &[Case] = &[
    Case::classic("1", "refuses a block whose hash is wrong", |target| {
        let mut block = target.mine_one();
        // Still with enough zeros to pass for work.
        block.hash.0[31] ^= 1;
        target.refused(line(&block))
    }),
    Case::original("1", "refuses a block whose content was changed on the way", |target| {
        let block = changed(target.mine_one());
        target.refused(line(&block))
    }),
    Case::original("1", "refuses a block with too little work", |target| {
        target.refused(line(&without_work(&target.tip(), "lazy")))
    }),
    Case::classic("2", "refuses a block whose index is not its parent's + 1", |target| {
        let tip = target.tip();
        let wrong = [tip.index, tip.index.saturating_add(2), u32::MAX];
        wrong.into_iter().try_fold(Evidence::default(), |_, index| {
            target.refused(line(&with_index(&tip, index)))
        })
    }),
    Case::classic("1", "refuses the genesis block where it is sent", |target| {
        target.refused(line(&Block::genesis()))
    }),
    Case::classic("1", "refuses another genesis block", |target| {
        target.refused(line(&other_genesis()))
    }),
    Case::classic("1", "refuses blocks on another genesis block", |target| {
        // As long as its own chain and longer, so that work alone does not decide.
        let length = target.chain().len() + 1;
        let elsewhere = mining::mine_many(&other_genesis(), "elsewhere", length.min(LONG));
        target.refused(lines(&elsewhere))
    }),
    Case::classic("2", "refuses a block whose parent is unknown", |target| {
        let unseen = target.mine_one();
        target.refused(line(&mine(&unseen, "orphan")))
    }),
    Case::classic("2", "refuses a block on a block with a wrong index", |target| {
        let misplaced = with_index(&target.tip(), target.tip().index.saturating_add(7));
        in_both_orders(target, &misplaced)
    }),
    Case::classic("2", "refuses a block on a block with too little work", |target| {
        let lazy = without_work(&target.tip(), "lazy");
        in_both_orders(target, &lazy)
    }),
    Case::original("2", "refuses a block whose line has 4,097 bytes", |target| {
        let block = mining::mine_with_plain_line_of(&target.tip(), 4_097);
        target.refused(line(&block))
    }),
    Case::classic(CONDUCT, "passes no block on whose content was changed", |target| {
        let block = changed(target.mine_one());
        not_passed_on(target, &block)
    })
    .needing(&[Need::PassesOn]),
    Case::classic(CONDUCT, "passes no block on with too little work", |target| {
        let block = without_work(&target.tip(), "lazy");
        not_passed_on(target, &block)
    })
    .needing(&[Need::PassesOn]),
    Case::classic(CONDUCT, "takes a block after a changed one came with its hash", |target| {
        // A peer that names a hash has not shown its block.
        let block = target.mine_one();
        let sent = lines([&changed(block.clone()), &block]);
        target.offer(sent, &[block])
    }),
    Case::classic(
        CONDUCT,
        "takes a block after one of another index came with its hash",
        |target| {
            let block = target.mine_one();
            let mut elsewhere = block.clone();
            elsewhere.index = elsewhere.index.saturating_add(1);
            target.offer(lines([&elsewhere, &block]), &[block])
        },
    ),
    Case::classic("2", "takes a block whose parent is known after 300 orphans", |target| {
        let done = send_orphans(target)?;
        still_serves(target, &done)
    }),
    Case::classic("2", "finds the parents of its own orphans after 300 others", |target| {
        send_orphans(target)?;
        let blocks = target.mine(2);
        target.offer(lines(blocks.iter().rev()), &blocks)
    })
    .needing(&[Need::KeepsOrphans]),
];

/// Most blocks that are mined on another genesis block.
const LONG: usize = 64;

fn changed(mut block: Block) -> Block {
    block.data.push_str(", and more");
    block
}

fn with_index(parent: &Block, index: u32) -> Block {
    let mut block = template(parent, "misplaced");
    block.index = index;
    prove(block)
}

fn other_genesis() -> Block {
    let mut other = Block::genesis();
    other.data = "Hello, somebody else!".to_owned();
    prove(other)
}

/// A block that must be refused, with one on it: the parent first, and then another one first.
fn in_both_orders(target: &mut TargetUnderTest, wrong: &Block) -> Verdict {
    target.refused(lines([wrong, &mine(wrong, "on sand")]))?;
    target.refused(lines([&mine(wrong, "on quicksand"), wrong]))
}

/// Sends a block that must be refused, and an honest one behind it, which a listener must be told alone.
fn not_passed_on(target: &mut TargetUnderTest, wrong: &Block) -> Verdict {
    let mut listener = target.listener()?;
    let block = target.mine_one();
    let sent = lines([wrong, &block]);
    target.exchange(&sent)?;
    hear_exactly(&mut listener, &[block], &sent)
}

/// Sends more orphans than a node has to keep, and says so.
fn send_orphans(target: &mut TargetUnderTest) -> Result<String, crate::report::Failure> {
    let orphans = target.orphans();
    let first = orphans.first().map_or(String::new(), line);
    target.refused(lines(&orphans))?;
    Ok(format!("{} orphans, from {first}", orphans.len()))
}
