//! What happened, in words.
//!
//! Owns how each event is worded and whether it matters enough to be shown where only what matters
//! is. Where and when it appears is up to [`super::screen`].

use core::time::Duration;

use kusari_chain::ledger::{LedgerPart, Txid};
use kusari_chain::{BestPoint, Block};
use kusari_node::Event;
use kusari_node::store::EntryId;

use super::branches::alarm;
use super::card::card;
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
}

/// The words for an event.
pub(crate) fn words(event: &Event) -> Message {
    match event {
        Event::Connected { target, address } => Message::routine(connected(target, address)),
        Event::Accepted { address } => {
            Message::routine(format!("Accepted connection from {address}"))
        }
        Event::Introduced { address, agent } => {
            Message::routine(format!("{address} introduced itself as {}", Plain(agent)))
        }
        Event::FoundOriginal { address } => {
            Message::routine(format!("{address} is an original node: it knows no HELLO"))
        }
        Event::OriginalDiverged { address } => Message::warning(format!(
            "The last block of the original node {address} is not in the best chain here: what is \
             typed there stands on a branch that no other node follows, and nothing sent from here \
             changes that; start that node again, and it will be sent this chain"
        )),
        Event::Disconnected { address, reason } => {
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
        Event::SideBlock { height, hash } => Message::routine(format!(
            "Kept a block beside the best chain: height={height}, hash={hash}"
        )),
        Event::Reorganised { depth, from, to } => Message::warning(format!(
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
        Event::Rejected { address, code, reason } => {
            Message::warning(format!("Rejected a line from {address}: {} [{code}]", Plain(reason)))
        }
        Event::PeerRefused { address, message } => {
            Message::warning(format!("{address} refused something of ours: {}", Plain(message)))
        }
        Event::LineReopened { entry } => Message::warning(format!(
            "The block of line {entry} is no longer in the best chain; the line will be mined again"
        )),
        Event::TransactionPooled { txid, own: _ } => {
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
        Event::TransactionDisplaced { txid, by, again, from } => {
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
        Event::Banned { address, duration } => Message::warning(format!(
            "Banned {} for {}: it sent too much that is wrong",
            address.ip(),
            whole_seconds(*duration)
        )),
    }
}

fn place(point: &BestPoint) -> String {
    format!("block {} at height {}", point.hash, point.height)
}

fn returned(txid: &Txid, from: Option<&BestPoint>, pooled: bool) -> String {
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

fn displaced(txid: &Txid, by: &Txid, again: bool, from: Option<&BestPoint>) -> String {
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
mod tests {
    use super::*;
    use core::net::SocketAddr;
    use kusari_chain::{BestPoint, StoredBlock, Work};
    use kusari_node::event::BlockSource;
    use std::sync::Arc;

    fn peer() -> SocketAddr {
        "127.0.0.1:52325".parse().unwrap()
    }

    #[track_caller]
    fn assert_says(event: Event, severity: Severity, text: &str) {
        assert_eq!(words(&event), Message { severity, text: text.into() });
    }

    #[test]
    fn connections_are_told_in_words_of_the_tutorial() {
        let target = "127.0.0.1:8080".parse().unwrap();
        let address = "127.0.0.1:8080".parse().unwrap();
        assert_says(
            Event::Connected { target, address },
            Severity::Routine,
            "Connected to 127.0.0.1:8080",
        );
        let target = "localhost:8080".parse().unwrap();
        assert_says(
            Event::Connected { target, address },
            Severity::Routine,
            "Connected to localhost:8080 (127.0.0.1:8080)",
        );
        assert_says(
            Event::Accepted { address: peer() },
            Severity::Routine,
            "Accepted connection from 127.0.0.1:52325",
        );
        assert_says(
            Event::SentBlocks { address: peer(), count: 1 },
            Severity::Routine,
            "Sent 1 block to 127.0.0.1:52325",
        );
        let target = "localhost:8080".parse().unwrap();
        assert_says(
            Event::Redialling { target, after: Duration::from_millis(1_100) },
            Severity::Routine,
            "Redialling localhost:8080 in 2 s",
        );
    }

    #[test]
    fn an_original_that_cannot_be_mended_is_told_with_the_remedy() {
        let said = words(&Event::OriginalDiverged { address: peer() });
        assert_eq!(said.severity, Severity::Warning);
        assert!(
            said.text.starts_with("The last block of the original node 127.0.0.1:52325 is not")
        );
        assert!(said.text.contains("start that node again"), "{}", said.text);
    }

    #[test]
    fn an_added_block_is_told_with_its_card() {
        let block = Block::genesis();
        let stored = StoredBlock {
            order: 0,
            work: Work::ZERO,
            total_bytes: 0,
            block: block.clone(),
            ledger: None,
        };
        let event = Event::BlockAdded { block: Arc::new(stored), source: BlockSource::Announced };
        let text = format!(
            "Added new block index=0, nonce=2945, \
             hash=000009fd818a1c6a6577cfda48a44f72d5c3e7359fe9bf808b959e4b56a06f13\n{}",
            card(&block, None)
        );
        assert_says(event, Severity::Routine, &text);
    }

    #[test]
    fn a_reorganisation_is_told_with_its_depth_and_both_tips() {
        let mut to = BestPoint::genesis();
        to.height = 4;
        let said = words(&Event::Reorganised { depth: 3, from: BestPoint::genesis(), to });
        assert_eq!(said.severity, Severity::Warning);
        let hash = Block::genesis().hash;
        assert_eq!(
            said.text,
            format!(
                "Reorganised 3 blocks deep: from tip {hash} (height 0) to tip {hash} (height 4)"
            )
        );
    }

    #[test]
    fn a_reorganisation_names_the_block_that_a_transaction_stood_in_and_where_it_is_now() {
        let txid = Txid([7; 32]);
        let point = |height, byte| BestPoint {
            height,
            hash: kusari_chain::BlockHash([byte; 32]),
            work: Work::ZERO,
        };
        let (from, to) = (point(5, 1), point(6, 2));
        let (old, new) = (from.hash, to.hash);
        let said = words(&Event::TransactionMoved { txid, from, to });
        assert_eq!(said.severity, Severity::Warning);
        let stood = format!("Your transaction {txid} stood in block {old} at height 5, which is");
        let (gone, from) = (format!("{stood} no longer in the best chain"), Some(from));
        assert_eq!(said.text, format!("{gone}; it stands in block {new} at height 6 now"));
        let back = words(&Event::TransactionReturned { txid, from, pooled: true }).text;
        assert_eq!(back, format!("{gone}; it is back in the pool and waits to be mined again"));
        let poor = words(&Event::TransactionReturned { txid, from, pooled: false }).text;
        assert_eq!(poor, format!("{gone}; it waits until its account can pay for it again"));
        let by = Txid([8; 32]);
        let lost = words(&Event::TransactionDisplaced { txid, by, again: false, from }).text;
        let cause = format!("{gone}, and cannot be mined any more: {by} of the same account");
        assert!(lost.starts_with(&cause) && lost.contains("send it again"), "{lost}");
        let again = words(&Event::TransactionDisplaced { txid, by, again: true, from: None });
        assert!(again.text.ends_with("its text is signed again under the next sequence"));
        assert!(!again.text.contains("send it again"), "{}", again.text);
    }

    #[test]
    fn words_of_a_peer_are_never_obeyed() {
        let trick = String::from("\u{1b}[2J\nSaved as line 1");
        let address = peer();
        for event in [
            Event::Introduced { address, agent: trick.clone() },
            Event::Disconnected { address, reason: trick.clone() },
            Event::Rejected { address, code: "bad-json", reason: trick.clone() },
            Event::PeerRefused { address, message: trick.clone() },
        ] {
            let text = words(&event).text;
            assert!(text.contains("\\u{1b}[2J\\u{a}Saved as line 1"), "{text}");
            assert!(!text.contains(char::is_control), "{text}");
        }
        assert_says(
            Event::Rejected { address, code: "bad-hash", reason: "the hash is wrong".into() },
            Severity::Warning,
            "Rejected a line from 127.0.0.1:52325: the hash is wrong [bad-hash]",
        );
    }
}
