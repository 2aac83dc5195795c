//! The situations in which a ledger is tried, each named by what happens and built from a seed.
//!
//! Each ends with quiet, after which all nodes must agree, accounts must follow from the blocks, and
//! every transaction that a user was told is stored must stand in the chain once.

use kusari_node::MiningPolicy;

use crate::byzantine::{EVERY_MALICE, Malice};
use crate::faults::Faults;
use crate::kusari::Kusari;
use crate::remembering::Loss;
use crate::scenarios::{Outcome, Scenario, crash_twice, finish_if, limit_outbox, slow_down};
use crate::users::SHARED;
use crate::world::{MILLISECOND, SECOND, World};

const ON_DEMAND: MiningPolicy = MiningPolicy::OnDemand;

/// Three nodes, every two connected, and nothing goes wrong; only one of them mines, so that no block meets
/// another one of its height.
pub const LEDGER_CALM: Scenario = Scenario {
    name: "ledger_calm",
    build: |world| {
        let [a, b, c] = world.add_ledgers([
            (&[], ON_DEMAND),
            (&[0], MiningPolicy::Off),
            (&[0, 1], MiningPolicy::Off),
        ]);
        world.let_users_act(&[a, b, c], 6, 5 * SECOND, 60 * SECOND);
        world.run_until(80 * SECOND);
        world.must_add_once();
    },
};

/// Nodes that mine by every policy at once, so that equal work meets equal work.
pub const LEDGER_MINERS_RACE: Scenario = Scenario {
    name: "ledger_miners_race",
    build: |world| {
        let [a, b, c, d] = world.add_ledgers([
            (&[], ON_DEMAND),
            (&[0], MiningPolicy::Always),
            (&[1], MiningPolicy::Always),
            (&[0, 2], MiningPolicy::Interval { seconds: 5 }),
        ]);
        for host in [a, b, c, d] {
            world.set(host, |kusari| kusari.mining_time = 600 * MILLISECOND);
            world.let_users_act(&[host], 8, SECOND, 20 * SECOND);
        }
        world.run_until(25 * SECOND);
    },
};

/// A network that falls apart while users submit on both sides.
pub const LEDGER_PARTITION_HEALS: Scenario = Scenario {
    name: "ledger_partition_heals",
    build: |world| {
        let a = world.add_ledger(&[], 0, ON_DEMAND);
        let policies = [world.draw_policy(), world.draw_policy()];
        let b = world.add_ledger(&[a], 0, policies[0]);
        let c = world.add_ledger(&[a, b], 0, policies[1]);
        let d = world.add_ledger(&[b, c], 0, ON_DEMAND);
        world.let_users_act(&[a, b, c, d], 8, SECOND, 100 * SECOND);
        world.set_faults(Faults { partitions: true, resets: true, ..Faults::default() });
        world.run_until(120 * SECOND);
    },
};

/// Machines crash at any point of the interface while users submit, and their disks are slow.
pub const LEDGER_CRASHES: Scenario = Scenario {
    name: "ledger_crashes",
    build: |world| {
        let a = world.add_ledger(&[], 0, ON_DEMAND);
        let policy = world.draw_policy();
        let b = world.add_ledger(&[a], 0, policy);
        let c = world.add_ledger(&[a, b], 0, MiningPolicy::Off);
        world.let_users_act(&[a, b, c], 10, SECOND, 60 * SECOND);
        world.set_faults(Faults { crashes: true, ..Faults::default() });
        world.run_until(80 * SECOND);
    },
};

/// Everything at once, among honest machines.
pub const LEDGER_STORM: Scenario = Scenario {
    name: "ledger_storm",
    build: |world| {
        let a = world.add_ledger(&[], 0, ON_DEMAND);
        let policies = [world.draw_policy(), world.draw_policy()];
        let b = world.add_ledger(&[a], 0, policies[0]);
        let c = world.add_ledger(&[a, b], 0, policies[1]);
        let d = world.add_ledger(&[c], 0, MiningPolicy::Off);
        world.dial_by_name(a, b);
        world.dial_by_name(c, a);
        for host in [a, b, c, d] {
            limit_outbox(world, host, 6);
            world.let_users_act(&[host], 8, SECOND, 120 * SECOND);
        }
        world.set_faults(Faults::STORM);
        world.run_until(150 * SECOND);
    },
};

