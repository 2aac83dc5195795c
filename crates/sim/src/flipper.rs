//! A machine that holds two long branches and has them lead by turns.
//!
//! Owns its blocks, mined once per process, and how far it sent them. Each of its turns costs it two
//! short blocks, and every node that follows them hundreds.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use kusari_chain::{Block, BlockStore, TreeLimits};
use kusari_node::wire::{self, Message};

use crate::byzantine::Malice;
use crate::connection::Place;
use crate::mining::{self, LONG_CHAIN};
use crate::scenarios::Scenario;
use crate::world::{MILLISECOND, SECOND, World};

/// Turns that it has blocks for.
const TURNS: usize = 360;
/// Turns that follow one another at once: they take what a node has to spend at first.
const QUICK_TURNS: usize = 100;
/// From one of them to the next.
const QUICK: u64 = 50 * MILLISECOND;
/// From one of the others to the next: more of them than time pays for.
const SLOW: u64 = 250 * MILLISECOND;
/// How long a branch with more work waits at most.
const PATIENCE: u64 = 60 * SECOND;
/// Blocks that a node may be made to take back at first, and for each millisecond.
const BURST: u64 = 10_000;
const PER_MILLISECOND: u64 = 1;

/// Both branches: they part at genesis, and are equally long.
fn branches() -> &'static [Vec<Block>; 2] {
    static BRANCHES: OnceLock<[Vec<Block>; 2]> = OnceLock::new();
    BRANCHES.get_or_init(|| {
        let mut one = mining::long_chain().to_vec();
        if let Some(last) = one.last() {
            one.extend(mining::branch(last, TURNS, "one"));
        }
        [one, mining::branch(&Block::genesis(), LONG_CHAIN + TURNS, "other")]
    })
}

/// How far it is.
#[derive(Default)]
pub(crate) struct Flipper {
    turn: usize,
    /// Blocks of each branch that went over a connection.
    sent: BTreeMap<Place, [usize; 2]>,
    /// Bytes of them.
    pub(crate) bytes: u64,
}

impl Flipper {
    /// Blocks of each branch that are out after its turns: one leads by one, then the other.
    fn lengths(&self) -> [usize; 2] {
        let more = [self.turn.next_multiple_of(2), self.turn / 2 * 2 + 1];
        more.map(|more| LONG_CHAIN + more.min(TURNS))
    }
}

impl World {
    /// A machine that means no good goes for good.
    fn leave(&mut self, host: usize) {
        let places = self.byzantine(host).map(crate::byzantine::Byzantine::leave);
        for place in places.unwrap_or_default() {
            self.break_end(place, "left");
        }
    }

    /// Has the other branch lead, wherever it is connected.
    pub(crate) fn flip(&mut self, host: usize) {
        let Some(byzantine) = self.byzantine(host) else { return };
        let places = byzantine.places.clone();
        let flipper = &mut byzantine.flipper;
        let pause = if flipper.turn < QUICK_TURNS { QUICK } else { SLOW };
        if !places.is_empty() && flipper.turn < TURNS {
            flipper.turn += 1;
        }
        let lengths = flipper.lengths();
        let mut lines = Vec::new();
        for (number, place) in places.into_iter().enumerate() {
            let sent = flipper.sent.entry(place).or_default();
            // Every other place gets one branch alone, so nodes have something to tell each other.
            for which in number % 2..2 {
                for block in &branches()[which][sent[which]..lengths[which]] {
                    let line = wire::encode(&Message::Block(block));
                    flipper.bytes += line.len() as u64;
                    lines.push((place, line));
                }
                sent[which] = lengths[which];
            }
        }
        for (place, line) in lines {
            self.send_line(place, line);
        }
        self.plan(self.now + pause, move |world| world.act(host));
    }

    /// Lets time pass until then. These nodes may follow different branches, but never for longer than a
    /// branch with more work waits.
    fn flip_until(&mut self, then: u64, hosts: &[usize]) {
        let mut agreed = self.now;
        while self.failure.is_none() && self.now < then {
            self.run_for(QUICK);
            let first = |&host: &usize| self.kusari(host)?.disk.best_at(1).ok()?;
            let mut branches = hosts.iter().map(|host| first(host).map(|stored| stored.block.hash));
            let one = branches.next();
            if branches.all(|other| Some(other) == one) {
                agreed = self.now;
            } else if self.now > agreed + PATIENCE {
                self.fail("the nodes follow different branches for a minute");
            }
        }
    }
}

/// An attacker has two long branches lead by turns, at nodes of a group that goes on: none of them takes
/// back more than time pays for, all answer, and all agree within a minute.
pub const LONG_BRANCHES_BY_TURNS: Scenario = Scenario {
    name: "long_branches_by_turns",
    build: |world| {
        let [a, b, c, d] = world.add_all([&[], &[0], &[1], &[2, 0]]);
        let liar = world.add_byzantine(Malice::Flipper, &[a, c]);
        for host in [a, b, c, d] {
            world.set(host, |kusari| kusari.config.tree_limits = TreeLimits::default());
            world.type_lines(&[host], 2, SECOND, 20 * SECOND);
        }
        // It connects within seconds, and then its first turns take five.
        world.run_until(10 * SECOND);
        let turns = world.counts.reorganisations;
        let bytes = world.byzantine(liar).map_or(0, |byzantine| byzantine.flipper.bytes);
        let most = BURST + PER_MILLISECOND * world.now / MILLISECOND;
        for host in [a, b, c, d] {
            let reverted = world.reverted.get(&host).copied().unwrap_or(0);
            if reverted > most {
                world.fail(format!("{bytes} bytes had node {host} take {reverted} blocks back"));
            }
        }
        if turns < 20 {
            world.fail("the attack does nothing");
        }
        // One that starts again has something to spend when the others have not, and so has another one at
        // another time: they end on different branches.
        for (then, host) in [(12, b), (14, d)] {
            world.flip_until(then * SECOND, &[a, b, c, d]);
            world.crash(host);
        }
        world.flip_until(85 * SECOND, &[a, b, c, d]);
        world.leave(liar);
        world.must_agree_within(60 * SECOND);
    },
};
