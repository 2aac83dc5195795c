//! How a node treats blocks and lines: what is said when, to whom, and what is asked for.

use crate::common::{Bench, Disk, checked, child, is_closed, outbox_of, sent_to, streams_to};
use kusari_chain::{Block, BlockHash};
use kusari_node::interface::{PeerId, Reply, SayRefusal, StreamForm};
use kusari_node::limits::{HEDGE_AFTER, MAX_PENDING_ANSWERS, REQUEST_TIMEOUT};
use kusari_node::wire::{GetBlocks, Message};
use kusari_node::{Action, Event, Input, NodeConfig};

fn saved(actions: &[Action]) -> bool {
    actions.iter().any(|action| matches!(action, Action::Reply(_, Reply::Recorded(Ok(_)))))
}

fn asks(actions: &[Action], peer: PeerId) -> bool {
    sent_to(actions, peer).iter().any(|message| matches!(message, Message::GetBlocks(_)))
}

fn block_lines(actions: &[Action], peer: PeerId) -> usize {
    sent_to(actions, peer).iter().filter(|message| matches!(message, Message::Block(_))).count()
}

#[test]
fn a_typed_line_is_acknowledged_only_once_it_is_durable() {
    let mut bench = Bench::new(NodeConfig::default());
    bench.hold_commits = true;
    assert!(!saved(&bench.say("hi")));
    assert!(saved(&bench.release_commits()));
}

#[test]
fn a_block_mined_here_is_not_spoken_of_before_it_is_durable() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    let work = bench.say("hi");
    bench.hold_commits = true;
    let mut actions = bench.mine(&work);
    let status = bench.line(peer, "STATUS");
    assert!(matches!(sent_to(&status, peer)[..], [Message::Status(report)] if report.height == 0));
    actions.extend(bench.line(peer, "GET_CHAIN"));
    assert_eq!((block_lines(&actions, peer), streams_to(&actions, peer).len()), (0, 0));
    let actions = bench.release_commits();
    assert_eq!(streams_to(&actions, peer), [StreamForm::Plain], "the answer began too late");
}

#[test]
fn a_block_mined_here_reaches_every_listener_once_durable() {
    let mut bench = Bench::new(NodeConfig::default());
    let (peer, _) = bench.introduced(7, 0);
    let person = bench.inbound();
    bench.line(person, "HELP");
    let work = bench.say("hi");
    let actions = bench.mine(&work);
    assert_eq!((block_lines(&actions, peer), block_lines(&actions, person)), (1, 1));
}

#[test]
fn a_block_is_passed_on_once_and_not_to_its_sender() {
    let mut bench = Bench::new(NodeConfig::default());
    let (sender, _) = bench.introduced(7, 0);
    let (other, _) = bench.introduced(8, 0);
    let a = child(&Block::genesis(), "a");
    let actions = bench.receive(sender, checked(&a));
    assert_eq!((block_lines(&actions, sender), block_lines(&actions, other)), (0, 1));
    let actions = bench.receive(other, checked(&a));
    assert_eq!((block_lines(&actions, sender), block_lines(&actions, other)), (0, 0));
}

#[test]
fn a_line_displaced_by_a_heavier_branch_is_mined_again() {
    let mut bench = Bench::new(NodeConfig::default());
    let work = bench.say("mine");
    bench.mine(&work);
    let peer = bench.inbound();
    let a = child(&Block::genesis(), "a");
    let b = child(&a, "b");
    bench.receive(peer, checked(&a));
    let actions = bench.receive(peer, checked(&b));
    let again = actions.iter().rev().find_map(|action| match action {
        Action::Mine { template, .. } => Some(template),
        _ => None,
    });
    let again = again.expect("the line is not mined again");
    assert_eq!((again.data.as_str(), again.prev_hash), ("mine", b.hash));
    bench.mine(&actions);
    assert_eq!(bench.disk.entry(1).blocks.len(), 2);
    assert_eq!(bench.node.snapshot().waiting_entries, 0);
}

