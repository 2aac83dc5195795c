//! The hostile-peer kit: it plays original peer, kusari peer and attacker against any
//! implementation of the protocol, over live connections, and says what holds.
//!
//! Owns the checks and how a target is spoken to. It writes its lines by the letter of the protocol
//! and judges chains by `kusari-chain`; it must not touch `net`, `runtime` or `store`, so that our
//! own node is graded like any other. Nothing is printed here.
//!
//! A check waits for an event: a line, the end of a connection, a block that was passed on. That
//! something must *not* happen is seen by what comes after it on the same connection, so a good
//! node is never waited for in vain. Every wait is bounded by [`GradeConfig::patience`].

mod answer;
mod attacker;
mod connection;
mod expected_blocks;
mod introduced;
mod mining;
mod original;
mod report;
mod target;
mod transcript;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

pub use report::{Check, Level, Outcome, Part, Report};
use report::{Evidence, Verdict};
use target::TargetUnderTest;

/// Where the protocol says how a node behaves.
const CONDUCT: &str = "3, rules of conduct";
/// Longest chain that is graded, in blocks: each check reads all of it.
const MAX_CHAIN_BLOCKS: usize = 2_000;

/// What is to be graded, and how patiently.
#[derive(Clone, Debug)]
pub struct GradeConfig {
    /// The target, on loopback.
    pub target: SocketAddr,
    /// How long to wait for anything that the target owes. A target that owed an answer several
    /// times in a row is waited for much less.
    pub patience: Duration,
    /// Only checks whose name contains one of these texts; all where there is none.
    pub only: Vec<String>,
}

/// Why nothing can be graded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GradeError {
    /// The kit attacks what it talks to.
    #[error(
        "{0} is not on this machine, and grading attacks what it talks to; name a loopback \
         address, as in 127.0.0.1:8080"
    )]
    NotLoopback(SocketAddr),
    /// No connection is taken.
    #[error(
        "{target} cannot be reached ({error}); start the node to grade, or correct the address"
    )]
    Unreachable {
        /// The target.
        target: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The chain would take too long to read again and again.
    #[error(
        "the chain of {target} has {blocks} blocks, and at most {MAX_CHAIN_BLOCKS} can be graded; \
         grade a node with a new chain"
    )]
    ChainTooLong {
        /// The target.
        target: SocketAddr,
        /// Blocks in its chain.
        blocks: usize,
    },
    /// What was asked for is no check.
    #[error("no check has {0:?} in its name; grade without a choice to see all names")]
    NoSuchCheck(String),
}

/// One thing that the protocol demands, and how to find out.
struct Case {
    /// A sentence about the target's behaviour.
    name: &'static str,
    /// Where the protocol demands it.
    section: &'static str,
    level: Level,
    run: fn(&mut TargetUnderTest) -> Verdict,
}

impl Case {
    /// What every node must do.
    const fn original(
        section: &'static str,
        name: &'static str,
        run: fn(&mut TargetUnderTest) -> Verdict,
    ) -> Self {
        Self { name, section, level: Level::Original, run }
    }

    /// What a node must do that answers `HELLO`.
    const fn kusari(
        section: &'static str,
        name: &'static str,
        run: fn(&mut TargetUnderTest) -> Verdict,
    ) -> Self {
        Self { name, section, level: Level::Kusari, run }
    }
}

/// A target that was reached, and the checks that it is to be put to.
pub struct Grading {
    cases: Vec<(Part, &'static Case)>,
    tested: TargetUnderTest,
}

impl Grading {
    /// Connects to the target and reads its chain. Nothing is added to it yet.
    ///
    /// # Errors
    /// [`GradeError`] where there is nothing that could be graded.
    pub fn begin(config: &GradeConfig) -> Result<Self, GradeError> {
        let target = config.target;
        if !target.ip().to_canonical().is_loopback() {
            return Err(GradeError::NotLoopback(target));
        }
        let cases = chosen(&config.only)?;
        let mut tested = TargetUnderTest::reach(target, config.patience)
            .map_err(|error| GradeError::Unreachable { target, error })?;
        let blocks = tested.chain().len();
        if blocks > MAX_CHAIN_BLOCKS {
            return Err(GradeError::ChainTooLong { target, blocks });
        }
        if config.only.is_empty() {
            // A choice of a few checks mostly leaves out the one that needs them.
            tested.begin_to_mine_orphans();
        }
        Ok(Self { cases, tested })
    }

    /// Makes every check, in order, and calls `on_check` after each. The target's chain gets some
    /// hundred blocks, which stay. A target that falls silent or goes away breaks its checks.
    pub fn run(mut self, mut on_check: impl FnMut(&Check)) -> Report {
        let mut report = Report::new(self.tested.address);
        let mut last_part = None;
        for (part, case) in self.cases {
            if last_part.replace(part) != Some(part) {
                self.tested.begin_part();
            }
            let check = judge(&mut self.tested, part, case);
            on_check(&check);
            report.push(check);
        }
        report
    }
}

/// The checks that are wanted, in order.
fn chosen(only: &[String]) -> Result<Vec<(Part, &'static Case)>, GradeError> {
    let mut cases = Vec::new();
    for part in Part::ALL {
        let of_part = match part {
            Part::OriginalPeer => original::cases(),
            Part::KusariPeer => introduced::cases(),
            Part::Attacker => attacker::cases(),
        };
        cases.extend(of_part.into_iter().map(|case| (part, case)));
    }
    if let Some(text) = only.iter().find(|text| !cases.iter().any(|(_, c)| c.name.contains(*text)))
    {
        return Err(GradeError::NoSuchCheck(text.clone()));
    }
    let is_wanted = |name: &str| only.is_empty() || only.iter().any(|text| name.contains(text));
    cases.retain(|(_, case)| is_wanted(case.name));
    Ok(cases)
}

fn judge(tested: &mut TargetUnderTest, part: Part, case: &Case) -> Check {
    let mut check = Check {
        name: case.name,
        part,
        section: case.section,
        level: case.level,
        outcome: Outcome::Skipped,
        sent: None,
        got: None,
        reason: None,
    };
    if case.level == Level::Kusari && !tested.speaks_kusari() {
        check.reason = Some("the target does not answer HELLO");
        return check;
    }
    tested.look_again();
    let (outcome, Evidence { sent, got }) = match (case.run)(tested) {
        Ok(evidence) => (Outcome::Holds, evidence),
        Err(evidence) => (Outcome::Broken, evidence),
    };
    check.outcome = outcome;
    check.sent = Some(sent);
    check.got = Some(got);
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_check_has_a_name_of_its_own() {
        let cases = chosen(&[]).unwrap();
        let names: HashSet<&str> = cases.iter().map(|(_, case)| case.name).collect();
        assert_eq!(names.len(), cases.len());
        assert!(cases.len() > 80, "checks were lost: {}", cases.len());
    }

    #[test]
    fn checks_can_be_chosen_by_words_of_their_names() {
        let few = chosen(&["wrong hash".to_owned(), "whose hash is wrong".to_owned()]);
        assert!(matches!(few, Err(GradeError::NoSuchCheck(text)) if text == "wrong hash"));
        assert_eq!(chosen(&["whose hash is wrong".to_owned()]).unwrap().len(), 1);
    }

    #[test]
    fn only_this_machine_is_attacked() {
        let target = "192.0.2.1:8080".parse().unwrap();
        let config = GradeConfig { target, patience: Duration::ZERO, only: Vec::new() };
        assert!(matches!(Grading::begin(&config), Err(GradeError::NotLoopback(_))));
    }
}
