//! The committer: a thread that writes batches in order, several in one transaction when busy, and
//! what is to be remembered beside the witness key.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use kusari_chain::ledger::{ChainId, UnsignedStatement};
use kusari_node::interface::CommitId;
use kusari_node::store::StoreBatch;
use kusari_node::{Input, WitnessMemory};
use tokio::sync::mpsc::UnboundedSender;

use super::Control;
use crate::witness_key::{WitnessKey, WitnessKeyError};
use kusari_store::Store;
use kusari_store::event_log::EventEntry;

/// How long nothing is to be written before the store is sealed: that costs two syncs, which whoever records
/// one thing after another is not to wait for.
const SEAL_AFTER: Duration = Duration::from_millis(100);

/// Hands batches to the thread. What may pile up is bounded by the node's congestion limit.
pub(super) struct Committer {
    /// `None` once the thread is to end.
    work: Option<Sender<Work>>,
    thread: Option<JoinHandle<()>>,
    /// Entries of the event log that were handed over and are not written yet.
    events_under_way: Arc<AtomicUsize>,
}

enum Work {
    Batch(CommitId, StoreBatch),
    Events(Vec<EventEntry>),
    Sign(UnsignedStatement, ChainId),
    Remember(WitnessMemory),
}

impl Committer {
    /// `witness` signs what the node has to say as a witness, where it has something to say.
    pub(super) fn start(
        store: Store,
        control: UnboundedSender<Control>,
        witness: Option<WitnessKey>,
    ) -> io::Result<Self> {
        let (work, queue) = channel();
        let events_under_way = Arc::new(AtomicUsize::new(0));
        let under_way = Arc::clone(&events_under_way);
        let mut writer = Writer { store, control, events_under_way: under_way, witness };
        let thread = std::thread::Builder::new()
            .name("committer".to_string())
            .spawn(move || writer.write_all(&queue))?;
        Ok(Self { work: Some(work), thread: Some(thread), events_under_way })
    }

    pub(super) fn commit(&self, id: CommitId, batch: StoreBatch) {
        self.send(Work::Batch(id, batch));
    }

    /// Writes entries of the event log, with the next batch where there is one.
    pub(super) fn write_events(&self, entries: Vec<EventEntry>) {
        self.events_under_way.fetch_add(entries.len(), Ordering::Relaxed);
        self.send(Work::Events(entries));
    }

    /// Signs a statement as a witness, and remembers it first. Takes two syncs, once in ten seconds.
    pub(super) fn sign(&self, statement: UnsignedStatement, chain: ChainId) {
        self.send(Work::Sign(statement, chain));
    }

    /// Remembers what the witness key said.
    pub(super) fn remember(&self, memory: WitnessMemory) {
        self.send(Work::Remember(memory));
    }

    /// Entries that were handed over and are not written yet.
    pub(super) fn events_under_way(&self) -> usize {
        self.events_under_way.load(Ordering::Relaxed)
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

/// What the thread owns.
struct Writer {
    store: Store,
    control: UnboundedSender<Control>,
    events_under_way: Arc<AtomicUsize>,
    witness: Option<WitnessKey>,
}

impl Writer {
    fn write_all(&mut self, queue: &Receiver<Work>) {
        while let Some(first) = self.next(queue) {
            let (mut through, mut group, mut events) = (None, Vec::new(), Vec::new());
            let mut of_witness = Vec::new();
            let mut next = Some(first);
            // How many these are is bounded by the node's congestion limit, and the more, the cheaper.
            while let Some(work) = next {
                match work {
                    Work::Batch(id, batch) => {
                        through = Some(id);
                        group.push(batch);
                    }
                    Work::Events(entries) => events.extend(entries),
                    Work::Sign(..) | Work::Remember(_) => of_witness.push(work),
                }
                next = queue.try_recv().ok();
            }
            let has_nothing = group.is_empty() && events.is_empty();
            if !has_nothing && !self.commit(through, &group, &events) {
                return;
            }
            // No statement waits for the batches beside it: the one that has it comes later.
            for work in of_witness {
                self.speak(work);
            }
        }
    }

    /// Waits for work. Once there is none for a while, the store is sealed.
    fn next(&self, queue: &Receiver<Work>) -> Option<Work> {
        if self.store.is_unsealed() {
            match queue.recv_timeout(SEAL_AFTER) {
                Ok(work) => return Some(work),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(error) = self.store.seal() {
                        let _ = self.control.send(Control::CommitFailed(error));
                        return None;
                    }
                }
            }
        }
        queue.recv().ok()
    }

    /// Whether that went well.
    fn commit(
        &self,
        through: Option<CommitId>,
        group: &[StoreBatch],
        events: &[EventEntry],
    ) -> bool {
        let committed = self.store.commit_with_events(group, events);
        self.events_under_way.fetch_sub(events.len(), Ordering::Relaxed);
        let (message, went_well) = match committed {
            Ok(()) => (through.map(Control::Committed), true),
            Err(error) => (Some(Control::CommitFailed(error)), false),
        };
        if let Some(message) = message {
            let _ = self.control.send(message);
        }
        went_well
    }

    fn speak(&mut self, work: Work) {
        let Some(witness) = &mut self.witness else { return };
        let done: Result<Input, WitnessKeyError> = match work {
            Work::Sign(statement, chain) => {
                witness.sign(statement, &chain).map(Input::StatementSigned)
            }
            Work::Remember(memory) => {
                witness.remember(memory).map(|()| Input::WitnessRemembered(memory))
            }
            Work::Batch(..) | Work::Events(_) => return,
        };
        let answer = done.unwrap_or_else(|error| {
            tracing::error!(%error, "the witness key signs nothing");
            Input::WitnessNotRemembered
        });
        let _ = self.control.send(Control::Witness(answer));
    }
}
