//! Branches that would revert more than a node reverts by itself: held, told of, and accepted.

use std::time::Duration;

use crate::common::{Bench, checked, child, hello, sent_to, streams_to};
use kusari_chain::{BestPoint, Block, TreeLimits, Work};
use kusari_node::event::HeldReport;
use kusari_node::interface::{AcceptedBranch, BranchRefusal, Command, PeerId, Reply};
use kusari_node::limits::{ALARM_AFTER, ALARM_INTERVAL, FILLED_AFTER, REQUEST_TIMEOUT};
use kusari_node::wire::{GetBlocks, Have, Hello, Message};
use kusari_node::{Action, Event, NodeConfig};

const LIMIT: u32 = 2;

fn config() -> NodeConfig {
    let tree_limits = TreeLimits { max_reorg_depth: Some(LIMIT), ..TreeLimits::default() };
    NodeConfig { tree_limits, ..NodeConfig::default() }
}

fn branch(parent: &Block, length: usize, name: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for _ in 0..length {
        blocks.push(child(blocks.last().unwrap_or(parent), name));
    }
    blocks
}

fn deliver(bench: &mut Bench, peer: PeerId, blocks: &[Block]) -> Vec<Action> {
    blocks.iter().flat_map(|block| bench.receive(peer, checked(block))).collect()
}

fn point(block: &Block) -> BestPoint {
    let work = Work::of_classic_blocks(block.index);
    BestPoint { height: block.index, hash: block.hash, work }
}

fn alarms(actions: &[Action]) -> Vec<HeldReport> {
    let alarms = actions.iter().filter_map(|action| match action {
        Action::Notify(Event::BranchHeld(report)) => Some(HeldReport::clone(report)),
        _ => None,
    });
    alarms.collect()
}

fn hello_with(id: u64, tip: &Block) -> Message<kusari_chain::CheckedBlock> {
    Message::Hello(Hello { tip: tip.hash, ..hello(id, tip.index) })
}

/// A node that was filled with four blocks before it was started, and six blocks that a rival has.
fn parted() -> (Bench, Vec<Block>, Vec<Block>) {
    let ours = branch(&Block::genesis(), 4, "ours");
    let mut bench = Bench::new(config());
    let peer = bench.inbound();
    deliver(&mut bench, peer, &ours);
    let bench = Bench::on(bench.disk, NodeConfig { seed: 5, ..config() });
    (bench, ours, branch(&Block::genesis(), 6, "theirs"))
}

#[test]
fn a_branch_beyond_the_limit_is_held_and_told_of_once_with_both_sides() {
    let (mut bench, ours, theirs) = parted();
    let peer = bench.inbound();
    let mut actions = deliver(&mut bench, peer, &theirs);
    assert_eq!(alarms(&actions), [], "a moment later there is more to say");
    actions.extend(bench.pass(ALARM_AFTER));
    let [HeldReport { best, branch, others: 0 }] = alarms(&actions)[..] else { panic!() };
    assert_eq!((best, branch.tip), (point(&ours[3]), point(&theirs[5])));
    assert_eq!((branch.depth, branch.fork.height), (4, 0));
    assert_eq!(branch.held_since, Some(bench.now.wall - 1));
    assert_eq!((branch.best_began, branch.ended), (ours[0].timestamp, theirs[5].timestamp));
    assert_eq!(bench.node.snapshot().tip, point(&ours[3]));
    assert_eq!(bench.node.snapshot().held[0].tip, point(&theirs[5]));
    assert_eq!(alarms(&bench.pass(ALARM_INTERVAL)), [], "nothing is new");
    // Blocks beyond those that still had less work are not shown one by one.
    let side = actions.iter().filter(|a| matches!(a, Action::Notify(Event::SideBlock { .. })));
    assert!(side.count() <= 4);
}

#[test]
fn a_held_branch_that_grows_is_told_of_at_a_bounded_rate_and_once_more_after_a_restart() {
    let (mut bench, _, theirs) = parted();
    let peer = bench.inbound();
    deliver(&mut bench, peer, &theirs);
    assert_eq!(alarms(&bench.pass(ALARM_AFTER)).len(), 1);
    let mut tip = theirs[5].clone();
    let mut told = 0;
    for _ in 0..30 {
        tip = child(&tip, "more");
        deliver(&mut bench, peer, std::slice::from_ref(&tip));
        bench.restore();
        told += alarms(&bench.pass(Duration::from_secs(60))).len();
    }
    assert_eq!(told, 3);
    let mut bench = Bench::on(bench.disk, NodeConfig { seed: 6, ..config() });
    let since = bench.node.snapshot().held[0].since;
    assert_eq!(alarms(&bench.pass(ALARM_AFTER)).len(), 1);
    assert!(since < bench.now.wall);
}

