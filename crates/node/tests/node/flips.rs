//! Long branches that lead by turns: what having them followed costs, when one waits, and that peers
//! and people are served while one is prepared.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use crate::common::ledger::{Maker, Person, bench as ledger_bench, whole};
use crate::common::{Bench, checked, child, sent_to, streams_to};
use kusari_chain::ledger::PublicKey;
use kusari_chain::params::{AT_ONCE_BLOCKS, MAX_MEMPOOL_BYTES, STEP_BYTES};
use kusari_chain::{Block, BlockHash, BlockWrite, TreeLimits, Work};
use kusari_node::interface::{Command, PeerId, Reply};
use kusari_node::limits::{REORG_BURST, REORG_PATIENCE, REORG_STEP_PAUSE};
use kusari_node::wire::Message;
use kusari_node::{Action, Event, Hindrance, Input, MiningPolicy, NodeConfig};

/// Blocks of each branch: more than are moved at once.
const DEPTH: usize = 150;
/// Bytes that a person who attacks sends for a flip: a block of this length.
const BLOCK_BYTES: usize = 260;

/// Blocks that were mined: several tests begin with the same ones.
static MINED: LazyLock<Mutex<HashMap<(BlockHash, &str), Block>>> = LazyLock::new(Mutex::default);

fn next(parent: &Block, name: &'static str) -> Block {
    let key = (parent.hash, name);
    if let Some(block) = MINED.lock().unwrap().get(&key) {
        return block.clone();
    }
    let block = child(parent, name);
    MINED.lock().unwrap().insert(key, block.clone());
    block
}

/// Two branches that part at genesis, and how many blocks were sent of them.
struct Attack {
    branches: [Vec<Block>; 2],
    sent: usize,
}

impl Attack {
    /// Gives a node one branch, and as much of the other as does not lead.
    fn begin(bench: &mut Bench, peer: PeerId) -> Self {
        let mut attack = Self { branches: [Vec::new(), Vec::new()], sent: 0 };
        for which in [0, 1] {
            (0..DEPTH).for_each(|_| drop(attack.extend(bench, peer, which)));
        }
        attack
    }

    fn extend(&mut self, bench: &mut Bench, peer: PeerId, which: usize) -> Vec<Action> {
        let branch = &mut self.branches[which];
        let tip = branch.last().cloned().unwrap_or_else(Block::genesis);
        let block = next(&tip, ["one", "other"][which]);
        assert!(block.canonical_line_bytes() <= BLOCK_BYTES);
        branch.push(block);
        self.sent += 1;
        bench.receive(peer, checked(&branch[branch.len() - 1]))
    }

    /// Lets the branch that is not followed lead by one block.
    fn flip(&mut self, bench: &mut Bench, peer: PeerId) -> Vec<Action> {
        let tip = bench.node.snapshot().tip;
        let follows_one = self.branches[0].iter().any(|block| block.hash == tip.hash);
        let other = usize::from(follows_one);
        let mut actions = Vec::new();
        while self.branches[other].len() <= tip.height as usize
            && bench.node.snapshot().tip == tip
            && bench.node.waiting_branch().is_none()
        {
            actions.extend(self.extend(bench, peer, other));
        }
        actions.extend(bench.pass(REORG_STEP_PAUSE));
        actions
    }
}

/// Blocks that the commits so far moved from one branch to another.
fn moves(bench: &Bench) -> usize {
    let writes = bench.held.iter().flat_map(|(_, batch, _)| &batch.blocks);
    let moves = writes.filter(|write| {
        matches!(write, BlockWrite::Connect { .. } | BlockWrite::Disconnect { .. })
    });
    moves.count()
}

/// Whether the node answers a person.
fn answers(bench: &mut Bench, peer: PeerId) -> bool {
    let actions = bench.line(peer, "STATUS");
    sent_to(&actions, peer).iter().any(|message| matches!(message, Message::Status(_)))
}

