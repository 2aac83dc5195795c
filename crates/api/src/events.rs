//! What happened, for programs that listen.
//!
//! Owns the last events with their numbers, and what each listener was told. The node's thread adds
//! to them and never waits for a listener, which takes what is there when it has time, and
//! is told how much of it is gone by then. What is told, and in which form, is up to
//! [`NodeEvent::of`].
//!
//! Bounds: [`KEPT_EVENTS`] for all listeners together, and [`MAX_STREAMS`].

mod ring;

use std::io;
use std::sync::Arc;

use kusari_node::Event;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use self::ring::Ring;
use kusari_api_types::NodeEvent;

/// Events that are kept for those who come back. Each is below 1 KiB, mostly 150 bytes.
pub(super) const KEPT_EVENTS: usize = 1_024;
/// Streams at once. Each holds a connection, of which the API has a quarter more.
pub(super) const MAX_STREAMS: usize = 1_024;

/// An event and its number, from 1 in each run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) event: NodeEvent,
}

/// The node's end. Streams end when it is dropped.
#[derive(Debug)]
pub struct EventSender {
    ring: watch::Sender<Ring>,
}

/// The listeners' end.
#[derive(Clone, Debug)]
pub struct EventFeed {
    /// Distinguishes the numbers of one run of a node from those of all others: 16 digits.
    run: Arc<str>,
    ring: watch::Receiver<Ring>,
    places: Arc<Semaphore>,
}

/// Begins to number events.
///
/// # Errors
/// The operating system gives no random numbers.
pub fn open() -> io::Result<(EventSender, EventFeed)> {
    let run = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?;
    Ok(open_run(run))
}

pub(super) fn open_run(run: u64) -> (EventSender, EventFeed) {
    let (sender, ring) = watch::channel(Ring::default());
    let places = Arc::new(Semaphore::new(MAX_STREAMS));
    (EventSender { ring: sender }, EventFeed { run: format!("{run:016x}").into(), ring, places })
}

impl EventSender {
    /// Tells of what happened, where it is for listeners. Never waits for one.
    pub fn tell(&self, events: &[Event]) {
        self.add(events.iter().filter_map(NodeEvent::of));
    }

    pub(super) fn add(&self, events: impl Iterator<Item = NodeEvent>) {
        self.ring.send_if_modified(|ring| {
            let newest = ring.newest();
            events.for_each(|event| ring.push(event));
            ring.newest() > newest
        });
    }
}

impl EventFeed {
    /// Listens from now on, or from after the event of this id. `None` where too many do.
    pub(super) fn subscribe(&self, last: Option<&str>) -> Option<Subscription> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let newest = self.ring.borrow().newest();
        let told = match last {
            None => Some(newest),
            Some(id) => self.number_of(id).filter(|number| *number <= newest),
        };
        Some(Subscription {
            run: Arc::clone(&self.run),
            ring: self.ring.clone(),
            told,
            _place: place,
        })
    }

    /// The number of an event of this run.
    fn number_of(&self, id: &str) -> Option<u64> {
        let (run, number) = id.split_once('-')?;
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        (digits && *run == *self.run).then(|| number.parse().ok())?
    }

    /// Waits until one more may listen.
    #[cfg(test)]
    pub(super) async fn has_room(&self) {
        drop(self.places.acquire().await);
    }
}

/// What one listener was told, and what comes next.
#[derive(Debug)]
pub(super) struct Subscription {
    run: Arc<str>,
    ring: watch::Receiver<Ring>,
    /// Number of the last event that was told or is known to be missed; `None` where the listener
    /// comes from another run.
    told: Option<u64>,
    _place: OwnedSemaphorePermit,
}