#[test]
fn a_node_that_comes_back_says_how_far_both_sides_went_once_it_has_seen_it() {
    let (mut bench, _, theirs) = parted();
    let peer = bench.inbound();
    let asked = bench.receive(peer, hello_with(9, &theirs[5]));
    assert!(sent_to(&asked, peer).iter().any(|m| matches!(m, Message::GetBlocks(_))));
    deliver(&mut bench, peer, &theirs[..5]);
    assert_eq!(alarms(&bench.pass(ALARM_AFTER * 2)), [], "the answer goes on");
    deliver(&mut bench, peer, &theirs[5..]);
    let mut actions = bench.receive(peer, Message::End { count: 6, missing: Vec::new() });
    actions.extend(bench.pass(ALARM_AFTER));
    let [report] = &alarms(&actions)[..] else { panic!("{actions:?}") };
    assert_eq!(report.branch.tip, point(&theirs[5]));
    assert_eq!(report.branch.tip.height - report.branch.fork.height, 6);
}

#[test]
fn whoever_follows_a_held_branch_is_neither_asked_for_it_again_nor_sent_ours_again_and_again() {
    let (mut bench, ours, theirs) = parted();
    let person = bench.inbound();
    bench.line(person, "HELP");
    let mut actions = deliver(&mut bench, person, &theirs[..4]);
    let before = streams_to(&actions, person).len() + sent_to(&actions, person).len();
    actions = deliver(&mut bench, person, &theirs[4..]);
    let tip = &theirs[5];
    let peer = bench.inbound();
    actions.extend(bench.receive(peer, hello_with(9, tip)));
    let mut newest = tip.clone();
    for _ in 0..5 {
        newest = child(&newest, "more");
        actions.extend(bench.receive(person, checked(&newest)));
        let Block { hash, index: height, .. } = newest;
        let work = Work::of_classic_blocks(height);
        actions.extend(bench.receive(peer, Message::Have(Have { hash, height, work })));
        for _ in 0..10 {
            actions.extend(bench.pass(Duration::from_secs(20)));
            actions.extend(bench.receive(peer, Message::Pong(0)));
        }
    }
    assert!(!sent_to(&actions, peer).iter().any(|m| matches!(m, Message::GetBlocks(_))));
    assert!(streams_to(&actions, peer).is_empty());
    let again = streams_to(&actions, person).len();
    assert!(before + again <= 2, "{before} and {again} times");
    let blocks = sent_to(&actions, person).into_iter().filter(|m| matches!(m, Message::Block(_)));
    assert_eq!(blocks.count(), 0);
    assert_eq!(bench.node.snapshot().tip, point(&ours[3]));
}

#[test]
fn what_a_peer_has_beyond_a_held_branch_is_asked_for_from_its_end_on() {
    let (mut bench, _, theirs) = parted();
    let person = bench.inbound();
    deliver(&mut bench, person, &theirs);
    let peer = bench.inbound();
    let beyond = branch(&theirs[5], 30, "beyond");
    let asked = bench.receive(peer, hello_with(9, &beyond[29]));
    let locators = sent_to(&asked, peer).into_iter().filter_map(|message| match message {
        Message::GetBlocks(GetBlocks::After { locator, .. }) => Some(locator[0]),
        _ => None,
    });
    assert_eq!(locators.collect::<Vec<_>>(), [theirs[5].hash]);
}

#[test]
fn our_own_branch_goes_on_and_ends_the_alarm_when_it_has_more_work_again() {
    let (mut bench, ours, theirs) = parted();
    let peer = bench.inbound();
    deliver(&mut bench, peer, &theirs);
    bench.pass(ALARM_AFTER);
    let work = bench.say("we go on");
    bench.mine(&work);
    assert_eq!(bench.node.snapshot().tip.height, 5);
    assert_eq!(bench.node.snapshot().held.len(), 1);
    let _ = ours;
    for line in ["six", "seven"] {
        let work = bench.say(line);
        bench.mine(&work);
    }
    assert_eq!(bench.node.snapshot().tip.height, 7);
    assert!(bench.node.snapshot().held.is_empty());
    // It is held all the same: that it fell behind is no reason to follow it later.
    deliver(&mut bench, peer, &branch(&theirs[5], 3, "again"));
    assert_eq!((bench.node.snapshot().tip.height, bench.node.snapshot().held.len()), (7, 1));
}

fn accept(bench: &mut Bench, block: &Block) -> (Option<Reply>, Vec<Action>) {
    let actions = bench.command(Command::AcceptBranch(block.hash));
    let reply = actions.iter().find_map(|action| match action {
        Action::Reply(_, reply) => Some(reply.clone()),
        _ => None,
    });
    (reply, actions)
}