/// Blocks that a node moves, those that time pays for, and bytes that it is sent.
fn cost(at_once_blocks: u32) -> (usize, usize, usize) {
    let tree_limits = TreeLimits { at_once_blocks, ..TreeLimits::default() };
    let mut bench = Bench::new(NodeConfig { tree_limits, ..NodeConfig::default() });
    let peer = bench.inbound();
    bench.hold_commits = true;
    let mut attack = Attack::begin(&mut bench, peer);
    let (sent_before, start) = (attack.sent, bench.now.monotonic);
    for _ in 0..2 * DEPTH / 3 {
        attack.flip(&mut bench, peer);
        // What the attacker goes on with, whether it is followed or not.
        let tip = bench.node.snapshot().tip.hash;
        let follows_one = attack.branches[0].iter().any(|block| block.hash == tip);
        attack.extend(&mut bench, peer, usize::from(!follows_one));
        assert!(answers(&mut bench, peer));
    }
    let time = bench.now.monotonic - start;
    let paid_for = 2 * (REORG_BURST as usize + usize::try_from(time.as_millis()).unwrap());
    (moves(&bench), paid_for, (attack.sent - sent_before) * BLOCK_BYTES)
}

#[test]
fn blocks_that_have_long_branches_lead_by_turns_cost_no_more_than_time_pays_for() {
    let (moved, paid_for, bytes) = cost(u32::MAX);
    println!("where all is followed at once, {bytes} bytes of blocks had {moved} moved");
    assert!(moved > 3 * paid_for / 2, "the attack does nothing");
    let (moved, paid_for, bytes) = cost(AT_ONCE_BLOCKS);
    println!("{bytes} bytes of blocks had {moved} moved");
    assert!((paid_for / 2..=paid_for).contains(&moved), "{moved} blocks were moved");
}

/// A node whose branch is one of two long ones, the other of which leads by a block and waits.
fn with_one_that_waits() -> (Bench, PeerId, Attack) {
    let mut bench = Bench::new(NodeConfig::default());
    let peer = bench.inbound();
    let mut attack = Attack::begin(&mut bench, peer);
    for _ in 0..2 * REORG_BURST as usize / DEPTH {
        attack.flip(&mut bench, peer);
        if bench.node.waiting_branch().is_some() {
            return (bench, peer, attack);
        }
    }
    panic!("whatever is sent is followed");
}

