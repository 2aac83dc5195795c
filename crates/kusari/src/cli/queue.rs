//! What waits to be shown.
//!
//! The node must never wait for a screen, so what it tells has a bound: beyond it blocks are only
//! counted, with the last of them kept, and so are other lines. What a person asked for is not
//! dropped; whoever pours in lines without reading along waits instead.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kusari_node::Event;
use kusari_node::event::BlockSource;
use kusari_node::store::EntryId;

use super::card_throttle::Skipped;
use super::words::Message;

/// Blocks that wait while anything waits. At 4 KiB of text each, 4 MiB.
const MAX_BLOCKS: usize = 1_024;

/// Items that wait before other events are dropped too.
const MAX_EVENTS: usize = 4_096;

/// Something to show.
#[derive(Debug)]
pub(crate) enum Item {
    Event(Event),
    Message(Message),
    /// Somebody waits for the receipt of a line.
    Asking,
    /// The answer: the entry, if there is one, and the words, if there are any.
    Answered(Option<EntryId>, Option<Message>),
}

/// What was waiting, in order.
#[derive(Debug, Default)]
pub(crate) struct Drained {
    /// Each with the time at which it came.
    pub(crate) items: VecDeque<(Duration, Item)>,
    /// Blocks that came after these items and were too many.
    pub(crate) skipped: Option<Skipped>,
    /// Other lines that were too many.
    pub(crate) dropped: u64,
    /// Nothing more will come.
    pub(crate) closed: bool,
    /// There is something else than blocks among them.
    has_other: bool,
}

impl Drained {
    fn is_nothing(&self) -> bool {
        self.items.is_empty() && self.skipped.is_none() && self.dropped == 0 && !self.closed
    }

    fn put(&mut self, now: Duration, item: Item) {
        self.has_other = true;
        self.items.push_back((now, item));
    }

    fn add(&mut self, now: Duration, event: Event) {
        self.has_other |= !matches!(event, Event::BlockAdded { .. });
        match &event {
            // Once one block is skipped, all are until the screen has caught up: the order stays.
            Event::BlockAdded { block, source }
                if self.items.len() >= MAX_BLOCKS || self.skipped.is_some() =>
            {
                let before = self.skipped;
                self.skipped = Some(Skipped {
                    count: before.map_or(0, |skipped| skipped.count) + 1,
                    height: block.block.index,
                    work: block.work,
                    synced: before.map_or(0, |skipped| skipped.synced)
                        + u64::from(*source == BlockSource::Synced),
                });
            }
            // An alarm comes once in a while, and nobody may miss it.
            Event::BranchHeld(_) => self.items.push_back((now, Item::Event(event))),
            _ if self.items.len() >= MAX_EVENTS => self.dropped += 1,
            _ => self.items.push_back((now, Item::Event(event))),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    taken: Drained,
    done: bool,
}

/// The queue between whoever has something to tell and the screen.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    drained: Condvar,
}

impl Queue {
    /// Adds events without ever waiting.
    pub(crate) fn events(&self, now: Duration, events: impl Iterator<Item = Event>) {
        let mut state = self.lock();
        // Where something waits already the screen has been woken, and takes all there is; waking
        // it for each of ten thousand blocks would cost the node more than the blocks.
        let before = (state.taken.is_nothing(), state.taken.has_other);
        events.for_each(|event| state.taken.add(now, event));
        let wakes = before != (state.taken.is_nothing(), state.taken.has_other);
        drop(state);
        if wakes {
            self.arrived.notify_one();
        }
    }

    /// Adds what must not be lost. Only as much as a person types comes this way.
    pub(crate) fn add(&self, now: Duration, item: Item) {
        self.lock().taken.put(now, item);
        self.arrived.notify_one();
    }

    /// Adds lines without ever waiting, unless they are too many.
    pub(crate) fn add_if_room(&self, now: Duration, said: Message) {
        let mut state = self.lock();
        if state.taken.items.len() >= MAX_EVENTS {
            state.taken.dropped += 1;
        } else {
            state.taken.put(now, Item::Message(said));
        }
        drop(state);
        self.arrived.notify_one();
    }

