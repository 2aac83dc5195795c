//! `kusari backup`.
//!
//! Owns the name of the copy: it has another one until it is whole, durable and read back.

use std::io::Write;
use std::path::{Path, PathBuf};

use kusari_files::Unfinished;

use crate::cli::output_file;
use crate::cli::prelude::*;
use kusari_client::Client;
use kusari_store::{BackupError, copy_directory, holder_of_store, put_in_place, read_back};

/// Copy the store to a file, also while its node runs
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    node: NodeChoice,

    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let file = std::path::absolute(&args.file)?;
    refuse_to_overwrite(&file, args.force)?;
    refuse_a_store_in_use(&file)?;
    let unfinished = first_name(&file)?;
    let copied =
        args.node.ask_or(|directory| match copy_directory(directory, unfinished.path()) {
            Err(BackupError::Open(error)) => Err(error),
            result => Ok(result),
        })?;
    match copied {
        Access::Stored(result) => result?,
        Access::Running(client) => fetch(&client, unfinished.path())?,
    }
    let report = read_back(unfinished.path())?;
    refuse_to_overwrite(&file, args.force)?;
    put_in_place(unfinished.path(), &file)?;
    let blocks = counted(report.best_blocks, "block");
    let records = counted(report.outbox_entries, "record");
    print(&format!("Backed up {blocks} and {records} to {}; every row read back.", shown(&file)))
}

fn refuse_to_overwrite(file: &Path, force: bool) -> Result {
    // What cannot be looked at cannot be written either, which is said then.
    if force || !file.try_exists().unwrap_or(false) {
        return Ok(());
    }
    Err(failed!("{} is there already; name another file, or replace it with --force", shown(file)))
}

/// Has the node send its copy.
fn fetch(client: &Client, file: &Path) -> Result {
    let unwritable = |error: std::io::Error| {
        failed!("{} cannot be written ({error}); see to the disk and its permissions", shown(file))
    };
    let mut target = kusari_files::create(file).map_err(unwritable)?;
    client.backup(&mut target)?;
    target.flush().and_then(|()| target.sync_all()).map_err(unwritable)
}

/// The copy under its first name: beside the file, so that it can be renamed, and of this process
/// alone.
fn first_name(file: &Path) -> Result<Unfinished> {
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.unfinished", std::process::id()));
    let path = file.with_file_name(name);
    if path.symlink_metadata().is_ok() {
        return Err(failed!(
            "{} is there already; move it away, or remove it if no backup is under way",
            shown(&path)
        ));
    }
    output_file::remove_at_signals();
    Ok(Unfinished::watch(path))
}

/// A node that has its database replaced goes on in the old one, and all of that is lost.
fn refuse_a_store_in_use(file: &Path) -> Result {
    let directory = file.parent().unwrap_or(Path::new("."));
    match holder_of_store(directory, file) {
        None => Ok(()),
        Some(holder) => {
            Err(failed!("{} is the store that {holder} works on; name another file", shown(file)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_there_under_the_first_name_is_not_removed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("copy");
        let Ok(first) = first_name(&file) else { panic!("nothing is there") };
        let name = first.path().to_owned();
        drop(first);
        std::fs::write(&name, "mine").unwrap();
        assert!(first_name(&file).is_err());
        assert_eq!(std::fs::read(&name).unwrap(), b"mine");
    }
}
