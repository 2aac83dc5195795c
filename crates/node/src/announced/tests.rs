//! Announcements against a clock that the test moves.

use alloc::vec;

use kusari_chain::Work;

use super::*;

const START: Duration = Duration::from_secs(100);

fn point(height: u32, name: u8) -> BestPoint {
    BestPoint { height, hash: BlockHash([name; 32]), work: Work::of_classic_blocks(height) }
}

fn peer(number: u64) -> PeerId {
    PeerId(number)
}

fn questions(announced: &mut Announced, now: Duration) -> Vec<(PeerId, BlockHash)> {
    announced.due(now, &point(5, 0), |_| true)
}

#[test]
fn a_block_that_comes_within_the_grace_is_not_asked_for() {
    let mut announced = Announced::default();
    announced.heard(peer(1), point(6, 1), &point(5, 0), START);
    announced.heard(peer(2), point(6, 1), &point(5, 0), START);
    assert!(announced.is_waited_for(peer(1), &point(6, 1).hash));
    assert!(questions(&mut announced, START).is_empty());
    assert_eq!(announced.deadline(), Some(START + ANNOUNCED_GRACE));
    assert_eq!(announced.arrived(&point(6, 1).hash), [peer(1), peer(2)]);
    assert_eq!(announced.deadline(), None);
}

#[test]
fn after_the_grace_the_first_to_announce_is_asked_and_after_its_time_the_rest_is_left_to_others() {
    let mut announced = Announced::default();
    let hash = point(6, 1).hash;
    announced.heard(peer(2), point(6, 1), &point(5, 0), START);
    announced.heard(peer(1), point(6, 1), &point(5, 0), START + Duration::from_millis(1));
    let asked_at = START + ANNOUNCED_GRACE;
    assert_eq!(questions(&mut announced, asked_at), [(peer(2), hash)]);
    assert_eq!(announced.deadline(), Some(asked_at + ANNOUNCED_TIMEOUT));
    assert!(questions(&mut announced, asked_at).is_empty());
    assert!(announced.is_waited_for(peer(1), &hash));
    assert!(questions(&mut announced, asked_at + ANNOUNCED_TIMEOUT).is_empty());
    assert!(!announced.is_waited_for(peer(1), &hash), "nobody else may ask for it");
}

#[test]
fn a_peer_that_does_not_have_what_it_announced_is_followed_by_the_next() {
    let mut announced = Announced::default();
    let hash = point(6, 1).hash;
    for number in 1..=3 {
        announced.heard(peer(number), point(6, 1), &point(5, 0), START);
    }
    let now = START + ANNOUNCED_GRACE;
    for number in 1..=3 {
        assert_eq!(questions(&mut announced, now), [(peer(number), hash)]);
        assert!(announced.answer_ended(peer(number)));
    }
    assert!(questions(&mut announced, now).is_empty());
    assert!(!announced.answer_ended(peer(3)), "an answer that nobody asked for here");
}

#[test]
fn a_peer_that_owes_an_answer_or_is_asked_by_others_is_passed_over() {
    let mut announced = Announced::default();
    announced.heard(peer(1), point(6, 1), &point(5, 0), START);
    let mut now = START + ANNOUNCED_GRACE;
    assert_eq!(questions(&mut announced, now).len(), 1);
    announced.heard(peer(1), point(6, 2), &point(5, 0), now);
    announced.heard(peer(2), point(6, 2), &point(5, 0), now);
    announced.heard(peer(3), point(6, 2), &point(5, 0), now);
    now += ANNOUNCED_GRACE;
    let asked = announced.due(now, &point(5, 0), |other| other != peer(2));
    assert_eq!(asked, [(peer(3), point(6, 2).hash)]);
}

#[test]
fn what_is_far_above_the_tip_or_several_blocks_above_it_is_left_to_others() {
    let mut announced = Announced::default();
    announced.heard(peer(1), point(6 + ANNOUNCED_AHEAD, 1), &point(5, 0), START);
    assert!(!announced.is_waited_for(peer(1), &point(6 + ANNOUNCED_AHEAD, 1).hash));
    announced.heard(peer(1), point(7, 2), &point(5, 0), START);
    assert!(announced.is_waited_for(peer(1), &point(7, 2).hash));
    assert!(questions(&mut announced, START + ANNOUNCED_GRACE).is_empty());
    assert!(!announced.is_waited_for(peer(1), &point(7, 2).hash));
}

#[test]
fn a_peer_that_announces_without_end_holds_one_place_and_is_asked_once() {
    let mut announced = Announced::default();
    let mut asked = vec![];
    let mut now = START;
    for name in 1..=200 {
        announced.heard(peer(1), point(6, name), &point(5, 0), now);
        assert_eq!(announced.tellers.len(), 1);
        assert!(announced.announcements().count() <= 1);
        now += ANNOUNCED_GRACE;
        asked.extend(questions(&mut announced, now));
    }
    assert_eq!(asked.len(), 1, "it never answered");
    announced.remove(peer(1));
    assert!(announced.tellers.is_empty());
}

#[test]
fn who_announces_again_and_again_keeps_nobody_else_from_being_asked() {
    let mut announced = Announced::default();
    let (tip, block, other) = (point(5, 0), point(6, 1), point(6, 2));
    let (liar, honest) = (peer(1), peer(2));
    announced.heard(liar, block, &tip, START);
    announced.heard(honest, block, &tip, START + Duration::from_millis(1));
    let asked_at = START + ANNOUNCED_GRACE;
    assert_eq!(questions(&mut announced, asked_at), [(liar, block.hash)]);
    let late = asked_at + ANNOUNCED_TIMEOUT;
    assert!(questions(&mut announced, late).is_empty());
    for again in [other, block] {
        announced.heard(liar, again, &tip, late);
    }
    assert!(!announced.is_waited_for(honest, &block.hash));
    // Another liar who has not been asked yet waits for itself alone.
    announced.heard(peer(3), block, &tip, late);
    assert!(announced.is_waited_for(peer(3), &block.hash));
    assert!(!announced.is_waited_for(honest, &block.hash));
}
