//! To which request an answer belongs, and how much the table holds.

use super::*;
use crate::limits::{ANNOUNCED_TIMEOUT, REQUEST_TIMEOUT};

const PEER: PeerId = PeerId(1);
const START: Duration = Duration::from_secs(100);

fn hash(number: u8) -> BlockHash {
    BlockHash([number; 32])
}

fn sync() -> Purpose {
    Purpose::Sync(Progress::default())
}

fn bodies(count: usize) -> Purpose {
    let body = Body { hash: hash(1), parent: hash(2) };
    Purpose::Bodies { bodies: alloc::vec![body; count], delivered: 0, is_shared: false }
}

/// What a row is for, in a word.
fn named(download: Option<Download>) -> &'static str {
    match download.as_ref().map(|download| (download.purpose(), download.is_abandoned)) {
        None => "nothing",
        Some((_, true)) => "given up",
        Some((Purpose::Sync(_), _)) => "sync",
        Some((Purpose::Announced(_), _)) => "announced",
        Some((Purpose::Bodies { .. }, _)) => "bodies",
        Some((Purpose::Payloads(_), _)) => "payloads",
        Some((Purpose::Chain { .. }, _)) => "chain",
    }
}

#[test]
fn an_end_belongs_to_the_oldest_request_that_it_can_end() {
    let mut downloads = Downloads::default();
    downloads.ask(PEER, Answer::Stream(256), sync(), START);
    downloads.ask(PEER, Answer::Hashes(1), Purpose::Announced(hash(1)), START);
    downloads.ask(PEER, Answer::Hashes(3), bodies(3), START);
    // Answers by hash overtake a stream that waits for its turn; their form tells them apart.
    assert_eq!(named(downloads.ended(PEER, 1, &[hash(2), hash(3)])), "bodies");
    assert_eq!(named(downloads.ended(PEER, 0, &[hash(1)])), "announced");
    assert_eq!(named(downloads.ended(PEER, 256, &[])), "sync");
    assert_eq!(named(downloads.ended(PEER, 0, &[])), "nothing");
}

#[test]
fn an_end_of_no_form_that_was_asked_for_ends_the_oldest() {
    let mut downloads = Downloads::default();
    downloads.ask(PEER, Answer::Headers, sync(), START);
    downloads.ask(PEER, Answer::Hashes(2), bodies(2), START);
    downloads.ask(PEER, Answer::Hashes(1), Purpose::Payloads(hash(1)), START);
    assert_eq!(named(downloads.ended(PEER, 9, &[])), "bodies");
    assert_eq!(named(downloads.ended(PEER, 9, &[])), "payloads");
    assert_eq!(named(downloads.ended(PEER, 9, &[])), "nothing", "END ends no headers");
    assert_eq!(named(downloads.headers_came(PEER, START)), "sync");
}

#[test]
fn headers_that_come_late_count_unless_the_peer_was_asked_anew() {
    let late = START + REQUEST_TIMEOUT;
    for is_asked_anew in [false, true] {
        let mut downloads = Downloads::default();
        downloads.ask(PEER, Answer::Headers, sync(), START);
        downloads.give_up_late(late);
        if is_asked_anew {
            downloads.ask(PEER, Answer::Headers, sync(), late);
        }
        let first = if is_asked_anew { "given up" } else { "sync" };
        assert_eq!(named(downloads.headers_came(PEER, late)), first);
    }
}

#[test]
fn a_late_end_ends_the_request_that_was_given_up_and_not_the_one_after_it() {
    let mut downloads = Downloads::default();
    downloads.ask(PEER, Answer::Hashes(1), Purpose::Announced(hash(1)), START);
    let late = START + ANNOUNCED_TIMEOUT;
    assert_eq!(downloads.deadline(), Some(late));
    assert_eq!(downloads.give_up_late(late).len(), 1);
    assert!(downloads.is_idle(PEER) && downloads.give_up_late(late).is_empty());
    downloads.ask(PEER, Answer::Hashes(1), Purpose::Payloads(hash(2)), late);
    assert_eq!(named(downloads.ended(PEER, 1, &[])), "given up");
    assert_eq!(named(downloads.ended(PEER, 1, &[])), "payloads");
}

#[test]
fn what_is_refused_is_the_newest_request_and_each_end_keeps_its_own() {
    let mut downloads = Downloads::default();
    downloads.ask(PEER, Answer::Stream(32), sync(), START);
    downloads.ask(PEER, Answer::Stream(9), bodies(9), START);
    assert_eq!(named(downloads.refused(PEER)), "bodies");
    assert_eq!(named(downloads.ended(PEER, 7, &[])), "sync");
    assert_eq!(named(downloads.refused(PEER)), "nothing");
}

#[test]
fn a_peer_that_answers_nothing_owes_little_and_is_asked_again_only_after_long() {
    let mut downloads = Downloads::default();
    let mut now = START;
    for owed in 0..MAX_OWED_ANSWERS {
        assert!(downloads.has_room(PEER), "{owed}");
        downloads.ask(PEER, Answer::Stream(32), sync(), now);
        now += REQUEST_TIMEOUT;
        assert_eq!(downloads.give_up_late(now).len(), 1);
        assert!(downloads.is_within_bounds(|_| true));
    }
    assert!(!downloads.has_room(PEER) && !downloads.is_idle(PEER));
    downloads.ask(PEER, Answer::Stream(32), sync(), now);
    assert!(!downloads.is_within_bounds(|_| true), "a state may hold more than a node");
    downloads.ended(PEER, 0, &[]);
    downloads.give_up_late(START + OWED_TIMEOUT + REQUEST_TIMEOUT);
    assert!(downloads.has_room(PEER));
    downloads.remove(PEER);
    assert!(downloads.by_peer.is_empty() && downloads.deadline().is_none());
}

#[test]
fn a_state_with_rows_of_nobody_or_more_than_may_be_asked_for_is_none() {
    let with = |answer, purpose| {
        let mut downloads = Downloads::default();
        downloads.ask(PEER, answer, purpose, START);
        downloads
    };
    let sound = with(Answer::Hashes(3), bodies(3));
    assert!(sound.is_within_bounds(|peer| peer == PEER));
    assert!(!sound.is_within_bounds(|_| false));
    for (answer, purpose) in [
        (Answer::Stream(crate::wire::MAX_BLOCKS + 1), sync()),
        (Answer::Hashes(129), bodies(3)),
        (Answer::Hashes(128), bodies(129)),
        (Answer::Done, bodies(1)),
    ] {
        assert!(!with(answer, purpose).is_within_bounds(|_| true), "{answer:?}");
    }
    let mut twice = with(Answer::Headers, sync());
    twice.ask(PEER, Answer::Headers, sync(), START);
    assert!(twice.is_within_bounds(|_| true), "a peer is asked ahead");
    twice.ask(PEER, Answer::Headers, sync(), START);
    assert!(!twice.is_within_bounds(|_| true), "a peer is asked ahead once at a time");
    let mut many = with(Answer::Hashes(128), bodies(128));
    many.ask(PEER, Answer::Hashes(65), bodies(65), START);
    assert!(!many.is_within_bounds(|_| true), "there are too many bodies");
}