impl Subscription {
    /// The id of an event; with the number 0, of the beginning.
    pub(super) fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.run)
    }

    /// Number of the last event that was told.
    pub(super) fn told(&self) -> Option<u64> {
        self.told
    }

    /// Waits for what comes next; `None` once the node has ended and all is told. May be dropped
    /// and called again.
    pub(super) async fn next(&mut self) -> Option<Numbered> {
        loop {
            let next = self.ring.borrow_and_update().after(self.told);
            if let Some(next) = next {
                self.told = Some(next.number);
                return Some(next);
            }
            self.ring.changed().await.ok()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "00000000000000ab";

    fn event(count: u64) -> NodeEvent {
        // Its content does not matter here.
        NodeEvent::Missed { count: Some(count) }
    }

    fn told(sender: &EventSender, count: usize) {
        sender.add((0..count).map(|_| event(0)));
    }

    /// What comes at once; `None` where more is still to be waited for and nothing came.
    fn next(listener: &mut Subscription) -> Option<Vec<Numbered>> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let mut taken = Vec::new();
        loop {
            match std::pin::pin!(listener.next()).poll(&mut context) {
                std::task::Poll::Ready(Some(numbered)) => taken.push(numbered),
                std::task::Poll::Ready(None) => return Some(taken),
                std::task::Poll::Pending => return Some(taken).filter(|taken| !taken.is_empty()),
            }
        }
    }

    fn numbers(taken: &[Numbered]) -> Vec<u64> {
        taken.iter().map(|numbered| numbered.number).collect()
    }

    #[test]
    fn a_listener_is_told_what_happens_from_now_on_and_then_of_the_end() {
        let (sender, feed) = open_run(0xab);
        told(&sender, 3);
        let mut listener = feed.subscribe(None).unwrap();
        assert_eq!(listener.told().map(|told| listener.id(told)), Some(format!("{RUN}-3")));
        assert_eq!(next(&mut listener), None);
        told(&sender, 2);
        assert_eq!(numbers(&next(&mut listener).unwrap()), [4, 5]);
        assert_eq!(next(&mut listener), None);
        told(&sender, 1);
        drop(sender);
        assert_eq!(numbers(&next(&mut listener).unwrap()), [6]);
        assert_eq!(next(&mut listener), Some(Vec::new()));
    }

    #[test]
    fn whoever_comes_back_is_told_exactly_what_was_missed() {
        let (sender, feed) = open_run(0xab);
        told(&sender, KEPT_EVENTS);
        // From the very beginning, as long as all of it is there.
        let mut listener = feed.subscribe(Some(&format!("{RUN}-0"))).unwrap();
        let came = numbers(&next(&mut listener).unwrap());
        assert_eq!(came, (1..=KEPT_EVENTS as u64).collect::<Vec<_>>());
        let mut listener = feed.subscribe(Some(&format!("{RUN}-1023"))).unwrap();
        assert_eq!(numbers(&next(&mut listener).unwrap()), [1_024]);
        let mut listener = feed.subscribe(Some(&format!("{RUN}-1024"))).unwrap();
        assert_eq!(next(&mut listener), None);
    }

    #[test]
    fn whoever_is_too_late_or_too_slow_is_told_how_much_is_gone_and_goes_on_from_now() {
        let (sender, feed) = open_run(0xab);
        told(&sender, KEPT_EVENTS + 1);
        let mut late = feed.subscribe(Some(&format!("{RUN}-0"))).unwrap();
        let missed = |number, count| Numbered { number, event: NodeEvent::Missed { count } };
        assert_eq!(next(&mut late), Some(vec![missed(1_025, Some(1_025))]));
        assert_eq!(next(&mut late), None);
        // The same one, which reads nothing while much happens.
        told(&sender, 10 * KEPT_EVENTS);
        assert_eq!(next(&mut late), Some(vec![missed(11_265, Some(10_240))]));
        told(&sender, 1);
        assert_eq!(numbers(&next(&mut late).unwrap()), [11_266]);
    }

    #[test]
    fn an_id_that_this_run_never_gave_means_that_the_state_is_to_be_read_anew() {
        let (sender, feed) = open_run(0xab);
        told(&sender, 2);
        for id in [
            "00000000000000ac-1",
            "00000000000000ab-3",
            "00000000000000ab-",
            "00000000000000ab-+1",
            "00000000000000ab-18446744073709551616",
            "ab-1",
            "1",
            "-",
            "\u{fffd}",
        ] {
            let mut listener = feed.subscribe(Some(id)).unwrap();
            assert_eq!(listener.told(), None, "{id}");
            let missed = Numbered { number: 2, event: NodeEvent::Missed { count: None } };
            assert_eq!(next(&mut listener), Some(vec![missed]), "{id}");
            assert_eq!(next(&mut listener), None, "{id}");
        }
    }

    #[test]
    fn only_so_many_listen_at_once() {
        let (_sender, feed) = open_run(0xab);
        let mut all: Vec<_> = (0..MAX_STREAMS).map(|_| feed.subscribe(None).unwrap()).collect();
        assert!(feed.subscribe(None).is_none());
        all.pop();
        assert!(feed.subscribe(None).is_some());
    }
}
