//! `kusari chain`.

use kusari_chain::{Block, BlockHash};

use super::Failure;
use crate::api::client::Client;
use crate::cli::access::Access;
use crate::cli::answers;
use crate::cli::card::card;
use crate::cli::choice::NodeChoice;
use crate::cli::settings::UsageError;
use crate::cli::slash::DEFAULT_CARDS;
use crate::cli::stdout::Stdout;
use crate::store::Store;

/// Blocks that are read at once.
const PAGE_BLOCKS: u32 = 256;
/// Bytes of their canonical lines, near which that ends earlier.
const PAGE_BYTES: usize = 1024 * 1024;

/// Show blocks of the best chain, the last ten unless you say which
#[derive(Debug, clap::Args)]
pub(crate) struct ChainArgs {
    /// First height
    #[arg(long, value_name = "N")]
    pub(crate) from: Option<u32>,

    /// Last height
    #[arg(long, value_name = "N")]
    pub(crate) to: Option<u32>,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON, a block a line, in the form of the protocol
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &ChainArgs) -> Result<(), Failure> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        return Err(Failure::Usage(UsageError {
            cause: format!("--from {from} is above --to {to}"),
            remedy: String::from("the lower height comes first"),
        }));
    }
    let source = match args.node.open()? {
        Access::Running(client) => Source::Node(client),
        Access::Stored { store, .. } => Source::Store(store),
    };
    let height = source.height()?;
    let last_ones = (height + 1).saturating_sub(DEFAULT_CARDS);
    let (from, to) = match (args.from, args.to) {
        (None, None) => (last_ones, height),
        (from, to) => (from.unwrap_or(0), to.unwrap_or(height)),
    };
    if from.max(args.to.unwrap_or(0)) > height {
        return Err(Failure::failed(format!(
            "there is no block at height {}; the chain ends at height {height}",
            from.max(to)
        )));
    }
    show(&source, from, to, args.json)
}

fn show(source: &Source, from: u32, to: u32, json: bool) -> Result<(), Failure> {
    let mut output = Stdout::new();
    let mut last: Option<BlockHash> = None;
    let mut next = from;
    while next <= to && !output.is_gone() {
        let blocks = source.page(next, (to - next + 1).min(PAGE_BLOCKS))?;
        for block in &blocks {
            if last.is_some_and(|last| last != block.prev_hash) {
                return Err(changed(next));
            }
            match json {
                true => output.line(&block.to_canonical_json())?,
                false => output.line(&card(block))?,
            }
            last = Some(block.hash);
        }
        let Some(end) = blocks.last() else { return Err(changed(next)) };
        next = end.index + 1;
    }
    output.flush()
}

/// Between two pages a better branch has come.
fn changed(height: u32) -> Failure {
    Failure::failed(format!(
        "the best chain changed below height {height} while it was read; ask again"
    ))
}

/// Where blocks are read.
enum Source {
    Node(Client),
    Store(Store),
}

impl Source {
    fn height(&self) -> Result<u32, Failure> {
        Ok(match self {
            Self::Node(client) => client.status()?.height,
            Self::Store(store) => answers::stored_tip(store)?.height,
        })
    }

    /// Up to `count` blocks from a height on.
    fn page(&self, from: u32, count: u32) -> Result<Vec<Block>, Failure> {
        match self {
            Self::Node(client) => Ok(client.blocks(from, count)?.blocks),
            Self::Store(store) => Ok(store.page(from, count, PAGE_BYTES)?.blocks),
        }
    }
}