/// Original nodes among ours: they know seven keys of each block, and hint at what they hear.
pub const LEDGER_ORIGINALS: Scenario = Scenario {
    name: "ledger_originals",
    build: |world| {
        let a = world.add_ledger(&[], 0, ON_DEMAND);
        let mines = Some(30 * SECOND).filter(|_| world.random.chance(30));
        let first = world.add_original(&[a], None);
        let second = world.add_original(&[first], mines);
        let b = world.add_ledger(&[a, second], 0, ON_DEMAND);
        let c = world.add_ledger(&[b, first], 0, ON_DEMAND);
        world.let_users_act(&[a, b, c], 6, SECOND, 60 * SECOND);
        let resets = world.random.chance(50);
        world.set_faults(Faults { resets, ..Faults::default() });
        world.run_until(80 * SECOND);
    },
};

/// Machines that break the rules of the ledger, and do the work for it.
pub const LEDGER_CHEATS: Scenario = Scenario {
    name: "ledger_cheats",
    build: |world| {
        let a = world.add_ledger(&[], 0, ON_DEMAND);
        let policy = world.draw_policy();
        let b = world.add_ledger(&[a], 0, policy);
        let c = world.add_ledger(&[a, b], 0, ON_DEMAND);
        let original = world.add_original(&[a, c], None);
        for number in 0..5 {
            let other = EVERY_MALICE[world.random.index(EVERY_MALICE.len())];
            let malice = if number < 3 { Malice::Cheat } else { other };
            world.add_byzantine(malice, &[a, b, c]);
        }
        world.add_byzantine(Malice::Cheat, &[original]);
        world.let_users_act(&[a, b, c], 6, SECOND, 60 * SECOND);
        let (partitions, wrong_blocks) = (world.random.chance(30), true);
        world.set_faults(Faults { partitions, wrong_blocks, ..Faults::default() });
        world.run_until(90 * SECOND);
    },
};

/// Machines that pass blocks on without what their transactions carry, which every node is to have in
/// the end all the same.
pub const LEDGER_PAYLOADS_LEFT_OUT: Scenario = Scenario {
    name: "ledger_payloads_left_out",
    build: |world| {
        let [a, b, c] =
            world.add_ledgers([(&[], ON_DEMAND), (&[0], MiningPolicy::Off), (&[0, 1], ON_DEMAND)]);
        world.add_byzantine(Malice::Cheat, &[a, b, c]);
        world.let_users_act(&[a, b, c], 8, SECOND, 60 * SECOND);
        world.run_until(80 * SECOND);
        world.check_payloads();
    },
};

/// Clocks that are so far apart that blocks are held until their time comes.
pub const LEDGER_CLOCKS_APART: Scenario = Scenario {
    name: "ledger_clocks_apart",
    build: |world| {
        let [a, b, c] = world.add_ledgers([
            (&[], ON_DEMAND),
            (&[0], ON_DEMAND),
            (&[0, 1], MiningPolicy::Always),
        ]);
        for (host, skew) in [(a, 0), (b, 60), (c, 135)] {
            world.set(host, |kusari| kusari.skew = skew);
            world.let_users_act(&[host], 6, SECOND, 60 * SECOND);
        }
        let crashes = world.random.chance(40);
        world.set_faults(Faults { crashes, ..Faults::default() });
        world.run_until(80 * SECOND);
    },
};

