//! When originals are asked, on made-up times and hashes.

use core::ops::{Deref, DerefMut};

use super::*;

const PEER: PeerId = PeerId(1);
const START: Duration = Duration::from_secs(100);
const SECOND: Duration = Duration::from_secs(1);

fn hash(number: u8) -> BlockHash {
    BlockHash([number; 32])
}

/// Originals, and the table of what is being asked.
#[derive(Default)]
struct Desk {
    originals: Originals,
    downloads: Downloads,
}

impl Deref for Desk {
    type Target = Originals;

    fn deref(&self) -> &Originals {
        &self.originals
    }
}

impl DerefMut for Desk {
    fn deref_mut(&mut self) -> &mut Originals {
        &mut self.originals
    }
}

impl Desk {
    fn block_came(&mut self, peer: PeerId, hash: BlockHash, is_new: bool, now: Duration) {
        Originals::block_came(&mut self.downloads, peer, hash, is_new, now);
    }

    fn bad_line_came(&mut self, peer: PeerId, reads_as_block: bool, now: Duration) {
        Originals::bad_line_came(&mut self.downloads, peer, reads_as_block, now);
    }

    fn is_asked(&self, peer: PeerId) -> bool {
        self.downloads.owes_chain(peer)
    }

    fn is_held(&self, peer: PeerId) -> bool {
        self.originals.is_held(&self.downloads, peer)
    }

    fn due(&mut self, now: Duration, is_busy: bool, is_known: bool) -> Vec<PeerId> {
        self.originals.due(&mut self.downloads, now, |_| is_busy, |_| Ok(is_known)).unwrap()
    }

    fn ended(&mut self, now: Duration, is_busy: impl Fn(PeerId) -> bool) -> Option<Ended> {
        self.originals.ended(&mut self.downloads, now, is_busy)
    }

    fn deadline(&self, now: Duration) -> Option<Duration> {
        self.originals.deadline(&self.downloads, now)
    }

    fn remove(&mut self, peer: PeerId) {
        self.originals.remove(&mut self.downloads, peer);
    }
}

/// Who is asked, where nothing is known and nobody is busy.
fn asked(originals: &mut Desk, now: Duration) -> Vec<PeerId> {
    originals.due(now, false, false)
}

fn end(originals: &mut Desk, now: Duration) -> Ended {
    originals.ended(now, |_| false).expect("no answer has ended")
}

#[test]
fn a_dialled_original_is_asked_at_once_and_one_that_dials_after_a_grace() {
    let (dialled, dialling) = (PeerId(1), PeerId(2));
    let mut originals = Desk::default();
    originals.found(dialled, START);
    originals.began(dialling, START);
    assert_eq!(asked(&mut originals, START), [dialled]);
    assert_eq!(originals.deadline(START), Some(START + ANSWER_SILENCE));
    assert!(asked(&mut originals, START + GET_CHAIN_GRACE - SECOND).is_empty());
    assert_eq!(asked(&mut originals, START + GET_CHAIN_GRACE), [dialling]);
    assert!(asked(&mut originals, START + 10 * GET_CHAIN_GRACE).is_empty());
}

#[test]
fn one_that_dials_is_asked_once_it_has_sent_a_block_and_has_our_answer() {
    let mut originals = Desk::default();
    originals.began(PEER, START);
    originals.sent_block(PEER, START + SECOND);
    assert!(originals.due(START + SECOND, true, false).is_empty());
    assert_eq!(asked(&mut originals, START + SECOND), [PEER]);
    originals.sent_block(PEER, START + 2 * SECOND);
    originals.ended(START + 60 * SECOND, |_| false).unwrap();
    assert!(asked(&mut originals, START + 60 * SECOND).is_empty());
}

#[test]
fn an_answer_ends_with_silence_and_says_what_came_last() {
    let mut originals = Desk::default();
    originals.found(PEER, START);
    asked(&mut originals, START);
    assert!(originals.is_held(PEER));
    let mut now = START;
    for number in 1..=5 {
        now += ANSWER_SILENCE - Duration::from_millis(1);
        assert_eq!(originals.ended(now, |_| false), None);
        originals.block_came(PEER, hash(number), false, now);
    }
    assert_eq!(originals.deadline(now), Some(now + ANSWER_SILENCE));
    let ended = end(&mut originals, now + ANSWER_SILENCE);
    assert_eq!((ended.last, ended.is_first), (LastBlock::Block(hash(5)), true));
    assert!(!originals.is_held(PEER) && !originals.is_asked(PEER));
}

#[test]
fn blocks_that_go_round_in_a_ring_for_ever_do_not_keep_an_answer_from_its_end() {
    let mut originals = Desk::default();
    originals.found(PEER, START);
    asked(&mut originals, START);
    let mut now = START;
    while originals.ended(now, |_| false).is_none() {
        assert!(now < START + GET_CHAIN_TIMEOUT + 2 * ANSWER_SILENCE, "it never ends");
        originals.block_came(PEER, hash(1), false, now);
        now += SECOND;
    }
    assert!(now >= START + GET_CHAIN_TIMEOUT);
}

#[test]
fn silence_while_nothing_is_read_ends_no_answer() {
    let mut originals = Desk::default();
    originals.found(PEER, START);
    asked(&mut originals, START);
    originals.downloads.nothing_is_read(START + 10 * SECOND);
    assert_eq!(originals.ended(START + 10 * SECOND, |_| false), None);
    end(&mut originals, START + 10 * SECOND + ANSWER_SILENCE);
}

