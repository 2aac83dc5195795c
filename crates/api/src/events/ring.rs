//! The last events.
//!
//! Owns which are kept, and which one comes after the last that a listener was told. Knows nothing of time
//! and of listeners.

use std::collections::VecDeque;

use super::{KEPT_EVENTS, Numbered};
use kusari_api_types::NodeEvent;

/// The last [`KEPT_EVENTS`] events, oldest first.
#[derive(Debug, Default)]
pub(super) struct Ring {
    kept: VecDeque<NodeEvent>,
    /// Number of the last one; 0 before the first.
    newest: u64,
}

impl Ring {
    pub(super) fn push(&mut self, event: NodeEvent) {
        if self.kept.len() >= KEPT_EVENTS {
            self.kept.pop_front();
        }
        self.kept.push_back(event);
        self.newest += 1;
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// The first event after this number, if there is one; or, where some are gone or the number is none
    /// of this run, that they are missed. A caller that missed some reads the state anew, and goes on
    /// from the newest: the state has what is older.
    pub(super) fn after(&self, told: Option<u64>) -> Option<Numbered> {
        let before_kept = self.newest.saturating_sub(self.kept.len() as u64);
        let Some(told) = told.filter(|told| *told >= before_kept) else {
            let count = told.map(|told| self.newest.saturating_sub(told));
            return Some(Numbered { number: self.newest, event: NodeEvent::Missed { count } });
        };
        let event = self.kept.get(usize::try_from(told - before_kept).ok()?)?;
        Some(Numbered { number: told + 1, event: event.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_holds_more_than_its_bound() {
        let mut ring = Ring::default();
        for count in 0..5 * KEPT_EVENTS as u64 {
            ring.push(NodeEvent::Missed { count: Some(count) });
            assert!(ring.kept.len() <= KEPT_EVENTS);
        }
        assert_eq!(ring.newest(), 5 * KEPT_EVENTS as u64);
        // It does not grow behind the scenes either.
        assert!(ring.kept.capacity() <= 2 * KEPT_EVENTS, "{}", ring.kept.capacity());
        let last = ring.after(Some(ring.newest - 1));
        let event = NodeEvent::Missed { count: Some(5 * KEPT_EVENTS as u64 - 1) };
        assert_eq!(last, Some(Numbered { number: ring.newest, event }));
    }

    #[test]
    fn events_are_taken_one_by_one_to_the_newest() {
        let mut ring = Ring::default();
        (0..3).for_each(|count| ring.push(NodeEvent::Missed { count: Some(count) }));
        let number = |told| ring.after(Some(told)).map(|numbered| numbered.number);
        assert_eq!([0, 1, 2, 3].map(number), [Some(1), Some(2), Some(3), None]);
    }
}
