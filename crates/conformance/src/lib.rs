//! Golden files: what an implementation of the protocol makes of given inputs.
//!
//! Owns the suites under `conformance/`: their form, running them against this program, and
//! rewriting what they expect. Judges nothing itself: what comes out is what `kusari-chain` and
//! `kusari-node` say. Prints nothing; that is up to the command line.

mod blocks;
mod bytes;
mod dialogue;
mod diff;
mod files;
mod forks;
mod layout;
mod ledger;
mod lines;
mod proofs;
mod suites;

use std::path::PathBuf;

use serde_json::Value;

use files::{Case, SuiteFile};
pub use files::{DIRECTORY, Place};
use suites::{SUITES, Suite};

/// Why a suite cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConformanceError {
    /// No suite has this name.
    #[error("there is no suite {name:?}; the suites are {}, and `all` runs every one",
        suite_names().join(", "))]
    UnknownSuite {
        /// The name that was asked for.
        name: String,
    },
    /// There are no files that could be rewritten.
    #[error(
        "there is no directory `{DIRECTORY}` here, whose files --update rewrites; change to the \
         root of the source first"
    )]
    NothingToUpdate,
    /// A suite's file cannot be read.
    #[error("{} cannot be read: {reason}; restore it, or run this where there is no `{DIRECTORY}` \
        to use the suites in the program", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why, in words.
        reason: String,
    },
    /// A suite's file has another form.
    #[error("{origin} is no suite: {reason}; {DIRECTORY}/README.md describes the form")]
    Malformed {
        /// The file, or the suite in the program.
        origin: String,
        /// What is wrong, in words.
        reason: String,
    },
    /// A suite's file cannot be written.
    #[error("{} cannot be written: {reason}; see whether this user may change it", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why, in words.
        reason: String,
    },
}

/// What came of one suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteReport {
    /// Cases in which the program does what is expected, those that were rewritten included.
    pub passed: usize,
    /// The other cases, in the order of the file.
    pub failures: Vec<CaseFailure>,
    /// Names of the cases whose expectation was rewritten.
    pub rewritten: Vec<String>,
}

/// A case in which the program does not do what is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFailure {
    /// Its name.
    pub case: String,
    /// What is wrong: sentences, or a diff from what is expected to what was found; some lines.
    pub detail: String,
}

/// Names of the suites, in the order in which `all` runs them.
#[must_use]
pub fn suite_names() -> Vec<&'static str> {
    SUITES.iter().map(|suite| suite.name).collect()
}

/// Runs one suite. With `update`, expectations that do not hold are rewritten, save those that came
/// from outside, and the file is brought into its one form.
///
/// # Errors
/// [`ConformanceError`] where there is no such suite, or its file cannot be used.
pub fn run(name: &str, place: &Place, update: bool) -> Result<SuiteReport, ConformanceError> {
    let Some(suite) = SUITES.iter().find(|suite| suite.name == name) else {
        return Err(ConformanceError::UnknownSuite { name: name.to_owned() });
    };
    let mut file = place.read(suite)?;
    let report = run_cases(suite, &mut file, update);
    if update {
        place.write(suite, &file)?;
    }
    Ok(report)
}

fn run_cases(suite: &Suite, file: &mut SuiteFile, update: bool) -> SuiteReport {
    let mut report = SuiteReport { passed: 0, failures: Vec::new(), rewritten: Vec::new() };
    for case in &mut file.cases {
        match judge(suite, case, update) {
            Ok(rewritten) => {
                report.passed += 1;
                report.rewritten.extend(rewritten.then(|| case.name.clone()));
            }
            Err(detail) => {
                report.failures.push(CaseFailure { case: case.name.clone(), detail });
            }
        }
    }
    report
}

/// Runs one case, and says whether its expectation was rewritten. `Err` says what is wrong.
fn judge(suite: &Suite, case: &mut Case, update: bool) -> Result<bool, String> {
    let found = (suite.answer)(&case.input).map_err(|error| format!("{error}\n"))?;
    if case.expected.as_ref() == Some(&found) {
        return Ok(false);
    }
    if !update {
        return Err(difference(case.expected.as_ref(), &found));
    }
    if let Some(source) = &case.source {
        let difference = difference(case.expected.as_ref(), &found);
        return Err(format!("It came from outside and is not rewritten: {source}\n{difference}"));
    }
    case.expected = Some(found);
    Ok(true)
}

fn difference(expected: Option<&Value>, found: &Value) -> String {
    let expected = expected.map(layout::pretty).unwrap_or_default();
    diff::unified(&expected, &layout::pretty(found))
}
