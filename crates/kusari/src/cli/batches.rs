//! Lines of stdin on their way to whoever takes them, in order and many at a time.
//!
//! Owns how many go together, what is said of those that are refused, and the two counts that a person
//! watches: what is acknowledged, and what of it is mined. The next lines are read while a batch is
//! under way; whoever feeds us line by line gets each receipt before the next line.

use std::collections::VecDeque;
use std::io::BufRead;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::bounded_lines::{Content, Line, Lines};
use super::escape::{counted, grouped};
use super::failure::{Result, failed};
use super::pipe::refusal;
use super::progress::Progress;
use super::stdout::say_beside;
use super::wait::now;
use kusari_api_types::{BatchItem, BatchRequest, MAX_BATCH, RecordReport, RecordState, problem};
use kusari_client::Client;

/// Bytes of text that go together, unless one line is longer: as JSON they are below the bound of a
/// request, however they are escaped.
const BATCH_BYTES: usize = 64 * 1024;
/// Lines that are read ahead.
const READ_AHEAD: usize = MAX_BATCH;
/// How often is asked again whether there is room.
const ASK_FOR_ROOM: Duration = Duration::from_millis(500);
/// How often the counts that a person watches are renewed.
const COUNT_AGAIN: Duration = Duration::from_secs(1);

/// A line with its number in the input, from 1.
pub(crate) type Numbered = (u64, String);

/// What became of a line.
pub(crate) enum Taken {
    /// It is durable.
    Saved(Box<RecordReport>),
    /// There is no room for it now; in words.
    Full(String),
    /// It can't be recorded, whatever happens; in words.
    Refused(String),
}

/// Who takes lines.
pub(crate) trait Taker {
    /// Takes lines in order, as many as become durable together, and says of each what became of it.
    /// Those that it says nothing of are given again.
    fn take(&mut self, lines: &[Numbered]) -> Result<Vec<Taken>>;

    /// Whether a record stands in the best chain, or can't any more.
    fn is_done(&mut self, id: u64) -> Result<bool>;

    /// Shows the receipt of a line, and waits for what the person wants to wait for.
    fn saved(&mut self, report: &RecordReport, progress: &Progress) -> Result;
}

pub(crate) struct Batches<'a, T> {
    taker: &'a mut T,
    progress: Progress,
    acknowledged: u64,
    refused: u64,
    /// Numbers of records that are not mined as far as is known, as ranges without their ends.
    unmined: VecDeque<(u64, u64)>,
    mined: u64,
    counted_at: Instant,
}

impl<'a, T: Taker> Batches<'a, T> {
    pub(crate) fn new(taker: &'a mut T) -> Self {
        Self {
            taker,
            progress: Progress::in_words(),
            acknowledged: 0,
            refused: 0,
            unmined: VecDeque::new(),
            mined: 0,
            counted_at: now(),
        }
    }

