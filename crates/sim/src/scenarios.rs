//! The situations that are tried, each named by what happens and built from a seed.

use kusari_node::OutboxLimits;

use crate::byzantine::{EVERY_MALICE, Malice};
use crate::faults::Faults;
use crate::mining;
use crate::restored_nodes::Twins;
use crate::setup::TRIANGLE;
use crate::world::{Counts, MILLISECOND, SECOND, World};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The hash over everything that any node was told and did.
    pub trace: u64,
    /// How much happened.
    pub counts: Counts,
    /// Lines whose user was told that they are saved.
    pub acknowledged: usize,
}

/// One situation: a function of the seed.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// What happens in it.
    pub name: &'static str,
    pub(crate) build: fn(&mut World),
}

impl Scenario {
    /// Runs it to its end.
    ///
    /// # Errors
    /// What went wrong first, and when.
    pub fn run(&self, seed: u64, printed: bool) -> Result<Outcome, String> {
        let mut world = World::new(seed, printed);
        (self.build)(&mut world);
        finish(&mut world)
    }
}

impl Scenario {
    /// Runs it with twins: again and again each node is made anew from its own state, and must go
    /// on as the one that was not. Returns how often that was done.
    ///
    /// # Errors
    /// What went wrong first, and when.
    pub fn run_with_twins(&self, seed: u64) -> Result<(Outcome, u64), String> {
        let mut world = World::new(seed, false);
        world.twins = Twins::new(seed);
        (self.build)(&mut world);
        let outcome = finish(&mut world)?;
        Ok((outcome, world.twins.made()))
    }
}

/// Three nodes, every two connected, nothing goes wrong; lines come one after another.
pub const CALM_TRIANGLE: Scenario = Scenario {
    name: "calm_triangle",
    build: |world| {
        let [a, b, c] = world.add_all(TRIANGLE);
        for (number, host) in [a, b, c, a].into_iter().enumerate() {
            let at = (5 + 20 * number as u64) * SECOND;
            world.type_lines(&[host], 1, at, at);
        }
        world.run_until(80 * SECOND);
        world.must_add_once();
        for (peer, hash) in world.lines.sent_twice() {
            world.fail(format!("the block {hash} was sent to {peer:?} twice"));
        }
    },
};

/// Nodes that all mine at once, so that equal work meets equal work.
pub const MINERS_RACE: Scenario = Scenario {
    name: "miners_race",
    build: |world| {
        let [a, b, c] = world.add_all([&[], &[0], &[1]]);
        for host in [a, b, c] {
            world.set(host, |kusari| kusari.mining_time = 20 * MILLISECOND);
            world.type_lines(&[host], 4, SECOND, 2 * SECOND);
        }
        world.run_until(10 * SECOND);
    },
};

/// A network that falls apart while users type on both sides.
pub const PARTITION_HEALS: Scenario = Scenario {
    name: "partition_heals",
    build: |world| {
        let [a, b, c, d] = world.add_all([&[], &[0], &[0, 1], &[1, 2]]);
        world.type_lines(&[a, b, c, d], 4, SECOND, 100 * SECOND);
        world.set_faults(Faults { partitions: true, resets: true, ..Faults::default() });
        world.run_until(120 * SECOND);
    },
};

/// Machines crash at any point of the interface while users type.
pub const CRASHES_WHILE_TYPING: Scenario = Scenario {
    name: "crashes_while_typing",
    build: |world| {
        let [a, b, c] = world.add_all(TRIANGLE);
        world.type_lines(&[a, b, c], 5, SECOND, 60 * SECOND);
        world.set_faults(Faults { crashes: true, ..Faults::default() });
        world.run_until(80 * SECOND);
    },
};

/// Everything at once, among honest machines.
pub const STORM: Scenario = Scenario {
    name: "storm",
    build: |world| {
        let [a, b, c, d] = world.add_all([&[], &[0], &[0, 1], &[2]]);
        world.dial_by_name(a, b);
        world.dial_by_name(b, b);
        world.dial_by_name(c, a);
        for host in [a, b, c, d] {
            limit_outbox(world, host, 4);
            world.type_lines(&[host], 4, SECOND, 120 * SECOND);
        }
        world.set_faults(Faults::STORM);
        world.run_until(150 * SECOND);
    },
};

