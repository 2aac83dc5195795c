//! `kusari export`.
//!
//! Writes the best chain as `GET_CHAIN` answers it. A node that runs is asked by that very line, so
//! that its answer streams through here in constant memory, and every block is checked on the way.

mod track;

use std::path::{Path, PathBuf};

use kusari_files::WholeFile;
use kusari_node::wire::{Message, Received, encode, encode_whole_block};

use crate::cli::access::Access;
use crate::cli::choice::NodeChoice;
use crate::cli::conversation::{Conversation, peer_port};
use crate::cli::escape::counted;
use crate::cli::failure::Failure;
use crate::cli::output_file;
use crate::cli::progress::Progress;
use crate::cli::stdout::Stdout;
use kusari_client::Client;
use kusari_store::{ChainPosition, Store};
use track::Track;

/// Blocks that are read from a store at once.
const CHUNK_BLOCKS: usize = 256;
/// Blocks that a node of a ledger is asked for at once.
const PAGE_BLOCKS: u32 = 256;

/// Write the best chain to a file, as BLOCK lines
#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// The file; `-` is stdout
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,

    /// Overwrite the file where it is there already
    #[arg(long)]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) node: NodeChoice,
}

pub(crate) fn run(args: &ExportArgs) -> Result<(), Failure> {
    let mut sink = Sink::open(&args.file, args.force)?;
    let count = match args.node.open()? {
        Access::Stored { store, .. } => from_store(&store, &mut sink)?,
        Access::Running(client) => {
            let status = client.status()?;
            if status.chain_name.is_some() {
                let count = from_ledger(&client, status.height, &mut sink)?;
                return sink.finish(count, &args.file);
            }
            let listen = status.listen.ok_or_else(|| {
                Failure::failed(
                    "the node takes no connections of peers, through which the chain is read; stop \
                     it and export from its data directory",
                )
            })?;
            from_node(&peer_port(&args.node, listen), status.height, &mut sink)?
        }
    };
    sink.finish(count, &args.file)
}

/// Where blocks go.
enum Sink {
    Stdout(Stdout),
    File(WholeFile),
}

impl Sink {
    fn open(path: &Path, overwrite: bool) -> Result<Self, Failure> {
        Ok(match path == Path::new("-") {
            true => Self::Stdout(Stdout::new()),
            false => Self::File(output_file::create(path, overwrite)?),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stdout(output) => output.bytes(bytes),
            Self::File(file) => file.write(bytes).map_err(output_file::refusal),
        }
    }

    fn is_gone(&self) -> bool {
        matches!(self, Self::Stdout(output) if output.is_gone())
    }

    fn finish(self, count: u64, path: &Path) -> Result<(), Failure> {
        match self {
            Self::Stdout(mut output) => output.flush(),
            Self::File(file) => {
                file.finish().map_err(output_file::refusal)?;
                let mut output = Stdout::new();
                let path = path.display().to_string();
                let path = crate::cli::escape::Plain(&path);
                output.line(&format!("Exported {} to {path}", counted(count, "block")))?;
                output.flush()
            }
        }
    }
}

/// Returns how many blocks were written.
fn from_store(store: &Store, sink: &mut Sink) -> Result<u64, Failure> {
    let progress = Progress::of_blocks("Exporting", store.last_sound()?.height);
    let mut last = ChainPosition::genesis();
    let mut count = 0;
    while !sink.is_gone() {
        let chunk = store.best_chain_chunk(last, None, CHUNK_BLOCKS)?;
        let Some(end) = chunk.blocks.last() else { break };
        last = end.into();
        for stored in &chunk.blocks {
            let mut line = Vec::new();
            encode_whole_block(&stored.block, stored.part(), &mut line);
            sink.write(&line)?;
            count += 1;
        }
        progress.set(count);
    }
    progress.finish();
    Ok(count)
}

/// Asks a node of a ledger for its blocks page by page: `GET_CHAIN` answers with seven keys, and an
/// export holds whole blocks. Returns how many were written.
fn from_ledger(client: &Client, height: u32, sink: &mut Sink) -> Result<u64, Failure> {
    let progress = Progress::of_blocks("Exporting", height);
    let mut track = Track::new();
    while !sink.is_gone() && track.height() < height {
        let page = client.blocks(track.height() + 1, PAGE_BLOCKS)?.blocks;
        if page.is_empty() {
            return Err(unfit(&format!("it ends at block {} of {height}", track.height())));
        }
        for whole in page {
            if !track.follows(&whole.block) {
                let index = whole.block.index;
                return Err(unfit(&format!("block {index} does not build on the ones before it")));
            }
            let mut line = Vec::new();
            encode_whole_block(&whole.block, whole.ledger.as_deref(), &mut line);
            sink.write(&line)?;
        }
        progress.set(track.height().into());
    }
    progress.finish();
    Ok(track.height().into())
}

/// Asks the node at `address`, which has said that its chain is `height` blocks high. Returns how
/// many blocks were written.
fn from_node(address: &str, height: u32, sink: &mut Sink) -> Result<u64, Failure> {
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
    Failure::failed(format!(
        "the node's answer is not a whole chain ({why}); see whether it still runs, then try again"
    ))
}

#[cfg(test)]
mod tests;
