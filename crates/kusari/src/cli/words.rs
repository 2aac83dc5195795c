//! What happened, in words.
//!
//! Owns how each event is worded and whether it matters enough to be shown where only what matters
//! is. Where and when it appears is up to [`super::screen`].

use core::time::Duration;

use kusari_api_types::HindranceReport;
use kusari_chain::Block;
use kusari_chain::ledger::{LedgerPart, Txid};
use kusari_node::Event;
use kusari_node::event::{BlockName, Origin};
use kusari_node::store::EntryId;

use super::answers::{SILENT, hindered};
use super::block_card::card;
use super::branches::alarm;
use super::drafts;
use super::escape::{Plain, counted, grouped, lasting};

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The ordinary course of things; left out by `--quiet`.
    Routine,
    /// What a person asked for: a receipt, an answer, the address to reach this node at.
    Answer,
    /// Something is wrong, or a person may want to act.
    Warning,
    /// A person has to decide something.
    Alarm,
}

/// One or more lines to print, without a newline at their end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) severity: Severity,
    pub(crate) text: String,
}

impl Message {
    pub(crate) fn routine(text: impl Into<String>) -> Self {
        Self { severity: Severity::Routine, text: text.into() }
    }

    pub(crate) fn answer(text: impl Into<String>) -> Self {
        Self { severity: Severity::Answer, text: text.into() }
    }

    pub(crate) fn warning(text: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, text: text.into() }
    }

    pub(crate) fn alarm(text: impl Into<String>) -> Self {
        Self { severity: Severity::Alarm, text: text.into() }
    }
}

/// The words for an event; `None` where it is kept and not told.
pub(crate) fn words(event: &Event) -> Option<Message> {
    Some(match event {
        Event::PeerConnected { address, target: Some(target) } => {
            Message::routine(connected(target, address))
        }
        Event::PeerConnected { address, target: None } => {
            Message::routine(format!("Accepted connection from {address}"))
        }
        Event::PeerIntroduced { address, agent } => {
            Message::routine(format!("{address} introduced itself as {}", Plain(agent)))
        }
        Event::FoundOriginal { address } => {
            Message::routine(format!("{address} is an original node: it knows no HELLO"))
        }
        Event::LeftOut { connections, lines } => Message::warning(format!(
            "In the last minute {} and {} of peers were not shown one by one",
            counted(*connections, "connection"),
            counted(*lines, "line")
        )),
        Event::PeerSilent { address } => {
            Message::warning(format!("{address} is {SILENT}: nothing came for 10 s"))
        }
        Event::HindranceBegan { hindrance } => {
            Message::warning(hindered(&HindranceReport::from(hindrance)))
        }
        Event::HindranceEnded { hindrance } => {
            Message::routine(format!("No longer so: {hindrance}"))
        }
        Event::OriginalDiverged { address } => Message::warning(format!(
            "The last block of the original node {address} is not in the best chain here: what is \
             typed there stands on a branch that no other node follows, and nothing sent from here \
             changes that; start that node again, and it will be sent this chain"
        )),
        Event::PeerDisconnected { address, reason } => {
            Message::routine(format!("Disconnected from {address}: {}", Plain(reason)))
        }
        Event::ConnectFailed { target, reason } => {
            Message::warning(format!("Could not connect to {target}: {}", Plain(reason)))
        }
        Event::Redialling { target, after } => {
            Message::routine(format!("Redialling {target} in {}", whole_seconds(*after)))
        }
        Event::RequestedChain { address } => {
            Message::routine(format!("Requested chain from {address}"))
        }
        Event::ChainRequested { address } => {
            Message::routine(format!("{address} asked for the chain"))
        }
        Event::SentBlocks { address, count } => {
            Message::routine(format!("Sent {} to {address}", counted(u64::from(*count), "block")))
        }
        Event::BlockAdded { block, source: _ } => {
            Message::routine(added(&block.block, block.part()))
        }
        Event::SideBlock { block: BlockName { height, hash }, .. } => Message::routine(format!(
            "Kept a block beside the best chain: height={height}, hash={hash}"
        )),
        Event::Reorganised { depth, from, to, .. } => Message::warning(format!(
            "Reorganised {} deep: from tip {} (height {}) to tip {} (height {})",
            counted(u64::from(*depth), "block"),
            from.hash,
            from.height,
            to.hash,
            to.height
        )),
        Event::BranchHeld(report) => Message::warning(alarm(report)),
        Event::FromTheFuture { height, seconds } => Message::warning(format!(
            "Warning: block {height} says it was made {} s from now; see whether this machine's \
             clock is right",
            grouped(seconds)
        )),
        Event::LineRefused { sender, code, reason }
        | Event::BlockRefused {
            origin: Origin::Announced(sender) | Origin::Synced(sender),
            code,
            reason,
            ..
        } => Message::warning(format!(
            "Rejected a line from {}: {} [{}]",
            sender.address,
            Plain(reason),
            Plain(code)
        )),
        Event::PeerRefusedOurs { address, message, connection } => {
            let what = if *connection { "the connection" } else { "something of ours" };
            Message::warning(format!("{address} refused {what}: {}", Plain(message)))
        }
        Event::LineReopened { entry } => Message::warning(format!(
            "The block of line {entry} is no longer in the best chain; the line will be mined again"
        )),
        Event::TransactionPooled { txid, .. } => {
            Message::routine(format!("Transaction {txid} waits to be mined"))
        }
        Event::TransactionMined { txid, height } => {
            Message::answer(format!("Your transaction {txid} stands in block {height}"))
        }
        Event::TransactionMoved { txid, from, to } => Message::warning(format!(
            "Your transaction {txid} stood in {}, which is no longer in the best chain; it stands in \
             {} now",
            place(from),
            place(to)
        )),
        Event::TransactionReturned { txid, from, pooled } => {
            Message::warning(returned(txid, from.as_ref(), *pooled))
        }
        Event::TransactionDisplaced { txid, by: Some(by), again, from } => {
            Message::warning(displaced(txid, by, *again, from.as_ref()))
        }
        Event::DraftSigned { entry, txid, former } => {
            Message::answer(signed(*entry, txid, *former))
        }
        Event::DraftsWait { drafts, wait } => Message::warning(drafts::waiting(*drafts, *wait)),
        Event::OutboxFull { waiting } => Message::warning(format!(
            "The outbox is full: {} to be mined; the next one waits for room",
            if *waiting == 1 {
                String::from("1 line waits")
            } else {
                format!("{} lines wait", grouped(*waiting))
            }
        )),
        Event::Witnessed { key, height, hash } => {
            Message::routine(format!("Witness {key} stands by block {height}, {hash}"))
        }
        Event::WitnessEquivocated { key, sequence, listed } => Message::warning(format!(
            "{} {key} signed two statements with the sequence {sequence}, so do not believe it; \
             /witnesses shows both",
            if *listed { "The witness that you list" } else { "Witness" }
        )),
        Event::OwnStatementsReturned { sequence } => Message::warning(format!(
            "A peer has statements of this node's witness key up to sequence {sequence} that are not \
             known here, as when a data directory comes back from an old copy; this node goes on after \
             them. Never run two copies of a witness key"
        )),
        Event::WitnessingStopped { why } => {
            Message::warning(format!("This node makes no statements as a witness: {why}"))
        }
        Event::PeerBanned { address, seconds } => Message::warning(format!(
            "Banned {} for {}: it sent too much that is wrong",
            address.ip(),
            whole_seconds(Duration::from_secs(*seconds))
        )),
        _ => return None,
    })
}

