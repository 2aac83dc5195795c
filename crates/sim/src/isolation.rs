//! Situations in which a node may lose its links: two that cross, places that are held for nothing, and a
//! block that its disk altered, which its peers refuse.

use std::net::Ipv4Addr;

use kusari_node::{Hindrance, PeerStage};

use crate::byzantine::Malice;
use crate::connection::Place;
use crate::mining::{self, LONG_CHAIN};
use crate::scenarios::Scenario;
use crate::world::{Host, Micros, SECOND, World};

/// Time in which two nodes that dial each other at once have come to one link.
const ONE_LINK_WITHIN: Micros = 5 * SECOND;

/// Two nodes dial each other at the same moment.
pub const BOTH_DIAL: Scenario = Scenario {
    name: "both_dial",
    build: |world| {
        world.is_steady = true;
        let a = world.add_kusari(&[1], 0);
        let b = world.add_kusari(&[a], 0);
        // From then on there is one, and never another beside it.
        world.run_until(ONE_LINK_WITHIN);
        for _ in 0..60 {
            let links = world.links_between(a, b);
            if links != 1 {
                world.fail(format!("the nodes have {links} links"));
            }
            world.run_for(SECOND);
        }
    },
};

/// The disk of a node alters a block, which three fresh nodes of other networks refuse: the node finds out
/// why, and once its disk is mended all go on.
pub const ALTERED_BLOCK_IS_SERVED: Scenario = Scenario {
    name: "altered_block_is_served",
    build: |world| {
        let server = world.add_kusari(&[], 0);
        world.install(server, mining::long_chain());
        let height = u32::try_from(1 + world.random.index(LONG_CHAIN - 1)).ok();
        world.set(server, |kusari| kusari.disk.alter(height));
        for number in 0..3 {
            let host = world.add_kusari(&[server], u64::from(number) * SECOND);
            world.move_to(host, Ipv4Addr::new(20, number, 0, 1));
        }
        world.run_until(60 * SECOND);
        let hindrances =
            world.node(server).map(|node| node.snapshot().hindrances).unwrap_or_default();
        let found = |one: &Hindrance| matches!(one, Hindrance::DamagedStore { .. });
        if !hindrances.iter().any(|one| found(one) && one.is_unready()) {
            world.fail(format!("the server knows of {hindrances:?} alone"));
        }
        world.set(server, |kusari| kusari.disk.alter(None));
        world.crash(server);
        world.run_for(60 * SECOND);
    },
};

/// Machines that hold places for nothing, each of which connects twice where it can.
const BESIEGERS: u8 = 200;
/// Their ways.
const WAYS: [Malice; 6] = [
    Malice::Typist,
    Malice::Mute,
    Malice::Trickler,
    Malice::Slowpoke,
    Malice::Dripper,
    Malice::Boaster,
];
/// Honest nodes that mine now and then, two of them with addresses in the midst of the besiegers'.
const HONEST: u8 = 8;
/// Between two blocks of one of them: each has one in any ten minutes.
const BLOCK_EVERY: Micros = 240 * SECOND;
/// How long it lasts.
const SIEGE: Micros = 3_600 * SECOND;
/// Between two honest newcomers.
const NEWCOMER_EVERY: Micros = 300 * SECOND;
/// In which time each has a place.
const PLACE_WITHIN: Micros = 30 * SECOND;
/// How long a block protects who brought it.
const USEFUL_FOR: Micros = 600 * SECOND;

/// A crowd of three groups of addresses takes every place that it can of one node, for an hour.
pub const SIEGE_OF_A_NODE: Scenario = Scenario {
    name: "siege_of_a_node",
    build: |world| {
        let target = world.add_kusari(&[], 0);
        let honest: Vec<usize> = (0..HONEST).map(|n| honest_node(world, target, n)).collect();
        world.run_until(20 * SECOND);
        besiege(world, target);
        let (mut next, end) = (world.now + NEWCOMER_EVERY, world.now + SIEGE);
        let mut newcomers = Vec::new();
        for round in 0.. {
            let at = world.now;
            for (n, host) in (0..).zip(&honest) {
                world.type_lines(&[*host], 1, at + n * 5 * SECOND, at + n * 5 * SECOND);
            }
            let until = at + BLOCK_EVERY;
            while next < until.min(end) {
                world.run_until(next);
                let number = HONEST + u8::try_from(newcomers.len()).unwrap_or(u8::MAX);
                let host = honest_node(world, target, number);
                newcomers.push(host);
                world.run_until(next + PLACE_WITHIN);
                if !holds_a_place(world, target, host) {
                    world.fail(format!("the newcomer {host} has no place in round {round}"));
                }
                next += NEWCOMER_EVERY;
            }
            world.run_until(until);
            if world.now >= end || world.failure.is_some() {
                break;
            }
        }
        // A newcomer brings nothing, and has no place for good but by being of another group.
        for host in honest.into_iter().chain(newcomers) {
            if !holds_a_place(world, target, host) {
                world.fail(format!("the node {host} has lost its place"));
            }
        }
    },
};

/// An honest node that dials the target. The first two live where besiegers do.
fn honest_node(world: &mut World, target: usize, number: u8) -> usize {
    let host = world.add_kusari(&[target], world.now);
    let group = if number < 2 { number } else { 100 + number };
    world.move_to(host, Ipv4Addr::new(203, group, 250, number));
    host
}

fn besiege(world: &mut World, target: usize) {
    // Any mix: of some ways there are none in some runs.
    let ways: Vec<Malice> = WAYS.into_iter().filter(|_| world.random.chance(60)).collect();
    for number in 0..BESIEGERS {
        let way = ways.get(world.random.index(ways.len())).copied().unwrap_or(Malice::Typist);
        let host = world.add_byzantine(way, &[target]);
        world.move_to(host, Ipv4Addr::new(203, number % 3, 0, number));
        if let Some(Host::Byzantine(byzantine)) = world.hosts.get_mut(host) {
            byzantine.pause = 20 * SECOND;
        }
    }
}

fn holds_a_place(world: &mut World, target: usize, host: usize) -> bool {
    let ip = world.address_of(host).ip();
    let peers = world.node(target).map(|node| node.snapshot().peers).unwrap_or_default();
    peers.iter().any(|peer| peer.address.ip() == ip && peer.stage == PeerStage::Introduced)
}

impl World {
    /// A node that mined a block in the last minutes, which its peers have by now, keeps its place.
    pub(crate) fn check_eviction(&mut self, by: usize, place: Place) {
        self.counts.evictions += 1;
        let now = self.now;
        let Some(other) = self.end(place.other()).map(|end| end.host) else {
            return;
        };
        let Some(mined_at) = self.kusari(other).and_then(|kusari| kusari.mined_at) else { return };
        if (10 * SECOND..USEFUL_FOR).contains(&(now - mined_at)) {
            self.fail(format!("node {by} gives the place of node {other} to a newcomer"));
        }
    }
}
