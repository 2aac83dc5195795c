//! `kusari record`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use kusari_chain::ledger::FileRecord;
use kusari_node::drafts::DraftContent;
use sha2::{Digest, Sha256};

use super::Signing;
use crate::cli::failure::Failure;

/// Record a text, or a file by its hash, as a signed transaction
#[derive(Debug, clap::Args)]
pub(crate) struct RecordArgs {
    /// The text; `-` takes all of stdin, or with --lines each line of it
    #[arg(value_name = "TEXT|-", required_unless_present = "file", conflicts_with = "file")]
    pub(crate) text: Option<String>,

    /// A file: its SHA-256, size and name are recorded, and not its bytes
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Record each line of stdin by itself; the text is `-`
    #[arg(long, conflicts_with = "file")]
    pub(crate) lines: bool,

    #[command(flatten)]
    pub(crate) signing: Signing,
}

pub(crate) fn run(args: &RecordArgs) -> Result<(), Failure> {
    if args.lines {
        return match args.text.as_deref() {
            Some("-") => args.signing.record_lines(),
            _ => Err(Failure::failed("--lines records the lines of stdin: say `record --lines -`")),
        };
    }
    let text = match (&args.file, args.text.as_deref()) {
        (Some(file), _) => of_file(file)?,
        (None, Some("-")) => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map_err(|error| {
                Failure::failed(format!("the input cannot be recorded ({error}); send UTF-8 text"))
            })?;
            text
        }
        (None, text) => text.unwrap_or_default().to_owned(),
    };
    if text.is_empty() {
        return Err(Failure::failed("there is nothing to record; say some text"));
    }
    args.signing.send(DraftContent::Record(text))
}

/// What is recorded of a file.
fn of_file(file: &Path) -> Result<String, Failure> {
    let record = hashed(file)?;
    serde_json::to_string(&record).map_err(Failure::failed)
}

/// Reads a file, whatever its size, for what is recorded of it.
pub(crate) fn hashed(file: &Path) -> Result<FileRecord, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::failed(format!(
            "{} cannot be read ({error}); name a file that can",
            file.display()
        ))
    };
    let mut reader = File::open(file).map_err(|error| unreadable(&error))?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        match reader.read(&mut piece).map_err(|error| unreadable(&error))? {
            0 => break,
            count => {
                hasher.update(piece.get(..count).unwrap_or_default());
                size += count as u64;
            }
        }
    }
    let sha256 = kusari_chain::hex::encode(&hasher.finalize());
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(FileRecord { sha256, size, name })
}
