//! The hostile-peer kit: it plays original peer, kusari peer and attacker against any
//! implementation of the protocol, over live connections, and says what holds.
//!
//! Owns the checks and how a target is spoken to. It writes its lines by the letter of the protocol
//! and judges chains by `kusari-chain`; it must not touch `net`, `runtime` or `store`, so that our
//! own node is graded like anybody's. Nothing is printed here.
//!
//! A check waits for an event: a line, the end of a connection, a block that was passed on. That
//! something must *not* happen is seen by what comes after it on the same connection, so a good
//! node is never waited for in vain. Every wait is bounded by [`GradeConfig::patience`].

mod answer;
mod attacker;
mod bench;
mod connection;
mod hearing;
mod introduced;
mod mining;
mod original;
mod report;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bench::Bench;
pub use report::{Check, Level, Outcome, Part, Report};
use report::{Evidence, Verdict};

/// Longest chain that is graded, in blocks: each check reads all of it.
const MAX_CHAIN_BLOCKS: usize = 2_000;

/// What is to be graded, and how patiently.
#[derive(Clone, Copy, Debug)]
pub struct GradeConfig {
    /// The target, on loopback.
    pub target: SocketAddr,
    /// How long to wait for anything that the target owes. A target that owed an answer several
    /// times in a row is waited for much less.
    pub patience: Duration,
}

/// Why nothing can be graded.
#[derive(Debug, thiserror::Error)]
pub enum GradeError {
    /// The kit attacks what it talks to.
    #[error(
        "{0} is not on this machine, and grading attacks what it talks to; name a loopback \
         address, as in 127.0.0.1:8080"
    )]
    NotLoopback(SocketAddr),
    /// Nobody takes a connection.
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
}

/// One thing that the protocol demands, and how to find out.
struct Case {
    /// A sentence about the target's behaviour.
    name: &'static str,
    /// Where the protocol demands it.
    section: &'static str,
    level: Level,
    run: fn(&mut Bench) -> Verdict,
}

impl Case {
    /// What every node must do.
    const fn original(
        section: &'static str,
        name: &'static str,
        run: fn(&mut Bench) -> Verdict,
    ) -> Self {
        Self { name, section, level: Level::Original, run }
    }

    /// What a node must do that answers `HELLO`.
    const fn kusari(
        section: &'static str,
        name: &'static str,
        run: fn(&mut Bench) -> Verdict,
    ) -> Self {
        Self { name, section, level: Level::Kusari, run }
    }
}

/// Plays every check against the target, in order, and calls `on_check` after each.
///
/// The target's chain gets some hundred blocks, which stay.
///
/// # Errors
/// [`GradeError`] where there is nothing that could be graded. A target that falls silent or goes
/// away later is no error: its checks are broken.
pub fn run(config: &GradeConfig, mut on_check: impl FnMut(&Check)) -> Result<Report, GradeError> {
    let target = config.target;
    if !target.ip().to_canonical().is_loopback() {
        return Err(GradeError::NotLoopback(target));
    }
    let mut bench = Bench::reach(target, config.patience)
        .map_err(|error| GradeError::Unreachable { target, error })?;
    if bench.chain().len() > MAX_CHAIN_BLOCKS {
        return Err(GradeError::ChainTooLong { target, blocks: bench.chain().len() });
    }
    let mut report = Report::new(target);
    for part in Part::ALL {
        bench.begin_part();
        let cases: Vec<&Case> = match part {
            Part::OriginalPeer => original::cases(),
            Part::KusariPeer => introduced::cases(),
            Part::Attacker => attacker::cases(),
        };
        for case in cases {
            let check = judge(&mut bench, part, case);
            on_check(&check);
            report.push(check);
        }
    }
    Ok(report)
}

fn judge(bench: &mut Bench, part: Part, case: &Case) -> Check {
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
    if case.level == Level::Kusari && !bench.speaks_kusari() {
        check.reason = Some("the target does not answer HELLO");
        return check;
    }
    bench.look_again();
    let (outcome, Evidence { sent, got }) = match (case.run)(bench) {
        Ok(evidence) => (Outcome::Holds, evidence),
        Err(evidence) => (Outcome::Broken, evidence),
    };
    check.outcome = outcome;
    check.sent = Some(sent);
    check.got = Some(got);
    check
}
