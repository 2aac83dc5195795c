//! The committer: a thread that writes batches in order, several in one transaction when busy.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use kusari_node::seam::CommitId;
use kusari_node::store::StoreBatch;
use tokio::sync::mpsc::UnboundedSender;

use super::Control;
use crate::store::Store;

/// Hands batches to the thread. What may pile up is bounded by the node's congestion limit.
pub(super) struct Committer {
    /// `None` once the thread is to end.
    batches: Option<Sender<(CommitId, StoreBatch)>>,
    thread: Option<JoinHandle<()>>,
}

impl Committer {
    pub(super) fn start(store: Store, control: UnboundedSender<Control>) -> io::Result<Self> {
        let (batches, queue) = channel();
        let thread = std::thread::Builder::new()
            .name("committer".to_string())
            .spawn(move || commit_all(&store, &queue, &control))?;
        Ok(Self { batches: Some(batches), thread: Some(thread) })
    }

    pub(super) fn commit(&self, id: CommitId, batch: StoreBatch) {
        if let Some(batches) = &self.batches {
            // A committer that failed has said so, and the node stops.
            let _ = batches.send((id, batch));
        }
    }
}

impl Drop for Committer {
    /// Writes what was handed over, then ends.
    fn drop(&mut self) {
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn commit_all(
    store: &Store,
    queue: &Receiver<(CommitId, StoreBatch)>,
    control: &UnboundedSender<Control>,
) {
    while let Ok((first, batch)) = queue.recv() {
        let mut through = first;
        let mut group = vec![batch];
        // How many these are is bounded by the node's congestion limit, and the more, the cheaper.
        while let Ok((id, batch)) = queue.try_recv() {
            through = id;
            group.push(batch);
        }
        let (control_message, failed) = match store.commit(&group) {
            Ok(()) => (Control::Committed(through), false),
            Err(error) => (Control::CommitFailed(error), true),
        };
        let _ = control.send(control_message);
        if failed {
            return;
        }
    }
}
