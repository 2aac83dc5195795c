//! Whom the pace of a peer keeps from being asked.

use super::*;

#[test]
fn the_peer_that_raises_our_work_fastest_is_asked_at_once_and_for_much() {
    let (mut sync, mut downloads) = line(9, 0);
    let (slow, fast) = (PeerId(1), PeerId(2));
    let mut now = Duration::from_secs(100);
    assert_eq!(ask(&mut sync, &mut downloads, now), Some(slow));
    now += HEDGE_AFTER;
    deliver(&mut sync, &mut downloads, slow, 1..2, now);
    while ask(&mut sync, &mut downloads, now).is_some() {}
    now += STEP;
    deliver(&mut sync, &mut downloads, fast, 2..34, now);
    end(&mut sync, &mut downloads, fast, now);
    let question = sync.next(&mut downloads, now, &BestPoint::genesis(), false, |_, _| Ok(true));
    let question = question.unwrap().expect("the others keep it from being asked");
    assert_eq!((question.peer, question.limit), (fast, MAX_BLOCKS));
    // It goes on so, and of the others one that was never asked is tried from time to time.
    let mut tried = 0;
    for answer in 0..20 {
        now += HEDGE_AFTER / 2;
        let from = 34 + 256 * answer;
        deliver(&mut sync, &mut downloads, fast, from..from + 256, now);
        end(&mut sync, &mut downloads, fast, now);
        assert_eq!(ask(&mut sync, &mut downloads, now), Some(fast));
        tried += usize::from(ask(&mut sync, &mut downloads, now).is_some());
        assert_eq!(ask(&mut sync, &mut downloads, now), None);
    }
    assert!(tried <= 10, "{tried}");
}

#[test]
fn a_peer_that_keeps_just_the_pace_keeps_no_faster_one_from_being_found() {
    let (mut sync, mut downloads) = line(2, 0);
    let (liar, honest) = (PeerId(1), PeerId(2));
    let mut now = Duration::from_secs(100);
    assert_eq!(ask(&mut sync, &mut downloads, now), Some(liar));
    let began = now;
    let mut height = 1;
    while ask(&mut sync, &mut downloads, now) != Some(honest) {
        now += HEDGE_AFTER / 8;
        assert!(now <= began + 2 * HEDGE_AFTER, "it keeps the honest peer from being asked");
        deliver(&mut sync, &mut downloads, liar, height..height + PACE_BLOCKS / 8, now);
        height += PACE_BLOCKS / 8;
    }
    // What came of that shows at once which of them is to be asked for more.
    let from = height;
    deliver(&mut sync, &mut downloads, honest, from..from + FIRST_BLOCKS, now + STEP);
    end(&mut sync, &mut downloads, honest, now + STEP);
    assert_eq!(ask(&mut sync, &mut downloads, now + STEP), Some(honest));
}

#[test]
fn a_peer_that_was_fast_and_drips_then_gives_way_within_a_second() {
    let (mut sync, mut downloads) = line(2, 0);
    let (liar, honest) = (PeerId(1), PeerId(2));
    let mut now = Duration::from_secs(100);
    ask(&mut sync, &mut downloads, now);
    deliver(&mut sync, &mut downloads, liar, 1..33, now);
    end(&mut sync, &mut downloads, liar, now);
    assert_eq!(ask(&mut sync, &mut downloads, now), Some(liar));
    let began = now;
    let mut height = 33;
    while ask(&mut sync, &mut downloads, now) != Some(honest) {
        now += Duration::from_millis(100);
        assert!(now <= began + 2 * HEDGE_AFTER, "it keeps the honest peer from being asked");
        deliver(&mut sync, &mut downloads, liar, height..height + 1, now);
        height += 1;
    }
}

#[test]
fn a_peer_that_sent_an_orphan_is_asked_on_until_its_answers_reach_the_orphan() {
    let theirs = Made { shared: 400, own: 0, branch: 1 };
    let (mut sync, mut downloads) = line(1, 0);
    let peer = PeerId(1);
    sync.claims(peer, BestPoint::genesis());
    let orphan = theirs.tip().hash;
    sync.block_came(&mut downloads, peer, Arrival::Orphan(orphan), Duration::ZERO);
    let mut now = Duration::from_secs(100);
    let unknown = |_, hash: &BlockHash| Ok(*hash == orphan);
    // All that it sends first is known here, and its answer is a short one.
    for answer in 0..3 {
        let question =
            sync.next(&mut downloads, now, &BestPoint::genesis(), false, unknown).unwrap();
        assert_eq!(question.map(|question| question.peer), Some(peer), "answer {answer}");
        now += STEP;
        for height in 1..=FIRST_BLOCKS {
            let known = Arrival::Known(theirs.point(answer * FIRST_BLOCKS + height));
            sync.block_came(&mut downloads, peer, known, now);
        }
        sync.answer_ended(&mut downloads, peer, now);
    }
}