    /// Waits until few enough items wait. Returns at once when the screen is gone.
    pub(crate) fn wait_for_room(&self) {
        let state = self.lock();
        let full = |state: &mut State| state.taken.items.len() >= MAX_BLOCKS && !state.done;
        drop(self.drained.wait_while(state, full).unwrap_or_else(PoisonError::into_inner));
    }

    /// Says that nothing more will come.
    pub(crate) fn close(&self) {
        self.lock().taken.closed = true;
        self.arrived.notify_one();
    }

    /// Takes all that waits, or waits for something, at most for `patience`; with `blocks_wait` for something
    /// else than blocks.
    pub(crate) fn take(&self, patience: Option<Duration>, blocks_wait: bool) -> Drained {
        let nothing = |State { taken, .. }: &mut State| {
            taken.is_nothing() || blocks_wait && !taken.has_other && !taken.closed
        };
        let state = self.lock();
        let mut state = match patience {
            None => self.arrived.wait_while(state, nothing).unwrap_or_else(PoisonError::into_inner),
            Some(patience) => {
                self.arrived
                    .wait_timeout_while(state, patience, nothing)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        let taken = std::mem::take(&mut state.taken);
        state.taken.closed = taken.closed;
        drop(state);
        self.drained.notify_all();
        taken
    }

    /// The screen has shown everything, or gives up.
    pub(crate) fn done(&self) {
        self.lock().done = true;
        self.drained.notify_all();
    }

    /// Waits until the screen is done, at most for `patience`. Returns whether it is.
    pub(crate) fn wait_until_done(&self, patience: Duration) -> bool {
        let not_done = |state: &mut State| !state.done;
        self.drained
            .wait_timeout_while(self.lock(), patience, not_done)
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .done
    }

    /// The state is whole after every step, so a panic elsewhere leaves nothing broken.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_chain::{Block, StoredBlock, Work};
    use std::sync::Arc;

    fn added(height: u32) -> Event {
        let mut block = Block::genesis();
        block.index = height;
        let block = StoredBlock { order: 0, work: Work::ZERO, total_bytes: 0, block, ledger: None };
        Event::BlockAdded { block: Arc::new(block), source: BlockSource::Synced }
    }

    #[test]
    fn a_screen_that_stands_still_costs_bounded_memory_and_no_time() {
        let queue = Queue::default();
        let many = 100_000;
        for height in 1..=many {
            queue.events(Duration::ZERO, [added(height)].into_iter());
        }
        let address = "127.0.0.1:1".parse().unwrap();
        for _ in 0..many {
            let event = Event::PeerConnected { address, target: None };
            queue.events(Duration::ZERO, [event].into_iter());
        }
        queue.add(Duration::ZERO, Item::Message(Message::answer("receipt")));
        let taken = queue.take(None, false);
        assert_eq!(taken.items.len(), MAX_EVENTS + 1);
        let skipped = taken.skipped.unwrap();
        assert_eq!(skipped.count, u64::from(many) - MAX_BLOCKS as u64);
        assert_eq!((skipped.height, skipped.synced), (many, skipped.count));
        assert_eq!(taken.dropped, u64::from(many) - (MAX_EVENTS - MAX_BLOCKS) as u64);
        let next = queue.take(Some(Duration::ZERO), false);
        assert!(next.items.is_empty() && next.skipped.is_none() && next.dropped == 0);
    }

    #[test]
    fn whoever_pours_in_lines_waits_for_a_screen_that_lives() {
        let queue = Arc::new(Queue::default());
        for _ in 0..MAX_BLOCKS {
            queue.add(Duration::ZERO, Item::Message(Message::answer("receipt")));
        }
        let waiting = Arc::clone(&queue);
        let thread = std::thread::spawn(move || waiting.wait_for_room());
        assert_eq!(queue.take(None, false).items.len(), MAX_BLOCKS);
        thread.join().unwrap();
        for _ in 0..=MAX_BLOCKS {
            queue.add(Duration::ZERO, Item::Asking);
        }
        queue.done();
        queue.wait_for_room();
        assert!(queue.wait_until_done(Duration::ZERO));
    }
}
