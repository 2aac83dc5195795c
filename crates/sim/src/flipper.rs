//! A machine that holds two long branches and has them lead by turns.
//!
//! Owns its blocks, mined once per process, and how far it sent them. Each of its turns costs it two
//! short blocks, and every node that follows them hundreds.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use kusari_chain::{Block, TreeLimits};
use kusari_node::wire::{self, Message};

use crate::byzantine::Malice;
use crate::connection::Place;
use crate::mining::{self, LONG_CHAIN};
use crate::scenarios::Scenario;
use crate::world::{Event, MILLISECOND, SECOND, World};

/// Turns that it has blocks for.
const TURNS: usize = 100;
/// From one turn to the next.
const PAUSE: u64 = 50 * MILLISECOND;
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
        if !places.is_empty() && flipper.turn < TURNS {
            flipper.turn += 1;
        }
        let lengths = flipper.lengths();
        let mut lines = Vec::new();
        for place in places {
            let sent = flipper.sent.entry(place).or_default();
            for (which, branch) in branches().iter().enumerate() {
                for block in &branch[sent[which]..lengths[which]] {
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
        self.plan(self.now + PAUSE, Event::Act(host));
    }
}

/// Somebody has two long branches lead by turns, at nodes of a group that goes on: none of them takes
/// back more than time pays for, all answer, and all agree within a minute.
pub const LONG_BRANCHES_BY_TURNS: Scenario = Scenario {
    name: "long_branches_by_turns",
    build: |world| {
        let a = world.add_kusari(&[], 0);
        let b = world.add_kusari(&[a], 0);
        let c = world.add_kusari(&[b], 0);
        let d = world.add_kusari(&[c, a], 0);
        let liar = world.add_byzantine(Malice::Flipper, &[a, c]);
        for host in [a, b, c, d] {
            if let Some(kusari) = world.kusari(host) {
                kusari.config.tree_limits = TreeLimits::default();
            }
            world.type_lines(host, 2, SECOND, 20 * SECOND);
        }
        // It connects within seconds, and then its turns take five.
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
            world.fail(String::from("the attack does nothing"));
        }
        world.run_until(20 * SECOND);
        world.leave(liar);
        world.must_agree_within(60 * SECOND);
    },
};