/// Has some of what waits at a node be in its store alone.
pub(crate) fn limit_outbox(world: &mut World, host: usize, most: u64) {
    let capacity = world.random.between(1, most);
    let in_memory = usize::try_from(capacity).unwrap_or(1);
    let limits = OutboxLimits { in_memory, entries: 2 * capacity, ..OutboxLimits::default() };
    world.set(host, |kusari| {
        (kusari.config.outbox, kusari.config.max_uncommitted) = (limits, in_memory);
    });
}

/// Original nodes among ours, dialled and dialling, mining and passing on everything.
pub const ORIGINALS_JOIN: Scenario = Scenario {
    name: "originals_join",
    build: |world| {
        let a = world.add_kusari(&[], 0);
        let first = world.add_original(&[a], Some(20 * SECOND));
        let second = world.add_original(&[first], Some(30 * SECOND));
        let b = world.add_kusari(&[a, second], 0);
        let c = world.add_kusari(&[b, first], 0);
        let (resets, wrong_blocks) = (world.random.chance(50), world.random.chance(50));
        // Lines that originals break are wrong too, and a node that passes them on may be told.
        world.is_plain = !wrong_blocks;
        world.type_lines(&[a, b, c], 3, SECOND, 60 * SECOND);
        if wrong_blocks {
            world.add_byzantine(Malice::Forger, &[first, second]);
        }
        world.set_faults(Faults { resets, wrong_blocks, ..Faults::default() });
        world.run_until(80 * SECOND);
    },
};

/// Machines that mean no good among ours.
pub const BYZANTINE_PEERS: Scenario = Scenario {
    name: "byzantine_peers",
    build: |world| {
        let [a, b, c] = world.add_all(TRIANGLE);
        for _ in 0..5 {
            let malice = EVERY_MALICE[world.random.index(EVERY_MALICE.len())];
            let liar = world.add_byzantine(malice, &[a, b, c]);
            if world.random.chance(50) {
                world.dial_by_name(a, liar);
            }
        }
        world.type_lines(&[a, b, c], 3, SECOND, 60 * SECOND);
        world.set_faults(Faults { wrong_blocks: true, ..Faults::default() });
        world.run_until(90 * SECOND);
        // The attack goes on meanwhile: it must not even delay the honest for long.
        world.must_agree_within(120 * SECOND);
    },
};

/// A node with a long chain, and others that come later with lines of their own.
pub const LATE_JOINER: Scenario = Scenario {
    name: "late_joiner",
    build: |world| {
        let chain = mining::long_chain();
        let a = world.add_kusari(&[], 0);
        let b = world.add_kusari(&[a], 0);
        let length = 20 + world.random.index(mining::LONG_CHAIN - 20);
        world.install(a, &chain[..length]);
        let shorter = world.random.index(length);
        world.install(b, &chain[..shorter]);
        let at = world.random.between(SECOND, 40 * SECOND);
        let c = world.add_kusari(&[a, b], at);
        world.type_lines(&[a, b, c], 2, SECOND, 60 * SECOND);
        world.set_faults(Faults {
            slow_readers: true,
            silence: true,
            crashes: true,
            ..Faults::default()
        });
        world.run_until(80 * SECOND);
    },
};

/// Lines that are settled long since lose their place to a longer chain, and find another.
pub const DEEP_REORGANISATION: Scenario = Scenario {
    name: "deep_reorganisation",
    build: |world| {
        let a = world.add_kusari(&[], 0);
        let b = world.add_kusari(&[a], 0);
        for host in [a, b] {
            world.set(host, |kusari| kusari.mining_time = 300 * MILLISECOND);
            slow_down(world, host, 50);
            world.type_lines(&[host], 6, SECOND, 30 * SECOND);
        }
        let at = world.random.between(20 * SECOND, 60 * SECOND);
        let c = world.add_kusari(&[a, b], at);
        let length = world.random.index(60);
        world.install(c, &mining::long_chain()[..length]);
        let crashes = world.random.chance(60);
        world.set_faults(Faults { crashes, resets: true, ..Faults::default() });
        world.run_until(90 * SECOND);
    },
};

/// Has commits now and then be so slow that much happens between a decision and its commit.
pub(crate) fn slow_down(world: &mut World, host: usize, percent: u64) {
    if world.random.chance(percent) {
        world.set(host, |kusari| kusari.slowest_commit = 15 * SECOND);
    }
}