fn place(point: &BlockName) -> String {
    format!("block {} at height {}", point.hash, point.height)
}

fn returned(txid: &Txid, from: Option<&BlockName>, pooled: bool) -> String {
    let was = match from {
        Some(from) => format!("stood in {}", place(from)),
        None => String::from("had lost its place to another one in a block"),
    };
    let now = match pooled {
        true => "it is back in the pool and waits to be mined again",
        false => "it waits until its account can pay for it again",
    };
    format!("Your transaction {txid} {was}, which is no longer in the best chain; {now}")
}

fn displaced(txid: &Txid, by: &Txid, again: bool, from: Option<&BlockName>) -> String {
    let was = match from {
        Some(from) => {
            format!(" stood in {}, which is no longer in the best chain, and", place(from))
        }
        None => String::new(),
    };
    let then = match again {
        true => String::from("its text is signed again under the next sequence"),
        false => format!(
            "`kusari tx {txid}` shows what it said; record or send it again if it still counts"
        ),
    };
    format!(
        "Your transaction {txid}{was} cannot be mined any more: {by} of the same account took its \
         place; {then}"
    )
}

fn signed(entry: EntryId, txid: &Txid, former: Option<Txid>) -> String {
    match former {
        Some(former) => {
            format!("Your transaction {former} was signed again as {txid}, which waits to be mined")
        }
        None => format!("Draft {entry} was signed as transaction {txid}; it will be mined"),
    }
}

fn connected(target: &kusari_node::PeerAddress, address: &core::net::SocketAddr) -> String {
    let (target, address) = (target.to_string(), address.to_string());
    if target == address {
        format!("Connected to {address}")
    } else {
        format!("Connected to {target} ({address})")
    }
}

/// The line and the card of a block that joined the best chain.
pub(crate) fn added(block: &Block, ledger: Option<&LedgerPart>) -> String {
    let Block { index, nonce, hash, .. } = block;
    format!("Added new block index={index}, nonce={nonce}, hash={hash}\n{}", card(block, ledger))
}

/// In whole seconds, rounded up: what is announced does not come before it is said to.
fn whole_seconds(time: Duration) -> String {
    lasting(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
