//! The last events.
//!
//! Owns which are kept, and what somebody who was told so far is told next. Knows nothing of time,
//! and of nobody who reads.

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

    /// The first `limit` events after this number; or, where some of them are gone or the number is
    /// none of this run, that they are missed. Whoever missed some reads the state anew, and goes on
    /// from the newest: the state has what is older.
    pub(super) fn after(&self, told: Option<u64>, limit: usize) -> Vec<Numbered> {
        let before_kept = self.newest.saturating_sub(self.kept.len() as u64);
        let Some(told) = told.filter(|told| *told >= before_kept) else {
            let count = told.map(|told| self.newest.saturating_sub(told));
            return vec![Numbered { number: self.newest, event: NodeEvent::Missed { count } }];
        };
        let known = usize::try_from(told - before_kept).unwrap_or(usize::MAX);
        let new = (told + 1..).zip(self.kept.iter().skip(known)).take(limit);
        new.map(|(number, event)| Numbered { number, event: event.clone() }).collect()
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
        let last = ring.after(Some(ring.newest - 1), 8);
        let event = NodeEvent::Missed { count: Some(5 * KEPT_EVENTS as u64 - 1) };
        assert_eq!(last, [Numbered { number: ring.newest, event }]);
    }

    #[test]
    fn what_is_taken_is_bounded_and_goes_on_where_it_ended() {
        let mut ring = Ring::default();
        (0..10).for_each(|count| ring.push(NodeEvent::Missed { count: Some(count) }));
        let numbers = |told| -> Vec<u64> {
            ring.after(Some(told), 4).iter().map(|numbered| numbered.number).collect()
        };
        assert_eq!(numbers(0), [1, 2, 3, 4]);
        assert_eq!(numbers(4), [5, 6, 7, 8]);
        assert_eq!(numbers(8), [9, 10]);
        assert_eq!(numbers(10), [0; 0]);
    }
}
