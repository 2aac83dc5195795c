//! What is to be written into the trail, until it is.
//!
//! Owns when it happened, how much of it is written in one second, and what becomes one entry. Nobody
//! waits for any of it: what would be too much is counted instead.

use std::time::Duration;

use kusari_node::event::Event;
use kusari_node::happening::{Happening, Kind, Origin};

use super::clock::unix_millis;
use kusari_store::trail::TrailEntry;

/// How long an entry may wait for a commit that happens anyway.
pub(super) const TRAIL_DELAY: Duration = Duration::from_secs(1);
/// Entries of one second, by kind: what strangers cause for nothing least. Writing one takes some ten
/// microseconds of the committer.
const PER_SECOND: [(Kind, u32); 4] =
    [(Kind::Chain, 2_048), (Kind::Peers, 256), (Kind::Transactions, 512), (Kind::Own, 512)];
/// Entries that may be under way to a disk that is slow; beyond that, more are only counted.
const MOST_UNDER_WAY: usize = 8_192;
/// Entries among which one is looked for that says nearly the same.
const LOOKED_BACK: usize = 8;

/// How long a line took, where that is known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Took {
    /// To be read and checked by itself.
    pub(super) checked: Option<Duration>,
    /// To be judged by the node.
    pub(super) handled: Option<Duration>,
}

/// Entries that are not handed over yet.
#[derive(Default)]
pub(super) struct Notes {
    entries: Vec<TrailEntry>,
    /// The second that is counted in, since the start.
    second: u64,
    /// By the order of [`PER_SECOND`].
    taken: [u32; PER_SECOND.len()],
    missed: [u64; PER_SECOND.len()],
}

impl Notes {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes what is to be written.
    pub(super) fn take(&mut self) -> Vec<TrailEntry> {
        std::mem::take(&mut self.entries)
    }

    /// Adds what happened `now`, since the start, while so many entries are under way.
    pub(super) fn add(
        &mut self,
        now: Duration,
        under_way: usize,
        took: Took,
        mut happening: Happening,
    ) {
        if self.second != now.as_secs() {
            self.begin_second(now.as_secs());
        }
        if self.entries.iter_mut().rev().take(LOOKED_BACK).any(|last| join(last, &happening)) {
            return;
        }
        let kind = happening.kind();
        let Some(at) = PER_SECOND.iter().position(|(of, _)| *of == kind) else { return };
        if self.taken[at] >= PER_SECOND[at].1 || under_way + self.entries.len() >= MOST_UNDER_WAY {
            self.missed[at] += 1;
            return;
        }
        self.taken[at] += 1;
        happening.bound();
        let Took { checked, handled } = match happening {
            Happening::BlocksJoined { origin: Origin::Announced(_), .. }
            | Happening::SideBlock { origin: Origin::Announced(_), .. }
            | Happening::OrphanKept { origin: Origin::Announced(_), .. }
            | Happening::BlockRefused { origin: Origin::Announced(_), .. }
                // Of blocks that came together nobody knows which took how long.
                if took.checked.is_some() =>
            {
                took
            }
            _ => Took::default(),
        };
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let (checked_us, handled_us) = (checked.map(micros), handled.map(micros));
        self.entries.push(TrailEntry { time: unix_millis(), checked_us, handled_us, happening });
    }

    fn begin_second(&mut self, second: u64) {
        self.second = second;
        self.taken = Default::default();
        for ((kind, _), missed) in PER_SECOND.into_iter().zip(&mut self.missed) {
            let count = std::mem::take(missed);
            if count > 0 {
                let happening = Happening::Missed { of: kind, count };
                let (checked_us, handled_us) = (None, None);
                let time = unix_millis();
                self.entries.push(TrailEntry { time, checked_us, handled_us, happening });
            }
        }
    }
}

/// Lets an entry that is not written yet say something more as well, where it says nearly that.
fn join(entry: &mut TrailEntry, more: &Happening) -> bool {
    match (&mut entry.happening, more) {
        (
            Happening::BlocksJoined { last, origin: from @ Origin::Synced(_), .. },
            Happening::BlocksJoined { first, last: new_last, origin },
        ) if last.height.checked_add(1) == Some(first.height) && from == origin => {
            *last = *new_last;
            true
        }
        (
            Happening::BlockPassedOn { block, pushed, announced },
            Happening::BlockPassedOn {
                block: same,
                pushed: more_pushed,
                announced: more_announced,
            },
        ) if block == same => {
            *pushed = pushed.saturating_add(*more_pushed);
            *announced = announced.saturating_add(*more_announced);
            true
        }
        _ => false,
    }
}

/// What of an event belongs into the trail. Of blocks and of lines that were refused the node writes
/// down more than it tells.
pub(super) fn of_event(event: &Event) -> Option<Happening> {
    Some(match event {
        Event::Connected { target, address } => {
            Happening::PeerConnected { address: *address, target: Some(target.clone()) }
        }
        Event::Accepted { address } => Happening::PeerConnected { address: *address, target: None },
        Event::Introduced { address, agent } => {
            Happening::PeerIntroduced { address: *address, agent: agent.clone() }
        }
        Event::Disconnected { address, reason } => {
            Happening::PeerDisconnected { address: *address, reason: reason.clone() }
        }
        Event::PeerRefused { address, message } => {
            Happening::PeerRefusedOurs { address: *address, message: message.clone() }
        }
        Event::Banned { address, duration } => {
            Happening::PeerBanned { address: *address, seconds: duration.as_secs() }
        }
        Event::TransactionMined { txid, height } => {
            Happening::TransactionMined { txid: *txid, height: *height }
        }
        Event::TransactionMoved { txid, from, to } => {
            Happening::TransactionMoved { txid: *txid, from: (*from).into(), to: (*to).into() }
        }
        Event::TransactionReturned { txid, from, pooled } => Happening::TransactionReturned {
            txid: *txid,
            from: from.map(Into::into),
            pooled: *pooled,
        },
        Event::TransactionDisplaced { txid, by, from, .. } => {
            let (by, from) = (Some(*by), from.map(Into::into));
            Happening::TransactionDisplaced { txid: *txid, by, from }
        }
        _ => return None,
    })
}

#[cfg(test)]
#[path = "notes_tests.rs"]
mod tests;
