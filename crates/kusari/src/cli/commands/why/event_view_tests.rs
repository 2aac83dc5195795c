//! What is said of each thing that happens.

use kusari_chain::{BestPoint, BlockHash, Work};

use super::*;
use kusari_store::event_log::EventEntry;

fn hash(byte: u8) -> BlockHash {
    BlockHash([byte; 32])
}

fn block(height: u32, byte: u8) -> BlockName {
    BlockName { height, hash: hash(byte) }
}

fn sender(agent: Option<&str>) -> Sender {
    Sender { address: ([127, 0, 0, 1], 4000).into(), agent: agent.map(str::to_owned) }
}

fn report(subject: WhySubject, happened: Vec<(u64, Event)>) -> WhyReport {
    let entry = |(time, event)| WhyEntry {
        number: time,
        entry: EventEntry { time, checked_us: None, handled_us: None, event },
    };
    let entries = happened.into_iter().map(entry).collect();
    let (block, event_log_begins) = (None, Some(1_000));
    WhyReport {
        subject,
        block,
        event_log_begins,
        missed: 0,
        hindrances: vec![],
        has_more: false,
        entries,
    }
}

#[test]
fn a_block_tells_how_it_came_and_went_and_returned_with_the_time_between() {
    let point =
        |block: BlockName| BestPoint { height: block.height, hash: block.hash, work: Work::ZERO };
    let (ours, other) = (block(12, 1), block(12, 2));
    let moved = |from: BlockName, to: BlockName| Event::Reorganised {
        depth: 1,
        from: point(from),
        to: point(to),
        reverted: vec![from],
        connected: vec![to],
    };
    let origin = Origin::Announced(sender(Some("kusari/0.1.0")));
    let mut report = report(
        WhySubject::Block { hash: ours.hash },
        vec![
            (5_000, Event::BlocksJoined { first: ours, last: ours, origin }),
            (5_007, Event::BlockPassedOn { block: ours, pushed: 3, announced: 1 }),
            (65_000, moved(ours, other)),
            (3_705_000, moved(other, ours)),
        ],
    );
    report.entries[0].entry.checked_us = Some(250);
    report.block = Some(RecordPlace { height: 12, hash: ours.hash, confirmations: 5 });
    let (one, two) = (hash(1), hash(2));
    assert_eq!(
        in_words(&report),
        format!(
            "Block {one} at height 12 of the best chain, 5 deep\n\
             1970-01-01 00:00:05 UTC  It came from 127.0.0.1:4000 (kusari/0.1.0), unasked, and \
             became the tip of the best chain; its check took 0.25 ms\n                  +7 ms  It \
             was passed on to 3 peers and announced to 1 peer\n             +1 min 0 s  It was \
             reverted by a reorganisation of 1 block from {one} at height 12 to {two} at height \
             12; in its place stands {two}\n             +1 h 1 min  It returned to the best \
             chain by a reorganisation of 1 block from {two} at height 12 to {one} at height 12\n\
             This node's event log of such begins at 1970-01-01 00:00:01 UTC."
        )
    );
}

#[test]
fn a_refused_block_tells_its_rule_and_its_sender_and_obeys_no_escape_of_either() {
    let refused = Event::BlockRefused {
        block: block(3, 7),
        code: "bad-index".into(),
        reason: "the index is \u{1b}[2J wrong".into(),
        origin: Origin::Announced(sender(Some("evil\n\u{7}"))),
    };
    let peer = WhySubject::Peer { address: "127.0.0.1".into() };
    let said = in_words(&report(peer, vec![(9_000, refused)]));
    assert!(said.contains(&format!("Block {} of height 3 came from", hash(7))), "{said}");
    assert!(said.contains("was refused (bad-index): the index is \\u{1b}[2J wrong"), "{said}");
    assert!(said.contains("evil\\u{a}\\u{7}"), "{said}");
    assert_eq!(said.lines().count(), 3);
}

#[test]
fn a_block_in_a_run_is_told_with_the_run_and_what_is_lacking_is_said() {
    let origin = Origin::Synced(sender(None));
    let run = Event::BlocksJoined { first: block(1, 1), last: block(20_000, 2), origin };
    let subject = WhySubject::Block { hash: hash(3) };
    let said = in_words(&report(subject.clone(), vec![(9_000, run)]));
    assert!(
        said.contains(
            "one of the blocks 1 to 20,000: each came from 127.0.0.1:4000 (not introduced), asked \
             for while this node caught up, and joined the best chain"
        ),
        "{said}"
    );
    let nothing = WhyReport { event_log_begins: None, missed: 2, ..report(subject, Vec::new()) };
    let said = in_words(&nothing);
    assert!(said.contains("The event log says nothing of it."), "{said}");
    assert!(said.contains("This node has no event log of such."), "{said}");
    assert!(said.ends_with("2 more events of the kind came too fast to be written down."));
}
