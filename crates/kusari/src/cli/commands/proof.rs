//! `kusari prove`, `verify`, `consistency`, `find` and `evidence`: what needs no node to be checked, and
//! how it is made.

pub(crate) mod consistency;
pub(crate) mod evidence;
pub(crate) mod find;
pub(crate) mod prove;
mod source;
mod verdict;
pub(crate) mod verify;

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use super::Failure;
use crate::cli::stdout::Stdout;
use crate::cli::whole_file::WholeFile;

/// The last second that dates are written for: the end of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// A time for people.
fn date(seconds: u64) -> String {
    match seconds {
        0..=LAST_SECOND => httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds)),
        _ => format!("{seconds} s after 1970"),
    }
}

/// Writes a file to stdout, or to where it was asked for, and then says so.
fn put(text: &str, target: Option<&Path>, overwrite: bool, what: &str) -> Result<(), Failure> {
    let mut output = Stdout::new();
    match target {
        None => output.bytes(text.as_bytes())?,
        Some(target) => {
            let mut file = WholeFile::create(target, overwrite)?;
            file.write(text.as_bytes())?;
            file.finish()?;
            output.line(&format!("Wrote {what} to {}", target.display()))?;
        }
    }
    output.flush()
}
