//! Which blocks are shown as cards, and which only as progress.
//!
//! A person reads a few cards, not ten thousand. Blocks that follow one another closely are a burst:
//! its first [`MAX_CARDS`] may become cards, and a longer one becomes one line of progress, counted
//! in blocks that passed every check. This module is a pure function of blocks and times.

use std::sync::Arc;
use std::time::Duration;

use kusari_chain::{StoredBlock, Work};
use kusari_node::event::BlockSource;

use super::escape::{counted, grouped};

/// Cards shown of one burst. Source: more than 64 blocks behind is progress.
const MAX_CARDS: u64 = 64;

/// How long blocks that we asked for wait, to see whether more follow.
const HOLD: Duration = Duration::from_millis(200);

/// A burst of single cards ends when nothing has come for this long.
const CARDS_QUIET: Duration = Duration::from_millis(200);

/// Progress ends when nothing has come for this long: requests take their time between answers.
const PROGRESS_QUIET: Duration = Duration::from_secs(1);

/// Progress ends after this, even if something asked for is still to come.
const STALLED: Duration = Duration::from_secs(15);

/// At most five updates of the progress line a second.
const REDRAW: Duration = Duration::from_millis(200);

/// What is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    Card(Arc<StoredBlock>),
    /// Progress that the next one may replace.
    Progress(String),
    /// The last word on it.
    ProgressEnd(String),
}

/// Blocks that never reached the pacer one by one, because the screen was too slow for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) count: u64,
    pub(crate) height: u32,
    pub(crate) work: Work,
    /// How many of them were asked for.
    pub(crate) synced: u64,
}

/// Blocks that follow one another closely.
struct Burst {
    count: u64,
    /// How many of them were asked for.
    synced: u64,
    began: Duration,
    last: Duration,
    height: u32,
    work: Work,
    held: Vec<Arc<StoredBlock>>,
    held_since: Duration,
    /// When progress was shown last; `None` while cards are shown.
    drawn: Option<Duration>,
}

/// Decides how blocks are shown.
#[derive(Default)]
pub(crate) struct Pacer {
    /// Whether progress can be rewritten in place; otherwise only its beginning and end appear.
    live: bool,
    burst: Option<Burst>,
}

impl Pacer {
    pub(crate) fn new(live: bool) -> Self {
        Self { live, burst: None }
    }

    /// Takes a block that joined the best chain.
    pub(crate) fn block(
        &mut self,
        now: Duration,
        block: Arc<StoredBlock>,
        source: BlockSource,
        show: &mut Vec<Show>,
    ) {
        let burst = self.burst_at(now, show);
        burst.synced += u64::from(source == BlockSource::Synced);
        burst.count += 1;
        burst.height = block.block.index;
        burst.work = block.work;
        if burst.drawn.is_none() && burst.count <= MAX_CARDS {
            if source != BlockSource::Synced && burst.held.is_empty() {
                show.push(Show::Card(block));
            } else {
                if burst.held.is_empty() {
                    burst.held_since = now;
                }
                burst.held.push(block);
            }
            return;
        }
        self.progress(now, show);
    }

    /// Takes blocks of which only the last is known.
    pub(crate) fn skipped(&mut self, now: Duration, skipped: Skipped, show: &mut Vec<Show>) {
        let burst = self.burst_at(now, show);
        burst.synced += skipped.synced;
        burst.count += skipped.count;
        burst.height = skipped.height;
        burst.work = skipped.work;
        // There are no cards to show, so it is progress however few they are.
        self.progress(now, show);
    }

    /// Looks at the time. `catching_up` says whether more blocks were asked for.
    pub(crate) fn tick(&mut self, now: Duration, catching_up: bool, show: &mut Vec<Show>) {
        let Some(burst) = &mut self.burst else { return };
        let quiet = now.saturating_sub(burst.last);
        if burst.drawn.is_some() {
            if quiet >= STALLED || (quiet >= PROGRESS_QUIET && !catching_up) {
                show.push(Show::ProgressEnd(burst.summary(catching_up)));
                self.burst = None;
            }
            return;
        }
        if !burst.held.is_empty() && now.saturating_sub(burst.held_since) >= HOLD {
            show.extend(burst.held.drain(..).map(Show::Card));
        }
        if quiet >= CARDS_QUIET && burst.held.is_empty() {
            self.burst = None;
        }
    }

    /// How long nothing needs to be looked at, if nothing happens; `None` for as long as it likes. And whether
    /// blocks are nothing: where they are only counted, they are looked at now and then.
    pub(crate) fn wait(&self, now: Duration) -> (Option<Duration>, bool) {
        let Some(burst) = &self.burst else { return (None, false) };
        if burst.drawn.is_some() {
            return (Some(REDRAW), true);
        }
        let due = match burst.held.is_empty() {
            true => burst.last + CARDS_QUIET,
            false => burst.held_since + HOLD,
        };
        (Some(due.saturating_sub(now)), false)
    }

    /// Shows what is still held: the end has come.
    pub(crate) fn finish(&mut self, show: &mut Vec<Show>) {
        if let Some(burst) = self.burst.take() {
            if burst.drawn.is_some() {
                show.push(Show::ProgressEnd(burst.summary(true)));
            }
            show.extend(burst.held.into_iter().map(Show::Card));
        }
    }

    /// The burst that something at `now` belongs to.
    fn burst_at(&mut self, now: Duration, show: &mut Vec<Show>) -> &mut Burst {
        let over =
            |burst: &Burst| burst.drawn.is_none() && now.saturating_sub(burst.last) >= CARDS_QUIET;
        if let Some(old) = self.burst.take_if(|burst| over(burst)) {
            show.extend(old.held.into_iter().map(Show::Card));
        }
        let burst = self.burst.get_or_insert_with(|| Burst {
            count: 0,
            synced: 0,
            began: now,
            last: now,
            height: 0,
            work: Work::ZERO,
            held: Vec::new(),
            held_since: now,
            drawn: None,
        });
        burst.last = burst.last.max(now);
        burst
    }

    fn progress(&mut self, now: Duration, show: &mut Vec<Show>) {
        let Some(burst) = &mut self.burst else { return };
        burst.held.clear();
        let due = match burst.drawn {
            None => true,
            Some(drawn) => self.live && now.saturating_sub(drawn) >= REDRAW,
        };
        if due {
            burst.drawn = Some(now);
            show.push(Show::Progress(burst.so_far()));
        }
    }
}

impl Burst {
    fn so_far(&self) -> String {
        let what = if self.is_sync() { "Catching up" } else { "Adding blocks" };
        format!("{what}: {} so far, {}", counted(self.count, "block"), self.place())
    }

    /// Says that we caught up only where nothing more was asked for.
    fn summary(&self, more_to_come: bool) -> String {
        let added = counted(self.count, "block");
        let seconds = self.last.saturating_sub(self.began).as_secs_f64();
        let place = self.place();
        if self.is_sync() && !more_to_come {
            format!("Caught up: {added} added in {seconds:.1} s, now {place}")
        } else {
            format!("Added {added} in {seconds:.1} s, now {place}")
        }
    }

    /// Whether most of it was asked for; our own blocks may come in between.
    fn is_sync(&self) -> bool {
        self.synced * 2 > self.count
    }

    fn place(&self) -> String {
        format!("at height {}, work {}", grouped(self.height), grouped(self.work))
    }
}

#[cfg(test)]
#[path = "card_throttle_tests.rs"]
mod tests;
