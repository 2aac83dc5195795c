//! `kusari man`.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_mangen::Man;

use crate::cli::args;
use crate::cli::prelude::*;

/// Print the manual page
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write it there as kusari.1, and a page for each command beside it
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result {
    let mut output = Stdout::new();
    match &args.directory {
        None => output.bytes(&page(args::Args::command()).1)?,
        Some(directory) => {
            let pages = pages();
            for (name, page) in &pages {
                let path = directory.join(name);
                std::fs::write(&path, page).map_err(|error| unwritable(&path, &error))?;
            }
            let count = counted(pages.len() as u64, "page");
            output.line(&format!("Wrote {count} to {}", shown(directory)))?;
        }
    }
    output.flush()
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    failed!(
        "{} cannot be written ({error}); name a directory that is there and can be",
        path.display()
    )
}

/// The pages of the program and of each command, with the names of their files.
fn pages() -> Vec<(String, Vec<u8>)> {
    let mut program = args::Args::command();
    // Has every command know that it is one of this program.
    program.build();
    with_subcommands(program).into_iter().map(page).collect()
}

fn with_subcommands(command: clap::Command) -> Vec<clap::Command> {
    let below: Vec<_> = command.get_subcommands().cloned().flat_map(with_subcommands).collect();
    [command].into_iter().chain(below).collect()
}

fn page(command: clap::Command) -> (String, Vec<u8>) {
    let version = concat!("kusari ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).manual("Kusari Manual").source(version);
    let mut text = Vec::new();
    // Writing into memory has no way to fail.
    let _ = man.render(&mut text);
    (man.get_filename(), text)
}