#[test]
fn what_cannot_be_read_hides_the_last_block_and_a_forged_block_does_not() {
    for (lines, last) in [
        (&[(false, 0)][..], LastBlock::Unreadable),
        (&[(true, 0)], LastBlock::Unreadable),
        (&[(true, 1), (true, 0)], LastBlock::Block(hash(1))),
        (&[(true, 1), (false, 0)], LastBlock::Unreadable),
        (&[(false, 0), (true, 2)], LastBlock::Block(hash(2))),
        (&[], LastBlock::Nothing),
    ] {
        let mut originals = Desk::default();
        originals.found(PEER, START);
        asked(&mut originals, START);
        for (reads, block) in lines {
            match block {
                0 => originals.bad_line_came(PEER, *reads, START),
                number => originals.block_came(PEER, hash(*number), false, START),
            }
        }
        assert_eq!(end(&mut originals, START + ANSWER_SILENCE).last, last, "{lines:?}");
    }
}

#[test]
fn one_orphan_makes_us_ask_three_times_and_each_answer_in_vain_doubles_the_wait() {
    let mut originals = Desk::default();
    let (mut now, mut times) = (START, Vec::new());
    while now < START + 10 * GET_CHAIN_INTERVAL_MAX {
        originals.sent_orphan(PEER, hash(1));
        if !asked(&mut originals, now).is_empty() {
            times.push((now - START).as_secs());
        }
        if let Some(ended) = originals.ended(now, |_| false) {
            assert_eq!(ended.orphan, Some(hash(1)));
            originals.brought(PEER, false);
        }
        now += SECOND;
    }
    let minute = GET_CHAIN_INTERVAL.as_secs();
    assert_eq!(times, [0, 2 * minute, 6 * minute]);
}

#[test]
fn the_wait_grows_to_an_hour_and_an_answer_that_brings_the_parent_ends_it() {
    let mut originals = Desk::default();
    let (mut now, mut waits, mut before) = (START, Vec::new(), START);
    for number in 0..12 {
        originals.sent_orphan(PEER, hash(number));
        while asked(&mut originals, now).is_empty() {
            now = originals.deadline(now).unwrap();
        }
        waits.push(now - before);
        before = now;
        now += ANSWER_SILENCE;
        end(&mut originals, now);
        originals.brought(PEER, false);
    }
    assert!(waits[1..].windows(2).all(|pair| pair[1] == (pair[0] * 2).min(GET_CHAIN_INTERVAL_MAX)));
    assert_eq!(waits[11], GET_CHAIN_INTERVAL_MAX);
    originals.brought(PEER, true);
    originals.sent_orphan(PEER, hash(99));
    assert_eq!(originals.deadline(now), Some(before + GET_CHAIN_INTERVAL));
}

#[test]
fn an_orphan_whose_parent_came_meanwhile_is_not_asked_about() {
    let mut originals = Desk::default();
    originals.sent_orphan(PEER, hash(1));
    assert!(originals.due(START, false, true).is_empty());
    assert!(asked(&mut originals, START).is_empty());
}

#[test]
fn orphans_without_end_are_counted_within_a_bound() {
    let mut originals = Desk::default();
    let mut now = START;
    for number in 0..=255 {
        originals.sent_orphan(PEER, hash(number));
        while asked(&mut originals, now).is_empty() {
            now = originals.deadline(now).unwrap();
        }
        now += ANSWER_SILENCE;
        end(&mut originals, now);
        originals.brought(PEER, false);
    }
    assert_eq!(originals.table[&PEER].tries.len(), MAX_TRIED_ORPHANS);
    assert!(originals.is_within_bounds());
    originals.remove(PEER);
    assert!(originals.table.is_empty() && originals.deadline(now).is_none());
}

#[test]
fn while_one_is_sent_what_it_lacks_the_others_wait_for_what_it_passes_on() {
    let (first, second) = (PeerId(1), PeerId(2));
    let mut originals = Desk::default();
    originals.found(first, START);
    originals.found(second, START);
    asked(&mut originals, START);
    let mut now = START + ANSWER_SILENCE;
    assert_eq!(end(&mut originals, now).peer, first);
    originals.mends(first, now);
    // A long stream, then the last of what is passed on.
    for _ in 0..4 {
        now += SECOND;
        assert_eq!(originals.ended(now, |peer| peer == first), None);
        assert!(originals.is_held(second));
    }
    originals.block_came(second, hash(9), false, now + SECOND);
    assert_eq!(originals.ended(now + ANSWER_SILENCE, |_| false), None);
    let ended = end(&mut originals, now + SECOND + ANSWER_SILENCE);
    assert_eq!((ended.peer, ended.last), (second, LastBlock::Block(hash(9))));
}

#[test]
fn a_slow_reader_keeps_the_others_waiting_for_seconds_at_most() {
    let (slow, other) = (PeerId(1), PeerId(2));
    let mut originals = Desk::default();
    originals.found(slow, START);
    originals.found(other, START);
    asked(&mut originals, START);
    let now = START + ANSWER_SILENCE;
    assert_eq!(end(&mut originals, now).peer, slow);
    originals.mends(slow, now);
    let mut late = now;
    while originals.ended(late, |peer| peer == slow).is_none() {
        late = originals.deadline(late).unwrap();
    }
    assert!(late <= now + MEND_TIMEOUT + 2 * ANSWER_SILENCE, "{late:?}");
}
