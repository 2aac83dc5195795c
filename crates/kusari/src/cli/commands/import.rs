//! `kusari import`.
//!
//! Reads `BLOCK` lines and hands them to the chosen node, or to its store. Every block is checked
//! as if a peer had sent it, and what is known already is passed over, so an import that was
//! interrupted is simply run again.

mod block_lines;
mod running;
mod stored;
mod tally;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::cli::conversation::peer_port;
use crate::cli::prelude::*;
use block_lines::BlockLines;
use kusari_input::Decoded;
use running::RunningTarget;
use stored::StoredTarget;
use tally::{Tally, Target};

/// Bytes that are read at once.
const READ_BYTES: usize = 256 * 1024;

/// Take blocks from a file of BLOCK lines, checked like those of a peer
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file; `-` is stdin
    #[arg(value_name = "FILE|-")]
    file: PathBuf,

    #[command(flatten)]
    node: NodeChoice,
}

pub(crate) fn run(args: &Args) -> Result {
    // The file first: where it is missing, no store is opened for nothing.
    let (input, bytes) = open(&args.file)?;
    let mut target = target(&args.node)?;
    let mut tally = Tally::new(Progress::of_bytes("Importing", bytes));
    let height = feed(input, target.as_mut(), &mut tally, &args.file)?;
    let (sentence, refusals) = (tally.sentence(height), tally.refusals());
    tally.progress.finish();
    let mut output = Stdout::new();
    output.line(&sentence)?;
    output.flush()?;
    match refusals {
        0 => Ok(()),
        _ => Err(failed!(
            "{} not imported; why stands above, and everything else is imported",
            match refusals {
                1 => String::from("1 line is"),
                _ => format!("{} are", counted(refusals, "line")),
            }
        )),
    }
}

/// The input, and how many bytes it has if that is known.
fn open(path: &Path) -> Result<(Box<dyn BufRead>, Option<u64>)> {
    if path == Path::new("-") {
        return Ok((Box::new(Decoded::new(io::stdin().lock())), None));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    if metadata.is_dir() {
        return Err(unreadable(path, &io::ErrorKind::IsADirectory.into()));
    }
    let bytes = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(Decoded::new(BufReader::with_capacity(READ_BYTES, file))), bytes))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    failed!(
        "{} cannot be read ({error}); name a file of BLOCK lines, or - for stdin",
        path.display()
    )
}

fn target(choice: &NodeChoice) -> Result<Box<dyn Target>> {
    Ok(match choice.open_or_create()? {
        Access::Stored(node) => Box::new(StoredTarget::new(node.store)?),
        Access::Running(client) => {
            let status = client.status()?;
            if status.chain_name.is_some() {
                return Err(failed!(
                    "a node of a ledger runs there, and whole blocks are imported into its store \
                     alone; stop it, import, and start it again"
                ));
            }
            let listen = status.listen.ok_or_else(|| {
                failed!(
                    "the node takes no connections of peers, through which blocks are imported; \
                     stop it and import into its data directory"
                )
            })?;
            Box::new(RunningTarget::new(peer_port(choice, listen)))
        }
    })
}

fn feed(
    input: Box<dyn BufRead>,
    target: &mut dyn Target,
    tally: &mut Tally,
    path: &Path,
) -> Result<u32> {
    let mut lines = BlockLines::new(input, target.dialect());
    loop {
        match lines.next_line() {
            Ok(Some(line)) => match line.block {
                Ok(block) => target.take(line.number, block, tally)?,
                Err(reason) => tally.refused(line.number, &reason),
            },
            Ok(None) => return target.finish(tally),
            Err(error) => {
                // What was read is kept, and found known when the import is run again.
                target.finish(tally)?;
                return Err(unreadable(path, &error));
            }
        }
        tally.progress.set(lines.bytes());
    }
}
