//! The committer: a thread that writes batches in order, several in one transaction when busy.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use kusari_node::seam::CommitId;
use kusari_node::store::StoreBatch;
use tokio::sync::mpsc::UnboundedSender;

use super::Control;
use crate::store::Store;
use crate::trail::TrailEntry;

/// Hands batches to the thread. What may pile up is bounded by the node's congestion limit.
pub(super) struct Committer {
    /// `None` once the thread is to end.
    work: Option<Sender<Work>>,
    thread: Option<JoinHandle<()>>,
    /// Entries of the trail that were handed over and are not written yet.
    trail_under_way: Arc<AtomicUsize>,
}

enum Work {
    Batch(CommitId, StoreBatch),
    Trail(Vec<TrailEntry>),
}

impl Committer {
    pub(super) fn start(store: Store, control: UnboundedSender<Control>) -> io::Result<Self> {
        let (work, queue) = channel();
        let trail_under_way = Arc::new(AtomicUsize::new(0));
        let under_way = Arc::clone(&trail_under_way);
        let thread = std::thread::Builder::new()
            .name("committer".to_string())
            .spawn(move || commit_all(&store, &queue, &control, &under_way))?;
        Ok(Self { work: Some(work), thread: Some(thread), trail_under_way })
    }

    pub(super) fn commit(&self, id: CommitId, batch: StoreBatch) {
        self.send(Work::Batch(id, batch));
    }

    /// Writes entries of the trail, with the next batch where there is one.
    pub(super) fn write_trail(&self, entries: Vec<TrailEntry>) {
        self.trail_under_way.fetch_add(entries.len(), Ordering::Relaxed);
        self.send(Work::Trail(entries));
    }

    /// Entries that were handed over and are not written yet.
    pub(super) fn trail_under_way(&self) -> usize {
        self.trail_under_way.load(Ordering::Relaxed)
    }

    fn send(&self, work: Work) {
        if let Some(queue) = &self.work {
            // A committer that failed has said so, and the node stops.
            let _ = queue.send(work);
        }
    }
}

impl Drop for Committer {
    /// Writes what was handed over, then ends.
    fn drop(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn commit_all(
    store: &Store,
    queue: &Receiver<Work>,
    control: &UnboundedSender<Control>,
    trail_under_way: &AtomicUsize,
) {
    while let Ok(first) = queue.recv() {
        let (mut through, mut group, mut trail) = (None, Vec::new(), Vec::new());
        let mut next = Some(first);
        // How many these are is bounded by the node's congestion limit, and the more, the cheaper.
        while let Some(work) = next {
            match work {
                Work::Batch(id, batch) => {
                    through = Some(id);
                    group.push(batch);
                }
                Work::Trail(entries) => trail.extend(entries),
            }
            next = queue.try_recv().ok();
        }
        let committed = store.commit_with_trail(&group, &trail);
        trail_under_way.fetch_sub(trail.len(), Ordering::Relaxed);
        let (control_message, failed) = match committed {
            Ok(()) => (through.map(Control::Committed), false),
            Err(error) => (Some(Control::CommitFailed(error)), true),
        };
        if let Some(message) = control_message {
            let _ = control.send(message);
        }
        if failed {
            return;
        }
    }
}
