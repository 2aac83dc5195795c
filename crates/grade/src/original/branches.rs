//! Branches: the most work wins, at any depth, and all nodes break a tie alike.

use kusari_chain::Block;

use crate::Case;
use crate::mining::lines;
use crate::needs::Need;
use crate::target::TargetUnderTest;

pub(super) const CASES: &[Case] = &[
    Case::classic("2", "keeps its chain when a branch has less work", |target| {
        let (long, short) = branches(target, 3, 2);
        target.bring(&long)?;
        target.refused(lines(&short))
    }),
    Case::classic("2", "reorganises three blocks deep when a branch has more work", |target| {
        let (first, second) = branches(target, 3, 4);
        target.bring(&first)?;
        target.offer(lines(&second), &second)
    }),
    Case::classic("2", "reorganises back when the first branch overtakes the second", |target| {
        let (first, second) = branches(target, 4, 3);
        target.bring(&first[..2])?;
        target.bring(&second)?;
        target.offer(lines(&first[2..]), &first)
    })
    .needing(&[Need::Reorganises]),
    Case::classic("2", "reorganises to a branch that came tip first", |target| {
        let (first, second) = branches(target, 2, 3);
        target.bring(&first)?;
        target.offer(lines(second.iter().rev()), &second)
    })
    .needing(&[Need::Reorganises, Need::KeepsOrphans]),
    Case::classic("2", "keeps the tip with the smaller hash of two with equal work", |target| {
        let [smaller, larger] = two_tips(target);
        target.bring(std::slice::from_ref(&smaller))?;
        target.refused(lines([&larger]))
    }),
    Case::classic("2", "takes the tip with the smaller hash of two with equal work", |target| {
        let [smaller, larger] = two_tips(target);
        target.bring(&[larger])?;
        target.offer(lines([&smaller]), std::slice::from_ref(&smaller))
    }),
];

/// Two branches on the tip.
fn branches(target: &mut TargetUnderTest, one: usize, other: usize) -> (Vec<Block>, Vec<Block>) {
    (target.mine(one), target.mine(other))
}

/// Two blocks on the tip, the one with the smaller hash first.
fn two_tips(target: &mut TargetUnderTest) -> [Block; 2] {
    let mut tips = [target.mine_one(), target.mine_one()];
    tips.sort_by_key(|tip| tip.hash);
    tips
}