#[test]
fn a_branch_that_is_not_followed_for_now_is_told_of_and_followed_when_it_was_said() {
    let (mut bench, peer, attack) = with_one_that_waits();
    let tip = bench.node.snapshot().tip;
    let waiting = bench.node.waiting_branch().unwrap();
    assert!(waiting.lead <= Work::of_classic_blocks(1));
    assert_eq!((waiting.fork.height, waiting.depth), (0, tip.height));
    assert!(attack.branches.iter().any(|branch| branch.last().unwrap().hash == waiting.tip.hash));
    assert!(waiting.follow_at <= bench.now.monotonic + REORG_PATIENCE);
    assert!(answers(&mut bench, peer));
    let [Hindrance::BranchWaits { hash, depth, seconds, .. }] =
        bench.node.snapshot().hindrances[..]
    else {
        panic!("{:?}", bench.node.snapshot().hindrances)
    };
    assert_eq!((hash, depth), (waiting.tip.hash, tip.height));
    assert!((1..=REORG_PATIENCE.as_secs()).contains(&seconds));
    assert!(bench.next_wish() <= waiting.follow_at);
    bench.restore();
    let left = waiting.follow_at - bench.now.monotonic;
    bench.pass(left - Duration::from_millis(1));
    assert_eq!(bench.node.snapshot().tip, tip);
    let mut actions = bench.pass(Duration::from_millis(1));
    assert_eq!(bench.node.waiting_branch(), None);
    actions.extend(bench.pass(REORG_STEP_PAUSE));
    assert_eq!(bench.node.snapshot().tip, waiting.tip);
    let told = actions.iter().filter_map(|action| match action {
        Action::Notify(Event::Reorganised { depth, from, to, .. }) => Some((*depth, *from, *to)),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [(tip.height, tip, waiting.tip)]);
}

#[test]
fn a_clear_lead_and_everyday_mining_wait_for_nothing() {
    let (mut bench, peer, mut attack) = with_one_that_waits();
    let waiting = bench.node.waiting_branch().unwrap();
    // A short branch at the tip is followed as ever.
    let tip = bench.node.snapshot().tip;
    let follows_one = attack.branches[0].iter().any(|block| block.hash == tip.hash);
    let ours = &attack.branches[usize::from(!follows_one)];
    let parent = ours[ours.len() - 3].clone();
    let mut short = parent;
    for _ in 0..3 {
        short = child(&short, "short");
        bench.receive(peer, checked(&short));
    }
    assert_eq!(bench.node.snapshot().tip.hash, short.hash);
    assert_ne!(bench.node.snapshot().tip, waiting.tip);
    // More than a hundredth of its own blocks is a clear lead.
    let other = usize::from(follows_one);
    while bench.node.snapshot().tip.hash == short.hash {
        assert!(attack.branches[other].len() <= short.index as usize + 4, "never followed");
        attack.extend(&mut bench, peer, other);
        bench.pass(REORG_STEP_PAUSE);
    }
}

/// Blocks of nearly [`STEP_BYTES`] each, by people who have nothing else.
fn large(maker: &mut Maker, count: u64, people: std::ops::Range<u8>) {
    let text = "x".repeat(64 << 10);
    for sequence in 0..count {
        let records: Vec<_> =
            people.clone().map(|p| Person::new(p).record(sequence, 0, &text)).collect();
        maker.next(&records.iter().collect::<Vec<_>>());
    }
}

fn balance(bench: &mut Bench, key: PublicKey) -> u64 {
    let actions = bench.command(Command::GetAccount(key));
    let balances = actions.iter().find_map(|action| match action {
        Action::Reply(_, Reply::Account(Ok(told))) => Some(told.account.balance),
        _ => None,
    });
    balances.expect("an account")
}

#[test]
fn while_a_long_branch_is_prepared_everything_answers_by_the_old_one_and_a_crash_forgets_it() {
    let mut bench = ledger_bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let (mut ours, mut theirs) = (Maker::new(1), Maker::new(20));
    large(&mut ours, 3, 2..17);
    large(&mut theirs, 5, 21..36);
    let deliver = |bench: &mut Bench, maker: &Maker| {
        for block in &maker.blocks {
            bench.receive(peer, whole(block));
        }
    };
    deliver(&mut bench, &ours);
    let tip = bench.node.snapshot().tip;
    deliver(&mut bench, &theirs);
    let (ours, theirs) = (&mut ours, &theirs);
    let (we, they) = (Person::new(1).public, Person::new(20).public);
    let owned = balance(&mut bench, we);
    assert!(owned > 0);
    assert_eq!(bench.node.preparing_branch().unwrap().hash, theirs.blocks[4].block().hash);
    let crashed = Bench::on(bench.disk.clone(), crate::common::ledger::config(MiningPolicy::Off));
    assert_eq!(crashed.node.snapshot().tip, tip, "nothing of it is stored");
    let mut steps = 1;
    while bench.node.snapshot().tip.height <= tip.height + 1 {
        assert_eq!((balance(&mut bench, we) >= owned, balance(&mut bench, they)), (true, 0));
        assert!(answers(&mut bench, peer), "after {steps} steps");
        assert!(bench.next_wish() <= bench.now.monotonic + REORG_STEP_PAUSE);
        bench.restore();
        if steps == 2 {
            // The old branch grows, and what was done already serves.
            let more = ours.next(&[]);
            bench.receive(peer, whole(&more));
            assert_eq!(bench.node.snapshot().tip.hash, more.block().hash);
        }
        let read = bench.disk.blocks_read.get();
        bench.pass(REORG_STEP_PAUSE);
        let read = bench.disk.blocks_read.get() - read;
        // The one by which the old branch grew, and those that are shown to a person.
        assert!(read <= 1 + 5, "{read} blocks in step {steps}: the switch reads all of them again");
        steps += 1;
        assert!(steps < 20, "it never ends");
    }
    let bytes: u64 =
        ours.blocks.iter().chain(&theirs.blocks).map(|b| u64::from(b.line_bytes())).sum();
    assert!(steps >= bytes / (2 * STEP_BYTES), "{steps} steps for {bytes} bytes");
    assert_eq!(bench.node.snapshot().tip.hash, theirs.blocks[4].block().hash);
    assert_eq!((balance(&mut bench, we), balance(&mut bench, they) > 0), (0, true));
    assert_eq!(bench.node.reorganises_at(), None);
    let reopened = Bench::on(bench.disk.clone(), crate::common::ledger::config(MiningPolicy::Off));
    assert_eq!(reopened.node.snapshot().tip.hash, theirs.blocks[4].block().hash);
}

#[test]
fn an_original_that_sent_a_long_branch_is_not_sent_it_again_when_it_is_followed() {
    let mut bench = Bench::new(NodeConfig::default());
    let original = bench.inbound();
    bench.line(original, "GET_CHAIN");
    let (height, hash) = (0, Block::genesis().hash);
    bench.give(Input::StreamEnded { peer: original, height, hash, count: 0 });
    let mut attack = Attack::begin(&mut bench, original);
    let before = bench.node.snapshot().tip;
    let follows_one = attack.branches[0].iter().any(|block| block.hash == before.hash);
    // Its first answer has ended, so what it sends from now on is no part of it.
    bench.pass(Duration::from_secs(10));
    let mut actions = Vec::new();
    for _ in 0..3 {
        actions.extend(attack.extend(&mut bench, original, usize::from(follows_one)));
    }
    for _ in 0..20 {
        actions.extend(bench.pass(REORG_STEP_PAUSE));
    }
    assert!(bench.node.snapshot().tip.height > before.height);
    actions.extend(bench.pass(Duration::from_secs(5)));
    assert!(streams_to(&actions, original).is_empty());
    let is_block = |message: &&Message<_>| matches!(message, Message::Block(_));
    assert_eq!(sent_to(&actions, original).into_iter().filter(is_block).count(), 0);
}

#[test]
fn what_a_long_reorganisation_may_bring_back_of_others_is_bounded_however_much_is_taken_back() {
    let mut bench = ledger_bench(MiningPolicy::Off);
    let peer = bench.ledger_peer(7);
    let (mut ours, mut theirs) = (Maker::new(1), Maker::new(20));
    large(&mut ours, 6, 2..17);
    large(&mut theirs, 7, 21..36);
    for block in ours.blocks.iter().chain(&theirs.blocks) {
        bench.receive(peer, whole(block));
    }
    let (mut most, mut steps) = (0, 0);
    while bench.node.snapshot().tip.hash != theirs.blocks[6].block().hash {
        let state: serde_json::Value = serde_json::from_slice(&bench.node.state()).unwrap();
        most = most.max(state["transactions"]["passed"]["others_bytes"].as_u64().unwrap());
        bench.pass(REORG_STEP_PAUSE);
        steps += 1;
        assert!(steps < 100, "it never ends");
    }
    assert!((STEP_BYTES..=MAX_MEMPOOL_BYTES / 4).contains(&most), "{most} bytes");
    let state: serde_json::Value = serde_json::from_slice(&bench.node.state()).unwrap();
    assert_eq!(state["transactions"]["passed"]["others_bytes"], 0, "it is forgotten");
}
