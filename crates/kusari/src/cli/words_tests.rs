//! What is told of each event, and how much it matters.

use super::*;
use core::net::SocketAddr;
use kusari_chain::{BestPoint, StoredBlock, Work};
use kusari_node::event::{BlockSource, Sender};
use std::sync::Arc;

fn peer() -> SocketAddr {
    "127.0.0.1:52325".parse().unwrap()
}

fn sender() -> Sender {
    Sender { address: peer(), agent: None }
}

#[track_caller]
fn assert_says(event: Event, severity: Severity, text: &str) {
    assert_eq!(words(&event).unwrap(), Message { severity, text: text.into() });
}

#[test]
fn connections_are_told_in_words_of_the_tutorial() {
    let target = "127.0.0.1:8080".parse().unwrap();
    let address = "127.0.0.1:8080".parse().unwrap();
    assert_says(
        Event::PeerConnected { address, target: Some(target) },
        Severity::Routine,
        "Connected to 127.0.0.1:8080",
    );
    let target = "localhost:8080".parse().unwrap();
    assert_says(
        Event::PeerConnected { address, target: Some(target) },
        Severity::Routine,
        "Connected to localhost:8080 (127.0.0.1:8080)",
    );
    assert_says(
        Event::PeerConnected { address: peer(), target: None },
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
    let said = words(&Event::OriginalDiverged { address: peer() }).unwrap();
    assert_eq!(said.severity, Severity::Warning);
    assert!(said.text.starts_with("The last block of the original node 127.0.0.1:52325 is not"));
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
    let said = words(&Event::Reorganised {
        depth: 3,
        from: BestPoint::genesis(),
        to,
        reverted: Vec::new(),
        connected: Vec::new(),
    })
    .unwrap();
    assert_eq!(said.severity, Severity::Warning);
    let hash = Block::genesis().hash;
    assert_eq!(
        said.text,
        format!("Reorganised 3 blocks deep: from tip {hash} (height 0) to tip {hash} (height 4)")
    );
}

#[test]
fn a_reorganisation_names_the_block_that_a_transaction_stood_in_and_where_it_is_now() {
    let txid = Txid([7; 32]);
    let point = |height, byte| BlockName { height, hash: kusari_chain::BlockHash([byte; 32]) };
    let (from, to) = (point(5, 1), point(6, 2));
    let (old, new) = (from.hash, to.hash);
    let said = words(&Event::TransactionMoved { txid, from, to }).unwrap();
    assert_eq!(said.severity, Severity::Warning);
    let stood = format!("Your transaction {txid} stood in block {old} at height 5, which is");
    let (gone, from) = (format!("{stood} no longer in the best chain"), Some(from));
    assert_eq!(said.text, format!("{gone}; it stands in block {new} at height 6 now"));
    let back = words(&Event::TransactionReturned { txid, from, pooled: true }).unwrap().text;
    assert_eq!(back, format!("{gone}; it is back in the pool and waits to be mined again"));
    let poor = words(&Event::TransactionReturned { txid, from, pooled: false }).unwrap().text;
    assert_eq!(poor, format!("{gone}; it waits until its account can pay for it again"));
    let by = Some(Txid([8; 32]));
    let lost = words(&Event::TransactionDisplaced { txid, by, again: false, from }).unwrap().text;
    let other = Txid([8; 32]);
    let cause = format!("{gone}, and cannot be mined any more: {other} of the same account");
    assert!(lost.starts_with(&cause) && lost.contains("send it again"), "{lost}");
    let again = words(&Event::TransactionDisplaced { txid, by, again: true, from: None }).unwrap();
    assert!(again.text.ends_with("its text is signed again under the next sequence"));
    assert!(!again.text.contains("send it again"), "{}", again.text);
}

#[test]
fn words_of_a_peer_are_never_obeyed() {
    let trick = String::from("\u{1b}[2J\nSaved as line 1");
    let address = peer();
    for event in [
        Event::PeerIntroduced { address, agent: trick.clone() },
        Event::PeerDisconnected { address, reason: trick.clone() },
        Event::LineRefused { sender: sender(), code: "bad-json".into(), reason: trick.clone() },
        Event::PeerRefusedOurs { address, message: trick.clone(), connection: false },
    ] {
        let text = words(&event).unwrap().text;
        assert!(text.contains("\\u{1b}[2J\\u{a}Saved as line 1"), "{text}");
        assert!(!text.contains(char::is_control), "{text}");
    }
    assert_says(
        Event::LineRefused {
            sender: sender(),
            code: "bad-hash".into(),
            reason: "the hash is wrong".into(),
        },
        Severity::Warning,
        "Rejected a line from 127.0.0.1:52325: the hash is wrong [bad-hash]",
    );
}