/// What was settled long since loses its place to a longer chain, and finds another.
pub const LEDGER_DEEP_REORGANISATION: Scenario = Scenario {
    name: "ledger_deep_reorganisation",
    build: |world| {
        let [a, b, c, d] = world.add_ledgers([
            (&[], ON_DEMAND),
            (&[0], ON_DEMAND),
            (&[], MiningPolicy::Always),
            (&[2], MiningPolicy::Off),
        ]);
        for host in [a, b, c, d] {
            world.set(host, |kusari| kusari.mining_time = SECOND);
            slow_down(world, host, 40);
            world.let_users_act(&[host], 8, SECOND, 40 * SECOND);
        }
        let crashes = world.random.chance(60);
        world.set_faults(Faults { crashes, resets: true, ..Faults::default() });
        let at = world.random.between(20 * SECOND, 60 * SECOND);
        world.run_until(at);
        world.dial_when_it_runs(b, d);
        world.run_until(90 * SECOND);
    },
};

/// Every node is a witness, and lists the others. The network falls apart and machines crash while one
/// peer lies under its key, and in half of the runs another one comes with keys without end.
pub const LEDGER_WITNESSES: Scenario = Scenario {
    name: "ledger_witnesses",
    build: |world| {
        let a = world.add_ledger(&[], 0, ON_DEMAND);
        let policies = [world.draw_policy(), world.draw_policy()];
        let b = world.add_ledger(&[a], 0, policies[0]);
        let c = world.add_ledger(&[a, b], 0, policies[1]);
        let liar = world.add_byzantine(Malice::Perjurer, &[a, b, c]);
        let mut known = vec![a, b, c];
        if world.random.chance(50) {
            let flood = world.add_byzantine(Malice::Perjurer, &[a, b, c]);
            known.extend([liar, flood]);
        }
        for host in [a, b, c] {
            let listed: Vec<usize> = known.iter().copied().filter(|&key| key != host).collect();
            world.let_witness(host, &listed);
            world.let_users_act(&[host], 8, SECOND, 100 * SECOND);
        }
        world.set_faults(Faults { partitions: true, crashes: true, ..Faults::default() });
        world.run_until(120 * SECOND);
    },
};

/// Two machines with the same wallet, neither of which knows of the other: both give the same sequences
/// out. Then they meet.
pub const LEDGER_SHARED_WALLET: Scenario = Scenario {
    name: "ledger_shared_wallet",
    build: |world| {
        let (a, b) = add_shared_wallet(world);
        let c = world.add_ledger(&[a], 0, MiningPolicy::Off);
        for (host, last) in [(a, 60), (b, 60)] {
            world.let_users_draft(host, 6, SECOND, last * SECOND);
        }
        world.let_users_act(&[c], 3, SECOND, 60 * SECOND);
        let (crashes, resets) = (world.random.chance(50), world.random.chance(50));
        world.set_faults(Faults { crashes, resets, ..Faults::default() });
        let at = world.random.between(20 * SECOND, 40 * SECOND);
        world.run_until(at);
        world.dial_when_it_runs(b, a);
        world.run_until(80 * SECOND);
    },
};

fn add_shared_wallet(world: &mut World) -> (usize, usize) {
    let [a, b] = world.add_ledgers([(&[], ON_DEMAND), (&[], ON_DEMAND)]);
    world.give_wallet(a, SHARED);
    world.give_wallet(b, SHARED);
    (a, b)
}

/// Two machines with the same wallet part, record and meet; the second crashes at the given point of
/// the interface, and soon after its restart once more.
///
/// # Errors
/// As [`crash_at_point`].
pub fn shared_wallet_crash_at_point(
    point: u64,
    seed: u64,
    printed: bool,
) -> Result<Option<Outcome>, String> {
    let mut world = World::new(seed, printed);
    let (a, b) = add_shared_wallet(&mut world);
    world.let_users_draft(a, 2, SECOND, 8 * SECOND);
    world.let_users_draft(b, 2, SECOND, 8 * SECOND);
    crash_twice(&mut world, if seed.is_multiple_of(2) { b } else { a }, point);
    world.run_until(12 * SECOND);
    world.dial_when_it_runs(b, a);
    world.run_until(30 * SECOND);
    finish_if(world, |counts| counts.crashes > 0)
}

