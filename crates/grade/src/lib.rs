//! The hostile-peer kit: it plays original peer, kusari peer and attacker against any
//! implementation of the protocol, over live connections, and says what holds.
//!
//! Owns the checks and how a target is spoken to. It writes its lines by the letter of the protocol
//! and judges chains by `kusari-chain`; it must not touch `net`, `runtime` or `store`, so that our
//! own node is graded like any other. Nothing is printed here.
//!
//! Every check stands alone, in any order, on any chain. It begins when the target has shown that it lives, takes a
//! block, and does whatever else the check is made of but not about; where it does not, the check could
//! not be tried.
//!
//! A check waits for an event: a line, the end of a connection, a block that was passed on. That
//! something must *not* happen is seen by what comes after it on the same connection, so a good
//! node is never waited for in vain. Every wait is bounded by [`GradeConfig::patience`].

mod answer;
mod attacker;
mod case;
mod connection;
mod expected_blocks;
mod introduced;
mod level;
mod mining;
mod needs;
mod order;
mod original;
mod report;
mod target;
mod transcript;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use case::Case;
use level::Demanded;
pub use report::{Check, Level, Outcome, Part, Report};
use report::{Evidence, Failure};
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
    /// What is demanded; what the target shows to be where this is `None`.
    pub level: Option<Level>,
    /// Has the checks made in a random order, which this number decides.
    pub shuffle: Option<u64>,
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

/// A target that was reached, and the checks that it is to be put to.
pub struct Grading {
    cases: Vec<(Part, &'static Case)>,
    level: Option<Level>,
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
        let mut cases = chosen(&config.only)?;
        if let Some(seed) = config.shuffle {
            order::shuffle(&mut cases, seed);
        }
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
        Ok(Self { cases, level: config.level, tested })
    }

    /// The names of the checks that are to be made, in their order, and of whom each is demanded.
    pub fn checks(&self) -> impl Iterator<Item = (&'static str, Level)> {
        self.cases.iter().map(|(_, case)| (case.name, case.level))
    }

    /// Makes every check and calls `on_check` after each. The target's chain gets some hundred blocks,
    /// which stay. What a target does not do for once is broken; what follows could not be tried where it
    /// falls silent or goes away.
    pub fn run(mut self, mut on_check: impl FnMut(&Check)) -> Report {
        let demanded = match self.level {
            Some(level) => Demanded::by_choice(level),
            None => Demanded::of(&mut self.tested),
        };
        let mut report = Report::new(self.tested.address, demanded.level);
        for (part, case) in self.cases {
            let check = judge(&mut self.tested, demanded, part, case);
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

fn judge(
    tested: &mut TargetUnderTest,
    demanded: Demanded,
    part: Part,
    case: &'static Case,
) -> Check {
    let check = |outcome, shown: Option<Evidence>, reason| {
        let (sent, got) = shown.map(|Evidence { sent, got }| (sent, got)).unzip();
        let Case { name, section, level, .. } = *case;
        Check { name, part, section, level, outcome, sent, got, reason }
    };
    if case.level > demanded.level {
        return check(Outcome::Skipped, None, Some(demanded.reason));
    }
    match case.try_on(tested) {
        Ok(shown) => check(Outcome::Holds, Some(shown), None),
        Err(Failure::Broken(shown)) => check(Outcome::Broken, Some(shown), None),
        Err(Failure::Untried(why, shown)) => check(Outcome::Untried, Some(shown), Some(why)),
    }
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
    fn every_check_can_be_chosen_alone() {
        let cases = chosen(&[]).unwrap();
        for (_, case) in &cases {
            let found = chosen(&[case.name.to_owned()]).unwrap();
            assert_eq!(found.len(), 1, "{:?} is in the name of another check", case.name);
        }
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
        let (patience, only) = (Duration::ZERO, Vec::new());
        let config = GradeConfig { target, patience, only, level: None, shuffle: None };
        assert!(matches!(Grading::begin(&config), Err(GradeError::NotLoopback(_))));
    }
}
