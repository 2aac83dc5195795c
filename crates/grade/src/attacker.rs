//! What an attacker does. None of it may change the chain, end the target, or keep
//! honest peers from being served.

mod crowd;
mod forged;
mod greedy;
mod liar;
mod malformed;
mod siege;

use super::Case;
use super::mining::line;
use super::report::{Evidence, Failure, Verdict};
use super::target::{TargetUnderTest, start_of};

/// The checks, in order.
pub(super) fn cases() -> Vec<&'static Case> {
    [forged::CASES, malformed::CASES, greedy::CASES, crowd::CASES, liar::CASES, siege::CASES]
        .into_iter()
        .flatten()
        .collect()
}

/// Whether an honest peer is served while, or after, something was done.
fn still_serves(target: &mut TargetUnderTest, done: &str) -> Verdict {
    match target.bring_one() {
        Ok(block) => Ok(Evidence::new(done, format!("an honest block joins: {}", line(&block)))),
        Err(Failure::Broken(shown) | Failure::Untried(_, shown)) => {
            let got = format!("{} for an honest {}", shown.got, start_of(&shown.sent));
            Err(Evidence::new(done, got).into())
        }
    }
}