#[test]
fn an_accepted_branch_is_followed_durably_and_what_people_typed_is_mined_again() {
    let (mut bench, ours, theirs) = parted();
    let peer = bench.inbound();
    let work = bench.say("mine");
    bench.mine(&work);
    deliver(&mut bench, peer, &theirs);
    bench.hold_commits = true;
    assert_eq!(accept(&mut bench, &theirs[1]).0, None, "it is not durable yet");
    let mut actions = bench.release_commits();
    let reply = actions.iter().find_map(|action| match action {
        Action::Reply(_, Reply::BranchAccepted(Ok(accepted))) => {
            Some(AcceptedBranch::clone(accepted))
        }
        _ => None,
    });
    let AcceptedBranch { before, tip, depth, refused } = reply.unwrap();
    assert_eq!((before.height, tip, depth, refused), (5, point(&theirs[5]), 5, None));
    let snapshot = bench.node.snapshot();
    assert_eq!((snapshot.tip, snapshot.waiting_entries), (point(&theirs[5]), 1));
    actions.extend(bench.pass(Duration::from_secs(1)));
    // Later blocks are followed as ever, and after a restart too.
    let seventh = child(&theirs[5], "seventh");
    let mut bench = Bench::on(bench.disk, NodeConfig { seed: 7, ..config() });
    let peer = bench.inbound();
    deliver(&mut bench, peer, std::slice::from_ref(&seventh));
    assert_eq!(bench.node.snapshot().tip, point(&seventh));
    assert_eq!(
        accept(&mut bench, &theirs[2]).0,
        Some(Reply::BranchAccepted(Err(BranchRefusal::InBestChain)))
    );
    assert_eq!(
        accept(&mut bench, &child(&ours[0], "nobody's")).0,
        Some(Reply::BranchAccepted(Err(BranchRefusal::Unknown)))
    );
}

#[test]
fn a_held_branch_is_followed_after_a_restart_without_the_limit_and_lines_come_back() {
    let (mut bench, _, theirs) = parted();
    let peer = bench.inbound();
    deliver(&mut bench, peer, &theirs);
    let mut bench = Bench::on(bench.disk, NodeConfig { seed: 5, ..NodeConfig::default() });
    assert_eq!(bench.node.snapshot().tip, point(&theirs[5]));
    assert_eq!(alarms(&bench.pass(ALARM_AFTER)), []);
}

#[test]
fn a_node_whose_store_was_empty_is_bound_once_it_has_been_filled_for_a_while() {
    for (waits, follows) in [(FILLED_AFTER / 2, true), (FILLED_AFTER, false)] {
        let mut bench = Bench::new(config());
        let peer = bench.inbound();
        deliver(&mut bench, peer, &branch(&Block::genesis(), 4, "ours"));
        bench.pass(waits);
        let theirs = branch(&Block::genesis(), 6, "theirs");
        deliver(&mut bench, peer, &theirs);
        assert_eq!(bench.node.snapshot().tip == point(&theirs[5]), follows);
    }
}

/// Whether a branch that reverts more than the limit is followed.
fn follows_what_is_too_deep(bench: &mut Bench) -> bool {
    let theirs = branch(&Block::genesis(), 6, "theirs");
    let person = bench.inbound();
    deliver(bench, person, &theirs);
    bench.node.snapshot().tip == point(&theirs[5])
}

#[test]
fn a_node_whose_store_was_empty_is_bound_as_soon_as_it_has_what_the_peer_has_that_answered() {
    let ours = branch(&Block::genesis(), 4, "ours");
    for (delivered, follows) in [(3, true), (4, false)] {
        let mut bench = Bench::new(config());
        let peer = bench.inbound();
        bench.receive(peer, hello_with(9, &ours[3]));
        deliver(&mut bench, peer, &ours[..delivered]);
        assert_eq!(follows_what_is_too_deep(&mut bench), follows, "{delivered} of 4 blocks");
    }
}

#[test]
fn who_claims_more_and_is_asked_in_vain_does_not_keep_the_limit_from_holding() {
    let ours = branch(&Block::genesis(), 4, "ours");
    let mut bench = Bench::new(config());
    let peer = bench.inbound();
    bench.receive(peer, hello_with(9, &ours[3]));
    let liar = bench.inbound();
    bench.receive(liar, Message::Hello(hello(8, 200)));
    deliver(&mut bench, peer, &ours);
    bench.receive(peer, Message::End { count: 4, missing: Vec::new() });
    bench.pass(REQUEST_TIMEOUT);
    assert!(!follows_what_is_too_deep(&mut bench));
}
