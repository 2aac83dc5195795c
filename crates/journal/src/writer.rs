//! The thread that writes a journal.
//!
//! Owns the buffers between the node's thread and the disk: a fixed number of them goes round, so
//! what waits is bounded. The node waits for an empty one only where the disk is slower than the
//! node for a long time, and then not for ever.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::file::JournalFile;

/// Buffers that go round.
const BUFFERS: usize = 16;

/// Bytes after which a buffer is handed over. One that holds a checkpoint is larger.
const BUFFER_BYTES: usize = 256 * 1024;

/// How long the node waits for an empty buffer before it goes on without a journal.
const PATIENCE: Duration = Duration::from_secs(5);

enum Job {
    Write(Vec<u8>),
    Rotate,
}

/// The node's end. Dropping it writes what was handed over and what was not yet, and waits for it as
/// long as the disk moves.
pub(super) struct Writer {
    /// `None` once the thread is to end.
    jobs: Option<Sender<Job>>,
    empty: Receiver<Vec<u8>>,
    buffer: Vec<u8>,
    thread: Option<JoinHandle<()>>,
    /// Its other end goes when the thread ends.
    ended: Receiver<()>,
}

impl Writer {
    pub(super) fn start(file: JournalFile) -> io::Result<Self> {
        let (jobs, queue) = channel();
        let (back, empty) = channel();
        for _ in 1..BUFFERS {
            // The other end stands in this function.
            let _ = back.send(Vec::new());
        }
        let (ends, ended) = channel();
        let thread = std::thread::Builder::new().name("journal".to_string()).spawn(move || {
            write_all(file, &queue, &back);
            drop(ends);
        })?;
        Ok(Self { jobs: Some(jobs), empty, buffer: Vec::new(), thread: Some(thread), ended })
    }

    /// What is to be written next.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Hands the buffer over once it is full. `false` where the journal cannot go on.
    pub(super) fn send_when_full(&mut self) -> bool {
        self.buffer.len() < BUFFER_BYTES || self.send()
    }

    /// Hands the buffer over if there is something in it and the disk keeps up. `false` where the
    /// journal cannot go on.
    pub(super) fn send_if_idle(&mut self) -> bool {
        if self.buffer.is_empty() {
            return true;
        }
        match self.empty.try_recv() {
            Ok(empty) => self.hand_over(empty),
            Err(error) => error == TryRecvError::Empty,
        }
    }

    /// Begins the next file with what comes from now on. `false` where the journal cannot go on.
    pub(super) fn rotate(&mut self) -> bool {
        self.send() && self.jobs.as_ref().is_some_and(|jobs| jobs.send(Job::Rotate).is_ok())
    }

    fn send(&mut self) -> bool {
        match self.empty.recv_timeout(PATIENCE) {
            Ok(empty) => self.hand_over(empty),
            Err(error) => {
                // A thread that ended has said why.
                if error == RecvTimeoutError::Timeout {
                    tracing::warn!(
                        "the journal ends here: its disk stands still; the node goes on without it"
                    );
                    // It may stand still for ever, and is not waited for.
                    drop(self.thread.take());
                }
                false
            }
        }
    }

    /// `false` where the thread has ended.
    fn hand_over(&mut self, empty: Vec<u8>) -> bool {
        let full = std::mem::replace(&mut self.buffer, empty);
        self.jobs.as_ref().is_some_and(|jobs| jobs.send(Job::Write(full)).is_ok())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.hand_over(Vec::new());
        self.jobs = None;
        let Some(thread) = self.thread.take() else { return };
        // Each buffer that comes back shows that the disk moves.
        loop {
            match self.ended.recv_timeout(PATIENCE) {
                Err(RecvTimeoutError::Timeout) if self.empty.try_iter().count() > 0 => {}
                Err(RecvTimeoutError::Timeout) => {
                    tracing::warn!("the end of the journal may be missing: its disk stands still");
                    return;
                }
                Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let _ = thread.join();
    }
}

fn write_all(mut file: JournalFile, jobs: &Receiver<Job>, back: &Sender<Vec<u8>>) {
    while let Ok(job) = jobs.recv() {
        let done = match job {
            Job::Write(mut bytes) => file.write_all(&bytes).map(|()| {
                bytes.clear();
                bytes.shrink_to(BUFFER_BYTES);
                // The node may be gone already.
                let _ = back.send(bytes);
            }),
            Job::Rotate => file.rotate(),
        };
        if let Err(error) = done {
            let name = file.path().display();
            tracing::warn!(
                "the journal {name} ends here: {error}; the node goes on without it. Make room or \
                 choose another --journal, and start the node again"
            );
            return;
        }
    }
}
