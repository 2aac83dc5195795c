//! Branches: the most work wins, at any depth, and everybody breaks a tie alike.

use kusari_chain::Block;

use crate::Case;
use crate::bench::Bench;
use crate::mining::lines;
use crate::report::Evidence;

pub(super) const CASES: &[Case] = &[
    Case::original("2", "keeps its chain when a branch has less work", |bench| {
        let (long, short) = branches(bench, 3, 2);
        bench.bring(&long)?;
        bench.refused(lines(&short))
    }),
    Case::original("2", "reorganises three blocks deep when a branch has more work", |bench| {
        let (first, second) = branches(bench, 3, 4);
        bench.bring(&first)?;
        bench.bring(&second)
    }),
    Case::original("2", "reorganises back when the first branch overtakes the second", |bench| {
        let (first, second) = branches(bench, 4, 3);
        bench.bring(&first[..2])?;
        bench.bring(&second)?;
        bench.offer(lines(&first[2..]), &first)
    }),
    Case::original("2", "reorganises to a branch that came tip first", |bench| {
        let (first, second) = branches(bench, 2, 3);
        bench.bring(&first)?;
        bench.offer(lines(second.iter().rev()), &second)
    }),
    Case::original("2", "takes the tip with the smaller hash of two with equal work", |bench| {
        for smaller_first in [false, true] {
            let (one, other) = branches(bench, 1, 1);
            let mut tips = [one, other].concat();
            tips.sort_by_key(|tip| tip.hash);
            let smaller = tips[..1].to_vec();
            if !smaller_first {
                tips.reverse();
            }
            let broken = match &tips[..] {
                [first, second] => {
                    bench.offer(lines([first]), std::slice::from_ref(first))?;
                    bench.offer(lines([second]), &smaller).err()
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
fn branches(bench: &mut Bench, one: usize, other: usize) -> (Vec<Block>, Vec<Block>) {
    (bench.mine(one), bench.mine(other))
}
