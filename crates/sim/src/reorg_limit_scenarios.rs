//! The situations in which an attacker rewrites history, and nodes have a limit of how much they take
//! back by themselves.
//!
//! Each ends with quiet, after which all honest nodes must agree. Where they parted, users decide
//! before that.

use kusari_chain::Block;
use kusari_node::MiningPolicy;

use crate::faults::Faults;
use crate::mining::{self, LONG_CHAIN};
use crate::scenarios::Scenario;
use crate::setup::TRIANGLE;
use crate::world::{MILLISECOND, SECOND, World};

/// The default of a ledger node.
const USUAL_LIMIT: u32 = 288;
/// A limit that costs less to reach. Nothing depends on which one it is.
const SMALL_LIMIT: u32 = 20;
/// Questions for blocks that three nodes ask at the most. A branch of 330 blocks is two answers to each
/// of them; the rest is for slow answers and for announcements of what users typed.
const MOST_QUESTIONS: u64 = 24;
/// Blocks that are not rewritten.
const SHARED: usize = 12;

/// The shared blocks, and `above` blocks on them.
fn history(above: usize) -> Vec<Block> {
    let mut blocks = mining::long_chain().to_vec();
    if let Some(last) = blocks.last() {
        blocks.extend(mining::branch(last, SHARED, "we went on"));
    }
    debug_assert!(above <= LONG_CHAIN, "history is longer than what is mined");
    blocks.truncate(SHARED + above);
    blocks
}

/// The shared blocks, and `above` blocks on them that an attacker mined in secret.
fn rewritten(above: usize) -> Vec<Block> {
    let mut blocks = history(0);
    if let Some(last) = blocks.last() {
        blocks.extend(mining::branch(last, above, "it was otherwise"));
    }
    blocks
}

/// Three nodes with a limit, every two connected, which have a history.
fn group(world: &mut World, limit: u32, above: usize) -> [usize; 3] {
    let [a, b, c] = world.add_all(TRIANGLE);
    for host in [a, b, c] {
        world.set_limit(host, limit);
        world.install(host, &history(above));
    }
    [a, b, c]
}

/// An attacker shows what it mined in secret, and goes on ten times as fast as the others.
fn attack(world: &mut World, targets: &[usize], at: u64, above: usize) {
    let host = world.add_kusari(targets, at);
    world.let_rewrite(host);
    world.install(host, &rewritten(above));
    world.set(host, |kusari| kusari.mining_time /= 10);
    let more = world.random.below(10);
    world.type_lines(&[host], more, at + 2 * SECOND, at + 12 * SECOND);
}

/// An attacker that mines ten times as fast rewrites 300 blocks of nodes that take back 288, in half of
/// the runs while they crash: all hold, say so, and go on with their own chain.
pub const REWRITE_BEYOND_THE_LIMIT: Scenario = Scenario {
    name: "rewrite_beyond_the_limit",
    build: |world| {
        let group = group(world, USUAL_LIMIT, 300);
        attack(world, &group, 40 * SECOND, 330);
        for host in group {
            world.type_lines(&[host], 2, SECOND, 30 * SECOND);
            world.type_lines(&[host], 3, 45 * SECOND, 100 * SECOND);
        }
        world.run_until(40 * SECOND);
        let stormy = world.random.chance(50);
        world.set_faults(Faults { crashes: stormy, resets: stormy, ..Faults::default() });
        world.run_until(110 * SECOND);
        world.set_faults(Faults::default());
        world.end_crashes();
        // A node that crashed before it had the branch is dialled again after a minute at the most.
        world.run_until(240 * SECOND);
        world.must_agree_within(120 * SECOND);
        world.must_hold(&group);
        world.check_outcome();
        if !stormy {
            world.must_have_asked_at_most(MOST_QUESTIONS);
        }
        world.must_be_calm();
    },
};

/// The same with fewer blocks than the limit: all follow the work, and what it displaced is mined
/// again.
pub const REWRITE_WITHIN_THE_LIMIT: Scenario = Scenario {
    name: "rewrite_within_the_limit",
    build: |world| {
        // The lines below take a block each, so the limit itself is reached and not passed.
        let above = [282, 280, 100, 1][world.random.index(4)];
        let group = group(world, USUAL_LIMIT, above);
        attack(world, &group[..1], 40 * SECOND, above + 30);
        world.type_lines(&group, 2, SECOND, 20 * SECOND);
        world.run_until(60 * SECOND);
        world.must_agree_within(120 * SECOND);
        world.check_outcome();
        world.must_be_calm();
        if world.counts.reorganisations < 3 || world.counts.reopened < 6 || world.counts.alarms > 0
        {
            world.fail(format!("not everybody followed: {:?}", world.counts));
        }
    },
};

