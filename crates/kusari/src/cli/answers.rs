//! Answers to what a person asks, at the prompt or by a command.
//!
//! Owns the words. What is told comes in the forms of the local API, so that it reads the same
//! wherever it was asked.

use core::fmt::Write;

use kusari_chain::{BestPoint, BlockHash, Work};

use super::drafts;
use super::escape::{Plain, counted, grouped, lasting};
use crate::cli::cost::to_rewrite;
use kusari_api_types::{
    Ban, BanList, ConnectReceipt, DisconnectReceipt, HindranceReport, PeerList, PeerReport,
    PeerStage, Status, UnbanReceipt, WitnessStanding,
};

/// A peer that this node dialled and that says nothing.
pub(crate) const SILENT: &str = "silent (a new original node, or no node)";

/// The state of a chain, as a start prints it.
pub(crate) fn chain_state(tip: &BestPoint) -> String {
    state(tip.height, &tip.hash, tip.work)
}

fn state(height: u32, hash: &BlockHash, work: Work) -> String {
    let height = counted(u64::from(height), "block");
    let work = grouped(work);
    format!("Current chain state:\n- Height: {height}\n- Tip   : {hash}\n- Work  : {work}")
}

/// Who is connected.
pub(crate) fn peers(list: &PeerList) -> String {
    if list.peers.is_empty() {
        return String::from(
            "No peers are connected; /connect host:port at the prompt, or `kusari connect host:port` in a shell, connects \
             to one",
        );
    }
    let mut text = counted(list.peers.len() as u64, "peer");
    for peer in &list.peers {
        // Writing to a string has no way to fail.
        let _ = write!(text, "\n  {}", one_peer(peer));
    }
    text
}

/// What becomes of an address that is to be connected.
pub(crate) fn dialled(receipt: &ConnectReceipt) -> String {
    let ConnectReceipt { address, already_dialled } = receipt;
    match already_dialled {
        false => format!("Connecting to {address}"),
        true => format!("{address} is dialled already; where the next try waits, it is now"),
    }
}

/// What ended.
pub(crate) fn disconnected(receipt: &DisconnectReceipt) -> String {
    let DisconnectReceipt { address, dialled, connections } = receipt;
    let ended = match connections {
        0 => format!("No connection with {address} is open"),
        some => format!("Ended {} with {address}", counted(*some as u64, "connection")),
    };
    match dialled {
        true => format!("{ended}; it is dialled no more"),
        false => format!("{ended}; it was not one that this node dials"),
    }
}

/// The hosts that are banned.
pub(crate) fn bans(list: &BanList) -> String {
    if list.bans.is_empty() {
        return String::from("No hosts are banned");
    }
    let lines = list
        .bans
        .iter()
        .map(|Ban { host, seconds }| format!("\n  {host}, for {} more", lasting(*seconds)));
    format!("{}{}", counted(list.bans.len() as u64, "banned host"), lines.collect::<String>())
}

/// What became of a ban.
pub(crate) fn unbanned(receipt: &UnbanReceipt) -> String {
    let UnbanReceipt { host, was_banned } = receipt;
    match was_banned {
        true => format!("Connections from {host} are taken again"),
        false => format!("{host} is not banned"),
    }
}

fn one_peer(peer: &PeerReport) -> String {
    let way = if peer.inbound { "connected to us" } else { "dialled by us" };
    let mut text = format!("{}, {way}, ", peer.address);
    text.push_str(match peer.stage {
        PeerStage::Greeted => "has not answered yet",
        PeerStage::Silent if peer.inbound => "has said nothing yet",
        PeerStage::Silent => SILENT,
        PeerStage::Plain => "speaks without HELLO",
        PeerStage::Original => "an original node",
        PeerStage::Introduced => "introduced",
    });
    // Writing to a string has no way to fail.
    if let Some(agent) = &peer.agent {
        let _ = write!(text, " as {}", Plain(agent));
    }
    if let Some(listen) = peer.listen {
        let _ = write!(text, ", listens on {listen}");
    }
    if let Some(height) = peer.height {
        let _ = write!(text, ", has {}", counted(u64::from(height), "block"));
    }
    text
}

/// The state of the chain and of the node.
pub(crate) fn status(status: &Status) -> String {
    let mut lines = vec![state(status.height, &status.tip, status.work)];
    if let (Some(recent), Some(rate)) = (&status.recent_work, status.machine_rate) {
        let names = ["the last 10 blocks", "the last hour", "the last day"];
        lines.push(format!(
            "- To rewrite on this machine, or on an NVIDIA H100: {}",
            to_rewrite(recent, names, rate as f64, status.witnesses)
        ));
    }
    if let Some(held) = status.held_branches.first() {
        let (height, hash, work) = (held.height, held.hash, grouped(held.work));
        lines.push(format!(
            "- HELD  : a branch with more work: block {height}, {hash}, work {work}"
        ));
        lines.push(String::from("          `kusari branches` shows what there is to decide"));
    }
    lines.extend(status.hindrances.iter().map(|hindrance| format!("- {}", hindered(hindrance))));
    if status.listen.is_some() {
        let (outbound, inbound) = (status.outbound_peers, status.inbound_peers);
        lines.push(format!("- Peers : {outbound} dialled by us, {inbound} connected to us"));
    }
    if let (Some(name), Some(waiting)) = (&status.chain_name, status.waiting_transactions) {
        lines.push(format!("- Chain : {} ({})", Plain(name), status.chain));
        lines.push(format!("- Waiting: {}", counted(waiting as u64, "transaction")));
        if let Some(count) = status.drafts.filter(|drafts| *drafts > 0) {
            let drafts = counted(count as u64, "draft");
            let are = if count == 1 { "is" } else { "are" };
            let until = drafts::until_if(status.listen.is_some(), status.drafts_wait_for);
            lines.push(format!("- Drafts: {drafts} {are} signed {until}"));
        }
        if let Some(displaced) = status.displaced_entries.filter(|displaced| *displaced > 0) {
            lines.push(format!("- Displaced: {}", drafts::displaced(displaced)));
            lines.push(String::from(
                "          `kusari outbox` shows which, and what took their place",
            ));
        }
        if let Some(WitnessStanding { listed, near_tip }) = status.witnesses {
            lines.push(format!("- Witnesses: {near_tip} of {listed} listed stand near the tip"));
        }
    } else {
        let waiting = counted(status.outbox_entries, "line");
        lines.push(format!("- Lines : {waiting} to be mined"));
    }
    lines.push(format!(
        "- Beside: {} of {} bytes of side branches, {} waiting for parents",
        grouped(status.side_bytes),
        grouped(status.side_limit),
        counted(status.orphans as u64, "block")
    ));
    lines.push(match status.listen {
        Some(listen) => format!("- Listening on {listen}"),
        None => String::from("- No node runs on it"),
    });
    let directory = status.data_directory.as_deref().unwrap_or(NO_DIRECTORY);
    lines.push(format!("- Data directory: {}", Plain(directory)));
    lines.join("\n")
}

/// What hinders a node, in a line.
pub(crate) fn hindered(HindranceReport { unready, text, .. }: &HindranceReport) -> String {
    let word = if *unready { "NOT READY" } else { "Note" };
    format!("{word}: {}", Plain(text))
}

pub(crate) use super::witness_view::witnesses;

/// In place of the data directory of a chain in memory.
pub(crate) const NO_DIRECTORY: &str = "none, all is forgotten at the end";

#[cfg(test)]
#[path = "answers_tests.rs"]
mod tests;
