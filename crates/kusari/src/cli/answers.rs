//! Answers to what a person asks at the prompt, from the published snapshot and the store.

use core::fmt::Write;

use kusari_chain::{BestPoint, Block, BlockStore, StoreError};
use kusari_node::snapshot::PeerSummary;
use kusari_node::{PeerStage, Snapshot};

use super::card::card;
use super::escape::{Plain, counted, grouped};
use super::slash::Which;

/// The state of a chain, as a start prints it.
pub(crate) fn chain_state(tip: &BestPoint) -> String {
    let height = counted(u64::from(tip.height), "block");
    let hash = tip.hash;
    let work = grouped(tip.work);
    format!("Current chain state:\n- Height: {height}\n- Tip   : {hash}\n- Work  : {work}")
}

/// The last block that is stored, or the genesis block.
pub(crate) fn stored_tip(store: &dyn BlockStore) -> Result<BestPoint, StoreError> {
    Ok(store.best_tip()?.map_or_else(BestPoint::genesis, |tip| BestPoint {
        height: tip.block.index,
        hash: tip.block.hash,
        work: tip.work,
    }))
}

/// The last `count` blocks as cards, oldest first, each given to `show`.
pub(crate) fn last_blocks(
    store: &dyn BlockStore,
    count: u32,
    show: &mut dyn FnMut(String),
) -> Result<(), StoreError> {
    let height = stored_tip(store)?.height;
    for height in (height + 1).saturating_sub(count)..=height {
        // A reorganisation may shorten the chain between two reads.
        if let Some(block) = at_height(store, height)? {
            show(card(&block));
        }
    }
    Ok(())
}

/// One block as a card, or words that say there is none.
pub(crate) fn one_block(store: &dyn BlockStore, which: &Which) -> Result<String, StoreError> {
    let (found, name) = match which {
        Which::Height(height) => (at_height(store, *height)?, format!("at height {height}")),
        Which::Hash(hash) => {
            let genesis = Some(Block::genesis()).filter(|genesis| genesis.hash == *hash);
            let stored = store.by_hash(hash)?.map(|stored| stored.block);
            (genesis.or(stored), format!("with the hash {hash}"))
        }
    };
    Ok(match found {
        Some(block) => card(&block),
        None => format!("There is no block {name}; /status shows how high the chain is"),
    })
}

/// The genesis block is nowhere stored.
fn at_height(store: &dyn BlockStore, height: u32) -> Result<Option<Block>, StoreError> {
    match height {
        0 => Ok(Some(Block::genesis())),
        _ => Ok(store.best_at(height)?.map(|stored| stored.block)),
    }
}

/// Who is connected.
pub(crate) fn peers(snapshot: &Snapshot) -> String {
    if snapshot.peers.is_empty() {
        return String::from("No peers are connected; /connect host:port connects to one");
    }
    let mut text = counted(snapshot.peers.len() as u64, "peer");
    for peer in &snapshot.peers {
        // Writing to a string has no way to fail.
        let _ = write!(text, "\n  {}", one_peer(peer));
    }
    text
}

fn one_peer(peer: &PeerSummary) -> String {
    let way = if peer.inbound { "connected to us" } else { "dialled by us" };
    let mut text = format!("{}, {way}, ", peer.address);
    text.push_str(match peer.stage {
        PeerStage::Greeted => "has not answered yet",
        PeerStage::Silent => "has said nothing yet",
        PeerStage::Plain => "speaks without HELLO",
        PeerStage::Original => "an original node",
        PeerStage::Introduced => "introduced",
    });
    // Writing to a string has no way to fail.
    if let Some(agent) = &peer.agent {
        let _ = write!(text, " as {}", Plain(agent));
    }
    if let Some(height) = peer.height {
        let _ = write!(text, ", says it has {}", counted(u64::from(height), "block"));
    }
    text
}

/// The state of the chain and of the node.
pub(crate) fn status(snapshot: &Snapshot, listen: &str, directory: &str) -> String {
    let inbound = snapshot.peers.iter().filter(|peer| peer.inbound).count();
    let outbound = snapshot.peers.len() - inbound;
    let mut text = chain_state(&snapshot.tip);
    let lines = [
        format!("- Peers : {outbound} dialled by us, {inbound} connected to us"),
        format!("- Lines : {} to be mined", counted(snapshot.waiting_lines as u64, "line")),
        format!(
            "- Beside: {} of {} bytes of side branches, {} waiting for parents",
            grouped(snapshot.side_bytes),
            grouped(snapshot.side_limit),
            counted(snapshot.orphans as u64, "block")
        ),
        format!("- Listening on {listen}"),
        format!("- Data directory: {directory}"),
    ];
    if snapshot.catching_up {
        text.push_str("\n- Catching up: blocks that were asked for are coming in");
    }
    for line in lines {
        text.push('\n');
        text.push_str(&line);
    }
    text
}

#[cfg(test)]
#[path = "answers_tests.rs"]
mod tests;