/// Tips differ by a block while the branch appears: some hold, some follow, and each says so. They
/// stay connected, and users decide.
pub const REWRITE_NEAR_THE_LIMIT: Scenario = Scenario {
    name: "rewrite_near_the_limit",
    build: |world| {
        let is_chance = world.random.chance(50);
        let above = SMALL_LIMIT as usize - if is_chance { 2 } else { 0 };
        let group = group(world, SMALL_LIMIT, above);
        let [a, b, c] = group;
        let at = world.random.between(3 * SECOND, 30 * SECOND);
        let targets = 1 + world.random.index(3);
        if is_chance {
            // Lines are mined as the limit is reached, and the branch comes at any moment.
            attack(world, &group[..targets], at, SMALL_LIMIT as usize + 20);
            world.type_lines(&group, 2, SECOND, 40 * SECOND);
        } else {
            // At the limit, one of them mines a block that the others lack as yet.
            world.run_until(3 * SECOND);
            for (one, other) in [(a, b), (b, c), (a, c)] {
                world.cut_link(one, other);
            }
            world.type_lines(&[c], 1, 4 * SECOND, 6 * SECOND);
            attack(world, &group, 25 * SECOND, SMALL_LIMIT as usize + 20);
            world.run_until(40 * SECOND + at);
            world.heal_links();
            world.type_lines(&group, 1, world.now, world.now + 30 * SECOND);
        }
        world.run_until(120 * SECOND);
        world.must_rest_within(120 * SECOND);
        world.must_have_told_who_parted();
        world.must_be_calm();
        world.let_users_accept();
        world.must_agree_within(120 * SECOND);
    },
};

/// A node was away while the others took a branch by their users's word. It holds that branch when
/// it comes back, and shows both ends.
pub const AWAY_DURING_THE_REWRITE: Scenario = Scenario {
    name: "away_during_the_rewrite",
    build: |world| {
        let [a, b, c] = group(world, SMALL_LIMIT, 30);
        world.type_lines(&[a, b, c], 2, SECOND, 20 * SECOND);
        attack(world, &[a, b], 60 * SECOND, 60);
        world.run_until(50 * SECOND);
        let Some(here) = world.rest_of(c) else {
            return world.fail("what was typed is not mined");
        };
        world.stay_away(c, 150 * SECOND);
        world.run_until(90 * SECOND);
        world.must_hold(&[a, b]);
        world.accept_branch(a);
        world.accept_branch(b);
        world.run_until(190 * SECOND);
        let there = world.rest_of(a);
        if there.is_none() || there != world.rest_of(b) {
            world.fail("those who accepted the branch do not agree");
        }
        world.run_until(260 * SECOND);
        world.must_hold(&[c]);
        world.must_have_shown(c, here, there.unwrap_or(here));
        world.must_have_told_who_parted();
        world.must_be_calm();
        world.accept_branch(c);
        world.must_agree_within(120 * SECOND);
    },
};

/// All nodes hold a branch, and one user after another accepts it, in half of the runs
/// while machines crash: all end on it.
pub const HELD_BRANCH_ACCEPTED: Scenario = Scenario {
    name: "held_branch_accepted",
    build: |world| {
        let group = group(world, SMALL_LIMIT, 30);
        attack(world, &group, 30 * SECOND, 60);
        for host in group {
            world.type_lines(&[host], 2, SECOND, 20 * SECOND);
            world.type_lines(&[host], 2, 70 * SECOND, 130 * SECOND);
        }
        world.run_until(60 * SECOND);
        world.must_hold(&group);
        let held = world.held_tip(group[0]);
        let stormy = world.random.chance(50);
        world.set_faults(Faults { crashes: stormy, resets: stormy, ..Faults::default() });
        world.run_until(80 * SECOND);
        world.let_users_accept();
        world.set_faults(Faults::default());
        world.end_crashes();
        world.must_agree_within(120 * SECOND);
        world.must_follow(&group, held);
    },
};

/// An attacker that mines ten times as fast rewrites a ledger in secret. All hold; users go on to
/// record and to pay, and in half of the runs accept the branch in the end.
pub const LEDGER_REWRITE: Scenario = Scenario {
    name: "ledger_rewrite",
    build: |world| {
        const LIMIT: u32 = 5;
        let [a, b, c, rewriter] = world.add_ledgers([
            (&[], MiningPolicy::OnDemand),
            (&[0], MiningPolicy::Interval { seconds: 4 }),
            (&[0, 1], MiningPolicy::Off),
            (&[], MiningPolicy::Always),
        ]);
        world.let_rewrite(rewriter);
        world.set(rewriter, |kusari| kusari.mining_time = 400 * MILLISECOND);
        for host in [a, b, c] {
            world.set_limit(host, LIMIT);
            world.set(host, |kusari| kusari.mining_time = 4 * SECOND);
            world.let_users_act(&[host], 4, SECOND, 30 * SECOND);
        }
        world.run_until(40 * SECOND);
        world.must_be_above(&[a, b, c], LIMIT);
        // A store that holds a block when it is opened is bound by the limit at once.
        for host in [a, b, c] {
            world.stay_away(host, 2 * SECOND);
        }
        let shown = world.now + 10 * SECOND;
        world.run_until(shown);
        for host in [a, b, c] {
            world.dial_while_running(rewriter, host);
            world.let_users_act(&[host], 4, shown + 5 * SECOND, shown + 50 * SECOND);
        }
        world.run_until(shown + 60 * SECOND);
        world.must_have_all_submitted_within(120 * SECOND);
        world.must_hold(&[a, b, c]);
        if world.random.chance(50) {
            world.let_users_accept();
        }
    },
};

/// Every scenario of rewritten history.
pub const ALL: [Scenario; 6] = [
    REWRITE_BEYOND_THE_LIMIT,
    REWRITE_WITHIN_THE_LIMIT,
    REWRITE_NEAR_THE_LIMIT,
    AWAY_DURING_THE_REWRITE,
    HELD_BRANCH_ACCEPTED,
    LEDGER_REWRITE,
];
