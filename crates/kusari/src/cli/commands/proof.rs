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

use super::Failure;
use crate::cli::stdout::Stdout;
use crate::cli::whole_file::WholeFile;

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
