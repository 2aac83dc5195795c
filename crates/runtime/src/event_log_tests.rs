//! What waits to be written: bounded, counted where it is too much, and joined where it is the same.

use kusari_chain::BlockHash;
use kusari_chain::ledger::Txid;
use kusari_node::event::{BlockName, Sender};

use super::*;

fn second(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn sender() -> Sender {
    Sender { address: ([127, 0, 0, 1], 1).into(), agent: Some("a".repeat(10_000)) }
}

fn refused() -> Event {
    let (code, reason) = ("bad-json".into(), "r".repeat(10_000));
    Event::LineRefused { sender: sender(), code, reason }
}

fn block(height: u32) -> BlockName {
    BlockName { height, hash: BlockHash([u8::try_from(height).unwrap(); 32]) }
}

fn joined(first: u32, last: u32, origin: Origin) -> Event {
    Event::BlocksJoined { first: block(first), last: block(last), origin }
}

#[test]
fn what_strangers_send_in_vain_is_bounded_in_a_second_and_counted_beyond_that() {
    let mut unwritten = UnwrittenEvents::default();
    for _ in 0..10_000 {
        unwritten.add(second(5), 0, Took::default(), refused());
    }
    // What costs work has room all the same.
    unwritten.add(second(5), 0, Took::default(), joined(1, 1, Origin::Waited));
    let entries = unwritten.take();
    assert_eq!(entries.len(), 257);
    assert!(entries.iter().all(|entry| entry.write().len() < 700));
    unwritten.add(second(6), 0, Took::default(), refused());
    let entries = unwritten.take();
    let missed = Event::Missed { of: EventKind::Peers, count: 10_000 - 256 };
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].event, missed);
}

#[test]
fn what_a_person_submits_is_written_down_while_strangers_send_more_than_is() {
    let mut unwritten = UnwrittenEvents::default();
    let pooled = |byte, origin| Event::TransactionPooled { txid: Txid([byte; 32]), origin };
    for _ in 0..10_000 {
        unwritten.add(second(5), 0, Took::default(), pooled(1, Origin::Announced(sender())));
    }
    unwritten.add(second(5), 0, Took::default(), pooled(2, Origin::Person));
    let entries = unwritten.take();
    assert_eq!(entries.len(), 513);
    assert_eq!(entries.last().map(|entry| &entry.event), Some(&pooled(2, Origin::Person)));
}

#[test]
fn a_disk_that_does_not_keep_up_is_given_no_more_than_it_may_have() {
    let mut unwritten = UnwrittenEvents::default();
    for height in 0..100 {
        unwritten.add(
            second(1),
            MOST_UNDER_WAY - 10,
            Took::default(),
            joined(height, height, Origin::Waited),
        );
    }
    assert_eq!(unwritten.take().len(), 10);
}

#[test]
fn blocks_in_a_row_of_one_peer_that_was_asked_become_one_entry() {
    let synced = || Origin::Synced(Sender { address: ([127, 0, 0, 1], 1).into(), agent: None });
    let mut unwritten = UnwrittenEvents::default();
    for first in [1, 11, 21] {
        unwritten.add(second(1), 0, Took::default(), joined(first, first + 9, synced()));
    }
    unwritten.add(second(1), 0, Took::default(), joined(41, 41, synced()));
    let happened: Vec<Event> = unwritten.take().into_iter().map(|entry| entry.event).collect();
    assert_eq!(happened, [joined(1, 30, synced()), joined(41, 41, synced())]);
}

#[test]
fn a_time_is_told_of_the_line_that_took_it_alone() {
    let took = Took { checked: Some(second(1)), handled: Some(second(2)) };
    let announced = Origin::Announced(Sender { address: ([127, 0, 0, 1], 1).into(), agent: None });
    let mut unwritten = UnwrittenEvents::default();
    unwritten.add(second(1), 0, took, joined(1, 1, announced.clone()));
    unwritten.add(second(1), 0, took, joined(2, 2, Origin::Waited));
    unwritten.add(second(1), 0, Took { checked: None, ..took }, joined(3, 3, announced));
    let times: Vec<_> =
        unwritten.take().into_iter().map(|entry| (entry.checked_us, entry.handled_us)).collect();
    assert_eq!(times, [(Some(1_000_000), Some(2_000_000)), (None, None), (None, None)]);
}
