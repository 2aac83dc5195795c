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

/// Of whom a check demands something. Each level demands what those before it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Of every node, also an original: it keeps a list of all blocks whose work is done, and passes
    /// on whatever it can read.
    Original,
    /// Of a node that keeps the rules of the chain, though it knows only `BLOCK` and `GET_CHAIN`.
    Classic,
    /// Of a node that answers `HELLO`.
    Kusari,
}

impl Level {
    /// The levels, from the one that demands least.
    pub const ALL: [Self; 3] = [Self::Original, Self::Classic, Self::Kusari];

    /// The level, as it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Classic => "classic",
            Self::Kusari => "kusari",
        }
    }
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The target does it.
    Holds,
    /// It does not.
    Broken,
    /// It could not be tried: the target is gone, or does not do what the check is made of.
    Untried,
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
    /// Why it was skipped, or could not be tried.
    pub reason: Option<&'static str>,
}

/// All checks of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Who was graded.
    pub target: SocketAddr,
    /// What was demanded.
    pub level: Level,
    /// Checks that hold.
    pub holds: usize,
    /// Checks that are broken.
    pub broken: usize,
    /// Checks that could not be tried.
    pub untried: usize,
    /// Checks that were skipped.
    pub skipped: usize,
    /// Every check, in the order in which they were made.
    pub checks: Vec<Check>,
}

impl Report {
    pub(super) fn new(target: SocketAddr, level: Level) -> Self {
        Self { target, level, holds: 0, broken: 0, untried: 0, skipped: 0, checks: Vec::new() }
    }

    pub(super) fn push(&mut self, check: Check) {
        *match check.outcome {
            Outcome::Holds => &mut self.holds,
            Outcome::Broken => &mut self.broken,
            Outcome::Untried => &mut self.untried,
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

/// Why a check does not hold.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The target does not do what the check is about.
    Broken(Evidence),
    /// The target does not do something else, without which the check says nothing.
    Untried(&'static str, Evidence),
}

/// What is not shown to be something else is what the check is about.
impl From<Evidence> for Failure {
    fn from(shown: Evidence) -> Self {
        Self::Broken(shown)
    }
}

/// `Ok` where the target does what it should.
pub(super) type Verdict = Result<Evidence, Failure>;

/// A step on the way to what a check is about.
pub(super) trait Step<T> {
    /// Where the step fails, the check could not be tried, and this is why.
    fn or_untried(self, why: &'static str) -> Result<T, Failure>;
}

impl<T, E: Into<Failure>> Step<T> for Result<T, E> {
    fn or_untried(self, why: &'static str) -> Result<T, Failure> {
        self.map_err(|failure| match failure.into() {
            Failure::Broken(shown) => Failure::Untried(why, shown),
            untried @ Failure::Untried(..) => untried,
        })
    }
}

impl Evidence {
    /// Text of any length, with or without a newline at its end.
    pub(super) fn new(sent: impl ToString, got: impl ToString) -> Self {
        Self { sent: cut(&sent.to_string()), got: cut(&got.to_string()) }
    }
}

pub(super) fn verdict(holds: bool, sent: impl ToString, got: impl ToString) -> Verdict {
    let evidence = Evidence::new(sent, got);
    if holds { Ok(evidence) } else { Err(evidence.into()) }
}

/// The verdict on a target that does not do what the check is about.
pub(super) fn broken<T>(sent: impl ToString, got: impl ToString) -> Result<T, Failure> {
    Err(Evidence::new(sent, got).into())
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
