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

use crate::cli::failure::Failure;
use crate::cli::output_file;
use crate::cli::stdout::Stdout;

/// Writes a file to stdout, or to where it was asked for, and then says so.
fn put(text: &str, target: Option<&Path>, overwrite: bool, what: &str) -> Result<(), Failure> {
    let mut output = Stdout::new();
    match target {
        None => output.bytes(text.as_bytes())?,
        Some(target) => {
            let mut file = output_file::create(target, overwrite)?;
            file.write(text.as_bytes()).map_err(output_file::refusal)?;
            file.finish().map_err(output_file::refusal)?;
            output.line(&format!("Wrote {what} to {}", target.display()))?;
        }
    }
    output.flush()
}