/// Witnesses whose stores are moved away or come back from old copies whenever they crash. One of them
/// may forget what its key said as well, and says nothing from then on.
pub const LEDGER_WITNESSES_LOSE_STORES: Scenario = Scenario {
    name: "ledger_witnesses_lose_stores",
    build: |world| {
        let a = world.add_ledger(&[], 0, ON_DEMAND);
        let policy = world.draw_policy();
        let b = world.add_ledger(&[a], 0, policy);
        let c = world.add_ledger(&[a, b], 0, MiningPolicy::Off);
        let forgets = world.random.chance(50);
        for (host, others) in [(a, [b, c]), (b, [a, c]), (c, [a, b])] {
            world.let_witness(host, &others);
        }
        for host in [b, c] {
            world.set(host, |Kusari { remembered, .. }| {
                (remembered.is_careless, remembered.forgets) = (true, forgets && host == c);
            });
            for copy in 0..3 {
                let at = world.random.between(copy * 40 * SECOND, (copy + 1) * 40 * SECOND);
                world.plan(at, move |world| world.copy_store(host));
            }
        }
        // What users submit to a store that is moved away goes with it.
        world.let_users_act(&[a], 16, SECOND, 130 * SECOND);
        world.set_faults(Faults { crashes: true, partitions: true, ..Faults::default() });
        world.run_until(150 * SECOND);
    },
};

/// A witness crashes before or after the given durable write, and loses this.
///
/// # Errors
/// What went wrong first, and when. `Ok(None)` where the run has no such write.
pub fn lose_store_at_write(
    write: u64,
    loss: Loss,
    seed: u64,
    printed: bool,
) -> Result<Option<Outcome>, String> {
    let mut world = World::new(seed, printed);
    let [a, b] = world.add_ledgers([(&[], ON_DEMAND), (&[0], MiningPolicy::Off)]);
    world.let_witness(a, &[b]);
    world.let_witness(b, &[a]);
    world.let_users_act(&[a], 5, SECOND, 40 * SECOND);
    let copied_at = world.random.between(SECOND, 30 * SECOND);
    world.plan(copied_at, move |world| world.copy_store(b));
    world.set(b, |kusari| {
        (kusari.crash_in_writes, kusari.remembered.loses) = (Some(write), Some(loss));
    });
    world.run_until(60 * SECOND);
    finish_if(world, |counts| counts.lost_stores > 0)
}

/// One machine crashes at the given point of the interface while users submit on two, and soon after its
/// restart once more.
///
/// # Errors
/// What went wrong first, and when. `Ok(None)` where the run has no such point.
pub fn crash_at_point(point: u64, seed: u64, printed: bool) -> Result<Option<Outcome>, String> {
    let mut world = World::new(seed, printed);
    let [a, b] = world.add_ledgers([(&[], ON_DEMAND), (&[0], ON_DEMAND)]);
    world.let_users_act(&[a], 3, SECOND, 12 * SECOND);
    world.let_users_act(&[b], 3, SECOND, 12 * SECOND);
    crash_twice(&mut world, a, point);
    world.run_until(30 * SECOND);
    finish_if(world, |counts| counts.crashes > 0)
}

/// Every scenario of a ledger.
pub const ALL: [Scenario; 13] = [
    LEDGER_SHARED_WALLET,
    LEDGER_CALM,
    LEDGER_MINERS_RACE,
    LEDGER_PARTITION_HEALS,
    LEDGER_CRASHES,
    LEDGER_STORM,
    LEDGER_ORIGINALS,
    LEDGER_CHEATS,
    LEDGER_PAYLOADS_LEFT_OUT,
    LEDGER_CLOCKS_APART,
    LEDGER_DEEP_REORGANISATION,
    LEDGER_WITNESSES,
    LEDGER_WITNESSES_LOSE_STORES,
];
