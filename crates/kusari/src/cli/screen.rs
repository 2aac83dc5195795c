//! The screen: one thread that shows what the node tells and what people asked for.
//!
//! Owns the order of what is shown and its clock. What is worded how stands in [`super::words`],
//! what is shown as progress in [`super::burst`].

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use kusari_chain::StoredBlock;
use kusari_node::Event;
use kusari_node::event::BlockSource;
use kusari_node::store::EntryId;

use super::card_throttle::{Pacer, Show};
use super::escape::counted;
use super::output::Output;
use super::queue::{Drained, Item, Queue};
use super::receipts::Receipts;
use super::wait::now;
use super::words::{Message, Severity, added, words};

/// How long the last words may take to reach whoever reads them, who may not be reading at all.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Whether blocks that were asked for are coming in.
pub(crate) type CatchingUp = Box<dyn Fn() -> bool + Send + Sync>;

/// A way to show something, from any thread.
#[derive(Clone)]
pub(crate) struct Screen {
    shared: Arc<Shared>,
}

struct Shared {
    /// Only answers, warnings and what is worse.
    quiet: bool,
    queue: Queue,
    began: Instant,
    last_words: OnceLock<Message>,
}

impl Screen {
    pub(crate) fn new(quiet: bool) -> Self {
        let queue = Queue::default();
        let shared = Shared { quiet, queue, began: now(), last_words: OnceLock::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Takes what happened. Never waits.
    pub(crate) fn events(&self, events: Vec<Event>) {
        let is_shown = |event: &Event| match event {
            // For programs. People get receipts, and nobody could read those of a busy ledger.
            Event::TransactionPooled { .. } => false,
            Event::BlockAdded { .. } => !self.shared.quiet,
            _ => true,
        };
        self.shared.queue.events(self.now(), events.into_iter().filter(is_shown));
    }

    /// Shows lines.
    pub(crate) fn say(&self, said: Message) {
        self.shared.queue.add(self.now(), Item::Message(said));
    }

    /// Shows lines that may be left out where there are too many.
    pub(crate) fn remark(&self, said: Message) {
        self.shared.queue.add_if_room(self.now(), said);
    }

    /// A line is about to be given to the node: its receipt comes before its block.
    pub(crate) fn asking(&self) {
        self.shared.queue.add(self.now(), Item::Asking);
    }

    /// The node has answered.
    pub(crate) fn answered(&self, entry: Option<EntryId>, said: Option<Message>) {
        self.shared.queue.add(self.now(), Item::Answered(entry, said));
    }

    /// Waits while much waits to be shown. Not for the thread that reads the prompt: the screen may
    /// be waiting for that one.
    pub(crate) fn wait_for_room(&self) {
        self.shared.queue.wait_for_room();
    }

    /// Starts to show, with the first words before all that was said until now.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub(crate) fn start(
        &self,
        output: Output,
        first: &[Message],
        catching_up: CatchingUp,
    ) -> io::Result<()> {
        let screen = self.clone();
        let mut presenter = Presenter::new(output, self.shared.quiet);
        first.iter().for_each(|said| presenter.say(said));
        presenter.output.flush();
        std::thread::Builder::new().name("screen".into()).spawn(move || {
            screen.run(presenter, &catching_up);
        })?;
        Ok(())
    }

    /// Shows all that was said and then the last words. Returns after a while even if nobody reads.
    pub(crate) fn finish(&self, last_words: Option<Message>) {
        if let Some(said) = last_words {
            // It ends once; there is only one who ends it.
            let _ = self.shared.last_words.set(said);
        }
        self.shared.queue.close();
        self.shared.queue.wait_until_done(LAST_WORDS);
    }

    fn run(&self, mut presenter: Presenter, catching_up: &CatchingUp) {
        loop {
            let (patience, blocks_wait) = presenter.pacer.wait(self.now());
            let taken = self.shared.queue.take(patience, blocks_wait);
            let closed = taken.closed;
            presenter.show(taken, self.now());
            presenter.tick(self.now(), catching_up());
            if closed {
                presenter.finish(self.now());
                if let Some(said) = self.shared.last_words.get() {
                    presenter.say(said);
                }
            }
            presenter.output.flush();
            if closed {
                return self.shared.queue.done();
            }
        }
    }

    fn now(&self) -> Duration {
        self.shared.began.elapsed()
    }
}

/// Turns items into output.
struct Presenter {
    output: Output,
    quiet: bool,
    pacer: Pacer,
    receipts: Receipts,
}

impl Presenter {
    fn new(output: Output, quiet: bool) -> Self {
        let pacer = Pacer::new(output.is_live());
        Self { output, quiet, pacer, receipts: Receipts::default() }
    }

    fn show(&mut self, taken: Drained, now: Duration) {
        if taken.closed {
            self.output.leave_prompt();
        }
        for (at, item) in taken.items {
            match item {
                Item::Event(Event::BlockAdded { block, source }) => match source {
                    BlockSource::Mined(entry) => {
                        for (entry, block) in self.receipts.mined(entry, block) {
                            self.block(at, block, BlockSource::Mined(entry));
                        }
                    }
                    BlockSource::MinedBody | BlockSource::Announced | BlockSource::Synced => {
                        self.block(at, block, source)
                    }
                },
                Item::Event(event) => {
                    let Some(said) = words(&event) else { continue };
                    self.say(&said);
                    if matches!(event, Event::BranchHeld(_)) {
                        self.output.alarm(&said.text);
                    }
                }
                Item::Message(said) => self.say(&said),
                Item::Asking => self.receipts.asking(),
                Item::Answered(entry, said) => {
                    if let Some(said) = said {
                        self.say(&said);
                    }
                    for (entry, block) in self.receipts.answered(entry) {
                        self.block(at, block, BlockSource::Mined(entry));
                    }
                }
            }
        }
        if let Some(skipped) = taken.skipped {
            self.pace(|pacer, show| pacer.skipped(now, skipped, show));
        }
        if taken.dropped > 0 {
            let lines = counted(taken.dropped, "line");
            self.say(&Message::warning(format!("{lines} not shown: the screen was too slow")));
        }
    }

    fn block(&mut self, at: Duration, block: Arc<StoredBlock>, source: BlockSource) {
        self.pace(|pacer, show| {
            // Time passed between two blocks, even where they are shown together.
            pacer.tick(at, true, show);
            pacer.block(at, block, source, show);
        });
    }

    fn tick(&mut self, now: Duration, catching_up: bool) {
        self.pace(|pacer, show| pacer.tick(now, catching_up, show));
    }

    fn finish(&mut self, now: Duration) {
        for (entry, block) in self.receipts.finish() {
            self.block(now, block, BlockSource::Mined(entry));
        }
        self.pace(Pacer::finish);
    }

    fn say(&mut self, said: &Message) {
        if !self.quiet || said.severity != Severity::Routine {
            self.output.line(&said.text, said.severity);
        }
    }

    /// Draws what the pacer makes of something.
    fn pace(&mut self, work: impl FnOnce(&mut Pacer, &mut Vec<Show>)) {
        let mut show = Vec::new();
        work(&mut self.pacer, &mut show);
        if self.quiet {
            return;
        }
        for show in show {
            match show {
                Show::Card(block) => {
                    self.output.line(&added(&block.block, block.part()), Severity::Routine)
                }
                Show::Progress(text) => self.output.progress(&text),
                Show::ProgressEnd(text) => self.output.progress_end(&text),
            }
        }
    }
}

#[cfg(test)]
#[path = "screen_tests.rs"]
mod tests;
