//! What goes wrong, and when: crashes, broken and silent connections, partitions.

use crate::connection::Place;
use crate::world::{Host, MILLISECOND, Micros, SECOND, World};

/// What may go wrong in a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Machines crash, each time at some point of the interface.
    pub crashes: bool,
    /// Connections break with notice.
    pub resets: bool,
    /// Connections hang without notice.
    pub silence: bool,
    /// The network falls apart into two halves, for a time.
    pub partitions: bool,
    /// Machines stop reading for a time.
    pub slow_readers: bool,
    /// Byzantine machines send wrong blocks, which originals pass on and are told of.
    pub wrong_blocks: bool,
    /// Nothing goes wrong any more.
    pub over: bool,
}

impl Faults {
    /// Everything among honest machines.
    pub(crate) const STORM: Self = Self {
        crashes: true,
        resets: true,
        silence: true,
        partitions: true,
        slow_readers: true,
        wrong_blocks: false,
        over: false,
    };
}

impl World {
    /// Sets what may go wrong from now on.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
        self.plan(self.now, World::cause_fault);
    }

    /// Machines crash no more.
    pub(crate) fn end_crashes(&mut self) {
        for host in self.kusari_hosts() {
            self.set(host, |kusari| {
                (kusari.crash_in, kusari.crash_again_in) = (None, None);
                kusari.crash_in_writes = None;
            });
        }
    }

    /// Ends all faults: links heal, machines that mean no good leave, machines that are down start.
    pub(crate) fn heal(&mut self) {
        // Wrong blocks that are still on their way will be passed on.
        let wrong_blocks = self.faults.wrong_blocks;
        self.faults = Faults { over: true, wrong_blocks, ..Faults::default() };
        self.heal_links();
        self.end_crashes();
        self.dismiss_rewriters();
        for host in 0..self.hosts.len() {
            match &mut self.hosts[host] {
                Host::Kusari(_) => {}
                Host::Original(original) => original.mines_every = None,
                Host::Byzantine(byzantine) => {
                    for place in byzantine.leave() {
                        self.break_end(place, "left");
                    }
                }
            }
        }
    }

    pub(crate) fn cause_fault(&mut self) {
        if self.faults.over {
            return;
        }
        let pause = self.random.between(200 * MILLISECOND, 5 * SECOND);
        self.plan(self.now + pause, World::cause_fault);
        let Faults { crashes, resets, silence, partitions, slow_readers, .. } = self.faults;
        match self.random.below(6) {
            0 | 1 if crashes => self.doom_a_machine(),
            2 if resets => {
                if let Some(place) = self.any_end() {
                    self.break_end(place, "connection reset");
                }
            }
            3 if silence => {
                let now = self.now;
                if let Some(state) = self.any_end().and_then(|place| self.connection(place)) {
                    state.hung.get_or_insert(now);
                }
            }
            4 if partitions && self.cuts.is_empty() => self.part(),
            5 if slow_readers => {
                let until = self.now + self.random.between(SECOND, 90 * SECOND);
                if let Some(end) = self.any_end().and_then(|place| self.end(place)) {
                    end.reads_at = until;
                }
            }
            _ => {}
        }
    }

    /// A machine will crash at one of the next points of the interface.
    fn doom_a_machine(&mut self) {
        let hosts = self.kusari_hosts();
        let host = hosts.get(self.random.index(hosts.len())).copied();
        let points = self.random.below(80);
        let restart = self.random.between(10 * MILLISECOND, 20 * SECOND);
        if let Some(kusari) = host.and_then(|host| self.kusari_mut(host))
            && kusari.crash_in.is_none()
        {
            kusari.crash_in = Some(points);
            kusari.restart_after = restart;
        }
    }

    fn any_end(&mut self) -> Option<Place> {
        let place = self.random.index(self.connections.len());
        let side = self.random.index(2);
        self.connections.keys().nth(place).map(|&connection| Place { connection, side })
    }

    /// The network falls apart into two halves, and heals later.
    pub(crate) fn part(&mut self) {
        let length: Micros = self.random.between(2 * SECOND, 60 * SECOND);
        let sides: Vec<bool> = self.hosts.iter().map(|_| false).collect();
        let sides: Vec<bool> = sides.into_iter().map(|_| self.random.chance(50)).collect();
        for a in 0..sides.len() {
            for b in a + 1..sides.len() {
                if sides[a] != sides[b] {
                    self.cut_link(a, b);
                }
            }
        }
        self.plan(self.now + length, World::heal_links);
    }
}
