//! What was found: checks, their outcomes, and the lines that showed them.

use std::net::SocketAddr;

use serde::Serialize;

/// Most characters kept of a line that is shown.
const SHOWN_CHARACTERS: usize = 240;

/// What the kit plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// A node of the original kind, or a person with `nc`.
    OriginalPeer,
    /// A peer that says `HELLO`.
    KusariPeer,
    /// An attacker.
    Attacker,
}

impl Part {
    /// The parts, in the order in which they are played.
    pub const ALL: [Self; 3] = [Self::OriginalPeer, Self::KusariPeer, Self::Attacker];

    /// The part, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OriginalPeer => "original peer",
            Self::KusariPeer => "kusari peer",
            Self::Attacker => "attacker",
        }
    }
}

/// Of whom a check demands something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Of every node, also one that knows only `BLOCK` and `GET_CHAIN`.
    Original,
    /// Of a node that answers `HELLO`.
    Kusari,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The target does it.
    Holds,
    /// It does not.
    Broken,
    /// Nothing was demanded.
    Skipped,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What the target should do, as a sentence without a subject. Unique, and the same in every run.
    pub name: &'static str,
    /// What the kit played.
    pub part: Part,
    /// Section of the protocol that demands it.
    pub section: &'static str,
    /// Of whom it is demanded.
    pub level: Level,
    /// How it came out.
    pub outcome: Outcome,
    /// What was sent, cut. The text of a stranger may be in it.
    pub sent: Option<String>,
    /// What came back, cut. The text of a stranger.
    pub got: Option<String>,
    /// Why it was skipped.
    pub reason: Option<&'static str>,
}

/// All checks of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Who was graded.
    pub target: SocketAddr,
    /// Checks that hold.
    pub holds: usize,
    /// Checks that are broken.
    pub broken: usize,
    /// Checks that were skipped.
    pub skipped: usize,
    /// Every check, in the order in which they were made.
    pub checks: Vec<Check>,
}

impl Report {
    pub(super) fn new(target: SocketAddr) -> Self {
        Self { target, holds: 0, broken: 0, skipped: 0, checks: Vec::new() }
    }

    pub(super) fn push(&mut self, check: Check) {
        *match check.outcome {
            Outcome::Holds => &mut self.holds,
            Outcome::Broken => &mut self.broken,
            Outcome::Skipped => &mut self.skipped,
        } += 1;
        self.checks.push(check);
    }
}

/// The line that was sent and what came back.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    pub(super) sent: String,
    pub(super) got: String,
}

/// `Ok` where the target does what it should.
pub(super) type Verdict = Result<Evidence, Evidence>;

impl Evidence {
    /// Text of any length, with or without a newline at its end.
    pub(super) fn new(sent: impl ToString, got: impl ToString) -> Self {
        Self { sent: cut(&sent.to_string()), got: cut(&got.to_string()) }
    }
}

pub(super) fn verdict(holds: bool, sent: impl ToString, got: impl ToString) -> Verdict {
    let evidence = Evidence::new(sent, got);
    if holds { Ok(evidence) } else { Err(evidence) }
}

fn cut(text: &str) -> String {
    let text = text.trim_end_matches('\n');
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_line_is_bounded() {
        assert_eq!(cut("GET_CHAIN\n"), "GET_CHAIN");
        let long = cut(&"é".repeat(10_000));
        assert!(long.ends_with("é… (20000 bytes)") && long.len() < 600, "{long}");
    }
}
