//! Branches: the most work wins, at any depth, and all nodes break a tie alike.

use kusari_chain::Block;

use crate::Case;
use crate::mining::lines;
use crate::report::Evidence;
use crate::target::TargetUnderTest;

pub(super) const CASES: &[Case] = &[
    Case::original("2", "keeps its chain when a branch has less work", |target| {
        let (long, short) = branches(target, 3, 2);
        target.bring(&long)?;
        target.refused(lines(&short))
    }),
    Case::original("2", "reorganises three blocks deep when a branch has more work", |target| {
        let (first, second) = branches(target, 3, 4);
        target.bring(&first)?;
        target.bring(&second)
    }),
    Case::original("2", "reorganises back when the first branch overtakes the second", |target| {
        let (first, second) = branches(target, 4, 3);
        target.bring(&first[..2])?;
        target.bring(&second)?;
        target.offer(lines(&first[2..]), &first)
    }),
    Case::original("2", "reorganises to a branch that came tip first", |target| {
        let (first, second) = branches(target, 2, 3);
        target.bring(&first)?;
        target.offer(lines(second.iter().rev()), &second)
    }),
    Case::original("2", "takes the tip with the smaller hash of two with equal work", |target| {
        for smaller_first in [false, true] {
            let (one, other) = branches(target, 1, 1);
            let mut tips = [one, other].concat();
            tips.sort_by_key(|tip| tip.hash);
            let smaller = tips[..1].to_vec();
            if !smaller_first {
                tips.reverse();
            }
            let broken = match &tips[..] {
                [first, second] => {
                    target.offer(lines([first]), std::slice::from_ref(first))?;
                    target.offer(lines([second]), &smaller).err()
                }
                _ => None,
            };
            if let Some(broken) = broken {
                return Err(broken);
            }
        }
        Ok(Evidence::new(
            "two blocks on one parent, in both orders",
            "the one with the smaller hash",
        ))
    }),
];

/// Two branches on the tip.
fn branches(target: &mut TargetUnderTest, one: usize, other: usize) -> (Vec<Block>, Vec<Block>) {
    (target.mine(one), target.mine(other))
}