/// Two nodes of ours that only an original node connects.
pub const ORIGINAL_BETWEEN: Scenario = Scenario {
    name: "original_between",
    build: |world| {
        world.is_plain = true;
        let a = world.add_kusari(&[], 0);
        let between = world.add_original(&[a], None);
        let b = world.add_kusari(&[between], 0);
        world.type_lines(&[a, b], 4, 2 * SECOND, 60 * SECOND);
        world.run_until(80 * SECOND);
    },
};

/// A crowd of liars around a node that has to catch up.
pub const CROWD_OF_LIARS: Scenario = Scenario {
    name: "crowd_of_liars",
    build: |world| {
        let a = world.add_kusari(&[], 0);
        let length = 40 + world.random.index(mining::LONG_CHAIN - 40);
        world.install(a, &mining::long_chain()[..length]);
        let b = world.add_kusari(&[], 0);
        for number in 0..12 {
            let malice = [Malice::EmptyHanded, Malice::Boaster, Malice::Dripper][number % 3];
            world.add_byzantine(malice, &[b]);
        }
        world.run_until(20 * SECOND);
        world.dial_while_running(b, a);
        world.must_agree_within(120 * SECOND);
    },
};

/// Machines that announce what they do not send, among nodes whose connections come and go.
pub const CRIERS: Scenario = Scenario {
    name: "criers",
    build: |world| {
        let [a, b, c, d] = world.add_all([&[], &[0], &[0, 1], &[1, 2]]);
        for _ in 0..4 {
            world.add_byzantine(Malice::Crier, &[a, b, c, d]);
        }
        world.type_lines(&[a, b, c, d], 3, SECOND, 80 * SECOND);
        world.set_faults(Faults { resets: true, silence: true, ..Faults::default() });
        world.run_until(90 * SECOND);
        world.set_faults(Faults::default());
        world.must_agree_within(120 * SECOND);
    },
};

/// One machine crashes at the given point of the interface while lines are typed on two, and soon after
/// its restart once more.
///
/// # Errors
/// What went wrong first, and when. `Ok(None)` where the run has no such point.
pub fn crash_at_point(point: u64, seed: u64, printed: bool) -> Result<Option<Outcome>, String> {
    let mut world = World::new(seed, printed);
    let a = world.add_kusari(&[], 0);
    let b = world.add_kusari(&[a], 0);
    world.type_lines(&[a], 3, SECOND, 12 * SECOND);
    world.type_lines(&[b], 2, SECOND, 12 * SECOND);
    crash_twice(&mut world, a, point);
    world.run_until(30 * SECOND);
    finish_if(world, |counts| counts.crashes > 0)
}

/// Has a machine crash at a point of the interface, and soon after its restart once more.
pub(crate) fn crash_twice(world: &mut World, host: usize, point: u64) {
    let again = world.random.below(60);
    world.set(host, |kusari| (kusari.crash_in, kusari.crash_again_in) = (Some(point), Some(again)));
}

/// Ends a run that is of interest only where something has happened by now.
pub(crate) fn finish_if(
    mut world: World,
    happened: fn(&Counts) -> bool,
) -> Result<Option<Outcome>, String> {
    let happened = happened(&world.counts);
    finish(&mut world).map(|outcome| happened.then_some(outcome))
}

pub(crate) fn finish(world: &mut World) -> Result<Outcome, String> {
    world.settle();
    world.check_witnesses();
    match world.failure.take() {
        Some(failure) => Err(failure),
        None => Ok(Outcome {
            trace: world.trace.hash(),
            counts: world.counts,
            acknowledged: world.lines.acknowledged_count() + world.ledger.acknowledged_count(),
        }),
    }
}

/// Every scenario.
pub const ALL: [Scenario; 12] = [
    CALM_TRIANGLE,
    MINERS_RACE,
    PARTITION_HEALS,
    CRASHES_WHILE_TYPING,
    STORM,
    ORIGINALS_JOIN,
    ORIGINAL_BETWEEN,
    BYZANTINE_PEERS,
    CROWD_OF_LIARS,
    CRIERS,
    LATE_JOINER,
    DEEP_REORGANISATION,
];
