//! Everything at once: what a target owes to honest peers while others do what they can.

use std::time::Duration;

use crate::connection::{Connection, now};
use crate::expected_blocks::hear_exactly;
use crate::mining::{line, lines, without_work};
use crate::needs::Need;
use crate::report::{Evidence, Failure, broken, verdict};
use crate::target::TargetUnderTest;
use crate::{CONDUCT, Case};

/// How soon a chain of some hundred blocks is given out by a node that has nothing else to do.
const PROMPTLY: Duration = Duration::from_secs(2);
/// Connections of each kind.
const ATTACKERS: usize = 8;

const SIEGE: &str = "wrong blocks, nonsense, unknown verbs and half a line on 8 connections";

pub(super) const CASES: &[Case] = &[
    Case::classic("2", "keeps its blocks while it is attacked", |target| {
        let before = target.chain().to_vec();
        let siege = begin(target)?;
        let answer = target.ask_chain()?;
        drop(siege);
        let given = answer.blocks();
        match before.iter().find(|block| !given.contains(block)) {
            None => Ok(Evidence::new(SIEGE, answer.last())),
            Some(lost) => broken(SIEGE, format!("a chain without {}", line(lost))),
        }
    }),
    Case::classic("2", "has no block that breaks a rule after it was attacked", |target| {
        drop(begin(target)?);
        target.ask_chain()?.is_a_chain()
    }),
    Case::classic("3", "gives its chain within two seconds while it is attacked", |target| {
        let siege = begin(target)?;
        let mut best: Option<Duration> = None;
        // The best of three, since the machine may be busy with something else.
        for _ in 0..3 {
            let start = now();
            let answer = target.ask_chain()?;
            if answer.blocks().len() >= target.chain().len() {
                let took = start.elapsed();
                best = Some(best.map_or(took, |best| took.min(best)));
            }
        }
        drop(siege);
        let Some(took) = best else { return broken(SIEGE, "no whole answer to GET_CHAIN") };
        verdict(took <= PROMPTLY, SIEGE, format!("the chain in {:.3} s", took.as_secs_f64()))
    }),
    Case::classic(CONDUCT, "passes an honest block on while it is attacked", |target| {
        let mut listener = target.listener()?;
        let siege = begin(target)?;
        let block = target.mine_one();
        target.offer(line(&block), std::slice::from_ref(&block))?;
        let shown = hear_exactly(&mut listener, &[block], SIEGE);
        drop(siege);
        shown
    })
    .needing(&[Need::PassesOn]),
];

/// Attacks, and goes on holding the connections.
fn begin(target: &mut TargetUnderTest) -> Result<Vec<Connection>, Failure> {
    let mut changed = target.mine_one();
    changed.data.push('!');
    let wrong = lines([&changed, &without_work(&target.tip(), "lazy")]);
    let half = &line(&changed)[..64];
    let all = format!("{wrong}BLOCK:{{}}\n\nFOO\n{}BLOCK:x\n{half}", "GET_CHAIN\n".repeat(3));
    let mut siege = Vec::new();
    for _ in 0..ATTACKERS {
        siege.push(target.say(&all)?);
    }
    Ok(siege)
}