#[test]
fn a_settled_line_comes_back_from_any_depth_and_across_a_restart() {
    let mut bench = Bench::new(NodeConfig::default());
    let work = bench.say("deep");
    bench.mine(&work);
    let peer = bench.inbound();
    let tip = bench.disk.clone();
    let mut branch = vec![kusari_chain::BlockStore::best_tip(&tip).unwrap().unwrap().block];
    for _ in 0..6 {
        branch.push(child(branch.last().unwrap(), "on top"));
        bench.receive(peer, checked(branch.last().unwrap()));
    }
    assert!(bench.disk.entry(1).state.is_settled());
    let mut bench = Bench::on(bench.disk.clone(), NodeConfig { seed: 5, ..NodeConfig::default() });
    assert_eq!(bench.node.snapshot().waiting_entries, 0);
    let peer = bench.inbound();
    let mut rival = Block::genesis();
    for _ in 0..8 {
        rival = child(&rival, "rival");
        bench.receive(peer, checked(&rival));
    }
    assert_eq!(bench.node.snapshot().tip.hash, rival.hash);
    assert_eq!(bench.node.snapshot().waiting_entries, 1);
    assert!(!bench.disk.entry(1).state.is_settled());
}

#[test]
fn two_nodes_given_the_same_line_at_the_same_time_mine_two_blocks() {
    let template = |seed| {
        let mut bench = Bench::new(NodeConfig { seed, ..NodeConfig::default() });
        let work = bench.say("hi");
        bench.mine(&work);
        bench.node.snapshot().tip.hash
    };
    assert_ne!(template(1), template(2));
}

#[test]
fn a_full_outbox_makes_a_line_wait_and_refuses_only_when_many_wait() {
    let mut bench = Bench::new(NodeConfig { outbox: outbox_of(2), ..NodeConfig::default() });
    let work = bench.say("one");
    bench.say("two");
    let actions = bench.say("three");
    assert!(!saved(&actions));
    assert!(actions.iter().any(|a| matches!(a, Action::Notify(Event::OutboxFull { .. }))));
    let mut refused = false;
    for n in 0..100 {
        refused |= bench.say(&format!("more {n}")).iter().any(|action| {
            matches!(action, Action::Reply(_, Reply::Recorded(Err(SayRefusal::OutboxFull { .. }))))
        });
    }
    assert!(refused, "commands may wait without bound");
    assert!(saved(&bench.mine(&work)), "the waiting line was forgotten");
}

#[test]
fn an_offered_line_is_refused_by_a_full_outbox_and_never_recorded_later() {
    let mut bench = Bench::new(NodeConfig { outbox: outbox_of(1), ..NodeConfig::default() });
    assert!(saved(&bench.offer("taken")));
    let actions = bench.offer("refused");
    assert!(actions.iter().any(|action| matches!(
        action,
        Action::Reply(_, Reply::Recorded(Err(SayRefusal::OutboxFull { waiting: 1 })))
    )));
    // A person is not told: whoever offered the line knows, and comes again.
    assert!(!actions.iter().any(|action| matches!(action, Action::Notify(_))));
    assert_eq!(bench.node.snapshot().waiting_entries, 1);
}

#[test]
fn lines_that_cannot_fit_are_refused_with_the_limit() {
    let mut bench = Bench::new(NodeConfig::default());
    let fits = "x".repeat(kusari_chain::params::MAX_TEXT_BYTES);
    assert!(saved(&bench.say(&fits)));
    for (text, empty) in [(format!("{fits}x"), false), (String::new(), true)] {
        let refusal = bench.say(&text).into_iter().find_map(|action| match action {
            Action::Reply(_, Reply::Recorded(Err(refusal))) => Some(refusal),
            _ => None,
        });
        assert_eq!(matches!(refusal, Some(SayRefusal::Empty)), empty);
        assert_eq!(matches!(refusal, Some(SayRefusal::TooLong { .. })), !empty);
    }
}

#[test]
fn answers_are_streamed_one_at_a_time_and_a_flood_of_questions_is_told_to_wait() {
    let mut bench = Bench::new(NodeConfig::default());
    let peer = bench.inbound();
    assert_eq!(streams_to(&bench.line(peer, "GET_CHAIN"), peer).len(), 1);
    let mut busy = 0;
    for _ in 0..MAX_PENDING_ANSWERS + 5 {
        let actions = bench.line(peer, "GET_CHAIN please");
        assert!(streams_to(&actions, peer).is_empty(), "two answers at once");
        busy += sent_to(&actions, peer)
            .iter()
            .filter(|message| matches!(message, Message::Error(report) if report.code == "busy"))
            .count();
    }
    assert_eq!(busy, 5);
    let hash = Block::genesis().hash;
    let actions = bench.give(Input::StreamEnded { peer, height: 0, hash, count: 0 });
    assert_eq!(streams_to(&actions, peer).len(), 1);
}

