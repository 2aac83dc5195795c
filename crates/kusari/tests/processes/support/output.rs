//! What a process prints, line by line as it comes.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::DEADLINE;

/// Counts how often the chain of any node moved, as far as it is printed.
static MOVES: Mutex<u64> = Mutex::new(0);
static MOVED: Condvar = Condvar::new();

pub(crate) fn moves() -> u64 {
    *MOVES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until [`moves`] is no longer `seen`, or this much time has passed.
pub(crate) fn wait_for_move(seen: u64, at_most: Duration) {
    let moves = MOVES.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = MOVED.wait_timeout_while(moves, at_most, |moves| *moves == seen);
}

fn note_move(line: &str) {
    if ["Added new block", "Reorganised", "Caught up"].iter().any(|word| line.contains(word)) {
        *MOVES.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        MOVED.notify_all();
    }
}

/// The lines of one stream.
#[derive(Default)]
pub(crate) struct Output {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<String>,
    ended: bool,
    unwanted: bool,
}

impl Output {
    /// Collects what comes out of `stream` until its end.
    pub(crate) fn collect(stream: impl Read + Send + 'static) -> Arc<Self> {
        let output = Arc::new(Self::default());
        let collected = Arc::clone(&output);
        std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut bytes = Vec::new();
            while matches!(stream.read_until(b'\n', &mut bytes), Ok(1..)) {
                let line = String::from_utf8_lossy(bytes.strip_suffix(b"\n").unwrap_or(&bytes));
                collected.lock().lines.push(line.to_string());
                collected.changed.notify_all();
                note_move(&line);
                bytes.clear();
                if collected.lock().unwanted {
                    break;
                }
            }
            drop(stream);
            collected.lock().ended = true;
            collected.changed.notify_all();
        });
        output
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lock().lines.clone()
    }

    /// Closes the stream after the next line.
    pub(crate) fn stop_collecting(&self) {
        self.lock().unwanted = true;
    }

    /// How many lines so far contain `words`.
    pub(crate) fn count(&self, words: &str) -> usize {
        self.lock().lines.iter().filter(|line| line.contains(words)).count()
    }

    /// Waits until `find` finds something in the lines, and looks again after each new one.
    /// `None` where the stream ended before, or the deadline passed.
    pub(crate) fn wait<T>(&self, mut find: impl FnMut(&[String]) -> Option<T>) -> Option<T> {
        let mut found = None;
        let (_state, _) = self
            .changed
            .wait_timeout_while(self.lock(), DEADLINE, |state| {
                found = find(&state.lines);
                found.is_none() && !state.ended
            })
            .unwrap_or_else(PoisonError::into_inner);
        found
    }

    /// Waits for the end of the stream. `false` where it does not come.
    pub(crate) fn wait_for_end(&self) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), DEADLINE, |state| !state.ended)
            .unwrap_or_else(PoisonError::into_inner);
        state.ended
    }
}
