//! `kusari --conformance`.

use std::io::{self, Write};
use std::path::Path;

use crate::cli::prelude::*;
use kusari_conformance::{self, ConformanceError, DIRECTORY, Place, SuiteReport};

/// Stands for every suite.
const ALL: &str = "all";

/// Width of a suite's name in the list of results.
const NAME_WIDTH: usize = 14;

/// Runs a suite, or `all`; `update` rewrites what is expected.
pub(crate) fn run(name: &str, update: bool) -> Result {
    let all = kusari_conformance::suite_names();
    let names = match all.iter().position(|known| *known == name) {
        Some(at) => &all[at..=at],
        None if name == ALL => &all[..],
        None => {
            return Err(wrong(
                format!("there is no suite `{name}`"),
                format!("the suites are {}, and `{ALL}` runs every one", all.join(", ")),
            )
            .into());
        }
    };
    let place = Place::near(Path::new("."));
    if update && place == Place::Program {
        return Err(ConformanceError::NothingToUpdate.into());
    }
    let failed = run_suites(names, &place, update, &mut io::stdout().lock())?;
    if failed == 0 { Ok(()) } else { Err(Failure::Shown) }
}

/// Runs suites, prints what comes of them, and returns the number of cases that failed.
fn run_suites(names: &[&str], place: &Place, update: bool, out: &mut impl Write) -> Result<usize> {
    let origin = match place {
        Place::Program => format!("part of this program; there is no `{DIRECTORY}` here"),
        Place::Directory(_) => format!("the files in ./{DIRECTORY}"),
    };
    writeln!(out, "Suites: {origin}")?;
    let (mut passed, mut failed) = (0, 0);
    for name in names {
        let report = kusari_conformance::run(name, place, update)?;
        passed += report.passed;
        failed += report.failures.len();
        print(name, &report, out)?;
    }
    writeln!(out, "{passed} passed, {failed} failed")?;
    Ok(failed)
}

fn print(name: &str, report: &SuiteReport, out: &mut impl Write) -> io::Result<()> {
    let SuiteReport { passed, failures, rewritten } = report;
    writeln!(out, "{name:NAME_WIDTH$} {passed} passed, {} failed", failures.len())?;
    for case in rewritten {
        writeln!(out, "  rewritten: {}", Plain(case))?;
    }
    for failure in failures {
        writeln!(out, "{name}: {}", Plain(&failure.case))?;
        for line in failure.detail.lines() {
            writeln!(out, "  {}", Plain(line))?;
        }
    }
    Ok(())
}