#[test]
fn a_peer_that_ended_its_input_is_closed_after_its_answer() {
    let mut bench = Bench::new(NodeConfig::default());
    let peer = bench.inbound();
    bench.line(peer, "GET_CHAIN");
    assert!(!is_closed(&bench.give(Input::PeerFinished { peer }), peer));
    let hash = Block::genesis().hash;
    let actions = bench.give(Input::StreamEnded { peer, height: 0, hash, count: 0 });
    assert!(is_closed(&actions, peer));
}

#[test]
fn a_silent_liar_delays_catching_up_by_seconds_only() {
    let mut bench = Bench::new(NodeConfig::default());
    let (liar, actions) = bench.introduced(7, 200);
    assert!(asks(&actions, liar));
    let (honest, actions) = bench.introduced(8, 2);
    assert!(!asks(&actions, honest), "a second peer was asked at once");
    assert!(asks(&bench.pass(HEDGE_AFTER), honest), "the liar stalls us");
    let again = bench.pass(REQUEST_TIMEOUT);
    assert!(!asks(&again, liar), "a peer that did not answer is asked again at once");
}

#[test]
fn a_peer_whose_claim_led_to_nothing_is_left_alone() {
    let mut bench = Bench::new(NodeConfig::default());
    let (liar, _) = bench.introduced(7, 200);
    let actions = bench.receive(liar, Message::End { count: 0, missing: vec![] });
    assert!(!asks(&actions, liar));
    let (honest, actions) = bench.introduced(8, 2);
    assert!(asks(&actions, honest));
}

#[test]
fn a_long_branch_is_followed_across_answers_by_its_last_block() {
    let mut bench = Bench::new(NodeConfig::default());
    let work = bench.say("ours");
    bench.mine(&work);
    let (peer, _) = bench.introduced(7, 3);
    let a = child(&Block::genesis(), "a");
    // A side block, since ours came first or is smaller; or a reorganisation. Both are known then.
    bench.receive(peer, checked(&a));
    let actions = bench.receive(peer, Message::End { count: 1, missing: vec![] });
    let locator = sent_to(&actions, peer).into_iter().find_map(|message| match message {
        Message::GetBlocks(GetBlocks::After { locator, .. }) => Some(locator.clone()),
        _ => None,
    });
    assert_eq!(locator.expect("the peer is not asked for the rest").first(), Some(&a.hash));
}

#[test]
fn an_orphan_of_an_unintroduced_peer_triggers_one_request_a_minute() {
    let mut bench = Bench::new(NodeConfig::default());
    let peer = bench.inbound();
    bench.line(peer, "GET_CHAIN");
    let hash = Block::genesis().hash;
    bench.give(Input::StreamEnded { peer, height: 0, hash, count: 0 });
    let a = child(&Block::genesis(), "a");
    let b = child(&a, "b");
    let c = child(&b, "c");
    assert_eq!(sent_to(&bench.receive(peer, checked(&b)), peer), [&Message::GetChain]);
    assert!(sent_to(&bench.receive(peer, checked(&c)), peer).is_empty());
    bench.receive(peer, checked(&a));
    assert_eq!(bench.node.snapshot().tip.hash, c.hash);
}

#[test]
fn blocks_that_came_before_their_parent_are_passed_on_to_all_but_their_senders() {
    let mut bench = Bench::new(NodeConfig::default());
    let [first, second, other] = [(); 3].map(|()| bench.inbound());
    for peer in [first, second, other] {
        bench.line(peer, "HELP");
    }
    let a = child(&Block::genesis(), "a");
    let b = child(&a, "b");
    let c = child(&b, "c");
    bench.receive(first, checked(&c));
    bench.receive(first, checked(&b));
    let actions = bench.receive(second, checked(&a));
    let sent = [first, second, other].map(|peer| block_lines(&actions, peer));
    assert_eq!(sent, [0, 2, 3]);
}