    /// Has every line taken, and says at the end how many are acknowledged and how many of them mined.
    pub(crate) fn run<R: BufRead + Send + 'static>(mut self, lines: Lines<R>) -> Result {
        let (counts, result) = self.take_and_count(&read_ahead(lines));
        self.progress.finish();
        say_beside(&counts);
        result?;
        match self.refused {
            0 => Ok(()),
            1 => Err(failed!("1 line is not saved; why stands above")),
            refused => Err(failed!("{} are not saved; why stands above", counted(refused, "line"))),
        }
    }

    /// What was acknowledged is said however it ends: the caller begins again after it.
    fn take_and_count(&mut self, lines: &Receiver<std::io::Result<Line>>) -> (String, Result) {
        match self.take_all(lines).and_then(|()| self.count()) {
            Ok(()) => (self.counts(), Ok(())),
            // The node may be gone, so it is not asked again.
            Err(failure) => (format!("{} acknowledged", grouped(self.acknowledged)), Err(failure)),
        }
    }

    fn take_all(&mut self, lines: &Receiver<std::io::Result<Line>>) -> Result {
        let mut next = None;
        loop {
            let mut batch = Vec::new();
            let mut bytes = 0;
            while batch.len() < MAX_BATCH {
                let line = match next.take() {
                    Some(line) => line,
                    // Only the first is waited for.
                    None if batch.is_empty() => match lines.recv() {
                        Ok(line) => line,
                        Err(_) => return Ok(()),
                    },
                    None => match lines.try_recv() {
                        Ok(line) => line,
                        Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                    },
                };
                match line {
                    Ok(Line { number, content: Content::Text(text) })
                        if batch.is_empty() || bytes + text.len() <= BATCH_BYTES =>
                    {
                        bytes += text.len();
                        batch.push((number, text));
                    }
                    Ok(Line { number, content }) if batch.is_empty() => {
                        self.refuse(&refusal(number, &content));
                    }
                    Err(error) if batch.is_empty() => {
                        return Err(failed!(
                            "the input cannot be read any further ({error}); {} of its lines are \
                             saved, so begin after them",
                            grouped(self.acknowledged)
                        ));
                    }
                    // What was read before it goes first.
                    other => {
                        next = Some(other);
                        break;
                    }
                }
            }
            self.send(batch)?;
        }
    }

    /// Has a batch taken, however long there is no room for it.
    fn send(&mut self, mut batch: Vec<Numbered>) -> Result {
        let mut is_told = false;
        while !batch.is_empty() {
            let taken = self.taker.take(&batch)?;
            let (mut left, mut full) = (Vec::new(), None);
            let mut taken = taken.into_iter();
            for (number, text) in batch {
                match taken.next() {
                    Some(Taken::Saved(report)) => {
                        self.acknowledge(report.id);
                        self.taker.saved(&report, &self.progress)?;
                    }
                    Some(Taken::Refused(why)) => {
                        self.refuse(&format!("Line {number} of the input is not saved: {why}"));
                    }
                    Some(Taken::Full(why)) => {
                        full = Some(why);
                        left.push((number, text));
                    }
                    None => left.push((number, text)),
                }
            }
            if let Some(why) = full {
                if !std::mem::replace(&mut is_told, true) {
                    let so_far = grouped(self.acknowledged);
                    self.progress
                        .remark(&format!("{why}; waiting for room, {so_far} acknowledged so far"));
                }
                thread::park_timeout(ASK_FOR_ROOM);
            }
            self.show()?;
            batch = left;
        }
        Ok(())
    }

    fn refuse(&mut self, why: &str) {
        self.refused += 1;
        self.progress
            .remark(&format!("{why} ({} acknowledged before it)", grouped(self.acknowledged)));
    }

    fn acknowledge(&mut self, id: u64) {
        self.acknowledged += 1;
        match self.unmined.back_mut() {
            Some((_, end)) if *end == id => *end += 1,
            _ => self.unmined.push_back((id, id + 1)),
        }
    }

    /// Renews what a person watches, now and then.
    fn show(&mut self) -> Result {
        if self.progress.is_shown() && self.counted_at.elapsed() >= COUNT_AGAIN {
            self.count()?;
            self.progress.say(self.counts());
            self.counted_at = now();
        }
        Ok(())
    }

    fn counts(&self) -> String {
        format!("{} acknowledged, {} mined", grouped(self.acknowledged), grouped(self.mined))
    }

    /// Counts what is mined. The oldest record is mined first, so that a search finds the first that is
    /// not, and the node is asked about few.
    fn count(&mut self) -> Result {
        while let Some((from, end)) = self.unmined.front().copied() {
            let (mut done, mut open) = (from, end);
            while done < open {
                let middle = done + (open - done) / 2;
                match self.taker.is_done(middle)? {
                    true => done = middle + 1,
                    false => open = middle,
                }
            }
            self.mined += done - from;
            self.unmined.pop_front();
            if done < end {
                self.unmined.push_front((done, end));
                break;
            }
        }
        Ok(())
    }
}

/// Has a running node take lines: as drafts of its own wallet on a ledger.
pub(crate) fn taken_by_node(
    client: &Client,
    fee: Option<u64>,
    lines: &[Numbered],
) -> Result<Vec<Taken>> {
    let texts = lines.iter().map(|(_, text)| text.clone()).collect();
    let which = match lines {
        [(one, _)] => format!("line {one} of the input"),
        [(first, _), .., (last, _)] => format!("lines {first} to {last} of the input"),
        [] => return Ok(Vec::new()),
    };
    let report = client.record_batch(&BatchRequest { texts, fee });
    let report = report.map_err(|error| failed!("{error} ({which})"))?;
    let taken = report.results.into_iter().map(|BatchItem { record, problem }| {
        Ok(match (record, problem) {
            (Some(record), _) => Taken::Saved(Box::new(record)),
            (None, Some(problem)) if is_full(&problem.kind) => Taken::Full(problem.detail),
            (None, Some(problem)) if problem.status < 500 => Taken::Refused(problem.detail),
            (None, Some(problem)) => {
                return Err(failed!("{} ({which})", problem.detail));
            }
            (None, None) => {
                return Err(failed!("the node says nothing ({which})"));
            }
        })
    });
    let taken: Vec<Taken> = taken.collect::<Result<_>>()?;
    match taken.len() == lines.len() {
        true => Ok(taken),
        false => Err(failed!(
            "the node does not answer for each of {which}; see whether it is of this version"
        )),
    }
}

/// Whether there is no room now, and will be.
fn is_full(kind: &str) -> bool {
    [problem::OUTBOX_FULL.kind(), problem::POOL_FULL.kind()].iter().any(|full| full == kind)
}

/// Whether a record of a node stands in the best chain, or can't any more.
pub(crate) fn is_done(client: &Client, id: u64) -> Result<bool> {
    let report = client.record_state(id)?;
    Ok(report
        .is_some_and(|report| matches!(report.state, RecordState::Mined | RecordState::Displaced)))
}

/// Reads lines on a thread of its own, which ends with the input or with the receiver.
fn read_ahead<R: BufRead + Send + 'static>(mut lines: Lines<R>) -> Receiver<std::io::Result<Line>> {
    let (sender, receiver) = sync_channel(READ_AHEAD);
    thread::spawn(move || {
        while let Some(line) = lines.next_line().transpose() {
            let is_end = line.is_err();
            if sender.send(line).is_err() || is_end {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
#[path = "batches_tests.rs"]
mod tests;
