//! `kusari backup`.
//!
//! Owns the name of the copy: it has another one until it is whole, durable and audited.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Failure;
use crate::api::client::Client;
use crate::cli::access::Found;
use crate::cli::choice::NodeChoice;
use crate::cli::escape::{Plain, counted};
use crate::cli::stdout::Stdout;
use crate::store::{BackupError, audit_file, copy_directory, put_in_place};

/// Copy the store to a file, also while its node runs
#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// The file to write
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
}

pub(crate) fn run(args: &BackupArgs) -> Result<(), Failure> {
    let file = std::path::absolute(&args.file).map_err(Failure::failed)?;
    refuse_to_overwrite(&file, args.force)?;
    let unfinished = Unfinished::beside(&file);
    let copied = args.node.ask_or(|directory| match copy_directory(directory, &unfinished.0) {
        Err(BackupError::Open(error)) => Err(error),
        result => Ok(result),
    })?;
    match copied {
        Found::Alone(result) => result.map_err(Failure::failed)?,
        Found::Running(client) => fetch(&client, &unfinished.0)?,
    }
    let report = audit_file(&unfinished.0).map_err(Failure::failed)?;
    if let Some(finding) = report.finding {
        let message = finding.to_string();
        return Err(Failure::failed(format!(
            "the copy is not sound, so it was not kept: {}",
            Plain(&message)
        )));
    }
    refuse_to_overwrite(&file, args.force)?;
    put_in_place(&unfinished.0, &file).map_err(Failure::failed)?;
    let blocks = counted(u64::from(report.best_blocks), "block");
    let records = counted(report.records, "record");
    let name = file.display().to_string();
    let mut output = Stdout::new();
    output.line(&format!("Backed up {blocks} and {records} to {}; audited.", Plain(&name)))?;
    output.flush()
}

fn refuse_to_overwrite(file: &Path, force: bool) -> Result<(), Failure> {
    // What cannot be looked at cannot be written either, which is said then.
    if force || !file.try_exists().unwrap_or(false) {
        return Ok(());
    }
    let name = file.display().to_string();
    Err(Failure::failed(format!(
        "{} is there already; name another file, or replace it with --force",
        Plain(&name)
    )))
}

/// Has the node send its copy.
fn fetch(client: &Client, file: &Path) -> Result<(), Failure> {
    let unwritable = |error: std::io::Error| {
        let name = file.display().to_string();
        Failure::failed(format!(
            "{} cannot be written ({error}); see to the disk and its permissions",
            Plain(&name)
        ))
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut target = options.open(file).map_err(unwritable)?;
    client.backup(&mut target).map_err(Failure::failed)?;
    target.flush().and_then(|()| target.sync_all()).map_err(unwritable)
}

/// The copy under its first name, which goes away with this unless it was put in place.
struct Unfinished(PathBuf);

impl Unfinished {
    /// Beside the file, so that it can be renamed, and of this process alone.
    fn beside(file: &Path) -> Self {
        let mut name = file.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.unfinished", std::process::id()));
        Self(file.with_file_name(name))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
