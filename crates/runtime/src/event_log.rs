//! What is to be written into the event log, until it is.
//!
//! Owns when it happened, how much of it is written in one second, and what becomes one entry. Nobody
//! waits for any of it: what would be too much is counted instead.

use std::time::Duration;

use kusari_node::event::{Event, EventEntry, EventKind, Origin};

use super::clock::unix_millis;

/// How long an entry may wait for a commit that happens anyway.
pub(super) const LOG_DELAY: Duration = Duration::from_secs(1);
/// Entries of one second, by kind: what strangers cause for nothing least. Writing one takes some ten
/// microseconds of the committer.
const PER_SECOND: [(EventKind, u32); 4] = [
    (EventKind::Chain, 2_048),
    (EventKind::Peers, 256),
    (EventKind::Transactions, 512),
    (EventKind::Own, 512),
];
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
pub(super) struct UnwrittenEvents {
    entries: Vec<EventEntry>,
    /// The second that is counted in, since the start.
    second: u64,
    /// By the order of [`PER_SECOND`].
    taken: [u32; PER_SECOND.len()],
    missed: [u64; PER_SECOND.len()],
}

impl UnwrittenEvents {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes what is to be written.
    pub(super) fn take(&mut self) -> Vec<EventEntry> {
        std::mem::take(&mut self.entries)
    }

    /// Adds what happened `now`, since the start, while so many entries are under way.
    pub(super) fn add(&mut self, now: Duration, under_way: usize, took: Took, mut event: Event) {
        if self.second != now.as_secs() {
            self.begin_second(now.as_secs());
        }
        if self.entries.iter_mut().rev().take(LOOKED_BACK).any(|last| join(last, &event)) {
            return;
        }
        let kind = event.kind();
        let Some(at) = PER_SECOND.iter().position(|(of, _)| Some(*of) == kind) else { return };
        if self.taken[at] >= PER_SECOND[at].1 || under_way + self.entries.len() >= MOST_UNDER_WAY {
            self.missed[at] += 1;
            return;
        }
        self.taken[at] += 1;
        event.bound();
        let is_one_block = matches!(
            &event,
            Event::BlocksJoined { origin, .. }
            | Event::SideBlock { origin, .. }
            | Event::OrphanKept { origin, .. }
            | Event::BlockRefused { origin, .. } if matches!(origin, Origin::Announced(_))
        );
        // Which of the blocks that came together took how long is not known.
        let took = if is_one_block && took.checked.is_some() { took } else { Took::default() };
        self.push(took, event);
    }

    fn push(&mut self, took: Took, event: Event) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let (checked_us, handled_us) = (took.checked.map(micros), took.handled.map(micros));
        self.entries.push(EventEntry { time: unix_millis(), checked_us, handled_us, event });
    }

    fn begin_second(&mut self, second: u64) {
        self.second = second;
        self.taken = Default::default();
        for ((of, _), count) in PER_SECOND.into_iter().zip(std::mem::take(&mut self.missed)) {
            if count > 0 {
                self.push(Took::default(), Event::Missed { of, count });
            }
        }
    }
}

/// Lets an entry that is not written yet say something more as well, where it says nearly that.
fn join(entry: &mut EventEntry, more: &Event) -> bool {
    match (&mut entry.event, more) {
        (
            Event::BlocksJoined { last, origin: from @ Origin::Synced(_), .. },
            Event::BlocksJoined { first, last: new_last, origin },
        ) if last.height.checked_add(1) == Some(first.height) && from == origin => {
            *last = *new_last;
            true
        }
        (
            Event::BlockPassedOn { block, pushed, announced },
            Event::BlockPassedOn { block: same, pushed: more_pushed, announced: more_announced },
        ) if block == same => {
            *pushed = pushed.saturating_add(*more_pushed);
            *announced = announced.saturating_add(*more_announced);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
#[path = "event_log_tests.rs"]
mod tests;
