//! Putting machines into a world.

use std::net::{Ipv4Addr, SocketAddr};

use kusari_chain::block::escaped_bytes;
use kusari_chain::params::MAX_TEXT_BYTES;
use kusari_chain::{Block, Chain, CheckedBlock, TreeLimits};
use kusari_node::interface::{Command, Input, RequestId};
use kusari_node::store::StoreBatch;
use kusari_node::{NodeConfig, PeerAddress};

use crate::byzantine::{Byzantine, Malice};
use crate::cheat::Cheat;
use crate::kusari::Kusari;
use crate::original::Original;
use crate::random::Random;
use crate::world::{Host, MILLISECOND, Micros, World};

/// Port on which every machine listens.
const PORT: u16 = 8080;

/// Three machines, every two of them connected.
pub(crate) const TRIANGLE: [&[usize]; 3] = [&[], &[0], &[0, 1]];

/// Address of a machine by its number.
fn address(host: usize) -> SocketAddr {
    let [.., high, low] = host.to_be_bytes();
    SocketAddr::from((Ipv4Addr::new(10, 0, high, low), PORT))
}

/// The name by which a machine may be dialled beside its address.
fn name(host: usize) -> Option<PeerAddress> {
    format!("machine-{host}:{PORT}").parse().ok()
}

impl World {
    fn add(&mut self, host: Host) -> usize {
        let place = self.hosts.len();
        self.directory.insert(PeerAddress::from(address(place)), place);
        if let Some(name) = name(place) {
            self.directory.insert(name, place);
        }
        self.hosts.push(host);
        place
    }

    pub(crate) fn address_of(&self, host: usize) -> SocketAddr {
        match self.hosts.get(host) {
            Some(Host::Kusari(kusari)) => kusari.address,
            Some(Host::Original(original)) => original.address,
            Some(Host::Byzantine(byzantine)) => byzantine.address,
            None => address(host),
        }
    }

    /// Adds a machine with a node that dials the given machines, by address. It starts at `at`.
    pub(crate) fn add_kusari(&mut self, dials: &[usize], at: Micros) -> usize {
        let host = self.hosts.len();
        let connect = dials.iter().map(|&target| PeerAddress::from(address(target))).collect();
        let config = NodeConfig { connect, listen_port: Some(PORT), ..NodeConfig::default() };
        let mut kusari = Kusari::new(address(host), config);
        // Machines differ: in how fast their disks are, in how well their clocks go, and in how
        // much of the chain they keep in memory.
        let pick = |random: &mut Random, choices: [u64; 4]| choices[random.index(4)];
        kusari.slowest_commit = pick(&mut self.random, [1, 20, 400, 3_000]) * MILLISECOND;
        kusari.skew = pick(&mut self.random, [0, 0, 30, 9_000]);
        let window = pick(&mut self.random, [1, 2, 8, 1_024]);
        let limits = &mut kusari.config.tree_limits;
        limits.window_blocks = usize::try_from(window).unwrap_or(1);
        // Half of all nodes prepare reorganisations in steps that others do at once.
        (limits.at_once_blocks, limits.step_blocks) = match window {
            1 => (0, 1),
            2 => (3, 2),
            _ => (limits.at_once_blocks, limits.step_blocks),
        };
        self.add(Host::Kusari(Box::new(kusari)));
        self.plan(at, move |world| world.start(host));
        host
    }

    /// Adds machines that start at once, each of which dials those of these places.
    pub(crate) fn add_all<const N: usize>(&mut self, dials: [&[usize]; N]) -> [usize; N] {
        dials.map(|dials| self.add_kusari(dials, 0))
    }

    /// Gives a machine, which others need not dial, another address.
    pub(crate) fn move_to(&mut self, host: usize, ip: Ipv4Addr) {
        match self.hosts.get_mut(host) {
            Some(Host::Kusari(kusari)) => kusari.address.set_ip(ip.into()),
            Some(Host::Byzantine(byzantine)) => byzantine.address.set_ip(ip.into()),
            Some(Host::Original(_)) | None => {}
        }
    }

