//! Why a store cannot be opened, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::tables::{LAST_UNCHECKED_VERSION, SCHEMA_VERSION};

/// Why a store cannot be opened. Each is a sentence with what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The directory cannot be created, read or written.
    #[error(
        "the data directory {} cannot be used ({source}): {}",
        .directory.display(),
        kusari_files::remedy(.directory, "let this user write to it, or choose another one")
    )]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process has the directory open.
    #[error(
        "the data directory {} is in use by {holder}: stop that process, or choose another \
         directory",
        .directory.display()
    )]
    InUse {
        /// The directory.
        directory: PathBuf,
        /// Who holds the lock, for people: `process 4711`.
        holder: String,
    },
    /// There is nothing to open, and nothing is to be created.
    #[error(
        "there is no chain in {}: start a node with `kusari --listen 8080`, or say where the chain \
         is with --data-dir or --port",
        .directory.display()
    )]
    NoChain {
        /// The directory.
        directory: PathBuf,
    },
    /// The file is something else.
    #[error(
        "{} is not a database of this program ({reason}): move it away, or choose another data \
         directory",
        .file.display()
    )]
    Foreign {
        /// The file.
        file: PathBuf,
        /// What it lacks.
        reason: String,
    },
    /// The file was a database of ours and can no longer be read.
    #[error(
        "{} is damaged ({reason}): restore it from a backup, or take what is sound out of it with {}; \
         leave the files beside it as they are",
        .file.display(), salvage_command(.file)
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file was written by another version of the program.
    #[error(
        "{} has schema version {found} and this program supports version {SCHEMA_VERSION}: {}",
        .file.display(), remedy_for_version(.file, *found)
    )]
    SchemaVersion {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: u64,
    },
    /// The file holds the blocks of another chain.
    #[error(
        "{} holds {found} and not {wanted}: choose another data directory for this chain, or start \
         with the one that is there",
        .file.display()
    )]
    ChainKind {
        /// The file.
        file: PathBuf,
        /// The chain that it holds, for people: `the classic chain`, or a ledger by its name and id.
        found: String,
        /// The chain that it should hold.
        wanted: String,
    },
    /// The file holds the blocks of a chain that this version knows nothing of.
    #[error(
        "{} holds {found}, which this program does not know: use the version of the program that \
         wrote it, or choose another data directory",
        .file.display()
    )]
    UnknownKind {
        /// The file.
        file: PathBuf,
        /// What it says of its chain.
        found: String,
    },
    /// The medium failed.
    #[error(
        "{} cannot be opened ({reason}): see to the disk and its permissions, then start again",
        .file.display()
    )]
    Medium {
        /// The file.
        file: PathBuf,
        /// What failed.
        reason: String,
    },
}

fn remedy_for_version(file: &Path, found: u64) -> String {
    match found {
        1..=LAST_UNCHECKED_VERSION => format!("{} takes over what it holds", salvage_command(file)),
        _ => String::from(
            "use the version of the program that wrote it, or choose another data directory",
        ),
    }
}

fn salvage_command(file: &Path) -> String {
    format!("`kusari salvage {} -o NEW`", file.parent().unwrap_or(file).display())
}
