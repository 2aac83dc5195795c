//! A fresh node that takes a long chain: from one that changes its mind meanwhile, and among liars.
//!
//! Owns the arrangements, and how long the fresh node takes in virtual time.

use kusari_chain::Block;
use kusari_node::MiningPolicy;

use crate::byzantine::Malice;
use crate::scenarios::Scenario;
use crate::world::{MILLISECOND, Micros, SECOND, World};
use crate::{mining, stalling};

/// Liars around the fresh node: as many as may connect to it.
const LIARS: usize = 48;
/// From when on it counts as never.
const NEVER: Micros = 1_800 * SECOND;
/// Blocks of the branch that the serving node leaves, and height from which on the two differ.
const BRANCH: usize = 560;
const FORK: usize = 5;
/// Blocks of the ledger that is taken.
const LEDGER_LENGTH: usize = 400;

/// What the liars around a fresh node do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// There are none.
    Alone,
    /// They claim endless work and never answer.
    Silent,
    /// They claim endless work and answer with the true chain, a block now and then.
    Dripping,
    /// They answer with one block over and over.
    Repeating,
    /// They answer that there is nothing.
    EmptyHanded,
    /// Some of each.
    Mixed,
}

impl Crowd {
    fn malice(self, number: usize) -> Option<Malice> {
        Some(match self {
            Self::Alone => return None,
            Self::Silent => Malice::Claimant,
            Self::Dripping => Malice::Miser,
            Self::Repeating => Malice::Dripper,
            Self::EmptyHanded => Malice::EmptyHanded,
            Self::Mixed => {
                [Malice::Claimant, Malice::Miser, Malice::Dripper, Malice::EmptyHanded][number % 4]
            }
        })
    }
}

/// Which chain is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The classic one.
    Classic,
    /// A ledger, whose headers come first.
    Ledger,
}

/// How long a fresh node takes to get the chain of the one honest peer, from when the last of all
/// connections is open. The honest one is `dialled`, or connects as the liars do, at a place among
/// them that chance draws.
///
/// # Errors
/// What went wrong.
pub fn time_to_sync(seed: u64, kind: Kind, crowd: Crowd, dialled: bool) -> Result<Micros, String> {
    let mut world = World::new(seed, false);
    let (honest, fresh) = match kind {
        Kind::Classic => classic(&mut world),
        Kind::Ledger => ledger(&mut world),
    };
    let length = height(&world, honest);
    let places = if dialled { LIARS } else { LIARS - 1 };
    let liars: Vec<usize> = (0..places)
        .filter_map(|number| Some(world.add_byzantine(crowd.malice(number)?, &[])))
        .collect();
    let honest_after = world.random.index(liars.len() + 1);
    for place in 0..=liars.len() {
        if place == honest_after && dialled {
            world.dial_while_running(fresh, honest);
        } else if place == honest_after {
            world.dial_while_running(honest, fresh);
        }
        if let Some(&liar) = liars.get(place) {
            world.visit(liar, fresh);
        }
        world.run_for(MILLISECOND);
    }
    let begin = world.now;
    while world.failure.is_none() && height(&world, fresh) < length && world.now < begin + NEVER {
        world.run_for(20 * MILLISECOND);
    }
    match world.failure.take() {
        Some(failure) => Err(failure),
        None => Ok(world.now - begin),
    }
}

/// A machine with a long chain, and one without.
fn classic(world: &mut World) -> (usize, usize) {
    let honest = world.add_kusari(&[], 0);
    world.install(honest, mining::long_chain());
    let fresh = world.add_kusari(&[], 0);
    world.run_until(SECOND);
    (honest, fresh)
}

/// The same of a ledger, whose chain is mined on the spot.
fn ledger(world: &mut World) -> (usize, usize) {
    let honest = world.add_ledger(&[], 0, MiningPolicy::Always);
    world.set(honest, |kusari| kusari.mining_time = SECOND);
    while world.failure.is_none() && height(world, honest) < LEDGER_LENGTH {
        world.run_for(SECOND);
    }
    world.set(honest, |kusari| kusari.mining_time = NEVER);
    let fresh = world.add_ledger(&[], world.now, MiningPolicy::Off);
    world.run_for(10 * SECOND);
    (honest, fresh)
}

fn height(world: &World, host: usize) -> usize {
    let height = world.node(host).map_or(0, |node| node.snapshot().tip.height);
    usize::try_from(height).unwrap_or(usize::MAX)
}

/// A fresh node takes a long chain from one that leaves it meanwhile for another one, far below, and
/// then rests.
pub const SERVER_REORGANISES: Scenario = Scenario {
    name: "server_reorganises",
    build: |world| {
        let (old, new) = rivals();
        let server = world.add_kusari(&[], 0);
        // It switches in the middle of an answer, and not in steps behind it.
        world.set(server, |kusari| kusari.config.tree_limits.at_once_blocks = u32::MAX);
        world.install(server, old);
        let (early, late) = new.split_at(new.len() - 2);
        world.install(server, early);
        let fresh = world.add_kusari(&[server], SECOND);
        let switch_at = 300 + world.random.index(BRANCH - 300);
        while world.failure.is_none() && height(world, fresh) < switch_at {
            world.run_for(500);
        }
        stalling::connect(world, server);
        stalling::give(world, server, late);
        let reached = height(world, server);
        if reached != FORK + BRANCH + 1 {
            world.fail(format!("the server stays at {reached}"));
        }
        world.must_agree_within(60 * SECOND);
    },
};

/// Two long chains that part near their beginning, mined once per process; the second has one block
/// more.
fn rivals() -> (&'static [Block], &'static [Block]) {
    static RIVALS: std::sync::OnceLock<(Vec<Block>, Vec<Block>)> = std::sync::OnceLock::new();
    let (old, new) = RIVALS.get_or_init(|| {
        let shared = &mining::long_chain()[..FORK];
        let chain = |name: &str, length: usize| {
            let mut blocks = shared.to_vec();
            blocks.extend(mining::branch(&shared[FORK - 1], length, name));
            blocks
        };
        (chain("old", BRANCH), chain("new", BRANCH + 1))
    });
    (old, new)
}