#[test]
fn blocks_by_hash_come_with_what_is_missing() {
    let mut bench = Bench::new(NodeConfig::default());
    let peer = bench.inbound();
    let a = child(&Block::genesis(), "a");
    bench.receive(peer, checked(&a));
    let unknown = BlockHash([9; 32]);
    let ask = Message::GetBlocks(GetBlocks::ByHash(vec![a.hash, unknown]));
    let actions = bench.receive(peer, ask);
    assert!(matches!(&sent_to(&actions, peer)[..],
        [Message::Block(block), Message::End { count: 1, missing }]
            if block.stored.block == a && *missing == [unknown]));
}

#[test]
fn a_restart_knows_its_lines_and_mines_none_twice() {
    let mut bench = Bench::new(NodeConfig::default());
    let work = bench.say("first");
    bench.say("second");
    bench.mine(&work);
    let mut bench = Bench::on(bench.disk.clone(), NodeConfig { seed: 2, ..NodeConfig::default() });
    assert_eq!(bench.node.snapshot().waiting_entries, 1);
    let work = bench.say("third");
    // The search for the second line began with the first tick, which the bench gave.
    assert!(!work.iter().any(|action| matches!(action, Action::Mine { .. })));
    assert_eq!(Disk::entry(&bench.disk, 3).text, "third");
}

#[test]
fn after_a_reorganisation_peers_get_the_whole_new_branch_parents_first() {
    let mut bench = Bench::new(NodeConfig::default());
    let (sender, listener) = (bench.inbound(), bench.inbound());
    bench.line(listener, "GET_CHAIN");
    let hash = Block::genesis().hash;
    bench.give(Input::StreamEnded { peer: listener, height: 0, hash, count: 0 });
    let old = child(&Block::genesis(), "old");
    bench.receive(sender, checked(&old));
    let mut branch = vec![child(&Block::genesis(), "new")];
    branch.push(child(&branch[0], "new"));
    branch.push(child(&branch[1], "new"));
    // The end comes first, so that the branch wins at one stroke.
    bench.receive(sender, checked(&branch[2]));
    bench.receive(sender, checked(&branch[1]));
    let actions = bench.receive(sender, checked(&branch[0]));
    let sent = sent_to(&actions, listener).into_iter().filter_map(|message| match message {
        Message::Block(block) => Some(block.stored.block.clone()),
        _ => None,
    });
    assert_eq!(sent.collect::<Vec<_>>(), branch);
}

#[test]
fn a_line_whose_settling_is_not_durable_yet_is_not_lost_to_a_reorganisation() {
    let mut bench = Bench::new(NodeConfig::default());
    let work = bench.say("deep");
    bench.mine(&work);
    let peer = bench.inbound();
    let first = kusari_chain::BlockStore::best_tip(&bench.disk).unwrap().unwrap().block;
    bench.hold_commits = true;
    let mut tip = first;
    for _ in 0..6 {
        tip = child(&tip, "on top");
        bench.receive(peer, checked(&tip));
    }
    let mut rival = Block::genesis();
    for _ in 0..8 {
        rival = child(&rival, "rival");
        bench.receive(peer, checked(&rival));
    }
    assert_eq!(bench.node.snapshot().waiting_entries, 1);
    bench.release_commits();
    assert_eq!(bench.node.snapshot().waiting_entries, 1);
    assert!(!bench.disk.entry(1).state.is_settled());
}

#[test]
fn a_node_whose_commits_are_late_says_when_to_read_on() {
    let mut bench = Bench::new(NodeConfig { max_uncommitted: 3, ..NodeConfig::default() });
    bench.hold_commits = true;
    let peer = bench.inbound();
    let mut tip = Block::genesis();
    for accepted in 0..3 {
        assert!(!bench.node.is_congested(), "after {accepted}");
        tip = child(&tip, "late");
        bench.receive(peer, checked(&tip));
    }
    assert!(bench.node.is_congested());
    // What is accepted is read from memory meanwhile, and from the store afterwards.
    for _ in 0..2 {
        let ask = Message::GetBlocks(GetBlocks::ByHash(vec![tip.hash]));
        assert_eq!(block_lines(&bench.receive(peer, ask), peer), 1);
        bench.release_commits();
        assert!(!bench.node.is_congested());
    }
}
