//! Announcements against a clock that the test moves.

use alloc::vec;

use kusari_chain::Work;

use super::super::Download;
use super::*;
use crate::limits::ANNOUNCED_TIMEOUT;

const START: Duration = Duration::from_secs(100);

fn point(height: u32, name: u8) -> BestPoint {
    BestPoint { height, hash: BlockHash([name; 32]), work: Work::of_classic_blocks(height) }
}

fn peer(number: u64) -> PeerId {
    PeerId(number)
}

/// Announcements, and the table of what is being asked.
#[derive(Default)]
struct Desk {
    announced: PendingAnnouncements,
    downloads: Downloads,
}

impl Desk {
    fn heard(&mut self, peer: PeerId, point: BestPoint, tip: &BestPoint, now: Duration) {
        self.announced.heard(&self.downloads, peer, point, tip, now);
    }

    /// Whom to ask now, after what is late was given up.
    fn questions(&mut self, now: Duration) -> Vec<(PeerId, BlockHash)> {
        for (_, download) in self.downloads.give_up_late(now) {
            if let Purpose::Announced(hash) = download.purpose() {
                self.announced.arrived(hash);
            }
        }
        self.announced.due(&mut self.downloads, now, &point(5, 0))
    }

    /// The peer's answer is complete, if it was asked for one.
    fn end(&mut self, peer: PeerId) -> bool {
        let download = self.downloads.ended(peer, 0, &[BlockHash([0; 32])]);
        if let Some(Purpose::Announced(hash)) = download.as_ref().and_then(Download::live_purpose) {
            self.announced.answered(peer, hash);
        }
        download.is_some()
    }

    /// When something is to be done next.
    fn deadline(&self) -> Option<Duration> {
        self.announced.deadline(&self.downloads).into_iter().chain(self.downloads.deadline()).min()
    }

    fn is_waited_for(&self, peer: PeerId, hash: &BlockHash) -> bool {
        self.announced.is_waited_for(peer, hash)
    }
}

#[test]
fn a_block_that_comes_within_the_grace_is_not_asked_for() {
    let mut desk = Desk::default();
    desk.heard(peer(1), point(6, 1), &point(5, 0), START);
    desk.heard(peer(2), point(6, 1), &point(5, 0), START);
    assert!(desk.is_waited_for(peer(1), &point(6, 1).hash));
    assert!(desk.questions(START).is_empty());
    assert_eq!(desk.deadline(), Some(START + ANNOUNCED_GRACE));
    assert_eq!(desk.announced.arrived(&point(6, 1).hash), [peer(1), peer(2)]);
    assert_eq!(desk.deadline(), None);
}

#[test]
fn after_the_grace_the_first_to_announce_is_asked_and_after_its_time_the_rest_is_left_to_others() {
    let mut desk = Desk::default();
    let hash = point(6, 1).hash;
    desk.heard(peer(2), point(6, 1), &point(5, 0), START);
    desk.heard(peer(1), point(6, 1), &point(5, 0), START + Duration::from_millis(1));
    let asked_at = START + ANNOUNCED_GRACE;
    assert_eq!(desk.questions(asked_at), [(peer(2), hash)]);
    assert_eq!(desk.deadline(), Some(asked_at + ANNOUNCED_TIMEOUT));
    assert!(desk.questions(asked_at).is_empty());
    assert!(desk.is_waited_for(peer(1), &hash));
    assert!(desk.questions(asked_at + ANNOUNCED_TIMEOUT).is_empty());
    assert!(!desk.is_waited_for(peer(1), &hash), "nobody else may ask for it");
}

#[test]
fn a_peer_that_does_not_have_what_it_announced_is_followed_by_the_next() {
    let mut desk = Desk::default();
    let hash = point(6, 1).hash;
    for number in 1..=3 {
        desk.heard(peer(number), point(6, 1), &point(5, 0), START);
    }
    let now = START + ANNOUNCED_GRACE;
    for number in 1..=3 {
        assert_eq!(desk.questions(now), [(peer(number), hash)]);
        assert!(desk.end(peer(number)));
    }
    assert!(desk.questions(now).is_empty());
    assert!(!desk.end(peer(3)), "an answer that nobody asked for here");
}

#[test]
fn a_peer_that_owes_an_answer_or_is_asked_by_others_is_passed_over() {
    let mut desk = Desk::default();
    desk.heard(peer(1), point(6, 1), &point(5, 0), START);
    let mut now = START + ANNOUNCED_GRACE;
    assert_eq!(desk.questions(now).len(), 1);
    desk.heard(peer(1), point(6, 2), &point(5, 0), now);
    desk.heard(peer(2), point(6, 2), &point(5, 0), now);
    desk.heard(peer(3), point(6, 2), &point(5, 0), now);
    now += ANNOUNCED_GRACE;
    desk.downloads.ask(peer(2), Answer::Headers, Purpose::Payloads(point(3, 3).hash), now);
    let asked = desk.questions(now);
    assert_eq!(asked, [(peer(3), point(6, 2).hash)]);
}

#[test]
fn what_is_far_above_the_tip_or_several_blocks_above_it_is_left_to_others() {
    let mut desk = Desk::default();
    desk.heard(peer(1), point(6 + ANNOUNCED_AHEAD, 1), &point(5, 0), START);
    assert!(!desk.is_waited_for(peer(1), &point(6 + ANNOUNCED_AHEAD, 1).hash));
    desk.heard(peer(1), point(7, 2), &point(5, 0), START);
    assert!(desk.is_waited_for(peer(1), &point(7, 2).hash));
    assert!(desk.questions(START + ANNOUNCED_GRACE).is_empty());
    assert!(!desk.is_waited_for(peer(1), &point(7, 2).hash));
}

#[test]
fn a_peer_that_announces_without_end_holds_one_place_and_is_asked_once() {
    let mut desk = Desk::default();
    let mut asked = vec![];
    let mut now = START;
    for name in 1..=200 {
        desk.heard(peer(1), point(6, name), &point(5, 0), now);
        assert!(desk.announced.last.len() <= 1);
        now += ANNOUNCED_GRACE;
        asked.extend(desk.questions(now));
    }
    assert_eq!(asked.len(), 1, "it never answered");
    desk.announced.remove(peer(1));
    assert!(desk.announced.last.is_empty());
}

#[test]
fn who_announces_again_and_again_keeps_nobody_else_from_being_asked() {
    let mut desk = Desk::default();
    let (tip, block, other) = (point(5, 0), point(6, 1), point(6, 2));
    let (liar, honest) = (peer(1), peer(2));
    desk.heard(liar, block, &tip, START);
    desk.heard(honest, block, &tip, START + Duration::from_millis(1));
    let asked_at = START + ANNOUNCED_GRACE;
    assert_eq!(desk.questions(asked_at), [(liar, block.hash)]);
    let late = asked_at + ANNOUNCED_TIMEOUT;
    assert!(desk.questions(late).is_empty());
    for again in [other, block] {
        desk.heard(liar, again, &tip, late);
    }
    assert!(!desk.is_waited_for(honest, &block.hash));
    // Another liar who has not been asked yet waits for itself alone.
    desk.heard(peer(3), block, &tip, late);
    assert!(desk.is_waited_for(peer(3), &block.hash));
    assert!(!desk.is_waited_for(honest, &block.hash));
}