    /// Has a node dial a machine by its name as well, and so perhaps twice.
    pub(crate) fn dial_by_name(&mut self, host: usize, target: usize) {
        if let (Some(kusari), Some(name)) = (self.kusari_mut(host), name(target)) {
            kusari.config.connect.push(name);
        }
    }

    /// A user has a running node connect to another machine.
    pub(crate) fn dial_while_running(&mut self, host: usize, target: usize) {
        let command = Command::Connect(PeerAddress::from(address(target)));
        self.input(host, Input::Command(RequestId(0), command));
    }

    /// The same, also after a crash: it dials from its next start on, at the latest.
    pub(crate) fn dial_when_it_runs(&mut self, host: usize, target: usize) {
        self.set(host, |kusari| kusari.config.connect.push(address(target).into()));
        self.dial_while_running(host, target);
    }

    /// Puts a chain on the disk of a machine that has not started.
    pub(crate) fn install(&mut self, host: usize, blocks: &[Block]) {
        let Some(kusari) = self.kusari_mut(host) else { return };
        let disk = kusari.disk.clone();
        let Ok(mut chain) = Chain::open(Box::new(disk.store()), TreeLimits::default()) else {
            return;
        };
        for block in blocks {
            let Ok(block) = CheckedBlock::check(block.clone()) else { return };
            if let Ok(kusari_chain::accept::Accepted::Added(change)) = chain.accept(block, 0) {
                disk.apply(&StoreBatch { blocks: change.writes, ..StoreBatch::default() });
                chain.committed(change.version);
            }
        }
    }

    /// Adds a machine with an original node.
    pub(crate) fn add_original(&mut self, dials: &[usize], mines_every: Option<Micros>) -> usize {
        let host = self.hosts.len();
        let original = Original::new(address(host), dials.to_vec(), mines_every);
        self.add(Host::Original(Box::new(original)));
        self.plan(self.now, move |world| world.act(host));
        host
    }

    /// Gives an original blocks that it had before, and lines that were typed there while it had no
    /// connection.
    pub(crate) fn install_on_original(&mut self, host: usize, blocks: &[Block], lines: u64) {
        if let Some(Host::Original(original)) = self.hosts.get_mut(host) {
            original.chain.extend_from_slice(blocks);
        }
        for _ in 0..lines {
            self.original_mines(host);
        }
    }

    /// Adds a machine that means no good.
    pub(crate) fn add_byzantine(&mut self, malice: Malice, targets: &[usize]) -> usize {
        let host = self.hosts.len();
        let mut byzantine = Byzantine::new(address(host), malice, targets.to_vec());
        byzantine.cheat = Some(malice)
            .filter(|malice| *malice == Malice::Cheat)
            .and_then(|_| Cheat::new(host))
            .map(Box::new);
        self.add(Host::Byzantine(Box::new(byzantine)));
        self.plan(self.now, move |world| world.act(host));
        host
    }

    /// Has users type lines on machines, spread over a range of time.
    pub(crate) fn type_lines(&mut self, hosts: &[usize], count: u64, from: Micros, until: Micros) {
        // Texts with everything in them that a line of JSON has to escape, and more.
        const SPICE: [&str; 6] =
            ["", " \"quoted\\\"", " \t\u{1b}[31m", " жöß漢🦀", " \r\n", " \u{0}"];
        for host in hosts.iter().flat_map(|&host| (0..count).map(move |_| host)) {
            // Originals pass on what is escaped as JSON that is broken: nodes that only they connect
            // would never agree on it.
            let spice = match self.is_plain {
                true => "",
                false => SPICE[self.random.index(SPICE.len())],
            };
            let mut text = self.lines.draw_text(host, spice);
            // Rarely, because mining it costs thirty times as much.
            if self.random.chance(2) {
                // As long as a line may be: it must still fit the buffer of an original node.
                let room = MAX_TEXT_BYTES.saturating_sub(escaped_bytes(&text));
                text.push_str(&"-".repeat(room));
            }
            let at = self.random.between(from, until);
            self.plan(at, move |world| world.say(host, text));
        }
    }
}
