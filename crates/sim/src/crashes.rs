//! Crashes: what a machine loses, and the points at which one may fall.

use crate::commits::Commits;
use crate::connection::Place;
use crate::world::World;

impl World {
    /// The machine stops at once. What is on its disk stays, the rest is gone.
    pub(crate) fn crash(&mut self, host: usize) {
        self.trace.note(self.now, host, format_args!("crash"));
        self.counts.crashes += 1;
        let Some(kusari) = self.kusari_mut(host) else { return };
        kusari.node = None;
        kusari.twin = None;
        kusari.life += 1;
        kusari.crash_in = kusari.crash_again_in.take();
        kusari.mining = None;
        kusari.commits = Commits::default();
        kusari.remembered.stop();
        kusari.asked.clear();
        let restart = kusari.restart_after;
        self.lose_store(host);
        self.plan(self.now + restart, move |world| world.start(host));
        self.ledger.crashed.insert(host);
        let ids: Vec<u64> = self.connections.keys().copied().collect();
        for place in
            ids.iter().flat_map(|&connection| [0, 1].map(|side| Place { connection, side }))
        {
            if self.end(place).is_some_and(|end| end.host == host) {
                self.break_end(place, "the machine crashed");
            }
        }
    }

    /// One of the points between which a crash may fall. `true` where it has.
    pub(crate) fn crash_point(&mut self, host: usize) -> bool {
        self.counts.seam_points += 1;
        let Some(kusari) = self.kusari_mut(host) else { return true };
        if kusari.node.is_none() {
            return true;
        }
        match &mut kusari.crash_in {
            Some(0) => {
                self.crash(host);
                true
            }
            Some(points) => {
                *points -= 1;
                false
            }
            None => false,
        }
    }

    /// One of them that is before or after a durable write.
    pub(crate) fn write_point(&mut self, host: usize) -> bool {
        let left = self.kusari_mut(host).and_then(|kusari| kusari.crash_in_writes.as_mut());
        match left {
            Some(0) => {
                self.set(host, |kusari| kusari.crash_in_writes = None);
                self.crash(host);
                true
            }
            Some(writes) => {
                *writes -= 1;
                self.crash_point(host)
            }
            None => self.crash_point(host),
        }
    }
}
