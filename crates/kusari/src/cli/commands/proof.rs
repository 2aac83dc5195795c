//! `kusari prove`, `verify`, `consistency`, `find` and `evidence`: what needs no node to be checked, and
//! how it is made.

pub(super) mod consistency;
pub(super) mod evidence;
pub(super) mod find;
pub(super) mod prove;
mod source;
mod verdict;
pub(super) mod verify;

use std::path::PathBuf;

use crate::cli::output_file::OutputFile;
use crate::cli::prelude::*;

/// Where a proof is written.
#[derive(Debug, clap::Args)]
struct OutputChoice {
    /// Write it to this file [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Replace the file where there is one
    #[arg(long, requires = "output")]
    force: bool,
}

impl OutputChoice {
    /// Writes a text to stdout, or to the file, and then says so.
    fn put(&self, text: &str, what: &str) -> Result {
        let mut output = Stdout::new();
        match &self.output {
            None => output.bytes(text.as_bytes())?,
            Some(target) => {
                let mut file = OutputFile::create(target, self.force)?;
                file.write(text.as_bytes())?;
                file.finish()?;
                output.line(&format!("Wrote {what} to {}", target.display()))?;
            }
        }
        output.flush()
    }
}
