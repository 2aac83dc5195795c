//! Blocks that are to keep honest nodes from mining: stamped ahead of the clock, or sent slowly.

use std::sync::Arc;

use kusari_chain::params::CLASSIC_CHAIN;
use kusari_chain::{Accepted, Block, Chain, CheckedBlock, TreeLimits, Work};
use kusari_node::interface::{Direction, PeerId};
use kusari_node::store::StoreBatch;
use kusari_node::wire::{Hello, InstanceId, Message};
use kusari_node::{Input, MiningPolicy};

use crate::disk::Disk;
use crate::kusari::FIRST_SECOND;
use crate::scenarios::Scenario;
use crate::users::User;
use crate::world::{MILLISECOND, Micros, SECOND, World};
use crate::{ledger, mining};

/// In which time what a user wrote stands in a block, whatever the attacker does.
const MINED_WITHIN: Micros = 15 * SECOND;
/// Blocks that the attacker has ahead: a median of eleven, and more.
const LEAD: usize = 31;
/// How far ahead of the clock they are stamped, in seconds: two less than what is taken.
const AHEAD_S: u64 = 118;
/// Between two blocks that come slowly.
const DRIP: Micros = 2_500 * MILLISECOND;
/// A connection that no other machine has.
const BESIDE: PeerId = PeerId(u64::MAX);

/// Empty blocks of a ledger, stamped nearly as far ahead as they may be, come to honest nodes at once.
pub const STAMPED_AHEAD: Scenario = Scenario {
    name: "stamped_ahead",
    build: |world| {
        let [a, b] =
            world.add_ledgers([(&[], MiningPolicy::OnDemand), (&[0], MiningPolicy::OnDemand)]);
        for host in [a, b] {
            world.set(host, |kusari| kusari.skew = 0);
        }
        world.run_until(20 * SECOND);
        connect(world, a);
        let Some(blocks) = stamped(FIRST_SECOND + world.now / SECOND + AHEAD_S) else {
            return world.fail("the attacker has no blocks");
        };
        world.input(a, Input::blocks(BESIDE, blocks));
        for _ in 0..4 {
            let before = world.height(a);
            world.let_users_act(&[b], 1, world.now + SECOND, world.now + 2 * SECOND);
            world.run_for(2 * SECOND + MINED_WITHIN);
            if world.rest_of(a).is_none() || world.rest_of(b).is_none() {
                world.fail("what a user sent still waits");
            }
            if world.height(a) == before {
                world.fail("nothing was mined");
            }
        }
    },
};

/// A lead of blocks that a node asks for, and then one after another, slowly, on its tip, for two minutes.
pub const BLOCKS_COME_SLOWLY: Scenario = Scenario {
    name: "blocks_come_slowly",
    build: |world| {
        let a = world.add_kusari(&[], 0);
        world.add_kusari(&[a], 0);
        // Each block of the attacker makes it begin anew.
        world.set(a, |kusari| kusari.mining_time = SECOND);
        world.run_until(20 * SECOND);
        connect(world, a);
        let hello = Hello {
            agent: String::from("slow"),
            protocol: 1,
            chain: String::from(CLASSIC_CHAIN),
            height: 1_000_000,
            work: Work::of_classic_blocks(1_000_000),
            tip: mining::long_chain()[0].hash,
            listen: None,
            id: InstanceId(7),
            time: None,
        };
        let received = Ok(Message::Hello(hello));
        world.input(a, Input::line(BESIDE, received));
        let lead = mining::branch(&Block::genesis(), LEAD, "lead");
        give(world, a, &lead);
        let mut waits_since: Option<Micros> = None;
        for number in 0_u64..48 {
            if number.is_multiple_of(8) {
                world.type_lines(&[a], 1, world.now, world.now);
                waits_since = Some(world.now);
            }
            world.run_for(DRIP);
            if world.node(a).is_some_and(|node| node.snapshot().waiting_entries == 0) {
                waits_since = None;
            }
            if waits_since.is_some_and(|since| world.now > since + MINED_WITHIN) {
                world.fail("a line still waits");
            }
            let Some(tip) = world.best_chain(a).pop() else { continue };
            let block = mining::mine(&tip, tip.timestamp + 1, 0, format!("slow {number}"));
            give(world, a, &[block]);
            if number % 16 == 15 {
                let received = Ok(Message::End { count: 16, missing: Vec::new() });
                world.input(a, Input::line(BESIDE, received));
            }
        }
        let reason = String::from("gone");
        world.input(a, Input::PeerDisconnected { peer: BESIDE, reason });
    },
};

pub(crate) fn connect(world: &mut World, host: usize) {
    let (peer, direction, address) = (BESIDE, Direction::Inbound, ([10, 9, 9, 9], 9).into());
    world.input(host, Input::PeerConnected { peer, direction, address });
}

pub(crate) fn give(world: &mut World, host: usize, blocks: &[Block]) {
    let blocks = blocks.iter().filter_map(|block| CheckedBlock::check(block.clone()).ok());
    world.input(host, Input::blocks(BESIDE, blocks));
}

/// The first blocks of a ledger, all stamped with this second.
fn stamped(wall: u64) -> Option<Vec<CheckedBlock>> {
    let (disk, spec) = (Disk::default(), Arc::new(ledger::spec()));
    let limits = TreeLimits::default();
    let mut chain = Chain::open_ledger(Box::new(disk.store()), limits, Arc::clone(&spec)).ok()?;
    let miner = User::new(usize::MAX).public;
    let mut blocks = Vec::new();
    while blocks.len() < LEAD {
        let template = chain.template(miner, [], wall).ok()?;
        let nonce = mining::search(&template.block, template.target);
        let block = template.block.with_nonce(nonce);
        let part = Box::new(template.part);
        let block = CheckedBlock::check_whole(block, part, &spec.chain_id()).ok()?;
        let Ok(Accepted::Added(change)) = chain.accept(block.clone(), wall) else { return None };
        disk.apply(&StoreBatch { blocks: change.writes, ..StoreBatch::default() });
        chain.committed(change.version);
        blocks.push(block);
    }
    Some(blocks)
}
