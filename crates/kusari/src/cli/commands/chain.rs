//! `kusari chain`.

use kusari_chain::{BlockHash, WholeBlock};

use crate::cli::access::Access;
use crate::cli::card::card_of_whole;
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;
use crate::cli::settings::UsageError;
use crate::cli::slash::DEFAULT_CARDS;
use crate::cli::stdout::Stdout;
use kusari_client::Client;
use kusari_store::Store;

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
    let mut output = Stdout::new();
    let mut show = |block: &WholeBlock| {
        match args.json {
            true => output.line(&block.to_canonical_json())?,
            false => output.line(&card_of_whole(block))?,
        }
        Ok(!output.is_gone())
    };
    visit(from, to, |next, count| source.page(next, count), &mut show)?;
    output.flush()
}

/// Gives the blocks from one height to another to `show`, page by page, until it has enough. Each
/// builds on the one before it.
fn visit(
    from: u32,
    to: u32,
    mut page: impl FnMut(u32, u32) -> Result<Vec<WholeBlock>, Failure>,
    show: &mut dyn FnMut(&WholeBlock) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let mut last: Option<BlockHash> = None;
    let mut next = from;
    while next <= to {
        let blocks = page(next, (to - next + 1).min(PAGE_BLOCKS))?;
        for block in &blocks {
            if last.is_some_and(|last| last != block.block.prev_hash) {
                return Err(changed(next));
            }
            if !show(block)? {
                return Ok(());
            }
            last = Some(block.block.hash);
        }
        let Some(end) = blocks.last() else { return Err(changed(next)) };
        next = end.block.index.saturating_add(1);
    }
    Ok(())
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
            Self::Store(store) => store.last_sound()?.height,
        })
    }

    /// Up to `count` blocks from a height on.
    fn page(&self, from: u32, count: u32) -> Result<Vec<WholeBlock>, Failure> {
        match self {
            Self::Node(client) => Ok(client.blocks(from, count)?.blocks),
            Self::Store(store) => Ok(store.page(from, count, PAGE_BYTES)?.blocks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_chain::Block;

    /// Blocks of the branch with this name, of which block 0 is shared by all.
    fn branch(name: u8, heights: impl Iterator<Item = u32>) -> Vec<WholeBlock> {
        let hash = |height: u32| match height {
            0 => BlockHash::ZERO,
            _ => BlockHash([name + height.to_le_bytes()[0]; 32]),
        };
        let block = |height: u32| Block {
            index: height,
            hash: hash(height),
            prev_hash: hash(height.saturating_sub(1)),
            ..Block::genesis()
        };
        heights.map(|height| WholeBlock { block: block(height), ledger: None }).collect()
    }

    /// The heights that are shown where pages hold two blocks, and whether that went well.
    fn shown(mut pages: Vec<Vec<WholeBlock>>) -> (Vec<u32>, bool) {
        pages.reverse();
        let mut heights = Vec::new();
        let result = visit(1, 4, |_, _| Ok(pages.pop().unwrap_or_default()), &mut |block| {
            heights.push(block.block.index);
            Ok(true)
        });
        (heights, result.is_ok())
    }

    #[test]
    fn a_chain_that_changes_while_it_is_read_is_not_shown_as_one() {
        let whole = vec![branch(10, 1..=2), branch(10, 3..=4)];
        assert_eq!(shown(whole), (vec![1, 2, 3, 4], true));
        let torn = vec![branch(10, 1..=2), branch(90, 3..=4)];
        assert_eq!(shown(torn), (vec![1, 2], false));
        let shorter = vec![branch(10, 1..=2)];
        assert_eq!(shown(shorter), (vec![1, 2], false));
    }
}
