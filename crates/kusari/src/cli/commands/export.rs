//! `kusari export`.
//!
//! Writes the best chain as `GET_CHAIN` answers it. A node that runs is asked by that very line, so
//! that its answer streams through here in constant memory, and every block is checked on the way.

mod track;

use std::path::{Path, PathBuf};

use kusari_chain::BestPoint;
use kusari_node::wire::{Message, Received, encode, encode_whole_block};

use crate::cli::conversation::{Conversation, peer_port};
use crate::cli::node_api::NodeApi;
use crate::cli::output_file::OutputFile;
use crate::cli::prelude::*;
use track::Track;

/// Write the best chain to a file, as BLOCK lines
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file; `-` is stdout
    #[arg(value_name = "FILE|-")]
    file: PathBuf,

    /// Overwrite the file where it is there already
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    node: NodeChoice,
}

pub(crate) fn run(args: &Args) -> Result {
    let mut sink = Sink::open(&args.file, args.force)?;
    let access = args.node.open()?;
    let count = match &access {
        Access::Running(client) => {
            let status = client.status()?;
            match (status.chain_name, status.listen) {
                // `GET_CHAIN` answers with seven keys, and an export holds whole blocks.
                (Some(_), _) => from_pages(client, status.height, &mut sink)?,
                (None, Some(listen)) => {
                    from_node(&peer_port(&args.node, listen), status.height, &mut sink)?
                }
                (None, None) => {
                    return Err(failed!(
                        "the node takes no connections of peers, through which the chain is read; \
                         stop it and export from its data directory"
                    ));
                }
            }
        }
        Access::Stored(node) => from_pages(node, node.height()?, &mut sink)?,
    };
    sink.finish(count, &args.file)
}

/// Where blocks go.
enum Sink {
    Stdout(Stdout),
    File(OutputFile),
}

impl Sink {
    fn open(path: &Path, overwrite: bool) -> Result<Self> {
        Ok(match path == Path::new("-") {
            true => Self::Stdout(Stdout::new()),
            false => Self::File(OutputFile::create(path, overwrite)?),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result {
        match self {
            Self::Stdout(output) => output.bytes(bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    fn is_gone(&self) -> bool {
        matches!(self, Self::Stdout(output) if output.is_gone())
    }

    fn finish(self, count: u64, path: &Path) -> Result {
        match self {
            Self::Stdout(mut output) => output.flush(),
            Self::File(file) => {
                file.finish()?;
                print(&format!("Exported {} to {}", counted(count, "block"), shown(path)))
            }
        }
    }
}

/// Reads blocks page by page. Returns how many were written.
fn from_pages(node: &dyn NodeApi, height: u32, sink: &mut Sink) -> Result<u64> {
    let progress = Progress::of_blocks("Exporting", height);
    let mut count = 0;
    node.visit(1, height, Some(BestPoint::genesis().hash), &mut |whole| {
        let mut line = Vec::new();
        encode_whole_block(&whole.block, whole.ledger.as_deref(), &mut line);
        sink.write(&line)?;
        count += 1;
        progress.set(count);
        Ok(!sink.is_gone())
    })?;
    progress.finish();
    Ok(count)
}

/// Asks the node at `address`, which has said that its chain is `height` blocks high. Returns how
/// many blocks were written.
fn from_node(address: &str, height: u32, sink: &mut Sink) -> Result<u64> {
    let mut node = Conversation::begin(address)?;
    node.say(&[Received::GetChain])?;
    node.finish()?;
    let progress = Progress::of_blocks("Exporting", height);
    let mut track = Track::new();
    let mut count = 0;
    while !sink.is_gone() {
        let block = match node.next()? {
            Some(Ok(Message::Block(block))) => block,
            None if track.height() >= height => break,
            None => {
                return Err(unfit(&format!("it ends at block {} of {height}", track.height())));
            }
            Some(Ok(_)) => return Err(unfit("it holds more than blocks")),
            Some(Err(refusal)) => return Err(unfit(&refusal.to_string())),
        };
        if !track.follows(block.block()) {
            return Err(unfit(&format!(
                "block {} does not build on the ones before it",
                block.block().index
            )));
        }
        sink.write(&encode(&Message::Block(block)))?;
        count += 1;
        progress.set(track.height().into());
    }
    progress.finish();
    Ok(count)
}

fn unfit(why: &str) -> Failure {
    failed!(
        "the node's answer is not a whole chain ({why}); see whether it still runs, then try again"
    )
}

#[cfg(test)]
mod tests;
