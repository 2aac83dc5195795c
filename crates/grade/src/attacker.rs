//! What an attacker does. None of it may change the chain, end the target, or keep
//! honest peers from being served.

mod crowd;
mod forged;
mod greedy;
mod liar;
mod malformed;

use super::connection::now;
use super::expected_blocks::hear_exactly;
use super::mining::{self, line};
use super::report::{Evidence, Verdict, verdict};
use super::target::{TargetUnderTest, start_of};
use super::{CONDUCT, Case};

/// How soon a chain of some hundred blocks is given out by a node that has nothing else to do.
const PROMPTLY: std::time::Duration = std::time::Duration::from_secs(2);

const AFTERWARDS: &[Case] = &[
    Case::original("2", "has kept every honest block through all of it", |target| {
        let sent = "all of the above";
        let answer = target.ask_chain()?;
        let chain = answer.blocks();
        let lost = target.chain_before().iter().find(|block| !chain.contains(block));
        match lost {
            None => verdict(!chain.is_empty(), sent, answer.last()),
            Some(block) => Err(Evidence::new(sent, format!("a chain without {}", line(block)))),
        }
    }),
    Case::original("2", "has no block that breaks a rule", |target| {
        let answer = target.ask_chain()?;
        answer.verdict()
    }),
    Case::original("3", "answers GET_CHAIN within two seconds after all of it", |target| {
        let mut best = None;
        // The best of three, since the machine may be busy with something else.
        for _ in 0..3 {
            let start = now();
            let answer = target.ask_chain()?;
            if !answer.blocks().is_empty() {
                let took = start.elapsed();
                best = Some(best.map_or(took, |best| took.min(best)));
            }
        }
        let Some(took) = best else { return Err(Evidence::new("GET_CHAIN", "no answer")) };
        let got = format!("the chain in {:.3} s", took.as_secs_f64());
        verdict(took <= PROMPTLY, "GET_CHAIN", got)
    }),
    Case::original(CONDUCT, "passes an honest block on after all of it", |target| {
        let mut listener = target.listener()?;
        let block = target.bring_one()?;
        let sent = mining::line(&block);
        hear_exactly(&mut listener, &[block], &sent)
    }),
];

/// The checks, in order.
pub(super) fn cases() -> Vec<&'static Case> {
    [forged::CASES, malformed::CASES, greedy::CASES, crowd::CASES, liar::CASES, AFTERWARDS]
        .into_iter()
        .flatten()
        .collect()
}

/// Whether an honest peer is served while, or after, something was done.
fn still_serves(target: &mut TargetUnderTest, done: &str) -> Verdict {
    match target.bring_one() {
        Ok(block) => Ok(Evidence::new(done, format!("an honest block joins: {}", line(&block)))),
        Err(broken) => {
            let got = format!("{} for an honest {}", broken.got, start_of(&broken.sent));
            Err(Evidence::new(done, got))
        }
    }
}
